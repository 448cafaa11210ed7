//! The waits of a run: for an event between two steps, and for a database that another process keeps locked.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::{DeliveryEvent, EventSink};

/// How often is looked at what other processes have of this run's messages.
pub(super) const CLAIMED_ELSEWHERE_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The longest wait while no request is under way: nothing that is missed holds a run up for good.
pub(super) const MAX_IDLE_WAIT: Duration = Duration::from_secs(1);

/// What a run does after a turn in which nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Nothing is left that it could do.
    Finish,
    /// It waits for an event.
    Wait,
    /// It has another turn at once: it has got something to do.
    Continue,
}

/// How often is looked whether somebody wants to leave.
pub(super) const SHUTDOWN_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A wait for the database, once it has begun.
pub(super) struct LockWait<'a> {
    pub(super) events: &'a EventSink,
    pub(super) database: PathBuf,
    /// Messages under way.
    pub(super) in_flight_count: usize,
    /// How long one waits with nothing under way.
    pub(super) idle_timeout: Duration,
    pub(super) stop_requests: &'a Receiver<Instant>,
    /// Somebody wants to leave: what is under way has until then.
    pub(super) shutdown_deadline: &'a mut Option<Instant>,
    pub(super) started_at: Instant,
    pub(super) is_reported: bool,
}

impl LockWait<'_> {
    /// Whether to wait on.
    pub(super) fn keep_waiting(&mut self) -> bool {
        if let Ok(deadline) = self.stop_requests.try_recv() {
            *self.shutdown_deadline = Some(deadline);
        }
        let has_in_flight = self.in_flight_count > 0;
        match *self.shutdown_deadline {
            Some(deadline) => has_in_flight && Instant::now() < deadline,
            None if !has_in_flight => self.started_at.elapsed() < self.idle_timeout,
            None => {
                // Most processes are done with it in no time.
                if !self.is_reported && self.started_at.elapsed() >= self.idle_timeout / 10 {
                    self.is_reported = true;
                    let (database, in_flight_count) = (self.database.clone(), self.in_flight_count);
                    self.events.send(DeliveryEvent::DatabaseLocked { database, in_flight_count });
                }
                true
            }
        }
    }
}
