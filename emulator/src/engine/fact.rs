//! What happened: the one stream that feeds logs, pictures and audits.

use std::sync::Arc;
use std::time::Duration;

use super::effect::RecordTarget;
use super::error::ThrottleReason;
use super::ids::{
    AliasName, EnvironmentId, FunctionName, GroupId, MappingId, MessageId, MoveTaskId, QueueName, RequestId,
    Uuid,
};
use super::lambda::{AllocationStatus, FunctionVersion, InitializationType, Qualifier, Version};
use super::mapping::MappingState;
use super::sqs::MoveTaskStatus;
use super::time::Timestamp;

/// One thing that happened, and when. Facts come in the order of their times.
#[derive(Debug, Clone)]
pub struct Fact {
    /// When, on the engine's clock.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// Who asked for an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A caller who waits for the answer.
    Caller,
    /// The asynchronous queue.
    EventQueue,
    /// A poller of an event source mapping.
    Mapping(MappingId),
}

/// Which concurrency an invocation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// The function's own.
    Reserved,
    /// The account's.
    Unreserved,
    /// That which is provisioned for its version.
    Provisioned,
}

/// Which limit a refused request met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests a second of the account.
    AccountRate,
    /// Requests a second of the function's reservation.
    ReservedRate,
    /// The function's reserved concurrency, less what it has provisioned.
    Reserved,
    /// The account's concurrency, less what functions have claimed.
    Unreserved,
    /// New environments of the function.
    ScalingRate,
}

/// When an Init took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitPhase {
    /// In a phase of its own.
    Init,
    /// Tried again inside the invocation ("suppressed init").
    Invoke,
}

/// How an invocation ended, without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The function returned.
    Succeeded,
    /// The function failed by itself.
    Failed,
    /// Its timeout passed.
    TimedOut,
    /// Its process ended.
    Exited,
    /// The host could not run it.
    HostFailure,
}

/// Why an environment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Nobody used it for its idle lifetime.
    IdleReclaim,
    /// It has lived long enough.
    Retired,
    /// Its Init failed, and it was for nobody.
    InitFailure,
    /// Its provisioned concurrency was taken away or allocated anew.
    Unprovisioned,
    /// The host could not start it.
    HostFailure,
    /// Its code or settings are no longer current, or the function is gone.
    Outdated,
    /// The whole emulator was reset.
    Reset,
}

/// Why an environment was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetReason {
    /// Its Init failed twice.
    InitFailure,
    /// An invocation timed out in it.
    Timeout,
    /// Its process ended.
    Exit,
}

/// Why an asynchronous event left its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventEnding {
    /// The function returned.
    Succeeded,
    /// All attempts failed.
    RetriesExhausted,
    /// The next attempt would have come too late.
    EventAgeExceeded,
    /// The function's reserved concurrency is 0.
    ZeroReservedConcurrency,
    /// It was too deep in a chain of invocations that call each other.
    RecursiveLoop,
    /// The function was deleted.
    FunctionDeleted,
}

/// What can happen.
#[derive(Debug, Clone)]
pub enum What {
    /// A function was made, or its code or settings were changed.
    FunctionChanged {
        /// As it is now.
        function: Arc<FunctionVersion>,
    },
    /// A function was deleted.
    FunctionDeleted {
        /// Its name.
        function: FunctionName,
    },
    /// A version was deleted.
    VersionDeleted {
        /// Whose.
        function: FunctionName,
        /// Which.
        version: Version,
    },
    /// An alias was made or changed.
    AliasChanged {
        /// Whose.
        function: FunctionName,
        /// Which.
        alias: AliasName,
        /// Where it points.
        version: Version,
        /// The other version, and its share of the requests.
        additional: Option<(Version, f64)>,
    },
    /// An alias was deleted.
    AliasDeleted {
        /// Whose.
        function: FunctionName,
        /// Which.
        alias: AliasName,
    },
    /// Provisioned concurrency changed its size or its state.
    ProvisionedChanged {
        /// Whose.
        function: FunctionName,
        /// Of which version.
        version: Version,
        /// How much is asked for; `None` when it is gone.
        requested: Option<u32>,
        /// How far it is.
        status: AllocationStatus,
    },
    /// A function's reserved concurrency was set or removed.
    ReservedConcurrencySet {
        /// Whose.
        function: FunctionName,
        /// To what.
        reserved: Option<u32>,
    },
    /// An invocation got its permit and an environment.
    Admitted {
        /// Which.
        request_id: RequestId,
        /// Of what.
        function: FunctionName,
        /// What the caller put behind the function's name.
        qualifier: Qualifier,
        /// The version that it means.
        version: Version,
        /// For whom.
        asker: Asker,
        /// From which concurrency.
        pool: Pool,
        /// Whether the version has provisioned concurrency, and all of it was used.
        spillover: bool,
        /// Where it runs.
        environment: EnvironmentId,
        /// Whether that environment is new and has yet to start.
        cold: bool,
    },
    /// An invocation was refused.
    Throttled {
        /// Which.
        request_id: RequestId,
        /// Of what.
        function: FunctionName,
        /// What the caller put behind the function's name.
        qualifier: Qualifier,
        /// For whom.
        asker: Asker,
        /// What the caller is told.
        reason: ThrottleReason,
        /// The limit that it met.
        limit: Limit,
    },
    /// An environment was started.
    InitStarted {
        /// Which.
        environment: EnvironmentId,
        /// What it runs.
        function: Arc<FunctionVersion>,
        /// For whom.
        initialization: InitializationType,
        /// The random part of its log stream's name.
        log_stream: Uuid,
    },
    /// An environment that had been reset was started again, inside an invocation.
    InitRestarted {
        /// Which.
        environment: EnvironmentId,
    },
    /// An environment's Init ended well.
    InitEnded {
        /// Which.
        environment: EnvironmentId,
        /// How long Init took.
        took: Duration,
    },
    /// An environment's Init failed.
    InitFailed {
        /// Which.
        environment: EnvironmentId,
        /// How long it had taken.
        took: Duration,
        /// In which phase it failed.
        phase: InitPhase,
        /// The type of the error; `None` when it was the time limit that it failed.
        error_type: Option<&'static str>,
    },
    /// An environment lost its processes and keeps its files.
    EnvironmentReset {
        /// Which.
        environment: EnvironmentId,
        /// Why.
        reason: ResetReason,
    },
    /// An invocation began in its environment: it is handed the event as soon
    /// as it is ready.
    InvokeStarted {
        /// Which invocation.
        request_id: RequestId,
        /// Where.
        environment: EnvironmentId,
    },
    /// An invocation ended; its permit is back in its pool.
    InvokeEnded {
        /// Which.
        request_id: RequestId,
        /// Of what.
        function: FunctionName,
        /// Where.
        environment: EnvironmentId,
        /// Of which version.
        version: Version,
        /// Whether it had begun in its environment.
        started: bool,
        /// How.
        ending: Ending,
        /// The type of the error, where its environment failed with it.
        error_type: Option<&'static str>,
        /// From its beginning there to the end.
        duration: Duration,
        /// The Init that this invocation waited for.
        init: Option<Duration>,
        /// The most memory used, in MB, where known.
        max_memory_mb: Option<u32>,
    },
    /// An environment waits for its next invocation.
    EnvironmentIdle {
        /// Which.
        environment: EnvironmentId,
    },
    /// An environment ended.
    EnvironmentStopped {
        /// Which.
        environment: EnvironmentId,
        /// Why.
        reason: StopReason,
    },
    /// A caller was answered; its environment still works.
    Answered {
        /// Which invocation.
        request_id: RequestId,
        /// Where.
        environment: EnvironmentId,
    },
    /// The record of an asynchronous event was brought to its destination.
    RecordSent {
        /// Which event.
        request_id: RequestId,
        /// For what.
        function: FunctionName,
        /// Where to.
        target: RecordTarget,
        /// Whether that took it.
        delivered: bool,
    },
    /// An asynchronous event was accepted.
    EventAccepted {
        /// Which.
        request_id: RequestId,
        /// For what.
        function: FunctionName,
    },
    /// An asynchronous event waits for another attempt.
    EventDelayed {
        /// Which.
        request_id: RequestId,
        /// For what.
        function: FunctionName,
        /// Until when.
        until: Timestamp,
    },
    /// An asynchronous event left its queue.
    EventEnded {
        /// Which.
        request_id: RequestId,
        /// For what.
        function: FunctionName,
        /// Why.
        ending: EventEnding,
    },
    /// A queue was made.
    QueueCreated {
        /// Which.
        queue: QueueName,
    },
    /// A queue was deleted with its messages.
    QueueDeleted {
        /// Which.
        queue: QueueName,
        /// How many messages went with it.
        messages: usize,
    },
    /// A queue was emptied.
    QueuePurged {
        /// Which.
        queue: QueueName,
        /// How many messages went.
        messages: usize,
    },
    /// A queue accepted a message.
    MessageSent {
        /// Where.
        queue: QueueName,
        /// Which.
        message: MessageId,
        /// Its bytes: body and attributes.
        size: usize,
        /// Its group.
        group: Option<GroupId>,
        /// When it may be received, if not at once.
        delayed_until: Option<Timestamp>,
    },
    /// A FIFO queue was sent a message that it had already accepted.
    MessageDeduplicated {
        /// Where.
        queue: QueueName,
        /// The message that it accepted.
        message: MessageId,
    },
    /// A delayed message of a FIFO queue waits until another moment than before.
    DelayChanged {
        /// Where.
        queue: QueueName,
        /// Which.
        message: MessageId,
        /// When it may be received now.
        until: Timestamp,
    },
    /// A message was received and is in flight.
    MessageReceived {
        /// Where.
        queue: QueueName,
        /// Which.
        message: MessageId,
        /// How often it has been received now.
        receive_count: u32,
        /// When it becomes visible again.
        visible_at: Timestamp,
    },
    /// A receive was repeated under its attempt id: a message that it brought is
    /// in flight for longer.
    ReceiveRepeated {
        /// Where.
        queue: QueueName,
        /// Which.
        message: MessageId,
        /// When it becomes visible now.
        visible_at: Timestamp,
    },
    /// A receive ended with nothing.
    ReceiveEmpty {
        /// Where.
        queue: QueueName,
    },
    /// A group of a standard queue holds so much of what is in flight that it
    /// is served after all others, or does so no more.
    GroupChanged {
        /// Where.
        queue: QueueName,
        /// Which.
        group: GroupId,
        /// Whether it is noisy.
        noisy: bool,
    },
    /// A message may be received (again).
    MessageVisible {
        /// Where.
        queue: QueueName,
        /// Which.
        message: MessageId,
    },
    /// A message stays invisible until another moment than before.
    VisibilityChanged {
        /// Where.
        queue: QueueName,
        /// Which.
        message: MessageId,
        /// When it becomes visible now.
        visible_at: Timestamp,
    },
    /// A message was deleted.
    MessageDeleted {
        /// Where.
        queue: QueueName,
        /// Which.
        message: MessageId,
    },
    /// A message went to a dead-letter queue.
    MessageDeadLettered {
        /// From where.
        queue: QueueName,
        /// To where.
        dead_letter_queue: QueueName,
        /// Which.
        message: MessageId,
    },
    /// A message passed its retention period.
    MessageExpired {
        /// Where.
        queue: QueueName,
        /// Which.
        message: MessageId,
    },
    /// A move task took a message out of a dead-letter queue, to be another one
    /// elsewhere.
    MessageMoved {
        /// From where.
        queue: QueueName,
        /// To where.
        destination: QueueName,
        /// Which.
        message: MessageId,
        /// What it is called there.
        new_id: MessageId,
        /// Its group.
        group: Option<GroupId>,
    },
    /// A move task began, or changed its state.
    MoveTaskChanged {
        /// Which.
        task: MoveTaskId,
        /// The dead-letter queue that it empties.
        queue: QueueName,
        /// How far it is.
        status: MoveTaskStatus,
    },
    /// A mapping changed its state.
    MappingChanged {
        /// Which.
        mapping: MappingId,
        /// To what; `None` when it is gone.
        state: Option<MappingState>,
    },
    /// A fleet begins, grows or shrinks.
    PollersScaled {
        /// Whose.
        mapping: MappingId,
        /// To so many pollers.
        pollers: usize,
    },
    /// A poller received messages (`PolledEventCount`).
    EventsPolled {
        /// Whose poller.
        mapping: MappingId,
        /// How many.
        events: usize,
    },
    /// Messages did not pass the filter criteria, and are deleted
    /// (`FilteredOutEventCount`).
    EventsFiltered {
        /// By whose filter.
        mapping: MappingId,
        /// How many.
        events: usize,
    },
    /// A function has worked on a batch (`InvokedEventCount`,
    /// `DeletedEventCount`; the rest is `FailedInvokeEventCount`).
    BatchSettled {
        /// Whose batch.
        mapping: MappingId,
        /// How many messages it had.
        events: usize,
        /// How many of them are deleted for it.
        deleted: usize,
    },
    /// A poller gave its batch up because its messages' visibility lapsed
    /// while the function was throttled.
    BatchLapsed {
        /// Whose poller.
        mapping: MappingId,
        /// How many messages.
        messages: usize,
    },
}
