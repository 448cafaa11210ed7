//! Maintenance of the outbox: cancelling, pruning and counting messages.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{
    HAS_OPEN_ATTEMPT_SQL, STATE_AFTER_CANCEL_SQL, cancel_remaining_parts, delete_unreferenced_payloads, payload_ids_of,
};
use crate::clock::Timestamp;
use crate::store::busy_timeout::set_busy_timeout;
use crate::store::{Error, MessageState, Result, Store};

/// Returns the statement that cancels one message unless it has an open attempt, because a message
/// that another process is sending may arrive.
fn cancel_sql() -> String {
    format!(
        "UPDATE messages SET state = {STATE_AFTER_CANCEL_SQL}, claimed_by = NULL, updated_at = ?3
         WHERE app_id = ?1 AND id = ?2 AND state = 'queued' AND NOT {HAS_OPEN_ATTEMPT_SQL}"
    )
}

/// SQL: whether no queued part waits for a finished message.
const NO_QUEUED_NEXT_PART_SQL: &str = "NOT EXISTS (SELECT 1 FROM messages q INDEXED BY messages_by_previous_part
    WHERE q.previous_part_id = messages.id AND q.state = 'queued')";

/// The number of messages that one transaction changes: with a million rows in the outbox it holds
/// the write lock for less than 50 ms (benches/locks.py).
const CHUNK_MESSAGES: usize = 500;

/// The number of chunks that a delivery run deletes for their age. Later runs delete the rest, so
/// that no command waits for it.
const MAX_EXPIRED_CHUNKS: usize = 4;

/// The number of chunks for `outbox prune`, which deletes everything.
const UNLIMITED_CHUNKS: usize = usize::MAX;

/// Retention is exceeded by at most one hundredth, so that not every run has to wait for an fsync.
const PRUNE_SLACK_DIVISOR: u32 = 100;

/// The number of messages by state.
#[derive(Clone, Debug)]
pub struct OutboxCounts {
    /// All states, in the order of a message's life.
    pub by_state: Vec<(MessageState, i64)>,
    /// When the oldest queued message was queued.
    pub oldest_queued: Option<Timestamp>,
}

impl OutboxCounts {
    /// Returns the number of messages in a state.
    pub fn count(&self, state: MessageState) -> i64 {
        self.by_state.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count)
    }
}

/// Messages that ended in the same state, and that were not certainly delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostMessages {
    /// The state: failed, unknown or expired.
    pub state: MessageState,
    /// Their number.
    pub count: i64,
    /// When the first of them ended.
    pub oldest: Timestamp,
}

/// Cancels a message and its remaining parts. Returns their IDs.
fn cancel_message(tx: &Connection, app_id: &str, id: i64, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let mut cancelled = Vec::new();
    if tx.prepare_cached(&cancel_sql())?.execute(params![app_id, id, now])? > 0 {
        cancelled.push(id);
        cancelled.extend(cancel_remaining_parts(tx, id, now)?);
    }
    Ok(cancelled)
}

impl Store {
    /// Cancels a message of the account and its remaining parts, and returns their IDs. A message
    /// that may have arrived becomes `unknown`, any other `cancelled`. Returns no IDs if the
    /// message does not exist, is not queued, or is being sent.
    pub fn cancel(&mut self, app_id: &str, id: i64, now: Timestamp) -> Result<Vec<i64>> {
        self.write_transaction(|tx| cancel_message(tx, app_id, id, now).map(Ok))
    }

    /// Cancels all queued messages of the account that are not being sent. Returns their IDs.
    pub fn cancel_all(&mut self, app_id: &str, now: Timestamp) -> Result<Vec<i64>> {
        let ids = self.ids_by_state(app_id, MessageState::Queued)?;
        let mut cancelled = Vec::new();
        self.for_each_in_chunks(&ids, |tx, id| {
            cancelled.extend(cancel_message(tx, app_id, id, now)?);
            Ok(())
        })?;
        cancelled.sort_unstable();
        cancelled.dedup();
        Ok(cancelled)
    }

    /// Deletes the account's finished messages that have not changed since `before` by this
    /// machine's clock, with their attempts and unreferenced payloads. Returns the number of
    /// messages. A part that another part waits for stays. SQLite overwrites the deleted content.
    pub fn prune(&mut self, app_id: &str, before: Timestamp) -> Result<usize> {
        let condition = format!("updated_at < ?2 AND coalesce(sent_at, 0) < ?2 AND {NO_QUEUED_NEXT_PART_SQL}");
        self.remove_finished(app_id, ("NOT INDEXED", "id"), &condition, before, UNLIMITED_CHUNKS)
    }

    /// Deletes messages that finished longer than `retain` ago by WeChat's clock, and sets the time
    /// of those that finished while it was unknown. So a wrong clock deletes nothing. A run deletes
    /// at most [`MAX_EXPIRED_CHUNKS`] chunks.
    pub fn prune_expired(&mut self, app_id: &str, server_now: Timestamp, retain: Duration) -> Result<()> {
        let cutoff = server_now.minus(retain.saturating_add(retain / PRUNE_SLACK_DIVISOR));
        let sql = "SELECT 1 FROM messages INDEXED BY messages_finished
                   WHERE app_id = ?1 AND state <> 'queued' AND (finished_at IS NULL OR finished_at < ?2) LIMIT 1";
        let found = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut query| query.query_row(params![app_id, cutoff], |_| Ok(())).optional());
        if self.map_err(found)?.is_none() {
            return Ok(());
        }
        let note = format!(
            "UPDATE messages SET finished_at = ?2 WHERE id IN (SELECT id FROM messages INDEXED BY messages_finished
             WHERE app_id = ?1 AND state <> 'queued' AND finished_at IS NULL LIMIT {CHUNK_MESSAGES})"
        );
        self.without_fsync(|store| store.map_err(store.conn.execute(&note, params![app_id, server_now])))?;
        let condition = format!("finished_at < ?2 AND {NO_QUEUED_NEXT_PART_SQL}");
        let by_age = ("INDEXED BY messages_finished", "finished_at");
        self.remove_finished(app_id, by_age, &condition, server_now.minus(retain), MAX_EXPIRED_CHUNKS).map(drop)
    }

    /// Deletes the account's finished messages that meet `condition`, whose second parameter is
    /// `before`, chunk by chunk, and returns their number. They are found with the given index, in
    /// the given order.
    fn remove_finished(
        &mut self,
        app_id: &str,
        (index, order): (&str, &str),
        condition: &str,
        before: Timestamp,
        chunks: usize,
    ) -> Result<usize> {
        let path = self.path.clone();
        let at = |e| Error::from_sqlite(&path, e);
        // In the order of IDs no row is visited twice; in another order, deleted rows are not found
        // again.
        let resume = if order == "id" { "id > ?3" } else { "?3 = ?3" };
        let find = format!(
            "SELECT id FROM messages {index} WHERE app_id = ?1 AND state <> 'queued' AND {condition} AND {resume}
             ORDER BY {order} LIMIT {CHUNK_MESSAGES}"
        );
        let delete =
            format!("DELETE FROM messages WHERE id = ?3 AND app_id = ?1 AND state <> 'queued' AND {condition}");
        let (mut removed, mut last) = (0, 0);
        for _ in 0..chunks {
            let ids: Vec<i64> = {
                let mut query = self.conn.prepare_cached(&find).map_err(at)?;
                let rows = query.query_map(params![app_id, before, last], |row| row.get(0)).map_err(at)?;
                rows.collect::<rusqlite::Result<_>>().map_err(at)?
            };
            let Some(end) = ids.last() else { break };
            last = *end;
            let tx = self.begin_write()?;
            let contents = payload_ids_of(&tx, &ids).map_err(at)?;
            for id in &ids {
                let mut delete = tx.prepare_cached(&delete).map_err(at)?;
                removed += delete.execute(params![app_id, before, id]).map_err(at)?;
            }
            delete_unreferenced_payloads(&tx, &contents).map_err(at)?;
            tx.commit().map_err(at)?;
            if ids.len() < CHUNK_MESSAGES {
                break;
            }
            self.yield_write_lock();
        }
        if removed > 0 {
            self.truncate_wal(Duration::ZERO);
        }
        Ok(removed)
    }

    /// Changes each of these messages, a chunk per transaction.
    pub(in crate::store) fn for_each_in_chunks(
        &mut self,
        ids: &[i64],
        mut each: impl FnMut(&Transaction<'_>, i64) -> rusqlite::Result<()>,
    ) -> Result<()> {
        for (n, ids) in ids.chunks(CHUNK_MESSAGES).enumerate() {
            if n > 0 {
                self.yield_write_lock();
            }
            self.write_transaction(|tx| ids.iter().try_for_each(|id| each(tx, *id)).map(Ok))?;
        }
        Ok(())
    }

    /// Lets other processes write between two chunks: SQLite polls the lock every 25 ms.
    fn yield_write_lock(&self) {
        let _ = crossbeam_channel::after(Duration::from_millis(30)).recv();
    }

    /// Checkpoints and truncates the write-ahead log, which still contains deleted pages. Returns
    /// whether that succeeded: a process that reads the log keeps it, and this process waits for it
    /// for `timeout` at most. The commits before are not affected.
    pub(in crate::store) fn truncate_wal(&mut self, timeout: Duration) -> bool {
        let moved = set_busy_timeout(&mut self.conn, timeout)
            .and_then(|()| self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)));
        self.restore_busy_timeout();
        matches!(moved, Ok(0_i64))
    }

    /// Returns the account's messages that ended since `since`, by this machine's clock, and that
    /// were not certainly delivered: an entry for each state that any of them has.
    pub fn lost_since(&self, app_id: &str, since: Timestamp) -> Result<Vec<LostMessages>> {
        let sql = "SELECT state, count(*), min(updated_at) FROM messages
                   WHERE app_id = ?1 AND state IN ('failed', 'unknown', 'expired') AND updated_at >= ?2
                   GROUP BY state";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = query.query_map(params![app_id, since], |row| {
            Ok(LostMessages { state: row.get(0)?, count: row.get(1)?, oldest: row.get(2)? })
        });
        self.map_err(rows.and_then(Iterator::collect))
    }

    /// Returns the number of the account's messages by state.
    pub fn counts(&self, app_id: &str) -> Result<OutboxCounts> {
        let sql = "SELECT state, count(*), min(created_at) FROM messages WHERE app_id = ?1 GROUP BY state";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = query.query_map([app_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let found: Vec<(MessageState, i64, Timestamp)> = self.map_err(rows.and_then(Iterator::collect))?;
        let of_state = |state| found.iter().find(|(known, ..)| *known == state);
        Ok(OutboxCounts {
            by_state: MessageState::ALL
                .map(|state| (state, of_state(state).map_or(0, |(_, count, _)| *count)))
                .to_vec(),
            oldest_queued: of_state(MessageState::Queued).map(|(_, _, oldest)| *oldest),
        })
    }
}
