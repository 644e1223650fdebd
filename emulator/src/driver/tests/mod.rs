//! The driver and the built-in handler's environments, on virtual time.

mod erlang;
mod gears;
mod parity;

use super::Driver;
use crate::engine::{Effect, Engine, Fact, Quotas, Timestamp};
use crate::runtime::HandlerRuntime;

impl Driver {
    /// Everything that happened.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.state.lock().expect("nothing panicked").journal.clone()
    }
}

/// What the driver does, without a clock: time passes as it is told to.
#[derive(Debug)]
struct VirtualTime {
    engine: Engine,
    handlers: HandlerRuntime,
    now: Timestamp,
    facts: Vec<Fact>,
    left: Vec<Fact>,
    effects: Vec<Effect>,
}

impl VirtualTime {
    fn new(quotas: Quotas) -> Self {
        Self {
            engine: Engine::new(quotas, 1),
            handlers: HandlerRuntime::new(1),
            now: Timestamp::from_millis(1_763_942_400_000),
            facts: Vec::new(),
            left: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// Carries out what the last calls left.
    fn carry_out(&mut self) {
        self.engine.take_facts(&mut self.left);
        self.facts.append(&mut self.left);
        self.engine.take_effects(&mut self.effects);
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Start(start) => assert!(self.handlers.start(start).is_none(), "it is simulated"),
                Effect::Dispatch(dispatch) => {
                    assert!(self.handlers.dispatch(dispatch).is_none(), "it is simulated");
                }
                Effect::Restart { environment, incarnation, at } => {
                    self.handlers.restart(environment, incarnation, at);
                }
                Effect::Halt { environment } => self.handlers.halt(environment),
                Effect::Stop { environment } => self.handlers.stop(environment),
                Effect::Respond { .. }
                | Effect::Refuse { .. }
                | Effect::SendRecord(_)
                | Effect::Filter(_)
                | Effect::Deliver { .. } => {}
            }
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        [self.handlers.next_due(), self.engine.next_deadline()].into_iter().flatten().min()
    }

    /// Lets time pass until the next that is due, which is due then.
    fn advance(&mut self, to: Timestamp) {
        self.now = to;
        match self.handlers.pop_due(to) {
            Some(report) => self.engine.report(to, report),
            None => self.engine.tick(to),
        }
    }

    /// Lets time pass, with all that is due until then.
    fn run_until(&mut self, to: Timestamp) {
        while let Some(next) = self.next_due().filter(|next| *next <= to) {
            self.advance(next);
            self.carry_out();
        }
        self.now = to;
    }
}
