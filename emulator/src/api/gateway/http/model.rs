//! What an HTTP API is made of, under API Gateway's names.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Described, Management};
use crate::api::proxy::Cors;
use crate::engine::Timestamp;

pub(super) type Texts = BTreeMap<String, String>;

/// One HTTP API.
#[derive(Debug)]
pub(super) struct HttpApi {
    pub(super) id: String,
    pub(super) settings: Settings,
    pub(super) created: Timestamp,
    pub(super) picture: Arc<Picture>,
    pub(super) stages: BTreeMap<String, Stage>,
    pub(super) deployments: BTreeMap<String, Deployment>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) protocol_type: String,
    pub(super) description: Option<String>,
    pub(super) version: Option<String>,
    pub(super) cors_configuration: Option<Cors>,
    pub(super) disable_execute_api_endpoint: bool,
    pub(super) tags: Option<Texts>,
}

/// Routes and integrations: what a deployment keeps.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    pub(super) routes: BTreeMap<String, Route>,
    pub(super) integrations: BTreeMap<String, Integration>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Route {
    pub(super) route_id: String,
    pub(super) route_key: String,
    pub(super) target: Option<String>,
    pub(super) authorization_type: Option<String>,
    pub(super) api_key_required: bool,
    pub(super) operation_name: Option<String>,
    pub(super) api_gateway_managed: Option<bool>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Integration {
    pub(super) integration_id: String,
    pub(super) integration_type: String,
    pub(super) integration_uri: Option<String>,
    pub(super) integration_method: Option<String>,
    pub(super) payload_format_version: String,
    pub(super) timeout_in_millis: i64,
    pub(super) connection_type: String,
    pub(super) credentials_arn: Option<String>,
    pub(super) description: Option<String>,
    pub(super) api_gateway_managed: Option<bool>,
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
    pub(super) auto_deploy: bool,
    pub(super) deployment_id: Option<String>,
    pub(super) description: Option<String>,
    pub(super) stage_variables: Option<Texts>,
    pub(super) tags: Option<Texts>,
    pub(super) api_gateway_managed: Option<bool>,
}

#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) described: Described,
    pub(super) created: Timestamp,
    pub(super) picture: Arc<Picture>,
}

impl Default for Integration {
    fn default() -> Self {
        Self {
            integration_id: String::new(),
            integration_type: String::new(),
            integration_uri: None,
            integration_method: None,
            payload_format_version: "1.0".to_owned(),
            timeout_in_millis: 30_000,
            connection_type: "INTERNET".to_owned(),
            credentials_arn: None,
            description: None,
            api_gateway_managed: None,
        }
    }
}

impl HttpApi {
    /// The routes and integrations, to change them. Deployments keep theirs.
    pub(super) fn change(&mut self) -> &mut Picture {
        Arc::make_mut(&mut self.picture)
    }
}

/// A thing with what the request's body says of it; `null` and silence leave
/// it as it is.
pub(super) fn overlaid<T>(call: &Management<'_>, thing: &T, fixed: &[&str]) -> Result<T, Error>
where
    T: Serialize + DeserializeOwned,
{
    let given: Map<String, Value> = call.body()?;
    let mut value = json!(thing);
    for (name, given) in given {
        if !given.is_null() && !fixed.contains(&name.as_str()) {
            value[name] = given;
        }
    }
    serde_json::from_value(value).map_err(|error| Error::bad(format!("Invalid request input: {error}")))
}
