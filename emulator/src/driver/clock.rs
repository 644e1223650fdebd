//! The emulator's clock: the only source of time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;

use crate::engine::Timestamp;
use crate::gear::{ClockChange, ClockSettings, Gear};

/// Emulated time: it starts at the real time, goes as it is set, and never
/// goes back.
///
/// Signatures and HTTP dates stay in real time; everything else goes by this.
#[derive(Debug)]
pub(crate) struct Clock {
    /// Held for a moment only: nothing inside waits.
    course: Mutex<Course>,
    /// Rings when the clock was set or moved, for those who sleep by it.
    turned: Notify,
}

/// A straight line of time, from the last change of gear.
#[derive(Debug, Clone, Copy)]
struct Course {
    since: Instant,
    from: Timestamp,
    settings: ClockSettings,
}

impl Course {
    fn at(&self, instant: Instant) -> Timestamp {
        match self.settings.gear {
            Gear::Running => {
                self.from + instant.saturating_duration_since(self.since).mul_f64(self.settings.speed)
            }
            Gear::Paused => self.from,
        }
    }

    /// Goes on from where it is at `instant`, in another way.
    fn turn(&mut self, instant: Instant, settings: ClockSettings) {
        *self = Self { since: instant, from: self.at(instant), settings };
    }

    /// Goes on from `to`, or from where it is if that is later.
    fn jump(&mut self, instant: Instant, to: Timestamp) {
        self.from = self.at(instant).max(to);
        self.since = instant;
    }
}

impl Clock {
    /// A clock that shows the real time now.
    pub(crate) fn new(settings: ClockSettings) -> Self {
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let from = Timestamp::from_micros(u64::try_from(epoch.as_micros()).unwrap_or(u64::MAX));
        let course = Mutex::new(Course { since: Instant::now(), from, settings });
        Self { course, turned: Notify::new() }
    }

    /// The emulated time at this moment.
    pub(crate) fn now(&self) -> Timestamp {
        let course = self.lock();
        course.at(Instant::now())
    }

    /// How it goes.
    pub(crate) fn settings(&self) -> ClockSettings {
        self.lock().settings
    }

    /// Whether it jumps over idle time: while it is paused it never does.
    pub(crate) fn skips_idle(&self) -> bool {
        let ClockSettings { gear, skip_idle, .. } = self.settings();
        skip_idle && gear == Gear::Running
    }

    /// Lets it go on in another way.
    pub(crate) fn turn(&self, change: ClockChange) {
        let mut course = self.lock();
        let settings = change.of(course.settings);
        course.turn(Instant::now(), settings);
        drop(course);
        self.turned.notify_waiters();
    }

    /// Moves it on to `to`, unless it is beyond.
    pub(crate) fn jump(&self, to: Timestamp) {
        self.lock().jump(Instant::now(), to);
        self.turned.notify_waiters();
    }

    /// Sleeps until it shows `at`, in whatever gears it goes there.
    pub(crate) async fn wait_until(&self, at: Timestamp) {
        while self.now() < at {
            let turned = self.turned.notified();
            match self.settings().gear {
                Gear::Running => {
                    tokio::select! {
                        () = tokio::time::sleep(self.real_time_until(at)) => {}
                        () = turned => {}
                    }
                }
                Gear::Paused if self.now() < at => turned.await,
                Gear::Paused => {}
            }
        }
    }

    /// How long until `at` in the real time of code that takes real time.
    /// While the clock stands, so much as it shows: such a deadline is nowhere
    /// nearer than it looks.
    pub(crate) fn real_time_until(&self, at: Timestamp) -> Duration {
        let course = *self.lock();
        let left = at.since(course.at(Instant::now()));
        match course.settings.gear {
            Gear::Running => left.div_f64(course.settings.speed),
            Gear::Paused => left,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn course(settings: ClockSettings) -> Course {
        Course { since: Instant::now(), from: Timestamp::from_millis(1_000), settings }
    }

    #[test]
    fn a_faster_clock_needs_less_real_time() {
        let clock = Clock::new(ClockSettings::running(60.0));
        let began = clock.now();
        let real = clock.real_time_until(clock.now() + Duration::from_secs(60));
        assert!(real <= SECOND, "{real:?}");
        assert!(real >= Duration::from_millis(500), "{real:?}");
        assert_eq!(clock.real_time_until(began), Duration::ZERO);
    }

    #[test]
    fn a_change_of_gear_goes_on_from_where_the_clock_is() {
        let mut course = course(ClockSettings::running(60.0));
        let begin = course.since;
        course.turn(begin + SECOND, ClockSettings::paused());
        let stood = Timestamp::from_millis(61_000);
        assert_eq!([1, 2, 100].map(|s| course.at(begin + s * SECOND)), [stood; 3]);
        course.turn(begin + 3 * SECOND, ClockSettings::running(0.5));
        assert_eq!(course.at(begin + 3 * SECOND), stood);
        assert_eq!(course.at(begin + 5 * SECOND), stood + SECOND);
    }

    #[test]
    fn a_clock_jumps_on_and_never_back() {
        for settings in [ClockSettings::running(60.0), ClockSettings::paused()] {
            let mut course = course(settings);
            let instant = course.since + SECOND;
            let shown = course.at(instant);
            course.jump(instant, shown - SECOND);
            assert_eq!(course.at(instant), shown);
            course.jump(instant, shown + SECOND);
            assert_eq!(course.at(instant), shown + SECOND);
            // An instant from before a change is no way back.
            assert_eq!(course.at(instant - SECOND), shown + SECOND);
        }
    }

    #[tokio::test]
    async fn who_sleeps_by_a_clock_that_stands_is_woken_when_it_is_moved() {
        let clock = Clock::new(ClockSettings::paused());
        let (now, hour) = (clock.now(), Duration::from_secs(3_600));
        let moves = async {
            clock.jump(now + SECOND);
            tokio::task::yield_now().await;
            clock.jump(now + hour);
        };
        tokio::join!(clock.wait_until(now + hour), moves);
        assert_eq!(clock.now(), now + hour);
        // Set anew, it wakes those who slept by its old gear.
        let faster = async { clock.turn(ClockSettings::running(100_000.0).into()) };
        tokio::join!(clock.wait_until(now + 2 * hour), faster);
    }
}
