//! A Python function that always fails gets an event: when is it in the
//! dead-letter queue?
//!
//! The same as `examples/event_retries.py`, as a Rust test may do it: the
//! emulator is part of the program, and its clock skips what is idle. Any AWS
//! SDK would do as the client; here the requests are written by hand.
//!
//! Expected: in about a second, after three attempts that are one minute and two
//! minutes apart by the log. Run it with
//! `cargo run --package emulator --example event_retries`; it needs `python3`.

use std::error::Error;
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use emulator::{ClockSettings, Emulator};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

type Failure = Box<dyn Error>;

const CODE: &str = "def handler(event, context):\n    raise ValueError('never')\n";

/// About a second, most of which Python takes to start; more on a busy machine.
const LIMIT: Duration = Duration::from_secs(5);

/// Runs the example, and fails where it does not see what it expects.
#[tokio::main]
pub(crate) async fn main() -> Result<(), Failure> {
    let emulator = Emulator::builder()
        .listen(([127, 0, 0, 1], 0).into())
        .clock(ClockSettings::skipping_idle())
        .start()
        .await?;
    let outcome = run(&emulator).await;
    emulator.shutdown().await;
    outcome
}

async fn run(emulator: &Emulator) -> Result<(), Failure> {
    let queue = service(emulator, "AmazonSQS.CreateQueue", json!({ "QueueName": "dead" })).await?;
    let function = json!({
        "FunctionName": "f",
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": { "ZipFile": BASE64_STANDARD.encode(package()?) },
        "DeadLetterConfig": { "TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead" },
    });
    post(emulator, "/2015-03-31/functions", &[], &function).await?;

    let began = Instant::now();
    let event = [("x-amz-invocation-type", "Event")];
    post(emulator, "/2015-03-31/functions/f/invocations", &event, &json!({ "order": 7 })).await?;
    // A long poll ends after 20 s of the emulator's clock, which may be at once.
    let receive = json!({ "QueueUrl": queue["QueueUrl"], "WaitTimeSeconds": 20 });
    let message = loop {
        let received = service(emulator, "AmazonSQS.ReceiveMessage", receive.clone()).await?;
        if let Some(message) = received["Messages"].get(0) {
            break message["Body"].clone();
        }
        if began.elapsed() > LIMIT {
            return Err(format!("the dead-letter queue is empty; the clock: {:?}", emulator.clock()).into());
        }
    };
    let took = began.elapsed();

    let wanted = json!({ "logGroupName": "/aws/lambda/f", "filterPattern": "\"START RequestId\"" });
    let log = service(emulator, "Logs_20140328.FilterLogEvents", wanted).await?;
    let starts = log["events"].as_array().into_iter().flatten();
    let starts: Vec<u64> = starts.filter_map(|event| event["timestamp"].as_u64()).collect();
    let pauses: Vec<u64> = starts.windows(2).map(|pair| (pair[1] - pair[0]) / 1_000).collect();
    println!("{message} was in the dead-letter queue after {took:.2?}");
    println!("{} attempts, {pauses:?} s apart by the log", starts.len());
    let as_expected = matches!(pauses[..], [60..65, 120..125]) && took < LIMIT;
    as_expected.then_some(()).ok_or_else(|| "that is not what was to be expected".into())
}

/// A deployment package of one file.
fn package() -> Result<Vec<u8>, Failure> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("app.py", SimpleFileOptions::default())?;
    zip.write_all(CODE.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

/// An action of a service that is told by its target.
async fn service(emulator: &Emulator, target: &str, body: Value) -> Result<Value, Failure> {
    let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.0")];
    post(emulator, "/", &headers, &body).await
}

async fn post(
    emulator: &Emulator,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Result<Value, Failure> {
    let stream = TcpStream::connect(emulator.address()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::post(path).header("host", emulator.address().to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body.to_string())))?).await?;
    let status = answer.status();
    let text = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Err(format!("{path}: {status} {}", String::from_utf8_lossy(&text)).into());
    }
    Ok(if text.is_empty() { Value::Null } else { serde_json::from_slice(&text)? })
}
