//! One standard queue. It knows no other queue and no alarm: it says when it
//! wants to be woken.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::attributes::QueueAttributes;
use super::message::{Delivery, Message, Place};
use super::receipt::ReceiptHandle;
use super::receiver::Receivers;
use crate::engine::alarm::AlarmKey;
use crate::engine::error::SqsError;
use crate::engine::ids::{MessageId, MessageNumber, QueueNumber};
use crate::engine::time::Timestamp;

/// A message's visibility may be extended to this long after its receive
/// ("Amazon SQS visibility timeout": 12 hours in total).
const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 3_600);

/// A standard queue and its messages.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) number: QueueNumber,
    pub(crate) attributes: QueueAttributes,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) purged: Option<Timestamp>,
    pub(crate) receivers: Receivers,
    pub(crate) alarm: Option<(Timestamp, AlarmKey)>,
    messages: HashMap<MessageNumber, Message>,
    /// Receivable messages in their order. An entry counts only while its
    /// message is `Visible`; others are stale, and skipped.
    visible: VecDeque<MessageNumber>,
    stale: usize,
    /// When delayed messages and messages in flight become visible.
    returns: BTreeSet<(Timestamp, MessageNumber)>,
    /// Messages by the time that their retention counts from.
    by_age: BTreeSet<(Timestamp, MessageNumber)>,
    accepted: u64,
    delayed: usize,
    in_flight: usize,
}

/// What became of a message in a receive.
#[derive(Debug)]
pub(crate) enum Received {
    /// It is in flight.
    Delivered(Delivery),
    /// It was received too often and leaves for the dead-letter queue.
    DeadLettered(Message),
}

impl Queue {
    pub(crate) fn new(number: QueueNumber, attributes: QueueAttributes, now: Timestamp) -> Self {
        Self {
            number,
            attributes,
            tags: BTreeMap::new(),
            created: now,
            modified: now,
            purged: None,
            receivers: Receivers::default(),
            alarm: None,
            messages: HashMap::new(),
            visible: VecDeque::new(),
            stale: 0,
            returns: BTreeSet::new(),
            by_age: BTreeSet::new(),
            accepted: 0,
            delayed: 0,
            in_flight: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn visible_count(&self) -> usize {
        self.messages.len() - self.delayed - self.in_flight
    }

    pub(crate) fn delayed_count(&self) -> usize {
        self.delayed
    }

    pub(crate) fn in_flight_count(&self) -> usize {
        self.in_flight
    }

    /// When time itself changes something here.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let returns = self.returns.first().map(|&(at, _)| at);
        let expires = self.by_age.first().map(|&(sent, _)| sent + self.attributes.retention);
        [returns, expires, self.receivers.next_end()].into_iter().flatten().min()
    }

    /// Accepts a message, receivable at `visible_at`.
    pub(crate) fn put(&mut self, mut message: Message, visible_at: Timestamp, now: Timestamp) {
        self.accepted += 1;
        let number = MessageNumber(self.accepted);
        self.by_age.insert((message.content.sent, number));
        if visible_at > now {
            message.place = Place::Delayed { until: visible_at };
            self.delayed += 1;
            self.returns.insert((visible_at, number));
        } else {
            message.place = Place::Visible;
            self.visible.push_back(number);
        }
        self.messages.insert(number, message);
    }

    /// Receives the first message, or dead-letters it when `dead_letter_after`
    /// says that it has been received often enough.
    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        visibility: Duration,
        dead_letter_after: Option<u32>,
    ) -> Option<Received> {
        let number = self.pop_visible()?;
        let message = self.messages.get_mut(&number)?;
        if dead_letter_after.is_some_and(|most| message.receive_count >= most) {
            return self.take(number).map(Received::DeadLettered);
        }
        message.receive_count += 1;
        let first_received = *message.first_received.get_or_insert(now);
        let until = now + visibility;
        message.place = Place::InFlight { until, since: now };
        self.in_flight += 1;
        self.returns.insert((until, number));
        Some(Received::Delivered(Delivery {
            content: Arc::clone(&message.content),
            receipt: ReceiptHandle { queue: self.number, message: number, receive: message.receive_count },
            receive_count: message.receive_count,
            first_received,
            visible_at: until,
            dead_letter_source: message.dead_letter_source.clone(),
        }))
    }

    /// Deletes by handle. A message that is gone is no error; one that was
    /// received again since stays ("DeleteMessage": an old handle may be ignored).
    pub(crate) fn delete(&mut self, receipt: ReceiptHandle) -> Result<Option<MessageId>, SqsError> {
        self.check(receipt)?;
        let number = receipt.message;
        match self.messages.get(&number) {
            Some(message) if message.receive_count == receipt.receive => {
                Ok(self.take(number).map(|message| message.content.id))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Sets when a received message becomes visible, counted from now.
    pub(crate) fn change_visibility(
        &mut self,
        now: Timestamp,
        receipt: ReceiptHandle,
        visibility: Duration,
    ) -> Result<MessageId, SqsError> {
        self.check(receipt)?;
        let number = receipt.message;
        let message = self.messages.get_mut(&number).ok_or(SqsError::MessageNotAvailable)?;
        if message.receive_count != receipt.receive {
            return Err(SqsError::MessageNotAvailable);
        }
        let until = now + visibility;
        let was_visible = message.is_visible();
        let since = match message.place {
            Place::InFlight { until: before, since } => {
                if until > since + LONGEST_VISIBILITY {
                    return Err(SqsError::VisibilityBeyondTwelveHours);
                }
                self.returns.remove(&(before, number));
                since
            }
            Place::Visible | Place::Delayed { .. } => {
                self.in_flight += 1;
                now
            }
        };
        if visibility.is_zero() {
            message.place = Place::Visible;
            self.in_flight -= 1;
            self.visible.push_back(number);
        } else {
            message.place = Place::InFlight { until, since };
            self.returns.insert((until, number));
        }
        let id = message.content.id;
        if was_visible {
            self.leave_stale();
        }
        Ok(id)
    }

    /// Makes visible what is due.
    pub(crate) fn let_return(&mut self, now: Timestamp) -> Vec<MessageId> {
        let mut returned = Vec::new();
        while let Some(&(at, number)) = self.returns.first().filter(|(at, _)| *at <= now) {
            self.returns.remove(&(at, number));
            returned.extend(self.make_visible(number));
        }
        returned
    }

    /// Lets go of what is too old.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<MessageId> {
        let retention = self.attributes.retention;
        let mut expired = Vec::new();
        while let Some(&(_, number)) = self.by_age.first().filter(|(sent, _)| *sent + retention <= now) {
            expired.extend(self.take(number).map(|message| message.content.id));
        }
        expired
    }

    /// Empties the queue; messages in flight go too.
    pub(crate) fn purge(&mut self) -> usize {
        let gone = self.messages.len();
        self.messages.clear();
        self.visible.clear();
        self.stale = 0;
        self.returns.clear();
        self.by_age.clear();
        self.delayed = 0;
        self.in_flight = 0;
        gone
    }

    fn check(&self, receipt: ReceiptHandle) -> Result<(), SqsError> {
        let ours = receipt.queue == self.number && receipt.message.0 <= self.accepted;
        if ours { Ok(()) } else { Err(SqsError::ReceiptHandleIsInvalid) }
    }

    fn pop_visible(&mut self) -> Option<MessageNumber> {
        loop {
            let number = self.visible.pop_front()?;
            if self.messages.get(&number).is_some_and(Message::is_visible) {
                return Some(number);
            }
            self.stale = self.stale.saturating_sub(1);
        }
    }

    /// Counts an entry that became stale, and clears them out when they are
    /// many: memory goes by what is there, not by what has happened.
    fn leave_stale(&mut self) {
        self.stale += 1;
        if self.stale > 64 + self.visible.len() / 2 {
            let mut seen = BTreeSet::new();
            let counts = |number: &MessageNumber| self.messages.get(number).is_some_and(Message::is_visible);
            self.visible.retain(|number| counts(number) && seen.insert(*number));
            self.stale = 0;
        }
    }

    fn make_visible(&mut self, number: MessageNumber) -> Option<MessageId> {
        let message = self.messages.get_mut(&number)?;
        match message.place {
            Place::Delayed { .. } => self.delayed -= 1,
            Place::InFlight { .. } => self.in_flight -= 1,
            Place::Visible => return None,
        }
        message.place = Place::Visible;
        self.visible.push_back(number);
        Some(message.content.id)
    }

    /// Removes a message wherever it is.
    fn take(&mut self, number: MessageNumber) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.by_age.remove(&(message.content.sent, number));
        match message.place {
            Place::Visible => self.leave_stale(),
            Place::Delayed { until } => {
                self.delayed -= 1;
                self.returns.remove(&(until, number));
            }
            Place::InFlight { until, .. } => {
                self.in_flight -= 1;
                self.returns.remove(&(until, number));
            }
        }
        Some(message)
    }
}
