//! Durations as people write them: `250ms`, `10s`, `1.5m`.

use emulator::engine::Rate;
use std::time::Duration;

/// The longest duration accepted: a day, so that a slip of the unit is noticed.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Parses a number with a unit. A bare number is refused: seconds and
/// milliseconds are too easily mistaken for each other.
pub fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| format!("'{text}' is not a duration like 10s"))?;
    let seconds = number * seconds_per(unit).ok_or_else(|| unit_problem(text, unit))?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| "too long".to_owned())?;
    match duration {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        long if long > LONGEST => Err("must not be longer than a day".to_owned()),
        duration => Ok(duration),
    }
}

/// The same where none at all is a time too: a window, a delay.
pub fn parse_or_none(text: &str) -> Result<Duration, String> {
    match text.trim() {
        "0" | "0s" | "0ms" => Ok(Duration::ZERO),
        text => parse(text),
    }
}

/// `10m`, or `5m-7m`: the shortest and the longest of times, each read by `parse`.
pub fn range(
    text: &str,
    parse: fn(&str) -> Result<Duration, String>,
) -> Result<(Duration, Duration), String> {
    let (shortest, longest) = text.split_once('-').unwrap_or((text, text));
    let (shortest, longest) = (parse(shortest)?, parse(longest)?);
    if shortest > longest {
        return Err("the longer time comes second, as in 5m-7m".to_owned());
    }
    Ok((shortest, longest))
}

/// So many in a time: `1000/10s`.
pub fn rate(text: &str) -> Result<Rate, String> {
    let rate = text.split_once('/').and_then(|(count, per)| {
        let count = count.parse().ok().filter(|count| *count > 0)?;
        Some(Rate { count, per: parse(per).ok()? })
    });
    rate.ok_or_else(|| "a rate is written like 1000/10s".to_owned())
}

fn seconds_per(unit: &str) -> Option<f64> {
    match unit.trim() {
        "us" | "µs" => Some(1e-6),
        "ms" => Some(1e-3),
        "s" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    }
}

fn unit_problem(text: &str, unit: &str) -> String {
    match unit {
        "" => format!("'{text}' has no unit (us, ms, s, m or h)"),
        unit => format!("'{unit}' is not a unit (us, ms, s, m or h)"),
    }
}

/// Milliseconds for a reader: three digits that matter and the unit that fits.
pub fn show_ms(ms: f64) -> String {
    let (value, unit) = match ms {
        ms if ms >= 1000.0 => (ms / 1000.0, "s"),
        ms => (ms, "ms"),
    };
    match value {
        v if v >= 99.95 => format!("{v:.0} {unit}"),
        v if v >= 9.995 => format!("{v:.1} {unit}"),
        v => format!("{v:.2} {unit}"),
    }
}

/// Milliseconds of a duration, to the microsecond.
pub fn as_ms(duration: Duration) -> f64 {
    round_ms(duration.as_secs_f64() * 1000.0)
}

/// Rounds milliseconds to the microsecond: what is below is noise.
pub fn round_ms(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

/// Rounds seconds to the microsecond.
pub fn round_us(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_parse() {
        let check = |text: &str, expected: Option<f64>| {
            let seconds = parse(text).ok().map(|d| d.as_secs_f64());
            assert_eq!(seconds, expected, "{text}");
        };
        check("10s", Some(10.0));
        check(" 10s ", Some(10.0));
        check("250ms", Some(0.25));
        check("1.5m", Some(90.0));
        check("2 s", Some(2.0));
        check("20us", Some(0.00002));
        check("1h", Some(3600.0));
        check("24h", Some(86400.0));
        check("25h", None);
        check("10", None);
        check("0s", None);
        check("-1s", None);
        check("1e9s", None);
        check("s", None);
        check("", None);
        check("1.2.3s", None);
        check("10 parsecs", None);
    }

    #[test]
    fn times_are_rounded_to_the_microsecond() {
        let check = |seconds: f64, expected: f64| assert_eq!(round_us(seconds), expected);
        check(0.001_417_6, 0.001_418);
        check(2.513_456_7, 2.513_457);
        assert_eq!(as_ms(Duration::from_nanos(1_417_600)), 1.418);
    }

    #[test]
    fn milliseconds_read_well() {
        let check = |ms: f64, expected: &str| assert_eq!(show_ms(ms), expected);
        check(0.0, "0.00 ms");
        check(0.417, "0.42 ms");
        check(12.34, "12.3 ms");
        check(999.0, "999 ms");
        check(2514.0, "2.51 s");
        check(61_000.0, "61.0 s");
    }
}
