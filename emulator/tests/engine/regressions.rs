//! What random workloads found once, as small as it gets.

mod environments;
mod fleets;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    BatchItems, Completion, Delivery, Dispatch, Effect, Engine, EnvironmentId, Fact, FunctionError, Invoke,
    MappingSpec, MappingState, News, Outcome, Payload, Qualifier, QueueAttributes, QueueName, Quotas,
    Receive, ReceiveRequest, RedrivePolicy, Report, RequestId, Timestamp, What,
};

use crate::workload::{message, spec};

/// An engine with a function `f` of a timeout of 3 s, at the clock's beginning.
struct Account {
    engine: Engine,
    now: Timestamp,
    facts: Vec<What>,
    effects: Vec<Effect>,
}

impl Account {
    fn new(quotas: Quotas) -> Self {
        Self::seeded(quotas, 1)
    }

    fn seeded(quotas: Quotas, seed: u64) -> Self {
        let mut engine = Engine::new(quotas, seed);
        let now = Timestamp::default();
        engine.create_function(now, "f".into(), spec(Duration::from_secs(3))).expect("the name is free");
        let mut account = Self { engine, now, facts: Vec::new(), effects: Vec::new() };
        account.collect();
        account
    }

    fn with_queue(mut self, name: &str, attributes: QueueAttributes) -> Self {
        let tags = BTreeMap::new();
        let made = self.engine.create_queue(self.now, &name.into(), attributes, tags, |_| None);
        made.expect("the name is free");
        self
    }

    fn with_mapping(mut self, batch_size: usize, window: u64) -> Self {
        let spec = MappingSpec {
            queue: "q".into(),
            function: "f".into(),
            qualifier: Qualifier::Latest,
            batch_size,
            batching_window: Duration::from_secs(window),
            maximum_concurrency: None,
            reports_item_failures: false,
            filter: None,
            provisioned: None,
            counts_events: false,
            enabled: true,
        };
        self.engine.create_mapping(self.now, spec).expect("both ends are there");
        self.pass(0);
        self
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
        self.engine.tick(self.now);
        self.collect();
    }

    fn collect(&mut self) {
        let mut facts: Vec<Fact> = Vec::new();
        self.engine.take_facts(&mut facts);
        self.facts.extend(facts.into_iter().map(|fact| fact.what));
        let mut effects = Vec::new();
        self.engine.take_effects(&mut effects);
        self.effects.extend(effects);
    }

    fn send(&mut self, queue: &str, delay_secs: u64) {
        let delay = Some(Duration::from_secs(delay_secs));
        self.engine.send_message(self.now, queue, message(), delay).expect("the queue is there");
        self.collect();
    }

    fn receive(&mut self, queue: &str, max: usize, wait_secs: u64) -> Receive {
        let wait = Some(Duration::from_secs(wait_secs));
        let request = ReceiveRequest { max, visibility: None, wait, attempt: None };
        let answer = self.engine.receive_message(self.now, queue, request).expect("the queue is there");
        self.collect();
        answer
    }

    fn report(&mut self, environment: EnvironmentId, news: News) {
        self.engine.report(self.now, Report { environment, incarnation: 0, news });
        self.collect();
    }

    fn finish(&mut self, environment: EnvironmentId, request_id: RequestId) {
        self.finish_with(environment, request_id, Outcome::Success(Bytes::new()));
    }

    fn finish_with(&mut self, environment: EnvironmentId, request_id: RequestId, outcome: Outcome) {
        let items = BatchItems::AllSucceeded;
        let completion = Completion { request_id, outcome, max_memory_mb: None, items, rested: true };
        self.report(environment, News::Finished(completion));
    }

    fn invoke(&mut self) -> RequestId {
        let (request_id, admitted) = self.engine.invoke(self.now, Invoke::new("f", Bytes::new()));
        admitted.expect("there is room");
        self.collect();
        request_id
    }

    /// Environments that were started and have not reported.
    fn starts(&mut self) -> Vec<EnvironmentId> {
        let starts = self.effects.iter().filter_map(|effect| {
            let Effect::Start(start) = effect else { return None };
            Some(start.environment)
        });
        let starts = starts.collect();
        self.effects.retain(|effect| !matches!(effect, Effect::Start(_)));
        starts
    }

    /// What was handed over since effects were last forgotten.
    fn dispatches(&self) -> impl Iterator<Item = &Dispatch> {
        self.effects.iter().filter_map(|effect| {
            let Effect::Dispatch(dispatch) = effect else { return None };
            Some(dispatch)
        })
    }

    fn batches(&self) -> Vec<usize> {
        let batches = self.dispatches().filter_map(|dispatch| match &dispatch.payload {
            Payload::Records { messages, .. } => Some(messages.len()),
            Payload::Json(_) => None,
        });
        batches.collect()
    }

    fn count(&self, of: impl Fn(&What) -> bool) -> usize {
        self.facts.iter().filter(|what| of(what)).count()
    }
}

fn queue() -> QueueAttributes {
    QueueAttributes::default()
}

fn dead_letters(after: u32) -> QueueAttributes {
    let redrive = RedrivePolicy { dead_letter_queue: QueueName::from("dead"), max_receive_count: after };
    QueueAttributes { redrive: Some(redrive), ..queue() }
}

fn messages(answer: Receive) -> Vec<Delivery> {
    match answer {
        Receive::Messages(messages) => messages,
        Receive::Waiting(receiver) => panic!("{receiver:?} waits"),
    }
}

/// A window that closes at the very moment when another message arrives.
#[test]
fn a_closing_window_hands_over_one_batch() {
    let mut account = Account::new(Quotas::default()).with_queue("q", queue()).with_mapping(2, 10);
    account.send("q", 0);
    account.send("q", 10);
    account.pass(10_000);
    for environment in account.starts() {
        account.report(environment, News::Ready);
    }
    assert!(!account.batches().contains(&0), "batches of {:?} messages", account.batches());
}

/// A mapping that is being deleted is gone in the end, whatever is asked.
#[test]
fn a_deleted_mapping_stays_deleted() {
    let quotas = Quotas { mapping_transition: Duration::from_secs(5), ..Quotas::default() };
    let mut account = Account::new(quotas).with_queue("q", queue()).with_mapping(10, 0);
    account.pass(5_000);
    let id = account.engine.mappings().next().expect("it was made").id;
    account.engine.delete_mapping(account.now, id).expect("it is there");
    account.pass(1_000);
    let updated = account.engine.update_mapping(account.now, id, |spec| spec.batch_size = 5);
    assert!(updated.is_err(), "it was updated to {:?} while it is Deleting", updated.map(|view| view.state));
    account.pass(10_000);
    let gone = What::MappingChanged { mapping: id, state: None };
    assert_eq!(account.count(|what| format!("{what:?}") == format!("{gone:?}")), 1);
    let back = Some(MappingState::Updating);
    assert_eq!(account.count(|what| matches!(what, What::MappingChanged { state, .. } if *state == back)), 0);
}

/// Running invocations of a deleted function are not its namesake's.
#[test]
fn a_function_made_anew_counts_its_own_invocations() {
    let mut account = Account::new(Quotas::default());
    let old = account.invoke();
    let [environment] = account.starts()[..] else { panic!("one environment starts") };
    account.report(environment, News::Ready);
    account.engine.delete_function(account.now, "f").expect("it is there");
    let spec = spec(Duration::from_secs(3));
    account.engine.create_function(account.now, "f".into(), spec).expect("the name is free again");
    account.invoke();
    account.finish(environment, old);
    let shown = &account.engine.snapshot(account.now).functions[0];
    assert_eq!((shown.in_flight, shown.init, shown.tally.succeeded), (1, 1, 0));
}

/// A reset ends everything that is alive, also of functions deleted before.
#[test]
fn a_reset_ends_invocations_of_deleted_functions() {
    let mut account = Account::new(Quotas::default());
    account.invoke();
    account.engine.delete_function(account.now, "f").expect("it is there");
    account.engine.reset(account.now);
    account.collect();
    assert_eq!(account.engine.account().on_demand_in_use, 0);
    assert_eq!(account.count(|what| matches!(what, What::EnvironmentStopped { .. })), 1);
}

/// A dead-letter queue keeps a message for what is left of its own retention.
#[test]
fn a_dead_lettered_message_that_is_too_old_is_not_received() {
    let brief = QueueAttributes { retention: Duration::from_secs(60), ..queue() };
    let mut account =
        Account::new(Quotas::default()).with_queue("dead", brief).with_queue("q", dead_letters(1));
    account.send("q", 0);
    assert_eq!(messages(account.receive("q", 1, 0)).len(), 1);
    account.pass(100_000);
    let Receive::Waiting(_) = account.receive("dead", 1, 20) else { panic!("the queue is empty") };
    assert_eq!(messages(account.receive("q", 1, 0)).len(), 0);
    account.pass(0);
    let received =
        account.count(|what| matches!(what, What::MessageReceived { queue, .. } if queue.as_str() == "dead"));
    assert_eq!(received, 0, "it is 100 s old, and the queue keeps messages for 60 s");
}

/// Pollers stay within the limit of messages in flight, as everybody does.
#[test]
fn a_receive_stops_at_the_in_flight_limit() {
    let quotas = Quotas { in_flight_limit: 5, ..Quotas::default() };
    let mut account = Account::new(quotas).with_queue("q", queue());
    (0..8).for_each(|_| account.send("q", 0));
    assert_eq!(messages(account.receive("q", 10, 0)).len(), 5);
}

/// A batch that fills over several receives.
#[test]
fn a_large_batch_stops_at_the_in_flight_limit() {
    let quotas = Quotas { in_flight_limit: 20, ..Quotas::default() };
    let mut account = Account::new(quotas).with_queue("q", queue());
    (0..60).for_each(|_| account.send("q", 0));
    let mut account = account.with_mapping(50, 1);
    account.pass(0);
    assert!(account.engine.queue("q").expect("it is there").in_flight <= 20);
}

/// A long poll that waits because too many messages are in flight.
#[test]
fn a_delete_makes_room_for_who_waits() {
    let quotas = Quotas { in_flight_limit: 1, ..Quotas::default() };
    let mut account = Account::new(quotas).with_queue("q", queue());
    account.send("q", 0);
    account.send("q", 0);
    let first = messages(account.receive("q", 1, 0));
    let Receive::Waiting(_) = account.receive("q", 1, 20) else { panic!("the queue is full") };
    account.engine.delete_message(account.now, "q", first[0].receipt).expect("it is there");
    account.pass(0);
    let delivered = account.effects.iter().filter(|effect| matches!(effect, Effect::Deliver { .. })).count();
    assert_eq!(delivered, 1, "a message is visible, and its receiver still waits");
}

/// Lowering MaximumConcurrency: who runs may end, nobody new may begin.
#[test]
fn a_lowered_maximum_concurrency_holds_at_once() {
    let mut account = Account::new(Quotas::default()).with_queue("q", queue()).with_mapping(1, 0);
    let mut running = Vec::new();
    for _ in 0..5 {
        account.send("q", 0);
        running.extend(account.starts());
    }
    for &environment in &running {
        account.report(environment, News::Ready);
    }
    let requests: Vec<RequestId> = account.dispatches().map(|dispatch| dispatch.request_id).collect();
    account.finish(running[0], requests[0]);
    account.finish(running[1], requests[1]);
    let id = account.engine.mappings().next().expect("it was made").id;
    let lowered = account.engine.update_mapping(account.now, id, |spec| spec.maximum_concurrency = Some(2));
    lowered.expect("two is allowed");
    account.pass(0);
    account.send("q", 0);
    account.pass(0);
    assert_eq!(account.engine.snapshot(account.now).functions[0].in_flight, 3);
}

/// A visibility timeout of 0 under throttling: pollers try again after a wait,
/// not endlessly at one moment. The dead-letter queue bounds this test.
#[test]
fn no_visibility_timeout_and_no_concurrency_is_no_endless_loop() {
    let mut account = Account::new(Quotas::default())
        .with_queue("dead", queue())
        .with_queue("q", dead_letters(1_000))
        .with_mapping(1, 0);
    account.engine.put_reserved_concurrency(account.now, "f", 0).expect("0 is always accepted");
    let now = account.now;
    let instantly = |attributes: &mut QueueAttributes| attributes.visibility_timeout = Duration::ZERO;
    account.engine.set_queue_attributes(now, "q", instantly).expect("it is there");
    account.send("q", 0);
    account.pass(0);
    let receives = account.count(|what| matches!(what, What::MessageReceived { .. }));
    assert!(receives < 20, "{receives} receives at one moment");
}

/// The same with a function that fails in no time, as the built-in handler can.
#[test]
fn no_visibility_timeout_and_instant_failures_are_no_endless_loop() {
    let mut account = Account::new(Quotas::default()).with_queue("q", queue()).with_mapping(1, 0);
    let instantly = |attributes: &mut QueueAttributes| attributes.visibility_timeout = Duration::ZERO;
    account.engine.set_queue_attributes(account.now, "q", instantly).expect("it is there");
    account.send("q", 0);
    let mut attempts = 0;
    while attempts < 100 {
        for environment in account.starts() {
            account.report(environment, News::Ready);
        }
        let dispatched = account.dispatches().next();
        let dispatched = dispatched.map(|dispatch| (dispatch.environment, dispatch.request_id));
        let Some((environment, request_id)) = dispatched else { break };
        account.effects.clear();
        let error = FunctionError::Reported(Bytes::new());
        account.finish_with(environment, request_id, Outcome::FunctionError(error));
        account.pass(0);
        attempts += 1;
    }
    assert!(attempts < 20, "{attempts} attempts at one moment");
    let admitted = |what: &What| matches!(what, What::Admitted { .. });
    let before = account.count(admitted);
    account.pass(60_000);
    assert!(account.count(admitted) > before, "the pollers try again later");
}
