//! `loadgen simulate`: its flags, and the scenario that they stand for.

use super::suite_flags::Reserved;
use super::{Mode, OutputFlags};
use crate::account::{Code, FunctionSpec, MappingSpec, QueueSpec, dead_letter_name};
use crate::arrivals::{Arrivals, End, Shape};
use crate::dead_letters::DeadLetters;
use crate::distribution::Distribution;
use crate::duration;
use crate::expect::Expectation;
use crate::failure::Failure;
use crate::plan::Load;
use crate::report::{Retries, Subject};
use crate::scenario::{AccountSettings, FunctionSetup, Scenario, Settings, Stage};
use crate::simulate::Options;
use clap::Args;
use emulator::engine::{Quotas, Rate};
use std::path::PathBuf;
use std::time::Duration;

pub(super) const EXAMPLES: &str = "\
Times are written as 200ms, exponential:MEAN, lognormal:MEAN,SIGMA (SIGMA of the logarithm), csv:FILE
with milliseconds in its first column or the one headed duration_ms, or, for --init, a runtime whose
Init was measured on AWS, such as python3.12, java21 or nodejs22.x/arm64.

Examples:
  A scenario, in a moment instead of minutes:
    loadgen simulate examples/scenarios/reserved.toml

  One function: how many requests meet a cold start, how many are refused?
    loadgen simulate --arrivals poisson:0.9/s --duration exponential:1.991s --cold exponential:2.244s \\
      --idle-timeout 600s --reserved 5 --requests 100000 --seed 1

  A day of a Java function whose load swings, and what it costs:
    loadgen simulate --arrivals sine:1/s..50/s@24h --for 24h --duration lognormal:300ms,0.6 \\
      --init java21 --memory 512

  A queue before it, and two at once:
    loadgen simulate --mode queue --arrivals poisson:50/s --for 10m --duration 300ms --reserved 10 \\
      --maximum-concurrency 2 --dead-letter-after 3

The same seed gives the same report and the same --facts, byte for byte, on every machine. What is
printed says beside how fast it was; files do not.";

/// Names of what the flags describe.
const FUNCTION: &str = "function";
const QUEUE: &str = "queue";

/// Without --timeout a function has as long as Lambda allows.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(900);

/// Without --environment-lifetime environments end for being idle only. A
/// century, for time has to end somewhere.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

#[derive(Debug, Clone, Args)]
pub struct SimulateFlags {
    /// Scenario file to play, instead of the flags that describe one function
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<PathBuf>,

    #[command(flatten)]
    pub model: ModelFlags,

    #[command(flatten)]
    pub settings: SettingFlags,

    /// All that is left to chance follows from it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Leave so much virtual time out of probabilities, averages and costs
    ///
    /// An account that is empty at first is not yet as it will be.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub warm_up: Option<Duration>,

    /// What must hold, for example ok==5 or 'throttle_probability<0.01' (repeatable)
    #[arg(long, value_name = "EXPR", num_args = 1..)]
    pub expect: Vec<Expectation>,

    #[command(flatten)]
    pub output: OutputFlags,

    /// Write everything that happens as lines of JSON (see emulator/FACTS.md)
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub facts: Option<PathBuf>,
}

/// The load of one function, and how it behaves.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "One function")]
pub struct ModelFlags {
    /// How the work comes [default: sync]
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,

    /// How requests are spread over time, as for `loadgen run` [default: burst]
    #[arg(long, value_name = "SHAPE")]
    pub arrivals: Option<Shape>,

    /// How many requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=crate::arrivals::MOST_REQUESTS))]
    pub requests: Option<u64>,

    /// How long requests come, for example 24h
    #[arg(long = "for", value_name = "TIME", value_parser = duration::parse, conflicts_with = "requests")]
    pub length: Option<Duration>,

    /// How long an invocation takes [default: 100ms]
    #[arg(long, value_name = "TIMES")]
    pub duration: Option<Distribution>,

    /// How long Init takes, before the duration [default: 0s]
    #[arg(long, value_name = "TIMES", conflicts_with = "cold")]
    pub init: Option<Distribution>,

    /// How long a request takes as a whole that starts cold, instead of Init and duration
    #[arg(long, value_name = "TIMES")]
    pub cold: Option<Distribution>,

    /// The share of invocations that fail
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub failure_rate: Option<f64>,

    /// The share of invocations whose process ends
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub crash_rate: Option<f64>,

    /// The function's timeout [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub timeout: Option<Duration>,

    /// The share of the duration that is computing: below 1,769 MB, where a function has less than
    /// one core, it takes longer by as much as it has less. AWS does not document more
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub cpu_share: Option<f64>,

    /// How long an environment is kept that nobody uses, or from how long to how long [default: 5m-7m]
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub idle_timeout: Option<(Duration, Duration)>,

    /// How long an environment lives, used or not, or from how long to how long [default: for ever]
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub environment_lifetime: Option<(Duration, Duration)>,

    /// Concurrency of the account [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub account_concurrency: Option<u32>,

    /// New environments in a time, such as 1000/10s
    #[arg(long, value_name = "N/TIME", value_parser = duration::rate)]
    pub scaling_rate: Option<Rate>,

    /// Requests a second for each unit of concurrency [default: 10]
    #[arg(long, value_name = "N")]
    pub requests_per_concurrency: Option<u32>,

    /// Try again as an SDK does by default: three attempts with back-off
    #[arg(long)]
    pub like_sdk: bool,

    /// Receives after which a message goes to the dead-letter queue
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub dead_letter_after: Option<u32>,

    /// How long a message that was received stays invisible [default: six times the timeout]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub visibility_timeout: Option<Duration>,

    /// How long a poller gathers messages for a batch
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub window: Option<Duration>,

    /// How long to wait until a queue is empty [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub drain_timeout: Option<Duration>,
}

/// What a person can set to pay less, or to wait less.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingFlags {
    /// Reserved concurrency: a number, or unreserved
    #[arg(long, value_name = "N")]
    pub reserved: Option<Reserved>,

    /// Provisioned concurrency
    #[arg(long, value_name = "N")]
    pub provisioned: Option<u32>,

    /// The function's memory in MB [default: 128]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: Option<u32>,

    /// Messages in one batch, with --mode queue [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch_size: Option<u32>,

    /// Batches at once (MaximumConcurrency), with --mode queue
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub maximum_concurrency: Option<u32>,
}

impl SimulateFlags {
    /// What to play, and how.
    pub fn resolve(&self) -> Result<(Scenario, Options), Failure> {
        self.output.refuse_csv()?;
        let warm_up = self.warm_up.unwrap_or_default();
        let options = |of: Options| Options { seed: self.seed, facts: self.facts.clone(), warm_up, ..of };
        match &self.scenario {
            Some(file) => {
                if let Some(flag) = self.model.given().or(self.settings.given()) {
                    return Err(Failure::flag(flag, "has no meaning with a scenario, which says it itself"));
                }
                if !self.expect.is_empty() {
                    return Err(Failure::flag(
                        "--expect",
                        "has no meaning with a scenario, whose stages say what they expect",
                    ));
                }
                let scenario = Scenario::read(file)?;
                let of_account = Options::of(&scenario);
                Ok((scenario, options(of_account)))
            }
            None => {
                let mut scenario = self.model.scenario(&self.settings, self.seed)?;
                scenario.stages[0].expect = self.expect.clone();
                Ok((scenario, options(Options { quotas: self.model.quotas(), ..Options::default() })))
            }
        }
    }
}

impl ModelFlags {
    /// The account's limits.
    pub fn quotas(&self) -> Quotas {
        let usual = Quotas::default();
        Quotas {
            account_concurrency: self.account_concurrency.unwrap_or(usual.account_concurrency),
            unreserved_minimum: usual
                .unreserved_minimum
                .min(self.account_concurrency.unwrap_or(u32::MAX) / 10),
            requests_per_concurrency: self.requests_per_concurrency.unwrap_or(usual.requests_per_concurrency),
            scaling_rate: self.scaling_rate.unwrap_or(usual.scaling_rate),
            idle_lifetime: self.idle_timeout.unwrap_or(usual.idle_lifetime),
            environment_lifetime: self.environment_lifetime.unwrap_or((NEVER, NEVER)),
            ..usual
        }
    }

    /// A scenario of one function and one stage.
    pub fn scenario(&self, settings: &SettingFlags, seed: u64) -> Result<Scenario, Failure> {
        let mode = self.mode.unwrap_or(Mode::Sync);
        self.check(mode, settings)?;
        let mut load = Load::new(match mode {
            Mode::Queue => Subject::Queue(QUEUE.to_owned()),
            Mode::Sync | Mode::Async | Mode::Http => Subject::Function(FUNCTION.to_owned()),
        });
        load.mode = mode;
        load.arrivals = self.arrivals(seed)?;
        // Nobody hangs up, and a day of virtual time costs a moment.
        load.timeout = Duration::from_secs(86_400);
        load.drain_timeout = self.drain_timeout.unwrap_or(Duration::from_secs(86_400));
        load.dead_letters = self
            .dead_letter_after
            .map(|_| DeadLetters { queue: dead_letter_name(QUEUE), awaited: Vec::new() });
        load.retries = if self.like_sdk { Retries::LikeSdk } else { Retries::Off };
        let timeout = self.timeout.unwrap_or(LONGEST_TIMEOUT);
        let own = Settings { reserved: settings.reserved, provisioned: settings.provisioned };
        let spec = self.function(settings, timeout);
        let queue = QueueSpec {
            name: QUEUE.to_owned(),
            visibility_timeout: Some(self.visibility_timeout.unwrap_or((6 * timeout).min(TWELVE_HOURS))),
            delay: None,
            dead_letter_after: self.dead_letter_after,
        };
        let mapping = MappingSpec {
            queue: QUEUE.to_owned(),
            function: FUNCTION.to_owned(),
            batch_size: settings.batch_size.unwrap_or(10),
            window: self.window,
            maximum_concurrency: settings.maximum_concurrency,
        };
        let queued = mode == Mode::Queue;
        Ok(Scenario {
            name: "simulation".to_owned(),
            question: None,
            predict: None,
            answer: None,
            target: None,
            keep: false,
            account: AccountSettings::default(),
            functions: vec![FunctionSetup { name: FUNCTION.to_owned(), made: Some(spec), settings: own }],
            queues: queued.then_some(queue).into_iter().collect(),
            mappings: queued.then_some(mapping).into_iter().collect(),
            stages: vec![Stage {
                name: "simulation".to_owned(),
                settings: Settings::default(),
                refused: None,
                load,
                expect: Vec::new(),
                caption: None,
                because: None,
            }],
        })
    }

    fn check(&self, mode: Mode, settings: &SettingFlags) -> Result<(), Failure> {
        let needs_queue = [
            ("--batch-size", settings.batch_size.is_some()),
            ("--maximum-concurrency", settings.maximum_concurrency.is_some()),
            ("--dead-letter-after", self.dead_letter_after.is_some()),
            ("--visibility-timeout", self.visibility_timeout.is_some()),
            ("--window", self.window.is_some()),
            ("--drain-timeout", self.drain_timeout.is_some()),
        ];
        if let Some((flag, _)) = needs_queue.into_iter().find(|(_, given)| *given && mode != Mode::Queue) {
            return Err(Failure::flag(flag, "needs --mode queue"));
        }
        if mode == Mode::Http {
            return Err(Failure::flag("--mode", "is sync, async or queue: a simulation has no network"));
        }
        Ok(())
    }

    fn arrivals(&self, seed: u64) -> Result<Arrivals, Failure> {
        let until = match (self.requests, self.length) {
            (Some(requests), _) => Some(End::Requests(requests)),
            (None, length) => length.map(|length| End::DurationS(length.as_secs_f64())),
        };
        let shape = self.arrivals.clone().unwrap_or(Shape::Burst);
        Arrivals::new(shape, until, seed).map_err(|problem| {
            Failure::flag_with_hint(
                "--arrivals",
                problem,
                "say how many with --requests, or how long with --for",
            )
        })
    }

    fn function(&self, settings: &SettingFlags, timeout: Duration) -> FunctionSpec {
        let memory_mb = settings.memory.unwrap_or(128);
        let slower = slower(self.cpu_share.unwrap_or_default(), memory_mb);
        let usual = Distribution::Constant(Duration::from_millis(100));
        let none = Distribution::Constant(Duration::ZERO);
        let times = [
            Some(("DURATION", self.duration.as_ref().unwrap_or(&usual).scaled(slower))),
            Some(("INIT", self.init.clone().unwrap_or(none))),
            self.cold.as_ref().map(|cold| ("COLD", cold.scaled(slower))),
        ];
        let times = times.into_iter().flatten().flat_map(|(what, times)| times.variables(what));
        let shares = [("EMULATOR_FAILURE_RATE", self.failure_rate), ("EMULATOR_CRASH_RATE", self.crash_rate)];
        let shares =
            shares.into_iter().filter_map(|(name, share)| Some((name.to_owned(), share?.to_string())));
        FunctionSpec {
            name: FUNCTION.to_owned(),
            code: Code::BuiltIn,
            memory_mb,
            timeout,
            environment: times.chain(shares).collect(),
            dead_letter_queue: None,
            retries: None,
        }
    }

    /// A flag that says something of the function, if one is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--mode", self.mode.is_some()),
            ("--arrivals", self.arrivals.is_some()),
            ("--requests", self.requests.is_some()),
            ("--for", self.length.is_some()),
            ("--duration", self.duration.is_some()),
            ("--init", self.init.is_some()),
            ("--cold", self.cold.is_some()),
            ("--failure-rate", self.failure_rate.is_some()),
            ("--crash-rate", self.crash_rate.is_some()),
            ("--timeout", self.timeout.is_some()),
            ("--cpu-share", self.cpu_share.is_some()),
            ("--idle-timeout", self.idle_timeout.is_some()),
            ("--environment-lifetime", self.environment_lifetime.is_some()),
            ("--account-concurrency", self.account_concurrency.is_some()),
            ("--scaling-rate", self.scaling_rate.is_some()),
            ("--requests-per-concurrency", self.requests_per_concurrency.is_some()),
            ("--like-sdk", self.like_sdk),
            ("--dead-letter-after", self.dead_letter_after.is_some()),
            ("--visibility-timeout", self.visibility_timeout.is_some()),
            ("--window", self.window.is_some()),
            ("--drain-timeout", self.drain_timeout.is_some()),
        ];
        given.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }
}

impl SettingFlags {
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--reserved", self.reserved.is_some()),
            ("--provisioned", self.provisioned.is_some()),
            ("--memory", self.memory.is_some()),
            ("--batch-size", self.batch_size.is_some()),
            ("--maximum-concurrency", self.maximum_concurrency.is_some()),
        ];
        given.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }
}

/// SQS's longest visibility timeout.
const TWELVE_HOURS: Duration = Duration::from_secs(12 * 3_600);

/// At this much memory a function has one whole core.
const ONE_CORE_MB: f64 = 1_769.0;

/// How many times as long an invocation takes at so much memory.
fn slower(cpu_share: f64, memory_mb: u32) -> f64 {
    let cores = (f64::from(memory_mb) / ONE_CORE_MB).min(1.0);
    1.0 - cpu_share + cpu_share / cores
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a share from 0 to 1".to_owned())
}

/// One time, or a shortest and a longest one.
fn span(text: &str) -> Result<(Duration, Duration), String> {
    duration::range(text, duration::parse)
}
