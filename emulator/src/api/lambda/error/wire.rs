//! The one place that puts Lambda's refusals on the wire.
//!
//! Status, code, the letter case of the message's key and the presence of
//! `Type` all differ from error to error on AWS. Clients read exactly the
//! modelled key, so each is as recorded there.

use hyper::StatusCode;
use serde::Serialize;

use super::Error;
use crate::api::reply::{Reply, content_type, json, set};

/// How an error travels.
struct Wire {
    status: StatusCode,
    code: &'static str,
    key: Key,
    fault: Option<&'static str>,
}

/// The message's key.
enum Key {
    Message,
    LowerCase,
}

const USER: Option<&str> = Some("User");
const SERVICE: Option<&str> = Some("Service");

impl Error {
    /// Writes the error, and says it in the log when it is news.
    pub(in crate::api::lambda) fn into_reply(self) -> Reply {
        let Wire { status, code, key, fault } = self.wire();
        let message = self.to_string();
        if status == StatusCode::NOT_IMPLEMENTED {
            tracing::warn!(%message);
        } else if status.is_server_error() {
            tracing::error!(code, %message, "a Lambda call failed on this host");
        } else {
            tracing::debug!(code, %message, "refused a Lambda call");
        }
        let (capital, lower) = match key {
            Key::Message => (Some(message), None),
            Key::LowerCase => (None, Some(message)),
        };
        let reason = if let Self::Throttled(reason) = self { Some(reason.as_str()) } else { None };
        let mut reply = json(status, content_type::JSON, &Body { capital, reason, fault, lower });
        set(&mut reply, "x-amzn-errortype", code);
        reply
    }

    /// AWS's name of it.
    pub(in crate::api::lambda) fn code(&self) -> &'static str {
        self.wire().code
    }

    fn wire(&self) -> Wire {
        use Key::{LowerCase, Message};
        let (status, code, key, fault) = match self {
            Self::FunctionNotFound { .. }
            | Self::AliasNotFound { .. }
            | Self::AliasToUpdateNotFound { .. }
            | Self::EventConfigNotFound { .. }
            | Self::EventFunctionMissing
            | Self::OtherRegion { .. }
            | Self::MappingNotFound
            | Self::ResourceNotFound
            | Self::NoPolicy
            | Self::NoPolicyFound { .. }
            | Self::StatementNotFound { .. }
            | Self::LayerVersionNotFound { .. }
            | Self::CodeSigningConfigMissing { .. } => {
                (StatusCode::NOT_FOUND, "ResourceNotFoundException", Message, USER)
            }
            Self::ProvisionedNotFound => {
                (StatusCode::NOT_FOUND, "ProvisionedConcurrencyConfigNotFoundException", LowerCase, USER)
            }
            Self::Recursive => (StatusCode::BAD_REQUEST, "RecursiveInvocationException", Message, USER),
            Self::CodeSigningConfigNotFound { .. } => {
                (StatusCode::NOT_FOUND, "CodeSigningConfigNotFoundException", Message, USER)
            }
            Self::PolicyTooLong { .. } => {
                (StatusCode::BAD_REQUEST, "PolicyLengthExceededException", LowerCase, USER)
            }
            Self::MappingInUse { .. } => (StatusCode::BAD_REQUEST, "ResourceInUseException", Message, USER),
            Self::OtherAccount { .. } => (StatusCode::FORBIDDEN, "AccessDeniedException", Message, None),
            Self::QualifierMismatch
            | Self::QualifierNotPermitted
            | Self::LatestNotDeletable
            | Self::InvalidParameter(_)
            | Self::CodeMismatch { .. }
            | Self::WeightedLatest
            | Self::VersionRoutedTwice { .. }
            | Self::ProvisionedUnpublished
            | Self::NotProvisionable
            | Self::ProvisionedAboveReserved
            | Self::TooManyWeights
            | Self::EventConfigEmpty
            | Self::DestinationConfigInvalid { .. }
            | Self::DestinationMissing { .. }
            | Self::DestinationIsSource
            | Self::MappingFunctionMissing
            | Self::MappingQueueMissing
            | Self::VisibilityBelowTimeout { .. }
            | Self::WindowRequired
            | Self::WindowNotForFifo
            | Self::BatchTooLargeForFifo
            | Self::ProvisionedAndMaximum
            | Self::TooFewPollers { .. }
            | Self::MinimumPollersAboveMaximum
            | Self::InvalidPattern(_)
            | Self::TooManyFilters { .. }
            | Self::UnrecognizedEventSource
            | Self::UnsupportedByQueues(_)
            | Self::TooManyTags
            | Self::TagsOnVersion => {
                (StatusCode::BAD_REQUEST, "InvalidParameterValueException", LowerCase, USER)
            }
            Self::UnreservedBelowMinimum { .. }
            | Self::ReservedBelowProvisioned { .. }
            | Self::ProvisionedAboveUnreserved { .. }
            | Self::ProvisionedBelowMinimum { .. } => {
                (StatusCode::BAD_REQUEST, "InvalidParameterValueException", LowerCase, None)
            }
            Self::Validation(_) => (StatusCode::BAD_REQUEST, "ValidationException", LowerCase, None),
            Self::NotJson(_) | Self::ClientContext => {
                (StatusCode::BAD_REQUEST, "InvalidRequestContentException", LowerCase, USER)
            }
            Self::WrongType(_) => (StatusCode::BAD_REQUEST, "SerializationException", LowerCase, USER),
            Self::FunctionExists { .. }
            | Self::MappingExists { .. }
            | Self::StatementExists { .. }
            | Self::AliasExists { .. }
            | Self::Pending
            | Self::UpdateInProgress { .. }
            | Self::VersionReferenced { .. }
            | Self::AliasOfProvisionedVersion
            | Self::VersionOfProvisionedAlias
            | Self::FunctionUrlExists { .. } => {
                (StatusCode::CONFLICT, "ResourceConflictException", LowerCase, USER)
            }
            Self::RevisionMismatch | Self::LayerRevisionMismatch => {
                (StatusCode::PRECONDITION_FAILED, "PreconditionFailedException", LowerCase, USER)
            }
            Self::RequestTooLarge { .. } | Self::EventTooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", Message, None)
            }
            Self::Throttled(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", LowerCase, USER)
            }
            Self::NotServed(_) => (StatusCode::NOT_IMPLEMENTED, "ServiceException", Message, SERVICE),
            Self::Host(_) => (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", Message, SERVICE),
        };
        Wire { status, code, key, fault }
    }
}

/// Keys in the order in which AWS writes them.
#[derive(Serialize)]
struct Body {
    #[serde(rename = "Message", skip_serializing_if = "Option::is_none")]
    capital: Option<String>,
    #[serde(rename = "Reason", skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    lower: Option<String>,
}
