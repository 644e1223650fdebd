//! What an environment keeps for its whole life, whatever runs in it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use super::generation::Generation;
use super::spawner::Job;
use crate::config::Identity;
use crate::driver::Driver;
use crate::engine::{EnvironmentId, FunctionVersion, InitializationType, Start, Timestamp};
use crate::observe::{About, log_stream_name};

/// The place where processes run: a folder, a port, a log stream. Processes
/// may come and go in it.
#[derive(Debug)]
pub(super) struct Sandbox {
    pub(super) id: EnvironmentId,
    pub(super) function: Arc<FunctionVersion>,
    pub(super) initialization: InitializationType,
    pub(super) log_stream: String,
    pub(super) identity: Arc<Identity>,
    /// Has `task` (the code), `opt` (its layers) and `tmp`, which stand in for
    /// AWS's folders.
    pub(super) folder: PathBuf,
    /// The function's unpacked layers, in its order.
    pub(super) layers: Vec<PathBuf>,
    pub(super) driver: Weak<Driver>,
    jobs: Sender<Job>,
    /// Ends every generation, with its processes and its Runtime API.
    pub(super) ended: CancellationToken,
}

impl Sandbox {
    /// A sandbox of its own below `environments`; nothing is on disk yet.
    pub(super) fn new(
        start: Start,
        driver: Weak<Driver>,
        identity: Arc<Identity>,
        environments: &Path,
        layers: Vec<PathBuf>,
        jobs: Sender<Job>,
    ) -> Self {
        Self {
            id: start.environment,
            log_stream: log_stream_name(start.at, &start.function, start.log_stream),
            function: start.function,
            initialization: start.initialization,
            identity,
            folder: environments.join(start.environment.0.to_string()),
            layers,
            driver,
            jobs,
            ended: CancellationToken::new(),
        }
    }

    /// What records of its life say of it.
    pub(super) fn about(&self) -> About<'_> {
        About {
            region: &self.identity.region,
            memory_mb: self.function.spec.memory_mb,
            version: self.function.version,
            initialization: self.initialization,
        }
    }

    /// The folder with the function's code.
    pub(super) fn task(&self) -> PathBuf {
        self.folder.join("task")
    }

    /// The folder that shows the function's layers.
    pub(super) fn opt(&self) -> PathBuf {
        self.folder.join("opt")
    }

    /// The stand-in for `/tmp`.
    pub(super) fn tmp(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// Lets the runtime start, for whose start the extensions were waited for.
    pub(super) fn start_runtime(&self, generation: &Arc<Generation>) {
        // The thread may have ended, with the emulator.
        let _ended = self.jobs.send(Job::StartRuntime(Arc::clone(generation)));
    }

    /// Writes a line to the log stream.
    pub(super) fn print(&self, text: &str) {
        if let Some(driver) = self.driver.upgrade() {
            driver.logs().print(self.id, driver.clock().now(), text);
        }
    }

    /// The deadline in real time, which is what a process's own clock shows.
    pub(super) fn real_deadline_ms(&self, deadline: Timestamp) -> u128 {
        let left =
            self.driver.upgrade().map_or(Duration::ZERO, |driver| driver.clock().real_time_until(deadline));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        (now + left).as_millis()
    }
}
