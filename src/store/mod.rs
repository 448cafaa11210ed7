//! The store: users, messages and caches in one SQLite file, and the only SQL of wxbox.
//!
//! Each function is named for what it means, takes the time as an argument, and commits before it
//! returns. The file has mode 0600 in a directory with mode 0700 and is in WAL mode with a busy
//! timeout, so that any number of processes can use it concurrently. The last process to close it
//! checkpoints and removes the log: while no process has it open, the file alone is the database.

mod backup;
mod bindings;
mod busy_timeout;
mod completion_view;
mod connect;
mod django;
mod error;
mod events;
mod generation;
mod inspect;
mod migrate;
mod open;
mod outbox;
mod pending_bindings;
mod rejected_pushes;
mod serve_lock;
mod temp_copy;
mod templates;
mod tokens;
mod user_import;
mod users;
mod wal_check;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, TransactionBehavior};

pub use backup::BackupTarget as BackupPlace;
pub use bindings::{BoundOpenid, FollowChange, NOT_FOLLOWING};
pub use completion_view::{CompletionView, MessageSummary, UserSummary};
pub use django::{DjangoDatabase, DjangoError, DjangoUser, InvalidText, SQLITE_HEADER};
pub use error::{Error, Result};
pub use events::{EventEffect, EventResult, NewEvent};
pub use inspect::{Inspection, Integrity, OverdueMessages};
pub use outbox::maintenance::{LostMessages, OutboxCounts};
pub use outbox::{
    Attachment, Attempt, AttemptHistory, AttemptOutcome, AttemptStart, Backlog, CachedMedia, ClaimScope,
    ClaimedMessage, EnqueueResult, Expiry, KindCount, MediaKey, Message, MessageFilter, MessageState, MessageUpdate,
    MessageVersion, NewReceipt, NewRecipient, Orphan, OutboxTx, Payload, Receipt, ReceiptCounts, ReceiptFilter,
    ReceiptStatus, ResponseInfo, RetryResult, RetryState, StoredError, Submission, TxContext, WorkerLock,
};
pub use pending_bindings::{BindingProof, NewPendingBinding, PendingBindingOutcome, PendingOAuthBinding};
pub use rejected_pushes::RejectedPushes;
pub use serve_lock::ServeLock;
pub use templates::{CachedTemplate, TemplateKind, TemplateList};
pub use tokens::CachedToken;
pub use user_import::{ImportConflict, StagedUser};
pub use users::{Binding, NewUser, RemovalResult, UnbindResult, User, UserFilter, UserUpdate, parse_openid};

use crate::clock::Timestamp;
use crate::files::sibling_path;
use busy_timeout::{DEFAULT_BUSY_TIMEOUT, set_busy_timeout};
use connect::connect;
use open::{prepare_file, resolve_symlink, sync_wal_dir_entry};

/// The number of statements that a connection keeps prepared: more than a delivery run uses in
/// turn. With rusqlite's 16, mixed runs prepare most of them again in each step, 9 % of their time
/// in the simulator. A broadcast needs fewer, and is as fast with 16.
const PREPARED_STATEMENTS: usize = 64;

/// An open database.
pub struct Store {
    conn: Connection,
    path: PathBuf,
    busy_timeout: Duration,
    /// Whether commits do not wait for the disk; see [`Store::without_fsync`].
    without_fsync: bool,
}

impl Store {
    /// Opens the database at `path`, creates it and its directory if needed, and migrates it after
    /// writing a copy to `FILE.vN.bak`. A file that cannot be written, such as a backup on a
    /// read-only medium, can still be read.
    ///
    /// # Errors
    ///
    /// [`Error::NotADatabase`], [`Error::OtherApplication`], [`Error::Unreleased`] and
    /// [`Error::NewerSchema`] for a file that must not be changed; [`Error::Open`] if it cannot be
    /// opened or created.
    pub fn open(path: &Path) -> Result<Self> {
        let path = &resolve_symlink(path);
        prepare_file(path)?;
        let mut conn = connect(path)?;
        set_busy_timeout(&mut conn, DEFAULT_BUSY_TIMEOUT).map_err(|e| Error::from_sqlite(path, e))?;
        // Secure deletion from the start: splitting a page leaves a copy of the moved content,
        // which a later deletion would not find.
        conn.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
            .map_err(|e| Error::from_sqlite(path, e))?;
        if cfg!(target_os = "macos") {
            // On macOS, `fsync` leaves data in the disk's cache; only `F_FULLFSYNC` waits for it.
            conn.execute_batch("PRAGMA fullfsync = ON").map_err(|e| Error::from_sqlite(path, e))?;
        }
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true).map_err(|e| Error::from_sqlite(path, e))?;
        // Stable query plans: a plan that depends on bound values is prepared again at each
        // execution.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|e| Error::from_sqlite(path, e))?;
        conn.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        let mut store = Self { conn, path: path.to_owned(), busy_timeout: DEFAULT_BUSY_TIMEOUT, without_fsync: false };
        migrate::migrate(&mut store.conn, path, migrate::MIGRATIONS)?;
        Ok(store)
    }

    /// Returns an empty database in memory, for read-only commands when there is no file at `path`.
    pub fn empty_in_memory(path: &Path) -> Result<Self> {
        let conn = Connection::open_in_memory().map_err(|e| Error::from_sqlite(path, e))?;
        migrate::MIGRATIONS
            .iter()
            .try_for_each(|sql| conn.execute_batch(sql))
            .map_err(|e| Error::from_sqlite(path, e))?;
        Ok(Self { conn, path: path.to_owned(), busy_timeout: DEFAULT_BUSY_TIMEOUT, without_fsync: false })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether the database is a file, which other processes may use as well.
    pub fn is_file_backed(&self) -> bool {
        self.conn.path().is_some_and(|path| !path.is_empty())
    }

    /// Sets how long a statement waits for another process's write before it fails with
    /// [`Error::Busy`].
    pub fn with_busy_timeout(mut self, timeout: Duration) -> Result<Self> {
        set_busy_timeout(&mut self.conn, timeout).map_err(|e| Error::from_sqlite(&self.path, e))?;
        self.busy_timeout = timeout;
        Ok(self)
    }

    /// Restores the busy timeout after a wait of another kind; a signal ends the wait again.
    fn restore_busy_timeout(&mut self) {
        // If that fails, the other timeout does no harm.
        let _ = set_busy_timeout(&mut self.conn, self.busy_timeout);
    }

    /// Returns how long a statement waits for another process's write.
    pub fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    fn begin_write(&mut self) -> Result<rusqlite::Transaction<'_>> {
        if !self.without_fsync {
            sync_wal_dir_entry(&self.path);
        }
        let at = |e| Error::from_sqlite(&self.path, e);
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(at)?;
        if !self.without_fsync {
            generation::advance_generation(&tx).map_err(at)?;
        }
        Ok(tx)
    }

    fn map_err<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|e| Error::from_sqlite(&self.path, e))
    }

    /// Runs `work` with commits that do not wait for the disk. Results need not survive a power
    /// cut: a lost one is an attempt without an outcome, which is safe.
    fn without_fsync<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.map_err(self.conn.pragma_update(None, "synchronous", "NORMAL"))?;
        self.without_fsync = true;
        let result = work(self);
        self.without_fsync = false;
        self.map_err(self.conn.pragma_update(None, "synchronous", "FULL"))?;
        result
    }
}

/// The largest log, in bytes, that a process leaves behind.
const MAX_WAL_BYTES: u64 = 512 << 10;

impl Store {
    /// Checkpoints and truncates the log if it has become long.
    fn truncate_large_wal(&mut self) {
        if fs::metadata(sibling_path(&self.path, "-wal")).is_ok_and(|log| log.len() > MAX_WAL_BYTES) {
            // If other processes use it, the next one truncates it.
            self.truncate_wal(Duration::ZERO);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if error::corruption_found() {
            let _ = self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        } else {
            self.truncate_large_wal();
        }
    }
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

/// Stores an enum of [`variant_names!`](crate::variant_names) as the name of the variant.
macro_rules! name_column {
    ($type:ident) => {
        impl rusqlite::types::FromSql for $type {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                Self::from_name(value.as_str()?).ok_or(rusqlite::types::FromSqlError::InvalidType)
            }
        }

        impl rusqlite::types::ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }
    };
}

use name_column;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ClockReading;

    #[test]
    fn busy_timeout_pragma_is_zero_after_transactions() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        // SQLite's own timeout, which ignores signals, and the busy handler replace each other.
        let busy_timeout_pragma = |store: &Store| store.conn.pragma_query_value(None, "busy_timeout", |row| row.get(0));
        assert_eq!(busy_timeout_pragma(&store), Ok(0));
        let context = TxContext { app_id: "wx1", worker_id: "me", now: &ClockReading::now(), server_now: None };
        for durable in [true, false] {
            let inside = store.transaction(context, durable, |tx| tx.data_version().map(drop));
            assert_eq!((inside.is_ok(), busy_timeout_pragma(&store)), (true, Ok(0)));
            let failed =
                store.transaction(context, durable, |_| Err::<(), _>(Error::UserRemoved { name: "nami".into() }));
            assert_eq!((failed.is_ok(), busy_timeout_pragma(&store)), (false, Ok(0)));
        }
        store.truncate_wal(Duration::ZERO);
        assert_eq!(busy_timeout_pragma(&store), Ok(0));
    }
}
