//! Creating, changing and deleting mappings.

use std::time::Duration;

use super::filter::Filter;
use super::fleet::Fleet;
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::error::LambdaError;
use crate::engine::fact::What;
use crate::engine::ids::{FunctionName, MappingId, QueueName};
use crate::engine::lambda::Qualifier;
use crate::engine::tags::Tags;
use crate::engine::time::Timestamp;

/// A batch of a FIFO queue has at most so many messages.
const FIFO_BATCH: usize = 10;

/// A larger batch takes several receives, and so a window.
const RECEIVE_BATCH: usize = 10;

/// Provisioned pollers of a queue; other sources may have one.
const LEAST_POLLERS: usize = 2;

/// What a user sets on a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingSpec {
    /// Where messages come from.
    pub queue: QueueName,
    /// What is invoked.
    pub function: FunctionName,
    /// Which version or alias of it.
    pub qualifier: Qualifier,
    /// 1 to 10,000 messages.
    pub batch_size: usize,
    /// 0 to 300 s.
    pub batching_window: Duration,
    /// At most so many batches at once, 2 to 1,000.
    pub maximum_concurrency: Option<usize>,
    /// Whether answers may name messages that failed.
    pub reports_item_failures: bool,
    /// Which messages the function gets; without it, all.
    pub filter: Option<Filter>,
    /// Pollers of its own, instead of AWS's that all share.
    pub provisioned: Option<ProvisionedPollers>,
    /// Whether its events are counted as metrics (`EventCount`).
    pub counts_events: bool,
    /// Whether it polls.
    pub enabled: bool,
}

impl MappingSpec {
    /// What has to fit together.
    fn check_for(&self, fifo: bool) -> Result<(), LambdaError> {
        if fifo && !self.batching_window.is_zero() {
            return Err(LambdaError::WindowNotForFifo);
        }
        if fifo && self.batch_size > FIFO_BATCH {
            return Err(LambdaError::BatchTooLargeForFifo);
        }
        if self.batch_size > RECEIVE_BATCH && self.batching_window.is_zero() {
            return Err(LambdaError::WindowRequired);
        }
        if self.provisioned.is_some() && self.maximum_concurrency.is_some() {
            return Err(LambdaError::ProvisionedAndMaximum);
        }
        if self.provisioned.is_some_and(|pollers| pollers.minimum.min(pollers.maximum) < LEAST_POLLERS) {
            return Err(LambdaError::TooFewPollers { least: LEAST_POLLERS });
        }
        if self.provisioned.is_some_and(|pollers| pollers.minimum > pollers.maximum) {
            return Err(LambdaError::MinimumPollersAboveMaximum);
        }
        Ok(())
    }
}

/// Provisioned mode: between so many pollers, each for up to 10 batches at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvisionedPollers {
    /// 2 to 200.
    pub minimum: usize,
    /// 2 to 10,000.
    pub maximum: usize,
}

/// AWS's states of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum MappingState {
    Creating,
    Enabling,
    Enabled,
    Disabling,
    Disabled,
    Updating,
    Deleting,
}

impl MappingState {
    /// AWS's string.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Enabling => "Enabling",
            Self::Enabled => "Enabled",
            Self::Disabling => "Disabling",
            Self::Disabled => "Disabled",
            Self::Updating => "Updating",
            Self::Deleting => "Deleting",
        }
    }
}

/// A mapping as GetEventSourceMapping shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingView {
    /// Its id.
    pub id: MappingId,
    /// Its settings.
    pub spec: MappingSpec,
    /// Its state.
    pub state: MappingState,
    /// When it last changed.
    pub modified: Timestamp,
}

/// A mapping and its fleet.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) spec: MappingSpec,
    pub(crate) state: MappingState,
    pub(crate) modified: Timestamp,
    pub(crate) transition: Option<AlarmKey>,
    pub(crate) fleet: Fleet,
    pub(crate) tags: Tags,
}

impl Mapping {
    /// Whether its pollers may take messages.
    pub(crate) fn polls(&self) -> bool {
        self.state == MappingState::Enabled
    }

    fn view(&self, id: MappingId) -> MappingView {
        MappingView { id, spec: self.spec.clone(), state: self.state, modified: self.modified }
    }
}

impl Engine {
    /// Makes a mapping. It begins in `Creating` and polls once it is `Enabled`.
    pub fn create_mapping(&mut self, now: Timestamp, spec: MappingSpec) -> Result<MappingView, LambdaError> {
        self.tick(now);
        self.check_mapping(&spec)?;
        let same =
            |mapping: &Mapping| mapping.spec.queue == spec.queue && mapping.spec.function == spec.function;
        if let Some((&mapping, _)) = self.mappings.iter().find(|(_, mapping)| same(mapping)) {
            return Err(LambdaError::MappingExists { mapping, queue: spec.queue, function: spec.function });
        }
        let id = MappingId(self.rng.uuid());
        let state = MappingState::Creating;
        let (fleet, tags) = (Fleet::new(now), Tags::default());
        let mapping = Mapping { spec, state, modified: now, transition: None, fleet, tags };
        self.mappings_of.entry(mapping.spec.queue.clone()).or_default().push(id);
        self.mappings.insert(id, mapping);
        self.enter(now, id, state);
        self.mapping(id)
    }

    /// One mapping.
    pub fn mapping(&self, id: MappingId) -> Result<MappingView, LambdaError> {
        let mapping = self.mappings.get(&id).ok_or(LambdaError::MappingNotFound(id))?;
        Ok(mapping.view(id))
    }

    /// All mappings, by id.
    pub fn mappings(&self) -> impl Iterator<Item = MappingView> {
        self.mappings.iter().map(|(&id, mapping)| mapping.view(id))
    }

    /// Changes a mapping's settings, or turns it on or off.
    pub fn update_mapping(
        &mut self,
        now: Timestamp,
        id: MappingId,
        change: impl FnOnce(&mut MappingSpec),
    ) -> Result<MappingView, LambdaError> {
        self.tick(now);
        let before = self.settled_mapping(id, LambdaError::MappingInUse)?.spec;
        let mut after = before.clone();
        change(&mut after);
        match self.check_mapping(&after) {
            // One that has outlived its function or its queue can still be turned off.
            Err(LambdaError::MappingFunctionMissing | LambdaError::MappingQueueMissing)
                if (&after.function, &after.qualifier) == (&before.function, &before.qualifier)
                    && !after.enabled => {}
            checked => checked?,
        }
        let state = match (before.enabled, after.enabled) {
            (false, true) => MappingState::Enabling,
            (true, false) => MappingState::Disabling,
            (true, true) | (false, false) => MappingState::Updating,
        };
        if let Some(mapping) = self.mappings.get_mut(&id) {
            mapping.spec = after;
        }
        self.stop_pollers(now, id);
        self.enter(now, id, state);
        self.mapping(id)
    }

    /// Deletes a mapping. Batches under way are still settled.
    pub fn delete_mapping(&mut self, now: Timestamp, id: MappingId) -> Result<MappingView, LambdaError> {
        self.tick(now);
        self.settled_mapping(id, LambdaError::MappingToDeleteInUse)?;
        self.stop_pollers(now, id);
        self.enter(now, id, MappingState::Deleting);
        self.mapping(id)
    }

    /// A mapping that is in no passing state: only such a one can be changed.
    fn settled_mapping(&self, id: MappingId, in_use: LambdaError) -> Result<MappingView, LambdaError> {
        let mapping = self.mapping(id)?;
        match mapping.state {
            MappingState::Enabled | MappingState::Disabled => Ok(mapping),
            MappingState::Creating
            | MappingState::Enabling
            | MappingState::Disabling
            | MappingState::Updating
            | MappingState::Deleting => Err(in_use),
        }
    }

    fn check_mapping(&self, spec: &MappingSpec) -> Result<(), LambdaError> {
        let queue = self.queues.get(&spec.queue).ok_or(LambdaError::MappingQueueMissing)?;
        let function = self.qualified(spec.function.as_str(), &spec.qualifier);
        let function = function.map_err(|_| LambdaError::MappingFunctionMissing)?;
        spec.check_for(queue.is_fifo())?;
        let visibility = queue.attributes.visibility_timeout;
        let timeout = function.spec.timeout;
        if visibility < timeout {
            let (visibility_secs, timeout_secs) = (visibility.as_secs(), timeout.as_secs());
            return Err(LambdaError::VisibilityBelowTimeout { visibility_secs, timeout_secs });
        }
        Ok(())
    }

    /// Shows a passing state, and sets the alarm that ends it.
    fn enter(&mut self, now: Timestamp, id: MappingId, state: MappingState) {
        let at = now + self.quotas.mapping_transition;
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        mapping.state = state;
        mapping.modified = now;
        if let Some(key) = mapping.transition.take() {
            self.alarms.cancel(key);
        }
        mapping.transition = Some(self.alarms.set(at, Alarm::ChangeMapping(id)));
        self.record(now, What::MappingChanged { mapping: id, state: Some(state) });
    }

    pub(in crate::engine) fn mapping_alarm_rang(&mut self, now: Timestamp, id: MappingId) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        mapping.transition = None;
        let state = match mapping.state {
            MappingState::Deleting => None,
            MappingState::Creating
            | MappingState::Enabling
            | MappingState::Disabling
            | MappingState::Updating => {
                Some(if mapping.spec.enabled { MappingState::Enabled } else { MappingState::Disabled })
            }
            MappingState::Enabled | MappingState::Disabled => return,
        };
        match state {
            Some(state) => mapping.state = state,
            None => drop(self.remove_mapping(id)),
        }
        self.record(now, What::MappingChanged { mapping: id, state });
        self.start_fleet(now, id);
    }

    fn remove_mapping(&mut self, id: MappingId) -> Option<Mapping> {
        let mapping = self.mappings.remove(&id)?;
        if let Some(others) = self.mappings_of.get_mut(&mapping.spec.queue) {
            others.retain(|other| *other != id);
            if others.is_empty() {
                self.mappings_of.remove(&mapping.spec.queue);
            }
        }
        Some(mapping)
    }

    pub(in crate::engine) fn reset_mappings(&mut self, now: Timestamp) {
        let ids: Vec<MappingId> = self.mappings.keys().copied().collect();
        for id in ids {
            self.stop_pollers(now, id);
            if let Some(key) = self.remove_mapping(id).and_then(|mapping| mapping.transition) {
                self.alarms.cancel(key);
            }
            self.record(now, What::MappingChanged { mapping: id, state: None });
        }
    }
}
