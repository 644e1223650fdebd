//! Experiment 1: the same burst on four limits.
//!
//! A request works for 2.5 s, far longer than a burst takes to arrive. So all
//! that are admitted run at the same time, and the rest meets a full pool: the
//! limit is the number of answers.

use super::Experiment;
use super::table::Row;
use super::world::World;
use crate::arrivals::Arrivals;
use crate::duration::show_ms;
use crate::failure::Failure;
use crate::outcome::Class;
use crate::plan::Load;
use crate::report::text::plural;
use crate::report::{Counts, Report, Subject};
use std::collections::HashMap;

const FUNCTION: &str = "sandbox";
const REASON: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";

/// Reserved concurrency, from scarce to none of its own.
const LIMITS: [Option<u64>; 4] = [Some(5), Some(10), Some(50), None];

pub(super) async fn experiment(world: &World, requests: u64) -> Result<Experiment, Failure> {
    let how_many = plural(requests, "synchronous request");
    anstream::eprintln!("1 of 3: {how_many} at the same instant, on four limits");
    world.fresh().await?;
    world.create_function(FUNCTION).await?;
    let mut rows = Vec::new();
    let mut reports = Vec::new();
    let mut cold_answers: HashMap<String, u64> = HashMap::new();
    for limit in LIMITS {
        let warm = cold_answers.len() as u64;
        let (report, started) = burst(world, limit, requests).await?;
        rows.extend(observations(limit, requests, warm, started, &report));
        for seen in &report.environment_uses {
            *cold_answers.entry(seen.id.clone()).or_default() += seen.cold;
        }
        reports.push(report);
    }
    rows.push(once_cold(&cold_answers));
    let skew = reports.iter().filter_map(|report: &Report| report.start_skew_ms);
    let title = format!(
        "1 Synchronous: {} released at the same instant (all had left within {})",
        plural(requests, "request"),
        show_ms(skew.fold(0.0, f64::max)),
    );
    Ok(Experiment { title, rows, reports })
}

/// One burst, and how many environments were started for it.
async fn burst(world: &World, limit: Option<u64>, requests: u64) -> Result<(Report, u64), Failure> {
    world.reserve(FUNCTION, limit).await?;
    let before = world.settled(FUNCTION).await?.environments.started;
    let mut load = Load::new(Subject::Function(FUNCTION.to_owned()));
    load.arrivals = Arrivals::burst(requests);
    let report = world.run(load, &format!("{:11}", case(limit))).await?;
    let after = world.settled(FUNCTION).await?.environments.started;
    Ok((report, after.saturating_sub(before)))
}

fn case(limit: Option<u64>) -> String {
    limit.map_or("unreserved".to_owned(), |limit| format!("reserved {limit}"))
}

/// `warm` environments answered an earlier burst and are idle now; `started`
/// is how many the emulator says it has added for this one.
fn observations(limit: Option<u64>, requests: u64, warm: u64, started: u64, report: &Report) -> Vec<Row> {
    let counts = &report.counts;
    let admitted = limit.map_or(requests, |limit| limit.min(requests));
    let mut rows = vec![Row::equal("200", admitted, counts.ok()).case(case(limit))];
    if admitted < requests {
        rows.push(Row::equal(format!("429 {REASON}"), requests - admitted, throttled(counts)));
    }
    let cold = admitted.saturating_sub(warm);
    rows.push(Row::equal(cold_starts(warm), cold, counts.ok_cold));
    rows.push(Row::equal("environments started", cold, started));
    rows.push(Row::equal("environments that answered", admitted, report.environments.unwrap_or(0)));
    if let Some(limit) = limit {
        rows.push(Row::at_most("running at the same time", limit, report.max_concurrency));
    }
    let other = counts.errors() + counts.of(Class::Throttled) - throttled(counts);
    if other > 0 {
        rows.push(Row::equal("anything else", 0, other));
    }
    rows
}

fn cold_starts(warm: u64) -> String {
    match warm {
        0 => "cold starts".to_owned(),
        1 => "cold starts (1 environment is warm already)".to_owned(),
        n => format!("cold starts ({n} environments are warm already)"),
    }
}

fn throttled(counts: &Counts) -> u64 {
    counts.throttled.get(REASON).copied().unwrap_or_default()
}

/// Over all bursts: a cold answer is the first of its environment, so that no
/// environment has two.
fn once_cold(cold_answers: &HashMap<String, u64>) -> Row {
    let most = cold_answers.values().copied().max();
    Row::at_most("cold answers of any one environment", 1, most).case("all four")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::example;

    #[test]
    fn a_burst_on_five_is_judged() {
        let rows = observations(Some(5), 100, 0, 5, &example());
        assert!(rows.iter().all(|row| row.ok), "{rows:#?}");
        let cells: Vec<_> = rows.iter().map(|row| (row.expected.as_str(), row.observed.as_str())).collect();
        assert_eq!(cells, [("5", "5"), ("95", "95"), ("5", "5"), ("5", "5"), ("5", "5"), ("≤ 5", "5")]);
    }

    #[test]
    fn what_does_not_belong_shows() {
        let check = |change: fn(&mut Report), row: &str| {
            let mut report = example();
            change(&mut report);
            let rows = observations(Some(5), 100, 0, 5, &report);
            let failed: Vec<_> = rows.iter().filter(|row| !row.ok).map(|row| row.what.as_str()).collect();
            assert_eq!(failed, [row]);
        };
        check(|report| report.counts.timeout = 1, "anything else");
        check(|report| _ = report.counts.throttled.insert("Other".into(), 1), "anything else");
        check(|report| report.max_concurrency = Some(6), "running at the same time");
        check(|report| report.environments = Some(4), "environments that answered");
    }

    #[test]
    fn unreserved_admits_everybody() {
        let mut report = example();
        report.counts = Counts { ok_warm: 50, ok_cold: 50, ..Counts::default() };
        report.environments = Some(100);
        let rows = observations(None, 100, 50, 50, &report);
        assert!(rows.iter().all(|row| row.ok), "{rows:#?}");
        assert_eq!(rows[0].case, "unreserved");
    }

    #[test]
    fn warm_environments_need_no_cold_start() {
        let check = |warm, what: &str, expected: &str, ok| {
            let rows = observations(Some(5), 100, warm, 5, &example());
            let row = rows.iter().find(|row| row.what.starts_with("cold starts")).unwrap();
            assert_eq!((row.what.as_str(), row.expected.as_str(), row.ok), (what, expected, ok));
        };
        check(0, "cold starts", "5", true);
        check(1, "cold starts (1 environment is warm already)", "4", false);
        check(3, "cold starts (3 environments are warm already)", "2", false);
        check(9, "cold starts (9 environments are warm already)", "0", false);
    }

    #[test]
    fn an_environment_is_cold_once() {
        let check = |cold: &[u64], ok| {
            let answers = cold.iter().enumerate().map(|(n, &cold)| (n.to_string(), cold)).collect();
            assert_eq!(once_cold(&answers).ok, ok, "{cold:?}");
        };
        check(&[1, 1, 1], true);
        check(&[1, 2], false);
        check(&[], false);
    }
}
