//! Sending, receiving and deleting messages.

use std::sync::Arc;
use std::time::Duration;

use super::line::Noise;
use super::message::{Accepted, Content, Delivery, Holder, Message, NewMessage};
use super::queue::{Queue, Received};
use super::rates::QueueRequest;
use super::receipt::ReceiptHandle;
use super::receiver::{Receiver, Waiter};
use crate::engine::Engine;
use crate::engine::effect::Effect;
use crate::engine::error::SqsError;
use crate::engine::fact::What;
use crate::engine::ids::{MessageId, QueueName, ReceiverId};
use crate::engine::time::Timestamp;

/// A ReceiveMessage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveRequest {
    /// 1 to 10 messages.
    pub max: usize,
    /// Instead of the queue's visibility timeout.
    pub visibility: Option<Duration>,
    /// Instead of the queue's wait time.
    pub wait: Option<Duration>,
    /// Names the receive, so that it can be repeated (FIFO queues).
    pub attempt: Option<Arc<str>>,
}

/// The answer to a ReceiveMessage.
#[derive(Debug)]
pub enum Receive {
    /// These, at once.
    Messages(Vec<Delivery>),
    /// The answer comes as [`Effect::Deliver`] under this id.
    Waiting(ReceiverId),
}

impl Engine {
    /// Begins a client's request about a queue: it must be there, and a FIFO
    /// queue takes so many requests a second. A batch is one request.
    pub fn admit_queue_request(
        &mut self,
        now: Timestamp,
        queue: &str,
        request: QueueRequest,
    ) -> Result<(), SqsError> {
        self.tick(now);
        let queue = self.queue_mut(queue)?;
        let admitted = !queue.is_limited() || queue.rates.admit(now, request);
        if admitted { Ok(()) } else { Err(SqsError::RequestThrottled) }
    }

    /// Accepts a message; `delay` overrides the queue's. A FIFO queue answers a
    /// duplicate as it answered the first, and keeps one.
    pub fn send_message(
        &mut self,
        now: Timestamp,
        queue: &str,
        message: NewMessage,
        delay: Option<Duration>,
    ) -> Result<Accepted, SqsError> {
        self.tick(now);
        let id = MessageId(self.rng.uuid());
        let (name, found) = self.queue_entry(queue)?;
        let (limit, size) = (found.attributes.maximum_message_size, message.size());
        if size > limit {
            return Err(SqsError::MessageTooLong { limit });
        }
        if found.is_fifo() && delay.is_some_and(|delay| !delay.is_zero()) {
            return Err(SqsError::DelayNotForFifo);
        }
        let (key, first) = found.find_duplicate(now, &message)?;
        if let Some(first) = first {
            self.record(now, What::MessageDeduplicated { queue: name, message: first.id });
            return Ok(first);
        }
        let visible_at = now + delay.filter(|_| !found.is_fifo()).unwrap_or(found.attributes.delay);
        let group = message.group_id.clone();
        let content = Arc::new(Content { id, sent: now, message });
        let sequence = found.put(Message::new(content), visible_at, now).number;
        let accepted = Accepted { id, sequence: found.is_fifo().then_some(sequence) };
        found.note_sent(now, key, accepted);
        let delayed_until = (visible_at > now).then_some(visible_at);
        self.record(now, What::MessageSent { queue: name.clone(), message: id, size, group, delayed_until });
        self.serve(now, &name);
        Ok(accepted)
    }

    /// Receives what is visible, or waits for it.
    pub fn receive_message(
        &mut self,
        now: Timestamp,
        queue: &str,
        request: ReceiveRequest,
    ) -> Result<Receive, SqsError> {
        self.tick(now);
        let limit = self.quotas.in_flight_limit;
        let (name, found) = self.queue_entry(queue)?;
        let wait = request.wait.unwrap_or(found.attributes.receive_wait);
        if wait.is_zero() && found.in_flight_count() >= limit && !found.is_fifo() {
            return Err(SqsError::OverLimit);
        }
        let messages = match self.repeated(now, &name, &request) {
            Some(again) => again,
            None => self.take_messages(now, &name, request.max, request.visibility, Holder::Client),
        };
        if !messages.is_empty() || wait.is_zero() {
            self.note_receive(now, &name, request.attempt.as_ref(), &messages);
            self.arm_queue(now, &name);
            return Ok(Receive::Messages(messages));
        }
        let receiver = Receiver {
            waiter: Waiter::Caller,
            max: request.max,
            visibility: request.visibility,
            attempt: request.attempt,
            until: now + wait,
            fills_batch: false,
        };
        Ok(Receive::Waiting(self.wait_at(now, &name, receiver)))
    }

    /// What the same receive brought before.
    fn repeated(
        &mut self,
        now: Timestamp,
        name: &QueueName,
        request: &ReceiveRequest,
    ) -> Option<Vec<Delivery>> {
        let attempt = request.attempt.as_ref()?;
        let queue = self.queues.get_mut(name)?;
        let visibility = request.visibility.unwrap_or(queue.attributes.visibility_timeout);
        let again = queue.receive_again(now, attempt, visibility)?;
        for delivery in &again {
            let (message, visible_at) = (delivery.content.id, delivery.visible_at);
            self.record(now, What::ReceiveRepeated { queue: name.clone(), message, visible_at });
        }
        Some(again)
    }

    /// Notes what a client's receive brought: nothing, or what it may want to
    /// have repeated.
    fn note_receive(
        &mut self,
        now: Timestamp,
        name: &QueueName,
        attempt: Option<&Arc<str>>,
        messages: &[Delivery],
    ) {
        if messages.is_empty() {
            self.record(now, What::ReceiveEmpty { queue: name.clone() });
        } else if let Some(attempt) = attempt
            && let Some(queue) = self.queues.get_mut(name).filter(|queue| queue.is_fifo())
        {
            queue.note_received(now, attempt, messages);
        }
    }

    /// Forgets a waiting receive whose caller is gone.
    pub fn cancel_receive(&mut self, now: Timestamp, queue: &str, receiver: ReceiverId) {
        self.tick(now);
        self.forget_receiver(now, queue, receiver);
    }

    /// Time has passed already.
    pub(in crate::engine) fn forget_receiver(&mut self, now: Timestamp, queue: &str, receiver: ReceiverId) {
        if let Ok((name, found)) = self.queue_entry(queue) {
            found.receivers.remove(receiver);
            self.arm_queue(now, &name);
        }
    }

    /// Deletes a message by the handle of its last receive.
    pub fn delete_message(
        &mut self,
        now: Timestamp,
        queue: &str,
        receipt: ReceiptHandle,
    ) -> Result<(), SqsError> {
        self.tick(now);
        let name = self.queue_entry(queue)?.0;
        self.delete_received(now, &name, receipt)?;
        self.serve(now, &name);
        Ok(())
    }

    /// Time has passed already. It says whether there was something to delete.
    /// A delete makes room in flight, so whoever calls this serves afterwards.
    pub(in crate::engine) fn delete_received(
        &mut self,
        now: Timestamp,
        name: &QueueName,
        receipt: ReceiptHandle,
    ) -> Result<bool, SqsError> {
        let deleted = self.queue_mut(name.as_str())?.delete(now, receipt)?;
        if let Some(message) = deleted {
            self.record(now, What::MessageDeleted { queue: name.clone(), message });
            self.record_noise(now, name);
        }
        Ok(deleted.is_some())
    }

    /// Changes when a received message becomes visible again.
    pub fn change_visibility(
        &mut self,
        now: Timestamp,
        queue: &str,
        receipt: ReceiptHandle,
        visibility: Duration,
    ) -> Result<(), SqsError> {
        self.tick(now);
        let (name, found) = self.queue_entry(queue)?;
        let message = found.change_visibility(now, receipt, visibility)?;
        let queue = name.clone();
        self.record(
            now,
            if visibility.is_zero() {
                What::MessageVisible { queue, message }
            } else {
                What::VisibilityChanged { queue, message, visible_at: now + visibility }
            },
        );
        self.serve(now, &name);
        Ok(())
    }

    /// Lets a queue's time pass, then serves those who wait.
    pub(in crate::engine) fn queue_alarm_rang(&mut self, now: Timestamp, name: &QueueName) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        queue.alarm = None;
        self.advance_queue(now, name);
        self.serve(now, name);
        while let Some((id, receiver)) =
            self.queues.get_mut(name).and_then(|queue| queue.receivers.pop_ended(now))
        {
            self.hand_over(now, name, id, &receiver, Vec::new());
        }
        self.arm_queue(now, name);
    }

    fn advance_queue(&mut self, now: Timestamp, name: &QueueName) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        for message in queue.let_return(now) {
            self.record(now, What::MessageVisible { queue: name.clone(), message });
        }
        self.expire_messages(now, name);
        self.record_noise(now, name);
    }

    pub(in crate::engine::sqs) fn expire_messages(&mut self, now: Timestamp, name: &QueueName) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        for message in queue.expire(now) {
            self.record(now, What::MessageExpired { queue: name.clone(), message });
        }
    }

    /// Gives visible messages to waiting receivers, first come first served.
    pub(in crate::engine) fn serve(&mut self, now: Timestamp, name: &QueueName) {
        while let Some(queue) = self.queues.get_mut(name)
            && queue.is_receivable()
            && queue.in_flight_count() < self.quotas.in_flight_limit
            && let Some((id, receiver)) = queue.receivers.pop_first()
        {
            let holder = receiver.waiter.holder();
            let messages = self.take_messages(now, name, receiver.max, receiver.visibility, holder);
            if messages.is_empty() {
                // All that was visible went to the dead-letter queue.
                if let Some(queue) = self.queues.get_mut(name) {
                    queue.receivers.add(id, receiver);
                }
                continue;
            }
            self.hand_over(now, name, id, &receiver, messages);
        }
        self.arm_queue(now, name);
        if self.mappings_of.contains_key(name) && self.queues.get(name).is_some_and(Queue::is_receivable) {
            self.notice_backlog(now, name);
        }
    }

    /// Lets a receiver wait at a queue.
    pub(in crate::engine) fn wait_at(
        &mut self,
        now: Timestamp,
        name: &QueueName,
        receiver: Receiver,
    ) -> ReceiverId {
        self.receivers_made += 1;
        let id = ReceiverId(self.receivers_made);
        if let Some(queue) = self.queues.get_mut(name) {
            queue.receivers.add(id, receiver);
        }
        self.arm_queue(now, name);
        id
    }

    /// Takes up to `max` visible messages, none beyond the in-flight limit;
    /// those received too often leave for the dead-letter queue on the way.
    pub(in crate::engine) fn take_messages(
        &mut self,
        now: Timestamp,
        name: &QueueName,
        max: usize,
        visibility: Option<Duration>,
        holder: Holder,
    ) -> Vec<Delivery> {
        let Some(queue) = self.queues.get(name) else { return Vec::new() };
        let mut taken = Vec::with_capacity(max.min(queue.visible_count()));
        let redrive = queue.attributes.redrive.clone();
        let redrive = redrive.filter(|redrive| self.queues.contains_key(&redrive.dead_letter_queue));
        let most = redrive.as_ref().map(|redrive| redrive.max_receive_count);
        let (mut begun, mut dead_lettered) = (None, false);
        // A dead-letter queue may have been given a message past its retention.
        self.expire_messages(now, name);
        while taken.len() < max
            && let Some(queue) = self.queues.get_mut(name)
            && queue.in_flight_count() < self.quotas.in_flight_limit
            && let visibility = visibility.unwrap_or(queue.attributes.visibility_timeout)
            && let Some(received) = queue.receive(now, visibility, most, holder, &mut begun)
        {
            match (received, &redrive) {
                (Received::Delivered(delivery), _) => {
                    self.record(
                        now,
                        What::MessageReceived {
                            queue: name.clone(),
                            message: delivery.content.id,
                            receive_count: delivery.receive_count,
                            visible_at: delivery.visible_at,
                        },
                    );
                    taken.push(delivery);
                }
                (Received::DeadLettered(message), Some(redrive)) => {
                    self.dead_letter(now, name, &redrive.dead_letter_queue, message);
                    dead_lettered = redrive.dead_letter_queue != *name;
                }
                (Received::DeadLettered(_), None) => unreachable!("only a redrive policy dead-letters"),
            }
        }
        self.record_noise(now, name);
        if let Some(redrive) = redrive.filter(|_| dead_lettered) {
            self.serve(now, &redrive.dead_letter_queue);
        }
        taken
    }

    /// Tells which groups crowd others out, and which do no more.
    pub(in crate::engine::sqs) fn record_noise(&mut self, now: Timestamp, name: &QueueName) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        for Noise { group, noisy } in queue.take_noise() {
            self.record(now, What::GroupChanged { queue: name.clone(), group, noisy });
        }
    }

    fn dead_letter(&mut self, now: Timestamp, from: &QueueName, to: &QueueName, message: Message) {
        let id = message.content.id;
        if let Some(queue) = self.queues.get_mut(to) {
            let sent = queue.is_fifo().then_some(now);
            let visible_at = queue.arrival(now);
            queue.put(message.dead_lettered(from.clone(), sent), visible_at, now);
        }
        self.record(
            now,
            What::MessageDeadLettered { queue: from.clone(), dead_letter_queue: to.clone(), message: id },
        );
    }

    fn hand_over(
        &mut self,
        now: Timestamp,
        name: &QueueName,
        id: ReceiverId,
        receiver: &Receiver,
        messages: Vec<Delivery>,
    ) {
        match receiver.waiter {
            Waiter::Caller => {
                self.note_receive(now, name, receiver.attempt.as_ref(), &messages);
                self.effects.push(Effect::Deliver { receiver: id, messages });
            }
            Waiter::Poller(mapping, poller) if messages.is_empty() => self.poll_ended(now, mapping, poller),
            Waiter::Poller(mapping, poller) => self.poll_received(now, mapping, poller, messages),
        }
    }

    fn queue_entry(&mut self, name: &str) -> Result<(QueueName, &mut Queue), SqsError> {
        let (key, _) = self.queues.get_key_value(name).ok_or(SqsError::QueueDoesNotExist)?;
        let key = key.clone();
        let queue = self.queues.get_mut(&key).ok_or(SqsError::QueueDoesNotExist)?;
        Ok((key, queue))
    }
}
