//! Asynchronous events: each ends exactly once, on AWS's schedule.

use std::time::Duration;

use emulator::engine::{Ending, EventEnding, FunctionName, RequestId, Timestamp};

use super::{Auditor, Verdict};

/// AWS's waits before the second and third attempt.
const ERROR_DELAYS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// AWS's longest wait of a throttled event.
const LONGEST_THROTTLE: Duration = Duration::from_secs(300);

/// An event that has not ended.
#[derive(Debug)]
pub(super) struct EventBook {
    function: FunctionName,
    pub(super) generation: u64,
    /// When it is too old for another attempt.
    last: Timestamp,
    failures: usize,
    /// Refusals since the last attempt.
    refusals: u32,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Due(Timestamp),
    Running,
    MustWait(Timestamp),
    MustEnd(EventEnding),
}

impl EventBook {
    pub(super) fn waits_for(&self, name: &FunctionName) -> bool {
        self.function == *name && matches!(self.state, State::Due(_))
    }

    pub(super) fn is_in_time(&self, now: Timestamp) -> bool {
        match self.state {
            State::Due(due) => due > now,
            State::Running => true,
            State::MustWait(_) | State::MustEnd(_) => false,
        }
    }

    /// Age is judged before waiting, not after.
    fn wait(&self, at: Timestamp, delay: Duration) -> State {
        let due = at + delay;
        if due > self.last { State::MustEnd(EventEnding::EventAgeExceeded) } else { State::MustWait(due) }
    }

    fn wait_after_refusal(&mut self, at: Timestamp) -> State {
        let doublings = self.refusals.min(20);
        self.refusals += 1;
        self.wait(at, Duration::from_secs(1 << doublings).min(LONGEST_THROTTLE))
    }

    fn wait_after_failure(&mut self, at: Timestamp) -> State {
        self.refusals = 0;
        self.failures += 1;
        match ERROR_DELAYS.get(self.failures - 1) {
            Some(&delay) => self.wait(at, delay),
            None => State::MustEnd(EventEnding::RetriesExhausted),
        }
    }
}

impl Auditor {
    pub(super) fn event_accepted(&mut self, at: Timestamp, id: RequestId, name: &FunctionName) -> Verdict {
        let function = self.functions.get(name);
        let generation = function.ok_or_else(|| format!("{name} is not there"))?.generation;
        let (function, state) = (name.clone(), State::Due(at));
        let last = at + self.quotas.event_max_age;
        let event = EventBook { function, generation, last, failures: 0, refusals: 0, state };
        let known = self.ended.contains(&id) || self.events.insert(id, event).is_some();
        rule!(!known, "{id} was accepted twice");
        Ok(())
    }

    /// An event is tried exactly when it is due.
    pub(super) fn event_tried(&mut self, at: Timestamp, id: RequestId) -> Verdict {
        let name = self.event(id)?.function.clone();
        let generation = self.functions.get(&name).map(|book| book.generation);
        let event = self.event(id)?;
        rule!(event.state == State::Due(at), "the event was tried while {:?}", event.state);
        event.state = State::Running;
        event.generation = generation.unwrap_or(event.generation);
        Ok(())
    }

    /// A throttle spends no attempt.
    pub(super) fn event_throttled(&mut self, at: Timestamp, id: RequestId) -> Verdict {
        self.event_tried(at, id)?;
        let event = self.event(id)?;
        event.state = event.wait_after_refusal(at);
        self.owed.events.insert(id);
        Ok(())
    }

    pub(super) fn event_settled(&mut self, at: Timestamp, id: RequestId, ending: Ending) -> Verdict {
        let event = self.event(id)?;
        rule!(event.state == State::Running, "an attempt ended while {:?}", event.state);
        event.state = match ending {
            Ending::Succeeded => State::MustEnd(EventEnding::Succeeded),
            Ending::Failed | Ending::TimedOut | Ending::Exited => event.wait_after_failure(at),
            // A failure of the system is no failure of the function.
            Ending::HostFailure => event.wait_after_refusal(at),
        };
        self.owed.events.insert(id);
        Ok(())
    }

    pub(super) fn event_delayed(&mut self, id: RequestId, until: Timestamp) -> Verdict {
        let event = self.event(id)?;
        rule!(event.state == State::MustWait(until), "the event should be {:?}", event.state);
        event.state = State::Due(until);
        self.owed.events.remove(&id);
        Ok(())
    }

    pub(super) fn event_ended(
        &mut self,
        at: Timestamp,
        id: RequestId,
        name: &FunctionName,
        ending: EventEnding,
    ) -> Verdict {
        let zero = self.functions.get(name).is_some_and(|book| book.reserved == Some(0));
        let &mut EventBook { state, generation, .. } = self.event(id)?;
        let there = self.functions.get(name).is_some_and(|book| book.generation == generation);
        let right = match (state, ending) {
            (State::Due(due), EventEnding::ZeroReservedConcurrency) => due == at && zero,
            (State::Due(_), EventEnding::FunctionDeleted) => {
                self.owed.deletion = Some(name.clone());
                there
            }
            (State::MustWait(_), EventEnding::FunctionDeleted) => !there,
            (State::MustEnd(must), EventEnding::FunctionDeleted) => !there && must != EventEnding::Succeeded,
            (State::MustEnd(must), _) => must == ending,
            (State::Due(_) | State::Running | State::MustWait(_), _) => false,
        };
        rule!(right, "the event ended while {state:?}");
        self.events.remove(&id);
        self.owed.events.remove(&id);
        rule!(self.ended.insert(id), "{id} ended twice");
        Ok(())
    }

    fn event(&mut self, id: RequestId) -> Result<&mut EventBook, String> {
        self.events.get_mut(&id).ok_or_else(|| format!("{id} is no event that waits or runs"))
    }
}
