//! Function URLs end to end: made by one call, called by another.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::lambda::world::{Answered, World};
use crate::api::{Api, function_url};
use crate::engine::{AliasTarget, Quotas, Version};

const URL: &str = "/2021-10-31/functions/f/url";
const INSTANT: [(&str, &str); 2] = [("EMULATOR_INIT_MS", "0"), ("EMULATOR_DURATION_MS", "0")];

async fn create(world: &World, settings: Value) -> String {
    let created = world.call(&format!("POST {URL}"), settings).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let url = created.json()["FunctionUrl"].as_str().expect("a URL").to_owned();
    url.trim_start_matches("http://").split('.').next().expect("an id").to_owned()
}

/// A world with a function `f` that answers at once, and its URL's id.
async fn world(settings: Value) -> (World, String) {
    let world = World::new();
    world.create_built_in("f", INSTANT.into_iter().map(|(name, value)| (name, json!(value))).collect()).await;
    let id = create(&world, settings).await;
    (world, id)
}

/// Status, content type and body.
fn seen(answered: &Answered) -> (u16, Option<&str>, &str) {
    (answered.status.as_u16(), answered.header("content-type"), &answered.body)
}

#[tokio::test]
async fn urls_are_made_shown_changed_and_deleted() {
    let (world, id) =
        world(json!({ "AuthType": "NONE", "Cors": { "AllowOrigins": ["*"], "MaxAge": 5 } })).await;
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
        "{id}"
    );
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let shown = world.call(&format!("GET {URL}"), Value::Null).await.json();
    let created = shown["CreationTime"].clone();
    let expected = json!({
        "FunctionUrl": format!("http://{id}.lambda-url.us-east-1.localhost:4566/"), "FunctionArn": arn,
        "AuthType": "NONE", "Cors": { "AllowOrigins": ["*"], "MaxAge": 5 }, "CreationTime": created,
        "LastModifiedTime": created, "InvokeMode": "BUFFERED",
    });
    assert_eq!(shown, expected);

    let again = world.call(&format!("POST {URL}"), json!({ "AuthType": "NONE" })).await;
    let told = format!(
        r#"{{"Type":"User","message":"Failed to create function url config for [functionArn = {arn}]. Error message:  FunctionUrlConfig exists for this Lambda function"}}"#
    );
    assert_eq!(again.error(), (409, "ResourceConflictException", told.as_str()));

    let update = json!({ "AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM", "Cors": {} });
    let updated = world.call(&format!("PUT {URL}"), update).await.json();
    assert_eq!(
        (&updated["AuthType"], &updated["InvokeMode"]),
        (&json!("AWS_IAM"), &json!("RESPONSE_STREAM"))
    );
    assert_eq!((updated.get("Cors"), &updated["CreationTime"]), (None, &created));
    let listed = world.call(&format!("GET {URL}s"), Value::Null).await.json();
    assert_eq!(listed, json!({ "FunctionUrlConfigs": [updated] }));

    assert_eq!(world.call(&format!("DELETE {URL}"), Value::Null).await.status, 204);
    let gone = r#"{"Message":"The resource you requested does not exist.","Type":"User"}"#;
    for line in [format!("GET {URL}"), format!("DELETE {URL}"), format!("PUT {URL}")] {
        assert_eq!(
            world.call(&line, Value::Null).await.error(),
            (404, "ResourceNotFoundException", gone),
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_same_seed_draws_the_same_ids() {
    let (_first, id) = world(json!({ "AuthType": "NONE" })).await;
    let (second, again) = world(json!({ "AuthType": "NONE" })).await;
    assert_eq!(id, again);
    assert_eq!(second.call(&format!("DELETE {URL}"), Value::Null).await.status, 204);
    assert_ne!(create(&second, json!({ "AuthType": "NONE" })).await, id);
}

#[tokio::test]
async fn bad_settings_are_refused() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    let one = "1 validation error detected: Value";
    for (query, settings, code, told) in [
        ("", json!({}), "ValidationException", format!("{one} null at 'authType' failed")),
        (
            "",
            json!({ "AuthType": "ALL" }),
            "ValidationException",
            format!("{one} 'ALL' at 'authType' failed"),
        ),
        (
            "?Qualifier=7",
            json!({ "AuthType": "NONE" }),
            "ValidationException",
            format!("{one} '7' at 'qualifier' failed"),
        ),
        (
            "",
            json!({ "AuthType": "NONE", "Cors": { "MaxAge": 86_401 } }),
            "ValidationException",
            format!("{one} '86401' at 'cors.maxAge' failed"),
        ),
        (
            "",
            json!({ "AuthType": "NONE", "Cors": { "AllowMethods": ["TRACE"] } }),
            "InvalidParameterValueException",
            "AllowMethods of Cors has 'TRACE'".to_owned(),
        ),
    ] {
        let answered = world.call(&format!("POST {URL}{query}"), settings).await;
        let (status, error, body) = answered.error();
        assert_eq!((status, error), (400, code), "{body}");
        assert!(body.contains(&told), "{body}");
    }
    let missing = world.call("POST /2021-10-31/functions/g/url", json!({ "AuthType": "NONE" })).await;
    assert_eq!(missing.error().0, 404);
}

#[tokio::test]
async fn a_url_goes_with_its_function_and_with_a_reset() {
    let (world, id) = world(json!({ "AuthType": "NONE" })).await;
    let call = format!("GET /_url/{id}/");
    assert_eq!(world.call(&call, Value::Null).await.status, 200);
    assert_eq!(world.call("DELETE /2015-03-31/functions/f", Value::Null).await.status, 204);
    assert_eq!(
        world.call(&call, Value::Null).await.error(),
        (403, "AccessDeniedException", r#"{"Message":null}"#)
    );

    world.create_built_in("f", json!({})).await;
    let id = create(&world, json!({ "AuthType": "NONE" })).await;
    assert_eq!(world.call("POST /_emulator/reset", Value::Null).await.status, 200);
    assert_eq!(world.call(&format!("GET /_url/{id}/"), Value::Null).await.status, 403);
}

/// Fact 47, last column: what a client of a function URL sees.
#[tokio::test]
async fn fact_47_a_function_url_passes_throttles_through() {
    let json = Some("application/json");
    let failed = (502, json, "Internal Server Error");
    let api = Api::for_test(Quotas::default(), 100.0);
    let world = World::of(api);
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "1" })).await;
    let id = create(&world, json!({ "AuthType": "NONE" })).await;
    let (path, host) = (format!("POST /_url/{id}/a"), format!("{id}.lambda-url.us-east-1.localhost:4566"));
    for answered in
        [world.call(&path, Value::Null).await, world.send("POST /a", &[("host", &host)], "").await]
    {
        assert_eq!(
            (answered.status.as_u16(), answered.header("content-type")),
            (200, json),
            "{}",
            answered.body
        );
        // The built-in handler's answer names no status: all of it is the body.
        assert_eq!(answered.json()["function_name"], "f");
        assert_eq!(answered.header("x-amzn-requestid"), answered.json()["request_id"].as_str());
    }

    let large = world.send(&path, &[("content-type", "text/plain")], "x".repeat(6_291_456)).await;
    let told = r#"{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}"#;
    assert_eq!(large.error(), (413, "RequestEntityTooLargeException", told));

    let configuration = "PUT /2015-03-31/functions/f/configuration";
    for (variables, timeout) in
        [(json!({ "EMULATOR_FAILURE_RATE": "1" }), 3), (json!({ "EMULATOR_DURATION_MS": "60000" }), 1)]
    {
        let settings = json!({ "Timeout": timeout, "Environment": { "Variables": variables } });
        assert_eq!(world.call(configuration, settings).await.status, 200);
        assert_eq!(seen(&world.call(&path, Value::Null).await), failed, "{timeout}");
    }

    let reserve = json!({ "ReservedConcurrentExecutions": 0 });
    assert_eq!(world.call("PUT /2017-10-31/functions/f/concurrency", reserve).await.status, 200);
    let throttled = world.call(&path, Value::Null).await;
    let told = r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#;
    assert_eq!(throttled.error(), (429, "TooManyRequestsException", told));
}

#[tokio::test]
async fn an_alias_has_a_url_of_its_own() {
    let (world, id) = world(json!({ "AuthType": "NONE" })).await;
    let line = format!("POST {URL}?Qualifier=live");
    let missing = world.call(&line, json!({ "AuthType": "NONE" })).await;
    let told = r#"{"Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:live","Type":"User"}"#;
    assert_eq!(missing.error(), (404, "ResourceNotFoundException", told));

    let target = AliasTarget { version: Version::Latest, additional: None };
    let alias = world
        .api()
        .driver
        .step(|engine, now| engine.create_alias(now, "f", "live".into(), target, String::new()));
    alias.expect("an alias");
    let created = world.call(&line, json!({ "AuthType": "NONE" })).await.json();
    assert_eq!(created["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:f:live");
    assert!(!created["FunctionUrl"].as_str().is_some_and(|url| url.contains(&id)), "{created}");
    // A version that goes takes no URL with it.
    let deleted = world.call("DELETE /2015-03-31/functions/f?Qualifier=1", Value::Null).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    let listed = world.call(&format!("GET {URL}s"), Value::Null).await.json();
    assert_eq!(listed["FunctionUrlConfigs"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn urls_with_iam_want_a_signature() {
    let (world, id) = world(json!({ "AuthType": "AWS_IAM" })).await;
    let path = format!("GET /_url/{id}/");
    let told = r#"{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}"#;
    assert_eq!(world.call(&path, Value::Null).await.error(), (403, "AccessDeniedException", told));
    let signature = "AWS4-HMAC-SHA256 Credential=test/20251124/us-east-1/lambda/aws4_request, Signature=0";
    assert_eq!(world.send(&path, &[("authorization", signature)], "").await.status, 200);
}

#[tokio::test]
async fn streams_are_not_read_as_replies() {
    let (world, id) = world(json!({ "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM" })).await;
    let answered = world.call(&format!("GET /_url/{id}/"), Value::Null).await;
    assert_eq!(
        (answered.status.as_u16(), answered.header("content-type")),
        (200, Some("application/octet-stream"))
    );
}

#[tokio::test]
async fn preflights_are_answered_and_replies_decorated() {
    let cors = json!({
        "AllowOrigins": ["https://friend.example"], "AllowMethods": ["GET", "POST"], "AllowHeaders": ["x-a"],
        "ExposeHeaders": ["x-b"], "AllowCredentials": true, "MaxAge": 60,
    });
    let (world, id) = world(json!({ "AuthType": "NONE", "Cors": cors })).await;
    let path = format!("/_url/{id}/");
    let friend = [("origin", "https://friend.example"), ("access-control-request-method", "POST")];
    let preflight = world.send(&format!("OPTIONS {path}"), &friend, "").await;
    let allowed = |answered: &Answered, name: &str| {
        answered.header(&format!("access-control-{name}")).unwrap_or_default().to_owned()
    };
    assert_eq!((preflight.status.as_u16(), preflight.body.as_str()), (200, ""));
    for (name, value) in [
        ("allow-origin", "https://friend.example"),
        ("allow-methods", "GET,POST"),
        ("allow-headers", "x-a"),
        ("expose-headers", "x-b"),
        ("allow-credentials", "true"),
        ("max-age", "60"),
    ] {
        assert_eq!(allowed(&preflight, name), value, "{name}");
    }
    let answered = world.send(&format!("GET {path}"), &friend[..1], "").await;
    assert_eq!(
        (answered.status.as_u16(), allowed(&answered, "allow-origin")),
        (200, "https://friend.example".to_owned())
    );
    let stranger = world.send(&format!("GET {path}"), &[("origin", "http://localhost:3000")], "").await;
    assert_eq!((stranger.status.as_u16(), allowed(&stranger, "allow-origin")), (200, String::new()));
    // Whether a foreign page gets as far as this is the guard's question to the door.
    let welcomes = |origin| world.api().doors.urls.welcomes(&id, origin);
    assert_eq!(
        [welcomes(Some("https://friend.example")), welcomes(Some("https://x.example")), welcomes(None)],
        [true, false, false]
    );
}

#[tokio::test]
async fn many_at_once_share_the_functions_concurrency() {
    let world = Arc::new(World::new());
    world.create_built_in("f", json!({ "EMULATOR_DURATION_MS": "400" })).await;
    let id = create(&world, json!({ "AuthType": "NONE" })).await;
    let reserve = json!({ "ReservedConcurrentExecutions": 2 });
    assert_eq!(world.call("PUT /2017-10-31/functions/f/concurrency", reserve).await.status, 200);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (world, line) = (Arc::clone(&world), format!("GET /_url/{id}/"));
        calls.spawn(async move { world.call(&line, Value::Null).await.status.as_u16() });
    }
    let mut statuses = calls.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 429, 429, 429, 429]);
    assert_eq!(function_url::domain(world.api(), "x"), "x.lambda-url.us-east-1.localhost");
}

#[tokio::test]
async fn versions_have_no_url_however_they_are_named() {
    let (world, _) = world(json!({ "AuthType": "NONE" })).await;
    let published = world.call("POST /2015-03-31/functions/f/versions", json!({})).await;
    assert_eq!(published.status, 201);
    let [beside, within] =
        ["f/url?Qualifier=1", "f:1/url"].map(|name| format!("POST /2021-10-31/functions/{name}"));
    let beside = world.call(&beside, json!({ "AuthType": "NONE" })).await;
    let within = world.call(&within, json!({ "AuthType": "NONE" })).await;
    assert_eq!((beside.status.as_u16(), &beside.body), (400, &within.body));
    assert_eq!(beside.header("x-amzn-errortype"), Some("ValidationException"));
}
