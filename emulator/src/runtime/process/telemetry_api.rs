//! `PUT /2022-07-01/telemetry`: an extension subscribes to telemetry.

use std::time::Duration;

use hyper::Uri;
use serde::Deserialize;

use super::delivery::{Buffering, Destination};
use super::telemetry::Kind;

/// What an extension asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) kinds: Vec<Kind>,
    pub(super) buffering: Buffering,
    pub(super) destination: Destination,
}

/// Its names of this machine: on AWS the sandbox has a network of its own.
const HOSTS: [&str; 4] = ["sandbox.localdomain", "sandbox", "localhost", "127.0.0.1"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    schema_version: String,
    types: Vec<String>,
    #[serde(default)]
    buffering: BufferingRequest,
    destination: DestinationRequest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BufferingRequest {
    max_items: usize,
    max_bytes: usize,
    timeout_ms: u64,
}

impl Default for BufferingRequest {
    fn default() -> Self {
        Self { max_items: 10_000, max_bytes: 262_144, timeout_ms: 1_000 }
    }
}

#[derive(Deserialize)]
struct DestinationRequest {
    protocol: String,
    #[serde(rename = "URI", alias = "uri")]
    uri: Option<String>,
    port: Option<u16>,
}

impl Subscription {
    /// Reads a request; the error says what is wrong with it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let request: Request = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if !["2022-07-01", "2022-12-13", "2025-01-29"].contains(&request.schema_version.as_str()) {
            return Err(format!("unknown schemaVersion {:?}", request.schema_version));
        }
        let kinds: Option<Vec<Kind>> = request.types.iter().map(|name| Kind::parse(name)).collect();
        let kinds = kinds.filter(|kinds| !kinds.is_empty());
        let kinds = kinds.ok_or("types are platform, function and extension, at least one of them")?;
        Ok(Self { kinds, buffering: request.buffering.check()?, destination: request.destination.check()? })
    }
}

impl BufferingRequest {
    fn check(&self) -> Result<Buffering, String> {
        let fits = (1_000..=10_000).contains(&self.max_items)
            && (262_144..=1_048_576).contains(&self.max_bytes)
            && (25..=30_000).contains(&self.timeout_ms);
        if !fits {
            return Err(
                "buffering: maxItems is 1000 to 10000, maxBytes 262144 to 1048576, timeoutMs 25 to 30000"
                    .into(),
            );
        }
        let timeout = Duration::from_millis(self.timeout_ms);
        Ok(Buffering { max_items: self.max_items, max_bytes: self.max_bytes, timeout })
    }
}

impl DestinationRequest {
    fn check(self) -> Result<Destination, String> {
        match self.protocol.as_str() {
            "HTTP" => {
                let uri: Option<Uri> = self.uri.and_then(|uri| uri.parse().ok());
                let uri = uri.filter(|uri| uri.scheme_str() == Some("http"));
                let uri = uri.ok_or(
                    "destination: an HTTP destination has a URI such as http://sandbox.localdomain:8080/",
                )?;
                if !uri.host().is_some_and(|host| HOSTS.contains(&host)) {
                    return Err("destination: the URI's host is sandbox.localdomain".into());
                }
                let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
                Ok(Destination::Http { port: uri.port_u16().unwrap_or(80), path })
            }
            "TCP" => {
                let port = self.port.ok_or("destination: a TCP destination has a port")?;
                Ok(Destination::Tcp { port })
            }
            other => Err(format!("destination: protocol is HTTP or TCP, not {other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_read_and_checked() {
        let body = |types: &str, rest: &str| {
            format!(r#"{{"schemaVersion":"2022-12-13","types":{types},{rest}}}"#).into_bytes()
        };
        let http = r#""destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080/x?y=1"}"#;
        let read = Subscription::parse(&body(r#"["platform","function"]"#, http)).expect("a good one");
        assert_eq!(read.kinds, [Kind::Platform, Kind::Function]);
        assert_eq!(read.destination, Destination::Http { port: 8080, path: "/x?y=1".to_owned() });
        let defaults = Buffering { max_items: 10_000, max_bytes: 262_144, timeout: Duration::from_secs(1) };
        assert_eq!(read.buffering, defaults);
        for (types, rest, reason) in [
            ("[]", http, "types are"),
            (r#"["logs"]"#, http, "types are"),
            (r#"["platform"]"#, r#""destination":{"protocol":"UDP"}"#, "protocol is"),
            (r#"["platform"]"#, r#""destination":{"protocol":"TCP"}"#, "has a port"),
            (
                r#"["platform"]"#,
                r#""destination":{"protocol":"HTTP","URI":"http://example.com/"}"#,
                "host is",
            ),
            (
                r#"["platform"]"#,
                r#""buffering":{"timeoutMs":1},"destination":{"protocol":"TCP","port":1}"#,
                "timeoutMs",
            ),
            ("3", http, "invalid type"),
        ] {
            let error = Subscription::parse(&body(types, rest)).expect_err(reason);
            assert!(error.contains(reason), "{error}");
        }
    }
}
