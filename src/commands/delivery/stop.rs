//! How a signal ends a delivery: requests in flight get some time, then the run is abandoned.

use std::time::{Duration, Instant};

use crate::signals::Signal;

/// The time after a signal for requests in progress, which cannot be cancelled.
const STOP_TIMEOUT: Duration = Duration::from_millis(1500);
/// The time after a stop request at which the command ends in any case. With [`STOP_TIMEOUT`], it
/// is less than two seconds.
const ABANDON_TIMEOUT: Duration = Duration::from_millis(400);
/// The minimum time that a delivery gets to queue its messages, although a signal arrived earlier.
const MIN_QUEUE_TIME: Duration = Duration::from_millis(500);

/// The effect of a signal that arrives before the messages of the run are queued.
pub(in crate::commands) enum SignalPolicy {
    /// The run stops, and the messages are not queued.
    Stop,
    /// The run queues its messages and tries to deliver them for as long as requests in flight
    /// would get. `earlier` is a signal that arrived before the run, with the time at which the
    /// run became necessary.
    QueueFirst { earlier: Option<(Signal, Instant)> },
}

/// The progress of a run to its end after a signal.
pub(super) enum StopProgress {
    /// No signal has arrived.
    NotStopped,
    /// The run will be told to stop at this time.
    Planned { signal: Signal, stop_at: Instant },
    /// The run was told to stop, and is abandoned at this time.
    Requested { abandon_at: Instant },
}

impl StopProgress {
    /// Returns the progress at the start of a run.
    pub(super) fn new(policy: &SignalPolicy) -> Self {
        match policy {
            SignalPolicy::QueueFirst { earlier: Some((signal, since)) } => {
                let stop_at = (*since + STOP_TIMEOUT).max(Instant::now() + MIN_QUEUE_TIME);
                Self::Planned { signal: *signal, stop_at }
            }
            SignalPolicy::QueueFirst { earlier: None } | SignalPolicy::Stop => Self::NotStopped,
        }
    }

    /// Returns when the next part of the stop is due. A planned stop waits for the messages to be
    /// queued.
    pub(super) fn due_at(&self, is_queued: bool) -> Option<Instant> {
        match self {
            Self::NotStopped => None,
            Self::Planned { stop_at, .. } if is_queued => Some(*stop_at),
            Self::Planned { stop_at, .. } => Some(*stop_at + ABANDON_TIMEOUT),
            Self::Requested { abandon_at } => Some(*abandon_at),
        }
    }

    /// Plans the stop of a run that has not queued its messages yet.
    pub(super) fn plan(&mut self, signal: Signal, signalled_at: Instant) {
        if matches!(self, Self::NotStopped) {
            *self = Self::Planned { signal, stop_at: signalled_at + STOP_TIMEOUT };
        }
    }

    /// Records that the run is told to stop because of a signal. Returns the time for its requests
    /// in flight.
    pub(super) fn request(&mut self, signalled_at: Instant) -> Instant {
        let stop_at = signalled_at + STOP_TIMEOUT;
        let stop_at = match self {
            Self::Planned { stop_at: planned, .. } => stop_at.min(*planned),
            Self::NotStopped | Self::Requested { .. } => stop_at,
        };
        *self = Self::Requested { abandon_at: stop_at + ABANDON_TIMEOUT };
        stop_at
    }

    /// Returns the signal and the time of a planned stop that is due, which becomes requested.
    pub(super) fn take_due_plan(&mut self, is_queued: bool) -> Option<(Signal, Instant)> {
        let is_due = self.due_at(is_queued).is_some_and(|at| Instant::now() >= at);
        let Self::Planned { signal, stop_at } = *self else { return None };
        if !is_due {
            return None;
        }
        *self = Self::Requested { abandon_at: stop_at + ABANDON_TIMEOUT };
        Some((signal, stop_at))
    }

    /// Returns whether the run has to be abandoned now.
    pub(super) fn is_abandon_due(&self) -> bool {
        matches!(self, Self::Requested { abandon_at } if Instant::now() >= *abandon_at)
    }
}
