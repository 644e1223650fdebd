//! Payload format 2.0: HTTP APIs and function URLs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::media::Body;
use super::request::Request;

/// What a front door knows beside the request.
#[derive(Debug)]
pub(in crate::api) struct Format2<'a> {
    pub(in crate::api) account_id: &'a str,
    pub(in crate::api) api_id: &'a str,
    pub(in crate::api) domain: &'a str,
    pub(in crate::api) stage: &'a str,
    pub(in crate::api) route_key: &'a str,
    pub(in crate::api) path: &'a str,
    pub(in crate::api) path_parameters: &'a BTreeMap<String, String>,
    pub(in crate::api) stage_variables: &'a BTreeMap<String, String>,
    pub(in crate::api) request_id: &'a str,
    /// Who signed the request.
    pub(in crate::api) authorizer: Option<Value>,
}

/// The event of a request.
pub(in crate::api) fn event_2(request: &Request<'_>, format: &Format2<'_>) -> Value {
    let mut headers = request.headers();
    let cookies = headers.remove("cookie").unwrap_or_default();
    let call = request.call;
    let body = Body::by_type(call.header(hyper::header::CONTENT_TYPE), &call.body);
    let mut event = json!({
        "version": "2.0",
        "routeKey": format.route_key,
        "rawPath": format.path,
        "rawQueryString": call.query,
        "headers": joined(headers),
        "requestContext": {
            "accountId": format.account_id,
            "apiId": format.api_id,
            "domainName": format.domain,
            "domainPrefix": format.domain.split('.').next(),
            "http": {
                "method": call.method.as_str(),
                "path": format.path,
                "protocol": format!("{:?}", call.version),
                "sourceIp": request.source_ip(),
                "userAgent": request.user_agent(),
            },
            "requestId": format.request_id,
            "routeKey": format.route_key,
            "stage": format.stage,
            "time": request.time(),
            "timeEpoch": request.at.as_millis(),
        },
        "isBase64Encoded": body.is_base64,
    });
    let mut add = |name: &str, given: bool, value: Value| {
        if given {
            event[name] = value;
        }
    };
    let cookies = cookies.iter().flat_map(|line| line.split(';')).map(str::trim);
    let cookies: Vec<&str> = cookies.filter(|cookie| !cookie.is_empty()).collect();
    let query = joined(request.query());
    add("cookies", !cookies.is_empty(), json!(cookies));
    add("queryStringParameters", !query.is_empty(), json!(query));
    add("pathParameters", !format.path_parameters.is_empty(), json!(format.path_parameters));
    add("stageVariables", !format.stage_variables.is_empty(), json!(format.stage_variables));
    add("body", body.text.is_some(), body.into_value());
    if let Some(authorizer) = &format.authorizer {
        event["requestContext"]["authorizer"] = authorizer.clone();
    }
    event
}

fn joined(values: BTreeMap<String, Vec<String>>) -> BTreeMap<String, String> {
    values.into_iter().map(|(name, values)| (name, values.join(","))).collect()
}
