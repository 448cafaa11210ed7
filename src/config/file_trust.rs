//! Checks whether another user can change a file that wxbox trusts: the config, the AppSecret, the
//! private key of the listener. The rules are those of ssh for its files, as far as they suit
//! containers and service managers.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::Error;

/// Rejects an open file that another user can change: because of its owner, its mode, a
/// world-writable directory on its path, or another user's link. Returns whether every user of the
/// machine can read it.
///
/// # Errors
/// [`Error::WritableByOthers`], [`Error::WrongOwner`], [`Error::WorldWritableDirectory`]
pub fn check_file_trust(path: &Path, file: &File) -> Result<bool, Error> {
    // A pipe or a terminal comes from the parent process, which is trusted.
    let Some(found) = file.metadata().ok().filter(Metadata::is_file) else { return Ok(false) };
    if ignores_modes(file) {
        return Ok(false);
    }
    let mode = found.permissions().mode() & 0o777;
    // No user can write through a read-only mount. Containers mount their files in this way, with
    // any owner.
    if is_read_only_mount(rustix::fs::fstatvfs(file)) {
        return Ok(mode & 0o004 != 0);
    }
    let euid = rustix::process::geteuid().as_raw();
    if mode & 0o022 != 0 {
        return Err(Error::WritableByOthers { path: path.to_owned(), mode });
    }
    if !is_trusted_owner(euid, found.uid()) {
        return Err(Error::WrongOwner { path: path.to_owned(), owner: found.uid() });
    }
    for (passed, found) in components_on_path(path) {
        if found.is_symlink() && !is_trusted_owner(euid, found.uid()) {
            return Err(Error::WrongOwner { path: passed, owner: found.uid() });
        }
        if is_world_writable_dir(&found)
            && file_mode(&passed).is_some()
            && !is_read_only_mount(rustix::fs::statvfs(&passed))
        {
            return Err(Error::WorldWritableDirectory { dir: passed, file: path.to_owned() });
        }
    }
    Ok(mode & 0o004 != 0)
}

/// Returns whether the files of `owner` are trusted. Root also trusts the files of a service's
/// user, which it manages.
fn is_trusted_owner(euid: u32, owner: u32) -> bool {
    euid == 0 || owner == 0 || owner == euid
}

/// Returns whether every user can replace files in the directory, which the sticky bit prevents.
fn is_world_writable_dir(found: &Metadata) -> bool {
    let mode = found.permissions().mode();
    found.is_dir() && mode & 0o002 != 0 && mode & 0o1000 == 0
}

/// Returns every directory and symbolic link on the path to a file, as far as they are accessible.
fn components_on_path(path: &Path) -> Vec<(PathBuf, Metadata)> {
    /// The number of links that Linux follows.
    const MAX_SYMLINKS: usize = 40;
    let Ok(path) = std::path::absolute(path) else { return Vec::new() };
    let parts = |path: &Path| path.components().map(|part| part.as_os_str().to_owned()).collect::<VecDeque<OsString>>();
    let (mut remaining, mut at, mut links) = (parts(&path), PathBuf::new(), 0);
    let mut passed = Vec::new();
    while let Some(part) = remaining.pop_front() {
        if part == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&part);
        let Ok(found) = fs::symlink_metadata(&next) else { break };
        if found.is_symlink() {
            links += 1;
            let Ok(target) = fs::read_link(&next) else { break };
            if links > MAX_SYMLINKS {
                break;
            }
            let mut parts = parts(&target);
            parts.append(&mut remaining);
            remaining = parts;
        } else {
            at.clone_from(&next);
        }
        passed.push((next, found));
    }
    passed
}

/// Returns the permission bits of a file or directory, or `None` if its file system has no real
/// ones.
pub fn file_mode(path: &Path) -> Option<u32> {
    let metadata = fs::metadata(path).ok().filter(|metadata| metadata.is_file() || metadata.is_dir())?;
    // Do not open the file: closing it would drop the locks that SQLite holds on it in this
    // process.
    #[cfg(target_os = "linux")]
    if rustix::fs::statfs(path).is_ok_and(|system| is_modeless(&system)) {
        return None;
    }
    Some(metadata.permissions().mode() & 0o7777)
}

fn is_read_only_mount(system: rustix::io::Result<rustix::fs::StatVfs>) -> bool {
    system.is_ok_and(|system| system.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// The file systems without real permission bits, by the numbers that `statfs` returns on Linux.
#[cfg(target_os = "linux")]
const MODELESS_FILESYSTEMS: [(u32, &str); 11] = [
    (0x0000_4d44, "vfat"),
    (0x2011_bab0, "exfat"),
    (0x5346_544e, "ntfs"),
    (0x7366_746e, "ntfs3"),
    (0x0102_1997, "9p (Windows drives in WSL)"),
    (0x6573_5546, "fuse (ntfs-3g, Docker Desktop, virtiofs)"),
    (0x0000_517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
];

#[cfg(target_os = "linux")]
fn ignores_modes(file: &File) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|system| is_modeless(&system))
}

#[cfg(target_os = "linux")]
fn is_modeless(system: &rustix::fs::StatFs) -> bool {
    // The width of the field differs between architectures; the numbers have 32 bits.
    MODELESS_FILESYSTEMS.iter().any(|(number, _)| *number == system.f_type as u32)
}

#[cfg(not(target_os = "linux"))]
fn ignores_modes(_: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_current_user_are_trusted_owners() {
        assert!(is_trusted_owner(1000, 0) && is_trusted_owner(1000, 1000) && !is_trusted_owner(1000, 1001));
        assert!(is_trusted_owner(0, 1001), "root looks after a service's files");
    }

    #[test]
    fn path_components_include_every_symlink_and_directory() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("real/data")).unwrap();
        fs::write(base.join("real/data/file"), "x").unwrap();
        std::os::unix::fs::symlink("real", base.join("link")).unwrap();
        std::os::unix::fs::symlink("data/../data/file", base.join("real/name")).unwrap();
        let passed: Vec<PathBuf> =
            components_on_path(&base.join("link/name")).into_iter().map(|(path, _)| path).collect();
        for name in ["link", "real", "real/name", "real/data", "real/data/file"] {
            assert!(passed.contains(&base.join(name)), "{name}: {passed:?}");
        }
        std::os::unix::fs::symlink("loop", base.join("loop")).unwrap();
        assert!(components_on_path(&base.join("loop")).len() < 100);
    }
}
