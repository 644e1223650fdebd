//! In which format a function's log is written, and from which level on
//! (Developer Guide, "Configuring JSON and plain text log formats").

use crate::engine::FunctionSpec;

/// How important a record of an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ApplicationLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// How important a record of Lambda's own is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SystemLevel {
    Debug,
    Info,
    Warn,
}

/// The format of a log, and for JSON what is left out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json { application: ApplicationLevel, system: SystemLevel },
}

impl ApplicationLevel {
    const NAMES: [(&str, Self); 6] = [
        ("TRACE", Self::Trace),
        ("DEBUG", Self::Debug),
        ("INFO", Self::Info),
        ("WARN", Self::Warn),
        ("ERROR", Self::Error),
        ("FATAL", Self::Fatal),
    ];

    /// The level of that name, in any case; Python's names too.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let known = Self::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match known {
            Some((_, level)) => Some(*level),
            None if name.eq_ignore_ascii_case("WARNING") => Some(Self::Warn),
            None if name.eq_ignore_ascii_case("CRITICAL") => Some(Self::Fatal),
            None => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, level)| *level == self).map_or("INFO", |(name, _)| name)
    }
}

impl LogFormat {
    /// The function's format. Its variables say it, as they say it to the
    /// function itself.
    pub(crate) fn of(spec: &FunctionSpec) -> Self {
        let variable = |name: &str| spec.variables.get(name).map(String::as_str).unwrap_or_default();
        if !variable("AWS_LAMBDA_LOG_FORMAT").eq_ignore_ascii_case("JSON") {
            return Self::Text;
        }
        let application =
            ApplicationLevel::parse(variable("AWS_LAMBDA_LOG_LEVEL")).unwrap_or(ApplicationLevel::Info);
        Self::Json { application, system: SystemLevel::Info }
    }

    /// What the function is told of its format (`AWS_LAMBDA_LOG_FORMAT`, and
    /// for JSON `AWS_LAMBDA_LOG_LEVEL`).
    pub(crate) fn variables(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Text => ("Text", None),
            Self::Json { application, .. } => ("JSON", Some(application.as_str())),
        }
    }

    /// Whether a line that a function printed is written. Only a JSON record
    /// with a level can be left out, and only of a JSON log.
    pub(crate) fn keeps(self, line: &str) -> bool {
        #[derive(serde::Deserialize)]
        struct Record<'a> {
            #[serde(borrow)]
            level: std::borrow::Cow<'a, str>,
        }
        let Self::Json { application, .. } = self else { return true };
        if !line.starts_with('{') {
            return true;
        }
        let record = serde_json::from_str::<Record<'_>>(line).ok();
        record
            .and_then(|record| ApplicationLevel::parse(&record.level))
            .is_none_or(|level| level >= application)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::HandlerModel;

    #[test]
    fn a_function_says_its_format() {
        let json = |application| LogFormat::Json { application, system: SystemLevel::Info };
        for (variables, expected) in [
            (vec![], LogFormat::Text),
            (vec![("AWS_LAMBDA_LOG_FORMAT", "Text")], LogFormat::Text),
            (vec![("AWS_LAMBDA_LOG_FORMAT", "JSON")], json(ApplicationLevel::Info)),
            (
                vec![("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "ERROR")],
                json(ApplicationLevel::Error),
            ),
        ] {
            let mut spec = FunctionSpec::simulated(HandlerModel::default());
            spec.variables =
                variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(LogFormat::of(&spec), expected);
        }
    }

    #[test]
    fn records_below_the_level_are_left_out() {
        let json = LogFormat::Json { application: ApplicationLevel::Warn, system: SystemLevel::Info };
        for (line, kept) in [
            (r#"{"level":"INFO","message":"x"}"#, false),
            (r#"{"level":"warning"}"#, true),
            (r#"{"level":"CRITICAL"}"#, true),
            (r#"{"level":"own"}"#, true),
            (r#"{"message":"no level"}"#, true),
            ("INFO no json", true),
        ] {
            assert_eq!(json.keeps(line), kept, "{line}");
            assert!(LogFormat::Text.keeps(line));
        }
    }
}
