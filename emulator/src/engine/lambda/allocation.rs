//! The environments that provisioned concurrency keeps ready.
//!
//! An *allocation* is what a version has of a configuration. After some time of
//! preparation its environments start one after the other, and no request uses
//! any of them before all are ready.

use std::collections::BTreeSet;

use super::bucket::TokenBucket;
use super::concurrency::ConcurrencyPool;
use super::environment::{InitializationType, State};
use super::fleet::Idle;
use super::qualifier::{Qualifier, Version};
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::fact::{StopReason, What};
use crate::engine::ids::{EnvironmentId, FunctionName};
use crate::engine::time::Timestamp;

/// How far an allocation is; of two, the greater is what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllocationStatus {
    /// All of them are ready.
    Ready,
    /// Environments are being prepared; requests run on demand.
    InProgress,
    /// Init failed too often (`FUNCTION_ERROR_INIT_FAILURE`).
    Failed,
    /// The machine that runs the emulator could not start them: no limit of AWS's.
    HostFailed,
}
/// The provisioned environments of one version.
#[derive(Debug)]
pub(crate) struct Allocation {
    /// Whose configuration it follows.
    pub(super) owner: Qualifier,
    pub(super) target: u32,
    pub(super) status: AllocationStatus,
    /// A permit for each of them, once all are ready.
    pub(crate) pool: ConcurrencyPool,
    pub(crate) rate: TokenBucket,
    environments: BTreeSet<EnvironmentId>,
    /// Those that wait, by when they began to.
    pub(crate) idle: Idle,
    pub(super) initialised: u32,
    failures: u32,
    alarm: Option<AlarmKey>,
}

impl Engine {
    /// Gives up what a configuration has and begins to prepare what it asks for.
    pub(super) fn allocate(&mut self, now: Timestamp, name: &FunctionName, owner: &Qualifier) {
        self.release(now, name, owner);
        let Some(function) = self.functions.get(name) else { return };
        for (version, target) in function.shares(owner) {
            let (shortest, longest) = self.quotas.provisioned_preparation;
            let prepared = now + self.rng.span(shortest, longest);
            let alarm = self.alarms.set(prepared, Alarm::Provision(name.clone(), version));
            let allocation = Allocation {
                owner: owner.clone(),
                target,
                status: AllocationStatus::InProgress,
                pool: ConcurrencyPool::new(0),
                rate: TokenBucket::new(self.quotas.request_rate(target)),
                environments: BTreeSet::new(),
                idle: Idle::default(),
                initialised: 0,
                failures: 0,
                alarm: Some(alarm),
            };
            if let Some(function) = self.functions.get_mut(name) {
                function.fleet_mut(version).allocation = Some(allocation);
            }
            self.tell_allocation(now, name, version);
        }
    }

    /// Takes a configuration's allocations away. What runs in them goes on, on
    /// demand; the rest is stopped.
    pub(super) fn release(&mut self, now: Timestamp, name: &FunctionName, owner: &Qualifier) {
        let Some(function) = self.functions.get_mut(name) else { return };
        let held = function.allocated_shares(owner);
        for version in held.into_keys() {
            let Some(function) = self.functions.get_mut(name) else { return };
            let Some(allocation) = function.fleet_mut(version).allocation.take() else { continue };
            allocation.alarm.into_iter().for_each(|key| self.alarms.cancel(key));
            for id in allocation.environments {
                self.release_environment(now, name, id);
            }
            self.fit_pools(name);
            let (function, status) = (name.clone(), allocation.status);
            self.record(now, What::ProvisionedChanged { function, version, requested: None, status });
        }
    }

    fn release_environment(&mut self, now: Timestamp, name: &FunctionName, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let Some(invocation) = environment.state.invocation_mut() else {
            return self.stop_environment(now, id, StopReason::Unprovisioned);
        };
        let reservation = self.functions.get_mut(name).and_then(|function| function.reservation.as_mut());
        let pool = reservation.map_or(&mut self.unreserved, |reservation| &mut reservation.on_demand);
        invocation.permit = pool.acquire_for_running();
        environment.retires = Some(StopReason::Unprovisioned);
    }

    /// The next environment may start.
    pub(in crate::engine) fn provision_alarm_rang(
        &mut self,
        now: Timestamp,
        name: &FunctionName,
        of: Version,
    ) {
        let interval = self.quotas.provisioned_rate.interval();
        loop {
            let Some(allocation) = self.allocation_mut(name, of) else { return };
            allocation.alarm = None;
            if allocation.has_failed() || allocation.missing() == 0 {
                return;
            }
            self.start_provisioned(now, name, of);
            if !interval.is_zero() {
                break;
            }
        }
        let alarm = self.alarms.set(now + interval, Alarm::Provision(name.clone(), of));
        if let Some(allocation) = self.allocation_mut(name, of) {
            allocation.alarm = Some(alarm);
        }
    }

    fn start_provisioned(&mut self, now: Timestamp, name: &FunctionName, of: Version) {
        let id = self.next_environment_id();
        if let Some(allocation) = self.allocation_mut(name, of) {
            allocation.environments.insert(id);
        }
        self.start_environment(now, id, name, of, InitializationType::Provisioned, None);
    }

    /// A provisioned environment is ready; with the last one all of them are used.
    pub(super) fn provisioned_ready(&mut self, now: Timestamp, name: &FunctionName, of: Version) {
        let Some(allocation) = self.allocation_mut(name, of) else { return };
        allocation.initialised += 1;
        if allocation.status != AllocationStatus::InProgress || allocation.initialised < allocation.target {
            return;
        }
        allocation.status = AllocationStatus::Ready;
        allocation.pool.resize(allocation.target);
        self.fit_pools(name);
        self.tell_allocation(now, name, of);
    }

    /// The Init of a provisioned environment failed: it is tried again some
    /// times, then the whole allocation is given up.
    pub(super) fn provisioned_failed(&mut self, now: Timestamp, id: EnvironmentId, status: AllocationStatus) {
        let Some(environment) = self.environments.get(&id) else { return };
        let (name, of) = (environment.function.name.clone(), environment.function.version);
        let host_failed = status == AllocationStatus::HostFailed;
        let why = if host_failed { StopReason::HostFailure } else { StopReason::InitFailure };
        self.stop_environment(now, id, why);
        let attempts = self.quotas.provisioned_init_attempts;
        let Some(allocation) = self.allocation_mut(&name, of) else { return };
        allocation.failures += 1;
        if allocation.failures < attempts {
            return self.start_provisioned(now, &name, of);
        }
        allocation.status = status;
        let rest = std::mem::take(&mut allocation.environments);
        let alarm = allocation.alarm.take();
        alarm.into_iter().for_each(|key| self.alarms.cancel(key));
        for id in rest {
            self.release_environment(now, &name, id);
        }
        if let Some(allocation) = self.allocation_mut(&name, of) {
            allocation.pool.resize(0);
            allocation.initialised = 0;
        }
        self.fit_pools(&name);
        self.tell_allocation(now, &name, of);
    }

    /// A provisioned environment is gone that had lived its time, or that the
    /// host could not start again: another takes its place, unless the pace of
    /// the allocation comes to that anyway.
    pub(super) fn replace_provisioned(&mut self, now: Timestamp, name: &FunctionName, of: Version) {
        let Some(allocation) = self.allocation_mut(name, of) else { return };
        if !allocation.has_failed() && allocation.alarm.is_none() && allocation.missing() > 0 {
            self.start_provisioned(now, name, of);
        }
    }

    /// An environment is gone, whatever it was.
    pub(super) fn forget_provisioned(
        &mut self,
        name: &FunctionName,
        of: Version,
        id: EnvironmentId,
        state: &State,
    ) {
        let Some(allocation) = self.allocation_mut(name, of) else { return };
        if allocation.environments.remove(&id) && !matches!(state, State::Init { invocation: None, .. }) {
            allocation.initialised = allocation.initialised.saturating_sub(1);
        }
    }

    fn allocation_mut(&mut self, name: &FunctionName, of: Version) -> Option<&mut Allocation> {
        self.functions.get_mut(name)?.fleets.get_mut(&of)?.allocation.as_mut()
    }

    fn tell_allocation(&mut self, now: Timestamp, name: &FunctionName, version: Version) {
        let Some(allocation) = self.allocation_mut(name, version) else { return };
        let (requested, status) = (Some(allocation.target), allocation.status);
        self.record(now, What::ProvisionedChanged { function: name.clone(), version, requested, status });
    }
}

impl Allocation {
    pub(super) fn has_failed(&self) -> bool {
        match self.status {
            AllocationStatus::Failed | AllocationStatus::HostFailed => true,
            AllocationStatus::InProgress | AllocationStatus::Ready => false,
        }
    }

    fn missing(&self) -> usize {
        (self.target as usize).saturating_sub(self.environments.len())
    }
}
