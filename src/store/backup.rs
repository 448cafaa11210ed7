//! A copy of the whole database while others use it.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::draft::Draft;
use super::migrate::APPLICATION_ID;
use super::{Error, Result, Store};
use crate::private;
use crate::words::system;

/// What is at the place that a copy is to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Free,
    /// The database itself, by whatever name.
    Itself,
    /// The name of a file that wxbox or SQLite has beside the database, whether or not it is there now.
    Beside,
    /// A directory.
    Directory,
    /// A device, a pipe or a socket.
    Special,
    /// A copy of a database of wxbox, an empty file, or a link.
    Replaceable,
    /// A file that is no database of wxbox.
    Other,
}

impl Place {
    /// Looks at `to`, where the database is at `database`. Nothing is written to what is there: a copy takes its name.
    pub fn of(to: &Path, database: &Path) -> Self {
        let database = database.canonicalize().unwrap_or_else(|_| database.to_owned());
        if to.canonicalize().is_ok_and(|to| to == database) {
            return Self::Itself;
        }
        if is_same(private::directory_of(to), private::directory_of(&database)) && is_name_beside(to, &database) {
            return Self::Beside;
        }
        if to.is_dir() {
            return Self::Directory;
        }
        match fs::symlink_metadata(to) {
            Err(_) => Self::Free,
            Ok(found) if found.is_symlink() || found.is_file() && found.len() == 0 => Self::Replaceable,
            Ok(found) if !found.is_file() => Self::Special,
            Ok(_) if is_ours(to).unwrap_or(false) => Self::Replaceable,
            Ok(_) => Self::Other,
        }
    }
}

/// Whether a file of that name belongs to the database.
fn is_name_beside(to: &Path, database: &Path) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or_default().as_encoded_bytes().to_vec();
    let (to, database) = (name(to), name(database));
    let Some(end) = to.strip_prefix(&*database) else { return false };
    ["-wal", "-shm", "-journal", "-token-lock"].iter().any(|it| end == it.as_bytes())
        || end.starts_with(b"-worker-")
        || end.starts_with(b".v") && end.ends_with(b".bak")
}

/// Whether a file is a database of wxbox.
fn is_ours(file: &Path) -> io::Result<bool> {
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
            io::ErrorKind::StorageFull => Error::Full { path: to.to_owned() },
            _ => Error::Open { path: to.to_owned(), cause: system(&e) },
        };
        let dir = private::directory_of(to);
        fs::metadata(dir).map_err(failed)?;
        let fresh = Draft::begin(dir).map_err(failed)?;
        if is_same(dir, private::directory_of(&self.path)) {
            private::share(fresh.file(), &self.path).map_err(failed)?;
        }
        let copied = fresh.fill(&self.conn).map_err(|e| Error::at(to, e))?;
        copied.ok_or_else(|| Error::Busy { path: self.path.clone() })?;
        fresh.place(to, replace).map_err(failed)
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}
