//! Invoke.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::api::lambda::world::World;
use crate::engine::Quotas;

const INVOKE: &str = "POST /2015-03-31/functions/f/invocations";

#[tokio::test]
async fn a_synchronous_call_waits_for_the_answer() {
    let world = World::new();
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "1", "EMULATOR_DURATION_MS": "1" })).await;
    let answered = world.send(INVOKE, &[("x-amz-log-type", "Tail")], "").await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("content-type"), Some("application/json"));
    assert_eq!(answered.header("x-amz-executed-version"), Some("$LATEST"));
    assert_eq!(answered.header("x-amz-function-error"), None);
    let request_id = answered.header("x-amzn-requestid").expect("a request id");
    assert_eq!(answered.json()["request_id"], request_id);
    assert_eq!(answered.json()["cold_start"], true);
    let tail = answered.header("x-amz-log-result").expect("the log's end");
    let tail = String::from_utf8(BASE64_STANDARD.decode(tail).expect("base64")).expect("text");
    let lines: Vec<&str> = tail.lines().collect();
    assert_eq!(lines[0], format!("START RequestId: {request_id} Version: $LATEST"));
    assert_eq!(lines[1], format!("END RequestId: {request_id}"));
    assert!(lines[2].starts_with(&format!("REPORT RequestId: {request_id}\tDuration: 1.00 ms\t")), "{tail}");

    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3A%24LATEST";
    let warm = world.invoke(arn, &[]).await;
    assert_eq!(warm.json()["cold_start"], false);
    assert_eq!(warm.header("x-amz-log-result"), None);
}

#[tokio::test]
async fn an_overdue_init_of_the_built_in_handler_delays_its_answer() {
    let quotas = Quotas { init_limit: Duration::from_millis(1), ..Quotas::default() };
    let world = World::with_quotas(quotas);
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "30", "EMULATOR_DURATION_MS": "1" })).await;
    let answered = tokio::time::timeout(Duration::from_secs(60), world.invoke("f", &[])).await;
    let answer = answered.expect("an answer").json();
    // Its work begins when Init is over, not when its timeout began to run.
    assert_eq!((&answer["cold_start_time"], &answer["processing_time"]), (&json!(0.03), &json!(0.001)));
}

#[tokio::test]
async fn a_function_error_is_http_200() {
    let world = World::new();
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_FAILURE_RATE": "1" })).await;
    let answered = world.invoke("f", &[]).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("x-amz-function-error"), Some("Unhandled"));
    assert_eq!(answered.header("x-amz-executed-version"), Some("$LATEST"));
    assert_eq!(answered.json()["errorType"], "SimulatedFailure");
}

/// Fact 9: the timeout's payload has a type of its own.
#[tokio::test]
async fn a_timeout_is_worded_as_aws_does() {
    let world = World::new();
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "60000" })).await;
    let configuration = "PUT /2015-03-31/functions/f/configuration";
    assert_eq!(world.call(configuration, json!({ "Timeout": 1 })).await.status, 200);
    let answered = world.invoke("f", &[]).await;
    let request_id = answered.header("x-amzn-requestid").expect("a request id");
    let expected = format!(
        r#"{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {request_id} Error: Task timed out after 1.00 seconds"}}"#
    );
    assert_eq!((answered.status.as_u16(), answered.body.as_str()), (200, expected.as_str()));
}

#[tokio::test]
async fn events_and_dry_runs_have_empty_answers() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    for (kind, status) in [("Event", 202), ("DryRun", 204)] {
        let answered = world.invoke("f", &[("x-amz-invocation-type", kind)]).await;
        assert_eq!((answered.status.as_u16(), answered.body.as_str()), (status, ""), "{kind}");
        assert_eq!(answered.header("x-amz-executed-version"), None, "{kind}");
        assert!(answered.header("x-amzn-requestid").is_some(), "{kind}");
    }
}

/// Facts 2, 6, 7, 8 and 27: keys in their own letter case, names that end in
/// their qualifier, and the limits of payloads with their code on the wire.
#[tokio::test]
async fn refusals_are_to_the_letter() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    let (sync_limit, event_limit) = (6_291_456, 1_048_576);
    let not_found = |name: &str| {
        format!(
            r#"{{"Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:{name}","Type":"User"}}"#
        )
    };
    let one = "1 validation error detected: Value";
    for (path, headers, body, status, code, expected) in [
        ("g", &[][..], "{}".to_owned(), 404, "ResourceNotFoundException", not_found("g:$LATEST")),
        (
            "g",
            &[("x-amz-invocation-type", "Event")],
            "{}".to_owned(),
            404,
            "ResourceNotFoundException",
            not_found("g:$LATEST"),
        ),
        (
            "g",
            &[("x-amz-invocation-type", "DryRun")],
            "{}".to_owned(),
            404,
            "ResourceNotFoundException",
            not_found("g:$LATEST"),
        ),
        ("f:live", &[], "{}".to_owned(), 404, "ResourceNotFoundException", not_found("f:live")),
        (
            "arn:aws:lambda:eu-west-1:000000000000:function:f",
            &[],
            "{}".to_owned(),
            404,
            "ResourceNotFoundException",
            r#"{"Message":"Functions from 'eu-west-1' are not reachable in this region ('us-east-1')","Type":"User"}"#
                .to_owned(),
        ),
        (
            "111111111111:function:f",
            &[],
            "{}".to_owned(),
            403,
            "AccessDeniedException",
            r#"{"Message":"User: arn:aws:iam::000000000000:root is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:111111111111:function:f because no resource-based policy allows the lambda:InvokeFunction action"}"#.to_owned(),
        ),
        (
            "f",
            &[],
            "x".to_owned(),
            400,
            "InvalidRequestContentException",
            r#"{"Type":"User","message":"Could not parse request body into json: Could not parse payload into json: Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"}"#.to_owned(),
        ),
        (
            "f",
            &[],
            format!("\"{}\"", "x".repeat(sync_limit - 1)),
            413,
            "RequestEntityTooLargeException",
            r#"{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}"#.to_owned(),
        ),
        (
            "f",
            &[("x-amz-invocation-type", "Event")],
            format!("\"{}\"", "x".repeat(event_limit - 1)),
            413,
            "RequestEntityTooLargeException",
            r#"{"Message":"1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"}"#
                .to_owned(),
        ),
        (
            "f",
            &[("x-amz-invocation-type", "Now")],
            "{}".to_owned(),
            400,
            "ValidationException",
            format!(r#"{{"message":"{one} 'Now' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"}}"#),
        ),
        (
            "f",
            &[("x-amz-client-context", "bm8=")],
            "{}".to_owned(),
            400,
            "InvalidRequestContentException",
            r#"{"Type":"User","message":"Could not parse the client context: it must be base64 of a JSON object"}"#
                .to_owned(),
        ),
    ] {
        let line = format!("POST /2015-03-31/functions/{path}/invocations");
        let answered = world.send(&line, headers, body).await;
        assert_eq!(answered.error(), (status, code, expected.as_str()), "{path} {headers:?}");
    }

    let mismatch = world.send("POST /2015-03-31/functions/f:b/invocations?Qualifier=a", &[], "{}").await;
    let told = r#"{"Type":"User","message":"The derived qualifier from the function name does not match the specified qualifier."}"#;
    assert_eq!(mismatch.error(), (400, "InvalidParameterValueException", told));
}

#[tokio::test]
async fn the_longest_payloads_pass() {
    let world = World::new();
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0" })).await;
    let longest = format!("\"{}\"", "x".repeat(6_291_454));
    assert_eq!(world.send(INVOKE, &[], longest).await.status, 200);
    let longest = format!("\"{}\"", "x".repeat(1_048_574));
    assert_eq!(world.send(INVOKE, &[("x-amz-invocation-type", "Event")], longest).await.status, 202);
}
