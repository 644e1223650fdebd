//! One poller: receive, fill the batch, invoke, settle, again.

use std::sync::Arc;

use super::batch::{Batch, OpenBatch};
use super::mappings::Mapping;
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::effect::{BatchItems, Outcome, Payload};
use crate::engine::error::Refusal;
use crate::engine::fact::What;
use crate::engine::ids::{MappingId, QueueName, ReceiverId, RequestId};
use crate::engine::lambda::{Origin, Request};
use crate::engine::sqs::{Delivery, Receiver, Waiter};
use crate::engine::time::Timestamp;

/// A ReceiveMessage gives at most so many.
const RECEIVE_MAX: usize = 10;

/// A poller and what it is doing.
#[derive(Debug)]
pub(crate) struct Poller {
    doing: Doing,
    open: OpenBatch,
}

#[derive(Debug)]
enum Doing {
    /// It has no work: its mapping is off, or its queue is not there, or would
    /// give it the same messages again at this moment.
    Nothing { alarm: Option<AlarmKey> },
    /// It long-polls; with an open batch, until the window closes.
    Receiving { receiver: ReceiverId, window: Option<AlarmKey> },
    /// Its batch runs.
    Invoking,
    /// Its batch was refused and is tried again.
    Throttled { batch: Batch, alarm: AlarmKey },
}

impl Mapping {
    /// How many pollers it may have, of a fleet that begins with `initial`.
    fn fleet_size(&self, initial: usize) -> usize {
        initial.min(self.spec.maximum_concurrency.unwrap_or(initial))
    }

    /// Pollers that receive, hold a batch or run one.
    fn active_pollers(&self) -> usize {
        self.pollers.iter().filter(|poller| !matches!(poller.doing, Doing::Nothing { .. })).count()
    }
}

impl Poller {
    fn new() -> Self {
        Self { doing: Doing::Nothing { alarm: None }, open: OpenBatch::default() }
    }
}

impl Engine {
    /// Brings the fleet to its size and lets every poller that has nothing to
    /// do receive.
    pub(super) fn start_pollers(&mut self, now: Timestamp, id: MappingId) {
        let fleet = self.quotas.initial_pollers;
        let Some(mapping) = self.mappings.get_mut(&id).filter(|mapping| mapping.polls()) else { return };
        let size = mapping.fleet_size(fleet);
        // Pollers beyond the size end when their batch is settled; see `poll`.
        while mapping.pollers.len() < size {
            mapping.pollers.push(Poller::new());
        }
        for index in 0..size {
            let idle =
                self.poller(id, index).is_some_and(|poller| matches!(poller.doing, Doing::Nothing { .. }));
            if idle {
                self.poll(now, id, index);
            }
        }
    }

    /// Lets go of everything that is not running: open batches and refused
    /// ones go back to the queue when their visibility lapses.
    pub(super) fn stop_pollers(&mut self, now: Timestamp, id: MappingId) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let queue = mapping.spec.queue.clone();
        let mut waiting = Vec::new();
        for poller in &mut mapping.pollers {
            poller.open.close();
            let alarm = match &poller.doing {
                Doing::Invoking => continue,
                Doing::Nothing { alarm } => *alarm,
                Doing::Throttled { alarm, .. } => Some(*alarm),
                Doing::Receiving { receiver, window } => {
                    waiting.push(*receiver);
                    *window
                }
            };
            alarm.into_iter().for_each(|key| self.alarms.cancel(key));
            poller.doing = Doing::Nothing { alarm: None };
        }
        for receiver in waiting {
            self.forget_receiver(now, queue.as_str(), receiver);
        }
    }

    /// Receives: what is there at once, else by a long poll. A fleet that is
    /// too large lets its pollers go as they come here.
    fn poll(&mut self, now: Timestamp, id: MappingId, index: usize) {
        self.set_doing(id, index, Doing::Nothing { alarm: None });
        let fleet = self.quotas.initial_pollers;
        let wait = self.quotas.poll_wait;
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let surplus = mapping.active_pollers() >= mapping.fleet_size(fleet);
        if surplus || !mapping.polls() {
            return;
        }
        let queue = mapping.spec.queue.clone();
        if !self.queues.contains_key(&queue) {
            // The queue was deleted; it may come back.
            let alarm = Some(self.alarms.set(now + wait, Alarm::WakePoller(id, index)));
            return self.set_doing(id, index, Doing::Nothing { alarm });
        }
        let max = self.wanted(id, index);
        let messages = self.take_messages(now, &queue, max, None);
        if messages.is_empty() {
            self.wait_for_messages(now, id, index, &queue, None);
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
        let receiver = Receiver { waiter, max, visibility: None, until, fills_batch: window.is_some() };
        let receiver = self.wait_at(now, queue, receiver);
        self.set_doing(id, index, Doing::Receiving { receiver, window });
    }

    /// How many messages the open batch still wants from one receive.
    fn wanted(&self, id: MappingId, index: usize) -> usize {
        let Some(mapping) = self.mappings.get(&id) else { return 1 };
        let held = mapping.pollers.get(index).map_or(0, |poller| poller.open.len());
        mapping.spec.batch_size.saturating_sub(held).clamp(1, RECEIVE_MAX)
    }

    /// Takes what a receive brought, and more while there is more. The batch
    /// closes by size, by weight or, later, by its window.
    pub(in crate::engine) fn poll_received(
        &mut self,
        now: Timestamp,
        id: MappingId,
        index: usize,
        mut messages: Vec<Delivery>,
    ) {
        let Some(mapping) = self.mappings.get(&id) else { return };
        let (size, span) = (mapping.spec.batch_size, mapping.spec.batching_window);
        let queue = mapping.spec.queue.clone();
        let largest = self.queues.get(&queue).map_or(0, |queue| queue.attributes.maximum_message_size);
        let opened = match &mapping.pollers[index].doing {
            Doing::Receiving { window, .. } => *window,
            Doing::Nothing { .. } | Doing::Invoking | Doing::Throttled { .. } => None,
        };
        while let Some(mapping) = self.mappings.get_mut(&id) {
            let open = &mut mapping.pollers[index].open;
            open.add(messages);
            if open.len() >= size || open.is_heavy(largest) || span.is_zero() {
                opened.into_iter().for_each(|key| self.alarms.cancel(key));
                self.arm_queue(now, &queue);
                return self.close_batch(now, id, index);
            }
            messages = self.take_messages(now, &queue, self.wanted(id, index), None);
            if messages.is_empty() {
                let window =
                    opened.unwrap_or_else(|| self.alarms.set(now + span, Alarm::WakePoller(id, index)));
                return self.wait_for_messages(now, id, index, &queue, Some(window));
            }
        }
    }

    /// A long poll ended with nothing.
    pub(in crate::engine) fn poll_ended(&mut self, now: Timestamp, id: MappingId, index: usize) {
        let Some(poller) = self.poller(id, index) else { return };
        let window = match &poller.doing {
            Doing::Receiving { window, .. } => *window,
            Doing::Nothing { .. } | Doing::Invoking | Doing::Throttled { .. } => return,
        };
        match (window, self.mappings.get(&id).map(|mapping| mapping.spec.queue.clone())) {
            (Some(window), Some(queue)) if self.queues.contains_key(&queue) => {
                self.wait_for_messages(now, id, index, &queue, Some(window));
            }
            (Some(window), _) => {
                self.alarms.cancel(window);
                self.close_batch(now, id, index);
            }
            (None, _) => self.poll(now, id, index),
        }
    }

    /// The poller's alarm: a closing window, a refused batch's next try, or a
    /// queue that may have come back.
    pub(in crate::engine) fn poller_alarm_rang(&mut self, now: Timestamp, id: MappingId, index: usize) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let queue = mapping.spec.queue.clone();
        let poller = &mut mapping.pollers[index];
        match std::mem::replace(&mut poller.doing, Doing::Nothing { alarm: None }) {
            Doing::Nothing { .. } => self.poll(now, id, index),
            Doing::Receiving { receiver, .. } => {
                self.forget_receiver(now, queue.as_str(), receiver);
                self.close_batch(now, id, index);
            }
            Doing::Throttled { batch, .. } if batch.lapses_at().is_some_and(|lapses| lapses <= now) => {
                let messages = batch.messages.len();
                self.record(now, What::BatchLapsed { mapping: id, messages });
                self.poll(now, id, index);
            }
            Doing::Throttled { batch, .. } => self.invoke_batch(now, batch),
            Doing::Invoking => self.set_doing(id, index, Doing::Invoking),
        }
    }

    fn close_batch(&mut self, now: Timestamp, id: MappingId, index: usize) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let batch = Batch {
            mapping: id,
            poller: index,
            queue: mapping.spec.queue.clone(),
            reports_item_failures: mapping.spec.reports_item_failures,
            messages: mapping.pollers[index].open.close(),
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
            origin: Origin::Batch(batch),
            arrived: None,
        };
        self.set_doing(id, index, Doing::Invoking);
        match self.admit(now, request) {
            // The messages come back by their visibility timeout, until their
            // queue's RedrivePolicy ends the chain.
            Err((Origin::Batch(_), Refusal::Recursive)) => self.pause(now, id, index),
            Err((Origin::Batch(batch), _)) => self.hold_batch(now, batch),
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
        match outcome {
            Outcome::Success(_) => self.delete_succeeded(now, &batch, items),
            // Else they would be received and failed without end in one moment.
            Outcome::FunctionError(_) if self.returns_at_once(&batch) => return self.pause(now, id, index),
            Outcome::FunctionError(_) => {}
            Outcome::HostFailure(_) if self.mappings.get(&id).is_some_and(Mapping::polls) => {
                return self.hold_batch(now, batch);
            }
            Outcome::HostFailure(_) => {}
        }
        self.poll(now, id, index);
    }

    /// Whether the queue's visibility timeout, set to 0 since the mapping was
    /// made, gives messages back as they are received.
    fn returns_at_once(&self, batch: &Batch) -> bool {
        let queue = self.queues.get(&batch.queue);
        queue.is_some_and(|queue| queue.attributes.visibility_timeout.is_zero())
    }

    /// Lets a poller rest before it receives again. One whose mapping is off
    /// just ends: an alarm must not meet what it does after that.
    fn pause(&mut self, now: Timestamp, id: MappingId, index: usize) {
        if !self.mappings.get(&id).is_some_and(Mapping::polls) {
            return self.poll(now, id, index);
        }
        let at = now + self.quotas.poller_throttle_backoff.first;
        let alarm = Some(self.alarms.set(at, Alarm::WakePoller(id, index)));
        self.set_doing(id, index, Doing::Nothing { alarm });
    }

    fn delete_succeeded(&mut self, now: Timestamp, batch: &Batch, items: &BatchItems) {
        let failed: &[Box<str>] = match items {
            BatchItems::AllSucceeded => &[],
            BatchItems::Failed(failed) => failed,
            BatchItems::Invalid => return,
        };
        let ids: Vec<String> = batch.messages.iter().map(|message| message.content.id.to_string()).collect();
        if failed.iter().any(|failed| !ids.iter().any(|id| **id == **failed)) {
            // An id that is not of this batch fails all of it.
            return;
        }
        for (message, id) in batch.messages.iter().zip(&ids) {
            if !failed.iter().any(|failed| **failed == **id) {
                // The queue may be gone meanwhile, and the message with it.
                let _gone = self.delete_received(now, batch.queue.as_str(), message.receipt);
            }
        }
    }

    fn poller(&self, id: MappingId, index: usize) -> Option<&Poller> {
        self.mappings.get(&id).and_then(|mapping| mapping.pollers.get(index))
    }

    fn set_doing(&mut self, id: MappingId, index: usize, doing: Doing) {
        if let Some(poller) = self.mappings.get_mut(&id).and_then(|mapping| mapping.pollers.get_mut(index)) {
            poller.doing = doing;
        }
    }
}
