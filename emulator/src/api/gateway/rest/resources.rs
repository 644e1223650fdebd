//! CreateResource and its neighbours.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Resource, RestApi};
use crate::api::gateway::draw_id;
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::{Management, done, show};
use crate::api::reply::Reply;

/// Resources of an API ("Amazon API Gateway quotas").
const MOST_RESOURCES: usize = 300;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Creation {
    path_part: String,
}

pub(super) fn create(call: &Management<'_>) -> Result<Reply, Error> {
    let Creation { path_part } = call.body()?;
    check_part(&path_part)?;
    let mut state = call.api.doors.rest.state();
    let (api, rng) = state.api(call)?;
    let parent = api.resources.get(call.id(1)).ok_or_else(|| Error::invalid("Resource"))?;
    check_place(api, parent, &path_part)?;
    if api.resources.len() >= MOST_RESOURCES {
        let text = "Maximum number of resources for this API has been reached";
        return Err(Error::LimitExceeded(text.to_owned()));
    }
    let resource = Resource {
        id: draw_id(rng, 6),
        parent: Some(parent.id.clone()),
        path: format!("{}/{path_part}", parent.path.trim_end_matches('/')),
        part: Some(path_part),
        methods: BTreeMap::new(),
    };
    let shown = resource.shown(false);
    api.resources.insert(resource.id.clone(), resource);
    show(StatusCode::CREATED, shown)
}

pub(super) fn list(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    let (api, _) = state.api(call)?;
    let keys = |resource: &&Resource| resource.id.clone();
    let (resources, position) = call.page(api.resources.values(), keys, ["position", "limit"])?;
    let whole = wants_methods(call);
    let item: Vec<Value> = resources.into_iter().map(|resource| resource.shown(whole)).collect();
    show(StatusCode::OK, json!({ "item": item, "position": position }))
}

pub(super) fn get(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    show(StatusCode::OK, state.resource(call)?.shown(wants_methods(call)))
}

pub(super) fn delete(call: &Management<'_>) -> Result<Reply, Error> {
    let mut state = call.api.doors.rest.state();
    if state.resource(call)?.parent.is_none() {
        return Err(Error::bad("Root resource cannot be deleted"));
    }
    let (api, _) = state.api(call)?;
    remove_below(api, call.id(1));
    done(StatusCode::ACCEPTED)
}

/// Removes a resource with all that hangs below it. No API has so many levels
/// that the recursion could go deep: each is one of its 300 resources.
fn remove_below(api: &mut RestApi, id: &str) {
    api.resources.remove(id);
    let children = api.resources.values().filter(|resource| resource.parent.as_deref() == Some(id));
    for child in children.map(|child| child.id.clone()).collect::<Vec<_>>() {
        remove_below(api, &child);
    }
}

fn wants_methods(call: &Management<'_>) -> bool {
    call.call.parameter("embed").is_some_and(|embed| embed.contains("methods"))
}

fn check_part(part: &str) -> Result<(), Error> {
    let literal = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte))
    };
    let variable = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
    let variable = variable.map(|name| name.strip_suffix('+').unwrap_or(name));
    if literal(variable.unwrap_or(part)) {
        return Ok(());
    }
    Err(Error::bad(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the \
         beginning and the end.",
    ))
}

fn check_place(api: &RestApi, parent: &Resource, part: &str) -> Result<(), Error> {
    if parent.path.ends_with("+}") {
        let text =
            format!("Cannot create a child of a resource with a greedy path variable: {}", parent.path);
        return Err(Error::bad(text));
    }
    let siblings = api.resources.values().filter(|resource| resource.parent.as_ref() == Some(&parent.id));
    for sibling in siblings.filter_map(|sibling| sibling.part.as_deref()) {
        if sibling == part {
            let text = format!("Another resource with the same parent already has this name: {part}");
            return Err(Error::Conflict(text));
        }
        let both_greedy_or_not = sibling.ends_with("+}") == part.ends_with("+}");
        if sibling.starts_with('{') && part.starts_with('{') && both_greedy_or_not {
            let text = format!(
                "A sibling ({sibling}) of this resource already has a variable path part -- only one is allowed"
            );
            return Err(Error::bad(text));
        }
    }
    Ok(())
}
