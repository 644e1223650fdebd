//! Servers and load as processes of their own, each on its core.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

pub(crate) const SERVER_CORE: usize = 0;
pub(crate) const LOAD_CORE: usize = 1;

/// A server that ends with its value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(kind: &str) -> Server {
        let mut child = pinned(SERVER_CORE, &this(), &["server", kind])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
        Server { child, url: format!("http://{}/", line.trim()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command on one core.
pub(crate) fn pinned(core: usize, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(this());
    command.args(["pinned", &core.to_string(), program]).args(arguments);
    command
}

/// `loadgen run …`
pub(crate) fn loadgen(arguments: &[&str]) -> Command {
    let mut all = vec!["run", "--output", "json"];
    all.extend(arguments);
    pinned(LOAD_CORE, env!("CARGO_BIN_EXE_loadgen"), &all)
}

/// Runs it to its end, and reads its report.
pub(crate) fn report(mut command: Command) -> Value {
    let output = command.stderr(Stdio::inherit()).output().expect("it runs");
    serde_json::from_slice(&output.stdout).expect("a report")
}

fn this() -> String {
    std::env::current_exe().expect("this program").display().to_string()
}

/// Becomes the given program, kept to one core where the machine has it.
pub(crate) fn run_pinned(core: usize, command: &[&str]) {
    #[cfg(target_os = "linux")]
    {
        let mut set = rustix::thread::CpuSet::new();
        set.set(core);
        if let Err(error) = rustix::thread::sched_setaffinity(None, &set) {
            eprintln!("can't keep to core {core}: {error}");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = core;
    let error = Command::new(command[0]).args(&command[1..]).exec();
    panic!("can't run {}: {error}", command[0]);
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
