//! What a REST API is made of, under API Gateway's names.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::gateway::manage::Described;
use crate::engine::Timestamp;

pub(super) type Texts = BTreeMap<String, String>;

/// One REST API.
#[derive(Debug)]
pub(super) struct RestApi {
    pub(super) id: String,
    pub(super) settings: Settings,
    pub(super) created: Timestamp,
    pub(super) root: String,
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) deployments: BTreeMap<String, Deployment>,
    pub(super) stages: BTreeMap<String, Stage>,
}

/// What CreateRestApi sets and UpdateRestApi changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) version: Option<String>,
    pub(super) binary_media_types: Option<Vec<String>>,
    pub(super) minimum_compression_size: Option<i64>,
    pub(super) api_key_source: String,
    pub(super) endpoint_configuration: EndpointConfiguration,
    pub(super) policy: Option<String>,
    pub(super) tags: Option<Texts>,
    pub(super) disable_execute_api_endpoint: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EndpointConfiguration {
    pub(super) types: Vec<String>,
    pub(super) ip_address_type: String,
}

/// A part of a path, and what may be done there.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) id: String,
    /// The root has neither parent nor part.
    pub(super) parent: Option<String>,
    pub(super) part: Option<String>,
    pub(super) path: String,
    pub(super) methods: BTreeMap<String, Method>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Method {
    pub(super) http_method: String,
    pub(super) authorization_type: String,
    pub(super) authorization_scopes: Option<Vec<String>>,
    pub(super) api_key_required: bool,
    pub(super) operation_name: Option<String>,
    pub(super) request_parameters: Option<BTreeMap<String, bool>>,
    pub(super) request_models: Option<Texts>,
    pub(super) method_responses: Option<BTreeMap<String, MethodResponse>>,
    pub(super) method_integration: Option<Integration>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MethodResponse {
    pub(super) status_code: String,
    pub(super) response_parameters: Option<BTreeMap<String, bool>>,
    pub(super) response_models: Option<Texts>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Integration {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) http_method: Option<String>,
    pub(super) uri: Option<String>,
    pub(super) connection_type: Option<String>,
    pub(super) credentials: Option<String>,
    pub(super) request_parameters: Option<Texts>,
    pub(super) request_templates: Option<Texts>,
    pub(super) passthrough_behavior: String,
    pub(super) content_handling: Option<String>,
    pub(super) timeout_in_millis: i64,
    pub(super) cache_namespace: Option<String>,
    pub(super) cache_key_parameters: Vec<String>,
    pub(super) integration_responses: Option<BTreeMap<String, IntegrationResponse>>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct IntegrationResponse {
    pub(super) status_code: String,
    pub(super) selection_pattern: Option<String>,
    pub(super) response_parameters: Option<Texts>,
    pub(super) response_templates: Option<Texts>,
    pub(super) content_handling: Option<String>,
}

/// A picture of an API at one moment.
#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) described: Described,
    pub(super) created: Timestamp,
    pub(super) picture: Arc<Picture>,
}

/// What a deployment keeps: later changes don't reach it.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) resources: Vec<Resource>,
    pub(super) binary_media_types: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) settings: StageSettings,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StageSettings {
    pub(super) stage_name: String,
    pub(super) deployment_id: String,
    pub(super) description: Option<String>,
    pub(super) variables: Option<Texts>,
    pub(super) tracing_enabled: bool,
    pub(super) tags: Option<Texts>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: None,
            version: None,
            binary_media_types: None,
            minimum_compression_size: None,
            api_key_source: "HEADER".to_owned(),
            endpoint_configuration: EndpointConfiguration::default(),
            policy: None,
            tags: None,
            disable_execute_api_endpoint: false,
        }
    }
}

impl Default for EndpointConfiguration {
    fn default() -> Self {
        Self { types: vec!["EDGE".to_owned()], ip_address_type: "ipv4".to_owned() }
    }
}

impl Default for Integration {
    fn default() -> Self {
        Self {
            kind: String::new(),
            http_method: None,
            uri: None,
            connection_type: None,
            credentials: None,
            request_parameters: None,
            request_templates: None,
            passthrough_behavior: "WHEN_NO_MATCH".to_owned(),
            content_handling: None,
            timeout_in_millis: 29_000,
            cache_namespace: None,
            cache_key_parameters: Vec::new(),
            integration_responses: None,
        }
    }
}

impl Resource {
    /// The resource as it is shown; its methods whole only where asked for.
    pub(super) fn shown(&self, whole: bool) -> Value {
        let methods = |(verb, method): (&String, &Method)| {
            (verb.clone(), if whole { json!(method) } else { json!({}) })
        };
        let methods: serde_json::Map<_, _> = self.methods.iter().map(methods).collect();
        let methods = if methods.is_empty() { Value::Null } else { Value::Object(methods) };
        json!({
            "id": self.id, "parentId": self.parent, "pathPart": self.part, "path": self.path, "resourceMethods": methods,
        })
    }
}
