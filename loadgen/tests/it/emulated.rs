//! The built binary and the AWS SDK for Rust against the real emulator.

use std::io::{Cursor, Write};
use std::process::{Command, Output};
use std::time::Duration;

use crate::mock::{Ran, loadgen};
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, InvocationType, LogType, Runtime, ThrottleReason};
use emulator::engine::{Quotas, Rate};
use emulator::{Config, Emulator};
use loadgen::target::Clients;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An emulator in this process, and clients for it.
pub(crate) struct Emulated {
    pub(crate) emulator: Emulator,
    pub(crate) clients: Clients,
}

impl Emulated {
    pub(crate) async fn start(account_concurrency: u32) -> Self {
        // As many environments at once as there may be: their rate is not the
        // subject here.
        let scaling_rate = Rate { count: account_concurrency, per: Duration::from_secs(10) };
        let quotas = Quotas { account_concurrency, scaling_rate, ..Quotas::default() };
        let listen = ([127, 0, 0, 1], 0).into();
        Self::with(Config { listen, quotas, ..Config::default() }).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let emulator = Emulator::builder().config(config).start().await.expect("a free port");
        let clients = Clients::at(&emulator.endpoint()).await.expect("a loopback endpoint");
        Self { emulator, clients }
    }

    /// A function of the built-in handler.
    pub(crate) async fn create_simulated(&self, name: &str, init: Duration, duration: Duration) {
        let variables = Environment::builder()
            .variables("EMULATOR_INIT_MS", init.as_millis().to_string())
            .variables("EMULATOR_DURATION_MS", duration.as_millis().to_string())
            .build();
        let request = self.clients.lambda.create_function().function_name(name).role(ROLE).timeout(60);
        let request = request.runtime(Runtime::Providedal2023).handler("emulator.handler");
        let code = FunctionCode::builder().zip_file(Blob::new([])).build();
        request.code(code).environment(variables).send().await.expect("a new function");
    }

    /// The sample function, as this package's own program.
    pub(crate) async fn create_sandbox(&self, name: &str) {
        let request = self.clients.lambda.create_function().function_name(name).role(ROLE).timeout(120);
        let request = request.runtime(Runtime::Providedal2023).handler("bootstrap");
        let code = FunctionCode::builder().zip_file(Blob::new(package())).build();
        request.code(code).send().await.expect("a new function");
    }

    pub(crate) async fn reserve(&self, name: &str, reserved: i32) {
        let request = self.clients.lambda.put_function_concurrency().function_name(name);
        request.reserved_concurrent_executions(reserved).send().await.expect("room to reserve");
    }

    /// `loadgen ARGUMENTS --target …`
    pub(crate) async fn loadgen(&self, arguments: &[&str]) -> Ran {
        let mut command = loadgen(arguments);
        command.args(["--target", &self.emulator.endpoint()]);
        Ran::new(&run(command).await)
    }

    /// `loadgen run --target … ARGUMENTS --output json`, and its report.
    async fn run(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let mut command = loadgen(&[]);
        command.args(["run", "--target", &self.emulator.endpoint(), "--output", "json"]).args(arguments);
        let output = run(command).await;
        let report = serde_json::from_slice(&output.stdout);
        let report = report.unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
        (output.status.code(), report)
    }
}

const ROLE: &str = "arn:aws:iam::000000000000:role/test";

fn package() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).expect("a zip");
    let script = format!("#!/bin/sh\nexec '{}' sandbox-fn\n", env!("CARGO_BIN_EXE_loadgen"));
    zip.write_all(script.as_bytes()).expect("a zip");
    zip.finish().expect("a zip").into_inner()
}

pub(crate) async fn run(mut command: Command) -> Output {
    let ran = tokio::task::spawn_blocking(move || command.output()).await;
    ran.expect("it was not cancelled").expect("the program was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn count(report: &Value, pointer: &str) -> u64 {
    report.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_for_rust_knows_every_answer() {
    let emulated = Emulated::start(1_000).await;
    let lambda = &emulated.clients.lambda;
    emulated.create_simulated("f", Duration::from_millis(5), Duration::from_millis(1)).await;

    let answer = lambda.invoke().function_name("f").log_type(LogType::Tail).send().await.expect("an answer");
    assert_eq!((answer.status_code(), answer.executed_version()), (200, Some("$LATEST")));
    assert!(answer.log_result().is_some() && answer.function_error().is_none());

    let event = lambda.invoke().function_name("f").invocation_type(InvocationType::Event);
    assert_eq!(event.send().await.expect("accepted").status_code(), 202);

    emulated.reserve("f", 0).await;
    let refused = lambda.invoke().function_name("f").send().await.expect_err("reserved 0");
    assert_eq!(refused.raw_response().map(|raw| raw.status().as_u16()), Some(429));
    let refused = refused.into_service_error();
    let InvokeError::TooManyRequestsException(error) = &refused else { panic!("{refused:?}") };
    assert_eq!(error.message(), Some("Rate Exceeded."));
    assert_eq!(error.r#type(), Some("User"));
    let reason = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;
    assert_eq!(error.reason(), Some(&reason));

    let unknown = lambda.invoke().function_name("nobody").send().await.expect_err("no such function");
    let expected = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody:$LATEST";
    let unknown = unknown.into_service_error();
    let InvokeError::ResourceNotFoundException(error) = &unknown else { panic!("{unknown:?}") };
    assert_eq!(error.message(), Some(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_for_rust_carries_messages() {
    let emulated = Emulated::start(1_000).await;
    let sqs = &emulated.clients.sqs;
    let queue = sqs.create_queue().queue_name("q").send().await.expect("a new queue");
    let url = queue.queue_url().expect("its URL");
    // The SDK compares the MD5 of what it sent.
    let sent = sqs.send_message().queue_url(url).message_body("größe").send().await.expect("accepted");
    let received = sqs.receive_message().queue_url(url).wait_time_seconds(5).send().await.expect("an answer");
    let message = received.messages().first().expect("the message");
    assert_eq!((message.body(), message.message_id()), (Some("größe"), sent.message_id()));
    let receipt = message.receipt_handle().expect("a handle");
    sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await.expect("deleted");

    let missing = sqs.get_queue_url().queue_name("nowhere").send().await.expect_err("no such queue");
    assert!(missing.as_service_error().is_some_and(|error| error.is_queue_does_not_exist()));
    assert_eq!(missing.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
}

/// Long enough that all of a burst are there before the first one ends.
const HELD: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_environments_of_the_built_in_handler_run_at_once() {
    let emulated = Emulated::start(3_000).await;
    emulated.create_simulated("many", Duration::from_millis(200), HELD).await;
    let (code, report) = emulated
        .run(&["--function", "many", "--requests", "2000", "--timeout", "120s", "--expect", "ok==2000"])
        .await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(count(&report, "/counts/ok_cold"), 2_000, "{report:#}");
    assert_eq!(count(&report, "/environments"), 2_000, "{report:#}");
    assert_eq!(count(&report, "/max_concurrency"), 2_000, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_processes_of_the_sample_function_run_at_once() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_sandbox("many").await;
    let payload = format!(r#"{{"sleep_ms":{}}}"#, HELD.as_millis());
    let arguments = ["--function", "many", "--requests", "300", "--payload", &payload, "--timeout", "120s"];
    let (code, report) = emulated.run(&arguments).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(count(&report, "/counts/ok_cold"), 300, "{report:#}");
    assert_eq!(count(&report, "/environments"), 300, "{report:#}");
    assert_eq!(count(&report, "/max_concurrency"), 300, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mode_of_a_run_works_on_the_emulator() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_simulated("f", Duration::from_millis(50), Duration::from_millis(100)).await;
    emulated.reserve("f", 5).await;

    // A closed loop of as many users as permits is never refused.
    let closed = [
        "--function",
        "f",
        "--requests",
        "40",
        "--concurrency",
        "5",
        "--expect",
        "ok==40",
        "max_concurrency<=5",
    ];
    let (code, report) = emulated.run(&closed).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert!(count(&report, "/counts/ok_cold") <= 5, "{report:#}");

    let open =
        ["--function", "f", "--rate", "20", "--duration", "1s", "--expect", "ok==20", "max_concurrency<=5"];
    let (code, report) = emulated.run(&open).await;
    assert_eq!(code, Some(0), "{report:#}");

    let events = ["--function", "f", "--mode", "async", "--requests", "10", "--expect", "accepted==10"];
    let (code, report) = emulated.run(&events).await;
    assert_eq!(code, Some(0), "{report:#}");

    emulated.clients.sqs.create_queue().queue_name("q").send().await.expect("a new queue");
    let mapping = emulated.clients.lambda.create_event_source_mapping().function_name("f");
    let mapping = mapping.event_source_arn("arn:aws:sqs:us-east-1:000000000000:q").batch_size(10);
    // The queue's visibility timeout must not be shorter than the function's.
    let update = emulated.clients.lambda.update_function_configuration().function_name("f").timeout(10);
    update.send().await.expect("updated");
    mapping.send().await.expect("mapped");
    let queue = ["--mode", "queue", "--queue", "q", "--requests", "20", "--expect", "accepted==20"];
    let (code, report) = emulated.run(&queue).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report.pointer("/queue/drained"), Some(&Value::Bool(true)), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_what_it_promises() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["demo", "--output", "json"]);
    let output = run(command).await;
    let demo: Value = serde_json::from_slice(&output.stdout).expect("a JSON report");
    assert_eq!(output.status.code(), Some(0), "{demo:#}\n{}", text(&output.stderr));
    assert_eq!(demo["passed"], Value::Bool(true), "{demo:#}");
    let rows = demo["experiments"].as_array().expect("a list").iter().flat_map(|one| one["rows"].as_array());
    let rows: Vec<&Value> = rows.flatten().collect();
    assert!(rows.len() >= 20 && rows.iter().all(|row| row["ok"] == Value::Bool(true)), "{rows:#?}");
}
