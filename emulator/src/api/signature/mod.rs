//! Whether a request is signed as AWS wants it: Signature Version 4 (IAM User
//! Guide, "AWS Signature Version 4 for API requests").
//!
//! Nothing is looked at unless the emulator was started with credentials. The
//! checks come in the order in which AWS makes them, each with its own words:
//! a wrong secret is told only to whoever got everything else right.
//!
//! A payload is always hashed, whatever `x-amz-content-sha256` says: that
//! header counts like any other that is signed, and `UNSIGNED-PAYLOAD` is for
//! S3. Nor is `X-Amz-Expires` looked at, which is S3's too: elsewhere a
//! presigned URL is good for as long as any signature.

mod authorization;
mod canonical;
mod credential;
mod keys;
mod moment;
mod refusal;
mod service;
#[cfg(test)]
mod tests;
mod wire;

use time::OffsetDateTime;

use super::Api;
use super::call::Call;
use super::reply::Reply;
use crate::credentials::Credentials;
use authorization::Authorization;
use credential::Credential;
use keys::Keys;
use refusal::Refusal;

pub(super) use service::Service;

/// Whose signatures are good, and where.
#[derive(Debug)]
pub(crate) struct Signatures {
    keys: Keys,
    region: String,
}

/// The reply to a request whose signature is not good, if signatures are
/// verified at all. The clock is the host's: signatures stay in real time.
pub(super) async fn refusal(api: &Api, call: &Call, service: Service) -> Option<Reply> {
    let signatures = api.signatures.as_ref()?;
    let refusal = signatures.verify(call, service, OffsetDateTime::now_utc()).await.err()?;
    tracing::debug!(service = service.name(), %refusal, "refused a signature");
    Some(wire::reply(&refusal, service, call))
}

impl Signatures {
    pub(crate) fn new(credentials: Vec<Credentials>, region: &str) -> Self {
        Self { keys: Keys::new(credentials), region: region.to_owned() }
    }

    async fn verify(&self, call: &Call, service: Service, now: OffsetDateTime) -> Result<(), Refusal> {
        let authorization = Authorization::of(call)?;
        let at = moment::read(&authorization.date)?;
        moment::check(at, now, service.leeway())?;
        let signed_headers = authorization.signed_headers()?;
        authorization.check_algorithm()?;
        let credential = Credential::parse(&authorization.credential)?;
        credential.check_scope(service, &self.region, at)?;
        let token = authorization.token.as_deref();
        let key = self.keys.find(credential.key_id, token).ok_or(Refusal::UnknownKey)?;

        let payload = canonical::payload(&call.body).await;
        let canonical = canonical::request(call, &signed_headers, &payload);
        let text = canonical::string_to_sign(at, &credential, &canonical);
        if keys::is_signature(&authorization.signature, key, &credential, &text) {
            Ok(())
        } else {
            Err(Refusal::Mismatch { canonical, string_to_sign: text })
        }
    }
}
