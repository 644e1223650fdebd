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

mod closing;
mod environments;
mod events;
mod invocations;
mod mappings;
mod messages;
mod queues;
mod steps;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use emulator::engine::{
    EnvironmentId, Fact, FunctionName, FunctionVersion, MappingId, MappingSpec, MessageId, QueueAttributes,
    QueueName, Quotas, RequestId, Tally, Timestamp, What,
};

use environments::EnvironmentBook;
use events::EventBook;
use invocations::Running;
use mappings::MappingBook;
use queues::QueueBook;

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
    functions: BTreeMap<FunctionName, FunctionBook>,
    /// Functions ever made. A name that is used again is another function.
    generations: u64,
    running: HashMap<RequestId, Running>,
    ended: HashSet<RequestId>,
    environments: BTreeMap<EnvironmentId, EnvironmentBook>,
    newest_environment: EnvironmentId,
    events: HashMap<RequestId, EventBook>,
    queues: BTreeMap<QueueName, QueueBook>,
    mappings: BTreeMap<MappingId, MappingBook>,
    granted_queues: BTreeMap<QueueName, QueueAttributes>,
    granted_mappings: BTreeMap<MappingId, GrantedMapping>,
    asked_visibility: Option<(QueueName, MessageId, Timestamp)>,
    resetting: bool,
    owed: Owed,
    step: Step,
}

/// The settings of a mapping that its client knows.
#[derive(Debug)]
struct GrantedMapping {
    spec: MappingSpec,
    largest_batch: usize,
}

/// What must follow before time goes on.
#[derive(Debug, Default)]
struct Owed {
    /// Environments between two states.
    environments: BTreeSet<EnvironmentId>,
    /// Events whose attempt is over and that are neither delayed nor ended.
    events: BTreeSet<RequestId>,
    /// A function whose parts have gone as if it were deleted.
    deletion: Option<FunctionName>,
}

/// What happened since the engine was last asked for its effects.
#[derive(Debug, Default)]
struct Step {
    handed_over: Vec<HandOver>,
    answered: Vec<RequestId>,
    received: HashMap<Receipt, Received>,
    deleted: HashSet<Receipt>,
    succeeded: HashSet<RequestId>,
}

/// What a runtime must be told, in this order.
#[derive(Debug, PartialEq, Eq)]
enum HandOver {
    Start(EnvironmentId),
    Dispatch(EnvironmentId, RequestId),
    Stop(EnvironmentId),
}

/// One receive, until its receiver is known.
#[derive(Debug, Clone, Copy)]
struct Received {
    at: Timestamp,
    visible_at: Timestamp,
    by_queue: Timestamp,
}

/// A function as its facts tell it.
#[derive(Debug)]
struct FunctionBook {
    version: Arc<FunctionVersion>,
    generation: u64,
    reserved: Option<u32>,
    in_flight: u32,
    tally: Tally,
}

impl Auditor {
    pub(crate) fn new(quotas: Quotas) -> Self {
        Self {
            quotas,
            now: Timestamp::default(),
            facts: 0,
            functions: BTreeMap::new(),
            generations: 0,
            running: HashMap::new(),
            ended: HashSet::new(),
            environments: BTreeMap::new(),
            newest_environment: EnvironmentId(0),
            events: HashMap::new(),
            queues: BTreeMap::new(),
            mappings: BTreeMap::new(),
            granted_queues: BTreeMap::new(),
            granted_mappings: BTreeMap::new(),
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

    /// A queue was granted these settings.
    pub(crate) fn grant_queue(&mut self, queue: &QueueName, attributes: QueueAttributes) {
        self.granted_queues.insert(queue.clone(), attributes);
    }

    /// A mapping was granted these settings.
    pub(crate) fn grant_mapping(&mut self, mapping: MappingId, spec: MappingSpec) {
        let before = self.granted_mappings.get(&mapping).map_or(0, |granted| granted.largest_batch);
        let largest_batch = before.max(spec.batch_size);
        self.granted_mappings.insert(mapping, GrantedMapping { spec, largest_batch });
    }

    /// A client asks for a message to become visible at this moment.
    pub(crate) fn ask_visibility(&mut self, queue: &QueueName, message: MessageId, at: Timestamp) {
        self.asked_visibility = Some((queue.clone(), message, at));
    }

    /// The facts until the next call belong to a reset.
    pub(crate) fn resetting(&mut self, resetting: bool) {
        self.resetting = resetting;
    }

    /// Audits the next fact.
    pub(crate) fn audit(&mut self, fact: &Fact) -> Result<(), Violation> {
        self.facts += 1;
        let verdict = self.pass_time(fact.at).and_then(|()| self.keep_promise(&fact.what));
        verdict
            .and_then(|()| self.enter(fact.at, &fact.what))
            .map_err(|rule| Violation { rule, fact: Some(format!("{fact:?}")) })
    }

    fn pass_time(&mut self, at: Timestamp) -> Verdict {
        rule!(at >= self.now, "time went back from {:?}", self.now);
        if at > self.now {
            self.nothing_is_owed()?;
            self.now = at;
        }
        Ok(())
    }

    fn nothing_is_owed(&self) -> Verdict {
        let Owed { environments, events, deletion } = &self.owed;
        rule!(environments.is_empty(), "environments were left between two states: {environments:?}");
        rule!(events.is_empty(), "events were left without a verdict: {events:?}");
        rule!(deletion.is_none(), "parts of {deletion:?} went, and it was not deleted");
        Ok(())
    }

    /// What goes because its function is deleted goes right before that fact.
    fn keep_promise(&mut self, what: &What) -> Verdict {
        let Some(promised) = self.owed.deletion.take() else { return Ok(()) };
        let of = if let What::FunctionDeleted { function } | What::EventEnded { function, .. } = what {
            Some(function)
        } else if let What::EnvironmentStopped { environment, .. } = what {
            self.function_of(*environment)
        } else {
            None
        };
        rule!(of == Some(&promised), "parts of {promised} went, and it was not deleted");
        let kept = matches!(what, What::FunctionDeleted { .. });
        self.owed.deletion = (!kept).then_some(promised);
        Ok(())
    }

    fn enter(&mut self, at: Timestamp, what: &What) -> Verdict {
        match what {
            What::FunctionChanged { function } => self.function_changed(function),
            What::FunctionDeleted { function } => self.function_deleted(function),
            What::ReservedConcurrencySet { function, reserved } => self.reserved_set(function, *reserved),
            What::Admitted { .. } => self.admitted(at, what),
            What::Throttled { request_id, function, asker, reason } => {
                self.throttled(at, *request_id, function, *asker, *reason)
            }
            What::InitStarted { environment, function, .. } => self.init_started(at, *environment, function),
            What::InitEnded { environment, took } => self.init_ended(at, *environment, *took),
            What::InitFailed { environment, took, timed_out } => {
                self.init_failed(at, *environment, *took, *timed_out)
            }
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
            What::MessageSent { queue, message, delayed_until } => {
                self.message_sent(at, queue, *message, *delayed_until)
            }
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
            What::BatchLapsed { mapping, messages } => self.batch_lapsed(*mapping, *messages),
        }
    }

    fn function_changed(&mut self, version: &Arc<FunctionVersion>) -> Verdict {
        match self.functions.get_mut(&version.name) {
            Some(book) => {
                rule!(book.version.revision_id != version.revision_id, "an update kept its revision");
                book.version = Arc::clone(version);
            }
            None => {
                self.generations += 1;
                let book = FunctionBook {
                    version: Arc::clone(version),
                    generation: self.generations,
                    reserved: None,
                    in_flight: 0,
                    tally: Tally::default(),
                };
                self.functions.insert(version.name.clone(), book);
            }
        }
        Ok(())
    }

    fn function_deleted(&mut self, name: &FunctionName) -> Verdict {
        let book = self.functions.remove(name);
        rule!(book.is_some(), "{name} was deleted, and was not there");
        let waiting = self.events.values().filter(|event| event.waits_for(name)).count();
        rule!(waiting == 0, "{name} was deleted with {waiting} events still waiting");
        Ok(())
    }

    /// Reservations leave the account its minimum, except those of 0.
    fn reserved_set(&mut self, name: &FunctionName, reserved: Option<u32>) -> Verdict {
        let book = self.functions.get_mut(name);
        let book = book.ok_or_else(|| format!("{name} got a reservation, and is not there"))?;
        let before = std::mem::replace(&mut book.reserved, reserved);
        let raised = reserved.unwrap_or(0) > before.unwrap_or(0);
        let left = self.unreserved_limit();
        let minimum = self.quotas.unreserved_minimum;
        rule!(!raised || left >= minimum, "a reservation left {left} unreserved, less than {minimum}");
        Ok(())
    }

    fn unreserved_limit(&self) -> u32 {
        let reserved: u32 = self.functions.values().filter_map(|book| book.reserved).sum();
        self.quotas.account_concurrency.saturating_sub(reserved)
    }

    /// Everything that runs and has no reservation of its own, running
    /// invocations of deleted functions included.
    fn unreserved_in_use(&self) -> u32 {
        let all = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let reserved = self.functions.values().filter(|book| book.reserved.is_some());
        all - reserved.map(|book| book.in_flight).sum::<u32>()
    }
}
