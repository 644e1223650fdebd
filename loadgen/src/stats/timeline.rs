//! A run second by second: what ended when, and how long it had taken.
//!
//! Memory does not grow with the run. Intervals are a tenth of a second wide at
//! first; when there are too many, ten become one, then ten again, and so on.

use crate::outcome::Class;
use emulator::engine::NumberMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Widths in milliseconds. Each is a multiple of the one before, so that two
/// timelines can be brought to the same width without loss.
const WIDTHS_MS: [u64; 6] = [100, 1_000, 10_000, 60_000, 600_000, 3_600_000];

/// Intervals kept: six minutes by tenths of a second, an hour by seconds.
const MOST_INTERVALS: usize = 3_600;

/// Intervals of equal width, from the start of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    pub width_ms: u64,
    pub intervals: Vec<Interval>,
}

/// What happened in one interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interval {
    /// Requests that left in it.
    #[serde(skip_serializing_if = "is_zero")]
    pub sent: u64,
    /// Requests that ended in it: their response times by class.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ended: BTreeMap<Class, Coarse>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline { width_ms: WIDTHS_MS[0], intervals: Vec::new() }
    }
}

impl Timeline {
    /// A request left so long after the start.
    pub fn left(&mut self, at: Duration) {
        self.at(at).sent += 1;
    }

    /// A request ended so long after the start.
    pub fn ended(&mut self, at: Duration, class: Class, response: Duration) {
        self.at(at).ended.entry(class).or_default().record(response);
    }

    /// Adds that of another run, which began `later` than this one.
    pub fn add(&mut self, other: &Timeline, later: Duration) {
        while self.width_ms < other.width_ms {
            self.coarsen();
        }
        for (n, interval) in other.intervals.iter().enumerate() {
            let at = later + Duration::from_millis(other.width_ms * n as u64);
            self.at(at).add(interval);
        }
    }

    fn at(&mut self, at: Duration) -> &mut Interval {
        let mut index = self.index(at);
        while index >= MOST_INTERVALS && self.width_ms < WIDTHS_MS[WIDTHS_MS.len() - 1] {
            self.coarsen();
            index = self.index(at);
        }
        let index = index.min(MOST_INTERVALS - 1);
        if self.intervals.len() <= index {
            self.intervals.resize_with(index + 1, Interval::default);
        }
        &mut self.intervals[index]
    }

    fn index(&self, at: Duration) -> usize {
        // Milliseconds of so few centuries need no 128 bits.
        let millis = at.as_secs() * 1_000 + u64::from(at.subsec_millis());
        (millis / self.width_ms) as usize
    }

    fn coarsen(&mut self) {
        let wider = WIDTHS_MS.into_iter().find(|&width| width > self.width_ms);
        let wider = wider.unwrap_or(self.width_ms * 10);
        let several = (wider / self.width_ms) as usize;
        let merged = self.intervals.chunks(several).map(|chunk| {
            let mut whole = Interval::default();
            chunk.iter().for_each(|part| whole.add(part));
            whole
        });
        self.intervals = merged.collect();
        self.width_ms = wider;
    }
}

impl Interval {
    fn add(&mut self, other: &Interval) {
        self.sent += other.sent;
        for (&class, times) in &other.ended {
            self.ended.entry(class).or_default().add(times);
        }
    }

    pub fn count(&self, class: Class) -> u64 {
        self.ended.get(&class).map_or(0, Coarse::count)
    }
}

/// A small histogram: microseconds to two significant digits, and how often.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Coarse(NumberMap<u64, u64>);

impl From<Vec<(u64, u64)>> for Coarse {
    fn from(pairs: Vec<(u64, u64)>) -> Coarse {
        Coarse(pairs.into_iter().collect())
    }
}

impl From<Coarse> for Vec<(u64, u64)> {
    fn from(coarse: Coarse) -> Vec<(u64, u64)> {
        coarse.sorted()
    }
}

impl Coarse {
    fn record(&mut self, time: Duration) {
        *self.0.entry(rounded(time.as_micros() as u64)).or_default() += 1;
    }

    fn add(&mut self, other: &Coarse) {
        for (&micros, &count) in &other.0 {
            *self.0.entry(micros).or_default() += count;
        }
    }

    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// From short to long: recording needs no order, and is quicker without.
    fn sorted(&self) -> Vec<(u64, u64)> {
        let mut pairs: Vec<(u64, u64)> = self.0.iter().map(|(&micros, &count)| (micros, count)).collect();
        pairs.sort_unstable();
        pairs
    }

    /// Milliseconds below which `percent` of the times lie; none without any.
    pub fn percentile_ms(&self, percent: f64) -> Option<f64> {
        let rank = (self.count() as f64 * percent / 100.0).ceil().max(1.0) as u64;
        let mut seen = 0;
        let found = self.sorted().into_iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        found.map(|(micros, _)| micros as f64 / 1000.0)
    }
}

/// Keeps the seven highest bits, and takes the middle of what they stand for.
fn rounded(micros: u64) -> u64 {
    let shift = (64 - micros.leading_zeros()).saturating_sub(7);
    match shift {
        0 => micros,
        shift => ((micros >> shift) << shift) + (1 << (shift - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn rounding_errs_by_less_than_one_percent() {
        for micros in (0..100_000).chain((100_000..90_000_000).step_by(9973)) {
            let error = rounded(micros).abs_diff(micros) as f64;
            assert!(error <= micros as f64 * 0.008, "{micros} became {}", rounded(micros));
        }
    }

    #[test]
    fn a_long_run_has_wider_intervals_and_loses_nothing() {
        let mut timeline = Timeline::default();
        for second in 0..50_000 {
            timeline.left(MS * 1000 * second);
            timeline.ended(MS * 1000 * second, Class::OkWarm, 5 * MS);
        }
        assert_eq!(timeline.width_ms, 60_000);
        assert!(timeline.intervals.len() <= MOST_INTERVALS);
        let sum = |of: fn(&Interval) -> u64| timeline.intervals.iter().map(of).sum::<u64>();
        assert_eq!(sum(|interval| interval.sent), 50_000);
        assert_eq!(sum(|interval| interval.count(Class::OkWarm)), 50_000);
    }

    #[test]
    fn two_timelines_add_up_whatever_their_widths() {
        let mut long = Timeline::default();
        long.ended(MS * 500_000, Class::OkWarm, MS);
        let mut short = Timeline::default();
        short.ended(MS * 250, Class::OkWarm, MS);
        let check = |mut into: Timeline, from: &Timeline, later_ms: u32, index: usize, count: u64| {
            into.add(from, MS * later_ms);
            assert_eq!((into.width_ms, into.intervals[index].count(Class::OkWarm)), (1_000, count));
        };
        check(long.clone(), &short, 0, 0, 1);
        check(short.clone(), &long, 0, 500, 1);
        check(long.clone(), &long, 0, 500, 2);
        check(short, &long, 2_000, 502, 1);
    }

    #[test]
    fn percentiles_of_an_interval() {
        let mut coarse = Coarse::default();
        assert_eq!(coarse.percentile_ms(50.0), None);
        (1..=100).for_each(|n| coarse.record(MS * n));
        let check = |percent, expected: f64| {
            let ms = coarse.percentile_ms(percent).unwrap();
            assert!((ms - expected).abs() <= expected * 0.02, "p{percent}: {ms}");
        };
        check(50.0, 50.0);
        check(99.0, 99.0);
        check(100.0, 100.0);
    }
}
