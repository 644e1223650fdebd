//! What CreateFunction and UpdateFunctionConfiguration set.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::body::Members;
use super::error::Error;
use super::logging::LoggingConfig;
use super::{layers, runtime, variables};
use crate::api::Api;
use crate::engine::{FunctionSpec, LayerVersion, Logging};

/// The settings that both operations have; what is missing stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Settings {
    pub(super) runtime: Option<String>,
    pub(super) handler: Option<String>,
    pub(super) role: Option<String>,
    description: Option<String>,
    timeout: Option<i64>,
    memory_size: Option<i64>,
    ephemeral_storage: Option<EphemeralStorage>,
    environment: Option<Environment>,
    dead_letter_config: Option<DeadLetterConfig>,
    logging_config: Option<LoggingConfig>,
    tracing_config: Option<TracingConfig>,
    layers: Option<Vec<String>>,
}

/// What the settings say, once it is known to be good and what it names was
/// found.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    layers: Option<Vec<LayerVersion>>,
    logging: Option<Logging>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EphemeralStorage {
    size: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Environment {
    variables: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DeadLetterConfig {
    target_arn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TracingConfig {
    mode: Option<String>,
}

impl Settings {
    /// Checks what the API's model leaves open, and finds what is named.
    pub(super) fn meaning(&self, api: &Api) -> Result<Meaning, Error> {
        self.runtime.as_deref().map_or(Ok(()), runtime::check)?;
        self.variables().map_or(Ok(()), variables::check)?;
        if let Some(target) = self.dead_letter_target() {
            check_dead_letter_target(target)?;
        }
        let layers = self.layers.as_ref().map(|arns| layers::resolve(api, arns)).transpose()?;
        let logging = self.logging_config.as_ref().map(LoggingConfig::logging).transpose()?;
        Ok(Meaning { layers, logging })
    }

    /// Changes the settings that are given.
    pub(super) fn apply(&self, meaning: Meaning, spec: &mut FunctionSpec) {
        let replace = |old: &mut String, new: &Option<String>| {
            if let Some(new) = new {
                old.clone_from(new);
            }
        };
        replace(&mut spec.runtime, &self.runtime);
        replace(&mut spec.handler, &self.handler);
        replace(&mut spec.role, &self.role);
        replace(&mut spec.description, &self.description);
        let number = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        if let Some(timeout) = number(self.timeout) {
            spec.timeout = Duration::from_secs(u64::from(timeout));
        }
        if let Some(memory) = number(self.memory_size) {
            spec.memory_mb = memory;
        }
        if let Some(size) = number(self.ephemeral_storage.as_ref().and_then(|storage| storage.size)) {
            spec.ephemeral_storage_mb = size;
        }
        if let Some(environment) = &self.environment {
            spec.variables = environment.variables.clone().unwrap_or_default();
        }
        if self.dead_letter_config.is_some() {
            spec.dead_letter_target = self.dead_letter_target().map(Into::into);
        }
        if let Some(mode) = self.tracing_config.as_ref().and_then(|tracing| tracing.mode.as_deref()) {
            spec.tracing_active = mode == "Active";
        }
        if let Some(logging) = meaning.logging {
            spec.logging = logging;
        }
        if let Some(layers) = meaning.layers {
            spec.layers = layers;
        }
    }

    fn variables(&self) -> Option<&BTreeMap<String, String>> {
        self.environment.as_ref()?.variables.as_ref()
    }

    /// The target that is set; `""` takes it away.
    fn dead_letter_target(&self) -> Option<&str> {
        let target = self.dead_letter_config.as_ref()?.target_arn.as_deref();
        target.filter(|target| !target.is_empty())
    }
}

/// Refuses settings that would change what a function does, and that the
/// emulator does not act on. Those that say what is anyway are passed over.
pub(super) fn refuse_unserved(members: &Members<'_>, operation: &str) -> Result<(), Error> {
    members.refuse(
        operation,
        &[
            ("PackageType", |value| value == "Zip"),
            ("PublishTo", |_| false),
            ("VpcConfig", |_| false),
            ("FileSystemConfigs", |_| false),
            ("ImageConfig", |_| false),
            ("KMSKeyArn", |_| false),
            ("CodeSigningConfigArn", |_| false),
            ("CapacityProviderConfig", |_| false),
            ("DurableConfig", |_| false),
            ("TenancyConfig", |_| false),
            ("SnapStart", |value| *value == json!({ "ApplyOn": "None" })),
        ],
    )
}

/// Only standard queues and topics take events that were given up; what goes
/// to a topic is written to the emulator's own log. The text is not recorded
/// from AWS.
fn check_dead_letter_target(target: &str) -> Result<(), Error> {
    match target.split(':').nth(2) {
        Some("sqs" | "sns") if !target.ends_with(".fifo") => Ok(()),
        Some(_) | None => Err(Error::InvalidParameter(format!(
            "The provided target arn: {target} is not valid. The dead-letter queue must be a standard SQS queue \
             or SNS topic."
        ))),
    }
}
