//! FIFO queues: groups, duplicates, sequence numbers, attempts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::refusal::{attribute_name, attribute_value, check, invalid, missing};
use super::{
    PATIENCE, QUEUE, STILL, api, arn, ask, attribute, bodies, create, form, now, receive, until_visible, url,
    with_queue,
};
use crate::api::Api;
use crate::engine::{Quotas, Rate};

const FIFO: &str = "http://localhost:4566/000000000000/q.fifo";

/// An account with the queue `q.fifo`, which tells messages by their content.
async fn with_fifo(speed: f64, attributes: Value) -> Api {
    let api = api(Quotas::default(), speed);
    let mut all =
        json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "43200" });
    all.as_object_mut().expect("it is one").extend(attributes.as_object().cloned().unwrap_or_default());
    create(&api, "q.fifo", all).await;
    api
}

/// Sends a message of a group, told by its content or by an id.
async fn send(api: &Api, group: &str, body: &str, id: Option<&str>) -> Value {
    let mut message = json!({ "QueueUrl": FIFO, "MessageBody": body, "MessageGroupId": group });
    if let Some(id) = id {
        message["MessageDeduplicationId"] = id.into();
    }
    ask(api, "SendMessage", message).await
}

fn handle(message: &Value) -> &str {
    message["ReceiptHandle"].as_str().expect("a handle")
}

async fn delete(api: &Api, message: &Value) {
    ask(api, "DeleteMessage", json!({ "QueueUrl": FIFO, "ReceiptHandle": handle(message) })).await;
}

#[tokio::test]
async fn a_receive_takes_from_one_group_first_and_then_from_the_next() {
    let api = with_fifo(1.0, json!({})).await;
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2"), ("a", "a3")] {
        send(&api, group, body, None).await;
    }
    let four = receive(&api, FIFO, json!({ "MaxNumberOfMessages": 4 })).await;
    assert_eq!(bodies(&four), ["a1", "a2", "a3", "b1"]);
    let groups: Vec<&Value> = four.iter().map(|message| &message["Attributes"]["MessageGroupId"]).collect();
    assert_eq!(groups, ["a", "a", "a", "b"]);
}

#[tokio::test]
async fn a_group_in_flight_is_closed_until_its_messages_are_gone() {
    let api = with_fifo(1.0, json!({})).await;
    for body in ["a1", "a2", "a3"] {
        send(&api, "a", body, None).await;
    }
    send(&api, "b", "b1", None).await;
    let one = json!({ "MaxNumberOfMessages": 1 });
    let first = receive(&api, FIFO, one.clone()).await;
    assert_eq!(bodies(&first), ["a1"]);
    assert_eq!(bodies(&receive(&api, FIFO, json!({})).await), ["b1"], "the other group only");
    assert!(receive(&api, FIFO, json!({})).await.is_empty(), "both are in flight");
    delete(&api, &first[0]).await;
    let second = receive(&api, FIFO, one).await;
    assert_eq!(bodies(&second), ["a2"]);
    let show = json!({ "QueueUrl": FIFO, "ReceiptHandle": handle(&second[0]), "VisibilityTimeout": 0 });
    ask(&api, "ChangeMessageVisibility", show).await;
    assert_eq!(bodies(&receive(&api, FIFO, json!({})).await), ["a2", "a3"], "in their order again");
}

#[tokio::test]
async fn a_group_opens_again_when_the_visibility_ends() {
    let api = with_fifo(100.0, json!({})).await;
    send(&api, "a", "a1", None).await;
    send(&api, "a", "a2", None).await;
    let short = json!({ "MaxNumberOfMessages": 1, "VisibilityTimeout": 5 });
    assert_eq!(bodies(&receive(&api, FIFO, short).await), ["a1"]);
    let waited = receive(&api, FIFO, json!({ "WaitTimeSeconds": 20 })).await;
    assert_eq!(bodies(&waited), ["a1", "a2"]);
    assert_eq!(waited[0]["Attributes"]["ApproximateReceiveCount"], "2");
}

#[tokio::test]
async fn a_duplicate_is_accepted_and_not_delivered() {
    let api = with_fifo(1.0, json!({})).await;
    let first = send(&api, "a", "one", Some("id")).await;
    let again = send(&api, "a", "another", Some("id")).await;
    assert_eq!(
        (&again["MessageId"], &again["SequenceNumber"]),
        (&first["MessageId"], &first["SequenceNumber"])
    );
    let received = receive(&api, FIFO, json!({})).await;
    assert_eq!(bodies(&received), ["one"]);
    assert_eq!(received[0]["Attributes"]["MessageDeduplicationId"], "id");
    delete(&api, &received[0]).await;
    let late = send(&api, "a", "one more", Some("id")).await;
    assert_eq!(late["MessageId"], first["MessageId"], "even after the first was deleted");
    assert!(receive(&api, FIFO, json!({})).await.is_empty());
}

#[tokio::test]
async fn five_minutes_later_it_is_no_duplicate_any_more() {
    let api = with_fifo(2_000.0, json!({})).await;
    let before = now(&api);
    let first = send(&api, "a", "one", Some("id")).await;
    let end = Instant::now() + PATIENCE;
    loop {
        let again = send(&api, "a", "two", Some("id")).await;
        if again["MessageId"] != first["MessageId"] {
            break;
        }
        assert!(Instant::now() < end, "it is still a duplicate");
        tokio::task::yield_now().await;
    }
    assert!(now(&api).since(before) >= Duration::from_secs(300), "too soon");
    assert_eq!(bodies(&receive(&api, FIFO, json!({})).await), ["one", "two"]);
}

#[tokio::test]
async fn content_is_the_body_and_an_id_goes_before_it() {
    let api = with_fifo(1.0, json!({})).await;
    let first = send(&api, "a", "same", None).await;
    let with_attribute = json!({
        "QueueUrl": FIFO, "MessageBody": "same", "MessageGroupId": "a",
        "MessageAttributes": {"n": {"DataType": "String", "StringValue": "x"}},
    });
    let again = ask(&api, "SendMessage", with_attribute).await;
    assert_eq!(again["MessageId"], first["MessageId"], "attributes do not count");
    assert_ne!(send(&api, "a", "other", None).await["MessageId"], first["MessageId"]);
    assert_ne!(send(&api, "a", "same", Some("id")).await["MessageId"], first["MessageId"]);
    let received = receive(&api, FIFO, json!({})).await;
    assert_eq!(bodies(&received), ["same", "other", "same"]);
    // SHA-256 of the body.
    let hash = "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5";
    assert_eq!(received[0]["Attributes"]["MessageDeduplicationId"], hash);
}

#[tokio::test]
async fn an_id_counts_in_the_queue_or_in_the_group() {
    for (scope, expected) in [("queue", 1), ("messageGroup", 2)] {
        let api = with_fifo(1.0, json!({ "DeduplicationScope": scope })).await;
        for group in ["a", "b", "a", "b"] {
            send(&api, group, "m", Some("id")).await;
        }
        let received = receive(&api, FIFO, json!({})).await;
        assert_eq!(received.len(), expected, "{scope}: {received:?}");
    }
}

#[tokio::test]
async fn sequence_numbers_have_20_digits_and_rise() {
    let api = with_fifo(1.0, json!({})).await;
    let mut sent = Vec::new();
    for body in ["1", "2"] {
        sent.push(send(&api, "a", body, None).await["SequenceNumber"].as_str().expect("a number").to_owned());
    }
    let entries: Vec<Value> =
        ["3", "4"].map(|id| json!({ "Id": id, "MessageBody": id, "MessageGroupId": "a" })).into();
    let batch = ask(&api, "SendMessageBatch", json!({ "QueueUrl": FIFO, "Entries": entries })).await;
    for entry in batch["Successful"].as_array().expect("entries") {
        sent.push(entry["SequenceNumber"].as_str().expect("a number").to_owned());
    }
    let in_xml = form(&api, "/000000000000/q.fifo", "SendMessage", "MessageBody=5&MessageGroupId=a").await;
    sent.push(in_xml.xml("SequenceNumber").to_owned());
    for pair in sent.windows(2) {
        assert!(pair[0] < pair[1], "{sent:?}");
    }
    for number in &sent {
        assert!(number.len() == 20 && number.bytes().all(|byte| byte.is_ascii_digit()), "{number}");
    }
    let received = receive(&api, FIFO, json!({})).await;
    let shown: Vec<&str> =
        received.iter().filter_map(|message| message["Attributes"]["SequenceNumber"].as_str()).collect();
    assert_eq!(shown, sent);
}

#[tokio::test]
async fn an_attempt_can_be_repeated() {
    let api = with_fifo(1.0, json!({})).await;
    for body in ["a1", "a2"] {
        send(&api, "a", body, None).await;
    }
    let attempt = json!({ "ReceiveRequestAttemptId": "try" });
    let first = receive(&api, FIFO, attempt.clone()).await;
    assert_eq!(bodies(&first), ["a1", "a2"]);
    assert!(receive(&api, FIFO, json!({ "ReceiveRequestAttemptId": "other" })).await.is_empty());
    assert!(receive(&api, FIFO, json!({})).await.is_empty());
    let again = receive(&api, FIFO, attempt.clone()).await;
    assert_eq!(bodies(&again), ["a1", "a2"]);
    let ids = |messages: &[Value]| messages.iter().map(|one| one["MessageId"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&first));
    assert_eq!(again[0]["Attributes"]["ApproximateReceiveCount"], "1", "it is the same receive");
    delete(&api, &again[0]).await;
    assert!(receive(&api, FIFO, attempt).await.is_empty(), "what was touched is not repeated");
}

#[tokio::test]
async fn an_attempt_is_over_when_the_visibility_has_ended() {
    let api = with_fifo(100.0, json!({})).await;
    send(&api, "a", "a1", None).await;
    let attempt = json!({ "ReceiveRequestAttemptId": "try", "VisibilityTimeout": 5 });
    assert_eq!(receive(&api, FIFO, attempt.clone()).await.len(), 1);
    until_visible(&api, FIFO, 1).await;
    let later = receive(&api, FIFO, attempt).await;
    assert_eq!(later[0]["Attributes"]["ApproximateReceiveCount"], "2");
}

#[tokio::test]
async fn messages_that_a_fifo_queue_refuses() {
    let api = with_fifo(1.0, json!({ "ContentBasedDeduplication": "false" })).await;
    let long = "x".repeat(129);
    let message = json!({
        "QueueUrl": FIFO, "MessageBody": "a", "MessageGroupId": "g", "MessageDeduplicationId": "d",
    });
    let with = |member: &str, value: Value| {
        let mut message = message.clone();
        message[member] = value;
        message
    };
    let delay = "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not \
                 valid for this queue type.";
    check(&api, "SendMessage", &with("DelaySeconds", 2.into()), invalid(delay)).await;
    let no_group = "The request must contain the parameter MessageGroupId.";
    check(&api, "SendMessage", &with("MessageGroupId", Value::Null), missing(no_group)).await;
    let no_id = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                 explicitly";
    check(&api, "SendMessage", &with("MessageDeduplicationId", Value::Null), invalid(no_id)).await;
    for member in ["MessageGroupId", "MessageDeduplicationId"] {
        for wrong in ["", "a b", "é", "tab\t", &long] {
            let message = format!(
                "Value {wrong} for parameter {member} is invalid. Reason: {member} can only include alphanumeric and \
                 punctuation characters. 1 to 128 in length."
            );
            check(&api, "SendMessage", &with(member, wrong.into()), invalid(&message)).await;
        }
    }
    // One without a group is wrong with its whole batch, and by another code.
    let batch = json!({ "QueueUrl": FIFO, "Entries": [
        {"Id": "good", "MessageBody": "a", "MessageGroupId": "g", "MessageDeduplicationId": "d"},
        {"Id": "bad", "MessageBody": "a", "MessageDeduplicationId": "e"},
    ]});
    check(&api, "SendMessageBatch", &batch, invalid(no_group)).await;
    assert!(receive(&api, FIFO, json!({})).await.is_empty(), "nothing of it all was kept");
}

#[tokio::test]
async fn messages_that_a_fifo_queue_takes() {
    let api = with_fifo(1.0, json!({ "ContentBasedDeduplication": "false" })).await;
    let punctuation = r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##;
    for (sent, id) in ["a", &"x".repeat(128), punctuation].into_iter().enumerate() {
        let message = json!({
            "QueueUrl": FIFO, "MessageBody": "a", "MessageGroupId": id, "MessageDeduplicationId": id,
            "DelaySeconds": 0,
        });
        ask(&api, "SendMessage", message).await;
        until_visible(&api, FIFO, sent + 1).await;
    }
    let received = receive(&api, FIFO, json!({})).await;
    assert_eq!(received[2]["Attributes"]["MessageGroupId"], punctuation);
    assert_eq!(received[2]["Attributes"]["MessageDeduplicationId"], punctuation);
}

#[tokio::test]
async fn entries_of_a_batch_fail_one_by_one() {
    let api = with_fifo(1.0, json!({})).await;
    let entry = |id: &str| json!({ "Id": id, "MessageBody": id, "MessageGroupId": "g" });
    let mut late = entry("late");
    late["DelaySeconds"] = 2.into();
    let mut odd = entry("odd");
    odd["MessageDeduplicationId"] = "a b".into();
    let batch = json!({ "QueueUrl": FIFO, "Entries": [entry("good"), late, odd, entry("fine")] });
    let ends = ask(&api, "SendMessageBatch", batch).await;
    let ids = |ends: &Value| ends.as_array().expect("entries").iter().map(|end| end["Id"].clone()).collect();
    let (successful, failed): (Vec<Value>, Vec<Value>) = (ids(&ends["Successful"]), ids(&ends["Failed"]));
    assert_eq!((successful, failed), (vec!["good".into(), "fine".into()], vec!["late".into(), "odd".into()]));
    assert_eq!(
        ends["Failed"][0],
        json!({"Id": "late", "SenderFault": true, "Code": "InvalidParameterValue",
               "Message": "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter \
                           that is not valid for this queue type."})
    );
    assert_eq!(bodies(&receive(&api, FIFO, json!({})).await), ["good", "fine"]);
}

#[tokio::test]
async fn members_for_fifo_queues_alone() {
    let api = with_queue().await;
    let why = "The request include parameter that is not valid for this queue type.";
    let message = format!("Value d for parameter MessageDeduplicationId is invalid. Reason: {why}");
    let send = json!({ "QueueUrl": QUEUE, "MessageBody": "a", "MessageDeduplicationId": "d" });
    check(&api, "SendMessage", &send, invalid(&message)).await;
    let message = format!("Value t for parameter ReceiveRequestAttemptId is invalid. Reason: {why}");
    let receive = json!({ "QueueUrl": QUEUE, "ReceiveRequestAttemptId": "t" });
    check(&api, "ReceiveMessage", &receive, invalid(&message)).await;
}

#[tokio::test]
async fn attributes_are_shown_on_fifo_queues_alone() {
    let api = with_queue().await;
    let fifo = create(&api, "q.fifo", json!({ "FifoQueue": "true" })).await;
    let names = ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];
    for wanted in [json!(["All"]), json!(names)] {
        let get = |queue: &str| json!({ "QueueUrl": queue, "AttributeNames": wanted });
        let shown = ask(&api, "GetQueueAttributes", get(&fifo)).await["Attributes"].clone();
        let values = names.map(|name| shown[name].as_str().unwrap_or("none"));
        assert_eq!(values, ["true", "false", "queue", "perQueue"], "{wanted}");
        let shown = ask(&api, "GetQueueAttributes", get(QUEUE)).await["Attributes"].clone();
        let values = names.map(|name| shown[name].as_str().unwrap_or("none"));
        assert_eq!(values, ["none"; 4], "{wanted}");
    }
}

#[tokio::test]
async fn attributes_that_go_with_the_type_alone() {
    let api = with_queue().await;
    let fifo = create(&api, "q.fifo", json!({ "FifoQueue": "true" })).await;
    let only = |name: &str| format!("You can specify the {name} only when FifoQueue is set to true.");
    let (scope, limit) = (only("DeduplicationScope"), only("FifoThroughputLimit"));
    for (attributes, refusal) in [
        (
            json!({ "ContentBasedDeduplication": "true" }),
            attribute_name("Unknown Attribute ContentBasedDeduplication."),
        ),
        (json!({ "DeduplicationScope": "queue" }), attribute_name(&scope)),
        (json!({ "FifoThroughputLimit": "perQueue" }), attribute_name(&limit)),
    ] {
        let new = json!({ "QueueName": "new", "Attributes": attributes });
        check(&api, "CreateQueue", &new, refusal).await;
        let set = json!({ "QueueUrl": QUEUE, "Attributes": attributes });
        check(&api, "SetQueueAttributes", &set, refusal).await;
    }
    let new = json!({ "QueueName": "new", "Attributes": {"FifoQueue": "false"} });
    check(&api, "CreateQueue", &new, attribute_name("Unknown Attribute FifoQueue.")).await;
    let stays = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
    for (queue, value) in [(QUEUE, "true"), (QUEUE, "false"), (fifo.as_str(), "false")] {
        let set = json!({ "QueueUrl": queue, "Attributes": {"FifoQueue": value} });
        check(&api, "SetQueueAttributes", &set, attribute_value(stays)).await;
    }
    ask(&api, "SetQueueAttributes", json!({ "QueueUrl": fifo, "Attributes": {"FifoQueue": "true"} })).await;
    for name in ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"] {
        let message = format!("Invalid value for the parameter {name}.");
        let set = json!({ "QueueUrl": fifo, "Attributes": {name: "some"} });
        check(&api, "SetQueueAttributes", &set, attribute_value(&message)).await;
    }
}

#[tokio::test]
async fn a_limit_for_each_group_needs_ids_for_each_group() {
    let api = api(Quotas::default(), 1.0);
    let high = json!({ "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId" });
    let alone = json!({ "FifoThroughputLimit": "perMessageGroupId" });
    let refusal = attribute_value(
        "Invalid value for the parameter FifoThroughputLimit. Reason: perMessageGroupId needs DeduplicationScope \
         messageGroup.",
    );
    let new = json!({
        "QueueName": "q.fifo", "Attributes": {"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"},
    });
    check(&api, "CreateQueue", &new, refusal).await;
    let fifo = create(&api, "q.fifo", json!({ "FifoQueue": "true" })).await;
    check(&api, "SetQueueAttributes", &json!({ "QueueUrl": fifo, "Attributes": alone }), refusal).await;
    ask(&api, "SetQueueAttributes", json!({ "QueueUrl": fifo, "Attributes": high })).await;
    assert_eq!(attribute(&api, &fifo, "FifoThroughputLimit").await.as_deref(), Some("perMessageGroupId"));
    assert_eq!(attribute(&api, &fifo, "DeduplicationScope").await.as_deref(), Some("messageGroup"));
    let back = json!({ "QueueUrl": fifo, "Attributes": {"DeduplicationScope": "queue"} });
    check(&api, "SetQueueAttributes", &back, refusal).await;
}

#[tokio::test]
async fn a_fifo_queue_takes_so_many_requests_of_a_kind() {
    let rate = Rate { count: 2, per: Duration::from_secs(1) };
    let api = api(Quotas { fifo_request_rate: rate, ..Quotas::default() }, STILL);
    let attributes = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    let fifo = create(&api, "q.fifo", attributes.clone()).await;
    let throttled = (400, "RequestThrottled", "RequestThrottled", "Request is throttled.");
    let entries: Vec<Value> = (0..10)
        .map(|id| json!({ "Id": id.to_string(), "MessageBody": id.to_string(), "MessageGroupId": "g" }))
        .collect();
    let batch = json!({ "QueueUrl": fifo, "Entries": entries });
    let single = json!({ "QueueUrl": fifo, "MessageBody": "m", "MessageGroupId": "g" });
    // A batch is one request.
    ask(&api, "SendMessageBatch", batch.clone()).await;
    ask(&api, "SendMessage", single.clone()).await;
    check(&api, "SendMessage", &single, throttled).await;
    check(&api, "SendMessageBatch", &batch, throttled).await;
    // Each kind has a limit of its own.
    let take = json!({ "QueueUrl": fifo, "VisibilityTimeout": 0, "MaxNumberOfMessages": 10 });
    let received = ask(&api, "ReceiveMessage", take.clone()).await;
    ask(&api, "ReceiveMessage", take.clone()).await;
    check(&api, "ReceiveMessage", &take, throttled).await;
    let delete = json!({ "QueueUrl": fifo, "ReceiptHandle": received["Messages"][0]["ReceiptHandle"] });
    let garbage = json!({ "QueueUrl": fifo, "Entries": [{"Id": "a", "ReceiptHandle": "garbage"}] });
    for _ in 0..2 {
        ask(&api, "DeleteMessageBatch", garbage.clone()).await;
    }
    check(&api, "DeleteMessage", &delete, throttled).await;
    check(&api, "DeleteMessageBatch", &garbage, throttled).await;

    // With high throughput, and on a standard queue, there is no such limit.
    let mut high = attributes;
    high["DeduplicationScope"] = "messageGroup".into();
    high["FifoThroughputLimit"] = "perMessageGroupId".into();
    let high = create(&api, "high.fifo", high).await;
    let standard = create(&api, "q", json!({})).await;
    for queue in [high, standard] {
        for _ in 0..5 {
            let message = json!({ "QueueUrl": queue, "MessageBody": "m", "MessageGroupId": "g" });
            ask(&api, "SendMessage", message).await;
        }
    }
}

/// Fact 42: a FIFO queue has as many messages in flight as a standard one; at
/// its limit it says nothing.
#[tokio::test]
async fn fact_42_a_fifo_queue_gives_nothing_when_too_much_is_in_flight() {
    assert_eq!(Quotas::default().in_flight_limit, 120_000);
    let api = api(Quotas { in_flight_limit: 2, ..Quotas::default() }, 1.0);
    create(&api, "q.fifo", json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" })).await;
    for group in ["a", "b", "c"] {
        send(&api, group, group, None).await;
    }
    let two = receive(&api, FIFO, json!({})).await;
    assert_eq!(bodies(&two), ["a", "b"]);
    assert!(receive(&api, FIFO, json!({})).await.is_empty());
    delete(&api, &two[0]).await;
    assert_eq!(bodies(&receive(&api, FIFO, json!({})).await), ["c"]);
}

/// Fact 43: a FIFO queue refuses a handle whose visibility has ended.
#[tokio::test]
async fn fact_43_a_fifo_queue_refuses_an_old_handle() {
    let api = with_fifo(100.0, json!({})).await;
    send(&api, "a", "m", None).await;
    let stale = receive(&api, FIFO, json!({ "VisibilityTimeout": 5 })).await;
    until_visible(&api, FIFO, 1).await;
    let stale = handle(&stale[0]);
    let message = format!(
        "Value {stale} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    );
    let delete_stale = json!({ "QueueUrl": FIFO, "ReceiptHandle": stale });
    check(&api, "DeleteMessage", &delete_stale, invalid(&message)).await;
    let batch = json!({ "QueueUrl": FIFO, "Entries": [{"Id": "a", "ReceiptHandle": stale}] });
    let ends = ask(&api, "DeleteMessageBatch", batch).await;
    assert_eq!(
        ends,
        json!({ "Failed": [
            {"Id": "a", "SenderFault": true, "Code": "InvalidParameterValue", "Message": message}
        ]})
    );
    let fresh = receive(&api, FIFO, json!({ "VisibilityTimeout": 43_200 })).await;
    check(&api, "DeleteMessage", &delete_stale, invalid(&message)).await;
    delete(&api, &fresh[0]).await;
    delete(&api, &fresh[0]).await;
    until_visible(&api, FIFO, 0).await;
}

#[tokio::test]
async fn the_delay_of_a_fifo_queue_is_that_of_its_messages_too() {
    for (name, attributes, released) in
        [("q.fifo", json!({ "FifoQueue": "true" }), "1"), ("q", json!({}), "0")]
    {
        let api = api(Quotas::default(), STILL);
        let mut attributes = attributes;
        attributes["DelaySeconds"] = "900".into();
        let queue = create(&api, name, attributes).await;
        let mut message = json!({ "QueueUrl": queue, "MessageBody": "m", "MessageGroupId": "g" });
        if name.ends_with(".fifo") {
            message["MessageDeduplicationId"] = "d".into();
        }
        ask(&api, "SendMessage", message).await;
        let delayed = "ApproximateNumberOfMessagesDelayed";
        assert_eq!(attribute(&api, &queue, delayed).await.as_deref(), Some("1"), "{name}");
        let set = json!({ "QueueUrl": queue, "Attributes": {"DelaySeconds": "0"} });
        ask(&api, "SetQueueAttributes", set).await;
        let visible = attribute(&api, &queue, "ApproximateNumberOfMessages").await;
        assert_eq!(visible.as_deref(), Some(released), "{name}");
    }
}

#[tokio::test]
async fn names_of_fifo_queues_end_in_fifo() {
    let api = api(Quotas::default(), 1.0);
    let longest = format!("{}.fifo", "x".repeat(75));
    let fifo = create(&api, &longest, json!({ "FifoQueue": "true" })).await;
    assert_eq!(
        (fifo.as_str(), attribute(&api, &fifo, "QueueArn").await),
        (url(&longest).as_str(), Some(arn(&longest)))
    );
    let text = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end \
                with .fifo suffix and be 1 to 80 in length.";
    for wrong in [format!("x{longest}"), ".fifo".to_owned(), "q".to_owned(), "a.b.fifo".to_owned()] {
        let new = json!({ "QueueName": wrong, "Attributes": {"FifoQueue": "true"} });
        check(&api, "CreateQueue", &new, invalid(text)).await;
    }
}
