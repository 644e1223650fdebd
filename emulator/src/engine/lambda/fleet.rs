//! The environments of one version.

use std::collections::VecDeque;

use super::allocation::Allocation;
use crate::engine::ids::EnvironmentId;
use crate::engine::time::Timestamp;

/// Environments are of one version: no other can use them.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    /// On-demand environments that wait.
    pub(crate) idle: Idle,
    /// Those that are kept ready, if the version has provisioned concurrency.
    pub(crate) allocation: Option<Allocation>,
}

/// Environments that wait, by when they began to.
///
/// The one used last is used first, and the one that has waited longest is
/// reclaimed first: it is mostly the ends that change.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    line: VecDeque<(Timestamp, EnvironmentId)>,
}

impl Idle {
    /// The one that was used last.
    pub(crate) fn last(&self) -> Option<EnvironmentId> {
        self.line.back().map(|&(_, id)| id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// One begins to wait.
    pub(crate) fn insert(&mut self, since: Timestamp, id: EnvironmentId) {
        let one = (since, id);
        match self.line.back() {
            // Several of one moment may end in any order.
            Some(last) if *last > one => {
                let place = self.line.partition_point(|other| *other < one);
                self.line.insert(place, one);
            }
            Some(_) | None => self.line.push_back(one),
        }
    }

    /// One waits no more.
    pub(crate) fn remove(&mut self, since: Timestamp, id: EnvironmentId) {
        if self.line.back() == Some(&(since, id)) {
            self.line.pop_back();
        } else if let Ok(place) = self.line.binary_search(&(since, id)) {
            self.line.remove(place);
        }
    }

    fn ids(&self) -> impl Iterator<Item = EnvironmentId> {
        self.line.iter().map(|&(_, id)| id)
    }
}

impl Fleet {
    /// Forgets that an environment waits.
    pub(crate) fn not_idle(&mut self, since: Timestamp, id: EnvironmentId) {
        self.idle.remove(since, id);
        if let Some(allocation) = &mut self.allocation {
            allocation.idle.remove(since, id);
        }
    }

    /// Every environment that waits.
    pub(crate) fn all_idle(&self) -> Vec<EnvironmentId> {
        let provisioned = self.allocation.iter().flat_map(|allocation| allocation.idle.ids());
        self.idle.ids().chain(provisioned).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.idle.is_empty() && self.allocation.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_used_last_is_last_whatever_the_order_of_coming() {
        let at = Timestamp::from_millis;
        let mut idle = Idle::default();
        for (ms, id) in [(10, 5), (20, 2), (20, 1), (30, 9)] {
            idle.insert(at(ms), EnvironmentId(id));
        }
        assert_eq!(idle.ids().map(|id| id.0).collect::<Vec<_>>(), [5, 1, 2, 9]);
        idle.remove(at(30), EnvironmentId(9));
        assert_eq!(idle.last(), Some(EnvironmentId(2)));
        idle.remove(at(20), EnvironmentId(1));
        idle.remove(at(20), EnvironmentId(1));
        idle.remove(at(10), EnvironmentId(5));
        idle.remove(at(20), EnvironmentId(2));
        assert!(idle.is_empty() && idle.last().is_none());
    }
}
