//! The statistics of a run, folded sample by sample by one owner.
//!
//! Memory does not grow with the number of requests, with two bounded
//! exceptions: the intervals of [`Overlap`] and the environments seen.

use crate::concurrency::{Interval, Overlap};
use crate::outcome::{Answer, Class, Outcome};
use crate::sample::Sample;
use hdrhistogram::Histogram;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Longer latencies count as this one: a day, the longest `--timeout`.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Three significant digits: an error below 0.1 %.
const DIGITS: u8 = 3;

/// AWS knows seven throttle reasons; what a target invents beyond a few more is
/// counted together.
const MOST_REASONS: usize = 32;
const OTHER_REASONS: &str = "Other";

/// Environments told apart. Ten times what AWS grants an account unasked.
const MOST_ENVIRONMENTS: usize = 10_000;

/// A histogram of microseconds, and the exact maximum beside it: the histogram
/// itself only knows the bucket.
#[derive(Debug, Clone)]
pub struct Latencies {
    histogram: Histogram<u64>,
    max: u64,
}

impl Default for Latencies {
    fn default() -> Latencies {
        let histogram = Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, DIGITS);
        Latencies { histogram: histogram.expect("constant bounds are valid"), max: 0 }
    }
}

impl Latencies {
    pub fn record(&mut self, latency: Duration) {
        let micros = latency.as_micros() as u64;
        self.histogram.saturating_record(micros);
        self.max = self.max.max(micros);
    }

    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Milliseconds below which `percent` of the latencies lie.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        self.histogram.value_at_percentile(percent).min(self.max) as f64 / 1000.0
    }

    pub fn max_ms(&self) -> f64 {
        self.max as f64 / 1000.0
    }

    pub fn mean_ms(&self) -> f64 {
        self.histogram.mean() / 1000.0
    }
}

/// How one environment was used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EnvironmentUse {
    pub answers: u64,
    /// More than one would mean that an environment started twice.
    pub cold: u64,
}

/// Everything a report is made of.
#[derive(Debug)]
pub struct Stats {
    started: Instant,
    left: u64,
    counts: BTreeMap<Class, u64>,
    throttled: BTreeMap<String, u64>,
    latencies: BTreeMap<Class, Latencies>,
    success: Latencies,
    lag: Latencies,
    cold_start: Latencies,
    environments: HashMap<String, EnvironmentUse>,
    overlap: Overlap,
    first_sent: Option<Instant>,
    last_sent: Option<Instant>,
    first_due: Option<Instant>,
    last_done: Option<Instant>,
    notes: BTreeMap<Class, String>,
}

impl Stats {
    /// `started` is where the client's own clock counts from.
    pub fn new(started: Instant) -> Stats {
        Stats {
            started,
            left: 0,
            counts: BTreeMap::new(),
            throttled: BTreeMap::new(),
            latencies: BTreeMap::new(),
            success: Latencies::default(),
            lag: Latencies::default(),
            cold_start: Latencies::default(),
            environments: HashMap::new(),
            overlap: Overlap::default(),
            first_sent: None,
            last_sent: None,
            first_due: None,
            last_done: None,
            notes: BTreeMap::new(),
        }
    }

    /// A request is on its way.
    pub fn leave(&mut self) {
        self.left += 1;
    }

    /// A request has ended.
    pub fn record(&mut self, sample: &Sample) {
        let class = sample.outcome.class();
        *self.counts.entry(class).or_default() += 1;
        self.record_times(class, sample);
        if let Some(note) = sample.outcome.note() {
            self.notes.entry(class).or_insert_with(|| note.to_owned());
        }
        match &sample.outcome {
            Outcome::Ok(answer) => self.record_answer(answer, sample),
            Outcome::Throttled { reason } => self.record_throttle(reason),
            Outcome::Accepted
            | Outcome::FunctionError(_)
            | Outcome::ServerError(_)
            | Outcome::ClientError(_)
            | Outcome::Timeout
            | Outcome::NoAnswer(_)
            | Outcome::NotSent(_) => {}
        }
    }

    /// Requests that were asked for and never begun.
    pub fn never_begun(&mut self, requests: u64, why: &str) {
        if requests > 0 {
            *self.counts.entry(Class::NotSent).or_default() += requests;
            self.notes.entry(Class::NotSent).or_insert_with(|| why.to_owned());
        }
    }

    fn record_times(&mut self, class: Class, sample: &Sample) {
        self.first_due = Some(self.first_due.map_or(sample.due, |first| first.min(sample.due)));
        self.last_done = Some(self.last_done.map_or(sample.done, |last| last.max(sample.done)));
        if let (Some(sent), Some(lag)) = (sample.sent, sample.lag()) {
            self.first_sent = Some(self.first_sent.map_or(sent, |first| first.min(sent)));
            self.last_sent = Some(self.last_sent.map_or(sent, |last| last.max(sent)));
            self.lag.record(lag);
        }
        // What never left has no latency.
        if class != Class::NotSent {
            self.latencies.entry(class).or_default().record(sample.latency());
        }
        if class.is_success() {
            self.success.record(sample.latency());
        }
    }

    fn record_answer(&mut self, answer: &Answer, sample: &Sample) {
        let own = answer.started_at.zip(answer.finished_at);
        let own = own.map(|(start, end)| Interval::from_epoch_seconds(start, end));
        self.overlap.add(own, self.client_interval(sample));
        if let Some(id) = &answer.environment_id {
            self.record_environment(id, answer.is_cold());
        }
        let cold_start_time = answer.cold_start_time.filter(|_| answer.is_cold());
        if let Some(time) = cold_start_time.and_then(|s| Duration::try_from_secs_f64(s).ok()) {
            self.cold_start.record(time);
        }
    }

    fn client_interval(&self, sample: &Sample) -> Interval {
        let micros = |at: Instant| at.saturating_duration_since(self.started).as_micros() as u64;
        Interval::from_micros(micros(sample.sent.unwrap_or(sample.due)), micros(sample.done))
    }

    fn record_environment(&mut self, id: &str, cold: bool) {
        if !self.environments.contains_key(id) && self.environments.len() < MOST_ENVIRONMENTS {
            self.environments.insert(id.to_owned(), EnvironmentUse::default());
        }
        if let Some(environment) = self.environments.get_mut(id) {
            environment.answers += 1;
            environment.cold += u64::from(cold);
        }
    }

    fn record_throttle(&mut self, reason: &str) {
        let known = self.throttled.contains_key(reason) || self.throttled.len() < MOST_REASONS;
        let reason = if known { reason } else { OTHER_REASONS };
        *self.throttled.entry(reason.to_owned()).or_default() += 1;
    }

    pub fn count(&self, class: Class) -> u64 {
        self.counts.get(&class).copied().unwrap_or_default()
    }

    /// Requests that have ended.
    pub fn ended(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Requests begun and not ended.
    pub fn in_flight(&self) -> u64 {
        self.left.saturating_sub(self.ended())
    }

    pub fn throttled(&self) -> &BTreeMap<String, u64> {
        &self.throttled
    }

    pub fn latencies(&self) -> &BTreeMap<Class, Latencies> {
        &self.latencies
    }

    /// Latencies of everything that succeeded: warm, cold and accepted.
    pub fn success(&self) -> &Latencies {
        &self.success
    }

    /// How late requests left.
    pub fn lag(&self) -> &Latencies {
        &self.lag
    }

    /// The cold starts' own times.
    pub fn cold_start(&self) -> &Latencies {
        &self.cold_start
    }

    pub fn environments(&self) -> &HashMap<String, EnvironmentUse> {
        &self.environments
    }

    pub fn overlap(&self) -> &Overlap {
        &self.overlap
    }

    /// From the first request that left to the last that did.
    pub fn start_skew(&self) -> Option<Duration> {
        Some(self.last_sent?.saturating_duration_since(self.first_sent?))
    }

    /// From the first due time to the last outcome.
    pub fn wall(&self) -> Duration {
        let wall = self.first_due.zip(self.last_done);
        wall.map_or(Duration::ZERO, |(due, done)| done.saturating_duration_since(due))
    }

    /// What the first of each class said went wrong.
    pub fn notes(&self) -> &BTreeMap<Class, String> {
        &self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sample that was due at 0 ms, sent at 1 ms and done at `done_ms`.
    fn sample(start: Instant, done_ms: u64, outcome: Outcome) -> Sample {
        let at = |ms| start + Duration::from_millis(ms);
        let sent = (outcome.class() != Class::NotSent).then(|| at(1));
        Sample { due: start, sent, done: at(done_ms), outcome }
    }

    fn answer(environment: &str, cold_start: bool) -> Outcome {
        Outcome::Ok(Answer {
            environment_id: Some(environment.into()),
            cold_start: Some(cold_start),
            cold_start_time: Some(0.02),
            started_at: Some(1_763_750_000.0),
            finished_at: Some(1_763_750_002.5),
        })
    }

    fn throttle(reason: &str) -> Outcome {
        Outcome::Throttled { reason: reason.into() }
    }

    fn fold(outcomes: impl IntoIterator<Item = Outcome>) -> Stats {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        for outcome in outcomes {
            stats.leave();
            stats.record(&sample(start, 100, outcome));
        }
        stats
    }

    #[test]
    fn every_outcome_is_counted_once() {
        let outcomes = [
            answer("a", true),
            answer("a", false),
            answer("b", true),
            Outcome::Accepted,
            throttle("X"),
            throttle("X"),
            throttle("Y"),
            Outcome::FunctionError("f".into()),
            Outcome::ServerError("s".into()),
            Outcome::ClientError("c".into()),
            Outcome::Timeout,
            Outcome::NoAnswer("n".into()),
            Outcome::NotSent("u".into()),
        ];
        let stats = fold(outcomes);
        let counts: Vec<u64> = Class::ALL.iter().map(|&class| stats.count(class)).collect();
        assert_eq!(counts, [1, 2, 1, 3, 1, 1, 1, 1, 1, 1]);
        assert_eq!(stats.ended(), 13);
        assert_eq!(stats.in_flight(), 0);
        assert_eq!(stats.throttled().values().sum::<u64>(), 3);
    }

    #[test]
    fn environments_and_their_cold_starts_are_told_apart() {
        let stats = fold([answer("a", true), answer("a", false), answer("b", true)]);
        assert_eq!(stats.environments()["a"], EnvironmentUse { answers: 2, cold: 1 });
        assert_eq!(stats.environments()["b"], EnvironmentUse { answers: 1, cold: 1 });
        assert_eq!(stats.overlap().highest(), Some(3));
        assert_eq!(stats.cold_start().count(), 2, "a warm answer repeats its environment's time");
    }

    #[test]
    fn latency_counts_from_the_due_time_and_only_for_what_left() {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        stats.record(&sample(start, 100, Outcome::Accepted));
        stats.record(&sample(start, 300, Outcome::NotSent("late".into())));
        assert!((stats.latencies()[&Class::Accepted].max_ms() - 100.0).abs() < 0.1);
        assert!(!stats.latencies().contains_key(&Class::NotSent));
        assert!((stats.lag().max_ms() - 1.0).abs() < 0.01);
        assert_eq!(stats.wall(), Duration::from_millis(300));
    }

    #[test]
    fn what_a_target_invents_does_not_grow_without_bound() {
        let reasons = (0..MOST_REASONS + 5).map(|n| throttle(&format!("Reason{n:03}")));
        let stats = fold(reasons);
        assert_eq!(stats.throttled()[OTHER_REASONS], 5);
        let environments = (0..MOST_ENVIRONMENTS + 5).map(|n| answer(&n.to_string(), true));
        assert_eq!(fold(environments).environments().len(), MOST_ENVIRONMENTS);
    }

    #[test]
    fn requests_never_begun_are_not_hidden() {
        let mut stats = fold([Outcome::Accepted]);
        stats.never_begun(0, "nothing");
        assert!(stats.notes().is_empty());
        stats.never_begun(9, "interrupted");
        assert_eq!(stats.count(Class::NotSent), 9);
        assert_eq!(stats.notes()[&Class::NotSent], "interrupted");
    }

    #[test]
    fn percentiles_keep_three_digits() {
        let mut latencies = Latencies::default();
        (1..=1000).for_each(|ms| latencies.record(Duration::from_millis(ms)));
        let check = |percent, expected: f64| {
            let ms = latencies.percentile_ms(percent);
            assert!((ms - expected).abs() / expected < 0.002, "p{percent} is {ms}");
        };
        check(50.0, 500.0);
        check(90.0, 900.0);
        check(99.0, 990.0);
        assert_eq!(latencies.max_ms(), 1000.0);
        assert!((latencies.mean_ms() - 500.5).abs() < 1.0);
    }
}
