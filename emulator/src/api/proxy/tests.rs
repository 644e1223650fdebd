//! Whole events, compared with the documents that a function gets on AWS.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Body, Format1, Format2, Request, event_1, event_2};
use crate::api::call::Call;
use crate::engine::{Timestamp, Uuid};

const ID: &str = "00000000-0000-4000-8000-000000000007";
const TRACE: &str = "Root=1-6924e160-000000000000400080000000";

fn call(body: &'static str) -> Call {
    let request = hyper::Request::builder()
        .method("POST")
        .uri("/pa2%2Fth/1?a=1&a=2&b=x%20y")
        .header("host", "abc.lambda-url.us-east-1.localhost:4566")
        .header("user-agent", "test/1")
        .header("content-type", "application/json")
        .header("x-many", "1")
        .header("x-many", "2")
        .header("cookie", "c=1; d=2");
    let (parts, ()) = request.body(()).expect("a good request").into_parts();
    Call::new(parts, Bytes::from_static(body.as_bytes()), Uuid::from_random(7))
}

fn texts(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Monday, 24 November 2025, 22:51:12.
const AT: Timestamp = Timestamp::from_millis(1_764_024_672_345);

#[test]
fn format_2_is_what_function_urls_and_http_apis_send() {
    let call = call(r#"{"n":1}"#);
    let request = Request { call: &call, at: AT };
    let mut format = Format2 {
        account_id: "anonymous",
        api_id: "abc",
        domain: "abc.lambda-url.us-east-1.localhost",
        stage: "$default",
        route_key: "$default",
        path: &call.path,
        path_parameters: &BTreeMap::new(),
        stage_variables: &BTreeMap::new(),
        request_id: ID,
        authorizer: None,
    };
    let expected = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/pa2%2Fth/1", "rawQueryString": "a=1&a=2&b=x%20y",
        "cookies": ["c=1", "d=2"],
        "headers": {
            "host": "abc.lambda-url.us-east-1.localhost:4566", "user-agent": "test/1",
            "content-type": "application/json", "x-many": "1,2", "x-amzn-trace-id": TRACE,
            "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "4566", "x-forwarded-proto": "http",
        },
        "queryStringParameters": { "a": "1,2", "b": "x y" },
        "requestContext": {
            "accountId": "anonymous", "apiId": "abc", "domainName": "abc.lambda-url.us-east-1.localhost",
            "domainPrefix": "abc",
            "http": {
                "method": "POST", "path": "/pa2%2Fth/1", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                "userAgent": "test/1",
            },
            "requestId": ID, "routeKey": "$default", "stage": "$default", "time": "24/Nov/2025:22:51:12 +0000",
            "timeEpoch": 1_764_024_672_345_u64,
        },
        "body": r#"{"n":1}"#, "isBase64Encoded": false,
    });
    assert_eq!(event_2(&request, &format), expected);

    let (parameters, variables) = (texts(&[("id", "1")]), texts(&[("v", "live")]));
    format.path_parameters = &parameters;
    format.stage_variables = &variables;
    let event = event_2(&request, &format);
    assert_eq!(
        (&event["pathParameters"], &event["stageVariables"]),
        (&json!({ "id": "1" }), &json!({ "v": "live" }))
    );
}

#[test]
fn format_2_leaves_out_what_there_is_none_of() {
    let request = hyper::Request::builder().uri("/").body(()).expect("a good request");
    let call = Call::new(request.into_parts().0, Bytes::new(), Uuid::from_random(7));
    let none = BTreeMap::new();
    let format = Format2 {
        account_id: "anonymous",
        api_id: "abc",
        domain: "abc",
        stage: "$default",
        route_key: "$default",
        path: "/",
        path_parameters: &none,
        stage_variables: &none,
        request_id: ID,
        authorizer: None,
    };
    let event = event_2(&Request { call: &call, at: AT }, &format);
    for member in ["cookies", "queryStringParameters", "pathParameters", "stageVariables", "body"] {
        assert_eq!(event.get(member), None, "{member}");
    }
    assert_eq!(event["rawQueryString"], "");
}

#[test]
fn format_1_is_what_rest_apis_send() {
    let call = call("");
    let request = Request { call: &call, at: AT };
    let format = Format1 {
        version: None,
        account_id: "000000000000",
        api_id: "x1",
        domain: "x1.execute-api.us-east-1.localhost",
        stage: "prod",
        deployment_id: Some("d1"),
        resource_id: "r1",
        resource: "/{proxy+}",
        path: "/pa2/th/1",
        full_path: "/prod/pa2/th/1",
        path_parameters: &texts(&[("proxy", "pa2/th/1")]),
        stage_variables: &BTreeMap::new(),
        request_id: ID,
        body: Body::by_list(&[], "", b""),
    };
    let headers = [
        ("Host", json!(["abc.lambda-url.us-east-1.localhost:4566"])),
        ("User-Agent", json!(["test/1"])),
        ("Content-Type", json!(["application/json"])),
        ("X-Many", json!(["1", "2"])),
        ("Cookie", json!(["c=1; d=2"])),
        ("X-Amzn-Trace-Id", json!([TRACE])),
        ("X-Forwarded-For", json!(["127.0.0.1"])),
        ("X-Forwarded-Port", json!(["4566"])),
        ("X-Forwarded-Proto", json!(["http"])),
    ];
    let last = |values: &Value| values.as_array().and_then(|values| values.last()).cloned();
    let one: serde_json::Map<_, _> =
        headers.iter().filter_map(|(name, values)| Some(((*name).to_owned(), last(values)?))).collect();
    let all: serde_json::Map<_, _> =
        headers.iter().map(|(name, values)| ((*name).to_owned(), values.clone())).collect();
    let expected = json!({
        "resource": "/{proxy+}", "path": "/pa2/th/1", "httpMethod": "POST", "headers": one, "multiValueHeaders": all,
        "queryStringParameters": { "a": "2", "b": "x y" },
        "multiValueQueryStringParameters": { "a": ["1", "2"], "b": ["x y"] },
        "pathParameters": { "proxy": "pa2/th/1" }, "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "x1", "deploymentId": "d1",
            "domainName": "x1.execute-api.us-east-1.localhost", "domainPrefix": "x1",
            "extendedRequestId": "MDAwMDAwMDAwMDA=", "httpMethod": "POST",
            "identity": {
                "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
                "principalOrgId": null, "sourceIp": "127.0.0.1", "user": null, "userAgent": "test/1", "userArn": null,
            },
            "path": "/prod/pa2/th/1", "protocol": "HTTP/1.1", "requestId": ID,
            "requestTime": "24/Nov/2025:22:51:12 +0000", "requestTimeEpoch": 1_764_024_672_345_u64,
            "resourceId": "r1", "resourcePath": "/{proxy+}", "stage": "prod",
        },
        "body": null, "isBase64Encoded": false,
    });
    assert_eq!(event_1(&request, format), expected);
}
