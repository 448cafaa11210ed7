//! The outbox: messages from before their first attempt until they are forgotten.
//!
//! What was sent stands once per send in `contents`; a message points there. A message and each attempt
//! are committed, to the disk, before the first byte leaves; an attempt without an outcome is one that
//! may have reached WeChat.

mod alive;
mod attempts;
mod media;
mod next;
mod parts;
mod queue;
mod reach;
mod retry;
mod turn;

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, params, params_from_iter};
use serde::Serialize;

pub use alive::{Alive, Orphan};
pub use attempts::{Attempt, AttemptOutcome, History};
pub(in crate::store) use attempts::{ENDED_BY_HAND, IS_OPEN};
pub use media::{Attachment, Media, Which};
pub(in crate::store) use media::{contents_of, forget_contents};
pub use next::Waiting;
pub(in crate::store) use parts::{cut, free};
pub use queue::{Body, Expiry, NewMessage, Parcel, Place};
pub use retry::Retry;
pub(in crate::store) use retry::withdraw;
pub use turn::{Answer, Backoff, Begin, Ending, Held, Scope, Turn, Who};

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

/// A message as the outbox has it.
#[derive(Clone, Debug)]
pub struct Message {
    /// The row; also what people call it.
    pub id: i64,
    /// The person's name, unless sent to a bare openid or the person was removed.
    pub user: Option<String>,
    /// Where the last attempt went, or the first will go; `None` where the person is not bound or was removed.
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
    /// WeChat's id of the request that it refused last.
    pub rid: Option<String>,
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

/// The columns that [`message`] reads: by place, since to look a name up takes longer than to read a value.
const FIELDS: &str =
    "m.id, u.username, coalesce(m.openid, b.openid), m.type, c.body, m.state, m.attempts, m.msgid, m.errcode,
    m.errmsg, m.rid, m.error, m.key, m.client_msg_id, m.created_at, m.expires_at, m.sent_at, m.due_at, m.after_id";

/// What [`FIELDS`] are read from, behind `FROM messages m`.
const JOINS: &str = "LEFT JOIN users u ON u.id = m.user_id LEFT JOIN contents c ON c.id = m.content_id
    LEFT JOIN bindings b ON b.app_id = m.app_id AND b.user_id = m.user_id";

/// The start of a query for messages of an account, its first parameter.
fn select() -> String {
    format!("SELECT {FIELDS} FROM messages m {JOINS} WHERE m.app_id = ?")
}

/// How many columns [`FIELDS`] has.
const COLUMNS: usize = 19;

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
        rid: row.get(10)?,
        error: row.get(11)?,
        key: row.get(12)?,
        client_msg_id: row.get(13)?,
        created_at: row.get(14)?,
        expires_at: row.get(15)?,
        sent_at: row.get(16)?,
        due_at: row.get(17)?,
        after_id: row.get(18)?,
    })
}

impl Store {
    /// The message of that id, if it belongs to the account.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn message(&self, app_id: &str, id: i64) -> Result<Option<Message>> {
        let sql = format!("{} AND m.id = ?", select());
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
        let mut sql = select();
        let mut values: Vec<&dyn ToSql> = vec![&app_id];
        filter.narrow(&mut sql, &mut values);
        sql += " ORDER BY m.id DESC";
        if let Some(limit) = &filter.limit {
            sql += " LIMIT ?";
            values.push(limit);
        }
        let mut query = self.at(self.conn.prepare(&sql))?;
        let rows = self.at(query.query_map(params_from_iter(values), message))?;
        self.at(rows.collect())
    }

    /// How many messages the filter lets through, whatever its limit is.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn count_messages(&self, app_id: &str, filter: &Filter<'_>) -> Result<i64> {
        let mut sql = "SELECT count(*) FROM messages m WHERE m.app_id = ?".to_owned();
        let mut values: Vec<&dyn ToSql> = vec![&app_id];
        filter.narrow(&mut sql, &mut values);
        let mut query = self.at(self.conn.prepare(&sql))?;
        self.at(query.query_row(params_from_iter(values), |row| row.get(0)))
    }
}

impl Filter<'_> {
    /// Adds the conditions to a query of the messages `m` of an account.
    fn narrow<'v>(&'v self, sql: &mut String, values: &mut Vec<&'v dyn ToSql>) {
        if !self.states.is_empty() {
            *sql += &format!(" AND m.state IN ({})", vec!["?"; self.states.len()].join(", "));
            values.extend(self.states.iter().map(|state| state as &dyn ToSql));
        }
        if let Some(user) = &self.user_id {
            *sql += " AND m.user_id = ?";
            values.push(user);
        }
        if let Some(since) = &self.since {
            *sql += " AND m.created_at >= ?";
            values.push(since);
        }
    }
}
