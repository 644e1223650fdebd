//! `loadgen compare`: whether two runs of one load agree.
//!
//! Two runs never come out alike. So each difference is set against what chance
//! alone would bring: Fisher's exact test for shares, order statistics for
//! percentiles, Smirnov's test for distributions of times, and Holm's correction
//! over all rows of outcomes and over all of times, so that of twenty comparisons
//! of equals at most one finds a difference that is none. What is not beyond chance comes with the interval
//! that says how large a difference could still hide there.
//!
//! The tests take requests to be independent. Those of a burst are not. A limit
//! makes their counts less random than that, which errs on the careful side; so
//! what a limit decides outright (environments, the highest concurrency) is
//! compared as it is. Their times have more in common than that: one pause delays
//! many, and two bursts differ more often than the test expects.
//!
//! # Map
//!
//! `counts`, `numbers` and `times` make the rows, `verdict` judges them. Below
//! them is what knows nothing of reports: `bell` (exact chances of counts),
//! `estimate` (intervals), `ranks`, `quantiles`, `distribution` (Smirnov's test),
//! `holm`. `words`, `text` and `html` tell.

mod bell;
mod counts;
mod distribution;
mod estimate;
mod holm;
mod html;
mod numbers;
mod quantiles;
mod ranks;
mod text;
mod times;
mod verdict;
mod words;

pub use counts::CountRow;
pub use estimate::Estimate;
pub use html::html;
pub use numbers::NumberRow;
pub use text::text;
pub use times::TimeRow;
pub use verdict::{Finding, Verdict};

use crate::report::{Report, Subject};
use serde::Serialize;
use std::mem::discriminant;
use times::Curves;

/// Names the form; a change that breaks readers changes the number.
pub const SCHEMA: &str = "loadgen.comparison/1";

/// Outcomes and times, each with half of the chance to be wrong: what became of
/// requests is to be seen however many times are compared.
const FAMILIES: u32 = 2;

/// Differences that are too small to matter, however certain they are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tolerance {
    /// Of a share, from 0 to 1: percentage points divided by a hundred.
    pub share: f64,
    /// Of a time: a part of the longer one.
    pub time: f64,
    /// Of a number of environments: a part of the larger one.
    pub number: f64,
}

impl Default for Tolerance {
    fn default() -> Tolerance {
        Tolerance { share: 0.01, time: 0.05, number: 0.05 }
    }
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    pub target: String,
    pub endpoint: String,
    pub requests: u64,
}

/// Two runs side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub schema: &'static str,
    pub name: String,
    pub a: Side,
    pub b: Side,
    /// Why the two may not be runs of one load, in which case little follows.
    pub warnings: Vec<String>,
    pub tolerance: Tolerance,
    /// The verdict in words.
    pub sentence: String,
    /// Whether what became of requests agrees.
    pub agree: bool,
    /// Whether times do. Networks differ, so this is told and judged apart.
    pub times_agree: bool,
    pub counts: Vec<CountRow>,
    pub numbers: Vec<NumberRow>,
    pub times: Vec<TimeRow>,
    /// For pictures.
    #[serde(skip)]
    curves: Vec<Curves>,
}

/// Sets B against A.
pub fn compare(a: &Report, b: &Report, tolerance: &Tolerance) -> Comparison {
    let mut counts = counts::rows(a, b, tolerance);
    let mut numbers = numbers::rows(a, b, tolerance);
    let curves = times::curves(a, b);
    let mut times: Vec<TimeRow> = curves.iter().flat_map(|curves| curves.rows(tolerance)).collect();
    let of_counts = counts.iter_mut().map(|row| &mut row.finding);
    let of_numbers = numbers.iter_mut().map(|row| &mut row.finding);
    let of_times = times.iter_mut().map(|row| &mut row.finding);
    verdict::judge(of_counts.chain(of_numbers), FAMILIES);
    verdict::judge(of_times, FAMILIES);
    let agrees = |finding: &Finding| finding.verdict.agrees();
    Comparison {
        schema: SCHEMA,
        name: a.title(),
        a: Side::of(a),
        b: Side::of(b),
        warnings: warnings(a, b),
        tolerance: *tolerance,
        sentence: words::sentence(&counts, &numbers, &times),
        agree: counts.iter().all(|row| agrees(&row.finding))
            && numbers.iter().all(|row| agrees(&row.finding)),
        times_agree: times.iter().all(|row| agrees(&row.finding)),
        counts,
        numbers,
        times,
        curves,
    }
}

impl Side {
    fn of(report: &Report) -> Side {
        Side { target: report.target.clone(), endpoint: report.endpoint.clone(), requests: report.requests }
    }
}

/// What keeps two runs from being of one load, or from being compared in full.
fn warnings(a: &Report, b: &Report) -> Vec<String> {
    let kind = |report: &Report| discriminant::<Subject>(&report.subject);
    let same = [
        ("kind of target", kind(a) == kind(b)),
        ("mode", a.mode == b.mode),
        ("arrivals", a.arrivals == b.arrivals),
        ("number of requests", a.requests == b.requests),
        ("messages in a request", a.batch == b.batch),
        ("retries", a.retries == b.retries),
        ("clock of the highest concurrency", a.max_concurrency_source == b.max_concurrency_source),
    ];
    let differing =
        same.iter().filter(|(_, same)| !same).map(|(what, _)| format!("{what} of the two differ"));
    let interrupted = [("A", a), ("B", b)].into_iter().filter(|(_, report)| report.interrupted);
    let interrupted = interrupted.map(|(side, _)| format!("{side} was interrupted"));
    differing.chain(interrupted).chain(numbers::missing(a, b)).collect()
}

#[cfg(test)]
mod tests {
    use super::ranks::tests::exponential;
    use super::*;
    use crate::outcome::{Answer, Class, Outcome};
    use crate::report::json;
    use crate::report::tests::example;
    use crate::sample::{Attempts, Sample};
    use crate::stats::Latencies;
    use crate::stats::Stats;
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    /// The classroom's burst, with so many that succeed.
    fn burst(ok: u64) -> Report {
        let mut report = example();
        report.counts.ok_cold = ok;
        report.counts.throttled = BTreeMap::from([("R".to_owned(), 100 - ok)]);
        report.max_concurrency = Some(ok);
        report.environments = Some(ok);
        report
    }

    fn compared(a: &Report, b: &Report) -> Comparison {
        compare(a, b, &Tolerance::default())
    }

    #[test]
    fn equal_runs_agree() {
        let comparison = compared(&burst(5), &burst(5));
        assert!(comparison.agree && comparison.times_agree, "{comparison:#?}");
        assert_eq!(comparison.sentence, "A and B agree on what became of requests; times agree");
        assert!(comparison.warnings.is_empty());
    }

    #[test]
    fn another_limit_does_not_agree() {
        // 5 and 10 of a hundred may be chance (p = 0.28); 5 and 10 environments of a
        // burst are not.
        let comparison = compared(&burst(5), &burst(10));
        assert!(
            !comparison.agree && comparison.counts.iter().all(|row| row.finding.verdict == Verdict::Same)
        );
        let expected = "A and B differ in what became of requests: environments 5 and 10, \
                        highest concurrency 5 and 10; times agree";
        assert_eq!(comparison.sentence, expected);
        let far = compared(&burst(5), &burst(50)).sentence;
        assert!(
            far.contains("200 cold 5 and 50, 429 R 95 and 50, environments 5 and 50, and 1 more;"),
            "{far}"
        );
    }

    #[test]
    fn a_handful_of_requests_tells_little() {
        let few = |ok| Report {
            counts: crate::report::Counts { ok_warm: ok, server_error: 4 - ok, ..Default::default() },
            ..burst(5)
        };
        let comparison = compared(&few(4), &few(3));
        assert!(
            comparison.agree && comparison.sentence.contains("as far as so few can tell"),
            "{comparison:#?}"
        );
    }

    #[test]
    fn times_do_not_change_whether_outcomes_agree() {
        let mut slow = burst(5);
        let twice: Vec<f64> = vec![40.0; 95];
        slow.histograms.response.insert(Class::Throttled, Latencies::of_millis(twice));
        let comparison = compared(&burst(5), &slow);
        assert!(comparison.agree && !comparison.times_agree);
        let times = "; times differ: response p50 of throttles 20.0 ms and 40.0 ms, ";
        assert!(comparison.sentence.contains(times), "{}", comparison.sentence);
    }

    #[test]
    fn runs_of_different_loads_are_warned_of() {
        let other = Report { requests: 50, interrupted: true, max_concurrency: None, ..burst(5) };
        let warnings = compared(&burst(5), &other).warnings;
        let expected = [
            "number of requests of the two differ",
            "B was interrupted",
            "highest concurrency: only A tells",
        ];
        assert_eq!(warnings, expected);
    }

    #[test]
    fn the_json_has_its_keys() {
        let comparison: serde_json::Value =
            serde_json::from_str(&json::render(&compared(&burst(5), &burst(10)))).unwrap();
        let keys = |value: &serde_json::Value| {
            value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
        };
        let top = "a agree b counts name numbers schema sentence times times_agree tolerance warnings";
        assert_eq!(keys(&comparison), top);
        assert_eq!(comparison["schema"], SCHEMA);
        let check = |rows: &str, expected: &str| assert_eq!(keys(&comparison[rows][0]), expected);
        check("counts", "a b difference p p_corrected share_a share_b verdict what");
        check("numbers", "a b p p_corrected verdict what");
        check("times", "a_ms b_ms difference_ms of p p_corrected point time verdict");
        assert_eq!(keys(&comparison["times"][0]["a_ms"]), "high low value");
        assert_eq!(comparison["numbers"][0]["verdict"], "differs");
    }

    /// A run whose requests end at random: a share throttled, and exponential times.
    fn random(lots: &mut fastrand::Rng, throttled: f64, mean_ms: f64) -> Report {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        for _ in 0..400 {
            let took = Duration::from_secs_f64(exponential(lots, mean_ms) / 1000.0);
            let outcome = match lots.f64() < throttled {
                true => Outcome::Throttled { status: 429, reason: "R".into() },
                false => Outcome::Ok(Answer { status: 200, ..Default::default() }),
            };
            let attempts = Attempts { made: 1, throttled: 0 };
            stats.record(&Sample { due: start, sent: Some(start), done: start + took, outcome, attempts });
        }
        let mut report = example();
        report.counts.ok_cold = 0;
        report.counts.ok_warm = stats.count(Class::OkWarm);
        report.counts.throttled = stats.throttled().clone();
        report.requests = 400;
        report.histograms = stats.histograms().clone();
        report
    }

    #[test]
    fn chance_alone_is_rarely_taken_for_a_difference() {
        let mut lots = fastrand::Rng::with_seed(11);
        let mut pair = |share: f64, mean_ms: f64| {
            compared(&random(&mut lots, 0.3, 100.0), &random(&mut lots, share, mean_ms))
        };
        let beyond_chance = |comparison: &Comparison| {
            let counts = comparison.counts.iter().map(|row| row.finding.verdict);
            let mut all = counts.chain(comparison.times.iter().map(|row| row.finding.verdict));
            all.any(|verdict| matches!(verdict, Verdict::Differs | Verdict::WithinTolerance))
        };
        let alarms = (0..150).filter(|_| beyond_chance(&pair(0.3, 100.0))).count();
        // 5 % of 150 are 7.5; their deviation is 2.7.
        assert!(alarms <= 7 + 6, "{alarms} of 150");
        let is_found = |comparison: &Comparison| !comparison.agree && !comparison.times_agree;
        let found = (0..20).filter(|_| is_found(&pair(0.5, 160.0))).count();
        assert!(found >= 18, "{found} of 20");
    }
}
