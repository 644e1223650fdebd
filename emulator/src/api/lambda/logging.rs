//! `LoggingConfig` of functions.

use serde::{Deserialize, Serialize};

use super::error::Error;
use crate::engine::{ApplicationLogLevel, LogFormat, Logging, SystemLogLevel};
use crate::observe::log_group_name;

/// A request's. It replaces all that was set before.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct LoggingConfig {
    log_format: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
    log_group: Option<String>,
}

impl LoggingConfig {
    /// Its meaning; each value by itself was checked before.
    pub(super) fn logging(&self) -> Result<Logging, Error> {
        let is_json = self.log_format.as_deref() == Some("JSON");
        if !is_json && (self.application_log_level.is_some() || self.system_log_level.is_some()) {
            return Err(Error::InvalidParameter(
                "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request \
                 or change the LogFormat to \"JSON\" and try again."
                    .to_owned(),
            ));
        }
        let application = self.application_log_level.as_deref().and_then(ApplicationLogLevel::parse);
        let system = self.system_log_level.as_deref().and_then(SystemLogLevel::parse);
        let json = LogFormat::Json {
            application_level: application.unwrap_or(ApplicationLogLevel::Info),
            system_level: system.unwrap_or(SystemLogLevel::Info),
        };
        let format = if is_json { json } else { LogFormat::Text };
        Ok(Logging { format, group: self.log_group.clone() })
    }
}

/// An answer's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown {
    log_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_log_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_log_level: Option<&'static str>,
    log_group: String,
}

impl Shown {
    pub(super) fn new(logging: &Logging, function: &str) -> Self {
        let (log_format, application_log_level, system_log_level) = match logging.format {
            LogFormat::Text => ("Text", None, None),
            LogFormat::Json { application_level, system_level } => {
                ("JSON", Some(application_level.as_str()), Some(system_level.as_str()))
            }
        };
        let log_group = logging.group.clone().unwrap_or_else(|| log_group_name(function));
        Self { log_format, application_log_level, system_log_level, log_group }
    }
}
