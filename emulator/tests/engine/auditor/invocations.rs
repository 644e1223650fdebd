//! Invocations: each holds one permit until it ends, and lasts no longer than
//! it may.

use std::time::Duration;

use emulator::engine::{
    Asker, ColdStartMode, Ending, EnvironmentId, FunctionName, RequestId, Timestamp, Version, What,
};

use super::{Auditor, Verdict};

/// More than any simulated cold start of the workloads takes.
const LONGEST_COLD_START: Duration = Duration::from_secs(1);

/// An admitted invocation.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) function: FunctionName,
    pub(super) generation: u64,
    pub(super) version: Version,
    pub(super) environment: EnvironmentId,
    pub(super) asker: Asker,
    /// The provisioned concurrency that it counts in; on demand without.
    pub(super) allocation: Option<u64>,
    pub(super) admitted: Timestamp,
    /// Since when the function's timeout runs.
    pub(super) clock: Option<Timestamp>,
    pub(super) init: Option<Duration>,
    /// Whether its caller has the answer already.
    pub(super) answered: bool,
}

impl Auditor {
    /// A caller has its answer while the environment still works.
    pub(super) fn answered(&mut self, id: RequestId, environment: EnvironmentId) -> Verdict {
        self.serves(environment, id)?;
        let running = self.running.get_mut(&id).ok_or_else(|| format!("{id} does not run"))?;
        rule!(running.asker == Asker::Caller, "{:?} was answered early", running.asker);
        rule!(!running.answered, "{id} was answered twice");
        running.answered = true;
        self.step.answered.push(id);
        Ok(())
    }

    pub(super) fn invoke_ended(&mut self, at: Timestamp, what: &What) -> Verdict {
        let What::InvokeEnded { request_id, function, environment, version, ending, .. } = what else {
            return Err("not an end".into());
        };
        let id = *request_id;
        let running = self.running.remove(&id);
        let running = running.ok_or_else(|| format!("{id} ended, and its permit was not out"))?;
        rule!(running.function == *function, "{id} was admitted for {}", running.function);
        rule!(running.environment == *environment, "{id} was given to {:?}", running.environment);
        rule!(running.version == *version, "{id} was admitted to version {}", running.version);
        self.check_duration(at, &running, what)?;
        self.return_permit(&running, *ending);
        self.release(*environment, id, *ending)?;
        match running.asker {
            Asker::Caller if running.answered => {}
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

    /// An invocation lasts at most its function's timeout, until its
    /// environment rests; an Init within it is part of it.
    fn check_duration(&self, at: Timestamp, running: &Running, what: &What) -> Verdict {
        let What::InvokeEnded { ending, duration, started, init, .. } = what else { return Ok(()) };
        let timeout = self.timeout_of(running.environment)?;
        let right = running.clock.map_or(Duration::ZERO, |since| at.since(since));
        rule!(*started == running.clock.is_some(), "it had begun: {}", running.clock.is_some());
        rule!(*duration == right, "it lasted {right:?}");
        rule!(right <= timeout, "it lasted {right:?}, longer than its timeout of {timeout:?}");
        rule!(*ending != Ending::TimedOut || right == timeout, "it timed out after {right:?} of {timeout:?}");
        rule!(*init == running.init, "the Init it waited for took {:?}", running.init);
        let longest = self.longest_of(running.environment)?;
        let all = at.since(running.admitted);
        rule!(all <= longest, "it held its permit for {all:?}, longer than {longest:?}");
        Ok(())
    }

    /// The longest time from an admission to its end.
    pub(super) fn longest_of(&self, environment: EnvironmentId) -> Result<Duration, String> {
        let (_, placement) = self.quotas.cold_start.placement;
        Ok(placement + self.longest_init(environment)? + self.timeout_of(environment)?)
    }

    /// What an Init may take.
    pub(super) fn init_limit(&self, environment: EnvironmentId) -> Result<Duration, String> {
        let book = self.environment(environment)?;
        Ok(if book.provisioned {
            self.quotas.provisioned_init_limit.max(book.version.spec.timeout)
        } else {
            self.quotas.init_limit
        })
    }

    /// The longest Init that ends well: a simulated cold start comes on top.
    pub(super) fn longest_init(&self, environment: EnvironmentId) -> Result<Duration, String> {
        let limit = self.init_limit(environment)?;
        let spec = &self.environment(environment)?.version.spec;
        Ok(match spec.cold_start.mode.unwrap_or(self.quotas.cold_start.mode) {
            ColdStartMode::Real => limit,
            ColdStartMode::Simulated | ColdStartMode::Added => limit + LONGEST_COLD_START,
        })
    }
}
