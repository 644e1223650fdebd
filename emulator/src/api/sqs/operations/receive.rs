//! ReceiveMessage.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::send::check_id;
use crate::api::sqs::error::{Fault, NOT_FOR_TYPE};
use crate::api::sqs::message::{ShownAttribute, attributes_md5};
use crate::api::sqs::text::{Hex, Text, sequence_text, shown};
use crate::api::sqs::{Endpoint, is_fifo, limits, receipt};
use crate::config::Identity;
use crate::engine::{Delivery, MessageAttribute, MessageId, ReceiptHandle, ReceiveRequest};

/// Who sent each message. The emulator knows no users: all senders are one.
pub(crate) const SENDER_ID: &str = "AIDAEMULATOREMULATOR";

/// What a request may name; what a message does not have is no error.
const SYSTEM_ATTRIBUTES: [&str; 10] = [
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct ReceiveMessage<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    attribute_names: Option<Vec<Text<'a>>>,
    message_system_attribute_names: Option<Vec<Text<'a>>>,
    message_attribute_names: Option<Vec<Text<'a>>>,
    receive_request_attempt_id: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Received<'a> {
    #[serde(skip_serializing_if = "Messages::is_empty")]
    messages: Messages<'a>,
}

impl Received<'_> {
    /// About how many bytes it is in JSON, without attributes.
    pub(in crate::api::sqs) fn size_hint(&self) -> usize {
        const AROUND_BODY: usize = 200;
        let messages = self.messages.deliveries.iter();
        messages.map(|message| message.content.message.body.len() + AROUND_BODY).sum::<usize>() + 16
    }
}

impl<'a> ReceiveMessage<'a> {
    /// Receives messages, waiting for them as long as the request or the queue
    /// says: the one action that is not done at once.
    pub(in crate::api::sqs) async fn perform(self, endpoint: &Endpoint<'_>) -> Result<Received<'a>, Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let max = self.max_number_of_messages.map_or(Ok(1), |max| limits::MAX_MESSAGES.number(max))?;
        let request = ReceiveRequest {
            max: usize::try_from(max).unwrap_or(usize::MAX),
            visibility: self.visibility_timeout.map(|span| limits::VISIBILITY.seconds(span)).transpose()?,
            wait: self.wait_time_seconds.map(|span| limits::WAIT.seconds(span)).transpose()?,
            attempt: attempt(queue, self.receive_request_attempt_id.as_deref())?,
        };
        let mut system_names = self.attribute_names.unwrap_or_default();
        system_names.extend(self.message_system_attribute_names.unwrap_or_default());
        if let Some(wrong) = system_names.iter().find(|name| !SYSTEM_ATTRIBUTES.contains(&&***name)) {
            return Err(Fault::InvalidAttributeName(format!("Unknown Attribute {wrong}.")));
        }
        let deliveries = endpoint.driver.receive(queue, request).await;
        let deliveries = deliveries.map_err(Fault::from)?;
        let names = self.message_attribute_names.unwrap_or_default();
        let identity = Arc::clone(endpoint.identity);
        Ok(Received { messages: Messages { deliveries, system_names, names, identity } })
    }
}

/// A name for this receive, by which it can be repeated on a FIFO queue.
fn attempt(queue: &str, id: Option<&str>) -> Result<Option<Arc<str>>, Fault> {
    const NAME: &str = "ReceiveRequestAttemptId";
    match id {
        Some(id) if !is_fifo(queue) => Err(Fault::invalid(id, NAME, NOT_FOR_TYPE)),
        Some(id) => check_id(NAME, id).map(|()| Some(id.into())),
        None => Ok(None),
    }
}

/// The messages, and what is to be shown of them: they are written from where
/// the queue has them, without a copy.
#[derive(Debug)]
struct Messages<'a> {
    deliveries: Vec<Delivery>,
    system_names: Vec<Text<'a>>,
    names: Vec<Text<'a>>,
    identity: Arc<Identity>,
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.deliveries.iter().map(|delivery| self.show(delivery)))
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownMessage<'a> {
    #[serde(serialize_with = "shown")]
    message_id: MessageId,
    #[serde(serialize_with = "receipt::shown")]
    receipt_handle: ReceiptHandle,
    #[serde(rename = "MD5OfBody")]
    body_md5: Hex,
    body: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    attributes_md5: Option<Hex>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a str, ShownAttribute<'a>>,
}

impl Messages<'_> {
    fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    fn show<'d>(&self, delivery: &'d Delivery) -> ShownMessage<'d> {
        let message = &delivery.content.message;
        let wanted: BTreeMap<&str, &MessageAttribute> = message
            .attributes
            .iter()
            .map(|(name, attribute)| (name.as_str(), attribute))
            .filter(|(name, _)| self.names.iter().any(|wanted| matches(wanted, name)))
            .collect();
        let md5 = if wanted.len() == message.attributes.len() {
            message.attributes_md5
        } else {
            attributes_md5(wanted.iter().map(|(name, attribute)| (*name, *attribute)))
        };
        ShownMessage {
            message_id: delivery.content.id,
            receipt_handle: delivery.receipt,
            body_md5: Hex(message.body_md5),
            body: &message.body,
            attributes: self.system_attributes(delivery),
            attributes_md5: md5.map(Hex),
            message_attributes: wanted
                .into_iter()
                .map(|(name, attribute)| (name, attribute.into()))
                .collect(),
        }
    }

    fn system_attributes(&self, delivery: &Delivery) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::new();
        if self.system_names.is_empty() {
            return shown;
        }
        let message = &delivery.content.message;
        let source = delivery.dead_letter_source.as_ref();
        let attributes = [
            ("SenderId", Some(SENDER_ID.to_owned())),
            ("SentTimestamp", Some(delivery.content.sent.as_millis().to_string())),
            ("ApproximateReceiveCount", Some(delivery.receive_count.to_string())),
            ("ApproximateFirstReceiveTimestamp", Some(delivery.first_received.as_millis().to_string())),
            ("SequenceNumber", delivery.sequence().map(sequence_text)),
            ("MessageDeduplicationId", message.deduplication.as_ref().map(|told| told.id().to_string())),
            ("MessageGroupId", message.group_id.as_ref().map(ToString::to_string)),
            ("AWSTraceHeader", message.trace_header.as_deref().map(str::to_owned)),
            ("DeadLetterQueueSourceArn", source.map(|source| self.identity.queue_arn(source.as_str()))),
        ];
        for (name, value) in attributes {
            let wanted = self.system_names.iter().any(|wanted| &**wanted == "All" || &**wanted == name);
            shown.extend(value.filter(|_| wanted).map(|value| (name, value)));
        }
        shown
    }
}

/// Whether a requested name means this attribute: itself, all, or a prefix.
fn matches(wanted: &str, name: &str) -> bool {
    match wanted {
        "All" | ".*" => true,
        _ => match wanted.strip_suffix(".*") {
            Some(prefix) => name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')),
            None => wanted == name,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_message_attributes() {
        for (wanted, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("All", "a", true),
            (".*", "a", true),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", true),
            ("a.*", "ab", false),
            ("a.*", "a", false),
            ("a.b", "a.b", true),
        ] {
            assert_eq!(matches(wanted, name), expected, "{wanted} {name}");
        }
    }
}
