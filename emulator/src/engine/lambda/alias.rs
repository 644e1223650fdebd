//! Aliases: names that point to versions, and weighted routing between two.

use std::sync::Arc;

use super::function::{Function, FunctionVersion};
use super::qualifier::{Qualifier, Version};
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::fact::What;
use crate::engine::ids::{AliasName, FunctionName, Uuid};
use crate::engine::rng::Rng;
use crate::engine::time::Timestamp;

/// A name for a version of a function (Lambda API, `AliasConfiguration`).
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// Its name.
    pub name: AliasName,
    /// Where it points, and how.
    pub target: AliasTarget,
    /// Free text.
    pub description: String,
    /// Changes with every update.
    pub revision_id: Uuid,
}

/// Where an alias points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AliasTarget {
    /// The version that gets all requests, or all but the other's share.
    pub version: Version,
    /// Another version and its share of the requests, 0.0 to 1.0.
    pub additional: Option<(Version, f64)>,
}

/// What UpdateAlias changes.
#[derive(Debug, Clone, Default)]
pub struct AliasUpdate {
    /// The version it points to.
    pub version: Option<Version>,
    /// The other version and its share; `Some(None)` takes it away.
    pub additional: Option<Option<(Version, f64)>>,
    /// Free text.
    pub description: Option<String>,
    /// Only if this is its revision.
    pub revision_id: Option<Uuid>,
}

impl Engine {
    /// CreateAlias.
    pub fn create_alias(
        &mut self,
        now: Timestamp,
        function: &str,
        name: AliasName,
        target: AliasTarget,
        description: String,
    ) -> Result<Alias, LambdaError> {
        self.tick(now);
        let revision_id = self.rng.uuid();
        let owner = self.function_mut(function)?;
        check_target(owner, target)?;
        if owner.aliases.contains_key(&name) {
            return Err(LambdaError::AliasExists(owner.name().clone(), name));
        }
        let alias = Alias { name, target, description, revision_id };
        let owner = owner.name().clone();
        self.put_alias(now, &owner, alias.clone());
        Ok(alias)
    }

    /// UpdateAlias. Provisioned concurrency that it carries is allocated anew
    /// for the version that it points to now.
    pub fn update_alias(
        &mut self,
        now: Timestamp,
        function: &str,
        name: &AliasName,
        update: AliasUpdate,
    ) -> Result<Alias, LambdaError> {
        self.tick(now);
        let fresh = self.rng.uuid();
        let owner = self.function_mut(function)?;
        let Some(alias) = owner.aliases.get(name) else {
            return Err(LambdaError::AliasToUpdateNotFound(owner.name().clone(), name.clone()));
        };
        if update.revision_id.is_some_and(|given| given != alias.revision_id) {
            return Err(LambdaError::RevisionMismatch);
        }
        let mut alias = alias.clone();
        alias.target.version = update.version.unwrap_or(alias.target.version);
        alias.target.additional = update.additional.unwrap_or(alias.target.additional);
        alias.description = update.description.unwrap_or(alias.description);
        alias.revision_id = fresh;
        check_target(owner, alias.target)?;
        let owner = owner.name().clone();
        self.check_alias_move(&owner, &alias)?;
        self.put_alias(now, &owner, alias.clone());
        self.follow_alias(now, &owner, name);
        Ok(alias)
    }

    fn put_alias(&mut self, now: Timestamp, function: &FunctionName, alias: Alias) {
        let Some(owner) = self.functions.get_mut(function) else { return };
        let AliasTarget { version, additional } = alias.target;
        let name = alias.name.clone();
        owner.aliases.insert(name.clone(), alias);
        self.record(now, What::AliasChanged { function: function.clone(), alias: name, version, additional });
    }

    /// DeleteAlias, with what is configured on it; no error when there is none.
    pub fn delete_alias(
        &mut self,
        now: Timestamp,
        function: &str,
        name: &AliasName,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        let owner = self.function_mut(function)?;
        if owner.aliases.remove(name).is_none() {
            return Ok(());
        }
        let qualifier = Qualifier::Alias(name.clone());
        owner.event_configs.remove(&qualifier);
        owner.attachments.policies.remove(&qualifier);
        let owner = owner.name().clone();
        self.remove_provisioned(now, &owner, &qualifier);
        self.record(now, What::AliasDeleted { function: owner, alias: name.clone() });
        Ok(())
    }

    /// GetAlias.
    pub fn alias(&self, function: &str, name: &AliasName) -> Result<&Alias, LambdaError> {
        let owner = self.find_function(function)?;
        let alias = owner.aliases.get(name);
        alias.ok_or_else(|| LambdaError::AliasNotFound(owner.name().clone(), name.clone()))
    }

    /// All aliases of a function, by name.
    pub fn aliases(&self, function: &str) -> Result<impl Iterator<Item = &Alias>, LambdaError> {
        Ok(self.find_function(function)?.aliases.values())
    }

    /// The version that a qualifier means; of a weighted alias, its main one.
    pub fn qualified(
        &self,
        function: &str,
        qualifier: &Qualifier,
    ) -> Result<&Arc<FunctionVersion>, LambdaError> {
        let not_found = || LambdaError::FunctionNotFound(function.into(), qualifier.clone());
        let owner = self.functions.get(function).ok_or_else(not_found)?;
        owner.main_version(qualifier).and_then(|version| owner.version(version)).ok_or_else(not_found)
    }
}

impl Function {
    /// The version that one request goes to: a weighted alias draws for each
    /// ("Lambda uses a simple probabilistic model"), once. A request that has
    /// waited keeps what it `drew`, as long as the alias points there.
    pub(super) fn route(
        &self,
        qualifier: &Qualifier,
        drew: Option<Version>,
        rng: &mut Rng,
    ) -> Option<Version> {
        let version = match qualifier {
            Qualifier::Latest => Version::Latest,
            Qualifier::Version(number) => Version::Published(*number),
            Qualifier::Alias(name) => {
                let AliasTarget { version, additional } = self.aliases.get(name)?.target;
                match (drew, additional) {
                    (Some(drawn), Some((other, _))) if drawn == version || drawn == other => drawn,
                    (_, Some((other, weight))) if rng.unit() < weight => other,
                    (_, Some(_) | None) => version,
                }
            }
        };
        self.version(version).map(|_| version)
    }

    pub(super) fn main_version(&self, qualifier: &Qualifier) -> Option<Version> {
        match qualifier {
            Qualifier::Latest => Some(Version::Latest),
            Qualifier::Version(number) => Some(Version::Published(*number)),
            Qualifier::Alias(name) => self.aliases.get(name).map(|alias| alias.target.version),
        }
    }
}

fn check_target(function: &Function, target: AliasTarget) -> Result<(), LambdaError> {
    let exists = |version: Version| {
        let missing = || LambdaError::FunctionNotFound(function.name().clone(), version.into());
        function.version(version).map(|_| ()).ok_or_else(missing)
    };
    exists(target.version)?;
    let Some((other, _)) = target.additional else { return Ok(()) };
    match (target.version, other) {
        (Version::Latest, _) | (_, Version::Latest) => Err(LambdaError::WeightedLatest),
        (Version::Published(one), Version::Published(two)) if one == two => {
            Err(LambdaError::VersionRoutedTwice(one))
        }
        (Version::Published(_), Version::Published(_)) => exists(other),
    }
}
