//! How long things take, as people write it: `200ms`, `exponential:1.991s`,
//! `lognormal:200ms,0.5`, `csv:FILE`, or a runtime such as `python3.12`.

use crate::duration;
use emulator::engine::InitDistribution;
use std::path::Path;
use std::time::Duration;

/// Measured times are kept as so many quantiles: a function's variables, which
/// bring them to the emulator, hold four kilobytes.
const QUANTILES: usize = 201;

/// The heading of the column that is preferred in a file.
const COLUMN: &str = "duration_ms";

/// A distribution of times.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    Constant(Duration),
    /// Around this mean.
    Exponential(Duration),
    /// Of this mean, and this standard deviation of the logarithm.
    Lognormal(Duration, f64),
    /// From short to long, at equal distances of probability.
    Empirical(Vec<Duration>),
}

pub const GRAMMAR: &str = "expected a time like 200ms, exponential:MEAN, lognormal:MEAN,SIGMA, csv:FILE with \
                           milliseconds, or a runtime like python3.12";

impl std::str::FromStr for Distribution {
    type Err = String;

    fn from_str(text: &str) -> Result<Distribution, String> {
        Distribution::parse(text, Path::new(""))
    }
}

impl Distribution {
    /// Reads it; files are looked for in a folder.
    pub fn parse(text: &str, folder: &Path) -> Result<Distribution, String> {
        let text = text.trim();
        match text.split_once(':') {
            Some(("constant", time)) => duration::parse_or_none(time).map(Distribution::Constant),
            Some(("exponential", mean)) => duration::parse(mean).map(Distribution::Exponential),
            Some(("lognormal", rest)) => lognormal(rest),
            Some(("csv", file)) => measured(&folder.join(file)),
            Some(_) => Err(GRAMMAR.to_owned()),
            None => match runtime(text) {
                Some(distribution) => Ok(distribution),
                None if text.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                    duration::parse_or_none(text).map(Distribution::Constant)
                }
                None => Err(GRAMMAR.to_owned()),
            },
        }
    }

    /// All of them so many times as long.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Distribution {
        match self {
            Distribution::Constant(time) => Distribution::Constant(time.mul_f64(factor)),
            Distribution::Exponential(mean) => Distribution::Exponential(mean.mul_f64(factor)),
            Distribution::Lognormal(mean, sigma) => Distribution::Lognormal(mean.mul_f64(factor), *sigma),
            Distribution::Empirical(times) => {
                Distribution::Empirical(times.iter().map(|time| time.mul_f64(factor)).collect())
            }
        }
    }

    /// The two variables that tell it to the built-in handler: `EMULATOR_…_MS`
    /// and `EMULATOR_…_SPREAD`.
    pub fn variables(&self, what: &str) -> [(String, String); 2] {
        let millis = |time: &Duration| (time.as_secs_f64() * 1000.0).to_string();
        let (mean, spread) = match self {
            Distribution::Constant(time) => (millis(time), "fixed".to_owned()),
            Distribution::Exponential(mean) => (millis(mean), "exponential".to_owned()),
            Distribution::Lognormal(mean, sigma) => (millis(mean), format!("lognormal:{sigma}")),
            Distribution::Empirical(times) => {
                let times: Vec<String> = times.iter().map(millis).collect();
                ("0".to_owned(), format!("empirical:{}", times.join(",")))
            }
        };
        [(format!("EMULATOR_{what}_MS"), mean), (format!("EMULATOR_{what}_SPREAD"), spread)]
    }
}

fn lognormal(text: &str) -> Result<Distribution, String> {
    let (mean, sigma) = text.split_once(',').unwrap_or((text, "0.5"));
    match sigma.trim().parse::<f64>() {
        Ok(sigma) if (0.0..=5.0).contains(&sigma) => {
            Ok(Distribution::Lognormal(duration::parse(mean)?, sigma))
        }
        Ok(_) | Err(_) => Err(format!("'{sigma}' is not a standard deviation of the logarithm from 0 to 5")),
    }
}

/// What was measured of a runtime's Init on AWS: `python3.12`, `go`, or with
/// the machine behind it `python3.12/arm64`.
fn runtime(text: &str) -> Option<Distribution> {
    let (name, architecture) = text.split_once('/').unwrap_or((text, "x86_64"));
    let InitDistribution { mu, sigma } = InitDistribution::measured(name, architecture)?;
    let mean_ms = libm::exp(mu + sigma * sigma / 2.0);
    // To the microsecond, as the emulator counts.
    Some(Distribution::Lognormal(Duration::from_micros((mean_ms * 1000.0).round() as u64), sigma))
}

/// A file of milliseconds: its first column, or the one headed `duration_ms`.
fn measured(file: &Path) -> Result<Distribution, String> {
    let named = |problem: String| format!("{}: {problem}", file.display());
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).comment(Some(b'#')).trim(csv::Trim::All);
    let mut reader = reader.from_path(file).map_err(|error| named(format!("cannot read: {error}")))?;
    let (mut column, mut times) = (0, Vec::new());
    for (n, record) in reader.records().enumerate() {
        let record = record.map_err(|error| named(error.to_string()))?;
        let text = record.get(column).unwrap_or_default();
        match text.parse::<f64>().ok().and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()) {
            Some(time) => times.push(time),
            None if n == 0 => {
                column = record.iter().position(|name| name == COLUMN).unwrap_or_default();
            }
            None => {
                let line = record.position().map_or(0, csv::Position::line);
                return Err(format!("{}:{line}: '{text}' is not a number of milliseconds", file.display()));
            }
        }
    }
    times.sort_unstable();
    match times.as_slice() {
        [] => Err(named("has no times".to_owned())),
        times => Ok(Distribution::Empirical(quantiles(times))),
    }
}

/// The times themselves, or where they are too many, equally likely ones.
fn quantiles(sorted: &[Duration]) -> Vec<Duration> {
    if sorted.len() <= QUANTILES {
        return sorted.to_vec();
    }
    let last = sorted.len() - 1;
    let quantile = |n: usize| {
        let place = n as f64 * last as f64 / (QUANTILES - 1) as f64;
        let (low, high) = (sorted[place as usize], sorted[(place as usize + 1).min(last)]);
        low + (high - low).mul_f64(place.fract())
    };
    (0..QUANTILES).map(quantile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_people_write_is_understood() {
        let check = |text: &str, expected: Distribution| assert_eq!(text.parse(), Ok(expected), "{text}");
        check("200ms", Distribution::Constant(200 * MS));
        check("0s", Distribution::Constant(Duration::ZERO));
        check("constant:2s", Distribution::Constant(2_000 * MS));
        check("exponential:1.991s", Distribution::Exponential(1_991 * MS));
        check("lognormal:200ms,0.8", Distribution::Lognormal(200 * MS, 0.8));
        check("lognormal:200ms", Distribution::Lognormal(200 * MS, 0.5));
        // Median exp(4.489) = 89.0 ms, mean one percent more.
        check("python3.12", Distribution::Lognormal(Duration::from_micros(89_960), 0.144));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |text: &str, part: &str| {
            let problem = text.parse::<Distribution>().unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        };
        check("normal:2s", "expected a time like");
        check("soon", "expected a time like");
        check("exponential:2", "has no unit");
        check("lognormal:2s,-1", "'-1' is not a standard deviation");
        check("csv:missing.csv", "missing.csv: cannot read");
        check("2", "has no unit");
    }

    #[test]
    fn a_file_gives_its_quantiles() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "name,duration_ms").unwrap();
        (0..=2_000).rev().for_each(|ms| writeln!(file, "x,{ms}").unwrap());
        let text = format!("csv:{}", file.path().display());
        let Ok(Distribution::Empirical(times)) = text.parse() else { panic!("{text}") };
        assert_eq!(
            (times.len(), times[0], times[100], times[200]),
            (201, Duration::ZERO, 1_000 * MS, 2_000 * MS)
        );
        writeln!(file, "x,soon").unwrap();
        let problem = text.parse::<Distribution>().unwrap_err();
        assert!(problem.ends_with(":2003: 'soon' is not a number of milliseconds"), "{problem}");
    }

    #[test]
    fn the_built_in_handler_is_told_by_two_variables() {
        let told = Distribution::Exponential(1_991 * MS).variables("DURATION");
        let expected = [("EMULATOR_DURATION_MS", "1991"), ("EMULATOR_DURATION_SPREAD", "exponential")];
        assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
