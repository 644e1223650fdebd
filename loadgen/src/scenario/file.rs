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

use super::function::Function;
use super::source::Source;
use super::stage::StageText;
use super::time::Time;
use super::{AccountSettings, Scenario};
use crate::account::{MappingSpec, QueueSpec};
use crate::failure::Failure;
use crate::target::Target;
use serde::Deserialize;
use std::path::Path;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Option<String>,
    pub(super) question: Option<String>,
    pub(super) predict: Option<String>,
    pub(super) answer: Option<String>,
    pub(super) target: Option<Target>,
    #[serde(default)]
    pub(super) keep: bool,
    #[serde(default)]
    pub(super) account: AccountSettings,
    #[serde(default)]
    pub(super) function: Vec<Spanned<Function>>,
    #[serde(default)]
    pub(super) queue: Vec<Queue>,
    #[serde(default)]
    pub(super) mapping: Vec<Spanned<Mapping>>,
    pub(super) stage: Vec<Spanned<StageText>>,
}

/// `[[queue]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) visibility_timeout: Option<Time>,
    pub(super) delay: Option<Time>,
    pub(super) dead_letter_after: Option<u32>,
}

/// `[[mapping]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    pub(super) queue: Option<String>,
    pub(super) function: Option<String>,
    pub(super) batch_size: Option<u32>,
    pub(super) window: Option<Time>,
    pub(super) maximum_concurrency: Option<u32>,
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

/// Gives the parts of a file their meaning.
pub(super) struct Reader<'a> {
    pub(super) source: Source<'a>,
    pub(super) file: &'a File,
    pub(super) folder: &'a Path,
}

impl Reader<'_> {
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

    pub(super) fn only_function(&self) -> Option<String> {
        let [function] = self.file.function.as_slice() else { return None };
        Some(function.get_ref().name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Code, FunctionSpec};
    use crate::cli::{Mode, Reserved};
    use crate::report::Subject;

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
