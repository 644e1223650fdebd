//! `[[stage]]`: what is sent, to what, and what is expected of it.

use super::file::Reader;
use super::time::Time;
use super::{Settings, Stage};
use crate::account::dead_letter_name;
use crate::arrivals::{Arrivals, End, Shape, shape};
use crate::cli::{Mode, Reserved};
use crate::dead_letters::DeadLetters;
use crate::expect::Expectation;
use crate::failure::Failure;
use crate::payload;
use crate::plan::Load;
use crate::report::{Retries, Subject};
use crate::work::LARGEST_BATCH;
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;

/// As it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageText {
    name: Option<String>,
    function: Option<String>,
    queue: Option<String>,
    url: Option<String>,
    mode: Option<ModeText>,
    arrivals: Option<Spanned<String>>,
    requests: Option<Spanned<u64>>,
    duration: Option<Time>,
    #[serde(default)]
    seed: u64,
    payload: Option<Spanned<toml::Value>>,
    batch: Option<Spanned<u64>>,
    groups: Option<u64>,
    #[serde(default)]
    like_sdk: bool,
    #[serde(default)]
    follow: bool,
    timeout: Option<Time>,
    drain_timeout: Option<Time>,
    reserved: Option<Reserved>,
    provisioned: Option<u32>,
    refused: Option<Spanned<String>>,
    #[serde(default)]
    with_previous: bool,
    caption: Option<String>,
    because: Option<String>,
    #[serde(default)]
    expect: Vec<Expectation>,
}

/// How a function is invoked; what queues and URLs get is clear.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModeText {
    Sync,
    Async,
}

impl Reader<'_> {
    pub(super) fn stage(&self, n: usize, spanned: &Spanned<StageText>) -> Result<Stage, Failure> {
        let stage = spanned.get_ref();
        let name = stage.name.clone().unwrap_or_else(|| format!("stage {}", n + 1));
        let subject = self.subject(stage).ok_or_else(|| {
            self.source.failure(spanned.span(), "name one of function, queue and url that it is sent to")
        })?;
        let mut load = Load::new(subject);
        load.name = Some(name.clone());
        load.mode = self.mode(&load, stage, spanned.span())?;
        load.arrivals = self.arrivals(stage, spanned.span())?;
        load.payload = self.payload(&load, stage)?;
        load.batch = self.batch(&load, stage)?;
        load.groups = stage.groups.unwrap_or(1).max(1);
        load.follow = stage.follow;
        load.retries = if stage.like_sdk { Retries::LikeSdk } else { Retries::Off };
        load.timeout = stage.timeout.map_or(load.timeout, |time| time.0);
        load.drain_timeout = stage.drain_timeout.map_or(load.drain_timeout, |time| time.0);
        load.with_previous = stage.with_previous;
        load.dead_letters = self.dead_letters(&load.subject, stage, spanned.span())?;
        let settings = Settings { reserved: stage.reserved, provisioned: stage.provisioned };
        if settings != Settings::default() && !matches!(load.subject, Subject::Function(_)) {
            let problem = "reserved and provisioned need a function that the stage invokes";
            return Err(self.source.failure(spanned.span(), problem));
        }
        if let Some(refused) = stage.refused.as_ref().filter(|_| settings == Settings::default()) {
            let problem = "needs reserved or provisioned, which is to be refused";
            return Err(self.source.failure(refused.span(), problem));
        }
        if n == 0 && stage.with_previous {
            return Err(self.source.failure(spanned.span(), "with_previous needs a stage before it"));
        }
        Ok(Stage {
            name,
            settings,
            refused: stage.refused.as_ref().map(|words| words.get_ref().clone()),
            load,
            expect: stage.expect.clone(),
            caption: stage.caption.clone(),
            because: stage.because.clone(),
        })
    }

    /// The dead-letter queue of what a stage sends to.
    fn dead_letters(
        &self,
        subject: &Subject,
        stage: &StageText,
        span: Range<usize>,
    ) -> Result<Option<DeadLetters>, Failure> {
        let queue = match subject {
            Subject::Function(name) => {
                let functions = self.file.function.iter().map(Spanned::get_ref);
                let mut of_name = functions.filter(|function| function.name == *name);
                of_name.find_map(|function| Some(function.dead_letter_queue.as_ref()?.get_ref().clone()))
            }
            Subject::Queue(name) => {
                let mut of_name = self.file.queue.iter().filter(|queue| queue.name == *name);
                of_name.find_map(|queue| queue.dead_letter_after.map(|_| dead_letter_name(name)))
            }
            Subject::Url(_) => None,
        };
        let awaited: Vec<Expectation> =
            stage.expect.iter().filter(|expected| expected.is_of_dead_letters()).cloned().collect();
        if queue.is_none() && !awaited.is_empty() {
            let problem = "dead_lettered needs a dead-letter queue of what the stage sends to";
            return Err(self.source.failure(span, problem));
        }
        // A queue is waited for until it is empty; there is no more to come then.
        let awaited = if matches!(subject, Subject::Queue(_)) { Vec::new() } else { awaited };
        Ok(queue.map(|queue| DeadLetters { queue, awaited }))
    }

    /// What a stage names, or the only thing there is to name.
    fn subject(&self, stage: &StageText) -> Option<Subject> {
        match (&stage.function, &stage.queue, &stage.url) {
            (Some(name), None, None) => Some(Subject::Function(name.clone())),
            (None, Some(name), None) => Some(Subject::Queue(name.clone())),
            (None, None, Some(url)) => Some(Subject::Url(url.clone())),
            (None, None, None) => self.only_function().map(Subject::Function),
            (Some(_) | None, Some(_) | None, Some(_) | None) => None,
        }
    }

    fn mode(&self, load: &Load, stage: &StageText, span: Range<usize>) -> Result<Mode, Failure> {
        match (stage.mode, &load.subject) {
            (None, _) => Ok(load.mode),
            (Some(ModeText::Sync), Subject::Function(_)) => Ok(Mode::Sync),
            (Some(ModeText::Async), Subject::Function(_)) => Ok(Mode::Async),
            (Some(_), Subject::Queue(_) | Subject::Url(_)) => {
                Err(self.source.failure(span, "mode needs a function that the stage invokes"))
            }
        }
    }

    fn arrivals(&self, stage: &StageText, span: Range<usize>) -> Result<Arrivals, Failure> {
        let (shape, place) = match &stage.arrivals {
            Some(text) => (self.shape(text)?, text.span()),
            None => (Shape::Burst, span),
        };
        let until = match (&stage.requests, stage.duration) {
            (Some(_), Some(_)) => {
                return Err(self.source.failure(place, "requests and duration exclude each other"));
            }
            (Some(requests), None) => Some(End::Requests(*requests.get_ref())),
            (None, Some(time)) => Some(End::DurationS(time.0.as_secs_f64())),
            (None, None) => None,
        };
        Arrivals::new(shape, until, stage.seed).map_err(|problem| self.source.failure(place, problem))
    }

    /// Files lie beside the scenario.
    fn shape(&self, text: &Spanned<String>) -> Result<Shape, Failure> {
        let parsed = match text.get_ref().split_once(':') {
            Some(("trace", file)) => shape::trace(self.folder.join(file)),
            Some(("minutes", file)) => shape::minutes(self.folder, file),
            Some(_) | None => text.get_ref().parse(),
        };
        parsed.map_err(|problem| self.source.failure(text.span(), problem))
    }

    /// A text is sent as it is, and has to be JSON where a function gets it; a
    /// table becomes JSON.
    fn payload(&self, load: &Load, stage: &StageText) -> Result<Option<String>, Failure> {
        let Some(payload) = &stage.payload else { return Ok(None) };
        let value = payload.get_ref();
        let json = || serde_json::to_string(value).unwrap_or_default();
        let text = value.as_str().map_or_else(json, str::to_owned);
        if !matches!(load.subject, Subject::Url(_)) {
            payload::check(&text).map_err(|problem| self.source.failure(payload.span(), problem))?;
        }
        Ok(Some(text))
    }

    fn batch(&self, load: &Load, stage: &StageText) -> Result<u64, Failure> {
        let Some(batch) = &stage.batch else { return Ok(1) };
        let problem = match (batch.get_ref(), &load.subject) {
            (1..=LARGEST_BATCH, Subject::Queue(_)) => return Ok(*batch.get_ref()),
            (_, Subject::Queue(_)) => format!("must be between 1 and {LARGEST_BATCH}"),
            (_, Subject::Function(_) | Subject::Url(_)) => "needs a queue".to_owned(),
        };
        Err(self.source.failure(batch.span(), problem))
    }
}
