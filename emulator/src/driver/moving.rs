//! Moving the clock: by a step, by a span, and over idle time.
//!
//! A moment is one at which something is due. Between moments the clock only
//! shows another time; at each of them, what is due and all that it causes is
//! done. Real code takes real time, so whoever moves the clock waits for it
//! before going on to the next moment.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Driver, State};
use crate::engine::Timestamp;
use crate::gear::{ClockChange, ClockView, Moved, RealCode};

impl Driver {
    /// How the clock goes, and what is to come.
    pub(crate) fn view_clock(&self) -> ClockView {
        let mut state = self.lock();
        let now = self.clock.now();
        self.catch_up(&mut state, now);
        self.tell(&mut state);
        let real_code =
            RealCode { running: state.engine.running_code(), invocations: state.real_code.invocations() };
        ClockView {
            settings: self.clock.settings(),
            now,
            next_event: state.next_deadline(),
            in_flight: self.in_flight(&state),
            real_code,
        }
    }

    /// Sets the clock, with all done that was due before.
    pub(crate) fn set_clock(&self, change: ClockChange) {
        self.step(|_, _| self.clock.turn(change));
    }

    /// Moves the clock to the next moment, whatever is due then, and waits for
    /// what that causes, for at most `patience` in real time. It goes on when
    /// its caller is gone.
    pub(crate) async fn step_clock(self: &Arc<Self>, patience: Duration) -> Moved {
        let driver = Arc::clone(self);
        self.within(patience, async move {
            let _turn = driver.moving.lock().await;
            driver.settled().await;
            driver.go_to_next(None);
            driver.settled().await;
        })
        .await
    }

    /// Moves the clock by a span: all that falls due is done at its own moment,
    /// what it causes included. It waits for real code for at most `patience`
    /// in real time, and stops there if that passes. It goes on when its caller
    /// is gone.
    pub(crate) async fn advance_clock(self: &Arc<Self>, span: Duration, patience: Duration) -> Moved {
        let driver = Arc::clone(self);
        self.within(patience, async move {
            let _turn = driver.moving.lock().await;
            let until = driver.clock.now() + span;
            driver.settled().await;
            while driver.go_to_next(Some(until)) {
                driver.settled().await;
                // Patience is asked in between, and others have their turn.
                tokio::task::yield_now().await;
            }
            driver.go_to(until);
        })
        .await
    }

    async fn within(&self, patience: Duration, task: impl Future<Output = ()> + Send + 'static) -> Moved {
        let done = tokio::spawn(tokio::time::timeout(patience, task)).await;
        Moved { now: self.clock.now(), settled: matches!(done, Ok(Ok(()))) }
    }

    /// Waits until no real code runs and no filter is at work.
    async fn settled(&self) {
        loop {
            let rested = self.rested.notified();
            {
                let mut state = self.lock();
                if self.is_settled(&state) {
                    return;
                }
                state.awaited = true;
            }
            rested.await;
        }
    }

    /// Goes on to the next moment, if there is one until `limit`, and lets
    /// happen what is due then. It says whether it did.
    fn go_to_next(&self, limit: Option<Timestamp>) -> bool {
        let mut state = self.lock();
        let next = state.next_deadline().filter(|next| limit.is_none_or(|limit| *next <= limit));
        if let Some(next) = next {
            self.move_to(&mut state, next);
        }
        next.is_some()
    }

    fn go_to(&self, moment: Timestamp) {
        self.move_to(&mut self.lock(), moment);
    }

    fn move_to(&self, state: &mut State, moment: Timestamp) {
        self.clock.jump(moment);
        self.catch_up(state, moment);
        self.tell(state);
    }

    /// Goes on to the next moment if the clock is to skip idle time and this is
    /// some: nothing is in flight, and work waits for its time. It says whether
    /// it did. The next moment need not be the work's: what is due on the way
    /// happens on the way, and may change what there is to wait for.
    pub(super) fn skip_idle(&self, state: &mut State) -> bool {
        if !self.clock.skips_idle() || self.in_flight(state) > 0 || state.next_work().is_none() {
            return false;
        }
        let next = state.next_deadline();
        if let Some(next) = next {
            self.move_to(state, next);
        }
        next.is_some()
    }

    /// Tells those who sleep what has changed: the next deadline, and whether
    /// all is settled.
    pub(super) fn tell(&self, state: &mut State) {
        self.wake_if_earlier(state);
        if state.awaited && self.is_settled(state) {
            state.awaited = false;
            self.rested.notify_waiters();
        }
    }

    fn is_settled(&self, state: &State) -> bool {
        self.filters.outstanding() == 0 && state.engine.running_code() == 0
    }

    /// What is under way that no clock can hurry.
    fn in_flight(&self, state: &State) -> usize {
        self.filters.outstanding() + state.engine.running_code() + state.engine.held_messages()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic inside is a broken invariant of the engine; what stands after
        // it is still the best there is to go on with.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
