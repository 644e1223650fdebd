//! One living environment: its sandbox, and the processes that run in it now.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::generation::Generation;
use super::sandbox::Sandbox;
use super::spawner::Job;
use crate::config::Identity;
use crate::driver::Driver;
use crate::engine::{Dispatch, Start};

/// One execution environment that is made of processes.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) sandbox: Arc<Sandbox>,
    generation: Mutex<Arc<Generation>>,
}

impl Environment {
    pub(super) fn new(
        start: Start,
        driver: Weak<Driver>,
        identity: Arc<Identity>,
        environments: &Path,
        layers: Vec<PathBuf>,
        jobs: Sender<Job>,
    ) -> Self {
        let sandbox = Arc::new(Sandbox::new(start, driver, identity, environments, layers, jobs));
        let generation = Mutex::new(Arc::new(Generation::new(Arc::clone(&sandbox), 0)));
        Self { sandbox, generation }
    }

    /// The processes that run in it now.
    pub(super) fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.generation.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts an event into the mailbox; the runtime's `/next` takes it.
    pub(super) fn deliver(&self, dispatch: Dispatch) {
        self.generation().deliver(dispatch);
    }

    /// Ends what runs in it, and gives what runs next.
    pub(super) fn renew(&self, incarnation: u32) -> Arc<Generation> {
        let mut current = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        current.stop();
        *current = Arc::new(Generation::new(Arc::clone(&self.sandbox), incarnation));
        Arc::clone(&current)
    }

    /// Ends the processes, their children and every task.
    pub(super) fn stop(&self) {
        self.sandbox.ended.cancel();
        self.generation().stop();
    }
}
