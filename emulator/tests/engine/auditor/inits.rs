//! How environments start: in a phase of their own, or inside an invocation.

use std::time::Duration;

use emulator::engine::{EnvironmentId, FunctionVersion, InitPhase, InitializationType, Timestamp};

use super::environments::State;
use super::{Auditor, HandOver, Verdict};

impl Auditor {
    pub(super) fn init_started(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        version: &FunctionVersion,
        initialization: InitializationType,
    ) -> Verdict {
        self.step.handed_over.push(HandOver::Start(id));
        if initialization == InitializationType::Provisioned {
            return self.init_of_provisioned(at, id, version);
        }
        let book = self.environment(id)?;
        let State::Placing(request) = book.state else { return Err(format!("{id:?} is {book:?}")) };
        rule!(book.version.revision_id == version.revision_id, "{id:?} runs another version than it should");
        let (shortest, longest) = self.quotas.cold_start.placement;
        let took = at.since(book.born);
        rule!(shortest.min(longest) <= took && took <= longest, "{id:?} was placed in {took:?}");
        self.set_state(id, State::Init { request: Some(request), since: at })
    }

    fn init_of_provisioned(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        version: &FunctionVersion,
    ) -> Verdict {
        let (name, of) = (&version.name, version.version);
        let serial = self.provisioned_started(at, name, of)?;
        self.add_environment(at, id, name, of, State::Init { request: None, since: at })?;
        self.function_mut(name)?.tally.environments_started += 1;
        let book = self.environments.get_mut(&id).expect("it was just added");
        (book.provisioned, book.allocation) = (true, Some(serial));
        rule!(book.version.revision_id == version.revision_id, "{id:?} runs another version than it should");
        Ok(())
    }

    pub(super) fn init_ended(&mut self, at: Timestamp, id: EnvironmentId, took: Duration) -> Verdict {
        let (state, longest) = (self.environment(id)?.state, self.longest_init(id)?);
        let next = if let State::Init { request, since } = state {
            rule!(took == at.since(since), "Init began at {since:?}");
            rule!(took <= longest, "Init took {took:?}, beyond its limit");
            if let Some(request) = request {
                self.running.entry(request).and_modify(|running| running.init = Some(took));
            }
            request.map_or(State::Fresh, State::Ready)
        } else if let State::InitAgain { request, since } = state {
            rule!(took == at.since(since), "Init began at {since:?}");
            self.step.handed_over.push(HandOver::Dispatch(id, request));
            State::Busy(request)
        } else {
            return Err(format!("Init ended in {state:?}"));
        };
        self.environments.entry(id).and_modify(|book| book.initialised = true);
        self.set_state(id, next)
    }

    pub(super) fn init_failed(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        took: Duration,
        phase: InitPhase,
        timed_out: bool,
    ) -> Verdict {
        let (state, longest) = (self.environment(id)?.state, self.init_limit(id)?);
        let (next, since) = match (state, phase) {
            (State::Init { request, since }, InitPhase::Init) => {
                rule!(!timed_out || took == longest, "Init passed its limit of {longest:?} after {took:?}");
                (State::InitFailed(request), since)
            }
            (State::InitAgain { request, since }, InitPhase::Invoke) => {
                rule!(!timed_out, "Init has no limit of its own inside an invocation");
                (State::InitFailedAgain(request), since)
            }
            (state, _) => return Err(format!("Init failed in {state:?}")),
        };
        rule!(took == at.since(since), "Init began at {since:?}");
        self.set_state(id, next)
    }

    pub(super) fn init_restarted(&mut self, id: EnvironmentId) -> Verdict {
        let book = self.environments.get_mut(&id).ok_or_else(|| format!("{id:?} is not alive"))?;
        let (State::Cold(request) | State::InitFailed(Some(request))) = book.state else {
            return Err(format!("{id:?} was started again, and it is {:?}", book.state));
        };
        book.incarnation += 1;
        self.step.handed_over.push(HandOver::Restart(id, book.incarnation));
        self.set_state(id, State::Restarting(request))
    }
}
