//! Worker locks: which run has claimed which messages, and whether it is alive. Each run locks a
//! file of its own beside the database, and the system releases the lock when the process dies. No
//! clock is involved, because clocks change and machines sleep.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::params;

use super::transaction::{APP_ID_COLUMN, ClaimedMessage, load_history, read_claimed_message, select_claimed_sql};
use crate::files;
use crate::files::sibling_path;
use crate::i18n::io_error_text;
use crate::random::random_bytes;
use crate::store::open::sync_wal_dir_entry;
use crate::store::{Error, Result, Store, temp_copy};

/// The number of hex digits of a worker ID.
const WORKER_ID_DIGITS: usize = 16;

/// How often a run creates its lock file, if other processes delete it.
const MAX_CREATE_ATTEMPTS: usize = 8;

/// The lock of a run, which it holds until it is dropped.
#[derive(Debug)]
pub struct WorkerLock {
    worker_id: String,
    path: PathBuf,
    _lock: File,
}

impl WorkerLock {
    /// Creates and locks a file beside the database.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] if no file can be created beside the database.
    pub fn acquire(database: &Path) -> Result<Self> {
        let failed = |e: io::Error| Error::Open { path: database.to_owned(), cause: io_error_text(&e) };
        // This process's commits must survive a power cut before its first message is sent.
        sync_wal_dir_entry(database);
        for _ in 0..MAX_CREATE_ATTEMPTS {
            let bytes = random_bytes().map_err(|e| failed(io::Error::other(e)))?;
            let name = format!("{:0WORKER_ID_DIGITS$x}", u64::from_be_bytes(bytes));
            let path = lock_path(database, &name);
            let lock = files::create_private(&path).map_err(failed)?;
            files::copy_ownership(&lock, database).map_err(failed)?;
            // Another process may have deleted it as a stale one before it was locked.
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

    /// Returns the ID that marks the messages of this run.
    pub fn worker_id(&self) -> &str {
        &self.worker_id
    }
}

impl Drop for WorkerLock {
    fn drop(&mut self) {
        // If this fails, another process deletes the file.
        let _ = fs::remove_file(&self.path);
    }
}

/// A message of a dead process.
#[derive(Clone, Debug)]
pub struct Orphan {
    /// The account.
    pub app_id: String,
    /// The message with its history. An attempt without an outcome may have arrived.
    pub claimed: ClaimedMessage,
}

impl Store {
    /// Passes the messages of each dead worker to `recover`, with its worker ID, and removes its
    /// lock file. Skips a worker whose messages another process is recovering.
    ///
    /// # Errors
    ///
    /// The error of `recover`.
    pub fn for_each_dead_worker(
        &mut self,
        mut recover: impl FnMut(&mut Self, &str, Vec<Orphan>) -> Result<()>,
    ) -> Result<()> {
        for worker in self.worker_ids()? {
            let path = lock_path(&self.path, &worker);
            let Some(lock) = try_lock_dead_worker(&path, &self.path) else { continue };
            let orphans = self.claims_of(&worker)?;
            recover(self, &worker, orphans)?;
            // Finished messages need no worker: the process was killed between its last two
            // commits.
            let release_sql = "UPDATE messages SET claimed_by = NULL WHERE claimed_by = ?1 AND state <> 'queued'";
            self.map_err(self.conn.execute(release_sql, params![worker]))?;
            let _ = fs::remove_file(&path);
            drop(lock);
        }
        Ok(())
    }

    /// Deletes the lock files of dead processes without messages, which were killed before their
    /// first message or after their last one, and the copies that killed backups left. Best effort.
    pub fn remove_stale_locks(&self) {
        temp_copy::remove_stale_copies(files::parent_dir(&self.path));
        let lock = lock_path(&self.path, "");
        let Some(prefix) = lock.file_name().and_then(OsStr::to_str) else { return };
        for found in fs::read_dir(files::parent_dir(&lock)).into_iter().flatten().flatten() {
            let name = found.file_name();
            let worker = name.to_str().and_then(|name| name.strip_prefix(prefix)).unwrap_or_default();
            if worker.len() == WORKER_ID_DIGITS
                && worker.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
                && found.file_type().is_ok_and(|kind| kind.is_file())
                && let Some(_held) = try_lock_dead_worker(&found.path(), &self.path)
            {
                let _ = fs::remove_file(found.path());
            }
        }
    }

    /// Returns whether a live process has claimed messages of the account. Changes nothing and
    /// creates no file.
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
        // The oldest message first: worker IDs are random, and the order must not be.
        let sql = "SELECT claimed_by FROM messages WHERE claimed_by NOTNULL GROUP BY claimed_by ORDER BY min(id)";
        let mut query = self.map_err(self.conn.prepare_cached(sql))?;
        let rows = self.map_err(query.query_map([], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }

    /// Returns the messages that a process has claimed, by ID.
    pub fn claims_of(&self, worker: &str) -> Result<Vec<Orphan>> {
        let sql = select_claimed_sql("", "m.claimed_by = ?1 AND m.state = 'queued' ORDER BY m.id");
        let mut query = self.map_err(self.conn.prepare_cached(&sql))?;
        let rows =
            self.map_err(query.query_map([worker], |row| Ok((read_claimed_message(row)?, row.get(APP_ID_COLUMN)?))))?;
        let found: Vec<(_, String)> = self.map_err(rows.collect())?;
        let load = |(message, app_id)| Ok(Orphan { app_id, claimed: load_history(&self.conn, message)? });
        self.map_err(found.into_iter().map(load).collect())
    }
}

/// Returns the lock of a dead process. It is held during the recovery, so that only one process
/// does it.
fn try_lock_dead_worker(path: &Path, database: &Path) -> Option<File> {
    let file = files::open_private(path).ok()?;
    files::copy_ownership(&file, database).ok()?;
    match file.try_lock() {
        // Another process may have deleted this file, and a new one with the same name says nothing
        // about it.
        Ok(()) => is_linked(&file).ok()?.then_some(file),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
    }
}

/// Returns whether the file still has a name.
fn is_linked(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() > 0)
}

/// Returns the path of a worker's lock file.
fn lock_path(database: &Path, worker: &str) -> PathBuf {
    sibling_path(database, &format!("-worker-{worker}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        fs::read_dir(dir).unwrap().map(|found| found.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn only_files_of_dead_processes_are_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let live = WorkerLock::acquire(store.path()).unwrap();
        for name in ["wxbox.db-worker-00000000000000ab", "wxbox.db-worker-mine", "wxbox.db-worker-00000000000000AB"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        store.remove_stale_locks();
        let mut left = names(dir.path());
        left.retain(|name| name.contains("worker"));
        left.sort_unstable();
        let mut expected = ["wxbox.db-worker-00000000000000AB", "wxbox.db-worker-mine"].map(str::to_owned).to_vec();
        expected.push(format!("wxbox.db-worker-{}", live.worker_id()));
        expected.sort_unstable();
        assert_eq!(left, expected);
    }

    /// Another process may have deleted it before it was locked, and another file may have its
    /// name.
    #[test]
    fn a_deleted_lock_file_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let file = files::create_private(&path).unwrap();
        assert!(is_linked(&file).unwrap());
        fs::remove_file(&path).unwrap();
        files::create_private(&path).unwrap();
        assert!(!is_linked(&file).unwrap());
    }
}
