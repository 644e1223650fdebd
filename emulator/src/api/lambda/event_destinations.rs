//! Where the records of asynchronous events go.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::Error;
use crate::config::Identity;
use crate::engine::{Engine, EventInvokeConfig};

/// `DestinationConfig` as a request has it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DestinationConfig {
    on_success: Option<Destination>,
    on_failure: Option<Destination>,
}

/// `OnSuccess` and `OnFailure`; one that is empty is none.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<Arc<str>>,
}

/// What a destination is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Records {
    OfSuccess,
    OfFailure,
}

impl DestinationConfig {
    /// Whether records of `function` can go there: to services that take them,
    /// and to queues and functions that are there.
    pub(super) fn check(&self, engine: &Engine, identity: &Identity, function: &str) -> Result<(), Error> {
        let given = [(self.on_success(), Records::OfSuccess), (self.on_failure(), Records::OfFailure)];
        for (arn, records) in given {
            let Some(arn) = arn else { continue };
            if !takes(arn, records) {
                return Err(Error::DestinationConfigInvalid {
                    on_success: part("OnSuccess", self.on_success()),
                    on_failure: part("OnFailure", self.on_failure()),
                });
            }
            check_there(engine, identity, function, arn)?;
        }
        Ok(())
    }

    /// Replaces both destinations.
    pub(super) fn apply(&self, config: &mut EventInvokeConfig) {
        config.on_success = self.on_success().cloned();
        config.on_failure = self.on_failure().cloned();
        config.has_destinations = true;
    }

    fn on_success(&self) -> Option<&Arc<str>> {
        given(self.on_success.as_ref())
    }

    fn on_failure(&self) -> Option<&Arc<str>> {
        given(self.on_failure.as_ref())
    }
}

fn given(destination: Option<&Destination>) -> Option<&Arc<str>> {
    destination?.destination.as_ref().filter(|arn| !arn.is_empty())
}

/// Whether the service takes such records (Developer Guide, "Capturing records
/// of Lambda asynchronous invocations"): of queues and topics, standard ones.
fn takes(arn: &str, records: Records) -> bool {
    let mut parts = arn.splitn(6, ':');
    let (scheme, service) = (parts.next(), parts.nth(1).unwrap_or_default());
    let has_resource = parts.nth(2).is_some_and(|resource| !resource.is_empty());
    let taken = match service {
        "sqs" | "sns" => !arn.ends_with(".fifo"),
        "lambda" | "events" => true,
        "s3" => records == Records::OfFailure,
        _ => false,
    };
    scheme == Some("arn") && has_resource && taken
}

/// What is in another account or region can't be looked up from here.
fn check_there(engine: &Engine, identity: &Identity, function: &str, arn: &str) -> Result<(), Error> {
    let is_there = match (identity.queue_of(arn), identity.function_of(arn)) {
        (Some(queue), _) => engine.queue(queue).is_ok(),
        (None, Some((name, qualifier))) => engine.qualified(name, &qualifier).is_ok(),
        (None, None) => true,
    };
    if !is_there {
        return Err(Error::DestinationMissing { arn: arn.to_owned() });
    }
    if identity.function_of(arn).is_some_and(|(name, _)| name == function) {
        return Err(Error::DestinationIsSource);
    }
    Ok(())
}

/// One destination, as AWS's error prints it.
fn part(kind: &str, arn: Option<&Arc<str>>) -> String {
    arn.map_or_else(|| "null".to_owned(), |arn| format!("{kind}(destination={arn})"))
}

/// `DestinationConfig` as an answer has it: always both keys.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown {
    on_success: Destination,
    on_failure: Destination,
}

impl Shown {
    pub(super) fn new(config: &EventInvokeConfig) -> Self {
        Self {
            on_success: Destination { destination: config.on_success.clone() },
            on_failure: Destination { destination: config.on_failure.clone() },
        }
    }
}
