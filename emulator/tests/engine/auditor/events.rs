//! Asynchronous events: each ends exactly once, on AWS's schedule.

use std::time::Duration;

use emulator::engine::{
    Ending, EventEnding, EventInvokeConfig, FunctionName, Qualifier, RequestId, Timestamp, Version,
};

use super::{Auditor, Verdict};

/// AWS's waits before the second and third attempt.
const ERROR_DELAYS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// AWS's longest wait of a throttled event.
const LONGEST_THROTTLE: Duration = Duration::from_secs(300);

/// An event that has not ended.
#[derive(Debug)]
pub(super) struct EventBook {
    pub(super) function: FunctionName,
    pub(super) generation: u64,
    pub(super) qualifier: Qualifier,
    accepted: Timestamp,
    /// Invocations of its chain before it.
    depth: u32,
    /// Attempts that the function got, however they ended.
    pub(super) attempts: u32,
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
    fn wait(&self, at: Timestamp, delay: Duration, longest: Duration) -> State {
        let due = at + delay;
        if due > self.accepted + longest {
            State::MustEnd(EventEnding::EventAgeExceeded)
        } else {
            State::MustWait(due)
        }
    }

    fn wait_after_refusal(&mut self, at: Timestamp, longest: Duration) -> State {
        let doublings = self.refusals.min(20);
        self.refusals += 1;
        self.wait(at, Duration::from_secs(1 << doublings).min(LONGEST_THROTTLE), longest)
    }

    /// At most so many retries as its configuration allows, never above two.
    fn wait_after_failure(&mut self, at: Timestamp, retries: usize, longest: Duration) -> State {
        self.refusals = 0;
        self.failures += 1;
        match ERROR_DELAYS.get(self.failures - 1) {
            Some(&delay) if self.failures <= retries => self.wait(at, delay, longest),
            Some(_) | None => State::MustEnd(EventEnding::RetriesExhausted),
        }
    }
}

impl Auditor {
    pub(super) fn event_accepted(&mut self, at: Timestamp, id: RequestId, name: &FunctionName) -> Verdict {
        let generation = self.function(name)?.generation;
        rule!(!self.is_pending(name, at), "{name} took an event while it is Pending");
        let granted = self.granted_events.remove(&id).unwrap_or_default();
        let event = EventBook {
            function: name.clone(),
            generation,
            qualifier: granted.qualifier,
            accepted: at,
            depth: granted.depth,
            attempts: 0,
            failures: 0,
            refusals: 0,
            state: State::Due(at),
        };
        let known = self.ended.contains(&id) || self.events.insert(id, event).is_some();
        rule!(!known, "{id} was accepted twice");
        Ok(())
    }

    /// An event is tried exactly when it is due.
    pub(super) fn event_tried(&mut self, at: Timestamp, id: RequestId, qualifier: &Qualifier) -> Verdict {
        let event = self.event(id)?;
        rule!(event.state == State::Due(at), "the event was tried while {:?}", event.state);
        rule!(event.qualifier == *qualifier, "the event was for {}", event.qualifier);
        let (name, depth) = (event.function.clone(), event.depth);
        event.state = State::Running;
        let generation = self.functions.get(&name).map(|book| book.generation);
        rule!(!self.is_too_deep(&name, depth), "the event was tried at a depth of {depth}");
        let event = self.event(id)?;
        event.generation = generation.unwrap_or(event.generation);
        Ok(())
    }

    /// A throttle spends no attempt.
    pub(super) fn event_throttled(&mut self, at: Timestamp, id: RequestId, qualifier: &Qualifier) -> Verdict {
        self.event_tried(at, id, qualifier)?;
        let longest = self.longest_age(id)?;
        let event = self.event(id)?;
        event.state = event.wait_after_refusal(at, longest);
        self.owed.events.insert(id);
        Ok(())
    }

    pub(super) fn event_settled(&mut self, at: Timestamp, id: RequestId, ending: Ending) -> Verdict {
        let longest = self.longest_age(id)?;
        let retries = self.event_config(id)?.maximum_retry_attempts.unwrap_or(2) as usize;
        let event = self.event(id)?;
        rule!(event.state == State::Running, "an attempt ended while {:?}", event.state);
        event.attempts += u32::from(ending != Ending::HostFailure);
        event.state = match ending {
            Ending::Succeeded => State::MustEnd(EventEnding::Succeeded),
            Ending::Failed | Ending::TimedOut | Ending::Exited => {
                event.wait_after_failure(at, retries, longest)
            }
            // A failure of the system is no failure of the function.
            Ending::HostFailure => event.wait_after_refusal(at, longest),
        };
        let (attempts, most) = (event.attempts as usize, 1 + ERROR_DELAYS.len());
        rule!(attempts <= most, "the event was tried {attempts} times");
        self.owed.events.insert(id);
        Ok(())
    }

    /// What was set for what the event was sent to.
    pub(super) fn event_config(&mut self, id: RequestId) -> Result<EventInvokeConfig, String> {
        let event = self.event(id)?;
        let key = (event.function.clone(), event.qualifier.clone());
        Ok(self.granted_configs.get(&key).cloned().unwrap_or_default())
    }

    fn longest_age(&mut self, id: RequestId) -> Result<Duration, String> {
        let config = self.event_config(id)?;
        Ok(config.maximum_event_age.unwrap_or(self.quotas.event_max_age))
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
        let &mut EventBook { state, generation, depth, ref qualifier, .. } = self.event(id)?;
        let qualifier = qualifier.clone();
        let zero = self.functions.get(name).is_some_and(|book| book.reserved == Some(0));
        let there = self.functions.get(name).is_some_and(|book| book.generation == generation);
        let right = match (state, ending) {
            (State::Due(due), EventEnding::ZeroReservedConcurrency) => due == at && zero,
            (State::Due(due), EventEnding::RecursiveLoop) => due == at && self.is_too_deep(name, depth),
            (State::Due(due), EventEnding::FunctionDeleted) => {
                let missed = due == at && !self.resolves(name, &qualifier);
                if !missed {
                    self.owed.deletions.insert((name.clone(), Version::Latest));
                }
                there
            }
            (State::MustWait(_), EventEnding::FunctionDeleted) => !there,
            (State::MustEnd(must), EventEnding::FunctionDeleted) => !there && must != EventEnding::Succeeded,
            (State::MustEnd(must), _) => must == ending,
            (State::Due(_) | State::Running | State::MustWait(_), _) => false,
        };
        rule!(right, "the event ended while {state:?}");
        self.expect_records(id, ending)?;
        self.events.remove(&id);
        self.owed.events.remove(&id);
        rule!(self.ended.insert(id), "{id} ended twice");
        Ok(())
    }

    pub(super) fn event(&mut self, id: RequestId) -> Result<&mut EventBook, String> {
        self.events.get_mut(&id).ok_or_else(|| format!("{id} is no event that waits or runs"))
    }
}
