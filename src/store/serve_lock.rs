//! The lock of the process that serves an account: a lock on a file beside the database, which the
//! system releases when the process dies.

use std::fs::{File, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::digest::{SHA256, digest};

use super::open::resolve_symlink;
use super::{Error, Result};
use crate::files::{self, sibling_path};
use crate::i18n::io_error_text;

/// How often the lock is tried before another process counts as its holder.
const MAX_LOCK_ATTEMPTS: usize = 5;
/// The pause between two attempts.
const LOCK_RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// The largest note that is read.
const MAX_NOTE_BYTES: u64 = 64 << 10;

/// The lock of the process that serves an account. The file stays when the lock is dropped: two
/// processes that hold different files of one name would both serve. The process keeps a note in
/// the file about what it serves.
#[derive(Debug)]
pub struct ServeLock {
    lock: File,
}

impl ServeLock {
    /// Takes the lock. Returns `None` if another process has it.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] if no file can be created beside the database.
    pub fn acquire(database: &Path, app_id: &str) -> Result<Option<Self>> {
        let failed = |e: io::Error| Error::Open { path: database.to_owned(), cause: io_error_text(&e) };
        let file = files::open_private(&lock_path(database, app_id)).map_err(failed)?;
        files::copy_ownership(&file, database).map_err(failed)?;
        for _ in 0..MAX_LOCK_ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { lock: file })),
                // `is_held` locks the file for a moment.
                Err(TryLockError::WouldBlock) => drop(crossbeam_channel::after(LOCK_RETRY_INTERVAL).recv()),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Ok(None)
    }

    /// Replaces the note about what this process serves.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write_note(&self, note: &str) -> io::Result<()> {
        let mut file = &self.lock;
        // A file with several links may be another file by a different name.
        if file.metadata()?.nlink() != 1 {
            return Ok(());
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(note.as_bytes())
    }

    /// Returns the note of the process that serves the account; `None` if there is no such process,
    /// or the note cannot be read.
    pub fn read_note(database: &Path, app_id: &str) -> Option<String> {
        if !Self::is_held(database, app_id) {
            return None;
        }
        let file = File::open(lock_path(database, app_id)).ok()?;
        String::from_utf8(files::read_limited(file, MAX_NOTE_BYTES).ok()?).ok()
    }

    /// Returns whether a process serves the account. Creates no file.
    pub fn is_held(database: &Path, app_id: &str) -> bool {
        files::open_existing_private(&lock_path(database, app_id))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// Returns the path of an account's lock file. An AppID may contain characters that a file name
/// cannot.
fn lock_path(database: &Path, app_id: &str) -> PathBuf {
    let hash = digest(&SHA256, app_id.as_bytes());
    sibling_path(&resolve_symlink(database), &format!("-serve-{}", hex::encode(&hash.as_ref()[..8])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_is_held_by_one_process_for_each_account() {
        let dir = tempfile::tempdir().unwrap();
        let (database, link) = (dir.path().join("wxbox.db"), dir.path().join("link.db"));
        std::fs::write(&database, "").unwrap();
        std::os::unix::fs::symlink(&database, &link).unwrap();
        assert!(!ServeLock::is_held(&database, "wx1"));
        let lock = ServeLock::acquire(&link, "wx1").unwrap().unwrap();
        assert!(ServeLock::acquire(&database, "wx1").unwrap().is_none());
        assert!(ServeLock::is_held(&database, "wx1") && ServeLock::is_held(&link, "wx1"));
        assert!(!ServeLock::is_held(&database, "wx2"));
        assert!(ServeLock::acquire(&database, "wx/2").unwrap().is_some());
        lock.write_note("a longer note").unwrap();
        lock.write_note("note").unwrap();
        assert_eq!(ServeLock::read_note(&link, "wx1").as_deref(), Some("note"));
        drop(lock);
        assert!(!ServeLock::is_held(&link, "wx1") && ServeLock::read_note(&link, "wx1").is_none());
        assert!(ServeLock::acquire(&database, "wx1").unwrap().is_some());
    }
}
