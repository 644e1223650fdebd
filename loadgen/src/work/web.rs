//! Plain HTTP: a function URL, a stage of API Gateway, or anything else.

use crate::wire::{Endpoint, Template};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};

/// One URL, one method, one body.
#[derive(Debug)]
pub struct Web {
    endpoint: Endpoint,
    url: String,
    template: Template,
}

impl Web {
    /// A body makes it a POST unless a method is given.
    pub fn new(
        url: &str,
        method: Option<Method>,
        headers: &[(HeaderName, HeaderValue)],
        body: Option<&str>,
    ) -> Result<Web, String> {
        let endpoint = Endpoint { base: String::new(), ..url.parse()? };
        let uri: Uri = url.parse().map_err(|error| format!("not a URL: {error}"))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let method = method.unwrap_or(if body.is_some() { Method::POST } else { Method::GET });
        let mut template = Template::new(&endpoint, method, path, body.unwrap_or_default().to_owned())?;
        if body.is_some() {
            template = template.with("content-type", "application/json");
        }
        for (name, value) in headers {
            template = template.header(name.clone(), value.clone());
        }
        Ok(Web { endpoint, url: url.to_owned(), template })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn request(&self) -> Request<Full<Bytes>> {
        self.template.request()
    }
}
