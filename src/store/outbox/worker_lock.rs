//! Which process has which messages, and whether it lives: each holds a lock on a file of its own beside the
//! database, which the system drops with the process. No clock says so: clocks move and machines sleep.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rand::TryRng as _;
use rand::rngs::SysRng;
use rusqlite::params;

use super::transaction::{APP_ID_COLUMN, ClaimedMessage, load_history, read_claimed_message, select_claimed_sql};
use crate::files;
use crate::i18n::io_error_text;
use crate::store::{Error, Result, Store, sibling_path, sync_wal_dir_entry, temp_copy};

/// Hexadecimal digits of a process's name.
const WORKER_ID_DIGITS: usize = 16;

/// How often a process makes its lock file, where others remove it.
const MAX_CREATE_ATTEMPTS: usize = 8;

/// This process as one that has messages, until it is dropped.
#[derive(Debug)]
pub struct WorkerLock {
    worker_id: String,
    path: PathBuf,
    _lock: File,
}

impl WorkerLock {
    /// Begins, for the database at that path.
    ///
    /// # Errors
    /// [`Error::Open`] where no file can be made beside the database.
    pub fn acquire(database: &Path) -> Result<Self> {
        let failed = |e: io::Error| Error::Open { path: database.to_owned(), cause: io_error_text(&e) };
        // What this process commits must be there after a power cut before its first message leaves.
        sync_wal_dir_entry(database);
        for _ in 0..MAX_CREATE_ATTEMPTS {
            let mut bytes = [0; 8];
            SysRng.try_fill_bytes(&mut bytes).map_err(|e| failed(io::Error::other(e)))?;
            let name = format!("{:0WORKER_ID_DIGITS$x}", u64::from_be_bytes(bytes));
            let path = lock_path(database, &name);
            let lock = files::create_private(&path).map_err(failed)?;
            files::copy_ownership(&lock, database).map_err(failed)?;
            // Between the two, who sweeps may have taken it for one that was left behind.
            let is_ours = match lock.try_lock() {
                Ok(()) => is_linked(&lock).map_err(failed)?,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            };
            if is_ours {
                return Ok(Self { worker_id: name, path, _lock: lock });
            }
        }
        Err(failed(io::ErrorKind::Unsupported.into()))
    }

    /// What the messages of this process are marked with.
    pub fn worker_id(&self) -> &str {
        &self.worker_id
    }
}

impl Drop for WorkerLock {
    fn drop(&mut self) {
        // Whoever finds it left behind removes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// A message of a process that is gone.
#[derive(Clone, Debug)]
pub struct Orphan {
    /// Its account.
    pub app_id: String,
    /// The message, with what was tried. An attempt without an outcome may have arrived.
    pub claimed: ClaimedMessage,
}

impl Store {
    /// Hands the messages of each process that is gone to `settle`, which says what becomes of them, in a turn
    /// in that process's name. Another process that does the same at that time is left to it.
    ///
    /// # Errors
    /// Those of `settle`, and the database's own.
    pub fn recover_workers(
        &mut self,
        mut recover: impl FnMut(&mut Self, &str, Vec<Orphan>) -> Result<()>,
    ) -> Result<()> {
        for worker in self.worker_ids()? {
            let path = lock_path(&self.path, &worker);
            let Some(lock) = try_lock_dead_worker(&path, &self.path) else { continue };
            let orphans = self.orphans(&worker)?;
            recover(self, &worker, orphans)?;
            // Settled messages need nobody's name: a process was killed between two commits of its end.
            let release_sql = "UPDATE messages SET claimed_by = NULL WHERE claimed_by = ?1 AND state <> 'queued'";
            self.map_err(self.conn.execute(release_sql, params![worker]))?;
            let _ = fs::remove_file(&path);
            drop(lock);
        }
        Ok(())
    }

    /// Removes the files of processes that are gone and have no message: they were killed before their first, or after
    /// their last; and what killed backups left. Best effort.
    pub fn remove_stale_locks(&self) {
        temp_copy::remove_stale_copies(files::parent_dir(&self.path));
        let lock = lock_path(&self.path, "");
        let Some(prefix) = lock.file_name().and_then(OsStr::to_str) else { return };
        for found in fs::read_dir(files::parent_dir(&lock)).into_iter().flatten().flatten() {
            let name = found.file_name();
            let worker = name.to_str().and_then(|name| name.strip_prefix(prefix)).unwrap_or_default();
            if worker.len() == WORKER_ID_DIGITS
                && worker.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
                && found.file_type().is_ok_and(|kind| kind.is_file())
                && let Some(_held) = try_lock_dead_worker(&found.path(), &self.path)
            {
                let _ = fs::remove_file(found.path());
            }
        }
    }

    /// Whether a process that lives has messages of the account. Nothing is settled, and no file is made.
    pub(in crate::store) fn has_live_worker(&self, app_id: &str) -> Result<bool> {
        let sql = "SELECT DISTINCT claimed_by FROM messages WHERE claimed_by NOTNULL AND app_id = ?1";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map([app_id], |row| row.get::<_, String>(0)))?;
        let workers: Vec<String> = self.map_err(rows.collect())?;
        let is_live = |worker: &String| {
            let file = files::open_existing_private(&lock_path(&self.path, worker));
            file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
        };
        Ok(workers.iter().any(is_live))
    }

    fn worker_ids(&self) -> Result<Vec<String>> {
        let mut query =
            self.map_err(self.conn.prepare("SELECT DISTINCT claimed_by FROM messages WHERE claimed_by NOTNULL"))?;
        let rows = self.map_err(query.query_map([], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }

    /// What a process holds, in the order of the ids.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn orphans(&self, worker: &str) -> Result<Vec<Orphan>> {
        let sql = select_claimed_sql("", "m.claimed_by = ?1 AND m.state = 'queued' ORDER BY m.id");
        let mut query = self.map_err(self.conn.prepare(&sql))?;
        let rows =
            self.map_err(query.query_map([worker], |row| Ok((read_claimed_message(row)?, row.get(APP_ID_COLUMN)?))))?;
        let found: Vec<(_, String)> = self.map_err(rows.collect())?;
        let load = |(message, app_id)| Ok(Orphan { app_id, claimed: load_history(&self.conn, message)? });
        self.map_err(found.into_iter().map(load).collect())
    }
}

/// The lock, if nobody who lives has it. Held while the messages are dealt with, so that only one does it.
fn try_lock_dead_worker(path: &Path, database: &Path) -> Option<File> {
    let file = files::open_private(path).ok()?;
    files::copy_ownership(&file, database).ok()?;
    match file.try_lock() {
        // One that another removed meanwhile says nothing of the one that is in its place.
        Ok(()) => is_linked(&file).ok()?.then_some(file),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
    }
}

/// Whether the file still has its name.
fn is_linked(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() > 0)
}

/// Where a process of that name has its lock.
fn lock_path(database: &Path, worker: &str) -> PathBuf {
    sibling_path(database, &format!("-worker-{worker}"))
}
