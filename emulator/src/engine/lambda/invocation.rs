//! One admitted request, and who asked for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::arrivals::Arrival;
use super::concurrency::Permit;
use super::event_queue::Event;
use super::qualifier::{Qualifier, Version};
use super::settle::End;
use crate::engine::effect::Payload;
use crate::engine::fact::Asker;
use crate::engine::ids::{FunctionName, FunctionNumber, RequestId};
use crate::engine::mapping::Batch;
use crate::engine::time::Timestamp;

/// What a client asks of Invoke.
#[derive(Debug, Clone)]
pub struct Invoke<'a> {
    /// The function's name.
    pub function: &'a str,
    /// What stands behind it.
    pub qualifier: Qualifier,
    /// The event, JSON.
    pub payload: Bytes,
    /// What the caller sends beside the event (`X-Amz-Client-Context`, decoded).
    pub client_context: Option<Arc<str>>,
    /// The chain of requests that it belongs to.
    pub trace: Trace,
    /// Whether the caller takes the answer piece by piece.
    pub streams: bool,
    /// Whether the caller wants the invocation's log with the answer, and so
    /// waits for its end.
    pub wants_log: bool,
}

impl<'a> Invoke<'a> {
    /// An event for `$LATEST` and nothing else.
    pub fn new(function: &'a str, payload: Bytes) -> Self {
        Self {
            function,
            qualifier: Qualifier::Latest,
            payload,
            client_context: None,
            trace: Trace::default(),
            streams: false,
            wants_log: false,
        }
    }
}

/// The chain of requests that a request belongs to (`X-Amzn-Trace-Id`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The header, as it came.
    pub header: Option<Arc<str>>,
    /// Invocations before this one in the chain, which the header's `Lineage` counts.
    pub depth: u32,
}

/// A request that asks to be admitted.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) request_id: RequestId,
    pub(crate) function: FunctionName,
    pub(crate) qualifier: Qualifier,
    pub(crate) payload: Payload,
    pub(crate) client_context: Option<Arc<str>>,
    pub(crate) trace: Trace,
    pub(crate) streams: bool,
    pub(crate) wants_log: bool,
    pub(crate) origin: Origin,
    /// When it came and where to, if it has waited since.
    pub(crate) arrived: Option<Arrival>,
}

/// Who asked, with what is theirs until the invocation is settled.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A caller who waits.
    Caller,
    /// The asynchronous queue, which gets its event back.
    Event(Box<Event>),
    /// A poller, which gets its batch back.
    Batch(Box<Batch>),
}

impl Origin {
    pub(crate) fn asker(&self) -> Asker {
        match self {
            Self::Caller => Asker::Caller,
            Self::Event(_) => Asker::EventQueue,
            Self::Batch(batch) => Asker::Mapping(batch.mapping),
        }
    }
}

/// An admitted request. It owns its permit.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request: Request,
    /// The version that it was routed to.
    pub(crate) version: Version,
    /// The very function that admitted it: one made later under its name has
    /// nothing to do with it.
    pub(crate) number: FunctionNumber,
    pub(crate) permit: Permit,
    /// When it began in its environment, and the function's timeout with it.
    pub(crate) started: Option<Timestamp>,
    /// The Init it waited for, once that is over and was no part of it.
    pub(crate) init: Option<Duration>,
    /// How it was answered, while its environment still works.
    pub(crate) answered: Option<End>,
    /// Whether the environment has answered and still works.
    pub(crate) lingers: bool,
    /// Whether a caller has that answer.
    pub(crate) told: bool,
    /// The most memory used so far, in MB, where known.
    pub(crate) max_memory_mb: Option<u32>,
}
