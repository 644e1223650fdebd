//! Invoking on behalf of an HTTP front door: function URLs and API Gateway.

use bytes::Bytes;
use serde_json::Value;

use super::error::Error;
use super::failure;
use super::function_name::FunctionName;
use super::payload;
use crate::api::Api;
use crate::api::reply::{Reply, set};
use crate::driver::Answer;
use crate::engine::{Outcome, Refusal, RequestId};

/// The function behind a front door; no qualifier means `$LATEST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::api) struct Target {
    pub(in crate::api) name: String,
    pub(in crate::api) qualifier: Option<String>,
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
    /// The host's failure.
    Host,
}

impl Target {
    /// Reads a function's ARN. `None` for what is no function of this account
    /// and region.
    pub(in crate::api) fn from_arn(api: &Api, arn: &str) -> Option<Self> {
        let name = FunctionName::from_text(api, arn, "InvokeFunction").ok()?;
        let qualifier = name.qualifier().filter(|qualifier| *qualifier != "$LATEST").map(str::to_owned);
        Some(Self { name: name.as_str().to_owned(), qualifier })
    }

    /// Its ARN, with the qualifier if it has one.
    pub(in crate::api) fn arn(&self, api: &Api) -> String {
        let arn = api.identity.function_arn(&self.name);
        self.qualifier.as_ref().map_or_else(|| arn.clone(), |qualifier| format!("{arn}:{qualifier}"))
    }

    /// Checks that the function is there.
    pub(super) fn check(&self, api: &Api) -> Result<(), Error> {
        let found = api.driver.step(|engine, _| engine.function(&self.name).map(|_| ()));
        found.map_err(|error| Error::new(error, &api.identity))
    }

    /// Invokes the function and waits. The request id is missing when Lambda
    /// turned the event away at its door.
    pub(in crate::api) async fn invoke(&self, api: &Api, event: &Value) -> (Option<RequestId>, Ended) {
        let event = Bytes::from(event.to_string());
        let payload = match payload::synchronous(&event) {
            Ok(payload) => payload,
            Err(error) => return (None, Ended::Refused(Why::TooLarge, error.into_reply())),
        };
        let (request_id, answer) = api.driver.invoke(&self.name, payload).await;
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
                    Refusal::FunctionNotFound(_) => Why::NotFound,
                };
                Ended::Refused(why, Error::refused(&refusal, &api.identity).into_reply())
            }
        };
        (Some(request_id), with_id(ended, request_id))
    }
}

fn with_id(mut ended: Ended, request_id: RequestId) -> Ended {
    if let Ended::Refused(_, reply) = &mut ended {
        set(reply, "x-amzn-requestid", &request_id.to_string());
    }
    ended
}
