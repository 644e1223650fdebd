//! Memory of a long run: it does not grow with the number of requests.

use crate::process::{Server, loadgen};
use std::process::Stdio;
use std::time::Duration;

pub(crate) fn measure() {
    println!("memory: the most that a run ever held, 50 users");
    let server = Server::start("bare");
    for requests in ["10000", "1000000", "10000000"] {
        println!("  {requests:>10} requests  {:>6.1} MiB", peak(&server.url, requests));
    }
    println!();
}

/// The kernel's own high-water mark, read until the process is gone.
fn peak(url: &str, requests: &str) -> f64 {
    let mut command = loadgen(&["--url", url, "--requests", requests, "--concurrency", "50"]);
    let mut child = command.stdout(Stdio::null()).spawn().expect("it starts");
    let mut peak = 0.0_f64;
    while child.try_wait().expect("a child").is_none() {
        peak = peak.max(high_water(child.id()).unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

fn high_water(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
