//! Lambda over REST and JSON.
//!
//! A request is read here and worded for the engine; the engine's answers and
//! refusals are worded here as AWS words them. Nothing is decided here.

mod account;
mod aliases;
mod body;
mod built_in;
mod code;
mod code_signing;
mod cold_start;
mod concurrency;
mod configuration;
mod error;
mod event_config;
mod event_destinations;
mod filter;
mod front_door;
mod function_name;
mod function_urls;
mod functions;
mod invoke;
mod invoke_async;
mod layers;
mod logging;
mod mappings;
mod operation;
mod page;
mod path;
mod payload;
mod permissions;
mod policy;
mod provisioned;
mod recursion;
mod runtime;
mod runtime_management;
mod settings;
mod streaming;
mod tags;
#[cfg(test)]
mod tests;
mod validation;
mod variables;
mod versions;
#[cfg(test)]
pub(super) mod world;

use hyper::StatusCode;

use super::Api;
use super::call::Call;
use super::reply::{Reply, content_type, reply};
use crate::config::Identity;
use crate::engine::{ColdStartMode, FunctionSpec, LambdaError};
use error::Error;
use operation::Operation;

/// How a function of the built-in handler behaves, by its variables; else what
/// is wrong with them, in the words of CreateFunction.
pub(crate) fn built_in(mut spec: FunctionSpec, account_mode: ColdStartMode) -> Result<FunctionSpec, String> {
    spec.handler = built_in::HANDLER.to_owned();
    let words = |error: Error| error.to_string();
    spec.cold_start = cold_start::of(&spec.variables, &spec.architecture).map_err(words)?;
    spec.code = built_in::code(&spec, account_mode, None).map_err(words)?;
    Ok(spec)
}

/// The code and the words of a refusal, as AWS has them.
pub(crate) fn explain(error: LambdaError, identity: &Identity) -> String {
    let error = Error::new(error, identity);
    format!("{}: {error}", error.code())
}

pub(super) use front_door::{Ended, Stream, Target, Why};
pub(super) use operation::is_path;
pub(super) use validation::{Constraint, Member, Violations};

pub(super) async fn answer(api: &Api, call: Call) -> Reply {
    let Some((operation, resource)) = operation::find(call.method.as_str(), &call.path) else {
        return reply(StatusCode::NOT_FOUND, content_type::XML, "<UnknownOperationException/>\n");
    };
    serve(api, &call, operation.told_by_query(&call), resource).await.unwrap_or_else(Error::into_reply)
}

async fn serve(api: &Api, call: &Call, operation: Operation, resource: &str) -> Result<Reply, Error> {
    if !matches!(operation, Operation::NotServed(_)) {
        validation::check(operation.name(), call)?;
    }
    match operation {
        Operation::Invoke => invoke::invoke(api, call, resource).await,
        Operation::InvokeWithResponseStream => streaming::invoke(api, call, resource).await,
        Operation::CreateFunction => functions::create(api, call).await,
        Operation::GetFunction => functions::get(api, call, resource),
        Operation::GetFunctionConfiguration => functions::get_configuration(api, call, resource),
        Operation::ListFunctions => functions::list(api, call),
        Operation::UpdateFunctionCode => functions::update_code(api, call, resource).await,
        Operation::UpdateFunctionConfiguration => functions::update_configuration(api, call, resource),
        Operation::DeleteFunction => functions::delete(api, call, resource),
        Operation::PutFunctionConcurrency => concurrency::put(api, call, resource),
        Operation::GetFunctionConcurrency => concurrency::get(api, resource),
        Operation::DeleteFunctionConcurrency => concurrency::delete(api, resource),
        Operation::GetAccountSettings => Ok(account::settings(api)),
        Operation::CreateEventSourceMapping => mappings::create(api, call),
        Operation::GetEventSourceMapping => mappings::get(api, resource),
        Operation::ListEventSourceMappings => mappings::list(api, call),
        Operation::UpdateEventSourceMapping => mappings::update(api, call, resource),
        Operation::DeleteEventSourceMapping => mappings::delete(api, resource),
        Operation::CreateFunctionUrlConfig => function_urls::create(api, call, resource),
        Operation::GetFunctionUrlConfig => function_urls::get(api, call, resource),
        Operation::UpdateFunctionUrlConfig => function_urls::update(api, call, resource),
        Operation::DeleteFunctionUrlConfig => function_urls::delete(api, call, resource),
        Operation::ListFunctionUrlConfigs => function_urls::list(api, call, resource),
        Operation::AddPermission => permissions::add(api, call, resource),
        Operation::GetPolicy => permissions::get(api, call, resource),
        Operation::RemovePermission => permissions::remove(api, call, resource),
        Operation::ListTags => tags::list(api, call),
        Operation::TagResource => tags::tag(api, call),
        Operation::UntagResource => tags::untag(api, call),
        Operation::InvokeAsync => invoke_async::invoke(api, call, resource),
        Operation::GetFunctionRecursionConfig => recursion::get(api, resource),
        Operation::PutFunctionRecursionConfig => recursion::put(api, call, resource),
        Operation::GetRuntimeManagementConfig => runtime_management::get(api, call, resource),
        Operation::PutRuntimeManagementConfig => runtime_management::put(api, call, resource),
        Operation::GetFunctionCodeSigningConfig => code_signing::of_function(api, resource),
        Operation::PutFunctionCodeSigningConfig => code_signing::put_on_function(api, call, resource),
        Operation::DeleteFunctionCodeSigningConfig => code_signing::delete_of_function(api, resource),
        Operation::ListCodeSigningConfigs => code_signing::list(call),
        Operation::GetCodeSigningConfig | Operation::ListFunctionsByCodeSigningConfig => {
            Err(code_signing::missing(call))
        }
        Operation::PublishLayerVersion => layers::publish(api, call).await,
        Operation::ListLayers => layers::list(api, call),
        Operation::ListLayerVersions => layers::list_versions(api, call),
        Operation::GetLayerVersion => layers::get(api, call),
        Operation::DeleteLayerVersion => layers::delete(api, call),
        Operation::AddLayerVersionPermission => layers::add_permission(api, call),
        Operation::GetLayerVersionPolicy => layers::get_policy(api, call),
        Operation::RemoveLayerVersionPermission => layers::remove_permission(api, call),
        Operation::PublishVersion => versions::publish(api, call, resource),
        Operation::ListVersionsByFunction => versions::list(api, call, resource),
        Operation::CreateAlias => aliases::create(api, call, resource),
        Operation::ListAliases => aliases::list(api, call, resource),
        Operation::GetAlias => aliases::get(api, call, resource),
        Operation::UpdateAlias => aliases::update(api, call, resource),
        Operation::DeleteAlias => aliases::delete(api, call, resource),
        Operation::PutProvisionedConcurrencyConfig => provisioned::put(api, call, resource),
        Operation::GetProvisionedConcurrencyConfig => provisioned::get(api, call, resource),
        Operation::ListProvisionedConcurrencyConfigs => provisioned::list(api, call, resource),
        Operation::DeleteProvisionedConcurrencyConfig => provisioned::delete(api, call, resource),
        Operation::PutFunctionEventInvokeConfig => event_config::put(api, call, resource),
        Operation::UpdateFunctionEventInvokeConfig => event_config::update(api, call, resource),
        Operation::GetFunctionEventInvokeConfig => event_config::get(api, call, resource),
        Operation::DeleteFunctionEventInvokeConfig => event_config::delete(api, call, resource),
        Operation::ListFunctionEventInvokeConfigs => event_config::list(api, call, resource),
        Operation::NotServed(name) => Err(Error::NotServed(name.to_owned())),
    }
}
