//! HTTP APIs.

use serde_json::{Value, json};

use super::{FUNCTION, check_slow_ends, create_functions, fast, made, seen, text};
use crate::api::lambda::world::World;
use crate::config::GatewayConfig;

async fn create(world: &World, more: Value) -> String {
    let mut api = json!({ "name": "a", "protocolType": "HTTP" });
    if let (Some(api), Value::Object(more)) = (api.as_object_mut(), more) {
        api.extend(more);
    }
    text(&made(world, "POST /v2/apis", api).await, "apiId")
}

async fn add(world: &World, api: &str, key: &str, function: &str, format: &str) -> String {
    let integration = json!({
        "integrationType": "AWS_PROXY", "integrationUri": format!("{FUNCTION}:{function}"), "payloadFormatVersion": format,
    });
    let integration =
        text(&made(world, &format!("POST /v2/apis/{api}/integrations"), integration).await, "integrationId");
    let route = json!({ "routeKey": key, "target": format!("integrations/{integration}") });
    made(world, &format!("POST /v2/apis/{api}/routes"), route).await;
    integration
}

/// An API with a route for each of the functions, in its default stage.
async fn world(config: GatewayConfig, format: &str) -> (World, String) {
    let world = fast(config);
    create_functions(&world).await;
    let api = create(&world, json!({})).await;
    for function in ["ok", "fails", "slow", "throttled", "missing"] {
        add(&world, &api, &format!("POST /{function}"), function, format).await;
    }
    made(
        &world,
        &format!("POST /v2/apis/{api}/stages"),
        json!({ "stageName": "$default", "autoDeploy": true }),
    )
    .await;
    (world, api)
}

/// Fact 47, second column: 500 in other words, and 503 when the time is up.
#[tokio::test]
async fn fact_47_http_apis_answer_500_and_503() {
    for format in ["1.0", "2.0"] {
        let (world, api) = world(GatewayConfig::default(), format).await;
        let host = format!("{api}.execute-api.us-east-1.localhost:4566");
        let internal = r#"{"message":"Internal Server Error"}"#;
        let unavailable = r#"{"message":"Service Unavailable"}"#;
        let large = r#"{"message":"Request Entity Too Large"}"#;
        for (path, length, status, told) in [
            ("/throttled", 0, 503, unavailable),
            ("/fails", 0, 500, internal),
            ("/slow", 0, 503, unavailable),
            ("/missing", 0, 500, internal),
            ("/none", 0, 404, r#"{"message":"Not Found"}"#),
            ("/ok", 6_291_456, 413, large),
            ("/ok", 10_485_761, 413, large),
        ] {
            let answered = world.send(&format!("POST {path}"), &[("host", &host)], "x".repeat(length)).await;
            assert_eq!(seen(&answered), (status, told), "{format} {path}");
            assert!(answered.header("apigw-requestid").is_some(), "{path}");
        }
        // An answer without a status: a body in format 2.0, an error in 1.0.
        let answered = world.send("POST /ok", &[("host", &host)], "").await;
        if format == "2.0" {
            assert_eq!((answered.status.as_u16(), &answered.json()["function_name"]), (200, &json!("ok")));
            assert_eq!(answered.header("content-type"), Some("application/json"));
        } else {
            assert_eq!(seen(&answered), (500, internal));
        }
        check_slow_ends(&world).await;
    }
}

#[tokio::test]
async fn the_status_of_throttling_can_be_set() {
    let config = GatewayConfig { http_throttle_status: 500, ..GatewayConfig::default() };
    let (world, api) = world(config, "2.0").await;
    let answered =
        world.call(&format!("POST /restapis/{api}/$default/_user_request_/throttled"), Value::Null).await;
    assert_eq!(seen(&answered), (500, r#"{"message":"Internal Server Error"}"#));
}

#[tokio::test]
async fn the_most_specific_route_is_taken() {
    let world = World::new();
    for name in ["any-dog", "get-dog", "pets", "rest", "default"] {
        world.create_built_in(name, json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0" })).await;
    }
    let api = create(&world, json!({})).await;
    for (key, function) in [
        ("$default", "default"),
        ("ANY /{proxy+}", "rest"),
        ("GET /pets/{id}", "pets"),
        ("ANY /pets/dog", "any-dog"),
        ("GET /pets/dog", "get-dog"),
    ] {
        add(&world, &api, key, function, "2.0").await;
    }
    for (stage, settings) in
        [("$default", json!({ "autoDeploy": true })), ("dev", json!({ "autoDeploy": true }))]
    {
        let mut settings = settings;
        settings["stageName"] = json!(stage);
        made(&world, &format!("POST /v2/apis/{api}/stages"), settings).await;
    }
    let host = format!("{api}.execute-api.us-east-1.localhost:4566");
    for (line, function) in [
        ("GET /pets/dog", "get-dog"),
        ("POST /pets/dog", "any-dog"),
        ("GET /pets/cat", "pets"),
        ("POST /pets/cat", "rest"),
        ("GET /dev/pets/cat", "pets"),
        ("GET /other/pets", "rest"),
        ("GET /", "default"),
        ("GET /dev", "default"),
    ] {
        let answered = world.send(line, &[("host", &host)], "").await;
        assert_eq!(
            (answered.status.as_u16(), &answered.json()["function_name"]),
            (200, &json!(function)),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_quick_created_api_works_at_once_and_answers_preflights() {
    let world = World::new();
    world.create_built_in("ok", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0" })).await;
    let cors = json!({ "allowOrigins": ["https://friend.example"], "allowMethods": ["*"] });
    let target = format!("{FUNCTION}:ok");
    let api = create(&world, json!({ "target": target, "corsConfiguration": cors })).await;
    let path = format!("/restapis/{api}/$default/_user_request_/a");
    let friend = [("origin", "https://friend.example"), ("access-control-request-method", "PUT")];
    let preflight = world.send(&format!("OPTIONS {path}"), &friend, "").await;
    assert_eq!(
        (preflight.status.as_u16(), preflight.header("access-control-allow-methods")),
        (204, Some("*"))
    );
    let answered = world.send(&format!("PUT {path}"), &friend[..1], "").await;
    assert_eq!(answered.header("access-control-allow-origin"), Some("https://friend.example"));
    let welcomes = |origin| world.api().doors.http.welcomes(&api, Some(origin));
    assert!(welcomes("https://friend.example") && !welcomes("https://x.example"));
}

#[tokio::test]
async fn a_stage_without_auto_deploy_serves_its_deployment() {
    let world = World::new();
    world.create_built_in("ok", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0" })).await;
    let api = create(&world, json!({})).await;
    made(&world, &format!("POST /v2/apis/{api}/stages"), json!({ "stageName": "prod" })).await;
    let call = |path: &str| format!("GET /restapis/{api}/prod/_user_request_{path}");
    add(&world, &api, "GET /a", "ok", "2.0").await;
    assert_eq!(world.call(&call("/a"), Value::Null).await.status, 404);
    made(&world, &format!("POST /v2/apis/{api}/deployments"), json!({ "stageName": "prod" })).await;
    assert_eq!(world.call(&call("/a"), Value::Null).await.status, 200);
    add(&world, &api, "GET /b", "ok", "2.0").await;
    assert_eq!(world.call(&call("/b"), Value::Null).await.status, 404);
}

#[tokio::test]
async fn refusals_are_clear() {
    let world = World::new();
    let api = create(&world, json!({})).await;
    let integration = add(&world, &api, "GET /a", "ok", "2.0").await;
    for (line, body, status, told) in [
        ("GET /v2/apis/x".to_owned(), Value::Null, 404, "Invalid API identifier specified 000000000000:x"),
        ("POST /v2/apis".to_owned(), json!({ "name": "w", "protocolType": "WEBSOCKET" }), 501, "WEBSOCKET"),
        (
            format!("GET /v2/apis/{api}/integrations/x"),
            Value::Null,
            404,
            "Invalid Integration identifier specified",
        ),
        (format!("DELETE /v2/apis/{api}/integrations/{integration}"), Value::Null, 409, "is used by Route"),
        (
            format!("POST /v2/apis/{api}/routes"),
            json!({ "routeKey": "GET /a" }),
            409,
            "already exists for this API",
        ),
        (
            format!("POST /v2/apis/{api}/routes"),
            json!({ "routeKey": "FETCH /a" }),
            400,
            "not formatted properly",
        ),
        (
            format!("POST /v2/apis/{api}/routes"),
            json!({ "routeKey": "GET /{a+}/b" }),
            400,
            "not formatted properly",
        ),
        (
            format!("POST /v2/apis/{api}/routes"),
            json!({ "routeKey": "GET /b", "target": "integrations/x" }),
            400,
            "Invalid target specified",
        ),
        (
            format!("POST /v2/apis/{api}/integrations"),
            json!({ "integrationType": "HTTP_PROXY", "integrationUri": "http://localhost" }),
            501,
            "HTTP_PROXY",
        ),
    ] {
        let answered = world.call(&line, body).await;
        assert_eq!(answered.status.as_u16(), status, "{line} {}", answered.body);
        assert!(text(&answered.json(), "message").contains(told), "{line} {}", answered.body);
    }
}
