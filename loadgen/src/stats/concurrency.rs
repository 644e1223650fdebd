//! How many requests ran at the same time: at most, and on average.
//!
//! Computed from the answers' own `started_at` and `finished_at` where they
//! have them: that is when the function ran. Otherwise from when we sent and
//! heard, which also counts the way there and back. The first answer decides,
//! for intervals of two clocks cannot be laid over each other.
//!
//! Memory is bounded: when a million intervals are kept, the older half is
//! counted and forgotten.

use serde::{Deserialize, Serialize};

/// Intervals of 16 bytes kept before the older half is settled.
const MOST_INTERVALS: usize = 1_000_000;

/// A half-open interval in microseconds since some epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    start: u64,
    end: u64,
}

impl Interval {
    /// An interval lasts at least a microsecond: it took place.
    pub fn from_micros(start: u64, end: u64) -> Interval {
        let start = start.min(u64::MAX - 1);
        Interval { start, end: end.max(start + 1) }
    }

    /// From seconds since 1970, as answers state them.
    pub fn from_epoch_seconds(start: f64, end: f64) -> Interval {
        // Saturating casts: a nonsensical time becomes a harmless one.
        Interval::from_micros((start * 1e6) as u64, (end * 1e6) as u64)
    }
}

/// Whose clock the intervals come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `started_at` and `finished_at` of the answers.
    Answers,
    /// Sent and answered, as the client saw it.
    Client,
    /// A simulation's own count of all functions' running environments.
    Simulation,
}

/// Collects the intervals of successful answers and finds how they overlap.
#[derive(Debug, Default, Clone)]
pub struct Overlap {
    source: Option<Source>,
    starts: Vec<u64>,
    ends: Vec<u64>,
    settled: Settled,
    left_out: u64,
    busy_us: u64,
    first: Option<u64>,
    last: u64,
}

/// What is known of the time before `until`, whose intervals are forgotten.
#[derive(Debug, Default, Clone, Copy)]
struct Settled {
    until: u64,
    running: u64,
    highest: u64,
}

impl Overlap {
    pub fn add(&mut self, answer: Option<Interval>, client: Interval) {
        let first = if answer.is_some() { Source::Answers } else { Source::Client };
        let interval = match self.source.get_or_insert(first) {
            Source::Answers => answer,
            Source::Client | Source::Simulation => Some(client),
        };
        match interval {
            Some(interval) if interval.start >= self.settled.until => self.keep(interval),
            // Its beginning is settled already, without it.
            Some(_) | None => self.left_out += 1,
        }
    }

    fn keep(&mut self, interval: Interval) {
        self.starts.push(interval.start);
        self.ends.push(interval.end);
        self.busy_us = self.busy_us.saturating_add(interval.end - interval.start);
        self.first = Some(self.first.map_or(interval.start, |first| first.min(interval.start)));
        self.last = self.last.max(interval.end);
        if self.starts.len() >= MOST_INTERVALS {
            self.settle();
        }
    }

    /// Counts what began in the older half of the time, and forgets it.
    fn settle(&mut self) {
        self.starts.sort_unstable();
        self.ends.sort_unstable();
        let until = self.starts[self.starts.len() / 2];
        let begun = self.starts.partition_point(|&start| start < until);
        let ended = self.ends.partition_point(|&end| end <= until);
        self.settled.sweep(&self.starts[..begun], &self.ends[..ended]);
        self.settled.until = until;
        self.starts.drain(..begun);
        self.ends.drain(..ended);
    }

    /// Whose clock the intervals are on; none before the first answer.
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// Answers that could not be counted in: they told no times of their own,
    /// or came long after others that began later.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The highest number of intervals that share an instant; none without any.
    pub fn highest(&self) -> Option<u64> {
        self.first?;
        let (mut starts, mut ends) = (self.starts.clone(), self.ends.clone());
        starts.sort_unstable();
        ends.sort_unstable();
        let mut all = self.settled;
        all.sweep(&starts, &ends);
        Some(all.highest)
    }

    /// How many ran at an average instant between the first start and the last end.
    pub fn mean(&self) -> Option<f64> {
        Some(self.busy_us as f64 / (self.last - self.first?) as f64)
    }
}

impl Settled {
    /// Goes through sorted starts and ends in the order of time.
    ///
    /// ```text
    /// starts  |  |     |          A start raises the count, an end lowers it;
    /// a       ├──────┤            at the same instant the end goes first, for
    /// b          ├─────────┤      the environment that ended one may have
    /// c                ├─────┤    begun the next.
    /// count   1  2   1 2   1 0
    /// ```
    fn sweep(&mut self, starts: &[u64], ends: &[u64]) {
        let mut ends = ends.iter().peekable();
        for start in starts {
            while ends.next_if(|end| *end <= start).is_some() {
                self.running = self.running.saturating_sub(1);
            }
            self.running += 1;
            self.highest = self.highest.max(self.running);
        }
        self.running = self.running.saturating_sub(ends.count() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sweep_finds_the_highest_overlap() {
        let check = |intervals: &[(u64, u64)], expected: Option<u64>| {
            let mut overlap = Overlap::default();
            for &(start, end) in intervals {
                overlap.add(Some(Interval::from_micros(start, end)), Interval::from_micros(0, 99));
            }
            assert_eq!(overlap.highest(), expected, "{intervals:?}");
        };
        check(&[], None);
        check(&[(0, 10)], Some(1));
        check(&[(0, 10), (10, 20)], Some(1));
        check(&[(10, 20), (0, 10), (20, 30)], Some(1));
        check(&[(0, 11), (10, 20)], Some(2));
        check(&[(0, 100), (10, 20), (30, 40)], Some(2));
        check(&[(0, 100), (10, 50), (30, 40)], Some(3));
        check(&[(5, 5), (5, 5), (5, 5)], Some(3));
        check(&[(9, 3), (9, 12)], Some(2));
        check(&[(0, 10); 7], Some(7));
    }

    #[test]
    fn the_first_answer_decides_the_clock() {
        let own = Some(Interval::from_epoch_seconds(1_763_750_000.0, 1_763_750_002.5));
        let seen = Interval::from_micros(0, 10);
        let check = |answers: &[Option<Interval>], source, highest, left_out| {
            let mut overlap = Overlap::default();
            answers.iter().for_each(|&answer| overlap.add(answer, seen));
            assert_eq!(
                (overlap.source(), overlap.highest(), overlap.left_out()),
                (source, highest, left_out)
            );
        };
        check(&[], None, None, 0);
        check(&[own, own], Some(Source::Answers), Some(2), 0);
        check(&[own, None], Some(Source::Answers), Some(1), 1);
        check(&[None, own, None], Some(Source::Client), Some(3), 0);
    }

    #[test]
    fn memory_is_bounded_and_the_count_stays_right() {
        let mut overlap = Overlap::default();
        // Seven at any time, each beginning where another ends.
        for n in 0..3 * MOST_INTERVALS as u64 {
            overlap.add(None, Interval::from_micros(n, n + 7));
        }
        assert!(overlap.starts.capacity() <= 2 * MOST_INTERVALS);
        assert_eq!((overlap.highest(), overlap.left_out()), (Some(7), 0));
        assert!((overlap.mean().unwrap() - 7.0).abs() < 0.001);
        overlap.add(None, Interval::from_micros(0, 9));
        assert_eq!(overlap.left_out(), 1, "it comes too late to be counted in");
    }

    #[test]
    fn the_mean_is_busy_time_over_time() {
        let mut overlap = Overlap::default();
        assert_eq!(overlap.mean(), None);
        for (start, end) in [(0, 10), (5, 10), (15, 20)] {
            overlap.add(None, Interval::from_micros(start, end));
        }
        assert_eq!(overlap.mean(), Some(1.0));
    }

    #[test]
    fn nonsensical_times_do_no_harm() {
        let mut overlap = Overlap::default();
        for (start, end) in [(f64::NAN, 1.0), (-5.0, -1.0), (1e300, 1e301)] {
            overlap.add(Some(Interval::from_epoch_seconds(start, end)), Interval::from_micros(0, 1));
        }
        assert!(overlap.highest().is_some());
    }
}
