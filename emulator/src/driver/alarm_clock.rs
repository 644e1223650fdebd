//! The task that wakes the engine when something is due.

use std::sync::{Arc, PoisonError};

use super::Driver;

impl Driver {
    /// Sleeps until the next deadline, lets it happen, and again, until it is
    /// aborted. The engine judges by its clock; this only wakes it.
    pub(crate) async fn run_alarm_clock(self: Arc<Self>) {
        loop {
            self.step(|_, _| ());
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
