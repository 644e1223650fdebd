//! The command line: flags and help. What flags mean together is [`crate::plan`]'s.

use crate::duration;
use crate::expect::Expectation;
use crate::failure::exit;
use crate::payload::Payload;
use crate::target::Target;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

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
  1    done, but an expectation failed
  2    the command line or the environment does not allow it, or no request was served:
       each was refused (4xx) or never left
  130  interrupted; the report covers what happened until then";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send requests and report what became of them
    #[command(after_long_help = RUN_EXAMPLES)]
    Run(Box<RunFlags>),
    /// Watch the three experiments of Lambda concurrency against a local emulator
    #[command(after_long_help = DEMO_EXAMPLES)]
    Demo(DemoFlags),
    /// Be the sample function of the demonstration
    #[command(name = "sandbox-fn", hide = true)]
    SandboxFn,
}

const RUN_EXAMPLES: &str = "\
Examples:
  A hundred requests at the same instant, the function's reserved concurrency being 5:
    loadgen run --function sandbox --expect ok==5 throttled==95

  Asynchronous invocations:
    loadgen run --function sandbox --mode async --requests 20 --expect accepted==20

  Messages to a queue, and wait until they have been processed:
    loadgen run --mode queue --queue demo-queue --requests 1000

  Ten virtual users, each waiting for its answer before it sends again:
    loadgen run --function sandbox --requests 500 --concurrency 10

  Fifty requests a second for ten seconds, whatever the answers:
    loadgen run --function sandbox --rate 50 --duration 10s --expect 'p99<3s'

  Against AWS, with the standard credential chain, and the report in a file:
    loadgen run --target aws --function my-function --report report.json

Expectations compare one number of the report:
  ok==5   throttled between 94 and 96   max_concurrency<=5   p99<3s   throttled.p50<50ms
  Operators: == != < <= > >= and `between A and B` (inclusive).
  Counts: requests ok ok_warm ok_cold accepted throttled throttled.REASON function_error
    server_error client_error timeout no_answer not_sent errors (the last six together)
    environments max_concurrency
  Times: p50 p90 p99 max mean (of all successes, or CLASS.p99 of one class)
    start_skew wall drain cold_start.p50 cold_start.max

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

/// The three ways work reaches a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Invoke and wait for the answer (RequestResponse)
    Sync,
    /// Hand over an event and get 202 (Event)
    Async,
    /// Send messages to a queue and wait until it is empty
    Queue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A table for people
    Text,
    /// The report as one JSON document
    Json,
}

#[derive(Debug, Args)]
pub struct RunFlags {
    /// Where to send: emulator, a URL, or aws
    ///
    /// `emulator` is AWS_ENDPOINT_URL if that is set, else http://127.0.0.1:4566. A URL is that
    /// endpoint, with made-up credentials unless the environment has some. `aws` uses the standard
    /// credential chain and region.
    #[arg(long, value_name = "TARGET", default_value = "emulator")]
    pub target: Target,

    /// Function to invoke (name, ARN, or name:qualifier)
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,

    /// How the work is handed over
    #[arg(long, value_enum, default_value = "sync")]
    pub mode: Mode,

    /// How many requests [default: 100]
    ///
    /// Without --concurrency they are all released at the same instant.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub requests: Option<u64>,

    /// Virtual users that each wait for their answer before sending again
    #[arg(long, value_name = "C", conflicts_with = "rate",
          value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub concurrency: Option<u64>,

    /// Requests per second, whatever the answers (needs --duration)
    ///
    /// Latency counts from the time a request was due. What could not be sent within a second of
    /// it, or because too many requests were open, counts as not sent.
    #[arg(long, value_name = "R", conflicts_with = "requests", requires = "duration", value_parser = rate)]
    pub rate: Option<f64>,

    /// How long to send at --rate, for example 10s
    #[arg(long, value_name = "TIME", requires = "rate", value_parser = duration::parse)]
    pub duration: Option<Duration>,

    /// JSON to send, or @FILE [default: {}]
    #[arg(long, value_name = "JSON|@FILE", value_parser = |text: &str| Ok::<_, String>(Payload::from(text)))]
    pub payload: Option<Payload>,

    /// Queue to send to in --mode queue
    #[arg(long, value_name = "NAME|URL")]
    pub queue: Option<String>,

    /// How long to wait for one answer
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    pub timeout: Duration,

    /// How long to wait for the queue to become empty [default: 5m]
    ///
    /// A queue that is not empty by then fails the run (exit code 1).
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub drain_timeout: Option<Duration>,

    /// Form of the report on standard output
    #[arg(long, value_enum, default_value = "text")]
    pub output: Output,

    /// Also write the JSON report to a file, all or nothing
    ///
    /// A device or a pipe is written to as it is.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// What must hold, for example ok==5 or 'p99<3s' (repeatable)
    #[arg(long, value_name = "EXPR", num_args = 1..)]
    pub expect: Vec<Expectation>,
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

fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    match number.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e6 => Ok(rate),
        Ok(_) => Err("must be above 0 and at most 1000000 per second".to_owned()),
        Err(_) => Err("expected a number of requests per second".to_owned()),
    }
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
    let tip = paragraphs.find_map(|text| text.strip_prefix("tip: ").map(str::to_owned));
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

    #[test]
    fn rates_parse() {
        let check = |text: &str, expected: Option<f64>| assert_eq!(rate(text).ok(), expected, "{text}");
        check("50", Some(50.0));
        check("0.5/s", Some(0.5));
        check("0", None);
        check("-1", None);
        check("NaN", None);
        check("inf", None);
        check("fast", None);
    }
}
