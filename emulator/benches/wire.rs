//! The emulator beside a bare axum server, in one run on this machine.
//!
//! Both serve on one core, and the load comes from another where there are
//! two. What counts is the ratio: what the emulator does in the time in which
//! a server that does nothing does the same. How it does with much in its
//! queues is beside how it does with little.
//!
//! ```text
//! cargo bench -p emulator --bench wire                # everything
//! cargo bench -p emulator --bench wire -- sandbox     # the lines that say so
//! cargo bench -p emulator --bench wire -- SQS         # the lines that say so
//! cargo bench -p emulator --bench wire -- start       # start and idle memory alone
//! cargo bench -p emulator --bench wire -- cold        # cold starts alone
//! cargo bench -p emulator --bench wire -- depth       # up to 1,000,000 messages in a queue
//! cargo bench -p emulator --bench wire -- flight      # up to 100,000 messages in flight
//! cargo bench -p emulator --bench wire -- idle        # 10,000 receivers that wait
//! ```

#[path = "wire/bare.rs"]
mod bare;
#[path = "wire/cold.rs"]
mod cold;
#[path = "wire/crew.rs"]
mod crew;
#[path = "wire/idle.rs"]
mod idle;
#[path = "wire/lines.rs"]
mod lines;
#[path = "wire/load.rs"]
mod load;
#[path = "wire/queue.rs"]
mod queue;
#[path = "wire/server.rs"]
mod server;
#[path = "wire/shot.rs"]
mod shot;
#[path = "wire/standing.rs"]
mod standing;
#[path = "wire/start.rs"]
mod start;

use std::time::Duration;

/// Rounds of each measurement. Those who are compared take turns, and the
/// middle round counts.
const ROUNDS: usize = 5;

/// What is measured besides the lines, by name.
const SECTIONS: [(&str, fn()); 5] = [
    ("start", start::measure),
    ("cold", cold::measure),
    ("depth", standing::measure_depth),
    ("flight", standing::measure_flight),
    ("idle", idle::measure),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("sandbox-fn") => {
            std::process::exit(i32::from(sandbox_fn::run() != std::process::ExitCode::SUCCESS))
        }
        Some("bare") => bare::serve(arguments.into_iter().skip(2)),
        Some("pinned") => server::run_pinned(&arguments[2..]),
        _ => bench(arguments.get(1).filter(|word| !word.starts_with("--")).map_or("", String::as_str)),
    }
}

/// Measures the sections and the lines that have `wanted` in their name.
fn bench(wanted: &str) {
    server::pin_to(server::LOAD_CORE);
    let sections = SECTIONS.iter().filter(|(name, _)| name.contains(wanted));
    let ran = sections.map(|(_, measure)| measure()).count();
    if lines::measure(wanted) + ran == 0 {
        let sections = SECTIONS.map(|(name, _)| name).join(", ");
        eprintln!("no line has \"{wanted}\" in its name, and no section: {sections}");
        std::process::exit(2);
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The middle one of some numbers.
fn middle(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
