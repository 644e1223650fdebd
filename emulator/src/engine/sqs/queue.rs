//! One queue. It knows no other queue and no alarm: it says when it wants to
//! be woken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::attributes::{FifoScope, QueueAttributes};
use super::line::{Line, Noise, Order};
use super::message::{Accepted, Delivery, Holder, Message, NewMessage, Place};
use super::rates::RequestRates;
use super::receipt::ReceiptHandle;
use super::receiver::Receivers;
use super::recent::{Attempts, Key, Sent};
use super::shelf::{MessageKey, Shelf};
use crate::engine::alarm::AlarmKey;
use crate::engine::error::SqsError;
use crate::engine::ids::{GroupId, MessageId, MessageNumber, QueueNumber};
use crate::engine::time::Timestamp;

/// A message's visibility may be extended to this long after its receive
/// ("Amazon SQS visibility timeout": 12 hours in total).
const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 3_600);

/// A queue and its messages.
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
    pub(crate) rates: RequestRates,
    shelf: Shelf,
    line: Line,
    /// When delayed messages and messages in flight become visible.
    returns: BTreeSet<(Timestamp, MessageKey)>,
    /// Messages by the time that their retention counts from.
    by_age: BTreeSet<(Timestamp, MessageKey)>,
    sent: Sent,
    attempts: Attempts,
    accepted: u64,
    turns: u64,
    delayed: usize,
    in_flight: usize,
    /// Those in flight that clients hold.
    held: usize,
}

/// What became of a message in a receive.
#[derive(Debug)]
pub(crate) enum Received {
    /// It is in flight.
    Delivered(Delivery),
    /// It was received too often and leaves for the dead-letter queue.
    DeadLettered(Message),
}

/// The group that a receive has begun with, once it has.
pub(crate) type Begun = Option<Option<GroupId>>;

impl Queue {
    pub(crate) fn new(
        number: QueueNumber,
        attributes: QueueAttributes,
        rates: RequestRates,
        now: Timestamp,
    ) -> Self {
        let order = if attributes.fifo.is_some() { Order::Fifo } else { Order::Fair };
        Self {
            number,
            attributes,
            tags: BTreeMap::new(),
            created: now,
            modified: now,
            purged: None,
            receivers: Receivers::default(),
            alarm: None,
            rates,
            shelf: Shelf::default(),
            line: Line::new(order),
            returns: BTreeSet::new(),
            by_age: BTreeSet::new(),
            sent: Sent::default(),
            attempts: Attempts::default(),
            accepted: 0,
            turns: 0,
            delayed: 0,
            in_flight: 0,
            held: 0,
        }
    }

    pub(crate) fn is_fifo(&self) -> bool {
        self.attributes.fifo.is_some()
    }

    /// Whether it takes so many requests a second and no more. With high
    /// throughput the limit is each partition's, of which nobody knows the number.
    pub(crate) fn is_limited(&self) -> bool {
        self.attributes.fifo.is_some_and(|fifo| fifo.throughput_limit == FifoScope::Queue)
    }

    pub(crate) fn len(&self) -> usize {
        self.shelf.len()
    }

    pub(crate) fn visible_count(&self) -> usize {
        self.shelf.len() - self.delayed - self.in_flight
    }

    pub(crate) fn delayed_count(&self) -> usize {
        self.delayed
    }

    pub(crate) fn in_flight_count(&self) -> usize {
        self.in_flight
    }

    /// Messages in flight that clients received, and not pollers.
    pub(crate) fn held_count(&self) -> usize {
        self.held
    }

    /// Whether a receive would find something: in a FIFO queue, messages may
    /// be visible and wait behind others of their group.
    pub(crate) fn is_receivable(&self) -> bool {
        self.line.has_next()
    }

    /// When time itself changes something here.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let returns = self.returns.first().map(|&(at, _)| at);
        let expires = self.by_age.first().map(|&(sent, _)| sent + self.attributes.retention);
        [returns, expires, self.receivers.next_end(), self.line.next_calm()].into_iter().flatten().min()
    }

    /// When work that waits here goes on by itself: a delayed message, or one
    /// that a poller did not finish, becomes visible, or a poller that fills a
    /// batch looks again. A message that a client holds comes back by time too,
    /// but the client is at work as long as it does not.
    pub(crate) fn next_work(&self) -> Option<Timestamp> {
        let returns = self.returns.first().map(|&(at, _)| at);
        [returns.filter(|_| self.held == 0), self.receivers.next_work()].into_iter().flatten().min()
    }

    /// What was answered to the same message, if it was sent within the last
    /// five minutes, else the key to note it by. Standard queues have neither.
    pub(crate) fn find_duplicate(
        &mut self,
        now: Timestamp,
        message: &NewMessage,
    ) -> Result<(Option<Key>, Option<Accepted>), SqsError> {
        let Some(fifo) = self.attributes.fifo else { return Ok((None, None)) };
        if message.group_id.is_none() {
            return Err(SqsError::GroupIdMissing);
        }
        let key = fifo.deduplication_key(message).ok_or(SqsError::DeduplicationIdMissing)?;
        let first = self.sent.find(now, &key).copied();
        Ok((Some(key), first))
    }

    /// Notes that a message was accepted, for its duplicates.
    pub(crate) fn note_sent(&mut self, now: Timestamp, key: Option<Key>, accepted: Accepted) {
        if let Some(key) = key {
            self.sent.note(now, key, accepted);
        }
    }

    /// When a message may be received that comes by another way than a send. In
    /// a FIFO queue it overtakes nothing that waits for the queue's delay.
    pub(crate) fn arrival(&self, now: Timestamp) -> Timestamp {
        if self.is_fifo() { now + self.attributes.delay } else { now }
    }

    /// Accepts a message, receivable at `visible_at`.
    pub(crate) fn put(&mut self, message: Message, visible_at: Timestamp, now: Timestamp) -> MessageKey {
        self.accepted += 1;
        let sent = message.content.sent;
        let key = self.shelf.put(MessageNumber(self.accepted), message);
        self.by_age.insert((sent, key));
        if visible_at > now {
            self.delayed += 1;
            self.place(key, Place::Delayed { until: visible_at });
            self.returns.insert((visible_at, key));
        } else {
            self.show(key);
        }
        key
    }

    /// Receives the next message, or dead-letters it when `dead_letter_after`
    /// says that it has been received often enough.
    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        visibility: Duration,
        dead_letter_after: Option<u32>,
        holder: Holder,
        begun: &mut Begun,
    ) -> Option<Received> {
        let key = self.line.next(begun.as_ref())?;
        let message = self.shelf.get_mut(key)?;
        if dead_letter_after.is_some_and(|most| message.receive_count >= most) {
            return self.take(key, now).map(Received::DeadLettered);
        }
        let Place::Visible { turn } = message.place else { return None };
        message.receive_count += 1;
        message.first_received.get_or_insert(now);
        let until = now + visibility;
        message.place = Place::InFlight { until, since: now, holder };
        let receipt = ReceiptHandle { queue: self.number, message: key, receive: message.receive_count };
        self.in_flight += 1;
        self.held += usize::from(holder == Holder::Client);
        self.returns.insert((until, key));
        self.line.depart(message.group(), turn);
        *begun = Some(message.group().clone());
        self.delivery(receipt, until).map(Received::Delivered)
    }

    /// What a client's receive of that attempt id brought before, if nothing of
    /// it has been touched since; it is in flight for another `visibility`.
    pub(crate) fn receive_again(
        &mut self,
        now: Timestamp,
        attempt: &Arc<str>,
        visibility: Duration,
    ) -> Option<Vec<Delivery>> {
        let taken = self.attempts.find(now, attempt)?.clone();
        let untouched = |&(receipt, visible_at): &(ReceiptHandle, Timestamp)| {
            self.shelf.get(receipt.message).is_some_and(|message| {
                message.receive_count == receipt.receive
                    && matches!(message.place, Place::InFlight { until, .. } if until == visible_at)
            })
        };
        if !taken.iter().all(untouched) {
            return None;
        }
        let until = now + visibility;
        for (receipt, before) in &taken {
            self.returns.remove(&(*before, receipt.message));
            self.returns.insert((until, receipt.message));
            self.place(receipt.message, Place::InFlight { until, since: now, holder: Holder::Client });
        }
        Some(taken.iter().filter_map(|(receipt, _)| self.delivery(*receipt, until)).collect())
    }

    /// A receive of a message that is there.
    fn delivery(&self, receipt: ReceiptHandle, visible_at: Timestamp) -> Option<Delivery> {
        let message = self.shelf.get(receipt.message)?;
        Some(Delivery {
            content: Arc::clone(&message.content),
            receipt,
            receive_count: message.receive_count,
            first_received: message.first_received.unwrap_or(visible_at),
            visible_at,
            dead_letter_source: message.dead_letter_source.clone(),
        })
    }

    /// Notes what a receive brought, for the case that it is repeated.
    pub(crate) fn note_received(&mut self, now: Timestamp, attempt: &Arc<str>, deliveries: &[Delivery]) {
        let taken = deliveries.iter().map(|delivery| (delivery.receipt, delivery.visible_at));
        self.attempts.note(now, Arc::clone(attempt), taken.collect());
    }

    /// Deletes by handle. A message that is gone is no error; one that was
    /// received again since stays ("DeleteMessage": an old handle may be
    /// ignored). A FIFO queue takes a handle only while its message is in flight.
    pub(crate) fn delete(
        &mut self,
        now: Timestamp,
        receipt: ReceiptHandle,
    ) -> Result<Option<MessageId>, SqsError> {
        self.check(receipt)?;
        let Some(message) = self.shelf.get(receipt.message) else { return Ok(None) };
        let newest = message.receive_count == receipt.receive;
        let in_flight = matches!(message.place, Place::InFlight { .. });
        if self.is_fifo() && !(newest && in_flight) {
            return Err(SqsError::ReceiptHandleExpired);
        }
        Ok(newest.then(|| self.take(receipt.message, now)).flatten().map(|message| message.id()))
    }

    /// Sets when a received message becomes visible, counted from now.
    pub(crate) fn change_visibility(
        &mut self,
        now: Timestamp,
        receipt: ReceiptHandle,
        visibility: Duration,
    ) -> Result<MessageId, SqsError> {
        self.check(receipt)?;
        let key = receipt.message;
        let message = self.shelf.get(key).ok_or(SqsError::MessageNotAvailable)?;
        let (id, until) = (message.id(), now + visibility);
        if message.receive_count != receipt.receive {
            return Err(SqsError::MessageNotAvailable);
        }
        let (since, holder) = match message.place {
            Place::InFlight { until: before, since, holder } => {
                if until > since + LONGEST_VISIBILITY {
                    return Err(SqsError::VisibilityBeyondTwelveHours);
                }
                self.returns.remove(&(before, key));
                (since, holder)
            }
            // Its time is over, and nobody has received it since.
            Place::Visible { turn } if !self.is_fifo() => {
                self.line.depart(message.group(), turn);
                self.in_flight += 1;
                self.held += 1;
                (now, Holder::Client)
            }
            Place::Visible { .. } | Place::Delayed { .. } => return Err(SqsError::MessageNotAvailable),
        };
        self.place(key, Place::InFlight { until, since, holder });
        if visibility.is_zero() {
            self.make_visible(key, now);
        } else {
            self.returns.insert((until, key));
        }
        Ok(id)
    }

    /// A change of a FIFO queue's delay is one for the messages that wait, too
    /// ("SetQueueAttributes"). Gives those with their new moments.
    pub(crate) fn change_delays(&mut self) -> Vec<(MessageId, Timestamp)> {
        let waiting = |key: &MessageKey| match self.shelf.get(*key)?.place {
            Place::Delayed { until } => Some((*key, until)),
            Place::Visible { .. } | Place::InFlight { .. } => None,
        };
        let waiting: Vec<_> = self.returns.iter().filter_map(|(_, key)| waiting(key)).collect();
        let mut changed = Vec::new();
        for (key, before) in waiting {
            let Some(message) = self.shelf.get_mut(key) else { continue };
            let until = message.content.sent + self.attributes.delay;
            message.place = Place::Delayed { until };
            changed.push((message.id(), until));
            self.returns.remove(&(before, key));
            self.returns.insert((until, key));
        }
        changed
    }

    /// Makes visible what is due, and calls groups quiet that are.
    pub(crate) fn let_return(&mut self, now: Timestamp) -> Vec<MessageId> {
        let mut returned = Vec::new();
        while let Some(&(at, key)) = self.returns.first().filter(|(at, _)| *at <= now) {
            self.returns.remove(&(at, key));
            returned.extend(self.make_visible(key, now));
        }
        self.line.calm_down(now);
        returned
    }

    /// Lets go of what is too old.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<MessageId> {
        let retention = self.attributes.retention;
        let mut expired = Vec::new();
        while let Some(&(_, key)) = self.by_age.first().filter(|(sent, _)| *sent + retention <= now) {
            expired.extend(self.take(key, now).map(|message| message.id()));
        }
        expired
    }

    /// Takes out the message that would be received next.
    pub(crate) fn take_next(&mut self, now: Timestamp) -> Option<Message> {
        self.line.next(None).and_then(|key| self.take(key, now))
    }

    /// The message that would be received next.
    pub(crate) fn peek_next(&self) -> Option<&Message> {
        self.line.next(None).and_then(|key| self.shelf.get(key))
    }

    /// Empties the queue; messages in flight go too.
    pub(crate) fn purge(&mut self) -> usize {
        let gone = self.shelf.len();
        self.shelf = Shelf::default();
        self.line.clear();
        self.returns.clear();
        self.by_age.clear();
        self.delayed = 0;
        self.in_flight = 0;
        self.held = 0;
        gone
    }

    /// Groups that became noisy or quiet since the last call.
    pub(crate) fn take_noise(&mut self) -> Vec<Noise> {
        self.line.take_noise()
    }

    fn check(&self, receipt: ReceiptHandle) -> Result<(), SqsError> {
        let ours = receipt.queue == self.number && receipt.message.number.0 <= self.accepted;
        if ours { Ok(()) } else { Err(SqsError::ReceiptHandleIsInvalid) }
    }

    fn place(&mut self, key: MessageKey, place: Place) {
        if let Some(message) = self.shelf.get_mut(key) {
            message.place = place;
        }
    }

    /// Puts a message in line: in a FIFO queue where it was, else at the end.
    fn show(&mut self, key: MessageKey) {
        self.turns += 1;
        let turn = if self.is_fifo() { key.number.0 } else { self.turns };
        if let Some(message) = self.shelf.get_mut(key) {
            message.place = Place::Visible { turn };
            self.line.join(message.group(), turn, key);
        }
    }

    fn make_visible(&mut self, key: MessageKey, now: Timestamp) -> Option<MessageId> {
        let message = self.shelf.get(key)?;
        let (id, place) = (message.id(), message.place);
        match place {
            Place::Visible { .. } => return None,
            Place::Delayed { .. } => {
                self.delayed -= 1;
                self.show(key);
            }
            Place::InFlight { holder, .. } => {
                // First in line, then landed: a group is not forgotten between.
                self.show(key);
                self.land(key, holder, now);
            }
        }
        Some(id)
    }

    fn land(&mut self, key: MessageKey, holder: Holder, now: Timestamp) {
        self.in_flight -= 1;
        self.held -= usize::from(holder == Holder::Client);
        if let Some(message) = self.shelf.get(key) {
            self.line.land(message.group(), now);
        }
    }

    /// Removes a message wherever it is.
    fn take(&mut self, key: MessageKey, now: Timestamp) -> Option<Message> {
        let message = self.shelf.get(key)?;
        self.by_age.remove(&(message.content.sent, key));
        match message.place {
            Place::Visible { turn } => self.line.leave(message.group(), turn),
            Place::Delayed { until } => {
                self.delayed -= 1;
                self.returns.remove(&(until, key));
            }
            Place::InFlight { until, holder, .. } => {
                self.returns.remove(&(until, key));
                self.land(key, holder, now);
            }
        }
        self.shelf.take(key)
    }
}
