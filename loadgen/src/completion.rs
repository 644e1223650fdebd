//! `--follow`: when the work was done that was only accepted.
//!
//! Neither an event's 202 nor a message's id says when a function got to it.
//! The function's log does. The platform's REPORT lines tell each invocation's
//! end, and an event's request id is that of its invocation. Messages are told
//! by the function itself: the sample function prints a line for each.

use crate::logs::{LogEvent, LogReader};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{Latency, Subject};
use crate::stats::Latencies;
use crate::target::Clients;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often the log is looked at.
const POLL: Duration = Duration::from_millis(500);

/// A queue that is empty has no more to tell when its log has been quiet for so
/// long: the function may be one that says nothing of its messages.
const QUIET: Duration = Duration::from_secs(15);

/// Events whose ids are remembered to tell when they were done. Beyond it they
/// are not followed.
pub const MOST_FOLLOWED: usize = 1_000_000;

/// The platform's line at an invocation's end, and the sample function's line
/// about a message.
const PATTERN: &str = r#"?"REPORT RequestId" ?"platform.report" ?"message_id""#;

/// What the log says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    pub log_group: String,
    /// Events or messages that were accepted.
    pub accepted: u64,
    /// Of these, those whose end the log tells.
    pub completed: u64,
    /// Messages that the function reported as failed, each time it did.
    pub failed: u64,
    /// Invocations that ended: an event's attempts, or batches of messages.
    pub invocations: u64,
    /// Log streams that appeared: one per environment.
    pub environments: u64,
    pub cold_starts: u64,
    /// Messages of a FIFO queue that ended after a later one of their group;
    /// none where the log tells of no order.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub out_of_order: Option<u64>,
    /// From when it was accepted to when the log tells its end, both by the
    /// target's clock where it tells both.
    pub latency_ms: Option<Latency>,
    pub duration_ms: Option<Latency>,
    pub init_ms: Option<Latency>,
}

/// Ids of accepted events, and when they were accepted in seconds since 1970.
pub type Accepted = HashMap<Box<str>, f64>;

/// What a log line says about the work.
#[derive(Debug, PartialEq)]
enum Told {
    Invocation { request_id: String, duration_ms: f64, init_ms: Option<f64> },
    Message(Message),
}

/// A line of the sample function.
#[derive(Debug, PartialEq, Deserialize)]
struct Message {
    #[serde(rename = "message_id")]
    id: String,
    /// Milliseconds since 1970.
    sent_timestamp: i64,
    #[serde(default)]
    failed: bool,
    group: Option<String>,
    /// A number of twenty digits.
    sequence: Option<String>,
}

/// Platform lines in JSON, where a function's log is in JSON.
#[derive(Debug, Deserialize)]
struct PlatformReport {
    record: Record,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    request_id: String,
    metrics: Metrics,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    duration_ms: f64,
    init_duration_ms: Option<f64>,
}

/// Where to look, and what for.
struct Follower {
    completion: Completion,
    pending: Option<Accepted>,
    done: u64,
    streams: BTreeSet<String>,
    /// Of each group, when each message ended, and its place in the order.
    groups: HashMap<String, Vec<(i64, u128)>>,
    latency: Latencies,
    duration: Latencies,
    init: Latencies,
}

/// Reads the log until all that was accepted is done, at most for the plan's
/// drain timeout. `drained` says that a queue was seen empty. The error says why there is no log to read.
pub async fn follow(
    plan: &Plan,
    started_s: f64,
    accepted: u64,
    ids: Accepted,
    drained: bool,
    stop: &CancellationToken,
) -> Result<Completion, String> {
    let clients = plan.clients.as_ref().ok_or("a URL has no log to read")?;
    let function = function(clients, plan).await?;
    let group = log_group(clients, &function).await?;
    let mut reader = LogReader::new(clients, &group, PATTERN, (started_s * 1000.0) as i64 - 1)?;
    let pending = matches!(plan.work.subject(), Subject::Function(_)).then_some(ids);
    let mut follower = Follower::new(group, accepted, pending);
    let progress = Progress::bar(Some(accepted), "");
    let end = Instant::now() + plan.drain_timeout;
    let mut latest = Instant::now();
    loop {
        let news = reader.news().await?;
        if !news.is_empty() {
            latest = Instant::now();
        }
        news.iter().for_each(|event| follower.read(event));
        progress.set(follower.done, format!("{} of {accepted} done by the log", follower.done));
        let quiet = drained && latest.elapsed() > QUIET;
        if follower.done >= accepted || quiet || Instant::now() >= end || stop.is_cancelled() {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = stop.cancelled() => {}
        }
    }
    progress.clear();
    Ok(follower.finish())
}

impl Follower {
    fn new(log_group: String, accepted: u64, pending: Option<Accepted>) -> Follower {
        Follower {
            completion: Completion { log_group, accepted, ..Completion::default() },
            pending,
            done: 0,
            streams: BTreeSet::new(),
            groups: HashMap::new(),
            latency: Latencies::default(),
            duration: Latencies::default(),
            init: Latencies::default(),
        }
    }

    fn read(&mut self, event: &LogEvent) {
        match told(&event.message) {
            Some(Told::Invocation { request_id, duration_ms, init_ms }) => {
                self.streams.insert(event.log_stream_name.clone());
                self.completion.invocations += 1;
                self.duration.record(millis(duration_ms));
                if let Some(init_ms) = init_ms {
                    self.completion.cold_starts += 1;
                    self.init.record(millis(init_ms));
                }
                self.event_ended(&request_id, event.timestamp);
            }
            Some(Told::Message(message)) => self.message_ended(message, event.timestamp),
            None => {}
        }
    }

    /// An event is done when it was first tried; that it may be tried again is
    /// told by the number of invocations.
    fn event_ended(&mut self, request_id: &str, timestamp: i64) {
        let accepted = self.pending.as_mut().and_then(|pending| pending.remove(request_id));
        if let Some(accepted_s) = accepted {
            self.done += 1;
            self.latency.record(millis(timestamp as f64 - accepted_s * 1000.0));
        }
    }

    fn message_ended(&mut self, message: Message, timestamp: i64) {
        if self.pending.is_some() {
            return;
        }
        if message.failed {
            self.completion.failed += 1;
            return;
        }
        self.done += 1;
        self.latency.record(millis((timestamp - message.sent_timestamp) as f64));
        let place = message.sequence.and_then(|sequence| sequence.parse().ok());
        if let (Some(group), Some(place)) = (message.group, place) {
            self.groups.entry(group).or_default().push((timestamp, place));
        }
    }

    fn finish(self) -> Completion {
        Completion {
            completed: self.done,
            out_of_order: (!self.groups.is_empty())
                .then(|| self.groups.into_values().map(out_of_order).sum()),
            environments: self.streams.len() as u64,
            latency_ms: Latency::new(&self.latency),
            duration_ms: Latency::new(&self.duration),
            init_ms: Latency::new(&self.init),
            ..self.completion
        }
    }
}

/// How many have one before them that stands after them in the order.
fn out_of_order(mut group: Vec<(i64, u128)>) -> u64 {
    // Those of one batch end at the same time, in the order of their lines.
    group.sort_by_key(|&(ended, _)| ended);
    let mut latest = 0;
    let late = group.into_iter().filter(|&(_, place)| {
        let late = place < latest;
        latest = latest.max(place);
        late
    });
    late.count() as u64
}

fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}

fn told(line: &str) -> Option<Told> {
    if let Some(rest) = line.strip_prefix("REPORT RequestId: ") {
        return report_line(rest);
    }
    if let Ok(PlatformReport { record }) = serde_json::from_str(line) {
        let Metrics { duration_ms, init_duration_ms } = record.metrics;
        let request_id = record.request_id;
        return Some(Told::Invocation { request_id, duration_ms, init_ms: init_duration_ms });
    }
    serde_json::from_str(line).ok().map(Told::Message)
}

/// `ID⇥Duration: 3.01 ms⇥Billed Duration: …⇥Init Duration: 110.10 ms⇥`
fn report_line(rest: &str) -> Option<Told> {
    let mut fields = rest.split('\t').map(str::trim);
    let request_id = fields.next()?.to_owned();
    let (mut duration_ms, mut init_ms) = (None, None);
    for field in fields {
        let value =
            |name: &str| field.strip_prefix(name)?.trim().strip_suffix("ms")?.trim().parse::<f64>().ok();
        duration_ms = duration_ms.or(value("Duration:"));
        init_ms = init_ms.or(value("Init Duration:"));
    }
    Some(Told::Invocation { request_id, duration_ms: duration_ms?, init_ms })
}

/// The function whose log tells: the one invoked, or the one behind the queue.
async fn function(clients: &Clients, plan: &Plan) -> Result<String, String> {
    match plan.work.subject() {
        Subject::Function(name) => Ok(name),
        Subject::Queue(url) => function_behind(clients, &url).await,
        Subject::Url(_) => Err("a URL has no log to read".to_owned()),
    }
}

/// The function that a queue's messages are brought to.
pub async fn function_behind(clients: &Clients, queue: &str) -> Result<String, String> {
    let url = crate::queue::url(&clients.sqs, queue).await.map_err(|failure| failure.to_string())?;
    let arn = crate::queue::arn(&clients.sqs, &url).await?;
    let mappings = clients.lambda.list_event_source_mappings().event_source_arn(&arn).send().await;
    let mappings = mappings.map_err(|error| crate::queue::in_words(&error))?;
    let function = mappings.event_source_mappings().iter().find_map(|mapping| mapping.function_arn());
    function.map(str::to_owned).ok_or_else(|| "no function is mapped to the queue".to_owned())
}

async fn log_group(clients: &Clients, function: &str) -> Result<String, String> {
    let found = clients.lambda.get_function_configuration().function_name(function).send().await;
    let found = found.map_err(|error| crate::queue::in_words(&error))?;
    let named = found.logging_config().and_then(|logging| logging.log_group());
    let usual = || format!("/aws/lambda/{}", found.function_name().unwrap_or(function));
    Ok(named.map_or_else(usual, str::to_owned))
}

/// When an event was accepted, for [`follow`] to find.
pub fn note(ids: &mut Accepted, request_id: &str, accepted_s: f64) {
    if ids.len() < MOST_FOLLOWED {
        ids.insert(request_id.into(), accepted_s);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(stream: &str, timestamp: i64, message: &str) -> LogEvent {
        let event = serde_json::json!({
            "eventId": format!("{timestamp}{message}"), "logStreamName": stream, "timestamp": timestamp, "message": message,
        });
        serde_json::from_value(event).unwrap()
    }

    const COLD: &str =
        "REPORT RequestId: a\tDuration: 3.01 ms\tBilled Duration: 114 ms\tInit Duration: 110.50 ms\t\n";

    #[test]
    fn lines_are_understood() {
        let check = |line: &str, expected: Option<Told>| assert_eq!(told(line), expected, "{line}");
        let invocation =
            |duration_ms, init_ms| Some(Told::Invocation { request_id: "a".into(), duration_ms, init_ms });
        check(COLD, invocation(3.01, Some(110.5)));
        check("REPORT RequestId: a\tDuration: 3.01 ms\t", invocation(3.01, None));
        check(
            r#"{"time":"t","type":"platform.report","record":{"requestId":"a","metrics":{"durationMs":3.01,"initDurationMs":110.5}}}"#,
            invocation(3.01, Some(110.5)),
        );
        let message =
            Message { id: "m".into(), sent_timestamp: 5, failed: true, group: None, sequence: None };
        check(
            r#"{"message_id":"m","sent_timestamp":5,"receive_count":1,"failed":true}"#,
            Some(Told::Message(message)),
        );
        check("hello", None);
        check("REPORT RequestId: a", None);
    }

    #[test]
    fn events_are_done_when_their_invocation_ends() {
        let ids = Accepted::from([("a".into(), 1.0), ("b".into(), 1.0)]);
        let mut follower = Follower::new("/g".into(), 2, Some(ids));
        follower.read(&event("s", 1_250, COLD));
        follower.read(&event("s", 9_250, COLD));
        let completion = follower.finish();
        assert_eq!((completion.completed, completion.accepted), (1, 2));
        assert_eq!((completion.invocations, completion.environments, completion.cold_starts), (2, 1, 2));
        assert_eq!(completion.latency_ms.unwrap().max, 250.0);
    }

    #[test]
    fn messages_are_done_when_the_function_says_so() {
        let mut follower = Follower::new("/g".into(), 2, None);
        let line = |failed| format!(r#"{{"message_id":"m","sent_timestamp":1000,"failed":{failed}}}"#);
        follower.read(&event("s", 1_100, &line(true)));
        follower.read(&event("t", 4_100, &line(false)));
        let completion = follower.finish();
        assert_eq!((completion.completed, completion.failed), (1, 1));
        assert_eq!(completion.latency_ms.unwrap().max, 3_100.0);
        assert_eq!(completion.out_of_order, None, "no line told of an order");
    }

    #[test]
    fn the_order_counts_inside_a_group() {
        let mut follower = Follower::new("/g".into(), 4, None);
        let line = |group: &str, sequence: u64| {
            format!(
                r#"{{"message_id":"m","sent_timestamp":1000,"group":"{group}","sequence":"{sequence:020}"}}"#
            )
        };
        // The log's lines come stream by stream, not in the order of time.
        for (timestamp, group, sequence) in
            [(1_300, "a", 3), (1_100, "a", 1), (1_200, "b", 4), (1_400, "b", 2)]
        {
            follower.read(&event(group, timestamp, &line(group, sequence)));
        }
        assert_eq!(follower.finish().out_of_order, Some(1));
    }
}
