//! The fact log: a line of JSON for everything that happens.

use crate::failure::Failure;
use crate::report::file::{OutFile, Stream};
use emulator::engine::Fact;
use std::io::Write;
use std::path::Path;

/// The file, written as things happen. The first trouble is kept for the end.
#[derive(Debug)]
pub(super) struct FactLog {
    stream: Stream,
    line: String,
    trouble: Option<std::io::Error>,
}

impl FactLog {
    pub(super) fn create(path: &Path) -> Result<FactLog, Failure> {
        let stream = OutFile::create("--facts", path)?.stream()?;
        Ok(FactLog { stream, line: String::new(), trouble: None })
    }

    pub(super) fn write(&mut self, fact: &Fact) {
        if self.trouble.is_some() {
            return;
        }
        self.line.clear();
        emulator::fact_line(fact, &mut self.line);
        self.line.push('\n');
        self.trouble = self.stream.write_all(self.line.as_bytes()).err();
    }

    /// Puts the file into place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.trouble {
            None => self.stream.finish(),
            Some(trouble) => Err(self.stream.failure(&trouble)),
        }
    }
}
