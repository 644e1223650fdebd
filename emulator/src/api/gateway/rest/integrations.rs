//! PutIntegration and its neighbours.

use hyper::StatusCode;
use serde_json::json;

use super::mock;
use super::model::Integration;
use crate::api::gateway::error::Error;
use crate::api::gateway::integration::is_invocation;
use crate::api::gateway::manage::{Management, done, show};
use crate::api::gateway::patch::{Kind, patched};
use crate::api::reply::Reply;

const PATCHABLE: &[(&str, Kind)] = &[
    ("uri", Kind::Text),
    ("httpMethod", Kind::Text),
    ("credentials", Kind::Text),
    ("passthroughBehavior", Kind::Text),
    ("contentHandling", Kind::Text),
    ("cacheNamespace", Kind::Text),
    ("timeoutInMillis", Kind::Number),
    ("requestParameters", Kind::Map),
    ("requestTemplates", Kind::Map),
];

pub(super) fn put(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(&["connectionId", "tlsConfig", "integrationTarget"])?;
    let integration: Integration = call.body()?;
    check(&integration)?;
    let mut state = call.api.doors.rest.state();
    let method = state.method(call)?;
    let before = method.method_integration.take();
    let integration = Integration {
        cache_namespace: integration.cache_namespace.or_else(|| Some(call.id(1).to_owned())),
        integration_responses: before.and_then(|before| before.integration_responses),
        ..integration
    };
    show(StatusCode::CREATED, json!(method.method_integration.insert(integration)))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    show(StatusCode::OK, json!(call.api.doors.rest.state().integration(call)?))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let integration = state.integration(call)?;
    let changed = patched(call, integration, PATCHABLE)?;
    check(&changed)?;
    *integration = changed;
    show(StatusCode::OK, json!(integration))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let deleted = state.method(call)?.method_integration.take();
    deleted.ok_or_else(|| Error::invalid("Integration"))?;
    done(StatusCode::NO_CONTENT)
}

fn check(integration: &Integration) -> Result<(), Error> {
    if !(50..=29_000).contains(&integration.timeout_in_millis) {
        return Err(Error::bad("Timeout should be between 50 ms and 29000 ms"));
    }
    match integration.kind.as_str() {
        "AWS_PROXY" => check_function(integration),
        "MOCK" => mock::check_request(integration),
        "AWS" | "HTTP" | "HTTP_PROXY" => {
            Err(Error::NotServed(format!("integration type {}", integration.kind)))
        }
        _ => Err(Error::bad(
            "Invalid integration type specified. Must be one of: [HTTP, AWS, MOCK, HTTP_PROXY, AWS_PROXY]",
        )),
    }
}

fn check_function(integration: &Integration) -> Result<(), Error> {
    if integration.http_method.as_deref().unwrap_or_default().is_empty() {
        return Err(Error::bad("Enumeration value for HttpMethod must be non-empty"));
    }
    let uri = integration.uri.as_deref().unwrap_or_default();
    match uri {
        uri if is_invocation(uri) => Ok(()),
        uri if uri.contains(":apigateway:") && !uri.contains(":lambda:") => {
            Err(Error::NotServed(format!("the integration {uri}")))
        }
        _ => Err(Error::bad("Invalid ARN specified in the request")),
    }
}
