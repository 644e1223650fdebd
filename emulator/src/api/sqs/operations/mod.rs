//! The actions.

mod batch;
mod dead_letters;
mod delete;
mod moves;
mod page;
mod permissions;
mod queue_attributes;
mod queues;
mod receive;
mod send;
mod tags;
mod visibility;

pub(super) use dead_letters::ListDeadLetterSourceQueues;
pub(super) use delete::{DeleteMessage, DeleteMessageBatch};
pub(super) use moves::{CancelMessageMoveTask, ListMessageMoveTasks, StartMessageMoveTask};
pub(super) use permissions::{AddPermission, RemovePermission};
pub(super) use queue_attributes::{GetQueueAttributes, SetQueueAttributes};
pub(super) use queues::{CreateQueue, DeleteQueue, GetQueueUrl, ListQueues, PurgeQueue};
pub(super) use receive::ReceiveMessage;
pub(crate) use receive::SENDER_ID;
pub(super) use send::{SendMessage, SendMessageBatch};
pub(super) use tags::{ListQueueTags, TagQueue, UntagQueue};
pub(super) use visibility::{ChangeMessageVisibility, ChangeMessageVisibilityBatch};
