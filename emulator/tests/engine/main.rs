//! The engine, driven without a runtime: random workloads

mod auditor;
mod doctored;
mod random;
mod workload;
