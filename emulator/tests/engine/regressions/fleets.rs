//! Fleets and batches that are too large for a trace.

use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    EnvironmentId, NewMessage, News, Outcome, ProvisionedPollers, Quotas, RequestId, What,
};

use super::{Account, queue};

/// Functions that are never done with their Init: what was admitted stays.
fn patient() -> Quotas {
    let hour = Duration::from_secs(3_600);
    Quotas { account_concurrency: 20_000, init_limit: hour, scaling_rate: many(), ..Quotas::default() }
}

fn many() -> emulator::engine::Rate {
    emulator::engine::Rate { count: 100_000, per: Duration::from_secs(1) }
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
