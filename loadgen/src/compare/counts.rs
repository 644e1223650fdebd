//! How many requests ended in which way.

use super::{LEVEL, Tolerance, Verdict};
use crate::outcome::Class;
use crate::report::{Report, words};
use serde::Serialize;

/// Intervals hold in 95 of a hundred cases.
const Z: f64 = 1.959_964;

/// Beyond so many different tables the exact test takes long, and the normal
/// approximation is as good.
const MOST_TABLES: u64 = 200_000;

/// An interval that leaves so large a difference open says next to nothing.
const WIDE: f64 = 0.25;

/// One outcome in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CountRow {
    pub what: String,
    pub a: u64,
    pub b: u64,
    pub share_a: f64,
    pub share_b: f64,
    /// Of the share of B from that of A, with the interval that it lies in.
    pub difference: f64,
    pub low: f64,
    pub high: f64,
    /// How likely chance alone makes so great a difference, corrected for all looks.
    pub p: f64,
    pub verdict: Verdict,
}

/// A row for each class that occurs, and for each reason of a throttle.
pub(super) fn rows(a: &Report, b: &Report) -> Vec<CountRow> {
    let all = |report: &Report| Class::ALL.into_iter().map(|class| report.counts.of(class)).sum::<u64>();
    let (all_a, all_b) = (all(a), all(b));
    let classes = Class::ALL.into_iter().filter(|class| *class != Class::Throttled);
    let classes =
        classes.map(|class| (words(class, a.mode).to_owned(), a.counts.of(class), b.counts.of(class)));
    let reasons: std::collections::BTreeSet<&String> =
        a.counts.throttled.keys().chain(b.counts.throttled.keys()).collect();
    let of =
        |report: &Report, reason: &String| report.counts.throttled.get(reason).copied().unwrap_or_default();
    let reasons = reasons.into_iter().map(|reason| (format!("429 {reason}"), of(a, reason), of(b, reason)));
    let seen = classes.chain(reasons).filter(|(_, a, b)| a + b > 0);
    seen.map(|(what, a, b)| CountRow::new(what, (a, all_a), (b, all_b))).collect()
}

impl CountRow {
    fn new(what: String, a: (u64, u64), b: (u64, u64)) -> CountRow {
        let share = |(count, all): (u64, u64)| if all == 0 { 0.0 } else { count as f64 / all as f64 };
        let (low, high) = newcombe(a, b);
        CountRow {
            what,
            a: a.0,
            b: b.0,
            share_a: share(a),
            share_b: share(b),
            difference: share(b) - share(a),
            low,
            high,
            p: fisher(a, b),
            verdict: Verdict::Same,
        }
    }

    /// `p` is corrected for the number of looks.
    pub(super) fn judge(&mut self, p: f64, tolerance: &Tolerance) {
        self.p = p;
        self.verdict = match p < LEVEL {
            true if self.difference.abs() <= tolerance.share => Verdict::WithinTolerance,
            true => Verdict::Differs,
            false if self.high - self.low > 2.0 * WIDE => Verdict::TooFew,
            false => Verdict::Same,
        };
    }
}

/// Fisher's exact test, two-sided: of all tables with the same sums, how likely
/// are those that are no likelier than the one seen?
fn fisher((a, all_a): (u64, u64), (b, all_b): (u64, u64)) -> f64 {
    let (hits, all) = (a + b, all_a + all_b);
    let (least, most) = (hits.saturating_sub(all_b), hits.min(all_a));
    if most - least > MOST_TABLES {
        return normal((a, all_a), (b, all_b));
    }
    let chance = |in_a: u64| ln_choose(all_a, in_a) + ln_choose(all_b, hits - in_a) - ln_choose(all, hits);
    // Equal chances may differ in their last digit.
    let seen = chance(a) + 1e-7;
    let sum: f64 = (least..=most).map(chance).filter(|&chance| chance <= seen).map(f64::exp).sum();
    sum.min(1.0)
}

fn ln_choose(n: u64, k: u64) -> f64 {
    let ln_factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// For large numbers: the difference in units of its deviation.
fn normal((a, all_a): (u64, u64), (b, all_b): (u64, u64)) -> f64 {
    let (a, all_a, b, all_b) = (a as f64, all_a as f64, b as f64, all_b as f64);
    let pooled = (a + b) / (all_a + all_b);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / all_a + 1.0 / all_b)).sqrt();
    match deviation {
        0.0 => 1.0,
        deviation => libm::erfc((a / all_a - b / all_b).abs() / deviation / std::f64::consts::SQRT_2),
    }
}

/// Wilson's interval of a share.
fn wilson((count, all): (u64, u64)) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let n = all as f64;
    let (share, z2) = (count as f64 / n, Z * Z);
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Newcombe's interval of a difference of shares, B's less A's.
fn newcombe(a: (u64, u64), b: (u64, u64)) -> (f64, f64) {
    let share = |(count, all): (u64, u64)| if all == 0 { 0.0 } else { count as f64 / all as f64 };
    let (one, other) = (share(a), share(b));
    let ((low_a, high_a), (low_b, high_b)) = (wilson(a), wilson(b));
    let low = other - one - ((other - low_b).powi(2) + (high_a - one).powi(2)).sqrt();
    let high = other - one + ((high_b - other).powi(2) + (one - low_a).powi(2)).sqrt();
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, by: f64) {
        assert!((value - expected).abs() < by, "{value} is not {expected}");
    }

    #[test]
    fn fisher_and_the_lady_who_tasted_tea() {
        close(fisher((3, 4), (1, 4)), 0.4857, 0.0001);
        close(fisher((4, 4), (0, 4)), 0.0286, 0.0001);
        close(fisher((5, 100), (5, 100)), 1.0, 1e-9);
        close(fisher((0, 10), (0, 10)), 1.0, 1e-9);
        // R: fisher.test(matrix(c(1, 9, 11, 3), nrow = 2))
        close(fisher((1, 12), (9, 12)), 0.002_759, 0.000_001);
    }

    #[test]
    fn the_normal_approximation_meets_the_exact_test() {
        let (a, b) = ((50_000, 100_000), (50_400, 100_000));
        close(normal(a, b), fisher(a, b), 0.002);
    }

    #[test]
    fn intervals_are_those_of_newcombes_paper() {
        // Newcombe 1998, table II, method 10: 56/70 and 48/80.
        let (low, high) = newcombe((48, 80), (56, 70));
        close(low, 0.0524, 0.0001);
        close(high, 0.3339, 0.0001);
    }

    #[test]
    fn verdicts_say_what_the_numbers_allow() {
        let check = |a, b, expected| {
            let mut row = CountRow::new("x".into(), a, b);
            let p = row.p;
            row.judge(p, &Tolerance::default());
            assert_eq!(row.verdict, expected, "{row:?}");
        };
        check((5, 100), (5, 100), Verdict::Same);
        check((5, 100), (50, 100), Verdict::Differs);
        check((1, 3), (2, 3), Verdict::TooFew);
        check((500_000, 1_000_000), (505_000, 1_000_000), Verdict::WithinTolerance);
    }
}
