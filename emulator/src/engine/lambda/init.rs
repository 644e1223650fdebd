//! Init: its place, its time, its end, and its second chance.

use std::time::Duration;

use super::allocation::AllocationStatus;
use super::cold_start::{ColdStartMode, InitDistribution};
use super::environment::{InitializationType, State};
use super::qualifier::Version;
use crate::engine::Engine;
use crate::engine::alarm::Alarm;
use crate::engine::effect::{FunctionError, Outcome};
use crate::engine::fact::{InitPhase, ResetReason, What};
use crate::engine::ids::{EnvironmentId, FunctionName};
use crate::engine::time::Timestamp;

impl Engine {
    /// An environment has its place.
    pub(in crate::engine) fn environment_placed(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let (name, version) = (environment.function.name.clone(), environment.function.version);
        let limit = self.init_limit(&name, version, InitializationType::OnDemand);
        let alarm = self.alarms.set(now + limit, Alarm::EndInit(id));
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let before =
            std::mem::replace(&mut environment.state, State::Init { invocation: None, alarm, ready: false });
        if let State::Init { invocation, .. } = &mut environment.state {
            *invocation = before.into_invocation();
        }
        self.begin_init(now, id);
    }

    /// How long Init may take. Provisioned environments have more time.
    pub(super) fn init_limit(
        &self,
        name: &FunctionName,
        version: Version,
        initialization: InitializationType,
    ) -> Duration {
        let timeout = || {
            let function = self.functions.get(name).and_then(|function| function.version(version));
            function.map_or(Duration::ZERO, |function| function.spec.timeout)
        };
        match initialization {
            InitializationType::OnDemand => self.quotas.init_limit,
            InitializationType::Provisioned => self.quotas.provisioned_init_limit.max(timeout()),
        }
    }

    /// The runtime is ready. A simulated cold start may take longer than that.
    pub(super) fn environment_ready(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get(&id) else { return };
        let State::Init { invocation, alarm, .. } = &environment.state else { return };
        let suppressed = invocation.as_ref().is_some_and(|invocation| invocation.started.is_some());
        let (alarm, started) = (*alarm, environment.started);
        let spec = &environment.function.spec;
        let mode = spec.cold_start.mode.unwrap_or(self.quotas.cold_start.mode);
        let measured = || InitDistribution::measured(&spec.runtime, &spec.architecture);
        let distribution = spec.cold_start.distribution.or_else(measured);
        let at = match (mode, distribution) {
            (ColdStartMode::Real, _) | (_, None) => now,
            (ColdStartMode::Simulated, Some(times)) => started + times.draw(&mut self.rng),
            (ColdStartMode::Added, Some(times)) => now + times.draw(&mut self.rng),
        };
        if suppressed || at <= now {
            return self.initialised(now, id);
        }
        self.alarms.cancel(alarm);
        let alarm = self.alarms.set(at, Alarm::EndColdStart(id));
        if let Some(State::Init { alarm: current, ready, .. }) =
            self.environments.get_mut(&id).map(|environment| &mut environment.state)
        {
            (*current, *ready) = (alarm, true);
        }
    }

    /// Init is over, and whoever waited for it goes on.
    pub(in crate::engine) fn initialised(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let took = now.since(environment.started);
        let State::Init { invocation, alarm, .. } = &mut environment.state else { return };
        let alarm = *alarm;
        let Some(mut invocation) = invocation.take() else {
            self.alarms.cancel(alarm);
            let (name, version) = (environment.function.name.clone(), environment.function.version);
            self.record(now, What::InitEnded { environment: id, took });
            self.rest(now, id, false);
            // One that had lived its time before it was ready is gone by now.
            if self.environments.contains_key(&id) {
                self.provisioned_ready(now, &name, version);
            }
            return;
        };
        if invocation.started.is_some() {
            // Its timeout runs on, and so does its alarm.
            environment.state = State::Busy { invocation, alarm };
            self.record(now, What::InitEnded { environment: id, took });
            return self.dispatch(id);
        }
        invocation.init = Some(took);
        self.record(now, What::InitEnded { environment: id, took });
        self.begin_invoke(now, id, invocation);
    }

    /// Init failed. Before an invocation it is tried again inside of it; there,
    /// the invocation fails with it.
    pub(super) fn init_failed(
        &mut self,
        now: Timestamp,
        id: EnvironmentId,
        error: FunctionError,
        why: ResetReason,
    ) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let took = now.since(environment.started);
        let State::Init { invocation, alarm, .. } = &mut environment.state else { return };
        let (alarm, error_type) = (*alarm, Some(error.kind()));
        let Some(invocation) = invocation.take_if(|invocation| invocation.started.is_none()) else {
            let phase = if invocation.is_some() { InitPhase::Invoke } else { InitPhase::Init };
            self.record(now, What::InitFailed { environment: id, took, phase, error_type });
            return match phase {
                InitPhase::Invoke => self.fail_invocation(now, id, Outcome::FunctionError(error), why),
                InitPhase::Init => self.provisioned_failed(now, id, AllocationStatus::Failed),
            };
        };
        self.alarms.cancel(alarm);
        let phase = InitPhase::Init;
        self.record(now, What::InitFailed { environment: id, took, phase, error_type });
        self.restart(now, id, invocation);
    }

    /// Init took too long.
    pub(in crate::engine) fn init_limit_passed(&mut self, now: Timestamp, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let took = now.since(environment.started);
        let State::Init { invocation, .. } = &mut environment.state else { return };
        let (phase, invocation) = (InitPhase::Init, invocation.take());
        self.record(now, What::InitFailed { environment: id, took, phase, error_type: None });
        match invocation {
            Some(invocation) => self.restart(now, id, invocation),
            None => self.provisioned_failed(now, id, AllocationStatus::Failed),
        }
    }
}

impl FunctionError {
    /// The type of the error, as INIT_REPORT names it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Reported(_) | Self::Exited(_) => "Runtime.ExitError",
            Self::TimedOut(_) => "Sandbox.Timedout",
            Self::ResponseTooLarge => "Function.ResponseSizeTooLarge",
            Self::InvalidEntrypoint(_) => "Runtime.InvalidEntrypoint",
            Self::ExtensionCrashed => "Extension.Crash",
        }
    }
}
