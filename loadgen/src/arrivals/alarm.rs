//! Waking up on time.
//!
//! Tokio's timers count in milliseconds, so that a request due now and then
//! leaves half a millisecond late on average. That would be the greater part of
//! the latency of a fast server. On Linux a timer of the kernel's wakes us;
//! elsewhere tokio's has to do. A kernel is late too: by dozens of microseconds,
//! on a shared machine by hundreds. So the alarm is set as much earlier as it has
//! been late of late, and what is left then is waited for awake.

use std::io;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use {
    rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
    tokio::net::unix::pipe::Receiver,
};

/// Waiting awake costs a core, so there is an end to it.
const MOST_AHEAD: Duration = Duration::from_micros(300);

/// A timer for one task.
#[derive(Debug)]
pub(super) struct Alarm {
    /// Never to sleep at all: then answers are read the moment they come, too.
    awake: bool,
    /// How late the timer has been, on a moving average.
    late: Duration,
    /// A kernel's timer is read like a pipe: eight bytes when it has expired.
    #[cfg(target_os = "linux")]
    timer: Receiver,
}

impl Alarm {
    #[cfg(target_os = "linux")]
    pub(super) fn new(awake: bool) -> io::Result<Alarm> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Alarm { awake, late: Duration::ZERO, timer: Receiver::from_owned_fd_unchecked(timer)? })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn new(awake: bool) -> io::Result<Alarm> {
        Ok(Alarm { awake, late: Duration::ZERO })
    }

    /// Waits until then, and not at all when then has passed.
    pub(super) async fn wait_until(&mut self, due: Instant) {
        let ahead = self.late.saturating_mul(2).min(MOST_AHEAD);
        let early = due.checked_sub(ahead).filter(|early| !self.awake && *early > Instant::now());
        if let Some(early) = early {
            self.sleep_until(early).await;
            let late = early.elapsed().min(MOST_AHEAD);
            self.late = (self.late * 7 + late) / 8;
        }
        while Instant::now() < due {
            // Others get their turn: an answer that comes in now is read now.
            tokio::task::yield_now().await;
        }
    }

    async fn sleep_until(&self, then: Instant) {
        while let Some(left) = then.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if self.wait(left).await.is_err() {
                tokio::time::sleep(left).await;
            }
        }
    }

    #[cfg(target_os = "linux")]
    async fn wait(&self, time: Duration) -> io::Result<()> {
        let never_again = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() };
        let once = Itimerspec { it_interval: never_again, it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        self.timer.readable().await?;
        // The count of expirations, which has to be read for the timer to rest.
        match self.timer.try_read(&mut [0; 8]) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    async fn wait(&self, time: Duration) -> io::Result<()> {
        tokio::time::sleep(time).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_never_wakes_early_and_waits_again() {
        let mut alarm = Alarm::new(false).unwrap();
        for micros in [0, 1, 300, 2_500, 300] {
            let due = Instant::now() + Duration::from_micros(micros);
            alarm.wait_until(due).await;
            assert!(Instant::now() >= due);
        }
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_does_not_disturb_the_next() {
        let mut alarm = Alarm::new(false).unwrap();
        let long = Instant::now() + Duration::from_secs(3600);
        let given_up = tokio::time::timeout(Duration::from_millis(5), alarm.wait_until(long)).await;
        assert!(given_up.is_err());
        alarm.wait_until(Instant::now() + Duration::from_millis(1)).await;
    }
}
