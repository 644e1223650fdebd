//! Payload format 1.0: REST APIs, and HTTP APIs that ask for it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::media::Body;
use super::request::Request;

/// What a gateway knows beside the request.
#[derive(Debug)]
pub(in crate::api) struct Format1<'a> {
    /// Only HTTP APIs name the version.
    pub(in crate::api) version: Option<&'static str>,
    pub(in crate::api) account_id: &'a str,
    pub(in crate::api) api_id: &'a str,
    pub(in crate::api) domain: &'a str,
    pub(in crate::api) stage: &'a str,
    pub(in crate::api) deployment_id: Option<&'a str>,
    pub(in crate::api) resource_id: &'a str,
    /// The resource's path with its parameters' names.
    pub(in crate::api) resource: &'a str,
    /// The path without the stage.
    pub(in crate::api) path: &'a str,
    /// The path with it.
    pub(in crate::api) full_path: &'a str,
    pub(in crate::api) path_parameters: &'a BTreeMap<String, String>,
    pub(in crate::api) stage_variables: &'a BTreeMap<String, String>,
    pub(in crate::api) request_id: &'a str,
    pub(in crate::api) body: Body,
}

/// The event of a request.
pub(in crate::api) fn event_1(request: &Request<'_>, format: Format1<'_>) -> Value {
    let (headers, query) = (cased(request.headers()), request.query());
    let context = context(request, &format);
    let is_base64 = format.body.is_base64;
    let mut event = Map::new();
    let members = [
        ("resource", json!(format.resource)),
        ("path", json!(format.path)),
        ("httpMethod", json!(request.call.method.as_str())),
        ("headers", last_of_each(&headers)),
        ("multiValueHeaders", or_null(json!(headers))),
        ("queryStringParameters", last_of_each(&query)),
        ("multiValueQueryStringParameters", or_null(json!(query))),
        ("pathParameters", or_null(json!(format.path_parameters))),
        ("stageVariables", or_null(json!(format.stage_variables))),
        ("requestContext", context),
        ("body", format.body.into_value()),
        ("isBase64Encoded", json!(is_base64)),
    ];
    event.extend(format.version.map(|version| ("version".to_owned(), json!(version))));
    event.extend(members.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(event)
}

fn context(request: &Request<'_>, format: &Format1<'_>) -> Value {
    let mut context = json!({
        "accountId": format.account_id,
        "apiId": format.api_id,
        "domainName": format.domain,
        "domainPrefix": format.domain.split('.').next(),
        "extendedRequestId": request.gateway_id(),
        "httpMethod": request.call.method.as_str(),
        "identity": {
            "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
            "principalOrgId": null, "sourceIp": request.source_ip(), "user": null,
            "userAgent": request.user_agent(), "userArn": null,
        },
        "path": format.full_path,
        "protocol": format!("{:?}", request.call.version),
        "requestId": format.request_id,
        "requestTime": request.time(),
        "requestTimeEpoch": request.at.as_millis(),
        "resourceId": format.resource_id,
        "resourcePath": format.resource,
        "stage": format.stage,
    });
    if let Some(deployment) = format.deployment_id {
        context["deploymentId"] = json!(deployment);
    }
    context
}

/// `Content-Type`, as most clients write it: how this one did is lost when its
/// request is read.
fn cased(headers: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    let case = |name: &str| {
        let words = name.split('-').map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        });
        words.collect::<Vec<_>>().join("-")
    };
    headers.into_iter().map(|(name, values)| (case(&name), values)).collect()
}

fn last_of_each(values: &BTreeMap<String, Vec<String>>) -> Value {
    or_null(values.iter().map(|(name, values)| (name.clone(), json!(values.last()))).collect())
}

/// AWS shows maps that hold nothing as `null`.
fn or_null(map: Value) -> Value {
    let empty = map.as_object().is_some_and(Map::is_empty);
    if empty { Value::Null } else { map }
}
