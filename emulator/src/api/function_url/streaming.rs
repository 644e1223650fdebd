//! Answers of function URLs that come piece by piece (`RESPONSE_STREAM`).

use bytes::{Bytes, BytesMut};
use http_body_util::channel::{Channel, Sender};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use crate::api::lambda::Stream;
use crate::api::proxy::{prelude, prelude_end};
use crate::api::reply::{self, Body, BrokenOff, Reply, content_type};
use crate::driver::{Piece, Pieces};
use crate::engine::Outcome;

/// Says that status, headers and cookies come before the body.
const HTTP_INTEGRATION: &str = "application/vnd.awslambda.http-integration-response";

/// A prelude is status, headers and cookies: no more than a request's headers
/// may be.
const LONGEST_PRELUDE: usize = 1_048_576;

/// The reply to an answer that begins; its body follows as it comes.
pub(super) async fn reply(stream: Stream) -> Reply {
    let Stream { content_type, mut pieces } = stream;
    let has_prelude = content_type.as_deref().is_some_and(|kind| kind.starts_with(HTTP_INTEGRATION));
    let mut begin = BytesMut::new();
    while has_prelude && prelude_end(&begin).is_none() && begin.len() < LONGEST_PRELUDE {
        match pieces.next().await {
            Some(Piece::Data(bytes)) => begin.extend_from_slice(&bytes),
            Some(Piece::Head { .. }) => {}
            None => break,
        }
    }
    let begin = begin.freeze();
    let (mut reply, rest) = match prelude(&begin).filter(|_| has_prelude) {
        Some((reply, end)) => (reply, begin.slice(end..)),
        None if has_prelude => {
            return reply::reply(StatusCode::BAD_GATEWAY, content_type::JSON, "Internal Server Error");
        }
        None => (plain(content_type.as_deref()), begin),
    };
    let (sender, body) = Channel::new(1);
    tokio::spawn(carry(rest, pieces, sender));
    *reply.body_mut() = Body::Streamed(body);
    reply
}

fn plain(content_type: Option<&str>) -> Reply {
    let mut reply = reply::empty(StatusCode::OK);
    let kind = content_type.and_then(|kind| HeaderValue::from_str(kind).ok());
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    reply.headers_mut().insert(CONTENT_TYPE, kind);
    reply
}

/// Writes the pieces as they come. A function that fails in the middle breaks
/// the body off: its status has long been sent.
async fn carry(first: Bytes, mut pieces: Pieces, mut sender: Sender<Bytes, BrokenOff>) {
    if !first.is_empty() && sender.send_data(first).await.is_err() {
        return;
    }
    while let Some(piece) = pieces.next().await {
        let Piece::Data(bytes) = piece else { continue };
        if sender.send_data(bytes).await.is_err() {
            return;
        }
    }
    let ended = pieces.answer().await.map(|answer| answer.outcome);
    if !matches!(ended, Ok(Outcome::Success(_))) {
        sender.abort(BrokenOff);
    }
}
