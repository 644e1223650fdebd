//! The command line: flags and help. What flags mean together is checked where
//! they become a [`Load`](crate::plan::Load).

mod grid_flags;
mod run_flags;
mod simulate_flags;
mod suite_flags;

pub use grid_flags::GridFlags;
pub use run_flags::{LoadFlags, RunFlags};
pub use simulate_flags::{ModelFlags, SettingFlags, SimulateFlags};
pub use suite_flags::{
    CheckFlags, CompareFlags, DeployFlags, DestroyFlags, LessonFlags, MergeFlags, Reserved, SweepFlags,
    SweepOn,
};

use crate::failure::{Failure, exit};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::ExitCode;

/// Send load to AWS Lambda and SQS, and say what became of every request
#[derive(Debug, Parser)]
#[command(name = "loadgen", version, arg_required_else_help = true, after_long_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done, and every expectation held
  1    done, but an expectation failed, or compared reports do not agree
  2    the command line or the environment does not allow it, or no request was served:
       each was refused (4xx) or never left
  130  interrupted; the report covers what happened until then";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send requests, or play a scenario, and report what became of them
    #[command(after_long_help = RUN_EXAMPLES)]
    Run(Box<RunFlags>),
    /// Check scenario files without sending anything
    Check(CheckFlags),
    /// Play a scenario, or one function, on virtual time: hours in seconds
    #[command(after_long_help = simulate_flags::EXAMPLES)]
    Simulate(Box<SimulateFlags>),
    /// Run the same load on several settings, and print one table
    #[command(after_long_help = suite_flags::SWEEP_EXAMPLES)]
    Sweep(Box<SweepFlags>),
    /// Say whether two reports of the same load agree
    #[command(after_long_help = suite_flags::COMPARE_EXAMPLES)]
    Compare(Box<CompareFlags>),
    /// Add up the reports of several machines that shared one load
    #[command(after_long_help = suite_flags::MERGE_EXAMPLES)]
    Merge(MergeFlags),
    /// Put the sample function, a queue and a mapping there
    #[command(after_long_help = suite_flags::DEPLOY_EXAMPLES)]
    Deploy(DeployFlags),
    /// Take away what deploy has put there
    Destroy(DestroyFlags),
    /// Watch the three experiments of Lambda concurrency against a local emulator
    #[command(after_long_help = DEMO_EXAMPLES)]
    Demo(DemoFlags),
    /// Play one of the ten lessons of Lambda concurrency, or list them
    #[command(after_long_help = suite_flags::LESSON_EXAMPLES)]
    Lesson(Box<LessonFlags>),
    /// Be the sample function of the demonstration
    #[command(name = "sandbox-fn", hide = true)]
    SandboxFn,
}

const RUN_EXAMPLES: &str = "\
Examples:
  A hundred requests at the same instant, the function's reserved concurrency being 5:
    loadgen run --function sandbox --expect ok==5 throttled==95

  Asynchronous invocations:
    loadgen run --function sandbox --mode async --requests 20 --follow --expect completed==20

  Messages to a queue, and wait until they have been processed:
    loadgen run --queue demo-queue --requests 1000 --batch 10

  Ten virtual users, each waiting for its answer before it sends again:
    loadgen run --function sandbox --requests 500 --concurrency 10

  Fifty requests a second for ten seconds, whatever the answers:
    loadgen run --function sandbox --rate 50 --duration 10s --expect 'p99<3s'

  A function URL, or a stage of API Gateway:
    loadgen run --url http://abc.lambda-url.us-east-1.localhost:4566/ --requests 100

  A scenario, and every form of its report:
    loadgen run examples/lessons/01-reserved.toml --report r.json --html r.html --junit r.xml --csv r.csv

  Against AWS, with the standard credential chain, and the report in a file:
    loadgen run --target aws --function my-function --report report.json

Expectations compare one number of the report:
  ok==5   throttled between 94 and 96   max_concurrency<=5   p99<3s   throttled.p50<50ms
  Operators: == != < <= > >= and `between A and B` (inclusive).
  Counts: requests ok ok_warm ok_cold accepted throttled throttled.REASON function_error
    server_error client_error timeout no_answer not_sent errors (the last six together)
    environments max_concurrency attempts status.CODE; with --follow: completed invocations
    out_of_order (of a FIFO queue); in a scenario: dead_lettered
  Of a simulation: throttle_probability cold_start_probability cost_usd
  Times: p50 p90 p99 p999 max mean (of all successes, or CLASS.p99 of one class; from when a
    request was due), service.p99 (from when it left), start_skew wall drain send_lag.p99
    cold_start.p50 cold_start.mean cold_start.max

A synchronous answer is cold when its body says \"cold_start\": true, or, in a body without that
key, when the REPORT line of the invocation's log has an Init Duration. Where neither says
anything, as with logs in JSON, it counts as warm.

Exit codes:
  0 done   1 an expectation failed   2 usage or environment, or no request was served
  130 interrupted";

const DEMO_EXAMPLES: &str = "\
Nothing has to run or be installed: the emulator starts inside this process on a free port of the
loopback interface, and the sample function runs as child processes. It takes about half a minute.

Examples:
  loadgen demo
  loadgen demo --keep        and go on with the aws CLI
  loadgen demo --output json";

/// The ways work reaches a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Invoke and wait for the answer (RequestResponse)
    Sync,
    /// Hand over an event and get 202 (Event)
    Async,
    /// Send messages to a queue and wait until it is empty
    Queue,
    /// Plain HTTP to a URL
    Http,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A table for people
    Text,
    /// The report as one JSON document
    Json,
}

/// Where the report goes.
#[derive(Debug, Clone, Args)]
pub struct OutputFlags {
    /// Form of the report on standard output
    #[arg(long, value_enum, default_value = "text", help_heading = "Report")]
    pub output: Output,

    /// Also write the JSON report to a file
    ///
    /// It is there whole or as it was; while a run lasts it is renewed every few seconds, so that
    /// even a killed run leaves an honest part. A device or a pipe is written to as it is.
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub report: Option<PathBuf>,

    /// Write one self-contained page with charts
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub html: Option<PathBuf>,

    /// Write every request as a line of CSV
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub csv: Option<PathBuf>,

    /// Write the expectations as JUnit XML, for CI
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub junit: Option<PathBuf>,
}

impl OutputFlags {
    /// A simulation sends nothing that a line could be written of.
    pub fn refuse_csv(&self) -> Result<(), Failure> {
        match self.csv {
            None => Ok(()),
            Some(_) => Err(Failure::flag_with_hint(
                "--csv",
                "is for requests that are sent, and a simulation sends none",
                "`loadgen simulate --facts FILE` writes everything that happens",
            )),
        }
    }
}

/// What keeps a run against AWS from becoming an accident.
#[derive(Debug, Clone, Args)]
pub struct AwsFlags {
    /// Do not ask before the first request to AWS
    #[arg(long, short = 'y', help_heading = "AWS")]
    pub yes: bool,

    /// Role of functions that are put on AWS
    #[arg(long, value_name = "ARN", help_heading = "AWS")]
    pub role: Option<String>,

    /// Refuse to send more requests to AWS than this
    #[arg(long, value_name = "N", help_heading = "AWS", default_value_t = 10_000)]
    pub max_requests: u64,

    /// Refuse to send more requests to AWS at once than this
    #[arg(long, value_name = "N", help_heading = "AWS", default_value_t = 1_000)]
    pub max_concurrency: u64,

    /// Refuse a run on AWS that may cost more than this, in USD
    #[arg(long, value_name = "USD", help_heading = "AWS", default_value_t = 1.0)]
    pub max_cost: f64,
}

#[derive(Debug, Args)]
pub struct DemoFlags {
    /// Size of the bursts of the synchronous experiment
    ///
    /// The account's concurrency is 1000, AWS's default, hence the bound.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub requests: u64,

    /// Leave the emulator running after the experiments, until Ctrl-C
    #[arg(long)]
    pub keep: bool,

    /// Form of the results on standard output
    #[arg(long, value_enum, default_value = "text")]
    pub output: Output,
}

impl Cli {
    /// Parses the command line. Help and errors are printed here; the error
    /// carries the exit code.
    pub fn from_command_line() -> Result<Cli, ExitCode> {
        let arguments: Vec<_> = std::env::args_os().collect();
        let named = arguments.get(1).and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        Cli::try_parse_from(arguments).map_err(|error| explain(&error, &named))
    }
}

/// Prints help as it is, and clap's errors in the form all our errors have: one
/// line, and a hint. `named` is what stands where a subcommand should.
fn explain(error: &clap::Error, named: &str) -> ExitCode {
    let code = match error.kind() {
        kind if HELP.contains(&kind) => exit::DONE,
        _ => exit::USAGE,
    };
    if code == exit::DONE || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // A reader that has gone away is not an error.
        let _ = error.print();
        return ExitCode::from(code);
    }
    let rendered = error.to_string();
    let mut paragraphs = rendered.split("\n\n").map(one_line);
    let problem = paragraphs.next().unwrap_or_default();
    // That something with two dashes may be a file's name is no help.
    let tips = paragraphs.filter_map(|text| text.strip_prefix("tip: ").map(str::to_owned));
    let tip = { tips }.find(|tip| !tip.contains(" as a value, use "));
    let hint = tip.unwrap_or_else(|| see_help(named));
    anstream::eprintln!("{problem}\n\nhint: {hint}");
    ExitCode::from(code)
}

fn see_help(named: &str) -> String {
    let cli = Cli::command();
    let mut shown = cli.get_subcommands().filter(|subcommand| !subcommand.is_hide_set());
    match shown.any(|subcommand| subcommand.get_name() == named) {
        true => format!("see `loadgen {named} --help`"),
        false => "see `loadgen --help`".to_owned(),
    }
}

const HELP: [ErrorKind; 2] = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];

fn one_line(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
