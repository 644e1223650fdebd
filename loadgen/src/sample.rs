//! What a sending task reports: one sample per request.

use crate::outcome::Outcome;
use std::time::{Duration, Instant};

/// One request from its due time to its end.
#[derive(Debug, Clone)]
pub struct Sample {
    /// When it was meant to leave. Latency counts from here.
    pub due: Instant,
    /// When it was signed, serialized and handed to the connection, if it was.
    pub sent: Option<Instant>,
    /// When its outcome was known.
    pub done: Instant,
    pub outcome: Outcome,
}

impl Sample {
    pub fn latency(&self) -> Duration {
        self.done.saturating_duration_since(self.due)
    }

    /// How late it left.
    pub fn lag(&self) -> Option<Duration> {
        Some(self.sent?.saturating_duration_since(self.due))
    }
}
