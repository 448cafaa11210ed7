//! What a person asks for by hand: once more, and the clock put right.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{Error, Result, Store};
use super::{State, free};
use crate::time::Timestamp;

/// What became of a message that somebody wants delivered once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It is queued, and due.
    Queued,
    /// There is no such message.
    NoSuch,
    /// WeChat has taken it.
    Sent,
    /// The person was removed, and what it said with them.
    Gone,
    /// A process is sending it just now.
    Busy,
    /// Its key belongs to this message, which is live.
    KeyTaken(i64),
}

/// Further than clocks of processes on one machine are apart.
const SET_BACK: Duration = Duration::from_secs(60);

const AGAIN: &str = "UPDATE messages SET state = 'queued', due_at = ?3, touched_at = ?3, expires_at = ?4,
    failed_at = NULL, pauses = 0, forgiven = attempts, maybe_at = NULL, maybe_up = NULL,
    after_id = (SELECT p.id FROM messages p WHERE p.id = messages.after_id AND p.state IN ('queued', 'sent'))
    WHERE app_id = ?1 AND id = ?2";

impl Store {
    /// Queues a message once more, due at once, with a new time to expire. What was tried before counts for
    /// nothing; WeChat's dedupe id stays, so what did arrive minutes ago does not arrive twice. A part whose
    /// predecessor is to be sent still waits for it, and for no other.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn retry(&mut self, app_id: &str, id: i64, expires_at: Timestamp, now: Timestamp) -> Result<Retry> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        let sql = "SELECT m.state, m.openid NOTNULL AND m.content_id NOTNULL, m.worker NOTNULL, o.id FROM messages m
                   LEFT JOIN messages o ON o.app_id = m.app_id AND o.openid = m.openid AND o.key = m.key AND o.id <> m.id
                   AND o.key IS NOT NULL AND o.state IN ('queued', 'sent', 'unknown')
                   WHERE m.app_id = ?1 AND m.id = ?2";
        type Found = (State, bool, bool, Option<i64>);
        let found: Option<Found> = step
            .query_row(sql, params![app_id, id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()
            .map_err(at)?;
        let refused = match found {
            None => Retry::NoSuch,
            Some((State::Sent, ..)) => Retry::Sent,
            Some((_, false, ..)) => Retry::Gone,
            Some((State::Queued, _, true, _)) => Retry::Busy,
            Some((.., Some(other))) => Retry::KeyTaken(other),
            Some(_) => {
                step.execute(AGAIN, params![app_id, id, now, expires_at]).map_err(at)?;
                step.commit().map_err(at)?;
                return Ok(Retry::Queued);
            }
        };
        Ok(refused)
    }

    /// The account's messages in that state, the oldest first.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn ids_in(&self, app_id: &str, state: State) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM messages WHERE app_id = ?1 AND state = ?2 ORDER BY id";
        let mut query = self.at(self.conn.prepare(sql))?;
        let rows = self.at(query.query_map(params![app_id, state], |row| row.get(0)))?;
        self.at(rows.collect())
    }

    /// How many messages the account has that are due and that nobody has.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn due(&self, app_id: &str, now: Timestamp) -> Result<usize> {
        let sql = format!(
            "SELECT count(*) FROM messages m
             WHERE app_id = ?1 AND state = 'queued' AND worker IS NULL AND due_at <= ?2 AND {}",
            free("?2")
        );
        let found = self.conn.query_row(&sql, params![app_id, now], |row| row.get::<_, i64>(0));
        self.at(found).map(|count| usize::try_from(count).unwrap_or_default())
    }

    /// Where the clock was set back, what waits for a time that the old clock gave is due at once.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn heed_clock(&mut self, app_id: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE messages SET due_at = ?2, touched_at = ?2 WHERE app_id = ?1 AND state = 'queued'
                   AND worker IS NULL AND due_at > ?2 AND touched_at > ?3";
        let done = self.conn.execute(sql, params![app_id, now, now.after(SET_BACK)]);
        self.at(done).map(drop)
    }
}

/// What waits for a person, and is neither being sent nor may have arrived.
const WAITING: &str = "app_id = ?1 AND user_id = ?2 AND state = 'queued' AND worker IS NULL AND maybe_at IS NULL";

/// What waits for a person who was bound anew goes to the new openid.
pub(in crate::store) fn redirect(
    conn: &Connection,
    app_id: &str,
    user_id: i64,
    openid: &str,
) -> rusqlite::Result<usize> {
    let sql = format!("UPDATE OR IGNORE messages SET openid = ?3 WHERE {WAITING} AND openid <> ?3");
    conn.execute(&sql, params![app_id, user_id, openid])
}

/// What waits for a person who is no longer bound is withdrawn.
pub(in crate::store) fn withdraw(conn: &Connection, app_id: &str, user_id: i64) -> rusqlite::Result<usize> {
    conn.execute(&format!("UPDATE messages SET state = 'cancelled' WHERE {WAITING}"), params![app_id, user_id])
}
