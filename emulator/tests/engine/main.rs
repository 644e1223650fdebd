//! The engine, driven without a runtime: random workloads under an auditor,
//! determinism, and the purity of its source.

mod auditor;
mod determinism;
mod doctored;
mod purity;
mod random;
mod regressions;
mod workload;
