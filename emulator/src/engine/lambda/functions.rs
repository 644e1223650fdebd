//! Creating, changing and deleting functions, and their reservations.

use std::sync::Arc;

use super::concurrency::ConcurrencyPool;
use super::function::{Function, FunctionSpec, FunctionVersion};
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::fact::{EventEnding, StopReason, What};
use crate::engine::ids::{EnvironmentId, FunctionName, FunctionNumber, Uuid};
use crate::engine::time::Timestamp;

/// What GetAccountSettings tells of concurrency and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// The account's limit.
    pub concurrency: u32,
    /// What no function has reserved.
    pub unreserved: u32,
    /// Unreserved executions at this moment.
    pub unreserved_in_use: u32,
    /// Functions there are.
    pub functions: usize,
}

impl Engine {
    /// Makes a function under a free name.
    pub fn create_function(
        &mut self,
        now: Timestamp,
        name: FunctionName,
        spec: FunctionSpec,
    ) -> Result<Arc<FunctionVersion>, LambdaError> {
        self.tick(now);
        if self.functions.contains_key(&name) {
            return Err(LambdaError::FunctionExists(name));
        }
        let version = self.new_version(now, name.clone(), spec);
        self.functions_made += 1;
        self.functions.insert(name, Function::new(FunctionNumber(self.functions_made), Arc::clone(&version)));
        Ok(version)
    }

    /// Changes a function's code or settings. Running invocations finish on
    /// the old version; waiting events run on the new one.
    pub fn update_function(
        &mut self,
        now: Timestamp,
        name: &str,
        revision: Option<Uuid>,
        change: impl FnOnce(&mut FunctionSpec),
    ) -> Result<Arc<FunctionVersion>, LambdaError> {
        self.tick(now);
        let function = self.function_mut(name)?;
        check_revision(function, revision)?;
        let mut spec = function.latest.spec.clone();
        let name = function.latest.name.clone();
        change(&mut spec);
        let version = self.new_version(now, name.clone(), spec);
        self.function_mut(name.as_str())?.latest = Arc::clone(&version);
        self.stop_idle(now, &name);
        Ok(version)
    }

    /// Deletes a function. Running invocations finish; waiting events are dropped.
    pub fn delete_function(&mut self, now: Timestamp, name: &str) -> Result<(), LambdaError> {
        self.tick(now);
        self.drop_function(now, name)
    }

    /// Time has passed already.
    fn drop_function(&mut self, now: Timestamp, name: &str) -> Result<(), LambdaError> {
        let name = self.function_mut(name)?.latest.name.clone();
        self.set_reserved(now, &name, None);
        self.stop_idle(now, &name);
        let Some(mut function) = self.functions.remove(&name) else { return Ok(()) };
        function.events.take_alarm().into_iter().for_each(|key| self.alarms.cancel(key));
        for event in function.events.drain() {
            let ending = EventEnding::FunctionDeleted;
            self.record(
                now,
                What::EventEnded { request_id: event.request_id, function: name.clone(), ending },
            );
        }
        self.record(now, What::FunctionDeleted { function: name });
        Ok(())
    }

    /// A function's current version.
    pub fn function(&self, name: &str) -> Result<&Arc<FunctionVersion>, LambdaError> {
        let function = self.functions.get(name);
        function.map(|function| &function.latest).ok_or_else(|| not_found(name))
    }

    /// All functions' current versions, by name.
    pub fn functions(&self) -> impl Iterator<Item = &Arc<FunctionVersion>> {
        self.functions.values().map(|function| &function.latest)
    }

    /// A function's reserved concurrency, if it has one.
    pub fn reserved_concurrency(&self, name: &str) -> Result<Option<u32>, LambdaError> {
        let function = self.functions.get(name);
        function.map(Function::reserved_limit).ok_or_else(|| not_found(name))
    }

    /// PutFunctionConcurrency. 0 is always accepted; anything more must leave
    /// the account its minimum unreserved.
    pub fn put_reserved_concurrency(
        &mut self,
        now: Timestamp,
        name: &str,
        reserved: u32,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        let name = self.function_mut(name)?.latest.name.clone();
        let minimum = self.quotas.unreserved_minimum;
        let others = self.reserved_by_others(&name);
        if reserved > 0
            && others + u64::from(reserved) + u64::from(minimum) > u64::from(self.quotas.account_concurrency)
        {
            return Err(LambdaError::UnreservedBelowMinimum { minimum });
        }
        self.set_reserved(now, &name, Some(reserved));
        Ok(())
    }

    /// DeleteFunctionConcurrency; no error when there is none.
    pub fn delete_reserved_concurrency(&mut self, now: Timestamp, name: &str) -> Result<(), LambdaError> {
        self.tick(now);
        let name = self.function_mut(name)?.latest.name.clone();
        self.set_reserved(now, &name, None);
        Ok(())
    }

    /// The account's limits and what is used of them.
    pub fn account(&self) -> Account {
        Account {
            concurrency: self.quotas.account_concurrency,
            unreserved: self.unreserved.limit(),
            unreserved_in_use: self.unreserved.in_use(),
            functions: self.functions.len(),
        }
    }

    pub(in crate::engine) fn function_mut(&mut self, name: &str) -> Result<&mut Function, LambdaError> {
        self.functions.get_mut(name).ok_or_else(|| not_found(name))
    }

    fn new_version(
        &mut self,
        now: Timestamp,
        name: FunctionName,
        spec: FunctionSpec,
    ) -> Arc<FunctionVersion> {
        let revision_id = self.rng.uuid();
        let version = Arc::new(FunctionVersion { name, spec, last_modified: now, revision_id });
        self.record(now, What::FunctionChanged { function: Arc::clone(&version) });
        version
    }

    fn reserved_by_others(&self, name: &FunctionName) -> u64 {
        let others = self.functions.iter().filter(|(other, _)| *other != name);
        others.filter_map(|(_, function)| function.reserved_limit()).map(u64::from).sum()
    }

    /// Sets or removes a reservation. What the function runs at this moment
    /// moves to the pool that it now draws from, so each pool's count is
    /// always that of its own functions.
    fn set_reserved(&mut self, now: Timestamp, name: &FunctionName, reserved: Option<u32>) {
        let others = self.reserved_by_others(name);
        let Some(function) = self.functions.get_mut(name) else { return };
        let before = function.reserved_limit();
        if before == reserved {
            return;
        }
        match (&mut function.reserved, reserved) {
            (Some(pool), Some(limit)) => pool.resize(limit),
            (pool, limit) => *pool = limit.map(ConcurrencyPool::new),
        }
        let taken = u32::try_from(others + u64::from(reserved.unwrap_or(0))).unwrap_or(u32::MAX);
        self.unreserved.resize(self.quotas.account_concurrency.saturating_sub(taken));
        if before.is_some() != reserved.is_some() {
            self.move_permits(name);
        }
        self.record(now, What::ReservedConcurrencySet { function: name.clone(), reserved });
    }

    fn move_permits(&mut self, name: &FunctionName) {
        let Some(function) = self.functions.get_mut(name) else { return };
        let pool = function.reserved.as_mut().unwrap_or(&mut self.unreserved);
        for id in &function.environments {
            let environment = self.environments.get_mut(id);
            if let Some(invocation) = environment.and_then(|environment| environment.state.invocation_mut()) {
                invocation.permit = pool.acquire_for_running();
            }
        }
    }

    /// Stops the function's waiting environments: their version is outdated.
    fn stop_idle(&mut self, now: Timestamp, name: &FunctionName) {
        let Some(function) = self.functions.get(name) else { return };
        let idle: Vec<EnvironmentId> = function.idle.iter().map(|&(_, id)| id).collect();
        for id in idle {
            self.stop_environment(now, id, StopReason::Outdated);
        }
    }

    /// Ends everything that is alive and forgets everything that is set.
    pub fn reset(&mut self, now: Timestamp) {
        self.tick(now);
        // Without pollers and events, what ends here starts nothing new.
        self.reset_mappings(now);
        let alive: Vec<EnvironmentId> = self.environments.keys().copied().collect();
        for id in alive {
            self.abort_for_reset(now, id);
        }
        let names: Vec<FunctionName> = self.functions.keys().cloned().collect();
        for name in names {
            self.drop_function(now, name.as_str()).expect("the name was just listed");
        }
        self.reset_queues(now);
    }
}

fn not_found(name: &str) -> LambdaError {
    LambdaError::FunctionNotFound(name.into())
}

fn check_revision(function: &Function, revision: Option<Uuid>) -> Result<(), LambdaError> {
    match revision {
        Some(revision) if revision != function.latest.revision_id => Err(LambdaError::RevisionMismatch),
        Some(_) | None => Ok(()),
    }
}
