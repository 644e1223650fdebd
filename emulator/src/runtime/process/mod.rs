//! Execution environments as child processes that speak the Lambda Runtime API.
//!
//! Each environment has a port of its own for the Runtime API, a folder of its
//! own with the code and a stand-in for `/tmp`, and one pipe for what it
//! prints. It ends with the emulator, also when the emulator crashes.

mod child;
mod delivery;
mod entrypoint;
mod environment;
mod event;
mod extension_log;
mod extensions;
mod extensions_api;
mod generation;
mod host;
mod interpreter;
mod log_pipe;
mod memory;
mod opt;
mod participants;
mod processes;
mod runtime_api;
mod sandbox;
mod seat;
mod shutdown;
mod spawner;
mod streamed;
mod telemetry;
mod telemetry_api;
#[cfg(test)]
mod tests;
mod trace;
mod variables;
mod watchdog;

use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{JoinHandle, current};

use dashmap::DashMap;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::Packages;
use crate::config::Identity;
use crate::driver::Driver;
use crate::engine::{Dispatch, EnvironmentId, Fact, FunctionName, Start};
use crate::observe::PlatformEvent;
use environment::Environment;
pub(crate) use host::raise_open_files;
use spawner::{Job, Spawner};
pub(crate) use trace::header as trace_header;

type Environments = Arc<DashMap<EnvironmentId, Arc<Environment>>>;

/// All environments that are processes. Its calls never block: the engine's
/// lock is held while they are made.
#[derive(Debug)]
pub(crate) struct ProcessRuntime {
    driver: OnceLock<Weak<Driver>>,
    environments: Environments,
    /// Those that were told to end and take their time.
    leaving: Environments,
    /// Wakes the sampler: an environment has begun to work.
    working: Arc<Notify>,
    sampler: AbortHandle,
    handle: Handle,
    identity: Arc<Identity>,
    packages: Arc<Packages>,
    jobs: Sender<Job>,
    spawner: Option<JoinHandle<()>>,
}

impl ProcessRuntime {
    /// Starts the thread that starts processes; their tasks run on `handle`.
    pub(crate) fn new(
        identity: Arc<Identity>,
        packages: Arc<Packages>,
        handle: Handle,
    ) -> std::io::Result<Self> {
        let (jobs, spawner) = Spawner::start(Arc::clone(&packages), handle.clone())?;
        let environments = Environments::default();
        let working = Arc::new(Notify::new());
        let sampler = handle.spawn(memory::sample(Arc::clone(&environments), Arc::clone(&working)));
        Ok(Self {
            driver: OnceLock::new(),
            environments,
            leaving: Environments::default(),
            working,
            sampler: sampler.abort_handle(),
            handle,
            identity,
            packages,
            jobs,
            spawner: Some(spawner),
        })
    }

    /// Says whom to report to; called once, before anything starts.
    pub(crate) fn attach(&self, driver: Weak<Driver>) {
        self.driver.set(driver).expect("a process runtime has one driver");
    }

    pub(crate) fn start(&self, start: Start) {
        let driver = self.driver.get().expect("the driver was attached").clone();
        let (id, at) = (start.environment, start.at);
        let region = &self.identity.region;
        let init_start = PlatformEvent::init_start(&start.function, region, start.initialization);
        let environments = self.packages.folder().join("environments");
        let layers = start.function.spec.layers.iter().map(|layer| layer.root.to_path_buf()).collect();
        let environment = Environment::new(
            start,
            driver,
            Arc::clone(&self.identity),
            &environments,
            layers,
            self.jobs.clone(),
        );
        let environment = Arc::new(environment);
        let generation = environment.generation();
        generation.telemetry.tell_platform(at, &init_start);
        self.environments.insert(id, Arc::clone(&environment));
        self.ask(Job::Start(generation));
        self.working.notify_one();
    }

    pub(crate) fn dispatch(&self, dispatch: Dispatch) {
        if let Some(environment) = self.environments.get(&dispatch.environment) {
            environment.deliver(dispatch);
            self.working.notify_one();
        }
    }

    /// Whose code an environment runs.
    pub(crate) fn function_of(&self, environment: EnvironmentId) -> Option<FunctionName> {
        let environment = self.environments.get(&environment)?;
        Some(environment.sandbox.function.name.clone())
    }

    /// Takes facts to those who listen to telemetry.
    pub(crate) fn note(&self, facts: &[Fact]) {
        for Fact { at, what } in facts {
            let environment = PlatformEvent::environment_of(what);
            let Some(environment) = environment.and_then(|id| self.environments.get(&id)) else { continue };
            let generation = environment.generation();
            if !generation.telemetry.is_heard() {
                continue;
            }
            for event in PlatformEvent::of(what, environment.sandbox.about()) {
                generation.telemetry.tell_platform(*at, &event);
            }
        }
    }

    /// Ends what runs in an environment and starts its runtime anew.
    pub(crate) fn restart(&self, id: EnvironmentId, incarnation: u32) {
        if let Some(environment) = self.environments.get(&id) {
            self.ask(Job::Restart(environment.renew(incarnation)));
        }
    }

    /// Ends what runs in an environment, and keeps its files.
    pub(crate) fn halt(&self, id: EnvironmentId) {
        if let Some(environment) = self.environments.get(&id) {
            let generation = environment.generation();
            match generation.begin_end() {
                None => generation.stop(),
                // They have their time, unless it starts anew before that is over.
                Some(reason) => {
                    self.handle.spawn(async move { shutdown::end(&generation, reason).await });
                }
            }
        }
    }

    pub(crate) fn stop(&self, id: EnvironmentId) {
        let Some((_, environment)) = self.environments.remove(&id) else { return };
        let generation = environment.generation();
        let Some(reason) = generation.begin_end() else {
            environment.stop();
            return self.ask(Job::CleanUp(environment));
        };
        self.leaving.insert(id, Arc::clone(&environment));
        let (leaving, jobs) = (Arc::clone(&self.leaving), self.jobs.clone());
        self.handle.spawn(async move {
            shutdown::end(&generation, reason).await;
            environment.stop();
            leaving.remove(&id);
            // The thread may have ended, with the emulator.
            let _ended = jobs.send(Job::CleanUp(environment));
        });
    }

    fn ask(&self, job: Job) {
        // The thread ends only with this runtime.
        let _ended = self.jobs.send(job);
    }
}

impl Drop for ProcessRuntime {
    /// Nothing outlives the emulator.
    fn drop(&mut self) {
        self.sampler.abort();
        for environment in self.environments.iter().chain(self.leaving.iter()) {
            environment.stop();
        }
        self.ask(Job::End);
        // The spawner itself may have held the driver's last reference.
        if let Some(spawner) = self.spawner.take().filter(|spawner| spawner.thread().id() != current().id()) {
            let _panicked = spawner.join();
        }
    }
}
