//! Watches the outbox for a delivery service and for `outbox follow`: commits of other processes, due
//! messages, and processes that have died.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::recover_orphans;
use crate::clock::{ClockReading, Timestamp};
use crate::store::{self, Store};

/// How often a service checks for changes. A check reads shared memory, not the disk. With its
/// wake-up it takes 0.14 to 0.24 ms of CPU on a busy machine; the figures are in docs/decisions.md.
pub const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How often the processes that have claimed messages are checked: the death of a process changes
/// nothing in the database.
const ORPHAN_CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// How long the watcher waits for a lock. It tries again at the next check.
const WATCHER_BUSY_TIMEOUT: Duration = Duration::from_millis(50);

/// The system clock was set back if it shows this much less than before.
const MIN_CLOCK_STEP_BACK: Duration = Duration::from_secs(1);

/// The minimum time between two corrections of due times that a process with a wrong clock has
/// stored.
const DUE_TIME_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The outbox as it was at the last check.
pub struct OutboxWatcher {
    store: Store,
    app_id: String,
    data_version: Option<i64>,
    next_due_at: Option<Timestamp>,
    /// When the processes that have claimed messages are checked again; `None` without claims.
    next_orphan_check: Option<Instant>,
    /// When due times may be checked again, and whether that is needed.
    next_due_time_check: Instant,
    needs_due_time_check: bool,
    last_wall: Timestamp,
}

/// The result of [`OutboxWatcher::poll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchResult {
    /// The database has changed since the last look.
    pub has_changed: bool,
    /// A message can be claimed.
    pub is_due: bool,
}

impl OutboxWatcher {
    /// Watches the messages of an account.
    pub fn new(store: Store, app_id: &str, now: Instant, clock: &ClockReading) -> Self {
        Self {
            store,
            app_id: app_id.to_owned(),
            data_version: None,
            next_due_at: None,
            // Messages of processes that died before the service started are recovered first.
            next_orphan_check: Some(now),
            next_due_time_check: now,
            needs_due_time_check: false,
            last_wall: clock.wall,
        }
    }

    /// Opens the database to watch the messages of an account.
    pub fn open(path: &Path, app_id: &str) -> store::Result<Self> {
        let store = Store::open(path)?.with_busy_timeout(WATCHER_BUSY_TIMEOUT)?;
        Ok(Self::new(store, app_id, Instant::now(), &ClockReading::now()))
    }

    /// Checks for changes and due messages, and recovers messages of dead processes.
    ///
    /// # Errors
    ///
    /// The database cannot be read. A lock that only stops the watcher from writing is no error.
    pub fn poll(&mut self, now: Instant, clock: &ClockReading) -> store::Result<WatchResult> {
        let was_recovered = self.recover(now, clock)?;
        let version = self.store.data_version()?;
        let has_changed = was_recovered || self.data_version != Some(version);
        let was_corrected = self.correct_due_times(has_changed, now, clock.wall)?;
        if has_changed || was_corrected {
            self.next_due_at = self.store.next_due_at(&self.app_id)?;
            self.next_orphan_check = match self.store.has_claims()? {
                true => self.next_orphan_check.or(Some(now + ORPHAN_CHECK_INTERVAL)),
                false => None,
            };
            // Set last, so that a failed check is repeated.
            self.data_version = Some(version);
        }
        let is_due = self.next_due_at.is_some_and(|due_at| due_at <= clock.wall);
        Ok(WatchResult { has_changed: has_changed || was_corrected, is_due })
    }

    /// Returns when a message is due next.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        self.next_due_at
    }

    /// Returns when the processes that have claimed messages are checked next.
    pub fn next_orphan_check(&self) -> Option<Instant> {
        self.next_orphan_check
    }

    /// Returns when due times are corrected next, unless something else happens.
    pub fn next_correction_at(&self) -> Option<Instant> {
        self.needs_due_time_check.then_some(self.next_due_time_check)
    }

    /// Returns the database, to read what has changed.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the database, which a simulation uses again.
    pub fn into_store(self) -> Store {
        self.store
    }

    /// Makes messages of dead processes due again, if a check is due. Returns whether it was.
    fn recover(&mut self, now: Instant, clock: &ClockReading) -> store::Result<bool> {
        let is_time = self.next_orphan_check.is_some_and(|next_check| next_check <= now);
        if is_time {
            self.next_orphan_check = Some(now + ORPHAN_CHECK_INTERVAL);
            is_done(recover_orphans(&mut self.store, clock))?;
        }
        Ok(is_time)
    }

    /// Corrects due times that lie in the future because a clock was set back, or was wrong on
    /// another machine. Returns whether a check was due.
    fn correct_due_times(&mut self, has_changed: bool, now: Instant, wall: Timestamp) -> store::Result<bool> {
        let was_set_back = wall < self.last_wall.minus(MIN_CLOCK_STEP_BACK);
        self.last_wall = wall;
        self.needs_due_time_check |= has_changed || was_set_back;
        let is_time = self.needs_due_time_check && (was_set_back || self.next_due_time_check <= now);
        if is_time {
            self.next_due_time_check = now + DUE_TIME_CHECK_INTERVAL;
            self.needs_due_time_check = !is_done(self.store.reset_future_due_times(&self.app_id, wall))?;
        }
        Ok(is_time)
    }
}

/// Returns whether the database was not locked. If it was, the write is tried again later.
fn is_done(result: store::Result<()>) -> store::Result<bool> {
    match result {
        Err(store::Error::Busy { .. }) => Ok(false),
        result => result.map(|()| true),
    }
}

/// Returns the device and the inode of the file at a path, which identify it.
pub fn file_id(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ClaimScope, OutboxTx, Submission, TxContext, WorkerLock};

    const DAY: i64 = 86_400;

    /// A watcher, and another process with the same database.
    struct WatchedOutbox {
        watcher: OutboxWatcher,
        other: Store,
        start: Instant,
        _dir: tempfile::TempDir,
    }

    /// Returns the clocks this many seconds after the start.
    fn clock(second: i64) -> ClockReading {
        ClockReading { wall: Timestamp(1_795_412_475_000 + second * 1000), uptime: None }
    }

    impl WatchedOutbox {
        fn new() -> Self {
            let (dir, start) = (tempfile::tempdir().unwrap(), Instant::now());
            let open = || Store::open(&dir.path().join("wxbox.db")).unwrap().with_busy_timeout(Duration::ZERO).unwrap();
            let (other, watcher) = (open(), OutboxWatcher::new(open(), "wx1", start, &clock(0)));
            Self { watcher, other, start, _dir: dir }
        }

        fn transaction<T>(
            &mut self,
            worker_id: &str,
            second: i64,
            work: impl FnOnce(&OutboxTx<'_>) -> store::Result<T>,
        ) {
            let now = clock(second);
            let context = TxContext { app_id: "wx1", worker_id, now: &now, server_now: None };
            self.other.transaction(context, false, work).unwrap();
        }

        /// Queues a message by a clock that shows `second`.
        fn queue(&mut self, second: i64) {
            let submission = Submission::text_to(&["o1"]);
            self.transaction("", second, |tx| tx.enqueue(&submission, false));
        }

        /// Looks this many seconds after the start, by a clock that shows `wall`. Returns whether
        /// anything has changed and whether a message is due.
        fn poll_at(&mut self, second: u64, wall: i64) -> (bool, bool) {
            let found = self.watcher.poll(self.start + Duration::from_secs(second), &clock(wall)).unwrap();
            (found.has_changed, found.is_due)
        }

        fn poll(&mut self, second: u64) -> (bool, bool) {
            self.poll_at(second, i64::try_from(second).unwrap())
        }
    }

    #[test]
    fn a_change_is_seen_once() {
        let mut outbox = WatchedOutbox::new();
        assert_eq!(outbox.poll(0), (true, false));
        assert_eq!(outbox.poll(1), (false, false));
        outbox.queue(1);
        assert_eq!(outbox.poll(2), (true, true));
        assert_eq!(outbox.poll(3), (false, true));
        assert_eq!(outbox.watcher.next_due_at(), Some(clock(1).wall));
    }

    #[test]
    fn due_times_of_a_wrong_clock_are_corrected_once_a_minute() {
        let mut outbox = WatchedOutbox::new();
        outbox.poll(0);
        outbox.queue(DAY);
        assert_eq!(outbox.poll(1), (true, false));
        let next = outbox.watcher.next_correction_at();
        assert_eq!(next, Some(outbox.start + Duration::from_secs(60)));
        assert_eq!(outbox.poll(59), (false, false));
        assert_eq!(outbox.poll(60), (true, true));
        assert_eq!(outbox.watcher.next_correction_at(), None);
        assert_eq!(outbox.poll(180), (false, true), "nothing is left to correct");
    }

    #[test]
    fn a_correction_is_tried_again_if_the_database_is_locked() {
        let mut outbox = WatchedOutbox::new();
        outbox.queue(DAY);
        let lock = rusqlite::Connection::open(outbox.other.path()).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(outbox.poll(0), (true, false));
        assert_eq!(outbox.watcher.next_correction_at(), Some(outbox.start + Duration::from_secs(60)));
        lock.execute_batch("COMMIT").unwrap();
        assert_eq!(outbox.poll(60), (true, true));
    }

    #[test]
    fn due_times_are_corrected_as_soon_as_the_clock_is_set_back() {
        let mut outbox = WatchedOutbox::new();
        outbox.queue(10);
        assert_eq!(outbox.poll(1), (true, false));
        assert_eq!(outbox.poll_at(2, 1), (false, false), "a second less is a correction of the clock");
        assert_eq!(outbox.poll_at(3, -DAY), (true, true));
        assert_eq!(outbox.poll_at(4, -DAY), (false, true));
    }

    #[test]
    fn another_file_at_the_path_is_another_database() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        assert_eq!(file_id(&path), None);
        fs::write(&path, "").unwrap();
        let first = file_id(&path);
        fs::write(&path, "changed").unwrap();
        assert!(first.is_some() && file_id(&path) == first);
        // The file exists on, so that its inode is not used again.
        fs::rename(&path, dir.path().join("old.db")).unwrap();
        fs::write(&path, "").unwrap();
        assert!(file_id(&path).is_some() && file_id(&path) != first);
    }

    #[test]
    fn messages_of_a_dead_process_are_due_within_two_seconds() {
        let mut outbox = WatchedOutbox::new();
        outbox.poll(0);
        outbox.queue(0);
        let lock = WorkerLock::acquire(outbox.other.path()).unwrap();
        outbox.transaction(lock.worker_id(), 0, |tx| tx.claim(ClaimScope::Due, 1));
        assert_eq!(outbox.poll(1), (true, false));
        let check = outbox.watcher.next_orphan_check();
        assert!(check.is_some_and(|check| check <= outbox.start + Duration::from_secs(3)), "{check:?}");
        assert!(!outbox.poll(4).1, "the process is alive");
        drop(lock);
        assert_eq!(outbox.poll(5), (false, false));
        assert_eq!(outbox.poll(6), (true, true));
        assert_eq!(outbox.watcher.next_orphan_check(), None, "no message is claimed");
    }
}
