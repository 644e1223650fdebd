//! A child process: how it is bound to the emulator, and how it ends.

use std::io;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::process::Pid;
use tokio::process::{Child, Command};

use super::generation::Generation;
use super::log_pipe::LogPipe;
use super::processes::Role;
use super::telemetry::Kind;
use crate::engine::Exit;

/// The number of its process group, which it leads.
pub(super) fn leader_of(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
}

/// Carries the process's output to its log until it ends.
pub(super) async fn wait_for_exit(
    mut child: Child,
    pipe: Arc<LogPipe>,
    role: Role,
    generation: Arc<Generation>,
) {
    let kind = match role {
        Role::Runtime => Kind::Function,
        Role::Extension(_) => Kind::Extension,
    };
    let leader = leader_of(&child);
    let mut print = |line: &str| generation.print(kind, line);
    let status = tokio::select! {
        status = child.wait() => status,
        () = pipe.run(&mut print) => child.wait().await,
    };
    if let Some(leader) = leader {
        generation.processes.remove(leader);
    }
    pipe.drain(&mut print);
    generation.exited(&role, exit_of(status));
}

fn exit_of(status: io::Result<ExitStatus>) -> Exit {
    use std::os::unix::process::ExitStatusExt;
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Status(code),
            (None, signal) => Exit::Signal(signal.unwrap_or_default()),
        },
        Err(error) => {
            tracing::error!(%error, "can't wait for a process");
            Exit::Status(-1)
        }
    }
}

/// Lets the kernel end the child when this thread ends, however it ends.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "only here can the child set its own death signal before it runs foreign code"
)]
pub(super) fn die_with_parent(command: &mut Command) {
    let parent = rustix::process::getpid();
    let prepare = move || {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // The parent may have died before the signal was set.
        if rustix::process::getppid() != Some(parent) {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe));
        }
        Ok(())
    };
    // SAFETY: between fork and exec only two system calls are made, and
    // nothing is allocated or locked.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// Other systems have no such signal: there a child notices the emulator's end
/// by its closed Runtime API.
#[cfg(not(target_os = "linux"))]
pub(super) fn die_with_parent(_command: &mut Command) {}
