//! What a function's log leaves out, and what the function is told of it
//! (Developer Guide, "Configuring JSON and plain text log formats").

use std::borrow::Cow;

use serde::Deserialize;

use crate::engine::{ApplicationLogLevel, LogFormat};

/// A record of a JSON log, as far as it is looked at.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    level: Cow<'a, str>,
}

/// Values of the variables `AWS_LAMBDA_LOG_FORMAT` and, for JSON,
/// `AWS_LAMBDA_LOG_LEVEL`.
pub(crate) fn format_variables(format: LogFormat) -> (&'static str, Option<&'static str>) {
    match format {
        LogFormat::Text => ("Text", None),
        LogFormat::Json { application_level, .. } => ("JSON", Some(application_level.as_str())),
    }
}

/// Whether a line that a function printed is written. Only a JSON record with a
/// level can be left out, and only of a JSON log.
pub(super) fn keeps(format: LogFormat, line: &str) -> bool {
    let LogFormat::Json { application_level, .. } = format else { return true };
    if !line.starts_with('{') {
        return true;
    }
    let record = serde_json::from_str::<Record<'_>>(line).ok();
    record.and_then(|record| level(&record.level)).is_none_or(|level| level >= application_level)
}

/// The level of that name in any case, also under Python's names.
fn level(name: &str) -> Option<ApplicationLogLevel> {
    match name.to_ascii_uppercase().as_str() {
        "WARNING" => Some(ApplicationLogLevel::Warn),
        "CRITICAL" => Some(ApplicationLogLevel::Fatal),
        other => ApplicationLogLevel::parse(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SystemLogLevel;

    #[test]
    fn records_below_the_level_are_left_out() {
        let (application_level, system_level) = (ApplicationLogLevel::Warn, SystemLogLevel::Info);
        let json = LogFormat::Json { application_level, system_level };
        for (line, kept) in [
            (r#"{"level":"INFO","message":"x"}"#, false),
            (r#"{"level":"warning"}"#, true),
            (r#"{"level":"CRITICAL"}"#, true),
            (r#"{"level":"own"}"#, true),
            (r#"{"message":"no level"}"#, true),
            ("INFO no json", true),
        ] {
            assert_eq!(keeps(json, line), kept, "{line}");
            assert!(keeps(LogFormat::Text, line));
        }
    }
}
