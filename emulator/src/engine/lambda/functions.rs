//! Creating, changing and deleting functions.

use std::sync::Arc;

use super::bucket::TokenBucket;
use super::function::{Function, FunctionSpec, FunctionVersion};
use super::layers::Layers;
use super::qualifier::{Qualifier, Version};
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::fact::{EventEnding, StopReason, What};
use crate::engine::ids::{EnvironmentId, FunctionName, FunctionNumber, Uuid};
use crate::engine::time::Timestamp;

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
        let version = self.new_version(now, name.clone(), Version::Latest, spec);
        self.functions_made += 1;
        let number = FunctionNumber(self.functions_made);
        let scaling = TokenBucket::new(self.quotas.scaling_rate);
        self.functions.insert(name.clone(), Function::new(number, Arc::clone(&version), scaling));
        self.begin_creation(now, &name);
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
        function.check_settled()?;
        let mut spec = function.latest.spec.clone();
        change(&mut spec);
        let (last_modified, revision_id) = (now, self.rng.uuid());
        let (name, version) = (self.function_mut(name)?.name().clone(), Version::Latest);
        let next =
            Arc::new(FunctionVersion { name: name.clone(), version, spec, last_modified, revision_id });
        self.begin_change(now, &name, Arc::clone(&next));
        Ok(next)
    }

    /// Deletes a function with all its versions. Running invocations finish;
    /// waiting events are dropped.
    pub fn delete_function(&mut self, now: Timestamp, name: &str) -> Result<(), LambdaError> {
        self.tick(now);
        self.drop_function(now, name)
    }

    /// Time has passed already.
    pub(super) fn drop_function(&mut self, now: Timestamp, name: &str) -> Result<(), LambdaError> {
        let function = self.function_mut(name)?;
        let name = function.name().clone();
        let configured: Vec<Qualifier> = function.provisioned.keys().cloned().collect();
        for qualifier in configured {
            self.remove_provisioned(now, &name, &qualifier);
        }
        self.set_reserved(now, &name, None);
        let fleets: Vec<Version> = self.function_mut(name.as_str())?.fleets.keys().copied().collect();
        for version in fleets {
            self.stop_idle(now, &name, version, StopReason::Outdated);
        }
        self.refuse_arrivals(&name);
        let Some(mut function) = self.functions.remove(&name) else { return Ok(()) };
        function.events.take_alarm().into_iter().for_each(|key| self.alarms.cancel(key));
        function.transition.into_iter().for_each(|transition| self.alarms.cancel(transition.alarm));
        for event in function.events.drain() {
            let (request_id, ending) = (event.request_id, EventEnding::FunctionDeleted);
            self.record(now, What::EventEnded { request_id, function: name.clone(), ending });
        }
        self.record(now, What::FunctionDeleted { function: name });
        Ok(())
    }

    /// A function's `$LATEST`, as it runs or is about to.
    pub fn function(&self, name: &str) -> Result<&Arc<FunctionVersion>, LambdaError> {
        self.find_function(name).map(Function::newest)
    }

    /// Every function's `$LATEST`, by name.
    pub fn functions(&self) -> impl Iterator<Item = &Arc<FunctionVersion>> {
        self.functions.values().map(Function::newest)
    }

    pub(in crate::engine) fn find_function(&self, name: &str) -> Result<&Function, LambdaError> {
        self.functions.get(name).ok_or_else(|| not_found(name))
    }

    pub(in crate::engine) fn function_mut(&mut self, name: &str) -> Result<&mut Function, LambdaError> {
        self.functions.get_mut(name).ok_or_else(|| not_found(name))
    }

    pub(super) fn new_version(
        &mut self,
        now: Timestamp,
        name: FunctionName,
        version: Version,
        spec: FunctionSpec,
    ) -> Arc<FunctionVersion> {
        let revision_id = self.rng.uuid();
        let made = Arc::new(FunctionVersion { name, version, spec, last_modified: now, revision_id });
        self.record(now, What::FunctionChanged { function: Arc::clone(&made) });
        made
    }

    /// Stops a version's waiting environments.
    pub(super) fn stop_idle(&mut self, now: Timestamp, name: &FunctionName, of: Version, why: StopReason) {
        let Some(fleet) = self.functions.get(name).and_then(|function| function.fleets.get(&of)) else {
            return;
        };
        for id in fleet.all_idle() {
            self.stop_environment(now, id, why);
        }
        self.forget_empty_fleet(name, of);
    }

    /// A deleted version leaves nothing behind.
    fn forget_empty_fleet(&mut self, name: &FunctionName, of: Version) {
        let Some(function) = self.functions.get_mut(name) else { return };
        if function.fleets.get(&of).is_some_and(super::fleet::Fleet::is_empty) {
            function.fleets.remove(&of);
        }
    }

    /// Ends everything that is alive and forgets everything that is set.
    pub fn reset(&mut self, now: Timestamp) {
        self.tick(now);
        // Without pollers and events, what ends here starts nothing new.
        self.reset_mappings(now);
        // In the order in which they were made.
        let made = (1..=self.environments_made).map(EnvironmentId);
        let alive: Vec<EnvironmentId> = made.filter(|id| self.environments.contains_key(id)).collect();
        for id in alive {
            self.abort_for_reset(now, id);
        }
        let names: Vec<FunctionName> = self.functions.keys().cloned().collect();
        for name in names {
            self.drop_function(now, name.as_str()).expect("the name was just listed");
        }
        self.reset_queues(now);
        self.account_rate = TokenBucket::new(self.quotas.request_rate(self.quotas.account_concurrency));
        self.layers = Layers::default();
    }
}

fn not_found(name: &str) -> LambdaError {
    LambdaError::FunctionNotFound(name.into(), Qualifier::Latest)
}

fn check_revision(function: &Function, revision: Option<Uuid>) -> Result<(), LambdaError> {
    match revision {
        Some(revision) if revision != function.newest().revision_id => Err(LambdaError::RevisionMismatch),
        Some(_) | None => Ok(()),
    }
}
