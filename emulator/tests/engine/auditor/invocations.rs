//! Permits: who is admitted, who is refused, and how invocations end.

use std::time::Duration;

use emulator::engine::{
    Asker, Ending, EnvironmentId, FunctionName, Pool, RequestId, ThrottleReason, Timestamp, What,
};

use super::{Auditor, Verdict};

/// An admitted invocation.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) function: FunctionName,
    pub(super) generation: u64,
    pub(super) environment: EnvironmentId,
    pub(super) asker: Asker,
    pub(super) admitted: Timestamp,
    /// Since when the function's timeout runs.
    pub(super) clock: Option<Timestamp>,
    pub(super) init: Option<Duration>,
}

impl Auditor {
    pub(super) fn admitted(&mut self, at: Timestamp, what: &What) -> Verdict {
        let What::Admitted { request_id, function, asker, pool, environment, cold } = what else {
            return Err("not an admission".into());
        };
        let (id, asker, environment) = (*request_id, *asker, *environment);
        rule!(!self.running.contains_key(&id), "{id} was admitted twice");
        self.check_pool(function, *pool)?;
        match asker {
            Asker::Caller => rule!(!self.ended.contains(&id), "{id} was admitted after its end"),
            Asker::EventQueue => self.event_tried(at, id)?,
            Asker::Mapping(mapping) => self.batch_admitted(mapping, function)?,
        }
        let book = self.functions.get_mut(function).expect("the pool was just checked");
        book.in_flight += 1;
        book.tally.peak_in_flight = book.tally.peak_in_flight.max(book.in_flight);
        let running = Running {
            function: function.clone(),
            generation: book.generation,
            environment,
            asker,
            admitted: at,
            clock: None,
            init: None,
        };
        self.running.insert(id, running);
        self.assign(id, function, environment, *cold)
    }

    /// Concurrency in use is below the limit before each admission, also after
    /// the limit was lowered.
    fn check_pool(&self, name: &FunctionName, pool: Pool) -> Verdict {
        let (own, in_use, limit) = self.pool_of(name)?;
        rule!(pool == own, "{name} was admitted from the {pool:?} pool, and draws from {own:?}");
        rule!(in_use < limit, "{name} was admitted with {in_use} of {limit} {pool:?} in use");
        Ok(())
    }

    fn pool_of(&self, name: &FunctionName) -> Result<(Pool, u32, u32), String> {
        let book = self.functions.get(name).ok_or_else(|| format!("{name} is not there"))?;
        Ok(match book.reserved {
            Some(limit) => (Pool::Reserved, book.in_flight, limit),
            None => (Pool::Unreserved, self.unreserved_in_use(), self.unreserved_limit()),
        })
    }

    /// A throttle happens only when the pool is full, and names the right one.
    pub(super) fn throttled(
        &mut self,
        at: Timestamp,
        id: RequestId,
        name: &FunctionName,
        asker: Asker,
        reason: ThrottleReason,
    ) -> Verdict {
        let (pool, in_use, limit) = self.pool_of(name)?;
        let right = match pool {
            Pool::Reserved => ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded,
            Pool::Unreserved => ThrottleReason::ConcurrentInvocationLimitExceeded,
        };
        rule!(reason == right, "the {pool:?} pool throttled with {reason:?}");
        rule!(in_use >= limit, "{name} was throttled with only {in_use} of {limit} {pool:?} in use");
        let book = self.functions.get_mut(name).expect("it has a pool");
        *book.tally.throttles.entry(reason).or_default() += 1;
        match asker {
            Asker::Caller => {
                rule!(self.ended.insert(id), "{id} was throttled after its end");
                Ok(())
            }
            Asker::EventQueue => self.event_throttled(at, id),
            Asker::Mapping(mapping) => self.batch_throttled(mapping, name),
        }
    }

    pub(super) fn invoke_ended(&mut self, at: Timestamp, what: &What) -> Verdict {
        let What::InvokeEnded { request_id, function, environment, ending, .. } = what else {
            return Err("not an end".into());
        };
        let id = *request_id;
        let running = self.running.remove(&id);
        let running = running.ok_or_else(|| format!("{id} ended, and its permit was not out"))?;
        rule!(running.function == *function, "{id} was admitted for {}", running.function);
        rule!(running.environment == *environment, "{id} was given to {:?}", running.environment);
        self.check_duration(at, &running, what)?;
        self.check_init(&running, what)?;
        self.return_permit(&running, *ending);
        self.release(*environment, id, *ending)?;
        match running.asker {
            Asker::Caller => self.step.answered.push(id),
            Asker::EventQueue => return self.event_settled(at, id, *ending),
            Asker::Mapping(_) => {}
        }
        rule!(self.ended.insert(id), "{id} ended twice");
        if *ending == Ending::Succeeded {
            self.step.succeeded.insert(id);
        }
        Ok(())
    }

    fn return_permit(&mut self, running: &Running, ending: Ending) {
        let Some(book) = self.functions.get_mut(&running.function) else { return };
        if book.generation != running.generation {
            return;
        }
        book.in_flight -= 1;
        match ending {
            Ending::Succeeded => book.tally.succeeded += 1,
            Ending::Failed | Ending::TimedOut | Ending::Exited | Ending::HostFailure => {
                book.tally.failed += 1;
            }
        }
    }

    /// An invocation lasts at most its function's timeout; an Init beyond its
    /// limit is part of it.
    fn check_duration(&self, at: Timestamp, running: &Running, what: &What) -> Verdict {
        let What::InvokeEnded { ending, duration, .. } = what else { return Ok(()) };
        let timeout = self.timeout_of(running.environment)?;
        let right = running.clock.map_or(Duration::ZERO, |since| at.since(since));
        rule!(*duration == right, "it lasted {right:?}");
        rule!(right <= timeout, "it lasted {right:?}, longer than its timeout of {timeout:?}");
        rule!(*ending != Ending::TimedOut || right == timeout, "it timed out after {right:?} of {timeout:?}");
        let longest = self.quotas.init_limit + timeout;
        let all = at.since(running.admitted);
        rule!(all <= longest, "it held its permit for {all:?}, longer than {longest:?}");
        Ok(())
    }

    fn check_init(&self, running: &Running, what: &What) -> Verdict {
        let What::InvokeEnded { environment, handed_over, init, .. } = what else { return Ok(()) };
        rule!(*init == running.init, "the Init it waited for took {:?}", running.init);
        match self.was_handed_over(*environment) {
            // An Init that failed has left no trace of what it waited for.
            None => Ok(()),
            Some(handed) => {
                rule!(*handed_over == handed, "handed over: {handed}");
                Ok(())
            }
        }
    }
}
