//! Environments that are only timing, thousands of them.
//!
//! They have no thread, no timer and no socket: this says what is due when, and
//! whoever keeps the time (a driver, a simulation) takes that to the engine.
//! What would run in them says a [`Handler`].

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::engine::{
    Agenda, AgendaKey, BatchItems, Completion, Dispatch, EnvironmentId, Exit, FunctionError, FunctionVersion,
    InitializationType, News, NumberMap, Outcome, Report, RequestId, Rng, Start, Timestamp, Uuid,
};

/// What runs in simulated environments: how long it takes, and how it ends.
pub trait Handler: Debug {
    /// How long an Init takes; `None` for a function that is not simulated.
    fn init(&mut self, function: &FunctionVersion, rng: &mut Rng) -> Option<Duration>;

    /// What becomes of an event. `cold`: its environment was started for it.
    fn run(&mut self, event: &Dispatch, function: &FunctionVersion, cold: bool, rng: &mut Rng) -> Run;

    /// What a function that returns has to say, if anything.
    fn answer(&mut self, _returned: &Returned<'_>) -> Bytes {
        Bytes::new()
    }

    /// What a function that fails has to say, if anything.
    fn failure(&mut self, _request_id: RequestId) -> Bytes {
        Bytes::new()
    }
}

/// What becomes of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// How long it takes.
    pub takes: Duration,
    /// How it ends.
    pub end: RunEnd,
}

/// How an invocation ends by itself, if no timeout comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// It returns; of a batch of messages, with these.
    Returns(BatchItems),
    /// It fails and says so.
    Fails,
    /// Its process ends with this status.
    Exits(i32),
}

/// An invocation that returned.
#[derive(Debug)]
pub struct Returned<'a> {
    /// Which.
    pub request_id: RequestId,
    /// Of what.
    pub function: &'a FunctionVersion,
    /// The name of its environment.
    pub environment: Uuid,
    /// For whom that was started.
    pub initialization: InitializationType,
    /// Whether it was started for this invocation.
    pub cold: bool,
    /// When its Init began.
    pub init_began: Timestamp,
    /// When the invocation began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// Simulated environments and their news to come.
#[derive(Debug)]
pub(crate) struct HandlerRuntime<H> {
    handler: H,
    rng: Rng,
    environments: NumberMap<EnvironmentId, Environment>,
    due: Agenda<EnvironmentId>,
}

#[derive(Debug)]
struct Environment {
    id: Uuid,
    initialization: InitializationType,
    init_began: Timestamp,
    incarnation: u32,
    function: Arc<FunctionVersion>,
    /// When its Init is over. After an Init beyond the limit that is later than
    /// the moment from which the invocation's timeout counts.
    ready: Timestamp,
    invoked: bool,
    /// Its next news, which a stop takes back.
    next: Option<(AgendaKey, News)>,
}

impl<H: Handler> HandlerRuntime<H> {
    pub(crate) fn new(handler: H, seed: u64) -> Self {
        // Another sequence than the engine's, from the same seed.
        let rng = Rng::new(seed ^ 0x5EED_0F7A_ED1E_D0AD);
        Self { handler, rng, environments: NumberMap::default(), due: Agenda::default() }
    }

    /// Starts a simulated environment; gives back any other.
    pub(crate) fn start(&mut self, start: Start) -> Option<Start> {
        let Some(init) = self.handler.init(&start.function, &mut self.rng) else { return Some(start) };
        let (id, ready) = (self.rng.uuid(), start.at + init);
        let environment = Environment {
            id,
            initialization: start.initialization,
            init_began: start.at,
            incarnation: 0,
            function: start.function,
            ready,
            invoked: false,
            next: None,
        };
        self.environments.insert(start.environment, environment);
        self.schedule(ready, start.environment, News::Ready);
        None
    }

    /// Starts one of its environments again.
    pub(crate) fn restart(&mut self, id: EnvironmentId, incarnation: u32, at: Timestamp) {
        self.halt(id);
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let init = self.handler.init(&environment.function, &mut self.rng).unwrap_or_default();
        environment.incarnation = incarnation;
        environment.init_began = at;
        environment.ready = at + init;
        environment.invoked = false;
        let ready = environment.ready;
        self.schedule(ready, id, News::Ready);
    }

    /// Ends what runs in one of its environments.
    pub(crate) fn halt(&mut self, id: EnvironmentId) {
        let next = self.environments.get_mut(&id).and_then(|environment| environment.next.take());
        next.map(|(key, _)| self.due.call_off(key));
    }

    /// Runs an event in one of its environments; gives back any other's.
    pub(crate) fn dispatch(&mut self, dispatch: Dispatch) -> Option<Dispatch> {
        let Some(environment) = self.environments.get_mut(&dispatch.environment) else {
            return Some(dispatch);
        };
        let counted_from = dispatch.deadline - environment.function.spec.timeout;
        let began = counted_from.max(environment.ready);
        let first = !std::mem::replace(&mut environment.invoked, true);
        // Nobody waits for an environment that was provisioned.
        let cold = first && environment.initialization == InitializationType::OnDemand;
        let run = self.handler.run(&dispatch, &environment.function, cold, &mut self.rng);
        let ended = began + run.takes;
        let request_id = dispatch.request_id;
        let (outcome, items) = match run.end {
            RunEnd::Returns(items) => {
                let returned = Returned {
                    request_id,
                    function: &environment.function,
                    environment: environment.id,
                    initialization: environment.initialization,
                    cold,
                    init_began: environment.init_began,
                    began,
                    ended,
                };
                (Outcome::Success(self.handler.answer(&returned)), items)
            }
            RunEnd::Fails => {
                let error = FunctionError::Reported(self.handler.failure(request_id));
                (Outcome::FunctionError(error), BatchItems::default())
            }
            RunEnd::Exits(status) => {
                self.schedule(ended, dispatch.environment, News::Exited(Exit::Status(status)));
                return None;
            }
        };
        let completion = Completion { request_id, outcome, max_memory_mb: None, items, rested: true };
        self.schedule(ended, dispatch.environment, News::Finished(completion));
        None
    }

    pub(crate) fn stop(&mut self, id: EnvironmentId) {
        let next = self.environments.remove(&id).and_then(|environment| environment.next);
        next.map(|(key, _)| self.due.call_off(key));
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.next_at()
    }

    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<Report> {
        let (_, id) = self.due.pop_due(now)?;
        let environment = self.environments.get_mut(&id)?;
        let (_, news) = environment.next.take()?;
        Some(Report { environment: id, incarnation: environment.incarnation, news })
    }

    fn schedule(&mut self, at: Timestamp, id: EnvironmentId, news: News) {
        if let Some(environment) = self.environments.get_mut(&id) {
            environment.next = Some((self.due.enter(at, id), news));
        }
    }
}
