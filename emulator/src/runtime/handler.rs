//! The built-in handler: environments that are only timing, thousands of them.
//!
//! It has no thread, no timer and no socket: it says what is due when, and the
//! driver takes that to the engine.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::engine::{
    BatchItems, Code, Completion, Dispatch, EnvironmentId, FunctionError, FunctionVersion, HandlerModel,
    InitializationType, News, Outcome, Report, RequestId, Rng, Start, Timestamp, Uuid,
};

/// The built-in handler's environments and their news to come.
#[derive(Debug)]
pub(crate) struct HandlerRuntime {
    rng: Rng,
    environments: HashMap<EnvironmentId, Environment>,
    due: BTreeMap<(Timestamp, u64), Report>,
    scheduled: u64,
}

#[derive(Debug)]
struct Environment {
    id: Uuid,
    initialization: InitializationType,
    started_at: Timestamp,
    incarnation: u32,
    function: Arc<FunctionVersion>,
    model: HandlerModel,
    /// When its Init is over. After an Init beyond the limit that is later than
    /// the moment from which the invocation's timeout counts.
    ready: Timestamp,
    invoked: bool,
    /// Its next news, which a stop takes back.
    next: Option<(Timestamp, u64)>,
}

impl HandlerRuntime {
    pub(crate) fn new(seed: u64) -> Self {
        // Another sequence than the engine's, from the same seed.
        let rng = Rng::new(seed ^ 0x5EED_0F7A_ED1E_D0AD);
        Self { rng, environments: HashMap::new(), due: BTreeMap::new(), scheduled: 0 }
    }

    /// Starts an environment of the built-in handler; gives back any other.
    pub(crate) fn start(&mut self, start: Start) -> Option<Start> {
        let Code::Simulated { model, .. } = start.function.spec.code else { return Some(start) };
        let (id, ready) = (self.rng.uuid(), start.at + model.init);
        let environment = Environment {
            id,
            initialization: start.initialization,
            started_at: start.at,
            incarnation: 0,
            function: start.function,
            model,
            ready,
            invoked: false,
            next: None,
        };
        self.environments.insert(start.environment, environment);
        self.schedule(ready, start.environment, News::Ready);
        None
    }

    /// Starts one of its environments again.
    pub(crate) fn restart(&mut self, id: EnvironmentId, incarnation: u32, at: Timestamp) {
        self.halt(id);
        let Some(environment) = self.environments.get_mut(&id) else { return };
        let ready = at + environment.model.init;
        environment.incarnation = incarnation;
        environment.started_at = at;
        environment.ready = ready;
        environment.invoked = false;
        self.schedule(ready, id, News::Ready);
    }

    /// Ends what runs in one of its environments.
    pub(crate) fn halt(&mut self, id: EnvironmentId) {
        let next = self.environments.get_mut(&id).and_then(|environment| environment.next.take());
        next.map(|key| self.due.remove(&key));
    }

    /// Runs an event in one of its environments; gives back any other's.
    pub(crate) fn dispatch(&mut self, dispatch: Dispatch) -> Option<Dispatch> {
        let Some(environment) = self.environments.get_mut(&dispatch.environment) else {
            return Some(dispatch);
        };
        let counted_from = dispatch.deadline - environment.function.spec.timeout;
        let started = counted_from.max(environment.ready);
        let first = !std::mem::replace(&mut environment.invoked, true);
        // Nobody waits for an environment that was provisioned.
        let cold = first && environment.initialization == InitializationType::OnDemand;
        let finished = started + environment.model.draw_duration(&mut self.rng);
        let fails = environment.model.failure_rate > 0.0 && self.rng.unit() < environment.model.failure_rate;
        let outcome = if fails {
            Outcome::FunctionError(FunctionError::Reported(failure(dispatch.request_id)))
        } else {
            Outcome::Success(environment.answer(dispatch.request_id, cold, started, finished))
        };
        let items = BatchItems::AllSucceeded;
        let completion =
            Completion { request_id: dispatch.request_id, outcome, max_memory_mb: None, items, rested: true };
        self.schedule(finished, dispatch.environment, News::Finished(completion));
        None
    }

    pub(crate) fn stop(&mut self, environment: EnvironmentId) {
        let next = self.environments.remove(&environment).and_then(|environment| environment.next);
        next.map(|key| self.due.remove(&key));
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|(&(at, _), _)| at)
    }

    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<Report> {
        let first = self.due.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    fn schedule(&mut self, at: Timestamp, environment: EnvironmentId, news: News) {
        self.scheduled += 1;
        let key = (at, self.scheduled);
        let Some(known) = self.environments.get_mut(&environment) else { return };
        known.next = Some(key);
        self.due.insert(key, Report { environment, incarnation: known.incarnation, news });
    }
}

impl Environment {
    /// The same shape as the sample function's answer.
    fn answer(&self, request_id: RequestId, cold: bool, started: Timestamp, finished: Timestamp) -> Bytes {
        // As long as the caller waited for it: a simulated one takes its own time.
        let cold_start_time = if cold { started.since(self.started_at) } else { Duration::ZERO };
        let remaining = self.function.spec.timeout.saturating_sub(finished.since(started));
        let text = format!(
            concat!(
                r#"{{"execution_id":"{request_id}","environment_id":"{environment}","request_id":"{request_id}","#,
                r#""cold_start":{cold},"cold_start_time":{cold_start_time},"initialization_type":"{initialization_type}","#,
                r#""started_at":{started},"finished_at":{finished},"processing_time":{processing},"#,
                r#""remaining_time":{remaining},"function_name":"{function}"}}"#
            ),
            request_id = request_id,
            environment = self.id,
            cold = cold,
            initialization_type = self.initialization.as_str(),
            cold_start_time = cold_start_time.as_secs_f64(),
            started = Seconds(started),
            finished = Seconds(finished),
            processing = finished.since(started).as_secs_f64(),
            remaining = remaining.as_secs_f64(),
            function = self.function.name,
        );
        Bytes::from(text)
    }
}

fn failure(request_id: RequestId) -> Bytes {
    let text = format!(
        r#"{{"errorMessage":"the built-in handler fails at its failure rate","errorType":"SimulatedFailure","requestId":"{request_id}","stackTrace":[]}}"#
    );
    Bytes::from(text)
}

/// Seconds since the epoch with all six decimals.
struct Seconds(Timestamp);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0.as_secs(), self.0.as_micros() % 1_000_000)
    }
}
