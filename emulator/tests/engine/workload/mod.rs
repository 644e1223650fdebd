//! A test world around one engine: it answers effects as runtimes and clients
//! would, moves time, gives random commands, and has everything audited.
//!
//! Its whole story follows from its seed.

mod coverage;
mod lambda;
mod mappings;
mod operations;
mod quotas;
mod runtime;
mod sqs;
mod time;
mod versions;

use std::collections::{BTreeMap, HashMap};
use std::fmt::{Debug, Write};
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use emulator::engine::{
    BatchItems, Delivery, Effect, Engine, EnvironmentId, Fact, FilterRequest, InvocationRecord, MessageId,
    QueueName, ReceiverId, RecordTarget, Report, RequestId, Rng, Timestamp,
};

use crate::auditor::{Auditor, Violation};

pub(crate) use coverage::Coverage;
pub(crate) use lambda::spec;
pub(crate) use sqs::message;

/// One account, its clients and its runtimes.
pub(crate) struct World {
    seed: u64,
    rng: Rng,
    engine: Engine,
    auditor: Auditor,
    now: Timestamp,
    operations: u64,
    /// What runtimes will say, and when.
    reports: BTreeMap<(Timestamp, u64), Report>,
    reports_made: u64,
    /// What runs in each environment that was started.
    incarnations: BTreeMap<EnvironmentId, u32>,
    batches: HashMap<RequestId, BatchOut>,
    /// Records to be brought to their destinations.
    records: Vec<InvocationRecord>,
    /// Messages to be judged.
    filters: Vec<FilterRequest>,
    /// What FIFO queues were sent and may still know.
    sent: HashMap<sqs::Sent, (Timestamp, MessageId)>,
    handles: Vec<(QueueName, Delivery)>,
    waiting: BTreeMap<ReceiverId, Wait>,
    effects: Vec<Effect>,
    facts: Vec<Fact>,
    coverage: Coverage,
    story: Option<Story>,
}

/// A batch that was handed over, and what its answer will say of it.
#[derive(Debug)]
struct BatchOut {
    queue: QueueName,
    messages: Vec<Delivery>,
    items: BatchItems,
}

/// A client's long poll.
#[derive(Debug, Clone)]
struct Wait {
    queue: QueueName,
    max: usize,
    visibility: Option<Duration>,
    until: Timestamp,
}

/// A hash over the text of everything that happened.
#[derive(Debug, Default)]
struct Story(DefaultHasher);

impl Write for Story {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl World {
    /// A small account with a few functions, queues and mappings.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x005E_ED0F_A11C_E5E5);
        let quotas = quotas::quotas(&mut rng);
        let mut world = Self {
            seed,
            rng,
            engine: Engine::new(quotas.clone(), seed),
            auditor: Auditor::new(quotas),
            now: Timestamp::from_millis(1_700_000_000_000),
            operations: 0,
            reports: BTreeMap::new(),
            reports_made: 0,
            incarnations: BTreeMap::new(),
            batches: HashMap::new(),
            records: Vec::new(),
            filters: Vec::new(),
            sent: HashMap::new(),
            handles: Vec::new(),
            waiting: BTreeMap::new(),
            effects: Vec::new(),
            facts: Vec::new(),
            coverage: Coverage::default(),
            story: None,
        };
        world.furnish();
        world
    }

    /// The same, with its story hashed.
    pub(crate) fn told(seed: u64) -> Self {
        let mut world = Self::new(seed);
        world.story = Some(Story::default());
        world
    }

    /// Gives so many random commands, then closes the books.
    pub(crate) fn run(&mut self, operations: u64) {
        for _ in 0..operations {
            self.operations += 1;
            self.operate();
            self.move_time();
        }
        self.close_books();
    }

    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }

    pub(crate) fn facts_audited(&self) -> u64 {
        self.auditor.facts()
    }

    /// What has happened so far, which begins anew.
    pub(crate) fn take_coverage(&mut self) -> Coverage {
        std::mem::take(&mut self.coverage)
    }

    /// The hash of everything that happened, and where the clock stands.
    pub(crate) fn story(&self) -> (u64, Timestamp) {
        (self.story.as_ref().map_or(0, |story| story.0.finish()), self.now)
    }

    /// Compares the auditor's books with what the engine shows.
    fn close_books(&mut self) {
        self.pass_time();
        let snapshot = self.engine.snapshot(self.now);
        let verdict = self.auditor.close(&snapshot);
        self.demand(verdict);
        let unsent = self.auditor.has_unsent_records();
        self.expect(!unsent, || "a record was not sent".to_owned());
        let now = self.now;
        let late = self.waiting.values().find(|wait| wait.until <= now).cloned();
        self.expect(late.is_none(), || format!("a long poll was not answered in time: {late:?}"));
    }

    /// Audits and carries out what a call left.
    fn settle(&mut self) {
        self.drain();
        self.close_step();
    }

    fn drain(&mut self) {
        self.auditor.open_step();
        let mut facts = std::mem::take(&mut self.facts);
        self.engine.take_facts(&mut facts);
        for fact in &facts {
            let verdict = self.auditor.audit(fact);
            self.demand(verdict);
            self.coverage.note_fact(&fact.what);
            self.tell(fact);
        }
        let last = facts.last().map(|fact| fact.at);
        self.expect(last.is_none_or(|last| last <= self.now), || format!("a fact of the future: {last:?}"));
        self.facts = facts;
        let mut effects = std::mem::take(&mut self.effects);
        self.engine.take_effects(&mut effects);
        let verdict = self.auditor.audit_effects(&effects);
        self.demand(verdict);
        for effect in &effects {
            self.tell(effect);
            self.coverage.note_effect(effect);
            self.perform(effect);
        }
        self.effects = effects;
    }

    /// Ends a step; records are brought to their destinations after it.
    fn close_step(&mut self) {
        let verdict = self.auditor.close_step();
        self.demand(verdict);
        for id in self.auditor.succeeded() {
            if let Some(BatchOut { queue, messages, items }) = self.batches.remove(&id) {
                let verdict = self.auditor.audit_batch(id, &queue, &messages, &items);
                self.demand(verdict);
            }
        }
        let records = std::mem::take(&mut self.records);
        for record in &records {
            self.send_record(record);
        }
        for request in std::mem::take(&mut self.filters) {
            self.judge(&request);
        }
    }

    /// As the driver does it: at once, after the step.
    fn judge(&mut self, request: &FilterRequest) {
        let passed = request.filter.judge(&request.messages);
        self.engine.filtered(self.now, request, &passed);
        self.settle();
    }

    /// As the driver does it: at once, to a queue if there is one.
    fn send_record(&mut self, record: &InvocationRecord) {
        let at = self.engine.now();
        let arn = match &record.target {
            RecordTarget::DeadLetter(arn) | RecordTarget::OnSuccess(arn) | RecordTarget::OnFailure(arn) => {
                arn
            }
        };
        let queue = arn.rsplit(':').next().unwrap_or_default();
        let delivered = self.engine.send_message(at, queue, message(), None).is_ok();
        self.engine.record_sent(at, record, delivered);
        self.settle();
    }

    fn tell(&mut self, thing: &impl Debug) {
        if let Some(story) = &mut self.story {
            write!(story, "{thing:?}").expect("a hash takes any text");
        }
    }

    fn demand(&self, verdict: Result<(), Violation>) {
        if let Err(violation) = verdict {
            self.fail(&violation.to_string());
        }
    }

    fn expect(&self, holds: bool, rule: impl FnOnce() -> String) {
        if !holds {
            self.fail(&rule());
        }
    }

    fn fail(&self, rule: &str) -> ! {
        let Self { seed, operations, now, .. } = self;
        panic!("{rule}\n  operation {operations}, now {now:?}\n  again: SEED={seed}");
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.rng.between(1, many) == 1
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let last = u64::try_from(of.len().checked_sub(1)?).ok()?;
        of.get(usize::try_from(self.rng.between(0, last)).ok()?).cloned()
    }

    fn pick_secs(&mut self, of: &[u64]) -> Duration {
        Duration::from_secs(self.pick(of).unwrap_or_default())
    }
}
