//! Aliases: names that point to versions, and weighted routing between two.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::Error;
use super::front_door::Target;
use super::function_name::FunctionName;
use super::page::Page;
use super::path;
use super::versions::revision_id;
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};
use crate::config::Identity;
use crate::engine::{Alias, AliasName, AliasTarget, AliasUpdate, Qualifier, Version};

/// Aliases on a page at most (Lambda API, `ListAliases`).
const LONGEST_PAGE: usize = 50;

/// Where an alias's name stands in the path.
const NAME: usize = 4;

/// What CreateAlias and UpdateAlias set.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    name: Option<String>,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<RoutingConfig>,
    revision_id: Option<String>,
}

/// `AliasRoutingConfiguration`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct RoutingConfig {
    additional_version_weights: Option<BTreeMap<String, f64>>,
}

pub(super) fn create(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let function = FunctionName::from_path(api, resource, "CreateAlias")?.unqualified()?;
    let request: Request = body::read(call)?;
    let target = AliasTarget {
        version: version(api, &function, request.function_version.as_deref().unwrap_or_default())?,
        additional: additional(api, &function, request.routing_config)?.flatten(),
    };
    let (name, description) = (request.name.unwrap_or_default(), request.description.unwrap_or_default());
    let created = api.driver.step(|engine, now| {
        engine.create_alias(now, function.as_str(), name.as_str().into(), target, description)
    });
    let created = created.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, StatusCode::CREATED, &function, &created))
}

pub(super) fn get(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let function = FunctionName::from_path(api, resource, "GetAlias")?.unqualified()?;
    let name = alias_name(call);
    let found = api.driver.step(|engine, _| engine.alias(function.as_str(), &name).cloned());
    let found = found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, StatusCode::OK, &function, &found))
}

pub(super) fn list(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let function = FunctionName::from_path(api, resource, "ListAliases")?.unqualified()?;
    let page = Page::of(call, LONGEST_PAGE)?;
    let of = match call.parameter("FunctionVersion") {
        Some(text) => Some(version(api, &function, &text)?),
        None => None,
    };
    let points_there = |alias: &&Alias| {
        of.is_none_or(|of| {
            let AliasTarget { version, additional } = alias.target;
            version == of || additional.is_some_and(|(other, _)| other == of)
        })
    };
    let found = api.driver.step(|engine, _| {
        let aliases = engine.aliases(function.as_str())?.filter(points_there).cloned();
        Ok(page.cut(aliases, |alias| alias.name.as_str().to_owned()))
    });
    let (aliases, next_marker) = found.map_err(|error| Error::new(error, &api.identity))?;
    let aliases = aliases.iter().map(|alias| Shown::new(&api.identity, &function, alias)).collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Aliases { aliases, next_marker }))
}

pub(super) fn update(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let function = FunctionName::from_path(api, resource, "UpdateAlias")?.unqualified()?;
    let request: Request = body::read(call)?;
    let version = request.function_version.map(|text| version(api, &function, &text)).transpose()?;
    let update = AliasUpdate {
        version,
        additional: additional(api, &function, request.routing_config)?,
        description: request.description,
        revision_id: revision_id(request.revision_id.as_deref())?,
    };
    let name = alias_name(call);
    let updated = api.driver.step(|engine, now| engine.update_alias(now, function.as_str(), &name, update));
    let updated = updated.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, StatusCode::OK, &function, &updated))
}

pub(super) fn delete(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let function = FunctionName::from_path(api, resource, "DeleteAlias")?.unqualified()?;
    let name = alias_name(call);
    let deleted = api.driver.step(|engine, now| engine.delete_alias(now, function.as_str(), &name));
    deleted.map_err(|error| Error::new(error, &api.identity))?;
    let target = Target { name: function.as_str().to_owned(), qualifier: Qualifier::Alias(name) };
    api.doors.urls.delete(&target);
    Ok(empty(StatusCode::NO_CONTENT))
}

fn alias_name(call: &Call) -> AliasName {
    path::segment(call, NAME).as_ref().into()
}

/// The version of that name. One that can't be counted to is not there.
fn version(api: &Api, function: &FunctionName<'_>, text: &str) -> Result<Version, Error> {
    match Qualifier::parse(text) {
        Qualifier::Latest => Ok(Version::Latest),
        Qualifier::Version(number) => Ok(Version::Published(number)),
        Qualifier::Alias(_) => Err(Error::version_not_found(&api.identity, function.as_str(), text)),
    }
}

/// The other version and its share. Weights that are given but name nothing
/// take the other version away.
fn additional(
    api: &Api,
    function: &FunctionName<'_>,
    routing: Option<RoutingConfig>,
) -> Result<Option<Option<(Version, f64)>>, Error> {
    let Some(routing) = routing else { return Ok(None) };
    let weights = routing.additional_version_weights.unwrap_or_default();
    if weights.len() > 1 {
        return Err(Error::TooManyWeights);
    }
    let weight = weights.into_iter().next();
    weight.map(|(text, weight)| Ok((version(api, function, &text)?, weight))).transpose().map(Some)
}

fn show(api: &Api, status: StatusCode, function: &FunctionName<'_>, alias: &Alias) -> Reply {
    json(status, content_type::JSON, &Shown::new(&api.identity, function, alias))
}

/// `AliasConfiguration`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    alias_arn: String,
    name: &'a str,
    function_version: String,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_config: Option<RoutingConfig>,
    revision_id: String,
}

impl<'a> Shown<'a> {
    fn new(identity: &Identity, function: &FunctionName<'_>, alias: &'a Alias) -> Self {
        let routing = |(version, weight): (Version, f64)| RoutingConfig {
            additional_version_weights: Some(BTreeMap::from([(version.to_string(), weight)])),
        };
        Self {
            alias_arn: format!("{}:{}", identity.function_arn(function.as_str()), alias.name),
            name: alias.name.as_str(),
            function_version: alias.target.version.to_string(),
            description: &alias.description,
            routing_config: alias.target.additional.map(routing),
            revision_id: alias.revision_id.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Aliases<'a> {
    aliases: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}
