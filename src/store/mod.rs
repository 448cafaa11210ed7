//! The only SQL: what wxbox knows and owes, in one SQLite file.
//!
//! Each function is named for what it means, takes the time as an argument, and commits before it
//! returns. The file is opened 0600 in a directory 0700, in WAL mode with a busy time-out, so any number
//! of processes can use it at once.

mod backup;
mod error;
mod following;
mod health;
mod history;
mod import;
mod migrate;
mod original;
mod outbox;
mod templates;
mod tokens;
mod users;
mod wal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

pub use error::Error;
pub use following::{Bound, Changed};
pub use health::{Look, Overdue, Soundness};
pub use history::Counts;
pub use import::{Clash, Incoming};
pub use original::{NotText, Original, OriginalError, OriginalUser, SQLITE_HEADER};
pub use outbox::{
    Alive, Answer, Attachment, Attempt, AttemptOutcome, Backoff, Begin, Body, Ending, Expiry, Filter, Held, History,
    Media, Message, NewMessage, Orphan, Parcel, Place, Retry, Scope, State, Turn, Which, Who,
};
pub use templates::{Family, Template, TemplateList};
pub use tokens::Token;
pub use users::{Binding, Edit, NewUser, User, UserFilter, checked_openid};

use crate::private;
use crate::time::Timestamp;
use crate::words::system;

/// What the store gives back.
pub type Result<T> = std::result::Result<T, Error>;

/// How long a statement waits for another process's write, where nothing else is said.
const BUSY: Duration = Duration::from_secs(10);

/// The open database.
pub struct Store {
    conn: Connection,
    path: PathBuf,
    patience: Duration,
    /// So many turns were taken with it.
    turns: u32,
}

impl Store {
    /// Opens the database at `path`, making it (and its directory) where there is none, and brings its
    /// schema up to date; before a change a copy is left beside it as `FILE.vN.bak`.
    ///
    /// # Errors
    /// [`Error::NotADatabase`], [`Error::Foreign`] and [`Error::Newer`] for a file that is not ours to
    /// touch, [`Error::Open`] where it cannot be opened or made.
    pub fn open(path: &Path) -> Result<Self> {
        let path = &real(path);
        prepare_file(path)?;
        let log = beside(path, "-wal");
        let has_log = log.exists();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // An absolute path is always a file; SQLite takes `:memory:` and `file:…` for something else.
        let file = std::path::absolute(path).map_err(|e| Error::Open { path: path.to_owned(), cause: system(&e) })?;
        let conn = Connection::open_with_flags(file, flags).map_err(|e| Error::at(path, e))?;
        conn.busy_timeout(BUSY).map_err(|e| Error::at(path, e))?;
        // Secure deletion from the start: a page that was split keeps a copy of what moved, which no later
        // removal would find.
        conn.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;").map_err(|e| Error::at(path, e))?;
        conn.execute_batch(SHORT_LOG).map_err(|e| Error::at(path, e))?;
        if cfg!(target_os = "macos") {
            // Its fsync leaves what it was given in the disk's own memory; only its full one waits.
            conn.execute_batch("PRAGMA fullfsync = ON").map_err(|e| Error::at(path, e))?;
        }
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true).map_err(|e| Error::at(path, e))?;
        // Plans do not depend on what is bound: one that does is made anew at each run of its statement.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|e| Error::at(path, e))?;
        // See [`SHORT_LOG`].
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(|e| Error::at(path, e))?;
        let mut store = Self { conn, path: path.to_owned(), patience: BUSY, turns: 0 };
        migrate::bring_up_to_date(&mut store.conn, path, migrate::MIGRATIONS)?;
        if !has_log {
            // Its name must outlast a power cut, too. SQLite would see to that at the first commit of every process.
            let _ = fs::File::open(private::directory_of(&log)).and_then(|dir| dir.sync_all());
        }
        Ok(store)
    }

    /// One in memory without anything in it, in place of a file that is not there at `path`: for who only looks.
    ///
    /// # Errors
    /// Only SQLite's own.
    pub fn without_file(path: &Path) -> Result<Self> {
        let conn = Connection::open_in_memory().map_err(|e| Error::at(path, e))?;
        migrate::MIGRATIONS.iter().try_for_each(|sql| conn.execute_batch(sql)).map_err(|e| Error::at(path, e))?;
        Ok(Self { conn, path: path.to_owned(), patience: BUSY, turns: 0 })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether other processes have it, too: it is a file.
    pub fn is_shared(&self) -> bool {
        self.conn.path().is_some_and(|path| !path.is_empty())
    }

    /// Waits so long for another process's write from now on, instead of ten seconds, before it is [`Error::Busy`].
    ///
    /// # Errors
    /// Only the database's own.
    pub fn patient_for(mut self, patience: Duration) -> Result<Self> {
        self.at(self.conn.busy_timeout(patience))?;
        self.patience = patience;
        Ok(self)
    }

    /// How long it waits for another process's write.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    fn write(&mut self) -> Result<rusqlite::Transaction<'_>> {
        self.conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| Error::at(&self.path, e))
    }

    fn at<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|e| Error::at(&self.path, e))
    }

    /// Commits without waiting for the disk. Outcomes need not survive a power cut: a lost one is an
    /// attempt without outcome, which is safe.
    fn relaxed<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.at(self.conn.pragma_update(None, "synchronous", "NORMAL"))?;
        let result = work(self);
        self.at(self.conn.pragma_update(None, "synchronous", "FULL"))?;
        result
    }
}

/// From so many pages on in the write-ahead log, a commit moves them into the file, and the next one writes the log
/// over from its start, for which the disk takes less time than to make it longer. Not after every short command: that
/// would be three more waits for the disk. Nor seldom: whoever opens the file first reads the log.
/// What is longer than those pages with their heads is cut off then: old texts in it would never be written over.
const SHORT_LOG: &str = "PRAGMA wal_autocheckpoint = 64; PRAGMA journal_size_limit = 263712;";

/// The same for a process that goes on for long, and would wait too often.
const LONG_LOG: &str = "PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = -1;";

/// From so many turns on a process is taken to go on for long; one that sends a single message has two, or three.
const LONG: u32 = 4;

/// Bytes of a log that nobody leaves behind.
const LOG_LIMIT: u64 = 512 << 10;

impl Store {
    /// Moves the log into the file, if it has become long, and cuts it off.
    pub fn trim(&self) {
        if fs::metadata(beside(&self.path, "-wal")).is_ok_and(|log| log.len() > LOG_LIMIT) {
            // If others are busy with it, the next one does it: nobody waits for that.
            let _ = self.conn.busy_timeout(Duration::ZERO);
            let _ = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            let _ = self.conn.busy_timeout(self.patience);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.trim();
    }
}

/// The file of that ending beside the database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    name.into()
}

/// The file itself where `path` is a link to it. What is beside the file is beside the file, whatever it is
/// called: two processes that know it by two names must meet at the same locks.
fn real(path: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
    let file = is_link.then(|| fs::canonicalize(path).ok()).flatten();
    file.unwrap_or_else(|| path.to_owned())
}

/// SQLite takes a file shorter than its smallest page for an empty one, and would write over it.
const SHORTEST: u64 = 512;

/// Makes a missing file before SQLite does, so that it (and the WAL that takes over its mode) is 0600. One
/// that exists is not opened here: closing it again would drop the locks that SQLite holds on it elsewhere
/// in this process.
fn prepare_file(path: &Path) -> Result<()> {
    let failed = |e: io::Error| Error::Open { path: path.to_owned(), cause: system(&e) };
    wal::check(path)?;
    match fs::metadata(path) {
        Ok(found) if found.is_file() && (1..SHORTEST).contains(&found.len()) => {
            Err(Error::NotADatabase { path: path.to_owned() })
        }
        Ok(found) if found.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
        Ok(found) => close_to_others(path, &found).map_err(failed),
        Err(e) if e.kind() == io::ErrorKind::NotFound => make_file(path).map_err(failed),
        Err(e) => Err(failed(e)),
    }
}

fn make_file(path: &Path) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        private::directory(dir)?;
    }
    match private::new_file(path) {
        // Another process was first.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// A copy or a restore may have left the file readable by everybody; it holds tokens and openids. A group keeps it
/// if it can write, too: it was shared with that on purpose. Before SQLite opens it, which makes the files beside
/// it in its mode.
fn close_to_others(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let close = |path: &Path, found: &fs::Metadata| {
        let mode = found.permissions().mode() & 0o777;
        let may = if mode & 0o060 == 0o060 { 0o770 } else { 0o700 };
        if !found.is_file() || mode & 0o077 & !may == 0 {
            return Ok(false);
        }
        match fs::set_permissions(path, fs::Permissions::from_mode(mode & may)) {
            // Another user's file, shared on purpose.
            Err(e) if matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
                Ok(false)
            }
            done => done.map(|()| true),
        }
    };
    if close(path, found)? {
        for file in [beside(path, "-wal"), beside(path, "-shm")] {
            if let Ok(found) = fs::symlink_metadata(&file) {
                close(&file, &found)?;
            }
        }
    }
    Ok(())
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}
