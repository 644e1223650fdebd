//! The flags that set the numbers of queues and of event source mappings.

use std::time::Duration;

use clap::Args;
use emulator::engine::{Backoff, Quotas, Rate};

use super::quota_flags::{rate, time, times};

/// What queues take.
#[derive(Debug, Args)]
#[command(next_help_heading = "Queues")]
pub(super) struct QueueFlags {
    /// Messages in flight on a queue
    #[arg(long, env = "EMULATOR_IN_FLIGHT_LIMIT", default_value_t = 120_000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    in_flight_limit: u32,

    /// Sends, receives and deletes that a FIFO queue takes, each, without high throughput
    #[arg(long, env = "EMULATOR_FIFO_REQUEST_RATE", default_value = "300/1s", value_name = "N/TIME")]
    #[arg(value_parser = rate)]
    fifo_request_rate: Rate,

    /// Messages that a message move task moves, if it is started without a number
    #[arg(long, env = "EMULATOR_MOVE_RATE", default_value = "500/1s", value_name = "N/TIME")]
    #[arg(value_parser = rate)]
    move_rate: Rate,

    /// How long the name of a deleted queue can't be used; AWS documents 60s, and is often faster
    #[arg(long, env = "EMULATOR_QUEUE_NAME_HOLD", default_value = "0s", value_name = "TIME")]
    #[arg(value_parser = time)]
    queue_name_hold: Duration,
}

/// How event source mappings poll.
#[derive(Debug, Args)]
#[command(next_help_heading = "Event source mappings")]
pub(super) struct MappingFlags {
    /// Pollers of a mapping at its start
    #[arg(long, env = "EMULATOR_POLLERS", default_value_t = 5, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pollers: u16,

    /// Pollers of a mapping that has had nothing to do
    #[arg(long, env = "EMULATOR_IDLE_POLLERS", default_value_t = 2, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=10_000))]
    idle_pollers: u16,

    /// Pollers of a mapping at most, where it has no MaximumConcurrency
    #[arg(long, env = "EMULATOR_MOST_POLLERS", default_value_t = 1_250, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=10_000))]
    most_pollers: u16,

    /// Pollers that a mapping adds while messages wait, and takes away when none do
    #[arg(long, env = "EMULATOR_POLLER_RATE", default_value = "300/1m", value_name = "N/TIME")]
    #[arg(value_parser = rate)]
    poller_rate: Rate,

    /// The same of provisioned pollers, which are ten batches each
    #[arg(long, env = "EMULATOR_PROVISIONED_POLLER_RATE", default_value = "100/1m", value_name = "N/TIME")]
    #[arg(value_parser = rate)]
    provisioned_poller_rate: Rate,

    /// How long a mapping has nothing to do until it has fewer pollers than at its start
    #[arg(long, env = "EMULATOR_POLLER_IDLE_AFTER", default_value = "60s", value_name = "TIME")]
    #[arg(value_parser = time)]
    poller_idle_after: Duration,

    /// How long a mapping adds no poller after a function failed with a batch
    #[arg(long, env = "EMULATOR_POLLER_ERROR_PAUSE", default_value = "60s", value_name = "TIME")]
    #[arg(value_parser = time)]
    poller_error_pause: Duration,

    /// First and longest wait of a poller whose batch was throttled; it doubles in between
    #[arg(long, env = "EMULATOR_POLLER_BACKOFF", default_value = "1s-20s", value_name = "TIME-TIME")]
    #[arg(value_parser = backoff)]
    poller_backoff: Backoff,

    /// Let a batching window that closes wait for the poll that is under way, up to 20 s
    #[arg(long, env = "EMULATOR_WINDOW_WAITS_FOR_POLL")]
    window_waits_for_poll: bool,

    /// How long a mapping is Creating, Updating, Enabling, Disabling or Deleting
    #[arg(long, env = "EMULATOR_MAPPING_TRANSITION", default_value = "0s", value_name = "TIME")]
    #[arg(value_parser = time)]
    mapping_transition: Duration,
}

impl QueueFlags {
    pub(super) fn apply(&self, quotas: &mut Quotas) {
        quotas.in_flight_limit = usize::try_from(self.in_flight_limit).unwrap_or(usize::MAX);
        quotas.fifo_request_rate = self.fifo_request_rate;
        quotas.move_rate = self.move_rate;
        quotas.queue_name_hold = self.queue_name_hold;
    }
}

impl MappingFlags {
    pub(super) fn apply(&self, quotas: &mut Quotas) {
        quotas.most_pollers = self.most_pollers.into();
        quotas.initial_pollers = self.pollers.min(self.most_pollers).into();
        quotas.idle_pollers = self.idle_pollers.min(self.pollers).into();
        quotas.poller_rate = self.poller_rate;
        quotas.provisioned_poller_rate = self.provisioned_poller_rate;
        quotas.poller_idle_after = self.poller_idle_after;
        quotas.poller_error_pause = self.poller_error_pause;
        quotas.poller_throttle_backoff = self.poller_backoff;
        quotas.window_waits_for_poll = self.window_waits_for_poll;
        quotas.mapping_transition = self.mapping_transition;
    }
}

/// `1s-20s`. Without a wait a poller would try again and again in one moment.
fn backoff(text: &str) -> Result<Backoff, &'static str> {
    let (first, longest) = times(text)?;
    if first.is_zero() { Err("the first wait is longer than 0") } else { Ok(Backoff { first, longest }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backoff_waits() {
        let seconds = Duration::from_secs;
        assert_eq!(backoff("1s-20s"), Ok(Backoff { first: seconds(1), longest: seconds(20) }));
        assert!(backoff("0s-20s").is_err());
        assert!(backoff("20s-1s").is_err());
    }
}
