//! Who listens to an environment's telemetry, and what they are told
//! (Developer Guide, "Lambda Telemetry API").
//!
//! Until Init is over everything is kept, for those who subscribe late in it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::engine::{RequestId, Timestamp};
use crate::observe::{PlatformEvent, date_time};

/// What is kept for late subscribers; few environments tell more in their Init.
const BACKLOG: usize = 1_000;

/// And so many bytes of it: the largest batch that may be asked for.
const BACKLOG_BYTES: usize = 1_048_576;

/// A subscriber who falls further behind loses events: the largest buffer that
/// may be asked for.
const QUEUE: usize = 10_000;

/// What events are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Lambda itself.
    Platform,
    /// What the function prints.
    Function,
    /// What extensions print.
    Extension,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Platform, Self::Function, Self::Extension];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Function => "function",
            Self::Extension => "extension",
        }
    }

    /// As the log names it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Platform => "Platform",
            Self::Function => "Function",
            Self::Extension => "Extension",
        }
    }
}

/// The listeners of one start of an environment.
#[derive(Debug)]
pub(super) struct Telemetry {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What was told so far, while Init goes on.
    backlog: Option<VecDeque<(Kind, String)>>,
    backlog_bytes: usize,
    /// The last invocation of which it was told that its runtime is done.
    done: Option<RequestId>,
    subscriptions: Vec<Subscription>,
}

#[derive(Debug)]
struct Subscription {
    subscriber: String,
    kinds: Vec<Kind>,
    events: Sender<String>,
    dropped_records: u64,
    dropped_bytes: u64,
}

impl Default for Telemetry {
    fn default() -> Self {
        let backlog = Some(VecDeque::new());
        let state = State { backlog, backlog_bytes: 0, done: None, subscriptions: Vec::new() };
        Self { state: Mutex::new(state) }
    }
}

impl Telemetry {
    /// Begins to tell `subscriber`, who has what was told before too. `None`
    /// when Init is over: it is too late.
    pub(super) fn subscribe(&self, subscriber: &str, kinds: Vec<Kind>) -> Option<Receiver<String>> {
        let mut state = self.lock();
        let (events, receiver) = channel(QUEUE);
        for (_, event) in state.backlog.as_ref()?.iter().filter(|(kind, _)| kinds.contains(kind)) {
            // The backlog is shorter than the queue.
            let _sent = events.try_send(event.clone());
        }
        state.subscriptions.retain(|other| other.subscriber != subscriber);
        let subscriber = subscriber.to_owned();
        state.subscriptions.push(Subscription {
            subscriber,
            kinds,
            events,
            dropped_records: 0,
            dropped_bytes: 0,
        });
        Some(receiver)
    }

    /// Init is over: nobody subscribes any more.
    pub(super) fn end_init(&self) {
        self.lock().backlog = None;
    }

    /// Nothing follows; what was told is still delivered.
    pub(super) fn close(&self) {
        self.lock().subscriptions.clear();
    }

    /// Whether somebody hears what is told.
    pub(super) fn is_heard(&self) -> bool {
        let state = self.lock();
        state.backlog.is_some() || !state.subscriptions.is_empty()
    }

    /// What Lambda tells. That a runtime is done is told once: when it has
    /// answered, or else when the invocation ends.
    pub(super) fn tell_platform(&self, at: Timestamp, event: &PlatformEvent) {
        if let PlatformEvent::RuntimeDone { request_id, .. } = event
            && self.lock().done.replace(*request_id) == Some(*request_id)
        {
            return;
        }
        self.tell(Kind::Platform, at, || event.record(at));
    }

    /// A line that was printed; in a JSON log it may be an object.
    pub(super) fn tell_line(&self, kind: Kind, at: Timestamp, line: &str, json_log: bool) {
        self.tell(kind, at, || {
            let object = || serde_json::from_str::<Value>(line).ok().filter(Value::is_object);
            let record = json_log.then(object).flatten().unwrap_or_else(|| line.into());
            json!({ "time": format!("{}Z", date_time(at)), "type": kind.as_str(), "record": record })
        });
    }

    fn tell(&self, kind: Kind, at: Timestamp, event: impl FnOnce() -> Value) {
        let mut state = self.lock();
        let heard = state.subscriptions.iter().any(|subscription| subscription.kinds.contains(&kind));
        if state.backlog.is_none() && !heard {
            return;
        }
        let event = event().to_string();
        for subscription in state.subscriptions.iter_mut().filter(|other| other.kinds.contains(&kind)) {
            subscription.send(at, &event);
        }
        let bytes = state.backlog_bytes + event.len();
        let fits = |backlog: &&mut VecDeque<_>| backlog.len() < BACKLOG && bytes <= BACKLOG_BYTES;
        if let Some(backlog) = state.backlog.as_mut().filter(fits) {
            backlog.push_back((kind, event));
            state.backlog_bytes = bytes;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Sends an event, and before it word of those that were lost.
    fn send(&mut self, at: Timestamp, event: &str) {
        if self.dropped_records > 0 {
            let lost =
                PlatformEvent::LogsDropped { records: self.dropped_records, bytes: self.dropped_bytes };
            if self.events.try_send(lost.record(at).to_string()).is_ok() {
                (self.dropped_records, self.dropped_bytes) = (0, 0);
            }
        }
        if self.events.try_send(event.to_owned()).is_err() {
            self.dropped_records += 1;
            self.dropped_bytes += event.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Uuid;

    const AT: Timestamp = Timestamp::from_millis(0);

    fn drain(events: &mut Receiver<String>) -> Vec<String> {
        let texts = std::iter::from_fn(|| events.try_recv().ok());
        texts.map(|text| serde_json::from_str::<Value>(&text).expect("JSON")["record"].to_string()).collect()
    }

    #[test]
    fn a_late_subscriber_hears_of_init_and_each_hears_its_kinds() {
        let telemetry = Telemetry::default();
        telemetry.tell_line(Kind::Function, AT, "one\n", false);
        telemetry.tell_line(Kind::Extension, AT, "not for it\n", false);
        let mut events = telemetry.subscribe("x", vec![Kind::Function]).expect("Init goes on");
        telemetry.tell_line(Kind::Function, AT, "{\"two\":2}\n", true);
        telemetry.end_init();
        assert!(telemetry.subscribe("late", vec![Kind::Function]).is_none());
        telemetry.tell_line(Kind::Function, AT, "three\n", true);
        assert_eq!(drain(&mut events), ["\"one\\n\"", "{\"two\":2}", "\"three\\n\""]);
        assert!(telemetry.is_heard());
        telemetry.close();
        assert!(!telemetry.is_heard() && events.try_recv().is_err());
    }

    /// An extension may wait for it before it comes to rest, so it can't come
    /// with the invocation's end alone.
    #[test]
    fn that_a_runtime_is_done_is_told_once() {
        let telemetry = Telemetry::default();
        let mut events = telemetry.subscribe("x", vec![Kind::Platform]).expect("Init goes on");
        for number in [1, 1, 2] {
            let request_id = RequestId(Uuid::from_random(number));
            telemetry.tell_platform(AT, &PlatformEvent::runtime_done(request_id, Duration::ZERO, false));
        }
        assert_eq!(drain(&mut events).len(), 2);
    }

    #[test]
    fn who_falls_behind_is_told_what_was_lost() {
        let telemetry = Telemetry::default();
        let mut events = telemetry.subscribe("x", vec![Kind::Function]).expect("Init goes on");
        for _ in 0..QUEUE + 2 {
            telemetry.tell_line(Kind::Function, AT, "x", false);
        }
        assert_eq!(drain(&mut events).len(), QUEUE);
        telemetry.tell_line(Kind::Function, AT, "y", false);
        let after = drain(&mut events);
        assert!(after[0].contains("\"droppedRecords\":2") && after[1] == "\"y\"", "{after:?}");
    }
}
