//! Permits, pools and rates: who is admitted, and who is refused by what.

use emulator::engine::{Asker, Ending, Fact, Limit, Pool, Qualifier, ThrottleReason, What};

use super::{
    Admission, admitted, after, at, busy, check, check_with, cold, ended, function, idle, made, request,
    reserved, served, slow, started,
};

fn throttled(millis: u64, number: u8, limit: Limit, reason: ThrottleReason) -> Fact {
    let (request_id, function, qualifier) = (request(number), function(), Qualifier::Latest);
    at(millis, What::Throttled { request_id, function, qualifier, asker: Asker::Caller, reason, limit })
}

fn full(millis: u64, number: u8) -> Fact {
    throttled(millis, number, Limit::Unreserved, ThrottleReason::ConcurrentInvocationLimitExceeded)
}

fn reserved_full(millis: u64, number: u8) -> Fact {
    let reason = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;
    throttled(millis, number, Limit::Reserved, reason)
}

fn too_fast(millis: u64, number: u8, limit: Limit) -> Fact {
    throttled(millis, number, limit, ThrottleReason::FunctionInvocationRateLimitExceeded)
}

#[test]
fn doctored_permits_are_found() {
    let again = ended(20, 1, 1, Ending::Succeeded, 20, true);
    check(&after(served(), [again]), "its permit was not out");
    check(&after(served(), [admitted(20, 1, Asker::Caller, 1, false)]), "after its end");
    check(&after(busy(), [admitted(1, 1, Asker::Caller, 2, true)]), "admitted twice");
    check(&after(busy(), [ended(3_001, 1, 1, Ending::Succeeded, 3_001, true)]), "longer than");
    check(&after(busy(), [ended(2_000, 1, 1, Ending::TimedOut, 2_000, true)]), "timed out after");
    check(&after(busy(), [ended(10, 1, 1, Ending::Succeeded, 9, true)]), "it lasted");
    check(&after(busy(), [ended(10, 1, 1, Ending::Succeeded, 10, false)]), "the Init it waited for");
}

#[test]
fn doctored_pools_are_found() {
    check(&after(busy(), [full(1, 2)]), "was throttled by Unreserved");
    let both = after(busy(), cold(0, 2, Asker::Caller, 2));
    check(&after(both.clone(), [full(1, 3)]), "");
    check(&after(both.clone(), [reserved_full(1, 3)]), "was throttled by Reserved");
    let wrong = throttled(1, 3, Limit::Unreserved, ThrottleReason::CallerRateLimitExceeded);
    check(&after(both.clone(), [wrong]), "refused with");
    check(&after(both, [admitted(1, 3, Asker::Caller, 3, true)]), "2 of 2");
    check(&after(busy(), [reserved(1, 2)]), "unreserved");
    check(&after(busy(), [reserved(1, 1), admitted(1, 2, Asker::Caller, 2, true)]), "draws from");
    check(&after(busy(), [reserved(1, 1), reserved_full(1, 2)]), "");
    let own = Admission { pool: Pool::Reserved, cold: true, ..Admission::new(1, 2, 2) };
    check(&after(busy(), [reserved(1, 1), own.fact()]), "1 of 1");
}

/// Four requests a second, and one new environment each ten.
#[test]
fn doctored_rates_are_found() {
    let mut often = served();
    for number in 2..5 {
        let millis = 10 + u64::from(number);
        often.extend([
            admitted(millis, number, Asker::Caller, 1, false),
            started(millis, number, 1),
            ended(millis, number, 1, Ending::Succeeded, 0, false),
            idle(millis, 1),
        ]);
    }
    let next = |millis| admitted(millis, 5, Asker::Caller, 1, false);
    check_with(slow(), &after(often.clone(), [next(249)]), "beyond Some(AccountRate)");
    check_with(slow(), &after(often.clone(), [next(250)]), "");
    check_with(slow(), &after(often.clone(), [too_fast(249, 5, Limit::AccountRate)]), "");
    check_with(slow(), &after(often.clone(), [too_fast(250, 5, Limit::AccountRate)]), "was throttled by");
    let reason = ThrottleReason::ReservedFunctionInvocationRateLimitExceeded;
    let reserved_rate = |millis| throttled(millis, 5, Limit::ReservedRate, reason);
    check_with(slow(), &after(often, [reserved_rate(249)]), "was throttled by ReservedRate");
    let mut own = vec![made(0, 1), reserved(0, 1)];
    own.push(Admission { pool: Pool::Reserved, cold: true, ..Admission::new(0, 1, 1) }.fact());
    own.extend(cold(0, 1, Asker::Caller, 1).split_off(1));
    own.extend([ended(10, 1, 1, Ending::Succeeded, 10, true), idle(10, 1)]);
    check_with(slow(), &after(own.clone(), [reserved_rate(999)]), "");
    check_with(slow(), &after(own.clone(), [reserved_rate(1_000)]), "was throttled by");
    let early = Admission { pool: Pool::Reserved, ..Admission::new(999, 2, 1) };
    check_with(slow(), &after(own, [early.fact()]), "beyond Some(ReservedRate)");
}

#[test]
fn doctored_scaling_is_found() {
    let new = |millis| admitted(millis, 2, Asker::Caller, 2, true);
    check_with(slow(), &after(busy(), [new(2_999)]), "beyond the scaling rate");
    check_with(slow(), &after(busy(), [too_fast(2_999, 2, Limit::ScalingRate)]), "");
    check_with(slow(), &after(served(), [too_fast(20, 2, Limit::ScalingRate)]), "was throttled by");
    let later = after(busy(), [ended(2_000, 1, 1, Ending::Succeeded, 2_000, true), idle(2_000, 1)]);
    let used = [admitted(9_000, 3, Asker::Caller, 1, false), started(9_000, 3, 1)];
    check_with(slow(), &after(after(later.clone(), used.clone()), [new(9_999)]), "beyond the scaling rate");
    check_with(slow(), &after(after(later, used), [new(10_000)]), "");
}
