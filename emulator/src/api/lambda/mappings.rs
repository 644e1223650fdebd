//! Event source mappings from SQS queues.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body::{self, Members};
use super::error::Error;
use super::function_name::FunctionName;
use super::page::Page;
use super::tags;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, json};
use crate::config::Identity;
use crate::engine::{MappingId, MappingSpec, MappingView, Qualifier, QueueName};

/// Mappings on a page at most (Lambda API, `ListEventSourceMappings`).
const LONGEST_PAGE: usize = 100;

/// What a mapping is made of without a word about it.
const DEFAULT_BATCH_SIZE: usize = 10;

/// Members that AWS has for queues and the emulator does not act on.
const NOT_SERVED: &[&str] =
    &["FilterCriteria", "ProvisionedPollerConfig", "MetricsConfig", "LoggingConfig", "KMSKeyArn"];

/// Members of other event sources.
const NOT_FOR_QUEUES: &[&str] = &[
    "DestinationConfig",
    "StartingPosition",
    "StartingPositionTimestamp",
    "ParallelizationFactor",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
];

/// What CreateEventSourceMapping and UpdateEventSourceMapping set.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    event_source_arn: Option<String>,
    function_name: Option<String>,
    enabled: Option<bool>,
    batch_size: Option<i64>,
    maximum_batching_window_in_seconds: Option<i64>,
    scaling_config: Option<ScalingConfig>,
    function_response_types: Option<Vec<String>>,
}

/// What only CreateEventSourceMapping has.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tagging {
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct ScalingConfig {
    maximum_concurrency: Option<i64>,
}

pub(super) fn create(api: &Api, call: &Call) -> Result<Reply, Error> {
    const OPERATION: &str = "CreateEventSourceMapping";
    let settings: Settings = body::read(call)?;
    let Tagging { tags } = body::read(call)?;
    tags::check(&tags)?;
    let arn = settings.event_source_arn.as_deref().unwrap_or_default();
    let queue = queue_name(&api.identity, arn).ok_or(Error::UnrecognizedEventSource)?;
    refuse_unserved(call, OPERATION)?;

    let function = settings.function(api, OPERATION)?;
    let (function, qualifier) = function.ok_or(Error::MappingFunctionMissing)?;
    let mut spec = MappingSpec {
        queue,
        function,
        qualifier,
        batch_size: DEFAULT_BATCH_SIZE,
        batching_window: Duration::ZERO,
        maximum_concurrency: None,
        reports_item_failures: false,
        enabled: true,
    };
    settings.apply(&mut spec);
    let created = api.driver.step(|engine, now| {
        let created = engine.create_mapping(now, spec)?;
        engine.tag_mapping(now, created.id, tags)?;
        Ok(created)
    });
    let created = created.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, StatusCode::ACCEPTED, &created))
}

pub(super) fn get(api: &Api, resource: &str) -> Result<Reply, Error> {
    let id = mapping_id(resource)?;
    let found = api.driver.step(|engine, _| engine.mapping(id));
    let found = found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, StatusCode::OK, &found))
}

pub(super) fn list(api: &Api, call: &Call) -> Result<Reply, Error> {
    let page = Page::of(call, LONGEST_PAGE)?;
    let source = call.parameter("EventSourceArn");
    let function = call.parameter("FunctionName");
    let function = match &function {
        Some(name) => Some(FunctionName::from_text(api, name, "ListEventSourceMappings")?),
        None => None,
    };
    let wanted = |mapping: &MappingView| {
        source.as_ref().is_none_or(|arn| api.identity.queue_arn(mapping.spec.queue.as_str()) == *arn)
            && function.as_ref().is_none_or(|function| {
                mapping.spec.function.as_str() == function.as_str()
                    && function.given_qualifier().is_none_or(|given| given == mapping.spec.qualifier)
            })
    };
    let (mappings, next_marker) = api
        .driver
        .step(|engine, _| page.cut(engine.mappings().filter(wanted), |mapping| mapping.id.to_string()));
    let event_source_mappings = mappings.iter().map(|mapping| Shown::new(&api.identity, mapping)).collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Mappings { event_source_mappings, next_marker }))
}

pub(super) fn update(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    const OPERATION: &str = "UpdateEventSourceMapping";
    let id = mapping_id(resource)?;
    let settings: Settings = body::read(call)?;
    refuse_unserved(call, OPERATION)?;
    let function = settings.function(api, OPERATION)?;
    let updated = api.driver.step(|engine, now| {
        engine.update_mapping(now, id, |spec| {
            settings.apply(spec);
            if let Some((function, qualifier)) = function {
                spec.function = function;
                spec.qualifier = qualifier;
            }
        })
    });
    let updated = updated.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, StatusCode::ACCEPTED, &updated))
}

pub(super) fn delete(api: &Api, resource: &str) -> Result<Reply, Error> {
    let id = mapping_id(resource)?;
    let deleted = api.driver.step(|engine, now| engine.delete_mapping(now, id));
    let deleted = deleted.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, StatusCode::ACCEPTED, &deleted))
}

impl Settings {
    /// The function that is named, and the version or alias of it.
    fn function(
        &self,
        api: &Api,
        action: &'static str,
    ) -> Result<Option<(crate::engine::FunctionName, Qualifier)>, Error> {
        let Some(text) = &self.function_name else { return Ok(None) };
        let name = FunctionName::from_text(api, text, action)?;
        Ok(Some((name.as_str().into(), name.qualifier())))
    }

    /// Changes what is given. Call it with settings that were checked.
    fn apply(&self, spec: &mut MappingSpec) {
        let size = |value: i64| usize::try_from(value).ok();
        if let Some(batch_size) = self.batch_size.and_then(size) {
            spec.batch_size = batch_size;
        }
        if let Some(window) = self.maximum_batching_window_in_seconds {
            spec.batching_window = Duration::from_secs(window.unsigned_abs());
        }
        if let Some(scaling) = &self.scaling_config {
            spec.maximum_concurrency = scaling.maximum_concurrency.and_then(size);
        }
        if let Some(kinds) = &self.function_response_types {
            spec.reports_item_failures = !kinds.is_empty();
        }
        if let Some(enabled) = self.enabled {
            spec.enabled = enabled;
        }
    }
}

fn refuse_unserved(call: &Call, operation: &str) -> Result<(), Error> {
    let members = Members::of(call)?;
    for member in NOT_FOR_QUEUES {
        if members.given(member)?.is_some() {
            return Err(Error::UnsupportedByQueues(member));
        }
    }
    for member in NOT_SERVED {
        members.refuse(operation, &[(member, |_| false)])?;
    }
    Ok(())
}

/// The queue of an ARN, if it is one of this account and region.
fn queue_name(identity: &Identity, arn: &str) -> Option<QueueName> {
    identity.queue_of(arn).map(QueueName::from)
}

fn mapping_id(resource: &str) -> Result<MappingId, Error> {
    resource.parse().map(MappingId).map_err(|_| Error::MappingNotFound)
}

fn show(api: &Api, status: StatusCode, mapping: &MappingView) -> Reply {
    json(status, content_type::JSON, &Shown::new(&api.identity, mapping))
}

/// `EventSourceMappingConfiguration`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    batch_size: usize,
    event_source_arn: String,
    event_source_mapping_arn: String,
    function_arn: String,
    function_response_types: &'static [&'static str],
    last_modified: f64,
    maximum_batching_window_in_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scaling_config: Option<ScalingConfig>,
    state: &'static str,
    state_transition_reason: &'static str,
    #[serde(rename = "UUID")]
    uuid: String,
}

impl Shown {
    fn new(identity: &Identity, mapping: &MappingView) -> Self {
        let spec = &mapping.spec;
        let maximum = spec.maximum_concurrency.and_then(|maximum| i64::try_from(maximum).ok());
        Self {
            batch_size: spec.batch_size,
            event_source_arn: identity.queue_arn(spec.queue.as_str()),
            event_source_mapping_arn: identity.mapping_arn(mapping.id),
            function_arn: identity.qualified_arn(spec.function.as_str(), &spec.qualifier),
            function_response_types: if spec.reports_item_failures {
                &["ReportBatchItemFailures"]
            } else {
                &[]
            },
            last_modified: seconds(mapping.modified.as_millis()),
            maximum_batching_window_in_seconds: spec.batching_window.as_secs(),
            scaling_config: maximum.map(|maximum| ScalingConfig { maximum_concurrency: Some(maximum) }),
            state: mapping.state.as_str(),
            state_transition_reason: "USER_INITIATED",
            uuid: mapping.id.to_string(),
        }
    }
}

/// Seconds with a fraction, as JSON dates are in AWS's REST protocol.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of any real date are exact in an f64")]
pub(super) fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mappings {
    event_source_mappings: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}
