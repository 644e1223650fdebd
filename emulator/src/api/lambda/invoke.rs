//! Invoke: the one operation that must be fast.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::error::Error;
use super::function_name::FunctionName;
use super::validation::{INVOCATION_TYPE, LOG_TYPE, Member, Violations};
use super::{failure, payload};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, reply, set};
use crate::driver::Answer;
use crate::engine::{Outcome, RequestId};

/// Members of Invoke that the emulator would have to hand to the function.
const NOT_SERVED: &[(&str, &str)] = &[
    ("x-amz-client-context", "ClientContext of Invoke"),
    ("x-amz-tenant-id", "TenantId of Invoke"),
    ("x-amz-durable-execution-name", "DurableExecutionName of Invoke"),
];

pub(super) async fn invoke(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let mut name = FunctionName::from_path(api, resource, "InvokeFunction")?;
    if !call.query.is_empty() {
        name = name.with_qualifier(call.parameter("Qualifier"))?;
    }
    let name = name.latest(&api.identity)?;
    if let Some((_, member)) = NOT_SERVED.iter().find(|(header, _)| !call.header(*header).is_empty()) {
        return Err(Error::NotServed((*member).to_owned()));
    }
    match call.header("x-amz-invocation-type") {
        "" | "RequestResponse" => synchronous(api, call, name.as_str()).await,
        "Event" => event(api, call, name.as_str()),
        "DryRun" => dry_run(api, name.as_str()),
        other => Err(violation(&INVOCATION_TYPE, other)),
    }
}

async fn synchronous(api: &Api, call: &Call, name: &str) -> Result<Reply, Error> {
    let wants_tail = match call.header("x-amz-log-type") {
        "" | "None" => false,
        "Tail" => true,
        other => return Err(violation(&LOG_TYPE, other)),
    };
    let payload = payload::synchronous(&call.body)?;
    let (request_id, answer) = api.driver.invoke(name, payload).await;
    let mut reply = match answer {
        Ok(Answer { environment, outcome }) => {
            let mut reply = answered(request_id, outcome);
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

fn answered(request_id: RequestId, outcome: Outcome) -> Reply {
    let ok = |body: Bytes| {
        let mut reply = reply(StatusCode::OK, content_type::JSON, body);
        reply.headers_mut().insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
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

fn event(api: &Api, call: &Call, name: &str) -> Result<Reply, Error> {
    let payload = payload::event(&call.body)?;
    let accepted = api.driver.step(|engine, now| engine.invoke_event(now, name, payload));
    let request_id = accepted.map_err(|error| Error::new(error, &api.identity))?;
    let mut reply = empty(StatusCode::ACCEPTED);
    set(&mut reply, "x-amzn-requestid", &request_id.to_string());
    Ok(reply)
}

fn dry_run(api: &Api, name: &str) -> Result<Reply, Error> {
    let found = api.driver.step(|engine, _| engine.function(name).map(|_| ()));
    found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn violation(member: &Member, value: &str) -> Error {
    let mut violations = Violations::default();
    violations.check(member, Some(value));
    Error::Validation(violations.into_result().err().unwrap_or_default())
}
