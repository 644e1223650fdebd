//! The emulator's clock: the only source of time.

use std::time::{Duration, Instant, SystemTime};

use crate::engine::Timestamp;

/// Emulated time: it starts at the real time and runs at `speed`.
///
/// Signatures and HTTP dates stay in real time; everything else goes by this.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    began: Instant,
    began_at: Timestamp,
    speed: f64,
}

impl Clock {
    /// A clock that shows the real time now and runs `speed` times as fast.
    pub(crate) fn new(speed: f64) -> Self {
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let micros = u64::try_from(epoch.as_micros()).unwrap_or(u64::MAX);
        Self { began: Instant::now(), began_at: Timestamp::from_micros(micros), speed }
    }

    /// The emulated time at this moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.began_at + self.began.elapsed().mul_f64(self.speed)
    }

    /// How long until `at`, in real time.
    pub(crate) fn real_time_until(&self, at: Timestamp) -> Duration {
        at.since(self.now()).div_f64(self.speed)
    }

    /// Emulated seconds in a real one.
    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_clock_needs_less_real_time() {
        let clock = Clock::new(60.0);
        let real = clock.real_time_until(clock.now() + Duration::from_secs(60));
        assert!(real <= Duration::from_secs(1), "{real:?}");
        assert!(real >= Duration::from_millis(500), "{real:?}");
        assert_eq!(clock.real_time_until(clock.began_at), Duration::ZERO);
    }
}
