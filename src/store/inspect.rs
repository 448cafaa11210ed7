//! A look at a database that changes nothing of it, however old, new or broken it is.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, params};

use super::migrate::{self, MIGRATIONS, schema_version};
use super::open::{connect, inspect_file};
use super::outbox::claimable_sql;
use super::{Error, Result, Store};
use crate::clock::Timestamp;

/// How long the look waits for another process's write.
const INSPECTION_BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Pages, about, between two looks at the clock.
const PROGRESS_INTERVAL_OPS: i32 = 100;

/// A database that is looked at.
pub struct Inspection {
    conn: Connection,
    path: PathBuf,
    /// The version of its schema; 0 where there is none yet.
    pub schema: i64,
    /// The version that this program brings it to.
    pub supported_schema: i64,
}

/// What a check of the whole file came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// All of it is as it should be.
    Ok,
    /// The first thing that is not, in SQLite's words.
    Corrupt(String),
    /// The time was up.
    TimedOut,
}

/// Messages that are due and that nobody delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverdueMessages {
    /// How many.
    pub count: i64,
    /// The earliest time that one was due.
    pub since: Timestamp,
}

impl Inspection {
    /// Opens what is at `path`; `None` where nothing is.
    ///
    /// # Errors
    /// [`Error::NotADatabase`], [`Error::Foreign`] and [`Error::NewerSchema`] for a file that is not ours, or not this
    /// program's; [`Error::Open`] where it cannot be opened.
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

    /// Whether it can be opened as a [`Store`] without a change of its schema.
    pub fn is_current(&self) -> bool {
        self.schema == self.supported_schema
    }

    /// Takes the right to write, and gives it back.
    ///
    /// # Errors
    /// [`Error::ReadOnly`]; [`Error::Busy`] where another process has had it for two seconds.
    pub fn check_writable(&self) -> Result<()> {
        // SQLite lets a read-only file be opened for writing, and begins as if it could.
        if self.conn.is_readonly("main").map_err(|e| Error::from_sqlite(&self.path, e))? {
            return Err(Error::ReadOnly { path: self.path.clone() });
        }
        self.conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(|e| Error::from_sqlite(&self.path, e))
    }

    /// Reads the whole file, and says what is wrong with it.
    ///
    /// # Errors
    /// Where it cannot be read as far as that.
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
    /// The account's messages that were due before that time and that no process has. Where a process is at work
    /// on others of them, it will come to these, and there are none.
    ///
    /// # Errors
    /// Only the database's own.
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
    fn a_look_neither_makes_nor_changes_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        assert!(Inspection::open(&path).unwrap().is_none());
        assert!(!path.exists());

        let conn = Connection::open(&path).unwrap();
        // A file of ours from before the first step of the schema.
        conn.execute_batch(&format!("PRAGMA application_id = {}", migrate::APPLICATION_ID)).unwrap();
        drop(conn);
        let mut look = Inspection::open(&path).unwrap().unwrap();
        assert_eq!((look.schema, look.is_current()), (0, false));
        look.check_writable().unwrap();
        assert_eq!(look.check_integrity(Duration::from_secs(60)).unwrap(), Integrity::Ok);
        drop(look);
        assert_eq!(Inspection::open(&path).unwrap().unwrap().schema, 0);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no copy beside it");
    }

    #[test]
    fn damage_is_seen_and_a_large_file_takes_no_longer_than_it_may() {
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
        let mut look = Inspection::open(&path).unwrap().unwrap();
        assert_eq!(look.check_integrity(Duration::ZERO).unwrap(), Integrity::TimedOut);
        drop(look);
        let mut bytes = fs::read(&path).unwrap();
        let page = bytes.len() / 2 / 4096 * 4096;
        bytes[page..page + 4096].fill(0x55);
        fs::write(&path, bytes).unwrap();
        let mut look = Inspection::open(&path).unwrap().unwrap();
        let found = look.check_integrity(Duration::from_secs(60));
        assert!(matches!(found, Ok(Integrity::Corrupt(_)) | Err(Error::Corrupt { .. })), "{found:?}");
    }
}
