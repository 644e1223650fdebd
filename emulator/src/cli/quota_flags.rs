//! The flags that set AWS's numbers.

use std::time::Duration;

use clap::{Args, ValueEnum};
use emulator::engine::{ColdStartMode, Quotas, Rate};

/// What the account may do.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits of the account")]
pub(super) struct AccountFlags {
    /// Kind of account: its concurrency, and what of it reservations must leave
    #[arg(long, env = "EMULATOR_ACCOUNT", value_enum, default_value_t = AccountKind::Default)]
    account: AccountKind,

    /// Concurrent executions of the account [default: its kind's]
    #[arg(long, env = "EMULATOR_ACCOUNT_CONCURRENCY", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    account_concurrency: Option<u32>,

    /// What reservations must leave unreserved [default: its kind's, or the account's concurrency if that is less]
    #[arg(long, env = "EMULATOR_UNRESERVED_MINIMUM", value_name = "N")]
    unreserved_minimum: Option<u32>,

    /// Requests a second for each unit of concurrency: of the account, of a
    /// reservation and of provisioned concurrency
    #[arg(long, env = "EMULATOR_REQUESTS_PER_CONCURRENCY", default_value_t = 10, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests_per_concurrency: u32,

    /// New environments that one function may start, and in which time
    #[arg(long, env = "EMULATOR_SCALING_RATE", default_value = "1000/10s", value_name = "N/TIME")]
    #[arg(value_parser = rate)]
    scaling_rate: Rate,

    /// Provisioned environments of one function that are allocated, and in which time
    #[arg(long, env = "EMULATOR_PROVISIONED_RATE", default_value = "6000/1m", value_name = "N/TIME")]
    #[arg(value_parser = rate)]
    provisioned_rate: Rate,
}

/// How environments live.
#[derive(Debug, Args)]
#[command(next_help_heading = "Execution environments")]
pub(super) struct EnvironmentFlags {
    /// What Init takes; a function's variable EMULATOR_COLD_START says otherwise
    ///
    /// `simulated` draws from Init Durations measured on AWS for the function's
    /// runtime and architecture; custom runtimes are taken for Rust unless the
    /// function's variable EMULATOR_COLD_START_AS names another, such as `go`.
    #[arg(long, env = "EMULATOR_COLD_START", value_enum, default_value_t = Mode::Real)]
    cold_start: Mode,

    /// Time before Init that REPORT does not show: finding a place, bringing
    /// the code there. AWS documents none; 100ms-250ms are commonly observed
    #[arg(long, env = "EMULATOR_PLACEMENT", default_value = "0s", value_name = "TIME[-TIME]")]
    #[arg(value_parser = times)]
    placement: (Duration, Duration),

    /// How long an unused environment is kept: `short` (5 to 7 minutes),
    /// `classic` (10 minutes), `long` (45 to 60 minutes), or a time of your own
    #[arg(long, env = "EMULATOR_IDLE_LIFETIME", default_value = "short", value_name = "PRESET|TIME[-TIME]")]
    #[arg(value_parser = idle_lifetime)]
    idle_lifetime: (Duration, Duration),

    /// How long an environment lives, used or not
    #[arg(
        long,
        env = "EMULATOR_ENVIRONMENT_LIFETIME",
        default_value = "105m-135m",
        value_name = "TIME[-TIME]"
    )]
    #[arg(value_parser = times)]
    environment_lifetime: (Duration, Duration),

    /// How long provisioned concurrency is prepared before it is allocated
    #[arg(
        long,
        env = "EMULATOR_PROVISIONED_PREPARATION",
        default_value = "60s-120s",
        value_name = "TIME[-TIME]"
    )]
    #[arg(value_parser = times)]
    provisioned_preparation: (Duration, Duration),

    /// How long a function is Pending after its creation and InProgress after a change
    #[arg(long, env = "EMULATOR_FUNCTION_TRANSITION", default_value = "0s", value_name = "TIME")]
    #[arg(value_parser = time)]
    function_transition: Duration,

    /// How long a request waits for an environment that has just answered, as
    /// it would on its way through a network
    #[arg(long, env = "EMULATOR_ARRIVAL_GRACE", default_value = "100ms", value_name = "TIME", value_parser = time)]
    arrival_grace: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AccountKind {
    /// 1,000 executions at once, 100 of them never reserved.
    Default,
    /// 10 executions at once, 10 of them never reserved.
    New,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// What the runtime takes on this machine.
    Real,
    /// What it takes on AWS; a process that takes longer here shows through.
    Simulated,
    /// Both, one after the other.
    Added,
}

impl AccountFlags {
    pub(super) fn apply(&self, quotas: &mut Quotas) {
        let preset = match self.account {
            AccountKind::Default => Quotas::default(),
            AccountKind::New => Quotas::new_account(),
        };
        quotas.account_concurrency = self.account_concurrency.unwrap_or(preset.account_concurrency);
        let minimum = preset.unreserved_minimum.min(quotas.account_concurrency);
        quotas.unreserved_minimum = self.unreserved_minimum.unwrap_or(minimum);
        quotas.requests_per_concurrency = self.requests_per_concurrency;
        quotas.scaling_rate = self.scaling_rate;
        quotas.provisioned_rate = self.provisioned_rate;
    }
}

impl EnvironmentFlags {
    pub(super) fn apply(&self, quotas: &mut Quotas) {
        quotas.cold_start.mode = match self.cold_start {
            Mode::Real => ColdStartMode::Real,
            Mode::Simulated => ColdStartMode::Simulated,
            Mode::Added => ColdStartMode::Added,
        };
        quotas.cold_start.placement = self.placement;
        quotas.idle_lifetime = self.idle_lifetime;
        quotas.environment_lifetime = self.environment_lifetime;
        quotas.provisioned_preparation = self.provisioned_preparation;
        quotas.function_transition = self.function_transition;
        quotas.arrival_grace = self.arrival_grace;
    }
}

/// `10/1s`.
pub(super) fn rate(text: &str) -> Result<Rate, &'static str> {
    const EXPECTED: &str = "a rate is written like 1000/10s";
    let (count, per) = text.split_once('/').ok_or(EXPECTED)?;
    let count = count.parse().ok().filter(|count| (1..=1_000_000_000).contains(count)).ok_or(EXPECTED)?;
    let per = time(per).ok().filter(|per| !per.is_zero()).ok_or(EXPECTED)?;
    Ok(Rate { count, per })
}

/// `5m`, or `5m-7m`: each time is drawn from between the two.
pub(super) fn times(text: &str) -> Result<(Duration, Duration), &'static str> {
    let (shortest, longest) = text.split_once('-').unwrap_or((text, text));
    let (shortest, longest) = (time(shortest)?, time(longest)?);
    if shortest > longest {
        Err("the longer time comes second, as in 5m-7m")
    } else {
        Ok((shortest, longest))
    }
}

fn idle_lifetime(text: &str) -> Result<(Duration, Duration), &'static str> {
    match text {
        "short" => times("5m-7m"),
        "classic" => times("10m"),
        "long" => times("45m-60m"),
        other => times(other).map_err(|_| "an idle lifetime is short, classic, long, or written like 5m-7m"),
    }
}

/// `250ms`, `10s`, `5m` or `2h`.
pub(super) fn time(text: &str) -> Result<Duration, &'static str> {
    const EXPECTED: &str = "a time is written like 250ms, 10s, 5m or 2h";
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(EXPECTED)?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(EXPECTED),
    };
    let count: u64 = text[..digits].parse().map_err(|_| EXPECTED)?;
    let millis = count.checked_mul(millis).filter(|millis| *millis <= 366 * 86_400_000).ok_or(EXPECTED)?;
    Ok(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_rates_are_read() {
        assert_eq!(time("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(times("5m-7m"), Ok((Duration::from_secs(300), Duration::from_secs(420))));
        assert_eq!(idle_lifetime("classic"), Ok((Duration::from_secs(600), Duration::from_secs(600))));
        assert_eq!(rate("10/1s"), Ok(Rate { count: 10, per: Duration::from_secs(1) }));
        for wrong in ["", "5", "s", "5 s", "-5s", "99999999999999999999s", "400h5"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
