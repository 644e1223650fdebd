//! Times as a histogram, and beside it what a histogram rounds away.
//!
//! A histogram can be added to another without loss; a percentile cannot. So
//! reports carry histograms, and percentiles are read from them.

use crate::duration::round_ms;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Longer times count as this one: a day, the longest `--timeout`.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Three significant digits: an error below 0.1 %.
const DIGITS: u8 = 3;

/// Times in microseconds, to three significant digits; count, sum and maximum
/// are exact.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Latencies {
    histogram: Histogram<u64>,
    sum: u64,
    max: u64,
}

impl Default for Latencies {
    fn default() -> Latencies {
        let histogram = Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, DIGITS);
        Latencies { histogram: histogram.expect("constant bounds are valid"), sum: 0, max: 0 }
    }
}

/// Thousands of buckets would hide what there is to see.
impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} times, mean {} ms, max {} ms", self.count(), self.mean_ms(), self.max_ms())
    }
}

impl PartialEq for Latencies {
    fn eq(&self, other: &Latencies) -> bool {
        (self.sum, self.max) == (other.sum, other.max) && self.histogram == other.histogram
    }
}

impl Latencies {
    pub fn record(&mut self, latency: Duration) {
        self.record_many(latency, 1);
    }

    /// The same time, so many times.
    pub fn record_many(&mut self, latency: Duration, count: u64) {
        let micros = latency.as_micros() as u64;
        self.histogram.saturating_record_n(micros, count);
        self.sum = self.sum.saturating_add(micros.saturating_mul(count));
        self.max = self.max.max(micros);
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Latencies) {
        self.histogram.add(&other.histogram).expect("all have the same bounds");
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Milliseconds below which `percent` of the times lie.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        self.histogram.value_at_percentile(percent).min(self.max) as f64 / 1000.0
    }

    pub fn max_ms(&self) -> f64 {
        self.max as f64 / 1000.0
    }

    pub fn mean_ms(&self) -> f64 {
        match self.count() {
            0 => 0.0,
            count => round_ms(self.sum as f64 / 1000.0 / count as f64),
        }
    }

    /// Each time that occurred, in milliseconds, and how often, from short to long.
    pub fn values_ms(&self) -> impl Iterator<Item = (f64, u64)> {
        let values = self.histogram.iter_recorded();
        values.map(|value| {
            let micros = value.value_iterated_to().min(self.max);
            (micros as f64 / 1000.0, value.count_since_last_iteration())
        })
    }
}

#[cfg(test)]
impl Latencies {
    /// For tests: each of these, in milliseconds.
    pub(crate) fn of_millis(millis: impl IntoIterator<Item = impl Into<f64>>) -> Latencies {
        let mut latencies = Latencies::default();
        let seconds = millis.into_iter().map(|ms| ms.into() / 1000.0);
        seconds.for_each(|seconds| latencies.record(Duration::from_secs_f64(seconds)));
        latencies
    }
}

/// The written form: `values` are pairs of microseconds and count.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    sum_us: u64,
    max_us: u64,
    values_us: Vec<(u64, u64)>,
}

impl From<Latencies> for Written {
    fn from(latencies: Latencies) -> Written {
        let values = latencies.histogram.iter_recorded();
        let values = values.map(|value| (value.value_iterated_to(), value.count_since_last_iteration()));
        Written { sum_us: latencies.sum, max_us: latencies.max, values_us: values.collect() }
    }
}

impl TryFrom<Written> for Latencies {
    type Error = String;

    fn try_from(written: Written) -> Result<Latencies, String> {
        let mut latencies = Latencies { sum: written.sum_us, max: written.max_us, ..Latencies::default() };
        for (micros, count) in written.values_us {
            let recorded = latencies.histogram.record_n(micros, count);
            recorded.map_err(|_| format!("a histogram has {micros} µs, more than a day"))?;
        }
        Ok(latencies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_keep_three_digits() {
        let latencies = Latencies::of_millis(1..=1000);
        let check = |percent, expected: f64| {
            let ms = latencies.percentile_ms(percent);
            assert!((ms - expected).abs() / expected < 0.002, "p{percent} is {ms}");
        };
        check(50.0, 500.0);
        check(90.0, 900.0);
        check(99.0, 990.0);
        assert_eq!((latencies.max_ms(), latencies.mean_ms()), (1000.0, 500.5));
    }

    #[test]
    fn parts_add_up_to_the_whole_exactly() {
        let mut parts = Latencies::of_millis((1..5000).step_by(2));
        parts.add(&Latencies::of_millis((2..5000).step_by(2)));
        assert_eq!(parts, Latencies::of_millis(1..5000));
    }

    #[test]
    fn what_is_written_is_read_the_same() {
        let check = |latencies: Latencies| {
            let text = serde_json::to_string(&latencies).unwrap();
            assert_eq!(serde_json::from_str::<Latencies>(&text).unwrap(), latencies, "{text}");
        };
        check(Latencies::default());
        check(Latencies::of_millis(1..3000));
        let too_long = r#"{"sum_us":1,"max_us":1,"values_us":[[99999999999999,1]]}"#;
        assert!(serde_json::from_str::<Latencies>(too_long).is_err());
    }
}
