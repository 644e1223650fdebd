//! Asynchronous events: their schedule, their ends and their settings.

use std::time::Duration;

use emulator::engine::{
    Asker, Ending, EventEnding, EventInvokeConfig, Fact, Limit, Qualifier, ThrottleReason, Timestamp, What,
};

use super::{
    admitted, after, at, auditor, check, cold, ended, function, idle, made, quotas, request, reserved,
    started, tell,
};

fn event_accepted() -> Vec<Fact> {
    vec![made(0, 1), at(0, What::EventAccepted { request_id: request(1), function: function() })]
}

pub(super) fn event_delayed(millis: u64, until: u64) -> Fact {
    let until = Timestamp::from_millis(until);
    at(millis, What::EventDelayed { request_id: request(1), function: function(), until })
}

pub(super) fn event_ended(millis: u64, ending: EventEnding) -> Fact {
    at(millis, What::EventEnded { request_id: request(1), function: function(), ending })
}

pub(super) fn event_failed() -> Vec<Fact> {
    let tried = after(event_accepted(), cold(0, 1, Asker::EventQueue, 1));
    after(tried, [ended(10, 1, 1, Ending::Failed, 10, true), idle(10, 1)])
}

/// It waits for its second attempt, fails again and waits for its third.
fn second(until: u64) -> Vec<Fact> {
    let waits = after(event_failed(), [event_delayed(10, 60_010)]);
    let again = [admitted(60_010, 1, Asker::EventQueue, 1, false), started(60_010, 1, 1)];
    let failed = [ended(60_020, 1, 1, Ending::Failed, 10, false), idle(60_020, 1)];
    after(after(after(waits, again), failed), [event_delayed(60_020, until)])
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
    check(&second(180_020), "");
    check(&second(120_020), "should be");
    let gone = after(event_accepted(), [event_ended(0, EventEnding::FunctionDeleted)]);
    check(&after(gone, [made(1, 2)]), "were not deleted");
    check(&after(event_accepted(), [event_ended(0, EventEnding::RecursiveLoop)]), "ended while");
}

#[test]
fn doctored_refusals_of_events_are_found() {
    let zero = [reserved(0, 0), event_ended(0, EventEnding::ZeroReservedConcurrency)];
    let over = after(event_accepted(), zero);
    check(&over, "");
    check(&after(over, [event_ended(0, EventEnding::Succeeded)]), "no event that waits or runs");
    let refusal = What::Throttled {
        request_id: request(1),
        function: function(),
        qualifier: Qualifier::Latest,
        asker: Asker::EventQueue,
        reason: ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded,
        limit: Limit::Reserved,
    };
    let full = after(event_accepted(), [reserved(0, 0), at(0, refusal)]);
    check(&after(full.clone(), [event_delayed(0, 1_000)]), "");
    check(&after(full, [event_delayed(0, 2_000)]), "should be");
}

/// What is set for a function holds for its events.
#[test]
fn doctored_settings_of_events_are_found() {
    let minute = Some(Duration::from_secs(60));
    for (retries, age, last, right) in [
        (Some(2), None, event_delayed(10, 60_010), true),
        (Some(0), None, event_delayed(10, 60_010), false),
        (Some(0), None, event_ended(10, EventEnding::RetriesExhausted), true),
        (Some(1), minute, event_delayed(10, 60_010), false),
        (Some(1), minute, event_ended(10, EventEnding::EventAgeExceeded), true),
    ] {
        let mut auditor = auditor(quotas());
        let config = EventInvokeConfig {
            maximum_retry_attempts: retries,
            maximum_event_age: age,
            ..EventInvokeConfig::default()
        };
        auditor.grant_event_config(&function(), &Qualifier::Latest, Some(config));
        tell(&mut auditor, &event_failed());
        assert_eq!(auditor.audit(&last).is_ok(), right, "{retries:?}, {age:?}: {last:?}");
    }
}
