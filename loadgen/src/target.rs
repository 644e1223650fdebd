//! Where requests go: the endpoints of its services, who asks there, and the
//! SDK clients that look after functions and queues.

use crate::failure::Failure;
use crate::sender::plain;
use crate::wire::{Endpoint, Identity};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig};
use aws_types::SdkConfig;
use serde::{Deserialize, Serialize};
use std::env;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Where the emulator listens unless told otherwise.
const EMULATOR_ENDPOINT: &str = "http://127.0.0.1:4566";
const DEFAULT_REGION: &str = "us-east-1";

/// The SDK's default of 3.1 s would turn a long accept queue into errors.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Whether anybody listens is known sooner.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// The value of `--target`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// `AWS_ENDPOINT_URL`, else the emulator's default address.
    Emulator,
    Url(String),
    Aws,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        match text {
            "emulator" => Ok(Target::Emulator),
            "aws" => Ok(Target::Aws),
            url if url.starts_with("http://") || url.starts_with("https://") => {
                url.parse::<Endpoint>()?;
                Ok(Target::Url(url.trim_end_matches('/').to_owned()))
            }
            _ => Err("expected 'emulator', 'aws' or a URL like http://127.0.0.1:4566".to_owned()),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Target, String> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.to_string()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Emulator => write!(f, "emulator"),
            Target::Url(url) => write!(f, "{url}"),
            Target::Aws => write!(f, "aws"),
        }
    }
}

/// One account in one region. Cloned freely: clones share what they have.
#[derive(Debug, Clone)]
pub struct Clients {
    pub lambda: aws_sdk_lambda::Client,
    pub sqs: aws_sdk_sqs::Client,
    /// Who asks there, with secrets of this machine alone at an emulator.
    #[cfg(feature = "aws")]
    pub sts: aws_sdk_sts::Client,
    pub identity: Identity,
    pub endpoints: Endpoints,
    /// The endpoint's URL, or the region of AWS.
    pub endpoint: String,
    /// Whether requests are billed, as far as is known here.
    pub is_aws: bool,
}

/// Where each service answers.
#[derive(Debug, Clone)]
pub struct Endpoints {
    pub lambda: Endpoint,
    pub sqs: Endpoint,
    pub logs: Endpoint,
}

impl Clients {
    /// Resolves the target and makes sure that somebody is there.
    pub async fn connect(target: &Target) -> Result<Clients, Failure> {
        match target {
            Target::Aws => aws_clients().await,
            Target::Url(url) => Clients::at(url).await,
            Target::Emulator => {
                let endpoint = variable("AWS_ENDPOINT_URL");
                let endpoint = endpoint.unwrap_or_else(|| EMULATOR_ENDPOINT.to_owned());
                Clients::at(endpoint.trim_end_matches('/')).await
            }
        }
    }

    /// Clients for one endpoint, with the environment's credentials or, as an
    /// emulator asks for none in particular, invented ones.
    pub async fn at(url: &str) -> Result<Clients, Failure> {
        let unreachable = |problem: String| Failure::Unreachable { endpoint: url.to_owned(), problem };
        let endpoint: Endpoint = url.parse().map_err(unreachable)?;
        let http = if endpoint.tls { https()? } else { http() };
        probe(url, &endpoint).await?;
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let credentials = credentials();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(url)
            .region(Region::new(region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts())
            .http_client(http)
            .build();
        let endpoints = Endpoints { lambda: endpoint.clone(), sqs: endpoint.clone(), logs: endpoint };
        let identity = Identity::new(credentials, region);
        Ok(Clients::new(&config, identity, endpoints, url.to_owned(), false))
    }

    fn new(
        config: &SdkConfig,
        identity: Identity,
        endpoints: Endpoints,
        endpoint: String,
        is_aws: bool,
    ) -> Clients {
        Clients {
            lambda: aws_sdk_lambda::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            #[cfg(feature = "aws")]
            sts: aws_sdk_sts::Client::new(config),
            identity,
            endpoints,
            endpoint,
            is_aws,
        }
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build()
}

fn credentials() -> Credentials {
    let id = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let (id, secret) = id.unwrap_or_else(|| ("test".to_owned(), "test".to_owned()));
    Credentials::new(id, secret, variable("AWS_SESSION_TOKEN"), None, "environment")
}

/// An environment variable; empty counts as unset, as for the AWS CLI.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

#[cfg(feature = "aws")]
fn https() -> Result<SharedHttpClient, Failure> {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
    let builder = aws_smithy_http_client::Builder::new();
    Ok(builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
}

#[cfg(not(feature = "aws"))]
fn https() -> Result<SharedHttpClient, Failure> {
    Err(Failure::flag_with_hint(
        "--target",
        "over https:// needs TLS, which this build leaves out",
        "build loadgen with the feature `aws`, which is on by default",
    ))
}

#[cfg(feature = "aws")]
async fn aws_clients() -> Result<Clients, Failure> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(https()?)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts())
        .load()
        .await;
    let region = config.region().map(ToString::to_string).ok_or(Failure::Aws {
        problem: "no region is configured".to_owned(),
        hint: "set AWS_REGION, or `region` in the profile",
    })?;
    let credentials = aws::credentials(&config).await?;
    let identity = Identity::new(credentials, region.clone());
    tokio::spawn(aws::keep_fresh(config.clone(), identity.clone()));
    let endpoints = aws::endpoints(&config, &region).await?;
    // A stand-in for AWS is shown for what it is.
    let shown = config.endpoint_url().map_or(region, str::to_owned);
    Ok(Clients::new(&config, identity, endpoints, shown, true))
}

#[cfg(feature = "aws")]
mod aws {
    use super::{Endpoints, Failure, SdkConfig};
    use crate::wire::{Endpoint, Identity};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::ProvideCredentials;
    use aws_sdk_lambda::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
    use std::time::{Duration, SystemTime};

    /// Credentials are renewed so long before they expire.
    const AHEAD: Duration = Duration::from_secs(5 * 60);
    const A_MINUTE: Duration = Duration::from_secs(60);

    const NO_CREDENTIALS: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE; for a profile of IAM Identity Center run \
         `eval \"$(aws configure export-credentials --format env)\"` or build with the feature `sso`";

    /// Better one error before the run than one per request.
    pub(super) async fn credentials(config: &SdkConfig) -> Result<Credentials, Failure> {
        let missing = || Failure::Aws {
            problem: "the standard credential chain found no credentials".to_owned(),
            hint: NO_CREDENTIALS,
        };
        let provider = config.credentials_provider().ok_or_else(missing)?;
        provider.provide_credentials().await.map_err(|_| missing())
    }

    /// Renews credentials that expire, until the process ends.
    pub(super) async fn keep_fresh(config: SdkConfig, identity: Identity) {
        while let Some(expiry) = identity.expiry() {
            let left = expiry.duration_since(SystemTime::now()).unwrap_or_default();
            tokio::time::sleep(left.saturating_sub(AHEAD).max(A_MINUTE)).await;
            // Without an answer the old ones stay, and AWS says when they are too old.
            if let Ok(renewed) = credentials(&config).await {
                identity.renew(renewed);
            }
        }
    }

    /// The endpoints that the SDKs would speak to.
    pub(super) async fn endpoints(config: &SdkConfig, region: &str) -> Result<Endpoints, Failure> {
        let unknown =
            |problem: String| Failure::Aws { problem, hint: "check AWS_REGION and AWS_ENDPOINT_URL" };
        let params = Params::builder()
            .region(region)
            .set_use_fips(config.use_fips())
            .set_use_dual_stack(config.use_dual_stack())
            .set_endpoint(config.endpoint_url().map(str::to_owned));
        let params = params.build().map_err(|error| unknown(error.to_string()))?;
        let lambda = DefaultResolver::new().resolve_endpoint(&params).await;
        let lambda = lambda.map_err(|error| unknown(error.to_string()))?.url().to_owned();
        // All services of a region are named alike; an endpoint of one's own serves all.
        let named = |service: &str| lambda.replacen("://lambda", &format!("://{service}"), 1);
        let parsed =
            |url: &str| url.parse::<Endpoint>().map_err(|problem| unknown(format!("{url} is {problem}")));
        Ok(Endpoints { lambda: parsed(&lambda)?, sqs: parsed(&named("sqs"))?, logs: parsed(&named("logs"))? })
    }
}

#[cfg(not(feature = "aws"))]
async fn aws_clients() -> Result<Clients, Failure> {
    Err(Failure::Aws {
        problem: "this build of loadgen leaves out TLS and the AWS credential chain".to_owned(),
        hint: "build loadgen with the feature `aws`, which is on by default",
    })
}

/// Connects once, so that a run against nobody ends with one clear line.
async fn probe(url: &str, endpoint: &Endpoint) -> Result<(), Failure> {
    let unreachable = |problem: String| Failure::Unreachable { endpoint: url.to_owned(), problem };
    let connecting = tokio::net::TcpStream::connect(endpoint.address());
    match tokio::time::timeout(PROBE_TIMEOUT, connecting).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unreachable(plain(&error))),
        Err(_) => Err(unreachable(format!("no connection within {PROBE_TIMEOUT:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_parse() {
        let check = |text: &str, expected: Option<Target>| {
            assert_eq!(text.parse::<Target>().ok(), expected, "{text}");
        };
        let url = |text: &str| Some(Target::Url(text.to_owned()));
        check("emulator", Some(Target::Emulator));
        check("aws", Some(Target::Aws));
        check("http://localhost:4566", url("http://localhost:4566"));
        check("http://localhost:4566/", url("http://localhost:4566"));
        check("https://lambda.eu-west-1.amazonaws.com", url("https://lambda.eu-west-1.amazonaws.com"));
        check("localhost:4566", None);
        check("http://", None);
        check("http://user@host", None);
        check("ftp://host", None);
        check("", None);
    }
}
