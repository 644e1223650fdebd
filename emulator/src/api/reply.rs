//! Replies.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::engine::Uuid;

/// A reply, whole.
pub(crate) type Reply = Response<Full<Bytes>>;

/// The content types of AWS's protocols.
pub(crate) mod content_type {
    pub(crate) const JSON: &str = "application/json";
    pub(crate) const JSON_1_0: &str = "application/x-amz-json-1.0";
    pub(crate) const JSON_1_1: &str = "application/x-amz-json-1.1";
    pub(crate) const XML: &str = "text/xml";
}

/// A reply with a body of that type.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = empty(status);
    *reply.body_mut() = Full::new(body.into());
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// A reply with that value as JSON.
pub(crate) fn json(status: StatusCode, content_type: &'static str, value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value).expect("replies are plain data");
    reply(status, content_type, body)
}

/// A reply without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = status;
    reply
}

/// Adds a header whose value may hold anything; what HTTP can't carry is left out.
pub(crate) fn set(reply: &mut Reply, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

/// Adds `x-amzn-RequestId`, unless the operation has set it.
pub(crate) fn stamp(reply: &mut Reply, request_id: Uuid) {
    if !reply.headers().contains_key("x-amzn-requestid") {
        set(reply, "x-amzn-requestid", &request_id.to_string());
    }
}
