//! The gears of the clock, as users choose and see them.

use std::time::Duration;

use thiserror::Error;

use crate::config::Config;
use crate::engine::Timestamp;

/// Whether time passes by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gear {
    /// It does, at the clock's speed.
    #[default]
    Running,
    /// It stands, until it is moved by a step or by a span.
    Paused,
}

impl Gear {
    /// `running` or `paused`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
        }
    }
}

/// How the clock goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockSettings {
    /// Whether it runs.
    pub gear: Gear,
    /// How many emulated seconds pass in a real one while it runs.
    pub speed: f64,
    /// Whether, while it runs, it jumps over time in which nothing is in
    /// flight, on to the work that waits. It never moves for housekeeping alone.
    pub skip_idle: bool,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self::running(1.0)
    }
}

impl ClockSettings {
    /// It runs `speed` times as fast as real time.
    pub const fn running(speed: f64) -> Self {
        Self { gear: Gear::Running, speed, skip_idle: false }
    }

    /// It stands.
    pub const fn paused() -> Self {
        Self { gear: Gear::Paused, speed: 1.0, skip_idle: false }
    }

    /// It runs in real time and skips what is idle.
    pub const fn skipping_idle() -> Self {
        Self { gear: Gear::Running, speed: 1.0, skip_idle: true }
    }

    /// Whether code that takes real time takes as long on this clock.
    pub(crate) fn is_real_time(self) -> bool {
        self.gear == Gear::Running && (self.speed - 1.0).abs() < f64::EPSILON
    }
}

/// A change of gear. What is `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ClockChange {
    /// Whether it runs.
    pub gear: Option<Gear>,
    /// Emulated seconds in a real one.
    pub speed: Option<f64>,
    /// Whether it jumps over idle time.
    pub skip_idle: Option<bool>,
}

impl ClockChange {
    /// The settings after it.
    pub(crate) fn of(self, before: ClockSettings) -> ClockSettings {
        ClockSettings {
            gear: self.gear.unwrap_or(before.gear),
            speed: self.speed.unwrap_or(before.speed),
            skip_idle: self.skip_idle.unwrap_or(before.skip_idle),
        }
    }
}

impl From<ClockSettings> for ClockChange {
    fn from(settings: ClockSettings) -> Self {
        let ClockSettings { gear, speed, skip_idle } = settings;
        Self { gear: Some(gear), speed: Some(speed), skip_idle: Some(skip_idle) }
    }
}

/// A speed that no clock has.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("can't run {_0} times as fast: {speed}", speed = Config::SPEED)]
pub struct WrongSpeed(pub f64);

/// The clock at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockView {
    /// How it goes.
    pub settings: ClockSettings,
    /// What it shows.
    pub now: Timestamp,
    /// When time itself changes something next, housekeeping included.
    pub next_event: Option<Timestamp>,
    /// What is under way and keeps a clock from skipping: environments whose
    /// real code runs, messages being filtered, messages that clients received
    /// and still hold.
    pub in_flight: usize,
    /// What it does to real code.
    pub real_code: RealCode,
}

/// Code that runs as processes, which no clock can hurry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RealCode {
    /// Environments whose code runs at this moment.
    pub running: usize,
    /// Invocations that were handed to processes in another gear than real
    /// time, since the start.
    pub invocations: u64,
}

impl RealCode {
    /// What such invocations are to be taken for.
    pub const MEANING: &str = "the code of child processes takes real time in every gear: at N times its \
                               timeout leaves it 1/N of that in real time and its durations are N times as long, \
                               while the clock stands its timeout does not run out and its durations are 0";
}

/// What became of a step, or of a span that the clock was moved by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// What the clock shows after it.
    pub now: Timestamp,
    /// Whether all of it was done, and nothing that it caused still runs. Else
    /// real code took longer than one waited, and the clock stopped before it.
    pub settled: bool,
}

impl Moved {
    /// How long real code is waited for where nobody says, in real time.
    pub const PATIENCE: Duration = Duration::from_secs(60);
}
