//! What hangs on a function beside its versions: policies, tags and settings
//! that change neither its revision nor its environments. It goes with the
//! function.

use std::collections::BTreeMap;

use super::function::Function;
use super::policy::{Policy, Statement};
use super::qualifier::{Qualifier, Version};
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::ids::Uuid;
use crate::engine::tags::Tags;
use crate::engine::time::Timestamp;

/// Everything that hangs on one function.
#[derive(Debug, Default)]
pub(crate) struct Attachments {
    /// Each version and each alias has its own.
    pub(crate) policies: BTreeMap<Qualifier, Policy>,
    pub(crate) runtime_management: BTreeMap<Version, RuntimeManagement>,
    pub(crate) recursive_loop: RecursiveLoop,
    tags: Tags,
}

/// What happens to a chain of invocations that comes back to the function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecursiveLoop {
    /// It goes on.
    Allow,
    /// It is stopped.
    #[default]
    Terminate,
}

impl RecursiveLoop {
    /// AWS's string.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Terminate => "Terminate",
        }
    }
}

/// When a version's runtime is updated; kept, nothing is ever updated here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RuntimeManagement {
    /// Whenever AWS likes.
    #[default]
    Auto,
    /// When the function itself is updated.
    FunctionUpdate,
    /// Never: the version keeps one runtime.
    Manual {
        /// Which.
        runtime_version_arn: String,
    },
}

impl Engine {
    /// The policy on a function's version or alias, if it has one.
    pub fn policy(&self, name: &str, qualifier: &Qualifier) -> Result<Option<&Policy>, LambdaError> {
        Ok(self.attachments(name)?.policies.get(qualifier))
    }

    /// AddPermission. `revision` is the policy's, or that of what it is about.
    pub fn add_permission(
        &mut self,
        now: Timestamp,
        name: &str,
        qualifier: &Qualifier,
        revision: Option<Uuid>,
        statement: Statement,
    ) -> Result<(), LambdaError> {
        self.change_policy(now, name, qualifier, |policy, resource, fresh| {
            Policy::add(policy, statement, (revision, resource), fresh).map_err(LambdaError::Policy)
        })
    }

    /// RemovePermission.
    pub fn remove_permission(
        &mut self,
        now: Timestamp,
        name: &str,
        qualifier: &Qualifier,
        revision: Option<Uuid>,
        sid: &str,
    ) -> Result<(), LambdaError> {
        self.change_policy(now, name, qualifier, |policy, resource, fresh| {
            Policy::remove(policy, sid, (revision, resource), fresh).map_err(LambdaError::Policy)
        })
    }

    /// A function's tags.
    pub fn tags(&self, name: &str) -> Result<&Tags, LambdaError> {
        Ok(&self.attachments(name)?.tags)
    }

    /// TagResource on a function.
    pub fn tag_function(
        &mut self,
        now: Timestamp,
        name: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        self.function_mut(name)?.attachments.tags.add(tags).map_err(|_| LambdaError::TooManyTags)
    }

    /// UntagResource on a function.
    pub fn untag_function(&mut self, now: Timestamp, name: &str, keys: &[String]) -> Result<(), LambdaError> {
        self.tick(now);
        self.function_mut(name)?.attachments.tags.remove(keys);
        Ok(())
    }

    /// GetFunctionRecursionConfig.
    pub fn recursive_loop(&self, name: &str) -> Result<RecursiveLoop, LambdaError> {
        Ok(self.attachments(name)?.recursive_loop)
    }

    /// PutFunctionRecursionConfig.
    pub fn put_recursive_loop(
        &mut self,
        now: Timestamp,
        name: &str,
        setting: RecursiveLoop,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        self.function_mut(name)?.attachments.recursive_loop = setting;
        Ok(())
    }

    /// GetRuntimeManagementConfig of a version that is there.
    pub fn runtime_management(&self, name: &str, version: Version) -> Result<RuntimeManagement, LambdaError> {
        Ok(self.attachments(name)?.runtime_management.get(&version).cloned().unwrap_or_default())
    }

    /// PutRuntimeManagementConfig of a version that is there.
    pub fn put_runtime_management(
        &mut self,
        now: Timestamp,
        name: &str,
        version: Version,
        setting: RuntimeManagement,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        self.function_mut(name)?.attachments.runtime_management.insert(version, setting);
        Ok(())
    }

    fn attachments(&self, name: &str) -> Result<&Attachments, LambdaError> {
        let function = self.functions.get(name);
        let missing = || LambdaError::FunctionNotFound(name.into(), Qualifier::Latest);
        function.map(|function| &function.attachments).ok_or_else(missing)
    }

    fn change_policy(
        &mut self,
        now: Timestamp,
        name: &str,
        qualifier: &Qualifier,
        change: impl FnOnce(&mut Option<Policy>, Option<Uuid>, Uuid) -> Result<(), LambdaError>,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        self.function(name)?;
        match qualifier {
            Qualifier::Latest | Qualifier::Version(_) => self.qualified(name, qualifier).map(|_| ())?,
            Qualifier::Alias(alias) => self.alias(name, alias).map(|_| ())?,
        }
        let fresh = self.rng.uuid();
        let function = self.function_mut(name)?;
        let resource = revision_id(function, qualifier);
        let mut policy = function.attachments.policies.remove(qualifier);
        let changed = change(&mut policy, resource, fresh);
        if let Some(policy) = policy {
            function.attachments.policies.insert(qualifier.clone(), policy);
        }
        changed
    }
}

/// The revision of what a policy is about.
fn revision_id(function: &Function, qualifier: &Qualifier) -> Option<Uuid> {
    match qualifier {
        Qualifier::Latest => Some(function.latest.revision_id),
        Qualifier::Version(number) => function.published.get(number).map(|version| version.revision_id),
        Qualifier::Alias(name) => function.aliases.get(name).map(|alias| alias.revision_id),
    }
}
