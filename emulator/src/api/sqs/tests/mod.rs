//! Requests in, replies out, against a real driver.

mod actions;
mod addresses;
mod batches;
mod dead_letters;
mod fair;
mod faults;
mod fifo;
mod form;
mod json;
mod lifecycle;
mod limits;
mod moves;
mod permissions;
mod query;
mod receive;
mod refusal;
mod visibility;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{HeaderMap, Method, Request};
use serde_json::Value;

use super::answer;
use crate::api::Api;
use crate::api::call::Call;
use crate::config::Identity;
use crate::credentials::Credentials;
use crate::engine::{Quotas, Timestamp, Uuid};

const QUEUE: &str = "http://localhost:4566/000000000000/q";

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A clock that stands still, as far as a test can see.
const STILL: f64 = 0.001;

/// An empty account whose clock runs `speed` times as fast.
fn api(quotas: Quotas, speed: f64) -> Api {
    Api::for_test(quotas, speed)
}

pub(super) fn identity() -> Identity {
    Identity {
        region: "us-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
        endpoint: None,
        role: Credentials::test(),
    }
}

/// An account with the queue `q`.
async fn with_queue() -> Api {
    let api = api(Quotas::default(), 1.0);
    ok(&api, "CreateQueue", r#"{"QueueName":"q"}"#).await;
    api
}

/// What a reply had.
#[derive(Debug)]
struct Replied {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Replied {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        if self.body.is_empty() { Value::Null } else { self.body.parse().expect("JSON") }
    }

    /// The text between a tag and its end.
    #[track_caller]
    fn xml(&self, tag: &str) -> &str {
        let (_, rest) = self.body.split_once(&format!("<{tag}>")).expect(tag);
        rest.split_once(&format!("</{tag}>")).expect(tag).0
    }
}

async fn call(api: &Api, method: Method, path: &str, target: Option<&str>, body: &str) -> Replied {
    let target = target.map(|action| ("x-amz-target", format!("AmazonSQS.{action}")));
    call_with(api, method, path, target.as_slice(), body).await
}

async fn call_with(api: &Api, method: Method, path: &str, headers: &[(&str, String)], body: &str) -> Replied {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost:4566");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let (parts, ()) = request.body(()).expect("a good request").into_parts();
    let call = Call::new(parts, Bytes::copy_from_slice(body.as_bytes()), Uuid::from_random(0));
    let (parts, body) = answer(api, call).await.into_parts();
    let body = body.collect().await.expect("a body in memory");
    let body = String::from_utf8(body.to_bytes().to_vec()).expect("UTF-8");
    Replied { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A request in JSON.
async fn json(api: &Api, action: &str, body: &str) -> Replied {
    call(api, Method::POST, "/", Some(action), body).await
}

/// A request in JSON that goes well.
async fn ok(api: &Api, action: &str, body: &str) -> Value {
    let replied = json(api, action, body).await;
    assert_eq!(replied.status, 200, "{action} {body}: {}", replied.body);
    assert_eq!(replied.header("content-type"), "application/x-amz-json-1.0");
    replied.json()
}

/// A request as a form, to a path.
async fn form(api: &Api, path: &str, action: &str, form: &str) -> Replied {
    call(api, Method::POST, path, None, &format!("Action={action}&Version=2012-11-05&{form}")).await
}

/// A request in JSON, written as a value, that goes well.
async fn ask(api: &Api, action: &str, body: Value) -> Value {
    ok(api, action, &body.to_string()).await
}

fn url(name: &str) -> String {
    format!("http://localhost:4566/000000000000/{name}")
}

fn arn(name: &str) -> String {
    identity().queue_arn(name)
}

/// Makes a queue with these attributes and gives its URL.
async fn create(api: &Api, name: &str, attributes: Value) -> String {
    let body = serde_json::json!({ "QueueName": name, "Attributes": attributes });
    assert_eq!(ask(api, "CreateQueue", body).await["QueueUrl"], url(name));
    url(name)
}

/// Receives up to ten messages; `more` is merged into the request.
async fn receive(api: &Api, queue: &str, more: Value) -> Vec<Value> {
    let mut body = serde_json::json!({
        "QueueUrl": queue, "MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"],
    });
    body.as_object_mut().expect("it is one").extend(more.as_object().cloned().unwrap_or_default());
    match ask(api, "ReceiveMessage", body).await.get("Messages") {
        Some(messages) => messages.as_array().expect("a list").clone(),
        None => Vec::new(),
    }
}

/// The bodies of messages.
fn bodies(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["Body"].as_str().expect("a body")).collect()
}

/// One attribute of a queue, if it has it.
async fn attribute(api: &Api, queue: &str, name: &str) -> Option<String> {
    let body = serde_json::json!({ "QueueUrl": queue, "AttributeNames": [name] });
    ask(api, "GetQueueAttributes", body).await["Attributes"][name].as_str().map(str::to_owned)
}

/// Comes back when a queue shows so many messages as visible.
async fn until_visible(api: &Api, queue: &str, count: usize) {
    let end = Instant::now() + PATIENCE;
    let count = count.to_string();
    loop {
        let shown = attribute(api, queue, "ApproximateNumberOfMessages").await.expect("a number");
        if shown == count {
            return;
        }
        assert!(Instant::now() < end, "{queue} has {shown} messages and not {count}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The emulated time.
fn now(api: &Api) -> Timestamp {
    api.driver.step(|_, now| now)
}

/// A body that has the queue's URL and these members.
fn about_queue(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"QueueUrl":"{QUEUE}"{comma}{members}}}"#)
}

async fn send(api: &Api, body: &str) -> Value {
    ok(api, "SendMessage", &about_queue(&format!(r#""MessageBody":"{body}""#))).await
}

/// Receives a message and gives its receipt handle.
async fn receipt(api: &Api) -> String {
    let received = ok(api, "ReceiveMessage", &about_queue("")).await;
    received["Messages"][0]["ReceiptHandle"].as_str().expect("a message").to_owned()
}

/// How many messages are visible and in flight.
async fn counts(api: &Api) -> (String, String) {
    let shown = ok(api, "GetQueueAttributes", &about_queue(r#""AttributeNames":["All"]"#)).await;
    let count = |name: &str| shown["Attributes"][name].as_str().expect(name).to_owned();
    (count("ApproximateNumberOfMessages"), count("ApproximateNumberOfMessagesNotVisible"))
}
