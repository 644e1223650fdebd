//! The auditor finds what is wrong: true stories pass, doctored ones do not.

use std::sync::Arc;
use std::time::Duration;

use emulator::engine::{
    Asker, Ending, EnvironmentId, EventEnding, Fact, FunctionName, FunctionVersion, MappingId, MappingState,
    MessageId, Pool, QueueAttributes, QueueName, Quotas, RedrivePolicy, RequestId, StopReason,
    ThrottleReason, Timestamp, Uuid, What,
};

use crate::auditor::Auditor;
use crate::workload::spec;

const FULL: ThrottleReason = ThrottleReason::ConcurrentInvocationLimitExceeded;
const RESERVED_FULL: ThrottleReason = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;

/// Audits a story of an account with a concurrency of 2. `wrong` is a part of
/// the rule that its last fact breaks; nothing when the story is true.
fn check(story: &[Fact], wrong: &str) {
    let quotas = Quotas { account_concurrency: 2, unreserved_minimum: 1, ..Quotas::default() };
    let mut auditor = Auditor::new(quotas);
    let redrive = Some(RedrivePolicy { dead_letter_queue: name("dead"), max_receive_count: 2 });
    auditor.grant_queue(&name("queue"), QueueAttributes { redrive, ..QueueAttributes::default() });
    auditor.grant_queue(&name("dead"), QueueAttributes::default());
    let (last, before) = story.split_last().expect("a story has facts");
    for fact in before {
        auditor.audit(fact).expect("all but the last fact are true");
    }
    match auditor.audit(last) {
        Ok(()) => assert_eq!(wrong, "", "the auditor did not see it in {story:#?}"),
        Err(violation) => {
            assert!(!wrong.is_empty() && violation.rule.contains(wrong), "{violation}, not {wrong:?}");
        }
    }
}

fn at(millis: u64, what: What) -> Fact {
    Fact { at: Timestamp::from_millis(millis), what }
}

fn request(number: u8) -> RequestId {
    RequestId(Uuid::from_random(number.into()))
}

fn message() -> MessageId {
    MessageId(Uuid::from_random(7))
}

fn name(queue: &str) -> QueueName {
    queue.into()
}

fn function() -> FunctionName {
    "f".into()
}

fn version(revision: u8) -> Arc<FunctionVersion> {
    Arc::new(FunctionVersion {
        name: function(),
        spec: spec(Duration::from_secs(3)),
        last_modified: Timestamp::default(),
        revision_id: Uuid::from_random(revision.into()),
    })
}

fn made(millis: u64, revision: u8) -> Fact {
    at(millis, What::FunctionChanged { function: version(revision) })
}

fn reserved(millis: u64, limit: u32) -> Fact {
    at(millis, What::ReservedConcurrencySet { function: function(), reserved: Some(limit) })
}

fn admitted(millis: u64, number: u8, asker: Asker, environment: u64, cold: bool) -> Fact {
    let (request_id, environment) = (request(number), EnvironmentId(environment));
    let pool = Pool::Unreserved;
    at(millis, What::Admitted { request_id, function: function(), asker, pool, environment, cold })
}

fn throttled(millis: u64, number: u8, asker: Asker, reason: ThrottleReason) -> Fact {
    at(millis, What::Throttled { request_id: request(number), function: function(), asker, reason })
}

fn started(millis: u64, number: u8, environment: u64) -> Fact {
    let environment = EnvironmentId(environment);
    at(millis, What::InvokeStarted { request_id: request(number), environment })
}

/// An admission to a new environment, and a hand-over after no Init time.
fn cold(millis: u64, number: u8, asker: Asker, environment: u64) -> Vec<Fact> {
    let (id, log_stream, took) = (EnvironmentId(environment), Uuid::from_random(0), Duration::ZERO);
    vec![
        admitted(millis, number, asker, environment, true),
        at(millis, What::InitStarted { environment: id, function: version(1), log_stream }),
        at(millis, What::InitEnded { environment: id, took }),
        started(millis, number, environment),
    ]
}

fn ended(millis: u64, number: u8, environment: u64, ending: Ending, lasted: u64, was_cold: bool) -> Fact {
    let (request_id, environment) = (request(number), EnvironmentId(environment));
    let (duration, init) = (Duration::from_millis(lasted), was_cold.then_some(Duration::ZERO));
    let (function, handed_over, max_memory_mb) = (function(), true, None);
    at(
        millis,
        What::InvokeEnded {
            request_id,
            function,
            environment,
            handed_over,
            ending,
            duration,
            init,
            max_memory_mb,
        },
    )
}

fn idle(millis: u64, environment: u64) -> Fact {
    at(millis, What::EnvironmentIdle { environment: EnvironmentId(environment) })
}

fn stopped(millis: u64, environment: u64, reason: StopReason) -> Fact {
    at(millis, What::EnvironmentStopped { environment: EnvironmentId(environment), reason })
}

/// One function whose first environment served one request and is idle since 10 ms.
fn served() -> Vec<Fact> {
    let mut story = vec![made(0, 1)];
    story.extend(cold(0, 1, Asker::Caller, 1));
    story.extend([ended(10, 1, 1, Ending::Succeeded, 10, true), idle(10, 1)]);
    story
}

fn after(mut story: Vec<Fact>, more: impl IntoIterator<Item = Fact>) -> Vec<Fact> {
    story.extend(more);
    story
}

#[test]
fn true_stories_pass() {
    check(&served(), "");
    let warm = [admitted(20, 2, Asker::Caller, 1, false), started(20, 2, 1)];
    check(&after(served(), warm), "");
    check(&after(served(), [stopped(310_010, 1, StopReason::IdleReclaim)]), "");
    check(&received_once(), "");
    check(&after(event_failed(), [event_delayed(10, 60_010)]), "");
}

#[test]
fn doctored_environments_are_found() {
    check(&after(served(), [made(9, 2)]), "time went back");
    check(&after(served(), [admitted(20, 2, Asker::Caller, 2, true)]), "is idle");
    check(&after(served(), [admitted(20, 2, Asker::Caller, 1, true)]), "said to be new");
    check(&after(served(), [admitted(20, 2, Asker::Caller, 2, false)]), "not alive");
    check(&after(served(), [started(20, 1, 1)]), "Idle");
    check(&after(served(), [stopped(20, 1, StopReason::IdleReclaim)]), "reclaimed after");
    let gone = after(served(), [stopped(310_010, 1, StopReason::IdleReclaim)]);
    check(&after(gone, [admitted(310_020, 2, Asker::Caller, 1, false)]), "not alive");
    check(&after(served(), [made(20, 2), admitted(20, 2, Asker::Caller, 1, false)]), "was reused");
    let busy = after(vec![made(0, 1)], cold(0, 1, Asker::Caller, 1));
    check(&after(busy.clone(), [admitted(1, 2, Asker::Caller, 1, false)]), "was reused");
    let crashed = after(busy, [ended(5, 1, 1, Ending::Exited, 5, true)]);
    check(&after(crashed.clone(), [idle(5, 1)]), "cannot wait for more");
    check(&after(crashed, [made(6, 2)]), "between two states");
}

#[test]
fn doctored_permits_are_found() {
    let busy = after(vec![made(0, 1)], cold(0, 1, Asker::Caller, 1));
    let again = ended(20, 1, 1, Ending::Succeeded, 20, true);
    check(&after(served(), [again]), "its permit was not out");
    check(&after(served(), [admitted(20, 1, Asker::Caller, 1, false)]), "after its end");
    check(&after(busy.clone(), [admitted(1, 1, Asker::Caller, 2, true)]), "admitted twice");
    check(&after(busy.clone(), [ended(3_001, 1, 1, Ending::Succeeded, 3_001, true)]), "longer than");
    check(&after(busy.clone(), [ended(2_000, 1, 1, Ending::TimedOut, 2_000, true)]), "timed out after");
    check(&after(busy.clone(), [throttled(1, 2, Asker::Caller, FULL)]), "only 1 of 2");
    let full = after(busy.clone(), cold(0, 2, Asker::Caller, 2));
    check(&after(full.clone(), [throttled(1, 3, Asker::Caller, FULL)]), "");
    check(&after(full.clone(), [throttled(1, 3, Asker::Caller, RESERVED_FULL)]), "throttled with");
    check(&after(full, [admitted(1, 3, Asker::Caller, 3, true)]), "2 of 2");
    check(&after(busy.clone(), [reserved(1, 2)]), "unreserved");
    check(&after(busy.clone(), [reserved(1, 1), admitted(1, 2, Asker::Caller, 2, true)]), "draws from");
    check(&after(busy, [reserved(1, 1), throttled(1, 2, Asker::Caller, RESERVED_FULL)]), "");
}

fn event_accepted() -> Vec<Fact> {
    vec![made(0, 1), at(0, What::EventAccepted { request_id: request(1), function: function() })]
}

fn event_delayed(millis: u64, until: u64) -> Fact {
    let until = Timestamp::from_millis(until);
    at(millis, What::EventDelayed { request_id: request(1), function: function(), until })
}

fn event_ended(millis: u64, ending: EventEnding) -> Fact {
    at(millis, What::EventEnded { request_id: request(1), function: function(), ending })
}

fn event_failed() -> Vec<Fact> {
    let tried = after(event_accepted(), cold(0, 1, Asker::EventQueue, 1));
    after(tried, [ended(10, 1, 1, Ending::Failed, 10, true), idle(10, 1)])
}

#[test]
fn doctored_events_are_found() {
    check(&after(event_failed(), [event_delayed(10, 59_010)]), "should be");
    check(&after(event_failed(), [event_ended(10, EventEnding::RetriesExhausted)]), "ended while");
    check(&after(event_failed(), [made(11, 2)]), "without a verdict");
    let waits = after(event_failed(), [event_delayed(10, 60_010)]);
    let early = admitted(60_009, 1, Asker::EventQueue, 1, false);
    check(&after(waits.clone(), [early]), "tried while");
    check(&after(waits, [event_ended(60_010, EventEnding::ZeroReservedConcurrency)]), "ended while");
    let zero = [reserved(0, 0), event_ended(0, EventEnding::ZeroReservedConcurrency)];
    let over = after(event_accepted(), zero);
    check(&over, "");
    check(&after(over, [event_ended(0, EventEnding::Succeeded)]), "no event that waits or runs");
    let full = after(event_accepted(), [reserved(0, 0), throttled(0, 1, Asker::EventQueue, RESERVED_FULL)]);
    check(&after(full.clone(), [event_delayed(0, 1_000)]), "");
    check(&after(full, [event_delayed(0, 2_000)]), "should be");
    let second = |until: u64| {
        let waits = after(event_failed(), [event_delayed(10, 60_010)]);
        let again = [admitted(60_010, 1, Asker::EventQueue, 1, false), started(60_010, 1, 1)];
        let failed = [ended(60_020, 1, 1, Ending::Failed, 10, false), idle(60_020, 1)];
        after(after(after(waits, again), failed), [event_delayed(60_020, until)])
    };
    check(&second(180_020), "");
    check(&second(120_020), "should be");
    let gone = after(event_accepted(), [event_ended(0, EventEnding::FunctionDeleted)]);
    check(&after(gone, [made(0, 2)]), "was not deleted");
}

fn received(millis: u64, receive_count: u32) -> Fact {
    let visible_at = Timestamp::from_millis(millis + 30_000);
    let queue = name("queue");
    at(millis, What::MessageReceived { queue, message: message(), receive_count, visible_at })
}

fn visible(millis: u64) -> Fact {
    at(millis, What::MessageVisible { queue: name("queue"), message: message() })
}

fn dead_lettered(millis: u64) -> Fact {
    let (queue, dead_letter_queue) = (name("queue"), name("dead"));
    at(millis, What::MessageDeadLettered { queue, dead_letter_queue, message: message() })
}

fn received_once() -> Vec<Fact> {
    let sent = What::MessageSent { queue: name("queue"), message: message(), delayed_until: None };
    vec![
        at(0, What::QueueCreated { queue: name("queue") }),
        at(0, What::QueueCreated { queue: name("dead") }),
        at(0, sent),
        received(1_000, 1),
    ]
}

#[test]
fn doctored_messages_are_found() {
    let (queue, message) = (name("queue"), message());
    check(&after(received_once(), [received(2_000, 2)]), "received while");
    check(&after(received_once(), [visible(30_999)]), "became visible while");
    let back = after(received_once(), [visible(31_000)]);
    check(&after(back.clone(), [received(31_000, 3)]), "received 1 times");
    check(&after(back.clone(), [dead_lettered(31_000)]), "maxReceiveCount is 2");
    let twice = after(back.clone(), [received(31_000, 2), visible(61_000)]);
    check(&after(twice.clone(), [received(61_000, 3)]), "maxReceiveCount");
    let dead = after(twice, [dead_lettered(61_000)]);
    check(&dead, "");
    check(&after(dead, [visible(61_000)]), "not in the queue");
    let expired = What::MessageExpired { queue: queue.clone(), message };
    check(&after(back.clone(), [at(345_599_999, expired.clone())]), "retention");
    check(&after(back.clone(), [at(345_600_000, expired)]), "");
    check(&after(back.clone(), [received(345_600_001, 2)]), "after its retention");
    let purged = What::QueuePurged { queue: queue.clone(), messages: 0 };
    check(&after(back.clone(), [at(31_000, purged)]), "1 messages");
    let deleted = What::MessageDeleted { queue, message };
    let twice_deleted = [at(31_000, deleted.clone()), at(31_000, deleted)];
    check(&after(back, twice_deleted), "not in the queue");
}

#[test]
fn doctored_mappings_are_found() {
    let mapping = MappingId(Uuid::from_random(1));
    let state = |state| at(0, What::MappingChanged { mapping, state });
    let deleting = vec![
        state(Some(MappingState::Creating)),
        state(Some(MappingState::Disabled)),
        state(Some(MappingState::Deleting)),
    ];
    check(&after(deleting.clone(), [state(None)]), "");
    check(&after(deleting.clone(), [state(Some(MappingState::Updating))]), "Deleting");
    check(&[state(Some(MappingState::Enabled))], "None");
    check(&after(deleting[..2].to_vec(), [state(None)]), "Disabled");
    let asker = Asker::Mapping(mapping);
    check(&after(deleting, [made(0, 1), admitted(0, 1, asker, 1, true)]), "invoked while");
}
