//! When requests are due.
//!
//! [`Arrivals`] describes, and [`Arrivals::due_times`] spells the description
//! out, one due time after the other; [`drive`] keeps them. What one request
//! does between its due time and its outcome is [`Sender`]'s business.
//!
//! [`Sender`]: crate::sender::Sender

mod alarm;
pub mod drive;
pub mod minutes;
pub mod shape;
mod times;
pub mod trace;

pub use shape::{Shape, Step};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A run without a number of requests or a duration sends so many.
const DEFAULT_REQUESTS: u64 = 100;
/// More than any experiment needs: a slip of the keyboard.
pub const MOST_REQUESTS: u64 = 1_000_000_000;

/// How requests are spread over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    #[serde(flatten)]
    pub shape: Shape,
    #[serde(flatten)]
    pub until: End,
    /// For shapes that draw lots: the same seed draws the same.
    pub seed: u64,
    /// The part of them that this process sends, if others send the rest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub share: Option<Share>,
}

/// What ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Requests(u64),
    DurationS(f64),
}

/// Every `of`-th request, beginning with number `index`, which counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub index: u64,
    pub of: u64,
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        let parts =
            text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if index < of => Ok(Share { index, of }),
            Some(_) | None => Err("expected INDEX/COUNT like 0/4, where INDEX counts from 0".to_owned()),
        }
    }
}

impl Arrivals {
    /// Puts a shape and an end together. Without an end the shape's own counts,
    /// or a hundred requests.
    pub fn new(shape: Shape, until: Option<End>, seed: u64) -> Result<Arrivals, String> {
        shape.check()?;
        let until = match (shape.own_end(), until) {
            (Some(own), None) => own,
            (Some(_), Some(_)) => return Err(format!("{} has an end of its own", shape.name())),
            (None, Some(End::DurationS(_))) if shape == Shape::Burst => {
                return Err("a burst has no duration; give a number of requests".to_owned());
            }
            (None, None) if shape.is_paced() => {
                return Err(format!("{} needs a duration or a number of requests", shape.name()));
            }
            (None, until) => until.unwrap_or(End::Requests(DEFAULT_REQUESTS)),
        };
        let arrivals = Arrivals { shape, until, seed, share: None };
        match arrivals.whole().unwrap_or(1) {
            0 => Err("that is no request at all".to_owned()),
            n if n > MOST_REQUESTS => Err(format!("{n} requests are more than {MOST_REQUESTS}")),
            _ => Ok(arrivals),
        }
    }

    /// All at the same instant.
    pub fn burst(requests: u64) -> Arrivals {
        Arrivals { shape: Shape::Burst, until: End::Requests(requests), seed: 0, share: None }
    }

    /// Of all requests, this part only.
    pub fn shared(self, share: Option<Share>) -> Arrivals {
        Arrivals { share, ..self }
    }

    /// How many requests this process sends; none when only time will tell.
    pub fn requests(&self) -> Option<u64> {
        let whole = self.whole()?;
        Some(match self.share {
            Some(Share { index, of }) => whole.saturating_sub(index).div_ceil(of),
            None => whole,
        })
    }

    /// How many all processes send together.
    fn whole(&self) -> Option<u64> {
        match (&self.shape, self.until) {
            (Shape::ClosedLoop { .. }, End::DurationS(_)) => None,
            (
                Shape::Ramp { .. } | Shape::Poisson { .. } | Shape::Sine { .. } | Shape::Steps { .. },
                End::DurationS(_),
            ) => Some(times::of(self).count() as u64),
            // The last is due before the duration ends; the subtrahend absorbs
            // what binary fractions add to a product like 0.1 × 30.
            (Shape::Constant { per_second }, End::DurationS(seconds)) => {
                Some(((per_second * seconds - 1e-9).ceil() as u64).max(1))
            }
            (Shape::Burst | Shape::Trace { .. } | Shape::Minutes { .. }, End::DurationS(_)) => None,
            (_, End::Requests(requests)) => Some(requests),
        }
    }

    /// Due times of this process's requests, from the start of the run, in
    /// order. A closed loop has none: there the answers say when.
    pub fn due_times(&self) -> Box<dyn Iterator<Item = Duration> + Send> {
        let all = times::of(self);
        match self.share {
            Some(Share { index, of }) => Box::new(all.skip(index as usize).step_by(of as usize)),
            None => all,
        }
    }

    /// Virtual users of a closed loop in this process.
    pub fn users(&self) -> Option<u64> {
        let Shape::ClosedLoop { users } = self.shape else { return None };
        Some(match self.share {
            Some(Share { index, of }) => users.saturating_sub(index).div_ceil(of),
            None => users,
        })
    }

    /// Requests that a second brings on average, where the arrivals say so.
    pub fn offered_per_second(&self) -> Option<f64> {
        match (&self.shape, self.until) {
            (Shape::Burst | Shape::ClosedLoop { .. }, _) => None,
            (Shape::Constant { per_second } | Shape::Poisson { per_second }, _) => Some(*per_second),
            (_, End::DurationS(seconds)) => Some(self.whole()? as f64 / seconds),
            (_, End::Requests(requests)) => {
                let last = times::of(self).last()?.as_secs_f64();
                (last > 0.0).then(|| (requests as f64 - 1.0) / last)
            }
        }
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.shape)?;
        if let (None, End::DurationS(seconds)) = (self.shape.own_end(), self.until) {
            write!(f, " for {seconds} s")?;
        }
        match self.share {
            Some(Share { index, of }) => write!(f, ", share {index} of {of}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(shape: &str, until: Option<End>) -> Result<Arrivals, String> {
        Arrivals::new(shape.parse()?, until, 1)
    }

    #[test]
    fn the_number_of_requests_is_that_of_the_due_times() {
        let check = |shape: &str, until, expected: u64| {
            let arrivals = arrivals(shape, until).unwrap();
            assert_eq!(arrivals.requests(), Some(expected), "{arrivals}");
            assert_eq!(arrivals.due_times().count() as u64, expected, "{arrivals}");
            assert!(arrivals.due_times().is_sorted(), "{arrivals}");
        };
        let seconds = |seconds| Some(End::DurationS(seconds));
        check("burst", None, 100);
        check("burst", Some(End::Requests(7)), 7);
        check("constant:50/s", seconds(10.0), 500);
        check("constant:0.1/s", seconds(30.0), 3);
        check("constant:0.5/s", seconds(1.0), 1);
        check("constant:3/s", seconds(0.5), 2);
        check("constant:1000/s", seconds(0.25), 250);
        check("constant:1000/s", Some(End::Requests(42)), 42);
        check("ramp:0/s..100/s", seconds(10.0), 500);
        check("ramp:100/s..0/s", seconds(10.0), 500);
        check("ramp:10/s..10/s", seconds(1.0), 10);
        check("sine:0/s..100/s@5s", seconds(10.0), 500);
        check("sine:20/s..20/s@1s", seconds(2.0), 40);
        check("steps:10/s@1s,0/s@2s,20/s@1s", None, 30);
        check("poisson:50/s", Some(End::Requests(500)), 500);
    }

    #[test]
    fn shares_add_up_to_the_whole_and_keep_its_times() {
        for shape in ["constant:50/s", "poisson:50/s"] {
            let whole = arrivals(shape, Some(End::DurationS(1.0))).unwrap();
            let part = |index| whole.clone().shared(Some(Share { index, of: 3 }));
            let mut parts: Vec<_> = (0..3).flat_map(|index| part(index).due_times()).collect();
            parts.sort();
            assert_eq!(parts, whole.due_times().collect::<Vec<_>>());
            let requests = (0..3).filter_map(|index| part(index).requests()).sum::<u64>();
            assert_eq!(Some(requests), whole.requests());
        }
        let users = arrivals("closed:5", Some(End::Requests(7))).unwrap();
        let part = |index| users.clone().shared(Some(Share { index, of: 2 }));
        assert_eq!((part(0).users(), part(1).users()), (Some(3), Some(2)));
        assert_eq!((part(0).requests(), part(1).requests()), (Some(4), Some(3)));
    }

    #[test]
    fn ends_that_do_not_fit_are_refused() {
        let check = |shape: &str, until, part: &str| {
            let problem = arrivals(shape, until).unwrap_err();
            assert!(problem.contains(part), "{shape}: {problem}");
        };
        check("constant:5/s", None, "needs a duration or a number");
        check("steps:1/s@1s", Some(End::DurationS(1.0)), "an end of its own");
        check("burst", Some(End::DurationS(1.0)), "has no duration");
        check("constant:5/s", Some(End::Requests(0)), "no request at all");
    }

    #[test]
    fn the_written_form_reads_back() {
        for shape in ["burst", "closed:3", "constant:5/s", "sine:1/s..2/s@3s", "steps:1/s@2s"] {
            let until = (!shape.starts_with("steps")).then_some(End::Requests(9));
            let arrivals = arrivals(shape, until).unwrap();
            let text = serde_json::to_string(&arrivals).unwrap();
            assert_eq!(serde_json::from_str::<Arrivals>(&text).unwrap(), arrivals, "{text}");
        }
    }
}
