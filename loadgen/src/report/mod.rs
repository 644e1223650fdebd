//! The report: what a run did and what became of it, as plain data.
//!
//! Every form (text, JSON, HTML, JUnit) is made from the same values, and
//! expectations are judged on them. A report can be read back, added to others
//! and compared; `loadgen/REPORT.md` describes its JSON key by key.

pub mod file;
pub mod html;
pub mod json;
pub mod junit;
pub mod merge;
pub mod samples;
pub mod simulated;
pub mod suite;
pub mod table;
pub mod text;

use crate::arrivals::{Arrivals, Shape};
use crate::cli::Mode;
use crate::completion::Completion;
use crate::duration::{round_ms, round_us};
use crate::expect::{Expectation, Verdict};
use crate::failure::Failure;
use crate::outcome::Class;
use crate::stats::{Attempted, EnvironmentUse, Histograms, Latencies, Points, Source, Stats, Timeline};
use serde::{Deserialize, Serialize};
pub use simulated::Simulated;
use std::collections::BTreeMap;
use std::time::Duration;

/// Names the form; a change that breaks readers changes the number.
pub const SCHEMA: &str = "loadgen.report/2";

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub schema: String,
    /// Of a scenario's stage or a sweep's case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// `--target` as given.
    pub target: String,
    /// The endpoint's URL, or the region of AWS.
    pub endpoint: String,
    /// What was invoked or sent to: a function, a queue, or a URL.
    pub subject: Subject,
    pub mode: Mode,
    /// Asked for; of a closed loop with a duration, sent.
    pub requests: u64,
    /// How many messages travel in one request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<u64>,
    pub retries: Retries,
    pub arrivals: Arrivals,
    /// Whether a signal cut the run short, or it had not ended when this was written.
    pub interrupted: bool,
    pub times: Times,
    /// Adds up to `requests`.
    pub counts: Counts,
    /// HTTP status → answers that had it.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests as sent over the wire, retries included.
    pub attempts: Attempted,
    /// From the due time to the outcome: what a user waits.
    pub latency_ms: BTreeMap<Class, Latency>,
    /// From the first byte that left to the outcome: what the target takes.
    pub service_ms: BTreeMap<Class, Latency>,
    /// `latency_ms` of `ok_warm`, `ok_cold` and `accepted` together.
    pub success_ms: Option<Latency>,
    /// Distinct `environment_id`s; none when no answer had one.
    pub environments: Option<u64>,
    pub max_concurrency: Option<u64>,
    pub mean_concurrency: Option<f64>,
    pub max_concurrency_source: Option<Source>,
    /// Answers that could not be counted in, see [`crate::stats::Overlap`].
    pub max_concurrency_left_out: u64,
    pub littles_law: Option<LittlesLaw>,
    /// From the first request that left to the last, of a burst.
    pub start_skew_ms: Option<f64>,
    /// How long after its due time a request left.
    pub send_lag_ms: Option<Latency>,
    pub wall_s: f64,
    pub cold_start_ms: Option<ColdStart>,
    /// For each class that went wrong, what the first one said.
    pub notes: BTreeMap<Class, String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub queue: Option<QueueReport>,
    /// Messages in the dead-letter queue at the end, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dead_lettered: Option<u64>,
    /// What the function's log says of the work that was accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub completion: Option<Completion>,
    /// What only a simulation knows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub simulated: Option<Simulated>,
    pub expectations: Vec<Verdict>,
    /// Each environment that answered, in the order of first answers.
    pub environment_uses: Vec<EnvironmentUse>,
    pub histograms: Histograms,
    pub timeline: Timeline,
    pub points: Points,
}

/// What is invoked or sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Function(String),
    Queue(String),
    Url(String),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Function(name) | Subject::Url(name) => f.write_str(name),
            // A queue's URL ends with its name.
            Subject::Queue(url) => f.write_str(url.rsplit('/').next().unwrap_or(url)),
        }
    }
}

/// Whether a refused request is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retries {
    /// Every throttle is seen once and counted once.
    Off,
    /// As an SDK does unless told otherwise.
    LikeSdk,
}

/// Seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// What `timeline` and `points` count from.
    pub started: f64,
    pub first_due: Option<f64>,
    pub first_sent: Option<f64>,
    pub last_sent: Option<f64>,
    pub last_done: Option<f64>,
}

/// How many requests ended in which class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub ok_warm: u64,
    pub ok_cold: u64,
    pub accepted: u64,
    /// Reason → how many.
    pub throttled: BTreeMap<String, u64>,
    pub function_error: u64,
    pub server_error: u64,
    pub client_error: u64,
    pub timeout: u64,
    pub no_answer: u64,
    pub not_sent: u64,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    pub count: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub mean: f64,
}

/// Milliseconds, from the answers' `cold_start_time` or the `Init Duration` of
/// their log tails.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ColdStart {
    pub count: u64,
    pub p50: f64,
    pub max: f64,
    pub mean: f64,
}

/// Concurrency = arrival rate × duration: what the load asks for, to be laid
/// beside what ran.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LittlesLaw {
    /// What the arrivals offer; of a burst, none: it offers all at once.
    pub requests_per_s: Option<f64>,
    /// Of those that ran.
    pub mean_duration_ms: f64,
    /// The concurrency that it takes to serve all.
    pub wanted: f64,
}

/// What became of the queue after the last message was sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QueueReport {
    /// Messages confirmed with their id.
    pub sent: u64,
    /// Whether the queue was seen empty.
    pub drained: bool,
    /// Visible, in flight and delayed when last looked.
    pub left: u64,
    /// From the last confirmation until it was empty.
    pub drain_s: Option<f64>,
}

/// What was asked for, and where.
#[derive(Debug, Clone)]
pub struct Sent {
    pub name: Option<String>,
    pub target: String,
    pub endpoint: String,
    pub subject: Subject,
    pub mode: Mode,
    /// Messages in one request to a queue, where there can be several.
    pub batch: Option<u64>,
    pub retries: Retries,
    pub arrivals: Arrivals,
}

impl Report {
    pub fn new(sent: Sent, stats: &Stats, interrupted: bool) -> Report {
        let overlap = stats.overlap();
        let Sent { name, target, endpoint, subject, mode, batch, retries, arrivals } = sent;
        let mut report = Report {
            schema: SCHEMA.to_owned(),
            name,
            target,
            endpoint,
            subject,
            mode,
            requests: arrivals.requests().unwrap_or_else(|| stats.ended()),
            batch,
            retries,
            arrivals,
            interrupted,
            times: Times::new(stats),
            counts: Counts::new(stats),
            statuses: stats.statuses().clone(),
            attempts: stats.attempts(),
            latency_ms: BTreeMap::new(),
            service_ms: BTreeMap::new(),
            success_ms: None,
            environments: None,
            max_concurrency: overlap.highest(),
            mean_concurrency: overlap.mean().map(round_ms),
            max_concurrency_source: overlap.source(),
            max_concurrency_left_out: overlap.left_out(),
            littles_law: None,
            start_skew_ms: None,
            send_lag_ms: None,
            wall_s: 0.0,
            cold_start_ms: None,
            notes: stats.notes().clone(),
            queue: None,
            dead_lettered: None,
            completion: None,
            simulated: None,
            expectations: Vec::new(),
            environment_uses: stats.environments().to_vec(),
            histograms: stats.histograms().clone(),
            timeline: stats.timeline().clone(),
            points: stats.points().clone(),
        };
        report.summarize();
        report
    }

    /// Fills in all that follows from histograms, times and environments.
    pub fn summarize(&mut self) {
        let Histograms { response, service, lag, cold_start, .. } = &self.histograms;
        self.latency_ms = latencies(response);
        self.service_ms = latencies(service);
        self.success_ms = Latency::new(&self.response_of(Class::is_success));
        self.send_lag_ms = Latency::new(lag);
        self.cold_start_ms = ColdStart::new(cold_start);
        let environments = self.environment_uses.len() as u64;
        self.environments = (environments > 0).then_some(environments);
        self.littles_law = LittlesLaw::new(self);
        let skew = self.times.first_sent.zip(self.times.last_sent).map(|(first, last)| last - first);
        self.start_skew_ms = skew.filter(|_| self.is_burst()).map(|s| round_ms(s * 1000.0));
        let wall = self.times.first_due.zip(self.times.last_done).map(|(due, done)| done - due);
        self.wall_s = round_us(wall.unwrap_or_default().max(0.0));
    }

    pub fn is_burst(&self) -> bool {
        self.arrivals.shape == Shape::Burst
    }

    /// What the target took for all that succeeded.
    pub fn service_of_successes(&self) -> Option<Latency> {
        let mut all = Latencies::default();
        let classes = self.histograms.service.iter().filter(|(class, _)| class.is_success());
        classes.for_each(|(_, latencies)| all.add(latencies));
        Latency::new(&all)
    }

    /// Response times of several classes together.
    pub fn response_of(&self, wanted: impl Fn(Class) -> bool) -> Latencies {
        let mut all = Latencies::default();
        let classes = self.histograms.response.iter().filter(|(class, _)| wanted(**class));
        classes.for_each(|(_, latencies)| all.add(latencies));
        all
    }

    /// What was sent where, in few words.
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.subject.to_string())
    }

    /// Adds the verdicts.
    pub fn judge(&mut self, expectations: &[Expectation]) {
        self.expectations = expectations.iter().map(|expectation| expectation.judge(self)).collect();
    }

    /// Without what differs from one simulation to the next with the same seed:
    /// how fast it was.
    #[must_use]
    pub fn repeatable(&self) -> Report {
        let mut report = self.clone();
        if let Some(simulated) = &mut report.simulated {
            simulated.invocations_per_second = None;
            simulated.steps_per_second = None;
        }
        report
    }

    /// Whether all that was expected came true. A queue that had to become
    /// empty and did not is an expectation nobody needs to spell out.
    pub fn as_expected(&self) -> bool {
        self.expectations.iter().all(|verdict| verdict.ok) && self.queue.is_none_or(|queue| queue.drained)
    }
}

impl Times {
    fn new(stats: &Stats) -> Times {
        let (due, sent, done) = stats.spans();
        let epoch = |since_start| stats.epoch_of(since_start);
        let sent = sent.bounds();
        Times {
            started: epoch(Duration::ZERO),
            first_due: due.bounds().map(|(first, _)| epoch(first)),
            first_sent: sent.map(|(first, _)| epoch(first)),
            last_sent: sent.map(|(_, last)| epoch(last)),
            last_done: done.bounds().map(|(_, last)| epoch(last)),
        }
    }
}

impl Counts {
    fn new(stats: &Stats) -> Counts {
        Counts {
            ok_warm: stats.count(Class::OkWarm),
            ok_cold: stats.count(Class::OkCold),
            accepted: stats.count(Class::Accepted),
            throttled: stats.throttled().clone(),
            function_error: stats.count(Class::FunctionError),
            server_error: stats.count(Class::ServerError),
            client_error: stats.count(Class::ClientError),
            timeout: stats.count(Class::Timeout),
            no_answer: stats.count(Class::NoAnswer),
            not_sent: stats.count(Class::NotSent),
        }
    }

    /// Warm and cold.
    pub fn ok(&self) -> u64 {
        self.ok_warm + self.ok_cold
    }

    pub fn of(&self, class: Class) -> u64 {
        match class {
            Class::OkWarm => self.ok_warm,
            Class::OkCold => self.ok_cold,
            Class::Accepted => self.accepted,
            Class::Throttled => self.throttled.values().sum(),
            Class::FunctionError => self.function_error,
            Class::ServerError => self.server_error,
            Class::ClientError => self.client_error,
            Class::Timeout => self.timeout,
            Class::NoAnswer => self.no_answer,
            Class::NotSent => self.not_sent,
        }
    }

    /// Everything that is neither a success nor a throttle.
    pub fn errors(&self) -> u64 {
        Class::ALL.into_iter().filter(|class| class.is_error()).map(|class| self.of(class)).sum()
    }
}

impl Latency {
    /// None when nothing was measured.
    pub fn new(latencies: &Latencies) -> Option<Latency> {
        (latencies.count() > 0).then(|| Latency {
            count: latencies.count(),
            p50: latencies.percentile_ms(50.0),
            p90: latencies.percentile_ms(90.0),
            p99: latencies.percentile_ms(99.0),
            p999: latencies.percentile_ms(99.9),
            max: latencies.max_ms(),
            mean: latencies.mean_ms(),
        })
    }
}

impl ColdStart {
    fn new(latencies: &Latencies) -> Option<ColdStart> {
        (latencies.count() > 0).then(|| ColdStart {
            count: latencies.count(),
            p50: latencies.percentile_ms(50.0),
            max: latencies.max_ms(),
            mean: latencies.mean_ms(),
        })
    }
}

impl LittlesLaw {
    /// None when nothing ran. A closed loop offers what its users take.
    fn new(report: &Report) -> Option<LittlesLaw> {
        let durations = &report.histograms.duration;
        if durations.count() == 0 {
            return None;
        }
        let mean_duration_ms = durations.mean_ms();
        let requests_per_s = report.arrivals.offered_per_second();
        let wanted = match (requests_per_s, report.arrivals.users()) {
            (Some(rate), _) => rate * mean_duration_ms / 1000.0,
            (None, Some(users)) => users as f64,
            (None, None) => report.requests as f64,
        };
        Some(LittlesLaw { requests_per_s, mean_duration_ms, wanted: round_ms(wanted) })
    }
}

/// What people call a class.
pub fn words(class: Class, mode: Mode) -> &'static str {
    match class {
        Class::OkWarm => "200 warm",
        Class::OkCold => "200 cold",
        Class::Accepted if mode == Mode::Queue => "confirmed",
        Class::Accepted => "202 accepted",
        Class::Throttled => "429",
        Class::FunctionError => "function error",
        Class::ServerError => "5xx",
        Class::ClientError => "4xx",
        Class::Timeout => "timeout",
        Class::NoAnswer => "no answer",
        Class::NotSent => "not sent",
    }
}

/// The failure that a run is when its every request was refused or never left:
/// a name or an address is wrong.
pub fn nobody_served(report: &Report) -> Option<Failure> {
    const HOPELESS: [Class; 2] = [Class::ClientError, Class::NotSent];
    let of = |class| report.counts.of(class);
    if report.interrupted || HOPELESS.into_iter().map(of).sum::<u64>() < report.requests {
        return None;
    }
    let problem = |class: Class| {
        let words = report.notes.get(&class).map_or(class.key(), String::as_str);
        let not_sent = if class == Class::NotSent { "not sent: " } else { "" };
        format!("{} × {not_sent}{words}", of(class))
    };
    let problems: Vec<_> = HOPELESS.into_iter().filter(|&class| of(class) > 0).map(problem).collect();
    let flag = match report.subject {
        Subject::Function(_) => "--function",
        Subject::Queue(_) => "--queue",
        Subject::Url(_) => "--url",
    };
    Some(Failure::NobodyServed { problem: problems.join(", "), flag })
}

fn latencies(histograms: &BTreeMap<Class, Latencies>) -> BTreeMap<Class, Latency> {
    histograms.iter().filter_map(|(&class, latencies)| Some((class, Latency::new(latencies)?))).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::stats::Point;
    use std::time::Duration;

    const REASON: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";

    /// The burst of a hundred on a reserved concurrency of five.
    pub(crate) fn example() -> Report {
        let latencies = |count, ms| {
            let mut latencies = Latencies::default();
            (0..count).for_each(|_| latencies.record(Duration::from_millis(ms)));
            latencies
        };
        let times =
            BTreeMap::from([(Class::OkCold, latencies(5, 2500)), (Class::Throttled, latencies(95, 20))]);
        let mut cold_start = latencies(4, 18);
        cold_start.record(Duration::from_millis(21));
        let histograms = Histograms {
            response: times.clone(),
            service: times,
            lag: latencies(100, 6),
            cold_start,
            duration: latencies(5, 2500),
        };
        let started = 1_763_750_000.0;
        let mut timeline = Timeline::default();
        let mut points = Points::default();
        for n in 0..100 {
            let (class, ms) = if n < 5 { (Class::OkCold, 2500) } else { (Class::Throttled, 20) };
            let response = Duration::from_millis(ms);
            timeline.left(Duration::from_millis(6));
            timeline.ended(response, class, response);
            let cold = (class == Class::OkCold).then_some(n);
            points.offer(|| Point {
                due_s: 0.0,
                response_s: response.as_secs_f64(),
                class,
                environment: cold,
                ran_s: cold.map(|_| (0.03, 2.49)),
                init_s: cold.map(|_| 0.018),
            });
        }
        let environment =
            |n| EnvironmentUse { id: format!("e-{n}"), answers: 1, cold: 1, init_ms: Some(18.0) };
        let mut report = Report {
            schema: SCHEMA.into(),
            name: None,
            target: "emulator".into(),
            endpoint: "http://127.0.0.1:4566".into(),
            subject: Subject::Function("sandbox".into()),
            mode: Mode::Sync,
            requests: 100,
            batch: None,
            retries: Retries::Off,
            arrivals: Arrivals::burst(100),
            interrupted: false,
            times: Times {
                started,
                first_due: Some(started),
                first_sent: Some(started + 0.001),
                last_sent: Some(started + 0.0135),
                last_done: Some(started + 2.51),
            },
            counts: Counts {
                ok_cold: 5,
                throttled: BTreeMap::from([(REASON.to_owned(), 95)]),
                ..Counts::default()
            },
            statuses: BTreeMap::from([(200, 5), (429, 95)]),
            attempts: Attempted { made: 100, throttled: 95 },
            latency_ms: BTreeMap::new(),
            service_ms: BTreeMap::new(),
            success_ms: None,
            environments: None,
            max_concurrency: Some(5),
            mean_concurrency: Some(4.9),
            max_concurrency_source: Some(Source::Answers),
            max_concurrency_left_out: 0,
            littles_law: None,
            start_skew_ms: None,
            send_lag_ms: None,
            wall_s: 0.0,
            cold_start_ms: None,
            notes: BTreeMap::new(),
            queue: None,
            dead_lettered: None,
            completion: None,
            simulated: None,
            expectations: Vec::new(),
            environment_uses: (0..5).map(environment).collect(),
            histograms,
            timeline,
            points,
        };
        report.summarize();
        report
    }

    #[test]
    fn counts_add_up() {
        let counts = example().counts;
        assert_eq!(counts.ok(), 5);
        assert_eq!(counts.errors(), 0);
        assert_eq!(Class::ALL.into_iter().map(|class| counts.of(class)).sum::<u64>(), 100);
    }

    #[test]
    fn a_report_reads_back_as_it_was_written() {
        let mut report = example();
        report.judge(&["ok==5".parse().unwrap(), "p99<3s".parse().unwrap()]);
        report.notes.insert(Class::ServerError, "500".into());
        let text = json::render(&report);
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }

    #[test]
    fn littles_law_says_what_the_load_asks_for() {
        let check = |shape: &str, until, wanted| {
            let arrivals = Arrivals::new(shape.parse().unwrap(), Some(until), 0).unwrap();
            let mut report = Report { arrivals, ..example() };
            report.summarize();
            assert_eq!(report.littles_law.unwrap().wanted, wanted, "{shape}");
        };
        use crate::arrivals::End;
        check("constant:20/s", End::DurationS(10.0), 50.0);
        check("closed:7", End::Requests(100), 7.0);
        check("burst", End::Requests(100), 100.0);
    }

    #[test]
    fn a_queue_that_stays_full_is_not_as_expected() {
        let check = |drained, expected| {
            let queue = QueueReport { sent: 1, drained, left: 0, drain_s: None };
            assert_eq!(Report { queue: Some(queue), ..example() }.as_expected(), expected);
        };
        check(true, true);
        check(false, false);
    }

    #[test]
    fn a_failed_expectation_is_not_as_expected() {
        let check = |text: &str, expected| {
            let mut report = example();
            report.judge(&[text.parse().unwrap()]);
            assert_eq!(report.as_expected(), expected, "{text}");
        };
        check("ok==5", true);
        check("ok==6", false);
    }
}
