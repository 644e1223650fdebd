//! Layers: packages that functions share.
//!
//! They belong to the account like functions and queues do, so the engine has
//! them: their dates are of its clock, and what resets it forgets them too.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::function::Package;
use super::policy::{Policy, Statement};
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::ids::{LayerName, Uuid};
use crate::engine::time::Timestamp;

/// A layer version as a function has it. It stays with the function even when
/// it is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerVersion {
    /// Its name, with its number.
    pub arn: String,
    /// Size of the zip in bytes.
    pub size: u64,
    /// Size of what was in it, in bytes.
    pub unzipped_size: u64,
    /// The folder it was unpacked into.
    pub root: Arc<Path>,
}

/// What PublishLayerVersion says of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSpec {
    /// Free text.
    pub description: String,
    /// A licence's name, address or text.
    pub license_info: Option<String>,
    /// Runtimes it is meant for; shown and searched, not enforced.
    pub runtimes: Option<Vec<String>>,
    /// Architectures it is meant for; shown and searched, not enforced.
    pub architectures: Option<Vec<String>>,
    /// What it holds.
    pub package: Package,
}

/// A version that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedLayer {
    /// The layer.
    pub name: LayerName,
    /// Its number, from 1.
    pub version: u64,
    /// When that was.
    pub created: Timestamp,
    /// What its publisher said.
    pub spec: LayerSpec,
}

/// All layers of the account, by name.
#[derive(Debug, Default)]
pub(in crate::engine) struct Layers(BTreeMap<LayerName, Layer>);

/// A layer. Without a version it is remembered only for its next number.
#[derive(Debug, Default)]
struct Layer {
    published: u64,
    versions: BTreeMap<u64, Version>,
}

#[derive(Debug)]
struct Version {
    published: Arc<PublishedLayer>,
    policy: Option<Policy>,
}

impl Engine {
    /// PublishLayerVersion. Numbers are never used again.
    pub fn publish_layer_version(
        &mut self,
        now: Timestamp,
        name: LayerName,
        spec: LayerSpec,
    ) -> Arc<PublishedLayer> {
        self.tick(now);
        let layer = self.layers.0.entry(name.clone()).or_default();
        layer.published += 1;
        let version = layer.published;
        let published = Arc::new(PublishedLayer { name, version, created: now, spec });
        layer.versions.insert(version, Version { published: Arc::clone(&published), policy: None });
        published
    }

    /// One version of a layer, if it is there.
    pub fn layer_version(&self, name: &str, version: u64) -> Option<&Arc<PublishedLayer>> {
        let version = self.layers.0.get(name)?.versions.get(&version)?;
        Some(&version.published)
    }

    /// All versions of a layer, the newest first.
    pub fn layer_versions(&self, name: &str) -> impl Iterator<Item = &Arc<PublishedLayer>> {
        self.layers.0.get(name).into_iter().flat_map(Layer::newest_first)
    }

    /// The versions of each layer that has any, the newest first, by name.
    pub fn layers(&self) -> impl Iterator<Item = impl Iterator<Item = &Arc<PublishedLayer>>> {
        self.layers.0.values().filter(|layer| !layer.versions.is_empty()).map(Layer::newest_first)
    }

    /// DeleteLayerVersion; no error when there is none. Functions keep theirs.
    pub fn delete_layer_version(&mut self, now: Timestamp, name: &str, version: u64) {
        self.tick(now);
        if let Some(layer) = self.layers.0.get_mut(name) {
            layer.versions.remove(&version);
        }
    }

    /// The policy on a layer version, if it has one.
    pub fn layer_policy(&self, name: &str, version: u64) -> Result<Option<&Policy>, LambdaError> {
        let found = self.layers.0.get(name).and_then(|layer| layer.versions.get(&version));
        let found = found.ok_or_else(|| LambdaError::LayerVersionNotFound(name.into(), version))?;
        Ok(found.policy.as_ref())
    }

    /// AddLayerVersionPermission: gives the policy's new revision.
    pub fn add_layer_permission(
        &mut self,
        now: Timestamp,
        (name, version): (&str, u64),
        revision: Option<Uuid>,
        statement: Statement,
    ) -> Result<Uuid, LambdaError> {
        self.tick(now);
        let fresh = self.rng.uuid();
        let policy = self.layers.policy_mut(name, version)?;
        Policy::add(policy, statement, (revision, None), fresh).map_err(LambdaError::Policy)?;
        Ok(fresh)
    }

    /// RemoveLayerVersionPermission.
    pub fn remove_layer_permission(
        &mut self,
        now: Timestamp,
        (name, version): (&str, u64),
        revision: Option<Uuid>,
        sid: &str,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        let fresh = self.rng.uuid();
        let policy = self.layers.policy_mut(name, version)?;
        Policy::remove(policy, sid, (revision, None), fresh).map_err(LambdaError::Policy)
    }
}

impl Layers {
    fn policy_mut(&mut self, name: &str, version: u64) -> Result<&mut Option<Policy>, LambdaError> {
        let found = self.0.get_mut(name).and_then(|layer| layer.versions.get_mut(&version));
        let found = found.ok_or_else(|| LambdaError::LayerVersionNotFound(name.into(), version))?;
        Ok(&mut found.policy)
    }
}

impl Layer {
    fn newest_first(&self) -> impl Iterator<Item = &Arc<PublishedLayer>> {
        self.versions.values().rev().map(|version| &version.published)
    }
}
