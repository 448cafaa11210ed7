//! Counts rejected pushes in memory until the recorder writes the numbers, so that a flood of them
//! causes one write per interval.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::clock::Timestamp;
use crate::store::RejectedPushes;
use crate::wechat::push::PushError;

/// The shortest time between two writes of the numbers.
const WRITE_INTERVAL: Duration = Duration::from_secs(5);

/// The numbers that are not written yet.
pub(super) struct PushRejectionCounter {
    state: Mutex<CounterState>,
    /// Wakes the recorder up.
    changed: Sender<()>,
}

#[derive(Default)]
struct CounterState {
    pending: BTreeMap<PushError, RejectedPushes>,
    /// Whether the numbers in the database must be set to zero first.
    is_clear_due: bool,
    /// When the numbers may be written; `None` before the first write.
    next_write_at: Option<Instant>,
}

/// The change that the recorder has to write now.
pub(super) struct PushRejectionChange {
    pub(super) is_cleared: bool,
    pub(super) rejected: Vec<RejectedPushes>,
}

impl PushRejectionCounter {
    /// Returns a counter, and the recorder's side: it is notified of the first change after a
    /// write.
    pub(super) fn new() -> (Self, Receiver<()>) {
        let (changed, receiver) = bounded(1);
        (Self { state: Mutex::default(), changed }, receiver)
    }

    /// Counts a rejected push.
    pub(super) fn count(&self, error: PushError, now: Timestamp) {
        let is_first = {
            let pending = &mut self.state().pending;
            let is_first = pending.is_empty();
            let reason = || RejectedPushes { reason: error.to_string(), count: 0, since: now, last_at: now };
            let rejected = pending.entry(error).or_insert_with(reason);
            (rejected.count, rejected.last_at) = (rejected.count.saturating_add(1), now);
            is_first
        };
        if is_first {
            self.wake_up();
        }
    }

    /// Sets the numbers to zero, also those in the database.
    pub(super) fn clear(&self) {
        {
            let mut state = self.state();
            state.pending.clear();
            state.is_clear_due = true;
        }
        self.wake_up();
    }

    /// Forgets the pending numbers, because an event was accepted.
    pub(super) fn forget_pending(&self) {
        self.state().pending.clear();
    }

    /// Returns when the pending numbers may be written; `None` if there are none.
    pub(super) fn write_due_at(&self) -> Option<Instant> {
        let state = self.state();
        (!state.pending.is_empty()).then(|| state.next_write_at.unwrap_or_else(Instant::now))
    }

    /// Takes the pending change if it is due.
    pub(super) fn take_due(&self, now: Instant) -> Option<PushRejectionChange> {
        let mut state = self.state();
        let is_write_due = !state.pending.is_empty() && state.next_write_at.is_none_or(|at| at <= now);
        if !state.is_clear_due && !is_write_due {
            return None;
        }
        let is_cleared = std::mem::take(&mut state.is_clear_due);
        let rejected =
            if is_write_due { std::mem::take(&mut state.pending).into_values().collect() } else { Vec::new() };
        if is_write_due {
            state.next_write_at = Some(now + WRITE_INTERVAL);
        }
        Some(PushRejectionChange { is_cleared, rejected })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, CounterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_up(&self) {
        // If it is full, the recorder wakes up anyway.
        let _ = self.changed.try_send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flood_is_written_once_in_an_interval() {
        let (counter, changed) = PushRejectionCounter::new();
        let started = Instant::now();
        assert!(counter.take_due(started).is_none() && counter.write_due_at().is_none());
        counter.count(PushError::WrongSignature, Timestamp(1));
        changed.try_recv().unwrap();
        let first = counter.take_due(started).unwrap();
        assert_eq!((first.is_cleared, first.rejected[0].count), (false, 1));
        for at in 2..1000 {
            counter.count(PushError::WrongSignature, Timestamp(at));
        }
        counter.count(PushError::Stale, Timestamp(5));
        assert_eq!(changed.len(), 1);
        assert!(counter.take_due(started + WRITE_INTERVAL / 2).is_none());
        assert_eq!(counter.write_due_at(), Some(started + WRITE_INTERVAL));
        let second = counter.take_due(started + WRITE_INTERVAL).unwrap().rejected;
        let numbers = second.iter().map(|rejected| (rejected.reason.as_str(), rejected.count, rejected.last_at.0));
        assert_eq!(numbers.collect::<Vec<_>>(), [("wrong_signature", 998, 999), ("stale", 1, 5)]);
        assert_eq!(second[0].since, Timestamp(2));
    }

    #[test]
    fn clearing_is_not_delayed_and_drops_what_was_counted() {
        let (counter, _changed) = PushRejectionCounter::new();
        let started = Instant::now();
        counter.count(PushError::Stale, Timestamp(1));
        assert!(counter.take_due(started).is_some());
        counter.count(PushError::Stale, Timestamp(2));
        counter.clear();
        let change = counter.take_due(started).unwrap();
        assert_eq!((change.is_cleared, change.rejected), (true, Vec::new()));
        assert!(counter.take_due(started + WRITE_INTERVAL).is_none());
    }
}
