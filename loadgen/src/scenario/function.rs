//! `[[function]]`: one that is made, or one that is there.

use super::file::Reader;
use super::time::Time;
use super::{FunctionSetup, Settings};
use crate::account::{Code, FunctionSpec};
use crate::cli::Reserved;
use crate::distribution::Distribution;
use crate::failure::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use toml::Spanned;

/// As it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Function {
    pub(super) name: String,
    /// `sandbox-fn` (default), `built-in`, `existing`, or a zip file.
    pub(super) code: Option<String>,
    pub(super) runtime: Option<String>,
    pub(super) handler: Option<String>,
    pub(super) memory: Option<u32>,
    pub(super) timeout: Option<Time>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    pub(super) reserved: Option<Reserved>,
    pub(super) provisioned: Option<u32>,
    /// Of the built-in handler: how long Init and an invocation take, as times or
    /// distributions of times.
    pub(super) init: Option<Spanned<String>>,
    pub(super) duration: Option<Spanned<String>>,
    /// Instead of both, how long a request takes as a whole that starts cold.
    pub(super) cold: Option<Spanned<String>>,
    pub(super) failure_rate: Option<f64>,
    pub(super) crash_rate: Option<f64>,
    /// Of events: where they end that are given up, and how often they are tried again.
    pub(super) dead_letter_queue: Option<Spanned<String>>,
    pub(super) retries: Option<Spanned<u32>>,
}

/// Lambda tries a failed event twice more at most.
const MOST_RETRIES: u32 = 2;

impl Reader<'_> {
    pub(super) fn function(&self, spanned: &Spanned<Function>) -> Result<FunctionSetup, Failure> {
        let function = spanned.get_ref();
        let refuse = |problem: &str| Err(self.source.failure(spanned.span(), problem));
        let code = match function.code.as_deref() {
            None | Some("sandbox-fn") => Some(Code::Sample),
            Some("built-in") => Some(Code::BuiltIn),
            Some("existing") => None,
            Some(file) => Some(Code::Zip {
                path: self.folder.join(file),
                runtime: function.runtime.clone().unwrap_or_else(|| "provided.al2023".to_owned()),
                handler: function.handler.clone().unwrap_or_else(|| "bootstrap".to_owned()),
            }),
        };
        let is_zip = matches!(code, Some(Code::Zip { .. }));
        if (function.runtime.is_some() || function.handler.is_some()) && !is_zip {
            return refuse("runtime and handler need code = \"FILE.zip\"");
        }
        let environment = self.environment(function)?;
        if environment.len() > function.environment.len() && code != Some(Code::BuiltIn) {
            return refuse("init, duration, cold, failure_rate and crash_rate need code = \"built-in\"");
        }
        let (dead_letter_queue, retries) = self.asynchronous(function, code.is_some())?;
        let made = code.map(|code| FunctionSpec {
            code,
            dead_letter_queue,
            retries,
            memory_mb: function.memory.unwrap_or(128),
            timeout: function.timeout.map_or(Duration::from_secs(15), |time| time.0),
            environment,
            ..FunctionSpec::sample(&function.name)
        });
        let settings = Settings { reserved: function.reserved, provisioned: function.provisioned };
        Ok(FunctionSetup { name: function.name.clone(), made, settings })
    }

    /// What becomes of events, which only a function of the scenario's own is told.
    fn asynchronous(
        &self,
        function: &Function,
        made: bool,
    ) -> Result<(Option<String>, Option<u32>), Failure> {
        let refuse = |span, problem: &str| Err(self.source.failure(span, problem));
        if let Some(retries) = function.retries.as_ref().filter(|retries| *retries.get_ref() > MOST_RETRIES) {
            return refuse(retries.span(), "must be 0, 1 or 2");
        }
        let queue = function.dead_letter_queue.as_ref();
        if let Some(queue) = queue
            && !self.file.queue.iter().any(|known| known.name == *queue.get_ref())
        {
            return refuse(queue.span(), "there is no [[queue]] of that name");
        }
        let spans = [queue.map(Spanned::span), function.retries.as_ref().map(Spanned::span)];
        if let (Some(span), false) = (spans.into_iter().flatten().next(), made) {
            return refuse(span, "is not set on a function that exists");
        }
        let retries = function.retries.as_ref().map(|retries| *retries.get_ref());
        Ok((queue.map(|queue| queue.get_ref().clone()), retries))
    }

    /// The function's variables, and those that tell the built-in handler what to do.
    fn environment(&self, function: &Function) -> Result<BTreeMap<String, String>, Failure> {
        let mut told = function.environment.clone();
        let times = [("INIT", &function.init), ("DURATION", &function.duration), ("COLD", &function.cold)];
        for (what, text) in times.into_iter().filter_map(|(what, text)| Some((what, text.as_ref()?))) {
            let distribution = Distribution::parse(text.get_ref(), self.folder);
            let distribution = distribution.map_err(|problem| self.source.failure(text.span(), problem))?;
            told.extend(distribution.variables(what));
        }
        let shares =
            [("EMULATOR_FAILURE_RATE", function.failure_rate), ("EMULATOR_CRASH_RATE", function.crash_rate)];
        told.extend(
            shares.into_iter().filter_map(|(name, share)| Some((name.to_owned(), share?.to_string()))),
        );
        Ok(told)
    }
}
