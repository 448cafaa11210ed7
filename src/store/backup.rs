//! Backups: a copy of the whole database while other processes use it.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::migrate::APPLICATION_ID;
use super::temp_copy::TempCopy;
use super::{Error, Result, Store};
use crate::files;
use crate::i18n::io_error_text;

/// The file at the target path of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupTarget {
    /// There is no file.
    Absent,
    /// The database itself, by any name.
    Database,
    /// The name of a file that wxbox or SQLite uses beside the database, whether or not it exists.
    Sidecar,
    /// A directory.
    Directory,
    /// A device, a pipe or a socket.
    SpecialFile,
    /// A copy of a wxbox database, an empty file, or a link.
    Replaceable,
    /// A file that is not a wxbox database.
    ForeignFile,
}

impl BackupTarget {
    /// Inspects the path `to` for a backup of `database`, without changing it.
    pub fn inspect(to: &Path, database: &Path) -> Self {
        let database = database.canonicalize().unwrap_or_else(|_| database.to_owned());
        if to.canonicalize().is_ok_and(|to| to == database) {
            return Self::Database;
        }
        if is_same_path(files::parent_dir(to), files::parent_dir(&database)) && is_sidecar_name(to, &database) {
            return Self::Sidecar;
        }
        if to.is_dir() {
            return Self::Directory;
        }
        match fs::symlink_metadata(to) {
            Err(_) => Self::Absent,
            Ok(found) if found.is_symlink() || found.is_file() && found.len() == 0 => Self::Replaceable,
            Ok(found) if !found.is_file() => Self::SpecialFile,
            Ok(_) if is_wxbox_database(to).unwrap_or(false) => Self::Replaceable,
            Ok(_) => Self::ForeignFile,
        }
    }
}

/// Returns whether a file with this name belongs to the database.
fn is_sidecar_name(to: &Path, database: &Path) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or_default().as_encoded_bytes().to_vec();
    let (to, database) = (name(to), name(database));
    let Some(end) = to.strip_prefix(&*database) else { return false };
    ["-wal", "-shm", "-journal", "-token-lock"].iter().any(|it| end == it.as_bytes())
        || end.starts_with(b"-worker-")
        || end.starts_with(b".v") && end.ends_with(b".bak")
}

/// Returns whether a file is a wxbox database.
fn is_wxbox_database(file: &Path) -> io::Result<bool> {
    let mut head = [0; 72];
    fs::File::open(file)?.read_exact_at(&mut head, 0)?;
    let id = i64::from(u32::from_be_bytes([head[68], head[69], head[70], head[71]]));
    Ok(head.starts_with(super::SQLITE_HEADER) && id == APPLICATION_ID)
}

impl Store {
    /// Copies the database, including its write-ahead log, to `to` with mode 0600. The copy has a
    /// temporary name until it is complete. Returns `false` if `to` exists and `replace` is not
    /// set.
    ///
    /// # Errors
    ///
    /// [`Error::DiskFull`], [`Error::Open`] and others name `to`.
    pub fn backup(&self, to: &Path, replace: bool) -> Result<bool> {
        let failed = |e: io::Error| match e.kind() {
            io::ErrorKind::StorageFull => Error::DiskFull { path: to.to_owned() },
            _ => Error::Open { path: to.to_owned(), cause: io_error_text(&e) },
        };
        let dir = files::parent_dir(to);
        fs::metadata(dir).map_err(failed)?;
        let temp_copy = TempCopy::create(dir).map_err(failed)?;
        if is_same_path(dir, files::parent_dir(&self.path)) {
            files::copy_ownership(temp_copy.file(), &self.path).map_err(failed)?;
        }
        let copied = temp_copy.copy_from(&self.conn).map_err(|e| Error::from_sqlite(to, e))?;
        copied.ok_or_else(|| Error::Busy { path: self.path.clone() })?;
        temp_copy.persist_to(to, replace).map_err(failed)
    }
}

fn is_same_path(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}
