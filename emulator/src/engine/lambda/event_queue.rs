//! The EventInvokeQueue: Lambda's internal queue of asynchronous events.
//!
//! It knows no environment and no permit: when an event is due it asks to be
//! admitted like everybody else. A million waiting events are a million small
//! records and one alarm.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::invocation::{Origin, Request};
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::effect::{Outcome, Payload};
use crate::engine::error::{LambdaError, Refusal, ThrottleReason};
use crate::engine::fact::{EventEnding, What};
use crate::engine::ids::{FunctionName, FunctionNumber, RequestId};
use crate::engine::time::Timestamp;

/// One accepted event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) request_id: RequestId,
    pub(crate) payload: Bytes,
    pub(crate) accepted: Timestamp,
    /// Attempts that the function failed; throttles are not counted.
    pub(crate) failures: usize,
    /// Refusals since the last attempt, for their back-off.
    pub(crate) refusals: u32,
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
    /// Accepts an asynchronous invocation (`InvocationType: Event`). It is
    /// always accepted; only a missing function is refused.
    pub fn invoke_event(
        &mut self,
        now: Timestamp,
        name: &str,
        payload: Bytes,
    ) -> Result<RequestId, LambdaError> {
        self.tick(now);
        let request_id = RequestId(self.rng.uuid());
        let function = self.function_mut(name)?;
        let name = function.latest.name.clone();
        let event = Event { request_id, payload, accepted: now, failures: 0, refusals: 0 };
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
            let zero = function.reserved_limit() == Some(0);
            if zero {
                self.end_event(now, name, event.request_id, EventEnding::ZeroReservedConcurrency);
                continue;
            }
            let request = Request {
                request_id: event.request_id,
                function: name.clone(),
                payload: Payload::Json(event.payload.clone()),
                origin: Origin::Event(event),
            };
            if let Err((Origin::Event(event), refusal)) = self.admit(now, request) {
                self.event_refused(now, name, event, &refusal);
            }
        }
        self.arm_events(now, name);
    }

    fn event_refused(&mut self, now: Timestamp, name: &FunctionName, event: Event, refusal: &Refusal) {
        match refusal {
            Refusal::Throttled(
                ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded
                | ThrottleReason::ConcurrentInvocationLimitExceeded,
            ) => self.delay_refused(now, name, event),
            Refusal::FunctionNotFound(_) => {
                self.end_event(now, name, event.request_id, EventEnding::FunctionDeleted);
            }
        }
    }

    /// Takes an event back from the attempt that just ended.
    pub(super) fn settle_event(
        &mut self,
        now: Timestamp,
        name: &FunctionName,
        number: FunctionNumber,
        event: Event,
        outcome: &Outcome,
    ) {
        if self.functions.get(name).is_none_or(|function| function.number != number) {
            return self.end_orphan(now, name, event.request_id, outcome);
        }
        match outcome {
            Outcome::Success(_) => self.end_event(now, name, event.request_id, EventEnding::Succeeded),
            Outcome::FunctionError(_) => self.delay_failed(now, name, event),
            Outcome::HostFailure(_) => self.delay_refused(now, name, event),
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
        let Some(&delay) = self.quotas.event_error_delays.get(event.failures) else {
            return self.end_event(now, name, event.request_id, EventEnding::RetriesExhausted);
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

    fn delay_event(&mut self, now: Timestamp, name: &FunctionName, due: Timestamp, event: Event) {
        let request_id = event.request_id;
        if due > event.accepted + self.quotas.event_max_age {
            return self.end_event(now, name, request_id, EventEnding::EventAgeExceeded);
        }
        let Some(function) = self.functions.get_mut(name) else {
            return self.end_event(now, name, request_id, EventEnding::FunctionDeleted);
        };
        function.events.in_flight = function.events.in_flight.saturating_sub(1);
        function.events.put(due, event);
        self.record(now, What::EventDelayed { request_id, function: name.clone(), until: due });
    }

    fn end_event(&mut self, now: Timestamp, name: &FunctionName, request_id: RequestId, ending: EventEnding) {
        if let Some(function) = self.functions.get_mut(name) {
            function.events.in_flight = function.events.in_flight.saturating_sub(1);
        }
        self.record(now, What::EventEnded { request_id, function: name.clone(), ending });
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
