//! The value of `--payload`: JSON, or `@FILE` with JSON in it.

use crate::failure::Failure;
use std::path::{Path, PathBuf};

/// Lambda takes no larger request (synchronous; asynchronous ones are limited
/// to 1 MB, which the target says itself).
const LARGEST: usize = 6_291_456;

/// Where the payload comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    Inline(String),
    File(PathBuf),
}

impl From<&str> for Payload {
    fn from(text: &str) -> Payload {
        match text.strip_prefix('@') {
            Some(path) => Payload::File(PathBuf::from(path)),
            None => Payload::Inline(text.to_owned()),
        }
    }
}

impl Payload {
    /// Reads it, whatever it says.
    pub fn load_text(&self) -> Result<String, Failure> {
        match self {
            Payload::Inline(text) => Ok(text.clone()),
            Payload::File(path) => {
                read(path).map_err(|problem| Failure::PayloadFile { path: path.clone(), problem })
            }
        }
    }

    /// Reads and checks it. The text is sent as it is, not reformatted.
    pub fn load(&self) -> Result<String, Failure> {
        match self {
            Payload::Inline(text) => check(text).map_err(|problem| Failure::flag("--payload", problem))?,
            Payload::File(path) => {
                let problem = check(&self.load_text()?);
                problem.map_err(|problem| Failure::PayloadFile { path: path.clone(), problem })?;
            }
        }
        self.load_text()
    }
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read: {error}"))?;
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
}

/// Refuses what a function would not take.
pub fn check(text: &str) -> Result<(), String> {
    if text.len() > LARGEST {
        return Err(format!("has {} bytes, more than Lambda's {LARGEST}", text.len()));
    }
    let json: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
    json.map(drop).map_err(|error| format!("is not JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_a_payload() {
        let check = |text: &str, good: bool| {
            assert_eq!(Payload::from(text).load().is_ok(), good, "{text}");
        };
        check("{}", true);
        check(r#"{"sleep": 1}"#, true);
        check("[1, 2]", true);
        check("null", true);
        check(r#""text""#, true);
        check("text", false);
        check("{", false);
        check("{} {}", false);
        check("", false);
        check("@/no/such/file", false);
        check(&format!("\"{}\"", "x".repeat(LARGEST)), false);
    }
}
