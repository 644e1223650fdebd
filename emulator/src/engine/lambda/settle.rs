//! Settlement: the only place where a permit is returned.

use std::time::Duration;

use super::environment::State;
use super::invocation::{Invocation, Origin};
use crate::engine::Engine;
use crate::engine::effect::{BatchItems, Effect, FunctionError, Outcome};
use crate::engine::fact::{Ending, What};
use crate::engine::ids::{EnvironmentId, FunctionName, FunctionNumber, RequestId};
use crate::engine::time::Timestamp;

/// How an invocation ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) max_memory_mb: Option<u32>,
    pub(super) items: BatchItems,
}

impl From<Outcome> for End {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, max_memory_mb: None, items: BatchItems::default() }
    }
}

/// A settled invocation whose result has not yet been given to whoever asked.
#[derive(Debug)]
#[must_use = "the one who asked waits for it"]
pub(super) struct Settled {
    request_id: RequestId,
    environment: EnvironmentId,
    function: FunctionName,
    number: FunctionNumber,
    origin: Origin,
    end: End,
}

impl Engine {
    /// Returns the permit and tells what happened.
    pub(super) fn settle(
        &mut self,
        now: Timestamp,
        environment: EnvironmentId,
        invocation: Invocation,
        end: End,
    ) -> Settled {
        let Invocation {
            request_id,
            function: name,
            number,
            origin,
            permit,
            started,
            handed_over,
            init,
            max_memory_mb,
            payload: _,
        } = invocation;
        drop(permit);
        let ending = ending(&end.outcome);
        if let Some(function) = self.functions.get_mut(&name).filter(|function| function.number == number) {
            function.in_flight = function.in_flight.saturating_sub(1);
            match ending {
                Ending::Succeeded => function.tally.succeeded += 1,
                Ending::Failed | Ending::TimedOut | Ending::Exited | Ending::HostFailure => {
                    function.tally.failed += 1;
                }
            }
        }
        self.record(
            now,
            What::InvokeEnded {
                request_id,
                function: name.clone(),
                environment,
                handed_over,
                ending,
                duration: started.map_or(Duration::ZERO, |started| now.since(started)),
                init,
                max_memory_mb: end.max_memory_mb.or(max_memory_mb),
            },
        );
        Settled { request_id, environment, function: name, number, origin, end }
    }

    /// Gives the result to whoever asked. This comes after the environment is
    /// at rest, so that a poller's next batch can have it.
    pub(super) fn give_result(&mut self, now: Timestamp, settled: Settled) {
        let Settled { request_id, environment, function: name, number, origin, end } = settled;
        match origin {
            Origin::Caller => {
                self.effects.push(Effect::Respond { request_id, environment, outcome: end.outcome });
            }
            Origin::Event(event) => self.settle_event(now, &name, number, event, &end.outcome),
            Origin::Batch(batch) => self.settle_batch(now, batch, &end.outcome, &end.items),
        }
    }

    /// Removes an environment and gives the invocation that it owned, if any;
    /// `None` when there is no such environment.
    pub(super) fn take_environment(&mut self, id: EnvironmentId) -> Option<Option<Invocation>> {
        let environment = self.environments.remove(&id)?;
        self.alarms.cancel(environment.state.alarm());
        if let Some(function) = self.functions.get_mut(&environment.function.name) {
            function.environments.remove(&id);
            if let State::Idle { since, .. } = environment.state {
                function.idle.remove(&(since, id));
            }
        }
        let invocation = match environment.state {
            State::Init { invocation, .. } | State::Busy { invocation, .. } => Some(invocation),
            State::Idle { .. } => None,
        };
        Some(invocation)
    }
}

fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Success(_) => Ending::Succeeded,
        Outcome::FunctionError(FunctionError::Reported(_) | FunctionError::ResponseTooLarge) => {
            Ending::Failed
        }
        Outcome::FunctionError(FunctionError::TimedOut(_)) => Ending::TimedOut,
        Outcome::FunctionError(FunctionError::Exited(_) | FunctionError::InvalidEntrypoint) => Ending::Exited,
        Outcome::HostFailure(_) => Ending::HostFailure,
    }
}
