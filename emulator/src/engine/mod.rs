//! The engine: a deterministic model of one AWS account in one region.
//!
//! It knows no runtime, no clock, no I/O, no randomness of its own and no wire
//! format. It owns every decision: who is admitted, what starts, what is due.

mod agenda;
mod alarm;
mod effect;
mod error;
mod fact;
mod ids;
mod lambda;
mod mapping;
mod number_map;
mod quotas;
mod rng;
mod snapshot;
mod sqs;
mod tags;
mod time;
mod work;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use agenda::{Agenda, AgendaKey};
use alarm::{Alarm, Alarms};
use lambda::{ConcurrencyPool, Environment, Function, Layers, TokenBucket};
use mapping::Mapping;
use sqs::{MoveTasks, Queue};

pub use effect::{
    Attempt, BatchItems, Completion, Dispatch, Effect, EntrypointFault, Exit, FilterRequest, FunctionError,
    InvocationRecord, News, Outcome, Payload, RecordTarget, Report, Start,
};
pub use error::{LambdaError, Refusal, SqsError, ThrottleReason};
pub use fact::{Asker, Ending, EventEnding, Fact, InitPhase, Limit, Pool, ResetReason, StopReason, What};
pub use ids::{
    AliasName, DeduplicationId, EnvironmentId, FunctionName, FunctionNumber, GroupId, LayerName, MappingId,
    MessageId, MessageNumber, MoveTaskId, NotAUuid, QueueName, QueueNumber, ReceiverId, RequestId, Uuid,
};
pub use lambda::{
    Account, Alias, AliasTarget, AliasUpdate, AllocationStatus, ApplicationLogLevel, Code, ColdStart,
    ColdStartMode, ColdStartOverride, EventInvokeConfig, FunctionSpec, FunctionState, FunctionVersion,
    HandlerModel, InitDistribution, InitializationType, Invoke, LayerSpec, LayerVersion, LogFormat, Logging,
    Package, Policy, PolicyError, ProvisionedView, Publication, PublishedLayer, Qualifier, RecursiveLoop,
    RuntimeManagement, Statement, SystemLogLevel, Tally, Times, Trace, Version,
};
pub use mapping::{Filter, MappingSpec, MappingState, MappingView, MessageFilter, ProvisionedPollers};
pub use number_map::NumberMap;
pub use quotas::{Backoff, Quotas, Rate};
pub use rng::Rng;
pub use snapshot::{FunctionSnapshot, QueueSnapshot, Snapshot};
pub use sqs::{
    Accepted, AttributeValue, Content, Deduplication, Delivery, FifoAttributes, FifoScope, MessageAttribute,
    MessageKey, MoveFailure, MoveTaskStatus, MoveTaskView, NewMessage, QueueAttributes, QueueRequest,
    QueueView, ReceiptHandle, Receive, ReceiveRequest, RedriveAllowPolicy, RedrivePolicy,
};
pub use tags::{Tags, TooManyTags};
pub use time::Timestamp;

/// The whole account.
///
/// Its methods are of four kinds:
///
/// - **Commands** (`invoke`, `send_message`, `create_function`, …): what a
///   client asks. They answer at once, or say under which id the answer comes.
/// - **Reports** ([`report`](Self::report)): what a runtime has to tell of an
///   environment that the engine asked it to start.
/// - **Time** ([`tick`](Self::tick), [`next_deadline`](Self::next_deadline)):
///   one deadline for everything that is due later.
/// - **Questions** (`snapshot`, `function`, `queue`, …): they change nothing.
///
/// `now` is an argument of everything that changes something. **It must never
/// go back.** Every command lets time pass first, so what is due happens at
/// its own moment and before the command, however late the driver is.
///
/// After each call, take what it left: [`take_effects`](Self::take_effects),
/// to be carried out in order, and [`take_facts`](Self::take_facts), what happened.
#[derive(Debug)]
pub struct Engine {
    quotas: Quotas,
    rng: Rng,
    now: Timestamp,
    alarms: Alarms,
    effects: Vec<Effect>,
    facts: Vec<Fact>,
    functions: BTreeMap<FunctionName, Function>,
    unreserved: ConcurrencyPool,
    account_rate: TokenBucket,
    environments: NumberMap<EnvironmentId, Environment>,
    /// Environments whose code is real, and takes real time.
    hosted: BTreeSet<EnvironmentId>,
    environments_made: u64,
    functions_made: u64,
    queues: BTreeMap<QueueName, Queue>,
    queues_made: u64,
    /// When names were given up, as long as they are held.
    queues_deleted: BTreeMap<QueueName, Timestamp>,
    receivers_made: u64,
    move_tasks: MoveTasks,
    mappings: BTreeMap<MappingId, Mapping>,
    /// The mappings of a queue: each send asks for them.
    mappings_of: BTreeMap<QueueName, Vec<MappingId>>,
    /// Requests to filter messages, ever made.
    filterings: u64,
    layers: Layers,
}

impl Engine {
    /// An empty account. The same seed and the same calls give the same story.
    pub fn new(quotas: Quotas, seed: u64) -> Self {
        Self {
            unreserved: ConcurrencyPool::new(quotas.account_concurrency),
            account_rate: TokenBucket::new(quotas.request_rate(quotas.account_concurrency)),
            quotas,
            rng: Rng::new(seed),
            now: Timestamp::default(),
            alarms: Alarms::default(),
            effects: Vec::new(),
            facts: Vec::new(),
            functions: BTreeMap::new(),
            environments: NumberMap::default(),
            hosted: BTreeSet::new(),
            environments_made: 0,
            functions_made: 0,
            queues: BTreeMap::new(),
            queues_made: 0,
            queues_deleted: BTreeMap::new(),
            receivers_made: 0,
            move_tasks: MoveTasks::default(),
            mappings: BTreeMap::new(),
            mappings_of: BTreeMap::new(),
            filterings: 0,
            layers: Layers::default(),
        }
    }

    /// The limits and schedules it goes by.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// The moment until which time has passed.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When time itself changes something, if ever.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.alarms.next_at()
    }

    /// Lets time pass until `now`: everything due happens, in order, each at
    /// its own moment.
    pub fn tick(&mut self, now: Timestamp) {
        while let Some((at, alarm)) = self.alarms.pop_due(now) {
            let at = at.max(self.now);
            self.now = at;
            self.ring(at, alarm);
        }
        debug_assert!(self.now <= now, "time went back from {:?} to {now:?}", self.now);
        self.now = self.now.max(now);
    }

    /// Takes the effects since the last call; `into` is emptied first and
    /// lends its memory.
    pub fn take_effects(&mut self, into: &mut Vec<Effect>) {
        into.clear();
        std::mem::swap(&mut self.effects, into);
    }

    /// Takes the facts since the last call; `into` is emptied first and lends
    /// its memory.
    pub fn take_facts(&mut self, into: &mut Vec<Fact>) {
        into.clear();
        std::mem::swap(&mut self.facts, into);
    }

    fn ring(&mut self, at: Timestamp, alarm: Alarm) {
        match alarm {
            Alarm::BeginInit(environment) => self.environment_placed(at, environment),
            Alarm::EndInit(environment) => self.init_limit_passed(at, environment),
            Alarm::EndColdStart(environment) => self.initialised(at, environment),
            Alarm::EndInvocation(environment) => self.timeout_passed(at, environment),
            Alarm::ReclaimIdle(environment) => self.idle_lifetime_passed(at, environment),
            Alarm::Retire(environment) => self.lifetime_passed(at, environment),
            Alarm::EndArrival(function) => self.arrival_grace_passed(at, &function),
            Alarm::ChangeFunction(function) => self.transition_passed(at, &function),
            Alarm::Provision(function, version) => self.provision_alarm_rang(at, &function, version),
            Alarm::TryEvents(function) => self.events_alarm_rang(at, &function),
            Alarm::AdvanceQueue(queue) => self.queue_alarm_rang(at, &queue),
            Alarm::MoveMessage(queue) => self.move_alarm_rang(at, &queue),
            Alarm::ChangeMapping(mapping) => self.mapping_alarm_rang(at, mapping),
            Alarm::ScaleMapping(mapping) => self.scaling_alarm_rang(at, mapping),
            Alarm::WakePoller(mapping, poller) => self.poller_alarm_rang(at, mapping, poller),
        }
    }

    fn record(&mut self, at: Timestamp, what: What) {
        self.facts.push(Fact { at, what });
    }
}
