//! The AWS SDK for Rust is the reference: what it sends, loadgen sends too.

use crate::mock::{Answer, Asked, Mock};
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LogType};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use loadgen::target::Clients;
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// A server that keeps what it is asked for.
struct Recorder {
    mock: Mock,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorder {
    fn start() -> Recorder {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let mock = Mock::start(move |asked: &Asked| {
            kept.lock().unwrap().push(asked.clone());
            match asked.operation.as_str() {
                "" => Answer::new(200, "{}"),
                "GetQueueAttributes" => Answer::new(200, EMPTY),
                _ => Answer::new(
                    200,
                    r#"{"MessageId":"m","Successful":[{"Id":"0","MessageId":"m","MD5OfMessageBody":"x"}]}"#,
                ),
            }
        });
        Recorder { mock, asked }
    }

    /// The one request of a kind that was made since the last look.
    fn one(&self, kind: &str) -> Asked {
        let all: Vec<Asked> = self.asked.lock().unwrap().drain(..).collect();
        let mut of_kind = all.into_iter().filter(|asked| asked.operation == kind);
        let one = of_kind.next().unwrap_or_else(|| panic!("no {kind:?}"));
        assert!(of_kind.next().is_none(), "more than one {kind:?}");
        one
    }

    /// What `loadgen run` sends.
    fn ours(&self, kind: &str, flags: &[&str]) -> Asked {
        let ran = self.mock.run(&[flags, &["--requests", "1"]].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        self.one(kind)
    }
}

const EMPTY: &str = r#"{"Attributes":{"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0","ApproximateNumberOfMessagesDelayed":"0"}}"#;

/// What makes a difference to the service. The rest names the client.
const HEADERS: [&str; 5] =
    ["host", "content-type", "x-amz-invocation-type", "x-amz-log-type", "x-amz-target"];

fn assert_same(ours: &Asked, reference: &Asked) {
    assert_eq!((&ours.method, &ours.path), (&reference.method, &reference.path));
    for name in HEADERS {
        assert_eq!(ours.headers.get(name), reference.headers.get(name), "{name}");
    }
    let body = |asked: &Asked| serde_json::from_str::<Value>(&asked.body).unwrap();
    assert_eq!(body(ours), body(reference));
    assert_eq!(scope(ours), scope(reference), "who signs, for which region and service");
}

/// The credential scope without its date.
fn scope(asked: &Asked) -> Vec<String> {
    let authorization = &asked.headers["authorization"];
    let credential = authorization.split("Credential=").nth(1).unwrap().split(',').next().unwrap();
    credential.split('/').enumerate().filter(|(n, _)| *n != 1).map(|(_, part)| part.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn invocations_are_those_of_the_sdk() {
    let recorder = tokio::task::block_in_place(Recorder::start);
    let lambda = Clients::at(&recorder.mock.endpoint).await.expect("the mock listens").lambda;
    for function in ["sandbox", "sandbox:live", "arn:aws:lambda:us-east-1:000000000000:function:sandbox:7"] {
        let payload = r#"{"sleep_ms":1}"#;
        let request = lambda.invoke().function_name(function).payload(Blob::new(payload));
        request
            .log_type(LogType::Tail)
            .invocation_type(InvocationType::RequestResponse)
            .send()
            .await
            .unwrap();
        let reference = recorder.one("");
        let ours = tokio::task::block_in_place(|| {
            recorder.ours("", &["--function", function, "--payload", payload])
        });
        assert_same(&ours, &reference);
    }
    let request = lambda.invoke().function_name("f").invocation_type(InvocationType::Event);
    request.payload(Blob::new("{}")).send().await.unwrap();
    let reference = recorder.one("");
    let ours = tokio::task::block_in_place(|| recorder.ours("", &["--function", "f", "--mode", "async"]));
    assert_same(&ours, &reference);
    tokio::task::block_in_place(|| drop(recorder));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_those_of_the_sdk() {
    let recorder = tokio::task::block_in_place(Recorder::start);
    let sqs = Clients::at(&recorder.mock.endpoint).await.expect("the mock listens").sqs;
    let url = format!("{}/000000000000/q", recorder.mock.endpoint);
    // The SDK compares the MD5 that the mock makes up; what it sent is all that counts.
    let _ = sqs.send_message().queue_url(&url).message_body("{}").send().await;
    let reference = recorder.one("SendMessage");
    let ours = tokio::task::block_in_place(|| recorder.ours("SendMessage", &["--queue", &url]));
    assert_same(&ours, &reference);

    let entry = SendMessageBatchRequestEntry::builder().id("0").message_body("{}").build().unwrap();
    let _ = sqs.send_message_batch().queue_url(&url).entries(entry).send().await;
    let reference = recorder.one("SendMessageBatch");
    let flags = ["--queue", &url, "--batch", "10"];
    let ours = tokio::task::block_in_place(|| recorder.ours("SendMessageBatch", &flags));
    assert_same(&ours, &reference);
    tokio::task::block_in_place(|| drop(recorder));
}

fn throttled() -> Answer {
    let reason = "ReservedFunctionConcurrentInvocationLimitExceeded";
    let body = format!(r#"{{"Reason":"{reason}","Type":"User","message":"Rate Exceeded."}}"#);
    Answer::new(429, body).with_header("x-amzn-errortype", "TooManyRequestsException")
}

#[tokio::test(flavor = "multi_thread")]
async fn like_sdk_tries_as_often_as_the_sdk() {
    let mock = tokio::task::block_in_place(|| Mock::start(|_: &Asked| throttled()));
    let lambda = Clients::at(&mock.endpoint).await.expect("the mock listens").lambda;
    let retrying = lambda.config().to_builder().retry_config(RetryConfig::standard()).build();
    let refused = aws_sdk_lambda::Client::from_conf(retrying).invoke().function_name("f").send().await;
    assert!(refused.is_err());
    let reference = mock.arrived();
    let (code, report) =
        tokio::task::block_in_place(|| mock.report(&["--function", "f", "--requests", "1", "--like-sdk"]));
    assert_eq!((code, mock.arrived() - reference), (0, reference));
    assert_eq!(report["retries"], "like_sdk");
    assert_eq!(report["attempts"], serde_json::json!({"made": reference, "throttled": reference}));
    assert_eq!(report["counts"]["throttled"]["ReservedFunctionConcurrentInvocationLimitExceeded"], 1);
    tokio::task::block_in_place(|| drop(mock));
}

#[test]
fn like_sdk_hides_a_throttle_and_says_so() {
    let mock = Mock::start(|asked: &Asked| if asked.n == 0 { throttled() } else { Answer::new(200, "{}") });
    let (code, report) = mock.report(&["--function", "f", "--requests", "1", "--like-sdk"]);
    assert_eq!((code, &report["counts"]["ok_warm"]), (0, &serde_json::json!(1)));
    assert_eq!(report["attempts"], serde_json::json!({"made": 2, "throttled": 1}));
    let text = Mock::start(|_: &Asked| Answer::new(200, "{}")).run(&["--function", "f", "--like-sdk"]).stdout;
    assert!(
        text.contains("retries as an SDK makes them") && text.contains("sent 100 times in all"),
        "{text}"
    );
}
