//! How environments rest, are reset, and end.

use emulator::engine::{Ending, EnvironmentId, ResetReason, StopReason, Timestamp};

use super::environments::{Before, EnvironmentBook, State};
use super::{Auditor, HandOver, Verdict};

impl Auditor {
    /// After a timeout, a crash and an Init that failed twice, nothing runs in
    /// an environment any more. An idle one may lose its process, too.
    pub(super) fn environment_reset(&mut self, id: EnvironmentId, reason: ResetReason) -> Verdict {
        let state = self.environment(id)?.state;
        let next = match (state, reason) {
            (State::Idle { since, .. }, ResetReason::Exit) => State::Idle { since, cold: true },
            (State::Ended { ending: Ending::TimedOut, .. }, ResetReason::Timeout)
            | (
                State::Ended { before: Before::InitFailed, .. },
                ResetReason::InitFailure | ResetReason::Exit,
            )
            | (
                State::Ended {
                    ending: Ending::Exited | Ending::Succeeded | Ending::Failed,
                    before: Before::Busy,
                },
                ResetReason::Exit,
            ) => State::Halted,
            (state, _) => return Err(format!("{id:?} was reset for {reason:?}, and it was {state:?}")),
        };
        self.environments.entry(id).and_modify(|book| book.incarnation += 1);
        self.step.handed_over.push(HandOver::Halt(id));
        self.set_state(id, next)
    }

    /// An environment waits after a success and an error that its runtime
    /// survived; after all else only once it was reset.
    pub(super) fn environment_idle(&mut self, at: Timestamp, id: EnvironmentId) -> Verdict {
        let book = self.environment(id)?;
        let survived = matches!(
            book.state,
            State::Fresh | State::Ended { ending: Ending::Succeeded | Ending::Failed, before: Before::Busy }
        );
        let cold = matches!(book.state, State::Halted);
        rule!(survived || cold, "{id:?} cannot wait for more: it is {:?}", book.state);
        rule!(self.is_current(book), "{id:?} waits, and its version is not current");
        rule!(book.provisioned == book.allocation.is_some(), "{id:?} waits, and is provisioned for nobody");
        let (_, longest) = self.quotas.environment_lifetime;
        rule!(at <= book.born + longest, "{id:?} waits, and has lived its time");
        self.set_state(id, State::Idle { since: at, cold })
    }

    pub(super) fn environment_stopped(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        reason: StopReason,
    ) -> Verdict {
        let book = self.environment(id)?;
        self.check_stop(at, id, book, reason)?;
        let (name, of) = (book.version.name.clone(), book.version.version);
        let (current, idle) = (self.is_current(book), matches!(book.state, State::Idle { .. }));
        let (allocation, in_init) = (book.allocation, !idle && book.state.request().is_none());
        if reason == StopReason::Outdated && current {
            self.owed.deletions.insert((name.clone(), of));
        }
        if reason == StopReason::Unprovisioned && allocation.is_some() {
            self.owed.releases.insert((name.clone(), of));
        }
        if let Some(serial) = allocation {
            let failed = in_init && matches!(reason, StopReason::InitFailure | StopReason::HostFailure);
            self.provisioned_lost(&name, of, serial, failed);
        }
        self.environments.remove(&id);
        self.owed.environments.remove(&id);
        self.step.handed_over.push(HandOver::Stop(id));
        Ok(())
    }

    fn check_stop(
        &self,
        at: Timestamp,
        id: EnvironmentId,
        book: &EnvironmentBook,
        reason: StopReason,
    ) -> Verdict {
        let state = book.state;
        let rests = matches!(
            state,
            State::Idle { .. }
                | State::Fresh
                | State::Halted
                | State::Ended { ending: Ending::Succeeded | Ending::Failed, before: Before::Busy }
        );
        let host_failed = matches!(state, State::Ended { ending: Ending::HostFailure, .. });
        let for_nobody = matches!(state, State::Init { request: None, .. });
        let right = match reason {
            StopReason::IdleReclaim => self.was_unused(at, id, book)?,
            StopReason::Retired => {
                let (shortest, longest) = self.quotas.environment_lifetime;
                let age = at.since(book.born);
                let idle = matches!(state, State::Idle { .. });
                rule!(shortest <= age && (!idle || age <= longest), "{id:?} was retired after {age:?}");
                rests
            }
            StopReason::InitFailure => matches!(state, State::InitFailed(None)),
            StopReason::Unprovisioned => book.provisioned && (rests || for_nobody),
            StopReason::HostFailure => host_failed || for_nobody || matches!(state, State::Idle { .. }),
            // One whose version is still there is of one that goes at once.
            StopReason::Outdated => rests && (matches!(state, State::Idle { .. }) || !self.is_current(book)),
            StopReason::Reset => self.resetting && (host_failed || rests || for_nobody),
        };
        rule!(right, "{id:?} stopped for {reason:?}, and it was {state:?}");
        Ok(())
    }

    /// Only on-demand environments are reclaimed, after their idle lifetime.
    fn was_unused(&self, at: Timestamp, id: EnvironmentId, book: &EnvironmentBook) -> Result<bool, String> {
        let State::Idle { since, .. } = book.state else { return Ok(false) };
        rule!(!book.provisioned, "{id:?} was reclaimed, and it is provisioned");
        let (shortest, longest) = self.quotas.idle_lifetime;
        let idle = at.since(since);
        rule!(shortest <= idle && idle <= longest, "{id:?} was reclaimed after {idle:?}");
        Ok(true)
    }
}
