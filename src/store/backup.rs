//! A copy of the whole database while others use it.

use std::io;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{Error, Result, Store};
use crate::private;
use crate::words::system;

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
        let at = |e| Error::at(to, e);
        let dir = private::directory_of(to);
        std::fs::metadata(dir).map_err(failed)?;
        let fresh = private::temporary(dir, ".wxbox-backup-").map_err(failed)?;
        let mut copy = Connection::open(fresh.path()).map_err(at)?;
        {
            // In one step, under one read transaction: the copy is of one moment, writers do not wait, and
            // however much they write, it ends.
            let backup = Backup::new(&self.conn, &mut copy).map_err(at)?;
            match backup.step(-1).map_err(at)? {
                StepResult::Done => {}
                _ => return Err(Error::Busy { path: self.path.clone() }),
            }
        }
        copy.close().map_err(|(_, e)| at(e))?;
        fresh.as_file().sync_all().map_err(failed)?;
        if !replace && to.exists() {
            return Ok(false);
        }
        forget_log(to).map_err(failed)?;
        let placed = if replace { fresh.persist(to) } else { fresh.persist_noclobber(to) };
        match placed {
            Ok(_) => {}
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(e) => return Err(failed(e.error)),
        }
        // The name too survives a power cut, where directories can be opened.
        let _ = std::fs::File::open(dir).and_then(|dir| dir.sync_all());
        Ok(true)
    }
}

/// Removes the log that an older file of that name had: SQLite would take it for the new one's, and put its
/// pages into the copy.
fn forget_log(file: &Path) -> io::Result<()> {
    for end in ["-wal", "-shm", "-journal"] {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(end);
        match std::fs::remove_file(file.with_file_name(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}
