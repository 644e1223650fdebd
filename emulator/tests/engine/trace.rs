//! Golden traces: a readable script in, facts out.
//!
//! A script first declares quotas, functions, queues and mappings; then each
//! line has a moment, a command, and after `=>` everything that happens up to
//! and including it. What happens at another moment than the line's own carries
//! it: `@63s dispatch e1 r1`. Names are given in the order of appearance: r1
//! is the first request, e1 the first environment, m1 the first message.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    AliasTarget, AliasUpdate, AllocationStatus, ColdStartMode, Completion, Deduplication, Effect, Ending,
    Engine, EnvironmentId, EventEnding, EventInvokeConfig, Exit, Fact, FifoAttributes, FifoScope, Filter,
    FunctionError, FunctionSpec, HandlerModel, InitPhase, Invoke, MappingSpec, MappingState, MessageFilter,
    MessageId, MoveTaskStatus, NewMessage, News, Outcome, Pool, ProvisionedPollers, Publication, Qualifier,
    QueueAttributes, QueueName, Quotas, Rate, ReceiptHandle, Receive, ReceiveRequest, RecordTarget,
    RedrivePolicy, Report, RequestId, ResetReason, SqsError, StopReason, Timestamp, Version, What,
};

/// All traces count from this moment.
const BEGIN: Timestamp = Timestamp::from_millis(1_763_942_400_000);

/// Plays the script and compares what happens with what it says.
pub(crate) fn check(script: &str) {
    let mut world = World::new(quotas(script));
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
    /// How often each environment was started again.
    incarnations: BTreeMap<EnvironmentId, u32>,
    /// A refusal that no fact tells of.
    refused: Option<String>,
    /// Whether the sizes of fleets are told.
    shows_pollers: bool,
    facts: Vec<Fact>,
    effects: Vec<Effect>,
}

/// The quotas of a script: `quota account 10`, `quota scaling 2/1s`, …
fn quotas(script: &str) -> Quotas {
    // Fixed lifetimes make their end a moment that a script can name; placement
    // and cold starts take no time of their own.
    let (idle, life) = (Duration::from_secs(600), Duration::from_secs(7_200));
    let mut quotas =
        Quotas { idle_lifetime: (idle, idle), environment_lifetime: (life, life), ..Quotas::default() };
    for line in script.lines().filter_map(|line| line.strip_prefix("quota ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let both = |text| (span(text), span(text));
        match words[..] {
            ["account", concurrency] => quotas.account_concurrency = concurrency.parse().expect("a number"),
            ["minimum", unreserved] => quotas.unreserved_minimum = unreserved.parse().expect("a number"),
            ["scaling", limit] => quotas.scaling_rate = rate(limit),
            ["provisioned", limit] => quotas.provisioned_rate = rate(limit),
            ["preparation", time] => quotas.provisioned_preparation = both(time),
            ["placement", time] => quotas.cold_start.placement = both(time),
            ["transition", time] => quotas.function_transition = span(time),
            ["window", "waits"] => quotas.window_waits_for_poll = true,
            ["in-flight", limit] => quotas.in_flight_limit = limit.parse().expect("a number"),
            ["name", hold] => quotas.queue_name_hold = span(hold),
            ["cold-start", "simulated"] => quotas.cold_start.mode = ColdStartMode::Simulated,
            _ => panic!("no quota is called {line:?}"),
        }
    }
    quotas
}

/// `10/1s`.
fn rate(text: &str) -> Rate {
    let (count, per) = text.split_once('/').expect("a rate such as 10/1s");
    Rate { count: count.parse().expect("a number"), per: span(per) }
}

/// `f`, `f:7` or `f:live`.
fn qualified(target: &str) -> (&str, Qualifier) {
    let (function, qualifier) = target.split_once(':').unwrap_or((target, "$LATEST"));
    (function, Qualifier::parse(qualifier))
}

fn published(version: &str) -> Version {
    Version::Published(version.parse().expect("a version's number"))
}

fn invoke(target: &str, depth: u32) -> Invoke<'_> {
    let (function, qualifier) = qualified(target);
    let mut invoke = Invoke { qualifier, ..Invoke::new(function, Bytes::from_static(b"{}")) };
    invoke.trace.depth = depth;
    invoke
}

impl World {
    fn new(quotas: Quotas) -> Self {
        Self {
            engine: Engine::new(quotas, 1),
            requests: Vec::new(),
            messages: Vec::new(),
            receipts: BTreeMap::new(),
            running: BTreeMap::new(),
            incarnations: BTreeMap::new(),
            refused: None,
            shows_pollers: false,
            facts: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// `quota account 10`, `function f reserved 1 timeout 3s`, `queue q visibility 30s redrive dlq 3`,
    /// `queue q.fifo content scope`, `mapping q f batch 10 window 1s maximum 2 partial filter word`,
    /// `show pollers`.
    fn declare(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let setting = |name: &str| words.iter().position(|word| *word == name).map(|at| words[at + 1]);
        match words[0] {
            "quota" => {}
            "show" => self.shows_pollers = words[1] == "pollers",
            "function" => {
                let mut spec = function(setting("timeout").map_or(Duration::from_secs(3), span));
                spec.dead_letter_target = setting("dead-letter").map(Into::into);
                self.engine.create_function(BEGIN, words[1].into(), spec).expect("a new function");
                if words.contains(&"age") || words.contains(&"retries") || words.contains(&"failed-to") {
                    let config = EventInvokeConfig {
                        maximum_retry_attempts: setting("retries").map(|n| n.parse().expect("a number")),
                        maximum_event_age: setting("age").map(span),
                        on_failure: setting("failed-to").map(Into::into),
                        ..EventInvokeConfig::default()
                    };
                    self.engine
                        .put_event_config(BEGIN, words[1], &Qualifier::Latest, config)
                        .expect("a function");
                }
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
                attributes.delay = setting("delay").map_or(Duration::ZERO, span);
                let scope = if words.contains(&"scope") { FifoScope::MessageGroup } else { FifoScope::Queue };
                attributes.fifo = words[1].ends_with(".fifo").then(|| FifoAttributes {
                    content_based_deduplication: words.contains(&"content"),
                    deduplication_scope: scope,
                    throughput_limit: scope,
                });
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
                    qualifier: Qualifier::Latest,
                    batch_size: setting("batch").map_or(10, |size| size.parse().expect("a number")),
                    batching_window: setting("window").map_or(Duration::ZERO, span),
                    maximum_concurrency: setting("maximum").map(|most| most.parse().expect("a number")),
                    reports_item_failures: words.contains(&"partial"),
                    filter: setting("filter").map(|word| Filter::new(Contains(vec![word.to_owned()]))),
                    provisioned: setting("provisioned").map(|range| {
                        let (minimum, maximum) = range.split_once('-').expect("a range such as 2-4");
                        let number = |text: &str| text.parse().expect("a number");
                        ProvisionedPollers { minimum: number(minimum), maximum: number(maximum) }
                    }),
                    counts_events: false,
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
        let mut told: Vec<String> = Vec::new();
        loop {
            let (facts, effects) = self.drain();
            for fact in facts {
                let Some(text) = self.tell(&fact.what) else { continue };
                let moment = if fact.at == now { String::new() } else { format!("@{} ", moment(fact.at)) };
                told.push(format!("{moment}{text}"));
            }
            let (filters, effects): (Vec<_>, Vec<_>) =
                effects.into_iter().partition(|effect| matches!(effect, Effect::Filter(_)));
            for effect in effects {
                told.extend(self.tell_effect(effect));
            }
            if filters.is_empty() {
                break;
            }
            for filter in filters {
                let Effect::Filter(request) = filter else { continue };
                let passed = request.filter.judge(&request.messages);
                self.engine.filtered(now, &request, &passed);
            }
        }
        told.extend(self.refused.take());
        if told.is_empty() { "nothing".to_owned() } else { told.join(" · ") }
    }

    fn command(&mut self, now: Timestamp, words: &[&str]) {
        match words {
            ["wait"] => {}
            ["invoke", target] => drop(self.engine.invoke(now, invoke(target, 0))),
            ["invoke", target, "depth", depth] => {
                let depth = depth.parse().expect("a number");
                if let (_, Err(refusal)) = self.engine.invoke(now, invoke(target, depth)) {
                    self.refused = Some(format!("{refusal:?}"));
                }
            }
            ["event", target] => {
                self.engine.invoke_event(now, invoke(target, 0)).expect("events are accepted");
            }
            ["event", target, "depth", depth] => {
                let depth = depth.parse().expect("a number");
                self.engine.invoke_event(now, invoke(target, depth)).expect("events are accepted");
            }
            ["drop", function] => self.engine.delete_function(now, function).expect("a function"),
            ["publish", function] => {
                // A change makes each publication a new version.
                let changed = self.engine.update_function(now, function, None, |spec| spec.memory_mb += 1);
                changed.expect("a function");
                let publication = Publication::default();
                self.engine.publish_version(now, function, publication).expect("a function");
            }
            ["alias", target, version] => self.point_alias(now, target, version, None),
            ["alias", target, version, other, weight] => {
                let weight = weight.parse().expect("a weight");
                self.point_alias(now, target, version, Some((published(other), weight)));
            }
            ["provision", target, count] => {
                let (function, qualifier) = qualified(target);
                let count = count.parse().expect("a number");
                self.engine.put_provisioned(now, function, &qualifier, count).expect("room to provision");
            }
            ["unprovision", target] => {
                let (function, qualifier) = qualified(target);
                self.engine.delete_provisioned(now, function, &qualifier).expect("a function");
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
            ["finish", environment, how] => self.finish(now, environment, how, true),
            ["answer", environment, how] => self.finish(now, environment, how, false),
            ["rest", environment] => self.report(now, environment, News::Rested),
            ["send", queue, rest @ ..] => self.send(now, queue, rest),
            ["receive", queue, rest @ ..] => self.receive(now, queue, rest),
            ["hide", name, visibility] => {
                let (queue, receipt) = self.receipts[&number(name)].clone();
                let hidden = self.engine.change_visibility(now, &queue, receipt, span(visibility));
                self.note_refusal(hidden.err());
            }
            ["delay", queue, delay] => {
                let change = |attributes: &mut QueueAttributes| attributes.delay = span(delay);
                self.engine.set_queue_attributes(now, queue, change).expect("a queue");
            }
            ["move", source, rest @ ..] => {
                let rate = value(rest, "rate").map(|rate| rate.parse().expect("a number"));
                let started = self.engine.start_move_task(now, source, value(rest, "to"), rate);
                self.note_refusal(started.err());
            }
            ["cancel", source] => {
                let task = self.engine.move_tasks(source).expect("a queue")[0].id;
                let cancelled = self.engine.cancel_move_task(now, task);
                self.note_refusal(cancelled.err());
            }
            ["delete", name] => {
                let (queue, receipt) = self.receipts[&number(name)].clone();
                let deleted = self.engine.delete_message(now, &queue, receipt);
                self.note_refusal(deleted.err());
            }
            other => panic!("no command is called {other:?}"),
        }
    }

    /// `send q 3 group a id x body word delay 5s`, all of it optional.
    fn send(&mut self, now: Timestamp, queue: &str, words: &[&str]) {
        let many = words.first().and_then(|first| first.parse().ok()).unwrap_or(1);
        for _ in 0..many {
            let mut message = NewMessage::new(value(words, "body").unwrap_or("hello"), [0; 16]);
            message.group_id = value(words, "group").map(Into::into);
            message.deduplication = match value(words, "id") {
                Some(id) => Some(Deduplication::Id(id.into())),
                None if queue.ends_with(".fifo") => Some(Deduplication::ByContent((&*message.body).into())),
                None => None,
            };
            let sent = self.engine.send_message(now, queue, message, value(words, "delay").map(span));
            self.note_refusal(sent.err());
        }
    }

    /// `receive q max 1 wait 5s attempt a`, all of it optional.
    fn receive(&mut self, now: Timestamp, queue: &str, words: &[&str]) {
        let request = ReceiveRequest {
            max: value(words, "max").map_or(10, |max| max.parse().expect("a number")),
            visibility: None,
            wait: value(words, "wait").map(span),
            attempt: value(words, "attempt").map(Into::into),
        };
        match self.engine.receive_message(now, queue, request) {
            Ok(Receive::Messages(messages)) => {
                for message in messages {
                    self.take_in(queue, &message);
                }
            }
            Ok(Receive::Waiting(_)) => {}
            Err(error) => self.note_refusal(Some(error)),
        }
    }

    fn take_in(&mut self, queue: &str, delivery: &emulator::engine::Delivery) -> String {
        let name = self.message(delivery.content.id);
        self.receipts.insert(number(&name), (queue.to_owned(), delivery.receipt));
        name
    }

    fn note_refusal(&mut self, error: Option<SqsError>) {
        if let Some(error) = error {
            self.refused = Some(format!("refused {error:?}"));
        }
    }

    fn point_alias(&mut self, now: Timestamp, alias: &str, to: &str, additional: Option<(Version, f64)>) {
        let (function, name) = alias.split_once(':').expect("an alias such as f:live");
        let (name, version) = (name.into(), published(to));
        if self.engine.alias(function, &name).is_ok() {
            let update = AliasUpdate {
                version: Some(version),
                additional: Some(additional),
                ..AliasUpdate::default()
            };
            self.engine.update_alias(now, function, &name, update).expect("a version");
        } else {
            let target = AliasTarget { version, additional };
            self.engine.create_alias(now, function, name, target, String::new()).expect("a version");
        }
    }

    fn finish(&mut self, now: Timestamp, environment: &str, how: &str, rested: bool) {
        let id = EnvironmentId(number(environment) as u64 + 1);
        let outcome = match how {
            "ok" => Outcome::Success(Bytes::from_static(b"null")),
            "error" => Outcome::FunctionError(FunctionError::Reported(Bytes::new())),
            other => panic!("nothing finishes {other:?}"),
        };
        let request_id = self.running[&id];
        let items = Default::default();
        let completion = Completion { request_id, outcome, max_memory_mb: None, items, rested };
        self.report(now, environment, News::Finished(completion));
    }

    fn report(&mut self, now: Timestamp, environment: &str, news: News) {
        let environment = EnvironmentId(number(environment) as u64 + 1);
        let incarnation = self.incarnations.get(&environment).copied().unwrap_or(0);
        self.engine.report(now, Report { environment, incarnation, news });
    }

    fn drain(&mut self) -> (Vec<Fact>, Vec<Effect>) {
        self.engine.take_facts(&mut self.facts);
        self.engine.take_effects(&mut self.effects);
        for effect in &self.effects {
            if let Effect::Dispatch(dispatch) = effect {
                self.running.insert(dispatch.environment, dispatch.request_id);
            }
            if let Effect::Restart { environment, incarnation, .. } = effect {
                self.incarnations.insert(*environment, *incarnation);
            }
        }
        (std::mem::take(&mut self.facts), std::mem::take(&mut self.effects))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most effects only follow from facts")]
    fn tell_effect(&mut self, effect: Effect) -> Option<String> {
        match effect {
            Effect::Deliver { messages, .. } => {
                let names: Vec<String> = messages.iter().map(|message| self.take_in("q", message)).collect();
                Some(format!("deliver [{}]", names.join(" ")))
            }
            Effect::Refuse { request_id, refusal } => {
                Some(format!("refuse {} {refusal:?}", self.request(request_id)))
            }
            Effect::SendRecord(record) => {
                let to = match &record.target {
                    RecordTarget::DeadLetter(arn) => format!("dead-letter {arn}"),
                    RecordTarget::OnSuccess(arn) => format!("success {arn}"),
                    RecordTarget::OnFailure(arn) => format!("failure {arn}"),
                };
                let request = self.request(record.request_id);
                Some(format!("record {request} x{} {to}", record.attempts))
            }
            _ => None,
        }
    }

    fn tell(&mut self, what: &What) -> Option<String> {
        Some(match what {
            What::FunctionChanged { .. }
            | What::FunctionDeleted { .. }
            | What::VersionDeleted { .. }
            | What::AliasChanged { .. }
            | What::AliasDeleted { .. }
            | What::ReservedConcurrencySet { .. }
            | What::RecordSent { .. }
            | What::Admitted { pool: Pool::Reserved | Pool::Unreserved, spillover: false, .. }
            | What::QueueCreated { .. }
            | What::QueueDeleted { .. }
            | What::QueuePurged { .. } => return None,
            What::Admitted { request_id, pool: Pool::Provisioned, .. } => {
                format!("provisioned {}", self.request(*request_id))
            }
            What::Admitted { request_id, .. } => format!("spillover {}", self.request(*request_id)),
            What::ProvisionedChanged { version, requested, status, .. } => match requested {
                Some(requested) => format!("v{version} {} {requested}", status_word(*status)),
                None => format!("v{version} unprovisioned"),
            },
            What::Throttled { request_id, reason, .. } => {
                format!("throttle {} {}", self.request(*request_id), reason.as_str())
            }
            What::InitStarted { environment, .. } => format!("start {}", name(*environment)),
            What::InitEnded { environment, took } => format!("init {} {}", name(*environment), text(*took)),
            What::InitRestarted { environment } => format!("restart {}", name(*environment)),
            What::InitFailed { environment, phase, error_type, .. } => {
                let how = if error_type.is_some() { "failed" } else { "overdue" };
                let place = match phase {
                    InitPhase::Init => "",
                    InitPhase::Invoke => " again",
                };
                format!("init {} {how}{place}", name(*environment))
            }
            What::EnvironmentReset { environment, reason } => {
                format!("reset {} {}", name(*environment), reset_word(*reason))
            }
            What::Answered { request_id, .. } => format!("answer {}", self.request(*request_id)),
            What::InvokeStarted { request_id, environment } => {
                format!("begin {} {}", name(*environment), self.request(*request_id))
            }
            What::InvokeEnded { request_id, ending, duration, init, .. } => {
                let init = if init.is_some() { " cold" } else { "" };
                let (request, ending) = (self.request(*request_id), ending_word(*ending));
                format!("end {request} {ending} {}{init}", text(*duration))
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
            What::MessageDeduplicated { message, .. } => format!("again {}", self.message(*message)),
            What::DelayChanged { message, until, .. } => {
                format!("delayed {} until {}", self.message(*message), moment(*until))
            }
            What::ReceiveRepeated { message, visible_at, .. } => {
                format!("repeated {} until {}", self.message(*message), moment(*visible_at))
            }
            What::GroupChanged { group, noisy, .. } => {
                format!("{group} {}", if *noisy { "noisy" } else { "quiet" })
            }
            What::MessageMoved { message, new_id, destination, .. } => {
                format!("moved {} to {destination} as {}", self.message(*message), self.message(*new_id))
            }
            What::MoveTaskChanged { status, .. } => format!("move {}", move_word(*status)),
            What::PollersScaled { pollers, .. } if self.shows_pollers => format!("pollers {pollers}"),
            What::PollersScaled { .. } | What::EventsPolled { .. } | What::BatchSettled { .. } => {
                return None;
            }
            What::ReceiveEmpty { .. } => "empty".to_owned(),
            What::EventsFiltered { events, .. } => format!("filtered {events}"),
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

/// The word behind a key.
fn value<'w>(words: &[&'w str], key: &str) -> Option<&'w str> {
    words.iter().position(|word| *word == key).map(|at| words[at + 1])
}

/// Lets bodies pass that contain a word.
#[derive(Debug)]
struct Contains(Vec<String>);

impl MessageFilter for Contains {
    fn patterns(&self) -> &[String] {
        &self.0
    }

    fn passes(&self, body: &str) -> bool {
        self.0.iter().any(|word| body.contains(word))
    }
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
        StopReason::Retired => "retired",
        StopReason::InitFailure => "init-failure",
        StopReason::Unprovisioned => "unprovisioned",
        StopReason::HostFailure => "host-failure",
        StopReason::Outdated => "outdated",
        StopReason::Reset => "reset",
    }
}

fn reset_word(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::InitFailure => "init-failure",
        ResetReason::Timeout => "timeout",
        ResetReason::Exit => "exit",
    }
}

fn status_word(status: AllocationStatus) -> &'static str {
    match status {
        AllocationStatus::InProgress => "in-progress",
        AllocationStatus::Ready => "ready",
        AllocationStatus::Failed => "failed",
        AllocationStatus::HostFailed => "host-failed",
    }
}

fn move_word(status: MoveTaskStatus) -> String {
    match status {
        MoveTaskStatus::Running => "running".to_owned(),
        MoveTaskStatus::Cancelling => "cancelling".to_owned(),
        MoveTaskStatus::Cancelled => "cancelled".to_owned(),
        MoveTaskStatus::Completed => "completed".to_owned(),
        MoveTaskStatus::Failed(failure) => format!("failed {failure:?}"),
    }
}

fn event_word(ending: EventEnding) -> &'static str {
    match ending {
        EventEnding::Succeeded => "ok",
        EventEnding::RetriesExhausted => "RetriesExhausted",
        EventEnding::EventAgeExceeded => "EventAgeExceeded",
        EventEnding::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        EventEnding::RecursiveLoop => "RecursiveLoop",
        EventEnding::FunctionDeleted => "FunctionDeleted",
    }
}
