//! The auditor over random workloads.

use std::ops::Range;
use std::thread;
use std::time::Instant;

use crate::workload::{Coverage, World};

const SEEDS: u64 = 1_000;
const OPERATIONS: u64 = 2_000;

/// Every seed, or the one that `SEED` names.
#[test]
fn random_workloads_break_no_rule() {
    let asked = std::env::var("SEED").ok().map(|seed| seed.parse().expect("SEED is a number"));
    audit_all(asked.map_or(0..SEEDS, |seed: u64| seed..seed + 1));
}

/// Ten times as many:
/// `cargo test -p emulator --test engine more_random -- --ignored --nocapture`.
#[test]
#[ignore = "it takes a quarter of an hour"]
fn more_random_workloads_break_no_rule() {
    audit_all(SEEDS..11 * SEEDS);
}

fn audit_all(seeds: Range<u64>) {
    let middle = seeds.start + (seeds.end - seeds.start) / 2;
    let began = Instant::now();
    let halves = [seeds.start..middle, middle..seeds.end];
    let totals = thread::scope(|scope| {
        let threads = halves.map(|half| scope.spawn(|| audit(half)));
        threads.map(|thread| thread.join().expect("no rule is broken"))
    });
    let took = began.elapsed();
    let mut all = Total::default();
    totals.into_iter().for_each(|total| all.add(total));
    let Total { operations, facts, coverage } = all;
    println!("seeds {seeds:?}: {operations} operations, {facts} facts audited in {took:.1?}");
    if seeds.end - seeds.start >= SEEDS {
        let rare = coverage.rare(SEEDS / 10);
        assert!(rare.is_empty(), "this happens too seldom to be tested: {rare:?} in {coverage:#?}");
    }
}

/// What some seeds came to.
#[derive(Debug, Default)]
struct Total {
    operations: u64,
    facts: u64,
    coverage: Coverage,
}

impl Total {
    fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.facts += other.facts;
        self.coverage.add(other.coverage);
    }
}

fn audit(seeds: Range<u64>) -> Total {
    let mut total = Total::default();
    for seed in seeds {
        let mut world = World::new(seed);
        world.run(OPERATIONS);
        let (operations, facts) = (world.operations(), world.facts_audited());
        total.add(Total { operations, facts, coverage: world.take_coverage() });
    }
    total
}
