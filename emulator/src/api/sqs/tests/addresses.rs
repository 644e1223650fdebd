//! The addresses of queues.

use hyper::Method;
use serde_json::json;

use super::{QUEUE, attribute, call, call_with, create, form, ok, url, with_queue};

#[tokio::test]
async fn a_queue_is_reached_by_all_forms_of_its_url() {
    let api = with_queue().await;
    let forms = [
        QUEUE,
        "https://sqs.us-east-1.amazonaws.com/000000000000/q",
        "https://us-east-1.queue.amazonaws.com/000000000000/q",
        "https://queue.amazonaws.com/000000000000/q",
        "http://sqs.us-east-1.localhost:4566/123456789012/q",
        "http://localhost:4566/queue/us-east-1/000000000000/q",
        "/000000000000/q",
    ];
    for (sent, url) in forms.iter().enumerate() {
        let body = json!({ "QueueUrl": url, "MessageBody": "a" }).to_string();
        ok(&api, "SendMessage", &body).await;
        let count = attribute(&api, QUEUE, "ApproximateNumberOfMessages").await;
        assert_eq!(count, Some((sent + 1).to_string()), "{url}");
    }
    let paths = ["/000000000000/q", "/123456789012/q", "/queue/q", "/queue/us-east-1/000000000000/q"];
    for (sent, path) in paths.into_iter().enumerate() {
        let replied = form(&api, path, "SendMessage", "MessageBody=a").await;
        assert_eq!(replied.status, 200, "{path}: {}", replied.body);
        let count = attribute(&api, QUEUE, "ApproximateNumberOfMessages").await;
        assert_eq!(count, Some((forms.len() + sent + 1).to_string()), "{path}");
    }
}

#[tokio::test]
async fn a_url_names_a_fifo_queue_with_its_ending() {
    let api = with_queue().await;
    let fifo = create(&api, "q.fifo", json!({ "FifoQueue": "true" })).await;
    assert_eq!(
        attribute(&api, &fifo, "QueueArn").await.as_deref(),
        Some("arn:aws:sqs:us-east-1:000000000000:q.fifo")
    );
    assert_eq!(
        attribute(&api, QUEUE, "QueueArn").await.as_deref(),
        Some("arn:aws:sqs:us-east-1:000000000000:q")
    );
    let (found, other) = (r#"{"QueueName":"q.fifo"}"#, r#"{"QueueName":"q"}"#);
    assert_eq!(ok(&api, "GetQueueUrl", found).await, json!({ "QueueUrl": url("q.fifo") }));
    assert_eq!(ok(&api, "GetQueueUrl", other).await, json!({ "QueueUrl": QUEUE }));
}

#[tokio::test]
async fn a_request_without_an_action_is_no_operation() {
    let api = with_queue().await;
    for (method, path) in
        [(Method::GET, "/000000000000/q"), (Method::POST, "/000000000000/q"), (Method::GET, "/")]
    {
        let replied = call(&api, method.clone(), path, None, "").await;
        let expected = (404, "<UnknownOperationException/>");
        assert_eq!((replied.status, replied.body.as_str()), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn what_concerns_the_account_is_no_action_of_a_queue() {
    let api = with_queue().await;
    for action in ["CreateQueue", "GetQueueUrl", "ListQueues", "FooBar"] {
        let replied = form(&api, "/000000000000/q", action, "QueueName=q").await;
        assert_eq!((replied.status, replied.xml("Code")), (400, "InvalidAction"), "{action}");
        let message = format!("The action {action} is not valid for this endpoint.");
        assert_eq!(replied.xml("Message"), message);
    }
    // JSON says by its target what it wants, wherever it is sent.
    let listed = call(&api, Method::POST, "/000000000000/q", Some("ListQueues"), "{}").await;
    assert_eq!((listed.status, listed.json()), (200, json!({ "QueueUrls": [QUEUE] })));
}

#[tokio::test]
async fn a_form_is_answered_in_xml_whatever_is_accepted() {
    let api = with_queue().await;
    let accept = [("accept", "application/json".to_owned())];
    let path = "/000000000000/q?Action=GetQueueAttributes&AttributeName.1=DelaySeconds";
    let replied = call_with(&api, Method::GET, path, &accept, "").await;
    assert_eq!((replied.status, replied.header("content-type")), (200, "text/xml"));
    assert_eq!(replied.xml("Attribute"), "<Name>DelaySeconds</Name><Value>0</Value>");
}
