//! The EventInvokeQueue: Lambda's internal queue of asynchronous events.
//!
//! It knows no environment and no permit: when an event is due it asks to be
//! admitted like everybody else. A million waiting events are a million small
//! records and one alarm.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::invocation::{Invoke, Origin, Request, Trace};
use super::qualifier::Qualifier;
use super::transition::FunctionState;
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::effect::{Attempt, Effect, InvocationRecord, Outcome, Payload, RecordTarget};
use crate::engine::error::Refusal;
use crate::engine::fact::{EventEnding, What};
use crate::engine::ids::{FunctionName, FunctionNumber, RequestId};
use crate::engine::time::Timestamp;

/// One accepted event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) request_id: RequestId,
    /// What it was sent to; an alias is resolved anew for each attempt.
    pub(crate) qualifier: Qualifier,
    pub(crate) payload: Bytes,
    pub(crate) client_context: Option<Arc<str>>,
    pub(crate) trace: Trace,
    pub(crate) accepted: Timestamp,
    /// Attempts that the function got, however they ended.
    pub(crate) attempts: u32,
    /// Attempts that the function failed; throttles are not counted.
    pub(crate) failures: usize,
    /// Refusals since the last attempt, for their back-off.
    pub(crate) refusals: u32,
    /// What the last attempt gave.
    pub(crate) last: Option<Attempt>,
}

/// A function's waiting events, by when each is due.
#[derive(Debug, Default)]
pub(crate) struct EventInvokeQueue {
    waiting: BTreeMap<(Timestamp, u64), Event>,
    /// Events put here so far, new or again: what is due at one moment keeps
    /// its order.
    put: u64,
    pub(crate) in_flight: usize,
    alarm: Option<(Timestamp, AlarmKey)>,
}

impl EventInvokeQueue {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The alarm that is set, for a function that goes.
    pub(crate) fn take_alarm(&mut self) -> Option<AlarmKey> {
        self.alarm.take().map(|(_, key)| key)
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Event> + use<> {
        std::mem::take(&mut self.waiting).into_values()
    }

    fn put(&mut self, due: Timestamp, event: Event) {
        self.put += 1;
        self.waiting.insert((due, self.put), event);
    }

    fn pop_due(&mut self, now: Timestamp) -> Option<Event> {
        let first = self.waiting.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|(key, _)| key.0)
    }
}

impl Engine {
    /// Accepts an asynchronous invocation (`InvocationType: Event`). Only a
    /// missing or unfinished function is refused; limits are not asked.
    pub fn invoke_event(&mut self, now: Timestamp, invoke: Invoke<'_>) -> Result<RequestId, Refusal> {
        self.tick(now);
        let request_id = RequestId(self.rng.uuid());
        let Invoke { function: name, qualifier, payload, client_context, trace, .. } = invoke;
        let missing = || Refusal::FunctionNotFound(name.into(), qualifier.clone());
        let function = self.functions.get_mut(name).ok_or_else(missing)?;
        let version = function.main_version(&qualifier).and_then(|version| function.version(version));
        version.ok_or_else(missing)?;
        if function.state() == FunctionState::Pending {
            return Err(Refusal::Pending);
        }
        let name = function.name().clone();
        let event = Event {
            request_id,
            qualifier,
            payload,
            client_context,
            trace,
            accepted: now,
            attempts: 0,
            failures: 0,
            refusals: 0,
            last: None,
        };
        function.events.put(now, event);
        self.record(now, What::EventAccepted { request_id, function: name.clone() });
        self.try_events(now, &name);
        Ok(request_id)
    }

    /// Asks to admit the events that are due, and sets the alarm for the next.
    pub(in crate::engine) fn try_events(&mut self, now: Timestamp, name: &FunctionName) {
        while let Some(function) = self.functions.get_mut(name)
            && let Some(event) = function.events.pop_due(now)
        {
            function.events.in_flight += 1;
            if function.reserved_limit() == Some(0) {
                self.end_event(now, name, &event, EventEnding::ZeroReservedConcurrency);
                continue;
            }
            let request = Request {
                request_id: event.request_id,
                function: name.clone(),
                qualifier: event.qualifier.clone(),
                payload: Payload::Json(event.payload.clone()),
                client_context: event.client_context.clone(),
                trace: event.trace.clone(),
                streams: false,
                wants_log: false,
                origin: Origin::Event(Box::new(event)),
                arrived: None,
            };
            if let Err((Origin::Event(event), refusal)) = self.admit(now, request) {
                self.event_refused(now, name, *event, &refusal);
            }
        }
        self.arm_events(now, name);
    }

    fn event_refused(&mut self, now: Timestamp, name: &FunctionName, event: Event, refusal: &Refusal) {
        match refusal {
            Refusal::Throttled(_) | Refusal::Pending => self.delay_refused(now, name, event),
            Refusal::Recursive => self.end_event(now, name, &event, EventEnding::RecursiveLoop),
            Refusal::FunctionNotFound(..) => self.end_event(now, name, &event, EventEnding::FunctionDeleted),
        }
    }

    /// Takes an event back from the attempt that just ended.
    pub(super) fn settle_event(
        &mut self,
        now: Timestamp,
        name: &FunctionName,
        number: FunctionNumber,
        mut event: Event,
        attempt: Attempt,
    ) {
        if self.functions.get(name).is_none_or(|function| function.number != number) {
            return self.end_orphan(now, name, event.request_id, &attempt.outcome);
        }
        let outcome = attempt.outcome.clone();
        match outcome {
            Outcome::HostFailure(_) => self.delay_refused(now, name, event),
            Outcome::Success(_) | Outcome::FunctionError(_) => {
                event.attempts += 1;
                event.last = Some(attempt);
                if matches!(outcome, Outcome::Success(_)) {
                    self.end_event(now, name, &event, EventEnding::Succeeded);
                } else {
                    self.delay_failed(now, name, event);
                }
            }
        }
        self.arm_events(now, name);
    }

    /// An event whose function is gone: it was the last attempt.
    fn end_orphan(&mut self, now: Timestamp, name: &FunctionName, request_id: RequestId, outcome: &Outcome) {
        let ending = match outcome {
            Outcome::Success(_) => EventEnding::Succeeded,
            Outcome::FunctionError(_) | Outcome::HostFailure(_) => EventEnding::FunctionDeleted,
        };
        self.record(now, What::EventEnded { request_id, function: name.clone(), ending });
    }

    /// A function error spends an attempt and waits a minute, then two.
    fn delay_failed(&mut self, now: Timestamp, name: &FunctionName, mut event: Event) {
        let config = self.functions.get(name).map(|function| function.event_config(&event.qualifier));
        let allowed = config.and_then(|config| config.maximum_retry_attempts).unwrap_or(2) as usize;
        let delay = self.quotas.event_error_delays.get(event.failures);
        let Some(&delay) = delay.filter(|_| event.failures < allowed) else {
            return self.end_event(now, name, &event, EventEnding::RetriesExhausted);
        };
        event.failures += 1;
        event.refusals = 0;
        self.delay_event(now, name, now + delay, event);
    }

    /// A throttle spends no attempt; the wait doubles with each.
    fn delay_refused(&mut self, now: Timestamp, name: &FunctionName, mut event: Event) {
        event.refusals += 1;
        let delay = self.quotas.event_throttle_backoff.after(event.refusals);
        self.delay_event(now, name, now + delay, event);
    }

    /// Lets an event wait, unless it would be too old then: AWS gives it up at
    /// once, not when its time is over.
    fn delay_event(&mut self, now: Timestamp, name: &FunctionName, due: Timestamp, event: Event) {
        let request_id = event.request_id;
        let Some(function) = self.functions.get_mut(name) else {
            return self.end_event(now, name, &event, EventEnding::FunctionDeleted);
        };
        let config = function.event_config(&event.qualifier);
        let max_age = config.maximum_event_age.unwrap_or(self.quotas.event_max_age);
        if due > event.accepted + max_age {
            return self.end_event(now, name, &event, EventEnding::EventAgeExceeded);
        }
        function.events.in_flight = function.events.in_flight.saturating_sub(1);
        function.events.put(due, event);
        self.record(now, What::EventDelayed { request_id, function: name.clone(), until: due });
    }

    fn end_event(&mut self, now: Timestamp, name: &FunctionName, event: &Event, ending: EventEnding) {
        if let Some(function) = self.functions.get_mut(name) {
            function.events.in_flight = function.events.in_flight.saturating_sub(1);
        }
        let request_id = event.request_id;
        self.record(now, What::EventEnded { request_id, function: name.clone(), ending });
        self.send_records(now, name, event, ending);
    }

    /// Brings what became of an event where its function's settings say. A
    /// dead-letter queue and a destination both get it: not documented.
    fn send_records(&mut self, now: Timestamp, name: &FunctionName, event: &Event, ending: EventEnding) {
        let Some(function) = self.functions.get(name) else { return };
        let config = function.event_config(&event.qualifier);
        let version = function.main_version(&event.qualifier).and_then(|version| function.version(version));
        let dead_letter = version.and_then(|version| version.spec.dead_letter_target.clone());
        let targets = match ending {
            EventEnding::Succeeded => [config.on_success.map(RecordTarget::OnSuccess), None],
            EventEnding::FunctionDeleted => [None, None],
            EventEnding::RetriesExhausted
            | EventEnding::EventAgeExceeded
            | EventEnding::ZeroReservedConcurrency
            | EventEnding::RecursiveLoop => {
                [config.on_failure.map(RecordTarget::OnFailure), dead_letter.map(RecordTarget::DeadLetter)]
            }
        };
        for target in targets.into_iter().flatten() {
            self.effects.push(Effect::SendRecord(Box::new(InvocationRecord {
                target,
                request_id: event.request_id,
                function: name.clone(),
                qualifier: event.qualifier.clone(),
                ending,
                attempts: event.attempts,
                payload: event.payload.clone(),
                last: event.last.clone(),
                trace: event.trace.clone(),
                at: now,
            })));
        }
    }

    /// Notes whether a record's destination took it.
    pub fn record_sent(&mut self, now: Timestamp, record: &InvocationRecord, delivered: bool) {
        let (request_id, function, target) =
            (record.request_id, record.function.clone(), record.target.clone());
        self.record(now, What::RecordSent { request_id, function, target, delivered });
    }

    /// Keeps one alarm per function, for its earliest event.
    fn arm_events(&mut self, now: Timestamp, name: &FunctionName) {
        let Some(function) = self.functions.get_mut(name) else { return };
        let due = function.events.next_due().map(|due| due.max(now));
        if due == function.events.alarm.map(|(at, _)| at) {
            return;
        }
        if let Some((_, key)) = function.events.alarm.take() {
            self.alarms.cancel(key);
        }
        function.events.alarm = due.map(|at| (at, self.alarms.set(at, Alarm::TryEvents(name.clone()))));
    }

    pub(in crate::engine) fn events_alarm_rang(&mut self, now: Timestamp, name: &FunctionName) {
        if let Some(function) = self.functions.get_mut(name) {
            function.events.alarm = None;
            self.try_events(now, name);
        }
    }
}
