//! Why the engine refuses a command. No HTTP here: `api` words these as AWS does.

use super::ids::{AliasName, FunctionName, LayerName, MappingId, QueueName};
use super::lambda::{PolicyError, Qualifier};

/// Why Lambda answers an invocation with 429. The names are AWS's `Reason`
/// strings (Lambda API, `TooManyRequestsException`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThrottleReason {
    /// The function's reserved concurrency is busy, or is 0.
    ReservedFunctionConcurrentInvocationLimitExceeded,
    /// More requests a second than 10 times the reserved concurrency.
    ReservedFunctionInvocationRateLimitExceeded,
    /// The account's unreserved concurrency is busy.
    ConcurrentInvocationLimitExceeded,
    /// More requests a second than 10 times the account's concurrency, or more
    /// new environments than the scaling rate allows.
    FunctionInvocationRateLimitExceeded,
    /// The caller used the API faster than it may.
    CallerRateLimitExceeded,
}

impl ThrottleReason {
    /// AWS's string.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReservedFunctionConcurrentInvocationLimitExceeded => {
                "ReservedFunctionConcurrentInvocationLimitExceeded"
            }
            Self::ReservedFunctionInvocationRateLimitExceeded => {
                "ReservedFunctionInvocationRateLimitExceeded"
            }
            Self::ConcurrentInvocationLimitExceeded => "ConcurrentInvocationLimitExceeded",
            Self::FunctionInvocationRateLimitExceeded => "FunctionInvocationRateLimitExceeded",
            Self::CallerRateLimitExceeded => "CallerRateLimitExceeded",
        }
    }
}

/// Why a Lambda command was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LambdaError {
    /// No function of that name, or none with that version or alias.
    FunctionNotFound(FunctionName, Qualifier),
    /// CreateFunction for a name that is taken.
    FunctionExists(FunctionName),
    /// An UpdateFunction… or DeleteFunction whose `RevisionId` is not the current one.
    RevisionMismatch,
    /// The function is being made, or changed already.
    UpdateInProgress(FunctionName),
    /// PublishVersion of other code than the caller thinks.
    CodeMismatch {
        /// What the caller thinks.
        given: String,
        /// The hash of `$LATEST`.
        current: String,
    },
    /// DeleteFunction of a version that aliases point to.
    VersionReferenced(Vec<AliasName>),
    /// CreateAlias for a name that is taken.
    AliasExists(FunctionName, AliasName),
    /// GetAlias of one that is not there.
    AliasNotFound(FunctionName, AliasName),
    /// UpdateAlias of one that is not there.
    AliasToUpdateNotFound(FunctionName, AliasName),
    /// A weighted alias that has `$LATEST` on one of its ends.
    WeightedLatest,
    /// A weighted alias with the same version on both ends.
    VersionRoutedTwice(u64),
    /// A reservation that would leave less than the minimum unreserved.
    UnreservedBelowMinimum {
        /// The account's minimum.
        minimum: u32,
    },
    /// A reservation below what the function has provisioned.
    ReservedBelowProvisioned {
        /// The reservation asked for.
        reserved: u32,
        /// What the function has provisioned.
        provisioned: u32,
    },
    /// Provisioned concurrency for `$LATEST`, or an alias that points there.
    ProvisionedUnpublished,
    /// Provisioned concurrency asked of `$LATEST`.
    NotProvisionable,
    /// The version or alias has no provisioned concurrency.
    ProvisionedNotFound,
    /// Provisioned concurrency for an alias whose version has its own.
    AliasOfProvisionedVersion,
    /// Provisioned concurrency for a version whose alias has it.
    VersionOfProvisionedAlias,
    /// More provisioned concurrency than is unreserved.
    ProvisionedAboveUnreserved {
        /// What is unreserved.
        unreserved: u32,
    },
    /// Provisioned concurrency that leaves less than the minimum unreserved.
    ProvisionedBelowMinimum {
        /// The account's minimum.
        minimum: u32,
    },
    /// More provisioned concurrency than the function has reserved.
    ProvisionedAboveReserved,
    /// No settings for asynchronous invocation.
    EventConfigNotFound(FunctionName, Qualifier),
    /// No mapping with that id.
    MappingNotFound(MappingId),
    /// The mapping is being made, changed or deleted: it can't be changed now.
    MappingInUse,
    /// The same, and it can't be deleted now.
    MappingToDeleteInUse,
    /// The queue is mapped to the function already.
    MappingExists {
        /// The mapping that is there.
        mapping: MappingId,
        /// Its queue.
        queue: QueueName,
        /// Its function.
        function: FunctionName,
    },
    /// A mapping to a function that is not there.
    MappingFunctionMissing,
    /// A mapping from a queue that is not there.
    MappingQueueMissing,
    /// The queue's visibility timeout is shorter than the function's timeout.
    VisibilityBelowTimeout {
        /// The queue's, in seconds.
        visibility_secs: u64,
        /// The function's, in seconds.
        timeout_secs: u64,
    },
    /// `BatchSize` over 10 needs a batching window.
    WindowRequired,
    /// A batching window on a FIFO queue.
    WindowNotForFifo,
    /// `BatchSize` over 10 on a FIFO queue.
    BatchTooLargeForFifo,
    /// Provisioned pollers and MaximumConcurrency at once.
    ProvisionedAndMaximum,
    /// Fewer provisioned pollers than a queue's mapping has at least.
    TooFewPollers {
        /// The least.
        least: usize,
    },
    /// Fewer pollers at most than at least.
    MinimumPollersAboveMaximum,
    /// A policy was not changed.
    Policy(PolicyError),
    /// A resource would have more tags than it may.
    TooManyTags,
    /// No such version of a layer.
    LayerVersionNotFound(LayerName, u64),
}

/// Why an invocation was not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No function of that name, or none with that version or alias.
    FunctionNotFound(FunctionName, Qualifier),
    /// The function is still being made.
    Pending,
    /// The request is too deep in a chain of invocations that call each other.
    Recursive,
    /// 429.
    Throttled(ThrottleReason),
}

/// Why an SQS command was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqsError {
    /// No queue of that name.
    QueueDoesNotExist,
    /// CreateQueue for a name that is there with another value of `attribute`.
    QueueNameExists {
        /// The first attribute that differs.
        attribute: &'static str,
    },
    /// A second PurgeQueue within 60 s.
    PurgeQueueInProgress(QueueName),
    /// More messages in flight than a standard queue allows.
    OverLimit,
    /// A receipt handle that this queue never gave.
    ReceiptHandleIsInvalid,
    /// ChangeMessageVisibility on a message that is gone.
    MessageNotAvailable,
    /// A RedrivePolicy whose dead-letter queue is not there.
    DeadLetterTargetMissing,
    /// A body that is longer than the queue's MaximumMessageSize.
    MessageTooLong {
        /// The queue's limit in bytes.
        limit: usize,
    },
    /// The total visibility of one delivery would exceed 12 hours.
    VisibilityBeyondTwelveHours,
    /// A FIFO queue's handle whose message is no longer in flight by it.
    ReceiptHandleExpired,
    /// A message to a FIFO queue without a group.
    GroupIdMissing,
    /// A message to a FIFO queue without anything to tell duplicates by.
    DeduplicationIdMissing,
    /// A delay for one message of a FIFO queue.
    DelayNotForFifo,
    /// More requests a second than a FIFO queue takes.
    RequestThrottled,
    /// A dead-letter queue of the other type.
    DeadLetterTypeDiffers,
    /// A dead-letter queue whose RedriveAllowPolicy does not name the queue.
    DeadLetterTargetRefuses,
    /// `perMessageGroupId` without the scope `messageGroup`.
    ThroughputNeedsGroupScope,
    /// A queue of that name was deleted a moment ago.
    QueueDeletedRecently,
    /// A move task from a queue that is not there.
    MoveSourceMissing,
    /// A move task to a queue that is not there.
    MoveDestinationMissing,
    /// A move task from a queue to itself.
    MoveToItself,
    /// A move task from a queue that no other has as its dead-letter queue.
    NotADeadLetterQueue,
    /// A move task between a FIFO and a standard queue.
    MoveBetweenTypes,
    /// A second move task for one queue.
    MoveTaskRunning,
    /// More active move tasks than an account may have.
    TooManyMoveTasks,
    /// No such move task, or one that is over.
    MoveTaskNotFound,
}
