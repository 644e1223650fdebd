//! ChangeMessageVisibility and ChangeMessageVisibilityBatch.

use std::time::Duration;

use serde::Deserialize;

use super::batch::{self, Done, Ends};
use crate::api::sqs::error::{Fault, Given};
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation, limits, receipt};
use crate::engine::{Engine, QueueRequest, SqsError, Timestamp};

const ENTRY: &str = "ChangeMessageVisibilityBatchRequestEntry";

/// A message to hide. Alone it names its queue; in a batch it has an id.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct ChangeMessageVisibility<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    id: Option<Text<'a>>,
    receipt_handle: Option<Text<'a>>,
    visibility_timeout: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct ChangeMessageVisibilityBatch<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    entries: Option<Vec<ChangeMessageVisibility<'a>>>,
}

impl<'a> Operation<'a> for ChangeMessageVisibility<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let change = self.change(|member| Fault::missing(member))?;
        endpoint.driver.step(|engine, now| {
            engine.admit_queue_request(now, queue, QueueRequest::ChangeVisibility)?;
            change.make(engine, now, queue)
        })
    }
}

impl<'a> Operation<'a> for ChangeMessageVisibilityBatch<'a> {
    type Answer = Ends<Done>;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Self::Answer, Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let entries = batch::entries(ENTRY, self.entries, |entry| entry.id.as_deref())?;
        let changes = entries.iter().enumerate().map(|(index, entry)| {
            let id = entry.id.as_deref().unwrap_or_default().to_owned();
            match entry.change(|member| batch::missing(ENTRY, index, member)) {
                // A request that lacks something is wrong as a whole.
                Err(fault @ Fault::MissingParameter(_)) => Err(fault),
                change => Ok((id, change)),
            }
        });
        let changes = changes.collect::<Result<Vec<_>, Fault>>()?;
        endpoint.driver.step(|engine, now| {
            engine.admit_queue_request(now, queue, QueueRequest::ChangeVisibility)?;
            let ends = changes.into_iter().map(|(id, change)| {
                let changed = change.and_then(|change| change.make(engine, now, queue));
                (id.clone(), changed.map(|()| Done { id }))
            });
            Ok(ends.collect())
        })
    }
}

/// A change that is checked.
#[derive(Debug)]
struct Change<'a> {
    handle: &'a str,
    visibility: Duration,
}

impl ChangeMessageVisibility<'_> {
    fn change(&self, missing: impl Fn(&str) -> Fault) -> Result<Change<'_>, Fault> {
        let handle = self.receipt_handle.as_deref().ok_or_else(|| missing("ReceiptHandle"))?;
        let seconds = self.visibility_timeout.ok_or_else(|| missing("VisibilityTimeout"))?;
        Ok(Change { handle, visibility: limits::VISIBILITY.seconds(seconds)? })
    }
}

impl Change<'_> {
    fn make(&self, engine: &mut Engine, now: Timestamp, queue: &str) -> Result<(), Fault> {
        let changed = match receipt::decode(self.handle) {
            Some(receipt) => engine.change_visibility(now, queue, receipt, self.visibility),
            None => Err(SqsError::ReceiptHandleIsInvalid),
        };
        let given = Given {
            receipt_handle: self.handle,
            visibility_timeout: self.visibility.as_secs(),
            ..Given::default()
        };
        changed.map_err(|error| Fault::of(error, given))
    }
}
