//! How long it took.

use super::{LEVEL, Tolerance, Verdict};
use crate::duration::show_ms;
use crate::stats::Latencies;
use serde::Serialize;

/// Intervals of percentiles are wider than 95 %, for there are several looks:
/// this is the factor of 99.5 %.
const Z: f64 = 2.807;

/// Fewer leave everything open.
const TOO_FEW: u64 = 5;

/// One percentile, or the whole distribution, in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeRow {
    pub what: &'static str,
    /// `p50`, `p90`, `p99`, or `distribution`.
    pub point: &'static str,
    /// Milliseconds; of a distribution the means.
    pub a_ms: f64,
    pub b_ms: f64,
    /// The interval that the difference lies in, B's less A's, as far as there are
    /// requests enough to bound it; of percentiles only.
    pub low_ms: Option<f64>,
    pub high_ms: Option<f64>,
    /// Of a distribution: how likely chance alone makes so great a difference.
    pub p: Option<f64>,
    pub verdict: Verdict,
    #[serde(skip)]
    fewest: u64,
}

pub(super) fn rows(what: &'static str, a: &Latencies, b: &Latencies) -> Vec<TimeRow> {
    let fewest = a.count().min(b.count());
    let points = [("p50", 50.0), ("p90", 90.0), ("p99", 99.0)].map(|(point, percent)| {
        let (low, high) = difference(a, b, percent);
        let (a_ms, b_ms) = (a.percentile_ms(percent), b.percentile_ms(percent));
        TimeRow {
            what,
            point,
            a_ms,
            b_ms,
            low_ms: low,
            high_ms: high,
            p: None,
            verdict: Verdict::Same,
            fewest,
        }
    });
    let whole = TimeRow {
        what,
        point: "distribution",
        a_ms: a.mean_ms(),
        b_ms: b.mean_ms(),
        low_ms: None,
        high_ms: None,
        p: Some(kolmogorov_smirnov(a, b)),
        verdict: Verdict::Same,
        fewest,
    };
    points.into_iter().chain([whole]).collect()
}

impl TimeRow {
    /// `p` is corrected for the number of looks.
    pub(super) fn judge(&mut self, p: Option<f64>, tolerance: &Tolerance) {
        self.p = p;
        let longer = self.low_ms.is_some_and(|low| low > 0.0);
        let shorter = self.high_ms.is_some_and(|high| high < 0.0);
        let beyond_chance = p.map_or(longer || shorter, |p| p < LEVEL);
        let small = (self.a_ms - self.b_ms).abs() <= self.a_ms.max(self.b_ms) * tolerance.time;
        let open = p.is_none() && self.low_ms.is_none() && self.high_ms.is_none();
        self.verdict = match beyond_chance {
            _ if open || self.fewest < TOO_FEW => Verdict::TooFew,
            true if small => Verdict::WithinTolerance,
            true => Verdict::Differs,
            false => Verdict::Same,
        };
    }

    pub(super) fn show_a(&self) -> String {
        show_ms(self.a_ms)
    }

    pub(super) fn show_b(&self) -> String {
        show_ms(self.b_ms)
    }
}

/// The interval of a difference of percentiles, from those of the two: the
/// method of variance estimates recovery, which Newcombe's for shares is a case of.
fn difference(a: &Latencies, b: &Latencies, percent: f64) -> (Option<f64>, Option<f64>) {
    let (one, other) = (a.percentile_ms(percent), b.percentile_ms(percent));
    let ((low_a, high_a), (low_b, high_b)) = (interval(a, percent), interval(b, percent));
    let low = high_a.map(|high_a| other - one - ((other - low_b).powi(2) + (high_a - one).powi(2)).sqrt());
    let high = high_b.map(|high_b| other - one + ((high_b - other).powi(2) + (one - low_a).powi(2)).sqrt());
    (low, high)
}

/// Where a percentile lies: how many of the times are below it is binomial, so
/// two of the times themselves, so many ranks off, enclose it. No shape of the
/// distribution is assumed. Beyond the last rank nothing is known.
fn interval(latencies: &Latencies, percent: f64) -> (f64, Option<f64>) {
    let (n, share) = (latencies.count() as f64, percent / 100.0);
    let off = Z * (n * share * (1.0 - share)).sqrt() + 1.0;
    let (low, high) = (n * share - off, n * share + off);
    let at = |rank: f64| latencies.percentile_ms(rank / n * 100.0);
    (if low < 1.0 { 0.0 } else { at(low) }, (high <= n).then(|| at(high)))
}

/// The Kolmogorov–Smirnov test of two samples: how likely do two of the same
/// distribution lie so far apart? Times that fall into one bucket count as
/// equal, which makes it careful.
fn kolmogorov_smirnov(a: &Latencies, b: &Latencies) -> f64 {
    let (n, m) = (a.count() as f64, b.count() as f64);
    if n == 0.0 || m == 0.0 {
        return 1.0;
    }
    let effective = (n * m / (n + m)).sqrt();
    let lambda = (effective + 0.12 + 0.11 / effective) * farthest(a, b);
    tail(lambda)
}

/// The greatest distance of the two cumulative distributions.
fn farthest(a: &Latencies, b: &Latencies) -> f64 {
    let (n, m) = (a.count() as f64, b.count() as f64);
    let mut steps: Vec<(f64, f64)> = a.values_ms().map(|(ms, count)| (ms, count as f64 / n)).collect();
    steps.extend(b.values_ms().map(|(ms, count)| (ms, -(count as f64) / m)));
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut off, mut farthest) = (0.0_f64, 0.0_f64);
    for (i, (ms, step)) in steps.iter().enumerate() {
        off += step;
        // Equal times are one step.
        if steps.get(i + 1).is_none_or(|next| next.0 > *ms) {
            farthest = farthest.max(off.abs());
        }
    }
    farthest
}

/// Kolmogorov's distribution from there on.
fn tail(lambda: f64) -> f64 {
    // Below it the series converges slowly, and its sum is 1 to three digits.
    if lambda < 0.3 {
        return 1.0;
    }
    let term =
        |k: u32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * (f64::from(k) * lambda).powi(2)).exp();
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn latencies(millis: impl IntoIterator<Item = f64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.into_iter().for_each(|ms| latencies.record(Duration::from_secs_f64(ms / 1000.0)));
        latencies
    }

    #[test]
    fn kolmogorovs_distribution_has_its_published_values() {
        let check = |lambda, expected: f64| {
            assert!((tail(lambda) - expected).abs() < 0.001, "{lambda}: {}", tail(lambda));
        };
        check(1.358, 0.05);
        check(1.628, 0.01);
        check(0.828, 0.5);
    }

    #[test]
    fn the_farthest_point_is_found_with_ties() {
        let check = |a: &[f64], b: &[f64], expected: f64| {
            let far = farthest(&latencies(a.iter().copied()), &latencies(b.iter().copied()));
            assert!((far - expected).abs() < 1e-9, "{far}");
        };
        check(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], 0.0);
        check(&[1.0, 2.0], &[3.0, 4.0], 1.0);
        check(&[1.0, 1.0, 1.0, 5.0], &[1.0, 5.0, 5.0, 5.0], 0.5);
    }

    #[test]
    fn a_percentile_lies_in_its_interval() {
        let even = latencies((1..=1000).map(f64::from));
        let (low, high) = interval(&even, 50.0);
        // 500 ± 2.807 × √250 = 500 ± 44.
        let high = high.unwrap();
        assert!((454.0..457.0).contains(&low) && (545.0..548.0).contains(&high), "{low} {high}");
        assert_eq!(interval(&latencies((1..=100).map(f64::from)), 99.0).1, None, "nothing is known beyond");
    }

    #[test]
    fn verdicts_say_what_the_times_allow() {
        let check = |factor: f64, count: u32, point: usize, expected| {
            let a = latencies((1..=count).map(|n| 100.0 + f64::from(n % 50)));
            let b = latencies((1..=count).map(|n| (100.0 + f64::from(n % 50)) * factor));
            let mut rows = rows("x", &a, &b);
            rows.iter_mut().for_each(|row| row.judge(row.p, &Tolerance::default()));
            assert_eq!(rows[point].verdict, expected, "{factor} {:?}", rows[point]);
        };
        check(1.0, 1000, 0, Verdict::Same);
        check(2.0, 1000, 0, Verdict::Differs);
        check(2.0, 1000, 3, Verdict::Differs);
        check(1.03, 10_000, 3, Verdict::WithinTolerance);
        check(2.0, 4, 0, Verdict::TooFew);
    }
}
