//! The auditor finds what is wrong: true stories pass, doctored ones do not.

mod admissions;
mod effects;
mod environments;
mod events;
mod messages;
mod provisioned;
mod versions;

use std::sync::Arc;
use std::time::Duration;

use emulator::engine::{
    Asker, Ending, EnvironmentId, Fact, FunctionName, FunctionVersion, InitializationType, Pool, Qualifier,
    QueueAttributes, QueueName, Quotas, Rate, RedrivePolicy, RequestId, StopReason, Timestamp, Uuid, Version,
    What,
};

use crate::auditor::Auditor;
use crate::workload::spec;

/// Audits a story of an account with a concurrency of 2. `wrong` is a part of
/// the rule that its last fact breaks; nothing when the story is true.
fn check(story: &[Fact], wrong: &str) {
    check_with(quotas(), story, wrong);
}

fn check_with(quotas: Quotas, story: &[Fact], wrong: &str) {
    let mut auditor = auditor(quotas);
    let (last, before) = story.split_last().expect("a story has facts");
    tell(&mut auditor, before);
    match auditor.audit(last) {
        Ok(()) => assert_eq!(wrong, "", "the auditor did not see it in {story:#?}"),
        Err(violation) => {
            assert!(!wrong.is_empty() && violation.rule.contains(wrong), "{violation}, not {wrong:?}");
        }
    }
}

fn tell(auditor: &mut Auditor, story: &[Fact]) {
    for fact in story {
        auditor.audit(fact).expect("all but the last fact are true");
    }
}

fn auditor(quotas: Quotas) -> Auditor {
    let mut auditor = Auditor::new(quotas);
    let redrive = Some(RedrivePolicy { dead_letter_queue: name("dead"), max_receive_count: 2 });
    auditor.grant_queue(&name("queue"), QueueAttributes { redrive, ..QueueAttributes::default() });
    auditor.grant_queue(&name("dead"), QueueAttributes::default());
    for number in 0..20 {
        auditor.asked(Timestamp::default(), request(number), &function(), &Qualifier::Latest, &Ok(()));
    }
    auditor
}

/// A small account in which callers may wait as long as a story lasts.
fn quotas() -> Quotas {
    Quotas {
        account_concurrency: 2,
        unreserved_minimum: 1,
        arrival_grace: Duration::from_secs(1_000_000),
        ..Quotas::default()
    }
}

/// The same with one request a second, and a new environment each 10 s.
fn slow() -> Quotas {
    let scaling_rate = Rate { count: 1, per: Duration::from_secs(10) };
    Quotas { account_concurrency: 4, requests_per_concurrency: 1, scaling_rate, ..quotas() }
}

fn at(millis: u64, what: What) -> Fact {
    Fact { at: Timestamp::from_millis(millis), what }
}

fn request(number: u8) -> RequestId {
    RequestId(Uuid::from_random(number.into()))
}

fn name(queue: &str) -> QueueName {
    queue.into()
}

fn function() -> FunctionName {
    "f".into()
}

fn version(revision: u8) -> Arc<FunctionVersion> {
    published(revision, Version::Latest)
}

fn published(revision: u8, version: Version) -> Arc<FunctionVersion> {
    Arc::new(FunctionVersion {
        name: function(),
        version,
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

/// An admission of which each test says what is special.
struct Admission {
    millis: u64,
    number: u8,
    environment: u64,
    asker: Asker,
    qualifier: Qualifier,
    version: Version,
    pool: Pool,
    spillover: bool,
    cold: bool,
}

impl Admission {
    fn new(millis: u64, number: u8, environment: u64) -> Self {
        Self {
            millis,
            number,
            environment,
            asker: Asker::Caller,
            qualifier: Qualifier::Latest,
            version: Version::Latest,
            pool: Pool::Unreserved,
            spillover: false,
            cold: false,
        }
    }

    fn fact(self) -> Fact {
        let Self { millis, number, environment, asker, qualifier, version, pool, spillover, cold } = self;
        let (request_id, environment) = (request(number), EnvironmentId(environment));
        let function = function();
        at(
            millis,
            What::Admitted {
                request_id,
                function,
                qualifier,
                version,
                asker,
                pool,
                spillover,
                environment,
                cold,
            },
        )
    }
}

fn admitted(millis: u64, number: u8, asker: Asker, environment: u64, cold: bool) -> Fact {
    Admission { asker, cold, ..Admission::new(millis, number, environment) }.fact()
}

fn started(millis: u64, number: u8, environment: u64) -> Fact {
    let environment = EnvironmentId(environment);
    at(millis, What::InvokeStarted { request_id: request(number), environment })
}

fn init_started(millis: u64, environment: u64, function: Arc<FunctionVersion>) -> Fact {
    let (environment, initialization) = (EnvironmentId(environment), InitializationType::OnDemand);
    let log_stream = Uuid::from_random(0);
    at(millis, What::InitStarted { environment, function, initialization, log_stream })
}

fn init_ended(millis: u64, environment: u64, took: u64) -> Fact {
    let (environment, took) = (EnvironmentId(environment), Duration::from_millis(took));
    at(millis, What::InitEnded { environment, took })
}

/// An admission to a new environment, and a hand-over after no Init time.
fn cold(millis: u64, number: u8, asker: Asker, environment: u64) -> Vec<Fact> {
    vec![
        admitted(millis, number, asker, environment, true),
        init_started(millis, environment, version(1)),
        init_ended(millis, environment, 0),
        started(millis, number, environment),
    ]
}

fn ended(millis: u64, number: u8, environment: u64, ending: Ending, lasted: u64, was_cold: bool) -> Fact {
    ended_of(Version::Latest, millis, number, environment, ending, lasted, was_cold)
}

fn ended_of(
    version: Version,
    millis: u64,
    number: u8,
    environment: u64,
    ending: Ending,
    lasted: u64,
    was_cold: bool,
) -> Fact {
    let (request_id, environment) = (request(number), EnvironmentId(environment));
    let (duration, init) = (Duration::from_millis(lasted), was_cold.then_some(Duration::ZERO));
    let (function, started, max_memory_mb) = (function(), true, None);
    at(
        millis,
        What::InvokeEnded {
            request_id,
            function,
            environment,
            version,
            started,
            ending,
            error_type: None,
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

/// One function whose first environment serves a request since 0 ms.
fn busy() -> Vec<Fact> {
    after(vec![made(0, 1)], cold(0, 1, Asker::Caller, 1))
}

/// The same, and it is idle since 10 ms.
fn served() -> Vec<Fact> {
    after(busy(), [ended(10, 1, 1, Ending::Succeeded, 10, true), idle(10, 1)])
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
    check(&messages::received_once(), "");
    check(&after(events::event_failed(), [events::event_delayed(10, 60_010)]), "");
}
