//! How the built-in handler behaves.

use std::sync::Arc;
use std::time::Duration;

use super::cold_start::InitDistribution;
use crate::engine::rng::Rng;

/// How the built-in handler behaves; by default it takes no time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HandlerModel {
    /// How long Init takes.
    pub init: Times,
    /// How long an invocation takes.
    pub duration: Times,
    /// How long the first invocation of an environment that was started for it
    /// takes, where that is known as a whole: instead of Init and duration.
    /// Nothing tells then which part of it is Init, so none is.
    pub cold: Option<Times>,
    /// The share of invocations that fail, 0.0 to 1.0.
    pub failure_rate: f64,
    /// The share of invocations in which the process ends, 0.0 to 1.0; those
    /// that fail are not counted among them.
    pub crash_rate: f64,
}

/// A distribution of times.
#[derive(Debug, Clone, PartialEq)]
pub enum Times {
    /// All the same.
    Constant(Duration),
    /// Without memory, around this mean: many short ones, few long ones.
    Exponential(Duration),
    /// As measured durations often are: a hump and a long tail.
    Lognormal {
        /// The mean of the times themselves.
        mean: Duration,
        /// Standard deviation of their logarithm.
        sigma: f64,
    },
    /// As they were measured: from short to long, at equal distances of
    /// probability; what lies between two is interpolated.
    Empirical(Arc<[Duration]>),
}

impl Default for Times {
    fn default() -> Self {
        Self::Constant(Duration::ZERO)
    }
}

impl From<Duration> for Times {
    fn from(time: Duration) -> Self {
        Self::Constant(time)
    }
}

impl From<InitDistribution> for Times {
    /// Its times are milliseconds.
    fn from(InitDistribution { mu, sigma }: InitDistribution) -> Self {
        Self::Lognormal { mean: times(Duration::from_millis(1), libm::exp(mu + sigma * sigma / 2.0)), sigma }
    }
}

impl Times {
    /// One of them.
    pub fn draw(&self, rng: &mut Rng) -> Duration {
        match self {
            Self::Constant(time) => *time,
            Self::Exponential(mean) => times(*mean, rng.exponential()),
            // The mean of a lognormal is exp(µ + σ²/2), so that µ makes it 1.
            Self::Lognormal { mean, sigma } => {
                times(*mean, libm::exp(sigma * rng.normal() - sigma * sigma / 2.0))
            }
            Self::Empirical(measured) => between(measured, rng.unit()),
        }
    }
}

/// Saturates after some centuries, and is none at all where the factor is no number.
#[expect(clippy::cast_precision_loss, reason = "a time of months is exact to the nanosecond")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn times(time: Duration, factor: f64) -> Duration {
    Duration::from_nanos((time.as_nanos() as f64 * factor + 0.5) as u64)
}

/// From one measured time to the next.
#[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 times fit into memory")]
fn steps(measured: &[Duration]) -> f64 {
    measured.len().saturating_sub(1) as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the whole part is an index")]
fn between(measured: &[Duration], lot: f64) -> Duration {
    let place = lot * steps(measured);
    let index = place as usize;
    let Some(&low) = measured.get(index) else { return Duration::ZERO };
    let high = measured.get(index + 1).copied().unwrap_or(low);
    low + times(high.saturating_sub(low), place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_mean_that_is_said() {
        let mean = Duration::from_millis(200);
        let measured: Vec<Duration> = [10, 20, 40, 90, 640].map(Duration::from_millis).into();
        for (times, mean_s, within) in [
            (Times::Constant(mean), 0.2, 0.0),
            (Times::Exponential(mean), 0.2, 0.02),
            (Times::Lognormal { mean, sigma: 0.8 }, 0.2, 0.02),
            // Between two neighbours all times are as likely as the others.
            (Times::Empirical(measured.into()), (0.015 + 0.03 + 0.065 + 0.365) / 4.0, 0.02),
        ] {
            let mut rng = Rng::new(3);
            let total: f64 = (0..100_000).map(|_| times.draw(&mut rng).as_secs_f64()).sum();
            let off = (total / 100_000.0 / mean_s - 1.0).abs();
            assert!(off <= within + 1e-9, "{times:?} is off by {off}");
        }
    }

    #[test]
    fn measured_times_come_back_as_they_were() {
        let measured: Arc<[Duration]> = [10, 20, 40].map(Duration::from_millis).into();
        let times = Times::Empirical(measured);
        let mut rng = Rng::new(1);
        let mut drawn: Vec<Duration> = (0..10_001).map(|_| times.draw(&mut rng)).collect();
        drawn.sort();
        let within = |at: usize, ms: f64| (drawn[at].as_secs_f64() * 1_000.0 - ms).abs() < 0.5;
        assert!(within(0, 10.0) && within(2_500, 15.0) && within(5_000, 20.0) && within(10_000, 40.0));
        assert_eq!(Times::Empirical([].into()).draw(&mut rng), Duration::ZERO);
        assert_eq!(Times::Empirical([Duration::from_secs(1)].into()).draw(&mut rng).as_secs(), 1);
    }

    #[test]
    fn what_is_too_long_is_the_longest() {
        let centuries = Duration::from_secs(500 * 365 * 86_400);
        assert!(times(Duration::from_secs(1), f64::INFINITY) > centuries);
        assert_eq!(times(Duration::from_secs(1), f64::NAN), Duration::ZERO);
    }
}
