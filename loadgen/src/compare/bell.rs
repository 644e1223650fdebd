//! What a count would be if chance alone decided: distributions with one peak.
//!
//! Every chance is computed from its neighbour's, from the peak outwards, until
//! it is too small for a number. So no factorial is needed nor its logarithm,
//! nothing is lost to rounding for large numbers, and nothing has to be
//! approximated: of a thousand million some hundred thousand counts have a
//! chance at all.

/// Chances that differ by less are equal: mirrored tables must count alike.
const ROUNDING: f64 = 1e-7;

/// The counts around the peak. Those left out have a chance below 1e-300.
#[derive(Debug)]
pub(super) struct Bell {
    first: u64,
    /// Chances, each times `total`.
    weights: Vec<f64>,
    total: f64,
}

impl Bell {
    /// How many of `n` succeed, if each does with the same chance.
    pub(super) fn binomial(n: u64, chance: f64) -> Bell {
        let odds = chance / (1.0 - chance);
        let ratio = |k: u64| (n - k) as f64 / (k + 1) as f64 * odds;
        Bell::new(0, n, n as f64 * chance, ratio)
    }

    /// How many of `hits` fall among the `a` of `a + b`, if all are alike.
    pub(super) fn hypergeometric(hits: u64, a: u64, b: u64) -> Bell {
        let (least, most) = (hits.saturating_sub(b), hits.min(a));
        let peak = hits as f64 * (a as f64 / (a + b).max(1) as f64);
        let ratio = |k: u64| {
            let (more_in_a, fewer_in_b) = ((a - k) as f64, (hits - k) as f64);
            more_in_a / (k + 1) as f64 * fewer_in_b / (b + k + 1 - hits) as f64
        };
        Bell::new(least, most, peak, ratio)
    }

    /// `ratio(k)` says how much likelier `k + 1` is than `k`.
    fn new(least: u64, most: u64, peak: f64, ratio: impl Fn(u64) -> f64) -> Bell {
        let peak = (peak as u64).clamp(least, most);
        let down = |&(k, weight): &(u64, f64)| (k > least).then(|| (k - 1, weight / ratio(k - 1)));
        let up = |&(k, weight): &(u64, f64)| (k < most).then(|| (k + 1, weight * ratio(k)));
        let is_left = |(_, weight): &(u64, f64)| *weight > f64::MIN_POSITIVE;
        let below = std::iter::successors(down(&(peak, 1.0)), down).take_while(is_left);
        let mut weights: Vec<f64> = below.map(|(_, weight)| weight).collect();
        let first = peak - weights.len() as u64;
        weights.reverse();
        let from_peak = std::iter::successors(Some((peak, 1.0)), up).take_while(is_left);
        weights.extend(from_peak.map(|(_, weight)| weight));
        Bell { first, total: weights.iter().sum(), weights }
    }

    /// How likely chance alone brings a count that is no likelier than this one.
    pub(super) fn two_sided(&self, seen: u64) -> f64 {
        let place = seen.checked_sub(self.first).and_then(|place| self.weights.get(place as usize));
        let most = place.copied().unwrap_or_default() * (1.0 + ROUNDING);
        let unlikely: f64 = self.weights.iter().filter(|&&weight| weight <= most).sum();
        (unlikely / self.total).min(1.0)
    }

    /// To be asked for its tails.
    pub(super) fn tails(self) -> Tails {
        let share = |sum: &mut f64, weight: &f64| {
            *sum += weight / self.total;
            Some(*sum)
        };
        Tails {
            first: self.first,
            from_below: self.weights.iter().scan(0.0, share).collect(),
            from_above: self.weights.iter().rev().scan(0.0, share).collect(),
        }
    }
}

/// How likely the first counts are together, and how likely the last.
#[derive(Debug)]
pub(super) struct Tails {
    first: u64,
    from_below: Vec<f64>,
    from_above: Vec<f64>,
}

impl Tails {
    /// Fewer than the first of the two have a chance of at most `tail`, and so has
    /// the second or more.
    pub(super) fn beyond(&self, tail: f64) -> (u64, u64) {
        let few = |sums: &[f64]| sums.partition_point(|&sum| sum <= tail) as u64;
        let end = self.first + self.from_above.len() as u64;
        (self.first + few(&self.from_below), end - few(&self.from_above))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn coins_fall_as_pascals_triangle_says() {
        let bell = Bell::binomial(4, 0.5);
        assert_eq!((bell.first, bell.weights.len()), (0, 5));
        let expected = [2.0, 10.0, 16.0, 10.0, 2.0].map(|of_sixteen: f64| of_sixteen / 16.0);
        (0..=4).zip(expected).for_each(|(seen, expected)| close(bell.two_sided(seen), expected));
    }

    #[test]
    fn every_count_has_its_chance_however_large() {
        // The deviation of 1e9 coins is 15,811; beyond ten of them is nothing to see.
        let bell = Bell::binomial(1_000_000_000, 0.5);
        close(bell.two_sided(500_000_000), 1.0);
        assert!((0.045..0.046).contains(&bell.two_sided(500_000_000 + 31_623)), "two deviations");
        assert!(bell.two_sided(500_000_000 + 158_114) < 1e-22);
        assert_eq!(bell.two_sided(0), 0.0);
        assert!(bell.weights.len() < 1_300_000);
    }

    #[test]
    fn nothing_to_draw_is_certain() {
        for bell in [Bell::hypergeometric(0, 5, 5), Bell::hypergeometric(10, 5, 5), Bell::binomial(0, 0.5)] {
            assert_eq!(bell.weights.len(), 1, "{bell:?}");
            close(bell.two_sided(bell.first), 1.0);
        }
    }

    #[test]
    fn tails_leave_out_what_is_unlikely() {
        let check =
            |n, low, high| assert_eq!(Bell::binomial(n, 0.5).tails().beyond(0.025), (low, high), "{n}");
        check(5, 0, 6);
        check(6, 1, 6);
        check(10, 2, 9);
        check(100, 40, 61);
    }
}
