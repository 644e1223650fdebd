//! Why the engine refuses a command. No HTTP here: `api` words these as AWS does.

use super::ids::{FunctionName, MappingId, QueueName};

/// Why Lambda answers an invocation with 429. The names are AWS's `Reason`
/// strings (Lambda API, `TooManyRequestsException`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThrottleReason {
    /// The function's reserved concurrency is busy, or is 0.
    ReservedFunctionConcurrentInvocationLimitExceeded,
    /// The account's unreserved concurrency is busy.
    ConcurrentInvocationLimitExceeded,
}

impl ThrottleReason {
    /// AWS's string.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReservedFunctionConcurrentInvocationLimitExceeded => {
                "ReservedFunctionConcurrentInvocationLimitExceeded"
            }
            Self::ConcurrentInvocationLimitExceeded => "ConcurrentInvocationLimitExceeded",
        }
    }
}

/// Why a Lambda command was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LambdaError {
    /// No function of that name.
    FunctionNotFound(FunctionName),
    /// CreateFunction for a name that is taken.
    FunctionExists(FunctionName),
    /// An UpdateFunction… or DeleteFunction whose `RevisionId` is not the current one.
    RevisionMismatch,
    /// A reservation that would leave less than the minimum unreserved.
    UnreservedBelowMinimum {
        /// The account's minimum.
        minimum: u32,
    },
    /// No mapping with that id.
    MappingNotFound(MappingId),
    /// The mapping is being made, changed or deleted.
    MappingInUse,
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
}

/// Why an invocation was not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No function of that name.
    FunctionNotFound(FunctionName),
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
}
