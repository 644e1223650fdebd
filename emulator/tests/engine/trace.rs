//! Golden traces: a readable script in, facts out.
//!
//! A script first declares functions, queues and mappings; then each line has
//! a moment, a command, and after `=>` everything that happens up to and
//! including it. What happens at another moment than the line's own carries
//! it: `@63s dispatch e1 r1`. Names are given in the order of appearance: r1
//! is the first request, e1 the first environment, m1 the first message.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    Completion, Effect, Ending, Engine, EnvironmentId, EventEnding, Exit, Fact, FunctionError, FunctionSpec,
    HandlerModel, MappingSpec, MappingState, MessageId, NewMessage, News, Outcome, QueueAttributes,
    QueueName, Quotas, ReceiptHandle, Receive, ReceiveRequest, RedrivePolicy, Report, RequestId, StopReason,
    Timestamp, What,
};

/// All traces count from this moment.
const BEGIN: Timestamp = Timestamp::from_millis(1_763_942_400_000);

/// Plays the script and compares what happens with what it says.
pub(crate) fn check(script: &str) {
    let mut world = World::new();
    let mut played = String::new();
    for line in script.lines() {
        let line = line.split('#').next().unwrap_or_default();
        if line.trim().is_empty() {
            continue;
        }
        let Some((left, _)) = line.split_once("=>") else {
            world.declare(line);
            let _ = writeln!(played, "{}", line.trim());
            continue;
        };
        let happened = world.play(left.trim());
        let _ = writeln!(played, "{} => {happened}", words(left));
    }
    let expected: String = script
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .filter(|line| !line.trim().is_empty())
        .map(|line| match line.split_once("=>") {
            Some((left, right)) => format!("{} => {}\n", words(left), words(right)),
            None => format!("{}\n", line.trim()),
        })
        .collect();
    assert!(played == expected, "the trace went otherwise:\n\n{}", compare(&expected, &played));
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn compare(expected: &str, played: &str) -> String {
    let mut report = String::new();
    for (expected, played) in expected.lines().zip(played.lines()) {
        if expected == played {
            let _ = writeln!(report, "  {played}");
        } else {
            let _ = writeln!(report, "- {expected}\n+ {played}");
        }
    }
    report
}

/// An engine, and names for what appears in it.
struct World {
    engine: Engine,
    requests: Vec<RequestId>,
    messages: Vec<MessageId>,
    receipts: BTreeMap<usize, (String, ReceiptHandle)>,
    running: BTreeMap<EnvironmentId, RequestId>,
    facts: Vec<Fact>,
    effects: Vec<Effect>,
}

impl World {
    fn new() -> Self {
        // A fixed idle lifetime makes its end a moment that a script can name.
        let lifetime = Duration::from_secs(600);
        let quotas = Quotas { idle_lifetime: (lifetime, lifetime), ..Quotas::default() };
        Self {
            engine: Engine::new(quotas, 1),
            requests: Vec::new(),
            messages: Vec::new(),
            receipts: BTreeMap::new(),
            running: BTreeMap::new(),
            facts: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// `function f reserved 1 timeout 3s`, `queue q visibility 30s redrive dlq 3`,
    /// `mapping q f batch 10 window 1s maximum 2 partial`.
    fn declare(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let setting = |name: &str| words.iter().position(|word| *word == name).map(|at| words[at + 1]);
        match words[0] {
            "function" => {
                let timeout = setting("timeout").map_or(Duration::from_secs(3), span);
                self.engine
                    .create_function(BEGIN, words[1].into(), function(timeout))
                    .expect("a new function");
                if let Some(reserved) = setting("reserved") {
                    let reserved = reserved.parse().expect("a number");
                    self.engine.put_reserved_concurrency(BEGIN, words[1], reserved).expect("room to reserve");
                }
            }
            "queue" => {
                let mut attributes = QueueAttributes::default();
                if let Some(visibility) = setting("visibility") {
                    attributes.visibility_timeout = span(visibility);
                }
                if let Some(retention) = setting("retention") {
                    attributes.retention = span(retention);
                }
                attributes.redrive =
                    words.iter().position(|word| *word == "redrive").map(|at| RedrivePolicy {
                        dead_letter_queue: words[at + 1].into(),
                        max_receive_count: words[at + 2].parse().expect("a number"),
                    });
                let name = QueueName::from(words[1]);
                let created = self.engine.create_queue(BEGIN, &name, attributes, BTreeMap::new(), |_| None);
                created.expect("a new queue");
            }
            "mapping" => {
                let spec = MappingSpec {
                    queue: words[1].into(),
                    function: words[2].into(),
                    batch_size: setting("batch").map_or(10, |size| size.parse().expect("a number")),
                    batching_window: setting("window").map_or(Duration::ZERO, span),
                    maximum_concurrency: setting("maximum").map(|most| most.parse().expect("a number")),
                    reports_item_failures: words.contains(&"partial"),
                    enabled: true,
                };
                self.engine.create_mapping(BEGIN, spec).expect("a new mapping");
                self.engine.tick(BEGIN);
            }
            other => panic!("no declaration is called {other:?}"),
        }
        self.drain();
    }

    /// Runs `250ms ready e1` and tells what happened.
    fn play(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let now = BEGIN + span(words[0]);
        self.engine.tick(now);
        self.command(now, &words[1..]);
        self.engine.tick(now);
        let (facts, effects) = self.drain();
        let mut told: Vec<String> = Vec::new();
        for fact in facts {
            let Some(text) = self.tell(&fact.what) else { continue };
            let moment = if fact.at == now { String::new() } else { format!("@{} ", moment(fact.at)) };
            told.push(format!("{moment}{text}"));
        }
        for effect in effects {
            if let Effect::Deliver { messages, .. } = effect {
                let names: Vec<String> = messages.iter().map(|message| self.take_in(message)).collect();
                told.push(format!("deliver [{}]", names.join(" ")));
            }
        }
        if told.is_empty() { "nothing".to_owned() } else { told.join(" · ") }
    }

    fn command(&mut self, now: Timestamp, words: &[&str]) {
        match words {
            ["wait"] => {}
            ["invoke", function] => drop(self.engine.invoke(now, function, Bytes::from_static(b"{}"))),
            ["event", function] => {
                self.engine
                    .invoke_event(now, function, Bytes::from_static(b"{}"))
                    .expect("events are accepted");
            }
            ["reserve", function, reserved] => {
                let reserved = reserved.parse().expect("a number");
                self.engine.put_reserved_concurrency(now, function, reserved).expect("room to reserve");
            }
            ["update", function] => {
                let updated = self.engine.update_function(now, function, None, |spec| spec.memory_mb += 1);
                updated.expect("a function");
            }
            ["ready", environment] => self.report(now, environment, News::Ready),
            ["exit", environment] => self.report(now, environment, News::Exited(Exit::Status(1))),
            ["fail-init", environment] => {
                self.report(now, environment, News::InitFailed(FunctionError::Reported(Bytes::new())));
            }
            ["finish", environment, how] => self.finish(now, environment, how),
            ["send", queue] => drop(self.engine.send_message(now, queue, message(), None).expect("a queue")),
            ["send", queue, count] => {
                for _ in 0..count.parse().expect("a number") {
                    self.engine.send_message(now, queue, message(), None).expect("a queue");
                }
            }
            ["receive", queue, "wait", wait] => self.receive(now, queue, Some(span(wait))),
            ["receive", queue] => self.receive(now, queue, None),
            ["delete", name] => {
                let (queue, receipt) = self.receipts[&number(name)].clone();
                self.engine.delete_message(now, &queue, receipt).expect("a good receipt");
            }
            other => panic!("no command is called {other:?}"),
        }
    }

    fn receive(&mut self, now: Timestamp, queue: &str, wait: Option<Duration>) {
        let request = ReceiveRequest { max: 10, visibility: None, wait };
        match self.engine.receive_message(now, queue, request).expect("a queue") {
            Receive::Messages(messages) => messages.iter().for_each(|message| drop(self.take_in(message))),
            Receive::Waiting(_) => {}
        }
    }

    fn take_in(&mut self, delivery: &emulator::engine::Delivery) -> String {
        let name = self.message(delivery.content.id);
        self.receipts.insert(number(&name), ("q".to_owned(), delivery.receipt));
        name
    }

    fn finish(&mut self, now: Timestamp, environment: &str, how: &str) {
        let id = EnvironmentId(number(environment) as u64 + 1);
        let outcome = match how {
            "ok" => Outcome::Success(Bytes::from_static(b"null")),
            "error" => Outcome::FunctionError(FunctionError::Reported(Bytes::new())),
            other => panic!("nothing finishes {other:?}"),
        };
        let request_id = self.running[&id];
        let completion = Completion { request_id, outcome, max_memory_mb: None, items: Default::default() };
        self.engine.report(now, Report { environment: id, news: News::Finished(completion) });
    }

    fn report(&mut self, now: Timestamp, environment: &str, news: News) {
        let environment = EnvironmentId(number(environment) as u64 + 1);
        self.engine.report(now, Report { environment, news });
    }

    fn drain(&mut self) -> (Vec<Fact>, Vec<Effect>) {
        self.engine.take_facts(&mut self.facts);
        self.engine.take_effects(&mut self.effects);
        for effect in &self.effects {
            if let Effect::Dispatch(dispatch) = effect {
                self.running.insert(dispatch.environment, dispatch.request_id);
            }
        }
        (std::mem::take(&mut self.facts), std::mem::take(&mut self.effects))
    }

    fn tell(&mut self, what: &What) -> Option<String> {
        Some(match what {
            What::FunctionChanged { .. }
            | What::FunctionDeleted { .. }
            | What::ReservedConcurrencySet { .. }
            | What::Admitted { .. }
            | What::QueueCreated { .. }
            | What::QueueDeleted { .. }
            | What::QueuePurged { .. } => return None,
            What::Throttled { request_id, reason, .. } => {
                format!("throttle {} {}", self.request(*request_id), reason.as_str())
            }
            What::InitStarted { environment, .. } => format!("start {}", name(*environment)),
            What::InitEnded { environment, took } => format!("init {} {}", name(*environment), text(*took)),
            What::InitFailed { environment, timed_out, .. } => {
                format!("init {} {}", name(*environment), if *timed_out { "overdue" } else { "failed" })
            }
            What::InvokeStarted { request_id, environment } => {
                format!("dispatch {} {}", name(*environment), self.request(*request_id))
            }
            What::InvokeEnded { request_id, ending, duration, .. } => {
                format!("end {} {} {}", self.request(*request_id), ending_word(*ending), text(*duration))
            }
            What::EnvironmentIdle { environment } => format!("idle {}", name(*environment)),
            What::EnvironmentStopped { environment, reason } => {
                format!("stop {} {}", name(*environment), stop_word(*reason))
            }
            What::EventAccepted { request_id, .. } => format!("accept {}", self.request(*request_id)),
            What::EventDelayed { request_id, until, .. } => {
                format!("delay {} until {}", self.request(*request_id), moment(*until))
            }
            What::EventEnded { request_id, ending, .. } => {
                format!("done {} {}", self.request(*request_id), event_word(*ending))
            }
            What::MessageSent { message, .. } => format!("sent {}", self.message(*message)),
            What::MessageReceived { message, receive_count, visible_at, .. } => {
                format!("received {} x{receive_count} until {}", self.message(*message), moment(*visible_at))
            }
            What::MessageVisible { message, .. } => format!("visible {}", self.message(*message)),
            What::VisibilityChanged { message, visible_at, .. } => {
                format!("hidden {} until {}", self.message(*message), moment(*visible_at))
            }
            What::MessageDeleted { message, .. } => format!("deleted {}", self.message(*message)),
            What::MessageDeadLettered { message, dead_letter_queue, .. } => {
                format!("dead-lettered {} to {dead_letter_queue}", self.message(*message))
            }
            What::MessageExpired { message, .. } => format!("expired {}", self.message(*message)),
            What::MappingChanged { state, .. } => {
                format!("mapping {}", state.map_or("gone", MappingState::as_str))
            }
            What::BatchLapsed { messages, .. } => format!("lapsed batch of {messages}"),
        })
    }

    fn request(&mut self, id: RequestId) -> String {
        format!("r{}", index_of(&mut self.requests, id) + 1)
    }

    fn message(&mut self, id: MessageId) -> String {
        format!("m{}", index_of(&mut self.messages, id) + 1)
    }
}

fn index_of<T: PartialEq>(seen: &mut Vec<T>, one: T) -> usize {
    seen.iter().position(|other| *other == one).unwrap_or_else(|| {
        seen.push(one);
        seen.len() - 1
    })
}

fn function(timeout: Duration) -> FunctionSpec {
    FunctionSpec { timeout, ..FunctionSpec::simulated(HandlerModel::default()) }
}

fn message() -> NewMessage {
    NewMessage::new("hello", [0; 16])
}

fn name(environment: EnvironmentId) -> String {
    format!("e{}", environment.0)
}

/// `e3` and `m3` are the third: index 2.
fn number(name: &str) -> usize {
    name[1..].parse::<usize>().expect("a name such as e1") - 1
}

/// `250ms`, `3s`, `2m`, `6h`.
fn span(text: &str) -> Duration {
    let digits = text.find(|c: char| !c.is_ascii_digit()).expect("a unit");
    let count: u64 = text[..digits].parse().expect("a number");
    match &text[digits..] {
        "ms" => Duration::from_millis(count),
        "s" => Duration::from_secs(count),
        "m" => Duration::from_secs(count * 60),
        "h" => Duration::from_secs(count * 3_600),
        unit => panic!("no unit is called {unit:?}"),
    }
}

fn moment(at: Timestamp) -> String {
    text(at.since(BEGIN))
}

fn text(span: Duration) -> String {
    match span.as_millis() {
        0 => "0ms".to_owned(),
        millis if millis % 1_000 == 0 => format!("{}s", millis / 1_000),
        millis => format!("{millis}ms"),
    }
}

fn ending_word(ending: Ending) -> &'static str {
    match ending {
        Ending::Succeeded => "ok",
        Ending::Failed => "error",
        Ending::TimedOut => "timeout",
        Ending::Exited => "exit",
        Ending::HostFailure => "host-failure",
    }
}

fn stop_word(reason: StopReason) -> &'static str {
    match reason {
        StopReason::IdleReclaim => "reclaimed",
        StopReason::InitFailure => "init-failure",
        StopReason::Timeout => "timeout",
        StopReason::Exit => "exit",
        StopReason::HostFailure => "host-failure",
        StopReason::Outdated => "outdated",
        StopReason::Reset => "reset",
    }
}

fn event_word(ending: EventEnding) -> &'static str {
    match ending {
        EventEnding::Succeeded => "ok",
        EventEnding::RetriesExhausted => "RetriesExhausted",
        EventEnding::EventAgeExceeded => "EventAgeExceeded",
        EventEnding::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        EventEnding::FunctionDeleted => "FunctionDeleted",
    }
}
