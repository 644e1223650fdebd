//! Requests to a stage of a REST API.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{ACCEPT, CONTENT_TYPE};
use serde_json::Value;

use super::mock;
use super::model::{Integration, Method, Resource};
use super::store::Serving;
use crate::api::Api;
use crate::api::gateway::integration::{invoke_within, target};
use crate::api::gateway::path::{Segments, decoded, split_first};
use crate::api::gateway::{LONGEST_BODY, domain, own_answer};
use crate::api::lambda::{Ended, Why};
use crate::api::proxy::{self, Body, Format1, Matches, Request, event_1, is_signed};
use crate::api::reply::{Reply, set};
use crate::api::signature::{self, Service};

/// Where a request goes.
struct Route<'a> {
    resource: &'a Resource,
    method: &'a Method,
    integration: &'a Integration,
    parameters: BTreeMap<String, String>,
}

/// What a request says of its way.
struct Place<'a> {
    api: &'a str,
    serving: &'a Serving,
    /// Without the stage, and with it.
    path: &'a str,
    full_path: &'a str,
}

/// Answers a request. Without `stage`, `path` begins with it.
pub(in crate::api::gateway) async fn answer(
    api: &Api,
    request: &Request<'_>,
    id: &str,
    stage: Option<&str>,
    path: &str,
) -> Reply {
    let (stage, path) = match stage {
        Some(stage) => (stage.to_owned(), path.to_owned()),
        None => split_first(path),
    };
    let mut reply = match api.doors.rest.serving(id, &stage) {
        Some(serving) => {
            // A slash at the end leads to the same resource.
            let segments = Segments::of(path.strip_suffix('/').unwrap_or(&path));
            let path = decoded(&path);
            let full_path = format!("/{stage}{path}");
            let place = Place { api: id, serving: &serving, path: &path, full_path: &full_path };
            match route(&serving, request, &segments) {
                Some(route) => integrate(api, request, &place, &route).await,
                None => missing_token(),
            }
        }
        None => own_answer(StatusCode::FORBIDDEN, "ForbiddenException", r#"{"message":"Forbidden"}"#),
    };
    set(&mut reply, "x-amzn-requestid", &request.call.request_id.to_string());
    set(&mut reply, "x-amz-apigw-id", &request.gateway_id());
    set(&mut reply, "x-amzn-trace-id", &request.trace_id());
    reply
}

/// The most specific resource that the path fits, and its method.
fn route<'a>(serving: &'a Serving, request: &Request<'_>, path: &Segments) -> Option<Route<'a>> {
    let resources = serving.picture.resources.iter().filter(|resource| !resource.methods.is_empty());
    let fits = resources.filter_map(|resource| path.fit(&resource.path).map(|fit| (fit, resource)));
    let ((_, parameters), resource) = fits.min_by(|((a, _), _), ((b, _), _)| a.cmp(b))?;
    let method =
        resource.methods.get(request.call.method.as_str()).or_else(|| resource.methods.get("ANY"))?;
    Some(Route { resource, method, integration: method.method_integration.as_ref()?, parameters })
}

async fn integrate(api: &Api, request: &Request<'_>, place: &Place<'_>, route: &Route<'_>) -> Reply {
    if route.method.authorization_type == "AWS_IAM" {
        if !is_signed(request.call) {
            return missing_token();
        }
        if let Some(refusal) = signature::refusal(api, request.call, Service::ExecuteApi).await {
            return refusal;
        }
    }
    if request.call.body.len() > LONGEST_BODY {
        return too_large(r#"{"message":"HTTP content length exceeded 10485760 bytes"}"#);
    }
    if route.integration.kind == "MOCK" {
        return mock::answer(route.integration, request.call.header(CONTENT_TYPE)).unwrap_or_else(failed);
    }
    let uri = route.integration.uri.as_deref().unwrap_or_default();
    let Some(target) = target(api, uri, &place.serving.variables) else { return failed() };
    let limit = Duration::from_millis(route.integration.timeout_in_millis.unsigned_abs());
    let event = event(api, request, place, route);
    let ended = invoke_within(api, request, &target, &event, limit).await;
    let accept = request.call.header(ACCEPT).split(',').next().unwrap_or_default();
    let decodes = place.serving.picture.binary_media_types.matches(accept);
    word(ended, decodes, api.doors.config.rest_throttle_as_429)
}

fn event(api: &Api, request: &Request<'_>, place: &Place<'_>, route: &Route<'_>) -> Value {
    let Place { api: api_id, serving, path, full_path } = place;
    let content_type = request.call.header(CONTENT_TYPE);
    event_1(
        request,
        Format1 {
            version: None,
            account_id: &api.identity.account_id,
            api_id,
            domain: &domain(api, api_id),
            stage: &serving.stage,
            deployment_id: Some(&serving.deployment),
            resource_id: &route.resource.id,
            resource: &route.resource.path,
            path,
            full_path,
            path_parameters: &route.parameters,
            stage_variables: &serving.variables,
            request_id: &request.call.request_id.to_string(),
            body: Body::by_list(&serving.picture.binary_media_types, content_type, &request.call.body),
        },
    )
}

/// The reply to an invocation's end; none means that the time ran out.
fn word(ended: Option<Ended>, decodes: bool, shows_throttles: bool) -> Reply {
    match ended {
        None => own_answer(
            StatusCode::GATEWAY_TIMEOUT,
            "InternalServerErrorException",
            r#"{"message": "Endpoint request timed out"}"#,
        ),
        Some(Ended::Answer(answer)) => proxy::rest(&answer, decodes).unwrap_or_else(bad_gateway),
        Some(Ended::FunctionError) => bad_gateway(),
        Some(Ended::Refused(Why::Throttled, _)) if shows_throttles => own_answer(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsException",
            r#"{"message":"Too Many Requests"}"#,
        ),
        Some(Ended::Refused(Why::TooLarge, _)) => too_large(r#"{"message":"Request Too Long"}"#),
        Some(Ended::Refused(Why::Throttled | Why::NotFound | Why::Conflict | Why::Host, _)) => failed(),
    }
}

const INTERNAL: &str = r#"{"message": "Internal server error"}"#;

fn bad_gateway() -> Reply {
    own_answer(StatusCode::BAD_GATEWAY, "InternalServerErrorException", INTERNAL)
}

fn failed() -> Reply {
    own_answer(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerErrorException", INTERNAL)
}

fn too_large(body: &'static str) -> Reply {
    own_answer(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", body)
}

fn missing_token() -> Reply {
    let body = r#"{"message":"Missing Authentication Token"}"#;
    own_answer(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", body)
}
