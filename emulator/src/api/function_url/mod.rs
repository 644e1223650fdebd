//! Function URLs: a function's own HTTP address.
//!
//! Reached as `http://ID.lambda-url.REGION.localhost:PORT/…`, and as
//! `http://HOST:PORT/_url/ID/…` where names below `localhost` don't resolve.

mod store;
mod streaming;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::Api;
use super::call::Call;
use super::lambda::Ended;
use super::proxy::{Format2, Request, event_2, format_2, is_signed, streamed};
use super::reply::{Reply, content_type, json as json_reply, reply, set};
use super::signature;
use crate::engine::RequestId;

pub(super) use store::{AuthType, FunctionUrl, FunctionUrls, InvokeMode};

/// Where AWS sends whoever may not call.
const FORBIDDEN: &str = "Forbidden. For troubleshooting Function URL authorization issues, see: \
                         https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

/// Answers a request that was sent to a function URL.
pub(super) async fn answer(api: &Api, call: &Call, id: &str, path: &str) -> Reply {
    let Some(url) = api.doors.urls.by_id(id) else { return denied(&Value::Null) };
    if let Some(reply) = url.cors.as_ref().and_then(|cors| cors.preflight(call, StatusCode::OK)) {
        return reply;
    }
    if url.auth_type == AuthType::AwsIam {
        if !is_signed(call) {
            return denied(&json!(FORBIDDEN));
        }
        if let Some(refusal) = signature::refusal(api, call, signature::Service::Lambda).await {
            return refusal;
        }
    }
    let request = Request { call, at: api.driver.clock().now() };
    let event = event(api, &request, &url, path);
    let (request_id, mut reply) = match url.invoke_mode {
        InvokeMode::Buffered => {
            let (request_id, ended) = url.target.invoke(api, &request, &event).await;
            (request_id, word(ended, url.invoke_mode))
        }
        InvokeMode::ResponseStream => {
            let (request_id, begun) = url.target.invoke_streaming(api, &request, &event).await;
            let reply = match begun {
                Ok(stream) => streaming::reply(stream).await,
                Err(ended) => word(*ended, url.invoke_mode),
            };
            (request_id, reply)
        }
    };
    stamp(&mut reply, &request, request_id);
    if let Some(cors) = &url.cors {
        cors.decorate(call, &mut reply);
    }
    reply
}

/// The host part of a function URL, without a port.
pub(super) fn domain(api: &Api, id: &str) -> String {
    format!("{id}.lambda-url.{}.localhost", api.identity.region)
}

fn event(api: &Api, request: &Request<'_>, url: &FunctionUrl, path: &str) -> Value {
    let signed = url.auth_type == AuthType::AwsIam;
    let format = Format2 {
        account_id: if signed { &api.identity.account_id } else { "anonymous" },
        api_id: &url.id,
        domain: &domain(api, &url.id),
        stage: "$default",
        route_key: "$default",
        path,
        path_parameters: &BTreeMap::new(),
        stage_variables: &BTreeMap::new(),
        request_id: &request.call.request_id.to_string(),
        authorizer: signed.then(|| authorizer(api, request.call)),
    };
    event_2(request, &format)
}

/// Who signed, as the signature says it.
fn authorizer(api: &Api, call: &Call) -> Value {
    let scope = call.parameter("X-Amz-Credential");
    let header = call.header(AUTHORIZATION).split_once("Credential=").map(|(_, scope)| scope.to_owned());
    let scope = scope.or(header).unwrap_or_default();
    let account = &api.identity.account_id;
    json!({ "iam": {
        "accessKey": scope.split('/').next(), "accountId": account, "callerId": account,
        "cognitoIdentity": null, "principalOrgId": null,
        "userArn": format!("arn:aws:iam::{account}:root"), "userId": account,
    } })
}

/// The reply to an invocation's end. What Lambda refuses passes as it is.
fn word(ended: Ended, mode: InvokeMode) -> Reply {
    let mapped = match ended {
        Ended::Refused(_, reply) => return reply,
        Ended::FunctionError => None,
        Ended::Answer(answer) => match mode {
            InvokeMode::Buffered => format_2(&answer, Some(content_type::JSON)),
            InvokeMode::ResponseStream => Some(streamed(&answer)),
        },
    };
    mapped.unwrap_or_else(|| reply(StatusCode::BAD_GATEWAY, content_type::JSON, "Internal Server Error"))
}

fn stamp(reply: &mut Reply, request: &Request<'_>, request_id: Option<RequestId>) {
    set(reply, "x-amzn-trace-id", &request.trace_id());
    if let Some(request_id) = request_id {
        set(reply, "x-amzn-requestid", &request_id.to_string());
    }
}

fn denied(message: &Value) -> Reply {
    let mut reply = json_reply(StatusCode::FORBIDDEN, content_type::JSON, &json!({ "Message": message }));
    set(&mut reply, "x-amzn-errortype", "AccessDeniedException");
    reply
}
