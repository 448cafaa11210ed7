//! Texts in several parts: a part is sent once the one before it is, be it by this run or by another.

use super::run_state::{RunState, SettledMessage};
use super::scheduler::Scheduler;
use super::shutdown::EXPLAIN_BATCH_SIZE;
use super::{DeliveryError, TxError};
use crate::clock::ClockReading;
use crate::store::{MessageState, OutboxTx, ResponseInfo, TxContext};

impl RunState {
    /// A message with parts behind it has come to that: the next is due if it is sent, and they are withdrawn if it
    /// never will be. Where nobody knows, they wait for somebody to say.
    pub(super) fn release_next_part(
        &mut self,
        tx: &OutboxTx<'_>,
        id: i64,
        state: MessageState,
        settled: &mut Vec<SettledMessage>,
    ) -> Result<(), TxError> {
        match state {
            MessageState::Queued | MessageState::Unknown => {}
            MessageState::Sent => {
                if let Some(next) = tx.next_part(id)? {
                    self.waiting_for_part.remove(&next);
                    self.unclaimed_ids.push_back((next, next));
                }
            }
            MessageState::Failed | MessageState::Cancelled | MessageState::Expired => {
                for cancelled_id in tx.cancel_dependents(id)? {
                    self.waiting_for_part.remove(&cancelled_id);
                    settled.push(SettledMessage::Reload(cancelled_id));
                }
            }
        }
        Ok(())
    }

    /// One that could not be taken: it waits for the part before it, or another process has it.
    pub(super) fn classify_unclaimed(&mut self, tx: &OutboxTx<'_>, id: i64) -> Result<(), TxError> {
        match tx.unsent_predecessor(id)? {
            Some(previous_id) => drop(self.waiting_for_part.insert(id, previous_id)),
            None => self.claimed_elsewhere.push(id),
        }
        Ok(())
    }

    /// A message that another process had has been settled there: the part behind it is that process's too.
    pub(super) fn track_next_part_elsewhere(&mut self, id: i64) {
        let next_parts = self.waiting_for_part.extract_if(|_, previous_id| *previous_id == id).map(|(next, _)| next);
        self.claimed_elsewhere.extend(next_parts);
    }
}

impl Scheduler<'_> {
    /// Lets go of the parts that still wait, with the reason.
    pub(super) fn release_waiting_parts(&mut self) -> anyhow::Result<Vec<i64>> {
        let mut waiting_parts: Vec<(i64, i64)> = self.run_state.waiting_for_part.drain().collect();
        waiting_parts.sort_unstable();
        let app_id = self.run_state.options.account.app_id.clone();
        let (now, server) = (ClockReading::now(), self.run_state.server_time);
        let tx_context =
            TxContext { app_id: &app_id, worker_id: self.worker_lock.worker_id(), now: &now, server_now: server };
        for some in waiting_parts.chunks(EXPLAIN_BATCH_SIZE) {
            self.store.transaction(tx_context, false, |tx| {
                some.iter().try_for_each(|(id, previous_id)| {
                    let error = Some(DeliveryError::WaitsForPart { id: *previous_id }.into());
                    tx.set_waiting_reason((*id, *id), &ResponseInfo { error, ..ResponseInfo::default() })
                })
            })?;
        }
        Ok(waiting_parts.into_iter().map(|(id, _)| id).collect())
    }
}
