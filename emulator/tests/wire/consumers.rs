//! Consumers that people already have, with nothing changed but the endpoint:
//! Celery, sqs-consumer and boto3 pollers each work off a thousand messages of
//! a standard queue and a thousand of a FIFO queue.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clients::{bin, environment, installed, reaching, run, text};
use crate::program::Program;
use crate::runtimes::has_node;

/// Pinned. All of these have wheels, so that nothing needs a compiler.
const CELERY: [&str; 4] = ["celery==5.7.0", "kombu[sqs]==5.7.0", "pycurl==7.49.0", "boto3==1.44.5"];

/// Pinned. The newest that Node.js 20 runs.
const SQS_CONSUMER: [&str; 2] = ["sqs-consumer@14.2.8", "@aws-sdk/client-sqs@3.1169.0"];

/// Runs a test program against an emulator of its own.
fn passes(interpreter: &Path, variables: &[(&str, &Path)], script: &str) {
    let emulator = Program::start(&[]);
    let script = format!("{}/tests/wire/consumers/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut program = reaching(interpreter, emulator.endpoint());
    // The SDK for JavaScript reads no AWS_DEFAULT_REGION.
    program.env("AWS_REGION", "us-east-1");
    // What it imports leaves nothing behind in the source folder.
    program.env("PYTHONDONTWRITEBYTECODE", "1");
    let output = program.envs(variables.iter().copied()).arg(script).output().expect("it is installed");
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

/// sqs-consumer and what it needs; its `node_modules`.
fn node_modules() -> PathBuf {
    let folder = installed("sqs-consumer", &SQS_CONSUMER, |folder| {
        let wanted = SQS_CONSUMER.join(", ");
        let remedy = format!("the tests need {wanted} from npm's package index; connect once");
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        run(npm.arg(folder).args(SQS_CONSUMER), &remedy);
    });
    folder.join("node_modules")
}

fn has_npm() -> bool {
    let found = Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: there is no npm on the PATH");
    }
    found
}

#[test]
fn a_celery_worker_processes_a_thousand_messages() {
    passes(&environment("celery", &CELERY).join("python"), &[], "celery_test.py");
}

#[test]
fn sqs_consumer_for_node_processes_a_thousand_messages() {
    if has_node() && has_npm() {
        passes(Path::new("node"), &[("NODE_PATH", &node_modules())], "sqs_consumer_test.cjs");
    }
}

#[test]
fn boto3_long_pollers_process_a_thousand_messages_of_each_kind_of_queue() {
    passes(&bin().join("python"), &[], "pollers_test.py");
}
