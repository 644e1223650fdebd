//! Event source mappings: their states, and how many batches run at once.

use emulator::engine::{Asker, FunctionName, MappingId, MappingState, Qualifier};

use super::{Auditor, Verdict};

/// A mapping that is there.
#[derive(Debug)]
pub(super) struct MappingBook {
    pub(super) state: MappingState,
}

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
            Some(state) => drop(self.mappings.insert(id, MappingBook { state })),
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
        let at_once = self.quotas.initial_pollers;
        let maximum = self.granted_mappings.get(&id).and_then(|granted| granted.spec.maximum_concurrency);
        let most = maximum.unwrap_or(at_once).min(at_once);
        let running = self.running.values().filter(|running| running.asker == Asker::Mapping(id)).count();
        rule!(running < most, "the mapping runs {running} of {most} batches already");
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
