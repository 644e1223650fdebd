//! Filter criteria at work: bodies are read without the engine's lock, one
//! request after the other, by a task of their own. Whoever sent the messages
//! does not wait for it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::Driver;
use crate::engine::FilterRequest;

/// What is to be judged, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Filters {
    waiting: Mutex<VecDeque<FilterRequest>>,
    more: Notify,
    /// Asked for, and not yet told to the engine. It changes under the engine's lock.
    outstanding: AtomicUsize,
}

impl Filters {
    pub(super) fn ask(&self, request: FilterRequest) {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(request);
        self.more.notify_one();
    }

    /// How much is to be judged, or being judged.
    pub(super) fn outstanding(&self) -> usize {
        self.outstanding.load(Ordering::Relaxed)
    }

    fn next(&self) -> Option<FilterRequest> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Driver {
    /// Judges messages as they come, until it is aborted.
    pub(super) async fn run_filters(self: Arc<Self>) {
        loop {
            let Some(request) = self.filters.next() else {
                self.filters.more.notified().await;
                continue;
            };
            let passed = request.filter.judge(&request.messages);
            self.step(|engine, now| {
                self.filters.outstanding.fetch_sub(1, Ordering::Relaxed);
                engine.filtered(now, &request, &passed);
            });
            // A long backlog is no reason to keep others from their turn.
            tokio::task::yield_now().await;
        }
    }
}
