//! What becomes of asynchronous events that fail.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::lambda::world::World;
use crate::engine::{Quotas, RequestId, What};

const EVENT: &[(&str, &str)] = &[("x-amz-invocation-type", "Event")];
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:dead";

/// A world whose retries come at once, with a queue and a function that fails.
async fn world() -> World {
    let quotas = Quotas { event_error_delays: [Duration::from_millis(1); 2], ..Quotas::default() };
    let world = World::with_quotas(quotas);
    sqs(&world, "CreateQueue", json!({ "QueueName": "dead" })).await;
    let variables = json!({
        "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "1", "EMULATOR_FAILURE_RATE": "1",
    });
    world.create_built_in("f", variables).await;
    world
}

async fn sqs(world: &World, action: &str, body: Value) -> Value {
    let target = format!("AmazonSQS.{action}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
    let answered = world.send("POST /", &headers, body.to_string()).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    answered.json()
}

/// The next message of the dead-letter queue, waited for.
async fn receive(world: &World) -> Value {
    let received = sqs(
        world,
        "ReceiveMessage",
        json!({
            "QueueUrl": "http://localhost:4566/000000000000/dead", "WaitTimeSeconds": 20,
            "MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"],
        }),
    )
    .await;
    received["Messages"][0].clone()
}

/// Fact 26: all attempts have the request's id, and the dead-letter queue gets
/// the event itself with a Number that is the HTTP status.
#[tokio::test]
async fn a_dead_letter_queue_gets_the_event_and_why() {
    let world = world().await;
    let set = json!({ "DeadLetterConfig": { "TargetArn": QUEUE } });
    world.call("PUT /2015-03-31/functions/f/configuration", set).await;
    let path = "POST /2015-03-31/functions/f/invocations";
    let accepted = world.send(path, EVENT, r#"{"a": 1.0}"#).await;
    let id = accepted.header("x-amzn-requestid").expect("a request id").to_owned();
    assert_eq!((accepted.status.as_u16(), accepted.body.as_str()), (202, ""));

    let message = receive(&world).await;
    assert_eq!(message["Body"], r#"{"a": 1.0}"#);
    let attributes = &message["MessageAttributes"];
    assert_eq!(attributes["RequestID"], json!({ "StringValue": id, "DataType": "String" }));
    assert_eq!(attributes["ErrorCode"], json!({ "StringValue": "200", "DataType": "Number" }));
    let said = "the built-in handler fails at its failure rate";
    assert_eq!(attributes["ErrorMessage"], json!({ "StringValue": said, "DataType": "String" }));

    let request_id = RequestId(id.parse().expect("a UUID"));
    let events = world.api().driver.logs().events("/aws/lambda/f", |_| true).expect("a log");
    let starts = events.iter().filter(|event| event.message.starts_with("START RequestId"));
    let own = starts.filter(|event| event.message.contains(&request_id.to_string())).count();
    assert_eq!(own, 3, "one START an attempt, of the same id");
}

/// Fact 25: nothing tells of a response where there was none.
#[tokio::test]
async fn a_destination_gets_a_record() {
    let world = world().await;
    let config =
        json!({ "MaximumRetryAttempts": 0, "DestinationConfig": { "OnFailure": { "Destination": QUEUE } } });
    world.call("PUT /2019-09-25/functions/f/event-invoke-config", config).await;
    world.send("POST /2015-03-31/functions/f/invocations", EVENT, "{}").await;
    let record: Value =
        serde_json::from_str(receive(&world).await["Body"].as_str().expect("a body")).expect("a record");
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(record["responsePayload"]["errorType"], "SimulatedFailure");

    let zero = json!({ "ReservedConcurrentExecutions": 0 });
    world.call("PUT /2017-10-31/functions/f/concurrency", zero).await;
    world.send("POST /2015-03-31/functions/f/invocations", EVENT, "{}").await;
    let record: Value =
        serde_json::from_str(receive(&world).await["Body"].as_str().expect("a body")).expect("a record");
    assert_eq!(record["requestContext"]["condition"], "ZeroReservedConcurrency");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 0);
    assert!(record.get("responseContext").is_none() && record.get("responsePayload").is_none(), "{record}");
}

/// Fact 28: a chain of invocations is stopped after 16, unless its function
/// allows it.
#[tokio::test]
async fn a_loop_is_stopped() {
    let world = world().await;
    let path = "POST /2015-03-31/functions/f/invocations";
    let invoke = |depth: u32| {
        let trace = format!("Root=1-5759e988-bd862e3fe1be46a994272793;Lineage={depth}:a1b2c3d4:0");
        let world = &world;
        async move { world.send(path, &[("x-amzn-trace-id", trace.as_str())], "{}").await }
    };
    assert_eq!(invoke(15).await.status, 200);
    let stopped = invoke(16).await;
    assert_eq!((stopped.status.as_u16(), stopped.error().1), (400, "RecursiveInvocationException"));
    let allow = json!({ "RecursiveLoop": "Allow" });
    world.call("PUT /2024-08-31/functions/f/recursion-config", allow).await;
    assert_eq!(invoke(99).await.status, 200);
}

/// Events that end at once, at functions that are each other's destination,
/// are handed on no longer than a chain of invocations may be.
#[tokio::test]
async fn records_do_not_go_round_for_ever() {
    let world = world().await;
    world.create_built_in("g", json!({ "EMULATOR_INIT_MS": "0" })).await;
    for (name, other) in [("f", "g"), ("g", "f")] {
        let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{other}");
        let config = json!({ "DestinationConfig": { "OnFailure": { "Destination": arn } } });
        world.call(&format!("PUT /2019-09-25/functions/{name}/event-invoke-config"), config).await;
        let zero = json!({ "ReservedConcurrentExecutions": 0 });
        world.call(&format!("PUT /2017-10-31/functions/{name}/concurrency"), zero).await;
    }
    let accepted = world.send("POST /2015-03-31/functions/f/invocations", EVENT, "{}").await;
    assert_eq!(accepted.status, 202);
    let facts = world.api().driver.facts();
    let delivered = facts.iter().filter_map(|fact| {
        let What::RecordSent { delivered, .. } = fact.what else { return None };
        Some(delivered)
    });
    let mut handed_on = vec![true; 16];
    handed_on.push(false);
    assert_eq!(delivered.collect::<Vec<_>>(), handed_on);
}
