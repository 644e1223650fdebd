//! What a sending task reports: one sample per request.

use crate::outcome::Outcome;
use std::time::{Duration, Instant};

/// One request from its due time to its end.
#[derive(Debug, Clone)]
pub struct Sample {
    /// When it was meant to leave. The response time counts from here.
    pub due: Instant,
    /// When its first byte was written, if it was. The service time counts from here.
    pub sent: Option<Instant>,
    /// When its outcome was known.
    pub done: Instant,
    pub outcome: Outcome,
    pub attempts: Attempts,
}

/// How often it was sent. More than once only with `--like-sdk`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    pub made: u32,
    /// Attempts that were answered by a throttle, the last one included.
    pub throttled: u32,
}

impl Sample {
    /// What a user waited: from when it was due.
    pub fn response(&self) -> Duration {
        self.done.saturating_duration_since(self.due)
    }

    /// What the target took: from when it left.
    pub fn service(&self) -> Option<Duration> {
        Some(self.done.saturating_duration_since(self.sent?))
    }

    /// How late it left.
    pub fn lag(&self) -> Option<Duration> {
        Some(self.sent?.saturating_duration_since(self.due))
    }
}
