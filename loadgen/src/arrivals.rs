//! When requests leave.
//!
//! [`Arrivals`] only describes; [`Arrivals::drive`] keeps the times. What one
//! request does between its due time and its outcome is [`Sender`]'s business.

use crate::issue::Sender;
use crate::outcome::Outcome;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{Barrier, Semaphore};
use tokio_util::task::TaskTracker;

/// An open loop that falls further behind than this gives up on a request
/// rather than send it at a time nobody asked for.
pub const MOST_LATE: Duration = Duration::from_secs(1);

/// How requests are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Arrivals {
    /// All at the same instant.
    AtOnce { requests: u64 },
    /// A closed loop: each virtual user sends, waits for the answer, sends again.
    ClosedLoop { requests: u64, users: u64 },
    /// An open loop: a fixed rate, whatever becomes of the requests before.
    OpenLoop { per_second: f64, duration_s: f64 },
}

impl Arrivals {
    pub fn requests(&self) -> u64 {
        match *self {
            Arrivals::AtOnce { requests } | Arrivals::ClosedLoop { requests, .. } => requests,
            // The last is due before the duration ends; the subtrahend absorbs
            // what binary fractions add to a product like 0.1 × 30.
            Arrivals::OpenLoop { per_second, duration_s } => {
                ((per_second * duration_s - 1e-9).ceil() as u64).max(1)
            }
        }
    }

    /// Sends every request, and returns when the last has ended. `in_flight`
    /// bounds how many an open loop may have open.
    pub async fn drive(&self, sender: &Arc<Sender>, in_flight: usize) {
        match *self {
            Arrivals::AtOnce { requests } => at_once(sender, requests).await,
            Arrivals::ClosedLoop { requests, users } => closed_loop(sender, requests, users).await,
            Arrivals::OpenLoop { per_second, .. } => {
                open_loop(sender, self.requests(), per_second, in_flight).await;
            }
        }
    }
}

impl std::fmt::Display for Arrivals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Arrivals::AtOnce { .. } => write!(f, "all at once"),
            Arrivals::ClosedLoop { users: 1, .. } => write!(f, "by 1 virtual user"),
            Arrivals::ClosedLoop { users, .. } => write!(f, "by {users} virtual users"),
            Arrivals::OpenLoop { per_second, duration_s } => {
                write!(f, "at {per_second}/s for {duration_s} s")
            }
        }
    }
}

/// The start line: tasks gather behind the barrier, and the instant at which
/// the first of them passes is when all of them were due.
struct StartLine {
    barrier: Barrier,
    release: OnceLock<Instant>,
}

impl StartLine {
    async fn pass(&self) -> Instant {
        self.barrier.wait().await;
        *self.release.get_or_init(Instant::now)
    }
}

async fn at_once(sender: &Arc<Sender>, requests: u64) {
    let line = Arc::new(StartLine { barrier: Barrier::new(requests as usize), release: OnceLock::new() });
    let tasks = TaskTracker::new();
    for _ in 0..requests {
        let (sender, line) = (Arc::clone(sender), Arc::clone(&line));
        tasks.spawn(async move { sender.send(line.pass().await).await });
    }
    finish(&tasks).await;
}

async fn closed_loop(sender: &Arc<Sender>, requests: u64, users: u64) {
    let taken = Arc::new(AtomicU64::new(0));
    let tasks = TaskTracker::new();
    for _ in 0..users.min(requests) {
        let (sender, taken) = (Arc::clone(sender), Arc::clone(&taken));
        tasks.spawn(async move {
            while !sender.is_stopped() && taken.fetch_add(1, Ordering::Relaxed) < requests {
                sender.send(Instant::now()).await;
            }
        });
    }
    finish(&tasks).await;
}

async fn open_loop(sender: &Arc<Sender>, requests: u64, per_second: f64, in_flight: usize) {
    let start = Instant::now();
    let places = Arc::new(Semaphore::new(in_flight));
    let tasks = TaskTracker::new();
    for n in 0..requests {
        let due = start + Duration::from_secs_f64(n as f64 / per_second);
        if !sender.wait_until(due).await {
            break;
        }
        if due.elapsed() > MOST_LATE {
            sender.give_up(due, Outcome::NotSent(format!("more than {MOST_LATE:?} late"))).await;
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let full = format!("{in_flight} requests in flight, as many as open files allow");
            sender.give_up(due, Outcome::NotSent(full)).await;
            continue;
        };
        let sender = Arc::clone(sender);
        tasks.spawn(async move {
            sender.send(due).await;
            drop(place);
        });
    }
    finish(&tasks).await;
}

async fn finish(tasks: &TaskTracker) {
    tasks.close();
    tasks.wait().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_loop_sends_rate_times_duration() {
        let check = |per_second, duration_s, expected| {
            let arrivals = Arrivals::OpenLoop { per_second, duration_s };
            assert_eq!(arrivals.requests(), expected, "{arrivals}");
        };
        check(50.0, 10.0, 500);
        check(0.1, 30.0, 3);
        check(0.5, 1.0, 1);
        check(0.001, 1.0, 1);
        check(3.0, 0.5, 2);
        check(1000.0, 0.25, 250);
    }
}
