//! Where requests go, and the SDK clients that take them there.

use crate::failure::Failure;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig};
use aws_types::SdkConfig;
use hyper::Uri;
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

/// Idle connections kept for the next requests; open ones are bounded by the
/// requests in flight alone.
const IDLE_CONNECTIONS: usize = 8192;

/// The value of `--target`.
#[derive(Debug, Clone, PartialEq, Eq)]
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
                address(url)?;
                Ok(Target::Url(url.trim_end_matches('/').to_owned()))
            }
            _ => Err("expected 'emulator', 'aws' or a URL like http://127.0.0.1:4566".to_owned()),
        }
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

/// One client per service, cloned freely: clones share their connections.
#[derive(Debug, Clone)]
pub struct Clients {
    pub lambda: aws_sdk_lambda::Client,
    pub sqs: aws_sdk_sqs::Client,
    /// The endpoint's URL, or the region of AWS.
    pub endpoint: String,
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
    pub async fn at(endpoint: &str) -> Result<Clients, Failure> {
        let http = if endpoint.starts_with("https://") { https()? } else { http() };
        probe(endpoint).await?;
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new(region.unwrap_or_else(|| DEFAULT_REGION.to_owned())))
            .credentials_provider(SharedCredentialsProvider::new(credentials()))
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts())
            .http_client(http)
            .build();
        Ok(Clients::from_config(&config, endpoint.to_owned()))
    }

    fn from_config(config: &SdkConfig, endpoint: String) -> Clients {
        Clients {
            lambda: aws_sdk_lambda::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            endpoint,
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
    aws_smithy_http_client::Builder::new().pool_max_idle_per_host(IDLE_CONNECTIONS).build_http()
}

#[cfg(feature = "aws")]
fn https() -> Result<SharedHttpClient, Failure> {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
    let builder = aws_smithy_http_client::Builder::new().pool_max_idle_per_host(IDLE_CONNECTIONS);
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
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts())
        .load()
        .await;
    let region = config.region().map(ToString::to_string).ok_or(Failure::Aws {
        problem: "no region is configured",
        hint: "set AWS_REGION, or `region` in the profile",
    })?;
    check_credentials(&config).await?;
    Ok(Clients::from_config(&config, region))
}

/// Better one error before the run than one per request.
#[cfg(feature = "aws")]
async fn check_credentials(config: &SdkConfig) -> Result<(), Failure> {
    use aws_credential_types::provider::ProvideCredentials;
    let missing = Failure::Aws {
        problem: "the standard credential chain found no credentials",
        hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE; for a profile of IAM \
               Identity Center run `eval \"$(aws configure export-credentials --format env)\"` or \
               build with the feature `sso`",
    };
    match config.credentials_provider() {
        Some(provider) => provider.provide_credentials().await.map(drop).map_err(|_| missing),
        None => Err(missing),
    }
}

#[cfg(not(feature = "aws"))]
async fn aws_clients() -> Result<Clients, Failure> {
    Err(Failure::Aws {
        problem: "this build of loadgen leaves out TLS and the AWS credential chain",
        hint: "build loadgen with the feature `aws`, which is on by default",
    })
}

/// Connects once, so that a run against nobody ends with one clear line.
async fn probe(endpoint: &str) -> Result<(), Failure> {
    let unreachable = |problem: String| Failure::Unreachable { endpoint: endpoint.to_owned(), problem };
    let address = address(endpoint).map_err(unreachable)?;
    match tokio::time::timeout(PROBE_TIMEOUT, tokio::net::TcpStream::connect(&address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unreachable(plain(&error))),
        Err(_) => Err(unreachable(format!("no connection within {PROBE_TIMEOUT:?}"))),
    }
}

/// An I/O error without the operating system's number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text.to_lowercase()
}

/// `host:port` of a URL, with the scheme's port when it names none.
pub fn address(url: &str) -> Result<String, String> {
    let uri: Uri = url.parse().map_err(|error| format!("not a URL: {error}"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("not an http:// or https:// URL".to_owned());
    }
    let authority = uri.authority().ok_or("a URL without a host")?;
    if authority.as_str().contains('@') {
        return Err("a URL with a user name; credentials come from the environment".to_owned());
    }
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = authority.port_u16().unwrap_or(default_port);
    Ok(format!("{}:{port}", authority.host()))
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

    #[test]
    fn addresses_have_a_port() {
        let check = |url: &str, expected: &str| assert_eq!(address(url).as_deref(), Ok(expected));
        check("http://localhost:4566", "localhost:4566");
        check("http://example.com", "example.com:80");
        check("https://example.com/path", "example.com:443");
        check("http://[::1]:4566", "[::1]:4566");
    }
}
