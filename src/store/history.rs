//! The outbox as a whole: what is withdrawn, what is forgotten, and how much there is of each.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::outbox::{ENDED_BY_HAND, IS_OPEN, contents_of, cut, forget_contents};
use super::{Error, Result, State, Store, be_patient};
use crate::t;
use crate::time::Timestamp;

/// What ends one message by hand, while no attempt is open: what another process is sending may arrive.
fn cancel_sql() -> String {
    format!(
        "UPDATE messages SET state = {ENDED_BY_HAND}, worker = NULL, changed_at = ?3
         WHERE app_id = ?1 AND id = ?2 AND state = 'queued' AND NOT {IS_OPEN}"
    )
}

/// Of a finished message: whether no queued part waits for it.
const IS_LAST: &str = "NOT EXISTS (SELECT 1 FROM messages q INDEXED BY messages_after
    WHERE q.after_id = messages.id AND q.state = 'queued')";

/// Messages that one transaction changes: with a million rows in the outbox it holds the write lock for less than 50 ms
/// (benches/locks.py).
const CHUNK: usize = 500;

/// Chunks that a run removes for their age: the rest is left to the runs after it, which nobody waits for.
const CHUNKS_BY_AGE: usize = 4;

/// The same for what a person asked for: all of it.
const ALL: usize = usize::MAX;

/// What is to be kept so long is removed at the latest after a hundredth more: it costs waits for the disk.
const SELDOM: u32 = 100;

/// How many messages there are, by state.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Every state, in the order of a message's life.
    pub of: Vec<(State, i64)>,
    /// When the oldest of the queued was queued.
    pub oldest_queued: Option<Timestamp>,
}

/// Ends a message by hand with the parts that come after it, which are told why; which.
fn cancel(step: &Connection, app_id: &str, id: i64, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let mut cancelled = Vec::new();
    if step.prepare_cached(&cancel_sql())?.execute(params![app_id, id, now])? > 0 {
        cancelled.push(id);
        cancelled.extend(cut(step, id, &t!("delivery-part-cut", id = id), now)?);
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
        self.change(|step| cancel(step, app_id, id, now).map(Ok))
    }

    /// Ends all of the account's messages by hand that are queued and not just being sent; their ids.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn cancel_all(&mut self, app_id: &str, now: Timestamp) -> Result<Vec<i64>> {
        let ids = self.ids_in(app_id, State::Queued)?;
        let mut cancelled = Vec::new();
        self.in_chunks(&ids, |step, id| {
            cancelled.extend(cancel(step, app_id, id, now)?);
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
        let which = format!("changed_at < ?2 AND coalesce(sent_at, 0) < ?2 AND {IS_LAST}");
        self.remove(app_id, ("NOT INDEXED", "id"), &which, before, ALL)
    }

    /// Removes what was finished for longer than `retain` by WeChat's clock, `server`; and notes that time with what was
    /// finished while it was not known. So no message is removed for a clock that was wrong. A run removes some of it,
    /// and leaves the rest to the next.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn forget(&mut self, app_id: &str, server: Timestamp, retain: Duration) -> Result<()> {
        let late = server.before(retain.saturating_add(retain / SELDOM));
        let sql = "SELECT 1 FROM messages INDEXED BY messages_finished
                   WHERE app_id = ?1 AND state <> 'queued' AND (settled_at IS NULL OR settled_at < ?2) LIMIT 1";
        if self.at(self.conn.query_row(sql, params![app_id, late], |_| Ok(())).optional())?.is_none() {
            return Ok(());
        }
        let note = format!(
            "UPDATE messages SET settled_at = ?2 WHERE id IN (SELECT id FROM messages INDEXED BY messages_finished
             WHERE app_id = ?1 AND state <> 'queued' AND settled_at IS NULL LIMIT {CHUNK})"
        );
        self.relaxed(|store| store.at(store.conn.execute(&note, params![app_id, server])))?;
        let which = format!("settled_at < ?2 AND {IS_LAST}");
        let by_age = ("INDEXED BY messages_finished", "settled_at");
        self.remove(app_id, by_age, &which, server.before(retain), CHUNKS_BY_AGE).map(drop)
    }

    /// Removes the account's finished messages of which `which` holds with `before` as its second parameter, a chunk at
    /// a time; how many. They are found by the index and in the order that are given.
    fn remove(
        &mut self,
        app_id: &str,
        (index, order): (&str, &str),
        which: &str,
        before: Timestamp,
        chunks: usize,
    ) -> Result<usize> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        // In the order of the ids nothing is looked at twice; in another order, what was removed is not found again.
        let since = if order == "id" { "id > ?3" } else { "?3 = ?3" };
        let find = format!(
            "SELECT id FROM messages {index} WHERE app_id = ?1 AND state <> 'queued' AND {which} AND {since}
             ORDER BY {order} LIMIT {CHUNK}"
        );
        let delete = format!("DELETE FROM messages WHERE id = ?3 AND app_id = ?1 AND state <> 'queued' AND {which}");
        let (mut removed, mut last) = (0, 0);
        for _ in 0..chunks {
            let ids: Vec<i64> = {
                let mut query = self.conn.prepare_cached(&find).map_err(at)?;
                let rows = query.query_map(params![app_id, before, last], |row| row.get(0)).map_err(at)?;
                rows.collect::<rusqlite::Result<_>>().map_err(at)?
            };
            let Some(end) = ids.last() else { break };
            last = *end;
            let step = self.write()?;
            let contents = contents_of(&step, &ids).map_err(at)?;
            for id in &ids {
                let mut delete = step.prepare_cached(&delete).map_err(at)?;
                removed += delete.execute(params![app_id, before, id]).map_err(at)?;
            }
            forget_contents(&step, &contents).map_err(at)?;
            step.commit().map_err(at)?;
            if ids.len() < CHUNK {
                break;
            }
            self.let_others_write();
        }
        if removed > 0 {
            self.empty_log(Duration::ZERO);
        }
        Ok(removed)
    }

    /// Changes each of these messages, some in a transaction, between which others have their turn.
    pub(super) fn in_chunks(
        &mut self,
        ids: &[i64],
        mut each: impl FnMut(&Transaction<'_>, i64) -> rusqlite::Result<()>,
    ) -> Result<()> {
        for (n, ids) in ids.chunks(CHUNK).enumerate() {
            if n > 0 {
                self.let_others_write();
            }
            self.change(|step| ids.iter().try_for_each(|id| each(step, *id)).map(Ok))?;
        }
        Ok(())
    }

    /// Between two chunks, others have their turn: SQLite waits up to 25 ms before it looks for the lock again.
    fn let_others_write(&self) {
        let _ = crossbeam_channel::after(Duration::from_millis(30)).recv();
    }

    /// Moves the write-ahead log, which still holds the pages that were removed, into the file and cuts it off. Returns
    /// whether that could be done: a process that reads the log keeps it, and is waited for no longer than `patience`.
    /// What was committed before stands in any case.
    pub(super) fn empty_log(&mut self, patience: Duration) -> bool {
        let moved = be_patient(&mut self.conn, patience)
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
                   WHERE app_id = ?1 AND state IN ('failed', 'unknown', 'expired') AND changed_at >= ?2";
        self.at(self.conn.query_row(sql, params![app_id, since], |row| row.get(0)))
    }

    /// How many messages the account has, by state.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn counts(&self, app_id: &str) -> Result<Counts> {
        let sql = "SELECT count(*), min(created_at) FROM messages WHERE app_id = ?1 AND state = ?2";
        let mut query = self.at(self.conn.prepare(sql))?;
        let mut counts = Counts { of: Vec::new(), oldest_queued: None };
        for state in State::ALL {
            let row = query.query_row(params![app_id, state], |row| Ok((row.get(0)?, row.get(1)?))).optional();
            let (count, oldest) = self.at(row)?.unwrap_or_default();
            counts.of.push((state, count));
            if state == State::Queued {
                counts.oldest_queued = oldest;
            }
        }
        Ok(counts)
    }
}
