//! Looking at the emulator from outside, where the AWS SDKs linked here do not
//! reach: its own state, and CloudWatch Logs.

use crate::failure::Failure;
use crate::target::address;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeMap;
use std::error::Error;
use tokio::net::TcpStream;

/// One consistent look at the account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct State {
    pub(super) functions: Vec<FunctionState>,
    pub(super) queues: Vec<QueueState>,
}

/// Counters are totals since the function was created.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionState {
    pub(super) name: String,
    pub(super) in_use: u64,
    pub(super) peak_in_use: u64,
    pub(super) environments: Environments,
    pub(super) invocations: Invocations,
    pub(super) throttles: BTreeMap<String, u64>,
    pub(super) event_queue: EventQueue,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Environments {
    pub(super) busy: u64,
    pub(super) started: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Invocations {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventQueue {
    pub(super) waiting: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct QueueState {
    pub(super) name: String,
    pub(super) visible: u64,
    pub(super) in_flight: u64,
    pub(super) delayed: u64,
}

impl QueueState {
    pub(super) fn messages(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LogStreams {
    log_streams: Vec<serde::de::IgnoredAny>,
}

/// A connection per question: there are few, and none is in a hurry.
#[derive(Debug)]
pub(super) struct Observer {
    address: String,
}

type Problem = Box<dyn Error + Send + Sync>;

impl Observer {
    pub(super) fn new(endpoint: &str) -> Result<Observer, Failure> {
        let address = address(endpoint).map_err(|e| Failure::demo("read the endpoint", &e))?;
        Ok(Observer { address })
    }

    pub(super) async fn state(&self) -> Result<State, Failure> {
        let state = self.ask(Method::GET, "/_emulator/state", &[], String::new()).await;
        let state = state.and_then(|body| parse(&body));
        state.map_err(|e| Failure::demo("read the emulator's state", &e))
    }

    pub(super) async fn reset(&self) -> Result<(), Failure> {
        let answer = self.ask(Method::POST, "/_emulator/reset", &[], String::new()).await;
        answer.map(drop).map_err(|e| Failure::demo("reset the emulator", &e))
    }

    /// How many log streams a function has: one per environment.
    pub(super) async fn log_streams(&self, function: &str) -> Result<u64, Failure> {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "Logs_20140328.DescribeLogStreams"),
        ];
        let question = json!({"logGroupName": format!("/aws/lambda/{function}")}).to_string();
        let answer = self.ask(Method::POST, "/", &headers, question).await;
        let streams = answer.and_then(|body| parse::<LogStreams>(&body));
        let streams = streams.map_err(|e| Failure::demo("describe log streams", &e))?;
        Ok(streams.log_streams.len() as u64)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Bytes, Problem> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut connection, driver) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(driver);
        let request = Request::builder().method(method).uri(path).header("host", &self.address);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = connection.send_request(request.body(Full::from(body))?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        driver.abort();
        match status {
            status if status.is_success() => Ok(body),
            status => Err(refusal(status, &body)),
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    Ok(serde_json::from_slice(body)?)
}

fn refusal(status: StatusCode, body: &[u8]) -> Problem {
    let text = String::from_utf8_lossy(body);
    let words = if text.is_empty() { status.to_string() } else { format!("{status}: {text}") };
    words.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_read_and_more_is_ignored() {
        let state: State = parse(
            br#"{"now":1,"functions":[{"name":"sandbox","reserved":5,"in_use":2,"peak_in_use":5,
                 "environments":{"init":0,"idle":3,"busy":2,"started":5},
                 "invocations":{"succeeded":7,"failed":1},
                 "throttles":{"ReservedFunctionConcurrentInvocationLimitExceeded":15},
                 "event_queue":{"waiting":10,"in_flight":2}}],
                 "queues":[{"name":"demo-queue","visible":1,"in_flight":2,"delayed":3}]}"#,
        )
        .unwrap();
        let function = &state.functions[0];
        assert_eq!((function.in_use, function.peak_in_use), (2, 5));
        assert_eq!((function.environments.busy, function.environments.started), (2, 5));
        assert_eq!((function.invocations.succeeded, function.invocations.failed), (7, 1));
        assert_eq!(function.event_queue.waiting, 10);
        assert_eq!(function.throttles.values().sum::<u64>(), 15);
        assert_eq!(state.queues[0].messages(), 6);
    }
}
