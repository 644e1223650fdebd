//! What is left of an environment after a timeout, a crash and a failed Init.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::aws_cli::create_python;
use crate::clients::{aws_ok, client, text};
use crate::program::Program;

/// Invokes with a payload and gives the answer and the end of its log.
fn invoke(endpoint: &str, folder: &Path, payload: &str) -> (String, String) {
    let answer = folder.join("answer");
    let mut command = client("aws", endpoint);
    command.args(["lambda", "invoke", "--function-name", "f", "--log-type", "Tail", "--query", "LogResult"]);
    command.args(["--output", "text", "--payload", payload]).arg(&answer);
    let output = command.output().expect("the aws CLI is installed");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let log = decode(text(&output.stdout).trim());
    (fs::read_to_string(&answer).expect("the CLI wrote the answer"), log)
}

/// Base64, as the `base64` command of every system knows it.
fn decode(encoded: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for digit in encoded.bytes().filter_map(|byte| alphabet.iter().position(|known| *known == byte)) {
        bits = (bits << 6) | u32::try_from(digit).expect("one of 64");
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    text(&bytes)
}

fn line<'a>(log: &'a str, begin: &str) -> &'a str {
    log.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("no {begin} in {log}"))
}

/// It remembers in memory and in a file, and fails in the way it is told.
const REMEMBERS: &str = "
import os, tempfile, time

COUNT = 0

def handler(event, context):
    global COUNT
    COUNT += 1
    path = os.path.join(tempfile.gettempdir(), 'count')
    before = len(open(path).read()) if os.path.exists(path) else 0
    with open(path, 'a') as file:
        file.write('x')
    if event.get('how') == 'sleep':
        time.sleep(60)
    if event.get('how') == 'exit':
        os._exit(1)
    if event.get('how') == 'raise':
        raise ValueError('no')
    return {'memory': COUNT, 'file': before}
";

/// Facts 9, 19 and 20: a timeout and a crash reset an environment: its files
/// stay, its memory is lost, and the Init of the next invocation is part of
/// that one's Duration. An exception resets nothing.
#[test]
fn a_reset_keeps_files_and_loses_memory() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    create_python(emulator.endpoint(), folder.path(), "f", REMEMBERS, &["--timeout", "2"]);
    let (mut calls, mut streams) = (0, String::new());
    for (how, expected) in [
        ("none", r#"{"memory": 1, "file": 0}"#),
        ("raise", "ValueError"),
        ("none", r#"{"memory": 3, "file": 2}"#),
        ("sleep", "Sandbox.Timedout"),
        ("none", r#"{"memory": 1, "file": 4}"#),
        ("exit", "Runtime.ExitError"),
        ("none", r#"{"memory": 1, "file": 6}"#),
    ] {
        let (answer, log) = invoke(emulator.endpoint(), folder.path(), &format!(r#"{{"how":"{how}"}}"#));
        assert!(answer.contains(expected), "call {calls}, {how}: {answer}");
        let report = line(&log, "REPORT");
        assert_eq!(report.contains("Init Duration"), calls == 0, "call {calls}: {report}");
        assert_eq!(report.contains("Status: timeout"), how == "sleep", "{report}");
        assert_eq!(report.contains("Status: error"), how == "exit", "{report}");
        assert!(!log.contains("Task timed out"), "the old line is gone: {log}");
        calls += 1;
        let arguments = ["logs", "describe-log-streams", "--log-group-name", "/aws/lambda/f"];
        streams = aws_ok(emulator.endpoint(), &arguments);
    }
    assert_eq!(streams.matches("\"logStreamName\"").count(), 1, "one environment: {streams}");
}

/// A failed Init is reported, repeated inside the invocation, and fails there.
#[test]
fn a_failed_init_has_a_second_chance() {
    let emulator = Program::start(&[]);
    let folder = TempDir::new().expect("a folder");
    // The first Init of an environment fails, the second does not.
    let source = "
import os, tempfile

path = os.path.join(tempfile.gettempdir(), 'tried')
if not os.path.exists(path):
    open(path, 'w').close()
    raise RuntimeError('not yet')

def handler(event, context):
    return 'second'
";
    create_python(emulator.endpoint(), folder.path(), "f", source, &[]);
    let (answer, _) = invoke(emulator.endpoint(), folder.path(), "{}");
    assert_eq!(answer, "\"second\"");
    let arguments = ["logs", "filter-log-events", "--log-group-name", "/aws/lambda/f", "--output", "text"];
    let log = aws_ok(emulator.endpoint(), &arguments);
    assert_eq!(log.matches("INIT_START").count(), 1, "{log}");
    assert!(log.contains("Phase: init\tStatus: error\tError Type: Runtime.ExitError"), "{log}");
    let report = log.lines().find(|line| line.contains("REPORT RequestId")).expect("a report");
    assert!(!report.contains("Init Duration"), "{report}");
}
