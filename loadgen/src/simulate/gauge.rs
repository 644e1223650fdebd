//! Numbers that go up and down, weighted by time.

use crate::duration::round_us;
use crate::report::simulated::{Environments, Level};
use emulator::engine::Timestamp;

/// A number, its highest, and the area below its curve since [`Gauge::restart`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gauge {
    now: u64,
    highest: u64,
    /// Microseconds × number, until `until`.
    area: u128,
    from: Timestamp,
    until: Timestamp,
}

impl Gauge {
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    pub(super) fn add(&mut self, at: Timestamp, number: u64) {
        self.pass(at);
        self.now += number;
        self.highest = self.highest.max(self.now);
    }

    pub(super) fn remove(&mut self, at: Timestamp, number: u64) {
        self.pass(at);
        self.now = self.now.saturating_sub(number);
    }

    /// Counts anew from here; what there is stays.
    pub(super) fn restart(&mut self, at: Timestamp) {
        *self = Gauge { now: self.now, highest: self.now, area: 0, from: at, until: at };
    }

    /// The area until a moment, in seconds × number.
    pub(super) fn area_s(&self, at: Timestamp) -> f64 {
        let passed = at.as_micros().saturating_sub(self.until.as_micros());
        (self.area + u128::from(passed) * u128::from(self.now)) as f64 / 1e6
    }

    /// What it was until a moment.
    pub(super) fn level(&self, at: Timestamp) -> Level {
        let seconds = at.since(self.from).as_secs_f64();
        let average = if seconds > 0.0 { self.area_s(at) / seconds } else { self.now as f64 };
        Level { average: round_us(average), max: self.highest }
    }

    fn pass(&mut self, at: Timestamp) {
        let passed = at.as_micros().saturating_sub(self.until.as_micros());
        // A million for three centuries fits the product.
        self.area += u128::from(passed * self.now);
        self.until = at;
    }
}

/// What an environment does, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Initializing,
    Running,
    Idle,
}

/// How many environments do what.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Census {
    total: Gauge,
    initializing: Gauge,
    running: Gauge,
    idle: Gauge,
}

impl Census {
    pub(super) fn of(&self, phase: Phase) -> &Gauge {
        match phase {
            Phase::Initializing => &self.initializing,
            Phase::Running => &self.running,
            Phase::Idle => &self.idle,
        }
    }

    fn of_mut(&mut self, phase: Phase) -> &mut Gauge {
        match phase {
            Phase::Initializing => &mut self.initializing,
            Phase::Running => &mut self.running,
            Phase::Idle => &mut self.idle,
        }
    }

    pub(super) fn born(&mut self, at: Timestamp, phase: Phase) {
        self.total.add(at, 1);
        self.of_mut(phase).add(at, 1);
    }

    pub(super) fn died(&mut self, at: Timestamp, phase: Phase) {
        self.total.remove(at, 1);
        self.of_mut(phase).remove(at, 1);
    }

    pub(super) fn changed(&mut self, at: Timestamp, from: Phase, to: Phase) {
        self.of_mut(from).remove(at, 1);
        self.of_mut(to).add(at, 1);
    }

    pub(super) fn restart(&mut self, at: Timestamp) {
        for gauge in [&mut self.total, &mut self.initializing, &mut self.running, &mut self.idle] {
            gauge.restart(at);
        }
    }

    pub(super) fn levels(&self, at: Timestamp) -> Environments {
        Environments {
            total: self.total.level(at),
            running: self.running.level(at),
            idle: self.idle.level(at),
            initializing: self.initializing.level(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_weighted_by_time() {
        let at = |s: u64| Timestamp::from_millis(s * 1_000);
        let mut gauge = Gauge::default();
        gauge.restart(at(10));
        gauge.add(at(10), 4);
        gauge.remove(at(12), 3);
        let level = gauge.level(at(14));
        assert_eq!((level.average, level.max), ((4.0 * 2.0 + 1.0 * 2.0) / 4.0, 4));
        gauge.restart(at(14));
        assert_eq!(gauge.level(at(20)), Level { average: 1.0, max: 1 });
        assert_eq!(gauge.level(at(14)), Level { average: 1.0, max: 1 }, "no time has passed");
    }

    #[test]
    fn every_environment_is_in_one_phase() {
        let mut census = Census::default();
        census.born(Timestamp::default(), Phase::Initializing);
        census.changed(Timestamp::from_millis(1_000), Phase::Initializing, Phase::Running);
        census.changed(Timestamp::from_millis(3_000), Phase::Running, Phase::Idle);
        let levels = census.levels(Timestamp::from_millis(4_000));
        let averages = [levels.total, levels.initializing, levels.running, levels.idle].map(|of| of.average);
        assert_eq!(averages, [1.0, 0.25, 0.5, 0.25]);
        census.died(Timestamp::from_millis(4_000), Phase::Idle);
        assert_eq!((census.total.now(), census.idle.now()), (0, 0));
    }
}
