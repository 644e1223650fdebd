//! The `bootstrap` of a custom runtime: whether it can be executed at all.
//!
//! The C library would hand what the kernel refuses to a shell; on Lambda, and
//! so here, it is refused.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::host;
use super::sandbox::Sandbox;
use crate::engine::EntrypointFault;

/// The number by which ELF names this machine (`e_machine`).
#[cfg(target_os = "linux")]
const MACHINE: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };

/// The first of these files that can be executed.
pub(super) fn find(places: &[PathBuf]) -> Result<PathBuf, EntrypointFault> {
    match places.iter().find(|path| host::is_executable(path)) {
        Some(executable) if is_for_this_machine(executable) => Ok(executable.clone()),
        Some(_) => Err(EntrypointFault::Format),
        None if places.iter().any(|path| path.is_file()) => Err(EntrypointFault::NotPermitted),
        None => Err(EntrypointFault::Missing),
    }
}

/// A script, or a program for this machine.
#[cfg(target_os = "linux")]
fn is_for_this_machine(path: &Path) -> bool {
    let mut begin = [0; 20];
    let mut file = match File::open(path) {
        Ok(file) => file,
        // Its owner may execute it and nobody may read it.
        Err(_) => return true,
    };
    let read = read_up_to(&mut file, &mut begin).unwrap_or(0);
    match &begin[..read] {
        [b'#', b'!', ..] => true,
        [0x7f, b'E', b'L', b'F', .., low, high] if read == begin.len() => {
            u16::from_le_bytes([*low, *high]) == MACHINE
        }
        _ => false,
    }
}

/// Other systems have other formats: there the start itself tells.
#[cfg(not(target_os = "linux"))]
fn is_for_this_machine(_path: &Path) -> bool {
    true
}

#[cfg(target_os = "linux")]
fn read_up_to(file: &mut File, into: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match file.read(&mut into[read..])? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

/// What a start that failed says of the file.
pub(super) fn fault_of(error: &io::Error) -> EntrypointFault {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT) => EntrypointFault::NoInterpreter,
        Some(Errno::ACCESS) => EntrypointFault::NotPermitted,
        Some(_) | None => EntrypointFault::Format,
    }
}

/// A line for the function's log that says what to do.
pub(super) fn explain(sandbox: &Sandbox, fault: EntrypointFault) {
    let hint = match fault {
        EntrypointFault::Missing => "there is none: the zip needs a file of that name at its top",
        EntrypointFault::Format => {
            "it is no script and no program for this machine: see what it was built for"
        }
        EntrypointFault::NoInterpreter => {
            "its first line names a program that is not there (a carriage return at its end is enough)"
        }
        EntrypointFault::NotPermitted => "it is not marked as executable: chmod +x before zipping",
    };
    sandbox.print(&format!("bootstrap can't be executed: {hint}\n"));
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_that_can_not_run_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = [folder.path().join("bootstrap")];
        assert_eq!(find(&place), Err(EntrypointFault::Missing));
        let own = fs::read(std::env::current_exe().expect("this program")).expect("a program");
        let mut other = own[..64].to_vec();
        // A machine that nobody has any more.
        other[18..20].copy_from_slice(&8_u16.to_le_bytes());
        for (content, mode, expected) in [
            (b"#!/bin/sh\n".as_slice(), 0o644, Some(EntrypointFault::NotPermitted)),
            (b"#!/bin/sh\n", 0o755, None),
            (b"echo no first line\n", 0o755, Some(EntrypointFault::Format)),
            (b"", 0o755, Some(EntrypointFault::Format)),
            (&own[..64], 0o755, None),
            (&other, 0o755, Some(EntrypointFault::Format)),
        ] {
            fs::write(&place[0], content).expect("a file");
            fs::set_permissions(&place[0], fs::Permissions::from_mode(mode)).expect("its owner");
            assert_eq!(find(&place).err(), expected);
        }
    }
}
