//! The real-time driver: it feeds the engine and carries out its effects.
//!
//! [`Driver::step`] is the only place where the engine is locked. Everything
//! that is slow (parsing, hashing, writing JSON) happens before or after it;
//! effects are hand-offs that never block.

mod alarm_clock;
mod clock;
mod filters;
mod moving;
mod real_code;
mod streams;
#[cfg(test)]
mod tests;
mod waiters;

use std::sync::{Arc, Mutex, Weak};

use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

use crate::config::Identity;
use crate::engine::{
    Delivery, Effect, Engine, Fact, Invoke, QueueRequest, Quotas, Receive, ReceiveRequest, Refusal, Report,
    RequestId, SqsError, Timestamp,
};
use crate::observe::LogStore;
use crate::records;
use crate::runtime::{BuiltIn, HandlerRuntime, ProcessRuntime};

pub(crate) use clock::Clock;
use filters::Filters;
use real_code::RealCodeLedger;
use streams::Streams;
pub(crate) use streams::{Piece, Pieces, Streamed};
pub(crate) use waiters::Answer;
use waiters::{ReceiverGuard, Waiters};

/// The engine in real time.
#[derive(Debug)]
pub(crate) struct Driver {
    /// Never held across an await: nothing inside waits.
    state: Mutex<State>,
    clock: Clock,
    waiters: Waiters,
    streams: Streams,
    filters: Filters,
    processes: ProcessRuntime,
    logs: LogStore,
    identity: Arc<Identity>,
    /// Rings when the next deadline is earlier than the alarm clock knows, or
    /// idle time may have begun that it skips.
    earlier_deadline: Notify,
    /// Rings when all is settled, for whoever moves the clock.
    rested: Notify,
    /// The clock is moved by one at a time.
    moving: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    engine: Engine,
    handlers: HandlerRuntime<BuiltIn>,
    effects: Vec<Effect>,
    facts: Vec<Fact>,
    /// Every fact, for tests.
    #[cfg(test)]
    journal: Vec<Fact>,
    real_code: RealCodeLedger,
    /// The deadline that the alarm clock sleeps for.
    sleeping_until: Option<Timestamp>,
    /// Whether somebody waits until all is settled.
    awaited: bool,
}

impl Driver {
    /// A driver for an empty account. It needs a tokio runtime to run in.
    pub(crate) fn new(
        quotas: Quotas,
        seed: u64,
        clock: Clock,
        processes: ProcessRuntime,
        logs: LogStore,
        identity: Arc<Identity>,
    ) -> Arc<Self> {
        let state = State {
            engine: Engine::new(quotas, seed),
            handlers: HandlerRuntime::new(BuiltIn, seed),
            effects: Vec::new(),
            facts: Vec::new(),
            #[cfg(test)]
            journal: Vec::new(),
            real_code: RealCodeLedger::default(),
            sleeping_until: None,
            awaited: false,
        };
        Arc::new_cyclic(|driver: &Weak<Self>| {
            processes.attach(driver.clone());
            Self {
                state: Mutex::new(state),
                clock,
                waiters: Waiters::default(),
                streams: Streams::default(),
                filters: Filters::default(),
                processes,
                logs,
                identity,
                earlier_deadline: Notify::new(),
                rested: Notify::new(),
                moving: tokio::sync::Mutex::new(()),
            }
        })
    }

    /// Wakes the engine when something is due and judges what it wants judged,
    /// until this is aborted or dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&self).run_filters());
        self.run_alarm_clock().await;
    }

    /// Runs one command on the engine, at this moment, with everything that
    /// was due before it done first.
    pub(crate) fn step<R>(&self, command: impl FnOnce(&mut Engine, Timestamp) -> R) -> R {
        let mut state = self.lock();
        let now = self.clock.now();
        self.catch_up(&mut state, now);
        let answer = command(&mut state.engine, now);
        self.carry_out(&mut state);
        self.catch_up(&mut state, now);
        self.tell(&mut state);
        if self.clock.skips_idle() {
            self.earlier_deadline.notify_one();
        }
        answer
    }

    /// Invokes a function and waits for its answer. A caller that goes away
    /// drops this future and changes nothing else.
    pub(crate) async fn invoke(&self, invoke: Invoke<'_>) -> (RequestId, Result<Answer, Refusal>) {
        let (request_id, admitted) = self.step(|engine, now| {
            let (request_id, admitted) = engine.invoke(now, invoke);
            (request_id, admitted.map(|()| self.waiters.expect_answer(request_id)))
        });
        match admitted {
            Ok(answer) => (request_id, answer.wait().await),
            Err(refusal) => (request_id, Err(refusal)),
        }
    }

    /// Invokes a function whose answer may come piece by piece, and waits for
    /// its beginning.
    pub(crate) async fn invoke_streaming(
        self: &Arc<Self>,
        invoke: Invoke<'_>,
    ) -> (RequestId, Result<Streamed, Refusal>) {
        let (request_id, admitted) = self.step(|engine, now| {
            let (request_id, admitted) = engine.invoke(now, invoke);
            let promised =
                admitted.map(|()| (self.streams.open(request_id), self.waiters.expect_answer(request_id)));
            (request_id, promised)
        });
        match admitted {
            Ok((pieces, answer)) => {
                let pieces = Pieces::new(Arc::clone(self), request_id, pieces, answer);
                (request_id, pieces.begin().await)
            }
            Err(refusal) => (request_id, Err(refusal)),
        }
    }

    /// The way to a caller who takes an answer piece by piece, if it does.
    pub(crate) fn stream(&self, request_id: RequestId) -> Option<Sender<Piece>> {
        self.streams.sender(request_id)
    }

    /// Receives messages, waiting for them as long as the request says.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        queue: &str,
        request: ReceiveRequest,
    ) -> Result<Vec<Delivery>, SqsError> {
        let received = self.step(|engine, now| {
            engine.admit_queue_request(now, queue, QueueRequest::Receive)?;
            let received = engine.receive_message(now, queue, request)?;
            Ok(match received {
                Receive::Messages(messages) => Err(messages),
                Receive::Waiting(receiver) => Ok((receiver, self.waiters.expect_messages(receiver))),
            })
        })?;
        match received {
            Err(messages) => Ok(messages),
            Ok((receiver, messages)) => {
                // When the caller hangs up, the engine must not give its
                // messages to nobody.
                let guard = ReceiverGuard::new(self, queue, receiver);
                let messages = messages.wait().await;
                guard.disarm();
                Ok(messages)
            }
        }
    }

    /// Takes news of an environment to the engine, which passes over those of
    /// one that was told to end while they waited for the lock.
    pub(crate) fn report(&self, report: Report) {
        self.step(|engine, now| engine.report(now, report));
    }

    /// The clock that everything goes by.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The logs of all functions.
    pub(crate) fn logs(&self) -> &LogStore {
        &self.logs
    }

    /// Ends every environment and forgets everything.
    pub(crate) fn reset(&self) {
        self.step(|engine, now| {
            engine.reset(now);
            self.logs.clear();
        });
        self.lock().real_code.reset();
    }

    /// Does what is due until `now`, in the order in which it is due: news of
    /// simulated environments before deadlines of the same moment.
    fn catch_up(&self, state: &mut State, now: Timestamp) {
        loop {
            let news = state.handlers.next_due().filter(|due| *due <= now);
            let deadline = state.engine.next_deadline().filter(|due| *due <= now);
            match (news, deadline) {
                (None, None) => return,
                (Some(news), Some(deadline)) if deadline < news => state.engine.tick(deadline),
                (None, Some(deadline)) => state.engine.tick(deadline),
                (Some(due), _) => {
                    if let Some(report) = state.handlers.pop_due(due) {
                        state.engine.report(due, report);
                    }
                }
            }
            self.carry_out(state);
        }
    }

    fn carry_out(&self, state: &mut State) {
        let State {
            engine,
            handlers,
            effects,
            facts,
            real_code,
            #[cfg(test)]
            journal,
            ..
        } = state;
        engine.take_facts(facts);
        self.logs.note(facts);
        self.processes.note(facts);
        #[cfg(test)]
        journal.extend_from_slice(facts);
        engine.take_effects(effects);
        let mut records = Vec::new();
        for effect in effects.drain(..) {
            match effect {
                Effect::Start(start) => {
                    if let Some(start) = handlers.start(start) {
                        self.processes.start(start);
                    }
                }
                Effect::Restart { environment, incarnation, at } => {
                    handlers.restart(environment, incarnation, at);
                    self.processes.restart(environment, incarnation);
                }
                Effect::Halt { environment } => {
                    handlers.halt(environment);
                    self.processes.halt(environment);
                }
                Effect::Dispatch(dispatch) => {
                    if let Some(dispatch) = handlers.dispatch(dispatch) {
                        if let Some(function) = self.processes.function_of(dispatch.environment) {
                            real_code.note(&function, self.clock.settings());
                        }
                        self.processes.dispatch(dispatch);
                    }
                }
                Effect::Stop { environment } => {
                    handlers.stop(environment);
                    self.processes.stop(environment);
                }
                Effect::Respond { request_id, environment, version, outcome } => {
                    let at = engine.now();
                    self.waiters.answer(request_id, Ok(Answer { environment, version, outcome, at }));
                }
                Effect::Refuse { request_id, refusal } => {
                    self.waiters.answer(request_id, Err(refusal));
                }
                Effect::SendRecord(record) => records.push(record),
                Effect::Filter(request) => self.filters.ask(*request),
                Effect::Deliver { receiver, messages } => self.waiters.deliver(receiver, messages),
            }
        }
        // A record is sent like any other message or event, so it has effects
        // of its own.
        for record in records {
            records::send(&mut state.engine, &self.identity, &record);
            self.carry_out(state);
        }
    }

    fn wake_if_earlier(&self, state: &mut State) {
        let next = state.next_deadline();
        let earlier = match (next, state.sleeping_until) {
            (Some(next), Some(until)) => next < until,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if earlier {
            state.sleeping_until = next;
            self.earlier_deadline.notify_one();
        }
    }
}

impl State {
    fn next_deadline(&self) -> Option<Timestamp> {
        [self.engine.next_deadline(), self.handlers.next_due()].into_iter().flatten().min()
    }

    /// When work that waits goes on. What a simulated environment does is all work.
    fn next_work(&self) -> Option<Timestamp> {
        [self.engine.next_work(), self.handlers.next_due()].into_iter().flatten().min()
    }
}
