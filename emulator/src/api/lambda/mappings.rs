//! Event source mappings from SQS queues.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body::{self, Members};
use super::error::Error;
use super::filter::{FilterCriteria, MOST_FILTERS};
use super::function_name::FunctionName;
use super::page::Page;
use super::tags;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, json};
use crate::config::Identity;
use crate::engine::{
    Filter, MappingId, MappingSpec, MappingView, MessageFilter, ProvisionedPollers, Qualifier, QueueName,
};

/// Mappings on a page at most (Lambda API, `ListEventSourceMappings`).
const LONGEST_PAGE: usize = 100;

/// What a mapping is made of without a word about it.
const DEFAULT_BATCH_SIZE: usize = 10;

/// Pollers of provisioned mode when it is asked for without numbers.
const DEFAULT_POLLERS: ProvisionedPollers = ProvisionedPollers { minimum: 2, maximum: 200 };

/// The metrics that a mapping of a queue has.
const EVENT_COUNT: &str = "EventCount";

/// Members that AWS has for queues and the emulator does not act on.
const NOT_SERVED: &[&str] = &["LoggingConfig", "KMSKeyArn"];

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
    filter_criteria: Option<Filters>,
    provisioned_poller_config: Option<PollerConfig>,
    metrics_config: Option<MetricsConfig>,
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

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct Filters {
    filters: Vec<Pattern>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct Pattern {
    pattern: String,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct PollerConfig {
    maximum_pollers: Option<i64>,
    minimum_pollers: Option<i64>,
    #[serde(skip_serializing)]
    poller_group_name: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct MetricsConfig {
    metrics: Vec<String>,
}

pub(super) fn create(api: &Api, call: &Call) -> Result<Reply, Error> {
    const OPERATION: &str = "CreateEventSourceMapping";
    let settings: Settings = body::read(call)?;
    let Tagging { tags } = body::read(call)?;
    tags::check(&tags)?;
    let arn = settings.event_source_arn.as_deref().unwrap_or_default();
    let queue = queue_name(&api.identity, arn).ok_or(Error::UnrecognizedEventSource)?;
    settings.refuse_unserved(call, OPERATION)?;

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
        filter: None,
        provisioned: None,
        counts_events: false,
        enabled: true,
    };
    let filter = settings.filter()?;
    settings.apply(&mut spec, filter);
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
    settings.refuse_unserved(call, OPERATION)?;
    let function = settings.function(api, OPERATION)?;
    let filter = settings.filter()?;
    let updated = api.driver.step(|engine, now| {
        engine.update_mapping(now, id, |spec| {
            settings.apply(spec, filter);
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

    /// Refuses what mappings of queues have not, and what is not served.
    fn refuse_unserved(&self, call: &Call, operation: &str) -> Result<(), Error> {
        let members = Members::of(call)?;
        for member in NOT_FOR_QUEUES {
            if members.given(member)?.is_some() {
                return Err(Error::UnsupportedByQueues(member));
            }
        }
        let metrics = self.metrics_config.iter().flat_map(|config| &config.metrics);
        if metrics.into_iter().any(|metric| metric != EVENT_COUNT) {
            return Err(Error::UnsupportedByQueues("MetricsConfig"));
        }
        let pollers = self.provisioned_poller_config.as_ref();
        if pollers.is_some_and(|given| given.poller_group_name.is_some()) {
            return Err(Error::UnsupportedByQueues("PollerGroupName"));
        }
        for member in NOT_SERVED {
            members.refuse(operation, &[(member, |_| false)])?;
        }
        Ok(())
    }

    /// The filter criteria that are given, compiled; none in them means none.
    fn filter(&self) -> Result<Option<Option<Filter>>, Error> {
        let Some(given) = &self.filter_criteria else { return Ok(None) };
        if given.filters.is_empty() {
            return Ok(Some(None));
        }
        if given.filters.len() > MOST_FILTERS {
            return Err(Error::TooManyFilters { most: MOST_FILTERS });
        }
        let patterns = given.filters.iter().map(|filter| filter.pattern.clone()).collect();
        Ok(Some(Some(Filter::new(FilterCriteria::new(patterns)?))))
    }

    /// Changes what is given. Call it with settings that were checked.
    fn apply(&self, spec: &mut MappingSpec, filter: Option<Option<Filter>>) {
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
        if let Some(filter) = filter {
            spec.filter = filter;
        }
        if let Some(given) = &self.provisioned_poller_config {
            spec.provisioned = given.apply(spec.provisioned);
        }
        if let Some(given) = &self.metrics_config {
            spec.counts_events = !given.metrics.is_empty();
        }
        if let Some(enabled) = self.enabled {
            spec.enabled = enabled;
        }
    }
}

impl PollerConfig {
    /// What is given beside what is there; an empty one takes all away.
    fn apply(&self, before: Option<ProvisionedPollers>) -> Option<ProvisionedPollers> {
        let count = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok());
        let (minimum, maximum) = (count(self.minimum_pollers), count(self.maximum_pollers));
        if minimum.is_none() && maximum.is_none() {
            return None;
        }
        let before = before.unwrap_or(DEFAULT_POLLERS);
        Some(ProvisionedPollers {
            minimum: minimum.unwrap_or(before.minimum),
            maximum: maximum.unwrap_or(before.maximum),
        })
    }
}

impl MessageFilter for FilterCriteria {
    fn patterns(&self) -> &[String] {
        Self::patterns(self)
    }

    fn passes(&self, body: &str) -> bool {
        Self::passes(self, body)
    }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_criteria: Option<Filters>,
    function_arn: String,
    function_response_types: &'static [&'static str],
    last_modified: f64,
    maximum_batching_window_in_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics_config: Option<MetricsConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioned_poller_config: Option<PollerConfig>,
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
        let shown = |count: usize| i64::try_from(count).ok();
        let maximum = spec.maximum_concurrency.and_then(shown);
        Self {
            batch_size: spec.batch_size,
            event_source_arn: identity.queue_arn(spec.queue.as_str()),
            event_source_mapping_arn: identity.mapping_arn(mapping.id),
            filter_criteria: spec.filter.as_ref().map(|filter| Filters {
                filters: filter
                    .patterns()
                    .iter()
                    .map(|pattern| Pattern { pattern: pattern.clone() })
                    .collect(),
            }),
            function_arn: identity.qualified_arn(spec.function.as_str(), &spec.qualifier),
            function_response_types: if spec.reports_item_failures {
                &["ReportBatchItemFailures"]
            } else {
                &[]
            },
            last_modified: seconds(mapping.modified.as_millis()),
            maximum_batching_window_in_seconds: spec.batching_window.as_secs(),
            metrics_config: spec
                .counts_events
                .then(|| MetricsConfig { metrics: vec![EVENT_COUNT.to_owned()] }),
            provisioned_poller_config: spec.provisioned.map(|pollers| PollerConfig {
                maximum_pollers: shown(pollers.maximum),
                minimum_pollers: shown(pollers.minimum),
                poller_group_name: None,
            }),
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
