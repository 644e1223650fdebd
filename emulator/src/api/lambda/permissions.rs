//! Permissions on functions, versions and aliases. They are kept and shown;
//! whoever reaches the emulator may do everything.

use hyper::StatusCode;
use serde::Deserialize;

use super::error::Error;
use super::function_name::FunctionName;
use super::policy::{Added, Condition, Effect, Pairs, Permission, Principal, Shown};
use super::versions::revision_id;
use super::{body, path};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};
use crate::engine::{LambdaError, Qualifier};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Addition {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
    revision_id: Option<String>,
}

pub(super) fn add(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "AddPermission")?;
    if name.given_qualifier() == Some(Qualifier::Latest) {
        let text = "We currently do not support adding policies for $LATEST.";
        return Err(Error::InvalidParameter(text.to_owned()));
    }
    let addition: Addition = body::read(call)?;
    let revision = revision_id(addition.revision_id.as_deref())?;
    let resource = api.identity.qualified_arn(name.as_str(), &name.qualifier());
    let statement = addition.permission(resource)?.statement();
    let shown = statement.text.clone();
    let added = api.driver.step(|engine, now| {
        engine.add_permission(now, name.as_str(), &name.qualifier(), revision, statement)
    });
    added.map_err(|error| Error::new(error, &api.identity))?;
    let answer = Added { statement: &shown, revision_id: None };
    Ok(json(StatusCode::CREATED, content_type::JSON, &answer))
}

/// A version or an alias that is not there has no policy: AWS says no more.
pub(super) fn get(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "GetPolicy")?;
    let found = api.driver.step(|engine, _| {
        let policy = engine.policy(name.as_str(), &name.qualifier())?;
        Ok::<_, LambdaError>(policy.map(Shown::new))
    });
    let found = found.map_err(|error| Error::new(error, &api.identity))?;
    let shown = found.ok_or(Error::ResourceNotFound)?;
    Ok(json(StatusCode::OK, content_type::JSON, &shown))
}

pub(super) fn remove(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "RemovePermission")?;
    let revision = revision_id(call.parameter("RevisionId").as_deref())?;
    let sid = path::segment(call, 4);
    let removed = api
        .driver
        .step(|engine, now| engine.remove_permission(now, name.as_str(), &name.qualifier(), revision, &sid));
    removed.map_err(|error| {
        if let LambdaError::FunctionNotFound(name, Qualifier::Latest) = &error {
            return Error::NoPolicyFound { arn: api.identity.function_arn(name.as_str()) };
        }
        Error::new(error, &api.identity)
    })?;
    Ok(empty(StatusCode::NO_CONTENT))
}

impl Addition {
    fn permission(&self, resource: String) -> Result<Permission<'_>, Error> {
        let pairs = [
            ("lambda:FunctionUrlAuthType", &self.function_url_auth_type),
            ("lambda:EventSourceToken", &self.event_source_token),
            ("aws:PrincipalOrgID", &self.principal_org_id),
            ("AWS:SourceAccount", &self.source_account),
        ];
        let pairs = pairs.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
        let via_url = self.invoked_via_function_url.map(|via| if via { "true" } else { "false" });
        Ok(Permission {
            sid: &self.statement_id,
            effect: Effect::Allow,
            principal: Principal::parse(&self.principal)?,
            action: &self.action,
            resource,
            condition: Condition {
                string_equals: Pairs(pairs.collect()),
                bool: via_url.map(|via| ("lambda:InvokedViaFunctionUrl", via)).into_iter().collect(),
                arn_like: self.source_arn.as_deref().map(|arn| ("AWS:SourceArn", arn)).into_iter().collect(),
            },
        })
    }
}
