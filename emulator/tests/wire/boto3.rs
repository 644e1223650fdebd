//! boto3 against the emulator: Python programs with many small tests.

use tempfile::TempDir;

use crate::clients::{client, text};
use crate::program::Program;

/// Runs a Python program's tests, or some of its classes, against an emulator
/// with those flags.
fn passes(flags: &[&str], script: &str, classes: &[&str]) {
    let emulator = Program::start(flags);
    let script = format!("{}/tests/wire/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut python = client("python", emulator.endpoint());
    // Where its functions look for files that it makes.
    let gates = TempDir::new().expect("a folder");
    python.env("GATES", gates.path());
    // What it imports leaves nothing behind in the source folder.
    let python = python.arg("-B").arg(script).args(classes);
    let output = python.output().expect("python is installed");
    let report = text(&output.stderr);
    assert!(output.status.success(), "{report}\n{}", text(&output.stdout));
    assert!(report.contains("OK"), "{report}");
}

#[test]
fn boto3_sees_what_it_sees_on_aws() {
    passes(&[], "boto3_test.py", &[]);
}

#[test]
fn boto3_uses_queues_of_both_types_and_moves_dead_letters() {
    passes(&[], "sqs_test.py", &[]);
}

#[test]
fn boto3_keeps_permissions_tags_and_layers() {
    passes(&[], "boto3_resources_test.py", &[]);
}

#[test]
fn boto3_knows_versions_and_what_is_set_on_them() {
    passes(&["--provisioned-preparation", "0s"], "versions_test.py", &["Versions"]);
}

#[test]
fn boto3_waits_for_functions_and_their_changes() {
    // Long enough that a slow client still sees it.
    passes(&["--function-transition", "2s"], "versions_test.py", &["States"]);
}

#[test]
fn boto3_reads_streams_as_they_come() {
    if crate::runtimes::has_node() {
        passes(&[], "streaming_test.py", &[]);
    }
}

#[test]
fn boto3_has_queues_processed_by_functions() {
    passes(&[], "mappings_test.py", &[]);
}

#[test]
fn boto3_signs_and_is_refused_what_it_does_not_sign_well() {
    let flags = [
        "--verify-signatures",
        "--credentials",
        "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "--credentials",
        "ASIAEXAMPLE:another/secret:a+token/of=many==",
        // Signatures stay in real time.
        "--speed",
        "100",
    ];
    passes(&flags, "signatures_test.py", &[]);
}
