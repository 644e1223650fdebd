//! Replies.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use http_body_util::channel::Channel;
use hyper::body::{Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::engine::Uuid;

/// A reply.
pub(crate) type Reply = Response<Body>;

/// The body of a reply.
#[derive(Debug)]
pub(crate) enum Body {
    /// All of it is here.
    Whole(Full<Bytes>),
    /// It is still being made.
    Streamed(Channel<Bytes, BrokenOff>),
}

/// A body that ends in the middle, as the client is to see.
#[derive(Debug, thiserror::Error)]
#[error("the function failed in the middle of its answer")]
pub(crate) struct BrokenOff;

impl Body {
    /// A body that is here.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Full::new(bytes.into()))
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Streamed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Streamed(body) => body.size_hint(),
        }
    }
}

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
    *reply.body_mut() = Body::whole(body);
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
    let mut reply = Response::new(Body::whole(Bytes::new()));
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
        set(reply, "x-amzn-requestid", request_id.encode(&mut [0; 36]));
    }
}
