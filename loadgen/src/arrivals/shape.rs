//! The shapes of load, and how they are written.

use super::{End, minutes, trace};
use crate::duration;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// How requests are spread over time, without an end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shape {
    /// `burst`: all at the same instant.
    Burst,
    /// `closed:5`: users who each send, wait for the answer, and send again.
    ClosedLoop { users: u64 },
    /// `constant:50/s`: at equal distances, whatever becomes of the requests before.
    Constant { per_second: f64 },
    /// `ramp:10/s..100/s`: a rate that changes evenly.
    Ramp { from: f64, to: f64 },
    /// `poisson:50/s`: independent of each other, as many people's requests are.
    Poisson { per_second: f64 },
    /// `sine:10/s..50/s@20s`: a rate that swings, beginning in the middle and rising.
    ///
    /// ```text
    /// high  .-.     .-.
    ///      /   \   /   \
    ///           '-'     '-'   low
    ///      |-------|  period
    /// ```
    Sine { low: f64, high: f64, period_s: f64 },
    /// `steps:10/s@5s,100/s@10s`: a rate for a while, then another.
    Steps { steps: Vec<Step> },
    /// `trace:FILE`: the times of a CSV file.
    Trace { file: PathBuf, requests: u64 },
    /// `minutes:FILE` or `minutes:FILE#FUNCTION`: counts per minute.
    Minutes {
        file: PathBuf,
        /// The beginning of its name; none adds up all functions of the file.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        function: Option<String>,
        requests: u64,
    },
}

/// A rate for a while.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub per_second: f64,
    pub duration_s: f64,
}

/// More than one machine sends.
const MOST_PER_SECOND: f64 = 1e6;
const MOST_USERS: u64 = 100_000;

impl Shape {
    /// The name that it is written with.
    pub fn name(&self) -> &'static str {
        match self {
            Shape::Burst => "burst",
            Shape::ClosedLoop { .. } => "closed",
            Shape::Constant { .. } => "constant",
            Shape::Ramp { .. } => "ramp",
            Shape::Poisson { .. } => "poisson",
            Shape::Sine { .. } => "sine",
            Shape::Steps { .. } => "steps",
            Shape::Trace { .. } => "trace",
            Shape::Minutes { .. } => "minutes",
        }
    }

    /// Whether a clock says when requests are due, one after the other.
    pub fn is_paced(&self) -> bool {
        !matches!(self, Shape::Burst | Shape::ClosedLoop { .. })
    }

    /// The end of a shape that has one of its own.
    pub(super) fn own_end(&self) -> Option<End> {
        match self {
            Shape::Steps { steps } => Some(End::DurationS(steps.iter().map(|step| step.duration_s).sum())),
            Shape::Trace { requests, .. } | Shape::Minutes { requests, .. } => Some(End::Requests(*requests)),
            Shape::Burst
            | Shape::ClosedLoop { .. }
            | Shape::Constant { .. }
            | Shape::Ramp { .. }
            | Shape::Poisson { .. }
            | Shape::Sine { .. } => None,
        }
    }

    /// Refuses rates that no request comes from, or too many.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Shape::Burst | Shape::Trace { .. } | Shape::Minutes { .. } => Ok(()),
            Shape::ClosedLoop { users } if (1..=MOST_USERS).contains(users) => Ok(()),
            Shape::ClosedLoop { .. } => Err(format!("users must be between 1 and {MOST_USERS}")),
            Shape::Constant { per_second } | Shape::Poisson { per_second } => highest(*per_second),
            Shape::Ramp { from, to } => highest(from.max(*to)),
            Shape::Sine { low, high, .. } if low > high => Err("a sine goes from low to high".to_owned()),
            Shape::Sine { high, .. } => highest(*high),
            Shape::Steps { steps } => highest(steps.iter().map(|step| step.per_second).fold(0.0, f64::max)),
        }
    }
}

fn highest(per_second: f64) -> Result<(), String> {
    match per_second {
        rate if rate <= 0.0 => Err("a rate must be above 0".to_owned()),
        rate if rate > MOST_PER_SECOND => Err(format!("a rate must be at most {MOST_PER_SECOND} per second")),
        _ => Ok(()),
    }
}

const GRAMMAR: &str = "expected burst, closed:USERS, constant:50/s, ramp:10/s..100/s, poisson:50/s, \
                       sine:10/s..50/s@20s, steps:10/s@5s,100/s@10s, trace:FILE or minutes:FILE";

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Shape, String> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let shape = match name {
            "burst" if rest.is_empty() => Shape::Burst,
            "closed" => Shape::ClosedLoop { users: rest.parse().map_err(|_| GRAMMAR.to_owned())? },
            "constant" => Shape::Constant { per_second: rate(rest)? },
            "poisson" => Shape::Poisson { per_second: rate(rest)? },
            "ramp" => {
                let (from, to) = range(rest)?;
                Shape::Ramp { from, to }
            }
            "sine" => {
                let (rates, period) = rest.split_once('@').ok_or(GRAMMAR)?;
                let (low, high) = range(rates)?;
                Shape::Sine { low, high, period_s: seconds(period)? }
            }
            "steps" => Shape::Steps { steps: rest.split(',').map(step).collect::<Result<_, _>>()? },
            "trace" if !rest.is_empty() => trace(PathBuf::from(rest))?,
            "minutes" if !rest.is_empty() => minutes(Path::new(""), rest)?,
            _ => return Err(GRAMMAR.to_owned()),
        };
        shape.check()?;
        Ok(shape)
    }
}

/// The times of a file, which is read to its end to see that it has some.
pub fn trace(file: PathBuf) -> Result<Shape, String> {
    let requests = trace::check(&file).map_err(|problem| problem.to_string())?;
    Ok(Shape::Trace { file, requests })
}

/// The counts of a file in a folder, of one function or of all: `FILE#FUNCTION`.
pub fn minutes(folder: &Path, text: &str) -> Result<Shape, String> {
    let (file, function) = match text.rsplit_once('#') {
        Some((file, function)) => (folder.join(file), Some(function.to_owned())),
        None => (folder.join(text), None),
    };
    let requests = minutes::check(&file, function.as_deref()).map_err(|problem| problem.to_string())?;
    Ok(Shape::Minutes { file, function, requests })
}

/// Requests per second: `50/s`, or `50`, or `90/m`.
pub fn rate(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, seconds) = match text.split_once('/') {
        None | Some((_, "s")) => (text.trim_end_matches("/s"), 1.0),
        Some((number, "m")) => (number, 60.0),
        Some((_, unit)) => return Err(format!("'{unit}' is not a unit of rates (s or m)")),
    };
    match number.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate / seconds),
        Ok(_) | Err(_) => Err(format!("'{text}' is not a rate like 50/s")),
    }
}

fn range(text: &str) -> Result<(f64, f64), String> {
    let (from, to) = text.split_once("..").ok_or(GRAMMAR)?;
    Ok((rate(from)?, rate(to)?))
}

fn seconds(text: &str) -> Result<f64, String> {
    Ok(duration::parse(text)?.as_secs_f64())
}

fn step(text: &str) -> Result<Step, String> {
    let (per_second, duration) = text.split_once('@').ok_or(GRAMMAR)?;
    Ok(Step { per_second: rate(per_second)?, duration_s: seconds(duration)? })
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Burst => write!(f, "all at once"),
            Shape::ClosedLoop { users: 1 } => write!(f, "by 1 virtual user"),
            Shape::ClosedLoop { users } => write!(f, "by {users} virtual users"),
            Shape::Constant { per_second } => write!(f, "at {per_second}/s"),
            Shape::Ramp { from, to } if from > to => write!(f, "at {from}/s falling to {to}/s"),
            Shape::Ramp { from, to } => write!(f, "at {from}/s rising to {to}/s"),
            Shape::Poisson { per_second } => write!(f, "at random, {per_second}/s on average"),
            Shape::Sine { low, high, period_s } => {
                write!(f, "swinging from {low}/s to {high}/s every {period_s} s")
            }
            Shape::Steps { steps } => {
                let words = |step: &Step| format!("{}/s for {} s", step.per_second, step.duration_s);
                write!(f, "at {}", steps.iter().map(words).collect::<Vec<_>>().join(", then "))
            }
            Shape::Trace { file, .. } => write!(f, "at the times of {}", file.display()),
            Shape::Minutes { file, function: None, .. } => write!(f, "by the minutes of {}", file.display()),
            Shape::Minutes { file, function: Some(function), .. } => {
                write!(f, "by the minutes of {function} in {}", file.display())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_parse() {
        let check = |text: &str, expected: Shape| assert_eq!(text.parse(), Ok(expected), "{text}");
        check("burst", Shape::Burst);
        check("closed:5", Shape::ClosedLoop { users: 5 });
        check("constant:50/s", Shape::Constant { per_second: 50.0 });
        check("constant:50", Shape::Constant { per_second: 50.0 });
        check("poisson:90/m", Shape::Poisson { per_second: 1.5 });
        check("ramp:1/s..20/s", Shape::Ramp { from: 1.0, to: 20.0 });
        check("sine:1/s..3/s@500ms", Shape::Sine { low: 1.0, high: 3.0, period_s: 0.5 });
        let step = |per_second, duration_s| Step { per_second, duration_s };
        check("steps:1/s@2s,0@1m", Shape::Steps { steps: vec![step(1.0, 2.0), step(0.0, 60.0)] });
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        let check = |text: &str, part: &str| {
            let problem = text.parse::<Shape>().unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        };
        check("", "expected burst");
        check("sawtooth:5/s", "expected burst");
        check("burst:5", "expected burst");
        check("ramp:5/s", "expected burst");
        check("closed:0", "between 1 and 100000");
        check("constant:fast", "not a rate");
        check("constant:-1/s", "not a rate");
        check("constant:NaN", "not a rate");
        check("constant:5/h", "'h' is not a unit");
        check("constant:0/s", "above 0");
        check("poisson:10000000/s", "at most 1000000");
        check("sine:5/s..1/s@1s", "from low to high");
        check("sine:1/s..5/s@1", "has no unit");
        check("steps:1/s", "expected burst");
        check("trace:/no/such/file.csv", "/no/such/file.csv");
    }
}
