//! Which service a request is for.

use hyper::{Method, StatusCode};

use super::call::Call;
use super::door::Door;
use super::reply::{Reply, content_type, json};
use super::{Api, admin, function_url, gateway, lambda, logs, signature, sqs, sts};

/// Answers a request.
pub(super) async fn answer(api: &Api, mut call: Call) -> Reply {
    match call.door.take() {
        Some(Door::FunctionUrl { id, path }) => return function_url::answer(api, &call, &id, &path).await,
        Some(Door::Gateway { api: id, stage, path }) => {
            return gateway::answer(api, &call, &id, stage.as_deref(), &path).await;
        }
        None => {}
    }
    let service = service(&call);
    if let Some(signed_for) = service.signed_for()
        && let Some(refusal) = signature::refusal(api, &call, signed_for).await
    {
        return refusal;
    }
    match service {
        Service::Admin => admin::answer(api, call).await,
        Service::Lambda => lambda::answer(api, call).await,
        Service::Sqs => sqs::answer(api, call).await,
        Service::Logs => logs::answer(api, &call),
        Service::Sts => sts::answer(api, &call),
        Service::ApiGateway => gateway::manage(api, &call),
        Service::Unknown => unknown(&call),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Service {
    Admin,
    Lambda,
    Sqs,
    Logs,
    Sts,
    ApiGateway,
    Unknown,
}

impl Service {
    /// What its requests are signed for; the emulator's own are not.
    fn signed_for(&self) -> Option<signature::Service> {
        match self {
            Self::Lambda => Some(signature::Service::Lambda),
            Self::Sqs => Some(signature::Service::Sqs),
            Self::Logs => Some(signature::Service::Logs),
            Self::Sts => Some(signature::Service::Sts),
            Self::ApiGateway => Some(signature::Service::ApiGateway),
            Self::Admin | Self::Unknown => None,
        }
    }
}

fn service(call: &Call) -> Service {
    let target = call.header("x-amz-target");
    if target.starts_with("AmazonSQS.") {
        return Service::Sqs;
    }
    if target.starts_with("Logs_20140328.") {
        return Service::Logs;
    }
    if call.path.starts_with("/_emulator/") {
        return Service::Admin;
    }
    if lambda::is_path(&call.path) {
        return Service::Lambda;
    }
    if gateway::is_management(&call.path, call.header(hyper::header::AUTHORIZATION)) {
        return Service::ApiGateway;
    }
    if target.is_empty() { query_service(call) } else { Service::Unknown }
}

/// The query protocol: the credential scope of the signature names the
/// service; an unsigned request is judged by its action.
fn query_service(call: &Call) -> Service {
    let scope = call.header(hyper::header::AUTHORIZATION);
    if scope.contains("/sts/aws4_request") {
        return Service::Sts;
    }
    if scope.contains("/sqs/aws4_request") || is_queue_path(&call.path) {
        return Service::Sqs;
    }
    match query_action(call).as_deref() {
        Some("GetCallerIdentity") => Service::Sts,
        Some(_) => Service::Sqs,
        None => Service::Unknown,
    }
}

/// `/000000000000/queue-name`, `/queue/queue-name`: clients post to queue URLs.
fn is_queue_path(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    first == "queue" || (first.len() == 12 && first.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The `Action` of a query-protocol request, in its body or its query string.
pub(super) fn query_action(call: &Call) -> Option<String> {
    let form = if call.method == Method::POST { &call.body[..] } else { call.query.as_bytes() };
    let action = form_urlencoded::parse(form).find(|(key, _)| key == "Action");
    action.map(|(_, value)| value.into_owned()).or_else(|| call.parameter("Action"))
}

fn unknown(call: &Call) -> Reply {
    let text = format!(
        "the emulator has no service for {} {}: it serves Lambda, API Gateway, SQS, CloudWatch Logs and STS",
        call.method, call.path
    );
    let body = serde_json::json!({ "__type": "UnknownOperationException", "message": text });
    json(StatusCode::NOT_FOUND, content_type::JSON_1_0, &body)
}
