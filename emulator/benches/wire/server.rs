//! Servers as processes of their own, each on its core.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

const SERVER_CORE: usize = 0;
pub(crate) const LOAD_CORE: usize = 1;

/// A server that ends with its value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// A bare server, which answers each of these `x-amz-target`s with its text.
    pub(crate) fn bare(constants: &[(&'static str, String)]) -> Self {
        let this = std::env::current_exe().expect("this program");
        let this = this.display().to_string();
        let constants = constants.iter().flat_map(|(target, answer)| [*target, answer.as_str()]);
        let command: Vec<&str> = [this.as_str(), "bare"].into_iter().chain(constants).collect();
        Self::start(&command)
    }

    pub(crate) fn emulator() -> Self {
        // The load is more than an account may ask for: that limit is not what
        // is measured here.
        let unlimited = ["--requests-per-concurrency", "1000000"];
        let begin = [env!("CARGO_BIN_EXE_emulator"), "--listen", "127.0.0.1:0"];
        Self::start(&[&begin[..], &unlimited].concat())
    }

    fn start(command: &[&str]) -> Self {
        let this = std::env::current_exe().expect("this program");
        let mut child = Command::new(this)
            .arg("pinned")
            .args(command)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").expect("where it listens");
        Self { address: address.parse().expect("an address"), child }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn memory_mib(&self) -> f64 {
        self.status("VmRSS:")
    }

    pub(crate) fn peak_memory_mib(&self) -> f64 {
        self.status("VmHWM:")
    }

    /// How long it has computed since it began, itself and for it the kernel,
    /// in steps of `cpu_step`.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The program's name, in brackets, may hold anything. After it come
        // the fields from the third on; utime and stime are 14 and 15.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse().unwrap_or(f64::NAN));
        if fields.is_empty() { f64::NAN } else { ticks.sum::<f64>() * cpu_step().as_secs_f64() }
    }

    fn status(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        let kilobytes = line.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok());
        kilobytes.unwrap_or(f64::NAN) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // As by Ctrl-C, so that it cleans up after itself.
        let pid = Pid::from_child(&self.child);
        let _ended = kill_process(pid, Signal::INT);
        let _status = self.child.wait();
    }
}

/// What computing time is counted in.
pub(crate) fn cpu_step() -> Duration {
    let per_second = u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(u32::MAX);
    Duration::from_secs(1) / per_second
}

/// Lets this process, and servers that it starts from now on, have that many
/// open files. Says how many it is, which may be fewer.
pub(crate) fn allow_open_files(wanted: u64) -> u64 {
    let unlimited = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    let limit = getrlimit(Resource::Nofile);
    if unlimited(limit.current) >= wanted {
        return unlimited(limit.current);
    }
    // Only the superuser may go beyond the maximum.
    let most = Some(wanted.max(unlimited(limit.maximum)));
    for maximum in [most, limit.maximum] {
        let current = Some(wanted.min(unlimited(maximum)));
        if setrlimit(Resource::Nofile, Rlimit { current, maximum }).is_ok() {
            break;
        }
    }
    unlimited(getrlimit(Resource::Nofile).current)
}

/// Becomes the given program, on the server's core.
pub(crate) fn run_pinned(command: &[String]) {
    pin_to(SERVER_CORE);
    let error = Command::new(&command[0]).args(&command[1..]).exec();
    panic!("can't run {}: {error}", command[0]);
}

/// Keeps this process to one core, where the machine has it: with one core
/// only, all share it, and the figures say less.
#[cfg(target_os = "linux")]
pub(crate) fn pin_to(core: usize) {
    let mut set = rustix::thread::CpuSet::new();
    set.set(core);
    if let Err(error) = rustix::thread::sched_setaffinity(None, &set) {
        eprintln!("can't keep to core {core}: {error}");
    }
}

/// Other systems decide for themselves.
#[cfg(not(target_os = "linux"))]
pub(crate) fn pin_to(_core: usize) {}
