//! Message move tasks.

use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::refusal::{check, invalid, missing, not_found, unsupported};
use super::{PATIENCE, STILL, api, arn, ask, attribute, bodies, create, now, receive, until_visible, url};
use crate::api::Api;
use crate::engine::Quotas;

/// An account with the queue `q`, whose dead letters go to `dead` when they
/// have been received once.
async fn with_dead_letters(speed: f64) -> Api {
    let api = api(Quotas::default(), speed);
    create(&api, "dead", json!({})).await;
    source(&api, "q").await;
    api
}

/// A queue with `dead` as its dead-letter queue.
async fn source(api: &Api, name: &str) -> String {
    let policy = json!({ "deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1 }).to_string();
    create(api, name, json!({ "RedrivePolicy": policy, "VisibilityTimeout": "0" })).await
}

/// Makes a dead letter of a queue, and gives its message id.
async fn dead_letter(api: &Api, queue: &str, body: &str) -> Value {
    let sent = ask(api, "SendMessage", json!({ "QueueUrl": queue, "MessageBody": body })).await;
    assert_eq!(bodies(&receive(api, queue, json!({})).await), [body]);
    assert!(receive(api, queue, json!({})).await.is_empty(), "this receive moves it");
    sent["MessageId"].clone()
}

async fn start(api: &Api, more: Value) -> String {
    let mut body = json!({ "SourceArn": arn("dead") });
    body.as_object_mut().expect("it is one").extend(more.as_object().cloned().unwrap_or_default());
    let started = ask(api, "StartMessageMoveTask", body).await;
    started["TaskHandle"].as_str().expect("a handle").to_owned()
}

/// The tasks of `dead`, up to ten.
async fn tasks(api: &Api) -> Vec<Value> {
    let listed =
        ask(api, "ListMessageMoveTasks", json!({ "SourceArn": arn("dead"), "MaxResults": 10 })).await;
    listed["Results"].as_array().cloned().unwrap_or_default()
}

/// The newest task of `dead`, once it has that status.
async fn until(api: &Api, status: &str) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let newest = tasks(api).await.swap_remove(0);
        if newest["Status"] == status {
            return newest;
        }
        assert!(Instant::now() < end, "not {status}: {newest}");
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

fn keys(task: &Value) -> Vec<&str> {
    task.as_object().expect("a task").keys().map(String::as_str).collect()
}

/// Fact 46: a dead letter keeps its id; a task that moves it back gives it
/// another, and a new time.
#[tokio::test]
async fn fact_46_dead_letters_keep_their_id_and_moved_ones_get_another() {
    let api = with_dead_letters(50.0).await;
    let (q, dead) = (url("q"), url("dead"));
    let id = dead_letter(&api, &q, "m").await;
    let look = json!({ "VisibilityTimeout": 0 });
    let in_dead = receive(&api, &dead, look).await.swap_remove(0);
    assert_eq!((&in_dead["MessageId"], &in_dead["Body"]), (&id, &json!("m")));
    assert_eq!(in_dead["Attributes"]["DeadLetterQueueSourceArn"], arn("q"));
    start(&api, json!({})).await;
    until_visible(&api, &q, 1).await;
    let back = receive(&api, &q, json!({})).await.swap_remove(0);
    assert_eq!(back["Body"], "m");
    assert_ne!(back["MessageId"], id);
    assert_eq!(back["Attributes"]["ApproximateReceiveCount"], "1", "it is a new message");
    assert!(back["Attributes"].get("DeadLetterQueueSourceArn").is_none(), "{back}");
    let sent = |message: &Value| -> u64 {
        message["Attributes"]["SentTimestamp"].as_str().and_then(|at| at.parse().ok()).expect("a time")
    };
    assert!(sent(&back) > sent(&in_dead), "{back}");
    let task = until(&api, "COMPLETED").await;
    assert_eq!(task["ApproximateNumberOfMessagesMoved"], 1);
    assert_eq!(task["ApproximateNumberOfMessagesToMove"], 1);
}

#[tokio::test]
async fn messages_go_back_where_they_came_from_or_all_to_one_queue() {
    let api = with_dead_letters(1.0).await;
    let other = source(&api, "other").await;
    let third = create(&api, "third", json!({})).await;
    for (destination, expected) in [(None, [1, 1, 0]), (Some("third"), [0, 0, 2])] {
        dead_letter(&api, &url("q"), "of q").await;
        dead_letter(&api, &other, "of other").await;
        until_visible(&api, &url("dead"), 2).await;
        start(&api, destination.map_or(json!({}), |name| json!({ "DestinationArn": arn(name) }))).await;
        until(&api, "COMPLETED").await;
        for (queue, expected) in [url("q"), other.clone(), third.clone()].iter().zip(expected) {
            let count = attribute(&api, queue, "ApproximateNumberOfMessages").await;
            assert_eq!(count, Some(expected.to_string()), "{queue} {destination:?}");
        }
        for queue in [url("q"), other.clone()] {
            let there = receive(&api, &queue, json!({ "VisibilityTimeout": 43_200 })).await;
            for message in there {
                let handle = &message["ReceiptHandle"];
                ask(&api, "DeleteMessage", json!({ "QueueUrl": queue, "ReceiptHandle": handle })).await;
            }
        }
    }
}

#[tokio::test]
async fn a_task_can_be_named_while_it_runs_and_no_longer() {
    let api = with_dead_letters(STILL).await;
    let before = now(&api).as_millis();
    let more = json!({ "DestinationArn": arn("q"), "MaxNumberOfMessagesPerSecond": 500 });
    let handle = start(&api, more).await;
    let running = tasks(&api).await.swap_remove(0);
    let started = running["StartedTimestamp"].as_u64().expect("milliseconds");
    assert!((before..=now(&api).as_millis()).contains(&started), "{started}");
    assert_eq!(
        running,
        json!({
            "TaskHandle": handle, "Status": "RUNNING", "SourceArn": arn("dead"), "DestinationArn": arn("q"),
            "MaxNumberOfMessagesPerSecond": 500, "ApproximateNumberOfMessagesMoved": 0,
            "ApproximateNumberOfMessagesToMove": 0, "StartedTimestamp": started,
        })
    );
    let cancelled = ask(&api, "CancelMessageMoveTask", json!({ "TaskHandle": handle })).await;
    assert_eq!(cancelled, json!({ "ApproximateNumberOfMessagesMoved": 0 }));
    let cancelling = tasks(&api).await.swap_remove(0);
    assert_eq!(cancelling["Status"], "CANCELLING");
    assert!(cancelling.get("TaskHandle").is_none(), "{cancelling}");
}

#[tokio::test]
async fn what_was_not_said_is_not_shown() {
    let api = with_dead_letters(1.0).await;
    start(&api, json!({})).await;
    let ended = until(&api, "COMPLETED").await;
    let expected = [
        "ApproximateNumberOfMessagesMoved",
        "ApproximateNumberOfMessagesToMove",
        "SourceArn",
        "StartedTimestamp",
        "Status",
    ];
    assert_eq!(keys(&ended), expected, "no handle, destination, rate or failure");
}

#[tokio::test]
async fn a_cancelled_task_leaves_the_rest_where_it_is() {
    let api = with_dead_letters(10.0).await;
    for body in 0..30 {
        dead_letter(&api, &url("q"), &body.to_string()).await;
    }
    let handle = start(&api, json!({ "MaxNumberOfMessagesPerSecond": 1 })).await;
    until_visible(&api, &url("q"), 1).await;
    let cancelled = ask(&api, "CancelMessageMoveTask", json!({ "TaskHandle": handle })).await;
    let moved = cancelled["ApproximateNumberOfMessagesMoved"].as_u64().expect("a number");
    assert!((1..30).contains(&moved), "{moved}");
    let ended = until(&api, "CANCELLED").await;
    assert_eq!(ended["ApproximateNumberOfMessagesMoved"], moved);
    assert_eq!(ended["ApproximateNumberOfMessagesToMove"], 30);
    let left = attribute(&api, &url("dead"), "ApproximateNumberOfMessages").await;
    assert_eq!(left, Some((30 - moved).to_string()));
    check(&api, "CancelMessageMoveTask", &json!({ "TaskHandle": handle }), not_found("Task does not exist."))
        .await;
}

#[tokio::test]
async fn tasks_are_listed_newest_first() {
    let api = with_dead_letters(1.0).await;
    assert!(tasks(&api).await.is_empty());
    for rate in 1..=11 {
        start(&api, json!({ "MaxNumberOfMessagesPerSecond": 489 + rate })).await;
        until(&api, "COMPLETED").await;
    }
    let rates = |tasks: &[Value]| -> Vec<Value> {
        tasks.iter().map(|task| task["MaxNumberOfMessagesPerSecond"].clone()).collect()
    };
    let ten: Vec<Value> = (491..=500).rev().map(Value::from).collect();
    assert_eq!(rates(&tasks(&api).await), ten);
    for (most, expected) in [(json!({}), 1), (json!({ "MaxResults": 3 }), 3)] {
        let mut body = most;
        body["SourceArn"] = arn("dead").into();
        let listed = ask(&api, "ListMessageMoveTasks", body).await;
        assert_eq!(rates(listed["Results"].as_array().expect("tasks")), ten[..expected]);
    }
}

#[tokio::test]
async fn tasks_that_can_not_be_started() {
    let api = with_dead_letters(1.0).await;
    create(&api, "plain", json!({})).await;
    create(&api, "other.fifo", json!({ "FifoQueue": "true" })).await;
    let elsewhere = "arn:aws:sqs:eu-west-1:000000000000:dead";
    let no_source = not_found("The resource that you specified for the SourceArn parameter doesn't exist.");
    let no_destination =
        not_found("The resource that you specified for the DestinationArn parameter doesn't exist.");
    let types = "Messages can't be moved between a FIFO queue and a standard queue.";
    let rate = |rate: i32| {
        format!(
            "Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500, \
             if provided."
        )
    };
    let (zero, many) = (rate(0), rate(501));
    for (body, refusal) in [
        (json!({}), missing("The request must contain the parameter SourceArn.")),
        (json!({ "SourceArn": arn("nowhere") }), no_source),
        (json!({ "SourceArn": elsewhere }), no_source),
        (json!({ "SourceArn": "dead" }), no_source),
        (
            json!({ "SourceArn": arn("plain") }),
            invalid("Source queue must be configured as a Dead Letter Queue."),
        ),
        (json!({ "SourceArn": arn("dead"), "DestinationArn": arn("nowhere") }), no_destination),
        (json!({ "SourceArn": arn("dead"), "DestinationArn": elsewhere }), no_destination),
        (json!({ "SourceArn": arn("dead"), "DestinationArn": arn("other.fifo") }), unsupported(types)),
        (json!({ "SourceArn": arn("dead"), "MaxNumberOfMessagesPerSecond": 0 }), invalid(&zero)),
        (json!({ "SourceArn": arn("dead"), "MaxNumberOfMessagesPerSecond": 501 }), invalid(&many)),
    ] {
        check(&api, "StartMessageMoveTask", &body, refusal).await;
    }
    for (body, refusal) in [
        (json!({}), missing("The request must contain the parameter SourceArn.")),
        (json!({ "SourceArn": arn("nowhere") }), no_source),
        (
            json!({ "SourceArn": arn("dead"), "MaxResults": 11 }),
            invalid(
                "Value 11 for parameter MaxResults is invalid. Reason: Must be between 1 and 10, if provided.",
            ),
        ),
    ] {
        check(&api, "ListMessageMoveTasks", &body, refusal).await;
    }
    assert!(tasks(&api).await.is_empty());
}

#[tokio::test]
async fn a_source_has_one_task_at_a_time() {
    let api = with_dead_letters(STILL).await;
    let handle = start(&api, json!({})).await;
    let running = unsupported(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
    let another = json!({ "SourceArn": arn("dead") });
    check(&api, "StartMessageMoveTask", &another, running).await;
    // One that is about to end still counts.
    ask(&api, "CancelMessageMoveTask", json!({ "TaskHandle": handle })).await;
    check(&api, "StartMessageMoveTask", &another, running).await;
}

#[tokio::test]
async fn an_account_has_a_hundred_tasks_at_a_time() {
    let api = api(Quotas::default(), STILL);
    for number in 0..=100 {
        let dead = format!("dead-{number}");
        create(&api, &dead, json!({})).await;
        let policy = json!({ "deadLetterTargetArn": arn(&dead), "maxReceiveCount": 1 }).to_string();
        create(&api, &format!("q-{number}"), json!({ "RedrivePolicy": policy })).await;
        if number < 100 {
            ask(&api, "StartMessageMoveTask", json!({ "SourceArn": arn(&dead) })).await;
        }
    }
    let refusal =
        (403, "OverLimit", "OverLimit", "The maximum number of active message move tasks is reached.");
    check(&api, "StartMessageMoveTask", &json!({ "SourceArn": arn("dead-100") }), refusal).await;
}

#[tokio::test]
async fn handles_that_name_no_task() {
    let api = with_dead_letters(1.0).await;
    let unreadable = invalid("Value for parameter TaskHandle is invalid.");
    let odd = BASE64_STANDARD.encode(r#"{"taskId":"x"}"#);
    for handle in ["", "garbage", &odd] {
        check(&api, "CancelMessageMoveTask", &json!({ "TaskHandle": handle }), unreadable).await;
    }
    let nothing = missing("The request must contain the parameter TaskHandle.");
    check(&api, "CancelMessageMoveTask", &json!({}), nothing).await;
    let over = start(&api, json!({})).await;
    until(&api, "COMPLETED").await;
    let gone = not_found("Task does not exist.");
    check(&api, "CancelMessageMoveTask", &json!({ "TaskHandle": over }), gone).await;
}

#[tokio::test]
async fn a_task_fails_when_a_queue_is_gone() {
    let api = with_dead_letters(1.0).await;
    source(&api, "stays").await;
    dead_letter(&api, &url("q"), "m").await;
    ask(&api, "DeleteQueue", json!({ "QueueUrl": url("q") })).await;
    start(&api, json!({})).await;
    let failed = until(&api, "FAILED").await;
    assert_eq!(failed["FailureReason"], "AWS.SimpleQueueService.NonExistentQueue");
    assert_eq!(failed["ApproximateNumberOfMessagesMoved"], 0);
    assert!(failed.get("TaskHandle").is_none(), "{failed}");
    let left = attribute(&api, &url("dead"), "ApproximateNumberOfMessages").await;
    assert_eq!(left.as_deref(), Some("1"), "it is where it was");
}

#[tokio::test]
async fn a_task_fails_at_a_message_from_nowhere() {
    let api = with_dead_letters(1.0).await;
    ask(&api, "SendMessage", json!({ "QueueUrl": url("dead"), "MessageBody": "direct" })).await;
    start(&api, json!({})).await;
    let failed = until(&api, "FAILED").await;
    assert_eq!(failed["FailureReason"], "CouldNotDetermineMessageSource");
    // With a destination it does not matter where it is from.
    start(&api, json!({ "DestinationArn": arn("q") })).await;
    until(&api, "COMPLETED").await;
    assert_eq!(bodies(&receive(&api, &url("q"), json!({})).await), ["direct"]);
}
