//! Everything that is due later, in one ordered set.

use super::agenda::{Agenda, AgendaKey};
use super::ids::{EnvironmentId, FunctionName, MappingId, QueueName};
use super::lambda::Version;
use super::time::Timestamp;

/// What to do when a moment comes. Each is named "when to …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// When an environment has its place and its Init begins.
    BeginInit(EnvironmentId),
    /// When to give up waiting for Init.
    EndInit(EnvironmentId),
    /// When a simulated cold start has taken its time.
    EndColdStart(EnvironmentId),
    /// When to end an invocation that has used its timeout.
    EndInvocation(EnvironmentId),
    /// When to reclaim an environment that nobody used.
    ReclaimIdle(EnvironmentId),
    /// When an environment has lived its time.
    Retire(EnvironmentId),
    /// When requests that waited for an environment to rest wait no more.
    EndArrival(FunctionName),
    /// When a function is no longer `Pending` or `InProgress`.
    ChangeFunction(FunctionName),
    /// When the next provisioned environment of a version may start.
    Provision(FunctionName, Version),
    /// When to try the function's earliest waiting asynchronous event.
    TryEvents(FunctionName),
    /// When a message of the queue becomes visible or expires, or a long poll
    /// ends, whichever is first.
    AdvanceQueue(QueueName),
    /// When a move task moves its next message.
    MoveMessage(QueueName),
    /// When a mapping leaves a state such as `Creating`.
    ChangeMapping(MappingId),
    /// When a mapping's fleet may grow or shrink by a poller.
    ScaleMapping(MappingId),
    /// When a poller's batching window closes, its throttled batch is tried
    /// again, or its pause ends: whatever that poller waits for.
    WakePoller(MappingId, usize),
}

/// Names one set alarm, so that it can be cancelled.
pub(crate) type AlarmKey = AgendaKey;

/// The set of alarms, ordered by time; those of one moment ring in the order
/// in which they were set.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    agenda: Agenda<Alarm>,
}

impl Alarms {
    pub(crate) fn set(&mut self, at: Timestamp, alarm: Alarm) -> AlarmKey {
        self.agenda.enter(at, alarm)
    }

    /// Cancels an alarm; one that has rung already is no error.
    pub(crate) fn cancel(&mut self, key: AlarmKey) {
        self.agenda.call_off(key);
    }

    /// Sets an alarm in the place of another, if there is one, which is cancelled.
    pub(crate) fn replace(&mut self, key: Option<AlarmKey>, at: Timestamp, alarm: Alarm) -> AlarmKey {
        match key {
            Some(key) => self.agenda.exchange(key, at, alarm),
            None => self.set(at, alarm),
        }
    }

    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    /// Every alarm that is set, in no order that matters.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Timestamp, &Alarm)> {
        self.agenda.iter()
    }

    /// Takes the earliest alarm due at `now` or before, with its own moment.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, Alarm)> {
        self.agenda.pop_due(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_ring_by_time_then_by_order_of_setting() {
        let at = Timestamp::from_millis;
        let alarm = |n| Alarm::EndInit(EnvironmentId(n));
        let mut alarms = Alarms::default();
        alarms.set(at(20), alarm(1));
        alarms.set(at(10), alarm(2));
        let gone = alarms.set(at(5), alarm(3));
        alarms.set(at(10), alarm(4));
        alarms.cancel(gone);

        let mut rung = Vec::new();
        while let Some((when, Alarm::EndInit(EnvironmentId(n)))) = alarms.pop_due(at(15)) {
            rung.push((when.as_millis(), n));
        }
        assert_eq!(rung, [(10, 2), (10, 4)]);
        assert_eq!(alarms.next_at(), Some(at(20)));
    }
}
