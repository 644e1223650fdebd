//! Flags and help.

mod queue_flags;
mod quota_flags;
mod signature_flags;

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};
use emulator::engine::Quotas;
use emulator::{ClockSettings, Config, GatewayConfig};
use queue_flags::{MappingFlags, QueueFlags};
use quota_flags::{AccountFlags, EnvironmentFlags};
use signature_flags::SignatureFlags;

/// A local AWS Lambda and SQS that gets concurrency right.
#[derive(Debug, Parser)]
#[command(
    version,
    about = "A local AWS Lambda and SQS that gets concurrency right",
    long_about = "A local AWS Lambda and SQS that gets concurrency right: reserved concurrency enforced by \
                  semaphores with AWS's exact errors, the internal asynchronous queue with AWS's retries, SQS and \
                  its pollers. No Docker, no account, no network.\n\n\
                  It prints `listening on http://…` on stdout when it is ready, and logs to stderr. Any AWS SDK or \
                  tool talks to it through AWS_ENDPOINT_URL.",
    after_long_help = "EXAMPLES\n  \
        emulator\n      \
            Serve on http://127.0.0.1:4566.\n\n  \
        emulator --listen 127.0.0.1:0 --seed 7\n      \
            Take a free port, and draw the same ids as any other start with seed 7.\n\n  \
        emulator --account new\n      \
            Be a new account: 10 executions at once, and nothing to reserve.\n\n  \
        emulator --scaling-rate 10/1s\n      \
            See the scaling rate: 10 new environments a second and function.\n\n  \
        emulator --cold-start simulated --placement 100ms-250ms\n      \
            Let cold starts take as long as on AWS.\n\n  \
        emulator --provisioned-preparation 0s\n      \
            Have provisioned concurrency ready at once.\n\n  \
        emulator --poller-rate 60/1m --most-pollers 1000\n      \
            Let pollers grow as they did before November 2023.\n\n  \
        emulator --speed 60\n      \
            Let an emulated minute pass in a second.\n\n  \
        emulator --clock skip-idle\n      \
            Never wait for a retry: jump to it when nothing else is to do.\n\n  \
        emulator --clock paused\n      \
            Hold time, and move it with POST /_emulator/clock/advance.\n\n  \
        emulator --verify-signatures --credentials AKIAEXAMPLE:secret\n      \
            Refuse what is not signed with that key.\n\n\
        EXIT CODES\n  0  ended by Ctrl-C or SIGTERM\n  2  a flag is wrong, or the address is taken"
)]
pub(crate) struct Cli {
    /// Address to listen on; port 0 takes a free one
    ///
    /// Any address but loopback lets other machines run code on this one, and
    /// prints a warning.
    #[arg(long, env = "EMULATOR_LISTEN", default_value = "127.0.0.1:4566", value_name = "ADDRESS")]
    #[arg(value_parser = listen)]
    listen: SocketAddr,

    /// Host name that requests may be sent to, besides loopback; repeatable
    ///
    /// Requests whose Host or Origin is neither loopback nor named here are
    /// refused, so that a web page can't run code on this machine.
    /// The variable takes several, separated by commas.
    #[arg(long = "allow-host", env = "EMULATOR_ALLOW_HOST", value_delimiter = ',', value_name = "NAME")]
    #[arg(value_parser = host_name)]
    allow_hosts: Vec<String>,

    /// Region to be
    #[arg(long, env = "EMULATOR_REGION", default_value = "us-east-1", value_parser = region)]
    region: String,

    /// Account to be, 12 digits
    #[arg(long, env = "EMULATOR_ACCOUNT_ID", default_value = "000000000000", value_parser = account_id)]
    account_id: String,

    #[command(flatten)]
    signatures: SignatureFlags,

    #[command(flatten)]
    account: AccountFlags,

    #[command(flatten)]
    environments: EnvironmentFlags,

    #[command(flatten)]
    queues: QueueFlags,

    #[command(flatten)]
    mappings: MappingFlags,

    /// Emulated seconds in a real one
    ///
    /// Retries, visibility timeouts and idle times pass faster; the code of a
    /// child process does not: at 60, a timeout of 15 s leaves it a quarter of a
    /// real second. The built-in handler keeps up with any speed.
    #[arg(long, env = "EMULATOR_SPEED", default_value_t = 1.0, value_name = "N", value_parser = speed)]
    speed: f64,

    /// How the clock goes: real, paused or skip-idle
    ///
    /// `real` runs (N times as fast with --speed N). `paused` stands until it is
    /// moved by POST /_emulator/clock/step or /_emulator/clock/advance. `skip-idle`
    /// runs, and whenever nothing is in flight it jumps on to the next retry,
    /// delay or other work that waits. PUT /_emulator/clock changes it later.
    #[arg(long, env = "EMULATOR_CLOCK", default_value = "real", value_name = "GEAR", value_parser = clock)]
    clock: ClockSettings,

    /// Let REST APIs answer 429 when Lambda throttles
    ///
    /// API Gateway answers 500 with "Internal server error" instead, and hides
    /// the throttling from its clients.
    #[arg(long, env = "EMULATOR_REST_THROTTLE_AS_429")]
    rest_throttle_as_429: bool,

    /// What HTTP APIs answer when Lambda throttles; AWS does not document it
    #[arg(long, env = "EMULATOR_HTTP_THROTTLE_STATUS", default_value_t = 503, value_name = "STATUS")]
    #[arg(value_parser = clap::value_parser!(u16).range(400..=599))]
    http_throttle_status: u16,

    /// Seed of everything random; without it each start differs
    #[arg(long, env = "EMULATOR_SEED", value_name = "N")]
    seed: Option<u64>,

    /// Format of the log on stderr; RUST_LOG sets its level
    #[arg(long, env = "EMULATOR_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

impl Cli {
    /// The configuration that the flags mean.
    pub(crate) fn config(&self) -> Config {
        let mut quotas = Quotas::default();
        self.account.apply(&mut quotas);
        self.environments.apply(&mut quotas);
        self.queues.apply(&mut quotas);
        self.mappings.apply(&mut quotas);
        let mut allowed_hosts = self.allow_hosts.clone();
        if !self.listen.ip().is_unspecified() {
            allowed_hosts.push(self.listen.ip().to_string());
        }
        Config {
            listen: self.listen,
            allowed_hosts,
            region: self.region.clone(),
            account_id: self.account_id.clone(),
            quotas,
            clock: ClockSettings { speed: self.speed, ..self.clock },
            credentials: self.signatures.credentials(),
            gateway: GatewayConfig {
                rest_throttle_as_429: self.rest_throttle_as_429,
                http_throttle_status: self.http_throttle_status,
            },
            seed: self.seed,
        }
    }
}

fn host_name(text: &str) -> Result<String, &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    // One colon parts a port from a name; an IPv6 address has more.
    let has_port = text.bytes().filter(|byte| *byte == b':').count() == 1 || text.contains("]:");
    let named = !text.is_empty() && text.bytes().all(fits) && !has_port;
    named.then(|| text.to_owned()).ok_or("a host is named like emulator or 10.0.0.5, without a port")
}

fn listen(text: &str) -> Result<SocketAddr, &'static str> {
    let address =
        text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    address.parse().map_err(|_| "an address is written like 127.0.0.1:4566")
}

fn region(text: &str) -> Result<String, &'static str> {
    Config::is_region(text).then(|| text.to_owned()).ok_or(Config::REGION)
}

fn account_id(text: &str) -> Result<String, &'static str> {
    Config::is_account_id(text).then(|| text.to_owned()).ok_or(Config::ACCOUNT_ID)
}

fn clock(text: &str) -> Result<ClockSettings, &'static str> {
    match text {
        "real" => Ok(ClockSettings::default()),
        "paused" => Ok(ClockSettings::paused()),
        "skip-idle" => Ok(ClockSettings::skipping_idle()),
        _ => Err("the clock is real, paused or skip-idle"),
    }
}

fn speed(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|speed| Config::is_speed(*speed)).ok_or(Config::SPEED)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use emulator::Credentials;

    use super::*;

    #[test]
    fn flags_are_consistent_and_wrong_ones_are_refused() {
        Cli::command().debug_assert();
        for wrong in [
            ["--listen", "nowhere"],
            ["--account-id", "12"],
            ["--region", "US East"],
            ["--region", "local"],
            ["--speed", "0"],
            ["--speed", "nan"],
            ["--clock", "fast"],
            ["--clock", "Paused"],
            ["--account-concurrency", "0"],
            ["--account", "old"],
            ["--scaling-rate", "10"],
            ["--scaling-rate", "0/1s"],
            ["--idle-lifetime", "7m-5m"],
            ["--placement", "fast"],
            ["--cold-start", "warm"],
            ["--allow-host", ""],
            ["--allow-host", "emulator:4566"],
            ["--allow-host", "[fd00::1]:4566"],
            ["--listen", "4566"],
            ["--credentials", "AKIAEXAMPLE:secret"],
        ] {
            assert!(Cli::try_parse_from(["emulator"].into_iter().chain(wrong)).is_err(), "{wrong:?}");
        }
    }

    fn credentials(arguments: &[&str]) -> Result<Vec<Credentials>, String> {
        let flags = Cli::try_parse_from(["emulator"].iter().chain(arguments));
        flags.map(|cli| cli.config().credentials).map_err(|error| error.to_string())
    }

    #[test]
    fn signatures_are_verified_only_where_that_is_wanted() {
        let verify = "--verify-signatures";
        assert_eq!(credentials(&[]), Ok(Vec::new()));
        assert_eq!(credentials(&[verify]), Ok(vec![Credentials::new("test", "test")]));
        let temporary =
            Credentials { session_token: Some("t".to_owned()), ..Credentials::new("ASIA", "s/+") };
        assert_eq!(
            credentials(&[verify, "--credentials", "AKIA:x", "--credentials", "ASIA:s/+:t"]),
            Ok(vec![Credentials::new("AKIA", "x"), temporary])
        );
    }

    #[test]
    fn wrong_credentials_are_not_repeated() {
        let told = credentials(&["--verify-signatures", "--credentials", "hidden"]).expect_err("no colon");
        assert!(told.contains("--credentials") && told.contains(Credentials::FORMAT), "{told}");
        assert!(!told.contains("hidden"), "{told}");
    }
}
