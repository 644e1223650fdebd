//! The built-in handler: it does what its function's model says, and answers
//! like the sample function.

use std::time::Duration;

use bytes::Bytes;

use super::handler::{Handler, Returned, Run, RunEnd};
use crate::engine::{BatchItems, Code, Dispatch, FunctionVersion, HandlerModel, RequestId, Rng, Timestamp};

/// The handler of functions whose code is simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuiltIn;

impl Handler for BuiltIn {
    fn init(&mut self, function: &FunctionVersion, rng: &mut Rng) -> Option<Duration> {
        let Code::Simulated { model, .. } = &function.spec.code else { return None };
        Some(model.draw_init(rng))
    }

    fn run(&mut self, _event: &Dispatch, function: &FunctionVersion, cold: bool, rng: &mut Rng) -> Run {
        match &function.spec.code {
            Code::Simulated { model, .. } => model.draw_run(cold, rng),
            // Its model went with an update in the meantime: environments keep
            // the version that they were started with, so this does not come.
            Code::Package(_) => Run::default(),
        }
    }

    /// The same shape as the sample function's answer.
    fn answer(&mut self, returned: &Returned<'_>) -> Bytes {
        let &Returned { request_id, function, environment, initialization, cold, init_began, began, ended } =
            returned;
        // As long as the caller waited for it: a simulated one takes its own time.
        let cold_start_time = if cold { began.since(init_began) } else { Duration::ZERO };
        let took = ended.since(began);
        let text = format!(
            concat!(
                r#"{{"execution_id":"{request_id}","environment_id":"{environment}","request_id":"{request_id}","#,
                r#""cold_start":{cold},"cold_start_time":{cold_start_time},"initialization_type":"{initialization_type}","#,
                r#""started_at":{began},"finished_at":{ended},"processing_time":{processing},"#,
                r#""remaining_time":{remaining},"function_name":"{function}"}}"#
            ),
            request_id = request_id,
            environment = environment,
            cold = cold,
            initialization_type = initialization.as_str(),
            cold_start_time = cold_start_time.as_secs_f64(),
            began = Seconds(began),
            ended = Seconds(ended),
            processing = took.as_secs_f64(),
            remaining = function.spec.timeout.saturating_sub(took).as_secs_f64(),
            function = function.name,
        );
        Bytes::from(text)
    }

    fn failure(&mut self, request_id: RequestId) -> Bytes {
        let text = format!(
            r#"{{"errorMessage":"the built-in handler fails at its failure rate","errorType":"SimulatedFailure","requestId":"{request_id}","stackTrace":[]}}"#
        );
        Bytes::from(text)
    }
}

impl Default for Run {
    /// Nothing, at once.
    fn default() -> Self {
        Self { takes: Duration::ZERO, end: RunEnd::Returns(BatchItems::AllSucceeded) }
    }
}

impl HandlerModel {
    /// How long an Init takes.
    pub fn draw_init(&self, rng: &mut Rng) -> Duration {
        if self.cold.is_some() { Duration::ZERO } else { self.init.draw(rng) }
    }

    /// What becomes of an invocation.
    pub fn draw_run(&self, cold: bool, rng: &mut Rng) -> Run {
        let times = self.cold.as_ref().filter(|_| cold).unwrap_or(&self.duration);
        let takes = times.draw(rng);
        let lot = if self.failure_rate + self.crash_rate > 0.0 { rng.unit() } else { 1.0 };
        let end = if lot < self.failure_rate {
            RunEnd::Fails
        } else if lot < self.failure_rate + self.crash_rate {
            RunEnd::Exits(1)
        } else {
            RunEnd::Returns(BatchItems::AllSucceeded)
        };
        Run { takes, end }
    }
}

/// Seconds since the epoch with all six decimals.
struct Seconds(Timestamp);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0.as_secs(), self.0.as_micros() % 1_000_000)
    }
}
