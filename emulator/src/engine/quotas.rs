//! The numbers that AWS sets, in one place. Each names where it comes from.

use std::time::Duration;

use super::error::ThrottleReason;
use super::lambda::ColdStart;

/// Limits and schedules of the account. The defaults are AWS's documented
/// values; where AWS says nothing, the doc comment says "not documented".
#[derive(Debug, Clone, PartialEq)]
pub struct Quotas {
    /// Concurrent executions of the account in the region
    /// (Developer Guide, "Lambda quotas": 1,000; new accounts may get 10).
    pub account_concurrency: u32,
    /// What reservations must leave unreserved ("Configuring reserved
    /// concurrency": 100; accounts with a small limit show 50 or 10).
    pub unreserved_minimum: u32,
    /// Requests a second for each unit of concurrency, of the account, a
    /// reservation and a provisioned configuration ("Lambda quotas": 10). The
    /// window is not documented: here it is a bucket of one second's worth.
    pub requests_per_concurrency: u32,
    /// New on-demand environments of one function ("Lambda scaling behavior":
    /// 1,000 each 10 s, refilled continuously).
    pub scaling_rate: Rate,
    /// What a request is told that finds the scaling rate used up: not documented.
    pub scaling_refusal: ThrottleReason,
    /// Longest Init of an on-demand environment before it is tried again inside
    /// the invocation ("Execution environment lifecycle": 10 s).
    pub init_limit: Duration,
    /// How cold starts take their time, for functions that do not say.
    pub cold_start: ColdStart,
    /// Shortest and longest time that an unused environment is kept; each one
    /// draws its own. Not documented; 5 to 7 minutes is commonly observed.
    pub idle_lifetime: (Duration, Duration),
    /// Shortest and longest life of an environment, used or not; each one draws
    /// its own. AWS says "every few hours"; about 2 hours is commonly observed.
    pub environment_lifetime: (Duration, Duration),
    /// How long a request that finds no idle environment waits for one that has
    /// answered and not yet asked for its next event. It stands for the network
    /// between AWS and a caller, which a loopback connection does not have, and
    /// has room for a busy host.
    pub arrival_grace: Duration,
    /// How long a function is `Pending` after its creation and `InProgress`
    /// after a change. On AWS some seconds: not documented, and no time here
    /// unless it is asked for.
    pub function_transition: Duration,
    /// Shortest and longest preparation before provisioned environments are
    /// allocated ("Configuring provisioned concurrency": 1 to 2 minutes).
    pub provisioned_preparation: (Duration, Duration),
    /// Provisioned environments of one function (6,000 a minute).
    pub provisioned_rate: Rate,
    /// Longest Init of a provisioned environment, where the function's timeout
    /// is not longer ("Execution environment lifecycle": 130 s).
    pub provisioned_init_limit: Duration,
    /// Failed Inits after which a provisioned configuration is `FAILED`: 6
    /// were observed.
    pub provisioned_init_attempts: u32,
    /// Invocations in one chain of requests after which it is stopped
    /// ("Recursive loop detection": about 16).
    pub recursion_limit: u32,
    /// Waits before the second and third attempt of an asynchronous event
    /// whose function failed ("Asynchronous error handling": 1 min, 2 min).
    pub event_error_delays: [Duration; 2],
    /// First and longest wait of a throttled asynchronous event; it doubles
    /// in between ("Asynchronous error handling": 1 s up to 5 min; the factor
    /// is not documented).
    pub event_throttle_backoff: Backoff,
    /// Age at which an asynchronous event is given up (6 h).
    pub event_max_age: Duration,
    /// Pollers of an event source mapping at its start
    /// ("Amazon SQS scaling behavior": 5 concurrent batches).
    pub initial_pollers: usize,
    /// Pollers of a mapping that has had nothing to do ("down to 2").
    pub idle_pollers: usize,
    /// The most pollers of a mapping without a MaximumConcurrency (1,250).
    pub most_pollers: usize,
    /// Pollers that a mapping adds while messages wait ("up to 300 more a
    /// minute"), and lets go when they don't, which is not documented.
    pub poller_rate: Rate,
    /// The same of pollers in provisioned mode (1,000 batches a minute, and 10
    /// of them a poller).
    pub provisioned_poller_rate: Rate,
    /// How long a mapping has nothing to do before it has fewer pollers than
    /// at its start: not documented.
    pub poller_idle_after: Duration,
    /// How long a mapping adds no poller after a function failed with a batch:
    /// not documented.
    pub poller_error_pause: Duration,
    /// How long a provisioned poller rests that has polled or received enough.
    pub provisioned_poll_pause: Duration,
    /// How long a poller's ReceiveMessage waits (20 s).
    pub poll_wait: Duration,
    /// Whether a batching window that closes waits for the poll that is under
    /// way ("low traffic … up to 20 seconds", which AWS says can be).
    pub window_waits_for_poll: bool,
    /// How a poller spaces its attempts to invoke a throttled function. AWS
    /// says "back-off" without a curve: not documented.
    pub poller_throttle_backoff: Backoff,
    /// How long a mapping shows `Creating`, `Updating` or `Deleting`. On AWS
    /// seconds to a minute: not documented.
    pub mapping_transition: Duration,
    /// Messages in flight on a queue (120,000, of both types).
    pub in_flight_limit: usize,
    /// Requests of each kind that a FIFO queue takes ("Amazon SQS FIFO queue
    /// quotas": 300 a second; the window is not documented).
    pub fifo_request_rate: Rate,
    /// How long the name of a deleted queue can't be used ("DeleteQueue": 60 s,
    /// which in practice is often less): none unless it is asked for.
    pub queue_name_hold: Duration,
    /// Messages that a move task moves when its client names no number: not
    /// documented; here the most that can be named.
    pub move_rate: Rate,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            account_concurrency: 1_000,
            unreserved_minimum: 100,
            requests_per_concurrency: 10,
            scaling_rate: Rate { count: 1_000, per: Duration::from_secs(10) },
            scaling_refusal: ThrottleReason::FunctionInvocationRateLimitExceeded,
            init_limit: Duration::from_secs(10),
            cold_start: ColdStart::default(),
            idle_lifetime: (Duration::from_secs(300), Duration::from_secs(420)),
            environment_lifetime: (Duration::from_secs(105 * 60), Duration::from_secs(135 * 60)),
            arrival_grace: Duration::from_millis(100),
            function_transition: Duration::ZERO,
            provisioned_preparation: (Duration::from_secs(60), Duration::from_secs(120)),
            provisioned_rate: Rate { count: 6_000, per: Duration::from_secs(60) },
            provisioned_init_limit: Duration::from_secs(130),
            provisioned_init_attempts: 6,
            recursion_limit: 16,
            event_error_delays: [Duration::from_secs(60), Duration::from_secs(120)],
            event_throttle_backoff: Backoff {
                first: Duration::from_secs(1),
                longest: Duration::from_secs(300),
            },
            event_max_age: Duration::from_secs(6 * 3_600),
            initial_pollers: 5,
            idle_pollers: 2,
            most_pollers: 1_250,
            poller_rate: Rate { count: 300, per: Duration::from_secs(60) },
            provisioned_poller_rate: Rate { count: 100, per: Duration::from_secs(60) },
            poller_idle_after: Duration::from_secs(60),
            poller_error_pause: Duration::from_secs(60),
            provisioned_poll_pause: Duration::from_millis(100),
            poll_wait: Duration::from_secs(20),
            window_waits_for_poll: false,
            poller_throttle_backoff: Backoff {
                first: Duration::from_secs(1),
                longest: Duration::from_secs(20),
            },
            mapping_transition: Duration::ZERO,
            in_flight_limit: 120_000,
            fifo_request_rate: Rate { count: 300, per: Duration::from_secs(1) },
            queue_name_hold: Duration::ZERO,
            move_rate: Rate { count: 500, per: Duration::from_secs(1) },
        }
    }
}

impl Quotas {
    /// Those of an account that is new: 10 executions at once, and nothing of
    /// them to reserve (observed; AWS raises it with use).
    pub fn new_account() -> Self {
        Self { account_concurrency: 10, unreserved_minimum: 10, ..Self::default() }
    }

    /// What that much concurrency may be asked for.
    pub(crate) fn request_rate(&self, concurrency: u32) -> Rate {
        let count = concurrency.saturating_mul(self.requests_per_concurrency);
        Rate { count, per: Duration::from_secs(1) }
    }
}

/// So many in such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; also the most at once.
    pub count: u32,
    /// In which time.
    pub per: Duration,
}

impl Rate {
    /// The time from one to the next.
    pub(crate) fn interval(self) -> Duration {
        self.per.checked_div(self.count).unwrap_or(self.per)
    }
}

/// A wait that doubles with each try until it is `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first refusal.
    pub first: Duration,
    /// The wait that is never exceeded.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after `refusals` refusals in a row (1 is the first).
    pub fn after(self, refusals: u32) -> Duration {
        let doublings = refusals.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttled_events_wait_one_second_doubling_to_five_minutes() {
        let waits: Vec<u64> =
            (1..=11).map(|n| Quotas::default().event_throttle_backoff.after(n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }
}
