//! Admission: the only place where a permit is taken.

use std::sync::Arc;

use bytes::Bytes;

use super::concurrency::Permit;
use super::environment::{Environment, State};
use super::invocation::{Invocation, Origin, Request};
use crate::engine::Engine;
use crate::engine::alarm::Alarm;
use crate::engine::effect::{Dispatch, Effect, Payload, Start};
use crate::engine::error::{Refusal, ThrottleReason};
use crate::engine::fact::{Pool, What};
use crate::engine::ids::{EnvironmentId, FunctionName, RequestId};
use crate::engine::time::Timestamp;

impl Engine {
    /// A synchronous invocation. Its answer comes as [`Effect::Respond`] under
    /// the request id that is returned here.
    pub fn invoke(&mut self, now: Timestamp, name: &str, payload: Bytes) -> (RequestId, Result<(), Refusal>) {
        self.tick(now);
        let request_id = RequestId(self.rng.uuid());
        let Some((function, _)) = self.functions.get_key_value(name) else {
            return (request_id, Err(Refusal::FunctionNotFound(name.into())));
        };
        let request = Request {
            request_id,
            function: function.clone(),
            payload: Payload::Json(payload),
            origin: Origin::Caller,
        };
        (request_id, self.admit(now, request).map_err(|(_, refusal)| refusal))
    }

    /// Asks for a permit and an environment, in this order: is there such a
    /// function; is its pool's permit free; is one of its environments idle,
    /// or must a new one start. A refusal gives the origin back, with what is its own.
    pub(in crate::engine) fn admit(
        &mut self,
        now: Timestamp,
        request: Request,
    ) -> Result<(), (Origin, Refusal)> {
        let Request { request_id, function, payload, origin } = request;
        let asker = origin.asker();
        let (pool, permit) = match self.take_permit(&function) {
            Ok(taken) => taken,
            Err(refusal) => {
                self.note_refusal(now, request_id, &function, &origin, &refusal);
                return Err((origin, refusal));
            }
        };
        let admitting = self.functions.get_mut(&function).expect("a permit was taken from it");
        admitting.in_flight += 1;
        admitting.tally.peak_in_flight = admitting.tally.peak_in_flight.max(admitting.in_flight);
        let idle = admitting.idle.pop_last();
        let number = admitting.number;
        let cold = idle.is_none();
        let environment = idle.map_or_else(|| self.next_environment_id(), |(_, id)| id);
        let name = function.clone();
        self.record(now, What::Admitted { request_id, function: name, asker, pool, environment, cold });
        let invocation = Invocation {
            request_id,
            function,
            number,
            payload,
            origin,
            permit,
            started: None,
            handed_over: false,
            init: None,
            max_memory_mb: None,
        };
        if cold {
            self.start_environment(now, environment, invocation);
        } else {
            self.reuse_environment(now, environment, invocation);
        }
        Ok(())
    }

    fn take_permit(&mut self, name: &FunctionName) -> Result<(Pool, Permit), Refusal> {
        let Some(function) = self.functions.get_mut(name) else {
            return Err(Refusal::FunctionNotFound(name.clone()));
        };
        let (pool, permits, reason) = match &mut function.reserved {
            Some(own) => {
                (Pool::Reserved, own, ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded)
            }
            None => {
                (Pool::Unreserved, &mut self.unreserved, ThrottleReason::ConcurrentInvocationLimitExceeded)
            }
        };
        match permits.try_acquire() {
            Some(permit) => Ok((pool, permit)),
            None => Err(Refusal::Throttled(reason)),
        }
    }

    fn note_refusal(
        &mut self,
        now: Timestamp,
        request_id: RequestId,
        function: &FunctionName,
        origin: &Origin,
        refusal: &Refusal,
    ) {
        let &Refusal::Throttled(reason) = refusal else { return };
        if let Some(function) = self.functions.get_mut(function) {
            *function.tally.throttles.entry(reason).or_default() += 1;
        }
        let asker = origin.asker();
        self.record(now, What::Throttled { request_id, function: function.clone(), asker, reason });
    }

    fn start_environment(&mut self, now: Timestamp, id: EnvironmentId, invocation: Invocation) {
        let log_stream = self.rng.uuid();
        let alarm = self.alarms.set(now + self.quotas.init_limit, Alarm::EndInit(id));
        let function = self.functions.get_mut(&invocation.function).expect("it was just admitted");
        function.environments.insert(id);
        function.tally.environments_started += 1;
        let function = Arc::clone(&function.latest);
        let state = State::Init { invocation, alarm };
        self.environments.insert(id, Environment { function: Arc::clone(&function), started: now, state });
        self.record(now, What::InitStarted { environment: id, function: Arc::clone(&function), log_stream });
        self.effects.push(Effect::Start(Start { environment: id, function, log_stream, at: now }));
    }

    fn reuse_environment(&mut self, now: Timestamp, id: EnvironmentId, invocation: Invocation) {
        let environment = self.environments.get(&id).expect("an idle environment is alive");
        self.alarms.cancel(environment.state.alarm());
        self.dispatch(now, id, invocation);
    }

    /// Hands an environment its event and lets the function's timeout run.
    pub(super) fn dispatch(&mut self, now: Timestamp, id: EnvironmentId, mut invocation: Invocation) {
        let environment = self.environments.get_mut(&id).expect("dispatch goes to a living environment");
        let started = *invocation.started.get_or_insert(now);
        invocation.handed_over = true;
        let deadline = started + environment.function.spec.timeout;
        let request_id = invocation.request_id;
        let reports_item_failures = match &invocation.origin {
            Origin::Batch(batch) => batch.reports_item_failures,
            Origin::Caller | Origin::Event(_) => false,
        };
        let payload = invocation.payload.clone();
        let alarm = self.alarms.set(deadline, Alarm::EndInvocation(id));
        environment.state = State::Busy { invocation, alarm };
        self.record(now, What::InvokeStarted { request_id, environment: id });
        let dispatch = Dispatch { environment: id, request_id, payload, deadline, reports_item_failures };
        self.effects.push(Effect::Dispatch(dispatch));
    }

    fn next_environment_id(&mut self) -> EnvironmentId {
        self.environments_made += 1;
        EnvironmentId(self.environments_made)
    }
}
