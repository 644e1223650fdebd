//! The lines that Lambda itself writes, to the letter.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::platform::PlatformEvent;
use crate::engine::{Ending, FunctionVersion, InitPhase, RequestId, Timestamp, Uuid, Version};

/// One log event's text, kept small until somebody reads it.
#[derive(Debug, Clone)]
pub(super) enum Line {
    /// What the function printed.
    Text(Box<str>),
    /// A record of a JSON log; where it is the first or the last of an
    /// invocation, of which.
    Record {
        json: Box<str>,
        starts: Option<RequestId>,
        reports: Option<RequestId>,
    },
    InitStart {
        runtime: Box<str>,
        region: Arc<str>,
    },
    InitReport {
        took: Duration,
        phase: InitPhase,
        status: InitStatus,
    },
    Start {
        request_id: RequestId,
        version: Version,
    },
    End {
        request_id: RequestId,
    },
    Report {
        request_id: RequestId,
        duration: Duration,
        init: Option<Duration>,
        memory_mb: u32,
        max_memory_mb: Option<u32>,
        ending: Ending,
        error_type: Option<&'static str>,
    },
}

/// How an Init ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InitStatus {
    Success,
    TimedOut,
    /// With an error of this type.
    Failed(&'static str),
}

impl Line {
    /// The record of what Lambda tells.
    pub(super) fn record(event: &PlatformEvent, at: Timestamp) -> Self {
        let (mut starts, mut reports) = (None, None);
        match event {
            PlatformEvent::Start { request_id, .. } => starts = Some(*request_id),
            PlatformEvent::Report { request_id, .. } => reports = Some(*request_id),
            PlatformEvent::InitStart { .. }
            | PlatformEvent::InitRuntimeDone { .. }
            | PlatformEvent::InitReport { .. }
            | PlatformEvent::RuntimeDone { .. }
            | PlatformEvent::Extension { .. }
            | PlatformEvent::TelemetrySubscription { .. }
            | PlatformEvent::LogsDropped { .. } => {}
        }
        Self::Record { json: format!("{}\n", event.record(at)).into(), starts, reports }
    }

    /// Whether an invocation's log begins with it.
    pub(super) fn starts(&self, id: RequestId) -> bool {
        match self {
            Self::Start { request_id, .. } => *request_id == id,
            Self::Record { starts, .. } => *starts == Some(id),
            Self::Text(_)
            | Self::InitStart { .. }
            | Self::InitReport { .. }
            | Self::End { .. }
            | Self::Report { .. } => false,
        }
    }

    /// Whether an invocation's log ends with it.
    pub(super) fn reports(&self, id: RequestId) -> bool {
        match self {
            Self::Report { request_id, .. } => *request_id == id,
            Self::Record { reports, .. } => *reports == Some(id),
            Self::Text(_)
            | Self::InitStart { .. }
            | Self::InitReport { .. }
            | Self::Start { .. }
            | Self::End { .. } => false,
        }
    }

    /// What the function printed or what is as long; the platform's own lines are short.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Record { json, .. } => json,
            Self::InitStart { .. }
            | Self::InitReport { .. }
            | Self::Start { .. }
            | Self::End { .. }
            | Self::Report { .. } => "",
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Record { json, .. } => f.write_str(json),
            Self::InitStart { runtime, region } => write_init_start(f, runtime, region),
            Self::InitReport { took, phase, status } => {
                let phase = match phase {
                    InitPhase::Init => "init",
                    InitPhase::Invoke => "invoke",
                };
                write!(f, "INIT_REPORT Init Duration: {}\tPhase: {phase}", Millis(*took))?;
                match status {
                    InitStatus::Success => writeln!(f),
                    InitStatus::TimedOut => writeln!(f, "\tStatus: timeout"),
                    InitStatus::Failed(kind) => writeln!(f, "\tStatus: error\tError Type: {kind}"),
                }
            }
            Self::Start { request_id, version } => {
                writeln!(f, "START RequestId: {request_id} Version: {version}")
            }
            Self::End { request_id } => writeln!(f, "END RequestId: {request_id}"),
            Self::Report { request_id, duration, init, memory_mb, max_memory_mb, ending, error_type } => {
                write!(f, "REPORT RequestId: {request_id}\tDuration: {}", Millis(*duration))?;
                write!(f, "\tBilled Duration: {} ms", billed_ms(*duration, *init))?;
                write!(
                    f,
                    "\tMemory Size: {memory_mb} MB\tMax Memory Used: {} MB\t",
                    max_memory_mb.unwrap_or(0)
                )?;
                if let Some(init) = init {
                    write!(f, "Init Duration: {}\t", Millis(*init))?;
                }
                match ending {
                    Ending::Succeeded | Ending::Failed => writeln!(f),
                    Ending::TimedOut => writeln!(f, "Status: timeout"),
                    Ending::Exited => {
                        let kind = error_type.unwrap_or("Runtime.ExitError");
                        writeln!(f, "Status: error\tError Type: {kind}")
                    }
                    Ending::HostFailure => writeln!(f, "Status: error\tError Type: Emulator.HostFailure"),
                }
            }
        }
    }
}

fn write_init_start(f: &mut fmt::Formatter<'_>, runtime: &str, region: &str) -> fmt::Result {
    let (version, arn) = (runtime_version(runtime), runtime_version_arn(runtime, region));
    writeln!(f, "INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}")
}

/// `python:3.12.v0`. AWS counts its runtime versions; version 0 is none of them.
pub(super) fn runtime_version(runtime: &str) -> String {
    let name = runtime.trim_end_matches(".x").trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let (name, version) = match runtime.split_once('.') {
        Some(("provided", version)) => ("provided", version),
        Some(_) | None => (name, runtime[name.len()..].trim_end_matches(".x")),
    };
    format!("{name}:{version}.v0")
}

/// Its ARN, whose hash is ours.
pub(super) fn runtime_version_arn(runtime: &str, region: &str) -> String {
    let digest = Sha256::digest(runtime);
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("arn:aws:lambda:{region}::runtime:{hash}")
}

/// Since August 2025 Init is billed with the first invocation.
pub(super) fn billed_ms(duration: Duration, init: Option<Duration>) -> u64 {
    let billed = duration + init.unwrap_or_default();
    u64::try_from(billed.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX).max(1)
}

struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ms", self.0.as_secs_f64() * 1_000.0)
    }
}

/// The group that Lambda writes a function's logs to.
pub(crate) fn log_group_name(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

/// The same, or the group that the function's settings name.
pub(crate) fn log_group_of(function: &FunctionVersion) -> String {
    let own = || log_group_name(function.name.as_str());
    function.spec.logging.group.clone().unwrap_or_else(own)
}

/// `YYYY/MM/DD/[$LATEST]` and 32 hexadecimal digits: one per execution
/// environment, dated by the day of its start. In a group that functions may
/// share it names the function too.
pub(crate) fn log_stream_name(at: Timestamp, function: &FunctionVersion, id: Uuid) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(0);
    let day = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (day.year(), u8::from(day.month()), day.day());
    let (date, version) = (format!("{year:04}/{month:02}/{day:02}"), function.version);
    match &function.spec.logging.group {
        Some(_) => format!("{date}/{}[{version}][{id}]", function.name),
        None => format!("{date}/[{version}]{:032x}", id.as_u128()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{FunctionSpec, HandlerModel};

    /// Facts 9 and 21: a timeout is a status of REPORT and no line of its own;
    /// Init is billed.
    #[test]
    fn platform_lines_are_to_the_letter() {
        let request_id = RequestId(Uuid::from_random(0));
        let ms = |ms: u64, us: u64| Duration::from_micros(ms * 1_000 + us);
        let report = |duration, init, max_memory_mb, ending| Line::Report {
            request_id,
            duration,
            init,
            memory_mb: 128,
            max_memory_mb,
            ending,
            error_type: None,
        };
        let id = "00000000-0000-4000-8000-000000000000";
        for (runtime, begin) in [
            ("python3.12", "python:3.12.v0"),
            ("nodejs22.x", "nodejs:22.v0"),
            ("provided.al2023", "provided:al2023.v0"),
        ] {
            let line = Line::InitStart { runtime: runtime.into(), region: "eu-west-1".into() }.to_string();
            let begin = format!(
                "INIT_START Runtime Version: {begin}\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:"
            );
            assert_eq!(
                (line.strip_prefix(&begin).map(str::len), line.ends_with('\n')),
                (Some(65), true),
                "{line}"
            );
        }
        for (line, expected) in [
            (
                Line::Start { request_id, version: Version::Latest },
                format!("START RequestId: {id} Version: $LATEST\n"),
            ),
            (Line::End { request_id }, format!("END RequestId: {id}\n")),
            (
                report(ms(3, 10), Some(ms(110, 100)), Some(36), Ending::Succeeded),
                format!(
                    "REPORT RequestId: {id}\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n"
                ),
            ),
            (
                report(ms(3, 0), None, Some(36), Ending::Failed),
                format!(
                    "REPORT RequestId: {id}\tDuration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n"
                ),
            ),
            (
                report(ms(3_016, 780), Some(ms(84, 0)), Some(31), Ending::TimedOut),
                format!(
                    "REPORT RequestId: {id}\tDuration: 3016.78 ms\tBilled Duration: 3101 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\tInit Duration: 84.00 ms\tStatus: timeout\n"
                ),
            ),
        ] {
            assert_eq!(line.to_string(), expected);
        }
    }

    #[test]
    fn streams_are_dated_by_their_start() {
        let at = Timestamp::from_millis(1_763_942_400_000);
        let mut function = FunctionVersion {
            name: "f".into(),
            version: Version::Latest,
            spec: FunctionSpec::simulated(HandlerModel::default()),
            last_modified: at,
            revision_id: Uuid::from_random(0),
        };
        let id = Uuid::from_random(0xAB);
        let name = log_stream_name(at, &function, id);
        assert_eq!(name, "2025/11/24/[$LATEST]000000000000400080000000000000ab");
        function.version = Version::Published(7);
        function.spec.logging.group = Some("shared".to_owned());
        let name = log_stream_name(at, &function, id);
        assert_eq!(name, "2025/11/24/f[7][00000000-0000-4000-8000-0000000000ab]");
        assert_eq!(log_group_of(&function), "shared");
    }
}
