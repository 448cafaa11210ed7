//! When a queued message comes up next.

use rusqlite::params;

use super::parts::WAITS;
use crate::store::{Result, Store};
use crate::time::Timestamp;

/// The queued messages that no process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many there are.
    pub count: i64,
    /// When the first of those is due that wait for no other message; `None` where all wait for another.
    pub next: Option<Timestamp>,
}

impl Store {
    /// The account's queued messages that no process has.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn waiting(&self, app_id: &str) -> Result<Waiting> {
        let sql = format!(
            "SELECT count(*), min(CASE WHEN {WAITS} THEN NULL ELSE m.due_at END) FROM messages m INDEXED BY messages_due
             WHERE m.app_id = ?1 AND m.state = 'queued' AND m.worker IS NULL"
        );
        self.at(self.conn.query_row(&sql, params![app_id], |row| Ok(Waiting { count: row.get(0)?, next: row.get(1)? })))
    }
}
