//! An emulator without a port, for tests: calls in, replies out.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{Request, StatusCode};
use serde_json::{Value, json};

use crate::api::call::Call;
use crate::api::{Api, reply, route};
use crate::engine::{Quotas, Uuid};

/// What every function of these tests assumes.
pub(in crate::api) const ROLE: &str = "arn:aws:iam::000000000000:role/r";

/// An API with an account behind it, whose time runs.
#[derive(Debug)]
pub(in crate::api) struct World {
    api: Api,
}

/// A reply, read.
#[derive(Debug)]
pub(in crate::api) struct Answered {
    pub(in crate::api) status: StatusCode,
    pub(in crate::api) headers: hyper::HeaderMap,
    pub(in crate::api) body: String,
}

impl World {
    pub(in crate::api) fn new() -> Self {
        Self::with_quotas(Quotas::default())
    }

    pub(in crate::api) fn with_quotas(quotas: Quotas) -> Self {
        Self::of(Api::for_test(quotas, 1.0))
    }

    pub(in crate::api) fn of(api: Api) -> Self {
        Self { api }
    }

    pub(in crate::api) fn api(&self) -> &Api {
        &self.api
    }

    /// Sends `METHOD /path` with headers and a body, as the server would.
    pub(in crate::api) async fn send(
        &self,
        line: &str,
        headers: &[(&'static str, &str)],
        body: impl Into<Bytes>,
    ) -> Answered {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "localhost:4566");
        }
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let (parts, ()) = request.body(()).expect("a good request").into_parts();
        let request_id = Uuid::from_random(7);
        let mut reply = route::answer(&self.api, Call::new(parts, body.into(), request_id)).await;
        reply::stamp(&mut reply, request_id);
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answered { status: parts.status, headers: parts.headers, body }
    }

    /// Sends JSON, or nothing for `null`.
    pub(in crate::api) async fn call(&self, line: &str, body: Value) -> Answered {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(line, &[], body).await
    }

    /// Makes a function with the built-in handler.
    pub(in crate::api) async fn create_built_in(&self, name: &str, variables: Value) {
        let body = json!({
            "FunctionName": name, "Role": ROLE, "Runtime": "provided.al2023", "Handler": "emulator.handler",
            "Environment": { "Variables": variables },
        });
        let created = self.call("POST /2015-03-31/functions", body).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
    }

    pub(in crate::api) async fn invoke(&self, name: &str, headers: &[(&'static str, &str)]) -> Answered {
        self.send(&format!("POST /2015-03-31/functions/{name}/invocations"), headers, "{}").await
    }
}

impl Answered {
    pub(in crate::api) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are text"))
    }

    pub(in crate::api) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// Status, error code and body.
    pub(in crate::api) fn error(&self) -> (u16, &str, &str) {
        (self.status.as_u16(), self.header("x-amzn-errortype").unwrap_or_default(), &self.body)
    }
}
