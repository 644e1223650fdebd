//! Looking at the emulator from outside, where the AWS SDKs linked here do not
//! reach: its own state, and CloudWatch Logs.

use crate::failure::Failure;
use crate::wire::{Endpoint, Lines, Template};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeMap;

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

/// Asks over a connection of its own.
#[derive(Debug)]
pub(super) struct Observer {
    lines: Lines,
}

impl Observer {
    pub(super) fn new(endpoint: Endpoint) -> Result<Observer, Failure> {
        let lines = Lines::new(endpoint).map_err(|e| Failure::demo("read the endpoint", &e))?;
        Ok(Observer { lines })
    }

    pub(super) async fn state(&self) -> Result<State, Failure> {
        let state = self.ask(self.template(Method::GET, "/_emulator/state", "")).await;
        let state = state.and_then(|body| parse(&body));
        state.map_err(|e| Failure::demo("read the emulator's state", &e))
    }

    pub(super) async fn reset(&self) -> Result<(), Failure> {
        let answer = self.ask(self.template(Method::POST, "/_emulator/reset", "")).await;
        answer.map(drop).map_err(|e| Failure::demo("reset the emulator", &e))
    }

    /// How many log streams a function has: one per environment.
    pub(super) async fn log_streams(&self, function: &str) -> Result<u64, Failure> {
        let question = json!({"logGroupName": format!("/aws/lambda/{function}")}).to_string();
        let template = self.template(Method::POST, "/", question).map(|template| {
            let template = template.with("content-type", "application/x-amz-json-1.1");
            template.with("x-amz-target", "Logs_20140328.DescribeLogStreams")
        });
        let answer = self.ask(template).await;
        let streams = answer.and_then(|body| parse::<LogStreams>(&body));
        let streams = streams.map_err(|e| Failure::demo("describe log streams", &e))?;
        Ok(streams.log_streams.len() as u64)
    }

    fn template(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Result<Template, String> {
        Template::new(self.lines.endpoint(), method, path, body)
    }

    async fn ask(&self, template: Result<Template, String>) -> Result<Bytes, String> {
        let answer = self.lines.ask(&template?).await?;
        match answer.status {
            status if status.is_success() => Ok(answer.body),
            status => Err(refusal(status, &answer.body)),
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn refusal(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.is_empty() { status.to_string() } else { format!("{status}: {text}") }
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
