//! Lambda over REST and JSON.
//!
//! A request is read here and worded for the engine; the engine's answers and
//! refusals are worded here as AWS words them. Nothing is decided here.

mod account;
mod body;
mod built_in;
mod code;
mod cold_start;
mod concurrency;
mod configuration;
mod error;
mod front_door;
mod function_name;
mod function_urls;
mod functions;
mod invoke;
mod mappings;
mod operation;
mod page;
mod payload;
mod runtime;
mod settings;
mod streaming;
#[cfg(test)]
mod tests;
mod validation;
mod variables;
#[cfg(test)]
pub(super) mod world;

use hyper::StatusCode;

use super::Api;
use super::call::Call;
use super::reply::{Reply, content_type, reply};
use error::Error;
use operation::Operation;

pub(super) use front_door::{Ended, Stream, Target, Why};
pub(super) use operation::is_path;
pub(super) use validation::{Constraint, Member, Violations};

pub(super) async fn answer(api: &Api, call: Call) -> Reply {
    let Some((operation, resource)) = operation::find(call.method.as_str(), &call.path) else {
        return reply(StatusCode::NOT_FOUND, content_type::XML, "<UnknownOperationException/>\n");
    };
    serve(api, &call, operation, resource).await.unwrap_or_else(Error::into_reply)
}

async fn serve(api: &Api, call: &Call, operation: Operation, resource: &str) -> Result<Reply, Error> {
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
        Operation::NotServed(name) => Err(Error::NotServed(name.to_owned())),
    }
}
