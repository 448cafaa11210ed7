//! The only SQL: what wxbox knows and owes, in one SQLite file.
//!
//! Each function is named for what it means, takes the time as an argument, and commits before it
//! returns. The file is opened 0600 in a directory 0700, in WAL mode with a busy time-out, so any number
//! of processes can use it at once. The last one to close it moves the log into the file and removes the log: while no
//! process has it open, the file alone is the database.

mod backup;
mod changes;
mod draft;
mod error;
mod following;
mod generation;
mod health;
mod history;
mod import;
mod migrate;
mod open;
mod original;
mod outbox;
mod templates;
mod tokens;
mod users;
mod wal;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, TransactionBehavior};

pub use backup::Place as BackupPlace;
pub use changes::{Edit, NewUser, Removed, Unbound};
pub use error::Error;
pub use following::{Bound, Changed, NOT_FOLLOWING};
pub use health::{Look, Overdue, Soundness};
pub use history::Counts;
pub use import::{Clash, Incoming};
pub use original::{NotText, Original, OriginalError, OriginalUser, SQLITE_HEADER};
pub use outbox::{
    Alive, Answer, Attachment, Attempt, AttemptOutcome, Backoff, Begin, Body, Ending, Expiry, Filter, Held, History,
    Media, Message, NewMessage, Orphan, Parcel, Place, Retry, Scope, State, Turn, Waiting, Which, Who,
};
pub use templates::{Family, Template, TemplateList};
pub use tokens::Token;
pub use users::{Binding, User, UserFilter, checked_openid};

use crate::stop;
use crate::time::Timestamp;
use open::{beside, connect, keep_name_of_log, prepare_file, real};

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
    /// Commits do not wait for the disk: see [`Store::relaxed`].
    relaxed: bool,
}

impl Store {
    /// Opens the database at `path`, making it (and its directory) where there is none, and brings its
    /// schema up to date; before a change a copy is left beside it as `FILE.vN.bak`. A file that this user or its
    /// medium does not let be written, such as a backup, can still be read.
    ///
    /// # Errors
    /// [`Error::NotADatabase`], [`Error::Foreign`] and [`Error::Newer`] for a file that is not ours to
    /// touch, [`Error::Open`] where it cannot be opened or made.
    pub fn open(path: &Path) -> Result<Self> {
        let path = &real(path);
        prepare_file(path)?;
        let mut conn = connect(path)?;
        be_patient(&mut conn, BUSY).map_err(|e| Error::at(path, e))?;
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
        let mut store = Self { conn, path: path.to_owned(), patience: BUSY, turns: 0, relaxed: false };
        migrate::bring_up_to_date(&mut store.conn, path, migrate::MIGRATIONS)?;
        Ok(store)
    }

    /// One in memory without anything in it, in place of a file that is not there at `path`: for who only looks.
    ///
    /// # Errors
    /// Only SQLite's own.
    pub fn without_file(path: &Path) -> Result<Self> {
        let conn = Connection::open_in_memory().map_err(|e| Error::at(path, e))?;
        migrate::MIGRATIONS.iter().try_for_each(|sql| conn.execute_batch(sql)).map_err(|e| Error::at(path, e))?;
        Ok(Self { conn, path: path.to_owned(), patience: BUSY, turns: 0, relaxed: false })
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
        be_patient(&mut self.conn, patience).map_err(|e| Error::at(&self.path, e))?;
        self.patience = patience;
        Ok(self)
    }

    /// After a wait of another kind: waits as it did before, until a signal asks this process to end.
    fn patient_again(&mut self) {
        // Where that cannot be set, the other wait is no harm.
        let _ = be_patient(&mut self.conn, self.patience);
    }

    /// How long it waits for another process's write.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    fn write(&mut self) -> Result<rusqlite::Transaction<'_>> {
        if !self.relaxed {
            keep_name_of_log(&self.path);
        }
        let at = |e| Error::at(&self.path, e);
        let step = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(at)?;
        if !self.relaxed {
            generation::advance(&step).map_err(at)?;
        }
        Ok(step)
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
        self.relaxed = true;
        let result = work(self);
        self.relaxed = false;
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
    fn trim(&mut self) {
        if fs::metadata(beside(&self.path, "-wal")).is_ok_and(|log| log.len() > LOG_LIMIT) {
            // If others are busy with it, the next one does it: nobody waits for that.
            self.empty_log(Duration::ZERO);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if error::found_damage() {
            let _ = self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        } else {
            self.trim();
        }
    }
}

/// Lets statements wait so long for another process's write. As SQLite's own time-out does, but a signal that asks
/// this process to end also ends the wait.
fn be_patient(conn: &mut Connection, patience: Duration) -> rusqlite::Result<()> {
    let mut begun = Instant::now();
    conn.busy_handler(Some(move |tried: i32| {
        if tried == 0 {
            begun = Instant::now();
        }
        if stop::asked().is_some() || begun.elapsed() >= patience {
            return false;
        }
        // Nobody tells when a lock is given back.
        std::thread::park_timeout(LOOK_AGAIN.min(Duration::from_millis(1 << tried.clamp(0, 10))));
        true
    }))
}

/// The longest time between two looks at a lock.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Moment;

    #[test]
    fn a_signal_ends_a_wait_after_a_turn_as_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        // SQLite's own time-out, which hears of no signal, takes the place of what does, and the other way round.
        let deaf = |store: &Store| store.conn.pragma_query_value(None, "busy_timeout", |row| row.get(0));
        assert_eq!(deaf(&store), Ok(0));
        let who = Who { app_id: "wx1", worker: "me", now: &Moment::now(), server: None };
        for durable in [true, false] {
            let inside = store.turn(who, durable, |turn| turn.version().map(drop));
            assert_eq!((inside.is_ok(), deaf(&store)), (true, Ok(0)));
            let failed = store.turn(who, durable, |_| Err::<(), _>(Error::UserGone { name: "nami".into() }));
            assert_eq!((failed.is_ok(), deaf(&store)), (false, Ok(0)));
        }
        store.empty_log(Duration::ZERO);
        assert_eq!(deaf(&store), Ok(0));
    }
}
