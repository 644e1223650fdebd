//! Environments: their lives, resets and ends.

use std::time::Duration;

use emulator::engine::{
    Asker, Ending, EnvironmentId, Fact, InitPhase, Quotas, ResetReason, StopReason, What,
};

use super::{
    admitted, after, at, busy, check, check_with, cold, ended, idle, init_ended, init_started, made, quotas,
    served, started, stopped, version,
};

fn reset(millis: u64, environment: u64, reason: ResetReason) -> Fact {
    at(millis, What::EnvironmentReset { environment: EnvironmentId(environment), reason })
}

fn restarted(millis: u64, environment: u64) -> Fact {
    at(millis, What::InitRestarted { environment: EnvironmentId(environment) })
}

fn init_failed(millis: u64, environment: u64, took: u64, phase: InitPhase, error: bool) -> Fact {
    let (environment, took) = (EnvironmentId(environment), Duration::from_millis(took));
    let error_type = error.then_some("Runtime.ExitError");
    at(millis, What::InitFailed { environment, took, phase, error_type })
}

#[test]
fn doctored_lives_are_found() {
    check(&after(served(), [made(9, 2)]), "time went back");
    check(&after(served(), [admitted(20, 2, Asker::Caller, 2, true)]), "is idle");
    check(&after(served(), [admitted(20, 2, Asker::Caller, 2, false)]), "is the one to use");
    check(&after(served(), [started(20, 1, 1)]), "Idle");
    check(&after(served(), [stopped(20, 1, StopReason::IdleReclaim)]), "reclaimed after");
    let gone = after(served(), [stopped(310_010, 1, StopReason::IdleReclaim)]);
    check(&after(gone.clone(), [admitted(310_020, 2, Asker::Caller, 1, false)]), "is the one to use");
    check(&after(gone, [admitted(310_020, 2, Asker::Caller, 1, true)]), "said to be new");
    check(&after(served(), [made(20, 2), admitted(20, 2, Asker::Caller, 1, false)]), "is the one to use");
    check(&after(busy(), [admitted(1, 2, Asker::Caller, 1, false)]), "is the one to use");
    let other =
        after(vec![made(0, 1), admitted(0, 1, Asker::Caller, 1, true)], [init_started(0, 1, version(2))]);
    check(&other, "another version");
    let late = after(vec![made(0, 1)], cold(0, 1, Asker::Caller, 1)[..2].to_vec());
    check(&after(late, [init_ended(10_001, 1, 10_001)]), "beyond its limit");
}

#[test]
fn doctored_resets_are_found() {
    let crashed = after(busy(), [ended(5, 1, 1, Ending::Exited, 5, true)]);
    check(&after(crashed.clone(), [idle(5, 1)]), "cannot wait for more");
    check(&after(crashed.clone(), [made(6, 2)]), "between two states");
    check(&after(crashed.clone(), [reset(5, 1, ResetReason::Timeout)]), "was reset for");
    check(&after(busy(), [reset(5, 1, ResetReason::Exit)]), "was reset for");
    let waits = after(crashed, [reset(5, 1, ResetReason::Exit), idle(5, 1)]);
    let again = after(waits, [admitted(20, 2, Asker::Caller, 1, false), restarted(20, 1)]);
    check(&after(again.clone(), [started(20, 2, 1), init_ended(30, 1, 10)]), "");
    check(&after(again.clone(), [init_ended(30, 1, 10)]), "between two states");
    check(&after(again, [ended(20, 2, 1, Ending::Succeeded, 0, false)]), "it had begun");
    check(&after(busy(), [restarted(5, 1)]), "was started again");
}

#[test]
fn doctored_inits_are_found() {
    let begun = after(vec![made(0, 1)], cold(0, 1, Asker::Caller, 1)[..2].to_vec());
    let failed = |took, error| after(begun.clone(), [init_failed(took, 1, took, InitPhase::Init, error)]);
    check(&failed(100, true), "");
    check(&failed(9_999, false), "passed its limit");
    check(&failed(10_000, false), "");
    check(&after(failed(100, true), [ended(100, 1, 1, Ending::Failed, 0, false)]), "it had begun");
    let again = after(failed(100, true), [restarted(100, 1), started(100, 1, 1)]);
    let twice = after(again, [init_failed(150, 1, 50, InitPhase::Invoke, true)]);
    let over = after(twice.clone(), [ended(150, 1, 1, Ending::Failed, 50, false)]);
    check(&after(over.clone(), [reset(150, 1, ResetReason::InitFailure), idle(150, 1)]), "");
    check(&after(over.clone(), [idle(150, 1)]), "cannot wait for more");
    check(&after(twice, [ended(150, 1, 1, Ending::Succeeded, 50, false)]), "Succeeded in");
}

#[test]
fn doctored_lifetimes_are_found() {
    let lifetime = (Duration::from_secs(60), Duration::from_secs(90));
    let short = || Quotas { environment_lifetime: lifetime, ..quotas() };
    check_with(short(), &after(served(), [stopped(60_000, 1, StopReason::Retired)]), "");
    check_with(short(), &after(served(), [stopped(59_999, 1, StopReason::Retired)]), "was retired after");
    check_with(short(), &after(served(), [stopped(90_001, 1, StopReason::Retired)]), "was retired after");
    let used = [admitted(89_000, 2, Asker::Caller, 1, false), started(89_000, 2, 1)];
    let ends = ended(91_000, 2, 1, Ending::Succeeded, 2_000, false);
    let old = after(after(served(), used), [ends]);
    check_with(short(), &after(old.clone(), [idle(91_000, 1)]), "has lived its time");
    check_with(short(), &after(old, [stopped(91_000, 1, StopReason::Retired)]), "");
}

#[test]
fn doctored_placements_are_found() {
    let placed = || {
        let mut quotas = quotas();
        quotas.cold_start.placement = (Duration::from_millis(100), Duration::from_millis(250));
        quotas
    };
    let begun = |millis| {
        let chosen = admitted(0, 1, Asker::Caller, 1, true);
        vec![made(0, 1), chosen, init_started(millis, 1, version(1))]
    };
    check_with(placed(), &begun(100), "");
    check_with(placed(), &begun(99), "was placed in");
    check_with(placed(), &begun(251), "was placed in");
}
