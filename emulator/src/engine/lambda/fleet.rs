//! The environments of one version.

use std::collections::BTreeSet;

use super::allocation::Allocation;
use crate::engine::ids::EnvironmentId;
use crate::engine::time::Timestamp;

/// Environments are of one version: no other can use them.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    /// On-demand environments that wait, by when they began to: the last one is
    /// used first.
    pub(crate) idle: BTreeSet<(Timestamp, EnvironmentId)>,
    /// Those that are kept ready, if the version has provisioned concurrency.
    pub(crate) allocation: Option<Allocation>,
}

impl Fleet {
    /// Forgets that an environment waits.
    pub(crate) fn not_idle(&mut self, since: Timestamp, id: EnvironmentId) {
        self.idle.remove(&(since, id));
        if let Some(allocation) = &mut self.allocation {
            allocation.idle.remove(&(since, id));
        }
    }

    /// Every environment that waits.
    pub(crate) fn all_idle(&self) -> Vec<EnvironmentId> {
        let provisioned = self.allocation.iter().flat_map(|allocation| &allocation.idle);
        self.idle.iter().chain(provisioned).map(|&(_, id)| id).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.idle.is_empty() && self.allocation.is_none()
    }
}
