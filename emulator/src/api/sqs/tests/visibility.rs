//! Handles and how long they are good for.

use std::time::Duration;

use serde_json::{Value, json};

use super::refusal::{check, invalid};
use super::{
    PATIENCE, QUEUE, STILL, api, ask, attribute, bodies, counts, create, form, now, receive, send,
    until_visible, with_queue,
};
use crate::api::Api;
use crate::engine::Quotas;

fn handle(message: &Value) -> Value {
    message["ReceiptHandle"].clone()
}

async fn delete(api: &Api, handle: &Value) {
    ask(api, "DeleteMessage", json!({ "QueueUrl": QUEUE, "ReceiptHandle": handle })).await;
}

/// Fact 43: a standard queue takes a handle whose visibility has ended. It
/// deletes the message, unless somebody else has it by then.
#[tokio::test]
async fn fact_43_a_standard_queue_takes_an_old_handle() {
    let api = with_queue().await;
    send(&api, "m").await;
    let at_once = json!({ "VisibilityTimeout": 0 });
    let first = receive(&api, QUEUE, at_once.clone()).await;
    let second = receive(&api, QUEUE, at_once).await;
    assert_ne!(handle(&first[0]), handle(&second[0]), "each receive has its own");
    delete(&api, &handle(&first[0])).await;
    assert_eq!(counts(&api).await.0, "1", "it was received again since");
    delete(&api, &handle(&second[0])).await;
    assert_eq!(counts(&api).await.0, "0");
    delete(&api, &handle(&second[0])).await;
    let batch = json!({ "QueueUrl": QUEUE, "Entries": [{"Id": "a", "ReceiptHandle": handle(&first[0])}] });
    assert_eq!(ask(&api, "DeleteMessageBatch", batch).await, json!({ "Successful": [{"Id": "a"}] }));
}

#[tokio::test]
async fn visibility_can_be_changed_after_it_has_ended() {
    let api = with_queue().await;
    send(&api, "m").await;
    let received = receive(&api, QUEUE, json!({ "VisibilityTimeout": 0 })).await;
    assert_eq!(counts(&api).await, ("1".to_owned(), "0".to_owned()));
    let hide =
        json!({ "QueueUrl": QUEUE, "ReceiptHandle": handle(&received[0]), "VisibilityTimeout": 43_200 });
    ask(&api, "ChangeMessageVisibility", hide).await;
    assert_eq!(counts(&api).await, ("0".to_owned(), "1".to_owned()));
    assert!(receive(&api, QUEUE, json!({})).await.is_empty());
}

#[tokio::test]
async fn a_deleted_message_can_not_be_hidden() {
    let api = with_queue().await;
    send(&api, "m").await;
    let handle = handle(&receive(&api, QUEUE, json!({})).await[0]);
    delete(&api, &handle).await;
    let text = handle.as_str().expect("text");
    let message = format!(
        "Value {text} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for \
         visibility timeout change."
    );
    let hide = json!({ "QueueUrl": QUEUE, "ReceiptHandle": handle, "VisibilityTimeout": 1 });
    check(&api, "ChangeMessageVisibility", &hide, invalid(&message)).await;
}

#[tokio::test]
async fn visibility_counts_from_the_receive_or_from_its_change() {
    let api = api(Quotas::default(), 100.0);
    create(&api, "q", json!({ "VisibilityTimeout": "5" })).await;
    send(&api, "m").await;
    for (more, seconds) in [(json!({}), 5), (json!({ "VisibilityTimeout": 60 }), 60)] {
        let before = now(&api);
        assert_eq!(receive(&api, QUEUE, more).await.len(), 1);
        until_visible(&api, QUEUE, 1).await;
        assert!(now(&api).since(before) >= Duration::from_secs(seconds), "too soon");
    }
    let long = receive(&api, QUEUE, json!({ "VisibilityTimeout": 40_000 })).await;
    let before = now(&api);
    let show = json!({ "QueueUrl": QUEUE, "ReceiptHandle": handle(&long[0]), "VisibilityTimeout": 5 });
    ask(&api, "ChangeMessageVisibility", show).await;
    until_visible(&api, QUEUE, 1).await;
    let shown_after = now(&api).since(before);
    assert!((5..30_000).contains(&shown_after.as_secs()), "{shown_after:?}");
    let last = receive(&api, QUEUE, json!({})).await;
    assert_eq!(last[0]["Attributes"]["ApproximateReceiveCount"], "4");
    let first_received = &last[0]["Attributes"]["ApproximateFirstReceiveTimestamp"];
    assert_eq!(first_received, &long[0]["Attributes"]["ApproximateFirstReceiveTimestamp"]);
}

/// Fact 44: a standard queue takes the name of a group. It is shown, and orders
/// nothing.
#[tokio::test]
async fn fact_44_a_standard_queue_takes_groups() {
    let api = with_queue().await;
    for body in ["1", "2"] {
        let message = json!({ "QueueUrl": QUEUE, "MessageBody": body, "MessageGroupId": "tenant" });
        let sent = ask(&api, "SendMessage", message).await;
        assert!(sent.get("SequenceNumber").is_none(), "{sent}");
    }
    let in_xml = form(&api, "/000000000000/q", "SendMessage", "MessageBody=3&MessageGroupId=tenant").await;
    assert!(in_xml.status == 200 && !in_xml.body.contains("SequenceNumber"), "{}", in_xml.body);
    let batch = json!({ "QueueUrl": QUEUE, "Entries": [{"Id": "a", "MessageBody": "4", "MessageGroupId": "tenant"}] });
    assert_eq!(ask(&api, "SendMessageBatch", batch).await["Successful"][0]["Id"], "a");
    for body in ["1", "2", "3", "4"] {
        // The one before is still in flight.
        let one = receive(&api, QUEUE, json!({ "MaxNumberOfMessages": 1 })).await;
        assert_eq!(bodies(&one), [body]);
        assert_eq!(one[0]["Attributes"]["MessageGroupId"], "tenant");
        assert!(one[0]["Attributes"].get("SequenceNumber").is_none(), "{one:?}");
    }
}

/// Fact 40: a short receive is told with a 403 that too much is in flight. One
/// that waits is told nothing.
#[tokio::test]
async fn fact_40_too_much_in_flight_is_an_error_of_short_receives() {
    let api = api(Quotas { in_flight_limit: 1, ..Quotas::default() }, 1_000.0);
    create(&api, "q", json!({ "VisibilityTimeout": "43200" })).await;
    send(&api, "a").await;
    send(&api, "b").await;
    assert_eq!(receive(&api, QUEUE, json!({})).await.len(), 1, "no more than the limit");
    let refusal = (403, "OverLimit", "OverLimit", "The maximum number of in flight messages is reached.");
    check(&api, "ReceiveMessage", &json!({ "QueueUrl": QUEUE }), refusal).await;
    let long = json!({ "QueueUrl": QUEUE, "WaitTimeSeconds": 20 });
    let waited = tokio::time::timeout(PATIENCE, ask(&api, "ReceiveMessage", long)).await;
    assert_eq!(waited.expect("in time"), json!({}));
    assert_eq!(counts(&api).await, ("1".to_owned(), "1".to_owned()));
}

#[tokio::test]
async fn a_receives_own_wait_goes_before_its_queues() {
    let api = api(Quotas::default(), STILL);
    create(&api, "q", json!({ "ReceiveMessageWaitTimeSeconds": "20" })).await;
    assert_eq!(attribute(&api, QUEUE, "ReceiveMessageWaitTimeSeconds").await.as_deref(), Some("20"));
    let short = ask(&api, "ReceiveMessage", json!({ "QueueUrl": QUEUE, "WaitTimeSeconds": 0 }));
    let received = tokio::time::timeout(PATIENCE, short).await;
    assert_eq!(received.expect("at once"), json!({}));
}

#[tokio::test]
async fn numbers_out_of_range_are_refused_in_both_protocols() {
    let api = with_queue().await;
    send(&api, "m").await;
    let handle = handle(&receive(&api, QUEUE, json!({})).await[0]);
    for (action, member, values, reason) in [
        ("ReceiveMessage", "MaxNumberOfMessages", [0, 11], "Must be between 1 and 10, if provided."),
        ("ReceiveMessage", "WaitTimeSeconds", [-1, 21], "Must be >= 0 and <= 20, if provided."),
        ("ReceiveMessage", "VisibilityTimeout", [-1, 43_201], "Must be >= 0 and <= 43200, if provided."),
        (
            "ChangeMessageVisibility",
            "VisibilityTimeout",
            [-1, 43_201],
            "Must be >= 0 and <= 43200, if provided.",
        ),
        ("SendMessage", "DelaySeconds", [-1, 901], "DelaySeconds must be >= 0 and <= 900."),
    ] {
        for value in values {
            let message = format!("Value {value} for parameter {member} is invalid. Reason: {reason}");
            let mut body = json!({ "QueueUrl": QUEUE, "MessageBody": "a", "ReceiptHandle": handle });
            body[member] = value.into();
            check(&api, action, &body, invalid(&message)).await;
        }
    }
}
