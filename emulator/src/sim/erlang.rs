//! Steady state against queueing theory.
//!
//! Callers who come at random (Poisson) to a function with reserved concurrency
//! c, and who are refused when all of it is busy, are a loss system: the share
//! that is refused is given by the Erlang B formula. It depends on the mean
//! duration only, not on the distribution, so all distributions must lose alike.

use std::time::Duration;

use bytes::Bytes;

use crate::engine::{Engine, FunctionSpec, HandlerModel, Invoke, Quotas, Rng, ThrottleReason, Times};
use crate::sim::{BuiltIn, Simulation};

/// Callers in one run, after those that fill the system.
const CALLERS: u32 = 60_000;

/// Callers before the count begins.
const WARM_UP: u32 = 5_000;

/// The run is cut into so many parts; their scatter gives the standard error.
const PARTS: u32 = 30;

/// Student's t with 29 degrees of freedom: an observed share is outside of
/// t standard errors once in 1,000 runs. The seeds are fixed, so a run that
/// passes passes always.
const T: f64 = 3.66;

/// The share of refused callers at `servers` and `load` erlangs.
fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| load * blocked / (f64::from(n) + load * blocked))
}

/// The refused share in each part of a run of calls that last a second.
fn refused(servers: u32, load: f64, duration: Times, seed: u64) -> Vec<f64> {
    let mut world = Simulation::new(Quotas::default(), seed, BuiltIn);
    let model = HandlerModel { duration, ..HandlerModel::default() };
    let spec = FunctionSpec { timeout: Duration::from_secs(900), ..FunctionSpec::simulated(model) };
    world.command(|engine, now| {
        engine.create_function(now, "f".into(), spec).expect("a free name");
        engine.put_reserved_concurrency(now, "f", servers).expect("room to reserve");
    });
    let mut arrivals = Rng::new(seed);
    let mut parts = vec![0_u32; PARTS as usize];
    for caller in 0..WARM_UP + CALLERS {
        let gap = Duration::from_secs_f64(arrivals.exponential() / load);
        world.run_until(world.now() + gap, &mut ());
        let invoke = Invoke::new("f", Bytes::from_static(b"{}"));
        let (_, admitted) = world.command(|engine, now| engine.invoke(now, invoke));
        if admitted.is_err()
            && let Some(counted) = caller.checked_sub(WARM_UP)
        {
            parts[(counted / (CALLERS / PARTS)) as usize] += 1;
        }
    }
    let snapshot = world.command(Engine::snapshot);
    let reasons: Vec<_> = snapshot.functions[0].tally.throttles.keys().copied().collect();
    assert_eq!(reasons, [ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded]);
    parts.into_iter().map(|count| f64::from(count) / f64::from(CALLERS / PARTS)).collect()
}

fn mean_and_error(parts: &[f64]) -> (f64, f64) {
    let count = f64::from(PARTS);
    let mean = parts.iter().sum::<f64>() / count;
    let variance = parts.iter().map(|part| (part - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

#[test]
fn the_formula_gives_the_shares_of_the_tables() {
    for (servers, load, share) in [(1, 1.0, 0.5), (5, 3.0, 0.1101), (10, 5.0, 0.0184), (100, 100.0, 0.0757)] {
        let given = erlang_b(servers, load);
        assert!((given - share).abs() < 5e-5, "{servers} servers, {load} erlangs: {given}");
    }
}

#[test]
fn random_callers_lose_what_erlang_b_gives() {
    let mean = Duration::from_secs(1);
    let spreads = [Times::Constant(mean), Times::Exponential(mean), Times::Lognormal { mean, sigma: 1.0 }];
    for (case, (servers, load)) in
        [(1, 0.5), (2, 2.0), (5, 4.0), (20, 18.0), (50, 60.0)].into_iter().enumerate()
    {
        for spread in &spreads {
            let (observed, error) = mean_and_error(&refused(servers, load, spread.clone(), case as u64 + 1));
            let expected = erlang_b(servers, load);
            let (low, high) = (observed - T * error, observed + T * error);
            assert!(
                (low..=high).contains(&expected),
                "{servers} at once, {load} erlangs, {spread:?}: {expected:.4} expected, {low:.4} to {high:.4} seen"
            );
        }
    }
}
