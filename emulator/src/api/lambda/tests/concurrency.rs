//! Reserved concurrency, and what it does.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::api::lambda::world::World;

const PUT: &str = "PUT /2017-10-31/functions/f/concurrency";
const GET: &str = "GET /2019-09-30/functions/f/concurrency";
const DELETE: &str = "DELETE /2017-10-31/functions/f/concurrency";

/// Fact 1: a throttle to the letter, with its code in the header alone.
#[tokio::test]
async fn five_of_ten_at_once_succeed_with_five_reserved() {
    let world = Arc::new(World::new());
    world.create_built_in("f", json!({ "EMULATOR_DURATION_MS": "400" })).await;
    let put = world.call(PUT, json!({ "ReservedConcurrentExecutions": 5 })).await;
    assert_eq!((put.status.as_u16(), put.body.as_str()), (200, r#"{"ReservedConcurrentExecutions":5}"#));

    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let world = Arc::clone(&world);
        calls.spawn(async move { world.invoke("f", &[]).await });
    }
    let answers = calls.join_all().await;
    let (succeeded, throttled): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((succeeded.len(), throttled.len()), (5, 5));
    let told = r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#;
    for answer in throttled {
        assert_eq!(answer.error(), (429, "TooManyRequestsException", told));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("retry-after"), None);
        assert_eq!(answer.header("x-amz-executed-version"), None);
    }

    let state = world.call("GET /_emulator/state", Value::Null).await.json();
    let function = &state["functions"][0];
    assert_eq!(function["peak_in_use"], 5);
    assert_eq!(
        function["invocations"],
        json!({ "succeeded": 5, "failed": 0, "provisioned": 0, "spillover": 0 })
    );
    assert_eq!(function["throttles"], json!({ "ReservedFunctionConcurrentInvocationLimitExceeded": 5 }));
    assert_eq!(function["environments"], json!({ "init": 0, "idle": 5, "busy": 0, "started": 5 }));
}

#[tokio::test]
async fn a_reservation_is_set_shown_and_removed() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    assert_eq!(world.call(GET, Value::Null).await.body, "{}");
    assert_eq!(world.call(PUT, json!({ "ReservedConcurrentExecutions": 100 })).await.status, 200);
    assert_eq!(world.call(GET, Value::Null).await.body, r#"{"ReservedConcurrentExecutions":100}"#);
    let shown = world.call("GET /2015-03-31/functions/f", Value::Null).await.json();
    assert_eq!(shown["Concurrency"], json!({ "ReservedConcurrentExecutions": 100 }));
    let account = world.call("GET /2016-08-19/account-settings/", Value::Null).await;
    assert_eq!(
        account.body,
        r#"{"AccountLimit":{"TotalCodeSize":80530636800,"CodeSizeUnzipped":262144000,"CodeSizeZipped":52428800,"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":900},"AccountUsage":{"TotalCodeSize":0,"FunctionCount":1}}"#
    );
    for _ in 0..2 {
        let deleted = world.call(DELETE, Value::Null).await;
        assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
    }
    assert_eq!(world.call(GET, Value::Null).await.body, "{}");
}

#[tokio::test]
async fn bad_reservations_are_refused() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    let reserve = |n: i64| json!({ "ReservedConcurrentExecutions": n });
    let below = r#"{"message":"Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."}"#;
    let qualified = r#"{"Type":"User","message":"This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN."}"#;
    let unknown = r#"{"Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:g:$LATEST","Type":"User"}"#;
    let negative = r#"{"message":"1 validation error detected: Value '-1' at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 0"}"#;
    let null = r#"{"message":"1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null"}"#;
    let invalid = "InvalidParameterValueException";
    for (name, body, status, code, expected) in [
        ("f", reserve(901), 400, invalid, below),
        ("f", reserve(i64::MAX), 400, invalid, below),
        ("f:live", reserve(1), 400, invalid, qualified),
        ("g", reserve(5_000), 404, "ResourceNotFoundException", unknown),
        ("f", reserve(-1), 400, "ValidationException", negative),
        ("f", json!({}), 400, "ValidationException", null),
    ] {
        let put = format!("PUT /2017-10-31/functions/{name}/concurrency");
        assert_eq!(world.call(&put, body).await.error(), (status, code, expected), "{name}");
    }
    assert_eq!(world.call(PUT, reserve(900)).await.status, 200);
    assert_eq!(world.call(PUT, reserve(0)).await.body, r#"{"ReservedConcurrentExecutions":0}"#);
    assert_eq!(world.invoke("f", &[]).await.status, 429);
}
