//! The highest number of requests that ran at the same time.
//!
//! Computed from the answers' own `started_at` and `finished_at` where they
//! have them: that is when the function ran. Otherwise from when we sent and
//! heard, which also counts the way there and back. The first answer decides,
//! for intervals of two clocks cannot be laid over each other.

use serde::Serialize;

/// Memory is bounded: at most this many intervals of 16 bytes are kept (16 MB).
/// Answers beyond it are left out, and the report says how many.
pub const MOST_INTERVALS: usize = 1_000_000;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `started_at` and `finished_at` of the answers.
    Answers,
    /// Sent and answered, as the client saw it.
    Client,
}

/// Collects the intervals of successful answers and finds the highest overlap.
#[derive(Debug, Default)]
pub struct Overlap {
    source: Option<Source>,
    intervals: Vec<Interval>,
    left_out: u64,
}

impl Overlap {
    pub fn add(&mut self, answer: Option<Interval>, client: Interval) {
        let first = if answer.is_some() { Source::Answers } else { Source::Client };
        let interval = match self.source.get_or_insert(first) {
            Source::Answers => answer,
            Source::Client => Some(client),
        };
        match interval {
            Some(interval) if self.intervals.len() < MOST_INTERVALS => {
                self.intervals.push(interval);
            }
            Some(_) | None => self.left_out += 1,
        }
    }

    /// Whose clock the intervals are on; none before the first answer.
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// Answers that could not be counted in.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The highest number of intervals that share an instant; none without any.
    ///
    /// ```text
    /// starts  |  |     |          A start raises the count, an end lowers it;
    /// a       ├──────┤            at the same instant the end goes first, for
    /// b          ├─────────┤      the environment that ended one may have
    /// c                ├─────┤    begun the next.
    /// count   1  2   1 2   1 0
    /// ```
    pub fn highest(&self) -> Option<u64> {
        let mut starts: Vec<u64> = self.intervals.iter().map(|i| i.start).collect();
        let mut ends: Vec<u64> = self.intervals.iter().map(|i| i.end).collect();
        starts.sort_unstable();
        ends.sort_unstable();
        let mut ended = 0;
        let counts = starts.iter().enumerate().map(|(earlier, &start)| {
            while ends[ended] <= start {
                ended += 1;
            }
            (earlier + 1 - ended) as u64
        });
        counts.max()
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
    fn memory_is_bounded_and_said_so() {
        let mut overlap = Overlap::default();
        for _ in 0..MOST_INTERVALS + 3 {
            overlap.add(None, Interval::from_micros(0, 1));
        }
        assert_eq!(overlap.left_out(), 3);
        assert_eq!(overlap.highest(), Some(MOST_INTERVALS as u64));
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
