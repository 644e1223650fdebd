//! Queues: no message is lost, and none is counted twice.

use std::collections::HashMap;

use emulator::engine::{MessageId, QueueAttributes, QueueName, Timestamp};

use super::{Auditor, Verdict};

/// One receive of one message: the queue, the message, and the how-many-eth.
pub(crate) type Receipt = (QueueName, MessageId, u32);

/// A queue and its messages.
#[derive(Debug, Default)]
pub(super) struct QueueBook {
    pub(super) messages: HashMap<MessageId, MessageBook>,
    pub(super) visible: usize,
    pub(super) delayed: usize,
    pub(super) in_flight: usize,
    /// When its settings were last changed.
    pub(super) changed: Timestamp,
    /// Messages sent here, or that came here as a dead-letter queue.
    came: usize,
    /// Messages deleted, dead-lettered, expired or purged.
    went: usize,
}

/// A message that is in a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct MessageBook {
    pub(super) sent: Timestamp,
    /// When it came into this queue.
    pub(super) came: Timestamp,
    pub(super) receive_count: u32,
    pub(super) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Visible,
    Delayed { until: Timestamp },
    InFlight { until: Timestamp, since: Timestamp },
}

impl QueueBook {
    fn count(&mut self, place: Place) -> &mut usize {
        match place {
            Place::Visible => &mut self.visible,
            Place::Delayed { .. } => &mut self.delayed,
            Place::InFlight { .. } => &mut self.in_flight,
        }
    }

    pub(super) fn add(&mut self, id: MessageId, message: MessageBook) -> Verdict {
        *self.count(message.place) += 1;
        self.came += 1;
        rule!(self.messages.insert(id, message).is_none(), "{id} is in the queue already");
        self.balance()
    }

    pub(super) fn remove(&mut self, id: MessageId) -> Result<MessageBook, String> {
        let message = self.messages.remove(&id).ok_or_else(|| format!("{id} is not in the queue"))?;
        *self.count(message.place) -= 1;
        self.went += 1;
        self.balance().map(|()| message)
    }

    pub(super) fn get(&self, id: MessageId) -> Result<MessageBook, String> {
        self.messages.get(&id).copied().ok_or_else(|| format!("{id} is not in the queue"))
    }

    pub(super) fn put(&mut self, id: MessageId, message: MessageBook) -> Verdict {
        let before = self.messages.insert(id, message).ok_or_else(|| format!("{id} is not in the queue"))?;
        *self.count(before.place) -= 1;
        *self.count(message.place) += 1;
        self.balance()
    }

    /// Sent = deleted + visible + in flight + delayed + dead-lettered +
    /// expired + purged, at every fact.
    fn balance(&self) -> Verdict {
        let Self { came, went, visible, delayed, in_flight, .. } = self;
        rule!(
            *came == went + visible + delayed + in_flight,
            "{came} came, {went} went, and {visible} + {delayed} + {in_flight} are there"
        );
        Ok(())
    }
}

impl Auditor {
    pub(super) fn queue(&mut self, name: &QueueName) -> Result<&mut QueueBook, String> {
        self.queues.get_mut(name).ok_or_else(|| format!("the queue {name} is not there"))
    }

    pub(super) fn attributes(&self, name: &QueueName) -> Result<&QueueAttributes, String> {
        self.granted_queues.get(name).ok_or_else(|| format!("nobody asked for the queue {name}"))
    }

    /// A message that a client may still know, and how often it was received.
    pub(crate) fn receive_count(&self, queue: &QueueName, id: MessageId) -> Option<u32> {
        self.queues.get(queue)?.messages.get(&id).map(|message| message.receive_count)
    }

    /// How many messages can be received.
    pub(crate) fn visible(&self, queue: &QueueName) -> usize {
        self.queues.get(queue).map_or(0, |book| book.visible)
    }

    /// How many messages are in flight.
    pub(crate) fn in_flight(&self, queue: &QueueName) -> usize {
        self.queues.get(queue).map_or(0, |book| book.in_flight)
    }

    /// The settings of a queue changed at this moment.
    pub(crate) fn queue_settings_changed(&mut self, queue: &QueueName, at: Timestamp) {
        self.queues.entry(queue.clone()).and_modify(|book| book.changed = at);
    }

    pub(super) fn queue_created(&mut self, name: &QueueName) -> Verdict {
        self.attributes(name)?;
        let taken = self.queues.insert(name.clone(), QueueBook::default()).is_some();
        rule!(!taken, "the queue {name} was there already");
        Ok(())
    }

    pub(super) fn queue_deleted(&mut self, name: &QueueName, messages: usize) -> Verdict {
        let there = self.queue(name)?.messages.len();
        rule!(there == messages, "{there} messages went with the queue");
        self.queues.remove(name);
        Ok(())
    }

    pub(super) fn queue_purged(&mut self, name: &QueueName, messages: usize) -> Verdict {
        let book = self.queue(name)?;
        let there = std::mem::take(&mut book.messages).len();
        rule!(there == messages, "{there} messages were purged");
        book.went += there;
        (book.visible, book.delayed, book.in_flight) = (0, 0, 0);
        book.balance()
    }
}
