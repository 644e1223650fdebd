//! Publishing versions, and deleting them.

use std::sync::Arc;

use super::function::{FunctionSpec, FunctionVersion};
use super::qualifier::{Qualifier, Version};
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::fact::{StopReason, What};
use crate::engine::ids::{AliasName, Uuid};
use crate::engine::time::Timestamp;

/// What PublishVersion asks.
#[derive(Debug, Clone, Default)]
pub struct Publication {
    /// Instead of `$LATEST`'s.
    pub description: Option<String>,
    /// Only if `$LATEST` has this revision.
    pub revision_id: Option<Uuid>,
    /// Only if `$LATEST` has code of this SHA-256, in base64.
    pub code_sha256: Option<String>,
    /// Whether it is part of the change that is under way; else it is refused
    /// until that is over.
    pub with_change: bool,
}

impl Engine {
    /// PublishVersion. Where code and settings are those of the version
    /// published last, that one is the answer.
    pub fn publish_version(
        &mut self,
        now: Timestamp,
        name: &str,
        publication: Publication,
    ) -> Result<Arc<FunctionVersion>, LambdaError> {
        self.tick(now);
        let function = self.function_mut(name)?;
        if !publication.with_change {
            function.check_settled()?;
        }
        let latest = Arc::clone(function.newest());
        if publication.revision_id.is_some_and(|given| given != latest.revision_id) {
            return Err(LambdaError::RevisionMismatch);
        }
        check_code(&latest.spec, publication.code_sha256)?;
        let last = function.published.last_key_value().map(|(_, version)| version);
        if let Some(last) = last.filter(|last| same_but_description(&last.spec, &latest.spec)) {
            return Ok(Arc::clone(last));
        }
        function.versions_made += 1;
        let number = function.versions_made;
        let mut spec = latest.spec.clone();
        spec.description = publication.description.unwrap_or(spec.description);
        let version = self.new_version(now, latest.name.clone(), Version::Published(number), spec);
        self.function_mut(name)?.published.insert(number, Arc::clone(&version));
        Ok(version)
    }

    /// A function's `$LATEST`, then its versions by number.
    pub fn versions(&self, name: &str) -> Result<impl Iterator<Item = &Arc<FunctionVersion>>, LambdaError> {
        let function = self.find_function(name)?;
        Ok(std::iter::once(&function.latest).chain(function.published.values()))
    }

    /// DeleteFunction of one version; no error when there is none.
    pub fn delete_version(&mut self, now: Timestamp, name: &str, number: u64) -> Result<(), LambdaError> {
        self.tick(now);
        let version = Version::Published(number);
        let function = self.function_mut(name)?;
        let points_here = |alias: &&super::alias::Alias| {
            alias.target.version == version
                || alias.target.additional.is_some_and(|(other, _)| other == version)
        };
        let aliases: Vec<AliasName> =
            function.aliases.values().filter(points_here).map(|alias| alias.name.clone()).collect();
        if !aliases.is_empty() {
            return Err(LambdaError::VersionReferenced(aliases));
        }
        if function.published.remove(&number).is_none() {
            return Ok(());
        }
        let qualifier = Qualifier::Version(number);
        function.event_configs.remove(&qualifier);
        function.attachments.policies.remove(&qualifier);
        function.attachments.runtime_management.remove(&version);
        let name = function.name().clone();
        self.remove_provisioned(now, &name, &qualifier);
        self.stop_idle(now, &name, version, StopReason::Outdated);
        self.record(now, What::VersionDeleted { function: name, version });
        Ok(())
    }
}

fn check_code(spec: &FunctionSpec, given: Option<String>) -> Result<(), LambdaError> {
    let Some(given) = given else { return Ok(()) };
    let current = spec.code.sha256();
    if given == current {
        return Ok(());
    }
    Err(LambdaError::CodeMismatch { given, current: current.to_owned() })
}

/// A new description alone is no change that would make a new version.
fn same_but_description(published: &FunctionSpec, latest: &FunctionSpec) -> bool {
    let mut comparable = published.clone();
    comparable.description.clone_from(&latest.description);
    comparable == *latest
}
