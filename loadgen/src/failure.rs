//! Why a command could not do its work: usage or environment, exit code 2.
//!
//! A failed expectation is not a failure: the run took place and its report
//! says what happened. A run that served nobody is both: a report, and a failure.

use std::path::PathBuf;
use std::process::ExitCode;

/// The exit codes, as `--help` states them.
pub mod exit {
    /// Done, and every expectation held.
    pub const DONE: u8 = 0;
    /// Done, but an expectation failed.
    pub const UNEXPECTED: u8 = 1;
    /// The command line or the environment does not allow it.
    pub const USAGE: u8 = 2;
    /// Ctrl-C: what shells report for a process that SIGINT ended (128 + 2).
    pub const INTERRUPTED: u8 = 130;
}

/// A reason to stop before or instead of a result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{flag} {problem}")]
    Flag { flag: &'static str, problem: String, hint: Option<String> },
    #[error("--payload @{}: {problem}", path.display())]
    PayloadFile { path: PathBuf, problem: String },
    #[error("--report {}: {problem}", path.display())]
    ReportFile { path: PathBuf, problem: String },
    #[error("nothing answers at {endpoint}: {problem}")]
    Unreachable { endpoint: String, problem: String },
    #[error("no request was served: {problem}")]
    NobodyServed { problem: String, flag: &'static str },
    #[error("--queue {queue}: {problem}")]
    Queue { queue: String, problem: String },
    #[error("--target aws: {problem}")]
    Aws { problem: &'static str, hint: &'static str },
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
    #[error("the demo failed to {step}: {problem}")]
    Demo { step: String, problem: String },
}

impl Failure {
    /// A flag's value that cannot be worked with.
    pub fn flag(flag: &'static str, problem: impl Into<String>) -> Failure {
        Failure::Flag { flag, problem: problem.into(), hint: None }
    }

    /// The same with a remedy.
    pub fn flag_with_hint(
        flag: &'static str,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Failure {
        Failure::Flag { flag, problem: problem.into(), hint: Some(hint.into()) }
    }

    /// A step of the demonstration that went wrong.
    pub fn demo(step: impl Into<String>, problem: &(impl ToString + ?Sized)) -> Failure {
        Failure::Demo { step: step.into(), problem: problem.to_string() }
    }

    /// Writes `error: …`, and below a blank line `hint: …` where there is a remedy.
    pub fn print(&self) -> ExitCode {
        use std::io::Write;
        let mut text = format!("error: {self}\n");
        if let Some(hint) = self.hint() {
            text.push_str(&format!("\nhint: {hint}\n"));
        }
        // Standard error may be gone; the exit code still tells.
        let _ = anstream::stderr().write_all(text.as_bytes());
        ExitCode::from(exit::USAGE)
    }

    fn hint(&self) -> Option<String> {
        match self {
            Failure::Flag { hint, .. } => hint.clone(),
            Failure::PayloadFile { .. } => {
                Some("give JSON directly, as in --payload '{\"a\":1}', or @FILE".into())
            }
            Failure::ReportFile { .. } => Some("name a file in a directory that can be written to".into()),
            Failure::Unreachable { .. } => Some(
                "start the emulator with `cargo run --release -p emulator`, or name another endpoint \
                 with --target URL or AWS_ENDPOINT_URL"
                    .into(),
            ),
            Failure::NobodyServed { flag, .. } => Some(format!("check {flag} and --target")),
            Failure::Queue { .. } => {
                Some("create it first, for example `aws sqs create-queue --queue-name NAME`".into())
            }
            Failure::Aws { hint, .. } => Some((*hint).into()),
            Failure::Runtime(_) | Failure::Demo { .. } => None,
        }
    }
}
