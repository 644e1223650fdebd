//! Function URLs and API Gateway: made with boto3, called over HTTP, with a
//! Python function behind them.

use crate::clients::{client, text};
use crate::program::Program;

#[test]
fn functions_are_reached_through_their_front_doors() {
    let emulator = Program::start(&["--seed", "7"]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/gateway_test.py");
    let output = client("python", emulator.endpoint()).arg(script).output().expect("python is installed");
    let report = text(&output.stderr);
    assert!(output.status.success(), "{report}\n{}", text(&output.stdout));
    assert!(report.contains("OK"), "{report}");
}
