//! Receives of a FIFO queue that their callers may repeat.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::receipt::ReceiptHandle;
use crate::engine::time::Timestamp;

/// "ReceiveMessage", `ReceiveRequestAttemptId`: a receive can be repeated for
/// 5 minutes.
const WINDOW: Duration = Duration::from_secs(300);

/// One receive of a message, and when it becomes visible again. The message
/// itself lies in the queue, or is gone.
pub(super) type Taken = (ReceiptHandle, Timestamp);

/// What was received under which attempt id.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    received: HashMap<Arc<str>, Vec<Taken>>,
    order: VecDeque<(Timestamp, Arc<str>)>,
}

impl Attempts {
    /// What a receive with that id brought.
    pub(super) fn find(&mut self, now: Timestamp, id: &str) -> Option<Vec<Taken>> {
        self.forget_old(now);
        self.received.get(id).cloned()
    }

    /// Notes what a receive brought: for the first time, or once more, which
    /// begins no new five minutes.
    pub(super) fn note(&mut self, now: Timestamp, id: &Arc<str>, taken: Vec<Taken>) {
        self.forget_old(now);
        if self.received.insert(Arc::clone(id), taken).is_none() {
            self.order.push_back((now, Arc::clone(id)));
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.order.front()
            && *at + WINDOW <= now
            && let Some((_, old)) = self.order.pop_front()
        {
            self.received.remove(&old);
        }
    }
}
