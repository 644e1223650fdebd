//! CreateIntegration and its neighbours.

use hyper::StatusCode;
use serde_json::json;

use super::model::{Integration, overlaid};
use crate::api::gateway::draw_id;
use crate::api::gateway::error::Error;
use crate::api::gateway::integration::is_function;
use crate::api::gateway::manage::{Management, done, show};
use crate::api::reply::Reply;

/// Integrations of an API ("Amazon API Gateway quotas").
const MOST_INTEGRATIONS: usize = 300;

const NOT_SERVED: &[&str] =
    &["integrationSubtype", "connectionId", "requestParameters", "responseParameters", "tlsConfig"];

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(NOT_SERVED)?;
    let integration: Integration = call.body()?;
    check(&integration)?;
    let mut state = call.api.doors.http.state();
    let (api, rng) = state.api(call)?;
    if api.picture.integrations.len() >= MOST_INTEGRATIONS {
        let text = "Maximum number of integrations for this API has been reached";
        return Err(Error::LimitExceeded(text.to_owned()));
    }
    let integration = Integration {
        integration_id: draw_id(rng, 7),
        api_gateway_managed: None,
        integration_method: integration.integration_method.or_else(|| Some("POST".to_owned())),
        ..integration
    };
    let shown = json!(integration);
    api.change().integrations.insert(integration.integration_id.clone(), integration);
    show(StatusCode::CREATED, shown)
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let key = |integration: &&Integration| integration.integration_id.clone();
    let (items, next) = call.page(api.picture.integrations.values(), key, ["nextToken", "maxResults"])?;
    show(StatusCode::OK, json!({ "items": items, "nextToken": next }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let integration = api.picture.integrations.get(call.id(1));
    show(StatusCode::OK, json!(integration.ok_or_else(|| Error::invalid("Integration"))?))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(NOT_SERVED)?;
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let before = api.picture.integrations.get(call.id(1)).ok_or_else(|| Error::invalid("Integration"))?;
    let integration: Integration = overlaid(call, before, &["integrationId", "apiGatewayManaged"])?;
    check(&integration)?;
    let shown = json!(integration);
    api.change().integrations.insert(integration.integration_id.clone(), integration);
    show(StatusCode::OK, shown)
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let id = call.id(1);
    let target = Some(format!("integrations/{id}"));
    if let Some(route) = api.picture.routes.values().find(|route| route.target == target) {
        let text = format!("Cannot delete Integration '{id}' as it is used by Route '{}'", route.route_key);
        return Err(Error::Conflict(text));
    }
    api.change().integrations.remove(id).ok_or_else(|| Error::invalid("Integration"))?;
    done(StatusCode::NO_CONTENT)
}

pub(super) fn check(integration: &Integration) -> Result<(), Error> {
    match integration.integration_type.as_str() {
        "AWS_PROXY" => {}
        kind @ ("AWS" | "HTTP" | "MOCK" | "HTTP_PROXY") => {
            return Err(Error::NotServed(format!("integrationType {kind}")));
        }
        _ => return Err(Error::bad("Invalid integration type specified")),
    }
    if !integration.integration_uri.as_deref().is_some_and(is_function) {
        return Err(Error::bad("Invalid ARN specified in the request"));
    }
    if !["1.0", "2.0"].contains(&integration.payload_format_version.as_str()) {
        return Err(Error::bad("Invalid payload format version specified. Must be one of [1.0, 2.0]"));
    }
    if !(50..=30_000).contains(&integration.timeout_in_millis) {
        return Err(Error::bad("Timeout should be between 50 ms and 30000 ms"));
    }
    Ok(())
}
