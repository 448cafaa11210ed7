//! What a run tries again itself: which message, and when.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

#[derive(Default)]
pub(super) struct Later {
    order: BTreeSet<(Instant, i64)>,
    when: HashMap<i64, Instant>,
}

impl Later {
    pub(super) fn put(&mut self, id: i64, when: Instant) {
        self.remove(id);
        self.when.insert(id, when);
        self.order.insert((when, id));
    }

    /// It was taken otherwise, as one that is due.
    pub(super) fn remove(&mut self, id: i64) {
        if let Some(when) = self.when.remove(&id) {
            self.order.remove(&(when, id));
        }
    }

    /// When the next is to be tried.
    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(when, _)| *when)
    }

    /// Whether one is to be tried at that time.
    pub(super) fn is_due(&self, at: Instant) -> bool {
        self.next().is_some_and(|next| next <= at)
    }

    /// Takes the next that is to be tried at that time.
    pub(super) fn take(&mut self, at: Instant) -> Option<i64> {
        let (_, id) = *self.order.first().filter(|(when, _)| *when <= at)?;
        self.remove(id);
        Some(id)
    }

    pub(super) fn has(&self, id: i64) -> bool {
        self.when.contains_key(&id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// All of them, in no order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = i64> + use<> {
        self.order.clear();
        std::mem::take(&mut self.when).into_keys()
    }
}
