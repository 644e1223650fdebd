//! boto3 against the emulator: Python programs with many small tests.

use crate::clients::{client, text};
use crate::program::Program;

#[test]
fn boto3_sees_what_it_sees_on_aws() {
    run(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/boto3_test.py"));
}

#[test]
fn boto3_keeps_permissions_tags_and_layers() {
    run(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/boto3_resources_test.py"));
}

fn run(script: &str) {
    let emulator = Program::start(&[]);
    let output = client("python", emulator.endpoint()).arg(script).output().expect("python is installed");
    let report = text(&output.stderr);
    assert!(output.status.success(), "{report}\n{}", text(&output.stdout));
    assert!(report.contains("OK"), "{report}");
}
