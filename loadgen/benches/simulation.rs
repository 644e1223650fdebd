//! How fast the simulation is, what it needs, and whether it is true.
//!
//! ```text
//! cargo bench -p loadgen --bench simulation              # all but the day, about three minutes
//! cargo bench -p loadgen --bench simulation -- speed     # invocations and engine steps a second
//! cargo bench -p loadgen --bench simulation -- memory    # one million and ten million requests
//! cargo bench -p loadgen --bench simulation -- scale     # 100,000 environments at once
//! cargo bench -p loadgen --bench simulation -- truth     # queueing theory, at 10 million invocations each
//! cargo bench -p loadgen --bench simulation -- day       # a day at 10,000 requests a second, half an hour
//! ```

#[path = "../tests/it/laws.rs"]
mod laws;

use clap::Parser;
use loadgen::cli::{Cli, Command};
use loadgen::report::{Report, Simulated};
use loadgen::simulate;
use std::time::Instant;

const SECTIONS: [(&str, fn()); 5] =
    [("speed", speed), ("memory", memory), ("scale", scale), ("truth", truths), ("day", day)];

/// What is run only when it is asked for by name.
const LONG: &str = "day";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` wants to see that it works, not how well.
    let in_earnest = arguments.iter().any(|word| word == "--bench");
    if let [word, flags] = arguments.as_slice()
        && word == "alone"
    {
        return alone(flags);
    }
    let wanted: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    if !in_earnest {
        return show("burst", &run("--requests 10"));
    }
    for (name, section) in SECTIONS {
        if wanted.contains(&name) || (wanted.is_empty() && name != LONG) {
            section();
        }
    }
}

fn run(flags: &str) -> Report {
    let line = format!("loadgen simulate {flags}");
    let cli = Cli::try_parse_from(line.split_whitespace()).expect("the flags are good");
    let Command::Simulate(flags) = cli.command else { panic!("{line}") };
    let (scenario, options) = flags.resolve().expect("the flags fit together");
    simulate::play(&scenario, &options).expect("it is played").reports.remove(0)
}

fn simulated(report: &Report) -> &Simulated {
    report.simulated.as_ref().expect("it was simulated")
}

fn show(what: &str, report: &Report) {
    let simulated = simulated(report);
    let pace = |pace: Option<f64>| pace.unwrap_or_default();
    println!(
        "{what:<52} {:>12.0} {:>12.0}",
        pace(simulated.invocations_per_second),
        pace(simulated.steps_per_second)
    );
}

/// Each line is the median of several runs: a shared machine is not always as fast.
const RUNS: usize = 5;

const SPEEDS: [(&str, &str); 5] = [
    (
        "Poisson, one function, reserved 5, 20 % refused",
        "--arrivals poisson:4/s --duration exponential:1s --reserved 5 --requests 2000000",
    ),
    (
        "the same, reserved 50, none refused",
        "--arrivals poisson:4/s --duration exponential:1s --reserved 50 --requests 2000000",
    ),
    (
        "Poisson 50/s, Init, environments that come and go",
        "--arrivals poisson:50/s --duration exponential:100ms --init rust --requests 2000000",
    ),
    (
        "asynchronous events",
        "--mode async --arrivals poisson:50/s --duration exponential:100ms --requests 1000000",
    ),
    (
        "a queue and its mapping, a message in each batch",
        "--mode queue --arrivals poisson:50/s --duration 30ms --batch-size 1 --requests 1000000",
    ),
];

fn speed() {
    println!("{:<52} {:>12} {:>12}", "one core, statistics on", "invocations/s", "steps/s");
    for (what, flags) in SPEEDS {
        let mut runs: Vec<Report> = (0..RUNS).map(|_| run(flags)).collect();
        runs.sort_by(|a, b| pace(a).total_cmp(&pace(b)));
        show(what, &runs[RUNS / 2]);
    }
}

fn pace(report: &Report) -> f64 {
    simulated(report).invocations_per_second.unwrap_or_default()
}

/// Each in a process of its own, whose peak is its own.
fn memory() {
    println!("{:<52} {:>12}", "peak resident memory", "MiB");
    for requests in ["1000000", "10000000"] {
        let flags = format!(
            "--arrivals poisson:1000/s --duration exponential:100ms --requests {requests} --account-concurrency 1000"
        );
        println!("{:<52} {:>12.1}", format!("{requests} requests, 100 at once"), peak_of(&flags));
    }
}

fn peak_of(flags: &str) -> f64 {
    let own = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(own).args(["alone", flags]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("no number of MiB: {text}"))
}

/// Runs one simulation, and says what memory that took at most.
fn alone(flags: &str) {
    let _report = run(flags);
    println!("{:.1}", peak_mib());
}

/// Linux's own count for this process.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or(f64::NAN) / 1024.0
}

fn scale() {
    let flags = "--arrivals poisson:100000/s --duration exponential:1s --init 100ms --for 20s \
                 --account-concurrency 1000000 --scaling-rate 1000000/10s --seed 1";
    let began = Instant::now();
    let report = run(flags);
    show("100,000 requests a second of a second each", &report);
    println!(
        "{:<52} {:>12}   {:.1} s, {:.0} MiB",
        "  environments at once, of an account of 1,000,000",
        simulated(&report).environments.total.max,
        began.elapsed().as_secs_f64(),
        peak_mib()
    );
}

fn truths() {
    println!("ten million invocations for each law");
    let seen = laws::check(10_000_000, |seen| println!("{seen}"));
    assert!(seen.iter().all(laws::Seen::holds), "a law does not hold");
}

fn day() {
    let flags = "--arrivals poisson:10000/s --duration exponential:50ms --requests 864000000 --seed 1 \
                 --account-concurrency 2000 --scaling-rate 2000/10s";
    let began = Instant::now();
    let report = run(flags);
    show("a day at 10,000 requests a second", &report);
    println!("  {:.0} s of real time, {:.0} MiB at most", began.elapsed().as_secs_f64(), peak_mib());
}
