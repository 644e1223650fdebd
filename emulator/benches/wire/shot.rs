//! One kind of request, and what its answers must be.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};

use super::crew::Connection;

/// One request, many times: the same, or the same but for its body.
#[derive(Debug, Clone)]
pub(crate) struct Shot {
    method: Method,
    path: String,
    target: Option<&'static str>,
    /// Taken by the number of the request; after the last one the first again.
    bodies: Arc<[Bytes]>,
    /// What every answer must have; none where the server answers a constant.
    status: Option<u16>,
    /// How many bytes every answer must have, where that is known.
    length: Option<usize>,
}

impl Shot {
    pub(crate) fn new(method: Method, path: &str, body: impl Into<Bytes>, status: u16) -> Self {
        Self {
            method,
            path: path.into(),
            target: None,
            bodies: [body.into()].into(),
            status: Some(status),
            length: None,
        }
    }

    pub(crate) fn health() -> Self {
        Self::new(Method::GET, "/_emulator/health", "", 200)
    }

    pub(crate) fn invoke(function: &str) -> Self {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let status = if function == "refused" { 429 } else { 200 };
        Self::new(Method::POST, &path, r#"{"sleep_ms":0}"#, status)
    }

    /// An action of SQS with each of these bodies; `target` names it.
    pub(crate) fn sqs<B: Into<Bytes>>(target: &'static str, bodies: impl IntoIterator<Item = B>) -> Self {
        let bodies = bodies.into_iter().map(Into::into).collect();
        Self { target: Some(target), bodies, ..Self::new(Method::POST, "/", "", 200) }
    }

    /// The same request for a server that knows no AWS.
    pub(crate) fn anywhere(&self) -> Self {
        Self { status: None, ..self.clone() }
    }

    /// The same request, whose answers are all of this length.
    pub(crate) fn answered_in(self, bytes: usize) -> Self {
        Self { length: Some(bytes), ..self }
    }

    pub(crate) fn target(&self) -> Option<&'static str> {
        self.target
    }

    /// Sends the request of this number, and says what the answer was.
    pub(crate) async fn fire(&self, connection: &mut Connection, number: usize) -> Bytes {
        let (status, answer) = connection.ask(self.request(number)).await;
        let name = self.target.unwrap_or(&self.path);
        let shown = || String::from_utf8_lossy(&answer);
        if let Some(expected) = self.status {
            assert_eq!(status, expected, "{name} was answered with another status: {}", shown());
        }
        if let Some(expected) = self.length {
            assert_eq!(answer.len(), expected, "{name} was answered in other than its bytes: {}", shown());
        }
        answer
    }

    fn request(&self, number: usize) -> Request<Full<Bytes>> {
        let mut request =
            Request::builder().method(self.method.clone()).uri(&self.path).header("host", "localhost");
        if let Some(target) = self.target {
            request =
                request.header("x-amz-target", target).header("content-type", "application/x-amz-json-1.0");
        }
        let body = self.bodies[number % self.bodies.len()].clone();
        request.body(Full::new(body)).expect("a request")
    }
}
