//! What the function answers.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::Context;
use serde::Serialize;
use serde_json::json;

use crate::environment::{Arrival, Environment, epoch_seconds, seconds};
use crate::identifier;
use crate::instruction::Malformed;
use crate::message::Message;

/// The answer in the shape that its receiver expects.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Reply {
    Direct(Usual),
    Batch(Batch),
    Http(Http),
}

/// Who served the invocation, and when. Times are seconds.
#[derive(Debug, Serialize)]
pub struct Usual {
    /// New for every invocation.
    execution_id: String,
    /// New for every process, so it tells execution environments apart.
    environment_id: String,
    request_id: String,
    /// Whether somebody waited for this process to start: the first invocation
    /// of an environment that was not provisioned.
    cold_start: bool,
    /// From the start of `main` to the first invocation; 0 if it was warm.
    cold_start_time: f64,
    initialization_type: String,
    started_at: f64,
    finished_at: f64,
    processing_time: f64,
    /// What was left at the end of the work until the invocation times out.
    remaining_time: f64,
    function_name: String,
    function_version: String,
    log_stream: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    padding: Option<String>,
}

/// The usual answer, and which messages of the batch are to be tried again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    #[serde(flatten)]
    usual: Usual,
    messages: usize,
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    item_identifier: String,
}

/// A response as HTTP front doors take it, in both payload formats.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    status_code: u16,
    headers: BTreeMap<&'static str, &'static str>,
    body: String,
}

impl Reply {
    pub(crate) fn batch(usual: Usual, messages: &[Message]) -> Self {
        let failed = messages.iter().filter(|message| message.failed);
        let failures = failed.map(|message| BatchItemFailure { item_identifier: message.message_id.clone() });
        Self::Batch(Batch { usual, messages: messages.len(), batch_item_failures: failures.collect() })
    }

    pub(crate) fn ok(usual: &Usual) -> Self {
        let body = serde_json::to_string(usual).expect("strings and finite numbers always serialize");
        Self::http(200, body)
    }

    pub(crate) fn bad_request(malformed: &Malformed) -> Self {
        let body = json!({"errorType": "InvalidInstruction", "errorMessage": malformed.to_string()});
        Self::http(400, body.to_string())
    }

    fn http(status_code: u16, body: String) -> Self {
        Self::Http(Http {
            status_code,
            headers: BTreeMap::from([("content-type", "application/json")]),
            body,
        })
    }
}

impl Usual {
    /// Takes the time at the end of the work, so call it last.
    pub(crate) fn new(
        environment: &Environment,
        arrival: &Arrival,
        context: &Context,
        return_bytes: Option<u64>,
    ) -> Self {
        let finished = SystemTime::now();
        let deadline = UNIX_EPOCH + Duration::from_millis(context.deadline);
        Self {
            execution_id: identifier::uuid(),
            environment_id: environment.id.clone(),
            request_id: context.request_id.clone(),
            cold_start: arrival.cold_start,
            cold_start_time: seconds(arrival.cold_start_time),
            initialization_type: environment.initialization_type.clone(),
            started_at: epoch_seconds(arrival.wall),
            finished_at: epoch_seconds(finished),
            processing_time: seconds(arrival.at.elapsed()),
            remaining_time: seconds(deadline.duration_since(finished).unwrap_or_default()),
            function_name: context.env_config.function_name.clone(),
            function_version: context.env_config.version.clone(),
            log_stream: context.env_config.log_stream.clone(),
            padding: return_bytes.map(|bytes| "x".repeat(usize::try_from(bytes).unwrap_or(usize::MAX))),
        }
    }
}
