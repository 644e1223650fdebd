//! What the machine gives and refuses.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one: an environment needs
/// four (port, connection, pipe, process).
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "can't raise the limit of open files");
    }
}

/// Words a refusal of the host so that it can't be taken for one of AWS's.
pub(super) fn refusal(what: &str, error: &io::Error) -> Arc<str> {
    let remedy = if error.kind() == io::ErrorKind::WouldBlock {
        "raise the limit of processes (ulimit -u, or the container's pids limit)"
    } else if error.kind() == io::ErrorKind::OutOfMemory {
        "free memory, or use fewer environments"
    } else if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable) {
        "use fewer environments: the ports are used up"
    } else if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) {
        "raise the limit of open files (ulimit -n)"
    } else {
        "see the emulator's log"
    };
    format!("The emulator's host could not {what}: {error}. This is no limit of AWS: {remedy}").into()
}

/// Whether it is a file that somebody may execute.
pub(super) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
