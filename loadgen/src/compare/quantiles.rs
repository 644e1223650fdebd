//! Percentiles, how well they are known, and whether two are the same.

use super::bell::{Bell, Tails};
use super::estimate::Estimate;
use super::ranks::Ranks;
use crate::stats::Latencies;

/// Intervals hold in all but so many cases.
const LEFT_OUT: f64 = 0.05;

/// Chances below are as good as none.
const LEAST_P: f64 = 1e-12;

/// Halvings that find a chance between [`LEAST_P`] and 1 to nine digits.
const HALVINGS: u32 = 35;

/// A percentile of a sample.
///
/// How many of `n` times lie below the true percentile is binomial, whatever
/// their distribution is. So two of the times in order, so many ranks before and
/// behind, enclose it as surely as one likes; nothing is assumed, and exactness
/// does not depend on `n`. Beyond the last rank nothing is known.
#[derive(Debug)]
pub(super) struct Quantile<'a> {
    ranks: &'a Ranks,
    value: f64,
    tails: Tails,
}

impl<'a> Quantile<'a> {
    /// `ranks` are those of the latencies.
    pub(super) fn new(latencies: &Latencies, ranks: &'a Ranks, percent: f64) -> Quantile<'a> {
        let tails = Bell::binomial(ranks.count(), percent / 100.0).tails();
        Quantile { ranks, value: latencies.percentile_ms(percent), tails }
    }

    pub(super) fn estimate(&self) -> Estimate {
        self.estimate_but_for(LEFT_OUT)
    }

    /// In an interval that fails to hold the true one in so many cases.
    fn estimate_but_for(&self, left_out: f64) -> Estimate {
        let (low, high) = self.tails.beyond(left_out / 2.0);
        // No time is below zero.
        let low = if low == 0 { Some(0.0) } else { self.ranks.at(low) };
        let value = self.value;
        let high = self.ranks.at(high).map(|high| high.max(value));
        Estimate { value, low: low.map(|low| low.min(value)), high }
    }

    /// How likely chance alone parts two equal percentiles so far: the surer an
    /// interval of their difference is to be, the wider it has to be, and there is
    /// one that just begins to hold zero.
    pub(super) fn are_same(a: &Quantile<'_>, b: &Quantile<'_>) -> f64 {
        let parts = |left_out: f64| {
            let (a, b) = (a.estimate_but_for(left_out), b.estimate_but_for(left_out));
            !Estimate::difference(a, b).holds_zero()
        };
        if !parts(1.0) {
            return 1.0;
        }
        // Between the two powers of ten lies the interval that begins to hold zero.
        let (mut holds, mut parted) = (LEAST_P.log10(), 0.0);
        for _ in 0..HALVINGS {
            let middle = (holds + parted) / 2.0;
            if parts(10.0_f64.powf(middle)) { parted = middle } else { holds = middle }
        }
        10.0_f64.powf(parted)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranks::tests::exponential;
    use super::*;

    fn estimate(sample: &Latencies, percent: f64) -> Estimate {
        Quantile::new(sample, &Ranks::new(sample), percent).estimate()
    }

    fn are_same(a: &Latencies, b: &Latencies, percent: f64) -> f64 {
        let ranks = [a, b].map(Ranks::new);
        Quantile::are_same(&Quantile::new(a, &ranks[0], percent), &Quantile::new(b, &ranks[1], percent))
    }

    #[test]
    fn the_ranks_around_the_median_are_those_of_the_tables() {
        let check = |n: u32, low: f64, high: Option<f64>| {
            let p50 = estimate(&Latencies::of_millis((1..=n).map(f64::from)), 50.0);
            assert_eq!((p50.low.map(f64::round), p50.high.map(f64::round)), (Some(low), high), "{n}");
        };
        check(5, 0.0, None);
        check(6, 1.0, Some(6.0));
        check(10, 2.0, Some(9.0));
        check(20, 6.0, Some(15.0));
        check(100, 40.0, Some(61.0));
    }

    #[test]
    fn beyond_the_longest_nothing_is_known() {
        let p99 = |n: u32| estimate(&Latencies::of_millis((1..=n).map(f64::from)), 99.0);
        assert!(p99(100).high.is_none() && p99(100).low.is_some(), "{:?}", p99(100));
        assert!((996.0..998.5).contains(&p99(1000).high.unwrap()), "{:?}", p99(1000));
    }

    #[test]
    fn percentiles_are_told_apart_as_far_as_their_number_allows() {
        let check = |a: &Latencies, b: &Latencies, percent, differs: bool| {
            let p = are_same(a, b, percent);
            assert_eq!(p < 0.001, differs, "{percent}: {p}");
        };
        let even = |n: u32, later: f64| Latencies::of_millis((1..=n).map(|n| f64::from(n) + later));
        for percent in [50.0, 90.0, 99.0] {
            check(&even(1000, 0.0), &even(1000, 300.0), percent, true);
            check(&even(1000, 0.0), &even(1000, 5.0), percent, false);
            check(&Latencies::of_millis([100.0; 1000]), &Latencies::of_millis([200.0; 2000]), percent, true);
            assert_eq!(are_same(&even(500, 0.0), &even(500, 0.0), percent), 1.0);
        }
        // Of a hundred, one lies beyond: that is nothing to go by.
        check(&Latencies::of_millis([100.0; 100]), &Latencies::of_millis([200.0; 100]), 99.0, false);
        check(&Latencies::of_millis([100.0; 100]), &Latencies::of_millis([200.0; 100]), 90.0, true);
    }

    const TRIES: usize = 300;

    /// In how many tries two samples have a chance below `level`, and in how many
    /// their interval holds the truth.
    fn tries(percent: f64, [n, m]: [u32; 2], means: [f64; 2], level: f64) -> (usize, usize) {
        let mut lots = fastrand::Rng::with_seed(5);
        let mut sample = |n, mean_ms| Latencies::of_millis((0..n).map(|_| exponential(&mut lots, mean_ms)));
        let truth = (means[1] - means[0]) * -(1.0 - percent / 100.0_f64).ln();
        let (mut alarms, mut held) = (0, 0);
        for _ in 0..TRIES {
            let (a, b) = (sample(n, means[0]), sample(m, means[1]));
            alarms += usize::from(are_same(&a, &b, percent) < level);
            let difference = Estimate::difference(estimate(&a, percent), estimate(&b, percent));
            let is_in = difference.low.is_none_or(|low| low <= truth);
            held += usize::from(is_in && difference.high.is_none_or(|high| truth <= high));
        }
        (alarms, held)
    }

    #[test]
    fn equals_are_parted_in_at_most_one_of_twenty_cases() {
        for (percent, sizes) in [(50.0, [20, 20]), (50.0, [300, 30]), (90.0, [100, 60])] {
            // 5 % of 300 are 15; their deviation is 3.8.
            let (alarms, held) = tries(percent, sizes, [100.0, 100.0], 0.05);
            assert!(alarms <= 15 + 8, "{percent} {sizes:?}: {alarms} of {TRIES}");
            assert!(held >= TRIES - 15 - 8, "{percent} {sizes:?}: {held} of {TRIES}");
        }
    }

    #[test]
    fn what_differs_is_found_and_lies_in_its_interval() {
        let (found, held) = tries(50.0, [200, 200], [100.0, 170.0], 0.05);
        assert!(found >= 270 && held >= TRIES - 15 - 8, "{found} and {held} of {TRIES}");
    }
}
