//! What becomes of environments: reports from their runtimes, and alarms.

use std::sync::Arc;

use super::environment::State;
use super::settle::End;
use crate::engine::Engine;
use crate::engine::alarm::Alarm;
use crate::engine::effect::{Completion, Effect, Exit, FunctionError, News, Outcome, Report};
use crate::engine::fact::{StopReason, What};
use crate::engine::ids::EnvironmentId;
use crate::engine::time::Timestamp;

impl Engine {
    /// Takes news of an environment. News of one that is gone are ignored:
    /// a runtime may still speak after it was told to stop.
    pub fn report(&mut self, now: Timestamp, report: Report) {
        self.tick(now);
        let Report { environment: id, news } = report;
        let Some(environment) = self.environments.get(&id) else { return };
        let initialising = matches!(environment.state, State::Init { .. });
        match news {
            News::Ready => self.environment_ready(now, id),
            // Only Init can fail so; later it is a runtime's mistake.
            News::InitFailed(_) if !initialising => {}
            News::InitFailed(error) => {
                self.init_failed(now, id, Outcome::FunctionError(error), StopReason::InitFailure);
            }
            News::Finished(completion) => self.invocation_finished(now, id, completion),
            News::Exited(exit) => self.environment_exited(now, id, exit),
            News::StartRefused(reason) => {
                self.end_environment(now, id, Outcome::HostFailure(reason).into(), StopReason::HostFailure);
            }
            News::MemoryUsed(megabytes) => self.note_memory(id, megabytes),
        }
    }

    fn note_memory(&mut self, id: EnvironmentId, megabytes: u32) {
        let environment = self.environments.get_mut(&id);
        if let Some(invocation) = environment.and_then(|environment| environment.state.invocation_mut()) {
            invocation.max_memory_mb = Some(megabytes);
        }
    }

    fn environment_ready(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let took = now.since(environment.started);
        let State::Init { alarm, .. } = environment.state else { return };
        self.alarms.cancel(alarm);
        let placeholder = State::Idle { since: now, alarm };
        let State::Init { mut invocation, .. } = std::mem::replace(&mut environment.state, placeholder)
        else {
            return;
        };
        // An Init that passed its limit is part of the invocation's Duration.
        if invocation.started.is_none() {
            invocation.init = Some(took);
        }
        self.record(now, What::InitEnded { environment: id, took });
        self.dispatch(now, id, invocation);
    }

    fn init_failed(&mut self, now: Timestamp, id: EnvironmentId, outcome: Outcome, reason: StopReason) {
        if let Some(environment) = self.environments.get(&id) {
            let took = now.since(environment.started);
            self.record(now, What::InitFailed { environment: id, took, timed_out: false });
        }
        self.end_environment(now, id, outcome.into(), reason);
    }

    fn invocation_finished(&mut self, now: Timestamp, id: EnvironmentId, completion: Completion) {
        let Completion { request_id, outcome, max_memory_mb, items } = completion;
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let State::Busy { invocation, alarm } = &environment.state else { return };
        if invocation.request_id != request_id {
            return;
        }
        self.alarms.cancel(*alarm);
        let placeholder = State::Idle { since: now, alarm: *alarm };
        let State::Busy { invocation, .. } = std::mem::replace(&mut environment.state, placeholder) else {
            return;
        };
        let settled = self.settle(now, id, invocation, End { outcome, max_memory_mb, items });
        self.rest(now, id);
        self.give_result(now, settled);
    }

    /// An environment that has nothing to do waits, unless its version is no
    /// longer the function's.
    fn rest(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let current = self.functions.get_mut(&environment.function.name);
        let current = current.filter(|function| Arc::ptr_eq(&function.latest, &environment.function));
        let Some(function) = current else {
            return self.stop_environment(now, id, StopReason::Outdated);
        };
        let (shortest, longest) = self.quotas.idle_lifetime;
        let micros = |span: std::time::Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let lifetime = self.rng.between(micros(shortest), micros(longest).max(micros(shortest)));
        let at = now + std::time::Duration::from_micros(lifetime);
        let alarm = self.alarms.set(at, Alarm::ReclaimIdle(id));
        environment.state = State::Idle { since: now, alarm };
        function.idle.insert((now, id));
        self.record(now, What::EnvironmentIdle { environment: id });
    }

    fn environment_exited(&mut self, now: Timestamp, id: EnvironmentId, exit: Exit) {
        let Some(environment) = self.environments.get(&id) else { return };
        let outcome = Outcome::FunctionError(FunctionError::Exited(exit));
        match environment.state {
            State::Init { .. } => self.init_failed(now, id, outcome, StopReason::Exit),
            State::Busy { .. } | State::Idle { .. } => {
                self.end_environment(now, id, outcome.into(), StopReason::Exit);
            }
        }
    }

    pub(in crate::engine) fn init_limit_passed(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let State::Init { invocation, alarm } = &mut environment.state else { return };
        invocation.started = Some(now);
        *alarm = self.alarms.set(now + environment.function.spec.timeout, Alarm::EndInvocation(id));
        let took = now.since(environment.started);
        self.record(now, What::InitFailed { environment: id, took, timed_out: true });
    }

    pub(in crate::engine) fn timeout_passed(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get(&id) else { return };
        let timeout = environment.function.spec.timeout;
        let outcome = Outcome::FunctionError(FunctionError::TimedOut(timeout));
        self.end_environment(now, id, outcome.into(), StopReason::Timeout);
    }

    pub(in crate::engine) fn idle_lifetime_passed(&mut self, now: Timestamp, id: EnvironmentId) {
        self.stop_environment(now, id, StopReason::IdleReclaim);
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
