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

/// The first and the last of several times, from the start of the run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span(Option<(Duration, Duration)>);

impl Span {
    fn include(&mut self, at: Duration) {
        let (first, last) = self.0.unwrap_or((at, at));
        self.0 = Some((first.min(at), last.max(at)));
    }

    pub fn bounds(self) -> Option<(Duration, Duration)> {
        self.0
    }
}

/// A request that has ended. Its times count from the start of the run.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    pub class: Class,
    pub due: Duration,
    /// None where it never left.
    pub sent: Option<Duration>,
    pub done: Duration,
    pub attempts: Attempts,
    pub status: Option<u16>,
    /// Why it was throttled, if it was.
    pub reason: Option<&'a str>,
    /// What went wrong, if something did.
    pub note: Option<&'a str>,
}

/// What is known of the run of the function that a request got.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ran {
    /// The environment's number.
    pub environment: Option<usize>,
    pub cold: bool,
    /// From when to when, in seconds since 1970.
    pub between: Option<(f64, f64)>,
    /// How long Init took, if this request waited for it.
    pub init: Option<Duration>,
}

/// Everything a report is made of.
#[derive(Debug, Clone)]
pub struct Stats {
    started: Instant,
    started_at: SystemTime,
    counts: [u64; Class::ALL.len()],
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
        Stats::at(started, SystemTime::now() - started.elapsed())
    }

    /// The same where the calendar's time is another than now.
    pub fn at(started: Instant, started_at: SystemTime) -> Stats {
        Stats {
            started,
            started_at,
            counts: [0; Class::ALL.len()],
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
        let outcome = &sample.outcome;
        let ended = Ended {
            class: outcome.class(),
            due: self.since_start(sample.due),
            sent: sample.sent.map(|sent| self.since_start(sent)),
            done: self.since_start(sample.done),
            attempts: sample.attempts,
            status: outcome.status(),
            reason: outcome.reason(),
            note: outcome.note(),
        };
        self.end(&ended);
        if let Some(sent) = ended.sent {
            self.record_departure(&ended, sent);
        }
        let ran = outcome.answer().map(|answer| self.ran(answer));
        if let Some(ran) = &ran {
            let interval = ran.between.map(|(start, end)| Interval::from_epoch_seconds(start, end));
            self.overlap.add(interval, client_interval(&ended));
            self.run(&ended, ran);
        }
        self.point(&ended, ran.unwrap_or_default());
    }

    /// The same on a clock of its own, where requests leave when they are due
    /// and are answered at once, and which knows without the intervals how many
    /// ran at the same time. What is so the same is added by
    /// [`finish_simulated`](Self::finish_simulated).
    pub fn record_simulated(&mut self, ended: &Ended<'_>, ran: Option<Ran>) {
        self.end(ended);
        self.timeline.left(ended.due);
        if let Some(ran) = &ran {
            self.run(ended, ran);
        }
        self.point(ended, ran.unwrap_or_default());
    }

    /// Ends a simulation: service times are response times, and nothing was late.
    pub fn finish_simulated(&mut self) {
        self.histograms.service = self.histograms.response.clone();
        self.histograms.lag.record_many(Duration::ZERO, self.ended());
        self.sent = self.due;
    }

    fn end(&mut self, ended: &Ended<'_>) {
        let class = ended.class;
        self.counts[class as usize] += 1;
        self.record_times(ended);
        self.attempts.made += u64::from(ended.attempts.made);
        self.attempts.throttled += u64::from(ended.attempts.throttled);
        if let Some(note) = ended.note {
            self.notes.entry(class).or_insert_with(|| note.to_owned());
        }
        if let Some(status) = ended.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        if let Some(reason) = ended.reason {
            self.record_throttle(reason);
        }
    }

    /// Requests that were asked for and never begun.
    pub fn never_begun(&mut self, requests: u64, why: &str) {
        if requests > 0 {
            self.counts[Class::NotSent as usize] += requests;
            self.notes.entry(Class::NotSent).or_insert_with(|| why.to_owned());
        }
    }

    fn record_times(&mut self, ended: &Ended<'_>) {
        let &Ended { class, due, done, .. } = ended;
        self.due.include(due);
        self.done.include(done);
        let response = done.saturating_sub(due);
        // What never left has no response time.
        if class != Class::NotSent {
            self.histograms.response.entry(class).or_default().record(response);
        }
        self.timeline.ended(done, class, response);
    }

    fn record_departure(&mut self, ended: &Ended<'_>, sent: Duration) {
        let &Ended { class, due, done, .. } = ended;
        self.sent.include(sent);
        self.histograms.lag.record(sent.saturating_sub(due));
        self.histograms.service.entry(class).or_default().record(done.saturating_sub(sent));
        self.timeline.left(sent);
    }

    fn since_start(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.started)
    }

    fn ran(&mut self, answer: &Answer) -> Ran {
        Ran {
            environment: answer.environment_id.as_ref().and_then(|id| self.environment(id)),
            cold: answer.is_cold(),
            between: answer.ran(),
            init: answer.init(),
        }
    }

    fn run(&mut self, ended: &Ended<'_>, ran: &Ran) {
        let took = ran.between.and_then(|(start, end)| Duration::try_from_secs_f64(end - start).ok());
        let service = || ended.done.saturating_sub(ended.sent.unwrap_or(ended.done));
        self.histograms.duration.record(took.unwrap_or_else(service));
        if let Some(init) = ran.init {
            self.histograms.cold_start.record(init);
        }
        if let Some(environment) = ran.environment.and_then(|number| self.environments.get_mut(number)) {
            environment.answers += 1;
            environment.cold += u64::from(ran.cold);
            environment.init_ms = environment.init_ms.or(ran.init.map(crate::duration::as_ms));
        }
    }

    /// The number of an environment; none where there are too many to be told
    /// apart.
    pub fn environment(&mut self, id: &str) -> Option<usize> {
        if let Some(&number) = self.numbers.get(id) {
            return Some(number);
        }
        let number = self.environments.len();
        if number >= MOST_ENVIRONMENTS {
            return None;
        }
        self.numbers.insert(id.to_owned(), number);
        self.environments.push(EnvironmentUse { id: id.to_owned(), answers: 0, cold: 0, init_ms: None });
        Some(number)
    }

    fn record_throttle(&mut self, reason: &str) {
        if let Some(count) = self.throttled.get_mut(reason) {
            *count += 1;
            return;
        }
        let reason = if self.throttled.len() < MOST_REASONS { reason } else { OTHER_REASONS };
        *self.throttled.entry(reason.to_owned()).or_default() += 1;
    }

    fn point(&mut self, ended: &Ended<'_>, ran: Ran) {
        let started_at = self.started_at;
        self.points.offer(|| {
            let start = started_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            Point {
                due_s: round_us(ended.due.as_secs_f64()),
                response_s: round_us(ended.done.saturating_sub(ended.due).as_secs_f64()),
                class: ended.class,
                environment: ran.environment,
                ran_s: ran.between.map(|(from, to)| (round_us(from - start), round_us(to - start))),
                init_s: ran.init.map(|init| round_us(init.as_secs_f64())),
            }
        });
    }

    pub fn count(&self, class: Class) -> u64 {
        self.counts[class as usize]
    }

    /// Requests that have ended.
    pub fn ended(&self) -> u64 {
        self.counts.iter().sum()
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
        self.epoch_of(self.since_start(at))
    }

    /// So long after the start of this run, as seconds since 1970.
    pub fn epoch_of(&self, since_start: Duration) -> f64 {
        let at = self.started_at + since_start;
        round_us(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64())
    }

    /// What the first of each class said went wrong.
    pub fn notes(&self) -> &BTreeMap<Class, String> {
        &self.notes
    }
}

/// From when it left to when it was answered, by the client's clock.
fn client_interval(ended: &Ended<'_>) -> Interval {
    let micros = |time: Duration| time.as_micros() as u64;
    Interval::from_micros(micros(ended.sent.unwrap_or(ended.due)), micros(ended.done))
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
