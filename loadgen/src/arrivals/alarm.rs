//! Waking up on time.
//!
//! Tokio's timers count in milliseconds, so that a request due now and then
//! leaves half a millisecond late on average. That would be the greater part of
//! the latency of a fast server. On Linux a timer of the kernel's wakes us, a
//! few dozen microseconds late at most; elsewhere tokio's has to do.

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

/// A timer for one task.
#[derive(Debug)]
pub(super) struct Alarm {
    /// A kernel's timer is read like a pipe: eight bytes when it has expired.
    #[cfg(target_os = "linux")]
    timer: Receiver,
}

impl Alarm {
    #[cfg(target_os = "linux")]
    pub(super) fn new() -> io::Result<Alarm> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Alarm { timer: Receiver::from_owned_fd_unchecked(timer)? })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn new() -> io::Result<Alarm> {
        Ok(Alarm {})
    }

    /// Waits until then, and not at all when then has passed.
    pub(super) async fn wait_until(&self, due: Instant) {
        while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
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
        let alarm = Alarm::new().unwrap();
        for micros in [0, 1, 300, 2_500, 300] {
            let due = Instant::now() + Duration::from_micros(micros);
            alarm.wait_until(due).await;
            assert!(Instant::now() >= due);
        }
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_does_not_disturb_the_next() {
        let alarm = Alarm::new().unwrap();
        let long = Instant::now() + Duration::from_secs(3600);
        let given_up = tokio::time::timeout(Duration::from_millis(5), alarm.wait_until(long)).await;
        assert!(given_up.is_err());
        alarm.wait_until(Instant::now() + Duration::from_millis(1)).await;
    }
}
