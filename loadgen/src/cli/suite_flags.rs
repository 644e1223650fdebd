//! The commands around a run: several runs, their reports, and what they need.

use super::{AwsFlags, GridFlags, LoadFlags, OutputFlags};
use crate::target::Target;
use clap::{Args, Subcommand};
use serde::{Deserialize, Deserializer};
use std::path::PathBuf;
use std::str::FromStr;

pub(super) const SWEEP_EXAMPLES: &str = "\
Without --function the sample function is put there for the time of the sweep. Settings of a
function of yours are put back at the end, also after Ctrl-C.

Examples:
  The four scenarios of Lambda's reserved concurrency, a hundred at once each:
    loadgen sweep --reserved 5,10,50,unreserved

  Cold starts with and without provisioned concurrency (the emulator takes as long as AWS to
  provide it; `emulator --provisioned-preparation 0s` does not):
    loadgen sweep --provisioned 0,5,20 --requests 20 --payload '{\"sleep_ms\": 500}'

  A grid of settings on virtual time, before AWS is paid for the experiment:
    loadgen sweep simulation --reserved 5,10,20 --memory 256,1024 --arrivals poisson:50/s --for 1h";

pub(super) const COMPARE_EXAMPLES: &str = "\
Examples:
  Two reports that were written before:
    loadgen run --function sandbox --report here.json
    loadgen run --function sandbox --target aws --report there.json
    loadgen compare here.json there.json --html verdict.html

  A scenario on two targets, one after the other:
    loadgen compare emulator aws --scenario examples/lessons/01-reserved.toml

Exit codes: 0 what became of requests agrees   1 it does not   2 usage or environment
Times are compared and told, and do not change the exit code: networks differ.";

pub(super) const MERGE_EXAMPLES: &str = "\
Example, two machines that send one load together:
  loadgen run --function sandbox --rate 100 --duration 60s --share 0/2 --report a.json   # on the one
  loadgen run --function sandbox --rate 100 --duration 60s --share 1/2 --report b.json   # on the other
  loadgen merge a.json b.json --html both.html";

pub(super) const DEPLOY_EXAMPLES: &str = "\
Three things, all named NAME and tagged `loadgen`: the sample function, a queue NAME with a
dead-letter queue NAME-dead, and the mapping between queue and function. What is there already and
is as it should be stays as it is; what is there and is not loadgen's is left alone, with an error.

Examples:
  loadgen deploy --reserved 5
  loadgen deploy --target aws --role arn:aws:iam::123456789012:role/lambda-role
  loadgen destroy --target aws

On AWS the function needs a role that lets it write logs and read the queue, such as one with the
managed policy AWSLambdaSQSQueueExecutionRole.";

pub(super) const LESSON_EXAMPLES: &str = "\
Nothing has to run or be installed: the emulator starts inside this process. Lesson 10 is played on
AWS too, which needs credentials, and a role for the function. Each lesson is a scenario file; those
and a page about each are in examples/lessons/.

Examples:
  The ten questions:
    loadgen lesson

  The first, at a classroom's pace, and with a page of charts to look at afterwards:
    loadgen lesson 1 --html reserved.html

  Without waiting for anybody:
    loadgen lesson 3 --fast

  Here and on AWS, and whether the two agree:
    loadgen lesson 10 --role arn:aws:iam::123456789012:role/lambda-role

Exit codes:
  0 as expected   1 not as expected   2 usage or environment   130 interrupted";

#[derive(Debug, Args)]
pub struct LessonFlags {
    /// Which one; without it, all are listed
    #[arg(value_name = "N", value_parser = clap::value_parser!(u8).range(1..=10))]
    pub number: Option<u8>,

    /// Play it as fast as can be, without captions
    #[arg(long)]
    pub fast: bool,

    /// List the lessons and their questions
    #[arg(long)]
    pub list: bool,

    #[command(flatten)]
    pub output: OutputFlags,

    #[command(flatten)]
    pub aws: AwsFlags,
}

#[derive(Debug, Args)]
pub struct CheckFlags {
    /// Scenario files (TOML)
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// One value of `--reserved`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    Unreserved,
    At(u32),
}

impl FromStr for Reserved {
    type Err = String;

    fn from_str(text: &str) -> Result<Reserved, String> {
        match text {
            "unreserved" => Ok(Reserved::Unreserved),
            number => number
                .parse()
                .map(Reserved::At)
                .map_err(|_| format!("'{number}' is neither a number nor 'unreserved'")),
        }
    }
}

impl<'de> Deserialize<'de> for Reserved {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reserved, D::Error> {
        /// A number, or a word.
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a number or \"unreserved\"")]
        enum Written {
            Number(u32),
            Word(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(n) => Ok(Reserved::At(n)),
            Written::Word(word) => word.parse().map_err(serde::de::Error::custom),
        }
    }
}

impl std::fmt::Display for Reserved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reserved::Unreserved => write!(f, "unreserved"),
            Reserved::At(n) => write!(f, "reserved {n}"),
        }
    }
}

/// What a sweep may be made on instead of a target.
#[derive(Debug, Subcommand)]
pub enum SweepOn {
    /// On virtual time, a grid over many settings, on all cores
    #[command(after_long_help = super::grid_flags::EXAMPLES)]
    Simulation(Box<GridFlags>),
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("settings").required(true).args(["reserved", "provisioned"]),
          args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SweepFlags {
    #[command(subcommand)]
    pub on: Option<SweepOn>,

    /// Reserved concurrency of each run, such as 5,10,50,unreserved
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub reserved: Vec<Reserved>,

    /// Provisioned concurrency of each run, such as 0,5,20
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub provisioned: Vec<u32>,

    /// Where to send: emulator, a URL, or aws
    #[arg(long, value_name = "TARGET", default_value = "emulator")]
    pub target: Target,

    #[command(flatten)]
    pub load: LoadFlags,

    #[command(flatten)]
    pub output: OutputFlags,

    #[command(flatten)]
    pub aws: AwsFlags,
}

#[derive(Debug, Args)]
pub struct CompareFlags {
    /// A report, or with --scenario a target
    #[arg(value_name = "A")]
    pub a: String,

    /// The other
    #[arg(value_name = "B")]
    pub b: String,

    /// Play this scenario on A and on B first
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,

    /// Form of the verdict on standard output
    #[arg(long, value_enum, default_value = "text")]
    pub output: super::Output,

    /// Write the comparison as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Write the comparison as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    #[command(flatten)]
    pub aws: AwsFlags,
}

#[derive(Debug, Args)]
pub struct MergeFlags {
    /// JSON reports of the parts
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,

    /// Form of the whole on standard output
    #[arg(long, value_enum, default_value = "text")]
    pub output: super::Output,

    /// Write the whole as a JSON report
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Write the whole as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// What must hold of the whole (repeatable)
    #[arg(long, value_name = "EXPR", num_args = 1..)]
    pub expect: Vec<crate::expect::Expectation>,
}

#[derive(Debug, Args)]
pub struct DeployFlags {
    /// Where to: emulator, a URL, or aws
    #[arg(long, value_name = "TARGET", default_value = "emulator")]
    pub target: Target,

    /// Name of the function, and of the queue
    #[arg(long, value_name = "NAME", default_value = "sandbox")]
    pub name: String,

    /// Role of the function; needed on AWS
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,

    /// Reserved concurrency of the function
    #[arg(long, value_name = "N")]
    pub reserved: Option<u32>,

    /// Memory of the function in MB
    #[arg(long, value_name = "MB", default_value_t = 128, value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: u32,

    /// Zip file to deploy instead of the sample function (handler `bootstrap`, provided.al2023)
    #[arg(long, value_name = "FILE")]
    pub package: Option<PathBuf>,

    /// Do not ask before changing anything on AWS
    #[arg(long, short = 'y')]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct DestroyFlags {
    /// Where: emulator, a URL, or aws
    #[arg(long, value_name = "TARGET", default_value = "emulator")]
    pub target: Target,

    /// Name that it was deployed by
    #[arg(long, value_name = "NAME", default_value = "sandbox")]
    pub name: String,

    /// Do not ask before deleting anything on AWS
    #[arg(long, short = 'y')]
    pub yes: bool,
}
