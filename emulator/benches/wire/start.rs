//! How long until the first request is answered, and how small it is then.

use std::time::{Duration, Instant};

use super::load::Load;
use super::server::Server;
use super::shot::Shot;
use super::{middle, millis};

/// Starts, of which the middle one counts.
const STARTS: usize = 11;

pub(crate) fn measure() {
    println!("\nstart to first answer, and memory");
    let mut times: Vec<Duration> = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..STARTS {
        let begin = Instant::now();
        let server = Server::emulator();
        Load::new(server.address()).run(&Shot::health(), 1, 1);
        times.push(begin.elapsed());
        memory.push(server.memory_mib());
    }
    times.sort();
    println!(
        "  start to first answer: {:.1} ms (median of {STARTS}, best {:.1} ms)",
        millis(times[STARTS / 2]),
        millis(times[0])
    );
    println!("  idle memory: {:.1} MiB resident", middle(memory));
}
