//! What loadgen reports beside what is true, and how fast it is beside others.
//!
//! The servers are processes of their own whose behaviour is known: what they
//! do is computed here, and compared with what loadgen says.
//!
//! ```text
//! cargo bench -p loadgen --bench load                 # everything, about four minutes
//! cargo bench -p loadgen --bench load -- accuracy     # reported times beside the truth
//! cargo bench -p loadgen --bench load -- burst        # the start skew of a thousand
//! cargo bench -p loadgen --bench load -- speed        # requests a second, beside wrk and oha
//! cargo bench -p loadgen --bench load -- memory       # ten million requests
//! ```
//!
//! `wrk` and `oha` are measured where they are on the PATH.

#[path = "load/accuracy.rs"]
mod accuracy;
#[path = "load/burst.rs"]
mod burst;
#[path = "load/memory.rs"]
mod memory;
#[path = "load/process.rs"]
mod process;
#[path = "load/server.rs"]
mod server;
#[path = "load/speed.rs"]
mod speed;

const SECTIONS: [(&str, fn()); 4] = [
    ("accuracy", accuracy::measure),
    ("burst", burst::measure),
    ("speed", speed::measure),
    ("memory", memory::measure),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match words.as_slice() {
        ["pinned", core, command @ ..] => process::run_pinned(core.parse().expect("a core"), command),
        ["server", kind] => server::serve(kind),
        wanted => SECTIONS
            .iter()
            .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
            .for_each(|(_, run)| run()),
    }
}
