//! The host's Python.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::host;

/// Our runtime for `python3.*` functions, the standard library alone.
const BOOTSTRAP: &str = include_str!("../bootstrap.py");

/// The interpreter and the runtime that it runs.
#[derive(Debug, Clone)]
pub(super) struct Python {
    pub(super) executable: PathBuf,
    pub(super) bootstrap: PathBuf,
}

impl Python {
    /// Finds `python3` and writes the runtime into `folder`.
    ///
    /// The interpreter is asked for its own path: what `PATH` names may be a
    /// script that costs more than the interpreter's whole start.
    pub(super) fn find(folder: &Path) -> Result<Self, Arc<str>> {
        let asked = Command::new("python3")
            .args(["-c", "import sys; print(sys.executable)"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| not_run(&error))?;
        let executable = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
        if !asked.status.success() || executable.is_empty() {
            return Err(missing(String::from_utf8_lossy(&asked.stderr).trim()));
        }
        let bootstrap = folder.join("bootstrap.py");
        fs::write(&bootstrap, BOOTSTRAP)
            .map_err(|error| host::refusal("write the Python runtime", &error))?;
        Ok(Self { executable: executable.into(), bootstrap })
    }

    /// Isolated from the user's site settings as far as Lambda's own is, and
    /// not writing byte code into the package.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        vec!["-B".into(), self.bootstrap.clone().into()]
    }
}

fn not_run(error: &io::Error) -> Arc<str> {
    if error.kind() == io::ErrorKind::NotFound {
        missing("it was not found")
    } else {
        host::refusal("run python3", error)
    }
}

fn missing(why: &str) -> Arc<str> {
    format!("python3 can't be run ({why}): python3.* functions need it. Install it, or put it on the emulator's PATH").into()
}
