//! Receipt handles.

use super::shelf::MessageKey;
use crate::engine::ids::QueueNumber;

/// Names one receive of one message. `api` makes an opaque text of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptHandle {
    /// The queue it was given by.
    pub queue: QueueNumber,
    /// The message.
    pub message: MessageKey,
    /// Which receive of the message: 1 is the first.
    pub receive: u32,
}
