//! An independent account of the facts: it knows AWS's rules and the facts'
//! vocabulary, and nothing of how the engine comes to its decisions.
//!
//! It is fed every fact in order, the settings that clients were granted (the
//! facts do not carry them), and the effects of each step. Whatever breaks a
//! rule comes back as a [`Violation`].

/// Leaves with an explanation when a rule does not hold.
macro_rules! rule {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

mod admissions;
mod arrivals;
mod closing;
mod environments;
mod events;
mod functions;
mod grants;
mod inits;
mod invocations;
mod mappings;
mod messages;
mod provisioned;
mod queues;
mod rates;
mod records;
mod rests;
mod shares;
mod steps;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use emulator::engine::{
    EnvironmentId, EventInvokeConfig, Fact, FunctionName, MappingId, MessageId, Qualifier, QueueAttributes,
    QueueName, Quotas, RequestId, ThrottleReason, Timestamp, Uuid, Version, What,
};

use arrivals::Arrival;
use environments::EnvironmentBook;
use events::EventBook;
use functions::FunctionBook;
use grants::{GrantedEvent, GrantedMapping};
use invocations::Running;
use mappings::MappingBook;
use queues::QueueBook;
use rates::Bucket;
use records::{Outstanding, Record};
use shares::Shares;

pub(crate) use queues::Receipt;

/// What an audit of one thing says: nothing, or the rule that was broken.
type Verdict = Result<(), String>;

/// A broken rule, and the fact that broke it.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) rule: String,
    pub(crate) fact: Option<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)?;
        self.fact.iter().try_for_each(|fact| write!(f, "\n  at the fact {fact}"))
    }
}

/// The books of one account.
#[derive(Debug)]
pub(crate) struct Auditor {
    quotas: Quotas,
    now: Timestamp,
    facts: u64,
    account_rate: Bucket,
    functions: BTreeMap<FunctionName, FunctionBook>,
    /// Functions ever made. A name that is used again is another function.
    generations: u64,
    revisions: HashSet<Uuid>,
    allocations_begun: u64,
    /// Callers' requests that are neither admitted nor refused.
    waiting: HashMap<RequestId, Arrival>,
    running: HashMap<RequestId, Running>,
    ended: HashSet<RequestId>,
    shares: Shares,
    environments: BTreeMap<EnvironmentId, EnvironmentBook>,
    newest_environment: EnvironmentId,
    events: HashMap<RequestId, EventBook>,
    /// Records that are on their way to their destinations.
    outstanding: Outstanding,
    queues: BTreeMap<QueueName, QueueBook>,
    /// Queues whose messages a task moves.
    moving: BTreeSet<QueueName>,
    mappings: BTreeMap<MappingId, MappingBook>,
    granted_queues: BTreeMap<QueueName, QueueAttributes>,
    granted_mappings: BTreeMap<MappingId, GrantedMapping>,
    granted_events: HashMap<RequestId, GrantedEvent>,
    /// Functions whose chains of requests are not stopped.
    granted_loops: BTreeSet<FunctionName>,
    granted_configs: BTreeMap<(FunctionName, Qualifier), EventInvokeConfig>,
    asked_visibility: Option<(QueueName, MessageId, Timestamp)>,
    resetting: bool,
    owed: Owed,
    step: Step,
}

/// What must follow before time goes on.
#[derive(Debug, Default)]
struct Owed {
    /// Environments between two states.
    environments: BTreeSet<EnvironmentId>,
    /// Events whose attempt is over and that are neither delayed nor ended.
    events: BTreeSet<RequestId>,
    /// Versions whose environments or events went as if they were deleted.
    deletions: BTreeSet<(FunctionName, Version)>,
    /// Versions whose environments went as if they were not provisioned.
    releases: BTreeSet<(FunctionName, Version)>,
    /// Callers that were told of a throttle.
    refusals: BTreeMap<RequestId, ThrottleReason>,
}

/// What happened since the engine was last asked for its effects.
#[derive(Debug, Default)]
struct Step {
    handed_over: Vec<HandOver>,
    answered: Vec<RequestId>,
    refused: Vec<(RequestId, ThrottleReason)>,
    records: Vec<Record>,
    received: HashMap<Receipt, Received>,
    deleted: HashSet<Receipt>,
    succeeded: HashSet<RequestId>,
}

/// What a runtime must be told, in this order.
#[derive(Debug, PartialEq, Eq)]
enum HandOver {
    Start(EnvironmentId),
    Restart(EnvironmentId, u32),
    Dispatch(EnvironmentId, RequestId),
    Halt(EnvironmentId),
    Stop(EnvironmentId),
}

/// One receive, until its receiver is known.
#[derive(Debug, Clone, Copy)]
struct Received {
    at: Timestamp,
    visible_at: Timestamp,
    by_queue: Timestamp,
}

impl Auditor {
    pub(crate) fn new(quotas: Quotas) -> Self {
        Self {
            account_rate: Bucket::full(functions::request_rate(&quotas, quotas.account_concurrency)),
            quotas,
            now: Timestamp::default(),
            facts: 0,
            functions: BTreeMap::new(),
            generations: 0,
            revisions: HashSet::new(),
            allocations_begun: 0,
            waiting: HashMap::new(),
            running: HashMap::new(),
            ended: HashSet::new(),
            shares: Shares::default(),
            environments: BTreeMap::new(),
            newest_environment: EnvironmentId(0),
            events: HashMap::new(),
            outstanding: Outstanding::default(),
            queues: BTreeMap::new(),
            moving: BTreeSet::new(),
            mappings: BTreeMap::new(),
            granted_queues: BTreeMap::new(),
            granted_mappings: BTreeMap::new(),
            granted_events: HashMap::new(),
            granted_loops: BTreeSet::new(),
            granted_configs: BTreeMap::new(),
            asked_visibility: None,
            resetting: false,
            owed: Owed::default(),
            step: Step::default(),
        }
    }

    /// How many facts were audited.
    pub(crate) fn facts(&self) -> u64 {
        self.facts
    }

    /// Audits the next fact.
    pub(crate) fn audit(&mut self, fact: &Fact) -> Result<(), Violation> {
        self.facts += 1;
        let verdict = self.pass_time(fact.at);
        verdict
            .and_then(|()| self.enter(fact.at, &fact.what))
            .map_err(|rule| Violation { rule, fact: Some(format!("{fact:?}")) })
    }

    fn pass_time(&mut self, at: Timestamp) -> Verdict {
        rule!(at >= self.now, "time went back from {:?}", self.now);
        if at > self.now {
            self.nothing_is_owed()?;
            self.nobody_waits_beyond(at)?;
            self.now = at;
        }
        Ok(())
    }

    fn nothing_is_owed(&self) -> Verdict {
        // Refusals are told before their facts are read: see `the_refused_know`.
        let Owed { environments, events, deletions, releases, refusals: _ } = &self.owed;
        rule!(environments.is_empty(), "environments were left between two states: {environments:?}");
        rule!(events.is_empty(), "events were left without a verdict: {events:?}");
        rule!(deletions.is_empty(), "parts of {deletions:?} went, and they were not deleted");
        rule!(releases.is_empty(), "provisioned environments of {releases:?} went, and it was not told");
        Ok(())
    }

    fn enter(&mut self, at: Timestamp, what: &What) -> Verdict {
        match what {
            What::FunctionChanged { function } => self.function_changed(at, function),
            What::FunctionDeleted { function } => self.function_deleted(function),
            What::VersionDeleted { function, version } => self.version_deleted(function, *version),
            What::AliasChanged { function, alias, version, additional } => {
                self.alias_changed(function, alias, (*version, *additional))
            }
            What::AliasDeleted { function, alias } => self.alias_deleted(function, alias),
            What::ProvisionedChanged { function, version, requested, status } => {
                self.provisioned_changed(at, function, *version, *requested, *status)
            }
            What::ReservedConcurrencySet { function, reserved } => self.reserved_set(at, function, *reserved),
            What::Admitted { .. } => self.admitted(at, what),
            What::Throttled { .. } => self.throttled(at, what),
            What::InitStarted { environment, function, initialization, .. } => {
                self.init_started(at, *environment, function, *initialization)
            }
            What::InitRestarted { environment } => self.init_restarted(*environment),
            What::InitEnded { environment, took } => self.init_ended(at, *environment, *took),
            What::InitFailed { environment, took, phase, error_type } => {
                self.init_failed(at, *environment, *took, *phase, error_type.is_none())
            }
            What::EnvironmentReset { environment, reason } => self.environment_reset(*environment, *reason),
            What::Answered { request_id, environment } => self.answered(*request_id, *environment),
            What::RecordSent { request_id, target, .. } => self.record_sent(*request_id, target),
            What::InvokeStarted { request_id, environment } => {
                self.invoke_started(at, *request_id, *environment)
            }
            What::InvokeEnded { .. } => self.invoke_ended(at, what),
            What::EnvironmentIdle { environment } => self.environment_idle(at, *environment),
            What::EnvironmentStopped { environment, reason } => {
                self.environment_stopped(at, *environment, *reason)
            }
            What::EventAccepted { request_id, function } => self.event_accepted(at, *request_id, function),
            What::EventDelayed { request_id, until, .. } => self.event_delayed(*request_id, *until),
            What::EventEnded { request_id, function, ending } => {
                self.event_ended(at, *request_id, function, *ending)
            }
            What::QueueCreated { queue } => self.queue_created(queue),
            What::QueueDeleted { queue, messages } => self.queue_deleted(queue, *messages),
            What::QueuePurged { queue, messages } => self.queue_purged(queue, *messages),
            What::MessageSent { queue, message, group, delayed_until, .. } => {
                self.message_sent(at, queue, *message, group.as_ref(), *delayed_until)
            }
            What::MessageDeduplicated { queue, .. } => {
                let fifo = self.attributes(queue)?.fifo.is_some();
                rule!(fifo, "a standard queue knows no duplicates");
                Ok(())
            }
            What::DelayChanged { queue, message, until } => self.delay_changed(queue, *message, *until),
            What::ReceiveRepeated { queue, message, visible_at } => {
                self.receive_repeated(at, queue, *message, *visible_at)
            }
            What::ReceiveEmpty { queue } => self.queue(queue).map(drop),
            What::GroupChanged { queue, group, noisy } => self.group_changed(queue, group, *noisy),
            What::MessageMoved { queue, destination, message, new_id, group } => {
                self.message_moved(at, (queue, destination), (*message, *new_id), group.as_ref())
            }
            What::MoveTaskChanged { queue, status, .. } => self.move_task_changed(queue, *status),
            What::MessageReceived { queue, message, receive_count, visible_at } => {
                self.message_received(at, queue, *message, *receive_count, *visible_at)
            }
            What::MessageVisible { queue, message } => self.message_visible(at, queue, *message),
            What::VisibilityChanged { queue, message, visible_at } => {
                self.visibility_changed(at, queue, *message, *visible_at)
            }
            What::MessageDeleted { queue, message } => self.message_deleted(queue, *message),
            What::MessageDeadLettered { queue, dead_letter_queue, message } => {
                self.message_dead_lettered(at, queue, dead_letter_queue, *message)
            }
            What::MessageExpired { queue, message } => self.message_expired(at, queue, *message),
            What::MappingChanged { mapping, state } => self.mapping_changed(*mapping, *state),
            What::PollersScaled { mapping, pollers } => self.pollers_scaled(at, *mapping, *pollers),
            What::EventsPolled { mapping, events } => self.events_polled(*mapping, *events),
            What::EventsFiltered { mapping, events } => self.events_filtered(*mapping, *events),
            What::BatchSettled { events, deleted, .. } => {
                rule!(deleted <= events, "{deleted} of {events} were deleted");
                Ok(())
            }
            What::BatchLapsed { mapping, messages } => self.batch_lapsed(*mapping, *messages),
        }
    }
}
