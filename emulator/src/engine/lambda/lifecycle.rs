//! What becomes of environments: reports from their runtimes, and alarms.

use super::allocation::AllocationStatus;
use super::environment::{InitializationType, State};
use super::settle::End;
use crate::engine::Engine;
use crate::engine::alarm::Alarm;
use crate::engine::effect::{Completion, Effect, Exit, FunctionError, News, Outcome, Report};
use crate::engine::fact::{ResetReason, StopReason, What};
use crate::engine::ids::EnvironmentId;
use crate::engine::time::Timestamp;

impl Engine {
    /// Takes news of an environment. News of one that is gone, or of what ran
    /// in it before it was reset, are ignored: a runtime may still speak after
    /// it was told to stop.
    pub fn report(&mut self, now: Timestamp, report: Report) {
        self.tick(now);
        let Report { environment: id, incarnation, news } = report;
        let Some(environment) = self.environments.get(&id) else { return };
        if environment.incarnation != incarnation {
            return;
        }
        let initialising = matches!(environment.state, State::Init { .. });
        match news {
            News::Ready if initialising => self.environment_ready(now, id),
            News::InitFailed(error) if initialising => {
                self.init_failed(now, id, error, ResetReason::InitFailure);
            }
            // Only Init can end so; later it is a runtime's mistake.
            News::Ready | News::InitFailed(_) => {}
            News::Finished(completion) => self.invocation_finished(now, id, completion),
            News::Rested => self.environment_rested(now, id),
            News::Exited(exit) => self.environment_exited(now, id, exit),
            News::StartRefused(reason) => self.start_refused(now, id, Outcome::HostFailure(reason)),
            News::MemoryUsed(megabytes) => self.note_memory(id, megabytes),
        }
    }

    fn note_memory(&mut self, id: EnvironmentId, megabytes: u32) {
        let environment = self.environments.get_mut(&id);
        if let Some(invocation) = environment.and_then(|environment| environment.state.invocation_mut()) {
            invocation.max_memory_mb = Some(megabytes);
        }
    }

    fn invocation_finished(&mut self, now: Timestamp, id: EnvironmentId, completion: Completion) {
        let Completion { request_id, outcome, max_memory_mb, items, rested } = completion;
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let State::Busy { invocation, .. } = &mut environment.state else { return };
        if invocation.request.request_id != request_id || invocation.answered.is_some() {
            return;
        }
        invocation.answered = Some(End { outcome, max_memory_mb, items });
        if rested {
            return self.environment_rested(now, id);
        }
        invocation.lingers = true;
        let (name, number) = (invocation.request.function.clone(), invocation.number);
        if let Some(function) = self.functions.get_mut(&name).filter(|function| function.number == number) {
            function.arrivals.note_answer(now);
        }
        self.answer_early(now, id);
    }

    /// The runtime and its extensions have nothing left to do.
    fn environment_rested(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let State::Busy { invocation, alarm } = &mut environment.state else { return };
        let Some(end) = invocation.answered.take() else { return };
        // Its alarm stays until there is another, or none.
        let placeholder = State::Idle { since: now, alarm: Some(*alarm), cold: false };
        let before = std::mem::replace(&mut environment.state, placeholder);
        let Some(invocation) = before.into_invocation() else { return };
        let settled = self.settle(now, id, invocation, end);
        self.rest(now, id, false);
        self.give_result(now, settled);
    }

    /// An environment that has nothing to do waits, unless its version is no
    /// longer the function's or its time is over.
    pub(super) fn rest(&mut self, now: Timestamp, id: EnvironmentId, cold: bool) {
        let Self { environments, functions, .. } = self;
        let Some(environment) = environments.get_mut(&id) else { return };
        if let Some(reason) = environment.retires {
            return self.retire(now, id, reason);
        }
        let function = functions.get_mut(&environment.function.name);
        let Some(function) = function.filter(|function| function.is_current(&environment.function)) else {
            return self.stop_environment(now, id, StopReason::Outdated);
        };
        let awaited = function.arrivals.are_waiting().then(|| environment.function.name.clone());
        let fleet = function.fleet_mut(environment.function.version);
        let before = environment.state.alarm();
        let alarm = match (environment.initialization, &mut fleet.allocation) {
            (InitializationType::Provisioned, Some(allocation)) => {
                allocation.idle.insert(now, id);
                before.into_iter().for_each(|key| self.alarms.cancel(key));
                None
            }
            (InitializationType::Provisioned, None) => {
                return self.stop_environment(now, id, StopReason::Unprovisioned);
            }
            (InitializationType::OnDemand, _) => {
                fleet.idle.insert(now, id);
                let (shortest, longest) = self.quotas.idle_lifetime;
                let at = now + self.rng.span(shortest, longest);
                Some(self.alarms.replace(before, at, Alarm::ReclaimIdle(id)))
            }
        };
        environment.state = State::Idle { since: now, alarm, cold };
        self.record(now, What::EnvironmentIdle { environment: id });
        if let Some(name) = awaited {
            self.resume_arrivals(now, &name);
        }
    }

    fn environment_exited(&mut self, now: Timestamp, id: EnvironmentId, exit: Exit) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        match &mut environment.state {
            State::Placing { .. } => {}
            State::Init { .. } => self.init_failed(now, id, FunctionError::Exited(exit), ResetReason::Exit),
            State::Busy { invocation, .. } => match invocation.answered.take() {
                // What it answered stands.
                Some(end) => self.end_invocation(now, id, end, ResetReason::Exit),
                None => {
                    let outcome = Outcome::FunctionError(FunctionError::Exited(exit));
                    self.fail_invocation(now, id, outcome, ResetReason::Exit);
                }
            },
            State::Idle { cold, .. } => {
                *cold = true;
                self.halt(now, id, ResetReason::Exit);
            }
        }
    }

    /// The host could not start it: it never was one of AWS's environments.
    fn start_refused(&mut self, now: Timestamp, id: EnvironmentId, outcome: Outcome) {
        let Some(environment) = self.environments.get(&id) else { return };
        match environment.state {
            State::Init { invocation: None, .. } => {
                self.provisioned_failed(now, id, AllocationStatus::HostFailed);
            }
            State::Placing { .. } | State::Init { .. } | State::Busy { .. } | State::Idle { .. } => {
                let (name, version) = (environment.function.name.clone(), environment.function.version);
                self.end_environment(now, id, outcome.into(), StopReason::HostFailure);
                self.replace_provisioned(now, &name, version);
            }
        }
    }

    pub(in crate::engine) fn timeout_passed(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get(&id) else { return };
        let timeout = environment.function.spec.timeout;
        let outcome = Outcome::FunctionError(FunctionError::TimedOut(timeout));
        self.fail_invocation(now, id, outcome, ResetReason::Timeout);
    }

    pub(super) fn fail_invocation(
        &mut self,
        now: Timestamp,
        id: EnvironmentId,
        outcome: Outcome,
        why: ResetReason,
    ) {
        self.end_invocation(now, id, outcome.into(), why);
    }

    /// Ends an invocation in an environment that can't go on without a reset.
    fn end_invocation(&mut self, now: Timestamp, id: EnvironmentId, end: End, why: ResetReason) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        environment.state.alarm().into_iter().for_each(|key| self.alarms.cancel(key));
        let placeholder = State::Idle { since: now, alarm: None, cold: true };
        let before = std::mem::replace(&mut environment.state, placeholder);
        let Some(invocation) = before.into_invocation() else { return };
        let settled = self.settle(now, id, invocation, end);
        self.halt(now, id, why);
        self.rest(now, id, true);
        self.give_result(now, settled);
    }

    /// Ends what runs in an environment; its files stay.
    fn halt(&mut self, now: Timestamp, id: EnvironmentId, reason: ResetReason) {
        if let Some(environment) = self.environments.get_mut(&id) {
            environment.incarnation += 1;
            self.record(now, What::EnvironmentReset { environment: id, reason });
            self.effects.push(Effect::Halt { environment: id });
        }
    }

    pub(in crate::engine) fn idle_lifetime_passed(&mut self, now: Timestamp, id: EnvironmentId) {
        self.stop_environment(now, id, StopReason::IdleReclaim);
    }

    /// An environment has lived its time: it goes when it has nothing to do.
    pub(in crate::engine) fn lifetime_passed(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        match environment.state {
            State::Idle { .. } => self.retire(now, id, StopReason::Retired),
            State::Placing { .. } | State::Init { .. } | State::Busy { .. } => {
                environment.retires.get_or_insert(StopReason::Retired);
            }
        }
    }

    fn retire(&mut self, now: Timestamp, id: EnvironmentId, reason: StopReason) {
        let Some(environment) = self.environments.get(&id) else { return };
        let (name, version) = (environment.function.name.clone(), environment.function.version);
        self.stop_environment(now, id, reason);
        self.replace_provisioned(now, &name, version);
    }

    /// Ends what the environment runs, in the emulator's own name.
    pub(super) fn abort_for_reset(&mut self, now: Timestamp, id: EnvironmentId) {
        let outcome = Outcome::HostFailure("the emulator was reset or stopped".into());
        self.end_environment(now, id, outcome.into(), StopReason::Reset);
    }

    /// Ends an environment that runs nothing.
    pub(super) fn stop_environment(&mut self, now: Timestamp, id: EnvironmentId, reason: StopReason) {
        if self.take_environment(id).is_some() {
            self.tell_stop(now, id, reason);
        }
    }

    /// Ends an environment, and its invocation with it.
    fn end_environment(&mut self, now: Timestamp, id: EnvironmentId, end: End, reason: StopReason) {
        let Some(invocation) = self.take_environment(id) else { return };
        let settled = invocation.map(|invocation| self.settle(now, id, invocation, end));
        self.tell_stop(now, id, reason);
        if let Some(settled) = settled {
            self.give_result(now, settled);
        }
    }

    fn tell_stop(&mut self, now: Timestamp, id: EnvironmentId, reason: StopReason) {
        self.record(now, What::EnvironmentStopped { environment: id, reason });
        self.effects.push(Effect::Stop { environment: id });
    }
}
