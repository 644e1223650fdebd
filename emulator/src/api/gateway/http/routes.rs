//! CreateRoute and its neighbours.

use hyper::StatusCode;
use serde_json::json;

use super::model::{Picture, Route, overlaid};
use crate::api::gateway::draw_id;
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Management, done, show};
use crate::api::reply::Reply;

/// Routes of an API ("Amazon API Gateway quotas").
const MOST_ROUTES: usize = 300;

const VERBS: [&str; 8] = ["ANY", "GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"];

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(&["requestParameters", "authorizerId"])?;
    let route: Route = call.body()?;
    let mut state = call.api.doors.http.state();
    let (api, rng) = state.api(call)?;
    if api.picture.routes.len() >= MOST_ROUTES {
        let text = "Maximum number of routes for this API has been reached";
        return Err(Error::LimitExceeded(text.to_owned()));
    }
    let route = Route {
        route_id: draw_id(rng, 7),
        authorization_type: route.authorization_type.or_else(|| Some("NONE".to_owned())),
        api_gateway_managed: None,
        ..route
    };
    check(&api.picture, &route)?;
    let shown = json!(route);
    api.change().routes.insert(route.route_id.clone(), route);
    show(StatusCode::CREATED, shown)
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let key = |route: &&Route| route.route_id.clone();
    let (items, next) = call.page(api.picture.routes.values(), key, ["nextToken", "maxResults"])?;
    show(StatusCode::OK, json!({ "items": items, "nextToken": next }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let route = api.picture.routes.get(call.id(1));
    show(StatusCode::OK, json!(route.ok_or_else(|| Error::invalid("Route"))?))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(&["requestParameters", "authorizerId"])?;
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let before = api.picture.routes.get(call.id(1)).ok_or_else(|| Error::invalid("Route"))?;
    let route: Route = overlaid(call, before, &["routeId", "apiGatewayManaged"])?;
    check(&api.picture, &route)?;
    let shown = json!(route);
    api.change().routes.insert(route.route_id.clone(), route);
    show(StatusCode::OK, shown)
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    api.change().routes.remove(call.id(1)).ok_or_else(|| Error::invalid("Route"))?;
    done(StatusCode::NO_CONTENT)
}

/// Checks a route against the API that it is to be in.
pub(super) fn check(picture: &Picture, route: &Route) -> Result<(), Error> {
    let key = &route.route_key;
    let named = key.split_once(' ').is_some_and(|(verb, path)| VERBS.contains(&verb) && is_path(path));
    if key != "$default" && !named {
        return Err(Error::bad(format!(
            "The provided route key is not formatted properly for HTTP protocol. Format should be \"<HTTP METHOD> \
             /<RESOURCE PATH>\" or \"$default\": {key}"
        )));
    }
    if picture.routes.values().any(|other| other.route_key == *key && other.route_id != route.route_id) {
        return Err(Error::Conflict(format!("Route with key {key} already exists for this API")));
    }
    match route.authorization_type.as_deref() {
        None | Some("NONE" | "AWS_IAM") => {}
        Some(kind @ ("JWT" | "CUSTOM")) => return Err(Error::NotServed(format!("authorizationType {kind}"))),
        Some(_) => return Err(Error::bad("Invalid authorizationType specified")),
    }
    if route.api_key_required {
        return Err(Error::bad("apiKeyRequired is not currently supported for HTTP APIs"));
    }
    let Some(target) = &route.target else { return Ok(()) };
    let integration = target.strip_prefix("integrations/");
    let known = integration.is_some_and(|integration| picture.integrations.contains_key(integration));
    if known { Ok(()) } else { Err(Error::bad(format!("Invalid target specified: {target}"))) }
}

/// `/pets/{id}/{proxy+}`: a greedy variable may only be last.
fn is_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let greedy = rest.split('/').position(|part| part.ends_with("+}"));
    !rest.contains(' ') && greedy.is_none_or(|greedy| greedy + 1 == rest.split('/').count())
}
