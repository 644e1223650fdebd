//! A request that is sent many times.

use super::endpoint::Endpoint;
use super::sign::{Signer, body_hash};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Uri};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const LOADGEN: &str = concat!("loadgen/", env!("CARGO_PKG_VERSION"));

/// Everything about a request but its date and signature.
#[derive(Debug)]
pub struct Template {
    method: Method,
    /// What follows the authority.
    target: Uri,
    url: String,
    headers: HeaderMap,
    body: Bytes,
    signing: Option<Signing>,
}

#[derive(Debug)]
struct Signing {
    signer: Signer,
    hash: String,
    /// The signature of a second since 1970. Never held across an await.
    latest: Mutex<(u64, HeaderMap)>,
}

impl Template {
    /// `path` may have a query, and is percent-encoded already.
    pub fn new(
        endpoint: &Endpoint,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Template, String> {
        let whole = format!("{}{path}", endpoint.base);
        let target: Uri = whole.parse().map_err(|error| format!("'{whole}' is not a path: {error}"))?;
        let host = HeaderValue::from_str(&endpoint.authority).map_err(|error| error.to_string())?;
        let scheme = if endpoint.tls { "https" } else { "http" };
        let url = format!("{scheme}://{}{whole}", endpoint.authority);
        let headers = HeaderMap::from_iter([(HOST, host), (USER_AGENT, HeaderValue::from_static(LOADGEN))]);
        Ok(Template { method, target, url, headers, body: body.into(), signing: None })
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Template {
        self.headers.insert(name, value);
        self
    }

    /// A header whose name and value are constants.
    #[must_use]
    pub fn with(self, name: &'static str, value: &'static str) -> Template {
        self.header(HeaderName::from_static(name), HeaderValue::from_static(value))
    }

    /// To be signed whenever it is sent.
    #[must_use]
    pub fn signed(mut self, signer: Signer) -> Template {
        let hash = body_hash(&self.body);
        self.signing = Some(Signing { signer, hash, latest: Mutex::default() });
        self
    }

    /// The request as it is to be sent now.
    pub fn request(&self) -> Request<Full<Bytes>> {
        self.request_at(SystemTime::now())
    }

    fn request_at(&self, now: SystemTime) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = match &self.signing {
            Some(signing) => self.signed_headers(signing, now),
            None => self.headers.clone(),
        };
        request
    }

    /// All headers, signed anew when the second has changed.
    fn signed_headers(&self, signing: &Signing, now: SystemTime) -> HeaderMap {
        let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut latest = signing.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.0 != second {
            let mut headers = self.headers.clone();
            headers.extend(signing.signer.sign(&self.method, &self.url, &self.headers, &signing.hash, now));
            *latest = (second, headers);
        }
        latest.1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Identity;
    use aws_credential_types::Credentials;
    use hyper::header::AUTHORIZATION;
    use std::time::Duration;

    fn template() -> Template {
        let identity = Identity::new(Credentials::new("KEY", "secret", None, None, "test"), "us-east-1");
        let endpoint = "http://127.0.0.1:4566/base".parse().unwrap();
        let template =
            Template::new(&endpoint, Method::POST, "/2015-03-31/functions/f%3Alive/invocations", "{}");
        template.unwrap().with("x-amz-log-type", "Tail").signed(identity.signer("lambda"))
    }

    #[test]
    fn a_signature_holds_for_its_second() {
        let template = template();
        let start = UNIX_EPOCH + Duration::from_secs(1_763_750_000);
        let authorization = |after_ms| {
            let request = template.request_at(start + Duration::from_millis(after_ms));
            request.headers()[AUTHORIZATION].to_str().unwrap().to_owned()
        };
        assert_eq!(authorization(0), authorization(999));
        assert_ne!(authorization(0), authorization(1_000));
        assert!(authorization(0).contains("Credential=KEY/20251121/us-east-1/lambda/aws4_request"));
        assert!(authorization(0).contains("host;x-amz-date;x-amz-log-type"), "{}", authorization(0));
    }

    #[test]
    fn the_base_path_goes_first() {
        assert_eq!(template().request().uri(), "/base/2015-03-31/functions/f%3Alive/invocations");
    }
}
