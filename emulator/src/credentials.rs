//! What requests are signed with.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// An access key, and the session token of one that is temporary.
///
/// `Debug` leaves out the secret and the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// What a request shows, such as `AKIAIOSFODNN7EXAMPLE`.
    pub key_id: String,
    /// What a request is signed with, and does not show.
    pub secret: String,
    /// What goes with a temporary key.
    pub session_token: Option<String>,
}

/// Text that is not [`Credentials::FORMAT`]. It does not repeat what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", Credentials::FORMAT)]
pub struct MalformedCredentials;

impl Credentials {
    /// How credentials are written in one piece.
    pub const FORMAT: &str =
        "credentials are written like KEY_ID:SECRET, or like KEY_ID:SECRET:TOKEN for a temporary key";

    /// A key without a session token.
    pub fn new(key_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { key_id: key_id.into(), secret: secret.into(), session_token: None }
    }

    /// Whether requests can be signed with them: a key id is a word, and a
    /// token that is there is not empty.
    pub fn is_valid(&self) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let named = !self.key_id.is_empty() && self.key_id.bytes().all(fits);
        named && !self.secret.is_empty() && self.session_token.as_ref().is_none_or(|token| !token.is_empty())
    }

    /// What functions have where nothing is verified.
    pub(crate) fn test() -> Self {
        Self { session_token: Some("test".to_owned()), ..Self::new("test", "test") }
    }

    /// Temporary ones that nobody else knows: what a role has on AWS. The
    /// system's randomness is the state's key.
    pub(crate) fn of_role() -> Self {
        let state = RandomState::new();
        let draw = |number: u8| format!("{:016x}", state.hash_one(number));
        let key_id = format!("ASIA{}", draw(0).to_ascii_uppercase());
        Self {
            session_token: Some([draw(1), draw(2)].concat()),
            ..Self::new(key_id, [draw(3), draw(4), draw(5)].concat())
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl FromStr for Credentials {
    type Err = MalformedCredentials;

    fn from_str(text: &str) -> Result<Self, MalformedCredentials> {
        let (key_id, rest) = text.split_once(':').ok_or(MalformedCredentials)?;
        let (secret, token) = match rest.split_once(':') {
            Some((secret, token)) => (secret, Some(token.to_owned())),
            None => (rest, None),
        };
        let credentials = Self { session_token: token, ..Self::new(key_id, secret) };
        credentials.is_valid().then_some(credentials).ok_or(MalformedCredentials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_read_with_and_without_a_token() {
        let plain = Credentials::new("AKIDEXAMPLE", "wJalr/K7+x=");
        assert_eq!("AKIDEXAMPLE:wJalr/K7+x=".parse(), Ok(plain.clone()));
        let temporary = Credentials { session_token: Some("a/b+c==".to_owned()), ..plain };
        assert_eq!("AKIDEXAMPLE:wJalr/K7+x=:a/b+c==".parse(), Ok(temporary));
        for wrong in ["", "AKID", ":secret", "AKID:", "AKID::token", "AKID:secret:", "A/K:secret", "A K:s"] {
            assert_eq!(wrong.parse::<Credentials>(), Err(MalformedCredentials), "{wrong}");
        }
    }

    #[test]
    fn debug_shows_neither_secret_nor_token() {
        let role = Credentials::of_role();
        let shown = format!("{role:?}");
        assert!(shown.contains(&role.key_id), "{shown}");
        assert!(
            !shown.contains(&role.secret) && !shown.contains(role.session_token.as_deref().expect("one"))
        );
    }

    #[test]
    fn roles_have_credentials_of_their_own() {
        let role = Credentials::of_role();
        assert!(role.is_valid());
        assert_ne!(role.secret, Credentials::of_role().secret);
    }
}
