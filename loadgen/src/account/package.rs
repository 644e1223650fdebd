//! The deployment package of the sample function.

use super::failure;
use crate::failure::Failure;
use crate::target::Clients;
use std::io::{Cursor, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Lambda takes no larger package in a call.
const LARGEST: usize = 50 * 1024 * 1024;

/// The sample function for a target. On this machine this very program plays
/// it, so that there is nothing to copy and nothing that could be stale;
/// elsewhere it is the program `sandbox-fn` that was built beside this one.
pub(super) fn sample(clients: &Clients) -> Result<Vec<u8>, Failure> {
    let step = "pack the sample function";
    let this = std::env::current_exe().map_err(|error| failure(step, error.to_string()))?;
    if is_here(clients) {
        return zipped(bootstrap(&this.to_string_lossy()).as_bytes())
            .map_err(|error| failure(step, error.to_string()));
    }
    let program = this.with_file_name("sandbox-fn");
    let bytes = std::fs::read(&program).map_err(|error| missing(&program, &error))?;
    let package = zipped(&bytes).map_err(|error| failure(step, error.to_string()))?;
    match package.len() {
        0..=LARGEST => Ok(package),
        size => Err(failure(
            step,
            format!("it has {size} bytes, and Lambda takes {LARGEST}; build it with --release"),
        )),
    }
}

fn missing(program: &Path, error: &std::io::Error) -> Failure {
    Failure::flag_with_hint(
        "--package",
        format!("is not given, and {} cannot be read: {error}", program.display()),
        "build it with `cargo build --release --workspace`, or give a zip file with --package",
    )
}

/// Whether the target runs functions as children of this machine.
fn is_here(clients: &Clients) -> bool {
    let host = &clients.endpoints.lambda.host;
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// A package of one's own.
pub(super) fn of_file(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| failure(format!("read {}", path.display()), error.to_string()))
}

/// A zip with one executable `bootstrap`.
fn zipped(bootstrap: &[u8]) -> Result<Vec<u8>, zip::result::ZipError> {
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    zip.write_all(bootstrap)?;
    Ok(zip.finish()?.into_inner())
}

fn bootstrap(executable: &str) -> String {
    // Inside single quotes the shell knows only the quote itself.
    format!("#!/bin/sh\nexec '{}' sandbox-fn\n", executable.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_shell_sees_the_path_as_it_is() {
        let check = |path: &str, line: &str| {
            assert_eq!(bootstrap(path), format!("#!/bin/sh\nexec {line} sandbox-fn\n"));
        };
        check("/opt/loadgen", "'/opt/loadgen'");
        check("/my tools/$HOME", "'/my tools/$HOME'");
        check("/it's", r"'/it'\''s'");
    }

    #[test]
    fn the_package_holds_one_executable() {
        let package = zipped(b"#!/bin/sh\n").unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(package)).unwrap();
        assert_eq!(zip.len(), 1);
        let mut file = zip.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "#!/bin/sh\n");
    }
}
