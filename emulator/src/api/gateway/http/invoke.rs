//! Requests to a stage of an HTTP API.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::model::{Integration, Route};
use super::store::Serving;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::gateway::integration::{invoke_within, target};
use crate::api::gateway::path::{Fit, Segments, decoded, split_first};
use crate::api::gateway::{LONGEST_BODY, domain, own_answer};
use crate::api::lambda::{Ended, Why};
use crate::api::proxy::{Body, Format1, Format2, Request, event_1, event_2, format_1, format_2, is_signed};
use crate::api::reply::{Reply, content_type, json as json_reply, set};
use crate::api::signature::{self, Service};

const DEFAULT: &str = "$default";

/// Where a request goes.
struct Found<'a> {
    route: &'a Route,
    integration: &'a Integration,
    parameters: BTreeMap<String, String>,
}

/// Whether it is the last resort, how the path fits, whether it takes any
/// method: smaller is better.
type Rank = (bool, Option<Fit>, bool);

/// What a request says of its way.
struct Place<'a> {
    api: &'a str,
    serving: &'a Serving,
    /// With the stage, unless that is `$default`.
    path: &'a str,
}

/// Answers a request. Without `stage`, `path` may begin with it.
pub(in crate::api::gateway) async fn answer(
    api: &Api,
    request: &Request<'_>,
    id: &str,
    stage: Option<&str>,
    path: &str,
) -> Reply {
    let mut reply = match serving(api, id, stage, path) {
        Some((serving, path)) => serve(api, request, id, &serving, &path).await,
        None => not_found(),
    };
    set(&mut reply, "apigw-requestid", &request.gateway_id());
    reply
}

/// The stage that a request is for, and the path that is left without it.
fn serving(api: &Api, id: &str, stage: Option<&str>, path: &str) -> Option<(Serving, String)> {
    let stages = &api.doors.http;
    if let Some(stage) = stage {
        return Some((stages.serving(id, stage)?, path.to_owned()));
    }
    let (first, rest) = split_first(path);
    match stages.serving(id, &first).filter(|_| first != DEFAULT) {
        Some(serving) => Some((serving, rest)),
        None => Some((stages.serving(id, DEFAULT)?, path.to_owned())),
    }
}

async fn serve(api: &Api, request: &Request<'_>, id: &str, serving: &Serving, path: &str) -> Reply {
    let preflight =
        serving.cors.as_ref().and_then(|cors| cors.preflight(request.call, StatusCode::NO_CONTENT));
    if let Some(reply) = preflight {
        return reply;
    }
    let whole = match serving.stage.as_str() {
        DEFAULT => decoded(path),
        stage => format!("/{stage}{}", decoded(path)),
    };
    let place = Place { api: id, serving, path: &whole };
    let mut reply = match find(serving, request, path) {
        Some(found) => integrate(api, request, &place, &found).await,
        None => not_found(),
    };
    if let Some(cors) = &serving.cors {
        let own: Vec<_> = reply.headers().keys().filter(|name| is_cors(name.as_str())).cloned().collect();
        // The API's settings stand in the place of what the function says.
        for name in own {
            reply.headers_mut().remove(name);
        }
        cors.decorate(request.call, &mut reply);
    }
    reply
}

fn is_cors(header: &str) -> bool {
    header.starts_with("access-control-")
}

/// The most specific route: by path, then by method, and `$default` last.
fn find<'a>(serving: &'a Serving, request: &Request<'_>, path: &str) -> Option<Found<'a>> {
    let (segments, verb) = (Segments::of(path), request.call.method.as_str());
    let rank = |route: &Route| -> Option<(Rank, BTreeMap<String, String>)> {
        let Some((method, template)) = route.route_key.split_once(' ') else {
            return Some(((true, None, true), BTreeMap::new()));
        };
        let (fit, parameters) = segments.fit(template)?;
        (method == verb || method == "ANY").then_some(((false, Some(fit), method == "ANY"), parameters))
    };
    let routes = serving.picture.routes.values();
    let ranked = routes.filter_map(|route| rank(route).map(|(rank, parameters)| (rank, parameters, route)));
    let (_, parameters, route) = ranked.min_by(|(a, ..), (b, ..)| a.cmp(b))?;
    let integration = route.target.as_deref()?.strip_prefix("integrations/")?;
    let integration = serving.picture.integrations.get(integration)?;
    Some(Found { route, integration, parameters })
}

async fn integrate(api: &Api, request: &Request<'_>, place: &Place<'_>, found: &Found<'_>) -> Reply {
    let wants_signature = found.route.authorization_type.as_deref() == Some("AWS_IAM");
    if wants_signature && !is_well_signed(api, request.call).await {
        return own_answer(StatusCode::FORBIDDEN, "", r#"{"message":"Forbidden"}"#);
    }
    if request.call.body.len() > LONGEST_BODY {
        return too_large();
    }
    let uri = found.integration.integration_uri.as_deref().unwrap_or_default();
    let Some(target) = target(api, uri, &place.serving.variables) else { return failed() };
    let limit = Duration::from_millis(found.integration.timeout_in_millis.unsigned_abs());
    let is_2 = found.integration.payload_format_version == "2.0";
    let event =
        if is_2 { in_format_2(api, request, place, found) } else { in_format_1(api, request, place, found) };
    match invoke_within(api, request, &target, &event, limit).await {
        None => own_answer(StatusCode::SERVICE_UNAVAILABLE, "", r#"{"message":"Service Unavailable"}"#),
        Some(Ended::Answer(answer)) => {
            let mapped = if is_2 { format_2(&answer, None) } else { format_1(&answer) };
            mapped.unwrap_or_else(failed)
        }
        Some(Ended::Refused(Why::Throttled, _)) => throttled(api.doors.config.http_throttle_status),
        Some(Ended::Refused(Why::TooLarge, _)) => too_large(),
        Some(Ended::FunctionError | Ended::Refused(Why::NotFound | Why::Conflict | Why::Host, _)) => failed(),
    }
}

/// An HTTP API does not say what is wrong with a signature.
async fn is_well_signed(api: &Api, call: &Call) -> bool {
    is_signed(call) && signature::refusal(api, call, Service::ExecuteApi).await.is_none()
}

fn in_format_1(api: &Api, request: &Request<'_>, place: &Place<'_>, found: &Found<'_>) -> Value {
    let content_type = request.call.header(CONTENT_TYPE);
    event_1(
        request,
        Format1 {
            version: Some("1.0"),
            account_id: &api.identity.account_id,
            api_id: place.api,
            domain: &domain(api, place.api),
            stage: &place.serving.stage,
            deployment_id: None,
            resource_id: &found.route.route_key,
            resource: found.route.route_key.split_once(' ').map_or(DEFAULT, |(_, path)| path),
            path: place.path,
            full_path: place.path,
            path_parameters: &found.parameters,
            stage_variables: &place.serving.variables,
            request_id: &request.gateway_id(),
            body: Body::by_type(content_type, &request.call.body),
        },
    )
}

fn in_format_2(api: &Api, request: &Request<'_>, place: &Place<'_>, found: &Found<'_>) -> Value {
    let format = Format2 {
        account_id: &api.identity.account_id,
        api_id: place.api,
        domain: &domain(api, place.api),
        stage: &place.serving.stage,
        route_key: &found.route.route_key,
        path: place.path,
        path_parameters: &found.parameters,
        stage_variables: &place.serving.variables,
        request_id: &request.gateway_id(),
        authorizer: None,
    };
    event_2(request, &format)
}

fn throttled(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let text = status.canonical_reason().unwrap_or("Service Unavailable");
    json_reply(status, content_type::JSON, &json!({ "message": text }))
}

fn failed() -> Reply {
    own_answer(StatusCode::INTERNAL_SERVER_ERROR, "", r#"{"message":"Internal Server Error"}"#)
}

fn not_found() -> Reply {
    own_answer(StatusCode::NOT_FOUND, "", r#"{"message":"Not Found"}"#)
}

fn too_large() -> Reply {
    own_answer(StatusCode::PAYLOAD_TOO_LARGE, "", r#"{"message":"Request Entity Too Large"}"#)
}
