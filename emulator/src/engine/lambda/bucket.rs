//! Token buckets: the limits that are rates.

use std::time::Duration;

use crate::engine::quotas::Rate;
use crate::engine::time::Timestamp;

/// A bucket that holds `rate.count` tokens and refills all of them in
/// `rate.per`, continuously; what it can't hold is lost.
///
/// AWS documents this shape for the scaling rate ("Lambda scaling behavior":
/// refilled continuously, never more than the burst). For request rates it
/// documents the number only.
#[derive(Debug, Clone)]
pub(crate) struct TokenBucket {
    rate: Rate,
    /// One token in the unit of `missing`: the time of a whole refill.
    token: u64,
    /// Tokens missing, in microseconds × count: whole numbers, no rounding.
    missing: u64,
    at: Timestamp,
}

impl TokenBucket {
    /// A full bucket.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, token: token_of(rate), missing: 0, at: Timestamp::default() }
    }

    /// Whether a token is there.
    pub(crate) fn has_token(&mut self, now: Timestamp) -> bool {
        self.refill(now);
        self.missing.saturating_add(self.token) <= self.token.saturating_mul(self.rate.count.into())
    }

    /// Takes a token that is there.
    pub(crate) fn take(&mut self, now: Timestamp) {
        self.refill(now);
        self.missing = self.missing.saturating_add(self.token);
    }

    /// Takes many, also such as are not there: they are owed.
    pub(crate) fn take_many(&mut self, now: Timestamp, tokens: usize) {
        self.refill(now);
        self.missing = self.missing.saturating_add(self.token.saturating_mul(tokens as u64));
    }

    /// Changes the rate; what was taken stays taken, as far as it fits.
    pub(crate) fn set_rate(&mut self, now: Timestamp, rate: Rate) {
        if rate != self.rate {
            self.refill(now);
            let taken = self.missing / self.token.max(1);
            self.rate = rate;
            self.token = token_of(rate);
            self.missing = self.token.saturating_mul(taken.min(rate.count.into()));
        }
    }

    fn refill(&mut self, now: Timestamp) {
        let passed = now.as_micros().saturating_sub(self.at.as_micros());
        self.missing = self.missing.saturating_sub(passed.saturating_mul(self.rate.count.into()));
        self.at = now;
    }
}

fn token_of(rate: Rate) -> u64 {
    let micros = rate.per.max(Duration::from_micros(1)).as_micros();
    u64::try_from(micros).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut TokenBucket, at: u64) -> usize {
        let now = Timestamp::from_millis(at);
        std::iter::from_fn(|| bucket.has_token(now).then(|| bucket.take(now))).count()
    }

    #[test]
    fn a_bucket_refills_steadily_and_never_overflows() {
        let mut bucket = TokenBucket::new(Rate { count: 1_000, per: Duration::from_secs(10) });
        assert_eq!(taken(&mut bucket, 50_000), 1_000, "the burst");
        assert_eq!(taken(&mut bucket, 50_009), 0);
        assert_eq!(taken(&mut bucket, 50_010), 1, "one each 10 ms");
        assert_eq!(taken(&mut bucket, 51_010), 100);
        assert_eq!(taken(&mut bucket, 999_000), 1_000, "no more than the burst");
    }

    #[test]
    fn a_new_rate_forgives_nothing_and_keeps_within_its_own_burst() {
        let mut bucket = TokenBucket::new(Rate { count: 10, per: Duration::from_secs(1) });
        assert_eq!(taken(&mut bucket, 1_000), 10);
        bucket.set_rate(Timestamp::from_millis(1_000), Rate { count: 20, per: Duration::from_secs(1) });
        assert_eq!(taken(&mut bucket, 1_000), 10);
        bucket.set_rate(Timestamp::from_millis(1_000), Rate { count: 5, per: Duration::from_secs(1) });
        assert_eq!(taken(&mut bucket, 1_000), 0);
        assert_eq!(taken(&mut bucket, 1_200), 1);
    }

    #[test]
    fn a_bucket_without_tokens_gives_none() {
        let mut bucket = TokenBucket::new(Rate { count: 0, per: Duration::from_secs(1) });
        assert_eq!(taken(&mut bucket, 5_000), 0);
    }
}
