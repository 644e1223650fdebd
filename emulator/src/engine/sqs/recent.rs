//! What a FIFO queue remembers for five minutes: which messages it has
//! accepted, and what was received under which attempt id.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use super::message::Accepted;
use super::receipt::ReceiptHandle;
use crate::engine::ids::{DeduplicationId, GroupId};
use crate::engine::time::Timestamp;

/// "Exactly-once processing": a repeated id is accepted and not delivered for
/// 5 minutes, even when the first message has been deleted. "ReceiveMessage",
/// `ReceiveRequestAttemptId`: a receive can be repeated for as long.
const WINDOW: Duration = Duration::from_secs(300);

/// A deduplication id, within a group where that is the scope.
pub(super) type Key = (Option<GroupId>, DeduplicationId);

/// The answers to messages, by what they were told by.
pub(super) type Sent = Recent<Key, Accepted>;

/// What receives brought, by attempt id: handles, and when their messages become
/// visible again. The messages themselves lie in the queue, or are gone.
pub(super) type Attempts = Recent<Arc<str>, Vec<(ReceiptHandle, Timestamp)>>;

/// Values by keys, each for five minutes since its key came first.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    values: HashMap<K, V>,
    order: VecDeque<(Timestamp, K)>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    pub(super) fn find(&mut self, now: Timestamp, key: &K) -> Option<&V> {
        self.forget_old(now);
        self.values.get(key)
    }

    /// Notes a value. Another one for the same key begins no new five minutes.
    pub(super) fn note(&mut self, now: Timestamp, key: K, value: V) {
        self.forget_old(now);
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back((now, key));
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.order.front()
            && *at + WINDOW <= now
            && let Some((_, old)) = self.order.pop_front()
        {
            self.values.remove(&old);
        }
    }
}
