//! `loadgen compare`: whether two runs of one load agree.
//!
//! Two runs never come out alike. So each difference is set against what chance
//! alone would bring: Fisher's exact test for shares (`counts`), order
//! statistics and a Kolmogorov–Smirnov test for times (`times`), and Holm's
//! correction over all of them (`holm`), so that of twenty comparisons of
//! equals at most one finds a difference that is none. What is not beyond chance
//! comes with the largest difference that could still hide behind it.
//!
//! The tests take requests to be independent. Those of a burst are not: a limit
//! makes counts less random than the test assumes, which errs on the careful
//! side. What a limit decides outright (environments, the highest concurrency)
//! is therefore compared as it is.

mod counts;
mod holm;
mod html;
mod text;
mod times;

pub use counts::CountRow;
pub use html::html;
pub use text::text;
pub use times::TimeRow;

use crate::outcome::Class;
use crate::report::Report;
use crate::stats::Latencies;
use serde::Serialize;

/// Names the form; a change that breaks readers changes the number.
pub const SCHEMA: &str = "loadgen.comparison/1";

/// How often equals may be called different: once in twenty comparisons.
const LEVEL: f64 = 0.05;

/// Differences that are too small to matter, however certain they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Of a share: percentage points divided by a hundred.
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

/// What is to be made of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No difference beyond chance.
    Same,
    /// Beyond chance, and too small to matter.
    WithinTolerance,
    /// Beyond chance.
    Differs,
    /// So few that hardly any difference could have shown.
    TooFew,
}

impl Verdict {
    pub fn agrees(self) -> bool {
        self != Verdict::Differs
    }

    /// For a table.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Same => "no difference beyond chance",
            Verdict::WithinTolerance => "differs by less than the tolerance",
            Verdict::Differs => "differs",
            Verdict::TooFew => "too few to tell",
        }
    }
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    pub target: String,
    pub endpoint: String,
    pub requests: u64,
}

/// A number that a limit decides, not chance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NumberRow {
    pub what: &'static str,
    pub a: Option<u64>,
    pub b: Option<u64>,
    pub verdict: Verdict,
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
    pub counts: Vec<CountRow>,
    pub numbers: Vec<NumberRow>,
    pub times: Vec<TimeRow>,
    /// Whether what became of requests agrees.
    pub agree: bool,
    /// Whether times do. Networks differ, so this is told and judged apart.
    pub times_agree: bool,
    /// For pictures: what is compared, and the times of A and B.
    #[serde(skip)]
    curves: Vec<(&'static str, Latencies, Latencies)>,
}

/// Sets B against A.
pub fn compare(a: &Report, b: &Report, tolerance: &Tolerance) -> Comparison {
    let mut counts = counts::rows(a, b);
    let curves = curves(a, b);
    let mut times: Vec<TimeRow> = curves.iter().flat_map(|(what, a, b)| times::rows(what, a, b)).collect();
    let chances: Vec<f64> =
        counts.iter().map(|row| row.p).chain(times.iter().filter_map(|row| row.p)).collect();
    let corrected = holm::corrected(&chances);
    let mut corrected = corrected.into_iter();
    counts.iter_mut().for_each(|row| row.judge(corrected.next().unwrap_or(1.0), tolerance));
    times.iter_mut().for_each(|row| {
        let p = row.p.and_then(|_| corrected.next());
        row.judge(p, tolerance);
    });
    let numbers = numbers(a, b, tolerance);
    let agree =
        counts.iter().all(|row| row.verdict.agrees()) && numbers.iter().all(|row| row.verdict.agrees());
    let times_agree = times.iter().all(|row| row.verdict.agrees());
    Comparison {
        schema: SCHEMA,
        name: a.title(),
        a: Side::of(a),
        b: Side::of(b),
        warnings: warnings(a, b),
        counts,
        numbers,
        times,
        agree,
        times_agree,
        curves,
    }
}

impl Side {
    fn of(report: &Report) -> Side {
        Side { target: report.target.clone(), endpoint: report.endpoint.clone(), requests: report.requests }
    }
}

/// What is timed, and what B and A say of it.
fn curves(a: &Report, b: &Report) -> Vec<(&'static str, Latencies, Latencies)> {
    let both = |of: &dyn Fn(&Report) -> Latencies| (of(a), of(b));
    let response = |wanted: fn(Class) -> bool| both(&move |report: &Report| report.response_of(wanted));
    let groups = [
        ("200 and 202", response(Class::is_success)),
        ("429", response(|class| class == Class::Throttled)),
        ("Init of cold starts", both(&|report| report.histograms.cold_start.clone())),
    ];
    let measured = groups.into_iter().filter(|(_, (a, b))| a.count() > 0 && b.count() > 0);
    measured.map(|(what, (a, b))| (what, a, b)).collect()
}

fn numbers(a: &Report, b: &Report, tolerance: &Tolerance) -> Vec<NumberRow> {
    let row = |what, of: fn(&Report) -> Option<u64>| {
        let (one, other) = (of(a), of(b));
        let verdict = number_verdict(one, other, a.is_burst(), tolerance);
        (one.is_some() || other.is_some()).then_some(NumberRow { what, a: one, b: other, verdict })
    };
    let rows = [
        row("environments", |report| report.environments),
        row("highest concurrency", |report| report.max_concurrency),
    ];
    rows.into_iter().flatten().collect()
}

/// In a burst the limit alone decides. Where requests come one by one, so does
/// how they happen to meet: then a number may vary by its square root.
fn number_verdict(a: Option<u64>, b: Option<u64>, burst: bool, tolerance: &Tolerance) -> Verdict {
    let (Some(a), Some(b)) = (a, b) else { return Verdict::TooFew };
    let (off, larger) = (a.abs_diff(b) as f64, a.max(b) as f64);
    let by_chance = if burst { 0.0 } else { 2.0 * larger.sqrt() };
    match off {
        0.0 => Verdict::Same,
        off if off <= (larger * tolerance.number).max(by_chance) => Verdict::WithinTolerance,
        _ => Verdict::Differs,
    }
}

/// What keeps two runs from being of one load.
fn warnings(a: &Report, b: &Report) -> Vec<String> {
    let same = [
        ("mode", a.mode == b.mode),
        ("arrivals", a.arrivals == b.arrivals),
        ("number of requests", a.requests == b.requests),
        ("messages in a request", a.batch == b.batch),
        ("retries", a.retries == b.retries),
    ];
    let differing =
        same.iter().filter(|(_, same)| !same).map(|(what, _)| format!("{what} of the two differ"));
    let interrupted = [("A", a), ("B", b)].into_iter().filter(|(_, report)| report.interrupted);
    differing.chain(interrupted.map(|(side, _)| format!("{side} was interrupted"))).collect()
}

impl Comparison {
    /// One sentence.
    pub fn sentence(&self) -> String {
        let differing: Vec<String> = self.differing().collect();
        let outcomes = match differing.as_slice() {
            [] => "what became of requests agrees".to_owned(),
            rows => format!("what became of requests differs: {}", rows.join(", ")),
        };
        let slower = self.times.iter().find(|row| !row.verdict.agrees());
        let times = match slower {
            None => "times agree".to_owned(),
            Some(row) => {
                format!("times differ: {} {} of {} and {}", row.what, row.point, row.show_a(), row.show_b())
            }
        };
        format!("{outcomes}; {times}")
    }

    fn differing(&self) -> impl Iterator<Item = String> {
        let counts = self.counts.iter().filter(|row| !row.verdict.agrees());
        let counts = counts.map(|row| format!("{} {} and {}", row.what, row.a, row.b));
        let shown = |number: Option<u64>| number.map_or("none".to_owned(), |number| number.to_string());
        let numbers = self.numbers.iter().filter(|row| !row.verdict.agrees());
        counts.chain(numbers.map(move |row| format!("{} {} and {}", row.what, shown(row.a), shown(row.b))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::report::tests::example;
    use std::collections::BTreeMap;

    /// The classroom's burst, with so many that succeed.
    fn burst(ok: u64) -> Report {
        let mut report = example();
        report.counts.ok_cold = ok;
        report.counts.throttled = BTreeMap::from([("R".to_owned(), 100 - ok)]);
        report.max_concurrency = Some(ok);
        report.environments = Some(ok);
        report
    }

    #[test]
    fn equal_runs_agree() {
        let comparison = compare(&burst(5), &burst(5), &Tolerance::default());
        assert!(comparison.agree && comparison.times_agree, "{comparison:#?}");
        assert_eq!(comparison.sentence(), "what became of requests agrees; times agree");
        assert!(comparison.warnings.is_empty());
    }

    #[test]
    fn another_limit_does_not_agree() {
        let comparison = compare(&burst(5), &burst(10), &Tolerance::default());
        assert!(!comparison.agree);
        assert!(comparison.sentence().contains("highest concurrency 5 and 10"), "{}", comparison.sentence());
        let far = compare(&burst(5), &burst(50), &Tolerance::default());
        assert!(far.sentence().contains("200 cold 5 and 50"), "{}", far.sentence());
    }

    #[test]
    fn numbers_that_a_limit_decides_are_compared_as_they_are() {
        let check = |a, b, burst, expected| {
            assert_eq!(number_verdict(a, b, burst, &Tolerance::default()), expected, "{a:?} {b:?}");
        };
        check(Some(5), Some(5), true, Verdict::Same);
        check(Some(5), Some(6), true, Verdict::Differs);
        check(Some(100), Some(97), true, Verdict::WithinTolerance);
        check(Some(12), Some(15), false, Verdict::WithinTolerance);
        check(Some(12), Some(40), false, Verdict::Differs);
        check(Some(5), None, true, Verdict::TooFew);
    }

    #[test]
    fn runs_of_different_loads_are_warned_of() {
        let mut other = burst(5);
        other.requests = 50;
        other.interrupted = true;
        let warnings = compare(&burst(5), &other, &Tolerance::default()).warnings;
        assert_eq!(warnings, ["number of requests of the two differ", "B was interrupted"]);
    }

    /// A run whose requests end at random: a share throttled, and exponential times.
    fn random(lots: &mut fastrand::Rng, throttled: f64, mean_ms: f64) -> Report {
        use crate::sample::{Attempts, Sample};
        use std::time::{Duration, Instant};
        let start = Instant::now();
        let mut stats = crate::stats::Stats::new(start);
        for _ in 0..400 {
            let took = Duration::from_secs_f64(-(1.0 - lots.f64()).ln() * mean_ms / 1000.0);
            let outcome = match lots.f64() < throttled {
                true => Outcome::Throttled { status: 429, reason: "R".into() },
                false => Outcome::Ok(crate::outcome::Answer { status: 200, ..Default::default() }),
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
            let (a, b) = (random(&mut lots, 0.3, 100.0), random(&mut lots, share, mean_ms));
            compare(&a, &b, &Tolerance::default())
        };
        let equals: Vec<Comparison> = (0..200).map(|_| pair(0.3, 100.0)).collect();
        let outcomes = equals.iter().filter(|comparison| !comparison.agree).count();
        let times = equals.iter().filter(|comparison| !comparison.times_agree).count();
        // 5 % of 200 are ten; twenty is three deviations more.
        assert!(outcomes <= 20 && times <= 20, "{outcomes} and {times} of 200");
        let others: Vec<Comparison> = (0..50).map(|_| pair(0.45, 150.0)).collect();
        let found = others.iter().filter(|comparison| !comparison.agree && !comparison.times_agree).count();
        assert!(found >= 45, "{found} of 50");
    }
}
