//! Clients of Lambda.

use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{FunctionName, FunctionSpec, HandlerModel, LambdaError};

use super::World;

const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];

impl World {
    /// A burst of synchronous invocations.
    pub(super) fn invoke(&mut self) {
        let name = self.function();
        for _ in 0..self.burst() {
            let (_, _) = self.engine.invoke(self.now, &name, Bytes::from_static(b"{}"));
            self.settle();
        }
    }

    pub(super) fn invoke_event(&mut self) {
        let name = self.function();
        for _ in 0..self.burst() {
            let accepted = self.engine.invoke_event(self.now, &name, Bytes::from_static(b"{}"));
            self.settle();
            let there = self.engine.function(&name).is_ok();
            self.expect(accepted.is_ok() == there, || format!("an event for {name}: {accepted:?}"));
        }
    }

    pub(super) fn create_function(&mut self) {
        let name = FunctionName::from(self.function().as_str());
        let timeout = self.pick_secs(&[1, 3, 10, 30, 60]);
        self.pass_time();
        let there = self.engine.function(name.as_str()).is_ok();
        let made = self.engine.create_function(self.now, name, spec(timeout));
        self.expect(made.is_err() == there, || format!("there: {there}, made: {made:?}"));
        self.settle();
    }

    pub(super) fn update_function(&mut self) {
        let name = self.function();
        let timeout = self.pick_secs(&[1, 3, 10, 30, 60]);
        self.pass_time();
        let _updated = self.engine.update_function(self.now, &name, None, |spec| spec.timeout = timeout);
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
        let others = self.engine.functions().filter(|function| function.name.as_str() != name);
        let others: u32 = others
            .filter_map(|function| self.engine.reserved_concurrency(function.name.as_str()).ok().flatten())
            .sum();
        let quotas = self.engine.quotas();
        let fits =
            reserved == 0 || others + reserved + quotas.unreserved_minimum <= quotas.account_concurrency;
        let put = self.engine.put_reserved_concurrency(self.now, &name, reserved);
        let right = match &put {
            Ok(()) => fits,
            Err(LambdaError::UnreservedBelowMinimum { .. }) => !fits,
            Err(error) => *error == LambdaError::FunctionNotFound(name.as_str().into()),
        };
        self.expect(right, || format!("{reserved} for {name} beside {others}: {put:?}"));
        self.settle();
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

    fn burst(&mut self) -> u64 {
        if self.one_in(10) { self.rng.between(2, 15) } else { 1 }
    }
}

/// A function's settings of which only the timeout matters.
pub(crate) fn spec(timeout: Duration) -> FunctionSpec {
    FunctionSpec { timeout, ..FunctionSpec::simulated(HandlerModel::default()) }
}
