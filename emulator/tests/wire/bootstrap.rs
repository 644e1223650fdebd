//! The Python runtime alone, against a Runtime API of its own tests.

use std::process::Command;

use crate::clients::{bin, text};

#[test]
fn the_python_runtime_passes_its_own_tests() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python");
    let mut command = Command::new(bin().join("python"));
    let output =
        command.args(["-B", "-m", "unittest", "discover", folder]).output().expect("python is installed");
    let report = text(&output.stderr);
    assert!(output.status.success() && report.contains("OK") && !report.contains("Ran 0 tests"), "{report}");
}
