//! Creating, changing and deleting queues.

use std::collections::BTreeMap;
use std::time::Duration;

use super::attributes::{FifoAttributes, QueueAttributes};
use super::queue::Queue;
use super::rates::RequestRates;
use super::receiver::Waiter;
use crate::engine::Engine;
use crate::engine::alarm::Alarm;
use crate::engine::effect::Effect;
use crate::engine::error::SqsError;
use crate::engine::fact::What;
use crate::engine::ids::{QueueName, QueueNumber};
use crate::engine::time::Timestamp;

/// A queue can be purged once in this time (SQS API, `PurgeQueue`).
const PURGE_INTERVAL: Duration = Duration::from_secs(60);

/// The attribute that holds a queue's policy.
const POLICY: &str = "Policy";

/// A queue as GetQueueAttributes shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// Its settings.
    pub attributes: QueueAttributes,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Timestamp,
    /// When its settings last changed.
    pub modified: Timestamp,
    /// Messages that can be received.
    pub visible: usize,
    /// Messages received and not yet deleted.
    pub in_flight: usize,
    /// Messages that wait for their delay.
    pub delayed: usize,
}

impl Engine {
    /// Makes a queue, or finds the one that is there with the same settings.
    /// Only the attributes that the caller names are compared.
    pub fn create_queue(
        &mut self,
        now: Timestamp,
        name: &QueueName,
        attributes: QueueAttributes,
        tags: BTreeMap<String, String>,
        differs: impl FnOnce(&QueueAttributes) -> Option<&'static str>,
    ) -> Result<(), SqsError> {
        self.tick(now);
        if let Some(queue) = self.queues.get(name) {
            return match differs(&queue.attributes) {
                Some(attribute) => Err(SqsError::QueueNameExists { attribute }),
                None => Ok(()),
            };
        }
        if self.queues_deleted.get(name).is_some_and(|deleted| now < *deleted + self.quotas.queue_name_hold) {
            return Err(SqsError::QueueDeletedRecently);
        }
        self.check_attributes(name, &attributes)?;
        self.queues_deleted.remove(name);
        self.queues_made += 1;
        let rates = RequestRates::new(self.quotas.fifo_request_rate);
        let mut queue = Queue::new(QueueNumber(self.queues_made), attributes, rates, now);
        queue.tags = tags;
        self.queues.insert(name.clone(), queue);
        self.record(now, What::QueueCreated { queue: name.clone() });
        Ok(())
    }

    /// Whether there is such a queue.
    pub fn queue_exists(&self, name: &str) -> bool {
        self.queues.contains_key(name)
    }

    /// The names of all queues.
    pub fn queue_names(&self) -> impl Iterator<Item = &QueueName> {
        self.queues.keys()
    }

    /// One queue's settings and counts.
    pub fn queue(&self, name: &str) -> Result<QueueView, SqsError> {
        let queue = self.queues.get(name).ok_or(SqsError::QueueDoesNotExist)?;
        Ok(QueueView {
            attributes: queue.attributes.clone(),
            tags: queue.tags.clone(),
            created: queue.created,
            modified: queue.modified,
            visible: queue.visible_count(),
            in_flight: queue.in_flight_count(),
            delayed: queue.delayed_count(),
        })
    }

    /// The queues whose dead letters go to this one.
    pub fn dead_letter_sources(&self, name: &str) -> Result<impl Iterator<Item = &QueueName>, SqsError> {
        let (name, _) = self.queues.get_key_value(name).ok_or(SqsError::QueueDoesNotExist)?;
        let sends_here = move |queue: &Queue| {
            queue.attributes.redrive.as_ref().is_some_and(|redrive| redrive.dead_letter_queue == *name)
        };
        Ok(self.queues.iter().filter(move |(_, queue)| sends_here(queue)).map(|(name, _)| name))
    }

    /// Changes a queue's settings. A change of delay leaves the messages of a
    /// standard queue alone.
    pub fn set_queue_attributes(
        &mut self,
        now: Timestamp,
        name: &str,
        change: impl FnOnce(&mut QueueAttributes),
    ) -> Result<(), SqsError> {
        self.tick(now);
        let mut attributes = self.queue_mut(name)?.attributes.clone();
        change(&mut attributes);
        let name = QueueName::from(name);
        self.check_attributes(&name, &attributes)?;
        let queue = self.queue_mut(name.as_str())?;
        let delay_changed = queue.is_fifo() && queue.attributes.delay != attributes.delay;
        queue.attributes = attributes;
        queue.modified = now;
        let delays = if delay_changed { queue.change_delays() } else { Vec::new() };
        for (message, until) in delays {
            let until = until.max(now);
            self.record(now, What::DelayChanged { queue: name.clone(), message, until });
        }
        self.arm_queue(now, &name);
        Ok(())
    }

    /// Changes the policy that is stored with a queue, if `change` finds nothing
    /// wrong; nothing is decided by it.
    pub fn change_queue_policy<E>(
        &mut self,
        now: Timestamp,
        name: &str,
        change: impl FnOnce(Option<&str>) -> Result<Option<String>, E>,
    ) -> Result<Result<(), E>, SqsError> {
        self.tick(now);
        let queue = self.queue_mut(name)?;
        let changed = change(queue.attributes.stored.get(POLICY).map(String::as_str));
        Ok(changed.map(|policy| {
            match policy {
                Some(policy) => drop(queue.attributes.stored.insert(POLICY.to_owned(), policy)),
                None => drop(queue.attributes.stored.remove(POLICY)),
            }
            queue.modified = now;
        }))
    }

    /// Changes a queue's tags; nothing is decided by them.
    pub fn change_queue_tags(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) -> Result<(), SqsError> {
        change(&mut self.queue_mut(name)?.tags);
        Ok(())
    }

    /// Deletes a queue with its messages; those who wait at it get nothing.
    pub fn delete_queue(&mut self, now: Timestamp, name: &str) -> Result<(), SqsError> {
        self.tick(now);
        let (name, mut queue) = self.queues.remove_entry(name).ok_or(SqsError::QueueDoesNotExist)?;
        if let Some((_, key)) = queue.alarm {
            self.alarms.cancel(key);
        }
        if let Some(key) = self.move_tasks.forget(&name) {
            self.alarms.cancel(key);
        }
        let hold = self.quotas.queue_name_hold;
        if !hold.is_zero() {
            self.queues_deleted.retain(|_, deleted| now < *deleted + hold);
            self.queues_deleted.insert(name.clone(), now);
        }
        self.record(now, What::QueueDeleted { queue: name.clone(), messages: queue.len() });
        while let Some((receiver, waiting)) = queue.receivers.pop_first() {
            match waiting.waiter {
                Waiter::Caller => self.effects.push(Effect::Deliver { receiver, messages: Vec::new() }),
                Waiter::Poller(mapping, poller) => self.poll_ended(now, mapping, poller),
            }
        }
        Ok(())
    }

    /// Empties a queue.
    pub fn purge_queue(&mut self, now: Timestamp, name: &str) -> Result<(), SqsError> {
        self.tick(now);
        let queue = self.queue_mut(name)?;
        if queue.purged.is_some_and(|purged| now < purged + PURGE_INTERVAL) {
            return Err(SqsError::PurgeQueueInProgress(name.into()));
        }
        queue.purged = Some(now);
        let messages = queue.purge();
        let name = QueueName::from(name);
        self.arm_queue(now, &name);
        self.record_noise(now, &name);
        self.record(now, What::QueuePurged { queue: name, messages });
        Ok(())
    }

    pub(in crate::engine) fn queue_mut(&mut self, name: &str) -> Result<&mut Queue, SqsError> {
        self.queues.get_mut(name).ok_or(SqsError::QueueDoesNotExist)
    }

    pub(in crate::engine) fn reset_queues(&mut self, now: Timestamp) {
        let names: Vec<QueueName> = self.queues.keys().cloned().collect();
        for name in names {
            self.delete_queue(now, name.as_str()).expect("the name was just listed");
        }
        self.queues_deleted.clear();
    }

    /// Keeps one alarm per queue, for whatever is due first in it.
    pub(in crate::engine) fn arm_queue(&mut self, now: Timestamp, name: &QueueName) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        let due = queue.next_deadline().map(|due| due.max(now));
        if due == queue.alarm.map(|(at, _)| at) {
            return;
        }
        if let Some((_, key)) = queue.alarm.take() {
            self.alarms.cancel(key);
        }
        queue.alarm = due.map(|at| (at, self.alarms.set(at, Alarm::AdvanceQueue(name.clone()))));
    }

    fn check_attributes(&self, name: &QueueName, attributes: &QueueAttributes) -> Result<(), SqsError> {
        if attributes.fifo.is_some_and(FifoAttributes::limits_groups_without_scope) {
            return Err(SqsError::ThroughputNeedsGroupScope);
        }
        self.check_redrive(name, attributes)
    }

    /// A dead-letter queue must be there, be of the same type, and welcome the
    /// queue.
    fn check_redrive(&self, name: &QueueName, attributes: &QueueAttributes) -> Result<(), SqsError> {
        let Some(redrive) = &attributes.redrive else { return Ok(()) };
        let target = self.queues.get(&redrive.dead_letter_queue).ok_or(SqsError::DeadLetterTargetMissing)?;
        if target.is_fifo() != attributes.fifo.is_some() {
            return Err(SqsError::DeadLetterTypeDiffers);
        }
        if !target.attributes.redrive_allow.allows(name) {
            return Err(SqsError::DeadLetterTargetRefuses);
        }
        Ok(())
    }
}
