//! One poller: receive, filter, fill the batch, invoke, settle, again.

use std::sync::Arc;
use std::time::Duration;

use super::batch::{Batch, OpenBatch};
use super::mappings::Mapping;
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::effect::{BatchItems, Outcome, Payload};
use crate::engine::error::Refusal;
use crate::engine::fact::What;
use crate::engine::ids::{MappingId, QueueName, ReceiverId, RequestId};
use crate::engine::lambda::{Origin, Request};
use crate::engine::sqs::{Delivery, Holder, Queue, ReceiptHandle, Receiver, Waiter};
use crate::engine::time::Timestamp;

/// A ReceiveMessage gives at most so many.
const RECEIVE_MAX: usize = 10;

/// A poller and what it is doing.
#[derive(Debug)]
pub(crate) struct Poller {
    pub(super) doing: Doing,
    pub(super) open: OpenBatch,
}

#[derive(Debug)]
pub(super) enum Doing {
    /// It is not at work: its mapping is off, or its fleet smaller.
    Off,
    /// It polls again later: its queue is not there, or would give it the same
    /// messages again at this moment, or its mapping has polled enough.
    Paused { alarm: AlarmKey },
    /// It long-polls; with an open batch, until the window closes.
    Receiving { receiver: ReceiverId, window: Option<AlarmKey> },
    /// What it received is being judged by the filter criteria.
    Filtering { ticket: u64, window: Option<AlarmKey>, messages: Arc<[Delivery]> },
    /// Its batch runs.
    Invoking,
    /// Its batch was refused and is tried again.
    Throttled { batch: Batch, alarm: AlarmKey },
}

impl Doing {
    /// Whether it waits for messages and holds none.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Self::Receiving { window: None, .. })
    }

    fn window(&self) -> Option<AlarmKey> {
        match self {
            Self::Receiving { window, .. } | Self::Filtering { window, .. } => *window,
            Self::Off | Self::Paused { .. } | Self::Invoking | Self::Throttled { .. } => None,
        }
    }
}

impl Poller {
    pub(super) fn new() -> Self {
        Self { doing: Doing::Off, open: OpenBatch::default() }
    }
}

impl Mapping {
    /// What a request asked about, if it still matters, and when the window of
    /// the batch that it is for closes.
    pub(super) fn judged(&self, index: usize, ticket: u64) -> Option<(Arc<[Delivery]>, Option<AlarmKey>)> {
        match &self.fleet.poller(index)?.doing {
            Doing::Filtering { ticket: asked, window, messages } if *asked == ticket => {
                Some((Arc::clone(messages), *window))
            }
            Doing::Off
            | Doing::Paused { .. }
            | Doing::Receiving { .. }
            | Doing::Filtering { .. }
            | Doing::Invoking
            | Doing::Throttled { .. } => None,
        }
    }
}

impl Engine {
    /// Lets go of everything that is not running: open batches and refused
    /// ones go back to the queue when their visibility lapses.
    pub(super) fn stop_pollers(&mut self, now: Timestamp, id: MappingId) {
        self.stop_fleet(now, id);
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let queue = mapping.spec.queue.clone();
        let mut waiting = Vec::new();
        for index in 0..mapping.fleet.len() {
            let Some(poller) = mapping.fleet.poller_mut(index) else { continue };
            poller.open.close();
            let alarm = match &poller.doing {
                Doing::Off | Doing::Invoking => continue,
                Doing::Paused { alarm } | Doing::Throttled { alarm, .. } => Some(*alarm),
                Doing::Filtering { window, .. } => *window,
                Doing::Receiving { receiver, window } => {
                    waiting.push(*receiver);
                    *window
                }
            };
            alarm.into_iter().for_each(|key| self.alarms.cancel(key));
            mapping.fleet.set_doing(index, Doing::Off);
        }
        for receiver in waiting {
            self.forget_receiver(now, queue.as_str(), receiver);
        }
    }

    /// Receives: what is there at once, else by a long poll. A fleet that is
    /// too large lets its pollers go as they come here.
    pub(super) fn poll(&mut self, now: Timestamp, id: MappingId, index: usize) {
        self.set_doing(id, index, Doing::Off);
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        if !mapping.has_place() {
            return self.arm_fleet(now, id);
        }
        let may_poll = mapping.may_poll(now);
        let queue = mapping.spec.queue.clone();
        if !self.queues.contains_key(&queue) {
            // It was deleted; it may come back.
            return self.pause(now, id, index, self.quotas.poll_wait);
        }
        if !may_poll {
            return self.pause(now, id, index, self.quotas.provisioned_poll_pause);
        }
        let messages = self.take_messages(now, &queue, self.wanted(id, index), None, Holder::Poller);
        if messages.is_empty() {
            self.wait_for_messages(now, id, index, &queue, None);
            self.arm_fleet(now, id);
        } else {
            self.arm_queue(now, &queue);
            self.poll_received(now, id, index, messages);
        }
    }

    fn wait_for_messages(
        &mut self,
        now: Timestamp,
        id: MappingId,
        index: usize,
        queue: &QueueName,
        window: Option<AlarmKey>,
    ) {
        let max = self.wanted(id, index);
        let until = now + self.quotas.poll_wait;
        let waiter = Waiter::Poller(id, index);
        let fills_batch = window.is_some();
        let receiver = Receiver { waiter, max, visibility: None, attempt: None, until, fills_batch };
        let receiver = self.wait_at(now, queue, receiver);
        self.set_doing(id, index, Doing::Receiving { receiver, window });
    }

    /// How many messages the open batch still wants from one receive.
    fn wanted(&self, id: MappingId, index: usize) -> usize {
        let Some(mapping) = self.mappings.get(&id) else { return 1 };
        let held = mapping.fleet.poller(index).map_or(0, |poller| poller.open.len());
        mapping.spec.batch_size.saturating_sub(held).clamp(1, RECEIVE_MAX)
    }

    /// Takes what a receive brought: through the filter, into the batch.
    pub(in crate::engine) fn poll_received(
        &mut self,
        now: Timestamp,
        id: MappingId,
        index: usize,
        messages: Vec<Delivery>,
    ) {
        self.count_polled(now, id, &messages);
        let window = self.mappings.get(&id).and_then(|mapping| mapping.fleet.poller(index)?.doing.window());
        if let Some(messages) = self.ask_filter(id, index, window, messages) {
            self.fill_batch(now, id, index, messages, window);
        }
        self.arm_fleet(now, id);
    }

    fn count_polled(&mut self, now: Timestamp, id: MappingId, messages: &[Delivery]) {
        let bytes = messages.iter().map(|message| message.content.message.size()).sum();
        if let Some(mapping) = self.mappings.get_mut(&id) {
            mapping.note_poll(now, bytes);
        }
        self.record(now, What::EventsPolled { mapping: id, events: messages.len() });
    }

    /// Adds messages to the open batch, and receives more while there is more.
    /// It closes by size, by weight or, later, by its window.
    pub(super) fn fill_batch(
        &mut self,
        now: Timestamp,
        id: MappingId,
        index: usize,
        mut messages: Vec<Delivery>,
        mut window: Option<AlarmKey>,
    ) {
        while let Some(mapping) = self.mappings.get_mut(&id) {
            let (size, span) = (mapping.spec.batch_size, mapping.spec.batching_window);
            let queue = mapping.spec.queue.clone();
            let there = self.queues.get(&queue);
            let largest = there.map_or(0, |queue| queue.attributes.maximum_message_size);
            let Some(poller) = mapping.fleet.poller_mut(index) else { return };
            poller.open.add(messages);
            if poller.open.is_empty() {
                // All that was received was filtered out.
                return self.poll_again(now, id, index, &queue);
            }
            let full = poller.open.len() >= size || poller.open.is_heavy(largest);
            if full || span.is_zero() || poller.open.is_overdue() || there.is_none() {
                window.into_iter().for_each(|key| self.alarms.cancel(key));
                self.arm_queue(now, &queue);
                return self.close_batch(now, id, index);
            }
            window = window.or_else(|| Some(self.alarms.set(now + span, Alarm::WakePoller(id, index))));
            let more = self.take_messages(now, &queue, self.wanted(id, index), None, Holder::Poller);
            if more.is_empty() {
                return self.wait_for_messages(now, id, index, &queue, window);
            }
            self.count_polled(now, id, &more);
            let Some(judged) = self.ask_filter(id, index, window, more) else { return };
            messages = judged;
        }
    }

    /// A long poll ended with nothing.
    pub(in crate::engine) fn poll_ended(&mut self, now: Timestamp, id: MappingId, index: usize) {
        let Some(mapping) = self.mappings.get(&id) else { return };
        let queue = mapping.spec.queue.clone();
        let Some(Doing::Receiving { window, .. }) = mapping.fleet.poller(index).map(|poller| &poller.doing)
        else {
            return;
        };
        let overdue = mapping.fleet.poller(index).is_some_and(|poller| poller.open.is_overdue());
        match *window {
            Some(window) if self.queues.contains_key(&queue) && !overdue => {
                self.wait_for_messages(now, id, index, &queue, Some(window));
            }
            Some(window) => {
                self.alarms.cancel(window);
                self.close_batch(now, id, index);
            }
            None => self.poll(now, id, index),
        }
    }

    /// The poller's alarm: a closing window, a refused batch's next try, or the
    /// end of a pause.
    pub(in crate::engine) fn poller_alarm_rang(&mut self, now: Timestamp, id: MappingId, index: usize) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let queue = mapping.spec.queue.clone();
        match mapping.fleet.set_doing(index, Doing::Off) {
            None | Some(Doing::Off) => {}
            Some(Doing::Paused { .. }) => self.poll(now, id, index),
            Some(Doing::Receiving { receiver, .. }) if !self.quotas.window_waits_for_poll => {
                self.forget_receiver(now, queue.as_str(), receiver);
                self.close_batch(now, id, index);
            }
            // What is under way closes the batch when it comes.
            Some(doing @ (Doing::Receiving { .. } | Doing::Filtering { .. })) => {
                if let Some(poller) = mapping.fleet.poller_mut(index) {
                    poller.open.note_overdue();
                }
                self.set_doing(id, index, doing);
            }
            Some(Doing::Throttled { batch, .. }) if batch.lapses_at().is_some_and(|lapses| lapses <= now) => {
                let messages = batch.messages.len();
                self.record(now, What::BatchLapsed { mapping: id, messages });
                self.poll(now, id, index);
            }
            Some(Doing::Throttled { batch, .. }) => self.invoke_batch(now, batch),
            Some(Doing::Invoking) => self.set_doing(id, index, Doing::Invoking),
        }
    }

    /// Whether what a poller's alarm is set for is work: it holds messages, or
    /// some wait for it to go on.
    pub(in crate::engine) fn poller_works(&self, id: MappingId, index: usize) -> bool {
        let Some(mapping) = self.mappings.get(&id) else { return false };
        match mapping.fleet.poller(index).map(|poller| &poller.doing) {
            Some(Doing::Paused { .. }) => {
                self.queues.get(&mapping.spec.queue).is_some_and(Queue::is_receivable)
            }
            Some(Doing::Receiving { .. } | Doing::Filtering { .. } | Doing::Throttled { .. }) => true,
            Some(Doing::Off | Doing::Invoking) | None => false,
        }
    }

    fn close_batch(&mut self, now: Timestamp, id: MappingId, index: usize) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let Some(poller) = mapping.fleet.poller_mut(index) else { return };
        let messages = poller.open.close();
        let batch = Batch {
            mapping: id,
            poller: index,
            queue: mapping.spec.queue.clone(),
            reports_item_failures: mapping.spec.reports_item_failures,
            messages,
            refusals: 0,
        };
        self.invoke_batch(now, batch);
    }

    /// Asks to admit a batch. A refused one is kept and tried again until the
    /// visibility of its messages lapses.
    fn invoke_batch(&mut self, now: Timestamp, batch: Batch) {
        let (id, index) = (batch.mapping, batch.poller);
        let Some(mapping) = self.mappings.get(&id) else { return };
        let request = Request {
            request_id: RequestId(self.rng.uuid()),
            function: mapping.spec.function.clone(),
            qualifier: mapping.spec.qualifier.clone(),
            payload: Payload::Records {
                queue: batch.queue.clone(),
                messages: Arc::clone(&batch.messages),
                windowed: !mapping.spec.batching_window.is_zero(),
            },
            client_context: None,
            trace: batch.trace(),
            streams: false,
            wants_log: false,
            origin: Origin::Batch(Box::new(batch)),
            arrived: None,
        };
        self.set_doing(id, index, Doing::Invoking);
        match self.admit(now, request) {
            // The messages come back by their visibility timeout, until their
            // queue's RedrivePolicy ends the chain.
            Err((Origin::Batch(_), Refusal::Recursive)) => {
                self.pause(now, id, index, self.quotas.poller_throttle_backoff.first);
            }
            Err((Origin::Batch(batch), _)) => self.hold_batch(now, *batch),
            Err((Origin::Caller | Origin::Event(_), _)) | Ok(()) => {}
        }
    }

    fn hold_batch(&mut self, now: Timestamp, mut batch: Batch) {
        batch.refusals += 1;
        let retry = now + self.quotas.poller_throttle_backoff.after(batch.refusals);
        // A batch that has lapsed already (a visibility timeout of 0) waits too:
        // else it would be received and refused without end in one moment.
        let lapses = batch.lapses_at().filter(|lapses| *lapses > now);
        let at = lapses.map_or(retry, |lapses| retry.min(lapses));
        let (id, index) = (batch.mapping, batch.poller);
        let alarm = self.alarms.set(at, Alarm::WakePoller(id, index));
        self.set_doing(id, index, Doing::Throttled { batch, alarm });
    }

    /// Takes a batch back: what succeeded is deleted, what failed comes back
    /// by its visibility timeout.
    pub(in crate::engine) fn settle_batch(
        &mut self,
        now: Timestamp,
        batch: Batch,
        outcome: &Outcome,
        items: &BatchItems,
    ) {
        let (id, index) = (batch.mapping, batch.poller);
        if matches!(outcome, Outcome::HostFailure(_)) && self.mappings.get(&id).is_some_and(Mapping::polls) {
            return self.hold_batch(now, batch);
        }
        let succeeded = match outcome {
            Outcome::Success(_) => batch.succeeded(items),
            Outcome::FunctionError(_) | Outcome::HostFailure(_) => Vec::new(),
        };
        let (events, deleted) = (batch.messages.len(), self.delete_all(now, &batch.queue, succeeded));
        self.record(now, What::BatchSettled { mapping: id, events, deleted });
        if matches!(outcome, Outcome::FunctionError(_)) && !batch.reports_item_failures {
            self.back_off(now, id);
        }
        self.poll_again(now, id, index, &batch.queue);
    }

    /// Deletes what a poller received, and gives how many there were: what has
    /// been received again since stays, and all of it may be gone with its queue.
    pub(super) fn delete_all(
        &mut self,
        now: Timestamp,
        queue: &QueueName,
        receipts: Vec<ReceiptHandle>,
    ) -> usize {
        let deletes =
            |receipt: &ReceiptHandle| matches!(self.delete_received(now, queue, *receipt), Ok(true));
        let deleted = receipts.into_iter().filter(deletes).count();
        self.serve(now, queue);
        deleted
    }

    /// Goes on after a batch. Where a visibility timeout of 0, set since the
    /// mapping was made, gives messages back as they are received, a poller
    /// rests first: else it would work on the same ones without end in one moment.
    fn poll_again(&mut self, now: Timestamp, id: MappingId, index: usize, queue: &QueueName) {
        let there = self.queues.get(queue);
        if there.is_some_and(|queue| queue.attributes.visibility_timeout.is_zero()) {
            self.pause(now, id, index, self.quotas.poller_throttle_backoff.first);
        } else {
            self.poll(now, id, index);
        }
    }

    /// Lets a poller rest before it receives again. One whose mapping is off,
    /// or whose fleet has no place for it, just ends: an alarm must not meet
    /// what it does after that.
    fn pause(&mut self, now: Timestamp, id: MappingId, index: usize, span: Duration) {
        self.set_doing(id, index, Doing::Off);
        if self.mappings.get(&id).is_some_and(Mapping::has_place) {
            let alarm = self.alarms.set(now + span, Alarm::WakePoller(id, index));
            self.set_doing(id, index, Doing::Paused { alarm });
        }
    }

    pub(super) fn set_doing(&mut self, id: MappingId, index: usize, doing: Doing) {
        if let Some(mapping) = self.mappings.get_mut(&id) {
            mapping.fleet.set_doing(index, doing);
        }
    }
}
