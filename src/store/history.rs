//! The outbox as a whole: what is withdrawn, what is forgotten, and how much there is of each.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::outbox::{cut, forget_unheld};
use super::{Error, Result, State, Store};
use crate::t;
use crate::time::Timestamp;

/// A message is withdrawn only while no attempt is open: what another process is sending may arrive.
const CANCEL: &str =
    "UPDATE messages SET state = 'cancelled', worker = NULL WHERE app_id = ?1 AND id = ?2 AND state = 'queued'
    AND NOT EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id AND outcome IS NULL)";

/// The account's (?1) messages that are no longer queued and of which nothing happened since a time (?2): neither was
/// one queued, nor tried, nor sent.
const OLD: &str = "FROM messages INDEXED BY messages_finished
    WHERE app_id = ?1 AND state <> 'queued' AND created_at < ?2 AND coalesce(sent_at, 0) < ?2
    AND NOT EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id AND coalesce(ended_at, started_at) >= ?2)";

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

/// Withdraws a message with the parts that come after it, which are told why; which.
fn cancel(step: &Connection, app_id: &str, id: i64) -> rusqlite::Result<Vec<i64>> {
    let mut cancelled = Vec::new();
    if step.prepare_cached(CANCEL)?.execute(params![app_id, id])? > 0 {
        cancelled.push(id);
        cancelled.extend(cut(step, id, &t!("delivery-part-cut", id = id))?);
    }
    Ok(cancelled)
}

fn queued(step: &Connection, app_id: &str) -> rusqlite::Result<Vec<i64>> {
    let mut query = step.prepare("SELECT id FROM messages WHERE app_id = ?1 AND state = 'queued' ORDER BY id")?;
    query.query_map([app_id], |row| row.get(0))?.collect()
}

impl Store {
    /// Withdraws the account's message with the parts that come after it; which. None if it is not there, not
    /// queued, or just being sent.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn cancel(&mut self, app_id: &str, id: i64) -> Result<Vec<i64>> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        let cancelled = cancel(&step, app_id, id).map_err(at)?;
        step.commit().map_err(at)?;
        Ok(cancelled)
    }

    /// Withdraws all of the account's messages that are queued and not just being sent; their ids.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn cancel_all(&mut self, app_id: &str) -> Result<Vec<i64>> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        let mut cancelled = queued(&step, app_id)
            .and_then(|ids| ids.into_iter().map(|id| cancel(&step, app_id, id)).collect::<rusqlite::Result<Vec<_>>>())
            .map_err(at)?
            .concat();
        step.commit().map_err(at)?;
        cancelled.sort_unstable();
        Ok(cancelled)
    }

    /// Removes the account's messages that are no longer queued and of which nothing happened since
    /// `before`, with their attempts, and the contents that no message holds any more; how many messages.
    /// What is removed is overwritten in the file.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn prune(&mut self, app_id: &str, before: Timestamp) -> Result<usize> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        let removed = step.execute(&format!("DELETE {OLD}"), params![app_id, before]).map_err(at)?;
        forget_unheld(&step).map_err(at)?;
        step.commit().map_err(at)?;
        if removed > 0 {
            // The write-ahead log still holds the old pages; a reader elsewhere may keep it for now.
            self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(at)?;
        }
        Ok(removed)
    }

    /// The same for what is older than `retain` at that time, where something is that for long: quick to see that
    /// nothing is, and seldom.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn forget(&mut self, app_id: &str, now: Timestamp, retain: Duration) -> Result<()> {
        let before = now.before(retain.saturating_add(retain / SELDOM));
        let sql = format!("SELECT 1 {OLD} LIMIT 1");
        if self.at(self.conn.query_row(&sql, params![app_id, before], |_| Ok(())).optional())?.is_none() {
            return Ok(());
        }
        self.prune(app_id, now.before(retain)).map(drop)
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
