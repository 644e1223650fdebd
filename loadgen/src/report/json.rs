//! The JSON form, and a file that is either whole or as it was.

use super::Report;
use crate::failure::Failure;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// One document, indented, with a newline at the end.
pub fn render(report: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("reports have string keys only");
    text.push('\n');
    text
}

/// The place of `--report`. Opened before the run, so that a directory that
/// cannot be written to is known before the load is spent.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A draft beside the file that it will replace.
    Regular { draft: NamedTempFile, target: PathBuf },
    /// A device or a pipe, which stays what it is.
    Special(File),
}

impl Place {
    fn open(path: &Path) -> io::Result<Place> {
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                return OpenOptions::new().write(true).open(path).map(Place::Special);
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let target = followed(path);
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let draft = tempfile::Builder::new()
            .prefix(".loadgen-")
            // What a plain file would get; the umask narrows it.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(parent.unwrap_or(Path::new(".")))?;
        Ok(Place::Regular { draft, target })
    }

    /// Writes all, and puts a draft into place.
    fn write(self, text: &str) -> io::Result<()> {
        match self {
            Place::Regular { mut draft, target } => {
                draft.write_all(text.as_bytes())?;
                draft.persist(target)?;
                Ok(())
            }
            Place::Special(mut file) => file.write_all(text.as_bytes()),
        }
    }
}

/// Where symbolic links lead, whether or not anything is there. The caller has
/// seen that they do not lead in a circle.
fn followed(path: &Path) -> PathBuf {
    let next = |path: &PathBuf| {
        let target = std::fs::read_link(path).ok()?;
        Some(path.parent().unwrap_or(Path::new("")).join(target))
    };
    std::iter::successors(Some(path.to_owned()), next).last().expect("the path itself")
}

impl ReportFile {
    pub fn create(path: &Path) -> Result<ReportFile, Failure> {
        let place = Place::open(path).map_err(|error| failure(path, &error))?;
        Ok(ReportFile { path: path.to_owned(), place })
    }

    /// Writes the report where it belongs.
    pub fn write(self, report: &Report) -> Result<(), Failure> {
        self.place.write(&render(report)).map_err(|error| failure(&self.path, &error))
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    // What tempfile wraps names the draft, which nobody has asked for.
    let words = match error.get_ref().and_then(|wrapped| wrapped.source()) {
        Some(system) => system.to_string(),
        None => error.to_string(),
    };
    Failure::ReportFile { path: path.to_owned(), problem: format!("cannot write: {words}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::example;
    use serde_json::{Value, json};

    #[test]
    fn the_document_has_the_promised_keys() {
        let mut report = example();
        report.judge(&["ok==5".parse().unwrap()]);
        let value: Value = serde_json::from_str(&render(&report)).unwrap();
        let check = |pointer: &str, expected: Value| {
            assert_eq!(value.pointer(pointer), Some(&expected), "{pointer}");
        };
        check("/schema", json!("loadgen.report/1"));
        check("/target", json!("emulator"));
        check("/function", json!("sandbox"));
        check("/mode", json!("sync"));
        check("/requests", json!(100));
        check("/retries", json!("off"));
        check("/arrivals", json!({"kind": "at_once", "requests": 100}));
        check("/counts/ok_cold", json!(5));
        check("/counts/throttled", json!({"ReservedFunctionConcurrentInvocationLimitExceeded": 95}));
        check("/latency_ms/throttled/p99", json!(20.0));
        check("/environments", json!(5));
        check("/max_concurrency_source", json!("answers"));
        check("/start_skew_ms", json!(12.5));
        check("/cold_start_ms", json!({"p50": 18.0, "max": 21.0}));
        check("/expectations/0", json!({"text": "ok==5", "observed": 5.0, "ok": true}));
        assert_eq!(value.get("queue"), None);
    }

    #[test]
    fn the_file_appears_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        let file = ReportFile::create(&path).unwrap();
        assert!(!path.exists());
        file.write(&example()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), render(&example()));
        drop(ReportFile::create(&path).unwrap());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_symbolic_link_stays_and_its_target_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let check = |name: &str, target: &Path| {
            let link = directory.path().join(name);
            std::os::unix::fs::symlink(target, &link).unwrap();
            ReportFile::create(&link).unwrap().write(&example()).unwrap();
            assert_eq!(std::fs::read_link(&link).unwrap(), target);
            assert_eq!(std::fs::read_to_string(&link).unwrap(), render(&example()), "{name}");
        };
        let there = elsewhere.path().join("there.json");
        std::fs::write(&there, "before").unwrap();
        check("absolute", &there);
        check("relative", Path::new("beside.json"));
        check("dangling", &elsewhere.path().join("new.json"));
        check("of a link", Path::new("relative"));
        let circle = directory.path().join("circle");
        std::os::unix::fs::symlink("circle", &circle).unwrap();
        assert!(ReportFile::create(&circle).is_err());
    }

    #[test]
    fn a_device_stays_a_device() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        for path in [Path::new("/dev/null"), &link] {
            ReportFile::create(path).unwrap().write(&example()).unwrap();
            assert!(!std::fs::metadata(path).unwrap().is_file(), "{path:?}");
        }
        let full = ReportFile::create(Path::new("/dev/full")).unwrap().write(&example());
        assert!(full.unwrap_err().to_string().contains("No space left on device"));
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let check = |path: &Path, words: &str| {
            let problem = ReportFile::create(path).unwrap_err().to_string();
            assert!(problem.starts_with(&format!("--report {}: cannot write: {words}", path.display())));
        };
        check(directory.path(), "is a directory");
        check(&directory.path().join("missing/report.json"), "No such file or directory (os error 2)");
    }
}
