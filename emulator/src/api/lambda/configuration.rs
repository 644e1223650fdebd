//! A function as AWS shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::config::Identity;
use crate::engine::{FunctionVersion, Timestamp};
use crate::observe::log_group_name;

/// SHA-256 of nothing: the code of a function that has none.
const NO_CODE_SHA256: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/// What was just done to the function. AWS works on it for a while and says
/// so in the answer; here it is done at once, so every later answer says Active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Creating,
    Updating,
    Done,
}

/// `FunctionConfiguration`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Configuration<'a> {
    function_name: &'a str,
    function_arn: String,
    runtime: &'a str,
    role: &'a str,
    handler: &'a str,
    code_size: u64,
    description: &'a str,
    timeout: u64,
    memory_size: u32,
    last_modified: String,
    code_sha256: &'a str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Environment<'a>>,
    tracing_config: TracingConfig,
    revision_id: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_status_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_status_reason_code: Option<&'static str>,
    package_type: &'static str,
    architectures: [&'a str; 1],
    ephemeral_storage: EphemeralStorage,
    snap_start: SnapStart,
    logging_config: LoggingConfig,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Environment<'a> {
    variables: &'a BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TracingConfig {
    mode: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EphemeralStorage {
    size: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SnapStart {
    apply_on: &'static str,
    optimization_status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LoggingConfig {
    log_format: &'static str,
    log_group: String,
}

impl<'a> Configuration<'a> {
    pub(super) fn new(identity: &Identity, function: &'a FunctionVersion, progress: Progress) -> Self {
        const REASON: Option<&str> = Some("The function is being created.");
        const CODE: Option<&str> = Some("Creating");
        let (creating, updating) = (progress == Progress::Creating, progress == Progress::Updating);
        let spec = &function.spec;
        let package = spec.code.package();
        let name = function.name.as_str();
        Self {
            function_name: name,
            function_arn: identity.function_arn(name),
            runtime: &spec.runtime,
            role: &spec.role,
            handler: &spec.handler,
            code_size: package.map_or(0, |package| package.size),
            description: &spec.description,
            timeout: spec.timeout.as_secs(),
            memory_size: spec.memory_mb,
            last_modified: format!("{}+0000", date_time(function.last_modified)),
            code_sha256: package.map_or(NO_CODE_SHA256, |package| &package.sha256),
            version: "$LATEST",
            environment: (!spec.variables.is_empty()).then_some(Environment { variables: &spec.variables }),
            tracing_config: TracingConfig { mode: "PassThrough" },
            revision_id: function.revision_id.to_string(),
            state: if creating { "Pending" } else { "Active" },
            state_reason: REASON.filter(|_| creating),
            state_reason_code: CODE.filter(|_| creating),
            last_update_status: match progress {
                Progress::Creating => None,
                Progress::Updating => Some("InProgress"),
                Progress::Done => Some("Successful"),
            },
            last_update_status_reason: REASON.filter(|_| updating),
            last_update_status_reason_code: CODE.filter(|_| updating),
            package_type: "Zip",
            architectures: [&spec.architecture],
            ephemeral_storage: EphemeralStorage { size: spec.ephemeral_storage_mb },
            snap_start: SnapStart { apply_on: "None", optimization_status: "Off" },
            logging_config: LoggingConfig { log_format: "Text", log_group: log_group_name(name) },
        }
    }

    /// Names the version in the ARN, as a request that named it is answered.
    pub(super) fn qualified(mut self, qualified: bool) -> Self {
        if qualified {
            self.function_arn.push_str(":$LATEST");
        }
        self
    }
}

/// `2025-11-24T23:11:20.123`, without a time zone: that is written in several ways.
pub(in crate::api) fn date_time(at: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]");
    let nanos = i128::from(at.as_millis()) * 1_000_000;
    let date = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    date.format(format).expect("the format has only parts that every date has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_milliseconds() {
        assert_eq!(date_time(Timestamp::from_micros(1_764_025_880_123_999)), "2025-11-24T23:11:20.123");
    }
}
