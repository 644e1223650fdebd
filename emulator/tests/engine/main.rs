//! The engine, tested as what it is: calls in, facts out, no time passes.
//! Golden traces, random workloads under an auditor, determinism, and the
//! purity of its source.

mod auditor;
mod determinism;
mod doctored;
mod facts;
mod purity;
mod random;
mod regressions;
mod trace;
mod traces;
mod workload;
