//! Queues come and go; what is in them, too.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::refusal::{check, invalid};
use super::{
    PATIENCE, QUEUE, STILL, api, ask, attribute, create, json as request, now, receive, until_visible, url,
    with_queue,
};
use crate::api::Api;
use crate::engine::Quotas;

/// Asks until it is granted.
async fn insist(api: &Api, action: &str, body: &Value, refused_as: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let replied = request(api, action, &body.to_string()).await;
        if replied.status == 200 {
            return;
        }
        assert!(replied.header("x-amzn-query-error").starts_with(refused_as), "{}", replied.body);
        assert!(Instant::now() < end, "{action} is still refused");
        tokio::task::yield_now().await;
    }
}

/// Fact 41: without names, no attributes; fact 42: messages may have 1 MiB.
#[tokio::test]
async fn attributes_are_shown_by_name_alone() {
    let api = with_queue().await;
    for names in [json!([]), Value::Null] {
        let get = json!({ "QueueUrl": QUEUE, "AttributeNames": names });
        assert_eq!(ask(&api, "GetQueueAttributes", get).await, json!({}));
    }
    for (name, expected) in [
        ("VisibilityTimeout", Some("30")),
        ("DelaySeconds", Some("0")),
        ("MaximumMessageSize", Some("1048576")),
        ("MessageRetentionPeriod", Some("345600")),
        ("ReceiveMessageWaitTimeSeconds", Some("0")),
        ("SqsManagedSseEnabled", Some("true")),
        ("RedrivePolicy", None),
        ("RedriveAllowPolicy", None),
        ("Policy", None),
        ("FifoQueue", None),
        ("KmsMasterKeyId", None),
        ("KmsDataKeyReusePeriodSeconds", None),
    ] {
        assert_eq!(attribute(&api, QUEUE, name).await.as_deref(), expected, "{name}");
    }
}

#[tokio::test]
async fn a_queue_is_made_again_with_the_same_settings_or_not_at_all() {
    let api = with_queue().await;
    let tagged = json!({ "QueueName": "q", "tags": {"new": "tag"} });
    assert_eq!(ask(&api, "CreateQueue", tagged).await, json!({ "QueueUrl": QUEUE }), "tags are not compared");
    assert_eq!(ask(&api, "ListQueueTags", json!({ "QueueUrl": QUEUE })).await, json!({}), "nor changed");
    create(&api, "q", json!({ "VisibilityTimeout": "30", "DelaySeconds": "0" })).await;
    for (attributes, first) in [
        (json!({ "VisibilityTimeout": "31" }), "VisibilityTimeout"),
        (json!({ "VisibilityTimeout": "31", "DelaySeconds": "0" }), "VisibilityTimeout"),
        (json!({ "VisibilityTimeout": "31", "DelaySeconds": "1" }), "DelaySeconds"),
    ] {
        let message =
            format!("A queue already exists with the same name and a different value for attribute {first}");
        let new = json!({ "QueueName": "q", "Attributes": attributes });
        check(&api, "CreateQueue", &new, (400, "QueueNameExists", "QueueAlreadyExists", &message)).await;
    }
}

#[tokio::test]
async fn names_have_up_to_80_characters() {
    let api = api(Quotas::default(), 1.0);
    for good in ["x".repeat(80), "a-_Z9".to_owned()] {
        create(&api, &good, json!({})).await;
    }
    let text = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    for bad in ["x".repeat(81), "é".to_owned(), "a.b".to_owned(), "a/b".to_owned(), String::new()] {
        check(&api, "CreateQueue", &json!({ "QueueName": bad }), invalid(text)).await;
    }
}

#[tokio::test]
async fn a_name_is_held_for_a_while_where_that_is_asked_for() {
    let hold = Duration::from_secs(60);
    let code = "AWS.SimpleQueueService.QueueDeletedRecently";
    let message =
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
    let (new, queue) = (json!({ "QueueName": "q" }), json!({ "QueueUrl": QUEUE }));
    for speed in [STILL, 500.0] {
        let api = api(Quotas { queue_name_hold: hold, ..Quotas::default() }, speed);
        ask(&api, "CreateQueue", new.clone()).await;
        let before = now(&api);
        ask(&api, "DeleteQueue", queue.clone()).await;
        if speed == STILL {
            check(&api, "CreateQueue", &new, (400, "QueueDeletedRecently", code, message)).await;
            create(&api, "other", json!({})).await;
        } else {
            insist(&api, "CreateQueue", &new, code).await;
            assert!(now(&api).since(before) >= hold, "too soon");
        }
    }
}

#[tokio::test]
async fn a_queue_is_purged_once_a_minute() {
    let purge = json!({ "QueueUrl": QUEUE });
    let code = "AWS.SimpleQueueService.PurgeQueueInProgress";
    let message = "Only one PurgeQueue operation on q is allowed every 60 seconds.";
    for speed in [STILL, 500.0] {
        let api = api(Quotas::default(), speed);
        create(&api, "q", json!({})).await;
        let before = now(&api);
        ask(&api, "PurgeQueue", purge.clone()).await;
        ask(&api, "SendMessage", json!({ "QueueUrl": QUEUE, "MessageBody": "m" })).await;
        if speed == STILL {
            check(&api, "PurgeQueue", &purge, (403, "PurgeQueueInProgress", code, message)).await;
            until_visible(&api, QUEUE, 1).await;
        } else {
            insist(&api, "PurgeQueue", &purge, code).await;
            assert!(now(&api).since(before) >= Duration::from_secs(60), "too soon");
            until_visible(&api, QUEUE, 0).await;
        }
    }
}

#[tokio::test]
async fn messages_expire_wherever_they_are() {
    let api = api(Quotas::default(), 500.0);
    create(&api, "q", json!({})).await;
    let before = now(&api);
    for body in ["visible", "in flight", "delayed"] {
        let delay = if body == "delayed" { 900 } else { 0 };
        let message = json!({ "QueueUrl": QUEUE, "MessageBody": body, "DelaySeconds": delay });
        ask(&api, "SendMessage", message).await;
    }
    let one = json!({ "MaxNumberOfMessages": 1, "VisibilityTimeout": 43_200 });
    assert_eq!(receive(&api, QUEUE, one).await.len(), 1);
    // It counts from when they were sent.
    let set = json!({ "QueueUrl": QUEUE, "Attributes": {"MessageRetentionPeriod": "60"} });
    ask(&api, "SetQueueAttributes", set).await;
    until_visible(&api, QUEUE, 0).await;
    assert!(now(&api).since(before) >= Duration::from_secs(60), "too soon");
    for count in ["ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"] {
        let end = Instant::now() + PATIENCE;
        while attribute(&api, QUEUE, count).await.as_deref() != Some("0") {
            assert!(Instant::now() < end, "{count}");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_list_of_queues_tells_of_more_when_it_was_limited() {
    let api = api(Quotas::default(), 1.0);
    for number in 0..1_001 {
        let name = format!("q-{number:04}");
        ask(&api, "CreateQueue", json!({ "QueueName": name })).await;
    }
    let all = ask(&api, "ListQueues", json!({})).await;
    assert_eq!(all["QueueUrls"].as_array().map(Vec::len), Some(1_000));
    assert!(all.get("NextToken").is_none(), "nobody asked for pages");
    let page = ask(&api, "ListQueues", json!({ "MaxResults": 1_000 })).await;
    let rest = json!({ "MaxResults": 1_000, "NextToken": page["NextToken"] });
    assert_eq!(ask(&api, "ListQueues", rest).await, json!({ "QueueUrls": [url("q-1000")] }));
    let exact = ask(&api, "ListQueues", json!({ "MaxResults": 10, "QueueNamePrefix": "q-000" })).await;
    assert_eq!(exact["QueueUrls"].as_array().map(Vec::len), Some(10));
    assert!(exact.get("NextToken").is_none(), "there is no more");
    for (member, value, message) in [
        (
            "MaxResults",
            json!(0),
            "Value 0 for parameter MaxResults is invalid. Reason: Must be between 1 and 1000, if provided.",
        ),
        ("NextToken", json!("?"), "Invalid or expired next token."),
    ] {
        check(&api, "ListQueues", &json!({ member: value }), invalid(message)).await;
    }
}
