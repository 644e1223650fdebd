//! Scenario files: an experiment written down, with what is expected of it.
//!
//! `file` is how it is written (TOML), with what belongs to a function and to a
//! stage in files of their own; [`Scenario`] is what it means, [`play`] does it.

mod account;
mod file;
mod function;
mod play;
mod source;
mod stage;
mod time;
mod together;

pub use account::AccountSettings;
pub(crate) use play::set;
pub use play::{Audience, command, play, warn_of_account};

use crate::account::{FunctionSpec, MappingSpec, QueueSpec};
use crate::cli::{CheckFlags, Reserved};
use crate::expect::Expectation;
use crate::failure::{Failure, exit};
use crate::outputs::print;
use crate::plan::Load;
use crate::report::text::{mark, plural};
use crate::target::Target;
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;

/// An experiment: what it needs, and what is done with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: String,
    pub question: Option<String>,
    /// What a class is to guess before it sees.
    pub predict: Option<String>,
    /// What it was about, when all has been seen.
    pub answer: Option<String>,
    /// Where it is meant to be played, if not where the command line says.
    pub target: Option<Target>,
    /// Leaves what it has made, and the settings as they are.
    pub keep: bool,
    /// What the account has to be like.
    pub account: AccountSettings,
    pub functions: Vec<FunctionSetup>,
    pub queues: Vec<QueueSpec>,
    pub mappings: Vec<MappingSpec>,
    pub stages: Vec<Stage>,
}

/// A function that is made, or one that is there and only set.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionSetup {
    pub name: String,
    /// None for one that is there.
    pub made: Option<FunctionSpec>,
    pub settings: Settings,
}

/// Settings of one function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    pub reserved: Option<Reserved>,
    pub provisioned: Option<u32>,
}

/// One load, and what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    pub name: String,
    /// Of its function, from this stage on.
    pub settings: Settings,
    /// Words with which the target has to refuse the settings.
    pub refused: Option<String>,
    pub load: Load,
    pub expect: Vec<Expectation>,
    /// What is about to happen, in a line.
    pub caption: Option<String>,
    /// Why it came out as it did, in a line.
    pub because: Option<String>,
}

impl Scenario {
    /// Reads a file, and refuses what cannot be played.
    pub fn read(path: &Path) -> Result<Scenario, Failure> {
        let unreadable = |error: std::io::Error| Failure::ScenarioFile {
            path: path.to_owned(),
            problem: format!("cannot read: {error}"),
        };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Scenario::parse(path, &text)
    }

    /// Reads a file's text; `path` is for errors, and for what lies beside it.
    pub fn parse(path: &Path, text: &str) -> Result<Scenario, Failure> {
        file::parse(path, text)
    }

    /// Stages that begin together, as ranges of [`Scenario::stages`].
    pub fn groups(&self) -> Vec<Range<usize>> {
        let begins: Vec<usize> =
            (0..self.stages.len()).filter(|&n| !self.stages[n].load.with_previous).collect();
        let ends = begins.iter().skip(1).copied().chain([self.stages.len()]);
        begins.iter().zip(ends).map(|(&begin, end)| begin..end).collect()
    }
}

/// `loadgen check`: one line for each file.
pub fn check(flags: &CheckFlags) -> ExitCode {
    let mut code = exit::DONE;
    for path in &flags.files {
        match Scenario::read(path) {
            Ok(scenario) => print(&format!("{} {}: {}\n", mark(true), path.display(), summary(&scenario))),
            Err(failure) => {
                code = exit::USAGE;
                print(&format!("{} {failure}\n", mark(false)));
            }
        }
    }
    ExitCode::from(code)
}

fn summary(scenario: &Scenario) -> String {
    let stages = plural(scenario.stages.len() as u64, "stage");
    let of_stage = |stage: &Stage| stage.expect.len() + usize::from(stage.refused.is_some());
    let expected: usize = scenario.stages.iter().map(of_stage).sum();
    format!("{}, {stages}, {}", scenario.name, plural(expected as u64, "expectation"))
}
