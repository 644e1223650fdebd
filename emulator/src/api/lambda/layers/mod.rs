//! Layers: publishing, showing and deleting their versions.

mod name;
mod of_function;
mod permissions;
mod shown;

use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;

use super::body;
use super::code::CodeSource;
use super::error::Error;
use super::page::Page;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};
use crate::engine::{LayerSpec, PublishedLayer};

pub(super) use of_function::{Attached, check_size, resolve};
pub(super) use permissions::{add_permission, get_policy, remove_permission};

use name::{LayerName, version};
use shown::{Layer, Layers, Listed, Version, Versions};

/// Layers, or versions of one, on a page at most (Lambda API, `ListLayers`).
const LONGEST_PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Publication {
    content: Option<CodeSource>,
    description: Option<String>,
    license_info: Option<String>,
    compatible_runtimes: Option<Vec<String>>,
    compatible_architectures: Option<Vec<String>>,
}

pub(super) async fn publish(api: &Api, call: &Call) -> Result<Reply, Error> {
    const OPERATION: &str = "PublishLayerVersion";
    let name = LayerName::from_path(api, call, OPERATION)?;
    let publication: Publication = body::read(call)?;
    let content = publication.content.unwrap_or_default();
    let package = content.unpack(api, OPERATION).await?.ok_or_else(|| {
        Error::InvalidParameter("Please provide a source for layer version content.".to_owned())
    })?;
    let spec = LayerSpec {
        description: publication.description.unwrap_or_default(),
        license_info: publication.license_info,
        runtimes: publication.compatible_runtimes,
        architectures: publication.compatible_architectures,
        package,
    };
    let published =
        api.driver.step(|engine, now| engine.publish_layer_version(now, name.as_str().into(), spec));
    Ok(show(api, call, StatusCode::CREATED, &published))
}

/// GetLayerVersion.
pub(super) fn get(api: &Api, call: &Call) -> Result<Reply, Error> {
    let name = LayerName::from_path(api, call, "GetLayerVersion")?;
    find(api, call, name.as_str(), version(call)?)
}

/// ListLayers; GetLayerVersionByArn has the same path, and says so in its query.
pub(super) fn list(api: &Api, call: &Call) -> Result<Reply, Error> {
    if call.parameter("find").is_some_and(|what| what == "LayerVersion") {
        let arn = call.parameter("Arn").unwrap_or_default();
        let (name, version) = LayerName::from_version_arn(api, &arn, "GetLayerVersion")?;
        return find(api, call, name.as_str(), version);
    }
    let page = Page::of(call, LONGEST_PAGE)?;
    let wanted = Wanted::of(call);
    let (layers, next_marker) = api.driver.step(|engine, _| {
        let matching =
            engine.layers().filter_map(|mut versions| versions.find(|one| wanted.has(one)).cloned());
        page.cut(matching, |layer: &Arc<PublishedLayer>| layer.name.as_str().to_owned())
    });
    let layers = layers.iter().map(|layer| Layer::new(&api.identity, layer)).collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Layers { layers, next_marker }))
}

pub(super) fn list_versions(api: &Api, call: &Call) -> Result<Reply, Error> {
    let name = LayerName::from_path(api, call, "ListLayerVersions")?;
    let page = Page::of(call, LONGEST_PAGE)?;
    let wanted = Wanted::of(call);
    let (versions, next_marker) = api.driver.step(|engine, _| {
        let matching = engine.layer_versions(name.as_str()).filter(|one| wanted.has(one)).cloned();
        // The newest comes first, so later pages have smaller numbers.
        page.cut(matching, |one: &Arc<PublishedLayer>| format!("{:020}", u64::MAX - one.version))
    });
    let layer_versions = versions.iter().map(|one| Listed::new(&api.identity, one)).collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Versions { layer_versions, next_marker }))
}

pub(super) fn delete(api: &Api, call: &Call) -> Result<Reply, Error> {
    let name = LayerName::from_path(api, call, "DeleteLayerVersion")?;
    let version = version(call)?;
    api.driver.step(|engine, now| engine.delete_layer_version(now, name.as_str(), version));
    Ok(empty(StatusCode::NO_CONTENT))
}

fn find(api: &Api, call: &Call, name: &str, version: u64) -> Result<Reply, Error> {
    let found = api.driver.step(|engine, _| engine.layer_version(name, version).cloned());
    let found = found.ok_or(Error::ResourceNotFound)?;
    Ok(show(api, call, StatusCode::OK, &found))
}

fn show(api: &Api, call: &Call, status: StatusCode, layer: &PublishedLayer) -> Reply {
    json(status, content_type::JSON, &Version::new(&api.identity, call.host(), layer))
}

/// What a list is asked to have only.
#[derive(Debug)]
struct Wanted {
    runtime: Option<String>,
    architecture: Option<String>,
}

impl Wanted {
    fn of(call: &Call) -> Self {
        Self {
            runtime: call.parameter("CompatibleRuntime"),
            architecture: call.parameter("CompatibleArchitecture"),
        }
    }

    fn has(&self, layer: &PublishedLayer) -> bool {
        let fits = |wanted: &Option<String>, there: &Option<Vec<String>>| {
            wanted.as_ref().is_none_or(|wanted| there.iter().flatten().any(|one| one == wanted))
        };
        fits(&self.runtime, &layer.spec.runtimes) && fits(&self.architecture, &layer.spec.architectures)
    }
}
