//! A function's log group, as far as CloudWatch Logs is needed: FilterLogEvents
//! page by page. Its SDK would be as large as Lambda's.

use crate::target::Clients;
use crate::wire::{Lines, Template};
use hyper::Method;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Events of other streams may be taken in so much later than newer ones.
const OVERLAP_MS: i64 = 10_000;

/// Reads events as they come in, each once.
#[derive(Debug)]
pub struct LogReader<'a> {
    clients: &'a Clients,
    lines: Lines,
    group: String,
    pattern: String,
    since: i64,
    /// Events of the overlap that have been read.
    seen: HashMap<String, i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    event_id: String,
    pub log_stream_name: String,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    pub message: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    log_group_name: &'a str,
    start_time: i64,
    filter_pattern: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Page {
    events: Vec<LogEvent>,
    next_token: Option<String>,
}

impl<'a> LogReader<'a> {
    /// From a time in milliseconds since 1970.
    pub fn new(
        clients: &'a Clients,
        group: &str,
        pattern: &str,
        since: i64,
    ) -> Result<LogReader<'a>, String> {
        let lines = Lines::new(clients.endpoints.logs.clone()).map_err(|error| error.to_string())?;
        let (group, pattern) = (group.to_owned(), pattern.to_owned());
        Ok(LogReader { clients, lines, group, pattern, since, seen: HashMap::new() })
    }

    /// Events that have come in since the last look.
    pub async fn news(&mut self) -> Result<Vec<LogEvent>, String> {
        let mut news = Vec::new();
        let mut next_token = None;
        loop {
            let page = self.page(next_token).await?;
            news.extend(page.events.into_iter().filter(|event| !self.seen.contains_key(&event.event_id)));
            next_token = page.next_token;
            if next_token.is_none() {
                break;
            }
        }
        self.seen.extend(news.iter().map(|event| (event.event_id.clone(), event.timestamp)));
        let newest = news.iter().map(|event| event.timestamp).max().unwrap_or(self.since);
        self.since = self.since.max(newest - OVERLAP_MS);
        self.seen.retain(|_, &mut timestamp| timestamp >= self.since);
        Ok(news)
    }

    async fn page(&self, next_token: Option<String>) -> Result<Page, String> {
        let question = Question {
            log_group_name: &self.group,
            start_time: self.since,
            filter_pattern: &self.pattern,
            next_token,
        };
        let body = serde_json::to_vec(&question).map_err(|error| error.to_string())?;
        let template = Template::new(&self.clients.endpoints.logs, Method::POST, "/", body)?;
        let template = template.with("content-type", "application/x-amz-json-1.1");
        let template = template.with("x-amz-target", "Logs_20140328.FilterLogEvents");
        let answer = self.lines.ask(&template.signed(self.clients.identity.signer("logs"))).await?;
        match answer.status.is_success() {
            true => serde_json::from_slice(&answer.body).map_err(|error| error.to_string()),
            // A function that has not run has no log group.
            false if is_not_there(&answer.body) => Ok(Page::default()),
            false => Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body))),
        }
    }
}

fn is_not_there(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("ResourceNotFoundException")
}
