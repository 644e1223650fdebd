//! How long a thousand that are due at the same instant take to leave.

use crate::process::{Server, median, report};
use std::process::Command;

const ROUNDS: usize = 9;

pub(crate) fn measure() {
    println!("burst: from the first of 1,000 requests that left to the last, {ROUNDS} rounds");
    for (name, subject) in [("plain HTTP", "--url"), ("signed Invoke", "--function")] {
        let server = Server::start("bare");
        let skews: Vec<f64> = (0..ROUNDS).map(|_| skew(subject, &server.url)).collect();
        let (least, most) =
            skews.iter().fold((f64::MAX, 0.0_f64), |(low, high), &skew| (low.min(skew), high.max(skew)));
        println!("  {name:20} median {:.2} ms, from {least:.2} to {most:.2} ms", median(skews));
    }
    println!();
}

/// On as many cores as there are: the server has one of them.
fn skew(subject: &str, url: &str) -> f64 {
    let name = if subject == "--url" { url } else { "f" };
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args([
        "run",
        "--output",
        "json",
        subject,
        name,
        "--requests",
        "1000",
        "--target",
        url.trim_end_matches('/'),
    ]);
    let report = report(command);
    assert_eq!(report["counts"]["ok_warm"], 1000, "{report:#}");
    report["start_skew_ms"].as_f64().expect("a burst has one")
}
