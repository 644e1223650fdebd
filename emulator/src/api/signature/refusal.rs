//! Why a signature is not good, in AWS's words where they are known.

use thiserror::Error;

/// Every reason, roughly in the order in which they are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    #[error("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")]
    SignedTwice,
    /// Services word this in two ways; `wire` knows which.
    #[error("Missing Authentication Token")]
    Missing,
    #[error(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded \
         with Base64): '{hash}'."
    )]
    NoPair { hash: String },
    #[error("{}(Hashed with SHA-256 and encoded with Base64) Authorization={hash}", lacks(missing, *no_date))]
    HeaderLacks { missing: Vec<&'static str>, no_date: bool, hash: String },
    #[error("{}Re-examine the query-string parameters.", query_lacks(.0))]
    QueryLacks(Vec<&'static str>),
    #[error("Date must be in ISO-8601 'basic format'. Got '{0}'. See http://en.wikipedia.org/wiki/ISO_8601")]
    Date(String),
    #[error("Signature expired: {at} is now earlier than {earliest} ({now} - {minutes} min.)")]
    Expired { at: String, earliest: String, now: String, minutes: i64 },
    #[error("Signature not yet current: {at} is still later than {latest} ({now} + {minutes} min.)")]
    NotYetCurrent { at: String, latest: String, now: String, minutes: i64 },
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,
    #[error("Unsupported AWS 'algorithm': '{0}' (only AWS4-HMAC-SHA256 for now). ")]
    Algorithm(String),
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{0}'"
    )]
    Credential(String),
    /// All that is wrong with a scope, sentence by sentence.
    #[error("{0}")]
    Scope(String),
    /// No such key, or not with that session token.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch { canonical: String, string_to_sign: String },
}

/// What clients tell refusals apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Missing,
    Incomplete,
    UnknownKey,
    Invalid,
}

impl Refusal {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::Missing,
            Self::NoPair { .. }
            | Self::HeaderLacks { .. }
            | Self::QueryLacks(_)
            | Self::Date(_)
            | Self::Algorithm(_)
            | Self::Credential(_) => Kind::Incomplete,
            Self::UnknownKey => Kind::UnknownKey,
            Self::SignedTwice
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::HostNotSigned
            | Self::Scope(_)
            | Self::Mismatch { .. } => Kind::Invalid,
        }
    }

    /// What should have been signed, as some services add it.
    pub(super) fn canonical_strings(&self) -> String {
        let Self::Mismatch { canonical, string_to_sign } = self else { return String::new() };
        format!(
            "\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n\
             The String-to-Sign should have been\n'{string_to_sign}'\n"
        )
    }
}

impl Kind {
    /// The name of the exception in the JSON protocols.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete => "IncompleteSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Invalid => "InvalidSignatureException",
        }
    }

    /// The code of the query protocol.
    pub(super) fn query(self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationToken",
            Self::Incomplete => "IncompleteSignature",
            Self::UnknownKey => "InvalidClientTokenId",
            Self::Invalid => "SignatureDoesNotMatch",
        }
    }
}

fn lacks(missing: &[&str], no_date: bool) -> String {
    let parameters = missing.iter().map(|name| format!("Authorization header requires '{name}' parameter. "));
    let date = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    parameters.chain(no_date.then(|| date.to_owned())).collect()
}

fn query_lacks(missing: &[&str]) -> String {
    missing.iter().map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect()
}
