//! Errors of the database, with a variant for each that a user can fix.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::ErrorCode;

use crate::t;

/// The result of the store's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the store. `Display` states the fact, [`Error::hint`] the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file or its directory cannot be opened or created.
    #[error("{}", t!("store-open", path = path, cause = cause))]
    Open {
        /// The database file.
        path: PathBuf,
        /// The operating system's error.
        cause: String,
    },
    /// The file is not an SQLite database.
    #[error("{}", t!("store-not-a-database", path = path))]
    NotADatabase {
        /// The database file.
        path: PathBuf,
    },
    /// The file is the database of another program.
    #[error("{}", t!("store-foreign", path = path))]
    OtherApplication {
        /// The database file.
        path: PathBuf,
    },
    /// The file was written by a development build from before the first release.
    #[error("{}", t!("store-unreleased", path = path))]
    Unreleased {
        /// The database file.
        path: PathBuf,
    },
    /// The file was written by a newer wxbox.
    #[error("{}", t!("store-newer", path = path, found = found, known = known))]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// The schema version in the file.
        found: i64,
        /// The newest schema version that this program knows.
        known: i64,
    },
    /// The file is damaged.
    #[error("{}", t!("store-corrupt", path = path))]
    Corrupt {
        /// The database file.
        path: PathBuf,
    },
    /// The write-ahead log beside the file is damaged.
    #[error("{}", t!("store-corrupt-log", path = path))]
    CorruptLog {
        /// The log.
        path: PathBuf,
    },
    /// The write-ahead log beside the file is of another file, or of another copy of it.
    #[error("{}", t!("store-foreign-log", path = path, database = database))]
    ForeignLog {
        /// The log.
        path: PathBuf,
        /// The database file that it is beside.
        database: PathBuf,
    },
    /// The file has more than one name.
    #[error("{}", t!("store-hard-links", path = path))]
    HardLinks {
        /// The database file.
        path: PathBuf,
    },
    /// The file or its file system cannot be written.
    #[error("{}", t!("store-read-only", path = path))]
    ReadOnly {
        /// The database file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("{}", t!("store-full", path = path))]
    DiskFull {
        /// The database file.
        path: PathBuf,
    },
    /// Another process held the database for too long.
    #[error("{}", t!("store-busy", path = path))]
    Busy {
        /// The database file.
        path: PathBuf,
    },
    /// Anything else that SQLite reports.
    #[error("{}", t!("store-sqlite", path = path, cause = cause.to_string()))]
    Sqlite {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        cause: rusqlite::Error,
    },
    /// A user with that name exists.
    #[error("{}", t!("user-exists", user = name))]
    UserExists {
        /// The requested name.
        name: String,
    },
    /// A user was removed after a command found them; a user with that name now is another one.
    #[error("{}", t!("user-gone", user = name))]
    UserRemoved {
        /// The name that the user was found by.
        name: String,
    },
    /// A renamed user still has the uid that belongs to that name.
    #[error("{}", t!("user-uid-taken", user = name, holder = holder))]
    UidTaken {
        /// The requested name.
        name: String,
        /// The name of the user who has the uid.
        holder: String,
    },
}

/// SQLite's code for shared memory that could not be enlarged.
const IOERR_SHMSIZE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// Whether this process has found damage: then it leaves the log and the file as they are.
static CORRUPTION_FOUND: AtomicBool = AtomicBool::new(false);

/// Returns [`CORRUPTION_FOUND`].
pub(super) fn corruption_found() -> bool {
    CORRUPTION_FOUND.load(Ordering::Relaxed)
}

impl Error {
    /// Classifies an SQLite error about the file at `path`.
    pub(super) fn from_sqlite(path: &Path, cause: rusqlite::Error) -> Self {
        let path = path.to_owned();
        if cause.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) {
            CORRUPTION_FOUND.store(true, Ordering::Relaxed);
        }
        match cause.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::CannotOpen) => Self::Open { path, cause: cause.to_string() },
            // The index of the log could not be enlarged.
            _ if cause.sqlite_error().is_some_and(|it| it.extended_code == IOERR_SHMSIZE) => Self::DiskFull { path },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            _ => Self::Sqlite { path, cause },
        }
    }

    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Open { .. } => Some(t!("store-open-hint")),
            Self::NotADatabase { .. } => Some(t!("store-not-a-database-hint")),
            Self::OtherApplication { .. } => Some(t!("store-not-ours-hint")),
            Self::Unreleased { .. } => Some(t!("store-unreleased-hint")),
            Self::NewerSchema { .. } => Some(t!("store-newer-hint")),
            Self::Corrupt { .. } | Self::CorruptLog { .. } => Some(t!("store-corrupt-hint")),
            Self::ForeignLog { path, .. } => Some(t!("store-foreign-log-hint", path = path)),
            Self::HardLinks { path } => Some(t!("store-hard-links-hint", path = path)),
            Self::ReadOnly { .. } => Some(t!("store-read-only-hint")),
            Self::DiskFull { .. } => Some(t!("store-full-hint")),
            Self::Busy { .. } => Some(t!("store-busy-hint")),
            Self::UserExists { name } => Some(t!("user-exists-hint", name = shell_words::quote(name).as_ref())),
            Self::UidTaken { .. } => Some(t!("user-uid-taken-hint")),
            Self::Sqlite { .. } | Self::UserRemoved { .. } => None,
        }
    }
}
