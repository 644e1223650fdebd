//! Provisioned concurrency: environments that are initialised before anybody
//! asks (Developer Guide, "Configuring provisioned concurrency").
//!
//! A *configuration* is what a user sets on a version or an alias. An
//! *allocation* is what a version has of it: a weighted alias splits its
//! configuration between two. No environment of an allocation is used before
//! all of them are ready.

use std::collections::BTreeMap;

use super::alias::{Alias, AliasTarget};
use super::allocation::{Allocation, AllocationStatus};
use super::function::Function;
use super::qualifier::{Qualifier, Version};
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::ids::{AliasName, FunctionName};
use crate::engine::time::Timestamp;

/// What a user set on a version or an alias.
#[derive(Debug, Clone)]
pub(crate) struct ProvisionedConfig {
    requested: u32,
    /// What was allocated before it was allocated anew, which AWS goes on showing.
    before: u32,
    last_modified: Timestamp,
}

/// A configuration as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedView {
    /// What it is set on.
    pub qualifier: Qualifier,
    /// How much is asked for.
    pub requested: u32,
    /// How much of it is prepared.
    pub allocated: u32,
    /// How much of it requests can use.
    pub available: u32,
    /// How far it is.
    pub status: AllocationStatus,
    /// When it was set.
    pub last_modified: Timestamp,
}

impl Engine {
    /// PutProvisionedConcurrencyConfig. Setting what is set already changes
    /// nothing; anything else is allocated anew.
    pub fn put_provisioned(
        &mut self,
        now: Timestamp,
        name: &str,
        qualifier: &Qualifier,
        requested: u32,
    ) -> Result<ProvisionedView, LambdaError> {
        self.tick(now);
        let function = self.find_function(name)?;
        let name = function.name().clone();
        let target = function.provisionable(qualifier).ok_or_else(|| match qualifier {
            Qualifier::Alias(alias) => LambdaError::AliasNotFound(name.clone(), alias.clone()),
            Qualifier::Latest | Qualifier::Version(_) => {
                LambdaError::FunctionNotFound(name.clone(), qualifier.clone())
            }
        })?;
        function.check_provisionable(qualifier, target)?;
        self.check_room(&name, qualifier, requested)?;
        let function = self.function_mut(name.as_str())?;
        let known = function.provisioned.get(qualifier);
        if known.is_none_or(|known| known.requested != requested)
            || function.allocations(qualifier).any(Allocation::has_failed)
        {
            let config = ProvisionedConfig { requested, before: 0, last_modified: now };
            function.provisioned.insert(qualifier.clone(), config);
            self.allocate(now, &name, qualifier);
        }
        self.provisioned(name.as_str(), qualifier)
    }

    /// GetProvisionedConcurrencyConfig.
    pub fn provisioned(&self, name: &str, qualifier: &Qualifier) -> Result<ProvisionedView, LambdaError> {
        let function = self.find_function(name)?;
        if *qualifier == Qualifier::Latest {
            return Err(LambdaError::NotProvisionable);
        }
        function.view(qualifier).ok_or(LambdaError::ProvisionedNotFound)
    }

    /// ListProvisionedConcurrencyConfigs, by qualifier.
    pub fn provisioned_configs(&self, name: &str) -> Result<Vec<ProvisionedView>, LambdaError> {
        let function = self.find_function(name)?;
        Ok(function.provisioned.keys().filter_map(|qualifier| function.view(qualifier)).collect())
    }

    /// DeleteProvisionedConcurrencyConfig; no error when there is none.
    pub fn delete_provisioned(
        &mut self,
        now: Timestamp,
        name: &str,
        qualifier: &Qualifier,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        let name = self.find_function(name)?.name().clone();
        if *qualifier == Qualifier::Latest {
            return Err(LambdaError::NotProvisionable);
        }
        self.remove_provisioned(now, &name, qualifier);
        Ok(())
    }

    pub(super) fn remove_provisioned(&mut self, now: Timestamp, name: &FunctionName, owner: &Qualifier) {
        let Some(function) = self.functions.get_mut(name) else { return };
        if function.provisioned.remove(owner).is_some() {
            self.release(now, name, owner);
        }
    }

    /// Whether an alias that carries provisioned concurrency may point there.
    pub(super) fn check_alias_move(&self, name: &FunctionName, moved: &Alias) -> Result<(), LambdaError> {
        let owner = Qualifier::Alias(moved.name.clone());
        let function = self.find_function(name.as_str())?;
        if !function.provisioned.contains_key(&owner) {
            return Ok(());
        }
        function.check_provisionable(&owner, moved.target)
    }

    /// Allocates anew what an alias carries, for where it points now.
    pub(super) fn follow_alias(&mut self, now: Timestamp, name: &FunctionName, alias: &AliasName) {
        let owner = Qualifier::Alias(alias.clone());
        let Some(function) = self.functions.get_mut(name) else { return };
        let wanted = function.shares(&owner);
        if function.provisioned.contains_key(&owner) && wanted != function.allocated_shares(&owner) {
            let before = function.view(&owner).map_or(0, |view| view.allocated);
            if let Some(config) = function.provisioned.get_mut(&owner) {
                config.before = before;
            }
            self.allocate(now, name, &owner);
        }
    }

    /// Whether there is room for that much: within the function's reservation,
    /// or within what is unreserved.
    fn check_room(
        &self,
        name: &FunctionName,
        qualifier: &Qualifier,
        requested: u32,
    ) -> Result<(), LambdaError> {
        let function = self.find_function(name.as_str())?;
        let others = function.provisioned.iter().filter(|(other, _)| *other != qualifier);
        let others: u64 = others.map(|(_, config)| u64::from(config.requested)).sum();
        if let Some(reserved) = function.reserved_limit() {
            let fits = others + u64::from(requested) <= u64::from(reserved);
            return fits.then_some(()).ok_or(LambdaError::ProvisionedAboveReserved);
        }
        let claimed = self.claimed_by_others(name) + others;
        let unreserved = u64::from(self.quotas.account_concurrency).saturating_sub(claimed);
        let unreserved = u32::try_from(unreserved).unwrap_or(u32::MAX);
        let minimum = self.quotas.unreserved_minimum;
        match unreserved.checked_sub(requested) {
            None => Err(LambdaError::ProvisionedAboveUnreserved { unreserved }),
            Some(left) if left < minimum => Err(LambdaError::ProvisionedBelowMinimum { minimum }),
            Some(_) => Ok(()),
        }
    }
}

impl Function {
    /// All that is configured, ready or not.
    pub(super) fn provisioned_total(&self) -> u32 {
        self.provisioned.values().map(|config| config.requested).fold(0, u32::saturating_add)
    }

    /// All that can be used.
    pub(super) fn provisioned_ready(&self) -> u32 {
        let allocations = self.fleets.values().filter_map(|fleet| fleet.allocation.as_ref());
        allocations.map(|allocation| allocation.pool.limit()).fold(0, u32::saturating_add)
    }

    /// Where a qualifier points; `None` when it is not there.
    fn provisionable(&self, qualifier: &Qualifier) -> Option<AliasTarget> {
        match qualifier {
            Qualifier::Latest => Some(AliasTarget { version: Version::Latest, additional: None }),
            Qualifier::Version(number) => {
                let version = Version::Published(*number);
                self.version(version).map(|_| AliasTarget { version, additional: None })
            }
            Qualifier::Alias(name) => self.aliases.get(name).map(|alias| alias.target),
        }
    }

    fn check_provisionable(&self, qualifier: &Qualifier, target: AliasTarget) -> Result<(), LambdaError> {
        for version in target.versions() {
            if version == Version::Latest {
                return Err(LambdaError::ProvisionedUnpublished);
            }
            let allocation = self.fleets.get(&version).and_then(|fleet| fleet.allocation.as_ref());
            if allocation.is_some_and(|allocation| allocation.owner != *qualifier) {
                return Err(match qualifier {
                    Qualifier::Alias(_) => LambdaError::AliasOfProvisionedVersion,
                    Qualifier::Latest | Qualifier::Version(_) => LambdaError::VersionOfProvisionedAlias,
                });
            }
        }
        Ok(())
    }

    /// What each version should have of a configuration: a weighted alias
    /// splits it by its weights.
    pub(super) fn shares(&self, owner: &Qualifier) -> BTreeMap<Version, u32> {
        let (Some(config), Some(target)) = (self.provisioned.get(owner), self.provisionable(owner)) else {
            return BTreeMap::new();
        };
        let (other, share) = match target.additional {
            Some((other, weight)) => (Some(other), part_of(config.requested, weight)),
            None => (None, 0),
        };
        let main = (target.version, config.requested - share);
        let split = [Some(main), other.map(|other| (other, share))];
        split.into_iter().flatten().filter(|(_, share)| *share > 0).collect()
    }

    pub(super) fn allocated_shares(&self, owner: &Qualifier) -> BTreeMap<Version, u32> {
        let fleets = self.fleets.iter();
        let allocations = fleets.filter_map(|(version, fleet)| Some((*version, fleet.allocation.as_ref()?)));
        let own = allocations.filter(|(_, allocation)| allocation.owner == *owner);
        own.map(|(version, allocation)| (version, allocation.target)).collect()
    }

    fn allocations<'a>(&'a self, owner: &'a Qualifier) -> impl Iterator<Item = &'a Allocation> {
        let allocations = self.fleets.values().filter_map(|fleet| fleet.allocation.as_ref());
        allocations.filter(move |allocation| allocation.owner == *owner)
    }

    fn status(&self, owner: &Qualifier) -> AllocationStatus {
        let worst = self.allocations(owner).map(|allocation| allocation.status).max();
        worst.unwrap_or(AllocationStatus::Ready)
    }

    fn view(&self, owner: &Qualifier) -> Option<ProvisionedView> {
        let config = self.provisioned.get(owner)?;
        let status = self.status(owner);
        let initialised: u32 = self.allocations(owner).map(|allocation| allocation.initialised).sum();
        let allocated = match status {
            AllocationStatus::Ready => config.requested,
            AllocationStatus::InProgress => initialised.max(config.before),
            AllocationStatus::Failed | AllocationStatus::HostFailed => 0,
        };
        Some(ProvisionedView {
            qualifier: owner.clone(),
            requested: config.requested,
            allocated,
            available: if status == AllocationStatus::Ready { config.requested } else { 0 },
            status,
            last_modified: config.last_modified,
        })
    }
}

impl AliasTarget {
    fn versions(self) -> impl Iterator<Item = Version> {
        [Some(self.version), self.additional.map(|(other, _)| other)].into_iter().flatten()
    }
}

/// That share of a number, rounded.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32 fits one")]
fn part_of(whole: u32, share: f64) -> u32 {
    (f64::from(whole) * share.clamp(0.0, 1.0)).round() as u32
}
