//! SQS: queues, their messages, and those who wait for them.

mod attributes;
mod line;
mod message;
mod move_task;
mod moves;
mod queue;
mod queues;
mod rates;
mod receipt;
mod receiver;
mod recent;
mod shelf;
mod transfer;

pub use attributes::{FifoAttributes, FifoScope, QueueAttributes, RedriveAllowPolicy, RedrivePolicy};
pub use message::{Accepted, AttributeValue, Content, Deduplication, Delivery, MessageAttribute, NewMessage};
pub use move_task::{MoveFailure, MoveTaskStatus, MoveTaskView};
pub use queues::QueueView;
pub use rates::QueueRequest;
pub use receipt::ReceiptHandle;
pub use shelf::MessageKey;
pub use transfer::{Receive, ReceiveRequest};

pub(in crate::engine) use message::Holder;
pub(in crate::engine) use move_task::MoveTasks;
pub(in crate::engine) use queue::Queue;
pub(in crate::engine) use receiver::{Receiver, Waiter};
