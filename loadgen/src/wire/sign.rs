//! Signature version 4: what shows AWS who is asking.
//!
//! A signature covers the request and the second in which it was made. So equal
//! requests of one second have equal signatures, and [`Template`] asks for one
//! only when the second has changed.
//!
//! [`Template`]: super::Template

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Who asks, for as long as that holds. Shared by all who sign, and renewed in
/// one place.
#[derive(Debug, Clone)]
pub struct Identity {
    credentials: Arc<Mutex<Credentials>>,
    region: String,
}

impl Identity {
    pub fn new(credentials: Credentials, region: impl Into<String>) -> Identity {
        Identity { credentials: Arc::new(Mutex::new(credentials)), region: region.into() }
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// When the credentials have to be renewed, if ever.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.credentials().expiry()
    }

    pub fn renew(&self, credentials: Credentials) {
        *self.credentials.lock().unwrap_or_else(PoisonError::into_inner) = credentials;
    }

    fn credentials(&self) -> Credentials {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs for one of AWS's services.
    pub fn signer(&self, service: &'static str) -> Signer {
        Signer { identity: self.clone(), service }
    }
}

/// Signs requests to one service.
#[derive(Debug, Clone)]
pub struct Signer {
    identity: Identity,
    service: &'static str,
}

impl Signer {
    /// The headers to add: date, security token and authorization. `headers`
    /// must have `host`; `hash` is [`body_hash`] of the body.
    pub(super) fn sign(
        &self,
        method: &Method,
        url: &str,
        headers: &HeaderMap,
        hash: &str,
        now: SystemTime,
    ) -> HeaderMap {
        let identity = self.identity.credentials().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.identity.region)
            .name(self.service)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .expect("every parameter is there")
            .into();
        let text = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Precomputed(hash.to_owned());
        let request =
            SignableRequest::new(method.as_str(), url, text, body).expect("the URL was parsed before");
        let (instructions, _) = sign(request, &params).expect("the request was checked before").into_parts();
        let (added, _) = instructions.into_parts();
        let added = added.into_iter().filter_map(|header| {
            let mut value = HeaderValue::from_str(header.value()).ok()?;
            value.set_sensitive(header.sensitive());
            Some((HeaderName::from_static(header.name()), value))
        });
        added.collect()
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn body_hash(body: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(body) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
