//! The transaction of a delivering process: it records results, claims messages and starts attempts
//! in one commit. No transaction is open while a request is in flight.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::super::{Error, NOT_FOLLOWING, Result, Store, generation};
use super::attempts::{clock_reading, load_attempts};
use super::parts::{self, WAITS_FOR_PREVIOUS_PART_SQL, claimable_sql};
use super::payloads::{delete_unreferenced_payloads, payload_ids_of};
use super::receipts::apply_unmatched_receipt;
use super::{
    AttemptHistory, AttemptOutcome, MESSAGE_COLUMN_COUNT, MESSAGE_COLUMNS_SQL, MESSAGE_JOINS_SQL, Message,
    MessageState, StoredError, read_message,
};
use crate::clock::{ClockReading, Timestamp};

/// A message that this process has claimed, with the data for decisions about it.
#[derive(Clone, Debug)]
pub struct ClaimedMessage {
    /// The message without its payload; see [`OutboxTx::payload`].
    pub message: Message,
    /// The user's ID; `None` for a bare openid.
    pub user_id: Option<i64>,
    /// The payload's ID.
    pub payload_id: i64,
    /// The payload that is sent instead when WeChat refuses a text.
    pub fallback_id: Option<i64>,
    /// When it was queued.
    pub created: ClockReading,
    /// The time after which it expires.
    pub expire_after: Duration,
    /// Whether the sender set that time.
    pub expire_strict: bool,
    /// The state of its retries.
    pub retry_state: RetryState,
    /// The attempts.
    pub history: AttemptHistory,
    /// Whether it is a part of a text of which any part was attempted.
    pub any_part_attempted: bool,
    /// Whether the previous part is not sent.
    pub waits_for_previous_part: bool,
    /// The number of parts that remain after this one.
    pub remaining_parts: i64,
}

impl ClaimedMessage {
    /// Returns whether WeChat drops a repeat of the content that is sent next. A text has a
    /// `client_msg_id` only for its fallback.
    pub fn supports_dedupe(&self) -> bool {
        self.message.client_msg_id.is_some() && self.fallback_id.is_none()
    }
}

/// The state of the retries of a message.
#[derive(Clone, Debug, Default)]
pub struct RetryState {
    /// The first failure since the message was queued or retried by a user.
    pub first_failed_at: Option<Timestamp>,
    /// The number of long delays since then.
    pub backoff_step: u32,
    /// The attempts before the last `outbox retry`, which do not count towards `send.max_attempts`.
    pub attempts_before_retry: i64,
}

/// The update that an attempt, or a decision without one, makes.
#[derive(Clone, Debug)]
pub struct MessageUpdate {
    /// The attempt's number and outcome; `None` if no attempt was made.
    pub attempt: Option<(i64, AttemptOutcome)>,
    /// The new state.
    pub state: MessageState,
    /// When the message is due, if it is still queued.
    pub due_at: Timestamp,
    /// The response.
    pub response: ResponseInfo,
    /// The retry state for later decisions.
    pub retry_state: RetryState,
    /// The type of the fallback, if it replaces the content.
    pub switch_to_fallback: Option<String>,
}

/// WeChat's response about a message, or the error of a failed request.
#[derive(Clone, Debug, Default)]
pub struct ResponseInfo {
    /// WeChat's ID of the message.
    pub msgid: Option<String>,
    /// WeChat's error code.
    pub errcode: Option<i64>,
    /// WeChat's error text, sanitized.
    pub errmsg: Option<String>,
    /// WeChat's ID of the request.
    pub rid: Option<String>,
    /// Why the message was not delivered or still waits.
    pub error: Option<StoredError>,
    /// The API host that was called last.
    pub host: Option<String>,
    /// The `Date` header of WeChat's response.
    pub server_time: Option<Timestamp>,
}

/// The messages that a process may claim.
#[derive(Clone, Copy, Debug)]
pub enum ClaimScope {
    /// Messages with IDs in this range, due or not.
    Range(i64, i64),
    /// The message with this ID, which this process has made due at this time. It is not claimed if
    /// another process has postponed it since then.
    Retry(i64, Timestamp),
    /// All due messages.
    Due,
}

/// Whether an attempt starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptStart {
    /// It starts, to this openid.
    Started(String),
    /// The message was cancelled, or its user removed, since it was claimed.
    ClaimLost,
    /// The user is not bound.
    NotBound,
    /// An earlier attempt may have arrived at an openid that the user is no longer bound to.
    Rebound,
}

/// An open transaction on the outbox.
pub struct OutboxTx<'a> {
    pub(super) tx: Transaction<'a>,
    pub(super) path: &'a std::path::Path,
    pub(super) app_id: &'a str,
    pub(super) now: &'a ClockReading,
    pub(super) server_now: Option<Timestamp>,
    pub(super) worker_id: &'a str,
}

/// The process that opens a transaction, and the time.
#[derive(Clone, Copy, Debug)]
pub struct TxContext<'a> {
    /// The account.
    pub app_id: &'a str,
    /// The ID of the process's [`WorkerLock`](super::WorkerLock).
    pub worker_id: &'a str,
    /// The current time.
    pub now: &'a ClockReading,
    /// The current time by WeChat's clock, once a response gave it.
    pub server_now: Option<Timestamp>,
}

const CLAIM_COLUMNS_SQL: &str =
    "m.user_id, m.payload_id, m.fallback_id, m.created_uptime, m.expire_after, m.expire_strict, m.first_failed_at,
    m.backoff_step, m.attempts_before_retry, m.resolved_attempts, m.first_part_id, m.remaining_parts";

/// The index of the account's column in [`select_claimed_sql`].
pub(super) const APP_ID_COLUMN: usize = MESSAGE_COLUMN_COUNT + 13;

/// Returns the query that [`read_claimed_message`] reads, without the payload.
pub(super) fn select_claimed_sql(index_hint: &str, condition: &str) -> String {
    format!(
        "SELECT {MESSAGE_COLUMNS_SQL}, {CLAIM_COLUMNS_SQL}, {WAITS_FOR_PREVIOUS_PART_SQL}, m.app_id
         FROM messages m {index_hint} {MESSAGE_JOINS_SQL} WHERE {condition}"
    )
}

/// Reads a claimed message without its history, and the ID of its text's first part.
pub(super) fn read_claimed_message(row: &Row<'_>) -> rusqlite::Result<(ClaimedMessage, Option<i64>)> {
    let message = read_message(row)?;
    let created = clock_reading(message.created_at, row.get(MESSAGE_COLUMN_COUNT + 3)?);
    let claimed = ClaimedMessage {
        user_id: row.get(MESSAGE_COLUMN_COUNT)?,
        payload_id: row.get(MESSAGE_COLUMN_COUNT + 1)?,
        fallback_id: row.get(MESSAGE_COLUMN_COUNT + 2)?,
        created,
        expire_after: Duration::from_millis(u64::try_from(row.get::<_, i64>(MESSAGE_COLUMN_COUNT + 4)?).unwrap_or(0)),
        expire_strict: row.get(MESSAGE_COLUMN_COUNT + 5)?,
        retry_state: RetryState {
            first_failed_at: row.get(MESSAGE_COLUMN_COUNT + 6)?,
            backoff_step: row.get(MESSAGE_COLUMN_COUNT + 7)?,
            attempts_before_retry: row.get(MESSAGE_COLUMN_COUNT + 8)?,
        },
        history: AttemptHistory { attempts: Vec::new(), resolved_attempts: row.get(MESSAGE_COLUMN_COUNT + 9)? },
        any_part_attempted: false,
        remaining_parts: row.get(MESSAGE_COLUMN_COUNT + 11)?,
        waits_for_previous_part: row.get(MESSAGE_COLUMN_COUNT + 12)?,
        message,
    };
    Ok((claimed, row.get(MESSAGE_COLUMN_COUNT + 10)?))
}

/// Loads the history of a claimed message.
pub(super) fn load_history(
    conn: &rusqlite::Connection,
    (mut claimed, first_part_id): (ClaimedMessage, Option<i64>),
) -> rusqlite::Result<ClaimedMessage> {
    if claimed.message.attempts > 0 {
        claimed.history.attempts = load_attempts(conn, claimed.message.id)?;
    }
    if let Some(first_part_id) = first_part_id {
        let sql = "SELECT attempts > 0 FROM messages WHERE id = ?1";
        let tried = conn.prepare_cached(sql)?.query_row([first_part_id], |row| row.get(0)).optional()?;
        // A part that was pruned for its age was attempted.
        claimed.any_part_attempted = tried.unwrap_or(true);
    }
    Ok(claimed)
}

impl Store {
    /// Runs `work` in a transaction and commits it. With `durable` the commit waits for the disk,
    /// which is required before a first byte is sent. Results need no wait: a lost result is an
    /// attempt without an outcome, which is safe.
    ///
    /// # Errors
    ///
    /// The error of `work`; then nothing is committed.
    pub fn transaction<T, E: From<Error>>(
        &mut self,
        context: TxContext<'_>,
        durable: bool,
        work: impl FnOnce(&OutboxTx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.transaction_within(context, durable, self.busy_timeout, work)
    }

    /// Does the same as [`Store::transaction`], but waits only for `busy_timeout` if another
    /// process keeps the database locked. A signal does not end this wait: the caller knows what
    /// must be stored first.
    pub fn transaction_within<T, E: From<Error>>(
        &mut self,
        context: TxContext<'_>,
        durable: bool,
        busy_timeout: Duration,
        work: impl FnOnce(&OutboxTx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let run = |store: &mut Self| -> std::result::Result<T, E> {
            let TxContext { app_id, worker_id: worker, now, server_now: server } = context;
            let transaction = store.map_err(Transaction::new_unchecked(&store.conn, TransactionBehavior::Immediate))?;
            if durable {
                store.map_err(generation::advance_generation(&transaction))?;
            }
            let tx =
                OutboxTx { tx: transaction, path: &store.path, app_id, now, server_now: server, worker_id: worker };
            let result = work(&tx)?;
            store.map_err(tx.tx.commit())?;
            Ok(result)
        };
        self.map_err(self.conn.busy_timeout(busy_timeout))?;
        let result = if durable { run(self) } else { self.without_fsync(run) };
        self.restore_busy_timeout();
        result
    }
}

impl OutboxTx<'_> {
    pub(super) fn map_err<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|e| Error::from_sqlite(self.path, e))
    }

    /// Returns a number that changes when another connection changes the database.
    pub fn data_version(&self) -> Result<i64> {
        self.map_err(self.tx.pragma_query_value(None, "data_version", |row| row.get(0)))
    }

    /// Claims up to `limit` unclaimed messages of the scope, in the order they are due.
    pub fn claim(&self, scope: ClaimScope, limit: usize) -> Result<Vec<ClaimedMessage>> {
        // Without the index hint SQLite scans all due messages for a range of IDs.
        let (index_hint, condition, (first, last)) = match scope {
            ClaimScope::Range(first, last) => {
                // Another process may have tried it since, and postponed it.
                let condition = "m.id BETWEEN ?2 AND ?3 AND (m.due_at <= ?5 OR m.attempts = 0) ORDER BY m.id";
                ("NOT INDEXED", condition, (first, last))
            }
            ClaimScope::Retry(id, due_at) => {
                // The time of the process's own decision counts even if the clock was set back.
                let condition = "m.id = ?2 AND m.due_at <= ?3 ORDER BY m.id";
                ("NOT INDEXED", condition, (id, due_at.max(self.now.wall).0))
            }
            ClaimScope::Due => {
                let condition = "m.due_at <= ?2 AND ?3 = ?3 ORDER BY m.due_at, m.id";
                ("INDEXED BY messages_due", condition, (self.now.wall.0, 0))
            }
        };
        let open = "m.state = 'queued' AND m.claimed_by IS NULL AND m.payload_id NOTNULL";
        let sql = select_claimed_sql(
            index_hint,
            &format!("m.app_id = ?1 AND {open} AND {} AND {condition} LIMIT ?4", claimable_sql("?5")),
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut query = self.map_err(self.tx.prepare_cached(&sql))?;
        let rows = self
            .map_err(query.query_map(params![self.app_id, first, last, limit, self.now.wall], read_claimed_message))?;
        let claimed: Vec<_> = self.map_err(rows.collect())?;
        let claimed: Vec<ClaimedMessage> =
            self.map_err(claimed.into_iter().map(|entry| load_history(&self.tx, entry)).collect())?;
        let mut update = self.map_err(self.tx.prepare_cached("UPDATE messages SET claimed_by = ?2 WHERE id = ?1"))?;
        claimed
            .iter()
            .try_for_each(|entry| self.map_err(update.execute(params![entry.message.id, self.worker_id])).map(drop))?;
        Ok(claimed)
    }

    /// Returns the JSON of a payload.
    pub fn payload(&self, id: i64) -> Result<Option<String>> {
        let mut query = self.map_err(self.tx.prepare_cached("SELECT json FROM payloads WHERE id = ?1"))?;
        self.map_err(query.query_row([id], |row| row.get(0)).optional())
    }

    /// Starts the next attempt of a claimed message if it may start, and determines its recipient.
    /// `token_at` is when the access token was fetched.
    pub fn start_attempt(&self, claimed: &ClaimedMessage, token_at: Option<Timestamp>) -> Result<AttemptStart> {
        let id = claimed.message.id;
        let sql = "SELECT CASE WHEN m.user_id IS NULL THEN m.openid ELSE b.openid END FROM messages m
                   LEFT JOIN bindings b ON b.app_id = m.app_id AND b.user_id = m.user_id
                   WHERE m.id = ?1 AND m.claimed_by = ?2 AND m.state = 'queued'";
        let mut query = self.map_err(self.tx.prepare_cached(sql))?;
        let openid: Option<Option<String>> =
            self.map_err(query.query_row(params![id, self.worker_id], |row| row.get(0)).optional())?;
        let openid = match openid {
            None => return Ok(AttemptStart::ClaimLost),
            Some(None) => return Ok(AttemptStart::NotBound),
            Some(Some(openid)) => openid,
        };
        if claimed.history.first_unresolved().is_some_and(|earlier| earlier.openid.as_ref() != Some(&openid)) {
            return Ok(AttemptStart::Rebound);
        }
        let n = claimed.message.attempts + 1;
        // Not `RETURNING`, for which SQLite creates a table and a statement journal each time.
        let sql = "UPDATE messages SET attempts = ?2, openid = ?3 WHERE id = ?1";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(update.execute(params![id, n, openid]))?;
        let sql = "INSERT INTO attempts (message_id, number, openid, token_fetched_at, started_at, started_uptime)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = self.map_err(self.tx.prepare_cached(sql))?;
        let uptime = self.now.uptime.as_ref().map(ToString::to_string);
        self.map_err(insert.execute(params![id, n, openid, token_at, self.now.wall, uptime]))?;
        Ok(AttemptStart::Started(openid))
    }

    /// Stores an update and releases the message. Returns `false` if the message no longer exists
    /// because its user was removed, or if there was no attempt and the process has lost its claim.
    pub fn record_update(&self, id: i64, message_update: &MessageUpdate) -> Result<bool> {
        let ResponseInfo { msgid, errcode, errmsg, rid, error, host, server_time } = &message_update.response;
        let now = self.now.wall;
        if let Some((n, outcome)) = message_update.attempt {
            let sql = "UPDATE attempts SET ended_at = ?3, outcome = ?4, errcode = ?5, errmsg = ?6, rid = ?7, host = ?8,
                       server_time = ?9 WHERE message_id = ?1 AND number = ?2";
            let mut update = self.map_err(self.tx.prepare_cached(sql))?;
            self.map_err(update.execute(params![
                id,
                n,
                now,
                outcome.as_str(),
                errcode,
                errmsg,
                rid,
                host,
                server_time
            ]))?;
        }
        let sent_at = (message_update.state == MessageState::Sent).then_some(now);
        let finished_at = self.server_now.filter(|_| message_update.state != MessageState::Queued);
        // A message stays cancelled that was cancelled between two attempts. If it was retried since,
        // it may have arrived, and what was read when it was claimed no longer counts.
        let sql = "UPDATE messages SET state = ?2, due_at = ?3, updated_at = ?4, msgid = ?5, errcode = ?6, errmsg = ?7,
                   rid = ?8, error_kind = ?9, error_detail = ?10, sent_at = ?11, first_failed_at = ?12,
                   backoff_step = ?13, finished_at = ?14, claimed_by = NULL
                   WHERE id = ?1 AND (?15 OR state = 'queued' AND claimed_by = ?16)";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        let RetryState { first_failed_at, backoff_step, .. } = &message_update.retry_state;
        let rows = self.map_err(update.execute(params![
            id,
            message_update.state,
            message_update.due_at,
            now,
            msgid,
            errcode,
            errmsg,
            rid,
            error.as_ref().map(|error| &error.kind),
            error.as_ref().and_then(|error| error.detail.as_ref()),
            sent_at,
            first_failed_at,
            backoff_step,
            finished_at,
            message_update.attempt.is_some(),
            self.worker_id,
        ]))?;
        if let Some(msgid) = msgid {
            self.map_err(apply_unmatched_receipt(&self.tx, self.app_id, id, msgid))?;
        }
        if let Some(kind) = &message_update.switch_to_fallback {
            self.map_err(self.switch_to_fallback(id, kind))?;
        }
        Ok(rows > 0)
    }

    /// Replaces a message's payload by its fallback, which has this type, and deletes the payload
    /// unless another message has it: nothing would find it later.
    fn switch_to_fallback(&self, id: i64, kind: &str) -> rusqlite::Result<()> {
        let payloads = payload_ids_of(&self.tx, &[id])?;
        let sql = "UPDATE messages SET payload_id = fallback_id, fallback_id = NULL, type = ?2 WHERE id = ?1";
        self.tx.execute(sql, params![id, kind])?;
        delete_unreferenced_payloads(&self.tx, &payloads)
    }

    /// Stores why unclaimed messages wait, in place of an older reason: a user can do something
    /// about the current one.
    pub fn set_waiting_reason(&self, (first, last): (i64, i64), reason: &ResponseInfo) -> Result<()> {
        // `NOT INDEXED`, or SQLite scans all due messages instead of the range of IDs.
        let sql =
            "UPDATE messages NOT INDEXED SET error_kind = ?4, error_detail = ?5, errcode = ?6, errmsg = ?7, rid = ?8
                   WHERE id BETWEEN ?2 AND ?3 AND app_id = ?1 AND state = 'queued' AND claimed_by IS NULL
                   AND (error_kind IS NOT ?4 OR error_detail IS NOT ?5)";
        let ResponseInfo { error, errcode, errmsg, rid, .. } = reason;
        let kind = error.as_ref().map(|error| &error.kind);
        let detail = error.as_ref().and_then(|error| error.detail.as_ref());
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(update.execute(params![self.app_id, first, last, kind, detail, errcode, errmsg, rid])).map(drop)
    }

    /// Releases messages that were claimed and not started.
    pub fn release(&self, ids: impl IntoIterator<Item = i64>) -> Result<()> {
        let sql = "UPDATE messages SET claimed_by = NULL WHERE id = ?1 AND claimed_by = ?2";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        ids.into_iter().try_for_each(|id| self.map_err(update.execute(params![id, self.worker_id])).map(drop))
    }

    /// Returns the next part after a message, if it is queued.
    pub fn next_part(&self, id: i64) -> Result<Option<i64>> {
        let sql = "SELECT id FROM messages INDEXED BY messages_by_previous_part WHERE previous_part_id = ?1
            AND state = 'queued'";
        let mut query = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(query.query_row([id], |row| row.get(0)).optional())
    }

    /// Cancels the remaining parts after a message that will not be sent. Returns their IDs.
    pub fn cancel_remaining_parts(&self, id: i64) -> Result<Vec<i64>> {
        self.map_err(parts::cancel_remaining_parts(&self.tx, id, self.now.wall))
    }

    /// Returns the previous part of a queued message, if it is not sent.
    pub fn unsent_previous_part(&self, id: i64) -> Result<Option<i64>> {
        let sql = "SELECT p.id FROM messages m NOT INDEXED JOIN messages p ON p.id = m.previous_part_id
                   WHERE m.id = ?1 AND m.state = 'queued' AND m.claimed_by IS NULL AND p.state <> 'sent'";
        let mut query = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(query.query_row([id], |row| row.get(0)).optional())
    }

    /// Marks a recipient as unreachable because WeChat refused a message with this errcode: sends
    /// to several users leave the recipient out.
    pub fn mark_unreachable(&self, openid: &str, errcode: i64) -> Result<()> {
        // Without the index hint SQLite scans all bindings of the account.
        let sql = "UPDATE bindings INDEXED BY bindings_by_openid SET unreachable_errcode = ?3,
                   follows = CASE WHEN ?4 THEN 0 ELSE follows END
                   WHERE app_id = ?1 AND openid = ?2 AND (unreachable_errcode IS NOT ?3 OR ?4 AND follows IS NOT 0)";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        let unfollowed = NOT_FOLLOWING.contains(&errcode);
        self.map_err(update.execute(params![self.app_id, openid, errcode, unfollowed])).map(drop)
    }

    /// Removes the mark of a recipient after a sent message. With `follows` WeChat sends such a
    /// message to followers only, so the recipient is one.
    pub fn mark_reachable(&self, openid: &str, follows: bool) -> Result<()> {
        let sql = "UPDATE bindings INDEXED BY bindings_by_openid SET unreachable_errcode = NULL,
                   follows = CASE WHEN ?3 THEN 1 ELSE follows END, has_followed = has_followed OR ?3
                   WHERE app_id = ?1 AND openid = ?2 AND (unreachable_errcode NOTNULL OR ?3 AND follows IS NOT 1)";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(update.execute(params![self.app_id, openid, follows])).map(drop)
    }

    /// Records that a user declined a template, or accepted it after all: sends to several users
    /// leave out those who declined it.
    pub fn set_template_declined(&self, user_id: i64, template_id: &str, declined: bool) -> Result<()> {
        let sql = if declined {
            "INSERT OR REPLACE INTO declined_templates (app_id, user_id, template_id, declined_at)
             VALUES (?1, ?2, ?3, ?4)"
        } else {
            "DELETE FROM declined_templates WHERE app_id = ?1 AND user_id = ?2 AND template_id = ?3 AND ?4 = ?4"
        };
        let mut write = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(write.execute(params![self.app_id, user_id, template_id, self.now.wall])).map(drop)
    }

    /// Deletes the account's cached template lists, because WeChat refused a template that they may
    /// contain.
    pub fn delete_template_lists(&self) -> Result<()> {
        for sql in [
            "DELETE FROM template_lists WHERE app_id = ?1",
            "DELETE FROM subscription_template_lists WHERE app_id = ?1",
        ] {
            let mut delete = self.map_err(self.tx.prepare_cached(sql))?;
            self.map_err(delete.execute(params![self.app_id])).map(drop)?;
        }
        Ok(())
    }
}
