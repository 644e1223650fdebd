//! The Python and Node.js runtimes alone, against a Runtime API of their own tests.

use std::process::Command;

use crate::clients::{bin, text};
use crate::runtimes::has_node;

#[test]
fn the_python_runtime_passes_its_own_tests() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python");
    let mut command = Command::new(bin().join("python"));
    let output =
        command.args(["-B", "-m", "unittest", "discover", folder]).output().expect("python is installed");
    let report = text(&output.stderr);
    assert!(output.status.success() && report.contains("OK") && !report.contains("Ran 0 tests"), "{report}");
}

#[test]
fn the_node_runtime_passes_its_own_tests() {
    if !has_node() {
        return;
    }
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node/bootstrap.test.js");
    let output = Command::new("node").args(["--test", tests]).output().expect("node is installed");
    let report = text(&output.stdout);
    assert!(output.status.success() && report.contains("fail 0") && !report.contains("pass 0"), "{report}");
}
