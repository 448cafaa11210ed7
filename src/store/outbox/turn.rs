//! One turn of a process that delivers: what has ended is written down, what comes next is taken and marked,
//! all of it in one commit. No turn is open while a request is.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::super::{Error, LONG, LONG_LOG, Result, Store, generation};
use super::attempts::{attempts_of, moment};
use super::parts::{WAITS, free};
use super::{AttemptOutcome, COLUMNS, FIELDS, History, JOINS, Message, State, message};
use crate::time::{Moment, Timestamp};

/// A message that this process has, with what a decision about it takes.
#[derive(Clone, Debug)]
pub struct Held {
    /// The message; its body is left out, see [`Turn::content`].
    pub message: Message,
    /// The person that is meant, wherever that person is bound; `None` where an openid is.
    pub user_id: Option<i64>,
    /// Its content.
    pub content_id: i64,
    /// What is sent instead where WeChat takes no text.
    pub fallback_id: Option<i64>,
    /// When it was queued.
    pub created: Moment,
    /// How long it is tried.
    pub expire_after: Duration,
    /// Whether the sender asked for that time.
    pub expire_strict: bool,
    /// What the pauses go by.
    pub backoff: Backoff,
    /// What was tried.
    pub history: History,
    /// Whether it is a part of a text of which a part was tried.
    pub text_tried: bool,
    /// Whether the part before it is not sent.
    pub waits: bool,
    /// How many parts come after this one.
    pub parts_left: i64,
}

impl Held {
    /// Whether WeChat drops a repeat of what is sent next: a text has its id for the template after it.
    pub fn is_repeatable(&self) -> bool {
        self.message.client_msg_id.is_some() && self.fallback_id.is_none()
    }
}

/// What the pauses between attempts go by.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    /// The first failure since it was queued, or retried by a person.
    pub failed_at: Option<Timestamp>,
    /// Long pauses since then.
    pub pauses: u32,
    /// Attempts before somebody said `outbox retry`: they do not count against `send.max_attempts`.
    pub retried_after: i64,
}

/// What an attempt, or a decision without one, comes to.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The attempt's number and how it ended; `None` where none was made.
    pub attempt: Option<(i64, AttemptOutcome)>,
    /// Where the message stands now.
    pub state: State,
    /// When it is due, if it is queued still.
    pub due_at: Timestamp,
    /// What was answered.
    pub answer: Answer,
    /// For the decisions to come.
    pub backoff: Backoff,
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
    /// WeChat's id of the request.
    pub rid: Option<String>,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// The API host that was asked last.
    pub host: Option<String>,
    /// The `Date` of WeChat's answer.
    pub server_at: Option<Timestamp>,
}

/// Which messages a process may take.
#[derive(Clone, Copy, Debug)]
pub enum Scope {
    /// Those of these ids, whether they are due or not.
    Only(i64, i64),
    /// All that are due.
    Due,
}

/// Whether an attempt begins, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// It begins, to this openid.
    Begun(String),
    /// The message is no longer queued, or no longer this process's: it was cancelled, or the person removed.
    Taken,
    /// The person is not bound.
    Unbound,
    /// An earlier attempt may have arrived, at an openid that the person is not bound to any more.
    Rebound,
}

/// A turn under way.
pub struct Turn<'a> {
    pub(super) step: Transaction<'a>,
    pub(super) path: &'a std::path::Path,
    pub(super) app_id: &'a str,
    pub(super) now: &'a Moment,
    pub(super) server: Option<Timestamp>,
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
    pub now: &'a Moment,
    /// The time by WeChat's clock, once an answer has told it.
    pub server: Option<Timestamp>,
}

const MORE: &str = "m.user_id, m.content_id, m.fallback_id, m.created_up, m.expire_after, m.expire_strict, m.failed_at,
    m.pauses, m.retried_after, m.repeat_after, m.first_id, m.parts_left";

/// Where [`select_held`] has the account.
pub(super) const APP_ID: usize = COLUMNS + 13;

/// A query that [`held`] reads, without the body; `how` says which index to use.
pub(super) fn select_held(how: &str, which: &str) -> String {
    let fields = FIELDS.replacen("c.body", "NULL", 1);
    format!("SELECT {fields}, {MORE}, {WAITS}, m.app_id FROM messages m {how} {JOINS} WHERE {which}")
}

/// A held message but for its history, with the id of its text's first part.
pub(super) fn held(row: &Row<'_>) -> rusqlite::Result<(Held, Option<i64>)> {
    let message = message(row)?;
    let created = moment(message.created_at, row.get(COLUMNS + 3)?);
    let held = Held {
        user_id: row.get(COLUMNS)?,
        content_id: row.get(COLUMNS + 1)?,
        fallback_id: row.get(COLUMNS + 2)?,
        created,
        expire_after: Duration::from_millis(u64::try_from(row.get::<_, i64>(COLUMNS + 4)?).unwrap_or(0)),
        expire_strict: row.get(COLUMNS + 5)?,
        backoff: Backoff {
            failed_at: row.get(COLUMNS + 6)?,
            pauses: row.get(COLUMNS + 7)?,
            retried_after: row.get(COLUMNS + 8)?,
        },
        history: History { attempts: Vec::new(), repeat_after: row.get(COLUMNS + 9)? },
        text_tried: false,
        parts_left: row.get(COLUMNS + 11)?,
        waits: row.get(COLUMNS + 12)?,
        message,
    };
    Ok((held, row.get(COLUMNS + 10)?))
}

/// Reads what was tried for a held message.
pub(super) fn with_history(
    conn: &rusqlite::Connection,
    (mut held, first): (Held, Option<i64>),
) -> rusqlite::Result<Held> {
    if held.message.attempts > 0 {
        held.history.attempts = attempts_of(conn, held.message.id)?;
    }
    if let Some(first) = first {
        let sql = "SELECT attempts > 0 FROM messages WHERE id = ?1";
        let tried = conn.prepare_cached(sql)?.query_row([first], |row| row.get(0)).optional()?;
        // A part that was removed for its age was tried.
        held.text_tried = tried.unwrap_or(true);
    }
    Ok(held)
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
            let Who { app_id, worker, now, server } = who;
            let step = loop {
                match store.at(Transaction::new_unchecked(&store.conn, TransactionBehavior::Immediate)) {
                    Err(Error::Busy { .. }) if wait() => {}
                    step => break step?,
                }
            };
            if durable {
                store.at(generation::advance(&step))?;
            }
            let turn = Turn { step, path: &store.path, app_id, now, server, worker };
            let done = work(&turn)?;
            store.at(turn.step.commit())?;
            Ok(done)
        };
        self.turns = self.turns.saturating_add(1);
        if self.turns == LONG {
            self.at(self.conn.execute_batch(LONG_LOG))?;
        }
        // A signal does not end this wait: it is `wait` that knows what has to be written down first.
        self.at(self.conn.busy_timeout(patience))?;
        let done = if durable { act(self) } else { self.relaxed(act) };
        self.patient_again();
        done
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
                ("INDEXED BY messages_due", which, (self.now.at.0, 0))
            }
        };
        let open = "m.state = 'queued' AND m.worker IS NULL AND m.content_id NOTNULL";
        let sql = select_held(from, &format!("m.app_id = ?1 AND {open} AND {} AND {which} LIMIT ?4", free("?5")));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut query = self.at(self.step.prepare_cached(&sql))?;
        let rows = self.at(query.query_map(params![self.app_id, first, last, limit, self.now.at], held))?;
        let taken: Vec<_> = self.at(rows.collect())?;
        let taken: Vec<Held> = self.at(taken.into_iter().map(|one| with_history(&self.step, one)).collect())?;
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

    /// Begins the next attempt for a message of ours, if it may begin: this is where a message to a person learns
    /// where it goes. `token_at` is when its access token was fetched.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn begin(&self, held: &Held, token_at: Option<Timestamp>) -> Result<Begin> {
        let id = held.message.id;
        let sql = "SELECT CASE WHEN m.user_id IS NULL THEN m.openid ELSE b.openid END FROM messages m
                   LEFT JOIN bindings b ON b.app_id = m.app_id AND b.user_id = m.user_id
                   WHERE m.id = ?1 AND m.worker = ?2 AND m.state = 'queued'";
        let mut query = self.at(self.step.prepare_cached(sql))?;
        let openid: Option<Option<String>> =
            self.at(query.query_row(params![id, self.worker], |row| row.get(0)).optional())?;
        let openid = match openid {
            None => return Ok(Begin::Taken),
            Some(None) => return Ok(Begin::Unbound),
            Some(Some(openid)) => openid,
        };
        if held.history.unresolved().is_some_and(|earlier| earlier.openid.as_ref() != Some(&openid)) {
            return Ok(Begin::Rebound);
        }
        let n = held.message.attempts + 1;
        // Not RETURNING, for which SQLite makes a table and a journal of the statement each time.
        let sql = "UPDATE messages SET attempts = ?2, openid = ?3 WHERE id = ?1";
        let mut update = self.at(self.step.prepare_cached(sql))?;
        self.at(update.execute(params![id, n, openid]))?;
        let sql = "INSERT INTO attempts (message_id, n, openid, token_at, started_at, started_up)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = self.at(self.step.prepare_cached(sql))?;
        let up = self.now.up.as_ref().map(ToString::to_string);
        self.at(insert.execute(params![id, n, openid, token_at, self.now.at, up]))?;
        Ok(Begin::Begun(openid))
    }

    /// Writes down what a message has come to, and lets go of it; `false` if it is no longer there, since the
    /// person was removed.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn end(&self, id: i64, ending: &Ending) -> Result<bool> {
        let Answer { msgid, errcode, errmsg, rid, error, host, server_at } = &ending.answer;
        let now = self.now.at;
        if let Some((n, outcome)) = ending.attempt {
            let sql = "UPDATE attempts SET ended_at = ?3, outcome = ?4, errcode = ?5, errmsg = ?6, rid = ?7, host = ?8,
                       server_at = ?9 WHERE message_id = ?1 AND n = ?2";
            let mut update = self.at(self.step.prepare_cached(sql))?;
            self.at(update.execute(params![id, n, now, outcome.as_str(), errcode, errmsg, rid, host, server_at]))?;
        }
        let sent_at = (ending.state == State::Sent).then_some(now);
        let settled_at = self.server.filter(|_| ending.state != State::Queued);
        // What somebody cancelled between two attempts stays so.
        let sql = "UPDATE messages SET state = ?2, due_at = ?3, changed_at = ?4, msgid = ?5, errcode = ?6, errmsg = ?7,
                   rid = ?8, error = ?9, sent_at = ?10, failed_at = ?11, pauses = ?12, settled_at = ?13, worker = NULL
                   WHERE id = ?1 AND (state = 'queued' OR ?14)";
        let mut update = self.at(self.step.prepare_cached(sql))?;
        let Backoff { failed_at, pauses, .. } = &ending.backoff;
        let there = self.at(update.execute(params![
            id,
            ending.state,
            ending.due_at,
            now,
            msgid,
            errcode,
            errmsg,
            rid,
            error,
            sent_at,
            failed_at,
            pauses,
            settled_at,
            ending.attempt.is_some(),
        ]))?;
        if let Some(kind) = &ending.instead {
            let sql = "UPDATE messages SET content_id = fallback_id, fallback_id = NULL, type = ?2 WHERE id = ?1";
            self.at(self.step.execute(sql, params![id, kind]))?;
        }
        Ok(there > 0)
    }

    /// Notes why messages that nobody has begun wait, in the place of what is noted already: what keeps them back now is
    /// what somebody can do something about.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn explain(&self, (first, last): (i64, i64), why: &Answer) -> Result<()> {
        // NOT INDEXED: SQLite would walk all that is due instead of the range of ids.
        let sql = "UPDATE messages NOT INDEXED SET error = ?3, errcode = ?4, errmsg = ?5, rid = ?7
                   WHERE id BETWEEN ?1 AND ?2 AND app_id = ?6 AND state = 'queued' AND error IS NOT ?3 AND worker IS NULL";
        let Answer { error, errcode, errmsg, rid, .. } = why;
        let mut update = self.at(self.step.prepare_cached(sql))?;
        self.at(update.execute(params![first, last, error, errcode, errmsg, self.app_id, rid])).map(drop)
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
