//! The statistics of a run, folded sample by sample by one owner.
//!
//! Memory does not grow with the number of requests: every part says where its
//! bound is.

mod concurrency;
mod latencies;
mod points;
mod timeline;

pub use concurrency::{Interval, Overlap, Source};
pub use latencies::Latencies;
pub use points::{Point, Points};
pub use timeline::{Coarse, Timeline};

use crate::duration::round_us;
use crate::outcome::{Answer, Class};
use crate::sample::{Attempts, Sample};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// AWS knows seven throttle reasons; what a target invents beyond a few more is
/// counted together.
const MOST_REASONS: usize = 32;
pub const OTHER_REASONS: &str = "Other";

/// Environments told apart. Ten times what AWS grants an account unasked.
const MOST_ENVIRONMENTS: usize = 10_000;

/// How one environment was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentUse {
    pub id: String,
    pub answers: u64,
    /// More than one would mean that an environment started twice.
    pub cold: u64,
    /// How long it took to initialize, where an answer told.
    pub init_ms: Option<f64>,
}

/// Times of each class, and of what has no class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Histograms {
    /// From the due time to the outcome.
    pub response: BTreeMap<Class, Latencies>,
    /// From the first byte that left to the outcome.
    pub service: BTreeMap<Class, Latencies>,
    /// From the due time to the first byte that left.
    pub lag: Latencies,
    /// What cold environments took to initialize.
    pub cold_start: Latencies,
    /// What the function took by its own clock, Init not included.
    pub duration: Latencies,
}

impl Histograms {
    /// Adds those of another run.
    pub fn add(&mut self, other: &Histograms) {
        for (mine, its) in [(&mut self.response, &other.response), (&mut self.service, &other.service)] {
            its.iter().for_each(|(&class, latencies)| mine.entry(class).or_default().add(latencies));
        }
        self.lag.add(&other.lag);
        self.cold_start.add(&other.cold_start);
        self.duration.add(&other.duration);
    }
}

/// The first and the last of several instants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span(Option<(Instant, Instant)>);

impl Span {
    fn include(&mut self, at: Instant) {
        let (first, last) = self.0.unwrap_or((at, at));
        self.0 = Some((first.min(at), last.max(at)));
    }

    pub fn bounds(self) -> Option<(Instant, Instant)> {
        self.0
    }
}

/// Everything a report is made of.
#[derive(Debug, Clone)]
pub struct Stats {
    started: Instant,
    started_at: SystemTime,
    counts: BTreeMap<Class, u64>,
    throttled: BTreeMap<String, u64>,
    statuses: BTreeMap<u16, u64>,
    attempts: Attempted,
    histograms: Histograms,
    timeline: Timeline,
    points: Points,
    environments: Vec<EnvironmentUse>,
    numbers: HashMap<String, usize>,
    overlap: Overlap,
    sent: Span,
    due: Span,
    done: Span,
    notes: BTreeMap<Class, String>,
}

/// How often requests were sent in all. More often than there are requests only
/// with `--like-sdk`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempted {
    pub made: u64,
    /// Attempts that were answered by a throttle, whatever came of the request.
    pub throttled: u64,
}

impl Stats {
    /// `started` is where the client's own clock counts from.
    pub fn new(started: Instant) -> Stats {
        Stats {
            started,
            started_at: SystemTime::now() - started.elapsed(),
            counts: BTreeMap::new(),
            throttled: BTreeMap::new(),
            statuses: BTreeMap::new(),
            attempts: Attempted::default(),
            histograms: Histograms::default(),
            timeline: Timeline::default(),
            points: Points::default(),
            environments: Vec::new(),
            numbers: HashMap::new(),
            overlap: Overlap::default(),
            sent: Span::default(),
            due: Span::default(),
            done: Span::default(),
            notes: BTreeMap::new(),
        }
    }

    /// A request has ended.
    pub fn record(&mut self, sample: &Sample) {
        let class = sample.outcome.class();
        *self.counts.entry(class).or_default() += 1;
        self.record_times(class, sample);
        self.record_attempts(sample.attempts);
        if let Some(note) = sample.outcome.note() {
            self.notes.entry(class).or_insert_with(|| note.to_owned());
        }
        if let Some(status) = sample.outcome.status() {
            *self.statuses.entry(status).or_default() += 1;
        }
        if let Some(reason) = sample.outcome.reason() {
            self.record_throttle(reason);
        }
        let answer = sample.outcome.answer();
        let environment = answer.and_then(|answer| self.record_answer(answer, sample));
        self.record_point(class, sample, environment);
    }

    /// Requests that were asked for and never begun.
    pub fn never_begun(&mut self, requests: u64, why: &str) {
        if requests > 0 {
            *self.counts.entry(Class::NotSent).or_default() += requests;
            self.notes.entry(Class::NotSent).or_insert_with(|| why.to_owned());
        }
    }

    fn record_times(&mut self, class: Class, sample: &Sample) {
        self.due.include(sample.due);
        self.done.include(sample.done);
        if let (Some(sent), Some(lag), Some(service)) = (sample.sent, sample.lag(), sample.service()) {
            self.sent.include(sent);
            self.histograms.lag.record(lag);
            self.histograms.service.entry(class).or_default().record(service);
            self.timeline.left(self.since_start(sent));
        }
        // What never left has no response time.
        if class != Class::NotSent {
            self.histograms.response.entry(class).or_default().record(sample.response());
        }
        self.timeline.ended(self.since_start(sample.done), class, sample.response());
    }

    fn record_attempts(&mut self, attempts: Attempts) {
        self.attempts.made += u64::from(attempts.made);
        self.attempts.throttled += u64::from(attempts.throttled);
    }

    fn since_start(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.started)
    }

    /// Returns the environment's number.
    fn record_answer(&mut self, answer: &Answer, sample: &Sample) -> Option<usize> {
        let own = answer.ran();
        let interval = own.map(|(start, end)| Interval::from_epoch_seconds(start, end));
        self.overlap.add(interval, self.client_interval(sample));
        let took = own.and_then(|(start, end)| Duration::try_from_secs_f64(end - start).ok());
        self.histograms.duration.record(took.unwrap_or_else(|| sample.service().unwrap_or_default()));
        if let Some(init) = answer.init() {
            self.histograms.cold_start.record(init);
        }
        self.record_environment(answer)
    }

    fn client_interval(&self, sample: &Sample) -> Interval {
        let micros = |at: Instant| self.since_start(at).as_micros() as u64;
        Interval::from_micros(micros(sample.sent.unwrap_or(sample.due)), micros(sample.done))
    }

    fn record_environment(&mut self, answer: &Answer) -> Option<usize> {
        let id = answer.environment_id.as_ref()?;
        let number = match self.numbers.get(id) {
            Some(&number) => number,
            None => self.new_environment(id)?,
        };
        let environment = &mut self.environments[number];
        environment.answers += 1;
        environment.cold += u64::from(answer.is_cold());
        environment.init_ms = environment.init_ms.or(answer.init().map(crate::duration::as_ms));
        Some(number)
    }

    fn new_environment(&mut self, id: &str) -> Option<usize> {
        let number = self.environments.len();
        if number >= MOST_ENVIRONMENTS {
            return None;
        }
        self.numbers.insert(id.to_owned(), number);
        self.environments.push(EnvironmentUse { id: id.to_owned(), answers: 0, cold: 0, init_ms: None });
        Some(number)
    }

    fn record_throttle(&mut self, reason: &str) {
        let known = self.throttled.contains_key(reason) || self.throttled.len() < MOST_REASONS;
        let reason = if known { reason } else { OTHER_REASONS };
        match self.throttled.get_mut(reason) {
            Some(count) => *count += 1,
            None => _ = self.throttled.insert(reason.to_owned(), 1),
        }
    }

    fn record_point(&mut self, class: Class, sample: &Sample, environment: Option<usize>) {
        let due = self.since_start(sample.due).as_secs_f64();
        let start = self.started_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        self.points.offer(|| {
            let answer = sample.outcome.answer();
            let ran = answer.and_then(Answer::ran);
            Point {
                due_s: round_us(due),
                response_s: round_us(sample.response().as_secs_f64()),
                class,
                environment,
                ran_s: ran.map(|(from, to)| (round_us(from - start), round_us(to - start))),
                init_s: answer.and_then(Answer::init).map(|init| round_us(init.as_secs_f64())),
            }
        });
    }

    pub fn count(&self, class: Class) -> u64 {
        self.counts.get(&class).copied().unwrap_or_default()
    }

    /// Requests that have ended.
    pub fn ended(&self) -> u64 {
        self.counts.values().sum()
    }

    pub fn throttled(&self) -> &BTreeMap<String, u64> {
        &self.throttled
    }

    /// HTTP status → how many answers had it.
    pub fn statuses(&self) -> &BTreeMap<u16, u64> {
        &self.statuses
    }

    pub fn attempts(&self) -> Attempted {
        self.attempts
    }

    pub fn histograms(&self) -> &Histograms {
        &self.histograms
    }

    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    pub fn points(&self) -> &Points {
        &self.points
    }

    /// In the order in which they first answered.
    pub fn environments(&self) -> &[EnvironmentUse] {
        &self.environments
    }

    pub fn overlap(&self) -> &Overlap {
        &self.overlap
    }

    /// When requests were due, left, and ended.
    pub fn spans(&self) -> (Span, Span, Span) {
        (self.due, self.sent, self.done)
    }

    /// An instant of this run as seconds since 1970.
    pub fn epoch_s(&self, at: Instant) -> f64 {
        let at = self.started_at + self.since_start(at);
        round_us(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64())
    }

    /// Where the run's own clock counts from.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// What the first of each class said went wrong.
    pub fn notes(&self) -> &BTreeMap<Class, String> {
        &self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;

    /// A sample that was due at 0 ms, sent at 1 ms and done at `done_ms`.
    fn sample(start: Instant, done_ms: u64, outcome: Outcome) -> Sample {
        let at = |ms| start + Duration::from_millis(ms);
        let sent = (outcome.class() != Class::NotSent).then(|| at(1));
        Sample { due: start, sent, done: at(done_ms), outcome, attempts: Attempts { made: 1, throttled: 0 } }
    }

    fn answer(environment: &str, cold_start: bool) -> Outcome {
        Outcome::Ok(Answer {
            environment_id: Some(environment.into()),
            cold_start: Some(cold_start),
            cold_start_time: Some(0.02),
            started_at: Some(1_763_750_000.0),
            finished_at: Some(1_763_750_002.5),
            ..Answer::default()
        })
    }

    fn accepted() -> Outcome {
        Outcome::Accepted { status: 202, request_id: None }
    }

    fn throttle(reason: &str) -> Outcome {
        Outcome::Throttled { reason: reason.into(), status: 429 }
    }

    fn fold(outcomes: impl IntoIterator<Item = Outcome>) -> Stats {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        for outcome in outcomes {
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
            accepted(),
            throttle("X"),
            throttle("X"),
            throttle("Y"),
            Outcome::FunctionError("f".into()),
            Outcome::ServerError { status: Some(500), note: "s".into() },
            Outcome::ClientError { status: 404, note: "c".into() },
            Outcome::Timeout,
            Outcome::NoAnswer("n".into()),
            Outcome::NotSent("u".into()),
        ];
        let stats = fold(outcomes);
        let counts: Vec<u64> = Class::ALL.iter().map(|&class| stats.count(class)).collect();
        assert_eq!(counts, [1, 2, 1, 3, 1, 1, 1, 1, 1, 1]);
        assert_eq!(stats.ended(), 13);
        assert_eq!(stats.throttled().values().sum::<u64>(), 3);
    }

    #[test]
    fn environments_and_their_cold_starts_are_told_apart() {
        let stats = fold([answer("a", true), answer("a", false), answer("b", true)]);
        let used: Vec<_> =
            stats.environments().iter().map(|used| (used.id.as_str(), used.answers, used.cold)).collect();
        assert_eq!(used, [("a", 2, 1), ("b", 1, 1)]);
        assert_eq!(stats.environments()[0].init_ms, Some(20.0));
        assert_eq!(stats.overlap().highest(), Some(3));
        assert_eq!(stats.histograms().cold_start.count(), 2, "a warm answer repeats its environment's time");
    }

    #[test]
    fn latency_counts_from_the_due_time_and_only_for_what_left() {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        stats.record(&sample(start, 100, accepted()));
        stats.record(&sample(start, 300, Outcome::NotSent("late".into())));
        assert!((stats.histograms().response[&Class::Accepted].max_ms() - 100.0).abs() < 0.1);
        assert!(!stats.histograms().response.contains_key(&Class::NotSent));
        assert!((stats.histograms().lag.max_ms() - 1.0).abs() < 0.01);
        let (first, last) = stats.spans().2.bounds().unwrap();
        assert_eq!(last - first, Duration::from_millis(200));
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
        let mut stats = fold([accepted()]);
        stats.never_begun(0, "nothing");
        assert!(stats.notes().is_empty());
        stats.never_begun(9, "interrupted");
        assert_eq!(stats.count(Class::NotSent), 9);
        assert_eq!(stats.notes()[&Class::NotSent], "interrupted");
    }
}
