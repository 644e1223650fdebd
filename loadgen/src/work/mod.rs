//! What a request asks for, as bytes on the wire, and what an answer to it means.
//!
//! The SDK is the reference: a test sends the same work through aws-sdk-lambda
//! and aws-sdk-sqs and compares what arrives.

mod invoke;
mod messages;
mod web;

pub use invoke::Invoke;
pub use messages::{LARGEST_BATCH, Messages};
pub use web::Web;

use crate::outcome::{Outcome, Reply};
use crate::report::Subject;
use crate::wire::{Answer, Endpoint};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;

/// Work of one kind for one target.
#[derive(Debug)]
pub enum Work {
    Invoke(Invoke),
    Messages(Messages),
    Web(Web),
}

impl Work {
    pub fn endpoint(&self) -> &Endpoint {
        match self {
            Work::Invoke(invoke) => invoke.endpoint(),
            Work::Messages(messages) => messages.endpoint(),
            Work::Web(web) => web.endpoint(),
        }
    }

    pub fn subject(&self) -> Subject {
        match self {
            Work::Invoke(invoke) => Subject::Function(invoke.function().to_owned()),
            Work::Messages(messages) => Subject::Queue(messages.queue_url().to_owned()),
            Work::Web(web) => Subject::Url(web.url().to_owned()),
        }
    }

    /// How many messages travel in one request, where messages do.
    pub fn batch(&self) -> Option<u64> {
        match self {
            Work::Messages(messages) if messages.batch() > 1 => Some(messages.batch() as u64),
            Work::Messages(_) | Work::Invoke(_) | Work::Web(_) => None,
        }
    }

    /// A request for so many at once; only messages come in numbers.
    pub(crate) fn request(&self, items: usize) -> Request<Full<Bytes>> {
        match self {
            Work::Invoke(invoke) => invoke.request(),
            Work::Messages(messages) => messages.request(items),
            Work::Web(web) => web.request(),
        }
    }

    /// What became of each of them.
    pub(crate) fn outcomes(&self, answer: &Answer, items: usize) -> Vec<Outcome> {
        match self {
            Work::Invoke(_) | Work::Web(_) => vec![reply(answer).outcome()],
            Work::Messages(messages) => messages.outcomes(answer, items),
        }
    }
}

fn reply(answer: &Answer) -> Reply<'_> {
    Reply {
        status: answer.status.as_u16(),
        error_type: answer.header("x-amzn-errortype"),
        function_error: answer.headers.contains_key("x-amz-function-error"),
        log_tail: answer.header("x-amz-log-result"),
        request_id: answer.header("x-amzn-requestid"),
        body: &answer.body,
    }
}
