//! How long a statement waits for another process's write.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::termination;

/// How long a statement waits for another process's write by default.
pub(super) const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Sets how long a statement waits for another process's write. Unlike SQLite's own timeout, a
/// signal that asks this process to exit ends the wait.
pub(super) fn set_busy_timeout(conn: &mut Connection, timeout: Duration) -> rusqlite::Result<()> {
    let mut started = Instant::now();
    conn.busy_handler(Some(move |tries: i32| {
        if tries == 0 {
            started = Instant::now();
        }
        if termination::requested_signal().is_some() || started.elapsed() >= timeout {
            return false;
        }
        // A released lock wakes no one, so poll.
        std::thread::park_timeout(MAX_BUSY_POLL_INTERVAL.min(Duration::from_millis(1 << tries.clamp(0, 10))));
        true
    }))
}

/// The longest interval between two attempts to take a lock.
const MAX_BUSY_POLL_INTERVAL: Duration = Duration::from_millis(25);
