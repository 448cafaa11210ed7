//! The outbox: messages from before their first attempt until they are forgotten.
//!
//! What was sent stands once per send in `contents`; a message points there. A message and each attempt
//! are committed, to the disk, before the first byte leaves; an attempt without an outcome is one that
//! may have reached WeChat.

mod alive;
mod media;
mod parts;
mod queue;
mod retry;
mod turn;

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, params, params_from_iter};
use serde::Serialize;

pub use alive::{Alive, Orphan};
pub(in crate::store) use media::forget_unheld;
pub use media::{Attachment, Media, Which};
pub(in crate::store) use parts::{cut, free};
pub use queue::{Body, NewMessage, Parcel, Place};
pub use retry::Retry;
pub(in crate::store) use retry::{redirect, withdraw};
pub use turn::{Answer, Ending, Held, Record, Scope, Turn, Who};

use super::{Result, Store};
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
    /// When it is tried next, while it is queued.
    pub due_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// When WeChat accepted it.
    pub sent_at: Option<Timestamp>,
    /// The message that must be sent before it: the part before this one.
    pub after_id: Option<i64>,
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
    m.errmsg, m.error, m.key, m.client_msg_id, m.created_at, m.expires_at, m.sent_at, m.due_at, m.after_id
    FROM messages m LEFT JOIN users u ON u.id = m.user_id LEFT JOIN contents c ON c.id = m.content_id
    WHERE m.app_id = ?";

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
        due_at: row.get(16)?,
        after_id: row.get(17)?,
    })
}

impl Store {
    /// The message of that id, if it belongs to the account.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn message(&self, app_id: &str, id: i64) -> Result<Option<Message>> {
        let sql = format!("{SELECT} AND m.id = ?");
        let mut query = self.at(self.conn.prepare_cached(&sql))?;
        self.at(query.query_row(params![app_id, id], message).optional())
    }

    /// The same, and whether a process has it.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn standing(&self, app_id: &str, id: i64) -> Result<Option<(Message, bool)>> {
        let sql = "SELECT worker NOTNULL FROM messages WHERE app_id = ?1 AND id = ?2";
        let held = self.at(self.conn.query_row(sql, params![app_id, id], |row| row.get(0)).optional())?;
        Ok(self.message(app_id, id)?.zip(held))
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
}
