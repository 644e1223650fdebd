//! Environments that wait, rest, are provisioned, or go.

use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    AliasTarget, AllocationStatus, BatchItems, Completion, Effect, EnvironmentId, FunctionSpec, Invoke, News,
    Outcome, Publication, Qualifier, Quotas, Rate, RequestId, StopReason, Version, What,
};

use super::Account;

const ONE: Qualifier = Qualifier::Version(1);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Provisioned concurrency without preparation, one environment each 10 ms.
fn prompt() -> Quotas {
    Quotas {
        provisioned_preparation: (Duration::ZERO, Duration::ZERO),
        provisioned_rate: Rate { count: 100, per: Duration::from_secs(1) },
        ..Quotas::default()
    }
}

impl Account {
    fn publish(&mut self) {
        let change = |spec: &mut FunctionSpec| spec.memory_mb += 1;
        self.engine.update_function(self.now, "f", None, change).expect("it is there");
        self.engine.publish_version(self.now, "f", Publication::default()).expect("it is there");
    }

    /// A version that so many environments are asked for.
    fn with_provisioned(mut self, many: u32) -> Self {
        self.publish();
        self.engine.put_provisioned(self.now, "f", &ONE, many).expect("there is room");
        self.pass(0);
        self
    }

    fn invoke_qualified(&mut self, qualifier: &Qualifier) -> RequestId {
        let invoke = Invoke { qualifier: qualifier.clone(), ..Invoke::new("f", Bytes::new()) };
        let (request_id, admitted) = self.engine.invoke(self.now, invoke);
        admitted.expect("it is admitted, or waits");
        self.collect();
        request_id
    }

    fn answer(&mut self, environment: EnvironmentId, request_id: RequestId) {
        let (outcome, items) = (Outcome::Success(Bytes::new()), BatchItems::AllSucceeded);
        let completion = Completion { request_id, outcome, max_memory_mb: None, items, rested: false };
        self.report(environment, News::Finished(completion));
    }

    fn status(&self) -> AllocationStatus {
        self.engine.provisioned("f", &ONE).expect("it is set").status
    }

    /// Whether that request was admitted, and to which version.
    fn admitted_to(&self, id: RequestId) -> Option<Version> {
        self.facts.iter().find_map(|what| {
            let What::Admitted { request_id, version, .. } = what else { return None };
            (*request_id == id).then_some(*version)
        })
    }
}

/// A request that came while another waited already, each for its own time.
#[test]
fn each_waits_no_longer_than_its_own_grace() {
    let mut account = Account::new(Quotas { arrival_grace: millis(5), ..Quotas::default() });
    let running: Vec<RequestId> = (0..2).map(|_| account.invoke()).collect();
    let environments = account.starts();
    environments.iter().for_each(|&environment| account.report(environment, News::Ready));
    account.answer(environments[0], running[0]);
    let first = account.invoke();
    account.pass(4);
    account.answer(environments[1], running[1]);
    let second = account.invoke();
    account.pass(1);
    assert!(account.admitted_to(first).is_some(), "it has waited for 5 ms");
    assert!(account.admitted_to(second).is_none(), "it waits for the second environment");
    account.pass(4);
    assert!(account.admitted_to(second).is_some(), "it has waited for 5 ms");
}

/// A weighted alias draws once for each request, however often it asks.
#[test]
fn a_request_that_waits_keeps_the_version_it_drew() {
    let quotas = Quotas { arrival_grace: Duration::from_secs(1), ..Quotas::default() };
    let mut seconds = 0;
    for seed in 0..40 {
        let mut account = Account::seeded(quotas.clone(), seed);
        (0..2).for_each(|_| account.publish());
        let additional = Some((Version::Published(2), 0.5));
        let target = AliasTarget { version: Version::Published(1), additional };
        let live = Qualifier::Alias("live".into());
        let made = account.engine.create_alias(account.now, "f", "live".into(), target, String::new());
        made.expect("the name is free");
        // Of version 1, one environment is idle and others are about to be.
        let running: Vec<RequestId> =
            (0..5).map(|_| account.invoke_qualified(&Qualifier::Version(1))).collect();
        let environments = account.starts();
        for (&environment, request) in environments.iter().zip(running) {
            account.report(environment, News::Ready);
            account.answer(environment, request);
        }
        account.report(environments[0], News::Rested);
        let asks = account.invoke_qualified(&live);
        for &environment in &environments[1..] {
            account.report(environment, News::Rested);
        }
        account.pass(1_000);
        seconds += u32::from(account.admitted_to(asks) == Some(Version::Published(2)));
    }
    assert!((10..=30).contains(&seconds), "{seconds} of 40 went to a version with a share of 0.5");
}

/// What ran on provisioned concurrency that was taken away counts on demand,
/// where the function draws from now.
#[test]
fn a_reservation_counts_what_was_provisioned() {
    let mut account = Account::new(prompt()).with_provisioned(1);
    let [environment] = account.starts()[..] else { panic!("one environment starts") };
    account.report(environment, News::Ready);
    account.invoke_qualified(&ONE);
    account.engine.delete_provisioned(account.now, "f", &ONE).expect("it is there");
    assert_eq!(account.engine.account().on_demand_in_use, 1);
    account.engine.put_reserved_concurrency(account.now, "f", 1).expect("there is room");
    assert_eq!(account.engine.account().on_demand_in_use, 0);
    let (_, refused) = account.engine.invoke(account.now, Invoke::new("f", Bytes::new()));
    assert!(refused.is_err(), "the reservation of 1 is in use");
    account.engine.delete_function(account.now, "f").expect("it is there");
    assert_eq!(account.engine.account().on_demand_in_use, 1, "it runs on, and its function is gone");
}

/// Environments that have lived their time before all are ready do not count.
#[test]
fn an_environment_that_goes_before_it_is_ready_is_not_ready() {
    let quotas = Quotas { environment_lifetime: (millis(100), millis(100)), ..prompt() };
    let mut account = Account::new(quotas).with_provisioned(1);
    let [environment] = account.starts()[..] else { panic!("one environment starts") };
    account.pass(150);
    account.report(environment, News::Ready);
    assert_eq!(account.status(), AllocationStatus::InProgress);
    let [next] = account.starts()[..] else { panic!("another takes its place") };
    account.report(next, News::Ready);
    assert_eq!(account.status(), AllocationStatus::Ready);
}

/// One that was ready and went while others were still being prepared.
#[test]
fn an_allocation_in_progress_is_topped_up() {
    let quotas = Quotas { environment_lifetime: (millis(100), millis(100)), ..prompt() };
    let mut account = Account::new(quotas).with_provisioned(2);
    account.pass(50);
    let [first, _second] = account.starts()[..] else { panic!("two environments start") };
    account.report(first, News::Ready);
    account.pass(51);
    assert_eq!(account.starts().len(), 1, "the first has lived its time, and another takes its place");
}

/// An environment that was reset, and that the host can't start again.
#[test]
fn an_allocation_is_topped_up_after_a_failure_of_the_host() {
    let mut account = Account::new(prompt()).with_provisioned(1);
    let [environment] = account.starts()[..] else { panic!("one environment starts") };
    account.report(environment, News::Ready);
    account.pass(10);
    account.report(environment, News::StartRefused("no more processes".into()));
    let [next] = account.starts()[..] else { panic!("another takes its place") };
    account.report(next, News::StartRefused("no more processes".into()));
    let refused = |what: &What| {
        let What::EnvironmentStopped { environment, reason } = what else { return false };
        *environment == next && *reason == StopReason::HostFailure
    };
    assert_eq!(account.count(refused), 1, "it was the host that failed, not Init");
    assert!(account.effects.iter().any(|effect| matches!(effect, Effect::Start(_))), "it is tried again");
}
