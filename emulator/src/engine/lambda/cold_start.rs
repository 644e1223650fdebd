//! How long cold starts take, where that is simulated.

use std::time::Duration;

use crate::engine::rng::Rng;

/// How an environment's Init takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColdStartMode {
    /// As long as the runtime takes on this machine.
    #[default]
    Real,
    /// As long as on AWS: a draw from what was measured there. A runtime that
    /// takes longer here shows through.
    Simulated,
    /// The runtime's own time, and a draw on top of it.
    Added,
}

/// How cold starts take their time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ColdStart {
    /// What Init takes.
    pub mode: ColdStartMode,
    /// Shortest and longest time before Init that REPORT does not show: finding
    /// a place and bringing the code there. 100 to 250 ms are commonly observed
    /// on AWS, and nothing is documented.
    pub placement: (Duration, Duration),
}

/// What one function says of its own cold starts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ColdStartOverride {
    /// Instead of the account's mode.
    pub mode: Option<ColdStartMode>,
    /// Instead of the runtime's own measured times.
    pub distribution: Option<InitDistribution>,
}

/// A lognormal distribution of Init Durations in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InitDistribution {
    /// Mean of the logarithm.
    pub mu: f64,
    /// Standard deviation of the logarithm.
    pub sigma: f64,
}

/// µ and σ of ln(ms).
type Fit = (f64, f64);

/// Name, and the fit on x86_64 and on arm64.
///
/// Init Durations of hello-world functions from zip files, 128 to 1,024 MB
/// pooled, some 3,000 samples each, May to August 2026; computed from the data
/// of github.com/maxday/lambda-perf (Apache-2.0). A custom runtime is taken
/// for Rust unless its function names another.
const MEASURED: &[(&str, Fit, Fit)] = &[
    ("python3.9", (4.392, 0.144), (4.290, 0.186)),
    ("python3.10", (4.391, 0.141), (4.276, 0.178)),
    ("python3.11", (4.414, 0.148), (4.258, 0.154)),
    ("python3.12", (4.489, 0.144), (4.358, 0.156)),
    ("python3.13", (4.556, 0.192), (4.403, 0.160)),
    ("python3.14", (4.805, 0.223), (4.623, 0.161)),
    ("nodejs20.x", (4.995, 0.128), (4.832, 0.124)),
    ("nodejs22.x", (4.991, 0.129), (4.817, 0.148)),
    ("nodejs24.x", (4.965, 0.143), (4.790, 0.150)),
    ("java8.al2", (5.566, 0.188), (5.604, 0.312)),
    ("java11", (5.681, 0.174), (5.669, 0.262)),
    ("java17", (5.363, 0.143), (5.312, 0.171)),
    ("java21", (5.525, 0.162), (5.452, 0.172)),
    ("java25", (5.345, 0.250), (5.241, 0.236)),
    ("dotnet8", (5.612, 0.230), (5.708, 0.265)),
    ("dotnet10", (5.675, 0.307), (5.645, 0.357)),
    ("ruby3.2", (5.560, 0.261), (5.605, 0.282)),
    ("ruby3.3", (5.579, 0.257), (5.468, 0.215)),
    ("ruby3.4", (5.534, 0.274), (5.484, 0.263)),
    ("provided.al2", (2.954, 0.286), (2.777, 0.312)),
    ("provided.al2023", (2.853, 0.238), (2.654, 0.235)),
    ("rust", (2.853, 0.238), (2.654, 0.235)),
    ("go", (3.935, 0.092), (3.712, 0.099)),
    ("c++", (4.253, 0.176), (3.904, 0.178)),
    ("llrt", (4.220, 0.096), (4.038, 0.187)),
    ("swift", (4.901, 0.102), (4.676, 0.129)),
    ("bun", (5.866, 0.076), (5.653, 0.104)),
    ("dotnet8-aot", (4.497, 0.098), (4.329, 0.096)),
    ("dotnet10-aot", (4.321, 0.116), (4.121, 0.113)),
    ("graalvm-java21", (5.053, 0.091), (4.811, 0.102)),
];

impl InitDistribution {
    /// What was measured of a runtime, or of a language on a custom runtime,
    /// such as `go`.
    pub fn measured(name: &str, architecture: &str) -> Option<Self> {
        let &(_, x86_64, arm64) = MEASURED.iter().find(|(known, ..)| *known == name)?;
        let (mu, sigma) = if architecture == "arm64" { arm64 } else { x86_64 };
        Some(Self { mu, sigma })
    }

    /// The names that [`measured`](Self::measured) knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        MEASURED.iter().map(|(name, ..)| *name)
    }

    /// One Init Duration.
    pub(crate) fn draw(self, rng: &mut Rng) -> Duration {
        let millis = libm::exp(self.mu + self.sigma * rng.normal());
        Duration::try_from_secs_f64(millis / 1_000.0).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_measured_median_and_tail() {
        let mut rng = Rng::new(7);
        for name in InitDistribution::names() {
            for architecture in ["x86_64", "arm64"] {
                let known = InitDistribution::measured(name, architecture).expect("a name of the table");
                let mut drawn: Vec<f64> =
                    (0..10_001).map(|_| known.draw(&mut rng).as_secs_f64() * 1_000.0).collect();
                drawn.sort_by(f64::total_cmp);
                let within = |at: usize, expected: f64| (drawn[at] / expected - 1.0).abs() < 0.07;
                assert!(within(5_000, known.mu.exp()), "{name}: median {}", drawn[5_000]);
                let p90 = (known.mu + 1.2816 * known.sigma).exp();
                assert!(within(9_000, p90), "{name}: p90 {} for {p90}", drawn[9_000]);
            }
        }
    }

    #[test]
    fn unknown_runtimes_have_no_measure() {
        assert_eq!(InitDistribution::measured("cobol", "x86_64"), None);
    }
}
