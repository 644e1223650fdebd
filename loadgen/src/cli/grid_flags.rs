//! `loadgen sweep simulation`: its flags, and the cases that they span.

use super::OutputFlags;
use super::simulate_flags::{ModelFlags, SettingFlags};
use super::suite_flags::Reserved;
use crate::arrivals::{Arrivals, Shape, shape};
use crate::duration;
use crate::failure::Failure;
use crate::scenario::Scenario;
use crate::simulate::Options;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const EXAMPLES: &str = "\
Every combination of the lists is a case, with the same seed: the same requests meet other settings.
A scenario's first function, first mapping and first stage are what the lists set.

Examples:
  How much to reserve, and with how much memory, for work half of which is computing?
    loadgen sweep simulation --reserved 5,10,20 --memory 256,512,1024 --cpu-share 0.5 \\
      --arrivals poisson:50/s --for 1h --duration exponential:200ms --init python3.12 --html grid.html

  How many messages in a batch, and how many batches at once?
    loadgen sweep simulation --mode queue --batch-size 1,10 --maximum-concurrency 2,5,20 \\
      --arrivals poisson:20/s --for 1h --duration 300ms

  At which rate does it become too much?
    loadgen sweep simulation --rate 10,50,100,200 --for 10m --reserved 20 --duration exponential:200ms";

/// More are a slip of the keyboard.
const MOST_CASES: usize = 10_000;

#[derive(Debug, Clone, Args)]
pub struct GridFlags {
    /// Scenario file to play, instead of the flags that describe one function
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<PathBuf>,

    #[command(flatten)]
    pub model: ModelFlags,

    /// Reserved concurrency, such as 5,10,unreserved
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Settings")]
    pub reserved: Vec<Reserved>,

    /// Provisioned concurrency, such as 0,5,20
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Settings")]
    pub provisioned: Vec<u32>,

    /// The function's memory in MB, such as 128,512,1769
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Settings",
          value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: Vec<u32>,

    /// Messages in one batch, with --mode queue
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Settings",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch_size: Vec<u32>,

    /// Batches at once (MaximumConcurrency), with --mode queue
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Settings",
          value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub maximum_concurrency: Vec<u32>,

    /// Requests per second, which come at random, such as 10,50,100
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Settings",
          conflicts_with = "arrivals", value_parser = shape::rate)]
    pub rate: Vec<f64>,

    /// All that is left to chance follows from it, in every case
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Leave so much virtual time out of probabilities, averages and costs
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub warm_up: Option<Duration>,

    /// Simulations at the same time [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub jobs: Option<u16>,

    #[command(flatten)]
    pub output: OutputFlags,
}

/// One combination of settings.
#[derive(Debug, Clone, Default)]
struct Case {
    settings: SettingFlags,
    rate: Option<f64>,
}

impl Case {
    /// What it is called: all that differs from case to case.
    fn name(&self) -> String {
        let SettingFlags { reserved, provisioned, memory, batch_size, maximum_concurrency } = &self.settings;
        let parts = [
            self.rate.map(|rate| format!("{rate}/s")),
            reserved.map(|reserved| reserved.to_string()),
            provisioned.map(|n| format!("provisioned {n}")),
            memory.map(|mb| format!("{mb} MB")),
            batch_size.map(|n| format!("batch {n}")),
            maximum_concurrency.map(|n| format!("at most {n}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl GridFlags {
    /// What is played in each case, and how.
    pub fn plans(&self) -> Result<Vec<(Scenario, Options)>, Failure> {
        let cases = self.cases()?;
        let written = self.scenario.as_deref().map(Scenario::read).transpose()?;
        if let (Some(_), Some(flag)) = (&written, self.model.given()) {
            return Err(Failure::flag(flag, "has no meaning with a scenario, which says it itself"));
        }
        cases.iter().map(|case| self.plan(written.as_ref(), case)).collect()
    }

    /// Every combination.
    fn cases(&self) -> Result<Vec<Case>, Failure> {
        let lists = [
            self.rate.len(),
            self.reserved.len(),
            self.provisioned.len(),
            self.memory.len(),
            self.batch_size.len(),
            self.maximum_concurrency.len(),
        ];
        let spanned = lists.iter().fold(1_usize, |cases, list| cases.saturating_mul((*list).max(1)));
        if spanned > MOST_CASES {
            return Err(Failure::flag(
                "--reserved",
                format!("and the other lists span {spanned} cases, more than {MOST_CASES}"),
            ));
        }
        let mut cases = vec![Case::default()];
        cases = spread(cases, &self.rate, |case, rate| case.rate = Some(rate));
        cases = spread(cases, &self.reserved, |case, n| case.settings.reserved = Some(n));
        cases = spread(cases, &self.provisioned, |case, n| case.settings.provisioned = Some(n));
        cases = spread(cases, &self.memory, |case, mb| case.settings.memory = Some(mb));
        cases = spread(cases, &self.batch_size, |case, n| case.settings.batch_size = Some(n));
        cases =
            spread(cases, &self.maximum_concurrency, |case, n| case.settings.maximum_concurrency = Some(n));
        match spanned {
            1 => Err(Failure::flag_with_hint(
                "--reserved",
                "or another setting needs a list, for a sweep is over several cases",
                "give --reserved, --provisioned, --memory, --batch-size, --maximum-concurrency or --rate a list",
            )),
            _ => Ok(cases),
        }
    }

    fn plan(&self, written: Option<&Scenario>, case: &Case) -> Result<(Scenario, Options), Failure> {
        let (mut scenario, mut options) = match written {
            None => {
                let mut model = self.model.clone();
                model.arrivals = case.rate.map(|per_second| Shape::Poisson { per_second }).or(model.arrivals);
                let scenario = model.scenario(&case.settings, self.seed)?;
                (scenario, Options { quotas: model.quotas(), ..Options::default() })
            }
            Some(written) => {
                let mut scenario = written.clone();
                overlay(&mut scenario, case)?;
                let options = Options::of(&scenario);
                (scenario, options)
            }
        };
        options.seed = self.seed;
        options.warm_up = self.warm_up.unwrap_or_default();
        let several = scenario.stages.len() > 1;
        for stage in &mut scenario.stages {
            stage.load.name =
                Some(if several { format!("{}: {}", case.name(), stage.name) } else { case.name() });
        }
        Ok((scenario, options))
    }
}

/// Each case once for every value; without values they stay as they are.
fn spread<T: Copy>(cases: Vec<Case>, values: &[T], set: impl Fn(&mut Case, T)) -> Vec<Case> {
    if values.is_empty() {
        return cases;
    }
    let with = |case: &Case, value: T| {
        let mut case = case.clone();
        set(&mut case, value);
        case
    };
    cases.iter().flat_map(|case| values.iter().map(|&value| with(case, value)).collect::<Vec<_>>()).collect()
}

/// Sets a case's settings on what a scenario has first.
fn overlay(scenario: &mut Scenario, case: &Case) -> Result<(), Failure> {
    let SettingFlags { reserved, provisioned, memory, batch_size, maximum_concurrency } = case.settings;
    let nothing =
        |flag: &'static str, what: &str| Failure::flag(flag, format!("needs a scenario with a {what}"));
    let function = scenario.functions.first_mut();
    if let Some(function) = function {
        function.settings.reserved = reserved.or(function.settings.reserved);
        function.settings.provisioned = provisioned.or(function.settings.provisioned);
        if let Some(made) = &mut function.made {
            made.memory_mb = memory.unwrap_or(made.memory_mb);
        }
    } else if reserved.is_some() || provisioned.is_some() || memory.is_some() {
        return Err(nothing("--reserved", "function"));
    }
    match scenario.mappings.first_mut() {
        Some(mapping) => {
            mapping.batch_size = batch_size.unwrap_or(mapping.batch_size);
            mapping.maximum_concurrency = maximum_concurrency.or(mapping.maximum_concurrency);
        }
        None if batch_size.is_some() => return Err(nothing("--batch-size", "mapping")),
        None if maximum_concurrency.is_some() => return Err(nothing("--maximum-concurrency", "mapping")),
        None => {}
    }
    if let (Some(per_second), Some(stage)) = (case.rate, scenario.stages.first_mut()) {
        let before = &stage.load.arrivals;
        let arrivals = Arrivals::new(Shape::Poisson { per_second }, Some(before.until), before.seed);
        stage.load.arrivals = arrivals.map_err(|problem| Failure::flag("--rate", problem))?;
    }
    Ok(())
}
