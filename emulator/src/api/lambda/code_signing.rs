//! Code signing: there are no configurations, and no function has one.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::function_name::FunctionName;
use super::page::Page;
use super::{body, path};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};

/// Configurations on a page at most.
const LONGEST_PAGE: usize = 10_000;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OfFunction<'a> {
    code_signing_config_arn: &'static str,
    function_name: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configs {
    code_signing_configs: [(); 0],
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Setting {
    code_signing_config_arn: String,
}

pub(super) fn of_function(api: &Api, resource: &str) -> Result<Reply, Error> {
    let name = function(api, resource, "GetFunctionCodeSigningConfig")?;
    let shown = OfFunction { code_signing_config_arn: "", function_name: name.as_str() };
    Ok(json(StatusCode::OK, content_type::JSON, &shown))
}

pub(super) fn put_on_function(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    function(api, resource, "PutFunctionCodeSigningConfig")?;
    let Setting { code_signing_config_arn: arn } = body::read(call)?;
    Err(Error::CodeSigningConfigNotFound { arn })
}

pub(super) fn delete_of_function(api: &Api, resource: &str) -> Result<Reply, Error> {
    function(api, resource, "DeleteFunctionCodeSigningConfig")?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) fn list(call: &Call) -> Result<Reply, Error> {
    Page::of(call, LONGEST_PAGE)?;
    Ok(json(StatusCode::OK, content_type::JSON, &Configs { code_signing_configs: [] }))
}

/// The answer to whatever asks for a configuration in its path.
pub(super) fn missing(call: &Call) -> Error {
    not_found(&path::segment(call, 2))
}

pub(super) fn not_found(arn: &str) -> Error {
    Error::CodeSigningConfigMissing { arn: arn.to_owned() }
}

/// A function that is there.
fn function<'a>(api: &Api, resource: &'a str, action: &'static str) -> Result<FunctionName<'a>, Error> {
    let name = FunctionName::from_path(api, resource, action)?;
    let found = api.driver.step(|engine, _| engine.qualified(name.as_str(), &name.qualifier()).map(|_| ()));
    found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(name)
}
