//! Provisioned concurrency: all or nothing, at AWS's pace.

use std::time::Duration;

use emulator::engine::{
    AllocationStatus, Ending, EnvironmentId, Fact, InitPhase, InitializationType, Pool, Qualifier, Quotas,
    Rate, StopReason, Uuid, Version, What,
};

use super::{
    Admission, after, at, check_with, ended_of, function, idle, init_ended, made, published, quotas, started,
    stopped,
};

const ONE: Version = Version::Published(1);

/// A concurrency of 6, and a provisioned environment each 100 ms after 1 s.
fn six() -> Quotas {
    let second = Duration::from_secs(1);
    Quotas {
        account_concurrency: 6,
        requests_per_concurrency: 1,
        provisioned_preparation: (second, second),
        provisioned_rate: Rate { count: 10, per: second },
        provisioned_init_attempts: 2,
        ..quotas()
    }
}

fn check(story: &[Fact], wrong: &str) {
    check_with(six(), story, wrong);
}

fn told(millis: u64, requested: Option<u32>, status: AllocationStatus) -> Fact {
    at(millis, What::ProvisionedChanged { function: function(), version: ONE, requested, status })
}

fn starts(millis: u64, environment: u64) -> Fact {
    let (environment, function) = (EnvironmentId(environment), published(2, ONE));
    let (initialization, log_stream) = (InitializationType::Provisioned, Uuid::from_random(0));
    at(millis, What::InitStarted { environment, function, initialization, log_stream })
}

fn fails(millis: u64, environment: u64, took: u64) -> [Fact; 2] {
    let (id, took) = (EnvironmentId(environment), Duration::from_millis(took));
    let error_type = Some("Runtime.ExitError");
    let failed = What::InitFailed { environment: id, took, phase: InitPhase::Init, error_type };
    [at(millis, failed), stopped(millis, environment, StopReason::InitFailure)]
}

/// Two are asked for, at 0 ms.
fn asked() -> Vec<Fact> {
    let version = What::FunctionChanged { function: published(2, ONE) };
    vec![made(0, 1), at(0, version), told(0, Some(2), AllocationStatus::InProgress)]
}

/// The first of them is ready at 1,050 ms, the second at 1,150 ms.
fn both() -> Vec<Fact> {
    after(
        asked(),
        [
            starts(1_000, 1),
            init_ended(1_050, 1, 50),
            idle(1_050, 1),
            starts(1_100, 2),
            init_ended(1_150, 2, 50),
            idle(1_150, 2),
        ],
    )
}

fn ready() -> Vec<Fact> {
    after(both(), [told(1_150, Some(2), AllocationStatus::Ready)])
}

fn admission(millis: u64, number: u8, environment: u64) -> Admission {
    let (qualifier, version) = (Qualifier::Version(1), ONE);
    Admission { qualifier, version, pool: Pool::Provisioned, ..Admission::new(millis, number, environment) }
}

#[test]
fn doctored_allocations_are_found() {
    check(&after(asked(), [starts(999, 1)]), "too early");
    check(&after(asked(), [starts(1_000, 1), starts(1_099, 2)]), "2 provisioned environments started");
    check(&after(both(), [starts(1_200, 3)]), "2 of 2 are there");
    check(&ready(), "");
    check(&after(both()[..6].to_vec(), [told(1_120, Some(2), AllocationStatus::Ready)]), "only 1 of 2");
    check(&after(asked(), [told(0, Some(1), AllocationStatus::InProgress)]), "had provisioned concurrency");
    check(&after(vec![made(0, 1)], [told(0, Some(1), AllocationStatus::InProgress)]), "is not there");
    check(&after(ready(), [told(2_000, Some(2), AllocationStatus::Ready)]), "it was Ready");
    let most = vec![asked()[0].clone(), asked()[1].clone(), told(0, Some(6), AllocationStatus::InProgress)];
    check(&most, "left unreserved");
}

#[test]
fn doctored_failures_are_found() {
    let once = after(after(asked(), [starts(1_000, 1)]), fails(1_010, 1, 10));
    check(&after(once.clone(), [told(1_010, Some(2), AllocationStatus::Failed)]), "failed only 1 times of 2");
    let twice = after(after(once, [starts(1_010, 2)]), fails(1_020, 2, 10));
    let failed = after(twice, [told(1_020, Some(2), AllocationStatus::Failed)]);
    check(&failed, "");
    check(&after(failed, [starts(1_100, 3)]), "started while Failed");
}

#[test]
fn doctored_uses_are_found() {
    let early = after(both()[..6].to_vec(), [admission(1_120, 1, 1).fact()]);
    check(&early, "is the provisioned environment to use");
    check(&after(ready(), [admission(2_000, 1, 2).fact(), started(2_000, 1, 2)]), "");
    check(&after(ready(), [admission(2_000, 1, 1).fact()]), "is the provisioned environment to use");
    let beside = Admission { pool: Pool::Unreserved, cold: true, ..admission(2_000, 1, 3) };
    check(&after(ready(), [beside.fact()]), "was free");
    let used = [2, 1].map(|id| {
        let number = u8::try_from(id).unwrap_or(0);
        [admission(2_000, number, id).fact(), started(2_000, number, id)]
    });
    let used = after(ready(), used.into_iter().flatten());
    let spilled = |spillover| {
        let third = admission(2_001, 3, 3);
        after(used.clone(), [Admission { pool: Pool::Unreserved, cold: true, spillover, ..third }.fact()])
    };
    check(&spilled(true), "");
    check(&spilled(false), "spillover is true");
}

/// Two requests a second; what is beyond them spills over.
#[test]
fn doctored_provisioned_rates_are_found() {
    let mut often = ready();
    for number in 1..3 {
        let millis = 2_000;
        let end = ended_of(ONE, millis, number, 2, Ending::Succeeded, 0, false);
        often.extend([admission(millis, number, 2).fact(), started(millis, number, 2), end, idle(millis, 2)]);
    }
    check(&after(often.clone(), [admission(2_499, 3, 2).fact()]), "is the provisioned environment to use");
    check(&after(often, [admission(2_500, 3, 2).fact()]), "");
}

#[test]
fn doctored_releases_are_found() {
    let gone = |millis| told(millis, None, AllocationStatus::Ready);
    let stop = |id| stopped(2_000, id, StopReason::Unprovisioned);
    check(&after(ready(), [stop(1), stop(2), gone(2_000)]), "");
    check(&after(ready(), [stop(1), gone(2_000)]), "is left of it");
    check(&after(ready(), [stop(1), stop(2), made(2_001, 9)]), "it was not told");
    check(&after(ready(), [stopped(400_000, 1, StopReason::IdleReclaim)]), "it is provisioned");
    // What runs goes on, on demand, and does not wait for more.
    let used = after(ready(), [admission(2_000, 1, 2).fact(), started(2_000, 1, 2)]);
    let released = after(used, [stop(1), gone(2_000)]);
    let over = after(released, [ended_of(ONE, 2_100, 1, 2, Ending::Succeeded, 100, false)]);
    check(&after(over.clone(), [idle(2_100, 2)]), "provisioned for nobody");
    check(&after(over, [stopped(2_100, 2, StopReason::Unprovisioned)]), "");
}
