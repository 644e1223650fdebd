//! The limit of the host that a burst meets first: open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are not connections: standard streams, the runtime's own, the
/// report, a library's idle ones.
const OTHER_FILES: u64 = 64;

/// Raises the soft limit of open files to the hard one, and returns how many
/// connections that leaves room for.
pub fn raise_open_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Refused at worst; then the old limit stays and is the one that counts.
    let _ = setrlimit(Resource::Nofile, raised);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX).clamp(1, MOST_CONNECTIONS)
}

/// One address pair has 64 Ki ports; where files are unlimited, these are not.
const MOST_CONNECTIONS: usize = 65_536;
