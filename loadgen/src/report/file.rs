//! Files that are either whole or as they were.

use crate::failure::Failure;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The place of one of the reports. Opened before the run, so that a directory
/// that cannot be written to is known before the load is spent.
#[derive(Debug)]
pub struct OutFile {
    flag: &'static str,
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// What a draft beside it will replace.
    Regular(PathBuf),
    /// A device or a pipe, which stays what it is.
    Special(File),
}

impl OutFile {
    pub fn create(flag: &'static str, path: &Path) -> Result<OutFile, Failure> {
        let place = Place::open(path).map_err(|error| failure(flag, path, &error))?;
        Ok(OutFile { flag, path: path.to_owned(), place })
    }

    /// The file of a flag that may not be given.
    pub fn optional(flag: &'static str, path: Option<&Path>) -> Result<Option<OutFile>, Failure> {
        path.map(|path| OutFile::create(flag, path)).transpose()
    }

    /// Writes all of it where it belongs.
    pub fn write(&mut self, text: &str) -> Result<(), Failure> {
        let written = match &mut self.place {
            Place::Regular(target) => draft(target).and_then(|draft| replace(target, draft, text)),
            Place::Special(file) => file.write_all(text.as_bytes()),
        };
        written.map_err(|error| self.failure(&error))
    }

    /// Writes what there is so far. What takes one document only waits for the last.
    pub fn write_so_far(&mut self, text: &str) -> Result<(), Failure> {
        match self.place {
            Place::Regular(_) => self.write(text),
            Place::Special(_) => Ok(()),
        }
    }

    /// What is written piece by piece, and comes into place at its end.
    pub fn stream(self) -> Result<Stream, Failure> {
        let sink = match &self.place {
            Place::Regular(target) => draft(target).map(Sink::Draft),
            Place::Special(file) => file.try_clone().map(Sink::Special),
        };
        let sink = sink.map_err(|error| self.failure(&error))?;
        Ok(Stream { sink: io::BufWriter::new(sink), file: self })
    }

    fn failure(&self, error: &io::Error) -> Failure {
        failure(self.flag, &self.path, error)
    }
}

/// A file under way.
#[derive(Debug)]
pub struct Stream {
    sink: io::BufWriter<Sink>,
    file: OutFile,
}

#[derive(Debug)]
enum Sink {
    Draft(NamedTempFile),
    Special(File),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Draft(file) => file.write(bytes),
            Sink::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Draft(file) => file.flush(),
            Sink::Special(file) => file.flush(),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Stream {
    /// Puts it into place.
    pub fn finish(self) -> Result<(), Failure> {
        let Stream { sink, file } = self;
        let finished = sink.into_inner().map_err(|error| error.into_error());
        let finished = finished.and_then(|sink| match (sink, &file.place) {
            (Sink::Draft(draft), Place::Regular(target)) => Ok(draft.persist(target).map(drop)?),
            (Sink::Draft(_) | Sink::Special(_), _) => Ok(()),
        });
        finished.map_err(|error| file.failure(&error))
    }

    /// The failure that an error of writing to it is.
    pub fn failure(&self, error: &io::Error) -> Failure {
        self.file.failure(error)
    }
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
        // It goes at once: only whether there can be one is of interest.
        draft(&target).map(drop)?;
        Ok(Place::Regular(target))
    }
}

fn draft(target: &Path) -> io::Result<NamedTempFile> {
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".loadgen-")
        // What a plain file would get; the umask narrows it.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(parent.unwrap_or(Path::new(".")))
}

fn replace(target: &Path, mut draft: NamedTempFile, text: &str) -> io::Result<()> {
    draft.write_all(text.as_bytes())?;
    draft.persist(target)?;
    Ok(())
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

fn failure(flag: &'static str, path: &Path, error: &io::Error) -> Failure {
    // What tempfile wraps names the draft, which nobody has asked for.
    let words = match error.get_ref().and_then(|wrapped| wrapped.source()) {
        Some(system) => system.to_string(),
        None => error.to_string(),
    };
    Failure::OutFile { flag, path: path.to_owned(), problem: format!("cannot write: {words}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(path: &Path) -> Result<OutFile, Failure> {
        OutFile::create("--report", path)
    }

    #[test]
    fn the_file_appears_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        let mut file = create(&path).unwrap();
        assert!(!path.exists());
        file.write_so_far("half").unwrap();
        file.write("whole").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        drop(create(&path).unwrap());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_stream_appears_at_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("samples.csv");
        let mut stream = create(&path).unwrap().stream().unwrap();
        stream.write_all(b"a\n").unwrap();
        assert!(!path.exists());
        stream.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\n");
    }

    #[test]
    fn a_symbolic_link_stays_and_its_target_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let check = |name: &str, target: &Path| {
            let link = directory.path().join(name);
            std::os::unix::fs::symlink(target, &link).unwrap();
            create(&link).unwrap().write("new").unwrap();
            assert_eq!(std::fs::read_link(&link).unwrap(), target);
            assert_eq!(std::fs::read_to_string(&link).unwrap(), "new", "{name}");
        };
        let there = elsewhere.path().join("there.json");
        std::fs::write(&there, "before").unwrap();
        check("absolute", &there);
        check("relative", Path::new("beside.json"));
        check("dangling", &elsewhere.path().join("new.json"));
        check("of a link", Path::new("relative"));
        let circle = directory.path().join("circle");
        std::os::unix::fs::symlink("circle", &circle).unwrap();
        assert!(create(&circle).is_err());
    }

    #[test]
    fn a_device_stays_a_device() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        for path in [Path::new("/dev/null"), &link] {
            create(path).unwrap().write("gone").unwrap();
            assert!(!std::fs::metadata(path).unwrap().is_file(), "{path:?}");
        }
        let full = create(Path::new("/dev/full")).unwrap().write("too much");
        assert!(full.unwrap_err().to_string().contains("No space left on device"));
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let check = |path: &Path, words: &str| {
            let problem = create(path).unwrap_err().to_string();
            assert!(problem.starts_with(&format!("--report {}: cannot write: {words}", path.display())));
        };
        check(directory.path(), "is a directory");
        check(&directory.path().join("missing/report.json"), "No such file or directory (os error 2)");
    }
}
