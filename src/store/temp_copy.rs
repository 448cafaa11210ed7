//! A copy of the database with a temporary name, until it is complete. A copy that a killed process
//! left is removed by the next process that makes a copy there, or that delivers.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

use super::generation::UserVersion;
use super::wal_check::USER_VERSION_OFFSET;
use crate::files::{self, sibling_path};

/// The prefix of temporary names.
const TEMP_COPY_PREFIX: &str = ".wxbox-copy-";

/// How often a file is created, if other processes delete it.
const MAX_CREATE_ATTEMPTS: usize = 8;

/// A temporary copy. Its process holds a lock on it; an unlocked copy is stale.
pub(super) struct TempCopy {
    file: NamedTempFile,
}

impl TempCopy {
    /// Creates an empty copy in a directory.
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        remove_stale_copies(dir);
        for _ in 0..MAX_CREATE_ATTEMPTS {
            let file = files::private_temp_file(dir, TEMP_COPY_PREFIX)?;
            // Another process may have deleted it as a stale one before it was locked.
            if file.as_file().try_lock().is_ok() && file.as_file().metadata()?.nlink() > 0 {
                return Ok(Self { file });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    pub(super) fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Copies an open database in one step and under one read transaction, so that the copy is
    /// consistent, writers do not wait, and the copy ends however much they write. The copy starts
    /// a generation of its own. Returns `None` if another process kept the database locked.
    pub(super) fn copy_from(&self, conn: &Connection) -> rusqlite::Result<Option<UserVersion>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // No other process uses the file, so it needs no locks, and no journal that would stay
        // beside it.
        let mut copy = Connection::open_with_flags_and_vfs(self.file.path(), flags, c"unix-none")?;
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
        match Backup::new(conn, &mut copy)?.step(-1)? {
            StepResult::Done => {}
            _ => return Ok(None),
        }
        copy.close().map_err(|(_, e)| e)?;
        let mut bytes = [0; 4];
        let failed = |e: io::Error| rusqlite::Error::ToSqlConversionFailure(e.into());
        let at = u64::try_from(USER_VERSION_OFFSET).unwrap_or_default();
        self.file().read_exact_at(&mut bytes, at).map_err(failed)?;
        let version = UserVersion::new(UserVersion::from_bytes(bytes).schema())?;
        self.file().write_all_at(&version.to_bytes(), at).map_err(failed)?;
        Ok(Some(version))
    }

    /// Syncs the copy and renames it. Returns `false` if `to` exists and `replace` is not set.
    pub(super) fn persist_to(self, to: &Path, replace: bool) -> io::Result<bool> {
        self.file().sync_all()?;
        if !replace && to.exists() {
            return Ok(false);
        }
        remove_sidecar_files(to)?;
        let placed = if replace { self.file.persist(to) } else { self.file.persist_noclobber(to) };
        match placed {
            Ok(_) => {}
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(e) => return Err(e.error),
        }
        // The directory entry must survive a power cut as well, where directories can be opened.
        let _ = File::open(files::parent_dir(to)).and_then(|dir| dir.sync_all());
        Ok(true)
    }
}

/// Removes the copies that killed processes left in a directory. Best effort.
pub(super) fn remove_stale_copies(dir: &Path) {
    for found in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = found.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(TEMP_COPY_PREFIX))
            && found.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = files::open_existing_private(&found.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(found.path());
        }
    }
}

/// Removes the log of an older file with that name, which does not belong to the new file.
fn remove_sidecar_files(file: &Path) -> io::Result<()> {
    for end in ["-wal", "-shm", "-journal"] {
        match fs::remove_file(sibling_path(file, end)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}
