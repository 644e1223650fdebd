//! What clients were granted, and what they ask: the facts do not carry it.

use emulator::engine::{
    EventInvokeConfig, FunctionName, MappingId, MappingSpec, MessageId, Qualifier, QueueAttributes,
    QueueName, RecursiveLoop, RequestId, Timestamp,
};

use super::Auditor;
use super::rates::Bucket;

/// The settings of a mapping that its client knows.
#[derive(Debug)]
pub(super) struct GrantedMapping {
    pub(super) spec: MappingSpec,
    pub(super) largest_batch: usize,
}

/// An event as its sender knows it.
#[derive(Debug)]
pub(super) struct GrantedEvent {
    pub(super) qualifier: Qualifier,
    pub(super) depth: u32,
}

impl Default for GrantedEvent {
    fn default() -> Self {
        Self { qualifier: Qualifier::Latest, depth: 0 }
    }
}

impl Auditor {
    /// A queue was granted these settings.
    pub(crate) fn grant_queue(&mut self, queue: &QueueName, attributes: QueueAttributes) {
        self.granted_queues.insert(queue.clone(), attributes);
    }

    /// A mapping was granted these settings.
    pub(crate) fn grant_mapping(&mut self, mapping: MappingId, spec: MappingSpec) {
        let before = self.granted_mappings.get(&mapping).map_or(0, |granted| granted.largest_batch);
        let largest_batch = before.max(spec.batch_size);
        self.granted_mappings.insert(mapping, GrantedMapping { spec, largest_batch });
    }

    /// An event was accepted that was sent to this, from that deep in a chain.
    pub(crate) fn grant_event(&mut self, id: RequestId, qualifier: Qualifier, depth: u32) {
        self.granted_events.insert(id, GrantedEvent { qualifier, depth });
    }

    /// Settings of asynchronous invocation were granted, or taken away.
    pub(crate) fn grant_event_config(
        &mut self,
        name: &FunctionName,
        qualifier: &Qualifier,
        config: Option<EventInvokeConfig>,
    ) {
        let key = (name.clone(), qualifier.clone());
        match config {
            Some(config) => drop(self.granted_configs.insert(key, config)),
            None => drop(self.granted_configs.remove(&key)),
        }
    }

    /// A function's chains of requests are stopped, or not.
    pub(crate) fn grant_loops(&mut self, name: &FunctionName, setting: RecursiveLoop) {
        match setting {
            RecursiveLoop::Allow => drop(self.granted_loops.insert(name.clone())),
            RecursiveLoop::Terminate => drop(self.granted_loops.remove(name)),
        }
    }

    /// A client asks for a message to become visible at this moment.
    pub(crate) fn ask_visibility(&mut self, queue: &QueueName, message: MessageId, at: Timestamp) {
        self.asked_visibility = Some((queue.clone(), message, at));
    }

    /// The facts until the next call belong to a reset, which forgives what
    /// was asked of the account.
    pub(crate) fn resetting(&mut self, resetting: bool) {
        self.resetting = resetting;
        let rate = self.request_rate(self.quotas.account_concurrency);
        self.account_rate = Bucket::full(rate);
    }
}
