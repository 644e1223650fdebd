//! Dead-letter queues: which queues may have which, and what becomes of the
//! messages.

use std::time::Duration;

use serde_json::{Value, json};

use super::refusal::{attribute_value, check, invalid};
use super::{QUEUE, api, arn, ask, bodies, create, form, now, receive, until_visible, url, with_queue};
use crate::api::Api;
use crate::engine::Quotas;

fn policy(target: &str) -> String {
    json!({ "deadLetterTargetArn": target, "maxReceiveCount": 1 }).to_string()
}

fn set(queue: &str, name: &str, value: &str) -> Value {
    json!({ "QueueUrl": queue, "Attributes": {name: value} })
}

/// A policy is refused to a queue that is there and to a new one.
async fn check_redrive(api: &Api, queue: &str, target: &str, reason: &str) {
    let policy = policy(target);
    let message = format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}");
    check(api, "SetQueueAttributes", &set(queue, "RedrivePolicy", &policy), invalid(&message)).await;
    let fifo = queue.ends_with(".fifo");
    let (name, mut attributes) =
        if fifo { ("new.fifo", json!({ "FifoQueue": "true" })) } else { ("new", json!({})) };
    attributes["RedrivePolicy"] = policy.into();
    check(api, "CreateQueue", &json!({ "QueueName": name, "Attributes": attributes }), invalid(&message))
        .await;
}

#[tokio::test]
async fn a_dead_letter_queue_is_there_and_of_the_same_type() {
    let api = with_queue().await;
    let fifo = create(&api, "q.fifo", json!({ "FifoQueue": "true" })).await;
    let missing = "Dead letter target does not exist.";
    for target in
        [&arn("nowhere"), "arn:aws:sqs:eu-west-1:000000000000:q", "arn:aws:sqs:us-east-1:123456789012:q"]
    {
        check_redrive(&api, QUEUE, target, missing).await;
    }
    let other = "Dead-letter queue must be same type of queue as the source.";
    check_redrive(&api, QUEUE, &arn("q.fifo"), other).await;
    check_redrive(&api, &fifo, &arn("q"), other).await;
}

#[tokio::test]
async fn a_dead_letter_queue_says_whose_messages_it_takes() {
    let api = with_queue().await;
    let dead = create(&api, "dead", json!({})).await;
    let by_queue = |names: &[&str]| {
        let arns: Vec<String> = names.iter().map(|name| arn(name)).collect();
        json!({ "redrivePermission": "byQueue", "sourceQueueArns": arns }).to_string()
    };
    let refuses = "The dead-letter queue's RedriveAllowPolicy does not allow this source queue.";
    for allow in [r#"{"redrivePermission":"denyAll"}"#.to_owned(), by_queue(&["other"])] {
        ask(&api, "SetQueueAttributes", set(&dead, "RedriveAllowPolicy", &allow)).await;
        check_redrive(&api, QUEUE, &arn("dead"), refuses).await;
    }
    let ten = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "q"];
    for allow in [r#"{"redrivePermission":"allowAll"}"#.to_owned(), by_queue(&ten), String::new()] {
        ask(&api, "SetQueueAttributes", set(&dead, "RedriveAllowPolicy", &allow)).await;
        ask(&api, "SetQueueAttributes", set(QUEUE, "RedrivePolicy", &policy(&arn("dead")))).await;
        ask(&api, "SetQueueAttributes", set(QUEUE, "RedrivePolicy", "")).await;
    }
    let eleven = by_queue(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]);
    let invalid = attribute_value("Invalid value for the parameter RedriveAllowPolicy.");
    for wrong in [eleven.as_str(), r#"{"redrivePermission":"some"}"#, "{}", "x", &by_queue(&[])] {
        check(&api, "SetQueueAttributes", &set(&dead, "RedriveAllowPolicy", wrong), invalid).await;
    }
}

/// Fact 41: `queueUrls` begins with a small letter, as nothing else does.
#[tokio::test]
async fn fact_41_sources_of_dead_letters_are_listed_in_pages() {
    let api = with_queue().await;
    let dead = create(&api, "dead", json!({})).await;
    let none = ask(&api, "ListDeadLetterSourceQueues", json!({ "QueueUrl": dead })).await;
    assert_eq!(none, json!({ "queueUrls": [] }));
    for name in ["c", "a", "b"] {
        create(&api, name, json!({ "RedrivePolicy": policy(&arn("dead")) })).await;
    }
    let all = ask(&api, "ListDeadLetterSourceQueues", json!({ "QueueUrl": dead })).await;
    assert_eq!(all, json!({ "queueUrls": [url("a"), url("b"), url("c")] }));
    let first = ask(&api, "ListDeadLetterSourceQueues", json!({ "QueueUrl": dead, "MaxResults": 2 })).await;
    assert_eq!(first["queueUrls"], json!([url("a"), url("b")]));
    let rest = json!({ "QueueUrl": dead, "MaxResults": 2, "NextToken": first["NextToken"] });
    assert_eq!(ask(&api, "ListDeadLetterSourceQueues", rest).await, json!({ "queueUrls": [url("c")] }));
    let in_xml = form(&api, "/000000000000/dead", "ListDeadLetterSourceQueues", "").await;
    let listed = ["a", "b", "c"].map(|name| format!("<QueueUrl>{}</QueueUrl>", url(name))).concat();
    assert_eq!(in_xml.xml("ListDeadLetterSourceQueuesResult"), listed);
    for wrong in [0, 1_001] {
        let message = format!(
            "Value {wrong} for parameter MaxResults is invalid. Reason: Must be between 1 and 1000, if provided."
        );
        let body = json!({ "QueueUrl": dead, "MaxResults": wrong });
        check(&api, "ListDeadLetterSourceQueues", &body, invalid(&message)).await;
    }
}

#[tokio::test]
async fn the_receive_after_the_last_moves_the_message() {
    for (ending, more) in [("", json!({})), (".fifo", json!({ "FifoQueue": "true" }))] {
        let api = api(Quotas::default(), 1.0);
        let dead = create(&api, &format!("dead{ending}"), more.clone()).await;
        let target = arn(&format!("dead{ending}"));
        let mut attributes = more;
        attributes["VisibilityTimeout"] = "0".into();
        attributes["RedrivePolicy"] =
            json!({ "deadLetterTargetArn": target, "maxReceiveCount": "3" }).to_string().into();
        let queue = create(&api, &format!("q{ending}"), attributes).await;
        let mut message = json!({ "QueueUrl": queue, "MessageBody": "m", "MessageGroupId": "g" });
        if !ending.is_empty() {
            message["MessageDeduplicationId"] = "d".into();
        }
        let sent = ask(&api, "SendMessage", message).await;
        for count in ["1", "2", "3"] {
            let received = receive(&api, &queue, json!({})).await;
            assert_eq!(received[0]["Attributes"]["ApproximateReceiveCount"], count, "{queue}");
        }
        until_visible(&api, &dead, 0).await;
        assert!(receive(&api, &queue, json!({})).await.is_empty());
        let received = receive(&api, &dead, json!({})).await.swap_remove(0);
        assert_eq!((&received["MessageId"], &received["Body"]), (&sent["MessageId"], &json!("m")));
        assert_eq!(received["Attributes"]["MessageGroupId"], "g");
        assert_eq!(received["Attributes"]["DeadLetterQueueSourceArn"], arn(&format!("q{ending}")));
    }
}

#[tokio::test]
async fn a_dead_letter_keeps_its_age_except_in_a_fifo_queue() {
    let retention = Duration::from_secs(60);
    for (ending, more, stays) in [("", json!({}), false), (".fifo", json!({ "FifoQueue": "true" }), true)] {
        let api = api(Quotas::default(), 500.0);
        let mut attributes = more.clone();
        // Only of the standard queue is it to be too old on arrival.
        let kept = if stays { "1209600" } else { "60" };
        attributes["MessageRetentionPeriod"] = kept.into();
        let dead = create(&api, &format!("dead{ending}"), attributes).await;
        let mut attributes = more;
        attributes["RedrivePolicy"] = policy(&arn(&format!("dead{ending}"))).into();
        attributes["VisibilityTimeout"] = "0".into();
        let queue = create(&api, &format!("q{ending}"), attributes).await;
        let mut message = json!({ "QueueUrl": queue, "MessageBody": "m", "MessageGroupId": "g" });
        if stays {
            message["MessageDeduplicationId"] = "d".into();
        }
        ask(&api, "SendMessage", message).await;
        let first = receive(&api, &queue, json!({})).await.swap_remove(0);
        let sent = now(&api);
        while now(&api).since(sent) < retention {
            tokio::task::yield_now().await;
        }
        assert!(receive(&api, &queue, json!({})).await.is_empty(), "this receive moves it");
        let there = receive(&api, &dead, json!({})).await;
        if stays {
            let at = |message: &Value| -> u64 {
                message["Attributes"]["SentTimestamp"]
                    .as_str()
                    .and_then(|at| at.parse().ok())
                    .expect("a time")
            };
            assert!(at(&there[0]) >= at(&first) + 60_000, "{there:?}");
        } else {
            assert!(bodies(&there).is_empty(), "its 60 seconds were over");
        }
    }
}
