//! Lambda's Invoke.

use crate::wire::{Endpoint, Signer, Template};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters, as the SDKs encode labels
/// of a path: the colons of an ARN too.
const LABEL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One function, one payload.
#[derive(Debug)]
pub struct Invoke {
    endpoint: Endpoint,
    function: String,
    template: Template,
}

impl Invoke {
    /// `event`: hand over and get a 202, instead of waiting for the answer.
    pub fn new(
        endpoint: &Endpoint,
        signer: Signer,
        function: &str,
        event: bool,
        payload: impl Into<Bytes>,
    ) -> Result<Invoke, String> {
        let label = utf8_percent_encode(function, LABEL);
        let path = format!("/2015-03-31/functions/{label}/invocations");
        let template = Template::new(endpoint, Method::POST, &path, payload)?;
        let template = template.with("content-type", "application/octet-stream");
        let template = match event {
            true => template.with("x-amz-invocation-type", "Event"),
            // The end of the log tells cold starts of functions that do not tell themselves.
            false => template.with("x-amz-invocation-type", "RequestResponse").with("x-amz-log-type", "Tail"),
        };
        Ok(Invoke {
            endpoint: endpoint.clone(),
            function: function.to_owned(),
            template: template.signed(signer),
        })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn function(&self) -> &str {
        &self.function
    }

    pub(super) fn request(&self) -> Request<Full<Bytes>> {
        self.template.request()
    }
}
