//! Where somebody takes events from.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

/// The events for one participant, and whether it waits for more.
#[derive(Debug)]
pub(super) struct Seat<E> {
    queue: VecDeque<E>,
    /// It has asked for more, and there is nothing.
    resting: bool,
    wake: Arc<Notify>,
}

impl<E> Default for Seat<E> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), resting: false, wake: Arc::default() }
    }
}

impl<E> Seat<E> {
    /// Puts an event there, and wakes who waits.
    pub(super) fn put(&mut self, event: E) {
        self.queue.push_back(event);
        self.resting = false;
        self.wake.notify_one();
    }

    /// The next event, or what to wait for and whether it rests since now.
    pub(super) fn ask(&mut self) -> Result<E, (Arc<Notify>, bool)> {
        if let Some(event) = self.queue.pop_front() {
            return Ok(event);
        }
        let newly = !std::mem::replace(&mut self.resting, true);
        Err((Arc::clone(&self.wake), newly))
    }

    /// Whether it has asked for more, and there is nothing.
    pub(super) fn rests(&self) -> bool {
        self.resting
    }
}
