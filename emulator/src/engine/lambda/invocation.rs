//! One admitted request, and who asked for it.

use std::time::Duration;

use super::concurrency::Permit;
use super::event_queue::Event;
use crate::engine::effect::Payload;
use crate::engine::fact::Asker;
use crate::engine::ids::{FunctionName, FunctionNumber, RequestId};
use crate::engine::mapping::Batch;
use crate::engine::time::Timestamp;

/// A request that asks to be admitted.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) request_id: RequestId,
    pub(crate) function: FunctionName,
    pub(crate) payload: Payload,
    pub(crate) origin: Origin,
}

/// Who asked, with what is theirs until the invocation is settled.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A caller who waits.
    Caller,
    /// The asynchronous queue, which gets its event back.
    Event(Event),
    /// A poller, which gets its batch back.
    Batch(Batch),
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
    pub(crate) request_id: RequestId,
    pub(crate) function: FunctionName,
    /// The very function that admitted it: one made later under its name has
    /// nothing to do with it.
    pub(crate) number: FunctionNumber,
    pub(crate) payload: Payload,
    pub(crate) origin: Origin,
    pub(crate) permit: Permit,
    /// When the function's timeout began to run: at the hand-over, or when
    /// Init passed its limit.
    pub(crate) started: Option<Timestamp>,
    /// Whether its environment has the event.
    pub(crate) handed_over: bool,
    /// The Init it waited for, once that is over.
    pub(crate) init: Option<Duration>,
    /// The most memory used so far, in MB, where known.
    pub(crate) max_memory_mb: Option<u32>,
}
