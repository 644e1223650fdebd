//! Environments: Init → Busy ⇄ Idle → gone, one invocation at a time; after a
//! reset, Init is tried again inside the next invocation.

use std::sync::Arc;
use std::time::Duration;

use emulator::engine::{Ending, EnvironmentId, FunctionName, FunctionVersion, RequestId, Timestamp, Version};

use super::{Auditor, HandOver, Verdict};

/// An environment that is alive.
#[derive(Debug)]
pub(super) struct EnvironmentBook {
    pub(super) version: Arc<FunctionVersion>,
    pub(super) generation: u64,
    pub(super) born: Timestamp,
    /// Whether it was started for provisioned concurrency.
    pub(super) provisioned: bool,
    /// The provisioned concurrency that it is of, until that is taken away.
    pub(super) allocation: Option<u64>,
    pub(super) initialised: bool,
    /// How often something was started in it, or ended, after the first time.
    pub(super) incarnation: u32,
    /// Since when it has answered and does not rest.
    pub(super) lingers: Option<Timestamp>,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// Admission chose it; it starts when it has its place.
    Placing(RequestId),
    Init {
        request: Option<RequestId>,
        since: Timestamp,
    },
    /// Init failed: it is tried again inside the invocation, or the
    /// environment stops.
    InitFailed(Option<RequestId>),
    /// It is initialised, for nobody yet: it must wait or stop.
    Fresh,
    /// It must be handed its event at once.
    Ready(RequestId),
    /// Nothing runs in it: its next Init is part of the invocation.
    Cold(RequestId),
    /// The invocation began; what runs in it must be started anew.
    Restarting(RequestId),
    InitAgain {
        request: RequestId,
        since: Timestamp,
    },
    /// Init failed inside the invocation, which must end.
    InitFailedAgain(RequestId),
    Busy(RequestId),
    /// Its invocation ended; it must rest, be reset or stop.
    Ended {
        ending: Ending,
        before: Before,
    },
    /// It was reset, and must wait or stop.
    Halted,
    Idle {
        since: Timestamp,
        cold: bool,
    },
}

/// What an environment did when its invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Starting,
    InitFailed,
    Busy,
}

impl State {
    /// Whether something else must follow at the same moment.
    pub(super) fn passes(self) -> bool {
        match self {
            Self::InitFailed(_)
            | Self::Fresh
            | Self::Ready(_)
            | Self::Cold(_)
            | Self::Restarting(_)
            | Self::InitFailedAgain(_)
            | Self::Ended { .. }
            | Self::Halted => true,
            Self::Placing(_)
            | Self::Init { .. }
            | Self::InitAgain { .. }
            | Self::Busy(_)
            | Self::Idle { .. } => false,
        }
    }

    /// Whom it serves.
    pub(super) fn request(self) -> Option<RequestId> {
        match self {
            Self::Init { request, .. } | Self::InitFailed(request) => request,
            Self::Placing(request)
            | Self::Ready(request)
            | Self::Cold(request)
            | Self::Restarting(request)
            | Self::InitAgain { request, .. }
            | Self::InitFailedAgain(request)
            | Self::Busy(request) => Some(request),
            Self::Fresh | Self::Ended { .. } | Self::Halted | Self::Idle { .. } => None,
        }
    }
}

impl Auditor {
    pub(super) fn environment(&self, id: EnvironmentId) -> Result<&EnvironmentBook, String> {
        self.environments.get(&id).ok_or_else(|| format!("{id:?} is not alive"))
    }

    pub(super) fn timeout_of(&self, id: EnvironmentId) -> Result<Duration, String> {
        self.environment(id).map(|book| book.version.spec.timeout)
    }

    pub(super) fn is_current(&self, book: &EnvironmentBook) -> bool {
        self.functions.get(&book.version.name).is_some_and(|function| {
            let current = function.versions.get(&book.version.version);
            function.generation == book.generation
                && current.is_some_and(|current| current.revision_id == book.version.revision_id)
        })
    }

    /// An environment serves that request, and has its event.
    pub(super) fn serves(&self, id: EnvironmentId, request: RequestId) -> Verdict {
        let state = self.environment(id)?.state;
        rule!(matches!(state, State::Busy(served) if served == request), "{id:?} is {state:?}");
        Ok(())
    }

    pub(super) fn set_state(&mut self, id: EnvironmentId, state: State) -> Verdict {
        let book = self.environments.get_mut(&id).ok_or_else(|| format!("{id:?} is not alive"))?;
        (book.state, book.lingers) = (state, None);
        if state.passes() {
            self.owed.environments.insert(id);
        } else {
            self.owed.environments.remove(&id);
        }
        Ok(())
    }

    /// A new environment, or an idle one of the very version.
    pub(super) fn assign(
        &mut self,
        at: Timestamp,
        request: RequestId,
        name: &FunctionName,
        version: Version,
        id: EnvironmentId,
        is_new: bool,
    ) -> Verdict {
        if is_new {
            return self.add_environment(at, id, name, version, State::Placing(request));
        }
        let book = self.environment(id)?;
        let State::Idle { cold, .. } = book.state else {
            return Err(format!("{id:?} was reused, and it is {:?}", book.state));
        };
        self.set_state(id, if cold { State::Cold(request) } else { State::Ready(request) })
    }

    pub(super) fn add_environment(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        name: &FunctionName,
        version: Version,
        state: State,
    ) -> Verdict {
        rule!(id > self.newest_environment, "{id:?} is said to be new, and is not");
        self.newest_environment = id;
        let function = self.function(name)?;
        let current = function.versions.get(&version);
        let book = EnvironmentBook {
            version: Arc::clone(current.ok_or_else(|| format!("{name} has no version {version}"))?),
            generation: function.generation,
            born: at,
            provisioned: false,
            allocation: None,
            initialised: false,
            incarnation: 0,
            lingers: None,
            state,
        };
        self.environments.insert(id, book);
        Ok(())
    }

    /// The invocation begins: a ready environment is handed its event, another
    /// is started again.
    pub(super) fn invoke_started(&mut self, at: Timestamp, id: RequestId, at_whom: EnvironmentId) -> Verdict {
        let state = self.environment(at_whom)?.state;
        rule!(state.request() == Some(id), "{at_whom:?} is {state:?}");
        let next = if let State::Ready(_) = state {
            State::Busy(id)
        } else if let State::Restarting(request) = state {
            State::InitAgain { request, since: at }
        } else {
            return Err(format!("an invocation began in {state:?}"));
        };
        self.running.entry(id).and_modify(|running| running.clock = Some(at));
        if matches!(next, State::Busy(_)) {
            self.step.handed_over.push(HandOver::Dispatch(at_whom, id));
        }
        self.set_state(at_whom, next)
    }

    /// The end of an invocation, seen from its environment.
    pub(super) fn release(&mut self, id: EnvironmentId, request: RequestId, ending: Ending) -> Verdict {
        let state = self.environment(id)?.state;
        rule!(state.request() == Some(request), "{id:?} does not serve {request}, it is {state:?}");
        let before = match state {
            State::Busy(_) => Before::Busy,
            State::InitFailedAgain(_) => Before::InitFailed,
            State::Placing(_) | State::Init { .. } | State::InitAgain { .. } => Before::Starting,
            State::InitFailed(_)
            | State::Fresh
            | State::Ready(_)
            | State::Cold(_)
            | State::Restarting(_)
            | State::Ended { .. }
            | State::Halted
            | State::Idle { .. } => return Err(format!("an invocation ended in {state:?}")),
        };
        let early = before == Before::Starting;
        let right = match ending {
            Ending::Succeeded => before == Before::Busy,
            Ending::Failed | Ending::Exited => !early,
            Ending::TimedOut => !matches!(state, State::Placing(_) | State::Init { .. }),
            Ending::HostFailure => true,
        };
        rule!(right, "an invocation {ending:?} in {state:?}");
        self.set_state(id, State::Ended { ending, before })
    }
}
