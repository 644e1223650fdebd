//! The gears of the clock, with the built-in handler: what moves, when, and
//! what does not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::api::Api;
use crate::driver::Driver;
use crate::engine::{
    AllocationStatus, Delivery, Engine, EventEnding, Filter, FunctionSpec, HandlerModel, Invoke, MappingSpec,
    MessageFilter, NewMessage, Publication, Qualifier, QueueAttributes, QueueName, Quotas, Receive,
    ReceiveRequest, RedrivePolicy, StopReason, Timestamp, What,
};
use crate::gear::{ClockChange, ClockSettings, Gear, Moved};

/// Longer than anything here takes, in real time.
const PATIENCE: Duration = Duration::from_secs(60);

const DEAD: &str = "arn:aws:sqs:us-east-1:000000000000:dead";

/// An account whose clock is held, and when that began.
struct Held {
    driver: Arc<Driver>,
    began: Timestamp,
}

impl Held {
    fn new(clock: ClockSettings) -> Self {
        let driver = Api::with_clock(Quotas::default(), clock).driver;
        let began = driver.clock().now();
        Self { driver, began }
    }

    fn step<R>(&self, command: impl FnOnce(&mut Engine, Timestamp) -> R) -> R {
        self.driver.step(command)
    }

    /// Makes a function whose Init and invocations take 100 ms each.
    fn function(&self, name: &str, failure_rate: f64) {
        let span = Duration::from_millis(100);
        let model = HandlerModel {
            init: span.into(),
            duration: span.into(),
            failure_rate,
            ..HandlerModel::default()
        };
        let spec = FunctionSpec { dead_letter_target: Some(DEAD.into()), ..FunctionSpec::simulated(model) };
        self.step(|engine, now| engine.create_function(now, name.into(), spec).map(|_| ()))
            .expect("it is new");
    }

    fn queue(&self, name: &str, attributes: QueueAttributes) {
        let name = QueueName::from(name);
        let made =
            self.step(|engine, now| engine.create_queue(now, &name, attributes, BTreeMap::new(), |_| None));
        made.expect("it is new");
    }

    fn send(&self, queue: &str, delay: Option<Duration>) {
        let message = NewMessage::new("hello", [0; 16]);
        self.step(|engine, now| engine.send_message(now, queue, message, delay)).expect("it is there");
    }

    /// What a client receives at once.
    fn receive(&self, queue: &str) -> Vec<Delivery> {
        let request = ReceiveRequest { max: 10, visibility: None, wait: None, attempt: None };
        match self.step(|engine, now| engine.receive_message(now, queue, request)).expect("it is there") {
            Receive::Messages(messages) => messages,
            Receive::Waiting(_) => unreachable!("it was not asked to wait"),
        }
    }

    fn event(&self, function: &str) {
        let invoke = Invoke::new(function, Bytes::from_static(b"{}"));
        self.step(|engine, now| engine.invoke_event(now, invoke)).expect("events are accepted");
    }

    /// An event for a function that always fails, with a dead-letter queue.
    fn doomed_event(&self) {
        self.queue("dead", QueueAttributes::default());
        self.function("f", 1.0);
        self.event("f");
    }

    /// Maps the queue `q` to the function `f`.
    fn map(&self, batching_window: Duration, filter: Option<Filter>) {
        let spec = MappingSpec {
            queue: "q".into(),
            function: "f".into(),
            qualifier: Qualifier::Latest,
            batch_size: 10,
            batching_window,
            maximum_concurrency: None,
            reports_item_failures: false,
            filter,
            provisioned: None,
            counts_events: false,
            enabled: true,
        };
        self.step(|engine, now| engine.create_mapping(now, spec).map(|_| ())).expect("both ends are there");
    }

    async fn advance(&self, seconds: u64) {
        let span = Duration::from_secs(seconds);
        let until = self.driver.clock().now() + span;
        assert_eq!(self.driver.advance_clock(span, PATIENCE).await, Moved { now: until, settled: true });
    }

    /// Waits, in real time, until a fact has happened.
    async fn wait_for(&self, wanted: impl Fn(&What) -> bool) {
        let wait = async {
            while self.times(&wanted).is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it happens");
    }

    /// When such facts happened, in milliseconds since the beginning.
    fn times(&self, wanted: impl Fn(&What) -> bool) -> Vec<u128> {
        let facts = self.driver.facts();
        let wanted = facts.iter().filter(|fact| wanted(&fact.what));
        wanted.map(|fact| fact.at.since(self.began).as_millis()).collect()
    }

    fn in_queue(&self, name: &str) -> usize {
        let queues = self.step(Engine::snapshot).queues;
        queues.iter().find(|queue| queue.name.as_str() == name).map_or(0, |queue| queue.visible)
    }
}

/// A queue whose messages are held for an hour.
fn slow() -> QueueAttributes {
    QueueAttributes { visibility_timeout: Duration::from_secs(3_600), ..QueueAttributes::default() }
}

fn starts(what: &What) -> bool {
    matches!(what, What::InvokeStarted { .. })
}

#[tokio::test]
async fn a_paused_clock_holds_everything() {
    let held = Held::new(ClockSettings::paused());
    held.doomed_event();
    held.send("dead", Some(Duration::from_secs(1)));
    let facts = held.driver.facts().len();
    // Real time passes; its own does not.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let view = held.driver.view_clock();
    assert_eq!((view.now, held.driver.facts().len()), (held.began, facts));
    assert_eq!(view.next_event, Some(held.began + Duration::from_millis(100)), "the end of Init");

    // Released, it goes on from there.
    held.driver.set_clock(ClockChange { gear: Some(Gear::Running), speed: Some(1_000.0), skip_idle: None });
    held.wait_for(|what| matches!(what, What::EventEnded { .. })).await;
    assert_eq!(held.in_queue("dead"), 2);
}

#[tokio::test]
async fn steps_go_from_moment_to_moment() {
    let held = Held::new(ClockSettings::paused());
    held.doomed_event();
    let mut moments = Vec::new();
    while held.in_queue("dead") == 0 {
        let moved = held.driver.step_clock(PATIENCE).await;
        assert!(moved.settled);
        moments.push(moved.now.since(held.began).as_millis());
    }
    // Init and three attempts of 100 ms, a minute and two minutes apart.
    assert_eq!(moments, [100, 200, 60_200, 60_300, 180_300, 180_400]);
    // A step is to whatever is next: here that an unused environment goes.
    held.driver.step_clock(PATIENCE).await;
    assert_eq!(held.times(|what| matches!(what, What::EnvironmentStopped { .. })).len(), 1);
}

#[tokio::test]
async fn a_span_does_all_that_falls_due_at_its_own_moment() {
    let held = Held::new(ClockSettings::paused());
    held.doomed_event();
    held.queue("q", QueueAttributes::default());
    held.send("q", None);
    held.send("q", Some(Duration::from_secs(90)));
    assert_eq!(held.receive("q").len(), 1);
    held.advance(180).await;
    assert_eq!(held.in_queue("dead"), 0);
    held.advance(1).await;
    assert_eq!(held.in_queue("dead"), 1);
    assert_eq!(held.times(starts), [100, 60_200, 180_300]);
    let visible = held.times(|what| matches!(what, What::MessageVisible { .. }));
    assert_eq!(visible, [30_000, 90_000], "the visibility timeout, and the delay");
    // An unused environment goes after 5 to 7 minutes.
    held.advance(420).await;
    let reclaim = StopReason::IdleReclaim;
    let reclaimed =
        held.times(|what| matches!(what, What::EnvironmentStopped { reason, .. } if *reason == reclaim));
    assert!(matches!(reclaimed[..], [at] if (480_400..=600_400).contains(&at)), "{reclaimed:?}");
}

#[tokio::test]
async fn a_span_prepares_provisioned_environments_and_ends_long_polls() {
    let held = Held::new(ClockSettings::paused());
    held.queue("dead", QueueAttributes::default());
    held.function("f", 0.0);
    held.step(|engine, now| engine.publish_version(now, "f", Publication::default()).map(|_| ()))
        .expect("a version");
    held.step(|engine, now| engine.put_provisioned(now, "f", &Qualifier::parse("1"), 3).map(|_| ()))
        .expect("there is room");
    let driver = Arc::clone(&held.driver);
    let wait = Some(Duration::from_secs(20));
    let request = ReceiveRequest { max: 1, visibility: None, wait, attempt: None };
    let poll = tokio::spawn(async move { driver.receive("dead", request).await });
    let waits = async {
        while held.step(Engine::snapshot).queues[0].receivers == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await.expect("it polls");
    held.advance(121).await;
    let received = tokio::time::timeout(PATIENCE, poll).await.expect("it ends").expect("no panic");
    assert_eq!(received.expect("the queue is there").len(), 0);
    assert_eq!(held.times(|what| matches!(what, What::ReceiveEmpty { .. })), [20_000]);
    let ready = |what: &What| {
        matches!(what, What::ProvisionedChanged { status: AllocationStatus::Ready, requested: Some(3), .. })
    };
    assert!(matches!(held.times(ready)[..], [at] if (60_100..=120_200).contains(&at)));
}

#[tokio::test]
async fn a_span_reaches_through_queues_and_pollers() {
    let held = Held::new(ClockSettings::paused());
    held.queue("dead", QueueAttributes::default());
    let redrive = RedrivePolicy { dead_letter_queue: "dead".into(), max_receive_count: 2 };
    held.queue("q", QueueAttributes { redrive: Some(redrive), ..QueueAttributes::default() });
    held.function("f", 1.0);
    held.map(Duration::from_secs(5), None);
    held.send("q", None);
    held.advance(120).await;
    assert_eq!(held.in_queue("dead"), 1);
    // The window, Init; visible again 30 s after its receive, the window again.
    assert_eq!(held.times(starts), [5_100, 35_000]);
}

/// Takes real time over each message, and lets it pass.
#[derive(Debug)]
struct Slow;

impl MessageFilter for Slow {
    fn patterns(&self) -> &[String] {
        &[]
    }

    fn passes(&self, _body: &str) -> bool {
        std::thread::sleep(Duration::from_millis(5));
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_waits_for_filters() {
    let held = Held::new(ClockSettings::paused());
    held.queue("dead", QueueAttributes::default());
    held.queue("q", QueueAttributes::default());
    held.function("f", 0.0);
    held.map(Duration::ZERO, Some(Filter::new(Slow)));
    for delay in [10, 20, 30] {
        held.send("q", Some(Duration::from_secs(delay)));
    }
    held.advance(60).await;
    // The first one waits for its Init.
    assert_eq!(held.times(starts), [10_100, 20_000, 30_000]);
    assert_eq!(held.times(|what| matches!(what, What::BatchSettled { deleted: 1, .. })).len(), 3);
}

#[tokio::test]
async fn who_hangs_up_changes_nothing_of_what_was_asked() {
    let held = Held::new(ClockSettings::paused());
    held.doomed_event();
    tokio::select! {
        biased;
        _ = held.driver.advance_clock(Duration::from_secs(181), PATIENCE) => unreachable!("it takes a turn"),
        () = std::future::ready(()) => {}
    }
    held.wait_for(|what| matches!(what, What::EventEnded { .. })).await;
    // The next in turn comes after all of it.
    held.driver.advance_clock(Duration::ZERO, PATIENCE).await;
    assert_eq!(held.driver.clock().now(), held.began + Duration::from_secs(181));
}

#[tokio::test]
async fn two_spans_at_once_are_one_after_the_other() {
    let held = Held::new(ClockSettings::paused());
    tokio::join!(
        held.driver.advance_clock(Duration::from_secs(60), PATIENCE),
        held.driver.advance_clock(Duration::from_secs(30), PATIENCE)
    );
    assert_eq!(held.driver.clock().now(), held.began + Duration::from_secs(90));
}

#[tokio::test]
async fn a_span_may_be_asked_for_while_the_clock_runs() {
    let held = Held::new(ClockSettings::running(1.0));
    held.doomed_event();
    let span = Duration::from_secs(200);
    let moved = held.driver.advance_clock(span, PATIENCE).await;
    assert!(moved.settled && moved.now >= held.began + span, "{moved:?}");
    assert_eq!((held.times(starts).len(), held.in_queue("dead")), (3, 1));
    assert_eq!(held.driver.view_clock().settings, ClockSettings::running(1.0));
}

#[tokio::test]
async fn a_clock_that_skips_goes_through_retries_and_stops_there() {
    let held = Held::new(ClockSettings::skipping_idle());
    held.doomed_event();
    held.wait_for(|what| matches!(what, What::EventEnded { .. })).await;
    assert_eq!(held.in_queue("dead"), 1);
    let starts = held.times(starts);
    assert!(matches!(starts[..], [a, b, c] if b - a >= 60_000 && c - b >= 120_000), "{starts:?}");
    // What is left is housekeeping: time does not move for that.
    assert_eq!(held.step(|engine, _| engine.next_work()), None);
    assert!(held.driver.view_clock().next_event.is_some());
    let end = held.times(|what| matches!(what, What::EventEnded { .. }))[0];
    held.driver.step(|_, _| ());
    tokio::time::sleep(Duration::from_millis(20)).await;
    let since = held.driver.clock().now().since(held.began).as_millis() - end;
    assert!(since < 60_000, "{since} ms");
    let gone =
        held.times(|what| matches!(what, What::EnvironmentStopped { .. } | What::MessageExpired { .. }));
    assert!(gone.is_empty(), "{gone:?}");
}

#[tokio::test]
async fn a_message_that_a_client_holds_stops_a_clock_that_skips() {
    let held = Held::new(ClockSettings::skipping_idle());
    held.queue("q", slow());
    held.send("q", None);
    let receipt = held.receive("q")[0].receipt;
    held.send("q", Some(Duration::from_secs(600)));
    assert_eq!(held.driver.view_clock().in_flight, 1);
    tokio::time::sleep(Duration::from_millis(20)).await;
    held.step(|engine, now| engine.delete_message(now, "q", receipt)).expect("it holds it");
    held.wait_for(|what| matches!(what, What::MessageVisible { .. })).await;
    let deleted = held.times(|what| matches!(what, What::MessageDeleted { .. }))[0];
    let visible = held.times(|what| matches!(what, What::MessageVisible { .. }))[0];
    assert!(deleted < 300_000 && visible >= 600_000, "{deleted} {visible}");
}

#[tokio::test]
async fn pollers_that_wait_for_nothing_do_not_move_a_clock_that_skips() {
    let held = Held::new(ClockSettings::skipping_idle());
    held.queue("dead", QueueAttributes::default());
    held.queue("q", slow());
    held.function("f", 0.0);
    held.map(Duration::from_secs(300), None);
    held.send("q", Some(Duration::from_secs(900)));
    held.wait_for(|what| matches!(what, What::BatchSettled { deleted: 1, .. })).await;
    let started = held.times(starts);
    assert!(matches!(started[..], [at] if at >= 1_200_000), "the delay and the window: {started:?}");
    assert_eq!(held.step(|engine, _| engine.next_work()), None);
    // A queue that is gone is looked for every now and then, by nobody in need.
    held.step(|engine, now| engine.delete_queue(now, "q")).expect("it is there");
    assert_eq!(held.step(|engine, _| engine.next_work()), None);
}

#[tokio::test]
async fn a_function_without_permits_keeps_its_batch_until_there_is_one() {
    let held = Held::new(ClockSettings::paused());
    held.queue("dead", QueueAttributes::default());
    held.queue("q", QueueAttributes::default());
    held.function("f", 0.0);
    held.step(|engine, now| engine.put_reserved_concurrency(now, "f", 0)).expect("there is room");
    held.map(Duration::ZERO, None);
    held.send("q", None);
    assert!(held.step(|engine, _| engine.next_work()).is_some(), "its batch is tried again");
    held.driver.set_clock(ClockSettings::skipping_idle().into());
    held.wait_for(|what| matches!(what, What::BatchLapsed { .. })).await;
    held.step(|engine, now| engine.put_reserved_concurrency(now, "f", 1)).expect("there is room");
    held.wait_for(|what| matches!(what, What::BatchSettled { deleted: 1, .. })).await;
}

/// What happened, by the time since the beginning.
async fn story() -> Vec<String> {
    let held = Held::new(ClockSettings::paused());
    held.doomed_event();
    held.queue("q", QueueAttributes::default());
    held.map(Duration::ZERO, None);
    (0..20).for_each(|n| held.send("q", Some(Duration::from_secs(n))));
    held.advance(600).await;
    let facts = held.driver.facts();
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest follows from these")]
    let tell = |what: &What| match what {
        What::InvokeStarted { request_id, environment } => Some(format!("{request_id} in {environment:?}")),
        What::EventEnded { ending: EventEnding::RetriesExhausted, .. } => Some("given up".to_owned()),
        What::EnvironmentStopped { environment, reason } => Some(format!("{environment:?} {reason:?}")),
        _ => None,
    };
    let told = facts.iter().filter_map(|fact| Some((fact.at.since(held.began), tell(&fact.what)?)));
    told.map(|(at, what)| format!("{at:?} {what}")).collect()
}

#[tokio::test]
async fn the_same_seed_and_the_same_moves_tell_the_same_story() {
    let (first, second) = (story().await, story().await);
    assert_eq!(first, second);
    assert!(first.len() > 20, "{first:#?}");
}
