//! Events as functions see them, and what their answers say of messages.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::api::{receipt_text, sequence_text};
use crate::config::Identity;
use crate::engine::{AttributeValue, BatchItems, Delivery, GroupId, MessageAttribute, Payload, QueueName};

/// The event's JSON.
pub(super) fn body(payload: Payload, identity: &Identity) -> Bytes {
    match payload {
        Payload::Json(body) => body,
        Payload::Records { queue, messages, windowed } => sqs_event(&queue, &messages, windowed, identity),
    }
}

/// An SQS event, keys in the order in which AWS sends them.
#[derive(Serialize)]
struct SqsEvent<'a> {
    #[serde(rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: String,
    receipt_handle: String,
    body: &'a str,
    attributes: SystemAttributes<'a>,
    message_attributes: BTreeMap<&'a str, EventAttribute<'a>>,
    #[serde(skip_serializing_if = "Md5::is_absent")]
    md5_of_message_attributes: Md5,
    md5_of_body: String,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SystemAttributes<'a> {
    approximate_receive_count: String,
    #[serde(rename = "AWSTraceHeader", skip_serializing_if = "Option::is_none")]
    trace_header: Option<&'a str>,
    sent_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_group_id: Option<&'a str>,
    sender_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_deduplication_id: Option<&'a str>,
    approximate_first_receive_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_queue_source_arn: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventAttribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
    string_list_values: [(); 0],
    binary_list_values: [(); 0],
    data_type: &'a str,
}

/// With a batching window the key is there even when there is no hash.
#[derive(Serialize)]
#[serde(untagged)]
enum Md5 {
    Hash(String),
    Null,
    #[serde(skip)]
    Absent,
}

impl Md5 {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

fn sqs_event(queue: &QueueName, messages: &[Delivery], windowed: bool, identity: &Identity) -> Bytes {
    let arn = identity.queue_arn(queue.as_str());
    let records = messages.iter().map(|delivery| record(delivery, &arn, windowed, identity)).collect();
    serde_json::to_vec(&SqsEvent { records }).expect("an event is plain data").into()
}

fn record<'a>(delivery: &'a Delivery, arn: &'a str, windowed: bool, identity: &'a Identity) -> Record<'a> {
    let message = &delivery.content.message;
    let attributes = message.attributes.iter();
    Record {
        message_id: delivery.content.id.to_string(),
        receipt_handle: receipt_text(delivery.receipt),
        body: &message.body,
        attributes: SystemAttributes {
            approximate_receive_count: delivery.receive_count.to_string(),
            trace_header: message.trace_header.as_deref(),
            sent_timestamp: delivery.content.sent.as_millis().to_string(),
            sequence_number: delivery.sequence().map(sequence_text),
            message_group_id: message.group_id.as_ref().map(GroupId::as_str),
            sender_id: crate::api::SENDER_ID,
            message_deduplication_id: message.deduplication.as_ref().map(|told| told.id().as_str()),
            approximate_first_receive_timestamp: delivery.first_received.as_millis().to_string(),
            dead_letter_queue_source_arn: delivery
                .dead_letter_source
                .as_ref()
                .map(|source| identity.queue_arn(source.as_str())),
        },
        message_attributes: attributes.map(|(name, value)| (name.as_str(), event_attribute(value))).collect(),
        md5_of_message_attributes: match message.attributes_md5 {
            Some(hash) => Md5::Hash(hex(hash)),
            None if windowed => Md5::Null,
            None => Md5::Absent,
        },
        md5_of_body: hex(message.body_md5),
        event_source: "aws:sqs",
        event_source_arn: arn,
        aws_region: &identity.region,
    }
}

fn event_attribute(attribute: &MessageAttribute) -> EventAttribute<'_> {
    let (string_value, binary_value) = match &attribute.value {
        AttributeValue::Text(text) => (Some(text.as_str()), None),
        AttributeValue::Binary(bytes) => (None, Some(BASE64_STANDARD.encode(bytes))),
    };
    EventAttribute {
        string_value,
        binary_value,
        string_list_values: [],
        binary_list_values: [],
        data_type: &attribute.data_type,
    }
}

fn hex(hash: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(hash))
}

/// What an answer with `batchItemFailures` says
/// (Developer Guide, "Implementing partial batch responses").
pub(super) fn item_failures(answer: &[u8]) -> BatchItems {
    // `""` says nothing, and neither does no answer at all: success.
    let answer = answer.trim_ascii();
    if answer.is_empty() || answer == b"\"\"" {
        return BatchItems::AllSucceeded;
    }
    match serde_json::from_slice(answer) {
        Ok(Value::Null) => BatchItems::AllSucceeded,
        Ok(Value::Object(mut response)) => match response.remove("batchItemFailures") {
            None | Some(Value::Null) => BatchItems::AllSucceeded,
            Some(Value::Array(failures)) if failures.is_empty() => BatchItems::AllSucceeded,
            Some(Value::Array(failures)) => {
                let ids = failures.iter().map(|failure| match &failure["itemIdentifier"] {
                    Value::String(id) if !id.is_empty() => Some(id.as_str().into()),
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Array(_)
                    | Value::Object(_) => None,
                });
                ids.collect::<Option<Vec<_>>>().map_or(BatchItems::Invalid, BatchItems::Failed)
            }
            Some(_) => BatchItems::Invalid,
        },
        Ok(_) | Err(_) => BatchItems::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_say_which_messages_failed() {
        let failed = |ids: &[&str]| BatchItems::Failed(ids.iter().map(|&id| id.into()).collect());
        for (answer, expected) in [
            ("null", BatchItems::AllSucceeded),
            ("", BatchItems::AllSucceeded),
            (r#""""#, BatchItems::AllSucceeded),
            ("{}", BatchItems::AllSucceeded),
            (r#"{"batchItemFailures":null}"#, BatchItems::AllSucceeded),
            (r#"{"batchItemFailures":[]}"#, BatchItems::AllSucceeded),
            (r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}"#, failed(&["a", "b"])),
            (r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, BatchItems::Invalid),
            (r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, BatchItems::Invalid),
            (r#"{"batchItemFailures":[{"foo":"x"}]}"#, BatchItems::Invalid),
            (r#"{"batchItemFailures":"x"}"#, BatchItems::Invalid),
            (r#"{"batchItemFailures":[["a"]]}"#, BatchItems::Invalid),
            ("[null]", BatchItems::Invalid),
            ("[[]]", BatchItems::Invalid),
            ("{no json", BatchItems::Invalid),
        ] {
            assert_eq!(item_failures(answer.as_bytes()), expected, "{answer}");
        }
    }
}
