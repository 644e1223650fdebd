//! Reserved concurrency.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::Error;
use super::function_name::FunctionName;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};

/// A reservation as it is shown; `{}` without one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Reserved {
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved_concurrent_executions: Option<u32>,
}

impl Reserved {
    pub(super) fn new(reserved: u32) -> Self {
        Self { reserved_concurrent_executions: Some(reserved) }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Reservation {
    reserved_concurrent_executions: Option<i64>,
}

pub(super) fn put(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "PutFunctionConcurrency")?.unqualified()?;
    let Reservation { reserved_concurrent_executions: given } = body::read(call)?;
    let reserved = given.and_then(|given| u32::try_from(given).ok()).unwrap_or(u32::MAX);
    let put = api.driver.step(|engine, now| engine.put_reserved_concurrency(now, name.as_str(), reserved));
    put.map_err(|error| Error::new(error, &api.identity))?;
    Ok(json(StatusCode::OK, content_type::JSON, &Reserved::new(reserved)))
}

pub(super) fn get(api: &Api, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "GetFunctionConcurrency")?.unqualified()?;
    let found = api.driver.step(|engine, _| engine.reserved_concurrency(name.as_str()));
    let reserved_concurrent_executions = found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(json(StatusCode::OK, content_type::JSON, &Reserved { reserved_concurrent_executions }))
}

pub(super) fn delete(api: &Api, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "DeleteFunctionConcurrency")?.unqualified()?;
    let deleted = api.driver.step(|engine, now| engine.delete_reserved_concurrency(now, name.as_str()));
    deleted.map_err(|error| Error::new(error, &api.identity))?;
    Ok(empty(StatusCode::NO_CONTENT))
}
