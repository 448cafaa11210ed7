//! When a queued message comes up next.

use rusqlite::params;

use super::parts::WAITS_FOR_PREDECESSOR_SQL;
use crate::clock::Timestamp;
use crate::store::{Result, Store};

/// The queued messages that no process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// How many there are.
    pub count: i64,
    /// When the first of those is due that wait for no other message; `None` where all wait for another.
    pub next_due_at: Option<Timestamp>,
}

impl Store {
    /// The account's queued messages that no process has.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn backlog(&self, app_id: &str) -> Result<Backlog> {
        let sql = format!(
            "SELECT count(*), min(CASE WHEN {WAITS_FOR_PREDECESSOR_SQL} THEN NULL ELSE m.due_at END) FROM messages m INDEXED BY messages_due
             WHERE m.app_id = ?1 AND m.state = 'queued' AND m.worker IS NULL"
        );
        self.map_err(
            self.conn
                .query_row(&sql, params![app_id], |row| Ok(Backlog { count: row.get(0)?, next_due_at: row.get(1)? })),
        )
    }
}
