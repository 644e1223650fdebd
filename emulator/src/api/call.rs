//! One request, read whole.

use std::net::IpAddr;

use bytes::Bytes;
use hyper::header::HeaderName;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Version};

use super::door::Door;
use crate::engine::Uuid;

/// A request with its body.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) version: Version,
    /// The front door that it stands at, if it is for none of AWS's services.
    pub(super) door: Option<Door>,
    /// Who sent it, where that is known.
    pub(crate) peer: Option<IpAddr>,
    /// Percent-encoding as it came: function names may hide a `%3A`.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// For `x-amzn-RequestId`, unless the operation knows a better one.
    pub(crate) request_id: Uuid,
}

impl Call {
    #[cfg(test)]
    pub(crate) fn new(parts: Parts, body: Bytes, request_id: Uuid) -> Self {
        let door = Door::of(&parts.headers, &parts.uri);
        Self::at(door, None, parts, body, request_id)
    }

    /// A request at its door, if it stands at one.
    pub(super) fn at(
        door: Option<Door>,
        peer: Option<IpAddr>,
        parts: Parts,
        body: Bytes,
        request_id: Uuid,
    ) -> Self {
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let (method, version, headers) = (parts.method, parts.version, parts.headers);
        Self { method, version, door, peer, path, query, headers, body, request_id }
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

    /// The port that the client spoke to, if it named one.
    pub(crate) fn port(&self) -> Option<u16> {
        self.host().rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    }

    /// `:4566`, or nothing: the end of an authority whose host is another.
    pub(crate) fn port_suffix(&self) -> String {
        self.port().map_or_else(String::new, |port| format!(":{port}"))
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
