//! What CreateFunction and UpdateFunctionConfiguration set.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::body::Members;
use super::error::Error;
use super::validation::{self, Violations};
use super::{runtime, variables};
use crate::engine::FunctionSpec;
use crate::observe::log_group_name;

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

impl Settings {
    /// Checks each value by itself.
    pub(super) fn check(&self, violations: &mut Violations) {
        violations.check(&validation::HANDLER, &self.handler);
        violations.check(&validation::ROLE, &self.role);
        violations.check(&validation::DESCRIPTION, &self.description);
        violations.check(&validation::TIMEOUT, self.timeout);
        violations.check(&validation::MEMORY_SIZE, self.memory_size);
        if let Some(storage) = &self.ephemeral_storage {
            violations.require(&validation::EPHEMERAL_STORAGE, storage.size);
        }
        for name in self.variables().into_iter().flat_map(BTreeMap::keys) {
            violations.check(&validation::VARIABLE, Some(name.as_str()));
        }
    }

    /// Checks what the API's model leaves open.
    pub(super) fn check_meaning(&self) -> Result<(), Error> {
        self.runtime.as_deref().map_or(Ok(()), runtime::check)?;
        self.variables().map_or(Ok(()), variables::check)
    }

    /// Changes the settings that are given. Call it with what both checks passed.
    pub(super) fn apply(&self, spec: &mut FunctionSpec) {
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
    }

    fn variables(&self) -> Option<&BTreeMap<String, String>> {
        self.environment.as_ref()?.variables.as_ref()
    }
}

/// Refuses settings that would change what a function does, and that the
/// emulator does not act on. Those that say what is anyway are passed over.
pub(super) fn refuse_unserved(members: &Members<'_>, operation: &str, function: &str) -> Result<(), Error> {
    members.refuse(
        operation,
        &[
            ("PackageType", |value| value == "Zip"),
            ("PublishTo", |_| false),
            ("Layers", |_| false),
            ("VpcConfig", |_| false),
            ("DeadLetterConfig", |_| false),
            ("FileSystemConfigs", |_| false),
            ("ImageConfig", |_| false),
            ("KMSKeyArn", |_| false),
            ("CodeSigningConfigArn", |_| false),
            ("CapacityProviderConfig", |_| false),
            ("DurableConfig", |_| false),
            ("TenancyConfig", |_| false),
            ("TracingConfig", |value| *value == json!({ "Mode": "PassThrough" })),
            ("SnapStart", |value| *value == json!({ "ApplyOn": "None" })),
        ],
    )?;
    let logging = members.given("LoggingConfig")?.unwrap_or(Value::Null);
    for (key, value) in logging.as_object().into_iter().flatten() {
        let harmless = match key.as_str() {
            "LogFormat" => value == "Text",
            "LogGroup" => *value == log_group_name(function),
            _ => value.is_null(),
        };
        if !harmless {
            return Err(Error::NotServed(format!("{key} of LoggingConfig of {operation}")));
        }
    }
    Ok(())
}
