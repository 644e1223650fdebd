//! Permissions on layer versions. They are kept and shown, not enforced.

use hyper::StatusCode;
use serde::Deserialize;

use super::name::{LayerName, version};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::lambda::error::Error;
use crate::api::lambda::policy::{Added, Condition, Effect, Pairs, Permission, Principal, Shown};
use crate::api::lambda::versions::revision_id;
use crate::api::lambda::{body, path};
use crate::api::reply::{Reply, content_type, empty, json};
use crate::engine::{LambdaError, PolicyError};

/// Where the path of RemoveLayerVersionPermission has the statement's id.
const STATEMENT_ID: usize = 6;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Addition {
    statement_id: String,
    action: String,
    principal: String,
    organization_id: Option<String>,
}

pub(in crate::api::lambda) fn add_permission(api: &Api, call: &Call) -> Result<Reply, Error> {
    let name = LayerName::from_path(api, call, "AddLayerVersionPermission")?;
    let version = version(call)?;
    let addition: Addition = body::read(call)?;
    let organization = addition.organization_id.as_deref().map(|id| ("aws:PrincipalOrgID", id));
    let permission = Permission {
        sid: &addition.statement_id,
        effect: Effect::Allow,
        principal: Principal::parse(&addition.principal)?,
        action: &addition.action,
        resource: api.identity.layer_version_arn(name.as_str(), version),
        condition: Condition {
            string_equals: Pairs(organization.into_iter().collect()),
            ..Condition::default()
        },
    };
    let statement = permission.statement();
    let shown = statement.text.clone();
    let revision = revision_of(call)?;
    let added = api
        .driver
        .step(|engine, now| engine.add_layer_permission(now, (name.as_str(), version), revision, statement));
    let revision_id = Some(added.map_err(|error| refused(api, error))?.to_string());
    Ok(json(StatusCode::CREATED, content_type::JSON, &Added { statement: &shown, revision_id }))
}

pub(in crate::api::lambda) fn get_policy(api: &Api, call: &Call) -> Result<Reply, Error> {
    let name = LayerName::from_path(api, call, "GetLayerVersionPolicy")?;
    let version = version(call)?;
    let found = api.driver.step(|engine, _| {
        let policy = engine.layer_policy(name.as_str(), version)?;
        policy.map(Shown::new).ok_or(LambdaError::Policy(PolicyError::Missing))
    });
    let shown = found.map_err(|error| refused(api, error))?;
    Ok(json(StatusCode::OK, content_type::JSON, &shown))
}

pub(in crate::api::lambda) fn remove_permission(api: &Api, call: &Call) -> Result<Reply, Error> {
    let name = LayerName::from_path(api, call, "RemoveLayerVersionPermission")?;
    let version = version(call)?;
    let revision = revision_of(call)?;
    let sid = path::segment(call, STATEMENT_ID);
    let removed = api
        .driver
        .step(|engine, now| engine.remove_layer_permission(now, (name.as_str(), version), revision, &sid));
    removed.map_err(|error| refused(api, error))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn revision_of(call: &Call) -> Result<Option<crate::engine::Uuid>, Error> {
    revision_id(call.parameter("RevisionId").as_deref()).map_err(|_| Error::LayerRevisionMismatch)
}

/// A layer's revisions are told of with other words than a function's.
fn refused(api: &Api, error: LambdaError) -> Error {
    if error == LambdaError::Policy(PolicyError::RevisionMismatch) {
        return Error::LayerRevisionMismatch;
    }
    Error::new(error, &api.identity)
}
