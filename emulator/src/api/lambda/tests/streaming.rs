//! InvokeWithResponseStream on functions that do not stream.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use serde_json::json;

use crate::api::call::Call;
use crate::api::lambda::world::World;
use crate::api::route;
use crate::engine::Uuid;

const PATH: &str = "/2021-11-15/functions/f/response-streaming-invocations";

/// Type and payload of each event of a stream.
fn events(mut stream: &[u8]) -> Vec<(String, String)> {
    let mut events = Vec::new();
    while !stream.is_empty() {
        let number = |at: usize| {
            u32::from_be_bytes(stream[at..at + 4].try_into().expect("four bytes of a frame")) as usize
        };
        let (size, headers) = (number(0), number(4));
        let text = String::from_utf8_lossy(&stream[12..12 + headers]).into_owned();
        let kind = if text.contains("PayloadChunk") { "PayloadChunk" } else { "InvokeComplete" };
        let payload = String::from_utf8_lossy(&stream[12 + headers..size - 4]).into_owned();
        events.push((kind.to_owned(), payload));
        stream = &stream[size..];
    }
    events
}

async fn invoke(world: &World) -> (u16, hyper::HeaderMap, Bytes) {
    let request = Request::post(PATH).header("x-amz-log-type", "Tail").body(()).expect("a good request");
    let (parts, ()) = request.into_parts();
    let call = Call::new(parts, Bytes::from_static(b"{}"), Uuid::from_random(7));
    let (parts, body) = route::answer(world.api(), call).await.into_parts();
    let body = body.collect().await.expect("a body in memory").to_bytes();
    (parts.status.as_u16(), parts.headers, body)
}

#[tokio::test]
async fn an_answer_comes_as_one_piece_and_an_end() {
    let world = World::new();
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "1", "EMULATOR_DURATION_MS": "1" })).await;
    let (status, headers, body) = invoke(&world).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/vnd.amazon.eventstream");
    assert_eq!(headers["x-amz-executed-version"], "$LATEST");
    let events = events(&body);
    let kinds: Vec<&str> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["PayloadChunk", "InvokeComplete"]);
    assert!(events[0].1.starts_with(r#"{"execution_id":"#), "{}", events[0].1);
    let end: serde_json::Value = serde_json::from_str(&events[1].1).expect("the end is JSON");
    assert!(end["ErrorCode"].is_null() && end["LogResult"].is_string(), "{end}");
}

#[tokio::test]
async fn a_failure_is_told_at_the_end() {
    let world = World::new();
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "1", "EMULATOR_FAILURE_RATE": "1" })).await;
    let (status, _, body) = invoke(&world).await;
    let events = events(&body);
    let end: serde_json::Value = serde_json::from_str(&events[0].1).expect("the end is JSON");
    assert_eq!((status, events.len(), &end["ErrorCode"]), (200, 1, &json!("SimulatedFailure")), "{end}");
}

#[tokio::test]
async fn a_throttle_comes_before_the_stream_begins() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    let zero = json!({ "ReservedConcurrentExecutions": 0 });
    world.call("PUT /2017-10-31/functions/f/concurrency", zero).await;
    let (status, _, body) = invoke(&world).await;
    let told = r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#;
    assert_eq!((status, &body[..]), (429, told.as_bytes()));
}
