//! Who else can change a file that wxbox trusts: the config, the AppSecret, the key of the listener. The rules are those
//! that ssh has for its own files, as far as they fit containers and service managers.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::Error;

/// Refuses an open file that another user can change: by its owner, its modes, a directory that everybody can write on
/// the way to it, or a link of another user. Tells whether everybody on the machine can read it.
///
/// # Errors
/// [`Error::WritableByOthers`], [`Error::WrongOwner`], [`Error::WorldWritableDirectory`]
pub fn check_file_trust(path: &Path, file: &File) -> Result<bool, Error> {
    // A pipe or a terminal is handed over by whoever started us.
    let Some(found) = file.metadata().ok().filter(Metadata::is_file) else { return Ok(false) };
    if ignores_modes(file) {
        return Ok(false);
    }
    let mode = found.permissions().mode() & 0o777;
    // Nobody writes to it through a mount that is read-only. Containers get their files that way, whoever owns them.
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

/// Whether what this user owns may be relied upon. Root looks after the files of a service's own user, too.
fn is_trusted_owner(euid: u32, owner: u32) -> bool {
    euid == 0 || owner == 0 || owner == euid
}

/// A directory in which everybody can put one file in the place of another. A sticky one keeps them from it.
fn is_world_writable_dir(found: &Metadata) -> bool {
    let mode = found.permissions().mode();
    found.is_dir() && mode & 0o002 != 0 && mode & 0o1000 == 0
}

/// Every directory and every link that is passed on the way to a file, as far as they can be seen.
fn components_on_path(path: &Path) -> Vec<(PathBuf, Metadata)> {
    /// As many as Linux follows.
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

/// The permission bits of a file or directory; `None` where it is none of these, or its file system makes them up.
pub fn file_mode(path: &Path) -> Option<u32> {
    let metadata = fs::metadata(path).ok().filter(|it| it.is_file() || it.is_dir())?;
    // Never by opening it: to close a file drops the locks that SQLite has on it in this process.
    #[cfg(target_os = "linux")]
    if rustix::fs::statfs(path).is_ok_and(|system| is_modeless(&system)) {
        return None;
    }
    Some(metadata.permissions().mode() & 0o7777)
}

fn is_read_only_mount(system: rustix::io::Result<rustix::fs::StatVfs>) -> bool {
    system.is_ok_and(|it| it.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Linux's numbers for file systems that make their modes up, as `statfs` gives them.
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
    // The field's width differs between architectures; the numbers have 32 bits.
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
    fn root_and_the_user_who_runs_are_trusted() {
        assert!(is_trusted_owner(1000, 0) && is_trusted_owner(1000, 1000) && !is_trusted_owner(1000, 1001));
        assert!(is_trusted_owner(0, 1001), "root looks after a service's files");
    }

    #[test]
    fn every_link_and_directory_on_the_way_is_seen() {
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
