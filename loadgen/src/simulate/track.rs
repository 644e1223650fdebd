//! One load of a stage: what is asked for, and what becomes of it.

use super::gauge::Gauge;
use super::watch::InvokeEnded;
use crate::outcome::{Class, Outcome};
use crate::plan::Load;
use crate::report::Retries;
use crate::report::Subject;
use crate::retry::Retry;
use crate::sample::Attempts;
use crate::stats::{Ended, Latencies, Ran, Stats};
use emulator::engine::{Ending, Timestamp};
use std::collections::BTreeMap;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long a user of a closed loop needs between an answer and the next
/// request. Without it, one who is refused would ask again at the same instant,
/// for ever.
const USERS_PAUSE: Duration = Duration::from_millis(1);

/// Someone's turn to ask: when it was due, and what was tried before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) track: usize,
    pub(super) due: Timestamp,
    pub(super) attempts: Attempts,
    /// Tokens that the last attempt has cost.
    paid: u32,
}

impl Turn {
    pub(super) fn new(track: usize, due: Timestamp) -> Turn {
        Turn { track, due, attempts: Attempts { made: 1, throttled: 0 }, paid: 0 }
    }
}

/// What a turn leads to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    /// The same request again.
    Again(Turn),
    /// Another request of the same user.
    Another,
}

/// A load, and its statistics.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) load: Load,
    pub(super) stats: Stats,
    /// Callers who wait for their answer.
    pub(super) in_flight: u64,
    /// What follows later, to be taken by whoever keeps the time.
    pub(super) next: Vec<(Timestamp, Next)>,
    pub(super) later: Later,
    /// Its invocations that run.
    pub(super) running: Gauge,
    began: Timestamp,
    retry: Option<Retry>,
    users: bool,
}

/// What became of work that was only accepted.
#[derive(Debug, Default)]
pub(super) struct Later {
    pub(super) accepted: u64,
    pub(super) completed: u64,
    pub(super) failed: u64,
    pub(super) invocations: u64,
    pub(super) cold_starts: u64,
    pub(super) environments: u64,
    /// Messages that ended after a later one of their group.
    pub(super) out_of_order: u64,
    /// By group, the place of the last that ended.
    ended: BTreeMap<u64, u64>,
    pub(super) latency: Latencies,
    pub(super) duration: Latencies,
    pub(super) init: Latencies,
    /// When the last was accepted.
    pub(super) last_accepted: Timestamp,
}

impl Track {
    pub(super) fn new(load: Load, began: Timestamp, seed: u64) -> Track {
        let calendar = UNIX_EPOCH + Duration::from_micros(began.as_micros());
        let retry = (load.retries == Retries::LikeSdk).then(|| Retry::seeded(seed));
        let users = load.arrivals.users().is_some();
        let mut running = Gauge::default();
        running.restart(began);
        Track {
            running,
            stats: Stats::at(Instant::now(), calendar),
            in_flight: 0,
            next: Vec::new(),
            later: Later::default(),
            began,
            retry,
            users,
            load,
        }
    }

    /// Whether answers decide when the next request is made.
    pub(super) fn has_follow_ups(&self) -> bool {
        self.users || self.retry.is_some()
    }

    pub(super) fn is_fifo(&self) -> bool {
        matches!(&self.load.subject, Subject::Queue(name) if name.ends_with(".fifo"))
    }

    pub(super) fn is_for_queue(&self, queue: &str) -> bool {
        matches!(&self.load.subject, Subject::Queue(name) if name == queue)
    }

    /// A request was refused at once.
    pub(super) fn refused(&mut self, at: Timestamp, mut turn: Turn, class: Class, reason: &str) {
        turn.attempts.throttled += u32::from(class == Class::Throttled);
        if class == Class::Throttled && self.tries_again(at, turn, reason) {
            return;
        }
        let unexplained = self.ended(at, turn, class);
        let ended = match class == Class::Throttled {
            true => Ended { reason: Some(reason), status: Some(429), ..unexplained },
            false => Ended { note: Some(reason), status: Some(400), ..unexplained },
        };
        self.end(at, &ended, None);
    }

    fn tries_again(&mut self, at: Timestamp, mut turn: Turn, reason: &str) -> bool {
        let Some(retry) = &self.retry else { return false };
        let outcome = Outcome::Throttled { status: 429, reason: reason.to_owned() };
        let Some((pause, paid)) = retry.again(turn.attempts.made, &outcome) else { return false };
        turn.attempts.made += 1;
        turn.paid = paid;
        self.next.push((at + pause, Next::Again(turn)));
        true
    }

    /// An event or a message was accepted.
    pub(super) fn accepted(&mut self, at: Timestamp, turn: Turn, status: u16) {
        self.later.accepted += 1;
        self.later.last_accepted = at;
        let ended = Ended { status: Some(status), ..self.ended(at, turn, Class::Accepted) };
        self.succeeded(turn);
        self.end(at, &ended, None);
    }

    /// A synchronous request was answered. `began`: its invocation.
    pub(super) fn answered(
        &mut self,
        at: Timestamp,
        turn: Turn,
        began: Timestamp,
        environment: Option<usize>,
        cold: bool,
        how: &InvokeEnded,
    ) {
        let late = at.since(turn.due) > self.load.timeout;
        let (class, status, note) = match how.ending {
            _ if late => (Class::Timeout, None, None),
            Ending::Succeeded if cold => (Class::OkCold, Some(200), None),
            Ending::Succeeded => (Class::OkWarm, Some(200), None),
            Ending::Failed => (Class::FunctionError, Some(200), Some("Unhandled: it failed")),
            Ending::TimedOut => (Class::FunctionError, Some(200), Some("Unhandled: it timed out")),
            Ending::Exited => (Class::FunctionError, Some(200), Some("Unhandled: its process ended")),
            Ending::HostFailure => (Class::ServerError, Some(500), Some("the simulation ended")),
        };
        let done = if late { turn.due + self.load.timeout } else { at };
        let ended = Ended { status, note, ..self.ended(done, turn, class) };
        let seconds = |at: Timestamp| at.as_micros() as f64 / 1e6;
        let ran = class.is_success().then(|| Ran {
            environment,
            cold,
            between: Some((seconds(began), seconds(at))),
            init: how.init.filter(|init| !init.is_zero()),
        });
        if class.is_success() {
            self.succeeded(turn);
        }
        self.end(done, &ended, ran);
    }

    /// An invocation ended for work that was accepted before.
    pub(super) fn worked(
        &mut self,
        duration: Duration,
        init: Option<Duration>,
        cold: bool,
        new_environment: bool,
    ) {
        self.later.environments += u64::from(new_environment);
        self.later.invocations += 1;
        self.later.cold_starts += u64::from(cold);
        self.later.duration.record(duration);
        if let Some(init) = init.filter(|init| !init.is_zero()) {
            self.later.init.record(init);
        }
    }

    /// Accepted work has come to its end.
    pub(super) fn completed(&mut self, after: Duration, well: bool) {
        if well {
            self.later.completed += 1;
            self.later.latency.record(after);
        } else {
            self.later.failed += 1;
        }
    }

    /// A message of a group has ended, in this place of the group.
    pub(super) fn ended_in_order(&mut self, order: Option<(u64, u64)>) {
        let Some((group, place)) = order else { return };
        let last = self.later.ended.entry(group).or_default();
        self.later.out_of_order += u64::from(place < *last);
        *last = place.max(*last);
    }

    fn ended(&self, done: Timestamp, turn: Turn, class: Class) -> Ended<'static> {
        let due = turn.due.since(self.began);
        Ended {
            class,
            due,
            sent: Some(due),
            done: done.since(self.began),
            attempts: turn.attempts,
            status: None,
            reason: None,
            note: None,
        }
    }

    fn end(&mut self, at: Timestamp, ended: &Ended<'_>, ran: Option<Ran>) {
        self.stats.record_simulated(ended, ran);
        if self.users {
            self.next.push((at + USERS_PAUSE, Next::Another));
        }
    }

    fn succeeded(&self, turn: Turn) {
        if let Some(retry) = &self.retry {
            retry.succeeded(turn.paid);
        }
    }
}
