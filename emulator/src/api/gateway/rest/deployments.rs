//! CreateDeployment and its neighbours.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Deployment, Picture, RestApi, Stage, StageSettings, Texts};
use super::stages::{check_room, check_stage_name};
use crate::api::gateway::draw_id;
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Described, Management, done, merged, show};
use crate::api::gateway::patch::{Kind, patched};
use crate::api::reply::Reply;

/// Pictures that an API keeps. AWS names no limit; memory has one.
const MOST_DEPLOYMENTS: usize = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Creation {
    stage_name: Option<String>,
    stage_description: Option<String>,
    variables: Option<Texts>,
    tracing_enabled: Option<bool>,
}

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(&["canarySettings", "cacheClusterEnabled"])?;
    let creation: Creation = call.body()?;
    let described: Described = call.body()?;
    if let Some(name) = &creation.stage_name {
        check_stage_name(name)?;
    }
    let mut state = call.api.doors.rest.state();
    let (api, rng) = state.api(call)?;
    check_complete(api)?;
    if let Some(name) = &creation.stage_name {
        check_room(api, name)?;
    }
    if api.deployments.len() >= MOST_DEPLOYMENTS {
        return Err(Error::LimitExceeded(
            "Maximum number of deployments for this API has been reached".to_owned(),
        ));
    }
    let picture = Picture {
        resources: api.resources.values().cloned().collect(),
        binary_media_types: api.settings.binary_media_types.clone().unwrap_or_default(),
    };
    let id = draw_id(rng, 6);
    let deployment = Deployment { id: id.clone(), described, created: call.at, picture: Arc::new(picture) };
    let shown = shown(&deployment);
    api.deployments.insert(id.clone(), deployment);
    creation.deploy(call, api, &id);
    show(StatusCode::CREATED, shown)
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let key = |deployment: &&Deployment| deployment.id.clone();
    let (deployments, position) = call.page(api.deployments.values(), key, ["position", "limit"])?;
    let item: Vec<Value> = deployments.into_iter().map(shown).collect();
    show(StatusCode::OK, json!({ "item": item, "position": position }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let deployment = api.deployments.get(call.id(1)).ok_or_else(|| Error::invalid("Deployment"))?;
    show(StatusCode::OK, shown(deployment))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let deployment = api.deployments.get_mut(call.id(1)).ok_or_else(|| Error::invalid("Deployment"))?;
    deployment.described = patched(call, &deployment.described, &[("description", Kind::Text)])?;
    show(StatusCode::OK, shown(deployment))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let id = call.id(1);
    if api.stages.values().any(|stage| stage.settings.deployment_id == id) {
        return Err(Error::bad("Active stages pointing to this deployment must be moved or deleted"));
    }
    api.deployments.remove(id).ok_or_else(|| Error::invalid("Deployment"))?;
    done(StatusCode::ACCEPTED)
}

impl Creation {
    /// Makes the stage that the call names, or moves it here.
    fn deploy(self, call: &Management<'_>, api: &mut RestApi, deployment: &str) {
        let Some(name) = self.stage_name else { return };
        let new = || Stage { settings: StageSettings::default(), created: call.at, updated: call.at };
        let stage = api.stages.entry(name.clone()).or_insert_with(new);
        stage.updated = call.at;
        let settings = &mut stage.settings;
        settings.stage_name = name;
        deployment.clone_into(&mut settings.deployment_id);
        settings.description = self.stage_description.or(settings.description.take());
        settings.variables = self.variables.or(settings.variables.take());
        settings.tracing_enabled = self.tracing_enabled.unwrap_or(settings.tracing_enabled);
    }
}

fn check_complete(api: &RestApi) -> Result<(), Error> {
    let mut methods = api.resources.values().flat_map(|resource| resource.methods.values()).peekable();
    if methods.peek().is_none() {
        return Err(Error::bad("The REST API doesn't contain any methods"));
    }
    if methods.any(|method| method.method_integration.is_none()) {
        return Err(Error::bad("No integration defined for method"));
    }
    Ok(())
}

fn shown(deployment: &Deployment) -> Value {
    merged(&deployment.described, json!({ "id": deployment.id, "createdDate": deployment.created.as_secs() }))
}
