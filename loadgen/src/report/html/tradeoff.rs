//! What less throttling and less waiting cost: simulated cases of one load, side
//! by side.
//!
//! ```text
//! throttled │ ◆1                Each dot is a case. ◆ no other is as cheap
//!           │   ◆2  ○3          and as little throttled.
//!         0 │          ◆4  ○5
//!       p99 │ 1 2   3   4   5
//!           └──────────────────
//!             cost
//! ```

use super::chart::{self, Axis};
use super::labels::{Dot, labels, ranges};
use super::look::marker;
use super::markup::{Element, Percent, Short, element};
use super::scale::{Round, Scale};
use super::simulation::waited;
use super::words::{percent, time, usd};
use crate::outcome::Class;
use crate::report::Report;

const HEIGHT: f64 = 220.0;

/// Whose shapes the cases borrow: a full one for those that nothing beats, a
/// ring for the others.
const BEST: Class = Class::OkCold;
const OTHER: Class = Class::NoAnswer;

/// A run as far as it is compared here.
#[derive(Debug, Clone, PartialEq)]
struct Case<'a> {
    /// In the summary table.
    number: usize,
    name: &'a str,
    cost: f64,
    throttled: f64,
    p99_ms: Option<f64>,
}

/// None unless there are several, and all are simulated.
pub(super) fn tradeoff(names: &[String], reports: &[Report]) -> Option<Element> {
    let cases = cases(names, reports)?;
    let best = front(&cases);
    let across = cost_axis(&cases);
    let share = |case: &Case<'_>| Some(case.throttled * 100.0);
    let most = cases.iter().map(|case| case.throttled * 100.0).fold(0.0, f64::max);
    let label = |value| format!("{} %", Round(value));
    let up = Axis::of_numbers(Scale::of_counts(most, 4), 4, label, "attempts throttled");
    let waits = waits(&cases, &best, &across, name_of_times(reports));
    let throttles = Panel { cases: &cases, best: &best, across: &across, up, value: &share };
    let pictures = [throttles.draw(waits.is_none())].into_iter().chain(waits).collect();
    let key = |class, text: &str| element("span").class("key").child(marker(class)).text(text);
    let legend = vec![key(BEST, "beaten by none in cost and throttles"), key(OTHER, "beaten by another")];
    Some(chart::figure("Cost against throttles and times", legend, pictures, &verdict(&cases, &best)))
}

fn cases<'a>(names: &'a [String], reports: &[Report]) -> Option<Vec<Case<'a>>> {
    let case = |(n, (name, report)): (usize, (&'a String, &Report))| {
        let simulated = report.simulated.as_ref()?;
        Some(Case {
            number: n + 1,
            name,
            cost: simulated.cost_usd,
            throttled: simulated.throttle_probability,
            p99_ms: waited(report).map(|times| times.p99),
        })
    };
    let cases: Vec<Case<'_>> = names.iter().zip(reports).enumerate().map(case).collect::<Option<_>>()?;
    (cases.len() > 1).then_some(cases)
}

/// Whether nothing beats a case: none is better in one and as good in the other.
fn front(cases: &[Case<'_>]) -> Vec<bool> {
    let beats = |a: &Case<'_>, b: &Case<'_>| {
        let as_good = a.cost <= b.cost && a.throttled <= b.throttled;
        as_good && (a.cost < b.cost || a.throttled < b.throttled)
    };
    cases.iter().map(|case| !cases.iter().any(|other| beats(other, case))).collect()
}

/// From zero, where that is near; what lies on it are places, not lengths.
fn cost_axis(cases: &[Case<'_>]) -> Axis {
    const ROOM: f64 = 0.06;
    const NEAR_ZERO: f64 = 0.25;
    const MOST_ALIKE: f64 = 0.05;
    let costs = || cases.iter().map(|case| case.cost);
    let (low, high) = (costs().fold(f64::INFINITY, f64::min), costs().fold(0.0, f64::max));
    // Labels have six decimals.
    let (unit, name) =
        if high < 0.001 { (1e-6, "cost in millionths of a USD") } else { (1.0, "cost in USD") };
    let span = (high - low).max(high * MOST_ALIKE);
    let low = if low < span * NEAR_ZERO { 0.0 } else { low - span * ROOM };
    let shown = Scale::linear(low / unit, (high + span * ROOM).max(low) / unit);
    let high = shown.high() * unit;
    let axis = Axis::of_numbers(shown, 6, |value| Round(value).to_string(), name);
    Axis { scale: Scale::linear(low, high), ..axis }
}

/// Whose times they are.
fn name_of_times(reports: &[Report]) -> &'static str {
    let until_done = reports.iter().all(|report| waited(report) != report.success_ms);
    if until_done { "p99, from accepted to done" } else { "p99 of successes" }
}

/// None when nothing took any time.
fn waits(cases: &[Case<'_>], best: &[bool], across: &Axis, name: &str) -> Option<Element> {
    let seconds = |case: &Case<'_>| case.p99_ms.map(|ms| ms / 1000.0);
    let scale = Scale::of_values(cases.iter().filter_map(seconds), 1e-5);
    let up = Axis::of_durations(scale, name);
    let any = cases.iter().any(|case| case.p99_ms.is_some_and(|ms| ms > 0.0));
    any.then(|| Panel { cases, best, across, up, value: &seconds }.draw(true))
}

/// One picture of all cases, over their costs.
struct Panel<'a> {
    cases: &'a [Case<'a>],
    best: &'a [bool],
    across: &'a Axis,
    up: Axis,
    /// What is drawn upwards.
    value: &'a dyn Fn(&Case<'_>) -> Option<f64>,
}

impl Panel<'_> {
    /// Only the last one has the labels of the axis of costs.
    fn draw(&self, last: bool) -> Element {
        let dots = self.dots();
        let (best, others): (Vec<Dot>, Vec<Dot>) = dots.iter().partition(|dot| self.best[dot.number - 1]);
        let signs = others.iter().chain(&best).map(|dot| self.sign(dot));
        chart::plot("tradeoff", HEIGHT, "Each case by its cost; the table has the numbers")
            .child(self.across.under(HEIGHT, last))
            .child(self.up.beside(HEIGHT))
            .child(element("g").class("cases").children(signs))
            .children(labels(&best.iter().chain(&others).copied().collect::<Vec<_>>(), HEIGHT))
    }

    fn dots(&self) -> Vec<Dot> {
        let dot = |case: &Case<'_>| {
            let y = HEIGHT * (1.0 - self.up.scale.at((self.value)(case)?));
            Some(Dot { at: self.across.scale.at(case.cost), y, number: case.number })
        };
        self.cases.iter().filter_map(dot).collect()
    }

    fn sign(&self, dot: &Dot) -> Element {
        let case = &self.cases[dot.number - 1];
        let key = if self.best[dot.number - 1] { BEST } else { OTHER }.key();
        let waited = case.p99_ms.map(|ms| format!(", p99 {}", time(ms))).unwrap_or_default();
        element("use")
            .class(key)
            .with("href", format_args!("#m-{key}"))
            .with("x", Percent(dot.at))
            .with("y", Short(dot.y))
            .hint(format_args!(
                "{}: {}, {} throttled{waited}",
                called(case),
                usd(case.cost),
                percent(case.throttled)
            ))
    }
}

fn called(case: &Case<'_>) -> String {
    format!("{} ({})", case.number, case.name)
}

/// Which one to take.
fn verdict(cases: &[Case<'_>], best: &[bool]) -> String {
    let front: Vec<usize> =
        cases.iter().filter(|case| best[case.number - 1]).map(|case| case.number).collect();
    let least = cases.iter().map(|case| case.throttled).fold(f64::INFINITY, f64::min);
    let cheapest =
        cases.iter().filter(|case| case.throttled <= least).min_by(|a, b| a.cost.total_cmp(&b.cost));
    let advice = cheapest.map_or(String::new(), |case| match case.throttled > 0.0 {
        false => format!("Cheapest without throttles: {} for {}.", called(case), usd(case.cost)),
        true => format!(
            "None is without throttles; the fewest, {}, has {} for {}.",
            percent(case.throttled),
            called(case),
            usd(case.cost)
        ),
    });
    let front = match front.len() {
        n if n == cases.len() => "None of them is beaten in both cost and throttles".to_owned(),
        _ => format!("Not beaten in both cost and throttles: {}", said(front)),
    };
    format!(
        "{advice} {front}. Numbers are those of the table; where dots lie close together, one place has several."
    )
}

/// All of them, while that can be read.
fn said(numbers: Vec<usize>) -> String {
    const MOST: usize = 12;
    match numbers.len() {
        n if n > MOST => ranges(numbers),
        _ => numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::super::simulation::tests::simulated;
    use super::*;
    use crate::report::simulated::Simulated;
    use crate::report::tests::example;

    fn suite(cases: &[(f64, f64)]) -> (Vec<String>, Vec<Report>) {
        let report = |&(cost_usd, throttle_probability): &(f64, f64)| {
            let simulated = Simulated { cost_usd, throttle_probability, ..simulated() };
            Report { simulated: Some(simulated), ..example() }
        };
        let names = (0..cases.len()).map(|n| format!("<case> {n}")).collect();
        (names, cases.iter().map(report).collect())
    }

    fn drawn(cases: &[(f64, f64)]) -> Option<String> {
        let (names, reports) = suite(cases);
        let picture = tradeoff(&names, &reports)?.to_string();
        assert_balanced(&picture);
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
        Some(picture)
    }

    #[test]
    fn the_front_is_who_is_not_beaten() {
        let check = |places: &[(f64, f64)], expected: &[bool]| {
            let (names, reports) = suite(places);
            assert_eq!(front(&cases(&names, &reports).unwrap()), expected, "{places:?}");
        };
        check(&[(1.0, 0.5), (2.0, 0.0)], &[true, true]);
        check(&[(1.0, 0.5), (2.0, 0.5)], &[true, false]);
        check(&[(1.0, 0.5), (1.0, 0.4)], &[false, true]);
        check(&[(1.0, 0.0), (1.0, 0.0)], &[true, true]);
        check(
            &[(1.0, 0.9), (2.0, 0.2), (3.0, 0.3), (4.0, 0.0), (5.0, 0.0)],
            &[true, true, false, true, false],
        );
    }

    #[test]
    fn the_cheapest_without_throttles_is_named() {
        let picture = drawn(&[(0.1, 0.5), (0.2, 0.0), (0.3, 0.0)]).unwrap();
        let expected = "Cheapest without throttles: 2 (&lt;case&gt; 1) for 0.2\u{a0}USD. \
                        Not beaten in both cost and throttles: 1, 2.";
        assert!(picture.contains(expected), "{picture}");
        let signs = |class: Class| picture.matches(&format!("<use class=\"{}\"", class.key())).count();
        assert_eq!((signs(BEST), signs(OTHER)), (4, 2), "in two panels");
        let picture = drawn(&[(0.1, 0.5), (0.2, 0.1)]).unwrap();
        assert!(picture.contains("None is without throttles; the fewest, 10\u{a0}%, has 2 (&lt;case&gt; 1)"));
        assert!(picture.contains("None of them is beaten"));
    }

    #[test]
    fn only_several_that_are_simulated_are_compared() {
        assert!(drawn(&[]).is_none());
        assert!(drawn(&[(1.0, 0.0)]).is_none());
        let (names, mut reports) = suite(&[(1.0, 0.0), (2.0, 0.0)]);
        reports[1].simulated = None;
        assert!(tradeoff(&names, &reports).is_none());
    }

    #[test]
    fn what_costs_nothing_or_the_same_has_an_axis() {
        assert!(drawn(&[(0.0, 0.0), (0.0, 0.0)]).is_some());
        assert!(drawn(&[(0.5, 1.0), (0.5, 1.0)]).is_some());
        assert!(drawn(&[(2e-6, 0.0), (5e-6, 0.0)]).unwrap().contains("millionths of a USD"));
        let (names, mut reports) = suite(&[(0.1, 1.0), (0.2, 1.0)]);
        reports.iter_mut().for_each(|report| report.success_ms = None);
        let picture = tradeoff(&names, &reports).unwrap().to_string();
        assert_eq!(picture.matches("class=\"plot").count(), 1, "no success has no time");
    }
}
