//! How time passes: from wake-up to wake-up, and sometimes late.

use std::time::Duration;

use emulator::engine::{Completion, News, Timestamp};

use super::World;

/// Wake-ups in one move of time; a busy account moves less far.
const WAKE_UPS_PER_MOVE: usize = 200;

impl World {
    /// From microseconds to days, most often less than a few seconds.
    pub(super) fn move_time(&mut self) {
        let exponent = match self.rng.between(0, 99) {
            0..=29 => 0,
            30..=59 => self.rng.between(1, 4),
            60..=89 => self.rng.between(5, 7),
            90..=98 => 8,
            _ => 11,
        };
        let micros = self.rng.between(0, 10_u64.pow(u32::try_from(exponent).unwrap_or(0)));
        self.drive(self.now + Duration::from_micros(micros));
    }

    /// Lets time pass until `until`, from wake-up to wake-up.
    fn drive(&mut self, until: Timestamp) {
        for _ in 0..WAKE_UPS_PER_MOVE {
            let report = self.reports.first_key_value().map(|(key, _)| key.0);
            let deadline = self.engine.next_deadline();
            let next = [report, deadline].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else {
                self.now = until;
                break;
            };
            self.now = self.now.max(next);
            if report.is_some_and(|report| report <= self.now) {
                self.deliver_report();
            } else {
                self.pass_time();
            }
        }
        self.pass_time();
    }

    /// A driver that is late: the next command finds much that is due.
    pub(super) fn be_late(&mut self) {
        let late = self.rng.between(0, 30_000_000);
        self.now = self.now + Duration::from_micros(late);
        self.invoke();
    }

    pub(super) fn pass_time(&mut self) {
        self.engine.tick(self.now);
        self.settle();
    }

    fn deliver_report(&mut self) {
        let Some((_, report)) = self.reports.pop_first() else { return };
        self.pass_time();
        if let News::Finished(Completion { request_id, rested: false, .. }) = &report.news {
            self.auditor.lingers(self.now, &report, *request_id);
        }
        self.engine.report(self.now, report);
        self.settle();
    }
}
