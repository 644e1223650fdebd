//! Starting environments, and handing them their events.

use std::sync::Arc;

use super::environment::{Environment, InitializationType, State};
use super::invocation::{Invocation, Origin, Request};
use super::qualifier::Version;
use crate::engine::Engine;
use crate::engine::alarm::Alarm;
use crate::engine::effect::{Dispatch, Effect, Start};
use crate::engine::fact::What;
use crate::engine::ids::{EnvironmentId, FunctionName};
use crate::engine::time::Timestamp;

impl Engine {
    /// Looks for a place for a new environment, which takes time where a cold
    /// start is simulated to the full.
    pub(super) fn place(&mut self, now: Timestamp, id: EnvironmentId, invocation: Box<Invocation>) {
        let (shortest, longest) = self.quotas.cold_start.placement;
        let (name, version) = (invocation.request.function.clone(), invocation.version);
        if longest.is_zero() {
            return self.start_environment(
                now,
                id,
                &name,
                version,
                InitializationType::OnDemand,
                Some(invocation),
            );
        }
        let at = now + self.rng.span(shortest, longest);
        let alarm = self.alarms.set(at, Alarm::BeginInit(id));
        self.add_environment(now, id, &name, version, InitializationType::OnDemand, |_| State::Placing {
            invocation,
            alarm,
        });
    }

    /// Starts a new environment, for an invocation or for those to come.
    pub(super) fn start_environment(
        &mut self,
        now: Timestamp,
        id: EnvironmentId,
        name: &FunctionName,
        version: Version,
        initialization: InitializationType,
        invocation: Option<Box<Invocation>>,
    ) {
        let alarm = |engine: &mut Self| {
            let limit = engine.init_limit(name, version, initialization);
            engine.alarms.set(now + limit, Alarm::EndInit(id))
        };
        self.add_environment(now, id, name, version, initialization, |engine| State::Init {
            invocation,
            alarm: alarm(engine),
            ready: false,
        });
        self.begin_init(now, id);
    }

    fn add_environment(
        &mut self,
        now: Timestamp,
        id: EnvironmentId,
        name: &FunctionName,
        version: Version,
        initialization: InitializationType,
        state: impl FnOnce(&mut Self) -> State,
    ) {
        let (shortest, longest) = self.quotas.environment_lifetime;
        let end_of_life = now + self.rng.span(shortest, longest);
        let end_of_life = self.alarms.set(end_of_life, Alarm::Retire(id));
        let state = state(self);
        let function = self.functions.get_mut(name).expect("an environment is of a function");
        function.environments.insert(id);
        function.tally.environments_started += 1;
        let function = function.version(version).expect("an environment is of a version").clone();
        let environment = Environment {
            function,
            initialization,
            incarnation: 0,
            started: now,
            retires: None,
            end_of_life,
            state,
        };
        if environment.runs_processes() {
            self.hosted.insert(id);
        }
        self.environments.insert(id, environment);
    }

    /// Tells the runtime to start what has its place.
    pub(super) fn begin_init(&mut self, now: Timestamp, id: EnvironmentId) {
        let log_stream = self.rng.uuid();
        let Some(environment) = self.environments.get_mut(&id) else { return };
        environment.started = now;
        let (function, initialization) = (Arc::clone(&environment.function), environment.initialization);
        let what = What::InitStarted {
            environment: id,
            function: Arc::clone(&function),
            initialization,
            log_stream,
        };
        self.record(now, what);
        let start = Start { environment: id, function, initialization, log_stream, at: now };
        self.effects.push(Effect::Start(start));
    }

    pub(super) fn reuse(&mut self, now: Timestamp, id: EnvironmentId, invocation: Box<Invocation>) {
        let environment = self.environments.get(&id).expect("an idle environment is alive");
        let State::Idle { since, cold, .. } = environment.state else { return };
        if let Some(function) = self.functions.get_mut(&invocation.request.function) {
            function.fleet_mut(invocation.version).not_idle(since, id);
        }
        if cold {
            self.restart(now, id, invocation);
        } else {
            self.begin_invoke(now, id, invocation);
        }
    }

    /// Hands a ready environment its event and lets the function's timeout run.
    pub(super) fn begin_invoke(
        &mut self,
        now: Timestamp,
        id: EnvironmentId,
        mut invocation: Box<Invocation>,
    ) {
        let environment = self.environments.get_mut(&id).expect("an event goes to a living environment");
        invocation.started = Some(now);
        let (before, timeout) = (environment.state.alarm(), environment.function.spec.timeout);
        let alarm = self.alarms.replace(before, now + timeout, Alarm::EndInvocation(id));
        let request_id = invocation.request.request_id;
        environment.state = State::Busy { invocation, alarm };
        self.record(now, What::InvokeStarted { request_id, environment: id });
        self.dispatch(id);
    }

    /// Starts an environment again in which nothing runs any more. Its Init is
    /// part of the invocation then ("suppressed init"): its timeout runs, and
    /// its Duration counts.
    pub(super) fn restart(&mut self, now: Timestamp, id: EnvironmentId, mut invocation: Box<Invocation>) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let request_id = invocation.request.request_id;
        invocation.started = Some(now);
        environment.started = now;
        environment.incarnation += 1;
        let incarnation = environment.incarnation;
        let (before, timeout) = (environment.state.alarm(), environment.function.spec.timeout);
        let alarm = self.alarms.replace(before, now + timeout, Alarm::EndInvocation(id));
        environment.state = State::Init { invocation: Some(invocation), alarm, ready: false };
        self.record(now, What::InitRestarted { environment: id });
        self.record(now, What::InvokeStarted { request_id, environment: id });
        self.effects.push(Effect::Restart { environment: id, incarnation, at: now });
    }

    /// Hands over the event of an invocation that has begun.
    pub(super) fn dispatch(&mut self, id: EnvironmentId) {
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let State::Busy { invocation, .. } = &environment.state else { return };
        let Request { request_id, qualifier, payload, client_context, trace, streams, origin, .. } =
            &invocation.request;
        let started = invocation.started.expect("its timeout runs");
        let dispatch = Dispatch {
            environment: id,
            request_id: *request_id,
            qualifier: qualifier.clone(),
            payload: payload.clone(),
            client_context: client_context.clone(),
            trace: trace.clone(),
            streams: *streams,
            deadline: started + environment.function.spec.timeout,
            reports_item_failures: match origin {
                Origin::Batch(batch) => batch.reports_item_failures,
                Origin::Caller | Origin::Event(_) => false,
            },
        };
        self.effects.push(Effect::Dispatch(dispatch));
    }

    pub(super) fn next_environment_id(&mut self) -> EnvironmentId {
        self.environments_made += 1;
        EnvironmentId(self.environments_made)
    }
}
