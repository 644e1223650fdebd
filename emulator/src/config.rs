//! The resolved configuration.

use std::net::{Ipv4Addr, SocketAddr};

use crate::credentials::Credentials;
use crate::engine::{Qualifier, Quotas};
use crate::gear::ClockSettings;

/// Everything that can be set on an emulator.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Host names, beyond the loopback ones, that requests may be sent to.
    pub allowed_hosts: Vec<String>,
    /// The region it is.
    pub region: String,
    /// The account it is, 12 digits.
    pub account_id: String,
    /// The account's limits and schedules.
    pub quotas: Quotas,
    /// How its clock goes at first.
    pub clock: ClockSettings,
    /// What requests must be signed with, one or the other of these. When there
    /// are none, no signature is looked at, and any credentials will do.
    pub credentials: Vec<Credentials>,
    /// What AWS leaves open of API Gateway, or what tests want otherwise.
    pub gateway: GatewayConfig,
    /// What all randomness follows from; without one, each start differs.
    pub seed: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4566)),
            allowed_hosts: Vec::new(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            quotas: Quotas::default(),
            clock: ClockSettings::default(),
            credentials: Vec::new(),
            gateway: GatewayConfig::default(),
            seed: None,
        }
    }
}

impl Config {
    /// What a region looks like.
    pub const REGION: &str = "a region is written like us-east-1";
    /// What an account id looks like.
    pub const ACCOUNT_ID: &str = "an account id has 12 digits";
    /// What a speed can be.
    pub const SPEED: &str = "the speed is a number from 0.001 to 100000";

    /// Whether it looks like a region: `us-east-1`, `us-gov-west-1`,
    /// `eusc-de-east-1`. AWS reads ARNs by that.
    pub fn is_region(text: &str) -> bool {
        let text = text.strip_prefix("eusc-").unwrap_or(text);
        let parts: Vec<&str> = text.split('-').collect();
        let (country, middle, number) = match parts[..] {
            [country, middle, number] => (country, middle, number),
            [country, kind, middle, number] if is_partition_kind(kind) => (country, middle, number),
            _ => return false,
        };
        country.len() == 2
            && is_lowercase(country)
            && is_lowercase(middle)
            && number.len() == 1
            && number.as_bytes()[0].is_ascii_digit()
    }

    /// Whether it looks like an account id.
    pub fn is_account_id(text: &str) -> bool {
        text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether the clock can run so fast.
    pub fn is_speed(speed: f64) -> bool {
        (0.001..=100_000.0).contains(&speed)
    }
}

fn is_lowercase(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// `gov`, `iso` or `iso` and a letter.
fn is_partition_kind(text: &str) -> bool {
    let letter = |rest: &str| rest.is_empty() || (rest.len() == 1 && is_lowercase(rest));
    text == "gov" || text.strip_prefix("iso").is_some_and(letter)
}

/// How API Gateway tells its clients that Lambda throttled a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayConfig {
    /// Whether REST APIs answer 429, where AWS's answer 500 with
    /// `Internal server error`, so that clients see the throttling.
    pub rest_throttle_as_429: bool,
    /// What HTTP APIs answer. AWS does not document it; 500 is the other candidate.
    pub http_throttle_status: u16,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self { rest_throttle_as_429: false, http_throttle_status: 503 }
    }
}

/// Which account and region this is: the fixed parts of every ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Such as `us-east-1`.
    pub region: String,
    /// 12 digits.
    pub account_id: String,
    /// Where functions reach it, such as `http://127.0.0.1:4566`; nowhere
    /// where nothing listens.
    pub endpoint: Option<String>,
    /// What functions sign their own calls with.
    pub role: Credentials,
}

impl Identity {
    /// `arn:aws:lambda:…:function:NAME`, without a qualifier.
    pub fn function_arn(&self, name: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{name}", self.region, self.account_id)
    }

    /// The same with the qualifier that a caller gave, if it gave one.
    pub(crate) fn qualified_arn(&self, name: &str, qualifier: &Qualifier) -> String {
        match qualifier {
            Qualifier::Latest => self.function_arn(name),
            Qualifier::Version(_) | Qualifier::Alias(_) => format!("{}:{qualifier}", self.function_arn(name)),
        }
    }

    /// `arn:aws:lambda:…:layer:NAME`, without a version.
    pub fn layer_arn(&self, name: &str) -> String {
        format!("arn:aws:lambda:{}:{}:layer:{name}", self.region, self.account_id)
    }

    /// `arn:aws:lambda:…:layer:NAME:VERSION`.
    pub fn layer_version_arn(&self, name: &str, version: u64) -> String {
        format!("{}:{version}", self.layer_arn(name))
    }

    /// `arn:aws:sqs:…:NAME`.
    pub fn queue_arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.region, self.account_id)
    }

    /// The queue of an ARN, if it is one of this account and region.
    pub(crate) fn queue_of<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let (_, name) = arn.rsplit_once(':')?;
        (!name.is_empty() && self.queue_arn(name) == arn).then_some(name)
    }

    /// The function of an ARN and the qualifier behind it, if it is one of this
    /// account and region.
    pub(crate) fn function_of<'a>(&self, arn: &'a str) -> Option<(&'a str, Qualifier)> {
        let rest = arn.strip_prefix(&self.function_arn(""))?;
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Qualifier::parse(qualifier)),
            None => (rest, Qualifier::Latest),
        };
        (!name.is_empty()).then_some((name, qualifier))
    }

    /// `arn:aws:lambda:…:event-source-mapping:ID`.
    pub fn mapping_arn(&self, id: impl std::fmt::Display) -> String {
        format!("arn:aws:lambda:{}:{}:event-source-mapping:{id}", self.region, self.account_id)
    }

    /// `arn:aws:logs:…:log-group:NAME`, without the `:*` that some answers add.
    pub fn log_group_arn(&self, name: &str) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{name}", self.region, self.account_id)
    }
}
