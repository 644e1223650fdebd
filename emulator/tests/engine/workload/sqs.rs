//! Clients of SQS.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use emulator::engine::{
    Deduplication, Delivery, FifoAttributes, FifoScope, GroupId, MoveTaskStatus, MoveTaskView, NewMessage,
    QueueAttributes, QueueName, Receive, ReceiveRequest, RedrivePolicy, SqsError,
};

use super::{Wait, World};

/// Each may have the next of its type as its dead-letter queue.
const NAMES: [&str; 7] = ["orders", "mails", "dead", "deader", "jobs.fifo", "steps.fifo", "dead.fifo"];

const GROUPS: [&str; 3] = ["a", "b", "c"];

/// Handles that clients keep; old ones are forgotten first.
const HANDLES_KEPT: usize = 60;

impl World {
    pub(super) fn send(&mut self) {
        let queue = self.queue();
        let many = match self.rng.between(0, 19) {
            0..=2 => self.rng.between(2, 30),
            3 => self.rng.between(50, 90),
            _ => 1,
        };
        // A crowd that comes together is most often of one tenant.
        let tenant = if many > 1 { Some("a") } else { None };
        for _ in 0..many {
            if is_fifo(&queue) {
                self.send_in_order(&queue);
            } else {
                self.send_standard(&queue, tenant);
            }
        }
    }

    fn send_standard(&mut self, queue: &QueueName, tenant: Option<&str>) {
        let delay = self.one_in(4).then(|| self.pick_secs(&[0, 1, 5, 900]));
        let mut message = self.message();
        message.group_id = tenant.or_else(|| self.one_in(3).then_some("b")).map(GroupId::from);
        let sent = self.engine.send_message(self.now, queue.as_str(), message, delay);
        self.settle();
        let there = self.engine.queue_exists(queue.as_str());
        self.expect(sent.is_ok() == there, || format!("a message to {queue}: {sent:?}"));
    }

    /// A message that was sent within five minutes is accepted as the first
    /// was, and is not another one.
    fn send_in_order(&mut self, queue: &QueueName) {
        let group = GroupId::from(self.pick(&GROUPS).unwrap_or_default());
        let id = self.rng.between(0, 400).to_string();
        let mut message = self.message();
        message.group_id = Some(group.clone());
        message.deduplication = Some(Deduplication::Id(id.as_str().into()));
        let sent = self.engine.send_message(self.now, queue.as_str(), message, None);
        let facts = self.auditor.facts();
        self.settle();
        let Ok(accepted) = sent else {
            let there = self.engine.queue_exists(queue.as_str());
            return self.expect(!there, || format!("a message to {queue}: {sent:?}"));
        };
        let key = (queue.clone(), by_group(queue).then_some(group), id);
        let before = self.sent.get(&key).filter(|(at, _)| self.now < *at + WINDOW).map(|(_, first)| *first);
        let new = before.is_none();
        self.expect(before.is_none_or(|first| first == accepted.id), || {
            format!("{key:?} was {before:?}, and is {accepted:?}")
        });
        self.expect(accepted.sequence.is_some(), || format!("{accepted:?} has no place in the order"));
        self.expect(self.auditor.facts() > facts, || format!("nothing is told of {accepted:?}"));
        if new {
            self.sent.insert(key, (self.now, accepted.id));
        }
    }

    /// Half of them have bodies that filters let pass.
    fn message(&mut self) -> NewMessage {
        let body = if self.one_in(2) { "hello" } else { "hello!" };
        NewMessage::new(body, [0; 16])
    }

    pub(super) fn receive(&mut self) {
        let queue = self.queue();
        let max = usize::try_from(self.rng.between(1, 10)).unwrap_or(1);
        let visibility = self.one_in(3).then(|| self.pick_secs(&[0, 1, 20, 43_200]));
        let wait = self.one_in(3).then(|| self.pick_secs(&[0, 1, 20]));
        self.pass_time();
        let attributes = self.engine.queue(queue.as_str()).map(|view| view.attributes);
        let waits = wait.or(attributes.map(|attributes| attributes.receive_wait).ok()).unwrap_or_default();
        let attempt =
            (is_fifo(&queue) && self.one_in(2)).then(|| Arc::from(self.pick(&GROUPS).unwrap_or("a")));
        let request = ReceiveRequest { max, visibility, wait, attempt };
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
                // A repeated receive brings what it brought when it asked for more.
                let most = if is_fifo(&queue) { 10 } else { wait.max };
                self.expect(messages.len() <= most, || format!("{} for {wait:?}", messages.len()));
                let full = self.auditor.in_flight(&queue) >= self.engine.quotas().in_flight_limit;
                let more = self.auditor.is_receivable(&queue) && !full;
                self.expect(!messages.is_empty() || !more, || format!("nothing for {wait:?}"));
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
            Err(SqsError::ReceiptHandleExpired) => is_fifo(&queue) && after == before,
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
        self.sent.retain(|(queue, ..), _| *queue != name);
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

    fn attributes(&mut self, name: &QueueName) -> QueueAttributes {
        let place = NAMES.iter().position(|other| *other == name.as_str()).unwrap_or(0);
        let same_type = |next: &&&str| next.ends_with(".fifo") == is_fifo(name);
        let next = NAMES.get(place + 1).filter(same_type);
        let next = next.filter(|next| self.engine.queue_exists(next)).copied();
        let max_receive_count = self.pick(&[1, 2, 5]).unwrap_or(1);
        QueueAttributes {
            visibility_timeout: self.pick_secs(&[1, 5, 10, 30, 30, 120, 43_200]),
            delay: self.pick_secs(&[0, 0, 0, 1, 60]),
            retention: self.pick_secs(&[60, 300, 3_600, 345_600]),
            receive_wait: self.pick_secs(&[0, 0, 1, 20]),
            redrive: next.map(|next| RedrivePolicy { dead_letter_queue: next.into(), max_receive_count }),
            fifo: is_fifo(name).then(|| FifoAttributes {
                deduplication_scope: if by_group(name) { FifoScope::MessageGroup } else { FifoScope::Queue },
                ..FifoAttributes::default()
            }),
            ..QueueAttributes::default()
        }
    }

    /// Starts or cancels a move of dead letters; what can't be is refused.
    pub(super) fn move_dead_letters(&mut self) {
        self.pass_time();
        let active = |task: &MoveTaskView| task.status == MoveTaskStatus::Running;
        let tasks = NAMES.iter().filter_map(|name| self.engine.move_tasks(name).ok()).flatten();
        let active: Vec<MoveTaskView> = tasks.filter(active).collect();
        match self.pick(&active) {
            Some(task) if self.one_in(2) => {
                let cancelled = self.engine.cancel_move_task(self.now, task.id);
                self.expect(cancelled == Ok(task.moved), || format!("{task:?}: {cancelled:?}"));
            }
            Some(task) if self.one_in(2) => {
                let second = self.engine.start_move_task(self.now, task.source.as_str(), None, None);
                self.expect(second.is_err(), || format!("{second:?} moves too, beside {task:?}"));
            }
            Some(_) | None => {
                let (source, destination) = (self.queue(), self.one_in(2).then(|| self.queue()));
                let rate = self.pick(&[None, Some(1), Some(1), Some(500)]).flatten();
                let to = destination.as_ref().map(QueueName::as_str);
                let started = self.engine.start_move_task(self.now, source.as_str(), to, rate);
                if let Ok(task) = started
                    && self.one_in(3)
                {
                    let cancelled = self.engine.cancel_move_task(self.now, task);
                    self.expect(cancelled == Ok(0), || format!("{source}: {cancelled:?}"));
                }
            }
        }
        self.settle();
    }
}

/// A message of a FIFO queue: where it went, by whom, and its own id.
pub(super) type Sent = (QueueName, Option<GroupId>, String);

/// "Exactly-once processing".
const WINDOW: Duration = Duration::from_secs(300);

fn is_fifo(queue: &QueueName) -> bool {
    queue.as_str().ends_with(".fifo")
}

/// Whether its ids are each group's own.
fn by_group(queue: &QueueName) -> bool {
    queue.as_str() == "steps.fifo"
}

/// A small message.
pub(crate) fn message() -> NewMessage {
    NewMessage::new("hello", [0; 16])
}
