//! A function as AWS shows it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::Identity;
use crate::engine::{FunctionState, FunctionVersion, Qualifier};
use crate::observe::{date_time, log_group_name};

/// SHA-256 of nothing: the code of a function that has none.
const NO_CODE_SHA256: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/// What the function is going through, as an answer shows it. The answer to a
/// change always shows the change, even where it takes no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Creating,
    Updating,
    Done,
}

impl From<FunctionState> for Progress {
    fn from(state: FunctionState) -> Self {
        match state {
            FunctionState::Pending => Self::Creating,
            FunctionState::Updating => Self::Updating,
            FunctionState::Active => Self::Done,
        }
    }
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
    version: String,
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
            function_arn: identity.qualified_arn(name, &function.version.into()),
            runtime: &spec.runtime,
            role: &spec.role,
            handler: &spec.handler,
            code_size: package.map_or(0, |package| package.size),
            description: &spec.description,
            timeout: spec.timeout.as_secs(),
            memory_size: spec.memory_mb,
            last_modified: format!("{}+0000", date_time(function.last_modified)),
            code_sha256: package.map_or(NO_CODE_SHA256, |package| &package.sha256),
            version: function.version.to_string(),
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

    /// Ends the ARN as the request ended the name: a version and an alias are
    /// told apart by it, and `$LATEST` is only named where it was.
    pub(super) fn qualified(mut self, identity: &Identity, qualifier: &Qualifier) -> Self {
        self.function_arn = format!("{}:{qualifier}", identity.function_arn(self.function_name));
        self
    }
}
