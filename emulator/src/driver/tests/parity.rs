//! Parity: the same scenario on the built-in handler tells the same story on
//! virtual time and under the real-time driver.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::api::Api;
use crate::engine::{
    Engine, Fact, FunctionSpec, HandlerModel, Invoke, MappingSpec, NewMessage, Qualifier, QueueAttributes,
    QueueName, Quotas, RequestId, Snapshot, Timestamp, What,
};
use crate::sim::{BuiltIn, Simulation};

/// One step of the scenario; the next begins when everything is at rest.
const STEPS: [fn(&mut Engine, Timestamp); 4] = [set_up, burst, one_more, messages];

fn set_up(engine: &mut Engine, now: Timestamp) {
    engine.create_function(now, "f".into(), function()).expect("a free name");
    engine.put_reserved_concurrency(now, "f", 2).expect("room to reserve");
    let queue = QueueName::from("q");
    let attributes = QueueAttributes::default();
    engine.create_queue(now, &queue, attributes, BTreeMap::new(), |_| None).expect("a free name");
    let spec = MappingSpec {
        queue,
        function: "f".into(),
        qualifier: Qualifier::Latest,
        batch_size: 2,
        batching_window: Duration::from_secs(1),
        maximum_concurrency: None,
        reports_item_failures: false,
        filter: None,
        provisioned: None,
        counts_events: false,
        enabled: true,
    };
    engine.create_mapping(now, spec).expect("both ends are there");
}

/// Three callers and two events on two permits.
fn burst(engine: &mut Engine, now: Timestamp) {
    for _ in 0..3 {
        let _refused = engine.invoke(now, invoke());
    }
    for _ in 0..2 {
        engine.invoke_event(now, invoke()).expect("events are accepted");
    }
}

fn invoke() -> Invoke<'static> {
    Invoke::new("f", Bytes::from_static(b"{}"))
}

fn one_more(engine: &mut Engine, now: Timestamp) {
    let _answer = engine.invoke(now, invoke());
}

/// A full batch, and one that waits for its window.
fn messages(engine: &mut Engine, now: Timestamp) {
    for body in ["a", "b", "c"] {
        let message = NewMessage::new(body, [0; 16]);
        engine.send_message(now, "q", message, None).expect("the queue is there");
    }
}

fn function() -> FunctionSpec {
    let (init, duration) = (Duration::from_millis(200), Duration::from_millis(500));
    FunctionSpec::simulated(HandlerModel {
        init: init.into(),
        duration: duration.into(),
        ..HandlerModel::default()
    })
}

/// Whether nothing runs and nothing waits but what only time will bring back.
fn at_rest(snapshot: &Snapshot) -> bool {
    snapshot.functions.iter().all(|function| function.in_flight == 0 && function.events_waiting == 0)
        && snapshot.queues.iter().all(|queue| queue.visible + queue.in_flight == 0)
}

/// What happened, without the moments: those of the real-time run are its own.
fn story(facts: &[Fact]) -> Vec<String> {
    let mut requests: Vec<RequestId> = Vec::new();
    let mut name = |id: RequestId| {
        let known = requests.iter().position(|known| *known == id);
        known.unwrap_or_else(|| {
            requests.push(id);
            requests.len() - 1
        })
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has ids of chance, and follows from these")]
    let mut tell = |what: &What| match what {
        What::Admitted { request_id, environment, cold, .. } => {
            Some(format!("admitted {} {environment:?} cold {cold}", name(*request_id)))
        }
        What::Throttled { request_id, reason, .. } => {
            Some(format!("{} {}", name(*request_id), reason.as_str()))
        }
        What::InitEnded { environment, took } => Some(format!("init {environment:?} {took:?}")),
        What::InvokeStarted { request_id, environment } => {
            Some(format!("{} {environment:?}", name(*request_id)))
        }
        What::InvokeEnded { request_id, ending, duration, init, .. } => {
            Some(format!("{} {ending:?} {duration:?} {init:?}", name(*request_id)))
        }
        What::EnvironmentIdle { environment } => Some(format!("idle {environment:?}")),
        What::EventEnded { request_id, ending, .. } => Some(format!("{} {ending:?}", name(*request_id))),
        What::MessageSent { .. } => Some("sent".to_owned()),
        What::MessageReceived { receive_count, .. } => Some(format!("received {receive_count}")),
        What::MessageDeleted { .. } => Some("deleted".to_owned()),
        _ => None,
    };
    facts.iter().filter_map(|fact| tell(&fact.what)).collect()
}

/// The scenario with no time passing.
fn on_virtual_time() -> Vec<Fact> {
    let mut simulation = Simulation::new(Quotas::default(), 1, BuiltIn);
    let mut facts = Vec::new();
    for step in STEPS {
        simulation.command(step);
        simulation.settle(&mut facts);
        while !at_rest(&simulation.command(Engine::snapshot)) {
            assert!(simulation.step(Timestamp::from_micros(u64::MAX), &mut facts), "something is due");
        }
    }
    facts
}

/// The scenario under the driver, ten times as fast as real time.
async fn in_real_time() -> Vec<Fact> {
    let driver = Api::for_test(Quotas::default(), 10.0).driver;
    for step in STEPS {
        driver.step(step);
        while !at_rest(&driver.step(Engine::snapshot)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    driver.facts()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_driver_tells_the_story_of_virtual_time() {
    let (real, virtual_) = (story(&in_real_time().await), story(&on_virtual_time()));
    assert_eq!(real, virtual_);
    let count = |begin: &str| real.iter().filter(|line| line.contains(begin)).count();
    assert_eq!((count("cold true"), count("init "), count("deleted")), (2, 2, 3), "{real:#?}");
    assert_eq!(count("Succeeded 500ms"), 7, "{real:#?}");
    assert!(count("ReservedFunctionConcurrentInvocationLimitExceeded") >= 3, "{real:#?}");
}
