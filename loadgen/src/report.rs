//! The report: what a run did and what became of it, as plain data.
//!
//! The text and the JSON form are made from the same values, and expectations
//! are judged on them.

pub mod json;
pub mod text;

use crate::arrivals::Arrivals;
use crate::cli::Mode;
use crate::concurrency::Source;
use crate::duration::{as_ms, round_ms, round_us};
use crate::expect::{Expectation, Verdict};
use crate::outcome::Class;
use crate::plan::Plan;
use crate::stats::{Latencies, Stats};
use serde::Serialize;
use std::collections::BTreeMap;

/// Names the form; a change that breaks readers changes the number.
pub const SCHEMA: &str = "loadgen.report/1";

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub schema: &'static str,
    /// `--target` as given.
    pub target: String,
    /// The endpoint's URL, or the region of AWS.
    pub endpoint: String,
    pub function: Option<String>,
    pub mode: Mode,
    pub requests: u64,
    /// Always off, and said so: a retry would hide what is counted here.
    pub retries: &'static str,
    pub arrivals: Arrivals,
    /// Whether a signal cut the run short.
    pub interrupted: bool,
    /// Adds up to `requests`.
    pub counts: Counts,
    pub latency_ms: BTreeMap<Class, Latency>,
    /// Of `ok_warm`, `ok_cold` and `accepted` together.
    pub success_ms: Option<Latency>,
    /// Distinct `environment_id`s; none when no answer had one.
    pub environments: Option<u64>,
    pub max_concurrency: Option<u64>,
    pub max_concurrency_source: Option<Source>,
    /// Answers that could not be counted in, see [`crate::concurrency`].
    pub max_concurrency_left_out: u64,
    /// From the first request that left to the last, of a burst.
    pub start_skew_ms: Option<f64>,
    /// How long after its due time a request left.
    pub send_lag_ms: Option<Latency>,
    pub wall_s: f64,
    pub cold_start_ms: Option<ColdStart>,
    /// For each class that went wrong, what the first one said.
    pub notes: BTreeMap<Class, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueReport>,
    pub expectations: Vec<Verdict>,
}

/// How many requests ended in which class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    pub count: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
    pub mean: f64,
}

/// Milliseconds, from the answers' `cold_start_time` or the `Init Duration` of
/// their log tails.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ColdStart {
    pub p50: f64,
    pub max: f64,
}

/// What became of the queue after the last message was sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
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

impl Report {
    pub fn new(plan: &Plan, stats: &Stats, interrupted: bool) -> Report {
        let burst = matches!(plan.arrivals, Arrivals::AtOnce { .. });
        let environments = stats.environments().len() as u64;
        Report {
            schema: SCHEMA,
            target: plan.target.clone(),
            endpoint: plan.clients.endpoint.clone(),
            function: plan.function.clone(),
            mode: plan.mode,
            requests: plan.arrivals.requests(),
            retries: "off",
            arrivals: plan.arrivals,
            interrupted,
            counts: Counts::new(stats),
            latency_ms: latencies(stats),
            success_ms: Latency::new(stats.success()),
            environments: (environments > 0).then_some(environments),
            max_concurrency: stats.overlap().highest(),
            max_concurrency_source: stats.overlap().source(),
            max_concurrency_left_out: stats.overlap().left_out(),
            start_skew_ms: stats.start_skew().filter(|_| burst).map(as_ms),
            send_lag_ms: Latency::new(stats.lag()),
            wall_s: round_us(stats.wall().as_secs_f64()),
            cold_start_ms: ColdStart::new(stats.cold_start()),
            notes: stats.notes().clone(),
            queue: None,
            expectations: Vec::new(),
        }
    }

    /// Adds the verdicts.
    pub fn judge(&mut self, expectations: &[Expectation]) {
        self.expectations = expectations.iter().map(|expectation| expectation.judge(self)).collect();
    }

    /// Whether all that was expected came true. A queue that had to become
    /// empty and did not is an expectation nobody needs to spell out.
    pub fn as_expected(&self) -> bool {
        self.expectations.iter().all(|verdict| verdict.ok) && self.queue.is_none_or(|queue| queue.drained)
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
    fn new(latencies: &Latencies) -> Option<Latency> {
        (latencies.count() > 0).then(|| Latency {
            count: latencies.count(),
            p50: latencies.percentile_ms(50.0),
            p90: latencies.percentile_ms(90.0),
            p99: latencies.percentile_ms(99.0),
            max: latencies.max_ms(),
            mean: round_ms(latencies.mean_ms()),
        })
    }
}

impl ColdStart {
    fn new(latencies: &Latencies) -> Option<ColdStart> {
        (latencies.count() > 0)
            .then(|| ColdStart { p50: latencies.percentile_ms(50.0), max: latencies.max_ms() })
    }
}

fn latencies(stats: &Stats) -> BTreeMap<Class, Latency> {
    let classes = stats.latencies().iter();
    classes.filter_map(|(&class, latencies)| Some((class, Latency::new(latencies)?))).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The burst of a hundred on a reserved concurrency of five.
    pub(crate) fn example() -> Report {
        let latency = |count, ms: f64| Latency { count, p50: ms, p90: ms, p99: ms, max: ms, mean: ms };
        let reason = "ReservedFunctionConcurrentInvocationLimitExceeded".to_owned();
        Report {
            schema: SCHEMA,
            target: "emulator".into(),
            endpoint: "http://127.0.0.1:4566".into(),
            function: Some("sandbox".into()),
            mode: Mode::Sync,
            requests: 100,
            retries: "off",
            arrivals: Arrivals::AtOnce { requests: 100 },
            interrupted: false,
            counts: Counts { ok_cold: 5, throttled: BTreeMap::from([(reason, 95)]), ..Counts::default() },
            latency_ms: BTreeMap::from([
                (Class::OkCold, latency(5, 2500.0)),
                (Class::Throttled, latency(95, 20.0)),
            ]),
            success_ms: Some(latency(5, 2500.0)),
            environments: Some(5),
            max_concurrency: Some(5),
            max_concurrency_source: Some(Source::Answers),
            max_concurrency_left_out: 0,
            start_skew_ms: Some(12.5),
            send_lag_ms: Some(latency(100, 6.0)),
            wall_s: 2.51,
            cold_start_ms: Some(ColdStart { p50: 18.0, max: 21.0 }),
            notes: BTreeMap::new(),
            queue: None,
            expectations: Vec::new(),
        }
    }

    #[test]
    fn counts_add_up() {
        let counts = example().counts;
        assert_eq!(counts.ok(), 5);
        assert_eq!(counts.errors(), 0);
        assert_eq!(Class::ALL.into_iter().map(|class| counts.of(class)).sum::<u64>(), 100);
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
