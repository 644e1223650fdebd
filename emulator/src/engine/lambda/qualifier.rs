//! What may stand behind a function's name: `$LATEST`, a version, an alias.

use std::fmt;

use crate::engine::ids::AliasName;

/// AWS's name of the version that can be changed.
const LATEST: &str = "$LATEST";

/// One version of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The one that can be changed.
    Latest,
    /// A published one, counted from 1.
    Published(u64),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str(LATEST),
            Self::Published(number) => write!(f, "{number}"),
        }
    }
}

/// How a caller names what it wants of a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qualifier {
    /// `$LATEST`, or nothing at all.
    Latest,
    /// A version's number.
    Version(u64),
    /// An alias.
    Alias(AliasName),
}

impl Qualifier {
    /// Reads it: digits alone are a version, as no alias may be so named.
    pub fn parse(text: &str) -> Self {
        match text.parse() {
            Ok(number) => Self::Version(number),
            Err(_) if text == LATEST => Self::Latest,
            Err(_) => Self::Alias(text.into()),
        }
    }
}

impl From<Version> for Qualifier {
    fn from(version: Version) -> Self {
        match version {
            Version::Latest => Self::Latest,
            Version::Published(number) => Self::Version(number),
        }
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str(LATEST),
            Self::Version(number) => write!(f, "{number}"),
            Self::Alias(name) => fmt::Display::fmt(name, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualifiers_survive_their_text_form() {
        for (text, expected) in [
            ("$LATEST", Qualifier::Latest),
            ("7", Qualifier::Version(7)),
            ("live", Qualifier::Alias("live".into())),
            ("v7", Qualifier::Alias("v7".into())),
        ] {
            assert_eq!(Qualifier::parse(text), expected);
            assert_eq!(expected.to_string(), text);
        }
    }
}
