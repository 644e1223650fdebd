//! When a version's runtime is updated. Kept and shown: the runtimes here are
//! the host's.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::Error;
use super::function_name::FunctionName;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, json};
use crate::engine::RuntimeManagement;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Setting {
    update_runtime_on: String,
    runtime_version_arn: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    update_runtime_on: &'static str,
    function_arn: String,
    /// AWS documents `null` for all but Manual.
    runtime_version_arn: Option<&'a str>,
}

pub(super) fn put(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "PutRuntimeManagementConfig")?;
    let setting = body::read::<Setting>(call)?.checked()?;
    let kept = setting.clone();
    let put = api.driver.step(|engine, now| {
        let version = engine.qualified(name.as_str(), &name.qualifier())?.version;
        engine.put_runtime_management(now, name.as_str(), version, kept)
    });
    put.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, &name, &setting))
}

pub(super) fn get(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "GetRuntimeManagementConfig")?;
    let found = api.driver.step(|engine, _| {
        let version = engine.qualified(name.as_str(), &name.qualifier())?.version;
        engine.runtime_management(name.as_str(), version)
    });
    let setting = found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, &name, &setting))
}

impl Setting {
    /// The text of the refusal is not recorded from AWS.
    fn checked(self) -> Result<RuntimeManagement, Error> {
        match (self.update_runtime_on.as_str(), self.runtime_version_arn) {
            ("Manual", Some(runtime_version_arn)) => Ok(RuntimeManagement::Manual { runtime_version_arn }),
            ("Manual", None) => Err(Error::InvalidParameter(
                "RuntimeVersionArn is required when UpdateRuntimeOn is Manual.".to_owned(),
            )),
            ("FunctionUpdate", _) => Ok(RuntimeManagement::FunctionUpdate),
            _ => Ok(RuntimeManagement::Auto),
        }
    }
}

fn show(api: &Api, name: &FunctionName<'_>, setting: &RuntimeManagement) -> Reply {
    let function = api.identity.function_arn(name.as_str());
    let (update_runtime_on, runtime_version_arn) = match setting {
        RuntimeManagement::Auto => ("Auto", None),
        RuntimeManagement::FunctionUpdate => ("FunctionUpdate", None),
        RuntimeManagement::Manual { runtime_version_arn } => ("Manual", Some(runtime_version_arn.as_str())),
    };
    let function_arn = match name.given_qualifier() {
        Some(qualifier) => format!("{function}:{qualifier}"),
        None => function,
    };
    let shown = Shown { update_runtime_on, function_arn, runtime_version_arn };
    json(StatusCode::OK, content_type::JSON, &shown)
}
