//! The outbox: messages from before their first attempt until they are forgotten.
//!
//! What was sent stands once per send in `contents`; a message points there. A message and each attempt
//! are committed, to the disk, before the first byte leaves; an attempt without an outcome is one that
//! may have reached WeChat.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, params, params_from_iter};
use serde::Serialize;

use super::{Error, Result, Store};
use crate::time::Timestamp;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// To be delivered.
    Queued,
    /// WeChat accepted it.
    Sent,
    /// WeChat refused it for good.
    Failed,
    /// It may have reached WeChat though no answer came.
    Unknown,
    /// Withdrawn by a person.
    Cancelled,
    /// Not delivered in its time.
    Expired,
}

impl State {
    /// All states, in the order of a message's life.
    pub const ALL: [Self; 6] = [Self::Queued, Self::Sent, Self::Failed, Self::Unknown, Self::Cancelled, Self::Expired];

    /// The word for it in the database, in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(word: &str) -> std::result::Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == word).ok_or(())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|()| FromSqlError::InvalidType)
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// WeChat took the message.
    Accepted,
    /// WeChat answered with an errcode.
    Refused,
    /// No byte left this machine.
    NotSent,
    /// It may have arrived; no usable answer came.
    Ambiguous,
}

impl Attempt {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// One recipient of a send.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The person, where known.
    pub user_id: Option<i64>,
    /// Where it goes.
    pub openid: String,
    /// 32 hex digits for WeChat's dedupe (template messages).
    pub client_msg_id: Option<String>,
}

/// What is the same for all recipients of a send.
#[derive(Clone, Debug)]
pub struct Queued<'a> {
    /// The account.
    pub app_id: &'a str,
    /// `text`, `template`, …
    pub kind: &'a str,
    /// The content as JSON, without the recipient.
    pub body: &'a str,
    /// When delivery is given up.
    pub expires_at: Timestamp,
}

/// A message as the outbox has it.
#[derive(Clone, Debug)]
pub struct Message {
    /// The row; also what people call it.
    pub id: i64,
    /// The person's name, unless sent to a bare openid or the person was removed.
    pub user: Option<String>,
    /// Where it goes; `None` once the person is removed.
    pub openid: Option<String>,
    /// `text`, `template`, …
    pub kind: String,
    /// The content as JSON, without the recipient; `None` once the person is removed.
    pub body: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// WeChat's id of it.
    pub msgid: Option<String>,
    /// WeChat's last error code.
    pub errcode: Option<i64>,
    /// WeChat's last error text, cleaned.
    pub errmsg: Option<String>,
    /// What went wrong last, in words.
    pub error: Option<String>,
    /// The caller's key.
    pub key: Option<String>,
    /// For WeChat's dedupe.
    pub client_msg_id: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// When WeChat accepted it.
    pub sent_at: Option<Timestamp>,
}

/// What became of an attempt, to be written down.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How the attempt ended.
    pub attempt: Attempt,
    /// Where the message stands now.
    pub state: State,
    /// WeChat's id of the message.
    pub msgid: Option<String>,
    /// WeChat's error code.
    pub errcode: Option<i64>,
    /// WeChat's error text, cleaned.
    pub errmsg: Option<String>,
    /// What went wrong, in words.
    pub error: Option<String>,
}

/// Which messages are asked for, newest first.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    /// Any of these states; all where empty.
    pub states: &'a [State],
    /// To this person.
    pub user_id: Option<i64>,
    /// Queued at this time or later.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: Option<u32>,
}

const SELECT: &str = "SELECT m.id, u.username, m.openid, m.type, c.body, m.state, m.attempts, m.msgid, m.errcode,
    m.errmsg, m.error, m.key, m.client_msg_id, m.created_at, m.expires_at, m.sent_at
    FROM messages m LEFT JOIN users u ON u.id = m.user_id LEFT JOIN contents c ON c.id = m.content_id
    WHERE m.app_id = ?";

const INSERT: &str = "INSERT INTO messages (app_id, user_id, openid, content_id, type, state, client_msg_id,
    created_at, due_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7, ?7, ?8)";

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get(0)?,
        user: row.get(1)?,
        openid: row.get(2)?,
        kind: row.get(3)?,
        body: row.get(4)?,
        state: row.get(5)?,
        attempts: row.get(6)?,
        msgid: row.get(7)?,
        errcode: row.get(8)?,
        errmsg: row.get(9)?,
        error: row.get(10)?,
        key: row.get(11)?,
        client_msg_id: row.get(12)?,
        created_at: row.get(13)?,
        expires_at: row.get(14)?,
        sent_at: row.get(15)?,
    })
}

impl Store {
    /// Queues one content for all recipients, or for none; the ids in the order of the recipients.
    ///
    /// Committed, but the disk is not waited for: the first attempt's commit does that for all that was
    /// written before it, and where there is no attempt, [`Store::to_disk`].
    ///
    /// # Errors
    /// Only the database's own.
    pub fn queue(&mut self, queued: &Queued<'_>, to: &[NewMessage], now: Timestamp) -> Result<Vec<i64>> {
        self.relaxed(|store| {
            let path = store.path.clone();
            let at = |e| Error::at(&path, e);
            let step = store.write()?;
            step.execute(
                "INSERT INTO contents (type, body, created_at) VALUES (?1, ?2, ?3)",
                params![queued.kind, queued.body, now],
            )
            .map_err(at)?;
            let content = step.last_insert_rowid();
            let mut ids = Vec::with_capacity(to.len());
            {
                let mut insert = step.prepare(INSERT).map_err(at)?;
                for one in to {
                    let Queued { app_id, kind, expires_at, .. } = queued;
                    let NewMessage { user_id, openid, client_msg_id } = one;
                    let row = params![app_id, user_id, openid, content, kind, client_msg_id, now, expires_at];
                    ids.push(insert.insert(row).map_err(at)?);
                }
            }
            step.commit().map_err(at)?;
            Ok(ids)
        })
    }

    /// The message of that id, if it belongs to the account.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn message(&self, app_id: &str, id: i64) -> Result<Option<Message>> {
        let sql = format!("{SELECT} AND m.id = ?");
        let mut query = self.at(self.conn.prepare_cached(&sql))?;
        self.at(query.query_row(params![app_id, id], message).optional())
    }

    /// The messages of the filter, newest first.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn messages(&self, app_id: &str, filter: &Filter<'_>) -> Result<Vec<Message>> {
        let mut sql = SELECT.to_owned();
        let mut values: Vec<&dyn ToSql> = vec![&app_id];
        if !filter.states.is_empty() {
            sql += &format!(" AND m.state IN ({})", vec!["?"; filter.states.len()].join(", "));
            values.extend(filter.states.iter().map(|state| state as &dyn ToSql));
        }
        if let Some(user) = &filter.user_id {
            sql += " AND m.user_id = ?";
            values.push(user);
        }
        if let Some(since) = &filter.since {
            sql += " AND m.created_at >= ?";
            values.push(since);
        }
        sql += " ORDER BY m.id DESC";
        if let Some(limit) = &filter.limit {
            sql += " LIMIT ?";
            values.push(limit);
        }
        let mut query = self.at(self.conn.prepare(&sql))?;
        let rows = self.at(query.query_map(params_from_iter(values), message))?;
        self.at(rows.collect())
    }

    /// Writes down, on the disk, that an attempt begins; its number from 1. `None`: the message is no
    /// longer queued (another process has it, or it was cancelled or removed).
    ///
    /// # Errors
    /// Only the database's own.
    pub fn begin_attempt(&mut self, id: i64, now: Timestamp) -> Result<Option<i64>> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        let number: Option<i64> = step
            .query_row(
                "UPDATE messages SET attempts = attempts + 1 WHERE id = ?1 AND state = 'queued' AND NOT EXISTS
                 (SELECT 1 FROM attempts WHERE message_id = ?1 AND outcome IS NULL) RETURNING attempts",
                [id],
                |row| row.get(0),
            )
            .optional()
            .map_err(at)?;
        if let Some(n) = number {
            step.execute("INSERT INTO attempts (message_id, n, started_at) VALUES (?1, ?2, ?3)", params![id, n, now])
                .map_err(at)?;
        }
        step.commit().map_err(at)?;
        Ok(number)
    }

    /// Writes down what became of attempt `n`, in both tables at once.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn end_attempt(&mut self, id: i64, n: i64, outcome: &Outcome, now: Timestamp) -> Result<()> {
        self.relaxed(|store| {
            let path = store.path.clone();
            let at = |e| Error::at(&path, e);
            let step = store.write()?;
            step.execute(
                "UPDATE attempts SET ended_at = ?3, outcome = ?4, errcode = ?5 WHERE message_id = ?1 AND n = ?2",
                params![id, n, now, outcome.attempt.as_str(), outcome.errcode],
            )
            .map_err(at)?;
            settle(&step, id, outcome, now, "").map_err(at)?;
            if outcome.state == State::Sent {
                // Whom a message reached can be reached again.
                step.execute(
                    "UPDATE bindings SET unreachable = NULL WHERE unreachable NOTNULL
                     AND (app_id, openid) = (SELECT app_id, openid FROM messages WHERE id = ?1)",
                    [id],
                )
                .map_err(at)?;
            }
            step.commit().map_err(at)
        })
    }

    /// Leaves attempts that are still under way behind: their messages may have reached WeChat. `error`
    /// says so in words.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn leave_attempts(&mut self, app_id: &str, ids: &[i64], error: &str) -> Result<()> {
        for id in ids {
            let done = self.conn.execute(
                "UPDATE messages SET state = 'unknown', error = ?3 WHERE app_id = ?1 AND id = ?2 AND state = 'queued'
                 AND EXISTS (SELECT 1 FROM attempts WHERE message_id = ?2 AND outcome IS NULL)",
                params![app_id, id, error],
            );
            self.at(done)?;
        }
        Ok(())
    }

    /// Settles a message that is not attempted at all, since the same refusal is certain; unless somebody
    /// has cancelled it meanwhile.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn settle(&mut self, id: i64, outcome: &Outcome, now: Timestamp) -> Result<()> {
        self.relaxed(|store| {
            let done = settle(&store.conn, id, outcome, now, "AND state = 'queued'");
            store.at(done)
        })
    }

    /// Marks the account's bindings to that openid: messages do not get there, by WeChat's `errcode`.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn mark_unreachable(&mut self, app_id: &str, openid: &str, errcode: i64) -> Result<()> {
        let sql = "UPDATE bindings SET unreachable = ?3 WHERE app_id = ?1 AND openid = ?2";
        let done = self.conn.execute(sql, params![app_id, openid, errcode]);
        self.at(done).map(drop)
    }
}

type Conn = rusqlite::Connection;

fn settle(conn: &Conn, id: i64, outcome: &Outcome, now: Timestamp, only: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE messages SET state = ?2, msgid = ?3, errcode = ?4, errmsg = ?5, error = ?6, sent_at = ?7";
    let sent_at = (outcome.state == State::Sent).then_some(now);
    conn.execute(
        &format!("{sql} WHERE id = ?1 {only}"),
        params![id, outcome.state, outcome.msgid, outcome.errcode, outcome.errmsg, outcome.error, sent_at],
    )
    .map(drop)
}
