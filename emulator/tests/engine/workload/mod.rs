//! A test world around one engine: it answers effects as runtimes and clients
//! would, moves time, gives random commands, and has everything audited.
//!
//! Its whole story follows from its seed.

mod lambda;
mod mappings;
mod runtime;
mod sqs;

use std::collections::{BTreeMap, HashMap};
use std::fmt::{Debug, Write};
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use emulator::engine::{
    Delivery, Effect, Engine, Fact, News, QueueName, Quotas, ReceiverId, Report, RequestId, Rng, Timestamp,
};

use crate::auditor::{Auditor, Violation};

pub(crate) use lambda::spec;
pub(crate) use sqs::message;

/// Wake-ups in one move of time; a busy account moves less far.
const WAKE_UPS_PER_MOVE: usize = 200;

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
    batches: HashMap<RequestId, (QueueName, Vec<Delivery>)>,
    handles: Vec<(QueueName, Delivery)>,
    waiting: BTreeMap<ReceiverId, Wait>,
    effects: Vec<Effect>,
    facts: Vec<Fact>,
    story: Option<Story>,
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
        let quotas = quotas(&mut rng);
        let mut world = Self {
            seed,
            rng,
            engine: Engine::new(quotas.clone(), seed),
            auditor: Auditor::new(quotas),
            now: Timestamp::from_millis(1_700_000_000_000),
            operations: 0,
            reports: BTreeMap::new(),
            reports_made: 0,
            batches: HashMap::new(),
            handles: Vec::new(),
            waiting: BTreeMap::new(),
            effects: Vec::new(),
            facts: Vec::new(),
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

    fn furnish(&mut self) {
        self.pass_time();
        for _ in 0..6 {
            self.create_function();
            self.create_queue();
        }
        self.create_mapping();
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

    /// The hash of everything that happened, and where the clock stands.
    pub(crate) fn story(&self) -> (u64, Timestamp) {
        (self.story.as_ref().map_or(0, |story| story.0.finish()), self.now)
    }

    fn operate(&mut self) {
        match self.rng.between(0, 199) {
            0..=44 => self.invoke(),
            45..=64 => self.invoke_event(),
            65..=94 => self.send(),
            95..=119 => self.receive(),
            120..=141 => self.delete_message(),
            142..=151 => self.change_visibility(),
            152..=154 => self.cancel_receive(),
            155..=161 => self.put_reserved(),
            162..=163 => self.delete_reserved(),
            164..=166 => self.create_function(),
            167..=169 => self.update_function(),
            170..=171 => self.delete_function(),
            172..=175 => self.create_queue(),
            176..=178 => self.set_queue_attributes(),
            179 => self.delete_queue(),
            180..=181 => self.purge_queue(),
            182..=185 => self.create_mapping(),
            186..=189 => self.update_mapping(),
            190 => self.delete_mapping(),
            191..=197 => self.close_books(),
            198 => self.be_late(),
            _ => self.perhaps_reset(),
        }
    }

    /// From microseconds to days, most often less than a few seconds.
    fn move_time(&mut self) {
        let exponent = match self.rng.between(0, 99) {
            0..=29 => 0,
            30..=59 => self.rng.between(1, 4),
            60..=89 => self.rng.between(5, 7),
            90..=98 => 8,
            _ => 11,
        };
        let micros = self.rng.between(0, 10_u64.pow(u32::try_from(exponent).unwrap_or(0)));
        self.drive(self.now + Duration::from_micros(micros));
    }

    /// Lets time pass until `until`, from wake-up to wake-up.
    fn drive(&mut self, until: Timestamp) {
        for _ in 0..WAKE_UPS_PER_MOVE {
            let report = self.reports.first_key_value().map(|(key, _)| key.0);
            let deadline = self.engine.next_deadline();
            let next = [report, deadline].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else {
                self.now = until;
                break;
            };
            self.now = self.now.max(next);
            if report.is_some_and(|report| report <= self.now) {
                self.deliver_report();
            } else {
                self.pass_time();
            }
        }
        self.pass_time();
    }

    /// A driver that is late: the next command finds much that is due.
    fn be_late(&mut self) {
        let late = self.rng.between(0, 30_000_000);
        self.now = self.now + Duration::from_micros(late);
        self.invoke();
    }

    fn pass_time(&mut self) {
        self.engine.tick(self.now);
        self.settle();
    }

    fn deliver_report(&mut self) {
        let Some((_, report)) = self.reports.pop_first() else { return };
        self.pass_time();
        self.engine.report(self.now, report.clone());
        self.drain();
        if let News::Finished(completion) = &report.news
            && let Some((queue, messages)) = self.batches.remove(&completion.request_id)
        {
            let audit = self.auditor.audit_batch(completion.request_id, &queue, &messages, &completion.items);
            self.demand(audit);
        }
        self.close_step();
    }

    fn perhaps_reset(&mut self) {
        if self.rng.between(0, 3) > 0 {
            return;
        }
        self.pass_time();
        self.engine.reset(self.now);
        self.auditor.resetting(true);
        self.settle();
        self.auditor.resetting(false);
        let empty = self.auditor.is_empty();
        self.demand(empty);
        self.furnish();
    }

    /// Compares the auditor's books with what the engine shows.
    fn close_books(&mut self) {
        self.pass_time();
        let snapshot = self.engine.snapshot(self.now);
        let verdict = self.auditor.close(&snapshot);
        self.demand(verdict);
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
            self.perform(effect);
        }
        self.effects = effects;
    }

    fn close_step(&mut self) {
        let verdict = self.auditor.close_step();
        self.demand(verdict);
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

/// Small accounts get full; one in three is AWS's default.
fn quotas(rng: &mut Rng) -> Quotas {
    let mut quotas = Quotas::default();
    match rng.between(0, 2) {
        0 => (quotas.account_concurrency, quotas.unreserved_minimum) = (8, 2),
        1 => (quotas.account_concurrency, quotas.unreserved_minimum) = (30, 10),
        _ => {}
    }
    if rng.between(0, 1) == 0 {
        quotas.mapping_transition = Duration::from_secs(3);
    }
    if rng.between(0, 3) == 0 {
        quotas.in_flight_limit = 25;
    }
    match rng.between(0, 2) {
        0 => quotas.event_max_age = Duration::from_secs(60),
        1 => quotas.event_max_age = Duration::from_secs(90),
        _ => {}
    }
    quotas
}
