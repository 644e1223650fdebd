//! Virtual time around the same engine: hours of traffic in seconds, without a
//! clock, a socket, a process or a thread.
//!
//! ```
//! use emulator::engine::{Engine, FunctionSpec, HandlerModel, Invoke, Quotas, Times};
//! use emulator::sim::{BuiltIn, Simulation};
//! use std::time::Duration;
//!
//! let mut simulation = Simulation::new(Quotas::default(), 1, BuiltIn);
//! let duration = Times::Exponential(Duration::from_millis(200));
//! let model = HandlerModel { duration, ..HandlerModel::default() };
//! simulation.create_function("f", FunctionSpec::simulated(model))?;
//! for _ in 0..1_000 {
//!     let later = simulation.now() + Duration::from_millis(10);
//!     simulation.run_until(later, &mut ());
//!     let (_, admitted) = simulation.command(|engine, now| engine.invoke(now, Invoke::new("f", "{}".into())));
//!     assert!(admitted.is_ok(), "twenty at once are no problem");
//! }
//! let picture = simulation.command(Engine::snapshot);
//! assert!(picture.functions[0].tally.succeeded > 900);
//! # Ok::<(), String>(())
//! ```

#[cfg(test)]
mod erlang;

use std::fmt::Debug;
use std::time::Duration;

use crate::api;
use crate::config::{Config, Identity};
use crate::credentials::Credentials;
use crate::engine::{
    Dispatch, Effect, Engine, Fact, FunctionSpec, FunctionVersion, LambdaError, Quotas, Rng, Timestamp,
};
use crate::records;
use crate::runtime::HandlerRuntime;
pub use crate::runtime::{Handler, Returned, Run, RunEnd};

/// Midnight of 1 January 2026: where every simulation's time begins, so that
/// the same seed tells the same story to the last digit.
pub const BEGINNING: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// Sees what happens, in order.
pub trait Observer {
    /// Something happened.
    fn fact(&mut self, fact: &Fact);
}

/// Keeps all of it.
impl Observer for Vec<Fact> {
    fn fact(&mut self, fact: &Fact) {
        self.push(fact.clone());
    }
}

/// Sees nothing.
impl Observer for () {
    fn fact(&mut self, _fact: &Fact) {}
}

/// The built-in handler, which does what its functions' models say, without
/// the answers that nobody reads.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn;

impl Handler for BuiltIn {
    fn init(&mut self, function: &FunctionVersion, rng: &mut Rng) -> Option<Duration> {
        crate::runtime::BuiltIn.init(function, rng)
    }

    fn run(&mut self, event: &Dispatch, function: &FunctionVersion, cold: bool, rng: &mut Rng) -> Run {
        crate::runtime::BuiltIn.run(event, function, cold, rng)
    }
}

/// One account on virtual time. Every function's environments are simulated by
/// its [`Handler`].
///
/// Time goes where [`run_until`](Self::run_until) says, and everything that is
/// due until then happens at its own moment, by the engine that the emulator
/// runs. Single-threaded; several simulations run side by side.
#[derive(Debug)]
pub struct Simulation<H> {
    engine: Engine,
    handlers: HandlerRuntime<H>,
    identity: Identity,
    effects: Vec<Effect>,
    facts: Vec<Fact>,
    steps: u64,
    /// Whether a command has left something to be carried out.
    unsettled: bool,
}

impl<H: Handler> Simulation<H> {
    /// An empty account at [`BEGINNING`]. The same seed and the same calls give
    /// the same story.
    pub fn new(quotas: Quotas, seed: u64, handler: H) -> Self {
        let Config { region, account_id, .. } = Config::default();
        let mut engine = Engine::new(quotas, seed);
        engine.tick(BEGINNING);
        Self {
            engine,
            handlers: HandlerRuntime::new(handler, seed),
            identity: Identity { region, account_id, endpoint: None, role: Credentials::test() },
            effects: Vec::new(),
            facts: Vec::new(),
            steps: 0,
            unsettled: false,
        }
    }

    /// The account and region that it plays, for ARNs.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Makes a function of the built-in handler, whose variables say how it
    /// behaves, as on a running emulator. An error is in AWS's words.
    pub fn create_built_in(&mut self, name: &str, spec: FunctionSpec) -> Result<(), String> {
        let spec = api::built_in(spec, self.engine.quotas().cold_start.mode)?;
        self.create_function(name, spec)
    }

    /// Makes a function. An error is in AWS's words.
    pub fn create_function(&mut self, name: &str, spec: FunctionSpec) -> Result<(), String> {
        let made = self.command(|engine, now| engine.create_function(now, name.into(), spec).map(drop));
        made.map_err(|error| self.explain(error))
    }

    /// A refusal as AWS words it, behind its code.
    pub fn explain(&self, error: LambdaError) -> String {
        api::explain(error, &self.identity)
    }

    /// For questions. Commands go through [`command`](Self::command).
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The moment until which time has passed.
    pub fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// Calls of the engine until now: commands, reports and deadlines.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Runs a command at this moment. What it leaves is carried out at the next
    /// [`settle`](Self::settle) or [`run_until`](Self::run_until).
    pub fn command<R>(&mut self, command: impl FnOnce(&mut Engine, Timestamp) -> R) -> R {
        self.steps += 1;
        self.unsettled = true;
        let now = self.engine.now();
        command(&mut self.engine, now)
    }

    /// When the next thing is due, if ever.
    pub fn next_due(&self) -> Option<Timestamp> {
        match (self.handlers.next_due(), self.engine.next_deadline()) {
            (Some(news), Some(deadline)) => Some(news.min(deadline)),
            (news, deadline) => news.or(deadline),
        }
    }

    /// Lets time pass until `at`, with all that is due until then.
    pub fn run_until(&mut self, at: Timestamp, observer: &mut impl Observer) {
        if self.unsettled {
            self.settle(observer);
        }
        while self.step(at, observer) {}
        self.engine.tick(at);
    }

    /// Does the next thing that is due until `limit`, if anything is. News of
    /// environments come before deadlines of the same moment.
    pub fn step(&mut self, limit: Timestamp, observer: &mut impl Observer) -> bool {
        let Some(due) = self.next_due().filter(|due| *due <= limit) else { return false };
        self.steps += 1;
        match self.handlers.pop_due(due) {
            Some(report) => self.engine.report(due, report),
            None => self.engine.tick(due),
        }
        self.settle(observer);
        true
    }

    /// Carries out what commands have left, and lets the observer see it.
    pub fn settle(&mut self, observer: &mut impl Observer) {
        self.unsettled = false;
        self.engine.take_facts(&mut self.facts);
        self.facts.iter().for_each(|fact| observer.fact(fact));
        self.engine.take_effects(&mut self.effects);
        if self.effects.is_empty() {
            return;
        }
        let mut effects = std::mem::take(&mut self.effects);
        let mut more = false;
        for effect in effects.drain(..) {
            more |= self.perform(effect);
        }
        self.effects = effects;
        if more {
            self.settle(observer);
        }
    }

    /// Carries one effect out; says whether the engine has more to say for it.
    fn perform(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::Start(start) => {
                let unknown = self.handlers.start(start);
                debug_assert!(unknown.is_none(), "every function is simulated");
            }
            Effect::Dispatch(dispatch) => {
                self.handlers.dispatch(dispatch);
            }
            Effect::Restart { environment, incarnation, at } => {
                self.handlers.restart(environment, incarnation, at);
            }
            Effect::Halt { environment } => self.handlers.halt(environment),
            Effect::Stop { environment } => self.handlers.stop(environment),
            Effect::SendRecord(record) => {
                records::send(&mut self.engine, &self.identity, &record);
                return true;
            }
            Effect::Filter(request) => {
                let passed = request.filter.judge(&request.messages);
                self.engine.filtered(self.engine.now(), &request, &passed);
                return true;
            }
            // Facts tell of all three; nobody waits in a simulation.
            Effect::Respond { .. } | Effect::Refuse { .. } | Effect::Deliver { .. } => {}
        }
        false
    }
}
