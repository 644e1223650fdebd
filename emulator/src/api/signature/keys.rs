//! The keys that requests may be signed with, and the signatures that they make.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::credential::{Credential, TERMINATOR};
use crate::credentials::Credentials;

/// All keys that are known. There are few.
#[derive(Debug)]
pub(super) struct Keys(Vec<Credentials>);

impl Keys {
    pub(super) fn new(credentials: Vec<Credentials>) -> Self {
        Self(credentials)
    }

    /// A key goes with its own session token, or with none.
    pub(super) fn find(&self, key_id: &str, token: Option<&str>) -> Option<&Credentials> {
        self.0.iter().find(|key| key.key_id == key_id && key.session_token.as_deref() == token)
    }
}

/// Whether that is the key's signature of `text`, in hexadecimal. How long it
/// takes does not tell how much of it is right.
pub(super) fn is_signature(given: &str, key: &Credentials, credential: &Credential<'_>, text: &str) -> bool {
    let secret = format!("AWS4{}", key.secret).into_bytes();
    let scope = [credential.date, credential.region, credential.service, TERMINATOR];
    let signing_key = scope.iter().fold(secret, |key, part| mac(&key, part).finalize().into_bytes().to_vec());
    bytes(given).is_some_and(|given| mac(&signing_key, text).verify_slice(&given).is_ok())
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(text.as_bytes());
    mac
}

/// What hexadecimal digits say.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect()
}
