//! The wait of a run for a database that another process keeps locked.
//!
//! Only this run gets the results of its messages in flight. If it gave up, each of them would
//! count as possibly delivered. So the run waits for a locked database until the shutdown deadline.
//! With nothing in flight it stops after the busy timeout.

use std::time::{Duration, Instant};

/// How often this run's messages that other processes claimed are checked.
pub(super) const CLAIMED_ELSEWHERE_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The longest wait while no request is in flight: a missed event delays a run by at most this.
pub(super) const MAX_IDLE_WAIT: Duration = Duration::from_secs(1);

/// How often a wait for the database checks for a stop request.
const SHUTDOWN_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The wait of a run for the database.
pub(super) struct LockWait {
    /// How long to wait with nothing in flight.
    idle_timeout: Duration,
    started_at: Option<Instant>,
    is_reported: bool,
}

/// The decision of a run that finds the database locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockDecision {
    Wait,
    /// It waits, and reports that the wait is long.
    Report,
    GiveUp,
}

impl LockWait {
    pub(super) fn new(idle_timeout: Duration) -> Self {
        Self { idle_timeout, started_at: None, is_reported: false }
    }

    /// Returns how long one transaction waits for the lock.
    pub(super) fn poll_interval(&self) -> Duration {
        self.idle_timeout.min(SHUTDOWN_POLL_INTERVAL)
    }

    /// Decides for a transaction that began at `begun_at` and did not get the lock.
    pub(super) fn on_locked(
        &mut self,
        begun_at: Instant,
        has_in_flight: bool,
        stop_at: Option<Instant>,
    ) -> LockDecision {
        let started_at = *self.started_at.get_or_insert(begun_at);
        let waited_until = begun_at + self.poll_interval();
        let waited_for = waited_until.saturating_duration_since(started_at);
        let may_wait = match stop_at {
            Some(deadline) => has_in_flight && waited_until < deadline,
            None => has_in_flight || waited_for < self.idle_timeout,
        };
        // Most processes release the lock within this time.
        let is_long = stop_at.is_none() && has_in_flight && waited_for >= self.idle_timeout / 10;
        match may_wait {
            false => LockDecision::GiveUp,
            true if is_long && !std::mem::replace(&mut self.is_reported, true) => LockDecision::Report,
            true => LockDecision::Wait,
        }
    }

    /// Ends the wait.
    pub(super) fn reset(&mut self) {
        (self.started_at, self.is_reported) = (None, false);
    }
}
