//! Reported times beside the truth.

use crate::process::{Server, loadgen, report};
use crate::server::{PERIOD, leaves};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PER_SECOND: u32 = 100;
/// Whole periods, so that it does not matter when in one the load begins.
const PERIODS: u32 = 2;

/// As near as a report has to be: 2 %, or 0.2 ms.
const SHARE: f64 = 0.02;
const AT_LEAST_MS: f64 = 0.2;

pub(crate) fn measure() {
    println!(
        "accuracy: reported response times beside the truth, {PER_SECOND}/s for {} s",
        (PERIOD * PERIODS).as_secs()
    );
    println!("  {:34} {:>12} {:>12} {:>10}", "", "reported ms", "truth ms", "off by ms");
    compare("constant 10 ms", "constant", truth);
    let stalled = compare("stalls 1 s every 10 s", "stall", |_| stalled());
    let service = &stalled["service_ms"]["ok_warm"];
    println!("  (a user who waits for each answer before asking again sees of the same stall:)");
    let server = Server::start("stall");
    let duration = format!("{}s", (PERIOD * PERIODS).as_secs());
    let closed = report(loadgen(&["--url", &server.url, "--arrivals", "closed:1", "--duration", &duration]));
    println!("  {:34} {:>12.2}", "  p99 of a closed loop", number(&closed["latency_ms"]["ok_warm"]["p99"]));
    println!("  {:34} {:>12.2}\n", "  p99 from when requests left", number(&service["p99"]));
}

fn compare(name: &str, kind: &str, truth: impl Fn(&str) -> Vec<f64>) -> Value {
    let server = Server::start(kind);
    let (rate, duration) = (format!("constant:{PER_SECOND}/s"), format!("{}s", (PERIOD * PERIODS).as_secs()));
    let flags = ["--url", &server.url, "--arrivals", &rate, "--duration", &duration, "--precise"];
    let report = report(loadgen(&flags));
    let truth = truth(&server.url);
    for (point, share) in [("p50", 0.50), ("p99", 0.99)] {
        let (reported, truth) = (number(&report["latency_ms"]["ok_warm"][point]), percentile(&truth, share));
        let off = reported - truth;
        let good = off.abs() <= (truth * SHARE).max(AT_LEAST_MS);
        let mark = if good { "✓" } else { "✗" };
        println!("  {:34} {reported:>12.3} {truth:>12.3} {off:>10.3} {mark}", format!("{name}, {point}"));
    }
    report
}

/// What the server itself has measured, from when a request was there to when
/// its answer left.
fn truth(url: &str) -> Vec<f64> {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.write_all(b"GET /truth HTTP/1.1\r\nhost: server\r\nconnection: close\r\n\r\n").expect("it reads");
    stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a socket");
    let mut answer = Vec::new();
    // It does not close; the answer is there long before the second is over.
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    let body = text.split("\r\n\r\n").nth(1).expect("an answer");
    serde_json::from_str(body).expect("a list")
}

/// Response times of requests that are due at equal distances.
fn stalled() -> Vec<f64> {
    let due = (0..PER_SECOND * 10 * PERIODS).map(|n| Duration::from_secs(1) * n / PER_SECOND);
    let mut times: Vec<f64> = due.map(|due| (leaves(due) - due).as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// The smallest time that so large a share does not exceed.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted[rank.saturating_sub(1)]
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
