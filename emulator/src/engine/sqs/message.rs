//! Messages, as sent and as received.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::receipt::ReceiptHandle;
use super::shelf::MessageKey;
use crate::engine::ids::{DeduplicationId, GroupId, MessageId, MessageNumber, QueueName};
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
    /// The group within which a FIFO queue keeps the order; on a standard queue
    /// the sender's tenant, for its fairness.
    pub group_id: Option<GroupId>,
    /// What tells it from others, on FIFO queues.
    pub deduplication: Option<Deduplication>,
}

/// What a FIFO queue tells a message by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deduplication {
    /// The sender's own id.
    Id(DeduplicationId),
    /// The SHA-256 of the body, which counts only where the queue deduplicates
    /// by content.
    ByContent(DeduplicationId),
}

impl Deduplication {
    /// The id, wherever it is from.
    pub fn id(&self) -> &DeduplicationId {
        match self {
            Self::Id(id) | Self::ByContent(id) => id,
        }
    }
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
            deduplication: None,
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
#[derive(Debug, Clone, PartialEq)]
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

impl Delivery {
    /// Its place in the order of a FIFO queue, where each message has something
    /// to tell it by.
    pub fn sequence(&self) -> Option<MessageNumber> {
        self.content.message.deduplication.as_ref().map(|_| self.receipt.message.number)
    }
}

/// What a sender is told of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its id.
    pub id: MessageId,
    /// Its place in the order of a FIFO queue.
    pub sequence: Option<MessageNumber>,
}

/// A message in its queue.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) content: Arc<Content>,
    /// The queue gives it.
    pub(crate) key: MessageKey,
    pub(crate) receive_count: u32,
    pub(crate) first_received: Option<Timestamp>,
    pub(crate) dead_letter_source: Option<QueueName>,
    pub(crate) place: Place,
}

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It can be received, in its turn.
    Visible {
        turn: u64,
    },
    Delayed {
        until: Timestamp,
    },
    InFlight {
        until: Timestamp,
        since: Timestamp,
        holder: Holder,
    },
}

/// Who received a message that is in flight, and works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Client,
    Poller,
}

impl Message {
    pub(crate) fn new(content: Arc<Content>) -> Self {
        Self {
            content,
            key: MessageKey { number: MessageNumber(0), slot: 0 },
            receive_count: 0,
            first_received: None,
            dead_letter_source: None,
            place: Place::Visible { turn: 0 },
        }
    }

    pub(crate) fn id(&self) -> MessageId {
        self.content.id
    }

    pub(crate) fn group(&self) -> &Option<GroupId> {
        &self.content.message.group_id
    }

    /// What it becomes in a dead-letter queue: the same message, received anew.
    /// In a FIFO queue it is as old as its arrival there; in a standard one it
    /// keeps its age.
    pub(crate) fn dead_lettered(self, source: QueueName, sent: Option<Timestamp>) -> Self {
        let content = match sent {
            Some(sent) => Arc::new(Content { sent, ..Arc::unwrap_or_clone(self.content) }),
            None => self.content,
        };
        Self { dead_letter_source: Some(source), ..Self::new(content) }
    }

    /// What it becomes when it is moved out of a dead-letter queue: another
    /// message of the same content.
    pub(crate) fn moved(self, id: MessageId, sent: Timestamp) -> Self {
        Self::new(Arc::new(Content { id, sent, ..Arc::unwrap_or_clone(self.content) }))
    }
}
