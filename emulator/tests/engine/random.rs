//! The auditor over random workloads.

use std::ops::Range;
use std::thread;
use std::time::Instant;

use crate::workload::World;

const SEEDS: u64 = 300;
const OPERATIONS: u64 = 1_500;

/// Every seed, or the one that `SEED` names.
#[test]
fn random_workloads_break_no_rule() {
    let asked = std::env::var("SEED").ok().map(|seed| seed.parse().expect("SEED is a number"));
    let seeds = asked.map_or(0..SEEDS, |seed: u64| seed..seed + 1);
    let middle = seeds.start + (seeds.end - seeds.start) / 2;
    let began = Instant::now();
    let halves = [seeds.start..middle, middle..seeds.end];
    let counts = thread::scope(|scope| {
        let threads = halves.map(|half| scope.spawn(|| audit(half)));
        threads.map(|thread| thread.join().expect("no rule is broken"))
    });
    let operations: u64 = counts.iter().map(|(operations, _)| operations).sum();
    let facts: u64 = counts.iter().map(|(_, facts)| facts).sum();
    let took = began.elapsed();
    println!("seeds {seeds:?}: {operations} operations, {facts} facts audited in {took:.1?}");
    assert!(facts > operations, "{facts} facts of {operations} operations: the workload does little");
}

/// How many operations were given, and how many facts audited.
fn audit(seeds: Range<u64>) -> (u64, u64) {
    seeds.fold((0, 0), |(operations, facts), seed| {
        let mut world = World::new(seed);
        world.run(OPERATIONS);
        (operations + world.operations(), facts + world.facts_audited())
    })
}
