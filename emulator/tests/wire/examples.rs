//! The examples are tests too: each says by its exit code whether it saw what
//! it expects.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::clients::{bin, text};
use crate::program::Program;

#[path = "../../examples/event_retries.rs"]
mod event_retries;

fn check(flags: &[&str], program: &str, example: &str) {
    let emulator = Program::start(flags);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
    let mut path = vec![bin().to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let output = Command::new(program)
        .arg(script)
        .env("PATH", env::join_paths(path).expect("no separator in a folder's name"))
        .env("AWS_ENDPOINT_URL", emulator.endpoint())
        .output()
        .expect("the interpreter is there");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    println!("{said}");
}

#[test]
fn reserved_concurrency_with_the_aws_cli() {
    check(&[], "bash", "reserved_concurrency.sh");
}

#[test]
fn reserved_concurrency_with_boto3() {
    check(&[], "python3", "reserved_concurrency.py");
}

#[test]
fn provisioned_concurrency_with_boto3() {
    check(&["--provisioned-preparation", "0s"], "python3", "provisioned_concurrency.py");
}

#[test]
fn poller_over_pull_with_boto3() {
    check(&["--speed", "60"], "python3", "poller_over_pull.py");
}

#[test]
fn event_retries_with_boto3() {
    check(&[], "python3", "event_retries.py");
}

#[test]
fn event_retries_with_the_aws_cli() {
    check(&[], "bash", "event_retries.sh");
}

#[test]
fn event_retries_with_the_library() {
    event_retries::main().expect("what was to be expected");
}
