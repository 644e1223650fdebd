//! ReceiveMessage: what it shows, and how it waits.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{PATIENCE, about_queue, api, counts, ok, receipt, send, with_queue};
use crate::engine::{Engine, Quotas};

/// Fact 45: what is not asked for is neither shown nor hashed.
#[tokio::test]
async fn attributes_are_shown_by_name_and_hashed_as_shown() {
    let api = with_queue().await;
    let attribute = |value: &str| format!(r#"{{"DataType":"String","StringValue":"{value}"}}"#);
    let attributes =
        format!(r#"{{"a.x":{},"a.y":{},"b":{}}}"#, attribute("1"), attribute("2"), attribute("3"));
    let body = format!(r#""MessageBody":"m","MessageGroupId":"tenant","MessageAttributes":{attributes}"#);
    let sent = ok(&api, "SendMessage", &about_queue(&body)).await;
    let receive = async |names: &str| {
        let wanted = format!(r#""VisibilityTimeout":0,{names}"#);
        ok(&api, "ReceiveMessage", &about_queue(&wanted)).await["Messages"][0].clone()
    };
    for all in ["All", ".*"] {
        let message = receive(&format!(r#""MessageAttributeNames":["{all}"]"#)).await;
        assert_eq!(message["MessageAttributes"].as_object().map(serde_json::Map::len), Some(3), "{all}");
        assert_eq!(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    }
    let some = receive(r#""MessageAttributeNames":["a.*","none"]"#).await;
    let shown: Vec<&String> = some["MessageAttributes"].as_object().expect("attributes").keys().collect();
    assert_eq!(shown, ["a.x", "a.y"]);
    assert_eq!(some["MessageAttributes"]["a.x"], json!({"DataType": "String", "StringValue": "1"}));
    assert_ne!(some["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    // MD5 over `b` alone: its name, `String`, 1, and its value.
    let one = receive(r#""MessageAttributeNames":["b"]"#).await;
    assert_eq!(one["MD5OfMessageAttributes"], "b10f72ea8c174f7214df218f98e3107d");
    for names in
        [r#""MessageAttributeNames":["c"]"#, r#""MessageAttributeNames":[]"#, r#""MaxNumberOfMessages":1"#]
    {
        let none = receive(names).await;
        assert!(
            none.get("MessageAttributes").is_none() && none.get("MD5OfMessageAttributes").is_none(),
            "{names}: {none}"
        );
        assert!(none.get("Attributes").is_none(), "{names}: {none}");
    }
}

#[tokio::test]
async fn system_attributes_are_shown_by_name() {
    let api = with_queue().await;
    ok(&api, "SendMessage", &about_queue(r#""MessageBody":"m","MessageGroupId":"tenant""#)).await;
    for (names, expected) in [
        (r#""AttributeNames":["ApproximateReceiveCount"]"#, &["ApproximateReceiveCount"][..]),
        (r#""MessageSystemAttributeNames":["MessageGroupId","SequenceNumber"]"#, &["MessageGroupId"]),
        (
            r#""MessageSystemAttributeNames":["All"]"#,
            &[
                "ApproximateFirstReceiveTimestamp",
                "ApproximateReceiveCount",
                "MessageGroupId",
                "SenderId",
                "SentTimestamp",
            ],
        ),
    ] {
        let wanted = format!(r#""VisibilityTimeout":0,{names}"#);
        let message = ok(&api, "ReceiveMessage", &about_queue(&wanted)).await["Messages"][0].clone();
        let shown: Vec<&String> = message["Attributes"].as_object().expect("attributes").keys().collect();
        assert_eq!(shown, expected, "{names}");
    }
    let last = ok(&api, "ReceiveMessage", &about_queue(r#""AttributeNames":["All"]"#)).await;
    let attributes = &last["Messages"][0]["Attributes"];
    assert_eq!(attributes["ApproximateReceiveCount"], "4");
    assert_eq!(attributes["SentTimestamp"].as_str().map(str::len), Some(13), "milliseconds");
}

/// Fact 46, its first half.
#[tokio::test]
async fn a_dead_letter_keeps_its_id_and_says_where_it_is_from() {
    let api = with_queue().await;
    let dead = "http://localhost:4566/000000000000/dead";
    ok(&api, "CreateQueue", r#"{"QueueName":"dead"}"#).await;
    let policy =
        r#"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:dead\",\"maxReceiveCount\":1}"#;
    let change = format!(r#""Attributes":{{"RedrivePolicy":"{policy}","VisibilityTimeout":"0"}}"#);
    ok(&api, "SetQueueAttributes", &about_queue(&change)).await;
    let sent = send(&api, "m").await;
    receipt(&api).await;
    assert_eq!(ok(&api, "ReceiveMessage", &about_queue("")).await, json!({}));
    let receive = format!(r#"{{"QueueUrl":"{dead}","AttributeNames":["DeadLetterQueueSourceArn"]}}"#);
    let received = ok(&api, "ReceiveMessage", &receive).await;
    let message = &received["Messages"][0];
    assert_eq!(message["MessageId"], sent["MessageId"]);
    assert_eq!(
        message["Attributes"],
        json!({"DeadLetterQueueSourceArn": "arn:aws:sqs:us-east-1:000000000000:q"})
    );
}

#[tokio::test]
async fn up_to_ten_messages_come_at_once() {
    let api = with_queue().await;
    for _ in 0..12 {
        send(&api, "m").await;
    }
    for (max, expected) in [("", 1), (r#""MaxNumberOfMessages":10"#, 10), (r#""MaxNumberOfMessages":10"#, 1)]
    {
        let received = ok(&api, "ReceiveMessage", &about_queue(max)).await;
        assert_eq!(received["Messages"].as_array().map(Vec::len), Some(expected), "{max}");
    }
}

#[tokio::test]
async fn a_waiting_receive_gets_what_is_sent() {
    let api = Arc::new(with_queue().await);
    let waiting = tokio::spawn({
        let api = Arc::clone(&api);
        async move { ok(&api, "ReceiveMessage", &about_queue(r#""WaitTimeSeconds":20"#)).await }
    });
    while api.driver.step(Engine::snapshot).queues[0].receivers == 0 {
        tokio::task::yield_now().await;
    }
    send(&api, "at last").await;
    let received = tokio::time::timeout(PATIENCE, waiting).await.expect("in time").expect("no panic");
    assert_eq!(received["Messages"][0]["Body"], "at last");
}

#[tokio::test]
async fn a_waiting_receive_ends_empty() {
    let api = api(Quotas::default(), 1_000.0);
    ok(&api, "CreateQueue", r#"{"QueueName":"q","Attributes":{"ReceiveMessageWaitTimeSeconds":"20"}}"#).await;
    let receive = about_queue("");
    let received = tokio::time::timeout(PATIENCE, ok(&api, "ReceiveMessage", &receive)).await;
    assert_eq!(received.expect("in time"), json!({}));
}

#[tokio::test]
async fn a_receive_whose_caller_is_gone_takes_no_message() {
    let api = with_queue().await;
    let receive = about_queue(r#""WaitTimeSeconds":20"#);
    let gone = tokio::time::timeout(Duration::from_millis(20), ok(&api, "ReceiveMessage", &receive)).await;
    assert!(gone.is_err(), "nothing was there to receive");
    send(&api, "kept").await;
    assert_eq!(counts(&api).await, ("1".to_owned(), "0".to_owned()));
    let received = ok(&api, "ReceiveMessage", &about_queue("")).await;
    assert_eq!(received["Messages"][0]["Body"], "kept");
}
