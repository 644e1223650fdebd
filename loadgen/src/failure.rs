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
    #[error("{flag} {}: {problem}", path.display())]
    OutFile { flag: &'static str, path: PathBuf, problem: String },
    #[error("{}: {problem}", path.display())]
    Unreadable { path: PathBuf, problem: String },
    #[error("nothing answers at {endpoint}: {problem}")]
    Unreachable { endpoint: String, problem: String },
    #[error("no request was served: {problem}")]
    NobodyServed { problem: String, flag: &'static str },
    #[error("--queue {queue}: {problem}")]
    Queue { queue: String, problem: String },
    #[error("--target aws: {problem}")]
    Aws { problem: String, hint: &'static str },
    #[error("failed to {step}: {problem}")]
    Account { step: String, problem: String },
    #[error("{}:{line}: {key}: {problem}", path.display())]
    Scenario { path: PathBuf, line: usize, key: String, problem: String },
    #[error("{}: {problem}", path.display())]
    ScenarioFile { path: PathBuf, problem: String },
    #[error("interrupted")]
    Interrupted,
    #[error("nothing was sent: the answer was not yes")]
    Declined,
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
        let interrupted = matches!(self, Failure::Interrupted);
        ExitCode::from(if interrupted { exit::INTERRUPTED } else { exit::USAGE })
    }

    fn hint(&self) -> Option<String> {
        match self {
            Failure::Flag { hint, .. } => hint.clone(),
            Failure::PayloadFile { .. } => {
                Some("give JSON directly, as in --payload '{\"a\":1}', or @FILE".into())
            }
            Failure::Unreadable { .. } => {
                Some("name a file that `loadgen run --report FILE` has written".into())
            }
            Failure::OutFile { .. } => Some("name a file in a directory that can be written to".into()),
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
            Failure::ScenarioFile { .. } => {
                Some("name a scenario (TOML), such as those in examples/lessons".into())
            }
            Failure::Scenario { .. } => {
                Some("`loadgen check FILE` looks at a file without sending anything".into())
            }
            Failure::Account { .. }
            | Failure::Interrupted
            | Failure::Declined
            | Failure::Runtime(_)
            | Failure::Demo { .. } => None,
        }
    }
}
