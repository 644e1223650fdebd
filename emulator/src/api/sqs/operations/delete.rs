//! DeleteMessage and DeleteMessageBatch.

use serde::Deserialize;

use super::batch::{self, Done, Ends};
use crate::api::sqs::error::{Fault, Given};
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation, receipt};
use crate::engine::{Engine, QueueRequest, SqsError, Timestamp};

const ENTRY: &str = "DeleteMessageBatchRequestEntry";

/// A message to delete. Alone it names its queue; in a batch it has an id.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct DeleteMessage<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    id: Option<Text<'a>>,
    receipt_handle: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct DeleteMessageBatch<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    entries: Option<Vec<DeleteMessage<'a>>>,
}

impl<'a> Operation<'a> for DeleteMessage<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let handle = self.receipt_handle.as_deref().ok_or_else(|| Fault::missing("ReceiptHandle"))?;
        endpoint.driver.step(|engine, now| {
            engine.admit_queue_request(now, queue, QueueRequest::Delete)?;
            delete(engine, now, queue, handle)
        })
    }
}

impl<'a> Operation<'a> for DeleteMessageBatch<'a> {
    type Answer = Ends<Done>;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Self::Answer, Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let entries = batch::entries(ENTRY, self.entries, |entry| entry.id.as_deref())?;
        let entries = entries.into_iter().enumerate().map(|(index, entry)| {
            let handle = entry.receipt_handle.ok_or_else(|| batch::missing(ENTRY, index, "ReceiptHandle"))?;
            Ok((entry.id.map(Text::into_owned).unwrap_or_default(), handle))
        });
        let entries = entries.collect::<Result<Vec<_>, Fault>>()?;
        endpoint.driver.step(|engine, now| {
            engine.admit_queue_request(now, queue, QueueRequest::Delete)?;
            let ends = entries.into_iter().map(|(id, handle)| {
                let deleted = delete(engine, now, queue, &handle);
                (id.clone(), deleted.map(|()| Done { id }))
            });
            Ok(ends.collect())
        })
    }
}

fn delete(engine: &mut Engine, now: Timestamp, queue: &str, handle: &str) -> Result<(), Fault> {
    let deleted = match receipt::decode(handle) {
        Some(receipt) => engine.delete_message(now, queue, receipt),
        None => Err(SqsError::ReceiptHandleIsInvalid),
    };
    deleted.map_err(|error| Fault::of(error, Given { receipt_handle: handle, ..Given::default() }))
}
