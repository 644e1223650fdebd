//! What a FIFO queue remembers of the messages that it has accepted.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::message::Accepted;
use crate::engine::ids::{DeduplicationId, GroupId};
use crate::engine::time::Timestamp;

/// "Exactly-once processing": a repeated id is accepted and not delivered for
/// 5 minutes, even when the first message has been deleted.
const WINDOW: Duration = Duration::from_secs(300);

/// An id, within a group where that is the scope.
pub(super) type Key = (Option<GroupId>, DeduplicationId);

/// Ids of the last five minutes.
#[derive(Debug, Default)]
pub(super) struct Window {
    seen: HashMap<Key, Accepted>,
    order: VecDeque<(Timestamp, Key)>,
}

impl Window {
    /// What was answered to the message that came with that id first.
    pub(super) fn find(&mut self, now: Timestamp, key: &Key) -> Option<Accepted> {
        while let Some((sent, _)) = self.order.front()
            && *sent + WINDOW <= now
            && let Some((_, old)) = self.order.pop_front()
        {
            self.seen.remove(&old);
        }
        self.seen.get(key).copied()
    }

    pub(super) fn note(&mut self, now: Timestamp, key: Key, accepted: Accepted) {
        self.seen.insert(key.clone(), accepted);
        self.order.push_back((now, key));
    }
}
