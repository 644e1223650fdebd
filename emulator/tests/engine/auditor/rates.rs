//! Limits that are rates, kept as one moment each: the one at which the bucket
//! is full again. Whole numbers only.

use emulator::engine::{Rate, Timestamp};

/// So many at once, refilled steadily within `rate.per`.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    rate: Rate,
    /// When it is full again, in parts of a microsecond: `rate.count` of them.
    full_at: u128,
}

impl Bucket {
    pub(super) fn full(rate: Rate) -> Self {
        Self { rate, full_at: 0 }
    }

    /// Whether one more is allowed at this moment.
    pub(super) fn allows(&self, at: Timestamp) -> bool {
        self.owed(at) + self.one() <= self.one() * self.count()
    }

    pub(super) fn spend(&mut self, at: Timestamp) {
        self.full_at = self.full_at.max(self.parts(at)) + self.one();
    }

    /// Another rate: of what was spent, whole ones count on, as far as they fit.
    pub(super) fn change(&mut self, at: Timestamp, rate: Rate) {
        if rate == self.rate {
            return;
        }
        let spent = self.owed(at) / self.one();
        self.rate = rate;
        self.full_at = self.parts(at) + spent.min(self.count()) * self.one();
    }

    fn owed(&self, at: Timestamp) -> u128 {
        self.full_at.saturating_sub(self.parts(at))
    }

    fn parts(&self, at: Timestamp) -> u128 {
        u128::from(at.as_micros()) * self.count()
    }

    /// What one takes to come back, in parts.
    fn one(&self) -> u128 {
        self.rate.per.as_micros().max(1)
    }

    fn count(&self) -> u128 {
        u128::from(self.rate.count)
    }
}
