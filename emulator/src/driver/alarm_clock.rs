//! The task that wakes the engine when something is due.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Driver;

/// How long it rests after a panic, which may come again.
const AFTER_PANIC: Duration = Duration::from_secs(1);

impl Driver {
    /// Sleeps until the next deadline, lets it happen, and again, until it is
    /// aborted. The engine judges by its clock; this only wakes it.
    pub(super) async fn run_alarm_clock(self: Arc<Self>) {
        loop {
            // A panic is a broken invariant of the engine. Without this task
            // nothing would ever be due again, so it goes on and says so.
            if catch_unwind(AssertUnwindSafe(|| self.step(|_, _| ()))).is_err() {
                tracing::error!(
                    "the engine broke one of its own rules; what it shows may be wrong from here on"
                );
                tokio::time::sleep(AFTER_PANIC).await;
            }
            self.sleep_until_next_deadline().await;
        }
    }

    async fn sleep_until_next_deadline(&self) {
        let deadline = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.sleeping_until = state.next_deadline();
            state.sleeping_until
        };
        let earlier = self.earlier_deadline.notified();
        match deadline {
            Some(at) => {
                let sleep = tokio::time::sleep(self.clock.real_time_until(at));
                tokio::select! {
                    () = sleep => {}
                    () = earlier => {}
                }
            }
            None => earlier.await,
        }
    }
}
