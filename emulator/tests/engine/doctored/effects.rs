//! What the world is told must be what happened: answers, refusals, records.

use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    Asker, Attempt, Effect, Ending, EnvironmentId, EventEnding, EventInvokeConfig, Fact, InvocationRecord,
    Limit, News, Outcome, Qualifier, Quotas, RecordTarget, Refusal, Report, ThrottleReason, Timestamp, Trace,
    Version, What,
};

use crate::auditor::Auditor;

use super::{after, at, auditor, busy, cold, ended, events, function, idle, made, quotas, request, tell};

const FULL: ThrottleReason = ThrottleReason::ConcurrentInvocationLimitExceeded;

/// Audits the effects of the last facts of a story.
fn check(before: &[Fact], step: &[Fact], effects: &[Effect], wrong: &str) {
    let mut auditor = auditor(quotas());
    let config = EventInvokeConfig { on_failure: Some("failures".into()), ..EventInvokeConfig::default() };
    let config = EventInvokeConfig { maximum_retry_attempts: Some(0), ..config };
    auditor.grant_event_config(&function(), &Qualifier::Latest, Some(config));
    tell(&mut auditor, before);
    auditor.open_step();
    tell(&mut auditor, step);
    match auditor.audit_effects(effects) {
        Ok(()) => assert_eq!(wrong, "", "the auditor did not see it"),
        Err(violation) => {
            assert!(!wrong.is_empty() && violation.rule.contains(wrong), "{violation}, not {wrong:?}");
        }
    }
}

fn respond(number: u8) -> Effect {
    let (request_id, environment) = (request(number), EnvironmentId(1));
    let outcome = Outcome::Success(Bytes::new());
    Effect::Respond { request_id, environment, version: Version::Latest, outcome }
}

fn answered(millis: u64) -> Fact {
    at(millis, What::Answered { request_id: request(1), environment: EnvironmentId(1) })
}

fn over() -> [Fact; 2] {
    [ended(10, 1, 1, Ending::Succeeded, 10, true), idle(10, 1)]
}

#[test]
fn doctored_answers_are_found() {
    check(&busy(), &over(), &[respond(1)], "");
    check(&busy(), &over(), &[], "answers to []");
    check(&busy(), &[answered(5)], &[respond(1)], "");
    check(&busy(), &[answered(5)], &[], "answers to []");
    let told = after(busy(), [answered(5)]);
    check(&told, &over(), &[], "");
    check(&told, &over(), &[respond(1)], "ends of []");
    check(&busy(), &over(), &[respond(1), Effect::Halt { environment: EnvironmentId(1) }], "effects [Halt");
    let again = auditor(quotas()).audit(&answered(5));
    assert!(again.is_err(), "an environment that is not there has answered");
}

#[test]
fn doctored_refusals_are_found() {
    let both = after(busy(), cold(0, 2, Asker::Caller, 2));
    let refuse = |refusal| Effect::Refuse { request_id: request(3), refusal };
    let fact = [at(1, throttled())];
    check(&both, &fact, &[refuse(Refusal::Throttled(FULL))], "");
    check(&both, &fact, &[], "and not told");
    check(&both, &[], &[refuse(Refusal::Throttled(FULL))], "without a fact");
    let missing = Refusal::FunctionNotFound(function(), Qualifier::Latest);
    check(&both, &[], &[refuse(missing)], "is not there");
}

/// Nobody is refused while an environment has just answered.
#[test]
fn doctored_impatience_is_found() {
    let one = || Quotas { account_concurrency: 1, arrival_grace: Duration::from_millis(5), ..quotas() };
    for (millis, right) in [(104, false), (105, true)] {
        let mut auditor = Auditor::new(one());
        let came = Timestamp::from_millis;
        auditor.asked(came(0), request(1), &function(), &Qualifier::Latest, &Ok(()));
        tell(&mut auditor, &busy());
        let refused = Err(Refusal::Throttled(FULL));
        auditor.asked(came(millis), request(3), &function(), &Qualifier::Latest, &refused);
        let news = News::Rested;
        let report = Report { environment: EnvironmentId(1), incarnation: 0, news };
        auditor.lingers(came(100), &report, request(1));
        let verdict = auditor.audit(&at(millis, throttled()));
        assert_eq!(verdict.is_ok(), right, "after {millis} ms: {verdict:?}");
    }
}

fn throttled() -> What {
    What::Throttled {
        request_id: request(3),
        function: function(),
        qualifier: Qualifier::Latest,
        asker: Asker::Caller,
        reason: FULL,
        limit: Limit::Unreserved,
    }
}

/// Whoever waits for an environment to rest does so for its grace, no longer.
#[test]
fn doctored_waits_are_found() {
    for (millis, right) in [(5, true), (6, false)] {
        let mut auditor = auditor(Quotas { arrival_grace: Duration::from_millis(5), ..quotas() });
        tell(&mut auditor, &[made(0, 1)]);
        assert_eq!(auditor.audit(&made(millis, 2)).is_ok(), right, "after {millis} ms");
    }
}

fn record(target: RecordTarget, attempts: u32) -> Effect {
    let outcome = Outcome::Success(Bytes::new());
    Effect::SendRecord(Box::new(InvocationRecord {
        target,
        request_id: request(1),
        function: function(),
        qualifier: Qualifier::Latest,
        ending: EventEnding::RetriesExhausted,
        attempts,
        payload: Bytes::new(),
        last: (attempts > 0).then_some(Attempt { version: Version::Latest, outcome }),
        trace: Trace::default(),
        at: Timestamp::from_millis(10),
    }))
}

#[test]
fn doctored_records_are_found() {
    let end = [events::event_ended(10, EventEnding::RetriesExhausted)];
    let failure = || RecordTarget::OnFailure("failures".into());
    check(&events::event_failed(), &end, &[record(failure(), 1)], "");
    check(&events::event_failed(), &end, &[], "the records [] were given");
    check(&events::event_failed(), &end, &[record(failure(), 2)], "were given");
    check(&events::event_failed(), &end, &[record(failure(), 1), record(failure(), 1)], "were given");
    let other = RecordTarget::DeadLetter("failures".into());
    check(&events::event_failed(), &end, &[record(other, 1)], "were given");
    let sent =
        What::RecordSent { request_id: request(1), function: function(), target: failure(), delivered: true };
    assert!(auditor(quotas()).audit(&at(0, sent)).is_err(), "a record that was never given was sent");
}
