//! How long it took.

use super::Tolerance;
use super::distribution::{distance, distance_beyond, smirnov, usual};
use super::estimate::Estimate;
use super::quantiles::Quantile;
use super::ranks::{Pool, Ranks};
use super::verdict::{Finding, LEVEL};
use crate::duration::{round_ms, show_ms};
use crate::outcome::Class;
use crate::report::Report;
use crate::stats::{Histograms, Latencies};
use serde::Serialize;

const PERCENTILES: [(&str, f64); 3] = [("p50", 50.0), ("p90", 90.0), ("p99", 99.0)];

/// Distributions that may come so far apart by chance may be anything.
const FAR: f64 = 0.5;

/// One percentile of a time, or all of it, in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeRow {
    /// Whose: `successes`, `throttles` or `cold starts`.
    pub of: &'static str,
    /// `response` (from when it was due), `service` (from when it left) or `init`.
    pub time: &'static str,
    /// `p50`, `p90`, `p99`, or `distribution`.
    pub point: &'static str,
    /// Of a distribution, the means.
    pub a_ms: Estimate,
    pub b_ms: Estimate,
    /// B's less A's.
    pub difference_ms: Estimate,
    /// Of a distribution: how far apart they come, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<f64>,
    #[serde(flatten)]
    pub finding: Finding,
}

/// Times of one kind in both.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curves {
    pub(super) of: &'static str,
    pub(super) time: &'static str,
    pub(super) a: Latencies,
    pub(super) b: Latencies,
}

/// What both have measured.
pub(super) fn curves(a: &Report, b: &Report) -> Vec<Curves> {
    type Pick = fn(&Histograms) -> Latencies;
    const KINDS: [(&str, &str, Pick); 5] = [
        ("successes", "response", |times| sum(&times.response, Class::is_success)),
        ("successes", "service", |times| sum(&times.service, Class::is_success)),
        ("throttles", "response", |times| sum(&times.response, |class| class == Class::Throttled)),
        ("throttles", "service", |times| sum(&times.service, |class| class == Class::Throttled)),
        ("cold starts", "init", |times| times.cold_start.clone()),
    ];
    let both = |(of, time, pick): (&'static str, &'static str, Pick)| {
        let (a, b) = (pick(&a.histograms), pick(&b.histograms));
        (a.count() > 0 && b.count() > 0).then_some(Curves { of, time, a, b })
    };
    KINDS.into_iter().filter_map(both).collect()
}

fn sum(times: &std::collections::BTreeMap<Class, Latencies>, wanted: fn(Class) -> bool) -> Latencies {
    let mut all = Latencies::default();
    times.iter().filter(|(class, _)| wanted(**class)).for_each(|(_, latencies)| all.add(latencies));
    all
}

impl Curves {
    pub(super) fn rows(&self, tolerance: &Tolerance) -> Vec<TimeRow> {
        let ranks = [Ranks::new(&self.a), Ranks::new(&self.b)];
        let percentiles =
            PERCENTILES.map(|(point, percent)| self.percentile(&ranks, point, percent, tolerance));
        percentiles.into_iter().chain([self.distribution(&ranks, tolerance)]).collect()
    }

    fn percentile(
        &self,
        [a, b]: &[Ranks; 2],
        point: &'static str,
        percent: f64,
        tolerance: &Tolerance,
    ) -> TimeRow {
        let (a, b) = (Quantile::new(&self.a, a, percent), Quantile::new(&self.b, b, percent));
        let p = Quantile::are_same(&a, &b);
        let (a, b) = (a.estimate(), b.estimate());
        let difference = Estimate::difference(a, b);
        let is_small = difference.value.abs() <= a.value.max(b.value) * tolerance.time;
        self.row(point, [a, b, difference], None, Finding::tested(p, is_small, difference.is_open()))
    }

    /// Only the test itself can say whether all of a distribution is within the
    /// tolerance: means may agree where nothing else does.
    fn distribution(&self, [a, b]: &[Ranks; 2], tolerance: &Tolerance) -> TimeRow {
        let (n, m) = (a.count(), b.count());
        let far = distance(&Pool::new(&self.a, &self.b));
        let left = distance_beyond(a, b, tolerance.time);
        let is_small = smirnov(n, m, left) >= LEVEL;
        let finding = Finding::tested(smirnov(n, m, far), is_small, usual(n, m) > FAR);
        let (a, b) = (Estimate::bare(self.a.mean_ms()), Estimate::bare(self.b.mean_ms()));
        let apart = far as f64 / (n as f64 * m as f64);
        self.row("distribution", [a, b, Estimate::difference(a, b)], Some(apart), finding)
    }

    fn row(
        &self,
        point: &'static str,
        [a, b, difference]: [Estimate; 3],
        distance: Option<f64>,
        finding: Finding,
    ) -> TimeRow {
        let [a_ms, b_ms, difference_ms] = [a, b, difference].map(|estimate| estimate.map(round_ms));
        TimeRow { of: self.of, time: self.time, point, a_ms, b_ms, difference_ms, distance, finding }
    }
}

impl TimeRow {
    /// For a table, and for a sentence.
    pub(super) fn label(&self) -> String {
        format!("{} {} of {}", self.time, self.point, self.of)
    }

    pub(super) fn show_a(&self) -> String {
        show_ms(self.a_ms.value)
    }

    pub(super) fn show_b(&self) -> String {
        show_ms(self.b_ms.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Verdict;
    use crate::compare::verdict::judge;
    use crate::report::tests::example;

    fn rows(a: Latencies, b: Latencies) -> Vec<TimeRow> {
        let mut rows = Curves { of: "x", time: "y", a, b }.rows(&Tolerance::default());
        judge(rows.iter_mut().map(|row| &mut row.finding), 1);
        rows
    }

    #[test]
    fn verdicts_say_what_the_times_allow() {
        let check = |factor: f64, count: u32, point: usize, expected| {
            let times =
                |factor: f64| Latencies::of_millis((1..=count).map(|n| (100.0 + f64::from(n % 50)) * factor));
            let rows = rows(times(1.0), times(factor));
            assert_eq!(rows[point].finding.verdict, expected, "{factor} {:?}", rows[point]);
        };
        const ALL: std::ops::Range<usize> = 0..4;
        ALL.for_each(|point| check(1.0, 1000, point, Verdict::Same));
        ALL.for_each(|point| check(2.0, 1000, point, Verdict::Differs));
        ALL.for_each(|point| check(1.03, 10_000, point, Verdict::WithinTolerance));
        ALL.for_each(|point| check(2.0, 4, point, Verdict::TooFew));
        check(2.0, 100, 0, Verdict::Differs);
        check(2.0, 100, 2, Verdict::TooFew);
    }

    #[test]
    fn another_shape_is_a_difference_even_if_means_agree() {
        let rows = rows(
            Latencies::of_millis([100.0; 500]),
            Latencies::of_millis((0..500).map(|n| 20.0 + f64::from(n % 2) * 160.0)),
        );
        let whole = &rows[3];
        assert_eq!((whole.a_ms.value, whole.b_ms.value), (100.0, 100.0));
        assert_eq!((whole.finding.verdict, whole.distance), (Verdict::Differs, Some(0.5)));
    }

    #[test]
    fn what_both_have_measured_has_rows() {
        let names = |a: &Report, b: &Report| {
            curves(a, b).iter().map(|curves| format!("{} of {}", curves.time, curves.of)).collect::<Vec<_>>()
        };
        let all = [
            "response of successes",
            "service of successes",
            "response of throttles",
            "service of throttles",
            "init of cold starts",
        ];
        assert_eq!(names(&example(), &example()), all);
        let mut other = example();
        other.histograms.response.remove(&Class::Throttled);
        other.histograms.cold_start = Latencies::default();
        assert_eq!(names(&example(), &other), [all[0], all[1], all[3]]);
    }
}
