//! CreateStage and its neighbours.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::model::{RestApi, Stage, StageSettings};
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Management, done, merged, show};
use crate::api::gateway::patch::{Kind, patched};
use crate::api::reply::Reply;

/// Stages of an API ("Amazon API Gateway quotas").
const MOST_STAGES: usize = 10;

const PATCHABLE: &[(&str, Kind)] = &[
    ("deploymentId", Kind::Text),
    ("description", Kind::Text),
    ("variables", Kind::Map),
    ("tracingEnabled", Kind::Flag),
];

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(&["canarySettings", "cacheClusterEnabled"])?;
    let settings: StageSettings = call.body()?;
    check_stage_name(&settings.stage_name)?;
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    if api.stages.contains_key(&settings.stage_name) {
        return Err(Error::Conflict("Stage already exists".to_owned()));
    }
    check_room(api, &settings.stage_name)?;
    check_deployment(api, &settings)?;
    let name = settings.stage_name.clone();
    let stage = Stage { settings, created: call.at, updated: call.at };
    let shown = shown(&stage);
    api.stages.insert(name, stage);
    show(StatusCode::CREATED, shown)
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let deployment = call.call.parameter("deploymentId");
    let wanted = |stage: &&Stage| deployment.as_ref().is_none_or(|id| stage.settings.deployment_id == *id);
    let item: Vec<Value> = api.stages.values().filter(wanted).map(shown).collect();
    show(StatusCode::OK, json!({ "item": item }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let stage = api.stages.get(call.id(1)).ok_or_else(|| Error::invalid("stage"))?;
    show(StatusCode::OK, shown(stage))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let stage = api.stages.get(call.id(1)).ok_or_else(|| Error::invalid("stage"))?;
    let settings: StageSettings = patched(call, &stage.settings, PATCHABLE)?;
    check_deployment(api, &settings)?;
    let stage = api.stages.get_mut(call.id(1)).ok_or_else(|| Error::invalid("stage"))?;
    stage.settings = settings;
    stage.updated = call.at;
    show(StatusCode::OK, shown(stage))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    api.stages.remove(call.id(1)).ok_or_else(|| Error::invalid("stage"))?;
    done(StatusCode::ACCEPTED)
}

pub(super) fn check_stage_name(name: &str) -> Result<(), Error> {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.len() <= 128 && name.bytes().all(named) {
        return Ok(());
    }
    Err(Error::bad("Stage name only allows a-zA-Z0-9_-"))
}

/// Whether there is room for one more stage, if that one is new.
pub(super) fn check_room(api: &RestApi, name: &str) -> Result<(), Error> {
    if api.stages.len() >= MOST_STAGES && !api.stages.contains_key(name) {
        let text = "Maximum number of stages for this API has been reached";
        return Err(Error::LimitExceeded(text.to_owned()));
    }
    Ok(())
}

fn check_deployment(api: &RestApi, settings: &StageSettings) -> Result<(), Error> {
    if api.deployments.contains_key(&settings.deployment_id) {
        return Ok(());
    }
    Err(Error::bad("Deployment id does not exist"))
}

fn shown(stage: &Stage) -> Value {
    let beside = json!({
        "cacheClusterEnabled": false, "cacheClusterStatus": "NOT_AVAILABLE", "methodSettings": {},
        "createdDate": stage.created.as_secs(), "lastUpdatedDate": stage.updated.as_secs(),
    });
    merged(&stage.settings, beside)
}
