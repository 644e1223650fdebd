//! How the built-in handler behaves.

use std::time::Duration;

use crate::engine::rng::Rng;

/// How the built-in handler behaves; by default it takes no time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HandlerModel {
    /// How long Init takes.
    pub init: Duration,
    /// How long an invocation takes on average.
    pub duration: Duration,
    /// How the durations of single invocations differ from that.
    pub spread: Spread,
    /// The share of invocations that fail, 0.0 to 1.0.
    pub failure_rate: f64,
}

/// A distribution of durations around their mean.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Spread {
    /// All the same.
    #[default]
    Fixed,
    /// Without memory: many short ones, few long ones.
    Exponential,
    /// As measured durations often are: a hump and a long tail.
    Lognormal {
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

impl HandlerModel {
    /// How long one invocation takes.
    pub fn draw_duration(&self, rng: &mut Rng) -> Duration {
        let factor = match self.spread {
            Spread::Fixed => return self.duration,
            Spread::Exponential => rng.exponential(),
            // The mean of a lognormal is exp(µ + σ²/2), so that µ makes it 1.
            Spread::Lognormal { sigma } => (sigma * rng.normal() - sigma * sigma / 2.0).exp(),
        };
        Duration::try_from_secs_f64(self.duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spread_keeps_the_mean() {
        let duration = Duration::from_millis(200);
        for (spread, within) in
            [(Spread::Fixed, 0.0), (Spread::Exponential, 0.02), (Spread::Lognormal { sigma: 0.8 }, 0.02)]
        {
            let model = HandlerModel { duration, spread, ..HandlerModel::default() };
            let mut rng = Rng::new(3);
            let total: f64 = (0..100_000).map(|_| model.draw_duration(&mut rng).as_secs_f64()).sum();
            let off = (total / 100_000.0 / duration.as_secs_f64() - 1.0).abs();
            assert!(off <= within + 1e-9, "{spread:?} is off by {off}");
        }
    }
}
