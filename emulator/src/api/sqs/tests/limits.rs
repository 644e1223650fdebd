//! How large a message may be, and what it may have.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::form::unfold;
use super::refusal::{attribute_value, check, invalid};
use super::{QUEUE, STILL, api, ask, attribute, counts, create, form, receive, with_queue};
use crate::engine::Quotas;

/// "Message quotas": 1 MiB, of a message and of a batch.
const MOST: usize = 1_048_576;

fn message(body: &str, attributes: Value) -> Value {
    let mut message = json!({ "QueueUrl": QUEUE, "MessageBody": body });
    message["MessageAttributes"] = attributes;
    message
}

/// Fact 42: a message may have 1 MiB unless its queue says otherwise.
#[tokio::test]
async fn fact_42_a_message_has_up_to_one_mebibyte() {
    let api = with_queue().await;
    ask(&api, "SendMessage", message(&"x".repeat(MOST), json!({}))).await;
    let too_long = |limit: usize| {
        format!("One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes.")
    };
    check(&api, "SendMessage", &message(&"x".repeat(MOST + 1), json!({})), invalid(&too_long(MOST))).await;
    let set = json!({ "QueueUrl": QUEUE, "Attributes": {"MaximumMessageSize": "1024"} });
    ask(&api, "SetQueueAttributes", set).await;
    // Bytes count, and so do the names, types and values of attributes: 5 + 6 + 3.
    let attributes = json!({ "Title": {"DataType": "String", "StringValue": "abc"} });
    let binary = json!({ "Title": {"DataType": "Binary", "BinaryValue": BASE64_STANDARD.encode("abc")} });
    let fits = "x".repeat(1_010);
    for good in [
        message(&"x".repeat(1_024), json!({})),
        message(&"é".repeat(512), json!({})),
        message(&fits, attributes.clone()),
        message(&fits, binary.clone()),
    ] {
        ask(&api, "SendMessage", good).await;
    }
    let over = format!("{fits}x");
    for wrong in [
        message(&"x".repeat(1_025), json!({})),
        message(&format!("{}x", "é".repeat(512)), json!({})),
        message(&over, attributes),
        message(&over, binary),
    ] {
        check(&api, "SendMessage", &wrong, invalid(&too_long(1_024))).await;
    }
    assert_eq!(counts(&api).await.0, "5");
}

#[tokio::test]
async fn a_batch_has_up_to_one_mebibyte_with_its_attributes() {
    let api = with_queue().await;
    let half = MOST / 2;
    let batch = |last: usize| {
        json!({ "QueueUrl": QUEUE, "Entries": [
            {"Id": "a", "MessageBody": "x".repeat(half)},
            {"Id": "b", "MessageBody": "x".repeat(last - 14),
             "MessageAttributes": {"Title": {"DataType": "String", "StringValue": "abc"}}},
        ]})
    };
    let sent = ask(&api, "SendMessageBatch", batch(half)).await;
    assert_eq!(sent["Successful"].as_array().map(Vec::len), Some(2));
    let refusal = (
        400,
        "BatchRequestTooLong",
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    );
    check(&api, "SendMessageBatch", &batch(half + 1), refusal).await;
    assert_eq!(counts(&api).await.0, "2");
}

#[tokio::test]
async fn attributes_of_queues_have_ranges() {
    let api = with_queue().await;
    for (name, least, most) in [
        ("DelaySeconds", 0, 900),
        ("MaximumMessageSize", 1_024, 1_048_576),
        ("MessageRetentionPeriod", 60, 1_209_600),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("VisibilityTimeout", 0, 43_200),
        ("KmsDataKeyReusePeriodSeconds", 60, 86_400),
    ] {
        let set = |value: i64| json!({ "QueueUrl": QUEUE, "Attributes": {name: value.to_string()} });
        for good in [least, most] {
            ask(&api, "SetQueueAttributes", set(good)).await;
            assert_eq!(attribute(&api, QUEUE, name).await, Some(good.to_string()));
        }
        let message = format!("Invalid value for the parameter {name}.");
        for bad in [least - 1, most + 1] {
            check(&api, "SetQueueAttributes", &set(bad), attribute_value(&message)).await;
        }
        assert_eq!(attribute(&api, QUEUE, name).await, Some(most.to_string()), "it stays");
    }
}

#[tokio::test]
async fn a_message_has_up_to_ten_attributes_of_three_types() {
    let api = with_queue().await;
    let text = json!({ "DataType": "String", "StringValue": "x" });
    let many = |count: usize| -> Value {
        (0..count).map(|n| (format!("a{n}"), text.clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let longest = "x".repeat(256);
    for good in [
        many(10),
        json!({ longest.as_str(): text }),
        json!({ "a": {"DataType": "String.json", "StringValue": "{}"},
                "b": {"DataType": "Number.int", "StringValue": "-1.5e3"},
                "c": {"DataType": "Binary.png", "BinaryValue": "AAE="} }),
    ] {
        ask(&api, "SendMessage", message("m", good.clone())).await;
        let received = receive(&api, QUEUE, json!({ "MessageAttributeNames": ["All"] })).await;
        assert_eq!(received[0]["MessageAttributes"], good);
    }
    let about = |name: &str, what: &str| format!("Message (user) attribute '{name}' {what}");
    let names = "has an invalid name: 1 to 256 alphanumeric characters, underscores, hyphens and periods, no period at \
                 either end or after another, and neither 'AWS.' nor 'Amazon.' at its start.";
    let long = "x".repeat(257);
    let mut cases = vec![
        (many(11), "Number of message attributes [11] exceeds the allowed maximum [10].".to_owned()),
        (
            json!({ "ErrorDetails": {"DataType": "String", "StringValue": ""} }),
            about("ErrorDetails", "must contain a non-empty value of type 'String'."),
        ),
        (
            json!({ "a": {"DataType": "Other", "StringValue": "x"} }),
            about(
                "a",
                "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and \
                 String.",
            ),
        ),
        (
            json!({ "a": {"StringValue": "x"} }),
            about("a", "must contain a non-empty message attribute type."),
        ),
        (
            json!({ "a": {"DataType": "Number", "StringValue": "one"} }),
            "Can't cast the value of message (user) attribute 'a' to a number.".to_owned(),
        ),
    ];
    for wrong in [".a", "a.", "a..b", "AWS.a", "Amazon.a", "a b", &long] {
        cases.push((json!({ wrong: text }), about(wrong, names)));
    }
    for (attributes, expected) in cases {
        check(&api, "SendMessage", &message("m", attributes), invalid(&expected)).await;
    }
}

#[tokio::test]
async fn hashes_are_those_that_clients_check() {
    let api = with_queue().await;
    let book = json!({
        "Title": {"DataType": "String", "StringValue": "The Whistler"},
        "Author": {"DataType": "String", "StringValue": "John Grisham"},
        "WeeksOn": {"DataType": "Number", "StringValue": "6"},
    });
    let trace = "traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01";
    let binary = json!({ "attr1": {"DataType": "Binary", "BinaryValue": BASE64_STANDARD.encode(trace)} });
    let header = json!({ "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"} });
    for (attributes, expected) in
        [(book, "d25a6aea97eb8f585bfa92d314504a92"), (binary, "8cbe4db156db8a94db8b801b7addb984")]
    {
        let mut message = message("hello", attributes.clone());
        message["MessageSystemAttributes"] = header.clone();
        let (path, members) = unfold("SendMessage", &message);
        let in_xml = form(&api, &path, "SendMessage", &members).await;
        let sent = ask(&api, "SendMessage", message).await;
        // The last is the MD5 of one attribute in the form that all hashes have.
        let all = [
            ("MD5OfMessageBody", "5d41402abc4b2a76b9719d911017c592"),
            ("MD5OfMessageAttributes", expected),
            ("MD5OfMessageSystemAttributes", "d6619b3d47b81d3fc72c0db005a70eda"),
        ];
        for (name, md5) in all {
            assert_eq!((sent[name].as_str(), in_xml.xml(name)), (Some(md5), md5), "{name}");
        }
        let received = receive(&api, QUEUE, json!({ "MessageAttributeNames": ["All"] })).await;
        assert_eq!(received.len(), 2);
        for one in received {
            assert_eq!(one["MD5OfMessageAttributes"], expected);
            assert_eq!(one["MessageAttributes"], attributes);
            assert_eq!(one["Attributes"]["AWSTraceHeader"], "Root=1");
        }
    }
}

#[tokio::test]
async fn a_messages_own_delay_goes_before_its_queues() {
    let api = api(Quotas::default(), STILL);
    for (of_queue, own, expected) in
        [("900", json!(0), "0"), ("900", Value::Null, "1"), ("0", json!(900), "1"), ("0", Value::Null, "0")]
    {
        let queue =
            create(&api, &format!("q-{of_queue}-{}", own.is_null()), json!({ "DelaySeconds": of_queue }))
                .await;
        let message = json!({ "QueueUrl": queue, "MessageBody": "m", "DelaySeconds": own });
        ask(&api, "SendMessage", message).await;
        let delayed = attribute(&api, &queue, "ApproximateNumberOfMessagesDelayed").await;
        assert_eq!(delayed.as_deref(), Some(expected), "{of_queue} {own}");
    }
}
