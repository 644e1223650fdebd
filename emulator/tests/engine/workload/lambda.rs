//! Clients of Lambda: who invoke, and who change functions.

use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    FunctionName, FunctionSpec, HandlerModel, Invoke, LambdaError, Qualifier, RecursiveLoop, Refusal, Trace,
};

use super::World;

const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];

/// The queue that is a function's dead-letter queue, as an ARN.
pub(super) const DEAD_LETTERS: &str = "arn:aws:sqs:us-east-1:000000000000:dead";

impl World {
    /// A burst of synchronous invocations.
    pub(super) fn invoke(&mut self) {
        let (name, qualifier) = self.target();
        for _ in 0..self.burst() {
            let depth = self.depth();
            let invoke = Invoke {
                qualifier: qualifier.clone(),
                trace: Trace { header: None, depth },
                streams: self.one_in(10),
                wants_log: self.one_in(5),
                ..Invoke::new(&name, Bytes::from_static(b"{}"))
            };
            let (id, said) = self.engine.invoke(self.now, invoke);
            self.auditor.asked(self.now, id, &name.as_str().into(), &qualifier, &said);
            self.settle();
            if self.auditor.waits(id) {
                self.coverage.note("waited for an environment to rest");
                let lingers = self.auditor.somebody_lingers(&name.as_str().into());
                self.expect(lingers, || format!("{id} waits for nobody"));
            }
            self.check_refusal(&name, &qualifier, depth, &said);
        }
    }

    pub(super) fn invoke_event(&mut self) {
        let (name, qualifier) = self.target();
        for _ in 0..self.burst() {
            let depth = self.depth();
            let invoke = Invoke {
                qualifier: qualifier.clone(),
                trace: Trace { header: None, depth },
                ..Invoke::new(&name, Bytes::from_static(b"{}"))
            };
            let accepted = self.engine.invoke_event(self.now, invoke);
            if let Ok(id) = accepted {
                self.auditor.grant_event(id, qualifier.clone(), depth);
            }
            self.settle();
            self.check_refusal(&name, &qualifier, 0, &accepted.map(|_| ()));
        }
    }

    /// What is not there, unfinished or too deep in a chain is refused as such,
    /// and nothing else is.
    fn check_refusal(&mut self, name: &str, qualifier: &Qualifier, depth: u32, said: &Result<(), Refusal>) {
        let name = FunctionName::from(name);
        let missing = !self.auditor.resolves(&name, qualifier);
        let pending = self.auditor.is_pending(&name, self.now);
        let too_deep = self.auditor.is_too_deep(&name, depth);
        let right = match said {
            Err(Refusal::FunctionNotFound(..)) => missing,
            Err(Refusal::Pending) => !missing && pending,
            Err(Refusal::Recursive) => !missing && !pending && too_deep,
            Ok(()) | Err(Refusal::Throttled(_)) => !missing && !pending && !too_deep,
        };
        self.expect(right, || format!("{name}:{qualifier} at a depth of {depth}: {said:?}"));
    }

    pub(super) fn create_function(&mut self) {
        let name = FunctionName::from(self.function().as_str());
        let mut spec = spec(self.timeout());
        spec.dead_letter_target = self.one_in(2).then(|| DEAD_LETTERS.into());
        self.pass_time();
        let there = self.engine.function(name.as_str()).is_ok();
        let made = self.engine.create_function(self.now, name, spec);
        self.expect(made.is_err() == there, || format!("there: {there}, made: {made:?}"));
        self.settle();
    }

    pub(super) fn update_function(&mut self) {
        let name = self.function();
        let timeout = self.timeout();
        let dead_letters = self.one_in(2).then(|| DEAD_LETTERS.into());
        self.pass_time();
        let _updated = self.engine.update_function(self.now, &name, None, |spec| {
            spec.timeout = timeout;
            spec.dead_letter_target = dead_letters;
        });
        self.settle();
    }

    pub(super) fn put_recursive_loop(&mut self) {
        let name = self.function();
        let setting = self.pick(&[RecursiveLoop::Allow, RecursiveLoop::Terminate]).unwrap_or_default();
        self.pass_time();
        if self.engine.put_recursive_loop(self.now, &name, setting).is_ok() {
            self.auditor.grant_loops(&name.as_str().into(), setting);
        }
        self.settle();
    }

    pub(super) fn delete_function(&mut self) {
        let name = self.function();
        self.pass_time();
        let _deleted = self.engine.delete_function(self.now, &name);
        self.settle();
    }

    /// Sets, raises or lowers a reservation, to 0 now and then.
    pub(super) fn put_reserved(&mut self) {
        let name = self.function();
        let reserved = self.pick(&[0, 1, 2, 3, 5, 10, 50, 900, 901]).unwrap_or(0);
        self.pass_time();
        let claimed = self.claimed_by_others(&name);
        let provisioned = self.provisioned_by(&name);
        let quotas = self.engine.quotas();
        let fits =
            reserved == 0 || claimed + reserved + quotas.unreserved_minimum <= quotas.account_concurrency;
        let put = self.engine.put_reserved_concurrency(self.now, &name, reserved);
        let right = match &put {
            Ok(()) => fits && reserved >= provisioned,
            Err(LambdaError::UnreservedBelowMinimum { .. }) => !fits,
            Err(LambdaError::ReservedBelowProvisioned { .. }) => reserved < provisioned,
            Err(error) => *error == LambdaError::FunctionNotFound(name.as_str().into(), Qualifier::Latest),
        };
        self.expect(right, || format!("{reserved} for {name} beside {claimed}: {put:?}"));
        self.settle();
    }

    /// What all other functions have reserved or provisioned.
    pub(super) fn claimed_by_others(&self, name: &str) -> u32 {
        let others = self.engine.functions().map(|function| function.name.clone());
        let others = others.filter(|other| other.as_str() != name);
        let claims = others.map(|other| {
            let reserved = self.engine.reserved_concurrency(other.as_str()).ok().flatten();
            reserved.unwrap_or_else(|| self.provisioned_by(other.as_str()))
        });
        claims.sum()
    }

    pub(super) fn provisioned_by(&self, name: &str) -> u32 {
        let configs = self.engine.provisioned_configs(name).unwrap_or_default();
        configs.iter().map(|view| view.requested).sum()
    }

    pub(super) fn delete_reserved(&mut self) {
        let name = self.function();
        self.pass_time();
        let _deleted = self.engine.delete_reserved_concurrency(self.now, &name);
        self.settle();
    }

    pub(super) fn function(&mut self) -> String {
        self.pick(&NAMES).unwrap_or_default().to_owned()
    }

    fn timeout(&mut self) -> Duration {
        self.pick_secs(&[1, 3, 10, 30, 60])
    }

    fn burst(&mut self) -> u64 {
        if self.one_in(10) { self.rng.between(2, 15) } else { 1 }
    }

    /// How deep a request is in a chain of them; mostly it is none.
    fn depth(&mut self) -> u32 {
        if self.one_in(20) { self.pick(&[1, 2, 3, 15, 16, 17]).unwrap_or(0) } else { 0 }
    }
}

/// A function's settings of which only the timeout matters.
pub(crate) fn spec(timeout: Duration) -> FunctionSpec {
    FunctionSpec { timeout, ..FunctionSpec::simulated(HandlerModel::default()) }
}
