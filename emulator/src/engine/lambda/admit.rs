//! Admission: the only place where a permit is taken.
//!
//! What is asked of one request, in this order (AWS does not publish its own):
//!
//! 1. Which version does the qualifier mean? A weighted alias draws.
//! 2. Can the function be invoked at all? Is the chain of requests too long?
//! 3. Is the request rate of the reservation and of the account kept?
//! 4. Is a provisioned environment idle, and its own request rate kept? Then
//!    that one.
//! 5. Else on demand: is a permit of the reservation, or of the account, free?
//! 6. Is an environment of this version idle? Then the one used last.
//! 7. Else a new one, if the scaling rate allows it.
//!
//! A refused request has used up nothing: neither permit nor rate.

use super::attachments::RecursiveLoop;
use super::concurrency::Permit;
use super::invocation::{Invocation, Invoke, Origin, Request};
use super::qualifier::Version;
use super::transition::FunctionState;
use crate::engine::Engine;
use crate::engine::effect::Payload;
use crate::engine::error::{Refusal, ThrottleReason};
use crate::engine::fact::{Limit, Pool, What};
use crate::engine::ids::{EnvironmentId, FunctionName, RequestId};
use crate::engine::time::Timestamp;

/// What a request was given.
#[derive(Debug)]
struct Grant {
    pool: Pool,
    permit: Permit,
    /// An idle environment; else a new one is to be started.
    environment: Option<EnvironmentId>,
    spillover: bool,
}

/// What a request was not given.
#[derive(Debug, Clone, Copy)]
struct Denial {
    reason: ThrottleReason,
    limit: Limit,
}

impl Engine {
    /// A synchronous invocation. Its answer comes as [`Effect::Respond`](crate::engine::Effect::Respond),
    /// or [`Effect::Refuse`](crate::engine::Effect::Refuse), under the request id that is returned here.
    pub fn invoke(&mut self, now: Timestamp, invoke: Invoke<'_>) -> (RequestId, Result<(), Refusal>) {
        self.tick(now);
        let request_id = RequestId(self.rng.uuid());
        let Invoke { function, qualifier, payload, client_context, trace, streams, wants_log } = invoke;
        let Some((name, _)) = self.functions.get_key_value(function) else {
            return (request_id, Err(Refusal::FunctionNotFound(function.into(), qualifier)));
        };
        let request = Request {
            request_id,
            function: name.clone(),
            qualifier,
            payload: Payload::Json(payload),
            client_context,
            trace,
            streams,
            wants_log,
            origin: Origin::Caller,
            arrived: None,
        };
        (request_id, self.admit(now, request).map_err(|(_, refusal)| refusal))
    }

    /// Asks for a permit and an environment. A refusal gives the origin back,
    /// with what is its own.
    pub(in crate::engine) fn admit(
        &mut self,
        now: Timestamp,
        request: Request,
    ) -> Result<(), (Origin, Refusal)> {
        let version = match self.find_version(&request) {
            Ok(version) => version,
            Err(refusal) => return Err((request.origin, refusal)),
        };
        let is_rated = !matches!(request.origin, Origin::Event(_));
        match self.decide(now, &request.function, version, is_rated) {
            Ok(Grant { environment: None, .. }) | Err(_) if self.may_wait(now, &request) => {
                self.wait_for_rest(now, request, version);
                Ok(())
            }
            Ok(grant) => {
                self.begin_invocation(now, request, version, grant, is_rated);
                Ok(())
            }
            Err(denial) => {
                let reason = denial.reason;
                self.note_denial(now, &request, denial);
                Err((request.origin, Refusal::Throttled(reason)))
            }
        }
    }

    /// Steps 1 and 2.
    fn find_version(&mut self, request: &Request) -> Result<Version, Refusal> {
        let Request { function: name, qualifier, .. } = request;
        let drew = request.arrived.map(|arrival| arrival.version);
        let missing = || Refusal::FunctionNotFound(name.clone(), qualifier.clone());
        let function = self.functions.get(name).ok_or_else(missing)?;
        let version = function.route(qualifier, drew, &mut self.rng).ok_or_else(missing)?;
        if function.state() == FunctionState::Pending {
            return Err(Refusal::Pending);
        }
        let terminates = function.attachments.recursive_loop == RecursiveLoop::Terminate;
        if terminates && request.trace.depth >= self.quotas.recursion_limit {
            return Err(Refusal::Recursive);
        }
        Ok(version)
    }

    /// Steps 3 to 7. Only the permit is taken; it goes back if the grant does.
    fn decide(
        &mut self,
        now: Timestamp,
        name: &FunctionName,
        version: Version,
        is_rated: bool,
    ) -> Result<Grant, Denial> {
        use ThrottleReason as Reason;
        let Self { functions, account_rate, unreserved, quotas, .. } = self;
        let function = functions.get_mut(name).expect("a version of it was found");
        if let Some(reservation) = &mut function.reservation
            && is_rated
            && reservation.limit() > 0
            && !reservation.rate.has_token(now)
        {
            let reason = Reason::ReservedFunctionInvocationRateLimitExceeded;
            return Err(Denial { reason, limit: Limit::ReservedRate });
        }
        if is_rated && !account_rate.has_token(now) {
            let reason = Reason::FunctionInvocationRateLimitExceeded;
            return Err(Denial { reason, limit: Limit::AccountRate });
        }

        let fleet = function.fleets.entry(version).or_default();
        let mut spillover = false;
        if let Some(allocation) = fleet.allocation.as_mut().filter(|allocation| allocation.pool.limit() > 0) {
            if !allocation.idle.is_empty()
                && (!is_rated || allocation.rate.has_token(now))
                && let Some(permit) = allocation.pool.try_acquire()
            {
                let environment = allocation.idle.last();
                return Ok(Grant { pool: Pool::Provisioned, permit, environment, spillover: false });
            }
            spillover = true;
        }

        let (pool, permits, denial) = match &mut function.reservation {
            Some(reservation) => (
                Pool::Reserved,
                &mut reservation.on_demand,
                Denial {
                    reason: Reason::ReservedFunctionConcurrentInvocationLimitExceeded,
                    limit: Limit::Reserved,
                },
            ),
            None => (
                Pool::Unreserved,
                unreserved,
                Denial { reason: Reason::ConcurrentInvocationLimitExceeded, limit: Limit::Unreserved },
            ),
        };
        let Some(permit) = permits.try_acquire() else { return Err(denial) };
        let environment = fleet.idle.last();
        if environment.is_none() && !function.scaling.has_token(now) {
            return Err(Denial { reason: quotas.scaling_refusal, limit: Limit::ScalingRate });
        }
        Ok(Grant { pool, permit, environment, spillover })
    }

    /// Takes what was granted and begins.
    fn begin_invocation(
        &mut self,
        now: Timestamp,
        request: Request,
        version: Version,
        grant: Grant,
        is_rated: bool,
    ) {
        let Grant { pool, permit, environment, spillover } = grant;
        let function = self.functions.get_mut(&request.function).expect("it was just granted something");
        if is_rated {
            self.account_rate.take(now);
            let own = function.reservation.as_mut().map(|reservation| &mut reservation.rate);
            own.into_iter().for_each(|rate| rate.take(now));
        }
        if environment.is_none() {
            function.scaling.take(now);
        }
        if pool == Pool::Provisioned
            && is_rated
            && let Some(allocation) = &mut function.fleet_mut(version).allocation
        {
            allocation.rate.take(now);
        }
        function.in_flight += 1;
        let tally = &mut function.tally;
        tally.peak_in_flight = tally.peak_in_flight.max(function.in_flight);
        tally.provisioned += u64::from(pool == Pool::Provisioned);
        tally.spillover += u64::from(spillover);
        let number = function.number;
        let cold = environment.is_none();
        let id = environment.unwrap_or_else(|| self.next_environment_id());
        let what = What::Admitted {
            request_id: request.request_id,
            function: request.function.clone(),
            qualifier: request.qualifier.clone(),
            version,
            asker: request.origin.asker(),
            pool,
            spillover,
            environment: id,
            cold,
        };
        self.record(now, what);
        let invocation = Box::new(Invocation {
            request,
            version,
            number,
            permit,
            started: None,
            init: None,
            answered: None,
            lingers: false,
            told: false,
            max_memory_mb: None,
        });
        if cold {
            self.place(now, id, invocation);
        } else {
            self.reuse(now, id, invocation);
        }
    }

    fn note_denial(&mut self, now: Timestamp, request: &Request, denial: Denial) {
        let Denial { reason, limit } = denial;
        if let Some(function) = self.functions.get_mut(&request.function) {
            *function.tally.throttles.entry(reason).or_default() += 1;
        }
        let what = What::Throttled {
            request_id: request.request_id,
            function: request.function.clone(),
            qualifier: request.qualifier.clone(),
            asker: request.origin.asker(),
            reason,
            limit,
        };
        self.record(now, what);
    }
}
