//! The first invoke of a function that nobody has invoked before.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::load::Load;
use super::millis;
use super::server::Server;
use super::shot::Shot;

/// Functions of each kind; the middle one counts.
const FUNCTIONS: usize = 15;

const PYTHON: &str = "def handler(event, context):\n    return 'hello'\n";

pub(crate) fn measure() {
    println!("\nfirst invoke of a fresh function, and what its interpreter takes alone");
    let emulator = Server::emulator();
    let load = Load::new(emulator.address());
    let this = std::env::current_exe().expect("this program");
    let script = format!("#!/bin/sh\nexec '{}' sandbox-fn\n", this.display());
    let python = |name: &str| load.create_with(name, "python3.12", "app.handler", "{}", "app.py", PYTHON);
    let sandbox = |name: &str| {
        load.create_with(name, "provided.al2023", "bootstrap", "{}", "bootstrap", &script);
    };
    let modules = ["-c", "import http.client, importlib, json, traceback"];
    show("python", &python, load, || run("python3", &modules));
    show("sandbox-fn", &sandbox, load, || run("sh", &["-c", "exec true"]));
}

fn show(kind: &str, create: &dyn Fn(&str), load: Load, alone: impl Fn() -> Duration) {
    let first = middle(|index| {
        let name = format!("{kind}-{index}");
        create(&name);
        load.run(&Shot::invoke(&name), 1, 1).p50
    });
    let alone = middle(|_| alone());
    println!(
        "  {kind:<12} {:>6.1} ms, alone {:>5.1} ms (median of {FUNCTIONS})",
        millis(first),
        millis(alone)
    );
}

fn middle(measure: impl Fn(usize) -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..FUNCTIONS).map(measure).collect();
    times.sort();
    times[FUNCTIONS / 2]
}

fn run(program: &str, arguments: &[&str]) -> Duration {
    let begin = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{program} runs");
    begin.elapsed()
}
