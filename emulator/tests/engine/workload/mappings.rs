//! Clients of event source mappings.

use std::time::Duration;

use emulator::engine::{FunctionName, MappingId, MappingSpec};

use super::World;

impl World {
    pub(super) fn create_mapping(&mut self) {
        let queue = self.queue();
        let function = FunctionName::from(self.function().as_str());
        let qualifier = self.qualifier();
        let spec = self.mapping_spec(MappingSpec {
            queue,
            function,
            qualifier,
            batch_size: 10,
            batching_window: Duration::ZERO,
            maximum_concurrency: None,
            reports_item_failures: false,
            enabled: true,
        });
        self.pass_time();
        if let Ok(view) = self.engine.create_mapping(self.now, spec) {
            self.auditor.grant_mapping(view.id, view.spec);
        }
        self.settle();
    }

    /// Changes anything of a mapping, on and off included.
    pub(super) fn update_mapping(&mut self) {
        self.pass_time();
        let Some(id) = self.mapping() else { return };
        let Ok(view) = self.engine.mapping(id) else { return };
        let spec = self.mapping_spec(view.spec);
        let updated = self.engine.update_mapping(self.now, id, |old| *old = spec);
        if let Ok(view) = updated {
            self.auditor.grant_mapping(id, view.spec);
        }
        self.settle();
    }

    pub(super) fn delete_mapping(&mut self) {
        self.pass_time();
        let Some(id) = self.mapping() else { return };
        // One that is being deleted already may be refused.
        let _deleted = self.engine.delete_mapping(self.now, id);
        self.settle();
    }

    fn mapping(&mut self) -> Option<MappingId> {
        let ids: Vec<MappingId> = self.engine.mappings().map(|mapping| mapping.id).collect();
        self.pick(&ids)
    }

    fn mapping_spec(&mut self, spec: MappingSpec) -> MappingSpec {
        let maximum = self.rng.between(2, 5);
        MappingSpec {
            batch_size: self.pick(&[1, 2, 10, 10, 25, 100]).unwrap_or(1),
            batching_window: self.pick_secs(&[0, 0, 1, 5, 20, 300]),
            maximum_concurrency: self.one_in(3).then_some(usize::try_from(maximum).unwrap_or(2)),
            reports_item_failures: self.one_in(2),
            enabled: !self.one_in(5),
            ..spec
        }
    }
}
