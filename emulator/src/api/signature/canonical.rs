//! A request in the one form in which it is signed (IAM User Guide, "Create a
//! signed AWS API request").

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::credential::Credential;
use super::moment;
use crate::api::call::Call;

/// Everything but what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A longer payload is hashed where no other call waits for the thread.
const LONG: usize = 1024 * 1024;

/// The hash of what was sent.
pub(super) async fn payload(body: &Bytes) -> String {
    if body.len() <= LONG {
        return hash(body);
    }
    let body = body.clone();
    tokio::task::spawn_blocking(move || hash(&body)).await.expect("hashing does not fail")
}

/// The canonical request.
pub(super) fn request(call: &Call, signed_headers: &[String], payload: &str) -> String {
    let headers: String = signed_headers.iter().map(|name| header(call, name)).collect();
    let (path, query, names) = (path(&call.path), query(&call.query), signed_headers.join(";"));
    [call.method.as_str(), &path, &query, &headers, &names, payload].join("\n")
}

/// What the signature is of.
pub(super) fn string_to_sign(at: OffsetDateTime, credential: &Credential<'_>, canonical: &str) -> String {
    let (at, scope, hash) = (moment::compact(at), credential.scope(), hash(canonical.as_bytes()));
    format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{hash}")
}

/// Without dots and double slashes, and encoded once more than it was sent: so
/// all services have it but S3.
pub(super) fn path(sent: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in sent.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
    }
    let encoded: String = segments.iter().map(|segment| format!("/{}", encode(segment))).collect();
    if encoded.is_empty() || sent.ends_with('/') { encoded + "/" } else { encoded }
}

/// Sorted by encoded name, then by encoded value; without the signature itself.
pub(super) fn query(sent: &str) -> String {
    let parameters = form_urlencoded::parse(sent.as_bytes()).filter(|(name, _)| name != "X-Amz-Signature");
    let mut parameters: Vec<_> = parameters.map(|(name, value)| (encode(&name), encode(&value))).collect();
    parameters.sort_unstable();
    let parameters: Vec<String> =
        parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.join("&")
}

/// `name:value` and a line's end; nothing for a header that is not there.
fn header(call: &Call, name: &str) -> String {
    let values = call.headers.get_all(name).iter();
    let values: Vec<String> =
        values.map(|value| trimmed(&String::from_utf8_lossy(value.as_bytes()))).collect();
    if values.is_empty() { String::new() } else { format!("{name}:{}\n", values.join(",")) }
}

/// Blanks within a value count as one, those around it not at all.
fn trimmed(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// SHA-256 in hexadecimal.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
