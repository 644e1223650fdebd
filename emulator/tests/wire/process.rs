//! Functions as real processes: how they fail, and how they end.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::aws_cli::{create_python, wait_until, zip_with};
use crate::clients::{aws, aws_ok, text};
use crate::program::Program;

/// Invokes and gives the answer's payload.
pub(crate) fn invoke(endpoint: &str, folder: &Path, function: &str) -> String {
    let answer = folder.join("answer");
    let path = answer.display().to_string();
    aws_ok(endpoint, &["lambda", "invoke", "--function-name", function, &path]);
    fs::read_to_string(answer).expect("the CLI wrote the answer")
}

#[test]
fn python_functions_fail_as_on_aws() {
    let emulator = Program::start(&[]);
    let endpoint = emulator.endpoint();
    let folder = TempDir::new().expect("a folder");
    let source = |body: &str| format!("import os, sys, time\n\ndef handler(event, context):\n    {body}\n");
    for (name, code, expected) in [
        ("raises", source("raise ValueError('no')"), r#""errorMessage": "no", "errorType": "ValueError""#),
        ("leaves", source("os._exit(3)"), r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: "#),
        ("killed", source("os.kill(os.getpid(), 9)"), "Error: Runtime exited with error: signal: killed"),
        ("broken", "import nowhere\n".to_owned(), r#""errorType": "Runtime.ImportModuleError""#),
        ("slow", source("time.sleep(60)"), "Error: Task timed out after 1.00 seconds"),
        ("large", source("return 'x' * 7000000"), r#""errorType":"Function.ResponseSizeTooLarge""#),
    ] {
        create_python(endpoint, folder.path(), name, &code, &["--timeout", "1"]);
        let answer = invoke(endpoint, folder.path(), name);
        assert!(answer.contains(expected), "{name}: {answer}");
    }
    assert!(invoke(endpoint, folder.path(), "leaves").contains("Runtime exited with error: exit status 3"));
}

#[test]
fn a_package_without_a_bootstrap_says_so() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    let zip = format!("fileb://{}", zip_with(folder.path(), "readme.txt", "no code").display());
    let role = "arn:aws:iam::000000000000:role/test";
    aws_ok(
        emulator.endpoint(),
        &[
            "lambda",
            "create-function",
            "--function-name",
            "empty",
            "--runtime",
            "provided.al2023",
            "--handler",
            "x",
            "--role",
            role,
            "--zip-file",
            &zip,
        ],
    );
    let answer = invoke(emulator.endpoint(), folder.path(), "empty");
    assert!(answer.contains("Runtime.InvalidEntrypoint"), "{answer}");
}

/// It says who it is, and starts a child of its own.
const FORKS: &str = "
import os, subprocess

CHILD = subprocess.Popen(['sleep', '600'])

def handler(event, context):
    return {'pid': os.getpid(), 'child': CHILD.pid, 'tmp': os.environ['TMPDIR'], 'cwd': os.getcwd()}
";

fn is_alive(pid: &str) -> bool {
    // A zombie is dead: only its entry is left.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn field(answer: &str, name: &str) -> String {
    let value = answer.split(&format!("\"{name}\": ")).nth(1).expect("the answer has it");
    value.split([',', '}']).next().unwrap_or_default().trim_matches('"').to_owned()
}

/// A process that has started a child.
struct Forked {
    pid: String,
    child: String,
    tmp: String,
}

impl Forked {
    /// Creates the function `forks` and invokes it once.
    fn start(endpoint: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        create_python(endpoint, folder.path(), "forks", FORKS, &[]);
        let answer = invoke(endpoint, folder.path(), "forks");
        let forked =
            Self { pid: field(&answer, "pid"), child: field(&answer, "child"), tmp: field(&answer, "tmp") };
        assert!(is_alive(&forked.pid) && is_alive(&forked.child) && forked.has_folder(), "{answer}");
        forked
    }

    fn has_ended(&self) -> bool {
        !is_alive(&self.pid) && !is_alive(&self.child)
    }

    fn has_folder(&self) -> bool {
        Path::new(&self.tmp).is_dir()
    }
}

#[test]
fn no_process_outlives_the_emulator() {
    let mut emulator = Program::start(&[]);
    let forked = Forked::start(emulator.endpoint());
    assert_eq!(emulator.interrupt(), Some(0));
    wait_until("the end of the process and its child", || forked.has_ended());
    assert!(!Path::new(&forked.tmp).exists(), "{} is left", forked.tmp);
}

#[test]
fn no_process_outlives_a_crash_of_the_emulator() {
    let mut emulator = Program::start(&[]);
    let forked = Forked::start(emulator.endpoint());
    emulator.crash();
    wait_until("the end of the process, its child and its folder", || {
        forked.has_ended() && !Path::new(&forked.tmp).exists()
    });
}

/// It dies in the middle of its answer.
const BREAKS_OFF: &str = "#!/usr/bin/env python3
import os, socket

host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
runtime = socket.create_connection((host, int(port)))
runtime.sendall(b'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n')
head = runtime.recv(65536).decode()
request = [line.split(': ')[1] for line in head.split('\\r\\n') if 'request-id' in line.lower()][0]
post = f'POST /2018-06-01/runtime/invocation/{request}/response HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 1000\\r\\n\\r\\n'
runtime.sendall(post.encode() + b'{\"half')
os.kill(os.getpid(), 9)
";

pub(crate) fn create_provided(endpoint: &str, folder: &Path, name: &str, bootstrap: &str) {
    let zip = format!("fileb://{}", zip_with(folder, "bootstrap", bootstrap).display());
    let role = "arn:aws:iam::000000000000:role/test";
    let mut arguments =
        vec!["lambda", "create-function", "--function-name", name, "--runtime", "provided.al2023"];
    arguments.extend(["--handler", "x", "--role", role, "--zip-file", &zip, "--timeout", "30"]);
    aws_ok(endpoint, &arguments);
}

#[test]
fn a_process_that_dies_in_the_middle_of_its_answer_has_failed() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    create_provided(emulator.endpoint(), folder.path(), "breaks-off", BREAKS_OFF);
    let answer = invoke(emulator.endpoint(), folder.path(), "breaks-off");
    assert!(answer.contains("Runtime exited with error: signal: killed"), "{answer}");
}

#[test]
fn a_bootstrap_that_nobody_can_execute_is_the_packages_fault() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    create_provided(emulator.endpoint(), folder.path(), "windows", "#!/bin/sh\r\nexit 0\r\n");
    let answer = invoke(emulator.endpoint(), folder.path(), "windows");
    assert!(answer.contains("Runtime.InvalidEntrypoint"), "{answer}");
}

#[test]
fn deleting_a_function_ends_its_idle_processes() {
    let emulator = Program::start(&[]);
    let forked = Forked::start(emulator.endpoint());
    aws_ok(emulator.endpoint(), &["lambda", "delete-function", "--function-name", "forks"]);
    wait_until("the end of the process, its child and its folder", || {
        forked.has_ended() && !Path::new(&forked.tmp).exists()
    });
}

#[test]
fn a_missing_interpreter_is_said_to_be_missing() {
    let folder = TempDir::new().expect("a folder");
    let emulator = Program::start_with(&[], &[("PATH", "/nowhere")]);
    create_python(
        emulator.endpoint(),
        folder.path(),
        "hello",
        "def handler(event, context):\n    return 1\n",
        &[],
    );
    let refused = aws(emulator.endpoint(), &["lambda", "invoke", "--function-name", "hello", "/dev/null"]);
    let error = text(&refused.stderr);
    assert!(error.contains("(ServiceException)") && error.contains("python3 can't be run"), "{error}");
}

#[test]
fn a_refusal_of_the_host_is_never_a_throttle() {
    let folder = TempDir::new().expect("a folder");
    let emulator = Program::start(&[]);
    create_python(
        emulator.endpoint(),
        folder.path(),
        "hello",
        "def handler(event, context):\n    return 1\n",
        &[],
    );
    // The running emulator gets no further files: it can't start a process.
    let pid = emulator.pid().to_string();
    let limited = std::process::Command::new("prlimit").args(["--pid", &pid, "--nofile=16"]).status();
    assert!(limited.is_ok_and(|status| status.success()), "prlimit (util-linux) is needed");
    let refused = aws(emulator.endpoint(), &["lambda", "invoke", "--function-name", "hello", "/dev/null"]);
    let error = text(&refused.stderr);
    assert!(error.contains("(ServiceException)") && error.contains("no limit of AWS"), "{error}");
    assert!(error.contains("ulimit -n"), "{error}");
}
