//! The emulator beside a bare axum server, in one run on this machine.
//!
//! Both serve on one core, and the load comes from another where there are
//! two. What counts is the ratio: what the emulator does in the time in which
//! a server that does nothing does the same.
//!
//! ```text
//! cargo bench -p emulator --bench wire                # everything
//! cargo bench -p emulator --bench wire -- sandbox     # the lines that say so
//! cargo bench -p emulator --bench wire -- cold        # cold starts alone
//! ```

#[path = "wire/bare.rs"]
mod bare;
#[path = "wire/cold.rs"]
mod cold;
#[path = "wire/load.rs"]
mod load;
#[path = "wire/server.rs"]
mod server;

use std::time::{Duration, Instant};

use load::{Load, Measured, Shot};
use server::Server;

/// Requests of a round at 50 connections, and at one.
const MANY: usize = 30_000;
const ONE: usize = 6_000;

/// Rounds of each measurement; the two servers take turns, and the middle one counts.
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("sandbox-fn") => {
            std::process::exit(i32::from(sandbox_fn::run() != std::process::ExitCode::SUCCESS))
        }
        Some("bare") => bare::serve(),
        Some("pinned") => server::run_pinned(&arguments[2..]),
        _ => bench(arguments.get(1).filter(|word| !word.starts_with("--")).map_or("", String::as_str)),
    }
}

/// Measures the lines that have `wanted` in their name.
fn bench(wanted: &str) {
    server::pin_to(server::LOAD_CORE);
    println!("\nstart to first answer, and memory");
    start_up();

    println!("\nfirst invoke of a fresh function, and what its interpreter takes alone");
    cold::measure();

    let bare = Server::bare();
    let emulator = Server::emulator();
    let setup = Load::new(emulator.address());
    setup.prepare();

    println!("\nrequests, server and load on a core each, median of {ROUNDS} rounds");
    println!(
        "{:<44} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7}",
        "", "req/s", "bare", "ratio", "p50 µs", "bare", "ratio"
    );
    for (name, shot, connections, requests) in [
        ("SQS SendMessage, 100 bytes", Shot::send_message(), 50, MANY),
        ("Invoke, built-in handler, warm", Shot::invoke("handler"), 50, MANY),
        ("Invoke, refused with 429", Shot::invoke("refused"), 50, MANY),
        ("Invoke, sandbox-fn process, warm", Shot::invoke("sandbox"), 50, MANY / 3),
        ("SQS SendMessage, 100 bytes", Shot::send_message(), 1, ONE),
        ("Invoke, built-in handler, warm", Shot::invoke("handler"), 1, ONE),
        ("Invoke, refused with 429", Shot::invoke("refused"), 1, ONE),
        ("Invoke, sandbox-fn process, warm", Shot::invoke("sandbox"), 1, ONE),
    ]
    .into_iter()
    .filter(|(name, ..)| name.contains(wanted))
    {
        compare(name, &shot, connections, requests, &emulator, &bare);
    }
    println!("\npeak memory of the emulator: {:.1} MiB", emulator.peak_memory_mib());
}

fn compare(name: &str, shot: &Shot, connections: usize, requests: usize, emulator: &Server, bare: &Server) {
    let mut rounds: Vec<(Measured, Measured)> = (0..=ROUNDS)
        .map(|_| {
            let ours = Load::new(emulator.address()).run(shot, connections, requests);
            let theirs = Load::new(bare.address()).run(&shot.anywhere(), connections, requests);
            (ours, theirs)
        })
        .collect();
    // The first round warms both up.
    rounds.remove(0);
    let ours = middle(rounds.iter().map(|(ours, _)| ours));
    let theirs = middle(rounds.iter().map(|(_, theirs)| theirs));
    println!(
        "{name:<35} {:>3} conn {:>9.0} {:>9.0} {:>7.2} {:>9.1} {:>9.1} {:>7.2}",
        connections,
        ours.per_second,
        theirs.per_second,
        ours.per_second / theirs.per_second,
        ours.p50.as_secs_f64() * 1e6,
        theirs.p50.as_secs_f64() * 1e6,
        ours.p50.as_secs_f64() / theirs.p50.as_secs_f64(),
    );
}

fn middle<'a>(measured: impl Iterator<Item = &'a Measured>) -> Measured {
    let mut sorted: Vec<Measured> = measured.copied().collect();
    sorted.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    sorted[sorted.len() / 2]
}

/// How long until the first request is answered, and how small it is then.
fn start_up() {
    let mut times: Vec<Duration> = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..11 {
        let begin = Instant::now();
        let server = Server::emulator();
        Load::new(server.address()).run(&Shot::health(), 1, 1);
        times.push(begin.elapsed());
        memory.push(server.memory_mib());
    }
    times.sort();
    memory.sort_by(f64::total_cmp);
    println!(
        "  start to first answer: {:.1} ms (median of 11, best {:.1} ms)",
        millis(times[5]),
        millis(times[0])
    );
    println!("  idle memory: {:.1} MiB resident", memory[5]);
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
