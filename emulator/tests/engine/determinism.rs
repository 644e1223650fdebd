//! The same seed and the same calls give the same story.

use crate::workload::World;

#[test]
fn the_same_seed_tells_the_same_story() {
    let mut stories = Vec::new();
    for seed in 0..8 {
        let [one, other] = [seed, seed].map(story);
        assert_eq!(one, other, "seed {seed} told two stories");
        stories.push(one);
    }
    let all = stories.len();
    stories.sort_unstable();
    stories.dedup();
    assert_eq!(stories.len(), all, "two seeds told the same story");
}

/// A hash over the text of every fact and effect, the number of facts, and
/// where the clock stands in the end.
fn story(seed: u64) -> (u64, u64, u64) {
    let mut world = World::told(seed);
    world.run(500);
    let (hash, now) = world.story();
    (hash, world.facts_audited(), now.as_micros())
}
