//! `--mode queue`: every message confirmed, then the queue is watched.

use crate::mock::{Answer, Asked, Mock};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

const QUEUE_URL: &str = "http://127.0.0.1/000000000000/demo-queue";

/// A queue that takes every message and loses one to a consumer per look,
/// after the first look before the run.
fn queue(asked: &Asked, messages: &AtomicU64, consumed_per_look: u64) -> Answer {
    match asked.operation.as_str() {
        "GetQueueUrl" => Answer::new(200, json!({"QueueUrl": QUEUE_URL}).to_string()),
        "SendMessage" => {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(body["QueueUrl"], QUEUE_URL);
            messages.fetch_add(1, Ordering::SeqCst);
            let answer = json!({"MessageId": format!("m-{}", asked.n), "MD5OfMessageBody": "x"});
            Answer::new(200, answer.to_string())
        }
        "GetQueueAttributes" => {
            let left = messages.load(Ordering::SeqCst).saturating_sub(consumed_per_look);
            messages.store(left, Ordering::SeqCst);
            let attributes = json!({"Attributes": {
                "ApproximateNumberOfMessages": "0",
                "ApproximateNumberOfMessagesNotVisible": left.to_string(),
                "ApproximateNumberOfMessagesDelayed": "0",
            }});
            Answer::new(200, attributes.to_string())
        }
        other => Answer::new(400, format!(r#"{{"__type":"com.amazonaws.sqs#{other}"}}"#)),
    }
}

fn start(consumed_per_look: u64) -> Mock {
    let messages = AtomicU64::new(0);
    Mock::start(move |asked: &Asked| queue(asked, &messages, consumed_per_look))
}

#[test]
fn messages_are_confirmed_and_the_queue_drains() {
    let mock = start(10);
    let flags = ["--mode", "queue", "--queue", "demo-queue", "--requests", "20", "--expect", "drain<1m"];
    let (code, report) = mock.report(&flags);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(report["counts"]["accepted"], 20);
    assert_eq!(report["function"], Value::Null);
    assert_eq!(report["queue"]["sent"], 20);
    assert_eq!(report["queue"]["drained"], true);
    assert!(report["queue"]["drain_s"].is_number());
}

#[test]
fn a_queue_that_stays_full_fails_the_run() {
    let mock = start(0);
    let ran =
        mock.run(&["--mode", "queue", "--queue", QUEUE_URL, "--requests", "3", "--drain-timeout", "300ms"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.stderr, "expectation failed: the queue becomes empty (3 messages left)\n");
    assert!(ran.stdout.contains("queue not empty, 3 messages left"), "{}", ran.stdout);
}

#[test]
fn a_queue_that_does_not_exist_is_an_error() {
    let mock = Mock::start(|_: &Asked| {
        let body = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#;
        Answer::new(400, body)
            .with_header("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
    });
    let ran = mock.run(&["--mode", "queue", "--queue", "nope"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let first = ran.stderr.lines().next().unwrap();
    assert!(first.starts_with("error: --queue nope: "), "{first}");
    assert!(first.ends_with("The specified queue does not exist."), "{first}");
    assert!(ran.stderr.contains("\n\nhint: create it first"), "{ran:?}");
}
