//! Who sees everything that happens in a simulation, and makes numbers of it.

use super::bill::{Bill, Rate};
use super::gauge::{Census, Gauge, Phase};
use super::line::FactLog;
use super::track::{Track, Turn};
use crate::outcome::Class;
use emulator::engine::{
    Asker, Ending, EnvironmentId, EventEnding, Fact, FunctionName, FunctionVersion, InitializationType,
    MappingId, MessageId, NumberMap, QueueName, RequestId, ThrottleReason, Timestamp, Version, What,
};
use emulator::sim::Observer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Of all stages together what outlives them; the rest since the last stage began.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Those who wait for something in this stage.
    pub(super) tracks: Vec<Track>,
    /// The request that is being made at this moment.
    making: Option<Turn>,
    seats: NumberMap<EnvironmentId, Seat>,
    functions: BTreeMap<FunctionName, Arc<FunctionVersion>>,
    provisioned: BTreeMap<(FunctionName, Version), u32>,
    /// Asynchronous events under way: whose, and when they were accepted.
    events: NumberMap<RequestId, (Option<usize>, Timestamp)>,
    own_events: u64,
    messages: NumberMap<MessageId, Sent>,
    /// Messages in queues, whatever they do there.
    queued: BTreeMap<QueueName, u64>,
    mappings: NumberMap<MappingId, (QueueName, FunctionName)>,
    pub(super) census: Census,
    pub(super) bill: Bill,
    pub(super) tally: Tally,
    /// When the last work ended.
    pub(super) last: Timestamp,
    pub(super) log: Option<FactLog>,
}

/// Attempts to invoke anything, by anybody.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) admitted: u64,
    pub(super) cold: u64,
    pub(super) throttled: Vec<(ThrottleReason, u64)>,
    ended_environments: u64,
    lifespans_us: u128,
}

impl Tally {
    pub(super) fn throttles(&self) -> u64 {
        self.throttled.iter().map(|(_, count)| count).sum()
    }

    /// How long environments lived that have ended, on average.
    pub(super) fn lifespan_s(&self) -> Option<f64> {
        let ended = self.ended_environments;
        (ended > 0).then(|| self.lifespans_us as f64 / ended as f64 / 1e6)
    }

    fn throttle(&mut self, reason: ThrottleReason) {
        match self.throttled.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => self.throttled.push((reason, 1)),
        }
    }
}

/// A message under way.
#[derive(Debug, Clone, Copy)]
struct Sent {
    track: usize,
    at: Timestamp,
    /// Its group and its place in it, on FIFO queues.
    order: Option<(u64, u64)>,
}

/// An environment.
#[derive(Debug)]
struct Seat {
    phase: Phase,
    born: Timestamp,
    rate: Rate,
    work: Work,
    /// Its number in the statistics of one track.
    number: Option<(usize, Option<usize>)>,
}

/// What an environment works on, and for whom.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    asked: Asked,
    cold: bool,
    began: Timestamp,
}

#[derive(Debug, Clone, Copy, Default)]
enum Asked {
    /// For nobody whom this stage knows.
    #[default]
    Unknown,
    /// For a caller who waits.
    Caller(Turn),
    /// For whoever was told that it would be done later.
    Later(usize),
}

impl Watch {
    /// A stage begins, for these.
    pub(super) fn begin(&mut self, at: Timestamp, tracks: Vec<Track>) {
        self.tracks = tracks;
        self.count_from(at);
        self.last = at;
        // What an earlier stage has left has nobody who waits for it.
        self.events.values_mut().for_each(|(track, _)| *track = None);
        self.own_events = 0;
        self.messages.clear();
        self.seats.values_mut().for_each(|seat| {
            seat.number = None;
            seat.work.asked = Asked::Unknown;
        });
    }

    /// Probabilities, averages and costs are of what happens from here on.
    pub(super) fn count_from(&mut self, at: Timestamp) {
        self.census.restart(at);
        self.bill.restart(at);
        self.tally = Tally::default();
    }

    /// A synchronous request is made; what comes of it at once are the next facts.
    pub(super) fn make(&mut self, turn: Turn) {
        self.tracks[turn.track].in_flight += 1;
        self.making = Some(turn);
    }

    /// What would have been done later was refused.
    pub(super) fn turned_away(&mut self, at: Timestamp, turn: Turn, class: Class, reason: &str) {
        self.tracks[turn.track].refused(at, turn, class, reason);
        self.last = at;
    }

    /// It was made, and refused.
    pub(super) fn refused(&mut self, at: Timestamp, turn: Turn, class: Class, reason: &str) {
        self.making = None;
        let track = &mut self.tracks[turn.track];
        track.in_flight -= 1;
        track.refused(at, turn, class, reason);
        self.last = at;
    }

    /// An event was accepted.
    pub(super) fn accepted(&mut self, at: Timestamp, turn: Turn, id: RequestId) {
        self.events.insert(id, (Some(turn.track), at));
        self.own_events += 1;
        self.tracks[turn.track].accepted(at, turn, 202);
    }

    /// A message was accepted.
    pub(super) fn confirmed(&mut self, at: Timestamp, turn: Turn, id: MessageId, order: Option<(u64, u64)>) {
        self.messages.insert(id, Sent { track: turn.track, at, order });
        self.tracks[turn.track].accepted(at, turn, 200);
    }

    /// A mapping brings the messages of a queue.
    pub(super) fn mapped(&mut self, id: MappingId, queue: QueueName, function: FunctionName) {
        self.mappings.insert(id, (queue, function));
    }

    /// Messages that are in a queue.
    pub(super) fn queued(&self, queue: &str) -> u64 {
        self.queued.get(queue).copied().unwrap_or_default()
    }

    /// Asynchronous events that wait or are worked on.
    pub(super) fn events(&self) -> u64 {
        self.events.len() as u64
    }

    /// Asynchronous events of this stage that are under way.
    pub(super) fn own_events(&self) -> u64 {
        self.own_events
    }

    pub(super) fn gauge(&self, phase: Phase) -> &Gauge {
        self.census.of(phase)
    }

    fn admitted(&mut self, at: Timestamp, id: EnvironmentId, asked: Asked, function: &str, cold: bool) {
        self.tally.admitted += 1;
        self.tally.cold += u64::from(cold);
        let work = Work { asked, cold, began: at };
        if cold {
            let Some(version) = self.functions.get(function) else { return };
            let rate = Rate::of(version, InitializationType::OnDemand);
            let seat = Seat { phase: Phase::Initializing, born: at, rate, work, number: None };
            self.seats.insert(id, seat);
            self.census.born(at, Phase::Initializing);
        } else if let Some(seat) = self.seats.get_mut(&id) {
            seat.work = work;
            self.census.changed(at, seat.phase, Phase::Running);
            seat.phase = Phase::Running;
        }
    }

    /// Who asked for an invocation that was admitted.
    fn asked(&mut self, asker: Asker, request_id: RequestId) -> Asked {
        match asker {
            Asker::Caller => self.making.take().map_or(Asked::Unknown, Asked::Caller),
            Asker::EventQueue => {
                let track = self.events.get(&request_id).and_then(|(track, _)| *track);
                track.map_or(Asked::Unknown, Asked::Later)
            }
            Asker::Mapping(id) => {
                let queue = self.mappings.get(&id).map(|(queue, _)| queue);
                let track = queue.and_then(|queue| {
                    self.tracks.iter().position(|track| track.is_for_queue(queue.as_str()))
                });
                track.map_or(Asked::Unknown, Asked::Later)
            }
        }
    }

    fn phase(&mut self, at: Timestamp, id: EnvironmentId, phase: Phase) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if seat.phase != phase {
            self.census.changed(at, seat.phase, phase);
            seat.phase = phase;
        }
    }

    fn invoked(&mut self, at: Timestamp, id: EnvironmentId) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        seat.work.began = at;
        let track = match seat.work.asked {
            Asked::Unknown => None,
            Asked::Later(track) => Some(track),
            Asked::Caller(turn) => Some(turn.track),
        };
        if let Some(track) = track.and_then(|track| self.tracks.get_mut(track)) {
            track.running.add(at, 1);
        }
    }

    /// Only environments that nobody waits for begin here; the others were
    /// admitted first.
    fn started(
        &mut self,
        at: Timestamp,
        id: EnvironmentId,
        function: &FunctionVersion,
        kind: InitializationType,
    ) {
        if self.seats.contains_key(&id) {
            return;
        }
        let (rate, work) = (Rate::of(function, kind), Work::default());
        self.seats.insert(id, Seat { phase: Phase::Initializing, born: at, rate, work, number: None });
        self.census.born(at, Phase::Initializing);
    }

    fn ended(&mut self, at: Timestamp, id: EnvironmentId, how: &InvokeEnded) {
        self.last = at;
        let Some(seat) = self.seats.get_mut(&id) else { return };
        self.bill.invocation(seat.rate, how.init, how.duration);
        let Work { asked, cold, began } = std::mem::take(&mut seat.work);
        match asked {
            Asked::Unknown => {}
            Asked::Later(of) => {
                let Some(track) = self.tracks.get_mut(of) else { return };
                let is_new = seat.number.is_none_or(|(known, _)| known != of);
                seat.number = Some((of, None));
                track.running.remove(at, 1);
                track.worked(how.duration, how.init, cold, is_new);
            }
            Asked::Caller(turn) => {
                let track = &mut self.tracks[turn.track];
                track.in_flight -= 1;
                track.running.remove(at, 1);
                let number = match seat.number {
                    Some((of, number)) if of == turn.track => number,
                    Some(_) | None => {
                        let number = track.stats.environment(&id.0.to_string());
                        seat.number = Some((turn.track, number));
                        number
                    }
                };
                track.answered(at, turn, began, number, cold, how);
            }
        }
    }

    fn stopped(&mut self, at: Timestamp, id: EnvironmentId) {
        let Some(seat) = self.seats.remove(&id) else { return };
        self.census.died(at, seat.phase);
        self.tally.ended_environments += 1;
        self.tally.lifespans_us += at.since(seat.born).as_micros();
    }

    fn event_ended(&mut self, at: Timestamp, id: RequestId, ending: EventEnding) {
        self.last = at;
        if let Some((Some(track), accepted)) = self.events.remove(&id)
            && let Some(track) = self.tracks.get_mut(track)
        {
            self.own_events -= 1;
            track.completed(at.since(accepted), ending == EventEnding::Succeeded);
        }
    }

    fn message_left(&mut self, at: Timestamp, queue: &QueueName, id: MessageId, done: bool) {
        self.last = at;
        if let Some(queued) = self.queued.get_mut(queue) {
            *queued = queued.saturating_sub(1);
        }
        if let Some(Sent { track, at: sent, order }) = self.messages.remove(&id)
            && let Some(track) = self.tracks.get_mut(track)
        {
            track.completed(at.since(sent), done);
            track.ended_in_order(order.filter(|_| done));
        }
    }

    fn message_came(&mut self, queue: &QueueName) {
        match self.queued.get_mut(queue) {
            Some(queued) => *queued += 1,
            None => _ = self.queued.insert(queue.clone(), 1),
        }
    }

    fn provision(&mut self, at: Timestamp, name: &FunctionName, version: Version, requested: Option<u32>) {
        let Some(function) = self.functions.get(name) else { return };
        let to = requested.unwrap_or_default();
        let from = self.provisioned.insert((name.clone(), version), to).unwrap_or_default();
        self.bill.provision(at, function, from, to);
    }
}

/// How an invocation ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvokeEnded {
    pub(super) ending: Ending,
    pub(super) duration: Duration,
    pub(super) init: Option<Duration>,
}

/// Deletes go in batches of ten at most.
const DELETES: usize = 10;

fn is_fifo(queue: &QueueName) -> bool {
    queue.as_str().ends_with(".fifo")
}

impl Observer for Watch {
    #[expect(clippy::wildcard_enum_match_arm, reason = "most facts change no number that is shown")]
    fn fact(&mut self, fact: &Fact) {
        if let Some(log) = &mut self.log {
            log.write(fact);
        }
        let at = fact.at;
        match &fact.what {
            What::Admitted { request_id, function, asker, environment, cold, .. } => {
                let asked = self.asked(*asker, *request_id);
                self.admitted(at, *environment, asked, function.as_str(), *cold);
            }
            What::InvokeStarted { environment, .. } => {
                self.phase(at, *environment, Phase::Running);
                self.invoked(at, *environment);
            }
            What::InvokeEnded { environment, ending, duration, init, .. } => {
                let how = InvokeEnded { ending: *ending, duration: *duration, init: *init };
                self.ended(at, *environment, &how);
            }
            What::EnvironmentIdle { environment } => self.phase(at, *environment, Phase::Idle),
            What::EnvironmentStopped { environment, .. } => self.stopped(at, *environment),
            What::Throttled { reason, .. } => self.tally.throttle(*reason),
            What::InitStarted { environment, function, initialization, .. } => {
                self.started(at, *environment, function, *initialization);
            }
            What::FunctionChanged { function } => {
                self.functions.insert(function.name.clone(), Arc::clone(function));
            }
            What::ProvisionedChanged { function, version, requested, .. } => {
                self.provision(at, function, *version, *requested);
            }
            What::EventAccepted { request_id, .. } => {
                self.events.entry(*request_id).or_insert((None, at));
            }
            What::EventEnded { request_id, ending, .. } => self.event_ended(at, *request_id, *ending),
            What::MessageSent { queue, .. } => self.message_came(queue),
            What::MessageDeleted { queue, message } => self.message_left(at, queue, *message, true),
            What::MessageExpired { queue, message } => self.message_left(at, queue, *message, false),
            What::MessageDeadLettered { queue, dead_letter_queue, message } => {
                self.message_left(at, queue, *message, false);
                self.message_came(dead_letter_queue);
            }
            What::QueuePurged { queue, messages } => {
                let queued = self.queued.entry(queue.clone()).or_default();
                *queued = queued.saturating_sub(*messages as u64);
            }
            What::ReceiveEmpty { queue } => self.bill.queue(1, is_fifo(queue)),
            What::EventsPolled { mapping, .. } => self.polled(*mapping, 1),
            What::BatchSettled { mapping, deleted, .. } => self.polled(*mapping, deleted.div_ceil(DELETES)),
            _ => {}
        }
    }
}

impl Watch {
    /// Pollers' requests are billed like anybody's.
    fn polled(&mut self, mapping: MappingId, requests: usize) {
        if let Some((queue, _)) = self.mappings.get(&mapping) {
            self.bill.queue(requests as u64, is_fifo(queue));
        }
    }
}
