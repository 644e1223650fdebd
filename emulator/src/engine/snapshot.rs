//! One consistent picture of everything, for those who look in from outside.

use super::Engine;
use super::ids::{FunctionName, QueueName};
use super::lambda::{Account, ProvisionedView, State, Tally};
use super::mapping::MappingView;
use super::time::Timestamp;

/// The state at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The moment.
    pub now: Timestamp,
    /// The account's concurrency.
    pub account: Account,
    /// Every function.
    pub functions: Vec<FunctionSnapshot>,
    /// Every queue.
    pub queues: Vec<QueueSnapshot>,
    /// Every mapping.
    pub mappings: Vec<MappingView>,
}

/// A function at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSnapshot {
    /// Its name.
    pub name: FunctionName,
    /// Its reserved concurrency.
    pub reserved: Option<u32>,
    /// Invocations in Init or Busy.
    pub in_flight: u32,
    /// Environments in Init.
    pub init: usize,
    /// Environments that run an invocation.
    pub busy: usize,
    /// Environments that wait for one.
    pub idle: usize,
    /// Its provisioned concurrency, by qualifier.
    pub provisioned: Vec<ProvisionedView>,
    /// Asynchronous events that wait for their next attempt.
    pub events_waiting: usize,
    /// Asynchronous events that run.
    pub events_in_flight: usize,
    /// Counts since it was made.
    pub tally: Tally,
}

/// A queue at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Its name.
    pub name: QueueName,
    /// Receivable messages.
    pub visible: usize,
    /// Messages received and not deleted.
    pub in_flight: usize,
    /// Messages that wait for their delay.
    pub delayed: usize,
    /// Receives that wait for messages, pollers' included.
    pub receivers: usize,
}

impl Engine {
    /// Takes a picture of everything at once.
    pub fn snapshot(&mut self, now: Timestamp) -> Snapshot {
        self.tick(now);
        Snapshot {
            now,
            account: self.account(),
            functions: self.functions.keys().filter_map(|name| self.function_snapshot(name)).collect(),
            queues: self.queue_snapshots(),
            mappings: self.mappings().collect(),
        }
    }

    fn function_snapshot(&self, name: &FunctionName) -> Option<FunctionSnapshot> {
        let function = self.functions.get(name)?;
        let (mut init, mut busy, mut idle) = (0, 0, 0);
        for id in &function.environments {
            match self.environments.get(id).map(|environment| &environment.state) {
                Some(State::Placing { .. } | State::Init { .. }) => init += 1,
                Some(State::Busy { .. }) => busy += 1,
                Some(State::Idle { .. }) => idle += 1,
                None => {}
            }
        }
        Some(FunctionSnapshot {
            name: name.clone(),
            reserved: function.reserved_limit(),
            in_flight: function.in_flight,
            init,
            busy,
            idle,
            provisioned: self.provisioned_configs(name.as_str()).unwrap_or_default(),
            events_waiting: function.events.len(),
            events_in_flight: function.events.in_flight,
            tally: function.tally.clone(),
        })
    }

    fn queue_snapshots(&self) -> Vec<QueueSnapshot> {
        let queues = self.queues.iter();
        let picture = queues.map(|(name, queue)| QueueSnapshot {
            name: name.clone(),
            visible: queue.visible_count(),
            in_flight: queue.in_flight_count(),
            delayed: queue.delayed_count(),
            receivers: queue.receivers.len(),
        });
        picture.collect()
    }
}
