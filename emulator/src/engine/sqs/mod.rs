//! SQS: standard queues, their messages, and those who wait for them.

mod attributes;
mod message;
mod queue;
mod queues;
mod receipt;
mod receiver;
mod transfer;

pub use attributes::{QueueAttributes, RedrivePolicy};
pub use message::{AttributeValue, Content, Delivery, MessageAttribute, NewMessage};
pub use queues::QueueView;
pub use receipt::ReceiptHandle;
pub use transfer::{Receive, ReceiveRequest};

pub(in crate::engine) use queue::Queue;
pub(in crate::engine) use receiver::{Receiver, Waiter};
