//! What can go wrong with the database, each told apart where a person can do something about it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::ErrorCode;

use crate::t;

/// A failure of the store. `Display` says the fact; [`Error::hint`] the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file or its directory cannot be opened or made.
    #[error("{}", t!("store-open", path = path, cause = cause))]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the operating system said.
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
        /// SQLite's own words.
        cause: rusqlite::Error,
    },
    /// A user of that name exists.
    #[error("{}", t!("user-exists", user = name))]
    UserExists {
        /// The name asked for.
        name: String,
    },
    /// A person was removed since they were found; whoever has their name now is somebody else.
    #[error("{}", t!("user-gone", user = name))]
    UserRemoved {
        /// The name that they were found by.
        name: String,
    },
    /// A renamed user still holds the uid that belongs to that name.
    #[error("{}", t!("user-uid-taken", user = name, holder = holder))]
    UidTaken {
        /// The name asked for.
        name: String,
        /// The name of the user who holds the uid.
        holder: String,
    },
}

/// SQLite's code for shared memory that could not be made as long as it must be.
const IOERR_SHMSIZE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// Whether this process has come upon damage: what is in the log stays there, and the file is left as it is.
static CORRUPTION_FOUND: AtomicBool = AtomicBool::new(false);

/// See [`CORRUPTION_FOUND`].
pub(super) fn corruption_found() -> bool {
    CORRUPTION_FOUND.load(Ordering::Relaxed)
}

impl Error {
    /// Sorts an SQLite error about the file at `path`.
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
            // The index of the log could not be made longer.
            _ if cause.sqlite_error().is_some_and(|it| it.extended_code == IOERR_SHMSIZE) => Self::DiskFull { path },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            _ => Self::Sqlite { path, cause },
        }
    }

    /// What the person can do about it.
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
            Self::UserExists { .. } => Some(t!("user-exists-hint")),
            Self::UidTaken { .. } => Some(t!("user-uid-taken-hint")),
            Self::Sqlite { .. } | Self::UserRemoved { .. } => None,
        }
    }
}
