//! Requests that arrive a moment too early.
//!
//! On AWS an environment asks for its next event while its answer is still on
//! the way to the caller. Over loopback the caller is faster, and its next
//! request would meet a busy environment that on AWS it never meets. So a
//! request that finds no idle environment waits for one that has just answered,
//! for [`Quotas::arrival_grace`](crate::engine::Quotas::arrival_grace) at most.

use std::collections::VecDeque;

use super::invocation::{Origin, Request};
use super::qualifier::Version;
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::effect::Effect;
use crate::engine::error::Refusal;
use crate::engine::ids::{FunctionName, RequestId};
use crate::engine::time::Timestamp;

/// When a request came, and the version that it was routed to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    at: Timestamp,
    pub(super) version: Version,
}

/// A function's requests that wait for an environment to rest.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    waiting: VecDeque<Request>,
    /// Environments that have answered and not yet asked for more.
    answered: u32,
    last_answer: Timestamp,
    alarm: Option<AlarmKey>,
}

impl Arrivals {
    pub(super) fn are_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// An environment has answered.
    pub(super) fn note_answer(&mut self, now: Timestamp) {
        self.answered += 1;
        self.last_answer = now;
    }

    /// It rests, or is gone.
    pub(super) fn note_rest(&mut self) {
        self.answered = self.answered.saturating_sub(1);
    }
}

impl Engine {
    /// Whether a request that would be refused, or start an environment, does
    /// better to wait a moment.
    pub(super) fn may_wait(&self, now: Timestamp, request: &Request) -> bool {
        let grace = self.quotas.arrival_grace;
        let Some(function) = self.functions.get(&request.function) else { return false };
        matches!(request.origin, Origin::Caller)
            && function.arrivals.answered > 0
            && now < function.arrivals.last_answer + grace
            && request.arrived.is_none_or(|arrival| now < arrival.at + grace)
    }

    pub(super) fn wait_for_rest(&mut self, now: Timestamp, mut request: Request, version: Version) {
        // Who came first is the first in the queue, and sets the alarm.
        let arrival = *request.arrived.get_or_insert(Arrival { at: now, version });
        let at = arrival.at + self.quotas.arrival_grace;
        let Some(function) = self.functions.get_mut(&request.function) else { return };
        if function.arrivals.alarm.is_none() {
            let alarm = self.alarms.set(at, Alarm::EndArrival(request.function.clone()));
            function.arrivals.alarm = Some(alarm);
        }
        function.arrivals.waiting.push_back(request);
    }

    pub(in crate::engine) fn arrival_grace_passed(&mut self, now: Timestamp, name: &FunctionName) {
        if let Some(function) = self.functions.get_mut(name) {
            function.arrivals.alarm = None;
            self.resume_arrivals(now, name);
        }
    }

    /// Asks again for those that wait; who still may goes on waiting. What one
    /// finds nothing for, no later one of the same version would find.
    pub(super) fn resume_arrivals(&mut self, now: Timestamp, name: &FunctionName) {
        let Some(function) = self.functions.get_mut(name) else { return };
        if function.arrivals.waiting.is_empty() {
            return;
        }
        function.arrivals.alarm.take().into_iter().for_each(|key| self.alarms.cancel(key));
        let mut nothing_for = None;
        for request in std::mem::take(&mut function.arrivals.waiting) {
            let (request_id, version) = (request.request_id, request.arrived.map(|arrival| arrival.version));
            if nothing_for.is_some() && nothing_for == version {
                self.put_back(name, request);
            } else if let Err((_, refusal)) = self.admit(now, request) {
                self.effects.push(Effect::Refuse { request_id, refusal });
            } else if self.waits_last(name, request_id) {
                nothing_for = version;
            }
        }
    }

    fn put_back(&mut self, name: &FunctionName, request: Request) {
        if let Some(function) = self.functions.get_mut(name) {
            function.arrivals.waiting.push_back(request);
        }
    }

    fn waits_last(&self, name: &FunctionName, request_id: RequestId) -> bool {
        let last = self.functions.get(name).and_then(|function| function.arrivals.waiting.back());
        last.is_some_and(|last| last.request_id == request_id)
    }

    /// The function goes: nobody waits for it any more.
    pub(super) fn refuse_arrivals(&mut self, name: &FunctionName) {
        let Some(function) = self.functions.get_mut(name) else { return };
        function.arrivals.alarm.take().into_iter().for_each(|key| self.alarms.cancel(key));
        for request in std::mem::take(&mut function.arrivals.waiting) {
            let refusal = Refusal::FunctionNotFound(request.function, request.qualifier);
            self.effects.push(Effect::Refuse { request_id: request.request_id, refusal });
        }
    }
}
