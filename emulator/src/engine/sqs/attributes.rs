//! Queue attributes that the engine acts on.

use std::collections::BTreeMap;
use std::time::Duration;

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
