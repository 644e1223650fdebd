//! `--like-sdk`: tries again as an SDK does unless told otherwise.
//!
//! This is the standard mode of the AWS SDKs (SDK reference guide, "Retry
//! behavior"): three attempts, a random pause of up to 1, 2, 4 … seconds and
//! never over 20, and a bucket of tokens that keeps clients of a target in
//! trouble from making it worse.

use crate::outcome::Outcome;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

/// Attempts in all, the first one included.
pub const ATTEMPTS: u32 = 3;
const LONGEST_PAUSE_S: f64 = 20.0;

/// What the bucket holds, and what a retry takes out of it.
const TOKENS: u32 = 500;
const RETRY: u32 = 5;
const RETRY_AFTER_TIMEOUT: u32 = 10;

/// The bucket and the lots, one for a whole client.
#[derive(Debug)]
pub struct Retry {
    /// Never held across an await.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    tokens: u32,
    lots: fastrand::Rng,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry::with(fastrand::Rng::new())
    }
}

impl Retry {
    /// The same pauses for the same seed.
    pub fn seeded(seed: u64) -> Retry {
        Retry::with(fastrand::Rng::with_seed(seed))
    }

    fn with(lots: fastrand::Rng) -> Retry {
        Retry { state: Mutex::new(State { tokens: TOKENS, lots }) }
    }

    /// How long to pause before trying again, and what success then gives back;
    /// none when it is over.
    pub fn again(&self, made: u32, outcome: &Outcome) -> Option<(Duration, u32)> {
        let cost = cost(outcome).filter(|_| made < ATTEMPTS)?;
        let mut state = self.state();
        state.tokens = state.tokens.checked_sub(cost)?;
        Some((pause(made, state.lots.f64()), cost))
    }

    /// A request succeeded, and had paid so much for its last attempt.
    pub fn succeeded(&self, paid: u32) {
        let mut state = self.state();
        state.tokens = (state.tokens + paid.max(1)).min(TOKENS);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What it costs to try again; none where an SDK would not.
fn cost(outcome: &Outcome) -> Option<u32> {
    match outcome {
        Outcome::Throttled { .. } | Outcome::NoAnswer(_) | Outcome::NotSent(_) => Some(RETRY),
        Outcome::ServerError { status: Some(500 | 502 | 503 | 504), .. } => Some(RETRY),
        Outcome::Timeout => Some(RETRY_AFTER_TIMEOUT),
        Outcome::Ok(_)
        | Outcome::Accepted { .. }
        | Outcome::FunctionError(_)
        | Outcome::ServerError { .. }
        | Outcome::ClientError { .. } => None,
    }
}

/// Full jitter: anything from nothing to the doubled time.
fn pause(made: u32, lot: f64) -> Duration {
    let longest = f64::from(2_u32.saturating_pow(made.saturating_sub(1))).min(LONGEST_PAUSE_S);
    Duration::from_secs_f64(longest * lot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttled() -> Outcome {
        Outcome::Throttled { status: 429, reason: "R".into() }
    }

    #[test]
    fn three_attempts_are_made() {
        let retry = Retry::default();
        let again = |made| retry.again(made, &throttled()).is_some();
        assert_eq!([again(1), again(2), again(3)], [true, true, false]);
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let check = |made, lot, seconds| assert_eq!(pause(made, lot), Duration::from_secs_f64(seconds));
        check(1, 1.0, 1.0);
        check(2, 1.0, 2.0);
        check(2, 0.25, 0.5);
        check(9, 1.0, 20.0);
    }

    #[test]
    fn an_empty_bucket_ends_retries_and_success_refills_it() {
        let retry = Retry::default();
        let tried = (0..).take_while(|_| retry.again(1, &throttled()).is_some()).count();
        assert_eq!(tried, 100);
        (0..5).for_each(|_| retry.succeeded(0));
        assert!(retry.again(1, &throttled()).is_some());
        retry.succeeded(RETRY);
        assert!(retry.again(1, &throttled()).is_some());
        assert!(retry.again(1, &Outcome::Timeout).is_none());
    }

    #[test]
    fn what_will_not_be_better_is_not_tried_again() {
        let check =
            |outcome: Outcome, expected| assert_eq!(cost(&outcome).is_some(), expected, "{outcome:?}");
        check(Outcome::FunctionError("no".into()), false);
        check(Outcome::ClientError { status: 404, note: String::new() }, false);
        check(Outcome::ServerError { status: Some(503), note: String::new() }, true);
        check(Outcome::ServerError { status: Some(501), note: String::new() }, false);
    }
}
