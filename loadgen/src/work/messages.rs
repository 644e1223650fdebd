//! SQS's SendMessage and SendMessageBatch, over its JSON protocol.

use super::reply;
use crate::outcome::Outcome;
use crate::wire::{Answer, Endpoint, Signer, Template};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// SendMessageBatch takes no more.
pub const LARGEST_BATCH: u64 = 10;

/// One queue, one body.
#[derive(Debug)]
pub struct Messages {
    endpoint: Endpoint,
    signer: Signer,
    queue_url: String,
    body: String,
    batch: usize,
    /// Message groups of a FIFO queue; none for a standard one.
    groups: Option<u64>,
    /// The same message again and again, where nothing tells one from another.
    template: Option<Template>,
    sent: AtomicU64,
    /// Tells the messages of this run from those of another.
    run: u64,
}

impl Messages {
    pub fn new(
        endpoint: &Endpoint,
        signer: Signer,
        queue_url: &str,
        body: &str,
        batch: u64,
        groups: u64,
    ) -> Result<Messages, String> {
        let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let mut messages = Messages {
            endpoint: endpoint.clone(),
            signer,
            queue_url: queue_url.to_owned(),
            body: body.to_owned(),
            batch: batch as usize,
            groups: queue_url.ends_with(".fifo").then_some(groups),
            template: None,
            sent: AtomicU64::new(0),
            run,
        };
        let template = messages.template(messages.batch)?;
        messages.template = messages.groups.is_none().then_some(template);
        Ok(messages)
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub fn queue_url(&self) -> &str {
        &self.queue_url
    }

    pub fn batch(&self) -> usize {
        self.batch
    }

    pub(super) fn request(&self, items: usize) -> Request<Full<Bytes>> {
        match self.template.as_ref().filter(|_| items == self.batch) {
            Some(template) => template.request(),
            None => self.template(items).expect("its kind has been made before").request(),
        }
    }

    fn template(&self, items: usize) -> Result<Template, String> {
        let (operation, body) = match self.batch {
            1 => ("AmazonSQS.SendMessage", serde_json::to_vec(&self.single())),
            _ => ("AmazonSQS.SendMessageBatch", serde_json::to_vec(&self.several(items))),
        };
        let body = body.map_err(|error| error.to_string())?;
        let template = Template::new(&self.endpoint, Method::POST, "/", body)?;
        let template =
            template.with("content-type", "application/x-amz-json-1.0").with("x-amz-target", operation);
        Ok(template.signed(self.signer.clone()))
    }

    fn single(&self) -> Single<'_> {
        Single { queue_url: &self.queue_url, message: self.message() }
    }

    fn several(&self, items: usize) -> Several<'_> {
        let entries = (0..items).map(|n| Entry { id: n.to_string(), message: self.message() });
        Several { queue_url: &self.queue_url, entries: entries.collect() }
    }

    fn message(&self) -> Message<'_> {
        let told = self.groups.map(|groups| {
            let n = self.sent.fetch_add(1, Ordering::Relaxed);
            (format!("group-{}", n % groups), format!("loadgen-{:x}-{n}", self.run))
        });
        let (group, deduplication) = told.unzip();
        Message { message_body: &self.body, message_group_id: group, message_deduplication_id: deduplication }
    }

    /// Only a message id confirms a message.
    pub(super) fn outcomes(&self, answer: &Answer, items: usize) -> Vec<Outcome> {
        let status = answer.status.as_u16();
        if !answer.status.is_success() {
            return vec![reply(answer).refusal(); items];
        }
        let mut outcomes = match self.batch {
            1 => vec![confirmed(status, &serde_json::from_slice(&answer.body).unwrap_or_default())],
            _ => batch_outcomes(status, serde_json::from_slice(&answer.body).unwrap_or_default()),
        };
        let unheard = || Outcome::ServerError { status: Some(status), note: UNCONFIRMED.to_owned() };
        outcomes.resize_with(items, unheard);
        outcomes
    }
}

const UNCONFIRMED: &str = "an answer without a MessageId";

fn confirmed(status: u16, sent: &Sent) -> Outcome {
    match &sent.message_id {
        Some(_) => Outcome::Accepted { status, request_id: None },
        None => Outcome::ServerError { status: Some(status), note: UNCONFIRMED.to_owned() },
    }
}

fn batch_outcomes(status: u16, answer: BatchAnswer) -> Vec<Outcome> {
    let successful = answer.successful.iter().map(|sent| confirmed(status, sent));
    let failed = answer.failed.into_iter().map(|failed| {
        let note = format!("{}: {}", failed.code, failed.message);
        match failed.sender_fault {
            true => Outcome::ClientError { status: 400, note },
            false => Outcome::ServerError { status: Some(500), note },
        }
    });
    successful.chain(failed).collect()
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Single<'a> {
    queue_url: &'a str,
    #[serde(flatten)]
    message: Message<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Several<'a> {
    queue_url: &'a str,
    entries: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    id: String,
    #[serde(flatten)]
    message: Message<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    message_body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_deduplication_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Sent {
    message_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct BatchAnswer {
    successful: Vec<Sent>,
    failed: Vec<Failed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Failed {
    code: String,
    message: String,
    sender_fault: bool,
}
