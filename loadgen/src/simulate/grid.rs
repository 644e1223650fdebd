//! `loadgen sweep simulation`: a grid of settings on virtual time, on all cores,
//! so that a setting can be chosen before AWS is paid for the experiment.

use super::{Options, play};
use crate::cli::GridFlags;
use crate::duration::show_ms;
use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::report::suite::Suite;
use crate::report::table::table;
use crate::report::text::STRONG;
use crate::report::{Report, Simulated};
use crate::run::{complain, exit_code};
use crate::scenario::Scenario;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The command.
pub fn main(flags: &GridFlags) -> ExitCode {
    match command(flags) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.print(),
    }
}

fn command(flags: &GridFlags) -> Result<u8, Failure> {
    flags.output.refuse_csv()?;
    // What cannot be is said before anything is computed.
    let plans = flags.plans()?;
    let outputs = Outputs::open(&flags.output)?;
    let mut suite = Suite::new("sweep of the simulation", None);
    for played in all(&plans, jobs(flags, plans.len())) {
        suite.reports.extend(played?.reports);
    }
    outputs.write_suite(&suite, &words(&suite))?;
    suite.reports.iter().for_each(complain);
    Ok(exit_code(suite.as_expected(), false))
}

fn jobs(flags: &GridFlags, cases: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    flags.jobs.map_or(cores, usize::from).min(cases)
}

/// Plays each in a thread, so many at a time. They stand in their order,
/// whoever ends first.
fn all(plans: &[(Scenario, Options)], jobs: usize) -> Vec<Result<Suite, Failure>> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut played = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some((scenario, options)) = plans.get(n) else { return played };
            played.push((n, play(scenario, options)));
        }
    };
    let mut played: Vec<(usize, Result<Suite, Failure>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a simulation does not panic")).collect()
    });
    played.sort_by_key(|(n, _)| *n);
    played.into_iter().map(|(_, suite)| suite).collect()
}

const HEAD: [&str; 9] =
    ["", "requests", "throttled", "cold", "errors", "p50", "p99", "environments", "USD per million"];

/// A line for each case, and which one to choose.
fn words(suite: &Suite) -> String {
    let rows: Vec<Vec<String>> = suite.reports.iter().map(row).collect();
    let choice = choice(suite).map_or(String::new(), |choice| format!("\n  {choice}\n"));
    format!("{STRONG}{}{STRONG:#}\n\n{}{choice}", suite.name, table(&HEAD, &rows))
}

fn row(report: &Report) -> Vec<String> {
    let percent = |share: f64| format!("{:.3} %", share * 100.0);
    let time = |ms: Option<f64>| ms.map_or("-".to_owned(), show_ms);
    // Of what is done later, what counts is when it is done.
    let later = report.completion.as_ref().map(|completion| completion.latency_ms);
    let times = later.unwrap_or(report.success_ms);
    let simulated = report.simulated.as_ref();
    let number = |of: fn(&Simulated) -> String| simulated.map_or("-".to_owned(), of);
    vec![
        report.name.clone().unwrap_or_default(),
        report.requests.to_string(),
        simulated.map_or("-".to_owned(), |simulated| percent(simulated.throttle_probability)),
        simulated.map_or("-".to_owned(), |simulated| percent(simulated.cold_start_probability)),
        report.counts.errors().to_string(),
        time(times.map(|times| times.p50)),
        time(times.map(|times| times.p99)),
        number(|simulated| format!("{:.1}", simulated.environments.total.average)),
        per_million(report).map_or("-".to_owned(), |usd| format!("{usd:.3}")),
    ]
}

/// What a million requests cost, refused ones included.
fn per_million(report: &Report) -> Option<f64> {
    let cost = report.simulated.as_ref()?.cost_usd;
    (report.requests > 0).then(|| cost * 1e6 / report.requests as f64)
}

/// The cheapest of those that refuse the least.
fn choice(suite: &Suite) -> Option<String> {
    let key = |report: &&Report| {
        let simulated = report.simulated.as_ref();
        let (refused, cost) = (simulated.map(|it| it.throttle_probability), per_million(report));
        (refused.unwrap_or(1.0), cost.unwrap_or(f64::INFINITY))
    };
    let best = suite.reports.iter().min_by(|a, b| {
        let ((refused, cost), (other_refused, other_cost)) = (key(a), key(b));
        refused.total_cmp(&other_refused).then(cost.total_cmp(&other_cost))
    })?;
    let (refused, cost) = key(&best);
    let name = best.name.as_deref().unwrap_or_default();
    let what = if refused > 0.0 {
        format!("refuses least ({:.3} %)", refused * 100.0)
    } else {
        "is the cheapest that refuses nothing".to_owned()
    };
    Some(format!("{name} {what}, at {cost:.3} USD per million requests ({})", crate::prices::AS_OF))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command, SweepOn};
    use clap::Parser;

    fn sweep(flags: &str) -> Suite {
        let line = format!("loadgen sweep simulation {flags}");
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Sweep(sweep) = cli.command else { panic!("{line}") };
        let Some(SweepOn::Simulation(flags)) = sweep.on else { panic!("{line}") };
        let plans = flags.plans().unwrap();
        let mut suite = Suite::new("sweep", None);
        suite.reports = all(&plans, 3).into_iter().flat_map(|suite| suite.unwrap().reports).collect();
        suite
    }

    #[test]
    fn every_combination_is_a_case_in_its_place() {
        let suite = sweep("--reserved 5,10,unreserved --memory 128,256 --requests 20 --duration 1s");
        let names: Vec<_> = suite.reports.iter().map(|report| report.name.clone().unwrap()).collect();
        let expected = [
            "reserved 5, 128 MB",
            "reserved 5, 256 MB",
            "reserved 10, 128 MB",
            "reserved 10, 256 MB",
            "unreserved, 128 MB",
            "unreserved, 256 MB",
        ];
        assert_eq!(names, expected);
        let ok: Vec<u64> = suite.reports.iter().map(|report| report.counts.ok()).collect();
        assert_eq!(ok, [5, 5, 10, 10, 20, 20]);
        let choice = choice(&suite).unwrap();
        assert!(choice.starts_with("unreserved, 128 MB is the cheapest that refuses nothing"), "{choice}");
    }

    #[test]
    fn a_case_is_what_it_would_be_alone() {
        let flags = "--rate 20,50 --for 1m --reserved 5 --duration exponential:100ms --seed 3";
        let (both, again) = (sweep(flags), sweep(flags));
        let repeatable = |suite: &Suite| suite.reports.iter().map(Report::repeatable).collect::<Vec<_>>();
        assert_eq!(repeatable(&both), repeatable(&again));
    }
}
