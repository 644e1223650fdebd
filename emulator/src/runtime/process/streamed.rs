//! Answers that a runtime streams (Developer Guide, "Response streaming").

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{HeaderMap, header};
use tokio::sync::mpsc::Sender;

use super::generation::Generation;
use crate::driver::Piece;
use crate::engine::{FunctionError, Outcome, RequestId};
use crate::limits;

/// Says that the answer comes in pieces.
const MODE: &str = "lambda-runtime-function-response-mode";

/// The trailers that say that the function failed in the middle.
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";

pub(super) fn is_streamed(parts: &Parts) -> bool {
    parts.headers.get(MODE).is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"streaming"))
}

/// Hands a streamed answer on as it comes. A caller who wants it whole gets it
/// whole. `None` when the runtime broke off: its exit settles the invocation.
pub(super) async fn carry(
    generation: &Generation,
    request_id: RequestId,
    parts: &Parts,
    body: Incoming,
) -> Option<Outcome> {
    let driver = generation.sandbox.driver.upgrade()?;
    let Some(caller) = driver.stream(request_id) else { return whole(body).await };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let head = Piece::Head {
        version: generation.sandbox.function.version,
        content_type: content_type.map(str::to_owned),
    };
    // A caller that is gone does not end the function.
    let _gone = caller.send(head).await;
    let pace = |over: usize| {
        let span = Duration::from_secs_f64(seconds_for(over));
        driver.clock().real_time_until(driver.clock().now() + span)
    };
    pieces(body, &caller, pace).await
}

async fn pieces(
    mut body: Incoming,
    caller: &Sender<Piece>,
    pace: impl Fn(usize) -> Duration,
) -> Option<Outcome> {
    let mut sent = 0;
    while let Some(frame) = body.frame().await {
        let piece = match frame.ok()?.into_data() {
            Ok(piece) => piece,
            Err(other) => {
                let failed = other.trailers_ref().and_then(failure);
                return Some(failed.unwrap_or_else(|| Outcome::Success(Bytes::new())));
            }
        };
        sent += piece.len();
        if sent > limits::STREAMED_RESPONSE {
            return Some(Outcome::FunctionError(FunctionError::ResponseTooLarge));
        }
        let over = piece.len().min(sent.saturating_sub(limits::UNPACED_RESPONSE));
        if over > 0 {
            tokio::time::sleep(pace(over)).await;
        }
        let _gone = caller.send(Piece::Data(piece)).await;
    }
    Some(Outcome::Success(Bytes::new()))
}

/// What so many bytes take at the pace of long answers.
#[expect(clippy::cast_precision_loss, reason = "sizes of answers are exact in an f64")]
fn seconds_for(bytes: usize) -> f64 {
    bytes as f64 / limits::STREAMED_BYTES_PER_SECOND as f64
}

async fn whole(mut body: Incoming) -> Option<Outcome> {
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        match frame.ok()?.into_data() {
            Ok(piece) if kept.len() + piece.len() > limits::RESPONSE => {
                return Some(Outcome::FunctionError(FunctionError::ResponseTooLarge));
            }
            Ok(piece) => kept.extend_from_slice(&piece),
            Err(other) => {
                if let Some(failed) = other.trailers_ref().and_then(failure) {
                    return Some(failed);
                }
            }
        }
    }
    Some(Outcome::Success(kept.freeze()))
}

/// The error of the trailers: base64 of its document, or its type alone.
fn failure(trailers: &HeaderMap) -> Option<Outcome> {
    let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(ERROR_TYPE)?;
    let document = text(ERROR_BODY).and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
    let document = document.filter(|document| serde_json::from_slice::<serde_json::Value>(document).is_ok());
    let document = document.unwrap_or_else(|| serde_json::json!({ "errorType": kind }).to_string().into());
    Some(Outcome::FunctionError(FunctionError::Reported(document.into())))
}
