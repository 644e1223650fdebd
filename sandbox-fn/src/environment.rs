//! The execution environment, as the process inside it sees it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::identifier;

/// What stays the same from one invocation to the next.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) id: String,
    pub(crate) initialization_type: String,
    /// When [`run`](crate::run) began, which is the first that `main` does.
    /// The kernel's own record of the process start (`/proc/self/stat`) counts
    /// in hundredths of a second. That is longer than the whole Init of this
    /// function, so it would blur what it should show.
    start: Instant,
    invoked: AtomicBool,
}

/// When and how an invocation came in.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) wall: SystemTime,
    pub(crate) cold_start: bool,
    pub(crate) cold_start_time: Duration,
}

impl Environment {
    pub(crate) fn start() -> Self {
        Self {
            id: identifier::uuid(),
            initialization_type: std::env::var("AWS_LAMBDA_INITIALIZATION_TYPE")
                .unwrap_or_else(|_| "on-demand".to_owned()),
            start: Instant::now(),
            invoked: AtomicBool::new(false),
        }
    }

    /// Notes an invocation. Only the first can be a cold start, and not even
    /// that one if the environment was provisioned: then nobody waited.
    pub(crate) fn arrive(&self) -> Arrival {
        let at = Instant::now();
        let first = !self.invoked.swap(true, Ordering::Relaxed);
        let cold_start = first && self.initialization_type != "provisioned-concurrency";
        Arrival {
            at,
            wall: SystemTime::now(),
            cold_start,
            cold_start_time: if cold_start { at - self.start } else { Duration::ZERO },
        }
    }
}

/// Seconds with microseconds behind the point; an epoch time still fits
/// exactly enough into a float.
pub(crate) fn seconds(span: Duration) -> f64 {
    span.as_micros() as f64 / 1e6
}

/// Unix epoch seconds.
pub(crate) fn epoch_seconds(wall: SystemTime) -> f64 {
    seconds(wall.duration_since(UNIX_EPOCH).unwrap_or_default())
}
