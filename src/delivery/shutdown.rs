//! The scheduler at the end of a run: it releases or reports every message that the run did not
//! finish.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::error::TxError;
use super::run_state::{RunState, SettledMessage, StepTx};
use super::scheduler::{RunPhase, Scheduler};
use super::step::{NextStep, StepTime};
use super::{DeliveryError, DeliveryEvent, recover_orphans};
use crate::store::{MessageState, OutboxTx, ResponseInfo, TxContext};

/// The number of messages whose reason for waiting is stored in one transaction.
const EXPLAIN_BATCH_SIZE: usize = 500;

/// How long to wait for responses that can no longer be stored.
const FINAL_RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of messages that one step reports.
const REPORT_BATCH_SIZE: usize = 64;

/// The time after the deadline in which the remaining messages are still reported.
const REPORT_TIMEOUT: Duration = Duration::from_millis(200);

impl Scheduler {
    /// Checks this run's messages that other processes claimed.
    pub(super) fn poll_claimed_elsewhere(&mut self) -> anyhow::Result<NextStep> {
        let ids = std::mem::take(&mut self.run_state.claimed_elsewhere);
        if ids.is_empty() {
            return self.begin_report();
        }
        recover_orphans(&mut self.store, &self.now.clock)?;
        for id in ids {
            let app_id = &self.run_state.options.account.app_id;
            match self.store.message_with_claim(app_id, id)? {
                Some((message, is_claimed)) if message.state == MessageState::Queued && is_claimed => {
                    self.run_state.claimed_elsewhere.push(id)
                }
                Some((message, _))
                    if message.state == MessageState::Queued && message.due_at <= self.now.clock.wall =>
                {
                    self.run_state.unclaimed_ids.push_back((id, id));
                }
                Some(_) | None => {
                    self.emit_current(id)?;
                    self.run_state.track_next_part_elsewhere(id);
                }
            }
        }
        if !self.run_state.unclaimed_ids.is_empty() {
            return Ok(NextStep::Continue);
        }
        if self.run_state.claimed_elsewhere.is_empty() {
            return self.begin_report();
        }
        // Another process has to finish them: do not wait for them longer than for messages of this
        // run.
        if self.run_backoff.is_stalled(self.now.instant) {
            for id in std::mem::take(&mut self.run_state.claimed_elsewhere) {
                self.emit_current(id)?;
            }
            return self.begin_report();
        }
        Ok(self.wait())
    }

    /// Runs `work` in a transaction of this run.
    fn transaction<T>(
        &mut self,
        durable: bool,
        work: impl FnOnce(&mut RunState, &OutboxTx<'_>, &StepTime) -> Result<T, TxError>,
    ) -> anyhow::Result<T> {
        let Self { store, run_state, worker_lock, now, .. } = self;
        let app_id = run_state.options.account.app_id.clone();
        let context =
            TxContext { app_id: &app_id, worker_id: worker_lock.worker_id(), now: &now.clock, server_now: now.server };
        store.transaction(context, durable, |tx| work(run_state, tx, now)).map_err(TxError::into_anyhow)
    }

    /// Releases messages that were claimed and not started.
    pub(super) fn release_ready(&mut self) -> anyhow::Result<()> {
        let run_state = &mut self.run_state;
        let ready: Vec<i64> = run_state
            .ready
            .drain(..)
            .chain(run_state.upload_queue.drain_waiting())
            .map(|claimed| claimed.message.id)
            .collect();
        if !ready.is_empty() {
            self.transaction(true, |_, tx, _| Ok(tx.release(ready.iter().copied())?))?;
            self.run_state.unclaimed_ids.extend(ready.into_iter().map(|id| (id, id)));
        }
        Ok(())
    }

    /// Records the messages in flight as possibly delivered, except for those in `unstarted_ids`.
    pub(super) fn abandon_in_flight(&mut self, unstarted_ids: &HashSet<i64>) -> anyhow::Result<()> {
        let settled = self.transaction(true, |run_state, tx, now| {
            let mut step = StepTx::new(tx, now);
            run_state.abandon_in_flight(&mut step, unstarted_ids)?;
            Ok(step.settled)
        })?;
        settled.into_iter().try_for_each(|settled| self.emit_settled(settled))
    }

    /// Handles an error that ends the run: the requests in flight are waited for, then the known
    /// state of each message is reported.
    pub(super) fn fail(&mut self, error: anyhow::Error) -> NextStep {
        if let Some(first) = self.failure.take() {
            // The report itself failed.
            return NextStep::Finish(Err(first));
        }
        self.failure = Some(error);
        self.unsaved_results.iter().for_each(|(id, _)| self.run_state.forget(*id));
        self.phase = RunPhase::Draining(self.now.instant + FINAL_RESPONSE_TIMEOUT);
        NextStep::Continue
    }

    /// Takes the results that can no longer be stored, and reports them after the last one.
    pub(super) fn drain(&mut self, until: Instant) -> anyhow::Result<NextStep> {
        for finished in std::mem::take(&mut self.pending.sent) {
            if self.run_state.in_flight.remove(&finished.id).is_some() {
                self.unsaved_results.push((finished.id, finished.response.result.is_ok()));
            }
        }
        let until = self.shutdown_deadline.unwrap_or(until);
        if !self.run_state.in_flight.is_empty() && self.now.instant < until {
            return Ok(NextStep::Wait(Some(until)));
        }
        let cause = self.failure.as_ref().map(ToString::to_string).unwrap_or_default();
        // A command reports the reason once for the remaining messages. A service gets it with the
        // end of the run.
        if !self.is_continuous {
            self.emit(DeliveryEvent::SendingStopped(anyhow::anyhow!(cause.clone())));
        }
        let unanswered =
            std::mem::take(&mut self.run_state.in_flight).into_keys().map(|id| (id, MessageState::Unknown));
        let unsaved = std::mem::take(&mut self.unsaved_results);
        let unsaved =
            unsaved.into_iter().map(|(id, sent)| (id, if sent { MessageState::Sent } else { MessageState::Queued }));
        for (id, state) in unsaved.chain(unanswered) {
            let correlation_id = self.run_state.correlation_ids.remove(&id);
            self.emit(DeliveryEvent::ResultNotSaved { id, state, correlation_id, cause: cause.clone() });
        }
        // Best effort: the database may still be unavailable.
        self.stop_reason = ResponseInfo::default();
        let _ = self.release_ready();
        self.begin_report()
    }

    /// Begins the report of the messages that stay queued.
    pub(super) fn begin_report(&mut self) -> anyhow::Result<NextStep> {
        self.release_ready()?;
        let waiting_parts = self.release_waiting_parts()?;
        let run_state = &mut self.run_state;
        let mut remaining: Vec<(i64, i64)> = std::mem::take(&mut run_state.unclaimed_ids).into();
        remaining.extend(run_state.retry_timers.drain().map(|id| (id, id)));
        remaining.extend(std::mem::take(&mut run_state.claimed_elsewhere).into_iter().map(|id| (id, id)));
        remaining.sort_unstable();
        if self.stop_reason.error.is_some() {
            let reason = self.stop_reason.clone();
            // In batches, so that other processes do not wait long for the write lock. Without
            // fsync, because a lost reason does no harm.
            for batch in groups(&remaining, EXPLAIN_BATCH_SIZE) {
                self.transaction(false, |_, tx, _| {
                    Ok(batch.iter().try_for_each(|range| tx.set_waiting_reason(*range, &reason))?)
                })?;
            }
        }
        // Waiting parts have a reason of their own.
        remaining.extend(waiting_parts.into_iter().map(|id| (id, id)));
        remaining.sort_unstable();
        if self.is_continuous {
            // The next run, which may have started already, continues with them.
            remaining.clear();
        }
        self.phase = RunPhase::Reporting(remaining.into());
        // Report the first batch even after the deadline.
        self.report_batch()?;
        Ok(NextStep::Continue)
    }

    fn report_batch(&mut self) -> anyhow::Result<()> {
        let RunPhase::Reporting(remaining) = &mut self.phase else { return Ok(()) };
        take_ids(remaining, REPORT_BATCH_SIZE).into_iter().try_for_each(|id| self.emit_current(id))
    }

    /// Reports some of the messages that stay queued; the run ends with the last one.
    pub(super) fn report_some(&mut self) -> anyhow::Result<NextStep> {
        let RunPhase::Reporting(remaining) = &mut self.phase else { return Ok(NextStep::Continue) };
        if self.shutdown_deadline.is_some_and(|deadline| self.now.instant >= deadline + REPORT_TIMEOUT) {
            let unreported = remaining.drain(..).map(|(first, last)| last - first + 1).sum::<i64>();
            if let Ok(unreported @ 1..) = usize::try_from(unreported) {
                self.emit(DeliveryEvent::LeftQueued(unreported));
            }
        } else {
            self.report_batch()?;
        }
        if matches!(&self.phase, RunPhase::Reporting(remaining) if !remaining.is_empty()) {
            return Ok(NextStep::Continue);
        }
        Ok(NextStep::Finish(match self.failure.take() {
            Some(error) => Err(error),
            None => self.prune(),
        }))
    }

    /// Releases the parts that still wait for another part, with the reason, and returns their IDs.
    fn release_waiting_parts(&mut self) -> anyhow::Result<Vec<i64>> {
        let mut waiting_parts: Vec<(i64, i64)> = self.run_state.waiting_parts.drain().collect();
        waiting_parts.sort_unstable();
        for batch in waiting_parts.chunks(EXPLAIN_BATCH_SIZE) {
            self.transaction(false, |_, tx, _| {
                Ok(batch.iter().try_for_each(|(id, previous_id)| {
                    let error = Some(DeliveryError::WaitsForPart { id: *previous_id }.into());
                    tx.set_waiting_reason((*id, *id), &ResponseInfo { error, ..ResponseInfo::default() })
                })?)
            })?;
        }
        Ok(waiting_parts.into_iter().map(|(id, _)| id).collect())
    }

    pub(super) fn emit_settled(&mut self, settled: SettledMessage) -> anyhow::Result<()> {
        match settled {
            SettledMessage::Reload(id) => self.emit_current(id),
            SettledMessage::Saved(message) => {
                let (id, correlation_id) = (message.id, self.run_state.correlation_ids.remove(&message.id));
                self.emit(DeliveryEvent::Settled { message, correlation_id, duplicate: false });
                self.emit_duplicate_waiters(id)
            }
        }
    }

    /// Reports a message of this run as it is stored.
    pub(super) fn emit_current(&mut self, id: i64) -> anyhow::Result<()> {
        let correlation_id = self.run_state.correlation_ids.remove(&id);
        self.emit_message(id, correlation_id, false)?;
        self.emit_duplicate_waiters(id)
    }

    /// Reports an existing message that has the key of a new one.
    pub(super) fn emit_duplicate(&mut self, id: i64, correlation_id: Option<u64>) -> anyhow::Result<()> {
        self.emit_message(id, correlation_id, true)
    }

    /// Reports the duplicates that were submitted while message `id` was unfinished.
    fn emit_duplicate_waiters(&mut self, id: i64) -> anyhow::Result<()> {
        let waiters = self.run_state.duplicate_waiters.remove(&id).unwrap_or_default();
        waiters.into_iter().try_for_each(|correlation_id| self.emit_duplicate(id, correlation_id))
    }

    fn emit_message(&mut self, id: i64, correlation_id: Option<u64>, duplicate: bool) -> anyhow::Result<()> {
        let event = match self.store.message(&self.run_state.options.account.app_id, id)? {
            Some(message) => DeliveryEvent::Settled { message: Box::new(message), correlation_id, duplicate },
            None => DeliveryEvent::Deleted {
                id,
                correlation_id,
                attempt_started: !self.run_state.never_attempted.remove(&id),
            },
        };
        self.emit(event);
        Ok(())
    }
}

/// Removes and returns the first `count` IDs of ranges.
fn take_ids(ranges: &mut VecDeque<(i64, i64)>, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    while ids.len() < count
        && let Some((first, last)) = ranges.pop_front()
    {
        ids.push(first);
        if first < last {
            ranges.push_front((first + 1, last));
        }
    }
    ids
}

/// Splits ranges of IDs, from first to last, into groups of at most `max_ids` IDs.
fn groups(ranges: &[(i64, i64)], max_ids: usize) -> Vec<Vec<(i64, i64)>> {
    let max_ids = i64::try_from(max_ids).unwrap_or(i64::MAX);
    let (mut groups, mut free) = (Vec::<Vec<_>>::new(), 0);
    for (mut first, last) in ranges.iter().copied() {
        while first <= last {
            if free == 0 {
                groups.push(Vec::new());
                free = max_ids;
            }
            let end = last.min(first + free - 1);
            groups.last_mut().into_iter().for_each(|group| group.push((first, end)));
            free -= end + 1 - first;
            first = end + 1;
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::{groups, take_ids};

    #[test]
    fn the_first_ids_are_taken_from_the_ranges() {
        let mut ranges = [(1, 2), (5, 9)].into();
        assert_eq!((take_ids(&mut ranges, 3), ranges.clone()), (vec![1, 2, 5], [(6, 9)].into()));
        assert_eq!((take_ids(&mut ranges, 9), ranges.len()), (vec![6, 7, 8, 9], 0));
    }

    #[test]
    fn a_group_has_a_fixed_number_of_ids_in_ranges_of_any_length() {
        assert_eq!(groups(&[], 3), Vec::<Vec<_>>::new());
        let found = groups(&[(1, 7), (9, 9), (11, 11), (20, 22)], 3);
        assert_eq!(found, [vec![(1, 3)], vec![(4, 6)], vec![(7, 7), (9, 9), (11, 11)], vec![(20, 22)]]);
    }
}
