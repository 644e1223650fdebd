//! CreateApi and its neighbours.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{HttpApi, Integration, Picture, Route, Settings, Stage, StageSettings, overlaid};
use super::{integrations, routes};
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Management, done, merged, show};
use crate::api::gateway::{domain, draw_id};
use crate::api::reply::Reply;
use crate::observe::date_time;

/// APIs of an account ("Amazon API Gateway quotas").
const MOST_APIS: usize = 600;

/// What makes an API that works at once.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct QuickCreate {
    target: Option<String>,
    route_key: Option<String>,
}

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(&["credentialsArn"])?;
    let settings: Settings = call.body()?;
    check(&settings)?;
    let quick: QuickCreate = call.body()?;
    let mut state = call.api.doors.http.state();
    if state.apis.len() >= MOST_APIS {
        return Err(Error::LimitExceeded(
            "Maximum number of APIs for this account has been reached".to_owned(),
        ));
    }
    let id = draw_id(&mut state.rng, 10);
    let mut api = HttpApi {
        id: id.clone(),
        settings,
        created: call.at,
        picture: Arc::new(Picture::default()),
        stages: BTreeMap::new(),
        deployments: BTreeMap::new(),
    };
    if let Some(target) = quick.target {
        let ids = [draw_id(&mut state.rng, 7), draw_id(&mut state.rng, 7)];
        quick_create(call, &mut api, target, quick.route_key, ids)?;
    }
    let shown = shown(call, &api);
    state.apis.insert(id, api);
    show(StatusCode::CREATED, shown)
}

/// One integration, one route and the stage `$default`, which deploys by itself.
fn quick_create(
    call: &Management<'_>,
    api: &mut HttpApi,
    target: String,
    route_key: Option<String>,
    [integration_id, route_id]: [String; 2],
) -> Result<(), Error> {
    let managed = Some(true);
    let integration = Integration {
        integration_id: integration_id.clone(),
        integration_type: "AWS_PROXY".to_owned(),
        integration_uri: Some(target),
        payload_format_version: "2.0".to_owned(),
        api_gateway_managed: managed,
        ..Integration::default()
    };
    integrations::check(&integration)?;
    let route = Route {
        route_id: route_id.clone(),
        route_key: route_key.unwrap_or_else(|| "$default".to_owned()),
        target: Some(format!("integrations/{integration_id}")),
        authorization_type: Some("NONE".to_owned()),
        api_gateway_managed: managed,
        ..Route::default()
    };
    let picture = api.change();
    picture.integrations.insert(integration_id, integration);
    routes::check(picture, &route)?;
    picture.routes.insert(route_id, route);
    let stage_name = "$default".to_owned();
    let settings = StageSettings {
        stage_name: stage_name.clone(),
        auto_deploy: true,
        api_gateway_managed: managed,
        ..StageSettings::default()
    };
    api.stages.insert(stage_name, Stage { settings, created: call.at, updated: call.at });
    Ok(())
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let state = call.api.doors.http.state();
    let (apis, next) = call.page(state.apis.values(), |api| api.id.clone(), ["nextToken", "maxResults"])?;
    let items: Vec<Value> = apis.into_iter().map(|api| shown(call, api)).collect();
    show(StatusCode::OK, json!({ "items": items, "nextToken": next }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    show(StatusCode::OK, shown(call, api))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    call.refuse(&["credentialsArn", "target", "routeKey"])?;
    let mut state = call.api.doors.http.state();
    let (api, _) = state.api(call)?;
    let settings = overlaid(call, &api.settings, &["protocolType"])?;
    check(&settings)?;
    api.settings = settings;
    show(StatusCode::OK, shown(call, api))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let deleted = call.api.doors.http.state().apis.remove(call.id(0));
    deleted.ok_or_else(|| call.no_api())?;
    done(StatusCode::NO_CONTENT)
}

pub(super) fn delete_cors(call: &Management<'_>) -> Result<Reply, Error> {
    call.api.doors.http.state().api(call)?.0.settings.cors_configuration = None;
    done(StatusCode::NO_CONTENT)
}

fn check(settings: &Settings) -> Result<(), Error> {
    if settings.name.is_empty() || settings.name.chars().count() > 128 {
        return Err(Error::bad("Name must have from 1 to 128 characters"));
    }
    match settings.protocol_type.as_str() {
        "HTTP" => Ok(()),
        "WEBSOCKET" => Err(Error::NotServed("protocolType WEBSOCKET".to_owned())),
        _ => Err(Error::bad("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")),
    }
}

fn shown(call: &Management<'_>, api: &HttpApi) -> Value {
    let beside = json!({
        "apiId": api.id,
        "apiEndpoint": format!("http://{}{}", domain(call.api, &api.id), call.call.port_suffix()),
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "routeSelectionExpression": "$request.method $request.path",
        "ipAddressType": "ipv4",
        "createdDate": format!("{}Z", date_time(api.created)),
    });
    merged(&api.settings, beside)
}
