//! CreateDeployment and its neighbours.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::Deployment;
use crate::api::gateway::draw_id;
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Described, Management, done, merged, show};
use crate::api::reply::Reply;
use crate::observe::date_time;

/// Pictures that an API keeps. AWS names no limit; memory has one.
const MOST_DEPLOYMENTS: usize = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Creation {
    stage_name: Option<String>,
}

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    let Creation { stage_name } = call.body()?;
    let described: Described = call.body()?;
    let mut state = call.api.doors.http.state();
    let (api, rng) = state.api(call)?;
    if api.picture.routes.is_empty() {
        return Err(Error::bad("At least one route is required before deploying the Api."));
    }
    if api.deployments.len() >= MOST_DEPLOYMENTS {
        let text = "Maximum number of deployments for this API has been reached";
        return Err(Error::LimitExceeded(text.to_owned()));
    }
    let id = draw_id(rng, 6);
    if let Some(name) = stage_name {
        let stage = api.stages.get_mut(&name).ok_or_else(|| Error::invalid("stage"))?;
        if stage.settings.auto_deploy {
            return Err(Error::bad("Deployment on this stage is not allowed because auto-deploy is enabled"));
        }
        stage.settings.deployment_id = Some(id.clone());
        stage.updated = call.at;
    }
    let deployment =
        Deployment { id: id.clone(), described, created: call.at, picture: Arc::clone(&api.picture) };
    let shown = shown(&deployment);
    api.deployments.insert(id, deployment);
    show(StatusCode::CREATED, shown)
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let key = |deployment: &&Deployment| deployment.id.clone();
    let (items, next) = call.page(api.deployments.values(), key, ["nextToken", "maxResults"])?;
    let items: Vec<Value> = items.into_iter().map(shown).collect();
    show(StatusCode::OK, json!({ "items": items, "nextToken": next }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let deployment = api.deployments.get(call.id(1)).ok_or_else(|| Error::invalid("Deployment"))?;
    show(StatusCode::OK, shown(deployment))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let id = call.id(1);
    if api.stages.values().any(|stage| stage.settings.deployment_id.as_deref() == Some(id)) {
        return Err(Error::bad("Active stages pointing to this deployment must be moved or deleted"));
    }
    api.deployments.remove(id).ok_or_else(|| Error::invalid("Deployment"))?;
    done(StatusCode::NO_CONTENT)
}

fn shown(deployment: &Deployment) -> Value {
    let beside = json!({
        "deploymentId": deployment.id, "autoDeployed": false, "deploymentStatus": "DEPLOYED",
        "createdDate": format!("{}Z", date_time(deployment.created)),
    });
    merged(&deployment.described, beside)
}
