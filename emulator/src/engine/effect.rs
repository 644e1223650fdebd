//! What the engine asks its driver to do. Non-blocking hand-offs, in order.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::error::Refusal;
use super::fact::EventEnding;
use super::ids::{EnvironmentId, FunctionName, MappingId, QueueName, ReceiverId, RequestId, Uuid};
use super::lambda::{FunctionVersion, InitializationType, Qualifier, Trace, Version};
use super::mapping::Filter;
use super::sqs::Delivery;
use super::time::Timestamp;

/// One thing to do in the world.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Start an execution environment. Its runtime reports `Ready`,
    /// `InitFailed`, `Exited` or `StartRefused`.
    Start(Start),
    /// End what runs in an environment and start its runtime anew, in the same
    /// place with the same files. Its reports carry the new incarnation.
    Restart {
        /// Which.
        environment: EnvironmentId,
        /// How often something has been started in it now.
        incarnation: u32,
        /// When.
        at: Timestamp,
    },
    /// End what runs in an environment, and keep the place with its files.
    Halt {
        /// Which.
        environment: EnvironmentId,
    },
    /// Hand an environment its next event. Its runtime reports `Finished` or `Exited`.
    Dispatch(Dispatch),
    /// End an environment, whatever it is doing. Nothing it reports later counts.
    Stop {
        /// Which.
        environment: EnvironmentId,
    },
    /// Answer the caller of a synchronous invocation.
    Respond {
        /// Whose.
        request_id: RequestId,
        /// Where it ran.
        environment: EnvironmentId,
        /// Of which version.
        version: Version,
        /// With what.
        outcome: Outcome,
    },
    /// Tell the caller of a synchronous invocation that it was refused after
    /// it had waited for an environment.
    Refuse {
        /// Whose.
        request_id: RequestId,
        /// Why.
        refusal: Refusal,
    },
    /// Write down what became of an asynchronous event and bring it where the
    /// function's settings say.
    SendRecord(Box<InvocationRecord>),
    /// Judge messages by a mapping's filter criteria, and tell the engine which
    /// passed ([`Engine::filtered`](super::Engine::filtered)).
    Filter(Box<FilterRequest>),
    /// Answer a waiting ReceiveMessage; no message means that its wait is over.
    Deliver {
        /// Whose.
        receiver: ReceiverId,
        /// At most as many as it asked for.
        messages: Vec<Delivery>,
    },
}

/// What a runtime needs to start an execution environment.
#[derive(Debug, Clone)]
pub struct Start {
    /// The new environment.
    pub environment: EnvironmentId,
    /// The code and settings it runs, for its whole life.
    pub function: Arc<FunctionVersion>,
    /// For whom it starts.
    pub initialization: InitializationType,
    /// The random part of its log stream's name.
    pub log_stream: Uuid,
    /// When; the date of its log stream's name.
    pub at: Timestamp,
}

/// One event for an environment.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// Where it goes.
    pub environment: EnvironmentId,
    /// The invocation.
    pub request_id: RequestId,
    /// What the caller put behind the function's name.
    pub qualifier: Qualifier,
    /// The event.
    pub payload: Payload,
    /// What the caller sent beside the event (`X-Amz-Client-Context`, decoded).
    pub client_context: Option<Arc<str>>,
    /// The chain of requests that it belongs to.
    pub trace: Trace,
    /// Whether the caller takes the answer piece by piece.
    pub streams: bool,
    /// When the function's timeout ends it.
    pub deadline: Timestamp,
    /// Whether the answer may name messages that failed
    /// (`ReportBatchItemFailures`): the runtime then reads them from it.
    pub reports_item_failures: bool,
}

/// An event before it is put on the wire.
#[derive(Debug, Clone)]
pub enum Payload {
    /// As the caller sent it.
    Json(Bytes),
    /// Messages of a queue; the edge writes them as an SQS event.
    Records {
        /// Where they come from.
        queue: QueueName,
        /// In the order of their receipt.
        messages: Arc<[Delivery]>,
        /// Whether a batching window gathered them, which AWS's event shows.
        windowed: bool,
    },
}

/// Messages that a poller received, to be judged.
#[derive(Debug, Clone)]
pub struct FilterRequest {
    /// Whose poller.
    pub mapping: MappingId,
    /// Which poller.
    pub poller: usize,
    /// Which of its requests.
    pub ticket: u64,
    /// By what.
    pub filter: Filter,
    /// In the order of their receipt.
    pub messages: Arc<[Delivery]>,
}

/// What became of an asynchronous event.
#[derive(Debug, Clone)]
pub struct InvocationRecord {
    /// Where it goes.
    pub target: RecordTarget,
    /// The event.
    pub request_id: RequestId,
    /// The function that it was for.
    pub function: FunctionName,
    /// What the caller put behind the function's name.
    pub qualifier: Qualifier,
    /// Why the event left its queue.
    pub ending: EventEnding,
    /// How often it was handed to the function.
    pub attempts: u32,
    /// The event itself.
    pub payload: Bytes,
    /// What the last attempt gave, if there was one.
    pub last: Option<Attempt>,
    /// The chain of requests that it belongs to.
    pub trace: Trace,
    /// When.
    pub at: Timestamp,
}

/// Where the record of an event goes; ARNs as the user gave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordTarget {
    /// The function's dead-letter queue, which gets the event itself.
    DeadLetter(Arc<str>),
    /// The destination of events that succeed, which gets a record.
    OnSuccess(Arc<str>),
    /// The destination of events that fail, which gets a record.
    OnFailure(Arc<str>),
}

/// One attempt to run an asynchronous event.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Of which version.
    pub version: Version,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an invocation ended, seen from its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function returned this.
    Success(Bytes),
    /// The function failed: HTTP 200 with `X-Amz-Function-Error`.
    FunctionError(FunctionError),
    /// The machine that runs the emulator could not provide what AWS would
    /// have (a process, a port, memory): never an AWS limit.
    HostFailure(Arc<str>),
}

/// Why a function failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionError {
    /// The runtime reported this error document.
    Reported(Bytes),
    /// The function's timeout passed.
    TimedOut(Duration),
    /// The process ended in the middle.
    Exited(Exit),
    /// The answer was longer than Lambda allows.
    ResponseTooLarge,
    /// The package has no `bootstrap` that can be executed.
    InvalidEntrypoint(EntrypointFault),
    /// An extension failed or ended.
    ExtensionCrashed,
}

/// Why a `bootstrap` can't be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntrypointFault {
    /// There is none.
    Missing,
    /// It is a program for another machine, or none at all.
    Format,
    /// Its first line names a program that is not there.
    NoInterpreter,
    /// It is not marked as executable.
    NotPermitted,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

/// What a runtime tells the engine about an environment.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which environment.
    pub environment: EnvironmentId,
    /// Which start of it: 0 is the first. News of an earlier one are old.
    pub incarnation: u32,
    /// What of it.
    pub news: News,
}

/// News of an environment.
#[derive(Debug, Clone)]
pub enum News {
    /// Init is over: the runtime asked for its first event.
    Ready,
    /// Init failed, and this is the error document.
    InitFailed(FunctionError),
    /// The current invocation is answered.
    Finished(Completion),
    /// The runtime and all extensions have asked for their next event: what
    /// was answered before is over.
    Rested,
    /// The process ended.
    Exited(Exit),
    /// The host could not start it, or not let it speak.
    StartRefused(Arc<str>),
    /// The most memory used so far, in MB: for the case that the invocation
    /// under way ends without a word of its runtime.
    MemoryUsed(u32),
}

/// The end of an invocation as its runtime reports it.
#[derive(Debug, Clone)]
pub struct Completion {
    /// Which invocation.
    pub request_id: RequestId,
    /// How it ended.
    pub outcome: Outcome,
    /// The most memory the environment has used so far, in MB, where known.
    pub max_memory_mb: Option<u32>,
    /// For `ReportBatchItemFailures`, what the answer says of the messages.
    pub items: BatchItems,
    /// Whether the environment is free with it; else `Rested` follows.
    pub rested: bool,
}

/// What a function's answer says of its batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum BatchItems {
    /// All of it succeeded.
    #[default]
    AllSucceeded,
    /// These message ids failed.
    Failed(Vec<Box<str>>),
    /// The answer breaks the rules, which fails the whole batch.
    Invalid,
}
