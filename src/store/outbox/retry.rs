//! What a person asks for by hand: once more, now rather than later, and the clock put right.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{Error, Result, Store};
use super::attempts::attempts_of;
use super::{ENDED_BY_HAND, History, IS_OPEN, State, free};
use crate::time::{Moment, Timestamp};

/// What became of a message that somebody wants delivered once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It is queued, and due.
    Queued {
        /// It may have arrived already, and WeChat does not drop the repeat.
        may_repeat: bool,
        /// The person was bound anew since the last attempt: it goes to this openid.
        moved_to: Option<String>,
    },
    /// There is no such message.
    NoSuch,
    /// WeChat has taken it.
    Sent,
    /// The person was removed, and what it said with them.
    Gone,
    /// The person is not bound.
    Unbound,
    /// A process is sending it just now.
    Busy,
    /// Its key belongs to this message, which is live.
    KeyTaken(i64),
}

/// Further than clocks of processes on one machine are apart.
const SET_BACK: Duration = Duration::from_secs(60);

/// What a retry looks at.
struct Found {
    state: State,
    has_content: bool,
    held: bool,
    /// Where an attempt would go now.
    openid: Option<String>,
    to_person: bool,
    repeatable: bool,
    repeat_after: i64,
    attempts: i64,
    /// The live message that has its key.
    holder: Option<i64>,
}

const FIND: &str = "SELECT m.state, m.content_id NOTNULL, m.worker NOTNULL,
    CASE WHEN m.user_id IS NULL THEN m.openid ELSE b.openid END, m.user_id NOTNULL,
    m.client_msg_id NOTNULL AND m.fallback_id IS NULL, m.repeat_after, m.attempts,
    (SELECT o.id FROM messages o WHERE o.app_id = m.app_id AND coalesce(o.user_id, o.openid) = coalesce(m.user_id, m.openid)
     AND o.key = m.key AND o.id <> m.id AND o.key IS NOT NULL AND o.first_id IS NULL AND m.first_id IS NULL
     AND (o.state = 'queued' OR o.state = 'sent' OR o.state = 'unknown'))
    FROM messages m LEFT JOIN bindings b ON b.app_id = m.app_id AND b.user_id = m.user_id
    WHERE m.app_id = ?1 AND m.id = ?2";

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        state: row.get(0)?,
        has_content: row.get(1)?,
        held: row.get(2)?,
        openid: row.get(3)?,
        to_person: row.get(4)?,
        repeatable: row.get(5)?,
        repeat_after: row.get(6)?,
        attempts: row.get(7)?,
        holder: row.get(8)?,
    })
}

impl Found {
    /// Why it cannot be sent once more.
    fn refused(&self) -> Option<Retry> {
        Some(match self {
            Self { state: State::Sent, .. } => Retry::Sent,
            Self { has_content: false, .. } => Retry::Gone,
            Self { state: State::Queued, held: true, .. } => Retry::Busy,
            Self { holder: Some(other), .. } => Retry::KeyTaken(*other),
            Self { openid: None, to_person, .. } => {
                if *to_person {
                    Retry::Unbound
                } else {
                    Retry::Gone
                }
            }
            _ => return None,
        })
    }
}

const AGAIN: &str = "UPDATE messages SET state = 'queued', due_at = ?3, changed_at = ?3, settled_at = NULL,
    expire_after = ?4, expires_at = ?5, expire_strict = 0, failed_at = NULL, pauses = 0,
    retried_after = attempts, repeat_after = ?6,
    after_id = (SELECT p.id FROM messages p WHERE p.id = messages.after_id AND (p.state = 'queued' OR p.state = 'sent'))
    WHERE app_id = ?1 AND id = ?2";

impl Store {
    /// Queues a message once more, due at once, with a new time to expire. Where a person is meant it goes to whom the
    /// person is bound to now. What was tried stays on record: where it may have arrived, `is_dropped` says whether
    /// WeChat drops the repeat; if not, the answer says that it may arrive twice. A part whose predecessor is to be
    /// sent still waits for it, and for no other.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn retry(
        &mut self,
        app_id: &str,
        id: i64,
        expire_after: Duration,
        now: Timestamp,
        is_dropped: impl FnOnce(&Moment) -> bool,
    ) -> Result<Retry> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        let Some(found) = step.query_row(FIND, params![app_id, id], found).optional().map_err(at)? else {
            return Ok(Retry::NoSuch);
        };
        if let Some(refused) = found.refused() {
            return Ok(refused);
        }
        let attempts = attempts_of(&step, id).map_err(at)?;
        let history = History { attempts, repeat_after: found.repeat_after };
        let last = history.last_openid();
        let moved_to = found.openid.filter(|openid| found.to_person && last.is_some_and(|last| last != openid));
        let dropped = match history.unresolved() {
            // By itself it would be repeated, and WeChat drops that.
            Some(first) => {
                found.state == State::Queued && found.repeatable && moved_to.is_none() && is_dropped(&first.started)
            }
            None => false,
        };
        let may_repeat = history.may_have_arrived() && !dropped;
        let repeat_after = if dropped { found.repeat_after } else { found.attempts };
        let after = i64::try_from(expire_after.as_millis()).unwrap_or(i64::MAX);
        let again = params![app_id, id, now, after, now.after(expire_after), repeat_after];
        step.execute(AGAIN, again).map_err(at)?;
        step.commit().map_err(at)?;
        Ok(Retry::Queued { may_repeat, moved_to })
    }

    /// Makes the account's queued messages due at once that wait for a later time and that no process has; which. Of
    /// what was refused with one of `errcodes` alone, unless that is empty.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn make_due(&mut self, app_id: &str, errcodes: &[i64], now: Timestamp) -> Result<Vec<i64>> {
        let which = match errcodes {
            [] => "true".to_owned(),
            codes => format!("m.errcode IN ({})", codes.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
        };
        let sql = format!(
            "SELECT id FROM messages m INDEXED BY messages_due WHERE m.app_id = ?1 AND m.state = 'queued'
             AND m.worker IS NULL AND {} AND {which} ORDER BY id",
            free("?2")
        );
        let ids: Vec<i64> = {
            let mut query = self.at(self.conn.prepare(&sql))?;
            let rows = self.at(query.query_map(params![app_id, now], |row| row.get(0)))?;
            self.at(rows.collect())?
        };
        let sql = "UPDATE messages SET due_at = ?2, changed_at = ?2
                   WHERE id = ?1 AND state = 'queued' AND worker IS NULL AND due_at > ?2";
        self.in_chunks(&ids, |step, id| step.prepare_cached(sql)?.execute(params![id, now]).map(drop))?;
        Ok(ids)
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
        let sql = "UPDATE messages SET due_at = ?2, changed_at = ?2 WHERE app_id = ?1 AND state = 'queued'
                   AND worker IS NULL AND due_at > ?2 AND changed_at > ?3";
        let done = self.conn.execute(sql, params![app_id, now, now.after(SET_BACK)]);
        self.at(done).map(drop)
    }
}

/// Cancels what waits for a person who is no longer bound, also what a process holds and has not begun; how many.
pub(in crate::store) fn withdraw(
    conn: &Connection,
    app_id: &str,
    user_id: i64,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let sql = format!(
        "UPDATE messages INDEXED BY messages_of_user SET state = {ENDED_BY_HAND}, worker = NULL, changed_at = ?3
         WHERE app_id = ?1 AND user_id = ?2 AND state = 'queued' AND NOT {IS_OPEN}"
    );
    conn.execute(&sql, params![app_id, user_id, now])
}
