//! CreateStage and its neighbours.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::model::{HttpApi, Stage, StageSettings, overlaid};
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Management, done, merged, show};
use crate::api::reply::Reply;
use crate::observe::date_time;

/// Stages of an API ("Amazon API Gateway quotas").
const MOST_STAGES: usize = 10;

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    let settings: StageSettings = call.body()?;
    check_name(&settings.stage_name)?;
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    if api.stages.contains_key(&settings.stage_name) {
        return Err(Error::Conflict("Stage already exists".to_owned()));
    }
    if api.stages.len() >= MOST_STAGES {
        let text = "Maximum number of stages for this API has been reached";
        return Err(Error::LimitExceeded(text.to_owned()));
    }
    let settings = StageSettings { api_gateway_managed: None, ..settings };
    check_deployment(api, &settings)?;
    let name = settings.stage_name.clone();
    let stage = Stage { settings, created: call.at, updated: call.at };
    let shown = shown(&stage);
    api.stages.insert(name, stage);
    show(StatusCode::CREATED, shown)
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let items: Vec<Value> = api.stages.values().map(shown).collect();
    show(StatusCode::OK, json!({ "items": items }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let stage = api.stages.get(call.id(1)).ok_or_else(|| Error::invalid("stage"))?;
    show(StatusCode::OK, shown(stage))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let stage = api.stages.get(call.id(1)).ok_or_else(|| Error::invalid("stage"))?;
    let settings: StageSettings = overlaid(call, &stage.settings, &["stageName", "apiGatewayManaged"])?;
    check_deployment(api, &settings)?;
    let stage = api.stages.get_mut(call.id(1)).ok_or_else(|| Error::invalid("stage"))?;
    stage.settings = settings;
    stage.updated = call.at;
    show(StatusCode::OK, shown(stage))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    api.stages.remove(call.id(1)).ok_or_else(|| Error::invalid("stage"))?;
    done(StatusCode::NO_CONTENT)
}

fn check_name(name: &str) -> Result<(), Error> {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let good = name == "$default" || (!name.is_empty() && name.len() <= 128 && name.bytes().all(named));
    if good { Ok(()) } else { Err(Error::bad("Stage name only allows a-zA-Z0-9_- or $default")) }
}

fn check_deployment(api: &HttpApi, settings: &StageSettings) -> Result<(), Error> {
    match &settings.deployment_id {
        Some(id) if !api.deployments.contains_key(id) => Err(Error::bad("Deployment id does not exist")),
        Some(_) | None => Ok(()),
    }
}

fn shown(stage: &Stage) -> Value {
    let beside = json!({
        "defaultRouteSettings": { "detailedMetricsEnabled": false }, "routeSettings": {},
        "createdDate": format!("{}Z", date_time(stage.created)),
        "lastUpdatedDate": format!("{}Z", date_time(stage.updated)),
    });
    merged(&stage.settings, beside)
}
