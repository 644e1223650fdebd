//! Settlement: the only place where a permit is returned.

use std::time::Duration;

use super::environment::State;
use super::invocation::{Invocation, Origin, Request};
use super::qualifier::Version;
use crate::engine::Engine;
use crate::engine::effect::{Attempt, BatchItems, Effect, FunctionError, Outcome};
use crate::engine::fact::{Ending, What};
use crate::engine::ids::{EnvironmentId, FunctionName, FunctionNumber, RequestId};
use crate::engine::time::Timestamp;

/// How an invocation ended.
#[derive(Debug)]
pub(crate) struct End {
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
    version: Version,
    origin: Origin,
    /// Whether a caller has the answer already.
    answered: bool,
    end: End,
}

impl Engine {
    /// Answers a caller while the environment still works; other askers, and
    /// callers that want the log, get the result when it rests.
    pub(super) fn answer_early(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let Some(invocation) = environment.state.invocation_mut() else { return };
        let Some(end) = &invocation.answered else { return };
        let Request { request_id, wants_log, ref origin, .. } = invocation.request;
        if wants_log || !matches!(origin, Origin::Caller) {
            return;
        }
        let (version, outcome) = (invocation.version, end.outcome.clone());
        invocation.told = true;
        self.record(now, What::Answered { request_id, environment: id });
        self.effects.push(Effect::Respond { request_id, environment: id, version, outcome });
    }

    /// Returns the permit and tells what happened.
    pub(super) fn settle(
        &mut self,
        now: Timestamp,
        environment: EnvironmentId,
        invocation: Box<Invocation>,
        end: End,
    ) -> Settled {
        let Invocation {
            request,
            version,
            number,
            permit,
            started,
            init,
            answered: _,
            lingers,
            told,
            max_memory_mb,
        } = *invocation;
        let Request { request_id, function: name, origin, .. } = request;
        drop(permit);
        let ending = ending(&end.outcome);
        if let Some(function) = self.functions.get_mut(&name).filter(|function| function.number == number) {
            function.in_flight = function.in_flight.saturating_sub(1);
            if lingers {
                function.arrivals.note_rest();
            }
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
                version,
                started: started.is_some(),
                ending,
                error_type: error_type(&end.outcome),
                duration: started.map_or(Duration::ZERO, |started| now.since(started)),
                init,
                max_memory_mb: end.max_memory_mb.or(max_memory_mb),
            },
        );
        Settled { request_id, environment, function: name, number, version, origin, answered: told, end }
    }

    /// Gives the result to whoever asked. This comes after the environment is
    /// at rest, so that a poller's next batch can have it.
    pub(super) fn give_result(&mut self, now: Timestamp, settled: Settled) {
        let Settled { request_id, environment, function: name, number, version, origin, answered, end } =
            settled;
        let outcome = end.outcome;
        match origin {
            Origin::Caller if answered => {}
            Origin::Caller => {
                self.effects.push(Effect::Respond { request_id, environment, version, outcome });
            }
            Origin::Event(event) => {
                self.settle_event(now, &name, number, *event, Attempt { version, outcome });
            }
            Origin::Batch(batch) => self.settle_batch(now, *batch, &outcome, &end.items),
        }
    }

    /// Removes an environment and gives the invocation that it owned, if any;
    /// `None` when there is no such environment.
    pub(super) fn take_environment(&mut self, id: EnvironmentId) -> Option<Option<Box<Invocation>>> {
        let environment = self.environments.remove(&id)?;
        self.hosted.remove(&id);
        environment.state.alarm().into_iter().for_each(|key| self.alarms.cancel(key));
        self.alarms.cancel(environment.end_of_life);
        let (name, version) = (&environment.function.name, environment.function.version);
        self.forget_provisioned(name, version, id, &environment.state);
        if let Some(function) = self.functions.get_mut(name) {
            function.environments.remove(&id);
            if let State::Idle { since, .. } = environment.state
                && let Some(fleet) = function.fleets.get_mut(&version)
            {
                fleet.not_idle(since, id);
            }
        }
        Some(environment.state.into_invocation())
    }
}

/// What REPORT calls it, where the environment failed with the invocation.
fn error_type(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::FunctionError(error) if ending(outcome) == Ending::Exited => Some(error.kind()),
        Outcome::Success(_) | Outcome::FunctionError(_) | Outcome::HostFailure(_) => None,
    }
}

fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Success(_) => Ending::Succeeded,
        Outcome::FunctionError(FunctionError::Reported(_) | FunctionError::ResponseTooLarge) => {
            Ending::Failed
        }
        Outcome::FunctionError(FunctionError::TimedOut(_)) => Ending::TimedOut,
        Outcome::FunctionError(
            FunctionError::Exited(_) | FunctionError::InvalidEntrypoint(_) | FunctionError::ExtensionCrashed,
        ) => Ending::Exited,
        Outcome::HostFailure(_) => Ending::HostFailure,
    }
}
