//! Accounts of all kinds: each limit is small in some of them, so that it bites.

use std::time::Duration;

use emulator::engine::{ColdStart, ColdStartMode, Quotas, Rate, Rng};

/// A random account; one in three has AWS's own concurrency.
pub(super) fn quotas(rng: &mut Rng) -> Quotas {
    let mut quotas = Quotas::default();
    match rng.between(0, 2) {
        0 => (quotas.account_concurrency, quotas.unreserved_minimum) = (8, 2),
        1 => (quotas.account_concurrency, quotas.unreserved_minimum) = (30, 10),
        _ => {}
    }
    if rng.between(0, 1) == 0 {
        quotas.mapping_transition = Duration::from_secs(3);
    }
    if rng.between(0, 3) == 0 {
        quotas.in_flight_limit = 25;
    }
    match rng.between(0, 2) {
        0 => quotas.event_max_age = Duration::from_secs(60),
        1 => quotas.event_max_age = Duration::from_secs(90),
        _ => {}
    }
    rates(rng, &mut quotas);
    times(rng, &mut quotas);
    provisioning(rng, &mut quotas);
    quotas
}

fn rates(rng: &mut Rng, quotas: &mut Quotas) {
    quotas.requests_per_concurrency = [1, 2, 10][index(rng, 3)];
    let (count, secs) = [(1, 1), (3, 7), (5, 10), (1_000, 10)][index(rng, 4)];
    quotas.scaling_rate = Rate { count, per: Duration::from_secs(secs) };
    quotas.arrival_grace = Duration::from_millis([0, 5, 5, 2_000][index(rng, 4)]);
}

fn times(rng: &mut Rng, quotas: &mut Quotas) {
    let span = |short: u64, long: u64| (Duration::from_millis(short), Duration::from_millis(long));
    quotas.function_transition = Duration::from_millis([0, 0, 700, 5_000][index(rng, 4)]);
    if rng.between(0, 2) == 0 {
        quotas.idle_lifetime = span(2_000, 9_000);
    }
    if rng.between(0, 2) == 0 {
        quotas.environment_lifetime = span(4_000, 30_000);
    }
    if rng.between(0, 2) == 0 {
        quotas.init_limit = Duration::from_secs(2);
    }
    let mode = [ColdStartMode::Real, ColdStartMode::Simulated, ColdStartMode::Added][index(rng, 3)];
    let placement = [span(0, 0), span(0, 0), span(100, 250)][index(rng, 3)];
    quotas.cold_start = ColdStart { mode, placement };
}

fn provisioning(rng: &mut Rng, quotas: &mut Quotas) {
    let secs = Duration::from_secs;
    quotas.provisioned_preparation =
        [(secs(0), secs(0)), (secs(1), secs(3)), (secs(60), secs(120))][index(rng, 3)];
    let (count, per) = [(6_000, 60), (7, 3), (1, 2)][index(rng, 3)];
    quotas.provisioned_rate = Rate { count, per: secs(per) };
    quotas.provisioned_init_limit = secs([2, 5, 130][index(rng, 3)]);
    quotas.provisioned_init_attempts = [1, 3, 6][index(rng, 3)];
    quotas.recursion_limit = [3, 16][index(rng, 2)];
}

fn index(rng: &mut Rng, many: u64) -> usize {
    usize::try_from(rng.between(0, many - 1)).unwrap_or(0)
}
