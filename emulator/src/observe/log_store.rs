//! CloudWatch Logs in memory: a group per function, a stream per environment.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::log_format::keeps;
use super::log_line::{InitStatus, Line, log_group_of, log_stream_name};
use super::platform::{About, PlatformEvent};
use crate::engine::{
    EnvironmentId, Fact, FunctionVersion, InitPhase, InitializationType, LogFormat, RequestId, Timestamp,
    Uuid, Version, What,
};

/// The store keeps its newest events only, of all streams together: some
/// 100 bytes each, beside what functions print.
const EVENTS: usize = 1_000_000;

/// It keeps at most this much of what functions print.
const TEXT: usize = 256 * 1_048_576;

/// A group keeps its newest streams only; the oldest goes first.
const STREAMS_PER_GROUP: usize = 20_000;

/// LogType `Tail` gives the last 4 KB.
const TAIL_BYTES: usize = 4_096;

/// All log groups.
#[derive(Debug)]
pub(crate) struct LogStore {
    region: Arc<str>,
    /// Never held across an await. Facts come under the engine's lock, which
    /// is always taken first.
    groups: Mutex<Groups>,
}

#[derive(Debug, Default)]
struct Groups {
    by_name: BTreeMap<String, Group>,
    /// An environment writes to one stream for its whole life.
    streams: HashMap<EnvironmentId, Stream>,
    /// Whose event was written when, the oldest first. Of a stream that is gone
    /// the entries stay; they count until they are passed.
    order: VecDeque<EnvironmentId>,
    /// Bytes that functions printed, of all events.
    text: usize,
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
    version: Version,
    memory_mb: u32,
    format: LogFormat,
    initialization: InitializationType,
    /// Whether its environment is a provisioned one whose first Init is under
    /// way: that is always reported.
    awaits_init: bool,
    /// Whether the next invocation begins with a repeated Init.
    starts_again: bool,
    /// The invocation whose START waits for the end of such an Init.
    held: Option<RequestId>,
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

impl LogStore {
    /// An empty store of that region, which some lines name.
    pub(crate) fn new(region: &str) -> Self {
        Self { region: region.into(), groups: Mutex::default() }
    }

    /// Writes what facts have to say to the logs.
    pub(crate) fn note(&self, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        let mut groups = self.lock();
        for fact in facts {
            groups.note(fact, &self.region);
        }
    }

    /// Writes a line that an environment printed.
    pub(crate) fn print(&self, environment: EnvironmentId, at: Timestamp, text: &str) {
        self.lock().print(environment, at, text);
    }

    /// Writes what Lambda tells of an environment beside the facts: as a line
    /// of `text`, or as a record.
    pub(crate) fn tell(&self, environment: EnvironmentId, at: Timestamp, event: &PlatformEvent, text: &str) {
        self.lock().tell(environment, at, event, text);
    }

    /// The end of one invocation's log: at most 4 KB of what its environment
    /// wrote from the invocation's START to its REPORT. The next invocation may
    /// have begun there already.
    pub(crate) fn tail(&self, environment: EnvironmentId, request_id: RequestId) -> String {
        let groups = self.lock();
        let Some(stream) = groups.streams.get(&environment) else { return String::new() };
        let mut lines = VecDeque::new();
        let mut bytes = 0;
        for event in stream.events.iter().rev().skip_while(|event| !event.line.reports(request_id)) {
            let line = event.line.to_string();
            bytes += line.len();
            lines.push_front(line);
            if event.line.starts(request_id) || bytes >= TAIL_BYTES {
                break;
            }
        }
        let text = String::from_iter(lines);
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
    fn note(&mut self, fact: &Fact, region: &Arc<str>) {
        if let What::InitStarted { environment, function, initialization, log_stream } = &fact.what {
            self.open(fact.at, *environment, function, *initialization, *log_stream);
        }
        let stream =
            PlatformEvent::environment_of(&fact.what).and_then(|id| Some((id, self.streams.get(&id)?)));
        let Some((environment, stream)) = stream else { return };
        match stream.format {
            LogFormat::Text => self.note_text(fact, region),
            LogFormat::Json { system_level, .. } => {
                for event in PlatformEvent::of(&fact.what, stream.about(region)) {
                    if event.level() >= system_level {
                        self.write(environment, fact.at, Line::record(&event, fact.at));
                    }
                }
            }
        }
    }

    fn print(&mut self, environment: EnvironmentId, at: Timestamp, text: &str) {
        if self.streams.get(&environment).is_some_and(|stream| keeps(stream.format, text)) {
            self.write(environment, at, Line::Text(text.into()));
        }
    }

    fn tell(&mut self, environment: EnvironmentId, at: Timestamp, event: &PlatformEvent, text: &str) {
        match self.streams.get(&environment).map(|stream| stream.format) {
            Some(LogFormat::Text) => self.write(environment, at, Line::Text(text.into())),
            Some(LogFormat::Json { system_level, .. }) if event.level() >= system_level => {
                self.write(environment, at, Line::record(event, at));
            }
            Some(LogFormat::Json { .. }) | None => {}
        }
    }

    fn note_text(&mut self, fact: &Fact, region: &Arc<str>) {
        let at = fact.at;
        #[expect(clippy::wildcard_enum_match_arm, reason = "most facts are none of the log's business")]
        match &fact.what {
            What::InitStarted { environment, function, .. } => {
                let runtime = function.spec.runtime.as_str().into();
                self.write(*environment, at, Line::InitStart { runtime, region: Arc::clone(region) });
            }
            What::InitRestarted { environment } => {
                if let Some(stream) = self.streams.get_mut(environment) {
                    stream.starts_again = true;
                }
            }
            What::InitEnded { environment, took } => {
                self.start_held(at, *environment);
                let provisioned = self.streams.get_mut(environment).is_some_and(Stream::reports_init);
                if provisioned {
                    let (took, phase, status) = (*took, InitPhase::Init, InitStatus::Success);
                    self.write(*environment, at, Line::InitReport { took, phase, status });
                }
            }
            What::InitFailed { environment, took, phase, error_type } => {
                let status = error_type.map_or(InitStatus::TimedOut, InitStatus::Failed);
                self.write(*environment, at, Line::InitReport { took: *took, phase: *phase, status });
                self.start_held(at, *environment);
            }
            What::InvokeStarted { request_id, environment } => match self.streams.get_mut(environment) {
                // START comes when its Init is over.
                Some(stream) if stream.starts_again => {
                    stream.starts_again = false;
                    stream.held = Some(*request_id);
                }
                Some(_) | None => self.start(at, *environment, *request_id),
            },
            What::InvokeEnded {
                request_id,
                environment,
                started,
                ending,
                error_type,
                duration,
                init,
                max_memory_mb,
                ..
            } => {
                let Some(memory_mb) = self.streams.get(environment).map(|stream| stream.memory_mb) else {
                    return;
                };
                let request_id = *request_id;
                if self.streams.get(environment).is_some_and(|stream| stream.held.is_some()) {
                    // The timeout came while Init was repeated.
                    let (took, phase, status) = (*duration, InitPhase::Invoke, InitStatus::TimedOut);
                    self.write(*environment, at, Line::InitReport { took, phase, status });
                    self.start_held(at, *environment);
                }
                if !started {
                    // The host failed: the invocation is shown all the same.
                    self.start(at, *environment, request_id);
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
                        error_type: *error_type,
                    },
                );
            }
            _ => {}
        }
    }

    /// Writes the START that waited for a repeated Init.
    fn start_held(&mut self, at: Timestamp, environment: EnvironmentId) {
        let held = self.streams.get_mut(&environment).and_then(|stream| stream.held.take());
        if let Some(request_id) = held {
            self.start(at, environment, request_id);
        }
    }

    fn start(&mut self, at: Timestamp, environment: EnvironmentId, request_id: RequestId) {
        if let Some(version) = self.streams.get(&environment).map(|stream| stream.version) {
            self.write(environment, at, Line::Start { request_id, version });
        }
    }

    fn open(
        &mut self,
        at: Timestamp,
        environment: EnvironmentId,
        function: &FunctionVersion,
        initialization: InitializationType,
        id: Uuid,
    ) {
        let new = || Group { created: at, streams: VecDeque::new() };
        let group = self.by_name.entry(log_group_of(function)).or_insert_with(new);
        group.streams.push_back(environment);
        let oldest = (group.streams.len() > STREAMS_PER_GROUP).then(|| group.streams.pop_front()).flatten();
        if let Some(stream) = oldest.and_then(|oldest| self.streams.remove(&oldest)) {
            self.text -= stream.events.iter().map(|event| event.line.text().len()).sum::<usize>();
        }
        let stream = Stream {
            name: log_stream_name(at, function, id),
            created: at,
            version: function.version,
            memory_mb: function.spec.memory_mb,
            format: function.spec.logging.format,
            initialization,
            awaits_init: initialization == InitializationType::Provisioned,
            starts_again: false,
            held: None,
            events: VecDeque::new(),
        };
        self.streams.insert(environment, stream);
    }

    fn write(&mut self, environment: EnvironmentId, at: Timestamp, line: Line) {
        let Some(stream) = self.streams.get_mut(&environment) else { return };
        self.written += 1;
        self.text += line.text().len();
        stream.events.push_back(Event { at, number: self.written, line });
        self.order.push_back(environment);
        while self.order.len() > EVENTS || self.text > TEXT {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self.order.pop_front().and_then(|oldest| self.streams.get_mut(&oldest));
        if let Some(event) = oldest.and_then(|stream| stream.events.pop_front()) {
            self.text -= event.line.text().len();
        }
    }

    fn streams_of<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Stream> {
        group.streams.iter().filter_map(|environment| self.streams.get(environment))
    }
}

impl Stream {
    fn about<'a>(&self, region: &'a str) -> About<'a> {
        let Self { memory_mb, version, initialization, .. } = *self;
        About { region, memory_mb, version, initialization }
    }

    fn reports_init(&mut self) -> bool {
        std::mem::take(&mut self.awaits_init)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Ending;

    const ENVIRONMENT: EnvironmentId = EnvironmentId(1);

    /// A store with one open stream.
    fn groups() -> Groups {
        let mut groups = Groups::default();
        groups
            .by_name
            .insert("g".to_owned(), Group { created: Timestamp::default(), streams: VecDeque::new() });
        groups.add_stream(ENVIRONMENT);
        groups
    }

    impl Groups {
        fn add_stream(&mut self, environment: EnvironmentId) {
            let (name, created) = (format!("{environment:?}"), Timestamp::default());
            let (version, awaits_init, events) = (Version::Latest, false, VecDeque::new());
            let (format, initialization) = (LogFormat::Text, InitializationType::OnDemand);
            let stream = Stream {
                name,
                created,
                version,
                memory_mb: 128,
                format,
                initialization,
                awaits_init,
                starts_again: false,
                held: None,
                events,
            };
            self.streams.insert(environment, stream);
        }
    }

    fn invocation(number: u128) -> (RequestId, Line, Line) {
        let request_id = RequestId(Uuid::from_random(number));
        let report = Line::Report {
            request_id,
            duration: Duration::ZERO,
            init: None,
            memory_mb: 128,
            max_memory_mb: None,
            ending: Ending::Succeeded,
            error_type: None,
        };
        (request_id, Line::Start { request_id, version: Version::Latest }, report)
    }

    #[test]
    fn a_tail_is_of_one_invocation() {
        let mut groups = groups();
        let ((first, start, report), (_, next, _)) = (invocation(1), invocation(2));
        for line in [Line::Text("init\n".into()), start, Line::Text("hello\n".into()), report, next] {
            groups.write(ENVIRONMENT, Timestamp::default(), line);
        }
        let store = LogStore { region: "us-east-1".into(), groups: Mutex::new(groups) };
        let tail = store.tail(ENVIRONMENT, first);
        let lines: Vec<&str> = tail.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(lines, ["START", "hello", "REPORT"], "{tail}");
    }

    #[test]
    fn a_tail_is_the_last_4_kb() {
        let mut groups = groups();
        let (request_id, start, report) = invocation(1);
        groups.write(ENVIRONMENT, Timestamp::default(), start);
        for _ in 0..TAIL_BYTES {
            groups.write(ENVIRONMENT, Timestamp::default(), Line::Text("é\n".into()));
        }
        groups.write(ENVIRONMENT, Timestamp::default(), report);
        let store = LogStore { region: "us-east-1".into(), groups: Mutex::new(groups) };
        let tail = store.tail(ENVIRONMENT, request_id);
        assert!((TAIL_BYTES - 1..=TAIL_BYTES).contains(&tail.len()), "{}", tail.len());
    }

    #[test]
    fn the_oldest_text_goes_first_whosever_it_is() {
        let mut groups = groups();
        let other = EnvironmentId(2);
        groups.add_stream(other);
        for environment in [ENVIRONMENT, other, ENVIRONMENT] {
            groups.write(environment, Timestamp::default(), Line::Text("x".repeat(TEXT / 2).into()));
        }
        let kept = |environment| groups.streams[&environment].events.iter().map(|event| event.number);
        assert_eq!(kept(ENVIRONMENT).collect::<Vec<_>>(), [3]);
        assert_eq!(kept(other).collect::<Vec<_>>(), [2]);
        assert_eq!(groups.text, TEXT);
    }
}
