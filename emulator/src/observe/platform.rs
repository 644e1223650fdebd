//! What Lambda itself tells of an environment, as JSON: records of a JSON log
//! and events of the Telemetry API are the same
//! (Developer Guide, "Lambda Telemetry API Event schema reference").

use std::time::Duration;

use serde_json::{Value, json};

use super::date_time;
use super::log_line::{billed_ms, runtime_version, runtime_version_arn};
use crate::engine::{
    Ending, EnvironmentId, FunctionVersion, InitPhase, InitializationType, RequestId, SystemLogLevel,
    Timestamp, Version, What,
};

/// One thing that Lambda tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlatformEvent {
    InitStart {
        function: String,
        version: Version,
        runtime: String,
        region: String,
        initialization: InitializationType,
    },
    InitRuntimeDone {
        initialization: InitializationType,
        phase: InitPhase,
        failure: Option<Failure>,
    },
    InitReport {
        initialization: InitializationType,
        phase: InitPhase,
        took: Duration,
        failure: Option<Failure>,
    },
    Start {
        request_id: RequestId,
        version: Version,
    },
    RuntimeDone {
        request_id: RequestId,
        duration: Duration,
        failure: Option<Failure>,
    },
    Report {
        request_id: RequestId,
        duration: Duration,
        init: Option<Duration>,
        memory_mb: u32,
        max_memory_mb: Option<u32>,
        failure: Option<Failure>,
    },
    Extension {
        name: String,
        state: &'static str,
        events: Vec<&'static str>,
        error_type: Option<String>,
    },
    TelemetrySubscription {
        name: String,
        types: Vec<&'static str>,
    },
    LogsDropped {
        records: u64,
        bytes: u64,
    },
}

/// What is known of an environment beside what happens in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) region: &'a str,
    pub(crate) memory_mb: u32,
    pub(crate) version: Version,
    pub(crate) initialization: InitializationType,
}

/// How something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    /// `error`, `failure` or `timeout`.
    pub(crate) status: &'static str,
    /// The type of the error, where one is told.
    pub(crate) error_type: Option<&'static str>,
}

impl Failure {
    const TIMEOUT: Self = Self { status: "timeout", error_type: None };
    const EXIT: Self = Self { status: "error", error_type: Some("Runtime.ExitError") };

    fn of(ending: Ending, error_type: Option<&'static str>) -> Option<Self> {
        match ending {
            Ending::Succeeded => None,
            Ending::Failed => Some(Self { status: "error", error_type: None }),
            Ending::TimedOut => Some(Self::TIMEOUT),
            Ending::Exited => Some(Self { error_type: error_type.or(Self::EXIT.error_type), ..Self::EXIT }),
            Ending::HostFailure => Some(Self { status: "failure", error_type: Some("Emulator.HostFailure") }),
        }
    }
}

impl PlatformEvent {
    /// What a fact tells of an environment.
    pub(crate) fn of(what: &What, about: About<'_>) -> Vec<Self> {
        let About { region, memory_mb, version, initialization } = about;
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "most facts are none of an environment's business"
        )]
        match what {
            What::InitStarted { function, .. } => vec![Self::init_start(function, region, initialization)],
            What::InitEnded { took, .. } => Self::init_end(initialization, InitPhase::Init, *took, None),
            What::InitFailed { took, phase, error_type, .. } => {
                let failed = |error_type| Failure { status: "error", error_type: Some(error_type) };
                let failure = error_type.map_or(Failure::TIMEOUT, failed);
                Self::init_end(initialization, *phase, *took, Some(failure))
            }
            What::InvokeStarted { request_id, .. } => {
                vec![Self::Start { request_id: *request_id, version }]
            }
            What::InvokeEnded {
                request_id,
                started,
                ending,
                error_type,
                duration,
                init,
                max_memory_mb,
                ..
            } => {
                let failure = Failure::of(*ending, *error_type);
                let (request_id, duration) = (*request_id, *duration);
                let (init, max_memory_mb) = (*init, *max_memory_mb);
                // The host failed: the invocation is shown all the same.
                let start = (!started).then_some(Self::Start { request_id, version });
                let done = Self::RuntimeDone { request_id, duration, failure };
                let report = Self::Report { request_id, duration, init, memory_mb, max_memory_mb, failure };
                start.into_iter().chain([done, report]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// An environment starts.
    pub(crate) fn init_start(
        function: &FunctionVersion,
        region: &str,
        initialization: InitializationType,
    ) -> Self {
        Self::InitStart {
            function: function.name.to_string(),
            version: function.version,
            runtime: function.spec.runtime.clone(),
            region: region.to_owned(),
            initialization,
        }
    }

    /// The runtime has answered; what extensions still do is not its affair.
    pub(crate) fn runtime_done(request_id: RequestId, duration: Duration, failed: bool) -> Self {
        let failure = Failure::of(if failed { Ending::Failed } else { Ending::Succeeded }, None);
        Self::RuntimeDone { request_id, duration, failure }
    }

    /// The environment that such a fact is about.
    pub(crate) fn environment_of(what: &What) -> Option<EnvironmentId> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "most facts are none of an environment's business"
        )]
        match what {
            What::InitStarted { environment, .. }
            | What::InitEnded { environment, .. }
            | What::InitFailed { environment, .. }
            | What::InvokeStarted { environment, .. }
            | What::InvokeEnded { environment, .. } => Some(*environment),
            _ => None,
        }
    }

    fn init_end(
        initialization: InitializationType,
        phase: InitPhase,
        took: Duration,
        failure: Option<Failure>,
    ) -> Vec<Self> {
        vec![
            Self::InitRuntimeDone { initialization, phase, failure },
            Self::InitReport { initialization, phase, took, failure },
        ]
    }

    /// From which level on a JSON log has it (Developer Guide, "System log
    /// level event mapping").
    pub(crate) fn level(&self) -> SystemLogLevel {
        match self {
            Self::InitRuntimeDone { failure: Some(_), .. }
            | Self::InitReport { failure: Some(_), .. }
            | Self::RuntimeDone { failure: Some(_), .. }
            | Self::Report { failure: Some(_), .. }
            | Self::Extension { error_type: Some(_), .. }
            | Self::LogsDropped { .. } => SystemLogLevel::Warn,
            Self::InitReport { initialization: InitializationType::OnDemand, .. }
            | Self::InitRuntimeDone { .. }
            | Self::RuntimeDone { .. } => SystemLogLevel::Debug,
            Self::InitStart { .. }
            | Self::InitReport { initialization: InitializationType::Provisioned, .. }
            | Self::Start { .. }
            | Self::Report { .. }
            | Self::Extension { .. }
            | Self::TelemetrySubscription { .. } => SystemLogLevel::Info,
        }
    }

    /// The record that is written at that moment.
    pub(crate) fn record(&self, at: Timestamp) -> Value {
        let (kind, mut record) = self.kind_and_record();
        if let Some(failure) = self.failure() {
            record["status"] = failure.status.into();
            if let Some(error_type) = failure.error_type {
                record["errorType"] = error_type.into();
            }
        }
        json!({ "time": format!("{}Z", date_time(at)), "type": format!("platform.{kind}"), "record": record })
    }

    /// Its end, of those that can fail.
    fn failure(&self) -> Option<Failure> {
        match self {
            Self::InitRuntimeDone { failure, .. }
            | Self::InitReport { failure, .. }
            | Self::RuntimeDone { failure, .. }
            | Self::Report { failure, .. } => *failure,
            Self::InitStart { .. }
            | Self::Start { .. }
            | Self::Extension { .. }
            | Self::TelemetrySubscription { .. }
            | Self::LogsDropped { .. } => None,
        }
    }

    fn kind_and_record(&self) -> (&'static str, Value) {
        let init = |initialization: &InitializationType, phase: &InitPhase| {
            let phase = match phase {
                InitPhase::Init => "init",
                InitPhase::Invoke => "invoke",
            };
            json!({ "initializationType": initialization.as_str(), "phase": phase, "status": "success" })
        };
        match self {
            Self::InitStart { function, version, runtime, region, initialization } => (
                "initStart",
                json!({
                    "initializationType": initialization.as_str(),
                    "phase": "init",
                    "functionName": function,
                    "functionVersion": version.to_string(),
                    "runtimeVersion": runtime_version(runtime),
                    "runtimeVersionArn": runtime_version_arn(runtime, region),
                }),
            ),
            Self::InitRuntimeDone { initialization, phase, .. } => {
                ("initRuntimeDone", init(initialization, phase))
            }
            Self::InitReport { initialization, phase, took, .. } => {
                let mut record = init(initialization, phase);
                record["metrics"] = json!({ "durationMs": millis(*took) });
                ("initReport", record)
            }
            Self::Start { request_id, version } => {
                ("start", json!({ "requestId": request_id.to_string(), "version": version.to_string() }))
            }
            Self::RuntimeDone { request_id, duration, .. } => (
                "runtimeDone",
                json!({
                    "requestId": request_id.to_string(),
                    "status": "success",
                    "metrics": { "durationMs": millis(*duration) },
                }),
            ),
            Self::Report { request_id, duration, init, memory_mb, max_memory_mb, .. } => {
                let mut metrics = json!({
                    "durationMs": millis(*duration),
                    "billedDurationMs": billed_ms(*duration, *init),
                    "memorySizeMB": memory_mb,
                    "maxMemoryUsedMB": max_memory_mb.unwrap_or(0),
                });
                if let Some(init) = init {
                    metrics["initDurationMs"] = millis(*init).into();
                }
                let record =
                    json!({ "requestId": request_id.to_string(), "metrics": metrics, "status": "success" });
                ("report", record)
            }
            Self::Extension { name, state, events, error_type } => {
                let mut record = json!({ "name": name, "state": state, "events": events });
                if let Some(error_type) = error_type {
                    record["errorType"] = error_type.as_str().into();
                }
                ("extension", record)
            }
            Self::TelemetrySubscription { name, types } => {
                ("telemetrySubscription", json!({ "name": name, "state": "Subscribed", "types": types }))
            }
            Self::LogsDropped { records, bytes } => (
                "logsDropped",
                json!({
                    "droppedRecords": records,
                    "droppedBytes": bytes,
                    "reason": "Some logs were dropped because the subscriber fell behind.",
                }),
            ),
        }
    }
}

/// Milliseconds to three decimals.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Uuid;

    const AT: Timestamp = Timestamp::from_millis(1_764_025_880_123);

    fn request_id() -> RequestId {
        RequestId(Uuid::from_random(0))
    }

    fn init_report(
        took: Duration,
        initialization: InitializationType,
        failure: Option<Failure>,
    ) -> PlatformEvent {
        PlatformEvent::InitReport { initialization, phase: InitPhase::Init, took, failure }
    }

    #[test]
    fn records_have_the_keys_of_the_schema() {
        let (id, ms) = (request_id(), Duration::from_millis);
        let report = |init, failure| PlatformEvent::Report {
            request_id: id,
            duration: Duration::from_micros(3_010),
            init,
            memory_mb: 128,
            max_memory_mb: Some(36),
            failure,
        };
        for (event, kind, record) in [
            (
                PlatformEvent::Start { request_id: id, version: Version::Latest },
                "start",
                json!({ "requestId": id.to_string(), "version": "$LATEST" }),
            ),
            (
                report(Some(ms(110)), None),
                "report",
                json!({ "requestId": id.to_string(), "status": "success", "metrics": {
                    "durationMs": 3.01, "billedDurationMs": 114, "memorySizeMB": 128, "maxMemoryUsedMB": 36,
                    "initDurationMs": 110.0 } }),
            ),
            (
                report(None, Some(Failure::EXIT)),
                "report",
                json!({ "requestId": id.to_string(), "status": "error", "errorType": "Runtime.ExitError",
                    "metrics": { "durationMs": 3.01, "billedDurationMs": 4, "memorySizeMB": 128,
                        "maxMemoryUsedMB": 36 } }),
            ),
            (
                init_report(ms(7), InitializationType::OnDemand, Some(Failure::TIMEOUT)),
                "initReport",
                json!({ "initializationType": "on-demand", "phase": "init", "status": "timeout",
                    "metrics": { "durationMs": 7.0 } }),
            ),
            (
                PlatformEvent::Extension {
                    name: "x".into(),
                    state: "Ready",
                    events: vec!["INVOKE"],
                    error_type: None,
                },
                "extension",
                json!({ "name": "x", "state": "Ready", "events": ["INVOKE"] }),
            ),
        ] {
            let expected = json!({ "time": "2025-11-24T23:11:20.123Z", "type": format!("platform.{kind}"), "record": record });
            assert_eq!(event.record(AT), expected);
        }
    }

    #[test]
    fn levels_follow_the_outcome() {
        let took = Duration::ZERO;
        let failed = Some(Failure::TIMEOUT);
        for (event, level) in [
            (
                PlatformEvent::Start { request_id: request_id(), version: Version::Latest },
                SystemLogLevel::Info,
            ),
            (init_report(took, InitializationType::OnDemand, None), SystemLogLevel::Debug),
            (init_report(took, InitializationType::OnDemand, failed), SystemLogLevel::Warn),
            (init_report(took, InitializationType::Provisioned, None), SystemLogLevel::Info),
            (
                PlatformEvent::RuntimeDone { request_id: request_id(), duration: took, failure: failed },
                SystemLogLevel::Warn,
            ),
            (PlatformEvent::LogsDropped { records: 1, bytes: 1 }, SystemLogLevel::Warn),
        ] {
            assert_eq!(event.level(), level, "{event:?}");
        }
    }
}
