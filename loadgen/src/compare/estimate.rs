//! A number that is known from a sample, and how well.

use super::bell::Bell;
use serde::Serialize;

/// Deviations that hold 95 of a hundred cases between them.
const Z: f64 = 1.959_964;

/// A number with the interval that holds the true one in 19 of 20 cases. An end
/// is none where there are too few requests to say how far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub(super) hits: u64,
    pub(super) of: u64,
}

impl Estimate {
    /// A number that nothing more is known of.
    pub(super) fn bare(value: f64) -> Estimate {
        Estimate { value, low: None, high: None }
    }

    /// B less A, of two that are independent. Each end of the interval adds up the
    /// squares of what the two can be off in that direction: the recovery of
    /// variance estimates (Zou and Donner 2008), of which Newcombe's interval for
    /// shares (1998, his method 10) is a case. Nothing need be symmetrical.
    pub(super) fn difference(a: Estimate, b: Estimate) -> Estimate {
        let value = b.value - a.value;
        let off = |one: f64, other: f64| (one * one + other * other).sqrt();
        let low = b.low.zip(a.high).map(|(low, high)| value - off(b.value - low, high - a.value));
        let high = b.high.zip(a.low).map(|(high, low)| value + off(high - b.value, a.value - low));
        Estimate { value, low, high }
    }

    pub(super) fn holds_zero(self) -> bool {
        self.low.is_none_or(|low| low <= 0.0) && self.high.is_none_or(|high| high >= 0.0)
    }

    /// Whether an end is not known.
    pub(super) fn is_open(self) -> bool {
        self.width().is_none()
    }

    /// From the low end to the high one.
    pub(super) fn width(self) -> Option<f64> {
        self.low.zip(self.high).map(|(low, high)| high - low)
    }

    /// The same in another form.
    pub(super) fn map(self, f: impl Fn(f64) -> f64) -> Estimate {
        Estimate { value: f(self.value), low: self.low.map(&f), high: self.high.map(&f) }
    }
}

impl Part {
    /// The share, in Wilson's interval, which is right for few and for shares
    /// near 0 and 1, where the usual ± is not.
    pub(super) fn share(self) -> Estimate {
        if self.of == 0 {
            return Estimate { value: 0.0, low: Some(0.0), high: Some(1.0) };
        }
        let n = self.of as f64;
        let (share, z2) = (self.hits as f64 / n, Z * Z);
        let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
        // At 0 and 1 the end is the share itself, but for rounding.
        let (low, high) = ((middle - half).clamp(0.0, share), (middle + half).clamp(share, 1.0));
        Estimate { value: share, low: Some(low), high: Some(high) }
    }

    /// Fisher's exact test, two-sided: if hits and misses of both were dealt out
    /// anew, how likely would they come apart as unlikely as they did? Exact for
    /// any numbers, so there is no approximation to switch to.
    pub(super) fn fisher(a: Part, b: Part) -> f64 {
        Bell::hypergeometric(a.hits + b.hits, a.of, b.of).two_sided(a.hits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, by: f64) {
        assert!((value - expected).abs() < by, "{value} is not {expected}");
    }

    fn part(hits: u64, of: u64) -> Part {
        Part { hits, of }
    }

    #[test]
    fn fisher_and_the_lady_who_tasted_tea() {
        let check = |a, b, expected| close(Part::fisher(a, b), expected, 1e-6);
        check(part(3, 4), part(1, 4), 0.485_714);
        check(part(4, 4), part(0, 4), 0.028_571);
        check(part(5, 100), part(5, 100), 1.0);
        check(part(0, 10), part(0, 10), 1.0);
        check(part(0, 0), part(3, 10), 1.0);
        // R: fisher.test(matrix(c(1, 9, 11, 3), nrow = 2))
        check(part(1, 12), part(9, 12), 0.002_759);
        // R: fisher.test(rbind(c(1, 9), c(11, 3)))
        check(part(1, 10), part(11, 14), 0.002_759);
    }

    #[test]
    fn fisher_is_exact_for_millions() {
        // The share's deviations apart, by the normal curve that the counts then follow.
        let check = |a: Part, b: Part| {
            let (n, m) = (a.of as f64, b.of as f64);
            let share = (a.hits + b.hits) as f64 / (n + m);
            let deviation = (share * (1.0 - share) * (1.0 / n + 1.0 / m)).sqrt();
            let off = (a.hits as f64 / n - b.hits as f64 / m).abs() / deviation;
            close(Part::fisher(a, b), libm::erfc(off / std::f64::consts::SQRT_2), 0.002);
        };
        check(part(500_000, 1_000_000), part(501_500, 1_000_000));
        check(part(50_000_000, 100_000_000), part(250_020_000, 500_000_000));
    }

    #[test]
    fn wilsons_intervals_are_those_of_newcombes_paper() {
        // Newcombe 1998 (Statistics in Medicine 17, 857), table I, method 3.
        let check = |hits, of, low, high| {
            let share = part(hits, of).share();
            close(share.low.unwrap(), low, 0.000_05);
            close(share.high.unwrap(), high, 0.000_05);
        };
        check(81, 263, 0.2553, 0.3662);
        check(15, 148, 0.0624, 0.1605);
        check(0, 20, 0.0, 0.1611);
        check(1, 29, 0.0061, 0.1718);
    }

    #[test]
    fn differences_of_shares_are_those_of_newcombes_paper() {
        // Newcombe 1998 (Statistics in Medicine 17, 873), table II, method 10.
        let check = |a: Part, b: Part, low, high| {
            let difference = Estimate::difference(a.share(), b.share());
            close(difference.low.unwrap(), low, 0.000_05);
            close(difference.high.unwrap(), high, 0.000_05);
        };
        check(part(48, 80), part(56, 70), 0.0524, 0.3339);
        check(part(3, 10), part(9, 10), 0.1705, 0.8090);
        check(part(0, 10), part(10, 10), 0.6075, 1.0);
    }
}
