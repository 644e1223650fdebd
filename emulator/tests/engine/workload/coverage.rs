//! What a workload has met: a rule that never applies is never tested.

use std::collections::BTreeMap;

use emulator::engine::{
    AllocationStatus, Effect, Ending, EventEnding, InitPhase, Limit, MoveTaskStatus, Pool, ResetReason,
    StopReason, What,
};

/// How often each thing happened that some rule is about.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    pub(crate) fn note(&mut self, thing: &'static str) {
        *self.0.entry(thing).or_default() += 1;
    }

    pub(super) fn note_fact(&mut self, what: &What) {
        for thing in things(what).into_iter().flatten() {
            self.note(thing);
        }
    }

    pub(super) fn note_effect(&mut self, effect: &Effect) {
        if let Effect::Refuse { .. } = effect {
            self.note("refused after waiting");
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (thing, count) in other.0 {
            *self.0.entry(thing).or_default() += count;
        }
    }

    /// What has happened less than so often.
    pub(crate) fn rare(&self, least: u64) -> Vec<&'static str> {
        EVERYTHING
            .iter()
            .copied()
            .filter(|thing| self.0.get(thing).is_none_or(|count| *count < least))
            .collect()
    }
}

/// All that should happen in a run of many seeds.
const EVERYTHING: &[&str] = &[
    "waited for an environment to rest",
    "refused after waiting",
    "answered early",
    "on provisioned concurrency",
    "spillover",
    "from a reservation",
    "of a weighted alias",
    "AccountRate",
    "ReservedRate",
    "Reserved",
    "Unreserved",
    "ScalingRate",
    "provisioned Ready",
    "provisioned Failed",
    "provisioned HostFailed",
    "init failed",
    "init failed again",
    "init took too long",
    "restarted",
    "reset after a timeout",
    "reset after an exit",
    "reset after failed inits",
    "reclaimed",
    "retired",
    "outdated",
    "unprovisioned",
    "host failure",
    "event succeeded",
    "event retries exhausted",
    "event too old",
    "event to a reservation of 0",
    "event too deep",
    "event deleted",
    "record sent",
    "record not taken",
    "received in order",
    "a duplicate",
    "another delay",
    "a repeated receive",
    "a noisy group",
    "a group quiet again",
    "dead-lettered",
    "expired",
    "a message moved",
    "a move completed",
    "a move cancelled",
    "a move failed",
    "a large fleet",
    "a small fleet",
    "filtered out",
    "a part of a batch failed",
    "a batch failed",
    "a batch lapsed",
];

fn things(what: &What) -> [Option<&'static str>; 2] {
    match what {
        What::Admitted { pool, spillover, .. } => {
            let pool = match pool {
                Pool::Provisioned => Some("on provisioned concurrency"),
                Pool::Reserved => Some("from a reservation"),
                Pool::Unreserved => None,
            };
            [pool, spillover.then_some("spillover")]
        }
        What::AliasChanged { additional: Some(_), .. } => [Some("of a weighted alias"), None],
        What::Throttled { limit, .. } => {
            let limit = match limit {
                Limit::AccountRate => "AccountRate",
                Limit::ReservedRate => "ReservedRate",
                Limit::Reserved => "Reserved",
                Limit::Unreserved => "Unreserved",
                Limit::ScalingRate => "ScalingRate",
            };
            [Some(limit), None]
        }
        What::ProvisionedChanged { requested: Some(_), status, .. } => {
            let status = match status {
                AllocationStatus::Ready => Some("provisioned Ready"),
                AllocationStatus::Failed => Some("provisioned Failed"),
                AllocationStatus::HostFailed => Some("provisioned HostFailed"),
                AllocationStatus::InProgress => None,
            };
            [status, None]
        }
        What::InitFailed { phase, error_type, .. } => {
            let phase = match phase {
                InitPhase::Init => "init failed",
                InitPhase::Invoke => "init failed again",
            };
            [Some(phase), error_type.is_none().then_some("init took too long")]
        }
        What::InitRestarted { .. } => [Some("restarted"), None],
        What::EnvironmentReset { reason, .. } => {
            let reason = match reason {
                ResetReason::Timeout => "reset after a timeout",
                ResetReason::Exit => "reset after an exit",
                ResetReason::InitFailure => "reset after failed inits",
            };
            [Some(reason), None]
        }
        What::EnvironmentStopped { reason, .. } => {
            let reason = match reason {
                StopReason::IdleReclaim => Some("reclaimed"),
                StopReason::Retired => Some("retired"),
                StopReason::Outdated => Some("outdated"),
                StopReason::Unprovisioned => Some("unprovisioned"),
                StopReason::HostFailure | StopReason::InitFailure | StopReason::Reset => None,
            };
            [reason, None]
        }
        What::InvokeEnded { ending: Ending::HostFailure, .. } => [Some("host failure"), None],
        What::EventEnded { ending, .. } => {
            let ending = match ending {
                EventEnding::Succeeded => "event succeeded",
                EventEnding::RetriesExhausted => "event retries exhausted",
                EventEnding::EventAgeExceeded => "event too old",
                EventEnding::ZeroReservedConcurrency => "event to a reservation of 0",
                EventEnding::RecursiveLoop => "event too deep",
                EventEnding::FunctionDeleted => "event deleted",
            };
            [Some(ending), None]
        }
        What::Answered { .. } => [Some("answered early"), None],
        What::RecordSent { delivered, .. } => {
            [Some(if *delivered { "record sent" } else { "record not taken" }), None]
        }
        What::FunctionChanged { .. }
        | What::FunctionDeleted { .. }
        | What::VersionDeleted { .. }
        | What::AliasChanged { additional: None, .. }
        | What::AliasDeleted { .. }
        | What::ProvisionedChanged { requested: None, .. }
        | What::ReservedConcurrencySet { .. }
        | What::InitStarted { .. }
        | What::InitEnded { .. }
        | What::InvokeStarted { .. }
        | What::InvokeEnded { .. }
        | What::EnvironmentIdle { .. }
        | What::EventAccepted { .. }
        | What::EventDelayed { .. } => [None, None],
        What::MessageDeduplicated { .. } => [Some("a duplicate"), None],
        What::DelayChanged { .. } => [Some("another delay"), None],
        What::ReceiveRepeated { .. } => [Some("a repeated receive"), None],
        What::GroupChanged { noisy, .. } => {
            [Some(if *noisy { "a noisy group" } else { "a group quiet again" }), None]
        }
        What::MessageMoved { .. } => [Some("a message moved"), None],
        What::MoveTaskChanged { status, .. } => {
            let status = match status {
                MoveTaskStatus::Completed => Some("a move completed"),
                MoveTaskStatus::Cancelled => Some("a move cancelled"),
                MoveTaskStatus::Failed(_) => Some("a move failed"),
                MoveTaskStatus::Running | MoveTaskStatus::Cancelling => None,
            };
            [status, None]
        }
        What::MessageReceived { queue, .. } => {
            [queue.as_str().ends_with(".fifo").then_some("received in order"), None]
        }
        What::MessageDeadLettered { .. } => [Some("dead-lettered"), None],
        What::MessageExpired { .. } => [Some("expired"), None],
        What::PollersScaled { pollers, .. } => {
            let what = if *pollers > 5 { Some("a large fleet") } else { None };
            [what, (*pollers == 2).then_some("a small fleet")]
        }
        What::EventsFiltered { .. } => [Some("filtered out"), None],
        What::BatchSettled { events, deleted, .. } => {
            let partial = *deleted > 0 && deleted < events;
            [partial.then_some("a part of a batch failed"), (*deleted == 0).then_some("a batch failed")]
        }
        What::BatchLapsed { .. } => [Some("a batch lapsed"), None],
        What::QueueCreated { .. }
        | What::QueueDeleted { .. }
        | What::QueuePurged { .. }
        | What::MessageSent { .. }
        | What::MessageVisible { .. }
        | What::VisibilityChanged { .. }
        | What::MessageDeleted { .. }
        | What::ReceiveEmpty { .. }
        | What::MappingChanged { .. }
        | What::EventsPolled { .. } => [None, None],
    }
}
