//! Long polls that wait for messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::message::Holder;
use crate::engine::ids::{MappingId, ReceiverId};
use crate::engine::time::Timestamp;

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// A ReceiveMessage over the API.
    Caller,
    /// A poller of a mapping, by its place in the fleet.
    Poller(MappingId, usize),
}

impl Waiter {
    pub(crate) fn holder(self) -> Holder {
        match self {
            Self::Caller => Holder::Client,
            Self::Poller(..) => Holder::Poller,
        }
    }
}

/// One waiting receive.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) waiter: Waiter,
    pub(crate) max: usize,
    pub(crate) visibility: Option<Duration>,
    /// Under which id it can be repeated.
    pub(crate) attempt: Option<Arc<str>>,
    pub(crate) until: Timestamp,
    /// A poller with an open batch is served before everybody else: several
    /// receives then fill one batch, as AWS's pollers do.
    pub(crate) fills_batch: bool,
}

/// The waiting receives of a queue, in the order in which they are served.
#[derive(Debug, Default)]
pub(crate) struct Receivers {
    waiting: BTreeMap<(bool, ReceiverId), Receiver>,
    ends: BTreeSet<(Timestamp, bool, ReceiverId)>,
}

impl Receivers {
    pub(crate) fn add(&mut self, id: ReceiverId, receiver: Receiver) {
        let behind = !receiver.fills_batch;
        self.ends.insert((receiver.until, behind, id));
        self.waiting.insert((behind, id), receiver);
    }

    pub(crate) fn remove(&mut self, id: ReceiverId) -> Option<Receiver> {
        let key = [(false, id), (true, id)].into_iter().find(|key| self.waiting.contains_key(key))?;
        let receiver = self.waiting.remove(&key)?;
        self.ends.remove(&(receiver.until, key.0, id));
        Some(receiver)
    }

    pub(crate) fn pop_first(&mut self) -> Option<(ReceiverId, Receiver)> {
        let ((behind, id), receiver) = self.waiting.pop_first()?;
        self.ends.remove(&(receiver.until, behind, id));
        Some((id, receiver))
    }

    pub(crate) fn pop_ended(&mut self, now: Timestamp) -> Option<(ReceiverId, Receiver)> {
        let &(until, _, id) = self.ends.first()?;
        if until > now {
            return None;
        }
        self.remove(id).map(|receiver| (id, receiver))
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// When a poller with an open batch looks again: its window may be over.
    pub(crate) fn next_work(&self) -> Option<Timestamp> {
        let filling = self.waiting.range(..(true, ReceiverId(0)));
        filling.map(|(_, receiver)| receiver.until).min()
    }

    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|&(until, _, _)| until)
    }
}
