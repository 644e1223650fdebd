//! Numbers that limits decide: environments, and how many ran at once.

use super::Tolerance;
use super::bell::Bell;
use super::verdict::Finding;
use crate::cli::Mode;
use crate::report::Report;
use serde::Serialize;

/// A number in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NumberRow {
    pub what: &'static str,
    pub a: u64,
    pub b: u64,
    #[serde(flatten)]
    pub finding: Finding,
}

/// What a number is called, and where it stands.
type Number = (&'static str, fn(&Report) -> Option<u64>);

/// What a limit decides where requests meet it all at once.
const DECIDED: [Number; 2] =
    [("environments", environments), ("highest concurrency", |report| report.max_concurrency)];

/// What also depends on what was left from before. Where answers tell of cold
/// starts, these are a class of their own.
const LEFT_TO_CHANCE: [Number; 1] = [("cold starts by the log", cold_starts)];

fn environments(report: &Report) -> Option<u64> {
    report.environments.or(report.completion.as_ref().map(|completion| completion.environments))
}

fn cold_starts(report: &Report) -> Option<u64> {
    report.completion.as_ref().map(|completion| completion.cold_starts)
}

/// A row for each number that both know.
pub(super) fn rows(a: &Report, b: &Report, tolerance: &Tolerance) -> Vec<NumberRow> {
    let row = |(what, of): Number, test: Test| {
        let (a, b) = (of(a)?, of(b)?);
        (a + b > 0).then(|| NumberRow { what, a, b, finding: test(a, b, tolerance) })
    };
    let decided: Test = if is_decided(a) && is_decided(b) { plain } else { tested };
    let rows = DECIDED.map(|number| row(number, decided)).into_iter();
    rows.chain(LEFT_TO_CHANCE.map(|number| row(number, tested))).flatten().collect()
}

type Test = fn(u64, u64, &Tolerance) -> Finding;

/// What only one of the two knows, in words.
pub(super) fn missing(a: &Report, b: &Report) -> Vec<String> {
    let all = DECIDED.into_iter().chain(LEFT_TO_CHANCE);
    let missing = all.filter_map(|(what, of)| match (of(a), of(b)) {
        (Some(_), None) => Some(format!("{what}: only A tells")),
        (None, Some(_)) => Some(format!("{what}: only B tells")),
        (Some(_), Some(_)) | (None, None) => None,
    });
    missing.collect()
}

/// A burst meets a limit with all it has, and nothing is left to chance.
fn is_decided(report: &Report) -> bool {
    report.is_burst() && matches!(report.mode, Mode::Sync | Mode::Http)
}

fn plain(a: u64, b: u64, tolerance: &Tolerance) -> Finding {
    Finding::plain(a != b, is_small(a, b, tolerance))
}

/// Where requests come one by one, it is chance how they meet. If each came for
/// itself, how many meet would be Poisson's, and how two such numbers divide
/// their sum is binomial. A limit makes them vary less, so this is careful.
fn tested(a: u64, b: u64, tolerance: &Tolerance) -> Finding {
    Finding::tested(Bell::binomial(a + b, 0.5).two_sided(a), is_small(a, b, tolerance), false)
}

fn is_small(a: u64, b: u64, tolerance: &Tolerance) -> bool {
    a.abs_diff(b) as f64 <= a.max(b) as f64 * tolerance.number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::Arrivals;
    use crate::compare::Verdict;
    use crate::compare::verdict::judge;
    use crate::completion::Completion;
    use crate::report::tests::example;

    fn one_by_one() -> Arrivals {
        Arrivals { shape: "poisson:5/s".parse().unwrap(), ..Arrivals::burst(100) }
    }

    #[test]
    fn a_burst_leaves_nothing_to_chance() {
        let check = |a, b, arrivals: Arrivals, expected| {
            let report = |max| Report { max_concurrency: Some(max), arrivals: arrivals.clone(), ..example() };
            let mut rows = rows(&report(a), &report(b), &Tolerance::default());
            judge(rows.iter_mut().map(|row| &mut row.finding), 1);
            assert_eq!(rows[1].finding.verdict, expected, "{:?}", rows[1]);
        };
        check(5, 5, Arrivals::burst(100), Verdict::Same);
        check(5, 6, Arrivals::burst(100), Verdict::Differs);
        check(100, 97, Arrivals::burst(100), Verdict::WithinTolerance);
        check(5, 5, one_by_one(), Verdict::Same);
        check(12, 20, one_by_one(), Verdict::Same);
        check(12, 40, one_by_one(), Verdict::Differs);
        check(10_000, 10_400, one_by_one(), Verdict::WithinTolerance);
    }

    #[test]
    fn what_is_done_later_is_told_by_the_log() {
        let completion = |environments, cold_starts| Report {
            mode: Mode::Async,
            environments: None,
            max_concurrency: None,
            completion: Some(Completion { environments, cold_starts, ..Completion::default() }),
            ..example()
        };
        let mut rows = rows(&completion(5, 5), &completion(6, 40), &Tolerance::default());
        judge(rows.iter_mut().map(|row| &mut row.finding), 1);
        let seen: Vec<_> = rows.iter().map(|row| (row.what, row.a, row.b, row.finding.verdict)).collect();
        let expected =
            [("environments", 5, 6, Verdict::Same), ("cold starts by the log", 5, 40, Verdict::Differs)];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_only_one_tells_has_no_row_but_is_told() {
        let other = Report { max_concurrency: None, ..example() };
        let rows = rows(&example(), &other, &Tolerance::default());
        assert_eq!(rows.iter().map(|row| row.what).collect::<Vec<_>>(), ["environments"]);
        assert_eq!(missing(&example(), &other), ["highest concurrency: only A tells"]);
    }
}
