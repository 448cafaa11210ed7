//! The database's file and those beside it, before and as SQLite opens them.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::{Error, Result, wal_check};
use crate::files;
use crate::i18n::io_error_text;

/// The file of that ending beside the database.
pub(super) fn sibling_path(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// The file itself where `path` is a link to it. What is beside the file is beside the file, whatever it is
/// called: two processes that know it by two names must meet at the same locks.
pub(super) fn resolve_symlink(path: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
    let file = is_link.then(|| fs::canonicalize(path).ok()).flatten();
    file.unwrap_or_else(|| path.to_owned())
}

/// SQLite takes a file shorter than its smallest page for an empty one, and would write over it.
const MIN_DATABASE_BYTES: u64 = 512;

/// Makes a missing file before SQLite does, so that it (and the WAL that takes over its mode) is 0600. One
/// that exists is not opened here: closing it again would drop the locks that SQLite holds on it elsewhere
/// in this process.
pub(super) fn prepare_file(path: &Path) -> Result<()> {
    let failed = |e: io::Error| Error::Open { path: path.to_owned(), cause: io_error_text(&e) };
    match inspect_file(path)? {
        Some(found) => restrict_mode(path, &found).map_err(failed),
        None => create_file(path).map_err(failed),
    }
}

/// Looks at the file and its log and changes nothing. `None` where there is no file.
///
/// # Errors
/// What is wrong with them.
pub(super) fn inspect_file(path: &Path) -> Result<Option<fs::Metadata>> {
    let path_of = || path.to_owned();
    let failed = |e: io::Error| Error::Open { path: path_of(), cause: io_error_text(&e) };
    wal_check::check_wal(path)?;
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
        // SQLite would wait for ever for the other end of a pipe.
        Ok(found) if !found.is_file() || (1..MIN_DATABASE_BYTES).contains(&found.len()) => {
            Err(Error::NotADatabase { path: path_of() })
        }
        // The file beside each name is another one: each name has a log of its own. Who only reads has none.
        Ok(found) if found.nlink() > 1 && is_writable(path) => Err(Error::HardLinks { path: path_of() }),
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed(e)),
    }
}

/// Opens the file with SQLite: for writing, or as it is where it cannot be written, such as a backup on a read-only
/// medium.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let at = |e| Error::from_sqlite(path, e);
    // An absolute path is always a file; SQLite takes `:memory:` and `file:…` for something else.
    let file =
        std::path::absolute(path).map_err(|e| Error::Open { path: path.to_owned(), cause: io_error_text(&e) })?;
    let has_log = || fs::metadata(sibling_path(path, "-wal")).is_ok_and(|log| log.len() > 0);
    // With a log SQLite needs its index in shared memory, too, and makes it if it can.
    if !is_writable(path) && !has_log() {
        return connect_immutable(path).map_err(at);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(at)
}

/// Opens the file as it is, without its log, its locks and what SQLite makes beside it.
pub(super) fn connect_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let file = std::path::absolute(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let mut uri = String::from("file:");
    for byte in file.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            it if it.is_ascii_alphanumeric() => uri.push(char::from(*it)),
            it => uri.push_str(&format!("%{it:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags)
}

/// The name of a log that was just made must outlast a power cut, as what is committed to it does. SQLite would see to
/// that at the first commit of every process; here it is done before the first of the processes that share the log.
pub(super) fn sync_wal_dir_entry(path: &Path) {
    let log = sibling_path(path, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() == 0) {
        let _ = fs::File::open(files::parent_dir(&log)).and_then(|dir| dir.sync_all());
    }
}

/// Whether this user may write the file and make others beside it. Whatever else keeps it from that is told by the one
/// who tries.
fn is_writable(path: &Path) -> bool {
    let is_allowed = |path: &Path| !matches!(access(path, Access::WRITE_OK), Err(Errno::ACCESS | Errno::ROFS));
    is_allowed(path) && is_allowed(files::parent_dir(path))
}

fn create_file(path: &Path) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        files::create_private_dir(dir)?;
    }
    match files::create_private(path) {
        // Another process was first.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// A copy or a restore may have left the file readable by everybody; it holds tokens and openids. A group keeps it
/// if it can write, too: it was shared with that on purpose. Before SQLite opens it, which makes the files beside
/// it in its mode.
fn restrict_mode(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let close = |path: &Path, found: &fs::Metadata| {
        let mode = found.permissions().mode() & 0o777;
        let allowed = if mode & 0o060 == 0o060 { 0o770 } else { 0o700 };
        if !found.is_file() || mode & 0o077 & !allowed == 0 {
            return Ok(false);
        }
        match fs::set_permissions(path, fs::Permissions::from_mode(mode & allowed)) {
            // Another user's file, shared on purpose.
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
