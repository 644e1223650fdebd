//! How a scenario is written.
//!
//! ```toml
//! name = "Reserved concurrency"
//! question = "100 at once, reserved 5: how many succeed?"
//!
//! [[function]]
//! name = "sandbox"          # the sample function, unless `code` says otherwise
//! reserved = 5
//!
//! [[stage]]
//! requests = 100            # to the only function, all at once
//! expect = ["ok==5", "throttled==95", "environments==5"]
//! ```

use super::source::Source;
use super::time::Time;
use super::{AccountSettings, FunctionSetup, Scenario, Settings, Stage};
use crate::account::{Code, FunctionSpec, MappingSpec, QueueSpec, dead_letter_name};
use crate::arrivals::{Arrivals, End, Shape, shape};
use crate::cli::{Mode, Reserved};
use crate::dead_letters::DeadLetters;
use crate::expect::Expectation;
use crate::failure::Failure;
use crate::payload;
use crate::plan::Load;
use crate::report::{Retries, Subject};
use crate::target::Target;
use crate::work::LARGEST_BATCH;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    question: Option<String>,
    predict: Option<String>,
    answer: Option<String>,
    target: Option<Target>,
    #[serde(default)]
    keep: bool,
    #[serde(default)]
    account: AccountSettings,
    #[serde(default)]
    function: Vec<Spanned<Function>>,
    #[serde(default)]
    queue: Vec<Queue>,
    #[serde(default)]
    mapping: Vec<Spanned<Mapping>>,
    stage: Vec<Spanned<StageText>>,
}

/// `[[function]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    name: String,
    /// `sandbox-fn` (default), `built-in`, `existing`, or a zip file.
    code: Option<String>,
    runtime: Option<String>,
    handler: Option<String>,
    memory: Option<u32>,
    timeout: Option<Time>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    reserved: Option<Reserved>,
    provisioned: Option<u32>,
    /// Of the built-in handler: how long Init and an invocation take.
    init: Option<Time>,
    duration: Option<Time>,
    duration_spread: Option<String>,
    failure_rate: Option<f64>,
    /// Of events: where they end that are given up, and how often they are tried again.
    dead_letter_queue: Option<Spanned<String>>,
    retries: Option<Spanned<u32>>,
}

/// `[[queue]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Queue {
    name: String,
    visibility_timeout: Option<Time>,
    delay: Option<Time>,
    dead_letter_after: Option<u32>,
}

/// `[[mapping]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapping {
    queue: Option<String>,
    function: Option<String>,
    batch_size: Option<u32>,
    window: Option<Time>,
    maximum_concurrency: Option<u32>,
}

/// `[[stage]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageText {
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

/// Reads a file's text.
pub(super) fn parse(path: &Path, text: &str) -> Result<Scenario, Failure> {
    let source = Source { path, text };
    let file: File = toml::from_str(text).map_err(|error| {
        // The message of a bad value goes over several lines; the first says it.
        let words = error.message().lines().collect::<Vec<_>>().join(", ");
        source.failure(error.span().unwrap_or_default(), words)
    })?;
    let usual = path.file_stem().map_or("scenario".into(), |stem| stem.to_string_lossy());
    let folder = path.parent().unwrap_or(Path::new(""));
    let reader = Reader { source, file: &file, folder };
    let functions =
        file.function.iter().map(|function| reader.function(function)).collect::<Result<_, _>>()?;
    let mappings = file.mapping.iter().map(|mapping| reader.mapping(mapping)).collect::<Result<_, _>>()?;
    let stages =
        file.stage.iter().enumerate().map(|(n, stage)| reader.stage(n, stage)).collect::<Result<_, _>>()?;
    Ok(Scenario {
        name: file.name.clone().unwrap_or_else(|| usual.into_owned()),
        question: file.question.clone(),
        predict: file.predict.clone(),
        answer: file.answer.clone(),
        target: file.target.clone(),
        keep: file.keep,
        account: file.account.clone(),
        functions,
        queues: file.queue.iter().map(queue).collect(),
        mappings,
        stages,
    })
}

fn queue(queue: &Queue) -> QueueSpec {
    QueueSpec {
        name: queue.name.clone(),
        visibility_timeout: queue.visibility_timeout.map(|time| time.0),
        delay: queue.delay.map(|time| time.0),
        dead_letter_after: queue.dead_letter_after,
    }
}

/// Lambda tries a failed event twice more at most.
const MOST_RETRIES: u32 = 2;

/// Gives the parts of a file their meaning.
struct Reader<'a> {
    source: Source<'a>,
    file: &'a File,
    folder: &'a Path,
}

impl Reader<'_> {
    fn function(&self, spanned: &Spanned<Function>) -> Result<FunctionSetup, Failure> {
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
        let environment = environment(function);
        if environment.len() > function.environment.len() && code != Some(Code::BuiltIn) {
            return refuse("init, duration, duration_spread and failure_rate need code = \"built-in\"");
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

    fn mapping(&self, spanned: &Spanned<Mapping>) -> Result<MappingSpec, Failure> {
        let mapping = spanned.get_ref();
        let missing = |what: &str| self.source.failure(spanned.span(), format!("{what} is missing"));
        let queue = mapping.queue.clone().or_else(|| self.only_queue()).ok_or_else(|| missing("queue"))?;
        let function = mapping.function.clone().or_else(|| self.only_function());
        Ok(MappingSpec {
            queue,
            function: function.ok_or_else(|| missing("function"))?,
            batch_size: mapping.batch_size.unwrap_or(10),
            window: mapping.window.map(|time| time.0),
            maximum_concurrency: mapping.maximum_concurrency,
        })
    }

    fn only_queue(&self) -> Option<String> {
        let [queue] = self.file.queue.as_slice() else { return None };
        Some(queue.name.clone())
    }

    fn only_function(&self) -> Option<String> {
        let [function] = self.file.function.as_slice() else { return None };
        Some(function.get_ref().name.clone())
    }

    fn stage(&self, n: usize, spanned: &Spanned<StageText>) -> Result<Stage, Failure> {
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
            with_previous: stage.with_previous,
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

    /// A trace lies beside the scenario.
    fn shape(&self, text: &Spanned<String>) -> Result<Shape, Failure> {
        let parsed = match text.get_ref().strip_prefix("trace:") {
            Some(file) => shape::trace(self.folder.join(file)),
            None => text.get_ref().parse(),
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

/// The function's variables, and those that tell the built-in handler what to do.
fn environment(function: &Function) -> BTreeMap<String, String> {
    let millis = |time: Time| time.0.as_millis().to_string();
    let told = [
        ("EMULATOR_INIT_MS", function.init.map(millis)),
        ("EMULATOR_DURATION_MS", function.duration.map(millis)),
        ("EMULATOR_DURATION_SPREAD", function.duration_spread.clone()),
        ("EMULATOR_FAILURE_RATE", function.failure_rate.map(|rate| rate.to_string())),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    function.environment.clone().into_iter().chain(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Scenario, Failure> {
        super::parse(Path::new("f.toml"), text)
    }

    #[test]
    fn a_small_scenario_says_the_most() {
        let text = "question = \"?\"\n[[function]]\nname = \"sandbox\"\nreserved = 5\n\
                    [[stage]]\nexpect = [\"throttled between 94 and 96\", \"p99 < 3 s\", \"environments == 5\"]\n";
        let scenario = parse(text).unwrap();
        assert_eq!(scenario.name, "f");
        assert_eq!(scenario.functions[0].made, Some(FunctionSpec::sample("sandbox")));
        assert_eq!(scenario.functions[0].settings.reserved, Some(Reserved::At(5)));
        let stage = &scenario.stages[0];
        assert_eq!(stage.load.subject, Subject::Function("sandbox".into()));
        assert_eq!((stage.load.arrivals.requests(), stage.expect.len()), (Some(100), 3));
    }

    #[test]
    fn everything_can_be_said() {
        let text = r#"
name = "All"
predict = "how many?"
answer = "so many"
target = "http://127.0.0.1:4567"
keep = true
[account]
concurrency = 50
speed = 60
[[function]]
name = "f"
dead_letter_queue = "q"
retries = 1
code = "built-in"
memory = 256
timeout = "30s"
init = "250ms"
duration = "1.5s"
failure_rate = 0.1
reserved = "unreserved"
[[function]]
name = "g"
code = "existing"
provisioned = 3
[[function]]
name = "h"
code = "h.zip"
runtime = "python3.12"
handler = "app.handler"
environment = { A = "b" }
[[queue]]
name = "q"
visibility_timeout = "60s"
dead_letter_after = 3
[[mapping]]
function = "f"
batch_size = 5
window = "0s"
maximum_concurrency = 2
[[stage]]
name = "burst"
function = "f"
mode = "async"
follow = true
payload = { sleep_ms = 5 }
reserved = 2
refused = "below its minimum"
caption = "now"
because = "so"
expect = ["dead_lettered==2"]
[[stage]]
with_previous = true
queue = "q"
batch = 10
arrivals = "poisson:50/s"
duration = "2s"
seed = 7
[[stage]]
url = "http://localhost/"
payload = "text"
like_sdk = true
"#;
        let scenario = parse(text).unwrap();
        assert!(scenario.keep && scenario.target.is_some());
        let [f, g, h] = scenario.functions.as_slice() else { panic!("{scenario:?}") };
        assert_eq!(f.made.as_ref().unwrap().environment["EMULATOR_DURATION_MS"], "1500");
        assert_eq!((&g.made, g.settings.provisioned), (&None, Some(3)));
        assert!(
            matches!(&h.made.as_ref().unwrap().code, Code::Zip { handler, .. } if handler == "app.handler")
        );
        assert_eq!(scenario.mappings[0].queue, "q");
        let [burst, queue, url] = scenario.stages.as_slice() else { panic!("{scenario:?}") };
        assert_eq!(
            (burst.load.mode, burst.load.payload.as_deref()),
            (Mode::Async, Some(r#"{"sleep_ms":5}"#))
        );
        assert_eq!((queue.load.batch, queue.name.as_str(), queue.load.arrivals.seed), (10, "stage 2", 7));
        assert_eq!(url.load.payload.as_deref(), Some("text"));
        assert_eq!(
            (scenario.predict.as_deref(), scenario.answer.as_deref()),
            (Some("how many?"), Some("so many"))
        );
        assert_eq!(scenario.account.speed(), 60.0);
        let of_events = f.made.as_ref().map(|made| (made.dead_letter_queue.as_deref(), made.retries));
        assert_eq!(of_events, Some((Some("q"), Some(1))));
        assert_eq!(burst.refused.as_deref(), Some("below its minimum"));
        assert_eq!((burst.caption.as_deref(), burst.because.as_deref()), (Some("now"), Some("so")));
        let dead =
            [burst, queue].map(|stage| stage.load.dead_letters.as_ref().map(|dead| dead.queue.as_str()));
        assert_eq!(dead, [Some("q"), Some("q-dead")]);
        assert_eq!(scenario.groups(), [0..2, 2..3]);
    }

    #[test]
    fn errors_point_at_line_and_key() {
        let check = |text: &str, expected: &str| {
            let words = parse(text).unwrap_err().to_string();
            assert!(words.starts_with(&format!("f.toml:{expected}")), "{words}");
            assert_eq!(words.lines().count(), 1, "{words}");
        };
        let stage = "[[function]]\nname = \"f\"\n[[stage]]\n";
        let in_stage = |line: &str| format!("{stage}{line}\n");
        check("name = \"x\"\n", "1: name: missing field `stage`");
        check("name = x\n", "1: name: ");
        check("[[stage]]\nrequests = 5\n", "1: stage: name one of function, queue and url");
        check(&in_stage("request = 5"), "4: stage.request: unknown field `request`");
        check(&in_stage("expect = [\"ok==5\", \"okay==5\"]"), "4: stage.expect: 'okay' is not a number");
        check(&in_stage("arrivals = \"sometimes\""), "4: stage.arrivals: expected burst");
        check(&in_stage("arrivals = \"constant:5/s\""), "4: stage.arrivals: constant needs a duration");
        check(&in_stage("arrivals = \"trace:missing.csv\""), "4: stage.arrivals: missing.csv: cannot read");
        check(&in_stage("duration = \"5\""), "4: stage.duration: '5' has no unit");
        check(&in_stage("payload = \"no json\""), "4: stage.payload: is not JSON");
        check(&in_stage("batch = 10"), "4: stage.batch: needs a queue");
        check(&in_stage("requests = -1"), "4: stage.requests: ");
        check(&in_stage("reserved = \"none\""), "4: stage.reserved: ");
        check(&in_stage("mode = \"later\""), "4: stage.mode: unknown variant");
        check("[[function]]\nname = \"f\"\ninit = \"1s\"\n[[stage]]\n", "1: function: init, duration");
        check(&in_stage("with_previous = true"), "3: stage: with_previous needs a stage before it");
        check(&in_stage("refused = \"no\""), "4: stage.refused: needs reserved or provisioned");
        check(
            &in_stage("expect = [\"dead_lettered==1\"]"),
            "3: stage: dead_lettered needs a dead-letter queue",
        );
        let in_function = |line: &str| format!("[[function]]\nname = \"f\"\n{line}\n[[stage]]\n");
        check(&in_function("retries = 3"), "3: function.retries: must be 0, 1 or 2");
        check(
            &in_function("dead_letter_queue = \"q\""),
            "3: function.dead_letter_queue: there is no [[queue]]",
        );
        check(
            &in_function("retries = 1\ncode = \"existing\""),
            "3: function.retries: is not set on a function",
        );
        let in_account = |line: &str| format!("[account]\n{line}\n{stage}");
        check(&in_account("concurency = 5"), "2: account.concurency: unknown field `concurency`");
        check(&in_account("concurrency = 0"), "2: account.concurrency: ");
        check(
            &in_account("scaling_rate = \"10\""),
            "2: account.scaling_rate: a rate is written like 1000/10s",
        );
        check(
            &in_account("idle_lifetime = \"7m-5m\""),
            "2: account.idle_lifetime: the longer time comes second",
        );
        check(&in_account("cold_start = \"hot\""), "2: account.cold_start: unknown variant `hot`");
        check(&in_account("speed = 0"), "2: account.speed: the speed is a number from 0.001");
    }
}
