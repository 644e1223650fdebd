//! CreateRestApi and its neighbours.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::model::{Resource, RestApi, Settings};
use crate::api::gateway::draw_id;
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Management, done, merged, show};
use crate::api::gateway::patch::{Kind, patched};
use crate::api::reply::Reply;

/// Regional APIs of an account ("Amazon API Gateway quotas").
const MOST_APIS: usize = 600;

const PATCHABLE: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("description", Kind::Text),
    ("version", Kind::Text),
    ("policy", Kind::Text),
    ("apiKeySource", Kind::Text),
    ("minimumCompressionSize", Kind::Number),
    ("disableExecuteApiEndpoint", Kind::Flag),
    ("binaryMediaTypes", Kind::Set),
];

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    if call.call.parameter("mode").is_some() {
        return Err(Error::NotServed("ImportRestApi".to_owned()));
    }
    call.refuse(&["cloneFrom"])?;
    let settings: Settings = call.body()?;
    check(&settings)?;
    let mut state = call.api.doors.rest.state();
    if state.apis.len() >= MOST_APIS {
        return Err(Error::LimitExceeded(
            "Maximum number of APIs for this account has been reached".to_owned(),
        ));
    }
    let (id, root) = (draw_id(&mut state.rng, 10), draw_id(&mut state.rng, 10));
    let slash = Resource {
        id: root.clone(),
        parent: None,
        part: None,
        path: "/".to_owned(),
        methods: BTreeMap::new(),
    };
    let api = RestApi {
        id: id.clone(),
        settings,
        created: call.at,
        root: root.clone(),
        resources: BTreeMap::from([(root, slash)]),
        deployments: BTreeMap::new(),
        stages: BTreeMap::new(),
    };
    let shown = shown(&api);
    state.apis.insert(id, api);
    show(StatusCode::CREATED, shown)
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let state = call.api.doors.rest.state();
    let (apis, position) = call.page(state.apis.values(), |api| api.id.clone(), ["position", "limit"])?;
    let item: Vec<Value> = apis.into_iter().map(shown).collect();
    show(StatusCode::OK, json!({ "item": item, "position": position }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    show(StatusCode::OK, shown(api))
}

pub(super) fn update(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let settings = patched(call, &api.settings, PATCHABLE)?;
    check(&settings)?;
    api.settings = settings;
    show(StatusCode::OK, shown(api))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let deleted = call.api.doors.rest.state().apis.remove(call.id(0));
    deleted.ok_or_else(|| call.no_api())?;
    done(StatusCode::ACCEPTED)
}

fn check(settings: &Settings) -> Result<(), Error> {
    if settings.name.trim().is_empty() {
        return Err(Error::bad("The REST API name can't be empty."));
    }
    Ok(())
}

fn shown(api: &RestApi) -> Value {
    let beside = json!({ "id": api.id, "createdDate": api.created.as_secs(), "rootResourceId": api.root });
    merged(&api.settings, beside)
}
