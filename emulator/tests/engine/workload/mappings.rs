//! Clients of event source mappings.

use std::time::Duration;

use emulator::engine::{Filter, FunctionName, MappingId, MappingSpec, MessageFilter, ProvisionedPollers};

use super::World;

/// Lets every message pass whose body has an even length.
#[derive(Debug)]
struct Even;

impl MessageFilter for Even {
    fn patterns(&self) -> &[String] {
        &[]
    }

    fn passes(&self, body: &str) -> bool {
        body.len().is_multiple_of(2)
    }
}

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
            filter: None,
            provisioned: None,
            counts_events: false,
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
        let maximum = self.pick(&[2, 3, 4, 5, 9]);
        let pollers = self.pick(&[(2, 2), (2, 4), (3, 9)]);
        let provisioned = self.one_in(8);
        let fifo = spec.queue.as_str().ends_with(".fifo") && !self.one_in(10);
        MappingSpec {
            batch_size: self.pick(if fifo { &[1, 2, 10] } else { &[1, 2, 10, 10, 25, 100] }).unwrap_or(1),
            batching_window: if fifo { Duration::ZERO } else { self.pick_secs(&[0, 0, 1, 5, 20, 300]) },
            maximum_concurrency: maximum.filter(|_| !provisioned && self.one_in(3)),
            provisioned: pollers
                .filter(|_| provisioned)
                .map(|(minimum, maximum)| ProvisionedPollers { minimum, maximum }),
            filter: self.one_in(4).then(|| Filter::new(Even)),
            reports_item_failures: self.one_in(2),
            enabled: !self.one_in(5),
            ..spec
        }
    }
}
