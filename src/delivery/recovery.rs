//! The messages of processes that are gone: what they had not begun is due at once; what they had begun may
//! have arrived.

use std::path::Path;
use std::time::Duration;

use super::DeliveryError;
use super::outcome::DeliveryOutcome;
use super::retry;
use super::retry::{Decision, RetryContext};
use super::settlement::update_keeping_response;
use crate::clock::ClockReading;
use crate::store::{ClaimedMessage, Message, MessageState, MessageUpdate, Orphan, OutboxTx, Result, Store, TxContext};

/// How long one who leaves waits for the database.
const SHUTDOWN_BUSY_TIMEOUT: Duration = Duration::from_millis(50);

/// Settles the messages of every process that held some and lives no more, of all accounts.
///
/// # Errors
/// Only the database's own.
pub fn recover_orphans(store: &mut Store) -> Result<()> {
    store.recover_workers(|store, worker, orphans| record_orphans(store, worker, &orphans, &DeliveryError::ProcessGone))
}

/// Settles what this very process is at, since it leaves; the messages as they stand then.
pub(super) fn abandon_own_claims(database: &Path, worker: &str) -> Result<Vec<Message>> {
    // It has to leave now; whoever comes next finds them as a dead process leaves them.
    let mut store = Store::open(database)?.with_busy_timeout(SHUTDOWN_BUSY_TIMEOUT)?;
    let orphans = store.orphans(worker)?;
    record_orphans(&mut store, worker, &orphans, &DeliveryError::Interrupted)?;
    let messages = orphans.iter().map(|orphan| store.message(&orphan.app_id, orphan.claimed.message.id));
    messages.filter_map(Result::transpose).collect()
}

fn record_orphans(store: &mut Store, worker: &str, orphans: &[Orphan], error: &DeliveryError) -> Result<()> {
    let now = ClockReading::now();
    // One account at a time has its turn; nearly always there is but one.
    orphans.chunk_by(|a, b| a.app_id == b.app_id).try_for_each(|account_orphans| {
        let Some(first) = account_orphans.first() else { return Ok(()) };
        let tx_context = TxContext { app_id: &first.app_id, worker_id: worker, now: &now, server_now: None };
        let record = |tx: &OutboxTx<'_>, claimed: &ClaimedMessage| {
            tx.record_update(claimed.message.id, &update_for_orphan(claimed, &now, error)).map(drop)
        };
        store.transaction(tx_context, true, |tx| {
            account_orphans.iter().try_for_each(|orphan| record(tx, &orphan.claimed))
        })
    })
}

fn update_for_orphan(claimed: &ClaimedMessage, now: &ClockReading, error: &DeliveryError) -> MessageUpdate {
    let Some(open_attempt) = claimed.history.open_attempt() else {
        // It was not begun: it stands as it did.
        let backoff = claimed.retry_state.clone();
        let decision = Decision {
            state: MessageState::Queued,
            due_at: now.wall,
            within_run: false,
            backoff,
            give_up_reason: None,
            postpone_reason: None,
        };
        return update_keeping_response(claimed, &decision, claimed.message.error.clone());
    };
    let context = RetryContext { claimed, now, server_time: None, wait: Duration::ZERO, max_attempts: 0 };
    let decision =
        retry::decide_after_attempt(DeliveryOutcome::Ambiguous.rule().action, &context, &open_attempt.started, 0.0);
    // Whoever takes it next need not wait.
    let decision = Decision { due_at: now.wall, backoff: claimed.retry_state.clone(), ..decision };
    MessageUpdate {
        attempt: Some((open_attempt.number, DeliveryOutcome::Ambiguous.attempt_outcome())),
        ..update_keeping_response(claimed, &decision, Some(error.clone().into()))
    }
}
