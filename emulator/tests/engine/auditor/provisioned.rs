//! Provisioned concurrency: nobody uses a part of it before all of it is there.

use std::time::Duration;

use emulator::engine::{AllocationStatus, EnvironmentId, FunctionName, Timestamp, Version};

use super::environments::State;
use super::rates::Bucket;
use super::{Auditor, Verdict};

/// What one version has.
#[derive(Debug)]
pub(super) struct AllocationBook {
    /// Counted over all that were ever begun.
    pub(super) serial: u64,
    pub(super) target: u32,
    pub(super) status: AllocationStatus,
    pub(super) rate: Bucket,
    begun: Timestamp,
    first_start: Option<Timestamp>,
    last_start: Timestamp,
    starts: u32,
    /// Starts that stand in for an environment that failed or lived its time.
    replacements: u32,
    failures: u32,
}

impl AllocationBook {
    pub(super) fn is_ready(&self) -> bool {
        self.status == AllocationStatus::Ready
    }
}

/// A rate's time from one to the next, as far as the clock can tell it.
fn interval(rate: emulator::engine::Rate) -> Duration {
    rate.per.checked_div(rate.count).unwrap_or(rate.per)
}

impl Auditor {
    pub(super) fn provisioned_changed(
        &mut self,
        at: Timestamp,
        name: &FunctionName,
        version: Version,
        requested: Option<u32>,
        status: AllocationStatus,
    ) -> Verdict {
        match (requested, status) {
            (Some(target), AllocationStatus::InProgress) => self.allocation_begun(at, name, version, target),
            (Some(target), AllocationStatus::Ready) => self.allocation_ready(name, version, target),
            (Some(target), AllocationStatus::Failed | AllocationStatus::HostFailed) => {
                self.allocation_failed(name, version, target, status)
            }
            (None, _) => self.allocation_gone(name, version, status),
        }
    }

    fn allocation_begun(&mut self, at: Timestamp, name: &FunctionName, of: Version, target: u32) -> Verdict {
        let rate = Bucket::full(self.request_rate(target));
        self.allocations_begun += 1;
        let serial = self.allocations_begun;
        let book = self.function_mut(name)?;
        rule!(of != Version::Latest, "$LATEST was provisioned");
        rule!(book.versions.contains_key(&of), "version {of} is not there");
        rule!(!book.allocations.contains_key(&of), "version {of} had provisioned concurrency already");
        rule!(target > 0, "nothing was provisioned");
        let allocation = AllocationBook {
            serial,
            target,
            status: AllocationStatus::InProgress,
            rate,
            begun: at,
            first_start: None,
            last_start: at,
            starts: 0,
            replacements: 0,
            failures: 0,
        };
        book.allocations.insert(of, allocation);
        let held: u32 = book.allocations.values().map(|allocation| allocation.target).sum();
        rule!(book.reserved.is_none_or(|reserved| held <= reserved), "{held} are more than are reserved");
        self.check_minimum()
    }

    fn allocation_ready(&mut self, name: &FunctionName, of: Version, target: u32) -> Verdict {
        let allocation = self.allocation(name, of)?;
        rule!(allocation.status == AllocationStatus::InProgress, "it was {:?}", allocation.status);
        rule!(allocation.target == target, "{} were asked for", allocation.target);
        let initialised = self.alive_of(allocation.serial).filter(|(_, initialised)| *initialised).count();
        rule!(initialised == target as usize, "only {initialised} of {target} are initialised");
        self.allocation_mut(name, of)?.status = AllocationStatus::Ready;
        Ok(())
    }

    fn allocation_failed(
        &mut self,
        name: &FunctionName,
        of: Version,
        target: u32,
        status: AllocationStatus,
    ) -> Verdict {
        let attempts = self.quotas.provisioned_init_attempts;
        let allocation = self.allocation_mut(name, of)?;
        let before = std::mem::replace(&mut allocation.status, status);
        rule!(matches!(before, AllocationStatus::InProgress | AllocationStatus::Ready), "it was {before:?}");
        rule!(allocation.target == target, "{} were asked for", allocation.target);
        rule!(allocation.failures >= attempts, "it failed only {} times of {attempts}", allocation.failures);
        let serial = allocation.serial;
        self.release_allocation(name, of, serial)
    }

    fn allocation_gone(&mut self, name: &FunctionName, of: Version, status: AllocationStatus) -> Verdict {
        let allocation = self.function_mut(name)?.allocations.remove(&of);
        let allocation = allocation.ok_or_else(|| format!("version {of} has no provisioned concurrency"))?;
        rule!(allocation.status == status, "it was {:?}", allocation.status);
        self.release_allocation(name, of, allocation.serial)
    }

    /// What runs in an allocation that goes counts on demand from here on; all
    /// else is stopped.
    fn release_allocation(&mut self, name: &FunctionName, of: Version, serial: u64) -> Verdict {
        for (id, book) in &mut self.environments {
            if book.allocation == Some(serial) {
                rule!(book.state.request().is_some(), "{id:?} is left of it, and is {:?}", book.state);
                book.allocation = None;
            }
        }
        for running in self.running.values_mut() {
            running.allocation = running.allocation.filter(|own| *own != serial);
        }
        self.owed.releases.remove(&(name.clone(), of));
        Ok(())
    }

    pub(super) fn allocation(&self, name: &FunctionName, of: Version) -> Result<&AllocationBook, String> {
        let allocation = self.function(name)?.allocations.get(&of);
        allocation.ok_or_else(|| format!("version {of} of {name} has no provisioned concurrency"))
    }

    pub(super) fn allocation_mut(
        &mut self,
        name: &FunctionName,
        of: Version,
    ) -> Result<&mut AllocationBook, String> {
        let allocation = self.function_mut(name)?.allocations.get_mut(&of);
        allocation.ok_or_else(|| format!("version {of} of {name} has no provisioned concurrency"))
    }

    /// The environments of an allocation, and whether each was initialised.
    fn alive_of(&self, serial: u64) -> impl Iterator<Item = (EnvironmentId, bool)> {
        let own = self.environments.iter().filter(move |(_, book)| book.allocation == Some(serial));
        own.map(|(&id, book)| (id, book.initialised))
    }

    /// One more environment starts: not before the preparation is over, not
    /// faster than AWS's pace, never more than were asked for.
    pub(super) fn provisioned_started(
        &mut self,
        at: Timestamp,
        name: &FunctionName,
        of: Version,
    ) -> Result<u64, String> {
        let (preparation, _) = self.quotas.provisioned_preparation;
        let interval = interval(self.quotas.provisioned_rate);
        let serial = self.allocation(name, of)?.serial;
        let alive = self.alive_of(serial).count();
        let allocation = self.allocation_mut(name, of)?;
        let going = matches!(allocation.status, AllocationStatus::InProgress | AllocationStatus::Ready);
        rule!(going, "an environment started while {:?}", allocation.status);
        rule!(alive < allocation.target as usize, "{alive} of {} are there", allocation.target);
        let first = *allocation.first_start.get_or_insert(at);
        rule!(first >= allocation.begun + preparation, "it started {:?} too early", allocation.begun);
        allocation.last_start = at;
        allocation.starts += 1;
        let paced = allocation.starts.saturating_sub(allocation.replacements);
        let spent = interval.saturating_mul(paced.saturating_sub(1));
        // Each step may lose a part of a microsecond.
        let spent = spent.saturating_sub(Duration::from_micros(paced.into()));
        rule!(at.since(first) >= spent, "{paced} provisioned environments started in {:?}", at.since(first));
        Ok(serial)
    }

    /// One of an allocation's environments went: another may take its place.
    pub(super) fn provisioned_lost(&mut self, name: &FunctionName, of: Version, serial: u64, failed: bool) {
        if let Ok(allocation) = self.allocation_mut(name, of)
            && allocation.serial == serial
        {
            allocation.replacements += 1;
            allocation.failures += u32::from(failed);
        }
    }

    /// The idle provisioned environment that a request gets, if there is one
    /// and its rate allows it.
    pub(super) fn free_provisioned(
        &self,
        at: Timestamp,
        name: &FunctionName,
        of: Version,
        is_rated: bool,
    ) -> Option<EnvironmentId> {
        let allocation = self.allocation(name, of).ok().filter(|allocation| allocation.is_ready())?;
        let serial = Some(allocation.serial);
        let in_use = self.running.values().filter(|running| running.allocation == serial).count();
        let allowed = !is_rated || allocation.rate.allows(at);
        let room = in_use < allocation.target as usize;
        (allowed && room).then(|| self.last_used(|book| book.allocation == serial)).flatten()
    }

    /// Whether all provisioned environments are there that should be, and what
    /// could be ready is.
    pub(super) fn provisioned_is_in_time(&self, now: Timestamp) -> Verdict {
        let (_, longest) = self.quotas.provisioned_preparation;
        let interval = interval(self.quotas.provisioned_rate);
        for (name, book) in &self.functions {
            for (version, allocation) in &book.allocations {
                let alive = self.alive_of(allocation.serial).count();
                let initialised = self.alive_of(allocation.serial).filter(|(_, ready)| *ready).count();
                let target = allocation.target as usize;
                let next_by = (allocation.begun + longest).max(allocation.last_start + interval);
                match allocation.status {
                    AllocationStatus::Ready => {
                        rule!(now <= next_by || alive == target, "{name}:{version} has {alive} of {target}");
                    }
                    AllocationStatus::InProgress => {
                        rule!(now <= next_by || alive == target, "{name}:{version} has {alive} of {target}");
                        rule!(initialised < target, "{name}:{version} should be ready");
                    }
                    AllocationStatus::Failed | AllocationStatus::HostFailed => {
                        rule!(alive == 0, "{name}:{version} failed, and has {alive}");
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether an environment waits that is of that kind: the one used last.
    pub(super) fn last_used(
        &self,
        of: impl Fn(&super::environments::EnvironmentBook) -> bool,
    ) -> Option<EnvironmentId> {
        let idle = self.environments.iter().filter_map(|(&id, book)| {
            let State::Idle { since, .. } = book.state else { return None };
            of(book).then_some((since, id))
        });
        idle.max().map(|(_, id)| id)
    }
}
