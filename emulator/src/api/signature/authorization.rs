//! What a request says of its signature, in its `Authorization` header or, when
//! it is presigned, in its query.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, DATE};
use sha2::{Digest, Sha256};

use super::refusal::Refusal;
use crate::api::call::Call;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The parts of a signature, none of them judged.
#[derive(Debug)]
pub(super) struct Authorization {
    algorithm: String,
    /// The key id and the scope.
    pub(super) credential: String,
    signed_headers: String,
    pub(super) signature: String,
    /// When it was made.
    pub(super) date: String,
    /// The session token of a temporary key.
    pub(super) token: Option<String>,
}

impl Authorization {
    pub(super) fn of(call: &Call) -> Result<Self, Refusal> {
        let header = call.header(AUTHORIZATION).trim();
        let is_presigned = call.parameter("X-Amz-Algorithm").is_some();
        match (header.is_empty(), is_presigned) {
            (false, true) => Err(Refusal::SignedTwice),
            (true, true) => Self::from_query(call),
            (false, false) if header.starts_with("AWS4-") => Self::from_header(call, header),
            (_, false) => Err(Refusal::Missing),
        }
    }

    fn from_header(call: &Call, header: &str) -> Result<Self, Refusal> {
        let (algorithm, rest) = header.split_once(' ').unwrap_or((header, ""));
        let parts = pairs(rest).ok_or_else(|| Refusal::NoPair { hash: hash(header) })?;
        let part = |name: &str| parts.get(name).copied().filter(|value| !value.is_empty());
        let date = [call.header("x-amz-date"), call.header(DATE)].into_iter().find(|date| !date.is_empty());
        let [credential, signature, signed_headers] = ["Credential", "Signature", "SignedHeaders"].map(part);
        let (Some(credential), Some(signature), Some(signed_headers), Some(date)) =
            (credential, signature, signed_headers, date)
        else {
            let missing = ["Credential", "Signature", "SignedHeaders"];
            let missing = missing.into_iter().filter(|name| part(name).is_none()).collect();
            return Err(Refusal::HeaderLacks { missing, no_date: date.is_none(), hash: hash(header) });
        };
        let token = call.header("x-amz-security-token");
        Ok(Self {
            algorithm: algorithm.to_owned(),
            credential: credential.to_owned(),
            signed_headers: signed_headers.to_owned(),
            signature: signature.to_owned(),
            date: date.to_owned(),
            token: (!token.is_empty()).then(|| token.to_owned()),
        })
    }

    fn from_query(call: &Call) -> Result<Self, Refusal> {
        let mut missing = Vec::new();
        let mut part = |name: &'static str| {
            let value = call.parameter(name).unwrap_or_default();
            if value.is_empty() {
                missing.push(name);
            }
            value
        };
        let authorization = Self {
            algorithm: part("X-Amz-Algorithm"),
            credential: part("X-Amz-Credential"),
            signature: part("X-Amz-Signature"),
            signed_headers: part("X-Amz-SignedHeaders"),
            date: part("X-Amz-Date"),
            token: call.parameter("X-Amz-Security-Token"),
        };
        if missing.is_empty() { Ok(authorization) } else { Err(Refusal::QueryLacks(missing)) }
    }

    /// The names of the headers that were signed, as they are signed: in lower
    /// case and sorted. The host is always one of them.
    pub(super) fn signed_headers(&self) -> Result<Vec<String>, Refusal> {
        let mut names: Vec<String> = self.signed_headers.split(';').map(str::to_ascii_lowercase).collect();
        names.sort_unstable();
        names.dedup();
        if names.iter().any(|name| name == "host") { Ok(names) } else { Err(Refusal::HostNotSigned) }
    }

    pub(super) fn check_algorithm(&self) -> Result<(), Refusal> {
        if self.algorithm == ALGORITHM { Ok(()) } else { Err(Refusal::Algorithm(self.algorithm.clone())) }
    }
}

/// `a=b, c=d`, parted by commas or blanks; none where a part has no equal sign.
fn pairs(text: &str) -> Option<BTreeMap<&str, &str>> {
    let parts = text.split([',', ' ', '\t']).filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=')).collect()
}

/// How refusals name a header that they don't repeat.
fn hash(header: &str) -> String {
    STANDARD.encode(Sha256::digest(header))
}
