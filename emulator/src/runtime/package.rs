//! Deployment packages: zips in, folders out.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use thiserror::Error;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::engine::Package;
use crate::limits;

/// More files than any real package; it bounds the work for a made-up one.
const ENTRIES_LIMIT: usize = 100_000;

/// Where packages are unpacked: one folder per content, for as long as a
/// function or an environment has it.
#[derive(Debug)]
pub(crate) struct Packages {
    folder: TempDir,
    /// Held while one is unpacked, so that nobody sees it half done.
    unpacked: Mutex<Vec<Unpacked>>,
    unzipped_limit: u64,
}

/// One that was unpacked, for as long as somebody has it.
#[derive(Debug)]
struct Unpacked {
    root: Weak<Path>,
    size: u64,
}

/// Why a zip was refused.
#[derive(Debug, Error)]
pub(crate) enum PackageError {
    /// The zip is too long.
    #[error("the zip is {0} bytes long")]
    TooLong(usize),
    /// The zip has no entry.
    #[error("the zip is empty")]
    Empty,
    /// The zip would unpack into too much.
    #[error("the package unpacks into more than {} bytes", limits::UNZIPPED_CODE)]
    UnpacksTooLarge,
    /// The zip has an entry that would leave its folder.
    #[error("entry {0:?} lies outside of the package")]
    Climbs(String),
    /// The bytes are no zip.
    #[error("not a zip: {0}")]
    NotAZip(#[from] ZipError),
    /// The host could not write it.
    #[error("can't unpack: {0}")]
    Host(#[from] io::Error),
}

impl Packages {
    /// A new place for packages, below the system's folder for temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        let folder = TempDir::with_prefix("emulator-")?;
        Ok(Self { folder, unpacked: Mutex::default(), unzipped_limit: limits::UNZIPPED_CODE })
    }

    /// The folder that everything lies in; it goes with the emulator.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file that keeps a package's zip, for GetFunction's `Location`.
    pub(crate) fn zip_file(&self, package: &Package) -> PathBuf {
        package.root.with_extension("zip")
    }

    /// Checks and unpacks a zip. The same bytes are unpacked once. It reads
    /// and writes files: call it where blocking is allowed.
    pub(crate) fn unpack(&self, zip: &[u8]) -> Result<Package, PackageError> {
        if zip.len() > limits::ZIPPED_CODE {
            return Err(PackageError::TooLong(zip.len()));
        }
        let digest = Sha256::digest(zip);
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let root = self.folder.path().join("code").join(name);
        let mut unpacked = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = unpacked.iter().filter_map(|known| Some((known.root.upgrade()?, known.size)));
        let known = known.find(|(known, _)| **known == *root);
        let (root, unzipped_size) = match known {
            Some(known) => known,
            None => {
                self.sweep(&mut unpacked)?;
                let size = self.unpack_new(zip, &root)?;
                let root: Arc<Path> = root.into();
                unpacked.push(Unpacked { root: Arc::downgrade(&root), size });
                (root, size)
            }
        };
        let sha256 = BASE64_STANDARD.encode(digest);
        Ok(Package { sha256, size: zip.len() as u64, unzipped_size, root })
    }

    /// Gives the size of what it unpacked.
    fn unpack_new(&self, zip: &[u8], root: &Path) -> Result<u64, PackageError> {
        fs::create_dir_all(self.folder.path().join("code"))?;
        // Unpack beside it and rename: what fails leaves nothing.
        let fresh = TempDir::new_in(self.folder.path())?;
        let size = unpack_into(zip, fresh.path(), self.unzipped_limit)?;
        fs::write(root.with_extension("zip"), zip)?;
        fs::rename(fresh.keep(), root)?;
        set_writable(root, false)?;
        Ok(size)
    }

    /// Removes what nobody has any more.
    fn sweep(&self, unpacked: &mut Vec<Unpacked>) -> io::Result<()> {
        unpacked.retain(|known| known.root.strong_count() > 0);
        let kept: Vec<Arc<Path>> = unpacked.iter().filter_map(|known| known.root.upgrade()).collect();
        let Ok(entries) = fs::read_dir(self.folder.path().join("code")) else { return Ok(()) };
        for entry in entries {
            let path = entry?.path();
            if kept.iter().any(|root| **root == *path.with_extension("")) {
                continue;
            }
            if path.is_dir() {
                set_writable(&path, true)?;
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl Drop for Packages {
    /// The folder can only be removed when what is in it can be.
    fn drop(&mut self) {
        if let Err(error) = set_writable(self.folder.path(), true) {
            tracing::debug!(%error, "packages may be left behind");
        }
    }
}

/// Lets folders be written to, or not: on AWS a function can't change its code,
/// and here several environments share it. (For the superuser no mode counts.)
fn set_writable(folder: &Path, writable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::Permissions::from_mode(if writable { 0o755 } else { 0o555 });
    if writable {
        fs::set_permissions(folder, mode.clone())?;
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            set_writable(&entry.path(), writable)?;
        }
    }
    if !writable {
        fs::set_permissions(folder, mode)?;
    }
    Ok(())
}

/// Unpacks at most `limit` bytes, and says how many they were.
fn unpack_into(zip: &[u8], folder: &Path, limit: u64) -> Result<u64, PackageError> {
    let mut left = limit;
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    if archive.is_empty() {
        return Err(PackageError::Empty);
    }
    if archive.len() > ENTRIES_LIMIT {
        return Err(PackageError::UnpacksTooLarge);
    }
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let Some(path) = entry.enclosed_name() else {
            return Err(PackageError::Climbs(String::from_utf8_lossy(entry.name_raw()).into_owned()));
        };
        let path = folder.join(path);
        if entry.is_dir() {
            fs::create_dir_all(&path).map_err(not_placed)?;
            continue;
        }
        if entry.is_symlink() {
            // A link could point anywhere; AWS's own tools never pack one.
            return Err(PackageError::Climbs(String::from_utf8_lossy(entry.name_raw()).into_owned()));
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(not_placed)?;
        }
        let mut file = File::create(&path).map_err(not_placed)?;
        // The size that the entry claims is not to be trusted: count what comes.
        let written = io::copy(&mut (&mut entry).take(left + 1), &mut file).map_err(not_copied)?;
        left = left.checked_sub(written).ok_or(PackageError::UnpacksTooLarge)?;
        set_mode(&file, entry.unix_mode())?;
    }
    Ok(limit - left)
}

/// A zip may name something both a file and a folder, or give it a name that
/// no file can have.
fn not_placed(error: io::Error) -> PackageError {
    let clash = [
        io::ErrorKind::AlreadyExists,
        io::ErrorKind::NotADirectory,
        io::ErrorKind::IsADirectory,
        io::ErrorKind::InvalidFilename,
        io::ErrorKind::InvalidInput,
    ];
    if clash.contains(&error.kind()) {
        PackageError::NotAZip(ZipError::Io(error))
    } else {
        PackageError::Host(error)
    }
}

/// Only what the system refused has a number: the rest is wrong with the zip.
fn not_copied(error: io::Error) -> PackageError {
    match error.raw_os_error() {
        Some(_) => PackageError::Host(error),
        None => PackageError::NotAZip(ZipError::Io(error)),
    }
}

#[cfg(unix)]
fn set_mode(file: &File, mode: Option<u32>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // A zip made on Windows carries no mode; then everything may be executed.
    let mode = mode.map_or(0o555, |mode| (mode & 0o555) | 0o444);
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a zip in memory");
            writer.write_all(content).expect("a zip in memory");
        }
        writer.finish().expect("a zip in memory").into_inner()
    }

    #[test]
    fn a_package_is_unpacked_once_and_keeps_its_zip() {
        let packages = Packages::new().expect("a temporary folder");
        let zip = zip_of(&[("bootstrap", b"#!/bin/sh\n"), ("lib/a.txt", b"a")]);
        let first = packages.unpack(&zip).expect("a good zip");
        assert_eq!(packages.unpack(&zip).expect("the same zip"), first);
        assert_eq!(fs::read(first.root.join("lib/a.txt")).expect("unpacked"), b"a");
        assert_eq!(fs::read(packages.zip_file(&first)).expect("kept"), zip);
        for path in ["", "lib", "lib/a.txt"].map(|path| first.root.join(path)) {
            assert!(fs::metadata(path).expect("unpacked").permissions().readonly(), "code can't be changed");
        }
        assert_eq!((first.size, first.unzipped_size), (zip.len() as u64, 11));
    }

    #[test]
    fn a_package_goes_when_nobody_has_it() {
        let packages = Packages::new().expect("a temporary folder");
        let first = packages.unpack(&zip_of(&[("a", b"1")])).expect("a good zip");
        let root = first.root.to_path_buf();
        let kept = packages.unpack(&zip_of(&[("a", b"2")])).expect("a good zip");
        assert!(root.exists(), "somebody has it");
        drop(first);
        packages.unpack(&zip_of(&[("a", b"3")])).expect("a good zip");
        assert!(!root.exists() && !root.with_extension("zip").exists());
        assert!(kept.root.exists() && packages.zip_file(&kept).exists());
    }

    #[test]
    fn bad_packages_are_refused_and_leave_nothing() {
        let mut packages = Packages::new().expect("a temporary folder");
        packages.unzipped_limit = 10_000;
        let zeros = [0_u8; 10_001];
        let mut damaged = zip_of(&[("bootstrap", &[b'x'; 1_000])]);
        damaged[45] ^= 0xFF;
        for (zip, expected) in [
            (zip_of(&[("../evil", b"x")]), "outside"),
            (zip_of(&[("/etc/evil", b"x"), ("a/../../evil", b"x")]), "outside"),
            (zip_of(&[("bomb", &zeros)]), "unpacks into more"),
            (zip_of(&[("a", b"file"), ("a/b", b"folder")]), "not a zip"),
            (b"PK no zip".to_vec(), "not a zip"),
            (damaged, "not a zip"),
            (vec![0; limits::ZIPPED_CODE + 1], "bytes long"),
        ] {
            let error = packages.unpack(&zip).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error} has no {expected:?}");
        }
        let left = walk(packages.folder());
        assert!(left.iter().all(|path| path.is_dir()), "{left:?}");
    }

    fn walk(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
    }
}
