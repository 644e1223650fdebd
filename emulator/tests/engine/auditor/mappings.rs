//! Event source mappings: their states, and how many batches run at once.

use emulator::engine::{
    Asker, FunctionName, MappingId, MappingSpec, MappingState, ProvisionedPollers, Qualifier, Rate, Timestamp,
};

use super::{Auditor, Verdict};

/// A mapping that is there.
#[derive(Debug)]
pub(super) struct MappingBook {
    pub(super) state: MappingState,
    pollers: usize,
    /// When its fleet last grew.
    grown: Option<Timestamp>,
    /// Messages that its pollers have received, less those that were filtered out.
    polled: usize,
}

/// Batches that a poller of provisioned mode runs at once.
const BATCHES_PER_POLLER: usize = 10;

impl Auditor {
    /// AWS's paths: a deleted mapping does not come back, and what passes ends
    /// in what its client asked for.
    pub(super) fn mapping_changed(&mut self, id: MappingId, state: Option<MappingState>) -> Verdict {
        let before = self.mappings.get(&id).map(|book| book.state);
        let enabled = self.granted_mappings.get(&id).is_some_and(|granted| granted.spec.enabled);
        let right = match (before, state) {
            (None, Some(state)) => state == MappingState::Creating,
            (Some(MappingState::Deleting), Some(_)) => false,
            (Some(before), None) => before == MappingState::Deleting || self.resetting,
            (Some(_), Some(MappingState::Deleting | MappingState::Updating)) => true,
            (Some(_), Some(MappingState::Enabling)) => enabled,
            (Some(_), Some(MappingState::Disabling)) => !enabled,
            (Some(before), Some(MappingState::Enabled)) => is_passing(before) && enabled,
            (Some(before), Some(MappingState::Disabled)) => is_passing(before) && !enabled,
            (Some(_), Some(MappingState::Creating)) | (None, None) => false,
        };
        rule!(right, "the mapping was {before:?}");
        match state {
            Some(state) => match self.mappings.get_mut(&id) {
                Some(book) => book.state = state,
                None => {
                    let book = MappingBook { state, pollers: 0, grown: None, polled: 0 };
                    self.mappings.insert(id, book);
                }
            },
            None => drop(self.mappings.remove(&id)),
        }
        Ok(())
    }

    /// Only an enabled mapping invokes, and never beyond its concurrency.
    pub(super) fn batch_admitted(
        &mut self,
        id: MappingId,
        function: &FunctionName,
        qualifier: &Qualifier,
    ) -> Verdict {
        self.batch_tried(id, function, qualifier)?;
        let pollers = self.mappings.get(&id).map_or(0, |book| book.pollers);
        let provisioned =
            self.granted_mappings.get(&id).is_some_and(|granted| granted.spec.provisioned.is_some());
        let most = if provisioned { pollers * BATCHES_PER_POLLER } else { pollers };
        let running = self.running.values().filter(|running| running.asker == Asker::Mapping(id)).count();
        rule!(running < most, "the mapping runs {running} of {most} batches already");
        Ok(())
    }

    /// A fleet begins with what AWS says, grows by one at its rate at the most,
    /// and keeps within its bounds.
    pub(super) fn pollers_scaled(&mut self, at: Timestamp, id: MappingId, pollers: usize) -> Verdict {
        let spec = self.granted_mappings.get(&id).map(|granted| granted.spec.clone());
        let (bounds, rate) = self.fleet_bounds(spec.as_ref());
        let resetting = self.resetting;
        let book = self.mappings.get_mut(&id).ok_or("the mapping is not there")?;
        let before = std::mem::replace(&mut book.pollers, pollers);
        if pollers == 0 {
            let stopped = resetting || book.state != MappingState::Creating;
            rule!(stopped && before > 0, "the fleet of a mapping that is {:?} ended", book.state);
            book.grown = None;
            return Ok(());
        }
        rule!(book.state == MappingState::Enabled, "a mapping scaled while {:?}", book.state);
        let Bounds { least, initial, most } = bounds;
        rule!(before != pollers && pollers <= most, "from {before} to {pollers} pollers of {most}");
        if pollers < before {
            rule!(pollers >= least && before - pollers == 1, "from {before} to {pollers}, at least {least}");
        } else if before == 0 {
            rule!(pollers == initial, "it begins with {pollers} pollers, not {initial}");
        } else {
            let step = pollers - before == 1 || (before < initial && pollers == initial);
            rule!(step, "it grew from {before} to {pollers} at once");
            let early = book.grown.is_some_and(|grown| at < grown + rate.per / rate.count);
            rule!(!early, "it grew before at {:?}", book.grown);
            book.grown = Some(at);
        }
        Ok(())
    }

    fn fleet_bounds(&self, spec: Option<&MappingSpec>) -> (Bounds, Rate) {
        let quotas = &self.quotas;
        if let Some(ProvisionedPollers { minimum, maximum }) = spec.and_then(|spec| spec.provisioned) {
            let bounds = Bounds { least: minimum, initial: minimum, most: maximum };
            return (bounds, quotas.provisioned_poller_rate);
        }
        let initial = quotas.initial_pollers;
        let bounds = match spec.and_then(|spec| spec.maximum_concurrency) {
            Some(most) => Bounds { least: initial.min(most), initial: initial.min(most), most },
            None => Bounds { least: quotas.idle_pollers, initial, most: quotas.most_pollers },
        };
        (bounds, quotas.poller_rate)
    }

    /// Only an enabled mapping polls.
    pub(super) fn events_polled(&mut self, id: MappingId, events: usize) -> Verdict {
        let book = self.mappings.get_mut(&id).ok_or("the mapping is not there")?;
        rule!(book.state == MappingState::Enabled, "it polled while {:?}", book.state);
        rule!((1..=10).contains(&events), "{events} messages in one receive");
        book.polled += events;
        Ok(())
    }

    /// Nothing is filtered out that was not received.
    pub(super) fn events_filtered(&mut self, id: MappingId, events: usize) -> Verdict {
        let filters = self.granted_mappings.get(&id).is_some_and(|granted| granted.spec.filter.is_some());
        rule!(filters, "it has no filter criteria");
        let book = self.mappings.get_mut(&id).ok_or("the mapping is not there")?;
        rule!(events <= book.polled, "{events} filtered out of {}", book.polled);
        book.polled -= events;
        Ok(())
    }

    pub(super) fn batch_throttled(
        &mut self,
        id: MappingId,
        function: &FunctionName,
        qualifier: &Qualifier,
    ) -> Verdict {
        self.batch_tried(id, function, qualifier)
    }

    fn batch_tried(&self, id: MappingId, function: &FunctionName, qualifier: &Qualifier) -> Verdict {
        let state = self.mappings.get(&id).map(|book| book.state);
        rule!(state == Some(MappingState::Enabled), "a mapping invoked while {state:?}");
        let granted = self.granted_mappings.get(&id).map(|granted| &granted.spec);
        let target = granted.map(|spec| (&spec.function, &spec.qualifier));
        rule!(target == Some((function, qualifier)), "the mapping is to {target:?}");
        Ok(())
    }

    pub(super) fn batch_lapsed(&mut self, id: MappingId, messages: usize) -> Verdict {
        rule!(self.mappings.contains_key(&id), "the mapping is gone");
        rule!(messages > 0, "an empty batch lapsed");
        Ok(())
    }
}

/// Pollers when idle, at first, and at most.
struct Bounds {
    least: usize,
    initial: usize,
    most: usize,
}

fn is_passing(state: MappingState) -> bool {
    match state {
        MappingState::Creating
        | MappingState::Enabling
        | MappingState::Disabling
        | MappingState::Updating
        | MappingState::Deleting => true,
        MappingState::Enabled | MappingState::Disabled => false,
    }
}
