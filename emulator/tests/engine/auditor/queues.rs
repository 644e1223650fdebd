//! Queues: no message is lost, and none is counted twice.

use std::collections::{BTreeMap, HashMap};

use emulator::engine::{GroupId, MessageId, QueueAttributes, QueueName, Timestamp};

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
    pub(super) groups: HashMap<GroupId, GroupBook>,
    /// Messages sent here, or that came here as a dead-letter queue.
    came: usize,
    /// Messages deleted, dead-lettered, expired or purged.
    went: usize,
}

/// The messages of one group.
#[derive(Debug, Default)]
pub(super) struct GroupBook {
    /// In the order in which they came.
    members: BTreeMap<usize, MessageId>,
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) noisy: bool,
}

/// A message that is in a queue.
#[derive(Debug, Clone)]
pub(super) struct MessageBook {
    pub(super) group: Option<GroupId>,
    /// Its place among all that came into this queue.
    pub(super) order: usize,
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

    /// Counts a message in its group, or no longer.
    fn count_in_group(&mut self, message: &MessageBook, one: isize) {
        let Some(group) = &message.group else { return };
        let book = self.groups.entry(group.clone()).or_default();
        let count = match message.place {
            Place::Visible => &mut book.visible,
            Place::InFlight { .. } => &mut book.in_flight,
            Place::Delayed { .. } => return,
        };
        *count = count.checked_add_signed(one).expect("what leaves a group was in it");
    }

    pub(super) fn add(&mut self, id: MessageId, mut message: MessageBook) -> Verdict {
        *self.count(message.place) += 1;
        self.came += 1;
        message.order = self.came;
        self.count_in_group(&message, 1);
        if let Some(group) = &message.group {
            self.groups.entry(group.clone()).or_default().members.insert(message.order, id);
        }
        rule!(self.messages.insert(id, message).is_none(), "{id} is in the queue already");
        self.balance()
    }

    pub(super) fn remove(&mut self, id: MessageId) -> Result<MessageBook, String> {
        let message = self.messages.remove(&id).ok_or_else(|| format!("{id} is not in the queue"))?;
        *self.count(message.place) -= 1;
        self.went += 1;
        self.count_in_group(&message, -1);
        if let Some(book) = message.group.as_ref().and_then(|group| self.groups.get_mut(group)) {
            book.members.remove(&message.order);
        }
        self.balance().map(|()| message)
    }

    pub(super) fn get(&self, id: MessageId) -> Result<MessageBook, String> {
        self.messages.get(&id).cloned().ok_or_else(|| format!("{id} is not in the queue"))
    }

    pub(super) fn put(&mut self, id: MessageId, message: MessageBook) -> Verdict {
        *self.count(message.place) += 1;
        self.count_in_group(&message, 1);
        let before = self.messages.insert(id, message).ok_or_else(|| format!("{id} is not in the queue"))?;
        *self.count(before.place) -= 1;
        self.count_in_group(&before, -1);
        self.balance()
    }

    /// In a FIFO queue: nothing of the group that came before is left behind,
    /// and nothing of it has been in flight since before.
    pub(super) fn check_turn(&self, at: Timestamp, message: &MessageBook) -> Verdict {
        let group = message.group.as_ref().ok_or("a message of a FIFO queue has no group")?;
        let book = self.groups.get(group).ok_or_else(|| format!("no group {group}"))?;
        for (order, id) in &book.members {
            let other = self.get(*id)?;
            if let Place::InFlight { since, .. } = other.place {
                rule!(since == at, "{id} of {group} is in flight since {since:?}");
                rule!(*order < message.order, "{id} of {group} was received before its turn");
            } else {
                rule!(*order >= message.order, "{id} of {group} came before, and is {:?}", other.place);
            }
        }
        Ok(())
    }

    /// In a standard queue: a noisy group waits for all that are not.
    pub(super) fn check_fairness(&self, message: &MessageBook) -> Verdict {
        let noisy = |group: &GroupId| self.groups.get(group).is_some_and(|book| book.noisy);
        if !message.group.as_ref().is_some_and(noisy) {
            return Ok(());
        }
        let of_noisy: usize = self.groups.values().filter(|book| book.noisy).map(|book| book.visible).sum();
        let quiet = self.visible - of_noisy;
        rule!(quiet == 0, "{quiet} messages of quiet groups are visible, and a noisy one was received");
        Ok(())
    }

    /// Whether a receive of a FIFO queue would find something.
    pub(super) fn has_free_group(&self) -> bool {
        self.groups.values().any(|book| book.visible > 0 && book.in_flight == 0)
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

    /// Whether the handle of that receive deletes the message: in a FIFO queue
    /// only while it is in flight.
    pub(super) fn is_deletable(&self, queue: &QueueName, id: MessageId, receive: u32) -> bool {
        let fifo = self.granted_queues.get(queue).is_some_and(|attributes| attributes.fifo.is_some());
        let message = self.queues.get(queue).and_then(|book| book.messages.get(&id));
        message.is_some_and(|message| {
            let in_flight = matches!(message.place, Place::InFlight { .. });
            message.receive_count == receive && (in_flight || !fifo)
        })
    }

    /// Whether a receive would find something.
    pub(crate) fn is_receivable(&self, queue: &QueueName) -> bool {
        let fifo = self.granted_queues.get(queue).is_some_and(|attributes| attributes.fifo.is_some());
        let there = |book: &QueueBook| if fifo { book.has_free_group() } else { book.visible > 0 };
        self.queues.get(queue).is_some_and(there)
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
        self.moving.remove(name);
        Ok(())
    }

    pub(super) fn queue_purged(&mut self, name: &QueueName, messages: usize) -> Verdict {
        let book = self.queue(name)?;
        let there = std::mem::take(&mut book.messages).len();
        rule!(there == messages, "{there} messages were purged");
        book.went += there;
        (book.visible, book.delayed, book.in_flight) = (0, 0, 0);
        book.groups.clear();
        book.balance()
    }
}
