//! The host's interpreters, for the runtimes that need one.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::host;

/// Our runtime for `python3.*` functions, the standard library alone.
const PYTHON_BOOTSTRAP: &str = include_str!("../bootstrap.py");

/// Our runtime for `nodejs*` functions, Node.js alone.
const NODE_BOOTSTRAP: &str = include_str!("../bootstrap.js");

/// What kind of runtime an identifier such as `python3.12` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Python,
    Node,
    /// The package brings its own.
    Provided,
}

impl Family {
    pub(super) fn of(runtime: &str) -> Self {
        if runtime.starts_with("python") {
            Self::Python
        } else if runtime.starts_with("nodejs") {
            Self::Node
        } else {
            Self::Provided
        }
    }
}

/// `22` of `nodejs22.x`.
pub(super) fn node_major(runtime: &str) -> Option<&str> {
    runtime.strip_prefix("nodejs")?.split('.').next()
}

/// A program and what it is told to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) executable: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

/// The interpreters found so far, one per runtime.
#[derive(Debug, Default)]
pub(super) struct Interpreters {
    found: HashMap<String, Program>,
}

impl Interpreters {
    /// The program that runs functions of that runtime, if it needs one that is
    /// not in the package. Our part of it is written into `folder`.
    pub(super) fn program(&mut self, runtime: &str, folder: &Path) -> Result<Option<Program>, Arc<str>> {
        if let Some(known) = self.found.get(runtime) {
            return Ok(Some(known.clone()));
        }
        let program = match Family::of(runtime) {
            Family::Python => python(runtime, folder)?,
            Family::Node => node(folder)?,
            Family::Provided => return Ok(None),
        };
        self.found.insert(runtime.to_owned(), program.clone());
        Ok(Some(program))
    }
}

/// The host's Python of that very version if it has one, else its `python3`.
fn python(runtime: &str, folder: &Path) -> Result<Program, Arc<str>> {
    let asks = ["-c", "import sys; print(sys.executable)"];
    let executable = match ask(runtime, asks) {
        Ok(executable) => executable,
        Err(_) => ask("python3", asks).map_err(|why| why.worded("python3", "python3.* functions need it"))?,
    };
    let bootstrap = write(folder, "bootstrap.py", PYTHON_BOOTSTRAP)?;
    // Isolated from the user's site settings as far as Lambda's own is, and
    // not writing byte code into the package.
    Ok(Program { executable, arguments: vec!["-B".into(), bootstrap.into()] })
}

fn node(folder: &Path) -> Result<Program, Arc<str>> {
    let executable = ask("node", ["-p", "process.execPath"])
        .map_err(|why| why.worded("node", "nodejs* functions need it"))?;
    let bootstrap = write(folder, "bootstrap.js", NODE_BOOTSTRAP)?;
    Ok(Program { executable, arguments: vec![bootstrap.into()] })
}

/// Why an interpreter did not say where it is.
enum Unasked {
    NotRun(io::Error),
    Failed(String),
}

/// An interpreter is asked for its own path: what `PATH` names may be a script
/// that costs more than the interpreter's whole start.
fn ask(name: &str, arguments: [&str; 2]) -> Result<PathBuf, Unasked> {
    let asked = Command::new(name).args(arguments).stdin(Stdio::null()).output().map_err(Unasked::NotRun)?;
    let executable = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    if asked.status.success() && !executable.is_empty() {
        Ok(executable.into())
    } else {
        Err(Unasked::Failed(String::from_utf8_lossy(&asked.stderr).trim().to_owned()))
    }
}

impl Unasked {
    fn worded(self, name: &str, need: &str) -> Arc<str> {
        let why = match self {
            Self::NotRun(error) if error.kind() == io::ErrorKind::NotFound => "it was not found".to_owned(),
            Self::NotRun(error) => return host::refusal(&format!("run {name}"), &error),
            Self::Failed(why) => why,
        };
        format!("{name} can't be run ({why}): {need}. Install it, or put it on the emulator's PATH").into()
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Arc<str>> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(|error| host::refusal("write a runtime", &error))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_are_of_a_family() {
        for (runtime, family, major) in [
            ("python3.12", Family::Python, None),
            ("nodejs22.x", Family::Node, Some("22")),
            ("provided.al2023", Family::Provided, None),
        ] {
            assert_eq!((Family::of(runtime), node_major(runtime)), (family, major), "{runtime}");
        }
    }

    #[test]
    fn a_version_that_the_host_has_not_is_run_by_the_one_it_has() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let mut interpreters = Interpreters::default();
        let program = interpreters.program("python3.99", folder.path()).expect("the tests need a python3");
        let program = program.expect("python is an interpreter");
        assert!(program.executable.is_absolute(), "{program:?}");
        assert_eq!(interpreters.program("python3.99", folder.path()), Ok(Some(program)));
        assert_eq!(interpreters.program("provided.al2", folder.path()), Ok(None));
    }
}
