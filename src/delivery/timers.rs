//! The retry timers of a run: a queue of messages by due time.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

#[derive(Default)]
pub(super) struct RetryTimers {
    by_time: BTreeSet<(Instant, i64)>,
    by_id: HashMap<i64, Instant>,
}

impl RetryTimers {
    pub(super) fn schedule(&mut self, id: i64, due_at: Instant) {
        self.cancel(id);
        self.by_id.insert(id, due_at);
        self.by_time.insert((due_at, id));
    }

    /// Removes a message that was claimed as a due one.
    pub(super) fn cancel(&mut self, id: i64) {
        if let Some(due_at) = self.by_id.remove(&id) {
            self.by_time.remove(&(due_at, id));
        }
    }

    /// Returns when the next message is due.
    pub(super) fn next_due_at(&self) -> Option<Instant> {
        self.by_time.first().map(|(due_at, _)| *due_at)
    }

    /// Returns whether a message is due.
    pub(super) fn has_due(&self, now: Instant) -> bool {
        self.next_due_at().is_some_and(|next| next <= now)
    }

    /// Removes and returns the next due message.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<i64> {
        let (_, id) = *self.by_time.first().filter(|(due_at, _)| *due_at <= now)?;
        self.cancel(id);
        Some(id)
    }

    pub(super) fn contains(&self, id: i64) -> bool {
        self.by_id.contains_key(&id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_time.is_empty()
    }

    /// Removes and returns all messages, in no order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = i64> + use<> {
        self.by_time.clear();
        std::mem::take(&mut self.by_id).into_keys()
    }
}
