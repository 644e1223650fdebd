//! Environments: Init → Busy ⇄ Idle → Stopped, one invocation at a time.

use std::sync::Arc;
use std::time::Duration;

use emulator::engine::{
    Ending, EnvironmentId, FunctionName, FunctionVersion, RequestId, StopReason, Timestamp,
};

use super::{Auditor, HandOver, Verdict};

/// An environment that is alive.
#[derive(Debug)]
pub(super) struct EnvironmentBook {
    pub(super) version: Arc<FunctionVersion>,
    pub(super) generation: u64,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// Admission chose it; it must start at once.
    Assigned(RequestId),
    Init {
        request: RequestId,
        since: Timestamp,
    },
    /// Init passed its limit and goes on in the invocation's time.
    SlowInit {
        request: RequestId,
        since: Timestamp,
    },
    /// Init failed; its invocation must end at once.
    Failing(RequestId),
    /// It must be handed its event at once.
    Ready(RequestId),
    Busy(RequestId),
    /// Its invocation ended; it must rest or stop at once.
    Resting {
        ending: Ending,
        initialised: bool,
    },
    Idle {
        since: Timestamp,
    },
}

impl State {
    /// Whether something else must follow at the same moment.
    fn passes(self) -> bool {
        match self {
            Self::Assigned(_) | Self::Failing(_) | Self::Ready(_) | Self::Resting { .. } => true,
            Self::Init { .. } | Self::SlowInit { .. } | Self::Busy(_) | Self::Idle { .. } => false,
        }
    }
}

impl Auditor {
    pub(super) fn function_of(&self, id: EnvironmentId) -> Option<&FunctionName> {
        self.environments.get(&id).map(|book| &book.version.name)
    }

    pub(super) fn timeout_of(&self, id: EnvironmentId) -> Result<Duration, String> {
        self.environment(id).map(|book| book.version.spec.timeout)
    }

    /// Whether it was handed its event; `None` when that cannot be said.
    pub(super) fn was_handed_over(&self, id: EnvironmentId) -> Option<bool> {
        match self.environments.get(&id)?.state {
            State::Busy(_) => Some(true),
            State::Init { .. } | State::SlowInit { .. } | State::Assigned(_) | State::Ready(_) => Some(false),
            State::Failing(_) | State::Resting { .. } | State::Idle { .. } => None,
        }
    }

    /// Cold means a new environment, and none of the current version is idle.
    pub(super) fn assign(
        &mut self,
        request: RequestId,
        name: &FunctionName,
        id: EnvironmentId,
        cold: bool,
    ) -> Verdict {
        if !cold {
            return self.assign_idle(request, name, id);
        }
        rule!(id > self.newest_environment, "{id:?} is said to be new, and is not");
        let idle = self.environments.iter().find(|(_, book)| self.is_idle_for(book, name));
        rule!(idle.is_none(), "{id:?} starts while {idle:?} is idle");
        self.newest_environment = id;
        let function = &self.functions[name];
        let book = EnvironmentBook {
            version: Arc::clone(&function.version),
            generation: function.generation,
            state: State::Assigned(request),
        };
        self.environments.insert(id, book);
        self.owed.environments.insert(id);
        Ok(())
    }

    fn assign_idle(&mut self, request: RequestId, name: &FunctionName, id: EnvironmentId) -> Verdict {
        let book = self.environment(id)?;
        rule!(self.is_idle_for(book, name), "{id:?} was reused for {name}, and it is {book:?}");
        self.set_state(id, State::Ready(request))
    }

    fn is_idle_for(&self, book: &EnvironmentBook, name: &FunctionName) -> bool {
        matches!(book.state, State::Idle { .. }) && book.version.name == *name && self.is_current(book)
    }

    pub(super) fn is_current(&self, book: &EnvironmentBook) -> bool {
        self.functions.get(&book.version.name).is_some_and(|function| {
            function.generation == book.generation && function.version.revision_id == book.version.revision_id
        })
    }

    fn environment(&self, id: EnvironmentId) -> Result<&EnvironmentBook, String> {
        self.environments.get(&id).ok_or_else(|| format!("{id:?} is not alive"))
    }

    fn set_state(&mut self, id: EnvironmentId, state: State) -> Verdict {
        let book = self.environments.get_mut(&id).ok_or_else(|| format!("{id:?} is not alive"))?;
        book.state = state;
        if state.passes() {
            self.owed.environments.insert(id);
        } else {
            self.owed.environments.remove(&id);
        }
        Ok(())
    }

    pub(super) fn init_started(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        version: &FunctionVersion,
    ) -> Verdict {
        let book = self.environment(id)?;
        let State::Assigned(request) = book.state else { return Err(format!("{id:?} is {book:?}")) };
        rule!(book.version.revision_id == version.revision_id, "{id:?} runs a version that is not current");
        let name = version.name.clone();
        self.functions.entry(name).and_modify(|function| function.tally.environments_started += 1);
        self.step.handed_over.push(HandOver::Start(id));
        self.set_state(id, State::Init { request, since: at })
    }

    pub(super) fn init_ended(&mut self, at: Timestamp, id: EnvironmentId, took: Duration) -> Verdict {
        let (request, since) = match self.environment(id)?.state {
            State::Init { request, since } => {
                rule!(took <= self.quotas.init_limit, "Init took {took:?}, beyond its limit");
                self.running.entry(request).and_modify(|running| running.init = Some(took));
                (request, since)
            }
            State::SlowInit { request, since } => (request, since),
            state @ (State::Assigned(_)
            | State::Failing(_)
            | State::Ready(_)
            | State::Busy(_)
            | State::Resting { .. }
            | State::Idle { .. }) => return Err(format!("Init ended in {state:?}")),
        };
        rule!(took == at.since(since), "Init began at {since:?}");
        self.set_state(id, State::Ready(request))
    }

    pub(super) fn init_failed(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        took: Duration,
        timed_out: bool,
    ) -> Verdict {
        let limit = self.quotas.init_limit;
        match (self.environment(id)?.state, timed_out) {
            (State::Init { request, since }, true) => {
                rule!(took == at.since(since) && took == limit, "Init passed its limit of {limit:?} early");
                self.running.entry(request).and_modify(|running| running.clock = Some(at));
                self.set_state(id, State::SlowInit { request, since })
            }
            (State::Init { request, since } | State::SlowInit { request, since }, false) => {
                rule!(took == at.since(since), "Init began at {since:?}");
                self.set_state(id, State::Failing(request))
            }
            (state, _) => Err(format!("Init failed in {state:?}")),
        }
    }

    pub(super) fn invoke_started(&mut self, at: Timestamp, id: RequestId, at_whom: EnvironmentId) -> Verdict {
        let state = self.environment(at_whom)?.state;
        rule!(matches!(state, State::Ready(request) if request == id), "{at_whom:?} is {state:?}");
        self.running.entry(id).and_modify(|running| running.clock = Some(running.clock.unwrap_or(at)));
        self.step.handed_over.push(HandOver::Dispatch(at_whom, id));
        self.set_state(at_whom, State::Busy(id))
    }

    /// The end of an invocation, seen from its environment.
    pub(super) fn release(&mut self, id: EnvironmentId, request: RequestId, ending: Ending) -> Verdict {
        let (served, initialised) = match self.environment(id)?.state {
            State::Busy(served) => (served, true),
            State::Init { request, .. } | State::SlowInit { request, .. } | State::Failing(request) => {
                (request, false)
            }
            state @ (State::Assigned(_) | State::Ready(_) | State::Resting { .. } | State::Idle { .. }) => {
                return Err(format!("an invocation ended in {state:?}"));
            }
        };
        rule!(served == request, "{id:?} serves {served}");
        self.set_state(id, State::Resting { ending, initialised })
    }

    /// An environment is used again after success and after an error that its
    /// runtime survived, never after a timeout or a crash.
    pub(super) fn environment_idle(&mut self, at: Timestamp, id: EnvironmentId) -> Verdict {
        let book = self.environment(id)?;
        let rests = matches!(
            book.state,
            State::Resting { ending: Ending::Succeeded | Ending::Failed, initialised: true }
        );
        rule!(rests, "{id:?} cannot wait for more: it is {:?}", book.state);
        rule!(self.is_current(book), "{id:?} waits, and its version is not current");
        self.set_state(id, State::Idle { since: at })
    }

    pub(super) fn environment_stopped(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        reason: StopReason,
    ) -> Verdict {
        let book = self.environment(id)?;
        let current = self.is_current(book);
        let name = book.version.name.clone();
        let right = match (book.state, reason) {
            (State::Idle { since }, StopReason::IdleReclaim) => {
                let (shortest, longest) = self.quotas.idle_lifetime;
                let idle = at.since(since);
                rule!(shortest <= idle && idle <= longest, "{id:?} was reclaimed after {idle:?}");
                true
            }
            (State::Idle { .. }, StopReason::Outdated) => {
                self.owed.deletion = current.then_some(name);
                true
            }
            (State::Idle { .. }, StopReason::Exit | StopReason::Reset) => true,
            (State::Resting { ending, initialised }, _) => is_why(ending, initialised, current, reason),
            _ => false,
        };
        rule!(right, "{id:?} stopped for {reason:?}, and it was {:?}", self.environments[&id].state);
        self.environments.remove(&id);
        self.owed.environments.remove(&id);
        self.step.handed_over.push(HandOver::Stop(id));
        Ok(())
    }
}

/// Whether an environment whose invocation ended so may stop for `reason`.
fn is_why(ending: Ending, initialised: bool, current: bool, reason: StopReason) -> bool {
    match ending {
        Ending::Succeeded | Ending::Failed if initialised => reason == StopReason::Outdated && !current,
        Ending::Succeeded => false,
        Ending::Failed => reason == StopReason::InitFailure,
        Ending::TimedOut => reason == StopReason::Timeout,
        Ending::Exited => reason == StopReason::Exit,
        Ending::HostFailure => matches!(reason, StopReason::HostFailure | StopReason::Reset),
    }
}
