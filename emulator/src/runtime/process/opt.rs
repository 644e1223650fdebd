//! An environment's stand-in for `/opt`: its layers, one over the other.
//!
//! AWS unpacks layers into `/opt`. Without a mount namespace a process can't
//! have a `/opt` of its own, so there is a folder, which `EMULATOR_OPT` names
//! and which the search paths of programs, libraries and modules lead to.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::host;

/// Makes `opt` show what the unpacked layers hold together: a later layer's
/// file hides an earlier one's. Only folders that several layers have are
/// made anew; everything else is a link.
pub(super) fn merge(layers: &[PathBuf], opt: &Path) -> io::Result<()> {
    fs::create_dir_all(opt)?;
    layers.iter().try_for_each(|layer| lay_over(layer, opt))
}

fn lay_over(layer: &Path, folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(layer)? {
        let upper = entry?.path();
        let Some(name) = upper.file_name() else { continue };
        let place = folder.join(name);
        let Ok(lower) = fs::symlink_metadata(&place) else {
            symlink(&upper, &place)?;
            continue;
        };
        if upper.is_dir() && place.is_dir() {
            if lower.is_symlink() {
                make_own(&place)?;
            }
            lay_over(&upper, &place)?;
        } else {
            remove(&place, &lower)?;
            symlink(&upper, &place)?;
        }
    }
    Ok(())
}

/// Replaces a link to a layer's folder by a folder of links.
fn make_own(place: &Path) -> io::Result<()> {
    let layer = fs::read_link(place)?;
    fs::remove_file(place)?;
    fs::create_dir(place)?;
    lay_over(&layer, place)
}

fn remove(place: &Path, metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_dir() { fs::remove_dir_all(place) } else { fs::remove_file(place) }
}

/// The external extensions, by name: the order in which they are started.
pub(super) fn extensions(opt: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(opt.join("extensions")) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| host::is_executable(path));
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    fn layer(files: &[(&str, &str)]) -> TempDir {
        let folder = TempDir::new().expect("a temporary folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(&path, text).expect("a file");
        }
        folder
    }

    #[test]
    fn later_layers_hide_earlier_ones_and_change_nothing_in_them() {
        let layers = [
            layer(&[("python/a.py", "1"), ("python/only/x.py", "1"), ("bin/tool", "1"), ("clash", "1")]),
            layer(&[("python/a.py", "2"), ("python/b.py", "2"), ("clash/file", "2")]),
            layer(&[("python/b.py", "3"), ("python/only/y.py", "3"), ("lib/x.so", "3")]),
        ];
        let folder = TempDir::new().expect("a temporary folder");
        let opt = folder.path().join("opt");
        let paths: Vec<PathBuf> = layers.iter().map(|layer| layer.path().to_owned()).collect();
        merge(&paths, &opt).expect("merged");
        for (path, expected) in [
            ("python/a.py", "2"),
            ("python/b.py", "3"),
            ("python/only/x.py", "1"),
            ("python/only/y.py", "3"),
            ("bin/tool", "1"),
            ("clash/file", "2"),
            ("lib/x.so", "3"),
        ] {
            assert_eq!(fs::read_to_string(opt.join(path)).expect(path), expected, "{path}");
        }
        assert!(fs::symlink_metadata(opt.join("bin")).expect("there").is_symlink(), "one layer's is linked");
        fs::remove_dir_all(&opt).expect("removed");
        assert_eq!(fs::read_to_string(paths[0].join("python/a.py")).expect("untouched"), "1");
    }

    #[test]
    fn extensions_are_executable_files_in_the_order_of_their_names() {
        let opt = layer(&[("extensions/b", ""), ("extensions/a", ""), ("extensions/readme.txt", "")]);
        fs::create_dir(opt.path().join("extensions/folder")).expect("a folder");
        for name in ["a", "b"] {
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(opt.path().join("extensions").join(name), mode).expect("a mode");
        }
        let found = extensions(opt.path());
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(extensions(Path::new("/nowhere")), Vec::<PathBuf>::new());
    }
}
