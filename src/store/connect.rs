//! Connections to the database's file.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::{Error, Result};
use crate::files::{self, sibling_path};
use crate::i18n::io_error_text;

/// Opens the file with SQLite: for writing, or read-only if it cannot be written, such as a backup
/// on a read-only medium.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let at = |e| Error::from_sqlite(path, e);
    // An absolute path is always a file; SQLite interprets `:memory:` and `file:…` otherwise.
    let file =
        std::path::absolute(path).map_err(|e| Error::Open { path: path.to_owned(), cause: io_error_text(&e) })?;
    let has_log = || fs::metadata(sibling_path(path, "-wal")).is_ok_and(|log| log.len() > 0);
    // With a log SQLite needs its shared-memory index as well, and creates it if it can.
    if !is_writable(path) && !has_log() {
        return connect_immutable(path).map_err(at);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(at)
}

/// Opens only the file, without its log, locks or any new sibling.
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

/// Returns whether this user may write the file and create siblings. Other obstacles are reported
/// by the write itself.
pub(super) fn is_writable(path: &Path) -> bool {
    let is_allowed = |path: &Path| !matches!(access(path, Access::WRITE_OK), Err(Errno::ACCESS | Errno::ROFS));
    is_allowed(path) && is_allowed(files::parent_dir(path))
}
