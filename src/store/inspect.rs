//! Read-only inspection of a database, however old, new or damaged it is.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, params};

use super::connect::connect;
use super::migrate::{self, MIGRATIONS, schema_version};
use super::open::inspect_file;
use super::outbox::claimable_sql;
use super::{Error, Result, Store};
use crate::clock::Timestamp;

/// How long an inspection waits for another process's write.
const INSPECTION_BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// SQLite operations between two checks of the deadline, about 100 pages.
const PROGRESS_INTERVAL_OPS: i32 = 100;

/// A database under inspection.
pub struct Inspection {
    conn: Connection,
    path: PathBuf,
    /// Its schema version; 0 if it has none yet.
    pub schema: i64,
    /// The schema version of this program.
    pub supported_schema: i64,
}

/// The result of an integrity check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// The whole file is intact.
    Ok,
    /// SQLite's description of the first problem.
    Corrupt(String),
    /// The deadline passed.
    TimedOut,
}

/// Messages that are due and that no process delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverdueMessages {
    /// Their number.
    pub count: i64,
    /// The earliest due time.
    pub since: Timestamp,
}

impl Inspection {
    /// Opens the database at `path`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::NotADatabase`], [`Error::OtherApplication`], [`Error::Unreleased`] and
    /// [`Error::NewerSchema`] for a file that this program cannot use; [`Error::Open`] if it cannot
    /// be opened.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        if inspect_file(path)?.is_none() {
            return Ok(None);
        }
        let at = |e| Error::from_sqlite(path, e);
        let conn = connect(path)?;
        conn.busy_timeout(INSPECTION_BUSY_TIMEOUT).map_err(at)?;
        let known = schema_version(MIGRATIONS);
        let found = migrate::read_version(&conn, path, known)?;
        Ok(Some(Self { conn, path: path.to_owned(), schema: found, supported_schema: known }))
    }

    /// Returns whether it can be opened as a [`Store`] without a migration.
    pub fn is_current(&self) -> bool {
        self.schema == self.supported_schema
    }

    /// Acquires the write lock and releases it.
    ///
    /// # Errors
    ///
    /// [`Error::ReadOnly`]; [`Error::Busy`] if another process has held the lock for two seconds.
    pub fn check_writable(&self) -> Result<()> {
        // SQLite opens a read-only file for writing without an error.
        if self.conn.is_readonly("main").map_err(|e| Error::from_sqlite(&self.path, e))? {
            return Err(Error::ReadOnly { path: self.path.clone() });
        }
        self.conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(|e| Error::from_sqlite(&self.path, e))
    }

    /// Reads the whole file and returns its first problem.
    pub fn check_integrity(&mut self, timeout: Duration) -> Result<Integrity> {
        let path = self.path.clone();
        let at = |e| Error::from_sqlite(&path, e);
        let deadline = Instant::now() + timeout;
        self.conn.progress_handler(PROGRESS_INTERVAL_OPS, Some(move || Instant::now() >= deadline)).map_err(at)?;
        let result = self.conn.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        self.conn.progress_handler(0, None::<fn() -> bool>).map_err(at)?;
        match result {
            Ok(result) if result == "ok" => Ok(Integrity::Ok),
            Ok(result) => Ok(Integrity::Corrupt(result)),
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(Integrity::TimedOut),
            Err(e) => Err(at(e)),
        }
    }
}

impl Store {
    /// Commits to the database without changing its content, because only a commit shows that it
    /// can be written.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`], or another error that prevents the commit.
    pub fn check_writable(&mut self) -> Result<()> {
        // The generation of the database changes with each commit.
        self.write_transaction(|_| Ok(Ok(())))
    }
}

impl Store {
    /// Returns the account's messages that were due before this time; `None` if a live process has
    /// claimed messages of the account and will deliver these too.
    pub fn overdue(&self, app_id: &str, before: Timestamp) -> Result<Option<OverdueMessages>> {
        if self.has_live_worker(app_id)? {
            return Ok(None);
        }
        let sql = format!(
            "SELECT count(*), min(due_at) FROM messages m
             WHERE app_id = ?1 AND state = 'queued' AND due_at < ?2 AND {}",
            claimable_sql("?2")
        );
        let row = self.conn.query_row(&sql, params![app_id, before], |row| Ok((row.get(0)?, row.get(1)?)));
        let (count, since): (i64, Option<Timestamp>) = self.map_err(row)?;
        Ok(since.map(|since| OverdueMessages { count, since }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn inspection_neither_creates_nor_changes_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        assert!(Inspection::open(&path).unwrap().is_none());
        assert!(!path.exists());

        let conn = Connection::open(&path).unwrap();
        // A wxbox file from before the first migration.
        conn.execute_batch(&format!("PRAGMA application_id = {}", migrate::APPLICATION_ID)).unwrap();
        drop(conn);
        let mut inspection = Inspection::open(&path).unwrap().unwrap();
        assert_eq!((inspection.schema, inspection.is_current()), (0, false));
        inspection.check_writable().unwrap();
        assert_eq!(inspection.check_integrity(Duration::from_secs(60)).unwrap(), Integrity::Ok);
        drop(inspection);
        assert_eq!(Inspection::open(&path).unwrap().unwrap().schema, 0);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no copy beside it");
    }

    #[test]
    fn integrity_check_finds_corruption_and_obeys_time_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let store = Store::open(&path).unwrap();
        store
            .conn
            .execute_batch(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
                 INSERT INTO payloads (type, json, created_at) SELECT 'text', printf('%.200c', 'x'), n FROM n;
                 PRAGMA wal_checkpoint(TRUNCATE);",
            )
            .unwrap();
        drop(store);
        let mut inspection = Inspection::open(&path).unwrap().unwrap();
        assert_eq!(inspection.check_integrity(Duration::ZERO).unwrap(), Integrity::TimedOut);
        drop(inspection);
        let mut bytes = fs::read(&path).unwrap();
        let page = bytes.len() / 2 / 4096 * 4096;
        bytes[page..page + 4096].fill(0x55);
        fs::write(&path, bytes).unwrap();
        let mut inspection = Inspection::open(&path).unwrap().unwrap();
        let integrity = inspection.check_integrity(Duration::from_secs(60));
        assert!(matches!(integrity, Ok(Integrity::Corrupt(_)) | Err(Error::Corrupt { .. })), "{integrity:?}");
    }
}
