//! Requests a second on one core, beside those of wrk and oha in the same run.

use crate::process::{LOAD_CORE, Server, loadgen, median, pinned, report};
use serde_json::Value;
use std::process::{Command, Stdio};

const ROUNDS: usize = 3;
const USERS: &str = "50";
const REQUESTS: &str = "300000";

pub(crate) fn measure() {
    println!(
        "speed: requests a second on one core, {USERS} connections, the server on another core, median of {ROUNDS} rounds"
    );
    let server = Server::start("bare");
    let url = server.url.as_str();
    let target = url.trim_end_matches('/');
    let ours = |flags: &[&str]| {
        let flags = [flags, &["--requests", REQUESTS, "--concurrency", USERS]].concat();
        let report = report(loadgen(&flags));
        report["requests"].as_f64().map(|requests| requests / report["wall_s"].as_f64().unwrap_or(f64::NAN))
    };
    let contenders: [(&str, &dyn Fn() -> Option<f64>); 4] = [
        ("loadgen, plain HTTP", &|| ours(&["--url", url])),
        ("loadgen, signed Invoke", &|| ours(&["--function", "f", "--target", target])),
        ("wrk", &|| wrk(url)),
        ("oha", &|| oha(url)),
    ];
    // They take turns, so that what disturbs one disturbs all.
    let mut rates = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, rates) in contenders.iter().zip(&mut rates) {
            rates.extend(contender.1());
        }
    }
    for ((name, _), rates) in contenders.iter().zip(rates) {
        match rates.len() {
            0 => println!("  {name:26} is not there"),
            _ => println!("  {name:26} {:>9.0}/s", median(rates)),
        }
    }
    println!();
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    there.ok()?;
    let output = pinned(LOAD_CORE, program, arguments).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn wrk(url: &str) -> Option<f64> {
    let text = output("wrk", &["-t1", "-c", USERS, "-d3s", url])?;
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"))?;
    line.trim().parse().ok()
}

fn oha(url: &str) -> Option<f64> {
    let text = output("oha", &["-c", USERS, "-n", REQUESTS, "--no-tui", "--output-format", "json", url])?;
    let report: Value = serde_json::from_str(&text).ok()?;
    report["summary"]["requestsPerSec"].as_f64()
}
