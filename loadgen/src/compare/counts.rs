//! How many requests ended in which way.

use super::Tolerance;
use super::estimate::{Estimate, Part};
use super::verdict::Finding;
use crate::outcome::Class;
use crate::report::{Report, words};
use serde::Serialize;
use std::collections::BTreeSet;

/// An interval that leaves half of everything open says next to nothing. That is
/// so for fewer than some twenty requests.
const WIDE: f64 = 0.5;

/// One outcome in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CountRow {
    pub what: String,
    pub a: u64,
    pub b: u64,
    /// Of all requests, from 0 to 1.
    pub share_a: Estimate,
    pub share_b: Estimate,
    /// B's share less A's.
    pub difference: Estimate,
    #[serde(flatten)]
    pub finding: Finding,
}

/// A row for each class that occurs, for each reason of a throttle, and for what
/// the log says was done.
pub(super) fn rows(a: &Report, b: &Report, tolerance: &Tolerance) -> Vec<CountRow> {
    let all = |report: &Report| Class::ALL.into_iter().map(|class| report.counts.of(class)).sum::<u64>();
    let (all_a, all_b) = (all(a), all(b));
    let reasons = reasons(a, b);
    // With one reason, its row is the class's.
    let classes = Class::ALL.into_iter().filter(|&class| class != Class::Throttled || reasons.len() > 1);
    let classes =
        classes.map(|class| (words(class, a.mode).to_owned(), a.counts.of(class), b.counts.of(class)));
    let of =
        |report: &Report, reason: &String| report.counts.throttled.get(reason).copied().unwrap_or_default();
    let reasons = reasons.iter().map(|&reason| (format!("429 {reason}"), of(a, reason), of(b, reason)));
    let rows = classes.chain(reasons).map(|(what, hits_a, hits_b)| {
        let (a, b) = (Part { hits: hits_a, of: all_a }, Part { hits: hits_b, of: all_b });
        CountRow::new(what, a, b, tolerance)
    });
    rows.chain(done(a, b, tolerance)).filter(|row| row.a + row.b > 0).collect()
}

fn reasons<'a>(a: &'a Report, b: &'a Report) -> BTreeSet<&'a String> {
    a.counts.throttled.keys().chain(b.counts.throttled.keys()).collect()
}

/// Of what was accepted, by the log.
fn done(a: &Report, b: &Report, tolerance: &Tolerance) -> Option<CountRow> {
    let (a, b) = (a.completion.as_ref()?, b.completion.as_ref()?);
    let [a, b] = [a, b].map(|completion| Part { hits: completion.completed, of: completion.accepted });
    Some(CountRow::new("done by the log".to_owned(), a, b, tolerance))
}

impl CountRow {
    fn new(what: String, a: Part, b: Part, tolerance: &Tolerance) -> CountRow {
        let (share_a, share_b) = (a.share(), b.share());
        let difference = Estimate::difference(share_a, share_b);
        // A limit decides counts, whatever the number of requests: the same count is
        // never a difference.
        let p = if a.hits == b.hits { 1.0 } else { Part::fisher(a, b) };
        let is_small = difference.value.abs() <= tolerance.share;
        let are_few = difference.width().is_none_or(|width| width > WIDE);
        let finding = Finding::tested(p, is_small, are_few);
        CountRow { what, a: a.hits, b: b.hits, share_a, share_b, difference, finding }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Verdict;
    use crate::compare::verdict::judge;
    use crate::completion::Completion;
    use crate::report::tests::example;

    #[test]
    fn verdicts_say_what_the_numbers_allow() {
        let check = |a: (u64, u64), b: (u64, u64), expected| {
            let [a, b] = [a, b].map(|(hits, of)| Part { hits, of });
            let mut row = CountRow::new("x".into(), a, b, &Tolerance::default());
            judge([&mut row.finding].into_iter(), 1);
            assert_eq!(row.finding.verdict, expected, "{row:?}");
        };
        check((5, 100), (5, 100), Verdict::Same);
        check((5, 100), (5, 1000), Verdict::Same);
        check((5, 100), (10, 100), Verdict::Same);
        check((5, 100), (15, 100), Verdict::Differs);
        check((5, 100), (50, 100), Verdict::Differs);
        check((0, 20), (20, 20), Verdict::Differs);
        check((1, 3), (2, 3), Verdict::TooFew);
        check((5, 5), (5, 5), Verdict::TooFew);
        check((30, 30), (30, 30), Verdict::Same);
        check((500_000, 1_000_000), (505_000, 1_000_000), Verdict::WithinTolerance);
    }

    fn words_of(a: &Report, b: &Report) -> Vec<String> {
        rows(a, b, &Tolerance::default()).into_iter().map(|row| row.what).collect()
    }

    #[test]
    fn only_what_occurs_has_a_row() {
        let mut other = example();
        let reserved = "429 ReservedFunctionConcurrentInvocationLimitExceeded";
        assert_eq!(words_of(&example(), &other), ["200 cold", reserved]);
        other.counts.throttled.insert("R".into(), 1);
        assert_eq!(words_of(&example(), &other), ["200 cold", "429", "429 R", reserved]);
    }

    #[test]
    fn what_was_accepted_is_followed() {
        let mut report = example();
        report.completion = Some(Completion { accepted: 100, completed: 98, ..Completion::default() });
        let rows = rows(&report, &report, &Tolerance::default());
        let done = rows.last().unwrap();
        assert_eq!((done.what.as_str(), done.a, done.share_a.value), ("done by the log", 98, 0.98));
        assert!(!words_of(&report, &example()).contains(&done.what), "of one only");
    }
}
