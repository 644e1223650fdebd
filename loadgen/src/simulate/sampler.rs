//! Looks at the account at equal distances of virtual time. When there are too
//! many looks, every second one goes and the distance doubles.

use super::gauge::Phase;
use super::world::World;
use crate::report::simulated::OverTime;
use emulator::engine::Timestamp;
use std::time::Duration;

/// As many as a picture can show side by side.
const MOST_LOOKS: usize = 1_000;
const FIRST_DISTANCE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Sampler {
    distance: Duration,
    next: Timestamp,
    looks: OverTime,
}

impl Sampler {
    pub(super) fn new(begin: Timestamp) -> Sampler {
        Sampler { distance: FIRST_DISTANCE, next: begin, looks: OverTime::default() }
    }

    /// When it wants to look next.
    pub(super) fn next(&self) -> Timestamp {
        self.next
    }

    pub(super) fn look(&mut self, world: &World) {
        let watch = &world.watch;
        self.looks.running.push(watch.gauge(Phase::Running).now());
        self.looks.idle.push(watch.gauge(Phase::Idle).now());
        self.looks.initializing.push(watch.gauge(Phase::Initializing).now());
        self.looks.events.push(watch.events());
        let engine = world.simulation.engine();
        for name in engine.queue_names() {
            let Ok(view) = engine.queue(name.as_str()) else { continue };
            let depths = self.looks.queues.entry(name.as_str().to_owned()).or_default();
            depths.visible.push(view.visible as u64);
            depths.in_flight.push(view.in_flight as u64);
            depths.delayed.push(view.delayed as u64);
        }
        self.next = self.next + self.distance;
        if self.looks.running.len() > MOST_LOOKS {
            self.thin();
        }
    }

    /// What was seen.
    pub(super) fn finish(mut self) -> OverTime {
        self.looks.every_s = self.distance.as_secs_f64();
        if self.looks.events.iter().all(|&events| events == 0) {
            self.looks.events.clear();
        }
        self.looks
    }

    fn thin(&mut self) {
        let last_kept = self.looks.running.len().div_ceil(2) * 2 - 2;
        let looked = self.looks.running.len() - 1;
        self.lists().for_each(|list| {
            let mut n = 0_usize;
            list.retain(|_| {
                n += 1;
                n % 2 == 1
            });
        });
        // The next look follows the last one that was kept.
        let behind = self.distance * (looked - last_kept + 1) as u32;
        self.distance *= 2;
        self.next = (self.next - behind) + self.distance;
    }

    fn lists(&mut self) -> impl Iterator<Item = &mut Vec<u64>> {
        let OverTime { running, idle, initializing, events, queues, .. } = &mut self.looks;
        let depths = queues.values_mut();
        let depths =
            depths.flat_map(|depths| [&mut depths.visible, &mut depths.in_flight, &mut depths.delayed]);
        [running, idle, initializing, events].into_iter().chain(depths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use emulator::engine::Quotas;

    #[test]
    fn looks_stay_at_equal_distances_however_many_there_are() {
        let world = World::new(Quotas::default(), 1);
        let begin = world.now();
        let mut sampler = Sampler::new(begin);
        let mut looked = Vec::new();
        for _ in 0..5_000 {
            looked.push(sampler.next());
            sampler.look(&world);
            assert!(sampler.looks.running.len() <= MOST_LOOKS);
        }
        let distance = sampler.distance;
        assert_eq!(sampler.next().since(begin).as_micros() % distance.as_micros(), 0);
        assert_eq!(sampler.next(), begin + distance * sampler.looks.running.len() as u32);
        assert!(looked.is_sorted());
    }
}
