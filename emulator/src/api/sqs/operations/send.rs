//! SendMessage and SendMessageBatch.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batch::{self, Ends};
use crate::api::sqs::error::{Fault, Given, NOT_FOR_TYPE};
use crate::api::sqs::message::{GivenAttributes, attributes, attributes_md5, body_md5, check_characters};
use crate::api::sqs::text::{Hex, Text, sequence_text, shown};
use crate::api::sqs::{Endpoint, Operation, Protocol, is_fifo, limits};
use crate::api::trace;
use crate::engine::{
    AttributeValue, Deduplication, Engine, GroupId, MessageAttribute, MessageId, NewMessage, QueueRequest,
    Timestamp, Trace,
};

/// "Message quotas": the entries of a batch together.
const LONGEST_BATCH: usize = 1_048_576;

/// "SendMessage": the ids of groups and of deduplication have up to 128 characters.
const LONGEST_ID: usize = 128;

const TRACE_HEADER: &str = "AWSTraceHeader";

const ENTRY: &str = "SendMessageBatchRequestEntry";

/// A message to send. Alone it names its queue; in a batch it has an id.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct SendMessage<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    id: Option<Text<'a>>,
    message_body: Option<Text<'a>>,
    delay_seconds: Option<i64>,
    message_attributes: Option<GivenAttributes<'a>>,
    message_system_attributes: Option<GivenAttributes<'a>>,
    message_group_id: Option<Text<'a>>,
    message_deduplication_id: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct SendMessageBatch<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    entries: Option<Vec<SendMessage<'a>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Sent {
    #[serde(rename = "MD5OfMessageBody")]
    body_md5: Hex,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    attributes_md5: Option<Hex>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    system_attributes_md5: Option<Hex>,
    #[serde(serialize_with = "shown")]
    message_id: MessageId,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct SentEntry {
    id: String,
    #[serde(flatten)]
    sent: Sent,
}

impl<'a> Operation<'a> for SendMessage<'a> {
    type Answer = Sent;

    fn perform(mut self, endpoint: &Endpoint<'_>) -> Result<Sent, Fault> {
        let url = self.queue_url.take();
        let queue = endpoint.queue(url.as_ref())?;
        let prepared = self.prepare(queue, |member| Fault::missing(member))?.traced(endpoint);
        endpoint.driver.step(|engine, now| {
            engine.admit_queue_request(now, queue, QueueRequest::Send)?;
            prepared.send(engine, now, queue)
        })
    }
}

impl<'a> Operation<'a> for SendMessageBatch<'a> {
    type Answer = Ends<SentEntry>;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Self::Answer, Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let prepared = prepare_batch(queue, self.entries)?;
        let prepared: Vec<PreparedEntry> =
            prepared.into_iter().map(|(id, entry)| (id, entry.map(|entry| entry.traced(endpoint)))).collect();
        endpoint.driver.step(|engine, now| {
            engine.admit_queue_request(now, queue, QueueRequest::Send)?;
            let ends = prepared.into_iter().map(|(id, prepared)| {
                let sent = prepared.and_then(|prepared| prepared.send(engine, now, queue));
                (id.clone(), sent.map(|sent| SentEntry { id, sent }))
            });
            Ok(ends.collect())
        })
    }
}

type PreparedEntry = (String, Result<Prepared, Fault>);

fn prepare_batch(queue: &str, entries: Option<Vec<SendMessage<'_>>>) -> Result<Vec<PreparedEntry>, Fault> {
    let entries = batch::entries(ENTRY, entries, |entry| entry.id.as_deref())?;
    let mut prepared = Vec::with_capacity(entries.len());
    for (index, mut entry) in entries.into_iter().enumerate() {
        let id = entry.id.take().map(Text::into_owned).unwrap_or_default();
        if is_fifo(queue) && entry.message_group_id.is_none() {
            // The one thing that is called missing by another code in a batch.
            let text = Fault::missing("MessageGroupId").message(Protocol::Json).into_owned();
            return Err(Fault::InvalidParameter(text));
        }
        match entry.prepare(queue, |member| batch::missing(ENTRY, index, member)) {
            // A request that lacks something is wrong as a whole.
            Err(fault @ Fault::MissingParameter(_)) => return Err(fault),
            end => prepared.push((id, end)),
        }
    }
    let size = prepared.iter().filter_map(|(_, end)| end.as_ref().ok()).map(|one| one.message.size()).sum();
    if size > LONGEST_BATCH {
        return Err(Fault::BatchTooLong(size));
    }
    Ok(prepared)
}

/// A message that is checked and hashed: ready for the engine.
#[derive(Debug)]
struct Prepared {
    message: NewMessage,
    delay: Option<Duration>,
    system_attributes_md5: Option<[u8; 16]>,
}

impl SendMessage<'_> {
    fn prepare(self, queue: &str, missing: impl FnOnce(&str) -> Fault) -> Result<Prepared, Fault> {
        let body = self.message_body.filter(|body| !body.is_empty()).ok_or_else(|| missing("MessageBody"))?;
        check_characters(&body)?;
        let delay = self.delay_seconds.map(|delay| limits::DELAY.seconds(delay)).transpose()?;
        let attributes = attributes(self.message_attributes)?;
        if let Some(group_id) = &self.message_group_id {
            check_id("MessageGroupId", group_id)?;
        }
        let deduplication = deduplication(queue, self.message_deduplication_id.as_deref(), &body)?;
        let system = SystemAttributes::read(self.message_system_attributes)?;
        let message = NewMessage {
            body_md5: body_md5(&body),
            body: body.into_owned().into_boxed_str(),
            attributes_md5: md5_of(&attributes),
            attributes,
            trace_depth: 0,
            trace_header: system.trace_header,
            group_id: self.message_group_id.as_deref().map(GroupId::from),
            deduplication,
        };
        Ok(Prepared { message, delay, system_attributes_md5: system.md5 })
    }
}

impl Prepared {
    /// Notes the chain of requests that the message belongs to: that which the
    /// sender named, or that of the request itself.
    fn traced(mut self, endpoint: &Endpoint<'_>) -> Self {
        let given = self.message.trace_header.as_deref().unwrap_or(endpoint.trace);
        let Trace { header, depth } = trace::read(given);
        self.message.trace_depth = depth;
        if self.message.trace_header.is_none() {
            self.message.trace_header = header.as_deref().map(Box::from);
        }
        self
    }

    fn send(self, engine: &mut Engine, now: Timestamp, queue: &str) -> Result<Sent, Fault> {
        let body_md5 = Hex(self.message.body_md5);
        let attributes_md5 = self.message.attributes_md5.map(Hex);
        let given = Given { delay: self.delay.unwrap_or_default().as_secs(), ..Given::default() };
        let accepted = engine.send_message(now, queue, self.message, self.delay);
        let accepted = accepted.map_err(|error| Fault::of(error, given))?;
        Ok(Sent {
            body_md5,
            attributes_md5,
            system_attributes_md5: self.system_attributes_md5.map(Hex),
            message_id: accepted.id,
            sequence_number: accepted.sequence.map(sequence_text),
        })
    }
}

/// What a sender can say as system attributes: X-Ray's header, and no more.
#[derive(Debug, Default)]
struct SystemAttributes {
    trace_header: Option<Box<str>>,
    md5: Option<[u8; 16]>,
}

impl SystemAttributes {
    fn read(given: Option<GivenAttributes<'_>>) -> Result<Self, Fault> {
        let Some(given) = given else { return Ok(Self::default()) };
        if let Some(name) = given.keys().find(|name| &***name != TRACE_HEADER) {
            return Err(Fault::InvalidParameter(format!(
                "Message system attribute name '{name}' is invalid."
            )));
        }
        let mut attributes = attributes(Some(given))?;
        let md5 = md5_of(&attributes);
        let trace_header = match attributes.remove(TRACE_HEADER).map(|header| header.value) {
            Some(AttributeValue::Text(header)) => Some(header.into_boxed_str()),
            Some(AttributeValue::Binary(_)) => {
                return Err(Fault::InvalidParameter(format!(
                    "The value of message system attribute '{TRACE_HEADER}' must be of type 'String'."
                )));
            }
            None => None,
        };
        Ok(Self { trace_header, md5 })
    }
}

fn md5_of(attributes: &BTreeMap<String, MessageAttribute>) -> Option<[u8; 16]> {
    attributes_md5(attributes.iter().map(|(name, attribute)| (name.as_str(), attribute)))
}

/// What a FIFO queue is to tell the message by: the sender's id, or the hash of
/// its body. Whether that counts is the queue's to say.
fn deduplication(queue: &str, id: Option<&str>, body: &str) -> Result<Option<Deduplication>, Fault> {
    const NAME: &str = "MessageDeduplicationId";
    match id {
        Some(id) if !is_fifo(queue) => Err(Fault::invalid(id, NAME, NOT_FOR_TYPE)),
        Some(id) => {
            check_id(NAME, id)?;
            Ok(Some(Deduplication::Id(id.into())))
        }
        None if is_fifo(queue) => {
            let hash: [u8; 32] = Sha256::digest(body.as_bytes()).into();
            let (begin, end) = hash.split_at(16);
            let number = |half: &[u8]| half.iter().fold(0, |all, &byte| (all << 8) | u128::from(byte));
            let text = format!("{:032x}{:032x}", number(begin), number(end));
            Ok(Some(Deduplication::ByContent(text.as_str().into())))
        }
        None => Ok(None),
    }
}

pub(super) fn check_id(parameter: &str, id: &str) -> Result<(), Fault> {
    let fits = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    let reason =
        format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    if fits { Ok(()) } else { Err(Fault::invalid(id, parameter, &reason)) }
}
