//! SQS on the wire: each action is one typed operation, the two protocols are
//! shells around it.
//!
//! AWS JSON 1.0 comes with `X-Amz-Target: AmazonSQS.<Action>`, to any path.
//! The query protocol comes as a form, or in the query string, with `Action`;
//! its answers are XML.

mod attributes;
mod error;
mod json;
mod limits;
mod message;
mod names;
mod operations;
mod query;
mod queue_url;
mod receipt;
mod redrive_allow_policy;
mod redrive_policy;
#[cfg(test)]
mod tests;
mod text;
mod xml;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Api;
use super::call::Call;
use super::reply::Reply;
use crate::config::Identity;
use crate::driver::Driver;
pub(super) use error::Code;
use error::Fault;
pub(crate) use message::{attributes_md5, body_md5};
pub(crate) use operations::SENDER_ID;
use operations::{
    AddPermission, CancelMessageMoveTask, ChangeMessageVisibility, ChangeMessageVisibilityBatch, CreateQueue,
    DeleteMessage, DeleteMessageBatch, DeleteQueue, GetQueueAttributes, GetQueueUrl,
    ListDeadLetterSourceQueues, ListMessageMoveTasks, ListQueueTags, ListQueues, PurgeQueue, ReceiveMessage,
    RemovePermission, SendMessage, SendMessageBatch, SetQueueAttributes, StartMessageMoveTask, TagQueue,
    UntagQueue,
};
pub(crate) use receipt::receipt_text;
pub(crate) use text::sequence_text;

/// What the JSON protocol writes before an action.
const TARGET: &str = "AmazonSQS.";

/// Most answers have no more bytes than this.
const SHORT: usize = 256;

/// Answers a request.
pub(super) async fn answer(api: &Api, call: Call) -> Reply {
    let Some(wire) = Wire::of(&call) else { return xml::no_action() };
    let endpoint = Endpoint {
        driver: &api.driver,
        identity: &api.identity,
        host: call.host(),
        trace: call.header("x-amzn-trace-id"),
    };
    let answered = match &*wire.action {
        "ReceiveMessage" => receive(&wire, &endpoint).await,
        _ => perform(&wire, &endpoint),
    };
    answered.unwrap_or_else(|fault| wire.refuse(&fault))
}

/// Refuses a request before anybody looks at what it wants.
pub(super) fn refuse(call: &Call, code: Code, message: &str) -> Reply {
    Protocol::of(call).refuse(call, code, message)
}

/// The account, as the caller reaches it.
#[derive(Debug, Clone, Copy)]
struct Endpoint<'a> {
    driver: &'a Arc<Driver>,
    identity: &'a Arc<Identity>,
    host: &'a str,
    /// `X-Amzn-Trace-Id`, which SDKs add inside of a function.
    trace: &'a str,
}

/// One action that is done at once: its request is what implements this.
trait Operation<'a>: Deserialize<'a> {
    /// Its result; `()` is none.
    type Answer: Serialize;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Self::Answer, Fault>;
}

async fn receive(wire: &Wire<'_>, endpoint: &Endpoint<'_>) -> Result<Reply, Fault> {
    let request: ReceiveMessage<'_> = wire.read()?;
    let received = request.perform(endpoint).await?;
    Ok(wire.write(&received, received.size_hint()))
}

fn perform(wire: &Wire<'_>, endpoint: &Endpoint<'_>) -> Result<Reply, Fault> {
    match &*wire.action {
        "SendMessage" => wire.serve::<SendMessage<'_>>(endpoint),
        "DeleteMessage" => wire.serve::<DeleteMessage<'_>>(endpoint),
        "ChangeMessageVisibility" => wire.serve::<ChangeMessageVisibility<'_>>(endpoint),
        "SendMessageBatch" => wire.serve::<SendMessageBatch<'_>>(endpoint),
        "DeleteMessageBatch" => wire.serve::<DeleteMessageBatch<'_>>(endpoint),
        "ChangeMessageVisibilityBatch" => wire.serve::<ChangeMessageVisibilityBatch<'_>>(endpoint),
        "CreateQueue" if wire.is_for_account() => wire.serve::<CreateQueue<'_>>(endpoint),
        "GetQueueUrl" if wire.is_for_account() => wire.serve::<GetQueueUrl<'_>>(endpoint),
        "ListQueues" if wire.is_for_account() => wire.serve::<ListQueues<'_>>(endpoint),
        "DeleteQueue" => wire.serve::<DeleteQueue<'_>>(endpoint),
        "PurgeQueue" => wire.serve::<PurgeQueue<'_>>(endpoint),
        "GetQueueAttributes" => wire.serve::<GetQueueAttributes<'_>>(endpoint),
        "SetQueueAttributes" => wire.serve::<SetQueueAttributes<'_>>(endpoint),
        "ListQueueTags" => wire.serve::<ListQueueTags<'_>>(endpoint),
        "TagQueue" => wire.serve::<TagQueue<'_>>(endpoint),
        "UntagQueue" => wire.serve::<UntagQueue<'_>>(endpoint),
        "AddPermission" => wire.serve::<AddPermission<'_>>(endpoint),
        "RemovePermission" => wire.serve::<RemovePermission<'_>>(endpoint),
        "ListDeadLetterSourceQueues" => wire.serve::<ListDeadLetterSourceQueues<'_>>(endpoint),
        "StartMessageMoveTask" => wire.serve::<StartMessageMoveTask<'_>>(endpoint),
        "CancelMessageMoveTask" => wire.serve::<CancelMessageMoveTask<'_>>(endpoint),
        "ListMessageMoveTasks" => wire.serve::<ListMessageMoveTasks<'_>>(endpoint),
        unknown => Err(Fault::UnknownAction(unknown.to_owned())),
    }
}

/// Whether a name is that of a FIFO queue: no other may end so.
fn is_fifo(queue: &str) -> bool {
    queue.ends_with(".fifo")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
}

impl Protocol {
    fn of(call: &Call) -> Self {
        if call.header("x-amz-target").starts_with(TARGET) { Self::Json } else { Self::Query }
    }

    fn refuse(self, call: &Call, code: Code, message: &str) -> Reply {
        match self {
            Self::Json => json::refuse(code, message),
            Self::Query => xml::refuse(code, message, call.request_id),
        }
    }
}

/// A request and the protocol that it came in.
#[derive(Debug)]
struct Wire<'a> {
    protocol: Protocol,
    action: Cow<'a, str>,
    call: &'a Call,
}

impl<'a> Wire<'a> {
    fn of(call: &'a Call) -> Option<Self> {
        Some(match call.header("x-amz-target").strip_prefix(TARGET) {
            Some(action) => Self { protocol: Protocol::Json, action: action.into(), call },
            None => Self { protocol: Protocol::Query, action: query::action(call)?.into(), call },
        })
    }

    /// Over the query protocol, a queue's path takes only what concerns that queue.
    fn is_for_account(&self) -> bool {
        self.protocol == Protocol::Json || queue_url::parse(&self.call.path).is_none()
    }

    fn serve<O: Operation<'a>>(&self, endpoint: &Endpoint<'_>) -> Result<Reply, Fault> {
        let operation: O = self.read()?;
        let answer = operation.perform(endpoint)?;
        Ok(self.write(&answer, SHORT))
    }

    fn read<T: Deserialize<'a>>(&self) -> Result<T, Fault> {
        match self.protocol {
            Protocol::Json => json::read(&self.call.body),
            Protocol::Query => query::read(self.call, &self.action),
        }
    }

    /// A reply with an answer of about that many bytes.
    fn write(&self, answer: &impl Serialize, about: usize) -> Reply {
        match self.protocol {
            Protocol::Json => json::write(answer, about),
            Protocol::Query => xml::write(&self.action, answer, self.call.request_id),
        }
    }

    fn refuse(&self, fault: &Fault) -> Reply {
        self.protocol.refuse(self.call, fault.code(), &fault.message(self.protocol))
    }
}
