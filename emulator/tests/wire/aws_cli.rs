//! The aws CLI against the emulator, as the README shows it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::clients::{aws, aws_ok, client, text};
use crate::program::Program;

/// A zip with one file, as a path for `fileb://`.
pub(crate) fn zip_with(folder: &Path, file: &str, content: &str) -> PathBuf {
    let path = folder.join("function.zip");
    let mut zip = ZipWriter::new(fs::File::create(&path).expect("a file"));
    zip.start_file(file, SimpleFileOptions::default().unix_permissions(0o755)).expect("a zip");
    zip.write_all(content.as_bytes()).expect("a zip");
    zip.finish().expect("a zip");
    path
}

/// Creates a Python function from its source.
pub(crate) fn create_python(endpoint: &str, folder: &Path, name: &str, source: &str, more: &[&str]) {
    let zip = format!("fileb://{}", zip_with(folder, "app.py", source).display());
    let role = "arn:aws:iam::000000000000:role/test";
    let mut arguments = vec!["lambda", "create-function", "--function-name", name, "--runtime", "python3.12"];
    arguments.extend(["--handler", "app.handler", "--role", role, "--zip-file", &zip]);
    arguments.extend(more);
    aws_ok(endpoint, &arguments);
}

/// Waits until `done`, at most a minute.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what} did not come about in a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// It holds every invocation until the test has seen what it waits for.
const GATED: &str = "
import os, time

def handler(event, context):
    while not os.path.exists(os.environ['GATE']):
        time.sleep(0.01)
    return {'request': context.aws_request_id, 'left': context.get_remaining_time_in_millis()}
";

#[test]
fn ten_parallel_invokes_on_reserved_five_give_five_answers_and_five_throttles() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    let gate = folder.path().join("gate");
    let variables = format!("Variables={{GATE={}}}", gate.display());
    let endpoint = emulator.endpoint();
    create_python(
        endpoint,
        folder.path(),
        "gated",
        GATED,
        &["--environment", &variables, "--timeout", "300"],
    );
    aws_ok(
        endpoint,
        &[
            "lambda",
            "put-function-concurrency",
            "--function-name",
            "gated",
            "--reserved-concurrent-executions",
            "5",
        ],
    );

    let mut calls: Vec<Child> =
        (0..10).map(|number| invoke_in_background(endpoint, folder.path(), number)).collect();
    wait_until("five refusals", || {
        calls.iter_mut().filter_map(|call| call.try_wait().expect("a child")).count() == 5
    });
    fs::write(&gate, "").expect("a file");

    let outputs: Vec<_> = calls.into_iter().map(|call| call.wait_with_output().expect("a child")).collect();
    let answered = outputs.iter().filter(|output| output.status.success());
    assert_eq!(
        answered.clone().filter(|output| text(&output.stdout).contains("\"StatusCode\": 200")).count(),
        5
    );
    let refused: Vec<String> =
        outputs.iter().filter(|output| !output.status.success()).map(|output| text(&output.stderr)).collect();
    assert_eq!(refused.len(), 5);
    for error in refused {
        assert!(error.contains("(TooManyRequestsException)") && error.contains("Rate Exceeded."), "{error}");
    }
    let answers = (0..10).filter(|number| {
        let answer = fs::read_to_string(folder.path().join(format!("answer-{number}"))).unwrap_or_default();
        answer.contains("\"request\"")
    });
    assert_eq!(answers.count(), 5);
}

fn invoke_in_background(endpoint: &str, folder: &Path, number: usize) -> Child {
    client("aws", endpoint)
        .args(["lambda", "invoke", "--function-name", "gated", "--cli-read-timeout", "120"])
        .arg(folder.join(format!("answer-{number}")))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the aws CLI is installed")
}

#[test]
fn queues_logs_and_errors_read_as_on_aws() {
    let emulator = Program::start(&[]);
    let endpoint = emulator.endpoint();
    // CLI v1 ignores AWS_ENDPOINT_URL for sqs, so it is given expressly.
    let sqs = |arguments: &[&str]| {
        let mut all = vec!["--endpoint-url", endpoint, "sqs"];
        all.extend(arguments);
        aws_ok(endpoint, &all)
    };
    let url = sqs(&["create-queue", "--queue-name", "orders", "--query", "QueueUrl", "--output", "text"]);
    let url = url.trim();
    sqs(&["send-message", "--queue-url", url, "--message-body", "hello"]);
    let received = sqs(&["receive-message", "--queue-url", url, "--wait-time-seconds", "5"]);
    assert!(received.contains("\"Body\": \"hello\""), "{received}");

    let missing = aws(endpoint, &["lambda", "invoke", "--function-name", "nobody", "/dev/null"]);
    assert_eq!(missing.status.code(), Some(255));
    let error = text(&missing.stderr);
    let expected = "(ResourceNotFoundException) when calling the Invoke operation: \
                    Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody:$LATEST";
    assert!(error.contains(expected), "{error}");

    let identity =
        aws_ok(endpoint, &["sts", "get-caller-identity", "--query", "Account", "--output", "text"]);
    assert_eq!(identity.trim(), "000000000000");

    let folder = TempDir::new().expect("a folder");
    create_python(
        endpoint,
        folder.path(),
        "hello",
        "def handler(event, context):\n    print('seen', event)\n",
        &[],
    );
    aws_ok(
        endpoint,
        &["lambda", "invoke", "--function-name", "hello", "--payload", "{\"a\": 1}", "/dev/null"],
    );
    let lines = aws_ok(
        endpoint,
        &[
            "logs",
            "filter-log-events",
            "--log-group-name",
            "/aws/lambda/hello",
            "--query",
            "events[].message",
            "--output",
            "json",
        ],
    );
    for line in ["START RequestId: ", "seen {'a': 1}", "END RequestId: ", "REPORT RequestId: "] {
        assert!(lines.contains(line), "{line:?} is not in {lines}");
    }
}
