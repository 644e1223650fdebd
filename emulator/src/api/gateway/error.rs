//! What API Gateway refuses to make or change, and how that travels.

use hyper::StatusCode;
use serde_json::json;
use thiserror::Error;

use crate::api::reply::{Reply, content_type, json as json_reply, set};

/// Every error of a management call, in AWS's words where they are known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Error {
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    LimitExceeded(String),
    /// What AWS has and the emulator does not.
    #[error("the emulator does not serve {0} of API Gateway yet")]
    NotServed(String),
}

impl Error {
    /// No such thing of an API.
    pub(super) fn invalid(what: &str) -> Self {
        Self::NotFound(format!("Invalid {what} identifier specified"))
    }

    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::BadRequest(text.into())
    }

    pub(super) fn into_reply(self) -> Reply {
        let (status, code) = match self {
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "NotFoundException"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "BadRequestException"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "ConflictException"),
            Self::LimitExceeded(_) => (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException"),
            Self::NotServed(_) => (StatusCode::NOT_IMPLEMENTED, "ServiceException"),
        };
        let message = self.to_string();
        if status == StatusCode::NOT_IMPLEMENTED {
            tracing::warn!(%message);
        } else {
            tracing::debug!(code, %message, "refused an API Gateway call");
        }
        let mut reply = json_reply(status, content_type::JSON, &json!({ "message": message }));
        set(&mut reply, "x-amzn-errortype", code);
        reply
    }
}
