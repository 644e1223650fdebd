//! Each action over AWS JSON 1.0.

use hyper::Method;
use serde_json::{Value, json};

use super::{QUEUE, about_queue, call, counts, ok, receipt, send, with_queue};

#[tokio::test]
async fn queues_are_created_found_listed_and_deleted() {
    let api = with_queue().await;
    assert_eq!(ok(&api, "GetQueueUrl", r#"{"QueueName":"q"}"#).await, json!({"QueueUrl": QUEUE}));
    for (name, attributes) in
        [("q", ""), ("q", r#""VisibilityTimeout":"30""#), ("other", r#""DelaySeconds":"7""#)]
    {
        let body = format!(r#"{{"QueueName":"{name}","Attributes":{{{attributes}}}}}"#);
        let url = format!("http://localhost:4566/000000000000/{name}");
        assert_eq!(ok(&api, "CreateQueue", &body).await, json!({"QueueUrl": url}));
    }
    let other = "http://localhost:4566/000000000000/other";
    assert_eq!(ok(&api, "ListQueues", "").await, json!({"QueueUrls": [other, QUEUE]}));
    assert_eq!(ok(&api, "ListQueues", r#"{"QueueNamePrefix":"o"}"#).await, json!({"QueueUrls": [other]}));
    assert_eq!(ok(&api, "ListQueues", r#"{"QueueNamePrefix":"x"}"#).await, json!({}));
    assert_eq!(ok(&api, "DeleteQueue", &about_queue("")).await, Value::Null);
    assert_eq!(ok(&api, "ListQueues", "{}").await, json!({"QueueUrls": [other]}));
}

#[tokio::test]
async fn a_list_of_queues_comes_in_pages() {
    let api = with_queue().await;
    for name in ["a", "b", "c"] {
        ok(&api, "CreateQueue", &format!(r#"{{"QueueName":"{name}"}}"#)).await;
    }
    let first = ok(&api, "ListQueues", r#"{"MaxResults":3}"#).await;
    assert_eq!(first["QueueUrls"].as_array().map(Vec::len), Some(3));
    let token = first["NextToken"].as_str().expect("another page");
    let second = ok(&api, "ListQueues", &format!(r#"{{"MaxResults":3,"NextToken":"{token}"}}"#)).await;
    assert_eq!(second, json!({"QueueUrls": [QUEUE]}));
}

#[tokio::test]
async fn attributes_are_shown_when_asked_for() {
    let api = with_queue().await;
    ok(&api, "CreateQueue", r#"{"QueueName":"dead"}"#).await;
    let policy =
        r#"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:dead\",\"maxReceiveCount\":\"2\"}"#;
    let change =
        format!(r#""Attributes":{{"RedrivePolicy":"{policy}","VisibilityTimeout":"0","Policy":"{{}}"}}"#);
    assert_eq!(ok(&api, "SetQueueAttributes", &about_queue(&change)).await, Value::Null);
    assert_eq!(ok(&api, "GetQueueAttributes", &about_queue("")).await, json!({}));
    let two =
        ok(&api, "GetQueueAttributes", &about_queue(r#""AttributeNames":["VisibilityTimeout","FifoQueue"]"#))
            .await;
    assert_eq!(two, json!({"Attributes": {"VisibilityTimeout": "0"}}));
    let all = ok(&api, "GetQueueAttributes", &about_queue(r#""AttributeNames":["All"]"#)).await;
    let mut all = all["Attributes"].as_object().expect("attributes").clone();
    for time in ["CreatedTimestamp", "LastModifiedTimestamp"] {
        let time = all.remove(time).expect("a time");
        assert_eq!(time.as_str().map(str::len), Some(10), "seconds, not {time}");
    }
    assert_eq!(
        Value::Object(all),
        json!({
            "ApproximateNumberOfMessages": "0",
            "ApproximateNumberOfMessagesDelayed": "0",
            "ApproximateNumberOfMessagesNotVisible": "0",
            "DelaySeconds": "0",
            "MaximumMessageSize": "1048576",
            "MessageRetentionPeriod": "345600",
            "Policy": "{}",
            "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q",
            "ReceiveMessageWaitTimeSeconds": "0",
            "RedrivePolicy": r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":2}"#,
            "SqsManagedSseEnabled": "true",
            "VisibilityTimeout": "0",
        })
    );
    ok(&api, "SetQueueAttributes", &about_queue(r#""Attributes":{"RedrivePolicy":"","Policy":""}"#)).await;
    let none =
        ok(&api, "GetQueueAttributes", &about_queue(r#""AttributeNames":["RedrivePolicy","Policy"]"#)).await;
    assert_eq!(none, json!({}));
}

#[tokio::test]
async fn tags_come_and_go() {
    let api = with_queue().await;
    assert_eq!(ok(&api, "ListQueueTags", &about_queue("")).await, json!({}));
    assert_eq!(ok(&api, "TagQueue", &about_queue(r#""Tags":{"a":"1","b":"2"}"#)).await, Value::Null);
    assert_eq!(ok(&api, "UntagQueue", &about_queue(r#""TagKeys":["a","x"]"#)).await, Value::Null);
    assert_eq!(ok(&api, "ListQueueTags", &about_queue("")).await, json!({"Tags": {"b": "2"}}));
    ok(&api, "CreateQueue", r#"{"QueueName":"tagged","tags":{"c":"3"}}"#).await;
    let tagged = r#"{"QueueUrl":"http://localhost:4566/000000000000/tagged"}"#;
    assert_eq!(ok(&api, "ListQueueTags", tagged).await, json!({"Tags": {"c": "3"}}));
}

/// Fact 41: an empty receive is an empty object.
#[tokio::test]
async fn a_message_is_sent_received_hidden_and_deleted() {
    let api = with_queue().await;
    let sent = send(&api, "hello").await;
    assert_eq!(sent["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(sent.as_object().map(serde_json::Map::len), Some(2), "{sent}");
    let received = ok(&api, "ReceiveMessage", &about_queue("")).await;
    let message = &received["Messages"][0];
    let handle = message["ReceiptHandle"].as_str().expect("a handle");
    let expected = json!({
        "MessageId": sent["MessageId"],
        "ReceiptHandle": handle,
        "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "Body": "hello",
    });
    assert_eq!(received, json!({"Messages": [expected]}));
    assert_eq!(ok(&api, "ReceiveMessage", &about_queue("")).await, json!({}), "it is in flight");
    let show = about_queue(&format!(r#""ReceiptHandle":"{handle}","VisibilityTimeout":0"#));
    assert_eq!(ok(&api, "ChangeMessageVisibility", &show).await, Value::Null);
    let again = receipt(&api).await;
    assert_ne!(again, handle, "each receive has its own handle");
    let delete = about_queue(&format!(r#""ReceiptHandle":"{again}""#));
    for _ in 0..2 {
        assert_eq!(ok(&api, "DeleteMessage", &delete).await, Value::Null);
    }
    assert_eq!(counts(&api).await, ("0".to_owned(), "0".to_owned()));
}

#[tokio::test]
async fn text_survives_escapes() {
    let api = with_queue().await;
    ok(&api, "SendMessage", &about_queue(r#""MessageBody":"\"\\\n\u00e9\ud83d\ude00<&>""#)).await;
    let received = ok(&api, "ReceiveMessage", &about_queue("")).await;
    assert_eq!(received["Messages"][0]["Body"], "\"\\\n\u{e9}\u{1f600}<&>");
}

#[tokio::test]
async fn purging_empties_the_queue() {
    let api = with_queue().await;
    send(&api, "a").await;
    send(&api, "b").await;
    receipt(&api).await;
    assert_eq!(ok(&api, "PurgeQueue", &about_queue("")).await, Value::Null);
    assert_eq!(counts(&api).await, ("0".to_owned(), "0".to_owned()));
}

#[tokio::test]
async fn json_may_go_to_the_path_of_the_queue() {
    let api = with_queue().await;
    let body = about_queue(r#""MessageBody":"a""#);
    let sent = call(&api, Method::POST, "/000000000000/q", Some("SendMessage"), &body).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    assert_eq!(counts(&api).await.0, "1");
}
