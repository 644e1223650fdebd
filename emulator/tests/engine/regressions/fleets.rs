//! Fleets and batches that are too large for a trace.

use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    Deduplication, Effect, EnvironmentId, FifoAttributes, Filter, MessageFilter, NewMessage, News, Outcome,
    ProvisionedPollers, QueueAttributes, Quotas, Rate, RequestId, What,
};

use super::{Account, queue};

/// Functions that are never done with their Init: what was admitted stays.
fn patient() -> Quotas {
    let hour = Duration::from_secs(3_600);
    Quotas { account_concurrency: 20_000, init_limit: hour, scaling_rate: many(), ..Quotas::default() }
}

fn many() -> Rate {
    Rate { count: 100_000, per: Duration::from_secs(1) }
}

impl Account {
    fn with_pollers(mut self, minimum: usize, maximum: usize) -> Self {
        let id = self.engine.mappings().next().expect("it was made").id;
        let pollers = Some(ProvisionedPollers { minimum, maximum });
        let provisioned = self.engine.update_mapping(self.now, id, |spec| spec.provisioned = pollers);
        provisioned.expect("pollers that are allowed");
        self.pass(0);
        self
    }

    fn send_many(&mut self, count: usize) {
        (0..count).for_each(|_| self.send("q", 0));
    }

    fn running(&mut self) -> u32 {
        self.engine.snapshot(self.now).functions[0].in_flight
    }

    /// Lets everything that was handed over succeed, and what follows from it.
    fn finish_all(&mut self) {
        loop {
            for environment in self.starts() {
                self.report(environment, News::Ready);
            }
            let handed: Vec<(EnvironmentId, RequestId)> =
                self.dispatches().map(|dispatch| (dispatch.environment, dispatch.request_id)).collect();
            self.effects.clear();
            if handed.is_empty() {
                return;
            }
            for (environment, request_id) in handed {
                self.finish_with(environment, request_id, Outcome::Success(Bytes::new()));
            }
        }
    }
}

/// Lets no message pass.
#[derive(Debug)]
struct Nothing;

impl MessageFilter for Nothing {
    fn patterns(&self) -> &[String] {
        &[]
    }

    fn passes(&self, _body: &str) -> bool {
        false
    }
}

/// A FIFO queue whose visibility timeout is 0 since its mapping was made, with
/// one message in it.
fn without_visibility(filter: Option<Filter>) -> Account {
    let fifo = QueueAttributes { fifo: Some(FifoAttributes::default()), ..queue() };
    let mut account = Account::new(patient()).with_queue("q", fifo).with_mapping(1, 0);
    let id = account.engine.mappings().next().expect("it was made").id;
    account.engine.update_mapping(account.now, id, |spec| spec.filter = filter).expect("any filter");
    account.pass(0);
    let instantly = |attributes: &mut QueueAttributes| attributes.visibility_timeout = Duration::ZERO;
    account.engine.set_queue_attributes(account.now, "q", instantly).expect("it is there");
    let mut message = NewMessage::new("a", [0; 16]);
    message.group_id = Some("g".into());
    message.deduplication = Some(Deduplication::Id("1".into()));
    account.engine.send_message(account.now, "q", message, None).expect("a good message");
    account.collect();
    account
}

fn receives(account: &Account) -> usize {
    account.count(|what| matches!(what, What::MessageReceived { .. }))
}

/// In a FIFO queue nothing can be deleted that is visible again: what succeeds
/// at once comes back at once.
#[test]
fn no_visibility_timeout_and_instant_success_are_no_endless_loop() {
    let mut account = without_visibility(None);
    account.finish_all();
    account.pass(0);
    account.finish_all();
    assert!((1..20).contains(&receives(&account)), "{} receives at one moment", receives(&account));
    let settled = |what: &What| matches!(what, What::BatchSettled { events: 1, deleted: 0, .. });
    assert!(account.count(settled) >= 1, "it was not deleted, and was not counted as if");
    let before = receives(&account);
    account.pass(5_000);
    assert!(receives(&account) > before, "the pollers try again later");
}

/// The same for what a filter does not let pass.
#[test]
fn no_visibility_timeout_and_a_filter_are_no_endless_loop() {
    let mut account = without_visibility(Some(Filter::new(Nothing)));
    for _ in 0..50 {
        let asked: Vec<Effect> = account.effects.drain(..).collect();
        for effect in asked {
            if let Effect::Filter(request) = effect {
                let passed = request.filter.judge(&request.messages);
                account.engine.filtered(account.now, &request, &passed);
            }
        }
        account.collect();
        account.pass(0);
    }
    assert!((1..20).contains(&receives(&account)), "{} receives at one moment", receives(&account));
}

/// "Amazon SQS scaling behavior": up to 300 more a minute, and 1,250 at most.
#[test]
fn a_fleet_grows_by_300_a_minute_to_1250() {
    let mut account = Account::new(patient()).with_queue("q", queue()).with_mapping(1, 0);
    account.send_many(2_000);
    let mut grown = Vec::new();
    for _ in 0..5 {
        account.pass(60_000);
        // What was received and is not finished comes back meanwhile; it waits.
        grown.push(account.running());
    }
    assert_eq!(grown, [305, 605, 905, 1_205, 1_250]);
}

/// "Provisioned mode": a poller is up to 10 batches at once; 1,000 more of them
/// a minute, up to the maximum.
#[test]
fn a_provisioned_poller_runs_ten_batches() {
    let mut account = Account::new(patient()).with_queue("q", queue()).with_mapping(1, 0).with_pollers(2, 4);
    account.send_many(100);
    assert_eq!(account.running(), 20);
    account.pass(599);
    assert_eq!(account.running(), 20);
    account.pass(1);
    assert_eq!(account.running(), 30);
    account.pass(10_000);
    assert_eq!(account.running(), 40);
}

/// The same page: a poller polls up to 10 times a second.
#[test]
fn a_provisioned_poller_polls_ten_times_a_second() {
    let mut account = Account::new(patient()).with_queue("q", queue()).with_mapping(1, 0).with_pollers(2, 2);
    account.send_many(200);
    let polls = |account: &Account| account.count(|what| matches!(what, What::EventsPolled { .. }));
    account.finish_all();
    // The bucket holds a second's worth; what had begun is not taken back.
    let first = polls(&account);
    assert!((20..=40).contains(&first), "{first} polls at once");
    for _ in 0..10 {
        account.pass(500);
        account.finish_all();
    }
    let more = polls(&account) - first;
    assert!((80..=100).contains(&more), "{more} polls in 5 s");
}

/// An event has up to 6 MB: a batch of large messages closes before.
#[test]
fn a_batch_closes_before_its_event_is_too_large() {
    let mut account = Account::new(patient()).with_queue("q", queue()).with_mapping(100, 1);
    let body = "x".repeat(1_000_000);
    for _ in 0..12 {
        account
            .engine
            .send_message(account.now, "q", NewMessage::new(&body, [0; 16]), None)
            .expect("it is short enough");
        account.collect();
    }
    for environment in account.starts() {
        account.report(environment, News::Ready);
    }
    let batches = account.batches();
    assert_eq!(batches, [6, 6], "a seventh would be beyond 6,291,456 bytes");
}
