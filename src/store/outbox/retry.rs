//! Retries that a user asks for, and corrections of due times.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{Error, Result, Store};
use super::attempts::load_attempts;
use super::{AttemptHistory, HAS_OPEN_ATTEMPT_SQL, MessageState, STATE_AFTER_CANCEL_SQL, claimable_sql};
use crate::clock::{ClockReading, Timestamp};

/// The result of a retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryResult {
    /// The message is queued and due.
    Queued {
        /// The message may have arrived already, and WeChat does not drop the repeat.
        may_duplicate: bool,
        /// The openid that the user was bound to since the last attempt.
        new_openid: Option<String>,
    },
    /// There is no such message.
    NotFound,
    /// WeChat accepted the message.
    AlreadySent,
    /// The user was removed, and the content with them.
    Removed,
    /// The user is not bound.
    NotBound,
    /// A process is sending the message.
    InProgress,
    /// This live message has the same key.
    KeyTaken(i64),
}

/// The number of messages of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindCount {
    /// The kind: `text`, `template`, ….
    pub kind: String,
    /// The number of messages.
    pub count: usize,
    /// When the oldest one was queued.
    pub oldest: Timestamp,
}

/// More than the clock skew between processes on one machine.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// The data on which a retry depends.
struct RetryCandidate {
    state: MessageState,
    has_payload: bool,
    is_claimed: bool,
    /// The recipient of an attempt now.
    openid: Option<String>,
    is_to_user: bool,
    supports_dedupe: bool,
    resolved_attempts: i64,
    attempts: i64,
    /// The live message with the same key.
    key_holder: Option<i64>,
}

const RETRY_CANDIDATE_SQL: &str = "SELECT m.state, m.payload_id NOTNULL, m.claimed_by NOTNULL,
    CASE WHEN m.user_id IS NULL THEN m.openid ELSE b.openid END, m.user_id NOTNULL,
    m.client_msg_id NOTNULL AND m.fallback_id IS NULL, m.resolved_attempts, m.attempts,
    (SELECT o.id FROM messages o WHERE o.app_id = m.app_id
     AND coalesce(o.user_id, o.openid) = coalesce(m.user_id, m.openid)
     AND o.key = m.key AND o.id <> m.id AND o.key IS NOT NULL AND o.first_part_id IS NULL AND m.first_part_id IS NULL
     AND (o.state = 'queued' OR o.state = 'sent' OR o.state = 'unknown'))
    FROM messages m LEFT JOIN bindings b ON b.app_id = m.app_id AND b.user_id = m.user_id
    WHERE m.app_id = ?1 AND m.id = ?2";

fn read_candidate(row: &Row<'_>) -> rusqlite::Result<RetryCandidate> {
    Ok(RetryCandidate {
        state: row.get(0)?,
        has_payload: row.get(1)?,
        is_claimed: row.get(2)?,
        openid: row.get(3)?,
        is_to_user: row.get(4)?,
        supports_dedupe: row.get(5)?,
        resolved_attempts: row.get(6)?,
        attempts: row.get(7)?,
        key_holder: row.get(8)?,
    })
}

impl RetryCandidate {
    /// Returns why the message cannot be retried.
    fn rejection(&self) -> Option<RetryResult> {
        Some(match self {
            Self { state: MessageState::Sent, .. } => RetryResult::AlreadySent,
            Self { has_payload: false, .. } => RetryResult::Removed,
            Self { state: MessageState::Queued, is_claimed: true, .. } => RetryResult::InProgress,
            Self { key_holder: Some(other), .. } => RetryResult::KeyTaken(*other),
            Self { openid: None, .. } => RetryResult::NotBound,
            _ => return None,
        })
    }
}

const REQUEUE_SQL: &str = "UPDATE messages SET state = 'queued', due_at = ?3, updated_at = ?3, finished_at = NULL,
    expire_after = ?4, expires_at = ?5, expire_strict = 0, first_failed_at = NULL, backoff_step = 0,
    attempts_before_retry = attempts, resolved_attempts = ?6, receipt = NULL, receipt_at = NULL, receipt_text = NULL,
    previous_part_id = (SELECT p.id FROM messages p WHERE p.id = messages.previous_part_id
    AND (p.state = 'queued' OR p.state = 'sent'))
    WHERE app_id = ?1 AND id = ?2";

impl Store {
    /// Queues a message again, due immediately, with a new expiry. A message to a user goes to the
    /// openid that is bound now. Its attempts stay on record: if one may have arrived and WeChat
    /// would not drop the repeat, which `is_within_dedupe_window` decides, the result says that the
    /// message may arrive twice. A part waits for the previous part only if that one is still to
    /// be sent.
    pub fn retry(
        &mut self,
        app_id: &str,
        id: i64,
        expire_after: Duration,
        now: Timestamp,
        is_within_dedupe_window: impl FnOnce(&ClockReading) -> bool,
    ) -> Result<RetryResult> {
        let path = self.path.clone();
        let at = |e| Error::from_sqlite(&path, e);
        let tx = self.begin_write()?;
        let Some(candidate) =
            tx.query_row(RETRY_CANDIDATE_SQL, params![app_id, id], read_candidate).optional().map_err(at)?
        else {
            return Ok(RetryResult::NotFound);
        };
        if let Some(rejection) = candidate.rejection() {
            return Ok(rejection);
        }
        let attempts = load_attempts(&tx, id).map_err(at)?;
        let history = AttemptHistory { attempts, resolved_attempts: candidate.resolved_attempts };
        let last = history.last_openid();
        let new_openid =
            candidate.openid.filter(|openid| candidate.is_to_user && last.is_some_and(|last| last != openid));
        let is_deduplicated = match history.first_unresolved() {
            // A run would repeat it by itself, and WeChat drops the repeat.
            Some(first) => {
                candidate.state == MessageState::Queued
                    && candidate.supports_dedupe
                    && new_openid.is_none()
                    && is_within_dedupe_window(&first.started)
            }
            None => false,
        };
        let may_duplicate = history.may_have_arrived() && !is_deduplicated;
        let resolved_attempts = if is_deduplicated { candidate.resolved_attempts } else { candidate.attempts };
        let after = i64::try_from(expire_after.as_millis()).unwrap_or(i64::MAX);
        let values = params![app_id, id, now, after, now.plus(expire_after), resolved_attempts];
        tx.execute(REQUEUE_SQL, values).map_err(at)?;
        tx.commit().map_err(at)?;
        Ok(RetryResult::Queued { may_duplicate, new_openid })
    }

    /// Makes the account's queued and unclaimed messages due now and returns their IDs. With
    /// `errcodes`, only messages that one of them refused.
    pub fn make_due(&mut self, app_id: &str, errcodes: &[i64], now: Timestamp) -> Result<Vec<i64>> {
        let condition = match errcodes {
            [] => "true".to_owned(),
            codes => format!("m.errcode IN ({})", codes.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
        };
        let sql = format!(
            "SELECT id FROM messages m INDEXED BY messages_due WHERE m.app_id = ?1 AND m.state = 'queued'
             AND m.claimed_by IS NULL AND {} AND {condition} ORDER BY id",
            claimable_sql("?2")
        );
        let ids: Vec<i64> = {
            let mut query = self.map_err(self.conn.prepare(&sql))?;
            let rows = self.map_err(query.query_map(params![app_id, now], |row| row.get(0)))?;
            self.map_err(rows.collect())?
        };
        let sql = "UPDATE messages SET due_at = ?2, updated_at = ?2
                   WHERE id = ?1 AND state = 'queued' AND claimed_by IS NULL AND due_at > ?2";
        self.for_each_in_chunks(&ids, |tx, id| tx.prepare_cached(sql)?.execute(params![id, now]).map(drop))?;
        Ok(ids)
    }

    /// Returns the IDs of the account's messages in a state, oldest first.
    pub fn ids_by_state(&self, app_id: &str, state: MessageState) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM messages WHERE app_id = ?1 AND state = ?2 ORDER BY id";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map(params![app_id, state], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }

    /// Returns how many of the account's messages in a state have each kind.
    pub fn kinds_by_state(&self, app_id: &str, state: MessageState) -> Result<Vec<KindCount>> {
        let sql = "SELECT type, count(*), min(created_at) FROM messages WHERE app_id = ?1 AND state = ?2
                   GROUP BY type ORDER BY type";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let read = |row: &Row<'_>| {
            let count = usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
            Ok(KindCount { kind: row.get(0)?, count, oldest: row.get(2)? })
        };
        let rows = self.map_err(query.query_map(params![app_id, state], read))?;
        self.map_err(rows.collect())
    }

    /// Returns how many of the account's messages are due and unclaimed.
    pub fn count_due(&self, app_id: &str, now: Timestamp) -> Result<usize> {
        let sql = format!(
            "SELECT count(*) FROM messages m
             WHERE app_id = ?1 AND state = 'queued' AND claimed_by IS NULL AND due_at <= ?2 AND {}",
            claimable_sql("?2")
        );
        let mut query = self.map_err(self.conn.prepare_cached(&sql))?;
        let found = query.query_row(params![app_id, now], |row| row.get::<_, i64>(0));
        self.map_err(found).map(|count| usize::try_from(count).unwrap_or_default())
    }

    /// Makes messages due now whose due time lies in the future because the clock was set back.
    pub fn reset_future_due_times(&mut self, app_id: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE messages SET due_at = ?2, updated_at = ?2 WHERE app_id = ?1 AND state = 'queued'
                   AND claimed_by IS NULL AND due_at > ?2 AND updated_at > ?3";
        let mut update = self.map_err(self.conn.prepare_cached(sql))?;
        let done = update.execute(params![app_id, now, now.plus(MAX_CLOCK_SKEW)]);
        self.map_err(done).map(drop)
    }
}

/// Cancels the messages to a user who is no longer bound, including claimed ones that are not
/// started. A message that may have arrived becomes `unknown`. Returns the new states, one for each
/// message.
pub(in crate::store) fn cancel_queued_for(
    conn: &Connection,
    app_id: &str,
    user_id: i64,
    now: Timestamp,
) -> rusqlite::Result<Vec<MessageState>> {
    let sql = format!(
        "UPDATE messages INDEXED BY messages_by_user SET state = {STATE_AFTER_CANCEL_SQL}, claimed_by = NULL,
         updated_at = ?3
         WHERE app_id = ?1 AND user_id = ?2 AND state = 'queued' AND NOT {HAS_OPEN_ATTEMPT_SQL}
         RETURNING state"
    );
    conn.prepare(&sql)?.query_map(params![app_id, user_id, now], |row| row.get(0))?.collect()
}
