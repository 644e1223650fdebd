//! Settings of asynchronous invocation: retries, age, destinations.

use std::time::Duration;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::Error;
use super::event_destinations::{DestinationConfig, Shown as ShownDestinations};
use super::function_name::FunctionName;
use super::mappings::seconds;
use super::page::{Page, qualifier_key};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};
use crate::config::Identity;
use crate::engine::{EventInvokeConfig, LambdaError, Qualifier};

/// Configurations on a page at most (Lambda API, `ListFunctionEventInvokeConfigs`).
const LONGEST_PAGE: usize = 50;

/// What PutFunctionEventInvokeConfig and UpdateFunctionEventInvokeConfig set.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u64>,
    destination_config: Option<DestinationConfig>,
}

/// PutFunctionEventInvokeConfig: what is not given is as it was never set.
pub(super) fn put(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    set(api, call, resource, "PutFunctionEventInvokeConfig", Before::Forgotten)
}

/// UpdateFunctionEventInvokeConfig: what is not given stays.
pub(super) fn update(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    set(api, call, resource, "UpdateFunctionEventInvokeConfig", Before::Kept)
}

/// What becomes of the configuration that was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Forgotten,
    Kept,
}

fn set(
    api: &Api,
    call: &Call,
    resource: &str,
    operation: &'static str,
    before: Before,
) -> Result<Reply, Error> {
    let request: Request = body::read(call)?;
    request.check()?;
    let name = FunctionName::of_call(api, call, resource, operation)?;
    let qualifier = name.qualifier();
    let set = api.driver.step(|engine, now| {
        let function = engine.qualified(name.as_str(), &qualifier);
        function.map_err(|error| worded(error, &api.identity))?;
        if let Some(destinations) = &request.destination_config {
            destinations.check(engine, &api.identity, name.as_str())?;
        }
        let mut config = match before {
            Before::Forgotten => EventInvokeConfig::default(),
            Before::Kept => {
                let found = engine.event_config(name.as_str(), &qualifier).cloned();
                found.map_err(|error| worded(error, &api.identity))?
            }
        };
        request.apply(&mut config);
        let set = engine.put_event_config(now, name.as_str(), &qualifier, config);
        set.map_err(|error| worded(error, &api.identity))
    })?;
    Ok(json(StatusCode::OK, content_type::JSON, &Shown::new(&api.identity, name.as_str(), &qualifier, &set)))
}

pub(super) fn get(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "GetFunctionEventInvokeConfig")?;
    let qualifier = name.qualifier();
    let found = api.driver.step(|engine, _| engine.event_config(name.as_str(), &qualifier).cloned());
    let found = found.map_err(|error| worded(error, &api.identity))?;
    Ok(json(
        StatusCode::OK,
        content_type::JSON,
        &Shown::new(&api.identity, name.as_str(), &qualifier, &found),
    ))
}

pub(super) fn delete(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "DeleteFunctionEventInvokeConfig")?;
    let deleted =
        api.driver.step(|engine, now| engine.delete_event_config(now, name.as_str(), &name.qualifier()));
    deleted.map_err(|error| worded(error, &api.identity))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) fn list(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "ListFunctionEventInvokeConfigs")?;
    let page = Page::of(call, LONGEST_PAGE)?;
    let found = api.driver.step(|engine, _| {
        let configs = engine.event_configs(name.as_str())?;
        let configs = configs.map(|(qualifier, config)| (qualifier.clone(), config.clone()));
        Ok(page.cut(configs, |(qualifier, _)| qualifier_key(qualifier)))
    });
    let (configs, next_marker) = found.map_err(|error| worded(error, &api.identity))?;
    let shown =
        configs.iter().map(|(qualifier, config)| Shown::new(&api.identity, name.as_str(), qualifier, config));
    let function_event_invoke_configs = shown.collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Configs { function_event_invoke_configs, next_marker }))
}

impl Request {
    fn check(&self) -> Result<(), Error> {
        let says_nothing = self.maximum_retry_attempts.is_none()
            && self.maximum_event_age_in_seconds.is_none()
            && self.destination_config.is_none();
        if says_nothing { Err(Error::EventConfigEmpty) } else { Ok(()) }
    }

    /// Changes what is given.
    fn apply(&self, config: &mut EventInvokeConfig) {
        config.maximum_retry_attempts = self.maximum_retry_attempts.or(config.maximum_retry_attempts);
        let age = self.maximum_event_age_in_seconds.map(Duration::from_secs);
        config.maximum_event_age = age.or(config.maximum_event_age);
        if let Some(destinations) = &self.destination_config {
            destinations.apply(config);
        }
    }
}

/// These operations have a text of their own for a function, a version or an
/// alias that is not there.
fn worded(error: LambdaError, identity: &Identity) -> Error {
    if matches!(error, LambdaError::FunctionNotFound(..)) {
        return Error::EventFunctionMissing;
    }
    Error::new(error, identity)
}

/// `FunctionEventInvokeConfig`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    last_modified: f64,
    function_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retry_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_event_age_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_config: Option<ShownDestinations>,
}

impl Shown {
    fn new(identity: &Identity, name: &str, qualifier: &Qualifier, config: &EventInvokeConfig) -> Self {
        Self {
            last_modified: seconds(config.last_modified.as_millis()),
            function_arn: format!("{}:{qualifier}", identity.function_arn(name)),
            maximum_retry_attempts: config.maximum_retry_attempts,
            maximum_event_age_in_seconds: config.maximum_event_age.map(|age| age.as_secs()),
            destination_config: config.has_destinations.then(|| ShownDestinations::new(config)),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configs {
    function_event_invoke_configs: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}
