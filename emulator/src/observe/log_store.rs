//! CloudWatch Logs in memory: a group per function, a stream per environment.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::log_line::{Line, log_stream_name};
use crate::engine::{EnvironmentId, Fact, FunctionVersion, RequestId, Timestamp, Uuid, What};

/// A stream keeps its newest events only: at 10,000 a page of GetLogEvents
/// still has everything that it can show.
const EVENTS_PER_STREAM: usize = 10_000;

/// A group keeps its newest streams only; the oldest goes first.
const STREAMS_PER_GROUP: usize = 20_000;

/// LogType `Tail` gives the last 4 KB.
const TAIL_BYTES: usize = 4_096;

/// All log groups.
#[derive(Debug, Default)]
pub(crate) struct LogStore {
    /// Never held across an await. Facts come under the engine's lock, which
    /// is always taken first.
    groups: Mutex<Groups>,
}

#[derive(Debug, Default)]
struct Groups {
    by_name: BTreeMap<String, Group>,
    /// An environment writes to one stream for its whole life.
    streams: HashMap<EnvironmentId, Stream>,
    written: u64,
}

#[derive(Debug)]
struct Group {
    created: Timestamp,
    /// Its streams in the order of their environments' starts.
    streams: VecDeque<EnvironmentId>,
}

#[derive(Debug)]
struct Stream {
    name: String,
    created: Timestamp,
    memory_mb: u32,
    events: VecDeque<Event>,
}

#[derive(Debug)]
struct Event {
    at: Timestamp,
    /// Unique in the store, and rising: the stable part of an event id.
    number: u64,
    line: Line,
}

/// A log group as it is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupView {
    /// `/aws/lambda/NAME`.
    pub(crate) name: String,
    /// When its first stream was opened.
    pub(crate) created: Timestamp,
    /// Bytes of all its events.
    pub(crate) stored_bytes: u64,
}

/// A log stream as it is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamView {
    /// `YYYY/MM/DD/[$LATEST]…`.
    pub(crate) name: String,
    /// When it was opened.
    pub(crate) created: Timestamp,
    /// Time of its oldest event.
    pub(crate) first_event: Option<Timestamp>,
    /// Time of its newest event.
    pub(crate) last_event: Option<Timestamp>,
}

/// A log event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogEvent {
    /// Its stream's name.
    pub(crate) stream: String,
    /// When it was written.
    pub(crate) at: Timestamp,
    /// Its text, with the line's end as the function wrote it.
    pub(crate) message: String,
    /// Unique in the store, and rising.
    pub(crate) number: u64,
}

/// The group that Lambda writes a function's logs to.
fn group_name(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

impl LogStore {
    /// Writes what facts have to say to the logs.
    pub(crate) fn note(&self, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        let mut groups = self.lock();
        for fact in facts {
            groups.note(fact);
        }
    }

    /// Writes a line that an environment printed.
    pub(crate) fn print(&self, environment: EnvironmentId, at: Timestamp, text: &str) {
        self.lock().write(environment, at, Line::Text(text.into()));
    }

    /// The end of one invocation's log: at most 4 KB of what its environment
    /// wrote since the invocation's START.
    pub(crate) fn tail(&self, environment: EnvironmentId, request_id: RequestId) -> String {
        let groups = self.lock();
        let Some(stream) = groups.streams.get(&environment) else { return String::new() };
        let begins =
            |event: &&Event| matches!(event.line, Line::Start { request_id: id } if id == request_id);
        let first = stream.events.iter().rfind(begins).map_or(u64::MAX, |event| event.number);
        let lines = stream.events.iter().filter(|event| event.number >= first);
        let text: String = lines.map(|event| event.line.to_string()).collect();
        let cut = text.len().saturating_sub(TAIL_BYTES);
        let cut = (cut..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text[cut..].to_owned()
    }

    /// The groups, by name.
    pub(crate) fn groups(&self) -> Vec<GroupView> {
        let groups = self.lock();
        let views = groups.by_name.iter().map(|(name, group)| GroupView {
            name: name.clone(),
            created: group.created,
            stored_bytes: groups.streams_of(group).flat_map(|stream| &stream.events).map(Event::bytes).sum(),
        });
        views.collect()
    }

    /// The streams of a group in the order of their opening; `None` without such a group.
    pub(crate) fn streams(&self, group: &str) -> Option<Vec<StreamView>> {
        let groups = self.lock();
        let streams = groups.streams_of(groups.by_name.get(group)?);
        let views = streams.map(|stream| StreamView {
            name: stream.name.clone(),
            created: stream.created,
            first_event: stream.events.front().map(|event| event.at),
            last_event: stream.events.back().map(|event| event.at),
        });
        Some(views.collect())
    }

    /// The events of the group's streams that `wanted` names, by time; `None`
    /// without such a group.
    pub(crate) fn events(&self, group: &str, wanted: impl Fn(&str) -> bool) -> Option<Vec<LogEvent>> {
        let groups = self.lock();
        let streams = groups.streams_of(groups.by_name.get(group)?);
        let mut events: Vec<LogEvent> = streams
            .filter(|stream| wanted(&stream.name))
            .flat_map(|stream| stream.events.iter().map(|event| event.view(&stream.name)))
            .collect();
        events.sort_by_key(|event| (event.at, event.number));
        Some(events)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Groups::default();
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Groups {
    fn note(&mut self, fact: &Fact) {
        let at = fact.at;
        #[expect(clippy::wildcard_enum_match_arm, reason = "most facts are none of the log's business")]
        match &fact.what {
            What::InitStarted { environment, function, log_stream } => {
                self.open(at, *environment, function, *log_stream);
                let runtime = function.spec.runtime.as_str().into();
                self.write(*environment, at, Line::InitStart { runtime });
            }
            What::InitFailed { environment, took, timed_out } => {
                self.write(*environment, at, Line::InitReport { took: *took, timed_out: *timed_out });
            }
            What::InvokeStarted { request_id, environment } => {
                self.write(*environment, at, Line::Start { request_id: *request_id });
            }
            What::InvokeEnded {
                request_id,
                environment,
                handed_over,
                ending,
                duration,
                init,
                max_memory_mb,
                ..
            } => {
                let Some(memory_mb) = self.streams.get(environment).map(|stream| stream.memory_mb) else {
                    return;
                };
                let request_id = *request_id;
                if !handed_over {
                    // Init failed: AWS shows the invocation all the same.
                    self.write(*environment, at, Line::Start { request_id });
                }
                self.write(*environment, at, Line::End { request_id });
                self.write(
                    *environment,
                    at,
                    Line::Report {
                        request_id,
                        duration: *duration,
                        init: *init,
                        memory_mb,
                        max_memory_mb: *max_memory_mb,
                        ending: *ending,
                    },
                );
            }
            _ => {}
        }
    }

    fn open(&mut self, at: Timestamp, environment: EnvironmentId, function: &FunctionVersion, id: Uuid) {
        let new = || Group { created: at, streams: VecDeque::new() };
        let group = self.by_name.entry(group_name(function.name.as_str())).or_insert_with(new);
        group.streams.push_back(environment);
        if group.streams.len() > STREAMS_PER_GROUP {
            group.streams.pop_front().map(|oldest| self.streams.remove(&oldest));
        }
        let name = log_stream_name(at, id);
        let stream =
            Stream { name, created: at, memory_mb: function.spec.memory_mb, events: VecDeque::new() };
        self.streams.insert(environment, stream);
    }

    fn write(&mut self, environment: EnvironmentId, at: Timestamp, line: Line) {
        let Some(stream) = self.streams.get_mut(&environment) else { return };
        self.written += 1;
        if stream.events.len() >= EVENTS_PER_STREAM {
            stream.events.pop_front();
        }
        stream.events.push_back(Event { at, number: self.written, line });
    }

    fn streams_of<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Stream> {
        group.streams.iter().filter_map(|environment| self.streams.get(environment))
    }
}

impl Event {
    fn bytes(&self) -> u64 {
        // What CloudWatch counts: the text and 26 bytes.
        self.line.to_string().len() as u64 + 26
    }

    fn view(&self, stream: &str) -> LogEvent {
        LogEvent {
            stream: stream.to_owned(),
            at: self.at,
            message: self.line.to_string(),
            number: self.number,
        }
    }
}
