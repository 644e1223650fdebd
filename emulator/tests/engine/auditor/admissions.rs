//! Admission: who gets what, and which limit a refused request met.

use emulator::engine::{
    Asker, EnvironmentId, FunctionName, Limit, Pool, Qualifier, RequestId, ThrottleReason, Timestamp,
    Version, What,
};

use super::invocations::Running;
use super::{Auditor, Verdict};

/// Events of the asynchronous queue are not counted as requests.
fn is_rated(asker: Asker) -> bool {
    match asker {
        Asker::Caller | Asker::Mapping(_) => true,
        Asker::EventQueue => false,
    }
}

/// An admission, as its fact tells it.
struct Admission<'a> {
    at: Timestamp,
    function: &'a FunctionName,
    version: Version,
    asker: Asker,
    pool: Pool,
    spillover: bool,
    environment: EnvironmentId,
    cold: bool,
}

impl Auditor {
    pub(super) fn admitted(&mut self, at: Timestamp, what: &What) -> Verdict {
        let What::Admitted {
            request_id,
            function,
            qualifier,
            version,
            asker,
            pool,
            spillover,
            environment,
            cold,
        } = what
        else {
            return Err("not an admission".into());
        };
        let (id, asker) = (*request_id, *asker);
        rule!(!self.running.contains_key(&id), "{id} was admitted twice");
        let book = self.function(function)?;
        rule!(book.candidates(qualifier).contains(version), "{qualifier} does not mean version {version}");
        rule!(!self.is_pending(function, at), "{function} was invoked while it is Pending");
        let admission = Admission {
            at,
            function,
            version: *version,
            asker,
            pool: *pool,
            spillover: *spillover,
            environment: *environment,
            cold: *cold,
        };
        let allocation = self.check_admission(&admission)?;
        if asker == Asker::Caller && *cold {
            self.need_not_wait(at, id, function)?;
        }
        self.spend(&admission);
        let mut weight = super::shares::weight(self.function(function)?, qualifier);
        match asker {
            Asker::Caller => weight = self.caller_admitted(id)?,
            Asker::EventQueue => self.event_tried(at, id, qualifier)?,
            Asker::Mapping(mapping) => self.batch_admitted(mapping, function, qualifier)?,
        }
        self.shares.drawn(weight, *version);
        let generation = self.count_admission(&admission)?;
        let running = Running {
            function: function.clone(),
            generation,
            version: *version,
            environment: *environment,
            asker,
            allocation,
            admitted: at,
            clock: None,
            init: None,
            answered: false,
        };
        self.running.insert(id, running);
        self.assign(at, id, function, *version, *environment, *cold)
    }

    /// Every limit has room, and the environment is the right one. Gives the
    /// allocation that it counts in.
    fn check_admission(&self, admission: &Admission<'_>) -> Result<Option<u64>, String> {
        let &Admission { at, function, version, asker, pool, spillover, environment, cold } = admission;
        let is_rated = is_rated(asker);
        let limit = self.rate_met(at, function, is_rated)?;
        rule!(limit.is_none(), "{function} was admitted beyond {limit:?}");
        let provisioned = self.free_provisioned(at, function, version, is_rated);
        if pool == Pool::Provisioned {
            rule!(provisioned == Some(environment), "{provisioned:?} is the provisioned environment to use");
            rule!(!spillover && !cold, "provisioned concurrency is neither cold nor spillover");
            return Ok(Some(self.allocation(function, version)?.serial));
        }
        rule!(provisioned.is_none(), "{function} was admitted on demand, and {provisioned:?} was free");
        let has = self.allocation(function, version).is_ok_and(super::provisioned::AllocationBook::is_ready);
        rule!(spillover == has, "spillover is {has}");
        let (own, in_use, limit) = self.pool_of(function)?;
        rule!(pool == own, "{function} was admitted from the {pool:?} pool, and draws from {own:?}");
        rule!(in_use < limit, "{function} was admitted with {in_use} of {limit} {pool:?} in use");
        let idle = self.idle_on_demand(function, version);
        if cold {
            rule!(idle.is_none(), "{environment:?} starts while {idle:?} is idle");
            let allowed = self.function(function)?.scaling.allows(at);
            rule!(allowed, "{environment:?} starts beyond the scaling rate");
        } else {
            rule!(idle == Some(environment), "{environment:?} was reused, and {idle:?} is the one to use");
        }
        Ok(None)
    }

    /// The first of the request rates that is used up.
    fn rate_met(&self, at: Timestamp, name: &FunctionName, is_rated: bool) -> Result<Option<Limit>, String> {
        let book = self.function(name)?;
        let reserved = book.reserved.is_some_and(|reserved| reserved > 0);
        Ok(if !is_rated {
            None
        } else if reserved && !book.reserved_rate.allows(at) {
            Some(Limit::ReservedRate)
        } else if !self.account_rate.allows(at) {
            Some(Limit::AccountRate)
        } else {
            None
        })
    }

    /// The pool that a function draws from on demand, what is in use of it,
    /// and its limit.
    fn pool_of(&self, name: &FunctionName) -> Result<(Pool, u32, u32), String> {
        let book = self.function(name)?;
        Ok(match book.reserved {
            Some(limit) => (Pool::Reserved, self.on_demand_in_use(book), limit.saturating_sub(book.ready())),
            None => (Pool::Unreserved, self.unreserved_in_use(), self.unreserved_limit()),
        })
    }

    fn idle_on_demand(&self, name: &FunctionName, version: Version) -> Option<EnvironmentId> {
        self.last_used(|book| {
            !book.provisioned
                && book.version.name == *name
                && book.version.version == version
                && self.is_current(book)
        })
    }

    fn spend(&mut self, admission: &Admission<'_>) {
        let &Admission { at, function, version, asker, pool, cold, .. } = admission;
        let is_rated = is_rated(asker);
        if is_rated {
            self.account_rate.spend(at);
        }
        let Ok(book) = self.function_mut(function) else { return };
        if is_rated && book.reserved.is_some() {
            book.reserved_rate.spend(at);
        }
        if cold {
            book.scaling.spend(at);
        }
        if let Some(allocation) = book.allocations.get_mut(&version)
            && is_rated
            && pool == Pool::Provisioned
        {
            allocation.rate.spend(at);
        }
    }

    fn count_admission(&mut self, admission: &Admission<'_>) -> Result<u64, String> {
        let book = self.function_mut(admission.function)?;
        book.in_flight += 1;
        let tally = &mut book.tally;
        tally.peak_in_flight = tally.peak_in_flight.max(book.in_flight);
        tally.provisioned += u64::from(admission.pool == Pool::Provisioned);
        tally.spillover += u64::from(admission.spillover);
        tally.environments_started += u64::from(admission.cold);
        Ok(book.generation)
    }

    /// A refusal names the first limit that was met, and that one was met.
    pub(super) fn throttled(&mut self, at: Timestamp, what: &What) -> Verdict {
        let What::Throttled { request_id, function, qualifier, asker, reason, limit } = what else {
            return Err("not a refusal".into());
        };
        let (id, asker, reason) = (*request_id, *asker, *reason);
        let right = self.reason_of(*limit);
        rule!(reason == right, "{limit:?} refused with {reason:?}, not {right:?}");
        let met = self.limits_met(at, function, qualifier, is_rated(asker))?;
        rule!(met.contains(&Some(*limit)), "{function} was throttled by {limit:?}, and met {met:?}");
        self.shares.hidden(&self.functions[function], qualifier);
        *self.function_mut(function)?.tally.throttles.entry(reason).or_default() += 1;
        match asker {
            Asker::Caller => {
                self.need_not_wait(at, id, function)?;
                self.caller_throttled(id, reason)
            }
            Asker::EventQueue => self.event_throttled(at, id, qualifier),
            Asker::Mapping(mapping) => self.batch_throttled(mapping, function, qualifier),
        }
    }

    fn reason_of(&self, limit: Limit) -> ThrottleReason {
        match limit {
            Limit::AccountRate => ThrottleReason::FunctionInvocationRateLimitExceeded,
            Limit::ReservedRate => ThrottleReason::ReservedFunctionInvocationRateLimitExceeded,
            Limit::Reserved => ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded,
            Limit::Unreserved => ThrottleReason::ConcurrentInvocationLimitExceeded,
            Limit::ScalingRate => self.quotas.scaling_refusal,
        }
    }

    /// What a request meets first, for each version that it may go to; `None`
    /// where nothing is in its way.
    fn limits_met(
        &self,
        at: Timestamp,
        name: &FunctionName,
        qualifier: &Qualifier,
        is_rated: bool,
    ) -> Result<Vec<Option<Limit>>, String> {
        if let Some(limit) = self.rate_met(at, name, is_rated)? {
            return Ok(vec![Some(limit)]);
        }
        let (pool, in_use, limit) = self.pool_of(name)?;
        let book = self.function(name)?;
        let met = book.candidates(qualifier).into_iter().map(|version| {
            if self.free_provisioned(at, name, version, is_rated).is_some() {
                None
            } else if in_use >= limit {
                Some(if pool == Pool::Reserved { Limit::Reserved } else { Limit::Unreserved })
            } else if self.idle_on_demand(name, version).is_none() && !book.scaling.allows(at) {
                Some(Limit::ScalingRate)
            } else {
                None
            }
        });
        Ok(met.collect())
    }

    /// Gives the weight that its alias had when it came.
    fn caller_admitted(&mut self, id: RequestId) -> Result<Option<(Version, f64)>, String> {
        rule!(!self.ended.contains(&id), "{id} was admitted after its end");
        let arrival = self.waiting.remove(&id);
        Ok(arrival.and_then(|arrival| arrival.weight))
    }
}
