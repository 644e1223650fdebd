//! Layers as AWS shows them.

use serde::Serialize;

use crate::config::Identity;
use crate::engine::PublishedLayer;
use crate::observe::date_time;

/// `GetLayerVersionResponse`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Version<'a> {
    content: Content<'a>,
    layer_arn: String,
    #[serde(flatten)]
    listed: Listed<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    location: String,
    code_sha256: &'a str,
    code_size: u64,
}

/// `LayerVersionsListItem`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed<'a> {
    layer_version_arn: String,
    description: &'a str,
    created_date: String,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    compatible_runtimes: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compatible_architectures: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license_info: Option<&'a str>,
}

/// `LayersListItem`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Layer<'a> {
    layer_name: &'a str,
    layer_arn: String,
    latest_matching_version: Listed<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Layers<'a> {
    pub(super) layers: Vec<Layer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_marker: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Versions<'a> {
    pub(super) layer_versions: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_marker: Option<String>,
}

impl<'a> Version<'a> {
    /// `host` is the emulator's name for the client, which may download from it.
    pub(super) fn new(identity: &Identity, host: &str, layer: &'a PublishedLayer) -> Self {
        let PublishedLayer { name, version, spec, .. } = layer;
        Self {
            content: Content {
                location: format!("http://{host}/_emulator/layers/{name}/{version}/content.zip"),
                code_sha256: &spec.package.sha256,
                code_size: spec.package.size,
            },
            layer_arn: identity.layer_arn(name.as_str()),
            listed: Listed::new(identity, layer),
        }
    }
}

impl<'a> Listed<'a> {
    pub(super) fn new(identity: &Identity, layer: &'a PublishedLayer) -> Self {
        let spec = &layer.spec;
        Self {
            layer_version_arn: identity.layer_version_arn(layer.name.as_str(), layer.version),
            description: &spec.description,
            created_date: format!("{}+0000", date_time(layer.created)),
            version: layer.version,
            compatible_runtimes: spec.runtimes.as_deref(),
            compatible_architectures: spec.architectures.as_deref(),
            license_info: spec.license_info.as_deref(),
        }
    }
}

impl<'a> Layer<'a> {
    pub(super) fn new(identity: &Identity, layer: &'a PublishedLayer) -> Self {
        Self {
            layer_name: layer.name.as_str(),
            layer_arn: identity.layer_arn(layer.name.as_str()),
            latest_matching_version: Listed::new(identity, layer),
        }
    }
}
