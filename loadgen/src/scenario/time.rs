//! Times of the emulated world, as a file says them: none at all is one too.

use crate::duration::{parse_or_none, range};
use serde::Deserialize;
use std::time::Duration;

/// A duration with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Time(pub(super) Duration);

/// `10m`, or `5m-7m`: each is drawn from between the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Times {
    /// As it was written.
    pub(super) text: String,
    pub(super) shortest: Duration,
    pub(super) longest: Duration,
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Time, String> {
        parse_or_none(&text).map(Time)
    }
}

impl TryFrom<String> for Times {
    type Error = String;

    fn try_from(text: String) -> Result<Times, String> {
        let (shortest, longest) = range(&text, parse_or_none)?;
        Ok(Times { text, shortest, longest })
    }
}
