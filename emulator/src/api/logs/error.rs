//! What Logs refuses. Every client error is HTTP 400 there.

use hyper::StatusCode;
use serde::Serialize;
use thiserror::Error;

use crate::api::reply::{Reply, content_type, json};

/// Every error that an operation can answer, in AWS's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Error {
    #[error("The specified log group does not exist.")]
    GroupNotFound,
    #[error("The specified log stream does not exist.")]
    StreamNotFound,
    #[error("The specified nextToken is invalid.")]
    InvalidToken,
    #[error("{0}")]
    InvalidParameter(String),
    #[error("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")]
    PrefixAndPattern,
    #[error("LogGroup name and LogGroup ARN are mutually exclusive parameters.")]
    NameAndIdentifier,
    #[error("Cannot order by LastEventTime with a logStreamNamePrefix.")]
    OrderAndPrefix,
    #[error("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")]
    NamesAndPrefix,
    #[error("{0}")]
    Serialization(String),
    #[error("")]
    UnknownOperation,
    #[error("the emulator does not serve {0} yet")]
    NotServed(String),
}

#[derive(Serialize)]
struct Body {
    #[serde(rename = "__type")]
    code: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
}

impl Error {
    pub(super) fn into_reply(self) -> Reply {
        let (status, code) = match &self {
            Self::GroupNotFound | Self::StreamNotFound => {
                (StatusCode::BAD_REQUEST, "ResourceNotFoundException")
            }
            Self::InvalidToken
            | Self::InvalidParameter(_)
            | Self::PrefixAndPattern
            | Self::OrderAndPrefix
            | Self::NamesAndPrefix => (StatusCode::BAD_REQUEST, "InvalidParameterException"),
            Self::NameAndIdentifier => (StatusCode::BAD_REQUEST, "ValidationException"),
            Self::Serialization(_) => (StatusCode::BAD_REQUEST, "SerializationException"),
            Self::UnknownOperation => (StatusCode::BAD_REQUEST, "UnknownOperationException"),
            Self::NotServed(_) => (StatusCode::NOT_IMPLEMENTED, "ServiceException"),
        };
        let message = self.to_string();
        if status == StatusCode::NOT_IMPLEMENTED {
            tracing::warn!(%message);
        } else {
            tracing::debug!(code, %message, "refused a Logs call");
        }
        json(status, content_type::JSON_1_1, &Body { code, message })
    }
}

/// Refuses a request before anybody looks at what it wants.
pub(in crate::api) fn refuse(code: &'static str, message: String) -> Reply {
    json(StatusCode::BAD_REQUEST, content_type::JSON_1_1, &Body { code, message })
}
