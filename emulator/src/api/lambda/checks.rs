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

/// Notes what is wrong with one request.
type Check = fn(&mut Violations, &Call) -> Result<(), Error>;

const CHECKS: &[(Operation, Check)] = &[
    (Operation::PublishVersion, publication),
    (Operation::CreateAlias, new_alias),
    (Operation::UpdateAlias, alias_update),
    (Operation::GetAlias, alias_name),
    (Operation::DeleteAlias, alias_name),
    (Operation::ListAliases, alias_search),
    (Operation::PutProvisionedConcurrencyConfig, provisioned),
    (Operation::GetProvisionedConcurrencyConfig, qualified_or_paged),
    (Operation::DeleteProvisionedConcurrencyConfig, qualified_or_paged),
    (Operation::PutFunctionEventInvokeConfig, event_config),
    (Operation::UpdateFunctionEventInvokeConfig, event_config),
    (Operation::GetFunctionEventInvokeConfig, qualified_or_paged),
    (Operation::DeleteFunctionEventInvokeConfig, qualified_or_paged),
    (Operation::ListFunctionEventInvokeConfigs, qualified_or_paged),
];

pub(super) fn check(operation: Operation, call: &Call) -> Result<(), Error> {
    let mut violations = Violations::default();
    if let Some((_, check)) = CHECKS.iter().find(|(checked, _)| *checked == operation) {
        check(&mut violations, call)?;
    }
    violations.into_result().map_err(Error::Validation)
}

fn publication(violations: &mut Violations, call: &Call) -> Result<(), Error> {
    violations.check(&members::DESCRIPTION, &body::read::<Request>(call)?.description);
    Ok(())
}

fn new_alias(violations: &mut Violations, call: &Call) -> Result<(), Error> {
    let request: Request = body::read(call)?;
    violations.require(&members::ALIAS_NAME, &request.name);
    violations.require(&members::FUNCTION_VERSION, &request.function_version);
    request.check_alias(violations);
    Ok(())
}

fn alias_update(violations: &mut Violations, call: &Call) -> Result<(), Error> {
    let request: Request = body::read(call)?;
    alias_name(violations, call)?;
    violations.check(&members::FUNCTION_VERSION, &request.function_version);
    request.check_alias(violations);
    Ok(())
}

fn alias_name(violations: &mut Violations, call: &Call) -> Result<(), Error> {
    violations.check(&members::ALIAS_NAME, Some(&*path::segment(call, ALIAS)));
    Ok(())
}

fn alias_search(violations: &mut Violations, call: &Call) -> Result<(), Error> {
    violations.check(&members::FUNCTION_VERSION, &call.parameter("FunctionVersion"));
    Ok(())
}

fn provisioned(violations: &mut Violations, call: &Call) -> Result<(), Error> {
    let given = body::read::<Request>(call)?.provisioned_concurrent_executions;
    violations.require(&members::QUALIFIER, &call.parameter("Qualifier"));
    violations.require(&members::PROVISIONED_CONCURRENT_EXECUTIONS, given);
    Ok(())
}

fn event_config(violations: &mut Violations, call: &Call) -> Result<(), Error> {
    let request: Request = body::read(call)?;
    qualified_or_paged(violations, call)?;
    request.check_event_config(violations);
    Ok(())
}

fn qualified_or_paged(violations: &mut Violations, call: &Call) -> Result<(), Error> {
    let max_items: Option<i64> = call.parameter("MaxItems").and_then(|text| text.parse().ok());
    violations.check(&members::QUALIFIER, &call.parameter("Qualifier"));
    violations.check(&members::FEW_ITEMS, max_items);
    Ok(())
}

impl Request {
    fn check_alias(&self, violations: &mut Violations) {
        violations.check(&members::DESCRIPTION, &self.description);
        let weights =
            self.routing_config.as_ref().and_then(|routing| routing.additional_version_weights.as_ref());
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
