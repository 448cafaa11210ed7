//! What a run tries again itself: which message, and when.

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

    /// It was taken otherwise, as one that is due.
    pub(super) fn cancel(&mut self, id: i64) {
        if let Some(due_at) = self.by_id.remove(&id) {
            self.by_time.remove(&(due_at, id));
        }
    }

    /// When the next is to be tried.
    pub(super) fn next_due_at(&self) -> Option<Instant> {
        self.by_time.first().map(|(due_at, _)| *due_at)
    }

    /// Whether one is to be tried at that time.
    pub(super) fn has_due(&self, now: Instant) -> bool {
        self.next_due_at().is_some_and(|next| next <= now)
    }

    /// Takes the next that is to be tried at that time.
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

    /// All of them, in no order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = i64> + use<> {
        self.by_time.clear();
        std::mem::take(&mut self.by_id).into_keys()
    }
}
