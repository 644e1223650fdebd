//! HTTP APIs: routes that lead to integrations, in stages.
//!
//! A stage that deploys by itself serves the API as it is; any other serves
//! the picture that its deployment keeps.

mod apis;
mod deployments;
mod integrations;
mod invoke;
mod model;
mod routes;
mod stages;
mod store;

use super::manage::Operation;

pub(super) use invoke::answer;
pub(in crate::api) use store::HttpApis;

/// Method, path and function of every served operation.
pub(super) const OPERATIONS: &[Operation] = &[
    ("POST", "v2/apis", apis::create),
    ("GET", "v2/apis", apis::list),
    ("GET", "v2/apis/*", apis::get),
    ("PATCH", "v2/apis/*", apis::update),
    ("DELETE", "v2/apis/*", apis::delete),
    ("DELETE", "v2/apis/*/cors", apis::delete_cors),
    ("POST", "v2/apis/*/integrations", integrations::create),
    ("GET", "v2/apis/*/integrations", integrations::list),
    ("GET", "v2/apis/*/integrations/*", integrations::get),
    ("PATCH", "v2/apis/*/integrations/*", integrations::update),
    ("DELETE", "v2/apis/*/integrations/*", integrations::delete),
    ("POST", "v2/apis/*/routes", routes::create),
    ("GET", "v2/apis/*/routes", routes::list),
    ("GET", "v2/apis/*/routes/*", routes::get),
    ("PATCH", "v2/apis/*/routes/*", routes::update),
    ("DELETE", "v2/apis/*/routes/*", routes::delete),
    ("POST", "v2/apis/*/stages", stages::create),
    ("GET", "v2/apis/*/stages", stages::list),
    ("GET", "v2/apis/*/stages/*", stages::get),
    ("PATCH", "v2/apis/*/stages/*", stages::update),
    ("DELETE", "v2/apis/*/stages/*", stages::delete),
    ("POST", "v2/apis/*/deployments", deployments::create),
    ("GET", "v2/apis/*/deployments", deployments::list),
    ("GET", "v2/apis/*/deployments/*", deployments::get),
    ("DELETE", "v2/apis/*/deployments/*", deployments::delete),
];
