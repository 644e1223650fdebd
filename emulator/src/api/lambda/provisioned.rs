//! Provisioned concurrency.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::Error;
use super::function_name::FunctionName;
use super::page::{Page, qualifier_key};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};
use crate::engine::{AllocationStatus, Engine, LambdaError, ProvisionedView, Qualifier};
use crate::observe::date_time;

/// Configurations on a page at most (Lambda API, `ListProvisionedConcurrencyConfigs`).
const LONGEST_PAGE: usize = 50;

/// The reason that AWS gives when Init fails again and again.
const INIT_FAILURE: &str = "FUNCTION_ERROR_INIT_FAILURE";

/// Not AWS's: the machine that runs the emulator could not start the environments.
const HOST_FAILURE: &str = "EMULATOR_HOST_FAILURE";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    provisioned_concurrent_executions: Option<i64>,
}

pub(super) fn put(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "PutProvisionedConcurrencyConfig")?;
    let Request { provisioned_concurrent_executions: given } = body::read(call)?;
    let qualifier = name.qualifier();
    let requested = given.and_then(|given| u32::try_from(given).ok()).unwrap_or(u32::MAX);
    let put =
        api.driver.step(|engine, now| engine.put_provisioned(now, name.as_str(), &qualifier, requested));
    let put = put.map_err(|error| Error::new(error, &api.identity))?;
    Ok(json(StatusCode::ACCEPTED, content_type::JSON, &Shown::new(&put)))
}

pub(super) fn get(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "GetProvisionedConcurrencyConfig")?;
    let qualifier = name.qualifier();
    let found = api.driver.step(|engine, _| {
        check_there(engine, &name, &qualifier)?;
        engine.provisioned(name.as_str(), &qualifier)
    });
    let found = found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(json(StatusCode::OK, content_type::JSON, &Shown::new(&found)))
}

pub(super) fn delete(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "DeleteProvisionedConcurrencyConfig")?;
    let qualifier = name.qualifier();
    let deleted = api.driver.step(|engine, now| {
        check_there(engine, &name, &qualifier)?;
        engine.delete_provisioned(now, name.as_str(), &qualifier)
    });
    deleted.map_err(|error| Error::new(error, &api.identity))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) fn list(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "ListProvisionedConcurrencyConfigs")?.unqualified()?;
    let page = Page::of(call, LONGEST_PAGE)?;
    let found = api.driver.step(|engine, _| engine.provisioned_configs(name.as_str()));
    let found = found.map_err(|error| Error::new(error, &api.identity))?;
    let (configs, next_marker) = page.cut(found.iter(), |view| qualifier_key(&view.qualifier));
    let arn = api.identity.function_arn(name.as_str());
    let shown = configs
        .into_iter()
        .map(|view| Listed { function_arn: format!("{arn}:{}", view.qualifier), config: Shown::new(view) });
    let provisioned_concurrency_configs = shown.collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Configs { provisioned_concurrency_configs, next_marker }))
}

/// A version or an alias that is not there has no configuration to speak of.
fn check_there(engine: &Engine, name: &FunctionName<'_>, qualifier: &Qualifier) -> Result<(), LambdaError> {
    match qualifier {
        Qualifier::Alias(alias) => engine.alias(name.as_str(), alias).map(|_| ()),
        Qualifier::Latest | Qualifier::Version(_) => engine.qualified(name.as_str(), qualifier).map(|_| ()),
    }
}

/// A configuration as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    requested_provisioned_concurrent_executions: u32,
    available_provisioned_concurrent_executions: u32,
    allocated_provisioned_concurrent_executions: u32,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<&'static str>,
    last_modified: String,
}

impl Shown {
    fn new(view: &ProvisionedView) -> Self {
        let (status, status_reason) = match view.status {
            AllocationStatus::InProgress => ("IN_PROGRESS", None),
            AllocationStatus::Ready => ("READY", None),
            AllocationStatus::Failed => ("FAILED", Some(INIT_FAILURE)),
            AllocationStatus::HostFailed => ("FAILED", Some(HOST_FAILURE)),
        };
        Self {
            requested_provisioned_concurrent_executions: view.requested,
            available_provisioned_concurrent_executions: view.available,
            allocated_provisioned_concurrent_executions: view.allocated,
            status,
            status_reason,
            // To the second, without the fraction that functions have.
            last_modified: format!("{:.19}+0000", date_time(view.last_modified)),
        }
    }
}

/// `ProvisionedConcurrencyConfigListItem`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    function_arn: String,
    #[serde(flatten)]
    config: Shown,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configs {
    provisioned_concurrency_configs: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Timestamp;

    #[test]
    fn a_status_has_aws_words_and_the_hosts_failure_its_own_reason() {
        for (status, expected) in [
            (AllocationStatus::InProgress, r#""Status":"IN_PROGRESS""#),
            (AllocationStatus::Ready, r#""Status":"READY""#),
            (AllocationStatus::Failed, r#""Status":"FAILED","StatusReason":"FUNCTION_ERROR_INIT_FAILURE""#),
            (AllocationStatus::HostFailed, r#""Status":"FAILED","StatusReason":"EMULATOR_HOST_FAILURE""#),
        ] {
            let view = ProvisionedView {
                qualifier: Qualifier::Version(1),
                requested: 3,
                allocated: 2,
                available: 1,
                status,
                last_modified: Timestamp::from_millis(1_764_026_331_999),
            };
            let shown = serde_json::to_string(&Shown::new(&view)).expect("plain data");
            let numbers = r#""RequestedProvisionedConcurrentExecutions":3,"AvailableProvisionedConcurrentExecutions":1,"AllocatedProvisionedConcurrentExecutions":2"#;
            let modified = r#""LastModified":"2025-11-24T23:18:51+0000""#;
            assert_eq!(shown, format!("{{{numbers},{expected},{modified}}}"));
        }
    }
}
