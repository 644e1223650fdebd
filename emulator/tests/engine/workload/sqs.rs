//! Clients of SQS.

use std::collections::BTreeMap;

use emulator::engine::{
    Delivery, NewMessage, QueueAttributes, QueueName, Receive, ReceiveRequest, RedrivePolicy, SqsError,
};

use super::{Wait, World};

const NAMES: [&str; 4] = ["orders", "mails", "dead", "deader"];

/// Handles that clients keep; old ones are forgotten first.
const HANDLES_KEPT: usize = 60;

impl World {
    pub(super) fn send(&mut self) {
        let queue = self.queue();
        let delay = self.one_in(4).then(|| self.pick_secs(&[0, 1, 5, 900]));
        let many = if self.one_in(5) { self.rng.between(2, 30) } else { 1 };
        for _ in 0..many {
            let sent = self.engine.send_message(self.now, queue.as_str(), message(), delay);
            self.settle();
            let there = self.engine.queue_exists(queue.as_str());
            self.expect(sent.is_ok() == there, || format!("a message to {queue}: {sent:?}"));
        }
    }

    pub(super) fn receive(&mut self) {
        let queue = self.queue();
        let max = usize::try_from(self.rng.between(1, 10)).unwrap_or(1);
        let visibility = self.one_in(3).then(|| self.pick_secs(&[0, 1, 20, 43_200]));
        let wait = self.one_in(3).then(|| self.pick_secs(&[0, 1, 20]));
        self.pass_time();
        let attributes = self.engine.queue(queue.as_str()).map(|view| view.attributes);
        let waits = wait.or(attributes.map(|attributes| attributes.receive_wait).ok()).unwrap_or_default();
        let request = ReceiveRequest { max, visibility, wait };
        let answer = self.engine.receive_message(self.now, queue.as_str(), request);
        let wait = Wait { queue, max, visibility, until: self.now + waits };
        self.received(wait, answer);
    }

    fn received(&mut self, wait: Wait, answer: Result<Receive, SqsError>) {
        let queue = wait.queue.clone();
        match answer {
            Ok(Receive::Waiting(receiver)) => {
                self.expect(wait.until > self.now, || {
                    format!("a receive waits without being asked: {wait:?}")
                });
                self.waiting.insert(receiver, wait);
                self.drain();
            }
            Ok(Receive::Messages(messages)) => {
                self.drain();
                let claim = self.auditor.claim(&queue, &messages, wait.visibility);
                self.demand(claim);
                self.expect(messages.len() <= wait.max, || format!("{} for {wait:?}", messages.len()));
                let left = self.auditor.visible(&queue);
                self.expect(!messages.is_empty() || left == 0, || format!("nothing of {left} for {wait:?}"));
                self.keep_handles(&queue, &messages);
            }
            Err(error) => {
                self.drain();
                let full = self.auditor.in_flight(&queue) >= self.engine.quotas().in_flight_limit;
                let right = if full { SqsError::OverLimit } else { SqsError::QueueDoesNotExist };
                self.expect(error == right, || format!("full: {full}, and the error is {error:?}"));
            }
        }
        self.close_step();
    }

    pub(super) fn keep_handles(&mut self, queue: &QueueName, messages: &[Delivery]) {
        self.handles.extend(messages.iter().map(|message| (queue.clone(), message.clone())));
        let surplus = self.handles.len().saturating_sub(HANDLES_KEPT);
        self.handles.drain(..surplus);
    }

    /// The handle of the last receive deletes; an older one does not.
    pub(super) fn delete_message(&mut self) {
        let Some((queue, delivery)) = self.pick(&self.handles.clone()) else { return };
        self.pass_time();
        let id = delivery.content.id;
        let before = self.auditor.receive_count(&queue, id);
        let deleted = self.engine.delete_message(self.now, queue.as_str(), delivery.receipt);
        self.settle();
        let after = self.auditor.receive_count(&queue, id);
        let right = match deleted {
            Ok(()) if before == Some(delivery.receive_count) => after.is_none(),
            Ok(()) => after == before,
            Err(SqsError::QueueDoesNotExist) => !self.engine.queue_exists(queue.as_str()),
            Err(error) => error == SqsError::ReceiptHandleIsInvalid && after == before,
        };
        self.expect(right, || format!("deleting {id} took it from {before:?} to {after:?}"));
    }

    pub(super) fn change_visibility(&mut self) {
        let Some((queue, delivery)) = self.pick(&self.handles.clone()) else { return };
        let visibility = self.pick_secs(&[0, 0, 1, 30, 43_200]);
        self.pass_time();
        let changed = self.engine.change_visibility(self.now, queue.as_str(), delivery.receipt, visibility);
        if changed.is_ok() {
            self.auditor.ask_visibility(&queue, delivery.content.id, self.now + visibility);
        }
        self.settle();
    }

    pub(super) fn cancel_receive(&mut self) {
        let waiting: Vec<_> = self.waiting.keys().copied().collect();
        let Some(receiver) = self.pick(&waiting) else { return };
        self.pass_time();
        if let Some(wait) = self.waiting.remove(&receiver) {
            self.engine.cancel_receive(self.now, wait.queue.as_str(), receiver);
        }
        self.settle();
    }

    pub(super) fn create_queue(&mut self) {
        let name = self.queue();
        let attributes = self.attributes(&name);
        self.pass_time();
        let there = self.engine.queue_exists(name.as_str());
        let tags = BTreeMap::new();
        let made = self.engine.create_queue(self.now, &name, attributes.clone(), tags, |_| None);
        if made.is_ok() && !there {
            self.auditor.grant_queue(&name, attributes);
        }
        self.settle();
    }

    pub(super) fn set_queue_attributes(&mut self) {
        let name = self.queue();
        let attributes = self.attributes(&name);
        self.pass_time();
        let set = self.engine.set_queue_attributes(self.now, name.as_str(), |old| *old = attributes.clone());
        if set.is_ok() {
            self.auditor.grant_queue(&name, attributes);
            self.auditor.queue_settings_changed(&name, self.now);
        }
        self.settle();
    }

    pub(super) fn delete_queue(&mut self) {
        let name = self.queue();
        self.pass_time();
        let _deleted = self.engine.delete_queue(self.now, name.as_str());
        self.settle();
    }

    pub(super) fn purge_queue(&mut self) {
        let name = self.queue();
        self.pass_time();
        let _purged = self.engine.purge_queue(self.now, name.as_str());
        self.settle();
    }

    pub(super) fn queue(&mut self) -> QueueName {
        QueueName::from(self.pick(&NAMES).unwrap_or_default())
    }

    /// Each queue may have the next one as its dead-letter queue.
    fn attributes(&mut self, name: &QueueName) -> QueueAttributes {
        let place = NAMES.iter().position(|other| *other == name.as_str()).unwrap_or(0);
        let next = NAMES.get(place + 1).filter(|next| self.engine.queue_exists(next)).copied();
        let max_receive_count = self.pick(&[1, 2, 5]).unwrap_or(1);
        QueueAttributes {
            visibility_timeout: self.pick_secs(&[1, 5, 10, 30, 30, 120, 43_200]),
            delay: self.pick_secs(&[0, 0, 0, 1, 60]),
            retention: self.pick_secs(&[60, 300, 3_600, 345_600]),
            receive_wait: self.pick_secs(&[0, 0, 1, 20]),
            redrive: next.map(|next| RedrivePolicy { dead_letter_queue: next.into(), max_receive_count }),
            ..QueueAttributes::default()
        }
    }
}

/// A small message.
pub(crate) fn message() -> NewMessage {
    NewMessage::new("hello", [0; 16])
}
