//! Why SQS refuses: the one place that gives each reason its codes, its HTTP
//! status and its words.

use std::borrow::Cow;

use hyper::StatusCode;

use super::Protocol;
use crate::engine::{QueueName, SqsError};

/// Why a standard queue takes no parameter of FIFO queues, and the other way round.
pub(super) const NOT_FOR_TYPE: &str = "The request include parameter that is not valid for this queue type.";

/// A refusal. Both protocols render it, each with its own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    QueueDoesNotExist,
    QueueNameExists {
        attribute: &'static str,
    },
    PurgeQueueInProgress(QueueName),
    QueueDeletedRecently,
    OverLimit(&'static str),
    RequestThrottled,
    /// What a move task needs and is not there.
    ResourceNotFound(&'static str),
    UnsupportedOperation(String),
    ReceiptHandleIsInvalid(String),
    /// A batch without entries, with the name that the query protocol has for one.
    EmptyBatch {
        entry: &'static str,
    },
    TooManyEntries(usize),
    InvalidEntryId,
    EntryIdRepeated(String),
    /// The entries of a batch have this many bytes together.
    BatchTooLong(usize),
    InvalidParameter(String),
    MissingParameter(String),
    InvalidAttributeName(String),
    InvalidAttributeValue(String),
    InvalidMessageContents,
    /// A queue URL that is none.
    InvalidAddress(String),
    /// A request that can't be read.
    Malformed(String),
    /// An action that SQS does not have.
    UnknownAction(String),
}

/// What the client gave and the engine does not know: AWS repeats it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given<'a> {
    pub(super) receipt_handle: &'a str,
    /// In seconds.
    pub(super) visibility_timeout: u64,
    pub(super) redrive_policy: &'a str,
    /// In seconds.
    pub(super) delay: u64,
}

/// The same reason in the words of both protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) struct Code {
    /// `__type` is this, `#`, and the shape.
    pub(in crate::api) namespace: &'static str,
    pub(in crate::api) shape: &'static str,
    /// `<Code>`, and what the SDKs show.
    pub(in crate::api) query: &'static str,
    pub(in crate::api) status: StatusCode,
}

impl Fault {
    /// What the engine refused, in AWS's terms.
    pub(super) fn of(error: SqsError, given: Given<'_>) -> Self {
        let Given { receipt_handle, visibility_timeout, redrive_policy, delay } = given;
        match error {
            SqsError::QueueDoesNotExist => Self::QueueDoesNotExist,
            SqsError::QueueNameExists { attribute } => Self::QueueNameExists { attribute },
            SqsError::PurgeQueueInProgress(queue) => Self::PurgeQueueInProgress(queue),
            SqsError::OverLimit => Self::OverLimit("The maximum number of in flight messages is reached."),
            SqsError::RequestThrottled => Self::RequestThrottled,
            SqsError::ReceiptHandleIsInvalid => Self::ReceiptHandleIsInvalid(receipt_handle.to_owned()),
            SqsError::MessageNotAvailable => Self::invalid(
                receipt_handle,
                "ReceiptHandle",
                "Message does not exist or is not available for visibility timeout change.",
            ),
            SqsError::DeadLetterTargetMissing => {
                Self::invalid(redrive_policy, "RedrivePolicy", "Dead letter target does not exist.")
            }
            SqsError::DeadLetterTypeDiffers => Self::invalid(
                redrive_policy,
                "RedrivePolicy",
                "Dead-letter queue must be same type of queue as the source.",
            ),
            SqsError::DeadLetterTargetRefuses => Self::invalid(
                redrive_policy,
                "RedrivePolicy",
                "The dead-letter queue's RedriveAllowPolicy does not allow this source queue.",
            ),
            SqsError::ReceiptHandleExpired => {
                Self::invalid(receipt_handle, "ReceiptHandle", "The receipt handle has expired.")
            }
            SqsError::GroupIdMissing => Self::missing("MessageGroupId"),
            SqsError::DeduplicationIdMissing => Self::InvalidParameter(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                 explicitly"
                    .to_owned(),
            ),
            SqsError::DelayNotForFifo => Self::invalid(delay, "DelaySeconds", NOT_FOR_TYPE),
            SqsError::ThroughputNeedsGroupScope => Self::InvalidAttributeValue(
                "Invalid value for the parameter FifoThroughputLimit. Reason: perMessageGroupId needs \
                 DeduplicationScope messageGroup."
                    .to_owned(),
            ),
            SqsError::QueueDeletedRecently => Self::QueueDeletedRecently,
            SqsError::MoveSourceMissing => Self::ResourceNotFound(
                "The resource that you specified for the SourceArn parameter doesn't exist.",
            ),
            SqsError::MoveDestinationMissing => Self::ResourceNotFound(
                "The resource that you specified for the DestinationArn parameter doesn't exist.",
            ),
            SqsError::NotADeadLetterQueue => {
                Self::InvalidParameter("Source queue must be configured as a Dead Letter Queue.".to_owned())
            }
            SqsError::MoveToItself => Self::InvalidParameter(
                "Source queue and destination queue must be different.".to_owned(),
            ),
            SqsError::MoveBetweenTypes => Self::UnsupportedOperation(
                "Messages can't be moved between a FIFO queue and a standard queue.".to_owned(),
            ),
            SqsError::MoveTaskRunning => Self::UnsupportedOperation(
                "There is already a task running. Only one active task is allowed for a source queue arn at a \
                 given time."
                    .to_owned(),
            ),
            SqsError::TooManyMoveTasks => {
                Self::OverLimit("The maximum number of active message move tasks is reached.")
            }
            SqsError::MoveTaskNotFound => Self::ResourceNotFound("Task does not exist."),
            SqsError::MessageTooLong { limit } => Self::InvalidParameter(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
            )),
            SqsError::VisibilityBeyondTwelveHours => Self::invalid(
                visibility_timeout,
                "VisibilityTimeout",
                "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
            ),
        }
    }

    /// A parameter with a value that it can't have.
    pub(super) fn invalid(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Self {
        Self::InvalidParameter(format!(
            "Value {value} for parameter {parameter} is invalid. Reason: {reason}"
        ))
    }

    pub(super) fn missing(parameter: impl Into<String>) -> Self {
        Self::MissingParameter(parameter.into())
    }

    pub(super) fn code(&self) -> Code {
        let bad_request = StatusCode::BAD_REQUEST;
        let forbidden = StatusCode::FORBIDDEN;
        let (shape, query, status) = match self {
            Self::QueueDoesNotExist => {
                ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", bad_request)
            }
            Self::QueueNameExists { .. } => ("QueueNameExists", "QueueAlreadyExists", bad_request),
            Self::PurgeQueueInProgress(_) => {
                ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", forbidden)
            }
            Self::OverLimit(_) => ("OverLimit", "OverLimit", forbidden),
            Self::RequestThrottled => ("RequestThrottled", "RequestThrottled", bad_request),
            Self::QueueDeletedRecently => {
                ("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", bad_request)
            }
            Self::ResourceNotFound(_) => {
                ("ResourceNotFoundException", "ResourceNotFoundException", StatusCode::NOT_FOUND)
            }
            Self::UnsupportedOperation(_) => {
                ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", bad_request)
            }
            Self::ReceiptHandleIsInvalid(_) => {
                ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", bad_request)
            }
            Self::EmptyBatch { .. } => {
                ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", bad_request)
            }
            Self::TooManyEntries(_) => (
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
                bad_request,
            ),
            Self::InvalidEntryId => {
                ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", bad_request)
            }
            Self::EntryIdRepeated(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", bad_request)
            }
            Self::BatchTooLong(_) => {
                ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", bad_request)
            }
            Self::InvalidParameter(_) => {
                ("InvalidParameterValueException", "InvalidParameterValue", bad_request)
            }
            Self::MissingParameter(_) => {
                ("MissingRequiredParameterException", "MissingParameter", bad_request)
            }
            Self::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName", bad_request),
            Self::InvalidAttributeValue(_) => ("InvalidAttributeValue", "InvalidAttributeValue", bad_request),
            Self::InvalidMessageContents => ("InvalidMessageContents", "InvalidMessageContents", bad_request),
            Self::InvalidAddress(_) => ("InvalidAddress", "InvalidAddress", bad_request),
            Self::Malformed(_) => ("SerializationException", "MalformedInput", bad_request),
            Self::UnknownAction(_) => ("UnknownOperationException", "InvalidAction", bad_request),
        };
        // What is wrong before SQS sees it is said by the framework that it runs in.
        let framework = matches!(self, Self::Malformed(_) | Self::UnknownAction(_));
        let namespace = if framework { "com.amazon.coral.service" } else { "com.amazonaws.sqs" };
        Code { namespace, shape, query, status }
    }

    pub(super) fn message(&self, protocol: Protocol) -> Cow<'_, str> {
        match self {
            Self::QueueDoesNotExist => match protocol {
                Protocol::Json => "The specified queue does not exist.".into(),
                Protocol::Query => "The specified queue does not exist for this wsdl version.".into(),
            },
            Self::QueueNameExists { attribute } => format!(
                "A queue already exists with the same name and a different value for attribute {attribute}"
            )
            .into(),
            Self::PurgeQueueInProgress(queue) => {
                format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.").into()
            }
            Self::RequestThrottled => "Request is throttled.".into(),
            Self::QueueDeletedRecently => {
                "You must wait 60 seconds after deleting a queue before you can create another with the same name."
                    .into()
            }
            Self::OverLimit(message) | Self::ResourceNotFound(message) => (*message).into(),
            Self::ReceiptHandleIsInvalid(handle) => {
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle.").into()
            }
            Self::EmptyBatch { entry } => {
                format!("There should be at least one {entry} in the request.").into()
            }
            Self::TooManyEntries(sent) => {
                format!("Maximum number of entries per request are 10. You have sent {sent}.").into()
            }
            Self::InvalidEntryId => {
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                 It can be at most 80 letters long."
                    .into()
            }
            Self::EntryIdRepeated(id) => format!("Id {id} repeated.").into(),
            Self::BatchTooLong(sent) => {
                format!("Batch requests cannot be longer than 1048576 bytes. You have sent {sent} bytes.")
                    .into()
            }
            Self::MissingParameter(parameter) => {
                format!("The request must contain the parameter {parameter}.").into()
            }
            Self::InvalidMessageContents => {
                "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
                 #xE000 to #xFFFD | #x10000 to #x10FFFF."
                    .into()
            }
            Self::InvalidAddress(url) => format!("The address {url} is not valid for this endpoint.").into(),
            Self::UnknownAction(action) => {
                format!("The action {action} is not valid for this endpoint.").into()
            }
            Self::InvalidParameter(message)
            | Self::UnsupportedOperation(message)
            | Self::InvalidAttributeName(message)
            | Self::InvalidAttributeValue(message)
            | Self::Malformed(message) => message.into(),
        }
    }
}

impl From<SqsError> for Fault {
    /// For actions that give nothing that AWS would repeat.
    fn from(error: SqsError) -> Self {
        Self::of(error, Given::default())
    }
}

impl Code {
    /// Whose fault it is, in AWS's words.
    pub(super) fn blame(&self) -> &'static str {
        if self.status.is_client_error() { "Sender" } else { "Receiver" }
    }
}
