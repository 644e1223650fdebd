//! Tags of functions and event source mappings.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::function_name::FunctionName;
use super::{body, code_signing, path};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};
use crate::engine::{LambdaError, MappingId, Tags, TooManyTags};

/// Where the paths of these operations have the resource's ARN.
const RESOURCE: usize = 2;

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tagging {
    tags: BTreeMap<String, String>,
}

pub(super) fn list(api: &Api, call: &Call) -> Result<Reply, Error> {
    let arn = path::segment(call, RESOURCE);
    let resource = Resource::parse(api, &arn, "ListTags")?;
    let tags = api.driver.step(|engine, _| {
        let tags = match &resource {
            Resource::Function(name) => engine.tags(name.as_str()),
            Resource::Mapping(id) => engine.mapping_tags(*id),
        };
        tags.map(|tags| tags.all().clone())
    });
    let tags = tags.map_err(|error| Error::new(error, &api.identity))?;
    Ok(json(StatusCode::OK, content_type::JSON, &Tagging { tags }))
}

pub(super) fn tag(api: &Api, call: &Call) -> Result<Reply, Error> {
    let arn = path::segment(call, RESOURCE);
    let resource = Resource::parse(api, &arn, "TagResource")?;
    let Tagging { tags } = body::read(call)?;
    if tags.is_empty() {
        let text = "An error occurred and the request cannot be processed.";
        return Err(Error::InvalidParameter(text.to_owned()));
    }
    check(&tags)?;
    let tagged = api.driver.step(|engine, now| match &resource {
        Resource::Function(name) => engine.tag_function(now, name.as_str(), tags),
        Resource::Mapping(id) => engine.tag_mapping(now, *id, tags),
    });
    done(api, tagged)
}

pub(super) fn untag(api: &Api, call: &Call) -> Result<Reply, Error> {
    let arn = path::segment(call, RESOURCE);
    let resource = Resource::parse(api, &arn, "UntagResource")?;
    let pairs = form_urlencoded::parse(call.query.as_bytes()).filter(|(name, _)| name == "tagKeys");
    let keys: Vec<String> = pairs.map(|(_, key)| key.into_owned()).collect();
    let untagged = api.driver.step(|engine, now| match &resource {
        Resource::Function(name) => engine.untag_function(now, name.as_str(), &keys),
        Resource::Mapping(id) => engine.untag_mapping(now, *id, &keys),
    });
    done(api, untagged)
}

/// Refuses tags that a resource can't be made with.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.keys().any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        let text = "aws: prefixed tag key names are not allowed for external use.";
        return Err(Error::InvalidParameter(text.to_owned()));
    }
    Tags::new(tags.clone()).map_or_else(|TooManyTags| Err(Error::TooManyTags), |_| Ok(()))
}

fn done(api: &Api, changed: Result<(), LambdaError>) -> Result<Reply, Error> {
    changed.map_err(|error| Error::new(error, &api.identity))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// What has tags.
#[derive(Debug)]
enum Resource<'a> {
    Function(FunctionName<'a>),
    Mapping(MappingId),
}

impl<'a> Resource<'a> {
    fn parse(api: &Api, arn: &'a str, action: &'static str) -> Result<Self, Error> {
        let mut rest = arn.splitn(7, ':').skip(5);
        match (rest.next().unwrap_or_default(), rest.next().unwrap_or_default()) {
            ("event-source-mapping", id) => {
                let id = id.parse().map(MappingId).map_err(|_| Error::MappingNotFound)?;
                let here = api.identity.mapping_arn(id).eq_ignore_ascii_case(arn);
                here.then_some(Self::Mapping(id)).ok_or(Error::MappingNotFound)
            }
            ("code-signing-config", _) => Err(code_signing::not_found(arn)),
            (kind @ ("capacity-provider" | "network-connector"), _) => {
                Err(Error::NotServed(format!("{action} on a {kind}")))
            }
            _ => {
                let name = FunctionName::from_text(api, arn, action)?;
                if name.given_qualifier().is_some() {
                    Err(Error::TagsOnVersion)
                } else {
                    Ok(Self::Function(name))
                }
            }
        }
    }
}
