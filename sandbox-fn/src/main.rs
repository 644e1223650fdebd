//! The `sandbox-fn` binary: named `bootstrap` in a zip, it is a Lambda function.

use std::process::ExitCode;

fn main() -> ExitCode {
    sandbox_fn::run()
}
