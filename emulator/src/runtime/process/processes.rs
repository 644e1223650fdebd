//! The processes of one start, each the leader of a group of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::sync::Notify;

/// What a process is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// It runs the handler.
    Runtime,
    /// It is the external extension of that name.
    Extension(Arc<str>),
}

/// Those that live: of one that has ended the number may be another's.
#[derive(Debug, Default)]
pub(super) struct Processes {
    alive: Mutex<Vec<(Role, Pid)>>,
    ended: Notify,
}

impl Processes {
    pub(super) fn add(&self, role: Role, leader: Pid) {
        self.lock().push((role, leader));
    }

    /// A process has ended: what it started goes with it.
    pub(super) fn remove(&self, leader: Pid) {
        let mut alive = self.lock();
        kill_group(leader);
        alive.retain(|(_, process)| *process != leader);
        drop(alive);
        self.ended.notify_waiters();
    }

    /// Ends whole process groups: children of the processes too.
    pub(super) fn kill(&self, wanted: impl Fn(&Role) -> bool) {
        for (_, leader) in self.lock().iter().filter(|(role, _)| wanted(role)) {
            kill_group(*leader);
        }
    }

    /// Asks the runtime to end by itself.
    pub(super) fn terminate_runtime(&self) {
        for (_, leader) in self.lock().iter().filter(|(role, _)| *role == Role::Runtime) {
            // An error means that it is gone.
            let _gone = kill_process(*leader, Signal::TERM);
        }
    }

    /// Whether one of that role lives.
    pub(super) fn has(&self, wanted: &Role) -> bool {
        self.lock().iter().any(|(role, _)| role == wanted)
    }

    /// The leaders' numbers, which are their groups' numbers.
    pub(super) fn leaders(&self) -> Vec<Pid> {
        self.lock().iter().map(|(_, leader)| *leader).collect()
    }

    /// Waits until none that is `wanted` is left.
    pub(super) async fn ended(&self, wanted: impl Fn(&Role) -> bool) {
        loop {
            let ended = self.ended.notified();
            if !self.lock().iter().any(|(role, _)| wanted(role)) {
                return;
            }
            ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Role, Pid)>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kill_group(leader: Pid) {
    // An error means that there is nobody left.
    let _nobody = kill_process_group(leader, Signal::KILL);
}
