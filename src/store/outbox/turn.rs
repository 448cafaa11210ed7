//! One turn of a process that delivers: what has ended is written down, what comes next is taken and marked,
//! all of it in one commit. No turn is open while a request is.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::super::{Error, LONG, LONG_LOG, Result, Store};
use super::parts::free;
use super::{Attempt, Message, SELECT, State, message};
use crate::time::{Moment, Timestamp, Uptime};

/// A message that this process has, with what a decision about it takes.
#[derive(Clone, Debug)]
pub struct Held {
    /// The message; its body is left out, see [`Turn::content`].
    pub message: Message,
    /// Its content.
    pub content_id: i64,
    /// What is sent instead where WeChat takes no text.
    pub fallback_id: Option<i64>,
    /// What was tried before.
    pub record: Record,
    /// How many parts come after this one.
    pub parts_left: i64,
}

impl Held {
    /// Whether WeChat drops a repeat of what is sent next: a text has its id for the template after it.
    pub fn is_repeatable(&self) -> bool {
        self.message.client_msg_id.is_some() && self.fallback_id.is_none()
    }
}

/// What earlier attempts leave for the next decision.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The first failure.
    pub failed_at: Option<Timestamp>,
    /// Long pauses behind it.
    pub pauses: u32,
    /// Attempts before somebody said `outbox retry`: they count for nothing.
    pub forgiven: i64,
    /// The start of the first attempt that may have arrived.
    pub maybe: Option<Moment>,
}

/// What an attempt, or a decision without one, comes to.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The attempt's number and how it ended; `None` where none was made.
    pub attempt: Option<(i64, Attempt)>,
    /// Where the message stands now.
    pub state: State,
    /// When it is due, if it is queued still.
    pub due_at: Timestamp,
    /// What was answered.
    pub answer: Answer,
    /// For the decisions to come.
    pub record: Record,
    /// The fallback takes the content's place; its kind.
    pub instead: Option<String>,
}

/// What WeChat, or the way to it, said of a message.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// WeChat's id of it.
    pub msgid: Option<String>,
    /// WeChat's error code.
    pub errcode: Option<i64>,
    /// WeChat's error text, cleaned.
    pub errmsg: Option<String>,
    /// What went wrong, in words.
    pub error: Option<String>,
}

/// Which messages a process may take.
#[derive(Clone, Copy, Debug)]
pub enum Scope {
    /// Those of these ids, whether they are due or not.
    Only(i64, i64),
    /// All that are due.
    Due,
}

/// A turn under way.
pub struct Turn<'a> {
    pub(super) step: Transaction<'a>,
    pub(super) path: &'a std::path::Path,
    pub(super) app_id: &'a str,
    pub(super) now: Timestamp,
    pub(super) worker: &'a str,
}

/// Who takes a turn, and when.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// The account.
    pub app_id: &'a str,
    /// The process: the name of its [`Alive`](super::Alive).
    pub worker: &'a str,
    /// The time.
    pub now: Timestamp,
}

const MORE: &str =
    "m.content_id, m.fallback_id, m.failed_at, m.pauses, m.forgiven, m.maybe_at, m.maybe_up, m.parts_left";

/// [`SELECT`] without the body and with [`MORE`]; by place, since to look a name up takes longer than to read a value.
fn select_held(how: &str) -> String {
    let select = SELECT.replacen("c.body", "NULL", 1).replacen("FROM", &format!(", {MORE} FROM"), 1);
    select.replacen("messages m", &format!("messages m {how}"), 1)
}

fn held(row: &Row<'_>) -> rusqlite::Result<Held> {
    let maybe: Option<Timestamp> = row.get(23)?;
    let up: Option<String> = row.get(24)?;
    Ok(Held {
        message: message(row)?,
        content_id: row.get(18)?,
        fallback_id: row.get(19)?,
        record: Record {
            failed_at: row.get(20)?,
            pauses: row.get(21)?,
            forgiven: row.get(22)?,
            maybe: maybe.map(|at| Moment { at, up: up.and_then(|up| up.parse().ok()) }),
        },
        parts_left: row.get(25)?,
    })
}

impl Store {
    /// Does `work` as one turn. `durable` waits until it is on the disk: before any first byte leaves. What
    /// has ended need not be: a lost ending is an attempt without one, which is safe.
    ///
    /// # Errors
    /// Those of `work`, and the database's own; then nothing of it is done.
    pub fn turn<T, E: From<Error>>(
        &mut self,
        who: Who<'_>,
        durable: bool,
        work: impl FnOnce(&Turn<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.turn_when(who, durable, self.patience, || false, work)
    }

    /// The same; where another process has had the database for that `patience`, `wait` says whether to go on waiting.
    ///
    /// # Errors
    /// As there.
    pub fn turn_when<T, E: From<Error>>(
        &mut self,
        who: Who<'_>,
        durable: bool,
        patience: Duration,
        mut wait: impl FnMut() -> bool,
        work: impl FnOnce(&Turn<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let act = |store: &mut Self| -> std::result::Result<T, E> {
            let Who { app_id, worker, now } = who;
            let path = &store.path;
            store.at(store.conn.busy_timeout(patience))?;
            let step = loop {
                match store.at(Transaction::new_unchecked(&store.conn, TransactionBehavior::Immediate)) {
                    Err(Error::Busy { .. }) if wait() => {}
                    step => break step,
                }
            };
            store.at(store.conn.busy_timeout(store.patience))?;
            let turn = Turn { step: step?, path, app_id, now, worker };
            let done = work(&turn)?;
            store.at(turn.step.commit())?;
            Ok(done)
        };
        self.turns = self.turns.saturating_add(1);
        if self.turns == LONG {
            self.at(self.conn.execute_batch(LONG_LOG))?;
        }
        if durable { act(self) } else { self.relaxed(act) }
    }
}

impl Turn<'_> {
    pub(super) fn at<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|e| Error::at(self.path, e))
    }

    /// A number that is another one as soon as another connection has changed the database.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn version(&self) -> Result<i64> {
        self.at(self.step.pragma_query_value(None, "data_version", |row| row.get(0)))
    }

    /// Takes up to `limit` messages of the scope that nobody has, in the order they are due.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn take(&self, scope: Scope, limit: usize) -> Result<Vec<Held>> {
        // Without a word SQLite walks all that is due to find a range of ids.
        let (from, which, (first, last)) = match scope {
            Scope::Only(first, last) => ("NOT INDEXED", "m.id BETWEEN ?2 AND ?3 ORDER BY m.id", (first, last)),
            Scope::Due => {
                let which = "m.due_at <= ?2 AND ?3 = ?3 ORDER BY m.due_at, m.id";
                ("INDEXED BY messages_due", which, (self.now.0, 0))
            }
        };
        let open = "m.state = 'queued' AND m.worker IS NULL AND m.content_id NOTNULL AND m.openid NOTNULL";
        let sql = format!("{}1 AND {open} AND {} AND {which} LIMIT ?4", select_held(from), free("?5"));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut query = self.at(self.step.prepare_cached(&sql))?;
        let rows = self.at(query.query_map(params![self.app_id, first, last, limit, self.now], held))?;
        let taken: Vec<Held> = self.at(rows.collect())?;
        let mut take = self.at(self.step.prepare_cached("UPDATE messages SET worker = ?2 WHERE id = ?1"))?;
        taken.iter().try_for_each(|one| self.at(take.execute(params![one.message.id, self.worker])).map(drop))?;
        Ok(taken)
    }

    /// A content: its JSON.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn content(&self, id: i64) -> Result<Option<String>> {
        let mut query = self.at(self.step.prepare_cached("SELECT body FROM contents WHERE id = ?1"))?;
        self.at(query.query_row([id], |row| row.get(0)).optional())
    }

    /// Marks that attempt `n`, from 1, of a message of ours begins; `false` if it is no longer queued, since it was
    /// cancelled or the person removed.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn begin(&self, id: i64, n: i64, up: Option<&Uptime>) -> Result<bool> {
        // Not RETURNING, for which SQLite makes a table and a journal of the statement each time.
        let sql = "UPDATE messages SET attempts = ?3, begun_up = ?4 WHERE id = ?1 AND worker = ?2 AND state = 'queued'";
        let mut update = self.at(self.step.prepare_cached(sql))?;
        let begins = self.at(update.execute(params![id, self.worker, n, up.map(ToString::to_string)]))? > 0;
        if begins {
            let sql = "INSERT INTO attempts (message_id, n, started_at) VALUES (?1, ?2, ?3)";
            let mut insert = self.at(self.step.prepare_cached(sql))?;
            self.at(insert.execute(params![id, n, self.now]))?;
        }
        Ok(begins)
    }

    /// Writes down what a message has come to, and lets go of it; `false` if it is no longer there, since the
    /// person was removed.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn end(&self, id: i64, ending: &Ending) -> Result<bool> {
        if let Some((n, attempt)) = ending.attempt {
            let sql = "UPDATE attempts SET ended_at = ?3, outcome = ?4, errcode = ?5 WHERE message_id = ?1 AND n = ?2";
            let mut update = self.at(self.step.prepare_cached(sql))?;
            self.at(update.execute(params![id, n, self.now, attempt.as_str(), ending.answer.errcode]))?;
        }
        let sent_at = (ending.state == State::Sent).then_some(self.now);
        // What somebody cancelled between two attempts stays so.
        let sql = "UPDATE messages SET state = ?2, due_at = ?3, touched_at = ?4, msgid = ?5, errcode = ?6, errmsg = ?7,
                   error = ?8, sent_at = ?9, failed_at = ?10, pauses = ?11, maybe_at = ?12, maybe_up = ?13, worker = NULL
                   WHERE id = ?1 AND (state = 'queued' OR ?14)";
        let mut update = self.at(self.step.prepare_cached(sql))?;
        let Record { failed_at, pauses, maybe, .. } = &ending.record;
        let maybe_up = maybe.as_ref().and_then(|maybe| maybe.up.as_ref()).map(ToString::to_string);
        let there = self.at(update.execute(params![
            id,
            ending.state,
            ending.due_at,
            self.now,
            ending.answer.msgid,
            ending.answer.errcode,
            ending.answer.errmsg,
            ending.answer.error,
            sent_at,
            failed_at,
            pauses,
            maybe.as_ref().map(|maybe| maybe.at),
            maybe_up,
            ending.attempt.is_some(),
        ]))?;
        if let Some(kind) = &ending.instead {
            let sql = "UPDATE messages SET content_id = fallback_id, fallback_id = NULL, type = ?2 WHERE id = ?1";
            self.at(self.step.execute(sql, params![id, kind]))?;
        }
        Ok(there > 0)
    }

    /// Whom a message reached can be reached again; whom one could not reach, by WeChat's `errcode`, gets no
    /// more of those that go to all.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn mark(&self, openid: &str, unreachable: Option<i64>) -> Result<()> {
        // Without a word SQLite walks all of the account's.
        let sql = "UPDATE bindings INDEXED BY bindings_by_openid SET unreachable = ?3
                   WHERE app_id = ?1 AND openid = ?2 AND unreachable IS NOT ?3";
        let mut update = self.at(self.step.prepare_cached(sql))?;
        self.at(update.execute(params![self.app_id, openid, unreachable])).map(drop)
    }

    /// Notes why messages that nobody has begun wait, where nothing is noted yet.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn explain(&self, (first, last): (i64, i64), why: &Answer) -> Result<()> {
        let sql = "UPDATE messages SET error = ?3, errcode = ?4, errmsg = ?5 WHERE id BETWEEN ?1 AND ?2
                   AND app_id = ?6 AND state = 'queued' AND error IS NULL AND worker IS NULL";
        let Answer { error, errcode, errmsg, .. } = why;
        self.at(self.step.execute(sql, params![first, last, error, errcode, errmsg, self.app_id])).map(drop)
    }

    /// Lets go of messages that were taken and not begun.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn let_go(&self, ids: impl IntoIterator<Item = i64>) -> Result<()> {
        let sql = "UPDATE messages SET worker = NULL WHERE id = ?1 AND worker = ?2";
        let mut update = self.at(self.step.prepare_cached(sql))?;
        ids.into_iter().try_for_each(|id| self.at(update.execute(params![id, self.worker])).map(drop))
    }
}
