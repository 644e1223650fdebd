//! The task that wakes the engine when something is due.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
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
            match catch_unwind(AssertUnwindSafe(|| self.ring())) {
                // Those who were waiting for that moment have their turn first.
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => self.sleep_until_next_deadline().await,
                Err(_) => {
                    tracing::error!(
                        "the engine broke one of its own rules; what it shows may be wrong from here on"
                    );
                    tokio::time::sleep(AFTER_PANIC).await;
                    self.sleep_until_next_deadline().await;
                }
            }
        }
    }

    /// Does what is due, and says whether it skipped idle time: then there may
    /// be more to skip.
    fn ring(&self) -> bool {
        let mut state = self.lock();
        let now = self.clock.now();
        self.catch_up(&mut state, now);
        self.tell(&mut state);
        self.skip_idle(&mut state)
    }

    async fn sleep_until_next_deadline(&self) {
        let deadline = {
            let mut state = self.lock();
            state.sleeping_until = state.next_deadline();
            state.sleeping_until
        };
        let earlier = self.earlier_deadline.notified();
        match deadline {
            Some(at) => {
                tokio::select! {
                    () = self.clock.wait_until(at) => {}
                    () = earlier => {}
                }
            }
            None => earlier.await,
        }
    }
}
