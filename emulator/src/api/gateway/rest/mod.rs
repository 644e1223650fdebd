//! REST APIs: resources with methods, deployed to stages.
//!
//! What clients call is a deployment, a picture of the API at one moment;
//! changes show when they are deployed again.

mod apis;
mod deployments;
mod integrations;
mod invoke;
mod methods;
mod mock;
mod model;
mod resources;
mod responses;
mod stages;
mod store;

use super::manage::Operation;

pub(super) use invoke::answer;
pub(in crate::api) use store::RestApis;

/// Method, path and function of every served operation.
pub(super) const OPERATIONS: &[Operation] = &[
    ("POST", "restapis", apis::create),
    ("GET", "restapis", apis::list),
    ("GET", "restapis/*", apis::get),
    ("PATCH", "restapis/*", apis::update),
    ("DELETE", "restapis/*", apis::delete),
    ("GET", "restapis/*/resources", resources::list),
    ("POST", "restapis/*/resources/*", resources::create),
    ("GET", "restapis/*/resources/*", resources::get),
    ("DELETE", "restapis/*/resources/*", resources::delete),
    ("PUT", "restapis/*/resources/*/methods/*", methods::put),
    ("GET", "restapis/*/resources/*/methods/*", methods::get),
    ("PATCH", "restapis/*/resources/*/methods/*", methods::update),
    ("DELETE", "restapis/*/resources/*/methods/*", methods::delete),
    ("PUT", "restapis/*/resources/*/methods/*/integration", integrations::put),
    ("GET", "restapis/*/resources/*/methods/*/integration", integrations::get),
    ("PATCH", "restapis/*/resources/*/methods/*/integration", integrations::update),
    ("DELETE", "restapis/*/resources/*/methods/*/integration", integrations::delete),
    ("PUT", "restapis/*/resources/*/methods/*/responses/*", responses::put),
    ("GET", "restapis/*/resources/*/methods/*/responses/*", responses::get),
    ("PATCH", "restapis/*/resources/*/methods/*/responses/*", responses::update),
    ("DELETE", "restapis/*/resources/*/methods/*/responses/*", responses::delete),
    ("PUT", "restapis/*/resources/*/methods/*/integration/responses/*", responses::put_integration),
    ("GET", "restapis/*/resources/*/methods/*/integration/responses/*", responses::get_integration),
    ("PATCH", "restapis/*/resources/*/methods/*/integration/responses/*", responses::update_integration),
    ("DELETE", "restapis/*/resources/*/methods/*/integration/responses/*", responses::delete_integration),
    ("POST", "restapis/*/deployments", deployments::create),
    ("GET", "restapis/*/deployments", deployments::list),
    ("GET", "restapis/*/deployments/*", deployments::get),
    ("PATCH", "restapis/*/deployments/*", deployments::update),
    ("DELETE", "restapis/*/deployments/*", deployments::delete),
    ("POST", "restapis/*/stages", stages::create),
    ("GET", "restapis/*/stages", stages::list),
    ("GET", "restapis/*/stages/*", stages::get),
    ("PATCH", "restapis/*/stages/*", stages::update),
    ("DELETE", "restapis/*/stages/*", stages::delete),
];
