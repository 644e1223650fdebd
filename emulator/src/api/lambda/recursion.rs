//! What happens to functions that invoke themselves over and over.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::Error;
use super::function_name::FunctionName;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, json};
use crate::engine::RecursiveLoop;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Setting {
    recursive_loop: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    recursive_loop: &'static str,
}

pub(super) fn put(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "PutFunctionRecursionConfig")?.unqualified()?;
    let Setting { recursive_loop } = body::read(call)?;
    let setting = if recursive_loop == "Allow" { RecursiveLoop::Allow } else { RecursiveLoop::Terminate };
    let put = api.driver.step(|engine, now| engine.put_recursive_loop(now, name.as_str(), setting));
    put.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(setting))
}

pub(super) fn get(api: &Api, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "GetFunctionRecursionConfig")?.unqualified()?;
    let found = api.driver.step(|engine, _| engine.recursive_loop(name.as_str()));
    found.map(show).map_err(|error| Error::new(error, &api.identity))
}

fn show(setting: RecursiveLoop) -> Reply {
    json(StatusCode::OK, content_type::JSON, &Shown { recursive_loop: setting.as_str() })
}
