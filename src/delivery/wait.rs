//! The waits of a run: for an event between two steps, and for a database that another process
//! keeps locked.
//!
//! While messages are in flight, only this run knows, or will know, their results: giving up would
//! turn each delivered message into a possibly delivered one. So the run waits for a locked
//! database until the shutdown deadline. With nothing in flight it gives up after the busy timeout.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::{DeliveryEvent, EventSink};

/// How often this run's messages that other processes claimed are checked.
pub(super) const CLAIMED_ELSEWHERE_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The longest wait while no request is in flight: a missed event delays a run by at most this.
pub(super) const MAX_IDLE_WAIT: Duration = Duration::from_secs(1);

/// What a run does after a step without progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Ends: nothing is left to do.
    Finish,
    /// Waits for an event.
    Wait,
    /// Runs another step at once: there is new work.
    Continue,
}

/// How often a wait for the database checks for a stop request.
pub(super) const SHUTDOWN_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A wait for the database that another process keeps locked.
pub(super) struct LockWait<'a> {
    pub(super) events: &'a EventSink,
    pub(super) database: PathBuf,
    /// The number of messages in flight.
    pub(super) in_flight_count: usize,
    /// How long to wait with nothing in flight.
    pub(super) idle_timeout: Duration,
    pub(super) stop_requests: &'a Receiver<Instant>,
    /// Set by a stop request: requests in flight may take until then.
    pub(super) shutdown_deadline: &'a mut Option<Instant>,
    pub(super) started_at: Instant,
    pub(super) is_reported: bool,
}

impl LockWait<'_> {
    /// Returns whether to keep waiting.
    pub(super) fn keep_waiting(&mut self) -> bool {
        if let Ok(deadline) = self.stop_requests.try_recv() {
            *self.shutdown_deadline = Some(deadline);
        }
        let has_in_flight = self.in_flight_count > 0;
        match *self.shutdown_deadline {
            Some(deadline) => has_in_flight && Instant::now() < deadline,
            None if !has_in_flight => self.started_at.elapsed() < self.idle_timeout,
            None => {
                // Most processes release the lock within this time.
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
