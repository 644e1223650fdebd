//! REST APIs.

use serde_json::{Value, json};

use super::{FUNCTION, check_slow_ends, create_functions, fast, made, seen, text};
use crate::api::Api;
use crate::api::lambda::world::World;
use crate::config::GatewayConfig;
use crate::engine::Quotas;
use crate::gear::ClockSettings;

/// A resource at `/PART` whose `verb` leads to an integration.
async fn add(world: &World, api: &str, root: &str, part: &str, verb: &str, integration: Value) -> String {
    let resource =
        made(world, &format!("POST /restapis/{api}/resources/{root}"), json!({ "pathPart": part })).await;
    let resource = text(&resource, "id");
    let method = format!("/restapis/{api}/resources/{resource}/methods/{verb}");
    made(world, &format!("PUT {method}"), json!({ "authorizationType": "NONE" })).await;
    made(world, &format!("PUT {method}/integration"), integration).await;
    resource
}

fn proxy(function: &str) -> Value {
    let uri = format!(
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}:{function}/invocations"
    );
    json!({ "type": "AWS_PROXY", "httpMethod": "POST", "uri": uri })
}

async fn create(world: &World) -> (String, String) {
    let api = made(world, "POST /restapis", json!({ "name": "a" })).await;
    (text(&api, "id"), text(&api, "rootResourceId"))
}

async fn deploy(world: &World, api: &str) -> String {
    let deployed =
        made(world, &format!("POST /restapis/{api}/deployments"), json!({ "stageName": "prod" })).await;
    text(&deployed, "id")
}

/// An API with a resource for each of the functions, deployed to `prod`.
async fn world(config: GatewayConfig) -> (World, String) {
    let world = fast(config);
    create_functions(&world).await;
    let (api, root) = create(&world).await;
    for function in ["ok", "fails", "slow", "throttled", "missing"] {
        add(&world, &api, &root, function, "POST", proxy(function)).await;
    }
    deploy(&world, &api).await;
    (world, api)
}

#[tokio::test]
async fn a_clock_that_skips_does_not_make_a_gateway_patient() {
    let world = World::of(Api::with_clock(Quotas::default(), ClockSettings::skipping_idle()));
    create_functions(&world).await;
    let (api, root) = create(&world).await;
    add(&world, &api, &root, "slow", "POST", proxy("slow")).await;
    deploy(&world, &api).await;
    let path = format!("POST /restapis/{api}/prod/_user_request_/slow");
    let answered = world.call(&path, Value::Null).await;
    assert_eq!(seen(&answered), (504, r#"{"message": "Endpoint request timed out"}"#));
    check_slow_ends(&world).await;
}

/// Fact 47, first column: throttling hides behind a 500, function errors are 502.
#[tokio::test]
async fn fact_47_rest_apis_hide_throttling_as_500() {
    let (world, api) = world(GatewayConfig::default()).await;
    let internal = r#"{"message": "Internal server error"}"#;
    let error = "InternalServerErrorException";
    let no_token = r#"{"message":"Missing Authentication Token"}"#;
    let large = |length: usize| "x".repeat(length);
    for (path, body, status, code, told) in [
        ("prod/_user_request_/throttled", String::new(), 500, error, internal),
        ("prod/_user_request_/fails", String::new(), 502, error, internal),
        // The built-in handler's answer says nothing of a reply: malformed.
        ("prod/_user_request_/ok", String::new(), 502, error, internal),
        (
            "prod/_user_request_/slow",
            String::new(),
            504,
            error,
            r#"{"message": "Endpoint request timed out"}"#,
        ),
        ("prod/_user_request_/missing", String::new(), 500, error, internal),
        (
            "prod/_user_request_/ok",
            large(6_291_456),
            413,
            "RequestTooLargeException",
            r#"{"message":"Request Too Long"}"#,
        ),
        (
            "prod/_user_request_/ok",
            large(10_485_761),
            413,
            "RequestTooLargeException",
            r#"{"message":"HTTP content length exceeded 10485760 bytes"}"#,
        ),
        ("prod/_user_request_/none", String::new(), 403, "MissingAuthenticationTokenException", no_token),
        ("prod/_user_request_/", String::new(), 403, "MissingAuthenticationTokenException", no_token),
        ("dev/_user_request_/ok", String::new(), 403, "ForbiddenException", r#"{"message":"Forbidden"}"#),
    ] {
        let answered = world.send(&format!("POST /restapis/{api}/{path}"), &[], body).await;
        assert_eq!(answered.error(), (status, code, told), "{path}");
        for header in ["x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"] {
            assert!(answered.header(header).is_some(), "{path} {header}");
        }
    }
    let wrong_method = world.call(&format!("GET /restapis/{api}/prod/_user_request_/ok"), Value::Null).await;
    assert_eq!(seen(&wrong_method), (403, no_token));
    check_slow_ends(&world).await;
}

#[tokio::test]
async fn throttling_shows_where_it_is_switched_on() {
    let config = GatewayConfig { rest_throttle_as_429: true, ..GatewayConfig::default() };
    let (world, api) = world(config).await;
    let host = format!("{api}.execute-api.us-east-1.localhost:4566");
    let answered = world.send("POST /prod/throttled", &[("host", &host)], "").await;
    assert_eq!(answered.error(), (429, "TooManyRequestsException", r#"{"message":"Too Many Requests"}"#));
}

#[tokio::test]
async fn a_mock_answers_preflights_and_changes_show_when_deployed() {
    let world = World::new();
    let (api, root) = create(&world).await;
    let mock = json!({ "type": "MOCK", "requestTemplates": { "application/json": "{ statusCode: 200 }" } });
    let resource = add(&world, &api, &root, "{proxy+}", "OPTIONS", mock).await;
    let method = format!("/restapis/{api}/resources/{resource}/methods/OPTIONS");
    let origin = "method.response.header.Access-Control-Allow-Origin";
    made(&world, &format!("PUT {method}/responses/200"), json!({ "responseParameters": { origin: true } }))
        .await;
    let response = |value: &str| json!({ "responseParameters": { origin: format!("'{value}'") } });
    made(&world, &format!("PUT {method}/integration/responses/200"), response("*")).await;
    let first = deploy(&world, &api).await;

    let call = format!("OPTIONS /restapis/{api}/prod/_user_request_/a/b");
    let origin_of = |answered: &crate::api::lambda::world::Answered| {
        answered.header("access-control-allow-origin").unwrap_or_default().to_owned()
    };
    let answered = world.call(&call, Value::Null).await;
    assert_eq!((answered.status.as_u16(), origin_of(&answered)), (200, "*".to_owned()));

    made(&world, &format!("PUT {method}/integration/responses/200"), response("https://a.example")).await;
    assert_eq!(origin_of(&world.call(&call, Value::Null).await), "*");
    let second = deploy(&world, &api).await;
    assert_eq!(origin_of(&world.call(&call, Value::Null).await), "https://a.example");

    let delete = |id: &str| format!("DELETE /restapis/{api}/deployments/{id}");
    let active = r#"{"message":"Active stages pointing to this deployment must be moved or deleted"}"#;
    assert_eq!(world.call(&delete(&second), Value::Null).await.error(), (400, "BadRequestException", active));
    let back = json!({ "patchOperations": [{ "op": "replace", "path": "/deploymentId", "value": first }] });
    let stage = made(&world, &format!("PATCH /restapis/{api}/stages/prod"), back).await;
    assert_eq!(stage["deploymentId"], json!(first));
    assert_eq!(origin_of(&world.call(&call, Value::Null).await), "*");
    assert_eq!(world.call(&delete(&second), Value::Null).await.status, 202);
}

#[tokio::test]
async fn methods_with_iam_want_a_signature() {
    let world = World::new();
    world.create_built_in("ok", json!({})).await;
    let (api, root) = create(&world).await;
    let resource = add(&world, &api, &root, "ok", "GET", proxy("ok")).await;
    let patch =
        json!({ "patchOperations": [{ "op": "replace", "path": "/authorizationType", "value": "AWS_IAM" }] });
    made(&world, &format!("PATCH /restapis/{api}/resources/{resource}/methods/GET"), patch).await;
    deploy(&world, &api).await;
    let call = format!("GET /restapis/{api}/prod/_user_request_/ok");
    assert_eq!(world.call(&call, Value::Null).await.error().1, "MissingAuthenticationTokenException");
    let signed = world.send(&call, &[("authorization", "AWS4-HMAC-SHA256 Credential=x")], "").await;
    assert_eq!(signed.status, 502);
}

#[tokio::test]
async fn things_are_shown_as_aws_shows_them() {
    let world = World::new();
    let (api, root) = create(&world).await;
    let resource = add(&world, &api, &root, "pets", "GET", proxy("${stageVariables.fn}")).await;
    let shown = made(&world, &format!("GET /restapis/{api}"), Value::Null).await;
    let created = shown["createdDate"].clone();
    assert_eq!(
        shown,
        json!({
            "id": api, "name": "a", "createdDate": created, "apiKeySource": "HEADER", "rootResourceId": root,
            "endpointConfiguration": { "types": ["EDGE"], "ipAddressType": "ipv4" }, "disableExecuteApiEndpoint": false,
        })
    );
    let resources = made(&world, &format!("GET /restapis/{api}/resources"), Value::Null).await;
    let mut items = resources["item"].as_array().cloned().expect("items");
    items.sort_by_key(|item| item["path"].to_string().len());
    assert_eq!(
        items,
        [
            json!({ "id": root, "path": "/" }),
            json!({ "id": resource, "parentId": root, "pathPart": "pets", "path": "/pets", "resourceMethods": { "GET": {} } }),
        ]
    );
    let integration = format!("/restapis/{api}/resources/{resource}/methods/GET/integration");
    let shown = made(&world, &format!("GET {integration}"), Value::Null).await;
    assert_eq!((&shown["timeoutInMillis"], &shown["cacheNamespace"]), (&json!(29_000), &json!(resource)));
    let patch = json!({ "patchOperations": [
        { "op": "replace", "path": "/name", "value": "b" },
        { "op": "add", "path": "/binaryMediaTypes/image~1png" },
    ] });
    let patched = made(&world, &format!("PATCH /restapis/{api}"), patch).await;
    assert_eq!((&patched["name"], &patched["binaryMediaTypes"]), (&json!("b"), &json!(["image/png"])));
    made(&world, "POST /_emulator/reset", Value::Null).await;
    assert_eq!(made(&world, "GET /restapis", Value::Null).await, json!({ "item": [] }));
}

#[tokio::test]
async fn refusals_are_worded_as_aws_does() {
    let world = World::new();
    let (api, root) = create(&world).await;
    add(&world, &api, &root, "{id}", "GET", proxy("ok")).await;
    let (bad, missing, conflict) = ("BadRequestException", "NotFoundException", "ConflictException");
    let part = |part: &str| json!({ "pathPart": part });
    for (line, body, status, code, told) in [
        (
            "GET /restapis/x".to_owned(),
            Value::Null,
            404,
            missing,
            "Invalid API identifier specified 000000000000:x",
        ),
        (
            format!("GET /restapis/{api}/resources/x"),
            Value::Null,
            404,
            missing,
            "Invalid Resource identifier specified",
        ),
        (
            format!("GET /restapis/{api}/stages/x"),
            Value::Null,
            404,
            missing,
            "Invalid stage identifier specified",
        ),
        (
            format!("GET /restapis/{api}/resources/{root}/methods/GET"),
            Value::Null,
            404,
            missing,
            "Invalid Method identifier specified",
        ),
        (
            format!("POST /restapis/{api}/resources/{root}"),
            part("{id}"),
            409,
            conflict,
            "Another resource with the same parent already has this name: {id}",
        ),
        (
            format!("POST /restapis/{api}/resources/{root}"),
            part("{other}"),
            400,
            bad,
            "A sibling ({id}) of this resource already has a variable path part -- only one is allowed",
        ),
        (
            format!("POST /restapis/{api}/stages"),
            json!({ "stageName": "s" }),
            400,
            bad,
            "Deployment id does not exist",
        ),
        (
            format!("POST /restapis/{api}/authorizers"),
            json!({}),
            501,
            "ServiceException",
            &format!("the emulator does not serve POST /restapis/{api}/authorizers of API Gateway yet"),
        ),
        (
            format!("PATCH /restapis/{api}"),
            json!({ "patchOperations": [{ "op": "replace", "path": "/x", "value": "" }] }),
            400,
            bad,
            "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/name, /description, /version, \
             /policy, /apiKeySource, /minimumCompressionSize, /disableExecuteApiEndpoint, /binaryMediaTypes/{key}]",
        ),
    ] {
        let answered = world.call(&line, body).await;
        let body = json!({ "message": told }).to_string();
        assert_eq!(answered.error(), (status, code, body.as_str()), "{line}");
    }
    let empty = create(&world).await.0;
    let refused = world.call(&format!("POST /restapis/{empty}/deployments"), json!({})).await;
    assert_eq!(refused.error().2, r#"{"message":"The REST API doesn't contain any methods"}"#);
}

/// Patches carry every value as text; what it means, its place tells.
#[tokio::test]
async fn patched_flags_are_flags_and_patched_texts_stay_texts() {
    let world = fast(GatewayConfig::default());
    create_functions(&world).await;
    let (api, root) = create(&world).await;
    let resource = add(&world, &api, &root, "ok", "POST", proxy("ok")).await;
    deploy(&world, &api).await;
    let patch = |path: &str, value: &str| json!({ "patchOperations": [{ "op": "add", "path": path, "value": value }] });

    let stage = format!("PATCH /restapis/{api}/stages/prod");
    let patched = made(&world, &stage, patch("/variables/debug", "true")).await;
    assert_eq!(patched["variables"], json!({ "debug": "true" }));

    let method = format!("PATCH /restapis/{api}/resources/{resource}/methods/POST");
    let required = "/requestParameters/method.request.header.x";
    let patched = made(&world, &method, patch(required, "true")).await;
    assert_eq!(patched["requestParameters"], json!({ "method.request.header.x": true }));
    let refused = world.call(&method, patch(required, "maybe")).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}
