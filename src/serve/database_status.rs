//! Checks for monitoring whether the database can be written.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crate::store::{self, Store};

/// How long a check waits for a database that another process has locked.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the result of a check is reused. Each check takes the write lock, which deliveries and
/// events need, and any client can request one.
const RESULT_LIFETIME: Duration = Duration::from_secs(1);

/// Checks whether the database can be written.
pub struct DatabaseStatus {
    store: Mutex<Store>,
    /// When the last check ended, and its result.
    last: Mutex<Option<(Instant, bool)>>,
}

impl DatabaseStatus {
    /// Opens the database.
    pub fn open(database: &Path) -> store::Result<Self> {
        let store = Store::open(database)?.with_busy_timeout(LOCK_TIMEOUT)?;
        Ok(Self { store: Mutex::new(store), last: Mutex::new(None) })
    }

    /// Returns whether the database can be written, or could a second ago. While one thread checks,
    /// the others return the previous result, so that a locked database blocks one thread only.
    pub fn is_writable(&self) -> bool {
        let last = *lock(&self.last);
        let mut store = match (self.store.try_lock(), last) {
            (_, Some((at, result))) if at.elapsed() < RESULT_LIFETIME => return result,
            (Err(TryLockError::WouldBlock), Some((_, result))) => return result,
            (Err(TryLockError::WouldBlock), None) => self.store(),
            (Err(TryLockError::Poisoned(poisoned)), _) => poisoned.into_inner(),
            (Ok(store), _) => store,
        };
        let result = store.check_writable().is_ok();
        *lock(&self.last) = Some((Instant::now(), result));
        result
    }

    /// Returns the connection for read access.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_do_not_queue_behind_a_check() {
        let dir = tempfile::tempdir().unwrap();
        let status = DatabaseStatus::open(&dir.path().join("wxbox.db")).unwrap();
        assert!(status.is_writable());
        *lock(&status.last) = Instant::now().checked_sub(RESULT_LIFETIME).map(|at| (at, false));
        let checking = status.store();
        // A check would wait forever.
        assert!(!status.is_writable());
        drop(checking);
        assert!(status.is_writable());
    }
}
