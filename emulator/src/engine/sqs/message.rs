//! Messages, as sent and as received.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::receipt::ReceiptHandle;
use crate::engine::ids::{MessageId, QueueName};
use crate::engine::time::Timestamp;

/// What a sender gives. Hashes come with it: they are made before the engine
/// is locked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// 1 to 1,048,576 bytes together with its attributes.
    pub body: Box<str>,
    /// MD5 of the body.
    pub body_md5: [u8; 16],
    /// Attributes by name.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// MD5 of the attributes in SQS's own form, if there are any.
    pub attributes_md5: Option<[u8; 16]>,
    /// X-Ray's header, the one system attribute that a sender can set.
    pub trace_header: Option<Box<str>>,
    /// Invocations in the chain of requests that sent it, which that header's
    /// `Lineage` counts.
    pub trace_depth: u32,
    /// The sender's tenant, on standard queues for fair queues.
    pub group_id: Option<Box<str>>,
}

impl NewMessage {
    /// A body and nothing else.
    pub fn new(body: &str, body_md5: [u8; 16]) -> Self {
        Self {
            body: body.into(),
            body_md5,
            attributes: BTreeMap::new(),
            attributes_md5: None,
            trace_header: None,
            trace_depth: 0,
            group_id: None,
        }
    }

    /// What counts against size limits: body and attributes in UTF-8 bytes.
    pub fn size(&self) -> usize {
        let attributes = self.attributes.iter();
        self.body.len() + attributes.map(|(name, attribute)| name.len() + attribute.size()).sum::<usize>()
    }
}

/// One message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, with an optional `.custom` part.
    pub data_type: String,
    /// Its value.
    pub value: AttributeValue,
}

impl MessageAttribute {
    fn size(&self) -> usize {
        let value = match &self.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        self.data_type.len() + value
    }
}

/// The value of a message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// Of `String` and `Number`.
    Text(String),
    /// Of `Binary`.
    Binary(Vec<u8>),
}

/// A message that a queue accepted.
#[derive(Debug, PartialEq)]
pub struct Content {
    /// Its id.
    pub id: MessageId,
    /// When it was sent.
    pub sent: Timestamp,
    /// What was sent.
    pub message: NewMessage,
}

/// One receive of a message.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The message; shared, so that copying happens outside the engine.
    pub content: Arc<Content>,
    /// The handle of this receive.
    pub receipt: ReceiptHandle,
    /// How often it has been received, this time included.
    pub receive_count: u32,
    /// When it was received first.
    pub first_received: Timestamp,
    /// When it becomes visible again.
    pub visible_at: Timestamp,
    /// The queue it came from, when this one is that queue's dead-letter queue.
    pub dead_letter_source: Option<QueueName>,
}

/// A message in its queue.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) content: Arc<Content>,
    pub(crate) receive_count: u32,
    pub(crate) first_received: Option<Timestamp>,
    pub(crate) dead_letter_source: Option<QueueName>,
    pub(crate) place: Place,
}

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Visible,
    Delayed { until: Timestamp },
    InFlight { until: Timestamp, since: Timestamp },
}

impl Message {
    pub(crate) fn new(content: Arc<Content>) -> Self {
        Self {
            content,
            receive_count: 0,
            first_received: None,
            dead_letter_source: None,
            place: Place::Visible,
        }
    }

    pub(crate) fn is_visible(&self) -> bool {
        self.place == Place::Visible
    }

    /// What it becomes in a dead-letter queue: the same message, received anew.
    pub(crate) fn dead_lettered(self, source: QueueName) -> Self {
        Self {
            dead_letter_source: Some(source),
            receive_count: 0,
            first_received: None,
            place: Place::Visible,
            ..self
        }
    }
}
