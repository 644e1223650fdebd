//! Invoking on behalf of an HTTP front door: function URLs and API Gateway.

use bytes::Bytes;
use serde_json::Value;

use super::error::Error;
use super::function_name::FunctionName;
use super::payload;
use crate::api::Api;
use crate::api::proxy::Request;
use crate::api::reply::{Reply, set};
use crate::api::trace;
use crate::driver::{Answer, Pieces, Streamed};
use crate::engine::{Invoke, Outcome, Qualifier, Refusal, RequestId, Timestamp};
use crate::runtime::failure;

/// The function behind a front door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::api) struct Target {
    pub(in crate::api) name: String,
    pub(in crate::api) qualifier: Qualifier,
}

/// An answer that comes piece by piece.
#[derive(Debug)]
pub(in crate::api) struct Stream {
    /// The media type, as the runtime names it.
    pub(in crate::api) content_type: Option<String>,
    /// What is to come.
    pub(in crate::api) pieces: Pieces,
}

/// How an invocation ended, as a front door tells the cases apart.
#[derive(Debug)]
pub(in crate::api) enum Ended {
    /// The function returned this.
    Answer(Bytes),
    /// The function failed: an exception, its timeout, a crash.
    FunctionError,
    /// Lambda did not run it, and said this to its caller.
    Refused(Why, Reply),
}

/// Why Lambda did not run a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Why {
    Throttled,
    TooLarge,
    NotFound,
    /// It is not ready yet, or the request is one of a loop.
    Conflict,
    /// The host's failure.
    Host,
}

impl Target {
    /// Reads a function's ARN. `None` for what is no function of this account
    /// and region.
    pub(in crate::api) fn from_arn(api: &Api, arn: &str) -> Option<Self> {
        let name = FunctionName::from_text(api, arn, "InvokeFunction").ok()?;
        Some(Self { name: name.as_str().to_owned(), qualifier: name.qualifier() })
    }

    /// Its ARN, with the qualifier if it has one.
    pub(in crate::api) fn arn(&self, api: &Api) -> String {
        api.identity.qualified_arn(&self.name, &self.qualifier)
    }

    /// Checks that the function is there, and its version or alias.
    pub(super) fn check(&self, api: &Api) -> Result<(), Error> {
        let found = api.driver.step(|engine, _| engine.qualified(&self.name, &self.qualifier).map(|_| ()));
        found.map_err(|error| Error::new(error, &api.identity))
    }

    /// Invokes the function and waits. The request id is missing when Lambda
    /// turned the event away at its door.
    pub(in crate::api) async fn invoke(
        &self,
        api: &Api,
        request: &Request<'_>,
        event: &Value,
    ) -> (Option<RequestId>, Ended) {
        let invoke = match self.invoke_of(request, event) {
            Ok(invoke) => invoke,
            Err(ended) => return (None, *ended),
        };
        let (request_id, answer) = api.driver.invoke(invoke).await;
        (Some(request_id), ended(api, request_id, answer))
    }

    /// The same, but not waiting for an answer that comes after `deadline`.
    pub(in crate::api) async fn invoke_until(
        &self,
        api: &Api,
        request: &Request<'_>,
        event: &Value,
        deadline: Timestamp,
    ) -> Option<Ended> {
        let invoke = match self.invoke_of(request, event) {
            Ok(invoke) => invoke,
            Err(ended) => return Some(*ended),
        };
        tokio::select! {
            biased;
            (request_id, answer) = api.driver.invoke(invoke) => {
                // A clock that is moved may bring both at once.
                let late = answer.as_ref().is_ok_and(|answer| answer.at > deadline);
                (!late).then(|| ended(api, request_id, answer))
            }
            () = api.driver.clock().wait_until(deadline) => None,
        }
    }

    /// The same for an answer that may come piece by piece: its beginning, or
    /// its end where the function does not stream.
    pub(in crate::api) async fn invoke_streaming(
        &self,
        api: &Api,
        request: &Request<'_>,
        event: &Value,
    ) -> (Option<RequestId>, Result<Stream, Box<Ended>>) {
        let invoke = match self.invoke_of(request, event) {
            Ok(invoke) => Invoke { streams: true, ..invoke },
            Err(ended) => return (None, Err(ended)),
        };
        let (request_id, begun) = api.driver.invoke_streaming(invoke).await;
        let begun = match begun {
            Ok(Streamed::Begun { content_type, pieces, .. }) => Ok(Stream { content_type, pieces }),
            Ok(Streamed::Answered(answer)) => Err(Box::new(ended(api, request_id, Ok(answer)))),
            Err(refusal) => Err(Box::new(ended(api, request_id, Err(refusal)))),
        };
        (Some(request_id), begun)
    }

    fn invoke_of(&self, request: &Request<'_>, event: &Value) -> Result<Invoke<'_>, Box<Ended>> {
        let event = Bytes::from(event.to_string());
        let payload = payload::synchronous(&event);
        let payload = payload.map_err(|error| Box::new(Ended::Refused(Why::TooLarge, error.into_reply())))?;
        Ok(Invoke {
            qualifier: self.qualifier.clone(),
            // The one that the event shows, whoever made it.
            trace: trace::read(&request.trace_id()),
            ..Invoke::new(&self.name, payload)
        })
    }
}

/// Tells the ends of an invocation apart.
fn ended(api: &Api, request_id: RequestId, answer: Result<Answer, Refusal>) -> Ended {
    let ended = match answer {
        Ok(Answer { outcome: Outcome::Success(body), .. }) => Ended::Answer(body),
        Ok(Answer { outcome: Outcome::FunctionError(error), .. }) => {
            let document = failure::document(request_id, error);
            tracing::debug!(%request_id, document = %String::from_utf8_lossy(&document), "a function failed");
            Ended::FunctionError
        }
        Ok(Answer { outcome: Outcome::HostFailure(why), .. }) => {
            Ended::Refused(Why::Host, Error::Host(why.to_string()).into_reply())
        }
        Err(refusal) => {
            let why = match refusal {
                Refusal::Throttled(_) => Why::Throttled,
                Refusal::FunctionNotFound(..) => Why::NotFound,
                Refusal::Pending | Refusal::Recursive => Why::Conflict,
            };
            Ended::Refused(why, Error::refused(&refusal, &api.identity).into_reply())
        }
    };
    with_id(ended, request_id)
}

fn with_id(mut ended: Ended, request_id: RequestId) -> Ended {
    if let Ended::Refused(_, reply) = &mut ended {
        set(reply, "x-amzn-requestid", &request_id.to_string());
    }
    ended
}
