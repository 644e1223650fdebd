//! The JSON form, and a file that is either whole or not there.

use super::Report;
use crate::failure::Failure;
use std::fs::Permissions;
use std::io::Write;
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
    draft: NamedTempFile,
}

impl ReportFile {
    pub fn create(path: &Path) -> Result<ReportFile, Failure> {
        let failure = |problem: String| Failure::ReportFile { path: path.to_owned(), problem };
        if path.is_dir() {
            return Err(failure("is a directory".to_owned()));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let draft = tempfile::Builder::new()
            .prefix(".loadgen-")
            // What a plain file would get; the umask narrows it.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(parent.unwrap_or(Path::new(".")));
        let draft = draft.map_err(|error| failure(format!("cannot write: {}", error.kind())))?;
        Ok(ReportFile { path: path.to_owned(), draft })
    }

    /// Writes the draft and renames it into place.
    pub fn write(mut self, report: &Report) -> Result<(), Failure> {
        let failure = |error: std::io::Error| Failure::ReportFile {
            path: self.path.clone(),
            problem: format!("cannot write: {error}"),
        };
        self.draft.write_all(render(report).as_bytes()).map_err(failure)?;
        self.draft.persist(&self.path).map(drop).map_err(|error| failure(error.error))
    }
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
    fn a_place_that_cannot_be_written_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(ReportFile::create(directory.path()).is_err());
        assert!(ReportFile::create(&directory.path().join("missing/report.json")).is_err());
    }
}
