//! A copy of the whole database while others use it.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::migrate::APPLICATION_ID;
use super::temp_copy::TempCopy;
use super::{Error, Result, Store};
use crate::files;
use crate::i18n::io_error_text;

/// What is at the place that a copy is to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupTarget {
    /// Nothing.
    Absent,
    /// The database itself, by whatever name.
    Database,
    /// The name of a file that wxbox or SQLite has beside the database, whether or not it is there now.
    Sidecar,
    /// A directory.
    Directory,
    /// A device, a pipe or a socket.
    SpecialFile,
    /// A copy of a database of wxbox, an empty file, or a link.
    Replaceable,
    /// A file that is no database of wxbox.
    ForeignFile,
}

impl BackupTarget {
    /// Looks at `to`, where the database is at `database`. Nothing is written to what is there: a copy takes its name.
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

/// Whether a file of that name belongs to the database.
fn is_sidecar_name(to: &Path, database: &Path) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or_default().as_encoded_bytes().to_vec();
    let (to, database) = (name(to), name(database));
    let Some(end) = to.strip_prefix(&*database) else { return false };
    ["-wal", "-shm", "-journal", "-token-lock"].iter().any(|it| end == it.as_bytes())
        || end.starts_with(b"-worker-")
        || end.starts_with(b".v") && end.ends_with(b".bak")
}

/// Whether a file is a database of wxbox.
fn is_wxbox_database(file: &Path) -> io::Result<bool> {
    let mut head = [0; 72];
    fs::File::open(file)?.read_exact_at(&mut head, 0)?;
    let id = i64::from(u32::from_be_bytes([head[68], head[69], head[70], head[71]]));
    Ok(head.starts_with(super::SQLITE_HEADER) && id == APPLICATION_ID)
}

impl Store {
    /// Copies the database, with what is still in its write-ahead log, to `to`, 0600. It is written under
    /// another name first, so that it is whole or not there. `false`: there is something at `to` already,
    /// and `replace` does not say that it may go.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Open`] and the like name `to`.
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
