//! Filter criteria: which messages a mapping's function gets to see.
//!
//! Patterns and bodies are JSON, which the engine does not read. It hands what
//! a poller received to whoever can, as an effect, and goes on when it is told
//! which messages passed.

use std::fmt;
use std::sync::Arc;

use super::poller::Doing;
use crate::engine::Engine;
use crate::engine::alarm::AlarmKey;
use crate::engine::effect::{Effect, FilterRequest};
use crate::engine::fact::What;
use crate::engine::ids::MappingId;
use crate::engine::sqs::Delivery;
use crate::engine::time::Timestamp;

/// Reads bodies for the engine.
pub trait MessageFilter: fmt::Debug + Send + Sync {
    /// The patterns, as the user gave them.
    fn patterns(&self) -> &[String];

    /// Whether a message with that body goes to the function.
    fn passes(&self, body: &str) -> bool;
}

/// The filter criteria of a mapping.
#[derive(Debug, Clone)]
pub struct Filter(Arc<dyn MessageFilter>);

impl Filter {
    /// Shares a filter.
    pub fn new(filter: impl MessageFilter + 'static) -> Self {
        Self(Arc::new(filter))
    }

    /// The patterns, as the user gave them.
    pub fn patterns(&self) -> &[String] {
        self.0.patterns()
    }

    /// Which of these messages pass, in their order.
    pub fn judge(&self, messages: &[Delivery]) -> Vec<bool> {
        messages.iter().map(|message| self.0.passes(&message.content.message.body)).collect()
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.patterns() == other.patterns()
    }
}

impl Eq for Filter {}

impl Engine {
    /// Has what a poller received judged, if its mapping has filter criteria;
    /// else gives it back.
    pub(super) fn ask_filter(
        &mut self,
        id: MappingId,
        index: usize,
        window: Option<AlarmKey>,
        messages: Vec<Delivery>,
    ) -> Option<Vec<Delivery>> {
        let Some(filter) = self.mappings.get(&id).and_then(|mapping| mapping.spec.filter.clone()) else {
            return Some(messages);
        };
        self.filterings += 1;
        let ticket = self.filterings;
        let messages: Arc<[Delivery]> = messages.into();
        let doing = Doing::Filtering { ticket, window, messages: Arc::clone(&messages) };
        self.set_doing(id, index, doing);
        let request = FilterRequest { mapping: id, poller: index, ticket, filter, messages };
        self.effects.push(Effect::Filter(Box::new(request)));
        None
    }

    /// Tells which of the messages of a [`FilterRequest`] passed. The others
    /// are deleted; no function ever sees them ("Lambda event filtering", SQS).
    pub fn filtered(&mut self, now: Timestamp, request: &FilterRequest, passed: &[bool]) {
        self.tick(now);
        let (id, index) = (request.mapping, request.poller);
        // A mapping that was stopped meanwhile has let go of the messages.
        let Some(mapping) = self.mappings.get(&id) else { return };
        let Some((messages, window)) = mapping.judged(index, request.ticket) else { return };
        let queue = mapping.spec.queue.clone();
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for (message, passed) in messages.iter().zip(passed) {
            if *passed { kept.push(message.clone()) } else { dropped.push(message.receipt) }
        }
        if !dropped.is_empty() {
            self.record(now, What::EventsFiltered { mapping: id, events: dropped.len() });
            self.delete_all(now, &queue, dropped);
        }
        self.fill_batch(now, id, index, kept, window);
        self.arm_fleet(now, id);
    }
}
