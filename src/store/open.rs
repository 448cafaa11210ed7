//! The database's file and its siblings, before and while SQLite opens them.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::connect::is_writable;
use super::{Error, Result, wal_check};
use crate::files::{self, sibling_path};
use crate::i18n::io_error_text;

/// Returns the target of a link. SQLite's siblings are beside the file, regardless of its name: two
/// processes that use two names must share the same locks.
pub(super) fn resolve_symlink(path: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
    let file = is_link.then(|| fs::canonicalize(path).ok()).flatten();
    file.unwrap_or_else(|| path.to_owned())
}

/// SQLite treats a file shorter than its smallest page as empty and would overwrite it.
const MIN_DATABASE_BYTES: u64 = 512;

/// Creates a missing file before SQLite does, so that it has mode 0600, and its log as well. An
/// existing file is not opened: closing it would drop the locks that SQLite holds on it elsewhere
/// in this process.
pub(super) fn prepare_file(path: &Path) -> Result<()> {
    let failed = |e: io::Error| Error::Open { path: path.to_owned(), cause: io_error_text(&e) };
    match inspect_file(path)? {
        Some(found) => restrict_mode(path, &found).map_err(failed),
        None => create_file(path).map_err(failed),
    }
}

/// Checks the file and its log without changing them; `None` if there is no file.
pub(super) fn inspect_file(path: &Path) -> Result<Option<fs::Metadata>> {
    let path_of = || path.to_owned();
    let failed = |e: io::Error| Error::Open { path: path_of(), cause: io_error_text(&e) };
    wal_check::check_wal(path)?;
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
        // SQLite would wait forever for the other end of a pipe.
        Ok(found) if !found.is_file() || (1..MIN_DATABASE_BYTES).contains(&found.len()) => {
            Err(Error::NotADatabase { path: path_of() })
        }
        // Each name of the file would have a log of its own. A reader has no log.
        Ok(found) if found.nlink() > 1 && is_writable(path) => Err(Error::HardLinks { path: path_of() }),
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed(e)),
    }
}

/// The directory entry of a new log must survive a power cut, as the commits in it do. SQLite would
/// sync it at the first commit of every process; this does so only for an empty log, before the
/// first process that uses it.
pub(super) fn sync_wal_dir_entry(path: &Path) {
    let log = sibling_path(path, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() == 0) {
        let _ = fs::File::open(files::parent_dir(&log)).and_then(|dir| dir.sync_all());
    }
}

fn create_file(path: &Path) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        files::create_private_dir(dir)?;
    }
    match files::create_private(path) {
        // Another process was faster.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// Restricts the mode of a file that a copy or restore left readable by everyone; it contains
/// tokens and openids. Group access stays if the group can write, because then it was shared on
/// purpose. Must run before SQLite opens the file and creates its siblings with the same mode.
fn restrict_mode(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let close = |path: &Path, found: &fs::Metadata| {
        let mode = found.permissions().mode() & 0o777;
        let allowed = if mode & 0o060 == 0o060 { 0o770 } else { 0o700 };
        if !found.is_file() || mode & 0o077 & !allowed == 0 {
            return Ok(false);
        }
        match fs::set_permissions(path, fs::Permissions::from_mode(mode & allowed)) {
            // The file belongs to another user, who shared it on purpose.
            Err(e) if matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
                Ok(false)
            }
            done => done.map(|()| true),
        }
    };
    if close(path, found)? {
        for file in [sibling_path(path, "-wal"), sibling_path(path, "-shm")] {
            if let Ok(found) = fs::symlink_metadata(&file) {
                close(&file, &found)?;
            }
        }
    }
    Ok(())
}
