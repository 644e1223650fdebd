//! PutMethod and its neighbours.

use hyper::StatusCode;
use serde_json::json;

use super::model::Method;
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Management, done, show};
use crate::api::gateway::patch::{Kind, patched};
use crate::api::reply::Reply;

const VERBS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"];

const PATCHABLE: &[(&str, Kind)] = &[
    ("authorizationType", Kind::Text),
    ("apiKeyRequired", Kind::Flag),
    ("operationName", Kind::Text),
    ("requestParameters", Kind::Flags),
    ("requestModels", Kind::Map),
    ("authorizationScopes", Kind::Set),
];

pub(super) fn put(call: &Management<'_>) -> Result<Reply, Error> {
    let verb = call.id(2);
    if !VERBS.contains(&verb) {
        let text = format!("Invalid HttpMethod specified. Valid options are {}", VERBS.join(","));
        return Err(Error::bad(text));
    }
    call.refuse(&["requestValidatorId"])?;
    let method: Method = call.body()?;
    let method =
        Method { http_method: verb.to_owned(), method_responses: None, method_integration: None, ..method };
    check(&method)?;
    let mut state = call.api.doors.rest.state();
    let resource = state.resource(call)?;
    if resource.methods.contains_key(verb) {
        return Err(Error::Conflict("Method already exists for this resource".to_owned()));
    }
    let shown = json!(method);
    resource.methods.insert(verb.to_owned(), method);
    show(StatusCode::CREATED, shown)
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    show(StatusCode::OK, json!(call.api.doors.rest.state().method(call)?))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let method = state.method(call)?;
    let changed = patched(call, method, PATCHABLE)?;
    check(&changed)?;
    *method = changed;
    show(StatusCode::OK, json!(method))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let deleted = state.resource(call)?.methods.remove(call.id(2));
    deleted.ok_or_else(|| Error::invalid("Method"))?;
    done(StatusCode::NO_CONTENT)
}

fn check(method: &Method) -> Result<(), Error> {
    match method.authorization_type.as_str() {
        "NONE" | "AWS_IAM" => {}
        "CUSTOM" | "COGNITO_USER_POOLS" => {
            return Err(Error::NotServed(format!("authorizationType {}", method.authorization_type)));
        }
        _ => {
            let text = "Invalid Authorization Type specified. Valid options are NONE, AWS_IAM, CUSTOM, \
                        COGNITO_USER_POOLS";
            return Err(Error::bad(text));
        }
    }
    if method.api_key_required { Err(Error::NotServed("apiKeyRequired".to_owned())) } else { Ok(()) }
}
