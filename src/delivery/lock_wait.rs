//! The wait of a run for a database that another process keeps locked.
//!
//! Only this run gets the results of its messages in flight. If it gave up, each of them would
//! count as possibly delivered. So the run waits for a locked database until the shutdown deadline.
//! With nothing in flight it stops after the busy timeout.

use std::time::{Duration, Instant};

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

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// Returns a wait of at most ten seconds with nothing in flight, which began at `start`.
    fn wait_since(start: Instant, has_in_flight: bool) -> LockWait {
        let mut wait = LockWait::new(ms(10_000));
        assert_eq!(wait.on_locked(start, has_in_flight, None), LockDecision::Wait);
        wait
    }

    #[test]
    fn only_requests_in_flight_make_a_wait_longer_than_its_timeout() {
        use LockDecision::{GiveUp, Report, Wait};
        let start = Instant::now();
        // (requests in flight, deadline of a stop, time since the start, decision)
        let cases = [
            (false, None, 9_700, Wait),
            (false, None, 9_800, GiveUp),
            (false, Some(5_000), 1_000, GiveUp),
            (true, None, 700, Wait),
            (true, None, 800, Report),
            (true, None, 3_600_000, Report),
            (true, Some(5_000), 4_700, Wait),
            (true, Some(5_000), 4_800, GiveUp),
        ];
        for (has_in_flight, stop_at, since, decision) in cases {
            let stop_at = stop_at.map(|stop_at| start + ms(stop_at));
            let found = wait_since(start, has_in_flight).on_locked(start + ms(since), has_in_flight, stop_at);
            assert_eq!(found, decision, "{has_in_flight} {stop_at:?} {since}");
        }
    }

    #[test]
    fn a_long_wait_is_reported_once() {
        let start = Instant::now();
        let mut wait = wait_since(start, true);
        assert_eq!(wait.on_locked(start + ms(2_000), true, None), LockDecision::Report);
        assert_eq!(wait.on_locked(start + ms(2_200), true, None), LockDecision::Wait);
        wait.reset();
        assert_eq!(wait.on_locked(start + ms(3_000), true, None), LockDecision::Wait, "the next wait begins");
        assert_eq!(wait.on_locked(start + ms(5_000), true, None), LockDecision::Report);
    }
}
