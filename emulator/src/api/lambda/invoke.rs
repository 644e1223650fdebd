//! Invoke: the one operation that must be fast.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::error::Error;
use super::function_name::FunctionName;
use super::payload;
use super::validation::{INVOCATION_TYPE, LOG_TYPE, Member, STREAMING_INVOCATION_TYPE, Violations};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, reply, set};
use crate::api::trace;
use crate::driver::Answer;
use crate::engine::{Invoke, Outcome, RequestId, Version};
use crate::runtime::failure;

/// Bytes of a client context in base64 (Lambda API, `Invoke`).
const LONGEST_CLIENT_CONTEXT: usize = 3_583;

/// Members of Invoke and InvokeWithResponseStream that the emulator would have to hand to the function.
const NOT_SERVED: &[(&str, &str)] = &[
    ("x-amz-tenant-id", "TenantId of an invocation"),
    ("x-amz-durable-execution-name", "DurableExecutionName of an invocation"),
];

pub(super) async fn invoke(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = name_of(api, call, resource)?;
    match call.header("x-amz-invocation-type") {
        "" | "RequestResponse" => synchronous(api, call, &name).await,
        "Event" => event(api, call, &name),
        "DryRun" => dry_run(api, &name),
        other => Err(violation(&INVOCATION_TYPE, other)),
    }
}

/// The function that a call names, in its path and beside it. It is refused
/// where it also names what nothing here acts on.
fn name_of<'a>(api: &Api, call: &Call, resource: &'a str) -> Result<FunctionName<'a>, Error> {
    if let Some((_, member)) = NOT_SERVED.iter().find(|(header, _)| !call.header(*header).is_empty()) {
        return Err(Error::NotServed((*member).to_owned()));
    }
    FunctionName::of_call(api, call, resource, "InvokeFunction")
}

/// What a streaming invocation asks for.
#[derive(Debug)]
pub(super) struct Requested<'a> {
    pub(super) name: FunctionName<'a>,
    pub(super) wants_tail: bool,
    pub(super) dry_run: bool,
}

/// Reads what a streaming invocation asks for: it is never asynchronous.
pub(super) fn requested<'a>(api: &Api, call: &Call, resource: &'a str) -> Result<Requested<'a>, Error> {
    let name = name_of(api, call, resource)?;
    let dry_run = match call.header("x-amz-invocation-type") {
        "" | "RequestResponse" => false,
        "DryRun" => true,
        other => return Err(violation(&STREAMING_INVOCATION_TYPE, other)),
    };
    Ok(Requested { name, wants_tail: wants_tail(call)?, dry_run })
}

fn wants_tail(call: &Call) -> Result<bool, Error> {
    match call.header("x-amz-log-type") {
        "" | "None" => Ok(false),
        "Tail" => Ok(true),
        other => Err(violation(&LOG_TYPE, other)),
    }
}

async fn synchronous(api: &Api, call: &Call, name: &FunctionName<'_>) -> Result<Reply, Error> {
    let wants_tail = wants_tail(call)?;
    let payload = payload::synchronous(&call.body)?;
    let invoke = Invoke { wants_log: wants_tail, ..invoke_of(call, name, payload)? };
    let (request_id, answer) = api.driver.invoke(invoke).await;
    let mut reply = match answer {
        Ok(Answer { environment, version, outcome, .. }) => {
            let mut reply = answered(request_id, version, outcome);
            if wants_tail && reply.status() == StatusCode::OK {
                let tail = api.driver.logs().tail(environment, request_id);
                set(&mut reply, "x-amz-log-result", &BASE64_STANDARD.encode(tail));
            }
            reply
        }
        Err(refusal) => Error::refused(&refusal, &api.identity).into_reply(),
    };
    set(&mut reply, "x-amzn-requestid", &request_id.to_string());
    Ok(reply)
}

fn answered(request_id: RequestId, version: Version, outcome: Outcome) -> Reply {
    let ok = |body: Bytes| {
        let mut reply = reply(StatusCode::OK, content_type::JSON, body);
        match version {
            Version::Latest => {
                reply.headers_mut().insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
            }
            Version::Published(_) => set(&mut reply, "x-amz-executed-version", &version.to_string()),
        }
        reply
    };
    match outcome {
        Outcome::Success(body) => ok(body),
        Outcome::FunctionError(error) => {
            let mut reply = ok(failure::document(request_id, error));
            reply.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
            reply
        }
        Outcome::HostFailure(why) => Error::Host(why.to_string()).into_reply(),
    }
}

fn event(api: &Api, call: &Call, name: &FunctionName<'_>) -> Result<Reply, Error> {
    // A client context is for callers who wait.
    let invoke = Invoke { client_context: None, ..invoke_of(call, name, payload::event(&call.body)?)? };
    let accepted = api.driver.step(|engine, now| engine.invoke_event(now, invoke));
    let request_id = accepted.map_err(|refusal| Error::refused(&refusal, &api.identity))?;
    let mut reply = empty(StatusCode::ACCEPTED);
    set(&mut reply, "x-amzn-requestid", &request_id.to_string());
    Ok(reply)
}

pub(super) fn dry_run(api: &Api, name: &FunctionName<'_>) -> Result<Reply, Error> {
    let found = api.driver.step(|engine, _| engine.qualified(name.as_str(), &name.qualifier()).map(|_| ()));
    found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) fn invoke_of<'a>(
    call: &Call,
    name: &'a FunctionName<'_>,
    payload: Bytes,
) -> Result<Invoke<'a>, Error> {
    Ok(Invoke {
        qualifier: name.qualifier(),
        client_context: client_context(call)?,
        trace: trace::read(call.header("x-amzn-trace-id")),
        ..Invoke::new(name.as_str(), payload)
    })
}

/// What mobile SDKs send beside the event: base64 of JSON.
fn client_context(call: &Call) -> Result<Option<Arc<str>>, Error> {
    let encoded = call.header("x-amz-client-context");
    if encoded.is_empty() {
        return Ok(None);
    }
    if encoded.len() > LONGEST_CLIENT_CONTEXT {
        return Err(Error::InvalidParameter(format!(
            "Client context must be no longer than {LONGEST_CLIENT_CONTEXT} bytes"
        )));
    }
    let decoded = BASE64_STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let value = decoded.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    // Written anew, it has no line ends, which a header could not carry.
    let value = value.ok_or(Error::ClientContext)?;
    Ok(Some(value.to_string().into()))
}

fn violation(member: &Member, value: &str) -> Error {
    let mut violations = Violations::default();
    violations.check(member, Some(value));
    Error::Validation(violations.into_result().err().unwrap_or_default())
}
