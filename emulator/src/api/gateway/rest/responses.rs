//! Method responses and integration responses. With a proxy integration they
//! are only kept and shown; a mock integration answers by them.

use hyper::StatusCode;
use serde_json::json;

use super::mock;
use super::model::{IntegrationResponse, MethodResponse};
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Management, done, show};
use crate::api::gateway::patch::{Kind, patched};
use crate::api::reply::Reply;

const PATCHABLE: &[(&str, Kind)] = &[("responseParameters", Kind::Flags), ("responseModels", Kind::Map)];

const INTEGRATION_PATCHABLE: &[(&str, Kind)] = &[
    ("responseParameters", Kind::Map),
    ("responseTemplates", Kind::Map),
    ("selectionPattern", Kind::Text),
    ("contentHandling", Kind::Text),
];

pub(super) fn put(call: &Management<'_>) -> Result<Reply, Error> {
    let response: MethodResponse = call.body()?;
    let status_code = status(call)?;
    let mut state = call.api.doors.rest.state();
    let responses = state.method(call)?.method_responses.get_or_insert_default();
    if responses.contains_key(&status_code) {
        return Err(Error::Conflict("Response already exists for this resource".to_owned()));
    }
    let response = MethodResponse { status_code: status_code.clone(), ..response };
    show(StatusCode::CREATED, json!(responses.entry(status_code).or_insert(response)))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let responses = state.method(call)?.method_responses.as_ref();
    let response = responses.and_then(|responses| responses.get(call.id(3)));
    show(StatusCode::OK, json!(response.ok_or_else(no_response)?))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let responses = state.method(call)?.method_responses.as_mut();
    let response = responses.and_then(|responses| responses.get_mut(call.id(3))).ok_or_else(no_response)?;
    *response = patched(call, response, PATCHABLE)?;
    show(StatusCode::CREATED, json!(response))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let responses = state.method(call)?.method_responses.as_mut();
    responses.and_then(|responses| responses.remove(call.id(3))).ok_or_else(no_response)?;
    done(StatusCode::NO_CONTENT)
}

pub(super) fn put_integration(call: &Management<'_>) -> Result<Reply, Error> {
    let response: IntegrationResponse = call.body()?;
    let status_code = status(call)?;
    let response = IntegrationResponse { status_code: status_code.clone(), ..response };
    let mut state = call.api.doors.rest.state();
    let integration = state.integration(call)?;
    mock::check_response(integration, &response)?;
    let responses = integration.integration_responses.get_or_insert_default();
    responses.insert(status_code, response.clone());
    show(StatusCode::CREATED, json!(response))
}

pub(super) fn get_integration(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let responses = state.integration(call)?.integration_responses.as_ref();
    let response = responses.and_then(|responses| responses.get(call.id(3)));
    show(StatusCode::OK, json!(response.ok_or_else(no_response)?))
}

pub(super) fn update_integration(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let integration = state.integration(call)?;
    let responses = integration.integration_responses.as_ref();
    let response = responses.and_then(|responses| responses.get(call.id(3))).ok_or_else(no_response)?;
    let changed: IntegrationResponse = patched(call, response, INTEGRATION_PATCHABLE)?;
    mock::check_response(integration, &changed)?;
    integration.integration_responses.get_or_insert_default().insert(call.id(3).to_owned(), changed.clone());
    show(StatusCode::OK, json!(changed))
}

pub(super) fn delete_integration(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let responses = state.integration(call)?.integration_responses.as_mut();
    responses.and_then(|responses| responses.remove(call.id(3))).ok_or_else(no_response)?;
    done(StatusCode::NO_CONTENT)
}

/// The status in the path: three digits, so that there can't be endless many.
fn status(call: &Management<'_>) -> Result<String, Error> {
    let status = call.id(3);
    let good = status.len() == 3 && status.parse().is_ok_and(|status: u16| (100..=599).contains(&status));
    good.then(|| status.to_owned()).ok_or_else(|| Error::bad("Invalid status code specified"))
}

fn no_response() -> Error {
    Error::NotFound("Invalid Response status code specified".to_owned())
}
