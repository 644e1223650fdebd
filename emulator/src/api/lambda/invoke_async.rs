//! InvokeAsync, which Invoke with `Event` has replaced.

use hyper::StatusCode;
use serde::Serialize;

use super::error::Error;
use super::function_name::FunctionName;
use super::{invoke, payload};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, json, set};

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Accepted {
    status: u16,
}

pub(super) fn invoke(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "InvokeAsync")?;
    let invoke = invoke::invoke_of(call, &name, payload::old_event(&call.body)?)?;
    let accepted = api.driver.step(|engine, now| engine.invoke_event(now, invoke));
    let request_id = accepted.map_err(|refusal| Error::refused(&refusal, &api.identity))?;
    let status = StatusCode::ACCEPTED;
    let mut reply = json(status, content_type::JSON, &Accepted { status: status.as_u16() });
    set(&mut reply, "x-amzn-requestid", &request_id.to_string());
    Ok(reply)
}
