//! Execution environments as child processes that speak the Lambda Runtime API.
//!
//! Each environment has a port of its own for the Runtime API, a folder of its
//! own with the code and a stand-in for `/tmp`, and one pipe for what it
//! prints. It ends with the emulator, also when the emulator crashes.

mod environment;
mod event;
mod generation;
mod host;
mod interpreter;
mod log_pipe;
mod opt;
mod runtime_api;
mod sandbox;
mod spawner;
mod streamed;
mod trace;
mod variables;
mod watchdog;

use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{JoinHandle, current};

use dashmap::DashMap;
use tokio::runtime::Handle;

use super::Packages;
use crate::config::Identity;
use crate::driver::Driver;
use crate::engine::{Dispatch, EnvironmentId, Start};
use environment::Environment;
pub(crate) use host::raise_open_files;
use spawner::{Job, Spawner};

/// All environments that are processes. Its calls never block: the engine's
/// lock is held while they are made.
#[derive(Debug)]
pub(crate) struct ProcessRuntime {
    driver: OnceLock<Weak<Driver>>,
    environments: DashMap<EnvironmentId, Arc<Environment>>,
    identity: Arc<Identity>,
    packages: Arc<Packages>,
    /// Taken when the runtime ends, which ends the thread.
    jobs: Option<Sender<Job>>,
    spawner: Option<JoinHandle<()>>,
}

impl ProcessRuntime {
    /// Starts the thread that starts processes; their tasks run on `handle`.
    pub(crate) fn new(
        identity: Arc<Identity>,
        packages: Arc<Packages>,
        handle: Handle,
    ) -> std::io::Result<Self> {
        let (jobs, spawner) = Spawner::start(Arc::clone(&packages), handle)?;
        let environments = DashMap::new();
        Ok(Self {
            driver: OnceLock::new(),
            environments,
            identity,
            packages,
            jobs: Some(jobs),
            spawner: Some(spawner),
        })
    }

    /// Says whom to report to; called once, before anything starts.
    pub(crate) fn attach(&self, driver: Weak<Driver>) {
        self.driver.set(driver).expect("a process runtime has one driver");
    }

    pub(crate) fn start(&self, start: Start) {
        let driver = self.driver.get().expect("the driver was attached").clone();
        let id = start.environment;
        let environments = self.packages.folder().join("environments");
        let layers = start.function.spec.layers.iter().map(|layer| layer.root.to_path_buf()).collect();
        let environment = Environment::new(start, driver, Arc::clone(&self.identity), &environments, layers);
        let environment = Arc::new(environment);
        self.environments.insert(id, Arc::clone(&environment));
        self.ask(Job::Start(environment));
    }

    pub(crate) fn dispatch(&self, dispatch: Dispatch) {
        if let Some(environment) = self.environments.get(&dispatch.environment) {
            environment.deliver(dispatch);
        }
    }

    /// Ends what runs in an environment and starts its runtime anew.
    pub(crate) fn restart(&self, id: EnvironmentId, incarnation: u32) {
        if let Some(environment) = self.environments.get(&id) {
            environment.renew(incarnation);
            self.ask(Job::Restart(Arc::clone(&environment)));
        }
    }

    /// Ends what runs in an environment, and keeps its files.
    pub(crate) fn halt(&self, id: EnvironmentId) {
        if let Some(environment) = self.environments.get(&id) {
            environment.halt();
        }
    }

    pub(crate) fn stop(&self, id: EnvironmentId) {
        if let Some((_, environment)) = self.environments.remove(&id) {
            environment.stop();
            self.ask(Job::CleanUp(environment));
        }
    }

    fn ask(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The thread ends only with this runtime.
            let _ended = jobs.send(job);
        }
    }
}

impl Drop for ProcessRuntime {
    /// Nothing outlives the emulator.
    fn drop(&mut self) {
        for environment in &self.environments {
            environment.stop();
        }
        self.jobs.take();
        // The spawner itself may have held the driver's last reference.
        if let Some(spawner) = self.spawner.take().filter(|spawner| spawner.thread().id() != current().id()) {
            let _panicked = spawner.join();
        }
    }
}
