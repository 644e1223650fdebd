//! What the model asks of requests about versions, aliases and what is set on
//! them. A request is checked as a whole before its operation looks at it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::body;
use super::error::Error;
use super::operation::Operation;
use super::path;
use super::validation::{self as members, Violations};
use crate::api::call::Call;

/// Every member of these operations that has a constraint. What has another
/// type than it should is left to the operation, which reads it and says so.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    name: Option<String>,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<RoutingConfig>,
    provisioned_concurrent_executions: Option<i64>,
    maximum_retry_attempts: Option<i64>,
    maximum_event_age_in_seconds: Option<i64>,
    destination_config: Option<DestinationConfig>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RoutingConfig {
    additional_version_weights: Option<BTreeMap<String, f64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DestinationConfig {
    on_success: Option<Destination>,
    on_failure: Option<Destination>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    destination: Option<String>,
}

/// Where an alias's name stands in the path.
const ALIAS: usize = 4;

pub(super) fn check(operation: Operation, call: &Call) -> Result<(), Error> {
    let mut violations = Violations::default();
    match operation {
        Operation::PublishVersion => {
            violations.check(&members::DESCRIPTION, &body::read::<Request>(call)?.description);
        }
        Operation::CreateAlias => {
            let request: Request = body::read(call)?;
            violations.require(&members::ALIAS_NAME, &request.name);
            violations.require(&members::FUNCTION_VERSION, &request.function_version);
            request.check_alias(&mut violations);
        }
        Operation::UpdateAlias => {
            let request: Request = body::read(call)?;
            violations.check(&members::ALIAS_NAME, Some(&*path::segment(call, ALIAS)));
            violations.check(&members::FUNCTION_VERSION, &request.function_version);
            request.check_alias(&mut violations);
        }
        Operation::GetAlias | Operation::DeleteAlias => {
            violations.check(&members::ALIAS_NAME, Some(&*path::segment(call, ALIAS)));
        }
        Operation::ListAliases => {
            violations.check(&members::FUNCTION_VERSION, &call.parameter("FunctionVersion"));
        }
        Operation::PutProvisionedConcurrencyConfig => {
            let request: Request = body::read(call)?;
            violations.require(&members::QUALIFIER, &call.parameter("Qualifier"));
            let given = request.provisioned_concurrent_executions;
            violations.require(&members::PROVISIONED_CONCURRENT_EXECUTIONS, given);
        }
        Operation::PutFunctionEventInvokeConfig | Operation::UpdateFunctionEventInvokeConfig => {
            violations.check(&members::QUALIFIER, &call.parameter("Qualifier"));
            body::read::<Request>(call)?.check_event_config(&mut violations);
        }
        Operation::GetProvisionedConcurrencyConfig | Operation::ListFunctionEventInvokeConfigs => {
            violations.check(&members::QUALIFIER, &call.parameter("Qualifier"));
            let max_items = call.parameter("MaxItems").and_then(|text| text.parse().ok());
            violations.check(&members::FEW_ITEMS, max_items);
        }
        Operation::DeleteProvisionedConcurrencyConfig
        | Operation::GetFunctionEventInvokeConfig
        | Operation::DeleteFunctionEventInvokeConfig => {
            violations.check(&members::QUALIFIER, &call.parameter("Qualifier"));
        }
        _ => {}
    }
    violations.into_result().map_err(Error::Validation)
}

impl Request {
    fn check_alias(&self, violations: &mut Violations) {
        violations.check(&members::DESCRIPTION, &self.description);
        let weights = self.routing_config.as_ref().and_then(|routing| routing.additional_version_weights.as_ref());
        weights.into_iter().for_each(|weights| check_weights(violations, weights));
    }

    fn check_event_config(&self, violations: &mut Violations) {
        violations.check(&members::MAXIMUM_RETRY_ATTEMPTS, self.maximum_retry_attempts);
        violations.check(&members::MAXIMUM_EVENT_AGE, self.maximum_event_age_in_seconds);
        let Some(DestinationConfig { on_success, on_failure }) = &self.destination_config else { return };
        for (member, given) in [(&members::ON_SUCCESS, on_success), (&members::ON_FAILURE, on_failure)] {
            let destination = given.as_ref().and_then(|given| given.destination.as_deref());
            violations.check(member, destination);
        }
    }
}

/// AWS tells all rules of a map's keys, or of its values, whichever is broken.
fn check_weights(violations: &mut Violations, weights: &BTreeMap<String, f64>) {
    const NAME: &str = "routingConfig.additionalVersionWeights";
    let entries = weights.iter().map(|(version, weight)| format!("{version}={weight}"));
    let shown = format!("{{{}}}", entries.collect::<Vec<_>>().join(", "));
    if weights.keys().any(|key| key.len() > 1_024 || !members::is_number(key)) {
        let rules = "Member must have length less than or equal to 1024, Member must have length greater than \
                     or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must not be \
                     null";
        violations.add_shown(&shown, NAME, &format!("Map keys must satisfy constraint: [{rules}]"));
    }
    if weights.values().any(|weight| !(0.0..=1.0).contains(weight)) {
        let rules = "Member must have value less than or equal to 1.0, Member must have value greater than or \
                     equal to 0.0, Member must not be null";
        violations.add_shown(&shown, NAME, &format!("Map value must satisfy constraint: [{rules}]"));
    }
}
