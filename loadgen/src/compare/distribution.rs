//! Whether two samples of times come from one distribution.
//!
//! Smirnov's test: the greatest distance of the two cumulative distributions,
//! set against how far two of the same come apart by chance.
//!
//! ```text
//! 100 % │        ____----  Whatever differs, place, width or shape, parts the
//!       │   A __/ │  B     two somewhere, so nothing is assumed of them.
//!       │   /   __│/
//!   0 % │__/___/───────
//! ```

use super::ranks::{Pool, Ranks};

/// For so many pairs of a time of A and one of B the chance is counted out. Beyond,
/// Kolmogorov's limit for large numbers is as good.
const MOST_EXACT: u64 = 10_000;

/// A distance, in parts of `a × b`: whole numbers, so that equals are equal.
pub(super) fn distance(pool: &Pool) -> u128 {
    let off = |&(a, b): &(u64, u64)| product(a, pool.b).abs_diff(product(b, pool.a));
    pool.steps.iter().map(off).max().unwrap_or_default()
}

/// The distance that is left if every time may be off by a part of itself: how
/// far one distribution lies beyond the other, with that stretched.
pub(super) fn distance_beyond(a: &Ranks, b: &Ranks, part: f64) -> u128 {
    let beyond = |one: &Ranks, other: &Ranks| {
        let all = (one.count(), other.count());
        let off = |(ms, seen)| {
            product(seen, all.1).saturating_sub(product(other.at_most(ms * (1.0 + part)), all.0))
        };
        one.steps().map(off).max().unwrap_or_default()
    };
    beyond(a, b).max(beyond(b, a))
}

fn product(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

/// How likely two samples of one distribution, of `a` and `b` times, are that far
/// apart or farther. Times of one bucket count as equal, which makes it careful.
pub(super) fn smirnov(a: u64, b: u64, distance: u128) -> f64 {
    match product(a, b) {
        0 => 1.0,
        all if all <= u128::from(MOST_EXACT) => exact(a, b, distance),
        _ => limit_of(a, b, distance),
    }
}

fn limit_of(a: u64, b: u64, distance: u128) -> f64 {
    let (a, b) = (a as f64, b as f64);
    limit(distance as f64 / (a * b) * (a * b / (a + b)).sqrt())
}

/// A and B in order are a path that goes right for each of A, and up for each of
/// B. All orders are equally likely if A and B are of one distribution. The
/// chance to come to a point without having been that far from the diagonal is
/// that of its two neighbours, each times the chance of the step from there.
fn exact(a: u64, b: u64, distance: u128) -> f64 {
    let is_near = |i: u64, j: u64| product(i, b).abs_diff(product(j, a)) < distance;
    // Before the first column: only the beginning can be come from.
    let mut column = vec![0.0; b as usize + 1];
    for i in 0..=a {
        let mut below = if i == 0 { 1.0 } else { 0.0 };
        for j in 0..=b {
            let (left, steps_left) = (a + b + 1 - i - j, (a + 1 - i, b + 1 - j));
            let right = column[j as usize] * steps_left.0 as f64 / left as f64;
            let up = if j == 0 { below } else { below * steps_left.1 as f64 / left as f64 };
            let here = if is_near(i, j) { right + up } else { 0.0 };
            column[j as usize] = here;
            below = here;
        }
    }
    (1.0 - column[b as usize]).clamp(0.0, 1.0)
}

/// Kolmogorov's distribution, from there on.
fn limit(lambda: f64) -> f64 {
    // Below it the series converges slowly, and its sum is 1 to three digits.
    if lambda < 0.3 {
        return 1.0;
    }
    let term =
        |k: u32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * (f64::from(k) * lambda).powi(2)).exp();
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// The distance that one in twenty pairs of one distribution exceeds, from 0 to 1.
pub(super) fn usual(a: u64, b: u64) -> f64 {
    const LAMBDA: f64 = 1.358;
    LAMBDA * (1.0 / a as f64 + 1.0 / b as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::ranks::tests::exponential;
    use super::*;
    use crate::stats::Latencies;

    fn close(value: f64, expected: f64, by: f64) {
        assert!((value - expected).abs() < by, "{value} is not {expected}");
    }

    #[test]
    fn small_samples_are_exact() {
        // Of C(2n, n) orders so many go that far; the last two are in every table.
        close(smirnov(1, 1, 1), 1.0, 1e-12);
        close(smirnov(2, 2, 4), 2.0 / 6.0, 1e-12);
        close(smirnov(3, 4, 12), 2.0 / 35.0, 1e-12);
        close(smirnov(5, 5, 25), 2.0 / 252.0, 1e-12);
        close(smirnov(5, 5, 20), 0.0794, 0.000_05);
        close(smirnov(10, 10, 60), 0.0524, 0.000_05);
        close(smirnov(10, 10, 0), 1.0, 1e-12);
        close(smirnov(0, 10, 0), 1.0, 1e-12);
    }

    #[test]
    fn kolmogorovs_distribution_has_its_published_values() {
        let check = |lambda, expected: f64| {
            close(limit(lambda), expected, 0.001);
        };
        check(0.828, 0.4997);
        check(1.224, 0.0999);
        check(1.358, 0.0500);
        check(1.628, 0.0100);
        check(0.1, 1.0);
    }

    #[test]
    fn the_limit_is_as_good_where_it_takes_over() {
        for (n, m) in [(100, 101), (20, 501), (1_001, 10)] {
            for of_a_hundred in [14, 18, 22, 30, 40] {
                let distance = u128::from(n * m * of_a_hundred / 100);
                let (exact, limit) = (exact(n, m, distance), limit_of(n, m, distance));
                // Where it is off it calls less different, not more.
                assert!(exact < limit * 1.02 && limit < exact * 1.5 + 0.01, "{n} {m}: {exact} and {limit}");
            }
        }
    }

    #[test]
    fn the_farthest_point_is_found_with_ties() {
        let check = |a: &[f64], b: &[f64], expected: u128| {
            let pool =
                Pool::new(&Latencies::of_millis(a.iter().copied()), &Latencies::of_millis(b.iter().copied()));
            assert_eq!(distance(&pool), expected);
        };
        check(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], 0);
        check(&[1.0, 2.0], &[3.0, 4.0], 4);
        check(&[1.0, 1.0, 1.0, 5.0], &[1.0, 5.0, 5.0, 5.0], 8);
        check(&[1.0], &[1.0, 1.0, 2.0], 1);
    }

    #[test]
    fn a_tolerance_forgives_another_place_but_not_another_shape() {
        let left = |a: &[f64], b: &[f64]| {
            let [a, b] = [a, b].map(|sample| Ranks::new(&Latencies::of_millis(sample.iter().copied())));
            distance_beyond(&a, &b, 0.05)
        };
        assert_eq!(left(&[100.0, 200.0], &[104.0, 208.0]), 0);
        assert_eq!(left(&[104.0, 208.0], &[100.0, 200.0]), 0);
        assert_eq!(left(&[100.0, 100.0], &[120.0, 120.0]), 4);
        assert_eq!(left(&[100.0, 100.0], &[20.0, 180.0]), 2, "the mean is the same");
    }

    #[test]
    fn chance_alone_goes_too_far_in_one_of_twenty_cases() {
        let mut lots = fastrand::Rng::with_seed(7);
        let mut alarms = |a: u32, b: u32, mean_ms: f64| {
            let mut sample =
                |n, mean_ms| Latencies::of_millis((0..n).map(|_| exponential(&mut lots, mean_ms)));
            let pools = (0..300).map(|_| Pool::new(&sample(a, 100.0), &sample(b, mean_ms)));
            pools.filter(|pool| smirnov(pool.a, pool.b, distance(pool)) < 0.05).count()
        };
        // 5 % of 300 are 15; their deviation is 3.8.
        assert!((7..=23).contains(&alarms(60, 80, 100.0)), "of equals");
        assert!(alarms(500, 500, 100.0) <= 23, "of equals beyond the exact ones");
        assert!(alarms(60, 80, 200.0) >= 240, "of those that differ");
    }
}
