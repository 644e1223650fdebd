//! One request, read whole.

use bytes::Bytes;
use hyper::header::HeaderName;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};

use crate::engine::Uuid;

/// A request with its body.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Percent-encoding as it came: function names may hide a `%3A`.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// For `x-amzn-RequestId`, unless the operation knows a better one.
    pub(crate) request_id: Uuid,
}

impl Call {
    pub(crate) fn new(parts: Parts, body: Bytes, request_id: Uuid) -> Self {
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        Self { method: parts.method, path, query, headers: parts.headers, body, request_id }
    }

    /// A header as text, empty when it is not there.
    pub(crate) fn header(&self, name: impl Into<HeaderText>) -> &str {
        let value = match name.into() {
            HeaderText::Name(name) => self.headers.get(name),
            HeaderText::Text(text) => self.headers.get(text),
        };
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The decoded value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The host that the client spoke to, as it named it: queue URLs are made
    /// of it, so that they work from where the client is.
    pub(crate) fn host(&self) -> &str {
        self.header(hyper::header::HOST)
    }
}

/// A header by constant or by text.
pub(crate) enum HeaderText {
    Name(HeaderName),
    Text(&'static str),
}

impl From<HeaderName> for HeaderText {
    fn from(name: HeaderName) -> Self {
        Self::Name(name)
    }
}

impl From<&'static str> for HeaderText {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}
