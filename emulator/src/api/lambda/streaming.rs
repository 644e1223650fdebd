//! InvokeWithResponseStream (Lambda API; Developer Guide, "Response streaming").

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use super::error::Error;
use super::invoke::{Requested, invoke_of, requested};
use super::payload;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::event_stream;
use crate::api::reply::{Body, BrokenOff, Reply, set};
use crate::driver::{Driver, Piece, Streamed};
use crate::engine::{Invoke, Outcome, RequestId, Version};
use crate::runtime::failure;

/// The last message of a stream.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Complete {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_details: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_result: Option<String>,
}

pub(super) async fn invoke(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let Requested { name, wants_tail, dry_run } = requested(api, call, resource)?;
    if dry_run {
        return super::invoke::dry_run(api, &name);
    }
    let payload = payload::synchronous(&call.body)?;
    let invoke = Invoke { streams: true, wants_log: wants_tail, ..invoke_of(call, &name, payload)? };
    let (request_id, begun) = api.driver.invoke_streaming(invoke).await;
    let mut reply = match begun {
        Ok(Streamed::Answered(answer)) => match answer.outcome {
            Outcome::HostFailure(why) => Error::Host(why.to_string()).into_reply(),
            Outcome::Success(_) | Outcome::FunctionError(_) => {
                let log = wants_tail.then(|| api.driver.logs().tail(answer.environment, request_id));
                let mut frames: Vec<Bytes> = Vec::new();
                frames.extend(whole(&answer.outcome));
                frames.push(complete(request_id, answer.outcome, log));
                head(answer.version, Body::whole(frames.concat()))
            }
        },
        Ok(Streamed::Begun { version, pieces, .. }) => {
            let (sender, body) = Channel::new(1);
            let driver = std::sync::Arc::clone(&api.driver);
            tokio::spawn(async move { carry(&driver, request_id, wants_tail, pieces, sender).await });
            head(version, Body::Streamed(body))
        }
        Err(refusal) => Error::refused(&refusal, &api.identity).into_reply(),
    };
    set(&mut reply, "x-amzn-requestid", &request_id.to_string());
    Ok(reply)
}

fn head(version: Version, body: Body) -> Reply {
    let mut reply = Reply::new(body);
    *reply.status_mut() = StatusCode::OK;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(event_stream::CONTENT_TYPE));
    set(&mut reply, "x-amz-executed-version", &version.to_string());
    reply
}

/// Writes the pieces as they come, and then how it ended.
async fn carry(
    driver: &Driver,
    request_id: RequestId,
    wants_tail: bool,
    mut pieces: crate::driver::Pieces,
    mut sender: Sender<Bytes, BrokenOff>,
) {
    while let Some(piece) = pieces.next().await {
        let Piece::Data(bytes) = piece else { continue };
        if sender.send_data(chunk(&bytes)).await.is_err() {
            return;
        }
    }
    let Ok(answer) = pieces.answer().await else { return };
    let log = wants_tail.then(|| driver.logs().tail(answer.environment, request_id));
    // A caller that is gone misses the end.
    let _gone = sender.send_data(complete(request_id, answer.outcome, log)).await;
}

fn chunk(bytes: &[u8]) -> Bytes {
    event_stream::event("PayloadChunk", "application/octet-stream", bytes)
}

/// What a function that does not stream returned.
fn whole(outcome: &Outcome) -> Option<Bytes> {
    match outcome {
        Outcome::Success(body) if !body.is_empty() => Some(chunk(body)),
        Outcome::Success(_) | Outcome::FunctionError(_) | Outcome::HostFailure(_) => None,
    }
}

fn complete(request_id: RequestId, outcome: Outcome, log: Option<String>) -> Bytes {
    let mut end = Complete { log_result: log.map(|log| BASE64_STANDARD.encode(log)), ..Complete::default() };
    match outcome {
        Outcome::Success(_) => {}
        Outcome::FunctionError(error) => {
            let document = failure::document(request_id, error);
            let parsed: serde_json::Value = serde_json::from_slice(&document).unwrap_or_default();
            end.error_code = Some(parsed["errorType"].as_str().unwrap_or("Unhandled").to_owned());
            end.error_details = Some(String::from_utf8_lossy(&document).into_owned());
        }
        Outcome::HostFailure(why) => {
            end.error_code = Some("Emulator.HostFailure".to_owned());
            end.error_details = Some(why.to_string());
        }
    }
    let payload = serde_json::to_vec(&end).expect("text is plain data");
    event_stream::event("InvokeComplete", "application/json", &payload)
}
