//! Watches the outbox for a delivery service: what other processes commit, when a message is due,
//! and which processes have died.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::recover_orphans;
use crate::clock::{ClockReading, Timestamp};
use crate::store::{self, Store};

/// How often a service looks for changes. A look reads shared memory and not the disk, and takes
/// about 10 µs. The figures are in docs/decisions.md.
pub(super) const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How often the processes that have claimed messages are checked: the death of a process changes
/// nothing in the database.
const ORPHAN_CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// How long the watcher waits for a lock. It tries again at the next check.
const WATCHER_BUSY_TIMEOUT: Duration = Duration::from_millis(50);

/// The system clock was set back if it shows this much less than before.
const MIN_CLOCK_STEP_BACK: Duration = Duration::from_secs(1);

/// The outbox as a service last saw it.
pub(super) struct OutboxWatcher {
    store: Store,
    app_id: String,
    path: PathBuf,
    /// Device and inode of the file: another file at its path is another database.
    file_id: Option<(u64, u64)>,
    data_version: Option<i64>,
    next_due_at: Option<Timestamp>,
    /// When the processes that have claimed messages are checked again; `None` without claims.
    next_orphan_check: Option<Instant>,
    last_wall: Timestamp,
}

/// What a look at the outbox found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WatchResult {
    /// The database has changed since the last look.
    pub(super) has_changed: bool,
    /// A message can be claimed.
    pub(super) is_due: bool,
}

impl OutboxWatcher {
    /// Opens the database for an account.
    pub(super) fn open(path: &Path, app_id: &str) -> store::Result<Self> {
        let store = Store::open(path)?.with_busy_timeout(WATCHER_BUSY_TIMEOUT)?;
        Ok(Self {
            store,
            app_id: app_id.to_owned(),
            path: path.to_owned(),
            file_id: file_id(path),
            data_version: None,
            next_due_at: None,
            next_orphan_check: None,
            last_wall: Timestamp::now(),
        })
    }

    /// Returns whether the watched file is still the one at its path.
    pub(super) fn is_current(&self) -> bool {
        self.file_id == file_id(&self.path)
    }

    /// Looks at the outbox.
    ///
    /// # Errors
    ///
    /// The database cannot be read. A lock that only stops the watcher from writing is no error.
    pub(super) fn poll(&mut self, now: Instant) -> store::Result<WatchResult> {
        let wall = Timestamp::now();
        let mut has_changed = self.recover(now)? | self.reset_due_times(wall)?;
        let version = self.store.data_version()?;
        has_changed |= self.data_version != Some(version);
        if has_changed {
            self.next_due_at = self.store.next_due_at(&self.app_id)?;
            self.next_orphan_check = match self.store.has_claims()? {
                true => self.next_orphan_check.or(Some(now + ORPHAN_CHECK_INTERVAL)),
                false => None,
            };
            // Last, so that a failed look counts as none.
            self.data_version = Some(version);
        }
        Ok(WatchResult { has_changed, is_due: self.next_due_at.is_some_and(|due_at| due_at <= wall) })
    }

    /// Makes messages of dead processes due again. Returns whether it looked for any.
    fn recover(&mut self, now: Instant) -> store::Result<bool> {
        let is_time = match (self.data_version, self.next_orphan_check) {
            // What processes left that died before the service started.
            (None, _) => true,
            (Some(_), next_check) => next_check.is_some_and(|next_check| next_check <= now),
        };
        if is_time {
            self.next_orphan_check = Some(now + ORPHAN_CHECK_INTERVAL);
            ignore_lock(recover_orphans(&mut self.store, &ClockReading::now()))?;
        }
        Ok(is_time)
    }

    /// Corrects due times if the clock was set back. Returns whether it was.
    fn reset_due_times(&mut self, wall: Timestamp) -> store::Result<bool> {
        let was_set_back = wall < self.last_wall.minus(MIN_CLOCK_STEP_BACK);
        if was_set_back {
            ignore_lock(self.store.reset_future_due_times(&self.app_id, wall))?;
        }
        self.last_wall = wall;
        Ok(was_set_back)
    }
}

/// Ignores that another process keeps the database locked: the next run does the same at its start.
fn ignore_lock(result: store::Result<()>) -> store::Result<()> {
    match result {
        Err(store::Error::Busy { .. }) => Ok(()),
        result => result,
    }
}

fn file_id(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}
