//! Recovery of messages that dead processes claimed. A message without an attempt is due
//! immediately; one with an attempt may have arrived.

use std::path::Path;
use std::time::Duration;

use super::DeliveryError;
use super::outcome::DeliveryOutcome;
use super::retry;
use super::retry::{Decision, RetryContext};
use super::settlement::update_keeping_response;
use crate::clock::ClockReading;
use crate::store::{ClaimedMessage, Message, MessageState, MessageUpdate, Orphan, OutboxTx, Result, Store, TxContext};

/// How long an exiting process waits for the database.
const SHUTDOWN_BUSY_TIMEOUT: Duration = Duration::from_millis(50);

/// Recovers the messages of all dead processes, for all accounts.
pub fn recover_orphans(store: &mut Store, now: &ClockReading) -> Result<()> {
    store.for_each_dead_worker(|store, worker, orphans| {
        record_orphans(store, (worker, now), &orphans, &DeliveryError::ProcessGone)
    })
}

/// Records requests in flight of a run that is abandoned as possibly delivered, releases its other
/// claims, and returns all these messages.
pub(super) fn abandon_own_claims(database: &Path, worker: &str) -> Result<Vec<Message>> {
    // The process has to exit now; messages that are not recorded here are recovered like those of
    // a dead process.
    let mut store = Store::open(database)?.with_busy_timeout(SHUTDOWN_BUSY_TIMEOUT)?;
    let orphans = store.claims_of(worker)?;
    record_orphans(&mut store, (worker, &ClockReading::now()), &orphans, &DeliveryError::Interrupted)?;
    let messages = orphans.iter().map(|orphan| store.message(&orphan.app_id, orphan.claimed.message.id));
    messages.filter_map(Result::transpose).collect()
}

fn record_orphans(
    store: &mut Store,
    (worker, now): (&str, &ClockReading),
    orphans: &[Orphan],
    error: &DeliveryError,
) -> Result<()> {
    // One transaction per account; nearly always there is only one account.
    orphans.chunk_by(|a, b| a.app_id == b.app_id).try_for_each(|account_orphans| {
        let Some(first) = account_orphans.first() else { return Ok(()) };
        let tx_context = TxContext { app_id: &first.app_id, worker_id: worker, now, server_now: None };
        let record = |tx: &OutboxTx<'_>, claimed: &ClaimedMessage| {
            tx.record_update(claimed.message.id, &update_for_orphan(claimed, now, error)).map(drop)
        };
        store.transaction(tx_context, true, |tx| {
            account_orphans.iter().try_for_each(|orphan| record(tx, &orphan.claimed))
        })
    })
}

fn update_for_orphan(claimed: &ClaimedMessage, now: &ClockReading, error: &DeliveryError) -> MessageUpdate {
    let Some(open_attempt) = claimed.history.open_attempt() else {
        // The attempt was not started, so the message stays as it was.
        let decision = Decision::new(MessageState::Queued, now.wall, claimed.retry_state.clone());
        return update_keeping_response(claimed, &decision, claimed.message.error.clone());
    };
    let context = RetryContext { claimed, now, server_time: None, wait: Duration::ZERO, max_attempts: 0 };
    let decision =
        retry::decide_after_attempt(DeliveryOutcome::Ambiguous.rule().action, &context, &open_attempt.started, 0.0);
    // The next process need not wait for a backoff.
    let decision = Decision { due_at: now.wall, retry_state: claimed.retry_state.clone(), ..decision };
    MessageUpdate {
        attempt: Some((open_attempt.number, DeliveryOutcome::Ambiguous.attempt_outcome())),
        ..update_keeping_response(claimed, &decision, Some(error.clone().into()))
    }
}
