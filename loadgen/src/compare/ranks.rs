//! Times in order: one sample by rank, and two samples bucket by bucket.

use crate::stats::Latencies;

/// A sample in order.
#[derive(Debug)]
pub(super) struct Ranks {
    /// Each time that occurs, in milliseconds, and how many are as short or shorter.
    steps: Vec<(f64, u64)>,
}

impl Ranks {
    pub(super) fn new(latencies: &Latencies) -> Ranks {
        let mut seen = 0;
        let step = |(ms, count)| {
            seen += count;
            (ms, seen)
        };
        Ranks { steps: latencies.values_ms().map(step).collect() }
    }

    pub(super) fn count(&self) -> u64 {
        self.steps.last().map_or(0, |&(_, seen)| seen)
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = (f64, u64)> {
        self.steps.iter().copied()
    }

    /// How many are as short as this or shorter.
    pub(super) fn at_most(&self, ms: f64) -> u64 {
        let beyond = self.steps.partition_point(|&(step, _)| step <= ms);
        beyond.checked_sub(1).map_or(0, |last| self.steps[last].1)
    }

    /// The n-th shortest, counted from 1.
    pub(super) fn at(&self, rank: u64) -> Option<f64> {
        let step = self.steps.partition_point(|&(_, seen)| seen < rank);
        self.steps.get(step).map(|&(ms, _)| ms)
    }
}

/// Two samples beside each other.
#[derive(Debug)]
pub(super) struct Pool {
    /// How many of A and of B are as short as a bucket or shorter, bucket by bucket.
    pub(super) steps: Vec<(u64, u64)>,
    pub(super) a: u64,
    pub(super) b: u64,
}

impl Pool {
    /// Counts by the buckets of both together: a sample's own maximum cuts its last
    /// bucket short, and equals of the other would seem longer than they are.
    pub(super) fn new(a: &Latencies, b: &Latencies) -> Pool {
        let mut both = a.clone();
        both.add(b);
        let (a, b) = (Ranks::new(a), Ranks::new(b));
        let steps = both.values_ms().map(|(ms, _)| (a.at_most(ms), b.at_most(ms))).collect();
        Pool { steps, a: a.count(), b: b.count() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An exponential time, as waits are.
    pub(in crate::compare) fn exponential(lots: &mut fastrand::Rng, mean_ms: f64) -> f64 {
        -(1.0 - lots.f64()).ln() * mean_ms
    }

    #[test]
    fn ranks_are_counted_from_one() {
        let ranks = Ranks::new(&Latencies::of_millis([1.0, 2.0, 2.0, 5.0]));
        let at: Vec<_> = (1..=5).map(|rank| ranks.at(rank)).collect();
        assert_eq!(at, [Some(1.0), Some(2.0), Some(2.0), Some(5.0), None]);
        let at_most = [0.5, 1.0, 4.9, 9.0].map(|ms| ranks.at_most(ms));
        assert_eq!((at_most, ranks.count()), ([0, 1, 3, 4], 4));
    }

    #[test]
    fn times_of_one_bucket_are_equal() {
        // Two milliseconds are one bucket there.
        let pool = Pool::new(&Latencies::of_millis([2498.7; 50]), &Latencies::of_millis([2500.5; 50]));
        assert_eq!(pool.steps, [(50, 50)]);
    }
}
