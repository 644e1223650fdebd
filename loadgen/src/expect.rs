//! Expectations: small comparisons of one number of the report.
//!
//! Judged on the report and nothing else, so that a verdict can be checked by
//! reading what was printed.

use crate::duration;
use crate::outcome::Class;
use crate::report::{Latency, Report};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One `--expect`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Expectation {
    text: String,
    metric: Metric,
    range: Range,
}

/// An expectation and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub text: String,
    /// In `unit`; none when the run did not observe it.
    pub observed: Option<f64>,
    pub unit: Unit,
    pub ok: bool,
    /// What was said, where no number was expected but a refusal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub words: Option<String>,
}

impl Expectation {
    pub fn judge(&self, report: &Report) -> Verdict {
        let observed = self.metric.observe(report);
        Verdict {
            text: self.text.clone(),
            observed,
            ok: observed.is_some_and(|value| self.range.contains(value)),
            unit: self.metric.unit(),
            words: None,
        }
    }

    /// Whether it is about what ends in a dead-letter queue.
    pub fn is_of_dead_letters(&self) -> bool {
        self.metric == Metric::DeadLettered
    }
}

impl Verdict {
    /// Of a setting that was to be refused with these words; `said` is the refusal.
    pub fn refusal(expected: &str, said: Option<&str>) -> Verdict {
        Verdict {
            text: format!("refused with \"{expected}\""),
            observed: None,
            unit: Unit::Count,
            ok: said.is_some_and(|said| said.contains(expected)),
            words: Some(said.unwrap_or("it was not refused").to_owned()),
        }
    }

    /// What was observed, in the metric's unit.
    pub fn observed_text(&self) -> String {
        if let Some(words) = &self.words {
            return if self.ok { "observed".to_owned() } else { format!("observed: {words}") };
        }
        match (self.observed, self.unit) {
            (None, _) => "nothing observed".to_owned(),
            (Some(count), Unit::Count) => format!("observed {count}"),
            (Some(fraction), Unit::Fraction) => format!("observed {fraction}"),
            (Some(ms), Unit::Time) => format!("observed {}", duration::show_ms(ms)),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.observed_text())
    }
}

/// A number of the report.
#[derive(Debug, Clone, PartialEq)]
enum Metric {
    Requests,
    Ok,
    Errors,
    Count(Class),
    ThrottledFor(String),
    Environments,
    MaxConcurrency,
    /// Requests as sent over the wire, retries included.
    Attempts,
    /// Answers with an HTTP status.
    Status(u16),
    /// Accepted work that the log tells the end of.
    Completed,
    /// Invocations that the log tells the end of.
    Invocations,
    /// Messages that the log tells after a later one of their group.
    OutOfOrder,
    /// Messages in the dead-letter queue at the end.
    DeadLettered,
    /// Of all successes, or of one class; from the due time.
    Latency(Option<Class>, Point),
    /// Of all successes; from when a request left.
    Service(Point),
    SendLag(Point),
    ColdStart(Point),
    StartSkew,
    Wall,
    Drain,
    /// What only a simulation knows.
    ThrottleProbability,
    ColdStartProbability,
    CostUsd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    P50,
    P90,
    P99,
    P999,
    Max,
    Mean,
}

/// What a number of the report counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    #[serde(rename = "ms")]
    Time,
    /// A share or a price.
    Fraction,
}

impl Metric {
    fn parse(key: &str) -> Option<Metric> {
        let metric = match key {
            "requests" => Metric::Requests,
            "ok" => Metric::Ok,
            "errors" => Metric::Errors,
            "environments" => Metric::Environments,
            "max_concurrency" => Metric::MaxConcurrency,
            "attempts" => Metric::Attempts,
            "completed" => Metric::Completed,
            "invocations" => Metric::Invocations,
            "out_of_order" => Metric::OutOfOrder,
            "dead_lettered" => Metric::DeadLettered,
            "start_skew" => Metric::StartSkew,
            "wall" => Metric::Wall,
            "drain" => Metric::Drain,
            "throttle_probability" => Metric::ThrottleProbability,
            "cold_start_probability" => Metric::ColdStartProbability,
            "cost_usd" => Metric::CostUsd,
            key => {
                return class(key).map(Metric::Count).or_else(|| Metric::parse_compound(key));
            }
        };
        Some(metric)
    }

    /// `p99`, `throttled.p99`, `throttled.REASON`, `cold_start.max`.
    fn parse_compound(key: &str) -> Option<Metric> {
        let Some((head, tail)) = key.split_once('.') else {
            return Point::parse(key).map(|point| Metric::Latency(None, point));
        };
        match (head, Point::parse(tail)) {
            ("cold_start", Some(point @ (Point::P50 | Point::Max | Point::Mean))) => {
                Some(Metric::ColdStart(point))
            }
            ("service", Some(point)) => Some(Metric::Service(point)),
            ("send_lag", Some(point)) => Some(Metric::SendLag(point)),
            ("status", None) => tail.parse().ok().map(Metric::Status),
            (head, Some(point)) => Some(Metric::Latency(Some(class(head)?), point)),
            ("throttled", None) if !tail.is_empty() => Some(Metric::ThrottledFor(tail.to_owned())),
            (_, None) => None,
        }
    }

    fn unit(&self) -> Unit {
        match self {
            Metric::Requests
            | Metric::Ok
            | Metric::Errors
            | Metric::Count(_)
            | Metric::ThrottledFor(_)
            | Metric::Environments
            | Metric::MaxConcurrency
            | Metric::Attempts
            | Metric::Status(_)
            | Metric::Completed
            | Metric::Invocations
            | Metric::OutOfOrder
            | Metric::DeadLettered => Unit::Count,
            Metric::ThrottleProbability | Metric::ColdStartProbability | Metric::CostUsd => Unit::Fraction,
            Metric::Latency(..)
            | Metric::Service(_)
            | Metric::SendLag(_)
            | Metric::ColdStart(_)
            | Metric::StartSkew
            | Metric::Wall
            | Metric::Drain => Unit::Time,
        }
    }

    fn observe(&self, report: &Report) -> Option<f64> {
        let counts = &report.counts;
        let count = match self {
            Metric::Requests => report.requests,
            Metric::Ok => counts.ok(),
            Metric::Errors => counts.errors(),
            Metric::Count(class) => counts.of(*class),
            Metric::ThrottledFor(reason) => counts.throttled.get(reason).copied().unwrap_or_default(),
            Metric::Environments => {
                let by_log = report.completion.as_ref().map(|completion| completion.environments);
                report.environments.or(by_log)?
            }
            Metric::MaxConcurrency => report.max_concurrency?,
            Metric::Attempts => report.attempts.made,
            Metric::Status(status) => report.statuses.get(status).copied().unwrap_or_default(),
            Metric::Completed => report.completion.as_ref()?.completed,
            Metric::Invocations => report.completion.as_ref()?.invocations,
            Metric::OutOfOrder => report.completion.as_ref()?.out_of_order?,
            Metric::DeadLettered => report.dead_lettered?,
            Metric::Service(point) => return Some(point.of(&report.service_of_successes()?)),
            Metric::SendLag(point) => return Some(point.of(report.send_lag_ms.as_ref()?)),
            Metric::Latency(None, point) => return Some(point.of(report.success_ms.as_ref()?)),
            Metric::Latency(Some(class), point) => {
                return Some(point.of(report.latency_ms.get(class)?));
            }
            Metric::ColdStart(Point::P50) => return Some(report.cold_start_ms.as_ref()?.p50),
            Metric::ColdStart(Point::Mean) => return Some(report.cold_start_ms.as_ref()?.mean),
            Metric::ColdStart(_) => return Some(report.cold_start_ms.as_ref()?.max),
            Metric::StartSkew => return report.start_skew_ms,
            Metric::Wall => return Some(report.wall_s * 1000.0),
            Metric::ThrottleProbability => return Some(report.simulated.as_ref()?.throttle_probability),
            Metric::ColdStartProbability => return Some(report.simulated.as_ref()?.cold_start_probability),
            Metric::CostUsd => return Some(report.simulated.as_ref()?.cost_usd),
            Metric::Drain => return report.queue.as_ref()?.drain_s.map(|s| s * 1000.0),
        };
        Some(count as f64)
    }
}

fn class(key: &str) -> Option<Class> {
    Class::ALL.into_iter().find(|class| class.key() == key)
}

impl Point {
    fn parse(text: &str) -> Option<Point> {
        match text {
            "p50" => Some(Point::P50),
            "p90" => Some(Point::P90),
            "p99" => Some(Point::P99),
            "p999" => Some(Point::P999),
            "max" => Some(Point::Max),
            "mean" => Some(Point::Mean),
            _ => None,
        }
    }

    fn of(self, latency: &Latency) -> f64 {
        match self {
            Point::P50 => latency.p50,
            Point::P90 => latency.p90,
            Point::P99 => latency.p99,
            Point::P999 => latency.p999,
            Point::Max => latency.max,
            Point::Mean => latency.mean,
        }
    }
}

/// What the number is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Range {
    Equal(f64),
    NotEqual(f64),
    Below(f64),
    AtMost(f64),
    Above(f64),
    AtLeast(f64),
    Between(f64, f64),
}

impl Range {
    fn contains(self, value: f64) -> bool {
        match self {
            Range::Equal(bound) => value == bound,
            Range::NotEqual(bound) => value != bound,
            Range::Below(bound) => value < bound,
            Range::AtMost(bound) => value <= bound,
            Range::Above(bound) => value > bound,
            Range::AtLeast(bound) => value >= bound,
            Range::Between(low, high) => (low..=high).contains(&value),
        }
    }
}

/// An operator and what it makes of its bound.
type Operator = (&'static str, fn(f64) -> Range);

/// Longer operators first, so that `<=` is not read as `<`.
const OPERATORS: [Operator; 6] = [
    ("==", Range::Equal),
    ("!=", Range::NotEqual),
    ("<=", Range::AtMost),
    (">=", Range::AtLeast),
    ("<", Range::Below),
    (">", Range::Above),
];

impl TryFrom<String> for Expectation {
    type Error = String;

    fn try_from(text: String) -> Result<Expectation, String> {
        text.parse()
    }
}

impl FromStr for Expectation {
    type Err = String;

    fn from_str(text: &str) -> Result<Expectation, String> {
        let text = text.trim();
        let (key, range) = split(text)?;
        let metric = Metric::parse(key).ok_or_else(|| unknown(key))?;
        let range = range.resolve(metric.unit())?;
        Ok(Expectation { text: text.to_owned(), metric, range })
    }
}

/// The part behind the key, its bounds not yet read.
enum RangeText<'a> {
    Compare(fn(f64) -> Range, &'a str),
    Between(&'a str, &'a str),
}

fn split(text: &str) -> Result<(&str, RangeText<'_>), String> {
    if let Some((key, bounds)) = text.split_once(" between ") {
        let (low, high) = bounds.split_once(" and ").ok_or("expected `between A and B`")?;
        return Ok((key.trim(), RangeText::Between(low.trim(), high.trim())));
    }
    let found = OPERATORS.iter().filter_map(|(operator, range)| {
        let (key, bound) = text.split_once(operator)?;
        Some((key.trim(), RangeText::Compare(*range, bound.trim())))
    });
    found.into_iter().next().ok_or_else(|| "expected something like ok==5 or 'p99<3s'".to_owned())
}

impl RangeText<'_> {
    fn resolve(self, unit: Unit) -> Result<Range, String> {
        match self {
            RangeText::Compare(range, text) => Ok(range(bound(text, unit)?)),
            RangeText::Between(low, high) => match (bound(low, unit)?, bound(high, unit)?) {
                (low, high) if low <= high => Ok(Range::Between(low, high)),
                _ => Err(format!("nothing is between {low} and {high}")),
            },
        }
    }
}

fn bound(text: &str, unit: Unit) -> Result<f64, String> {
    match unit {
        Unit::Time => Ok(duration::as_ms(duration::parse(text)?)),
        Unit::Count => {
            let count: Result<u64, _> = text.parse();
            count.map(|n| n as f64).map_err(|_| format!("'{text}' is not a whole number"))
        }
        Unit::Fraction => {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            number.ok_or_else(|| format!("'{text}' is not a number"))
        }
    }
}

fn unknown(key: &str) -> String {
    format!("'{key}' is not a number of the report (see `loadgen run --help`)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::completion::Completion;
    use crate::report::tests::example;

    #[test]
    fn expectations_parse() {
        let check = |text: &str, metric: Metric, range: Range| {
            let text = text.to_owned();
            assert_eq!(text.parse(), Ok(Expectation { text, metric, range }));
        };
        check("ok==5", Metric::Ok, Range::Equal(5.0));
        check("ok == 5", Metric::Ok, Range::Equal(5.0));
        check("throttled<=95", Metric::Count(Class::Throttled), Range::AtMost(95.0));
        check("throttled>=95", Metric::Count(Class::Throttled), Range::AtLeast(95.0));
        check("timeout!=0", Metric::Count(Class::Timeout), Range::NotEqual(0.0));
        check("environments>2", Metric::Environments, Range::Above(2.0));
        check("max_concurrency<6", Metric::MaxConcurrency, Range::Below(6.0));
        check("ok between 4 and 6", Metric::Ok, Range::Between(4.0, 6.0));
        check("p99<3s", Metric::Latency(None, Point::P99), Range::Below(3000.0));
        check("wall between 1s and 1m", Metric::Wall, Range::Between(1000.0, 60_000.0));
        check("throttled.p50<50ms", Metric::Latency(Some(Class::Throttled), Point::P50), Range::Below(50.0));
        check(
            "throttled.CallerRateLimitExceeded==0",
            Metric::ThrottledFor("CallerRateLimitExceeded".into()),
            Range::Equal(0.0),
        );
        check("cold_start.max<1s", Metric::ColdStart(Point::Max), Range::Below(1000.0));
        check("service.p99<1s", Metric::Service(Point::P99), Range::Below(1000.0));
        check("send_lag.p99 < 5 ms", Metric::SendLag(Point::P99), Range::Below(5.0));
        check("status.503==0", Metric::Status(503), Range::Equal(0.0));
        check("p999<1s", Metric::Latency(None, Point::P999), Range::Below(1000.0));
    }

    #[test]
    fn what_is_no_expectation_is_refused_with_a_reason() {
        let check = |text: &str, part: &str| {
            let error = text.parse::<Expectation>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        };
        check("", "expected something like");
        check("ok", "expected something like");
        check("ok=5", "expected something like");
        check("okay==5", "'okay' is not a number of the report");
        check("==5", "'' is not a number of the report");
        check("ok.p99<1s", "'ok.p99' is not a number of the report");
        check("ok==five", "'five' is not a whole number");
        check("ok==5s", "'5s' is not a whole number");
        check("ok==-1", "'-1' is not a whole number");
        check("p99<3", "has no unit");
        check("ok between 6 and 4", "nothing is between 6 and 4");
        check("ok between 6", "between A and B");
        check("cold_start.p99<1s", "is not a number of the report");
    }

    #[test]
    fn verdicts_compare_with_the_report() {
        let check = |text: &str, ok: bool, observed: &str| {
            let verdict = text.parse::<Expectation>().unwrap().judge(&example());
            assert_eq!((verdict.ok, verdict.observed_text().as_str()), (ok, observed), "{text}");
        };
        check("requests==100", true, "observed 100");
        check("ok==5", true, "observed 5");
        check("ok!=5", false, "observed 5");
        check("throttled==95", true, "observed 95");
        check("throttled<95", false, "observed 95");
        check("throttled between 94 and 96", true, "observed 95");
        check("throttled between 96 and 99", false, "observed 95");
        check("throttled.ReservedFunctionConcurrentInvocationLimitExceeded==95", true, "observed 95");
        check("throttled.ConcurrentInvocationLimitExceeded==0", true, "observed 0");
        check("errors==0", true, "observed 0");
        check("environments==5", true, "observed 5");
        check("max_concurrency<=5", true, "observed 5");
        check("p99<3s", true, "observed 2.50 s");
        check("p99<2s", false, "observed 2.50 s");
        check("throttled.max<=100ms", true, "observed 20.0 ms");
        check("cold_start.p50<1s", true, "observed 18.0 ms");
        check("drain<1s", false, "nothing observed");
        check("completed==5", false, "nothing observed");
        check("attempts==100", true, "observed 100");
        check("status.429==95", true, "observed 95");
        check("service.max<3s", true, "observed 2.50 s");
        check("send_lag.max<=6ms", true, "observed 6.00 ms");
        check("accepted.p99<1s", false, "nothing observed");
        check("dead_lettered==0", false, "nothing observed");
        check("out_of_order==0", false, "nothing observed");
    }

    #[test]
    fn what_the_log_and_the_dead_letter_queue_say_is_judged() {
        let completion =
            Completion { invocations: 15, environments: 3, out_of_order: Some(1), ..Completion::default() };
        let mut report = Report { dead_lettered: Some(5), completion: Some(completion), ..example() };
        report.environments = None;
        for text in ["dead_lettered==5", "invocations==15", "environments==3", "out_of_order==1"] {
            assert!(text.parse::<Expectation>().unwrap().judge(&report).ok, "{text}");
        }
    }

    #[test]
    fn a_refusal_is_judged_by_its_words() {
        let check = |said: Option<&str>, expected: &str| {
            assert_eq!(Verdict::refusal("below 10", said).to_string(), expected);
        };
        check(Some("Invalid: below 10."), "refused with \"below 10\" (observed)");
        check(Some("Invalid: above"), "refused with \"below 10\" (observed: Invalid: above)");
        check(None, "refused with \"below 10\" (observed: it was not refused)");
        assert!(!Verdict::refusal("below 10", None).ok);
    }
}
