//! The outbox as a whole: what is withdrawn, what is forgotten, and how much there is of each.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{
    HAS_OPEN_ATTEMPT_SQL, STATE_AFTER_CANCEL_SQL, cancel_dependents, delete_unreferenced_payloads, payload_ids_of,
};
use crate::clock::Timestamp;
use crate::store::{Error, MessageState, Result, Store, set_busy_timeout};

/// What ends one message by hand, while no attempt is open: what another process is sending may arrive.
fn cancel_sql() -> String {
    format!(
        "UPDATE messages SET state = {STATE_AFTER_CANCEL_SQL}, claimed_by = NULL, updated_at = ?3
         WHERE app_id = ?1 AND id = ?2 AND state = 'queued' AND NOT {HAS_OPEN_ATTEMPT_SQL}"
    )
}

/// Of a finished message: whether no queued part waits for it.
const NO_QUEUED_SUCCESSOR_SQL: &str = "NOT EXISTS (SELECT 1 FROM messages q INDEXED BY messages_by_previous_part
    WHERE q.previous_part_id = messages.id AND q.state = 'queued')";

/// Messages that one transaction changes: with a million rows in the outbox it holds the write lock for less than 50 ms
/// (benches/locks.py).
const CHUNK_MESSAGES: usize = 500;

/// Chunks that a run removes for their age: the rest is left to the runs after it, which nobody waits for.
const MAX_EXPIRED_CHUNKS: usize = 4;

/// The same for what a person asked for: all of it.
const UNLIMITED_CHUNKS: usize = usize::MAX;

/// What is to be kept so long is removed at the latest after a hundredth more: it costs waits for the disk.
const PRUNE_SLACK_DIVISOR: u32 = 100;

/// How many messages there are, by state.
#[derive(Clone, Debug)]
pub struct OutboxCounts {
    /// Every state, in the order of a message's life.
    pub by_state: Vec<(MessageState, i64)>,
    /// When the oldest of the queued was queued.
    pub oldest_queued: Option<Timestamp>,
}

/// Ends a message by hand with the parts that come after it, which are told why; which.
fn cancel_message(tx: &Connection, app_id: &str, id: i64, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let mut cancelled = Vec::new();
    if tx.prepare_cached(&cancel_sql())?.execute(params![app_id, id, now])? > 0 {
        cancelled.push(id);
        cancelled.extend(cancel_dependents(tx, id, now)?);
    }
    Ok(cancelled)
}

impl Store {
    /// Ends the account's message by hand, with the parts that come after it; which. What may have arrived is `unknown`
    /// then, else it is `cancelled`. None if it is not there, not queued, or just being sent.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn cancel(&mut self, app_id: &str, id: i64, now: Timestamp) -> Result<Vec<i64>> {
        self.write_transaction(|tx| cancel_message(tx, app_id, id, now).map(Ok))
    }

    /// Ends all of the account's messages by hand that are queued and not just being sent; their ids.
    ///
    /// # Errors
    /// Only the database's own.
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

    /// Removes the account's finished messages of which nothing happened since `before` by this machine's clock, with
    /// their attempts, and the contents that no message holds any more; how many messages. A part that another part
    /// waits for stays. What is removed is overwritten in the file.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn prune(&mut self, app_id: &str, before: Timestamp) -> Result<usize> {
        let condition = format!("updated_at < ?2 AND coalesce(sent_at, 0) < ?2 AND {NO_QUEUED_SUCCESSOR_SQL}");
        self.remove_finished(app_id, ("NOT INDEXED", "id"), &condition, before, UNLIMITED_CHUNKS)
    }

    /// Removes what was finished for longer than `retain` by WeChat's clock, `server`; and notes that time with what was
    /// finished while it was not known. So no message is removed for a clock that was wrong. A run removes some of it,
    /// and leaves the rest to the next.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn prune_expired(&mut self, app_id: &str, server_now: Timestamp, retain: Duration) -> Result<()> {
        let cutoff = server_now.minus(retain.saturating_add(retain / PRUNE_SLACK_DIVISOR));
        let sql = "SELECT 1 FROM messages INDEXED BY messages_finished
                   WHERE app_id = ?1 AND state <> 'queued' AND (finished_at IS NULL OR finished_at < ?2) LIMIT 1";
        if self.map_err(self.conn.query_row(sql, params![app_id, cutoff], |_| Ok(())).optional())?.is_none() {
            return Ok(());
        }
        let note = format!(
            "UPDATE messages SET finished_at = ?2 WHERE id IN (SELECT id FROM messages INDEXED BY messages_finished
             WHERE app_id = ?1 AND state <> 'queued' AND finished_at IS NULL LIMIT {CHUNK_MESSAGES})"
        );
        self.without_fsync(|store| store.map_err(store.conn.execute(&note, params![app_id, server_now])))?;
        let condition = format!("finished_at < ?2 AND {NO_QUEUED_SUCCESSOR_SQL}");
        let by_age = ("INDEXED BY messages_finished", "finished_at");
        self.remove_finished(app_id, by_age, &condition, server_now.minus(retain), MAX_EXPIRED_CHUNKS).map(drop)
    }

    /// Removes the account's finished messages of which `which` holds with `before` as its second parameter, a chunk at
    /// a time; how many. They are found by the index and in the order that are given.
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
        // In the order of the ids nothing is looked at twice; in another order, what was removed is not found again.
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

    /// Changes each of these messages, some in a transaction, between which others have their turn.
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

    /// Between two chunks, others have their turn: SQLite waits up to 25 ms before it looks for the lock again.
    fn yield_write_lock(&self) {
        let _ = crossbeam_channel::after(Duration::from_millis(30)).recv();
    }

    /// Moves the write-ahead log, which still holds the pages that were removed, into the file and cuts it off. Returns
    /// whether that could be done: a process that reads the log keeps it, and is waited for no longer than `patience`.
    /// What was committed before stands in any case.
    pub(in crate::store) fn truncate_wal(&mut self, patience: Duration) -> bool {
        let moved = set_busy_timeout(&mut self.conn, patience)
            .and_then(|()| self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)));
        self.patient_again();
        matches!(moved, Ok(0_i64))
    }

    /// How many of the account's messages ended since `since` by this machine's clock without being known to have
    /// arrived.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn lost_since(&self, app_id: &str, since: Timestamp) -> Result<i64> {
        let sql = "SELECT count(*) FROM messages
                   WHERE app_id = ?1 AND state IN ('failed', 'unknown', 'expired') AND updated_at >= ?2";
        self.map_err(self.conn.query_row(sql, params![app_id, since], |row| row.get(0)))
    }

    /// How many messages the account has, by state.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn counts(&self, app_id: &str) -> Result<OutboxCounts> {
        let sql = "SELECT count(*), min(created_at) FROM messages WHERE app_id = ?1 AND state = ?2";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let mut counts = OutboxCounts { by_state: Vec::new(), oldest_queued: None };
        for state in MessageState::ALL {
            let row = query.query_row(params![app_id, state], |row| Ok((row.get(0)?, row.get(1)?))).optional();
            let (count, oldest) = self.map_err(row)?.unwrap_or_default();
            counts.by_state.push((state, count));
            if state == MessageState::Queued {
                counts.oldest_queued = oldest;
            }
        }
        Ok(counts)
    }
}
