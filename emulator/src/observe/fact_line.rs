//! Facts as lines of JSON, for files and streams that programs read.
//! `FACTS.md` beside the sources tells what each line means.

use super::fact_value::{Field, Value};
use crate::engine::{Fact, What};

/// Appends a fact as one JSON object, without a line's end.
///
/// The object has `at` (seconds since 1970, to the microsecond), `fact` (the
/// name of the [`What`]) and then the fact's fields under their names. A fact
/// always has the same keys in the same order, and the same fact gives the same
/// bytes. Only `into` grows: nothing else is allocated.
///
/// ```
/// use emulator::engine::{Fact, Timestamp, What};
///
/// let at = Timestamp::from_millis(1_767_225_600_000);
/// let fact = Fact { at, what: What::QueueDeleted { queue: "jobs".into(), messages: 3 } };
/// let mut line = String::new();
/// emulator::fact_line(&fact, &mut line);
/// assert_eq!(line, r#"{"at":1767225600.000000,"fact":"QueueDeleted","queue":"jobs","messages":3}"#);
/// ```
pub fn fact_line(fact: &Fact, into: &mut String) {
    into.push_str("{\"at\":");
    fact.at.write(into);
    put_what(&fact.what, into);
    into.push('}');
}

/// One match over all facts, from a table of their fields: a fact or a field
/// that is missing here does not compile. [`Field`] knows how each is written.
macro_rules! facts {
    ($($fact:ident { $($field:ident),* })*) => {
        fn put_what(what: &What, into: &mut String) {
            match what {
                $(What::$fact { $($field),* } => {
                    stringify!($fact).put("fact", into);
                    $($field.put(stringify!($field), into);)*
                })*
            }
        }

        /// The facts with their fields.
        #[cfg(test)]
        const FACTS: &[(&str, &[&str])] = &[$((stringify!($fact), &[$(stringify!($field)),*])),*];
    };
}

facts! {
    // Functions.
    FunctionChanged { function }
    FunctionDeleted { function }
    VersionDeleted { function, version }
    AliasChanged { function, alias, version, additional }
    AliasDeleted { function, alias }
    ProvisionedChanged { function, version, requested, status }
    ReservedConcurrencySet { function, reserved }

    // Invocations.
    Admitted { request_id, function, qualifier, version, asker, pool, spillover, environment, cold }
    Throttled { request_id, function, qualifier, asker, reason, limit }
    InvokeStarted { request_id, environment }
    Answered { request_id, environment }
    InvokeEnded {
        request_id, function, environment, version, started, ending, error_type, duration, init, max_memory_mb
    }

    // Environments.
    InitStarted { environment, function, initialization, log_stream }
    InitRestarted { environment }
    InitEnded { environment, took }
    InitFailed { environment, took, phase, error_type }
    EnvironmentReset { environment, reason }
    EnvironmentIdle { environment }
    EnvironmentStopped { environment, reason }

    // Asynchronous events.
    EventAccepted { request_id, function }
    EventDelayed { request_id, function, until }
    EventEnded { request_id, function, ending }
    RecordSent { request_id, function, target, delivered }

    // Queues and their messages.
    QueueCreated { queue }
    QueueDeleted { queue, messages }
    QueuePurged { queue, messages }
    MessageSent { queue, message, size, group, delayed_until }
    MessageDeduplicated { queue, message }
    DelayChanged { queue, message, until }
    MessageReceived { queue, message, receive_count, visible_at }
    ReceiveRepeated { queue, message, visible_at }
    ReceiveEmpty { queue }
    GroupChanged { queue, group, noisy }
    MessageVisible { queue, message }
    VisibilityChanged { queue, message, visible_at }
    MessageDeleted { queue, message }
    MessageDeadLettered { queue, dead_letter_queue, message }
    MessageExpired { queue, message }
    MessageMoved { queue, destination, message, new_id, group }
    MoveTaskChanged { task, queue, status }

    // Event source mappings.
    MappingChanged { mapping, state }
    PollersScaled { mapping, pollers }
    EventsPolled { mapping, events }
    EventsFiltered { mapping, events }
    BatchSettled { mapping, events, deleted }
    BatchLapsed { mapping, messages }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use bytes::Bytes;
    use serde_json::{Map, Value as Json};

    use super::*;
    use crate::engine::{
        AliasTarget, Asker, Ending, Engine, EnvironmentId, FunctionSpec, HandlerModel, Invoke, Limit,
        MappingId, MappingSpec, MappingState, MessageId, MoveFailure, MoveTaskId, MoveTaskStatus, NewMessage,
        Pool, Publication, Qualifier, QueueAttributes, Quotas, RecordTarget, RequestId, ThrottleReason,
        Timestamp, Uuid, Version,
    };
    use crate::sim::{BuiltIn, Simulation};

    const BEGIN: Timestamp = Timestamp::from_millis(1_767_225_600_000);
    const ID: Uuid = Uuid::from_random(0);

    fn line(fact: &Fact) -> String {
        let mut line = String::new();
        fact_line(fact, &mut line);
        line
    }

    /// The line of what happened 42 µs after the beginning; `ID` stands for the UUID.
    fn check(what: What, expected: &str) {
        let at = BEGIN + Duration::from_micros(42);
        let expected = format!(r#"{{"at":1767225600.000042,"fact":{expected}}}"#);
        let expected = expected.replace("ID", &ID.to_string());
        let written = line(&Fact { at, what });
        assert_eq!(written, expected);
        check_keys(&written, &documented());
    }

    /// What `FACTS.md` says: the keys of each fact.
    fn documented() -> BTreeMap<&'static str, Vec<&'static str>> {
        let page = include_str!("../../FACTS.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.filter(|row| row.starts_with(|first: char| first.is_ascii_uppercase()))
            .map(|row| {
                let mut cells = row.split(" | ");
                let (fact, keys) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
                (fact.trim_matches('`'), keys.split(", ").map(|key| key.trim_matches('`')).collect())
            })
            .collect()
    }

    /// The line is one object with the keys that `FACTS.md` gives it.
    fn check_keys(line: &str, documented: &BTreeMap<&str, Vec<&str>>) {
        let object: Map<String, Json> = serde_json::from_str(line).expect(line);
        assert!(object["at"].is_f64() && !line.contains('\n'), "{line}");
        let keys = &documented[object["fact"].as_str().expect("a name")];
        let expected: BTreeSet<&str> = keys.iter().copied().chain(["at", "fact"]).collect();
        assert_eq!(object.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{line}");
    }

    #[test]
    fn invocations_are_to_the_letter() {
        check(
            What::Admitted {
                request_id: RequestId(ID),
                function: "f".into(),
                qualifier: Qualifier::Alias("live".into()),
                version: Version::Published(1),
                asker: Asker::Mapping(MappingId(ID)),
                pool: Pool::Reserved,
                spillover: false,
                environment: EnvironmentId(1),
                cold: true,
            },
            r#""Admitted","request_id":"ID","function":"f","qualifier":"live","version":"1","asker":"mapping:ID","pool":"reserved","spillover":false,"environment":1,"cold":true"#,
        );
        check(
            What::Throttled {
                request_id: RequestId(ID),
                function: "f".into(),
                qualifier: Qualifier::Latest,
                asker: Asker::EventQueue,
                reason: ThrottleReason::ConcurrentInvocationLimitExceeded,
                limit: Limit::Unreserved,
            },
            r#""Throttled","request_id":"ID","function":"f","qualifier":null,"asker":"event_queue","reason":"ConcurrentInvocationLimitExceeded","limit":"unreserved""#,
        );
        let ended = |init, max_memory_mb| What::InvokeEnded {
            request_id: RequestId(ID),
            function: "f".into(),
            environment: EnvironmentId(12),
            version: Version::Latest,
            started: true,
            ending: Ending::TimedOut,
            error_type: None,
            duration: Duration::from_secs(3),
            init,
            max_memory_mb,
        };
        let begin = r#""InvokeEnded","request_id":"ID","function":"f","environment":12,"version":"$LATEST","started":true,"ending":"timed_out","error_type":null,"duration_ms":3000"#;
        check(ended(None, None), &format!(r#"{begin},"init_ms":null,"max_memory_mb":null"#));
        let init = Some(Duration::from_nanos(2_050_999));
        check(ended(init, Some(64)), &format!(r#"{begin},"init_ms":2.050,"max_memory_mb":64"#));
    }

    /// What has no type of its own in JSON takes two keys.
    #[test]
    fn pairs_are_to_the_letter() {
        let alias = |additional| What::AliasChanged {
            function: "f".into(),
            alias: "live".into(),
            version: Version::Published(1),
            additional,
        };
        let begin = r#""AliasChanged","function":"f","alias":"live","version":"1""#;
        check(alias(None), &format!(r#"{begin},"additional":null,"additional_share":null"#));
        let additional = Some((Version::Published(2), 0.25));
        check(alias(additional), &format!(r#"{begin},"additional":"2","additional_share":0.25"#));
        let broken = Some((Version::Published(2), f64::NAN));
        check(alias(broken), &format!(r#"{begin},"additional":"2","additional_share":null"#));
        check(
            What::RecordSent {
                request_id: RequestId(ID),
                function: "f".into(),
                target: RecordTarget::OnFailure("arn:aws:sqs:r:1:q".into()),
                delivered: true,
            },
            r#""RecordSent","request_id":"ID","function":"f","target":"on_failure","target_arn":"arn:aws:sqs:r:1:q","delivered":true"#,
        );
        let task = |status| What::MoveTaskChanged { task: MoveTaskId(ID), queue: "dlq".into(), status };
        let begin = r#""MoveTaskChanged","task":"ID","queue":"dlq""#;
        check(task(MoveTaskStatus::Running), &format!(r#"{begin},"status":"running","failure":null"#));
        let failed = MoveTaskStatus::Failed(MoveFailure::TooLong);
        check(task(failed), &format!(r#"{begin},"status":"failed","failure":"too_long""#));
    }

    #[test]
    fn messages_and_mappings_are_to_the_letter() {
        let sent = |group: Option<&str>, delayed_until| What::MessageSent {
            queue: "q".into(),
            message: MessageId(ID),
            size: 5,
            group: group.map(Into::into),
            delayed_until,
        };
        let begin = r#""MessageSent","queue":"q","message":"ID","size":5"#;
        check(sent(None, None), &format!(r#"{begin},"group":null,"delayed_until":null"#));
        let until = BEGIN + Duration::from_millis(1_500);
        check(
            sent(Some("a\"\\\n\u{1f}é"), Some(until)),
            &format!(r#"{begin},"group":"a\"\\\u000a\u001fé","delayed_until":1767225601.500000"#),
        );
        let deleted = What::QueueDeleted { queue: "jobs".into(), messages: 3 };
        check(deleted, r#""QueueDeleted","queue":"jobs","messages":3"#);
        let mapping = |state| What::MappingChanged { mapping: MappingId(ID), state };
        check(mapping(Some(MappingState::Enabled)), r#""MappingChanged","mapping":"ID","state":"Enabled""#);
        check(mapping(None), r#""MappingChanged","mapping":"ID","state":null"#);
    }

    #[test]
    fn text_survives_its_escapes() {
        let text: String = ('\0'..'\u{250}').chain(['\u{2028}', '\u{ffff}', '🦀']).collect();
        let mut written = String::new();
        text.as_str().write(&mut written);
        assert_eq!(serde_json::from_str::<String>(&written).expect("JSON"), text);
    }

    #[test]
    fn all_facts_are_documented() {
        let documented = documented();
        let names: BTreeSet<&str> = FACTS.iter().map(|(fact, _)| *fact).collect();
        assert_eq!(documented.keys().copied().collect::<BTreeSet<_>>(), names);
        for (fact, fields) in FACTS {
            let mut keys = documented[fact].iter();
            let is = |key: &str, field: &str| key.strip_suffix("_ms").unwrap_or(key) == field;
            for field in *fields {
                assert!(keys.any(|key| is(key, field)), "FACTS.md has no {field} of {fact} in its place");
            }
        }
    }

    /// A function with a reservation of 1, called, given an event and fed by a
    /// queue, for five minutes; then all is deleted.
    fn story() -> Vec<Fact> {
        let mut simulation = Simulation::new(Quotas::default(), 1, BuiltIn);
        let mut told = Vec::new();
        simulation.command(begin);
        simulation.run_until(simulation.now() + Duration::from_secs(300), &mut told);
        simulation.command(Engine::reset);
        simulation.settle(&mut told);
        told
    }

    fn begin(engine: &mut Engine, now: Timestamp) {
        let spec = FunctionSpec::simulated(HandlerModel::default());
        engine.create_function(now, "f".into(), spec).expect("the name is free");
        engine.publish_version(now, "f", Publication::default()).expect("there is one");
        let target = AliasTarget { version: Version::Published(1), additional: None };
        engine.create_alias(now, "f", "live".into(), target, String::new()).expect("the version is there");
        engine.put_reserved_concurrency(now, "f", 1).expect("there is room");
        let (attributes, tags) = (QueueAttributes::default(), BTreeMap::new());
        engine.create_queue(now, &"q".into(), attributes, tags, |_| None).expect("the name is free");
        engine.create_mapping(now, mapping()).expect("both are there");
        for _ in 0..3 {
            let message = NewMessage::new("hello", [0; 16]);
            engine.send_message(now, "q", message, None).expect("the queue is there");
            let live = Qualifier::Alias("live".into());
            let invoke = Invoke { qualifier: live, ..Invoke::new("f", Bytes::from_static(b"{}")) };
            // The first is admitted; the others are refused.
            let _ = engine.invoke(now, invoke);
        }
        engine.invoke_event(now, Invoke::new("f", Bytes::from_static(b"{}"))).expect("it is accepted");
    }

    fn mapping() -> MappingSpec {
        MappingSpec {
            queue: "q".into(),
            function: "f".into(),
            qualifier: Qualifier::Latest,
            batch_size: 2,
            batching_window: Duration::ZERO,
            maximum_concurrency: None,
            reports_item_failures: false,
            filter: None,
            provisioned: None,
            counts_events: false,
            enabled: true,
        }
    }

    #[test]
    fn a_whole_story_is_json() {
        let (facts, documented) = (story(), documented());
        let lines: Vec<String> = facts.iter().map(line).collect();
        lines.iter().for_each(|line| check_keys(line, &documented));
        for told in ["Admitted", "Throttled", "InitStarted", "InvokeEnded", "EventEnded", "BatchSettled"] {
            assert!(lines.iter().any(|line| line.contains(told)), "nothing is told of {told}");
        }
        assert_eq!(lines, story().iter().map(line).collect::<Vec<_>>(), "the same story, the same bytes");
    }
}
