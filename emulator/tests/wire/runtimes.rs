//! Functions in several runtimes, AWS's own runtime clients among them, and
//! what becomes of their memory and their logs.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::aws_cli::{create_python, zip_with};
use crate::clients::{aws_ok, bin};
use crate::process::{create_provided, invoke};
use crate::program::Program;

/// Whether there is a Node.js to run functions with.
pub(crate) fn has_node() -> bool {
    let found = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: there is no node on the PATH");
    }
    found
}

fn log_of(endpoint: &str, function: &str) -> String {
    let group = format!("/aws/lambda/{function}");
    let query = ["--query", "events[].message", "--output", "json"];
    aws_ok(endpoint, &[&["logs", "filter-log-events", "--log-group-name", &group][..], &query].concat())
}

#[test]
fn node_functions_run() {
    if !has_node() {
        return;
    }
    let emulator = Program::start(&[]);
    let endpoint = emulator.endpoint();
    let folder = TempDir::new().expect("a folder");
    let source = "export const handler = async (event, context) => {
        console.log('seen', event.n ?? null);
        if (event.fails) throw new RangeError('no');
        return context.functionName;
    };";
    let zip = format!("fileb://{}", zip_with(folder.path(), "index.mjs", source).display());
    let role = "arn:aws:iam::000000000000:role/test";
    let mut create = vec!["lambda", "create-function", "--function-name", "node", "--runtime", "nodejs22.x"];
    create.extend(["--handler", "index.handler", "--role", role, "--zip-file", &zip, "--timeout", "30"]);
    aws_ok(endpoint, &create);
    assert_eq!(invoke(endpoint, folder.path(), "node"), "\"node\"");
    let log = log_of(endpoint, "node");
    assert!(log.contains("INIT_START Runtime Version: nodejs:22.v0"), "{log}");
    assert!(log.contains("\\tINFO\\tseen null\\n"), "{log}");
}

/// It takes memory bit by bit, in a child of its own too.
const GREEDY: &str = "
import os, subprocess, sys, time

TAKE = '''
import sys, time
taken = []
for _ in range(100):
    taken.append(b'x' * 4_000_000)
    time.sleep(0.02)
time.sleep(60)
'''

def handler(event, context):
    subprocess.run([sys.executable, '-c', TAKE])
";

#[test]
fn who_takes_too_much_memory_is_killed() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    create_python(emulator.endpoint(), folder.path(), "greedy", GREEDY, &["--timeout", "60"]);
    let answer = invoke(emulator.endpoint(), folder.path(), "greedy");
    assert!(answer.contains("Runtime.ExitError") && answer.contains("signal: killed"), "{answer}");
    let log = log_of(emulator.endpoint(), "greedy");
    assert!(log.contains("Memory Size: 128 MB\\tMax Memory Used: 128 MB"), "{log}");
}

#[test]
fn memory_is_known_after_a_timeout() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    let source = "import time\n\ndef handler(event, context):\n    time.sleep(60)\n";
    create_python(emulator.endpoint(), folder.path(), "slow", source, &["--timeout", "1"]);
    let answer = invoke(emulator.endpoint(), folder.path(), "slow");
    assert!(answer.contains("Sandbox.Timedout"), "{answer}");
    let log = log_of(emulator.endpoint(), "slow");
    assert!(log.contains("Max Memory Used: ") && !log.contains("Max Memory Used: 0 MB"), "{log}");
}

#[test]
fn a_json_log_has_records() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    let source = "import logging\n\ndef handler(event, context):\n    logging.info('shown')\n    logging.debug('hidden')\n";
    let json = ["--logging-config", "LogFormat=JSON"];
    create_python(emulator.endpoint(), folder.path(), "json", source, &json);
    invoke(emulator.endpoint(), folder.path(), "json");
    let log = log_of(emulator.endpoint(), "json");
    for part in ["platform.initStart", "platform.start", "platform.report", "billedDurationMs", "shown"] {
        assert!(log.contains(part), "no {part} in {log}");
    }
    assert!(!log.contains("START RequestId") && !log.contains("hidden"), "{log}");
}

/// An extension inside of the runtime's own process: after each answer it works
/// on, and listens to telemetry.
const INTERNAL: &str = r#"
import http.client, http.server, json, os, threading

SEEN = []

class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        SEEN.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()

def call(method, path, headers, body=None):
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    api.request(method, path, json.dumps(body) if body else None, headers)
    answer = api.getresponse()
    return answer.status, answer.headers, answer.read()

status, headers, _ = call("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": "inner"}, {"events": ["INVOKE"]})
assert status == 200, status
ID = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
status, _, answer = call("PUT", "/2022-07-01/telemetry", ID, {
    "schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d/" % server.server_port}})
assert (status, answer) == (200, b"OK"), (status, answer)

def extension():
    while True:
        call("GET", "/2020-01-01/extension/event/next", ID)

threading.Thread(target=extension, daemon=True).start()

def handler(event, context):
    print("hello from", context.aws_request_id)
    return [entry["type"] for entry in list(SEEN)]
"#;

#[test]
fn an_internal_extension_hears_telemetry() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    create_python(emulator.endpoint(), folder.path(), "inner", INTERNAL, &["--timeout", "30"]);
    crate::aws_cli::wait_until("telemetry of an earlier invocation", || {
        let answer = invoke(emulator.endpoint(), folder.path(), "inner");
        let kinds =
            ["initStart", "initRuntimeDone", "initReport", "start", "runtimeDone", "report", "extension"];
        let all = kinds.iter().all(|kind| answer.contains(&format!("\"platform.{kind}\"")));
        all && answer.contains("\"platform.telemetrySubscription\"") && answer.contains("\"function\"")
    });
    let log = log_of(emulator.endpoint(), "inner");
    assert!(log.contains("EXTENSION\\tName: inner\\tState: Ready\\tEvents: [INVOKE]"), "{log}");
    assert!(
        log.contains("TELEMETRY\\tName: inner\\tState: Subscribed\\tTypes: [Platform, Function]"),
        "{log}"
    );
}

/// AWS's runtime client for Python, unchanged, as a function brings it along.
fn create_with_aws_client(endpoint: &str, folder: &Path, name: &str) {
    let python = bin().join("python");
    let source = "def handler(event, context):\\n    if event: raise ValueError(event)\\n    return context.aws_request_id\\n";
    let bootstrap = format!(
        "#!/bin/sh\nprintf '{source}' > \"$TMPDIR/app.py\"\ncd \"$TMPDIR\"\nexport LAMBDA_TASK_ROOT=\"$TMPDIR\"\nexec {} -m awslambdaric app.handler\n",
        python.display()
    );
    create_provided(endpoint, folder, name, &bootstrap);
}

#[test]
fn awss_own_runtime_client_runs_unchanged() {
    let emulator = Program::start(&[]);
    let endpoint = emulator.endpoint();
    let folder = TempDir::new().expect("a folder");
    create_with_aws_client(endpoint, folder.path(), "ric");
    let first = invoke(endpoint, folder.path(), "ric");
    assert_eq!(first.len(), 38, "a request id in quotes: {first}");
    assert_ne!(invoke(endpoint, folder.path(), "ric"), first);
    let answer = folder.path().join("failed").display().to_string();
    let payload = ["--payload", "\"no\""];
    aws_ok(endpoint, &[&["lambda", "invoke", "--function-name", "ric"][..], &payload, &[&answer]].concat());
    let failed = std::fs::read_to_string(&answer).expect("the CLI wrote the answer");
    assert!(failed.contains("\"errorType\": \"ValueError\"") && failed.contains("\"no\""), "{failed}");
}
