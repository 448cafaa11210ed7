//! The retry timers of a run: a queue of messages by due time.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use crate::clock::Timestamp;

#[derive(Default)]
pub(super) struct RetryTimers {
    by_time: BTreeSet<(Instant, i64)>,
    /// When each timer fires, and the due time that is stored for its message.
    by_id: HashMap<i64, (Instant, Timestamp)>,
}

impl RetryTimers {
    /// Sets the timer of a message whose stored due time is `due_at`.
    pub(super) fn schedule(&mut self, id: i64, fires_at: Instant, due_at: Timestamp) {
        self.cancel(id);
        self.by_id.insert(id, (fires_at, due_at));
        self.by_time.insert((fires_at, id));
    }

    /// Removes a message that was claimed because it is due.
    pub(super) fn cancel(&mut self, id: i64) -> Option<Timestamp> {
        let (fires_at, due_at) = self.by_id.remove(&id)?;
        self.by_time.remove(&(fires_at, id));
        Some(due_at)
    }

    /// Returns when the next message is due.
    pub(super) fn next_due_at(&self) -> Option<Instant> {
        self.by_time.first().map(|(fires_at, _)| *fires_at)
    }

    /// Returns whether a message is due.
    pub(super) fn has_due(&self, now: Instant) -> bool {
        self.next_due_at().is_some_and(|next| next <= now)
    }

    /// Removes the next due message and returns it with its stored due time.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<(i64, Timestamp)> {
        let (_, id) = *self.by_time.first().filter(|(fires_at, _)| *fires_at <= now)?;
        Some((id, self.cancel(id)?))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_message_has_one_timer() {
        let (mut timers, start) = (RetryTimers::default(), Instant::now());
        let later = start + Duration::from_secs(1);
        timers.schedule(1, start, Timestamp(0));
        timers.schedule(1, later, Timestamp(1000));
        assert_eq!((timers.has_due(start), timers.pop_due(start)), (false, None));
        assert_eq!((timers.has_due(later), timers.pop_due(later)), (true, Some((1, Timestamp(1000)))));
        timers.schedule(2, start, Timestamp(0));
        assert_eq!(timers.drain().collect::<Vec<_>>(), [2]);
        assert!(timers.is_empty() && !timers.contains(2));
    }
}
