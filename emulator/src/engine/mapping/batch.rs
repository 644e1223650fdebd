//! The messages that a poller holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::effect::BatchItems;
use crate::engine::ids::{MappingId, QueueName};
use crate::engine::lambda::Trace;
use crate::engine::sqs::{Delivery, ReceiptHandle};
use crate::engine::time::Timestamp;

/// An event's payload may have this many bytes; a batch closes before.
const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// What a record adds to its body and attributes: handle, ids, hashes, keys.
const RECORD_OVERHEAD: usize = 1_024;

/// Messages that a poller has received and not yet settled.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) mapping: MappingId,
    pub(crate) poller: usize,
    pub(crate) queue: QueueName,
    pub(crate) reports_item_failures: bool,
    pub(crate) messages: Arc<[Delivery]>,
    /// Refusals so far, for the back-off.
    pub(crate) refusals: u32,
}

impl Batch {
    /// When the first of its messages becomes visible again: from then on the
    /// batch is no longer the poller's.
    pub(crate) fn lapses_at(&self) -> Option<Timestamp> {
        self.messages.iter().map(|message| message.visible_at).min()
    }

    /// The chain of requests that it belongs to: that of its deepest message.
    pub(crate) fn trace(&self) -> Trace {
        let sent = self.messages.iter().map(|message| &message.content.message);
        let deepest = sent.max_by_key(|message| message.trace_depth);
        deepest.map_or_else(Trace::default, |message| Trace {
            header: message.trace_header.as_deref().map(Arc::from),
            depth: message.trace_depth,
        })
    }
}

impl Batch {
    /// The receipts of what succeeded, as far as the function's answer says.
    pub(crate) fn succeeded(&self, items: &BatchItems) -> Vec<ReceiptHandle> {
        let all = self.messages.iter();
        let failed: BTreeSet<&str> = match items {
            BatchItems::AllSucceeded => return all.map(|message| message.receipt).collect(),
            BatchItems::Failed(failed) => failed.iter().map(|id| &**id).collect(),
            BatchItems::Invalid => return Vec::new(),
        };
        let ids = all.clone().map(|message| message.content.id.to_string());
        let fails: Vec<bool> = ids.map(|id| failed.contains(id.as_str())).collect();
        if fails.iter().filter(|fails| **fails).count() < failed.len() {
            // An id that is not of this batch fails all of it.
            return Vec::new();
        }
        all.zip(fails).filter(|(_, fails)| !fails).map(|(message, _)| message.receipt).collect()
    }
}

/// Messages while the batch is still open.
#[derive(Debug, Default)]
pub(crate) struct OpenBatch {
    messages: Vec<Delivery>,
    bytes: usize,
    /// Its window has closed, and what is under way for it has not ended.
    overdue: bool,
}

impl OpenBatch {
    pub(crate) fn add(&mut self, messages: Vec<Delivery>) {
        self.bytes +=
            messages.iter().map(|message| message.content.message.size() + RECORD_OVERHEAD).sum::<usize>();
        self.messages.extend(messages);
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether another message of the largest size might not fit any more.
    pub(crate) fn is_heavy(&self, largest: usize) -> bool {
        self.bytes + largest + RECORD_OVERHEAD > PAYLOAD_LIMIT
    }

    pub(crate) fn note_overdue(&mut self) {
        self.overdue = true;
    }

    pub(crate) fn is_overdue(&self) -> bool {
        self.overdue
    }

    pub(crate) fn close(&mut self) -> Arc<[Delivery]> {
        (self.bytes, self.overdue) = (0, false);
        std::mem::take(&mut self.messages).into()
    }
}
