//! Queue attributes that the engine acts on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::message::{Deduplication, NewMessage};
use super::recent::Key;
use crate::engine::ids::QueueName;

/// Settings of a queue (SQS API, `SetQueueAttributes`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueAttributes {
    /// How long a received message stays invisible: 0 to 43,200 s.
    pub visibility_timeout: Duration,
    /// How long a new message waits: 0 to 900 s.
    pub delay: Duration,
    /// 1,024 to 1,048,576 bytes.
    pub maximum_message_size: usize,
    /// 60 to 1,209,600 s.
    pub retention: Duration,
    /// How long a receive waits when it does not say: 0 to 20 s.
    pub receive_wait: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<RedrivePolicy>,
    /// Which queues may send their dead letters here.
    pub redrive_allow: RedriveAllowPolicy,
    /// What a FIFO queue has beside; `None` on a standard one.
    pub fifo: Option<FifoAttributes>,
    /// Attributes that are stored and shown, not acted on: name to value.
    pub stored: BTreeMap<String, String>,
}

impl Default for QueueAttributes {
    fn default() -> Self {
        Self {
            visibility_timeout: Duration::from_secs(30),
            delay: Duration::ZERO,
            maximum_message_size: 1_048_576,
            retention: Duration::from_secs(345_600),
            receive_wait: Duration::ZERO,
            redrive: None,
            redrive_allow: RedriveAllowPolicy::AllowAll,
            fifo: None,
            stored: BTreeMap::new(),
        }
    }
}

/// When a message goes to the dead-letter queue, and to which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// The dead-letter queue, of the same account and region.
    pub dead_letter_queue: QueueName,
    /// Receives after which the next one moves the message instead: 1 to 1,000.
    pub max_receive_count: u32,
}

/// Which queues may name a queue as their dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedriveAllowPolicy {
    /// All of the account.
    AllowAll,
    /// None.
    DenyAll,
    /// These, up to 10.
    ByQueue(BTreeSet<QueueName>),
}

impl RedriveAllowPolicy {
    pub(crate) fn allows(&self, source: &QueueName) -> bool {
        match self {
            Self::AllowAll => true,
            Self::DenyAll => false,
            Self::ByQueue(sources) => sources.contains(source),
        }
    }
}

/// What a FIFO queue has beside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FifoAttributes {
    /// Whether a message without an id of its own is told by its body.
    pub content_based_deduplication: bool,
    /// Where one id may be used once.
    pub deduplication_scope: FifoScope,
    /// What the rate of requests is limited for.
    pub throughput_limit: FifoScope,
}

/// `DeduplicationScope` and `FifoThroughputLimit`: `queue`/`perQueue`, or
/// `messageGroup`/`perMessageGroupId`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FifoScope {
    /// The whole queue.
    #[default]
    Queue,
    /// Each message group.
    MessageGroup,
}

impl FifoAttributes {
    /// A limit for each group needs ids for each group ("High throughput for
    /// FIFO queues").
    pub(super) fn limits_groups_without_scope(self) -> bool {
        self.throughput_limit == FifoScope::MessageGroup && self.deduplication_scope == FifoScope::Queue
    }

    /// What a message is told by, if it has anything that counts here.
    pub(super) fn deduplication_key(&self, message: &NewMessage) -> Option<Key> {
        let id = match message.deduplication.as_ref()? {
            Deduplication::Id(id) => id,
            Deduplication::ByContent(id) => self.content_based_deduplication.then_some(id)?,
        };
        let group = match self.deduplication_scope {
            FifoScope::Queue => None,
            FifoScope::MessageGroup => message.group_id.clone(),
        };
        Some((group, id.clone()))
    }
}
