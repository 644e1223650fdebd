//! The `sandbox-fn` binary.
fn main() {}
