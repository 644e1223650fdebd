//! Numbers that must lie in a range, with AWS's words for those that do not.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::Fault;

/// What a parameter may be.
#[derive(Debug)]
pub(super) struct Limit {
    parameter: &'static str,
    range: RangeInclusive<i64>,
    reason: &'static str,
}

pub(super) const DELAY: Limit =
    Limit { parameter: "DelaySeconds", range: 0..=900, reason: "DelaySeconds must be >= 0 and <= 900." };

pub(super) const MAX_MESSAGES: Limit = Limit {
    parameter: "MaxNumberOfMessages",
    range: 1..=10,
    reason: "Must be between 1 and 10, if provided.",
};

pub(super) const MAX_RESULTS: Limit =
    Limit { parameter: "MaxResults", range: 1..=1_000, reason: "Must be between 1 and 1000, if provided." };

pub(super) const MOVES_PER_SECOND: Limit = Limit {
    parameter: "MaxNumberOfMessagesPerSecond",
    range: 1..=500,
    reason: "Must be between 1 and 500, if provided.",
};

pub(super) const MOVE_TASKS: Limit =
    Limit { parameter: "MaxResults", range: 1..=10, reason: "Must be between 1 and 10, if provided." };

pub(super) const VISIBILITY: Limit = Limit {
    parameter: "VisibilityTimeout",
    range: 0..=43_200,
    reason: "Must be >= 0 and <= 43200, if provided.",
};

pub(super) const WAIT: Limit =
    Limit { parameter: "WaitTimeSeconds", range: 0..=20, reason: "Must be >= 0 and <= 20, if provided." };

impl Limit {
    pub(super) fn number(&self, value: i64) -> Result<u64, Fault> {
        let fits = self.range.contains(&value).then(|| u64::try_from(value).ok()).flatten();
        fits.ok_or_else(|| Fault::invalid(value, self.parameter, self.reason))
    }

    pub(super) fn seconds(&self, value: i64) -> Result<Duration, Fault> {
        self.number(value).map(Duration::from_secs)
    }
}
