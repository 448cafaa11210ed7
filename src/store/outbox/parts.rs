//! Texts in several parts: each is a message, and goes only after the one before it is sent.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::Result;
use super::Turn;

/// Of a message `m`: whether nothing has to be sent before it. One whose time is over at `now`, a parameter, is
/// taken all the same, to be given up.
pub(in crate::store) fn free(now: &str) -> String {
    format!(
        "(m.after_id IS NULL OR m.expires_at <= {now}
         OR EXISTS (SELECT 1 FROM messages p WHERE p.id = m.after_id AND p.state = 'sent'))"
    )
}

/// Withdraws the parts that wait for a message which will not be sent; which.
pub(in crate::store) fn cut(conn: &Connection, id: i64, why: &str) -> rusqlite::Result<Vec<i64>> {
    let sql = "UPDATE messages SET state = 'cancelled', error = ?2 WHERE after_id = ?1 AND state = 'queued'
               AND worker IS NULL RETURNING id";
    let mut cut = conn.prepare_cached(sql)?;
    let (mut all, mut last) = (Vec::new(), Some(id));
    while let Some(id) = last {
        last = cut.query_row(params![id, why], |row| row.get(0)).optional()?;
        all.extend(last);
    }
    Ok(all)
}

impl Turn<'_> {
    /// The part that comes after a message, if it is queued.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn next_part(&self, id: i64) -> Result<Option<i64>> {
        let sql = "SELECT id FROM messages WHERE after_id = ?1 AND state = 'queued'";
        self.at(self.step.query_row(sql, [id], |row| row.get(0)).optional())
    }

    /// Withdraws the parts that wait for a message which will not be sent; which.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn cut(&self, id: i64, why: &str) -> Result<Vec<i64>> {
        self.at(cut(&self.step, id, why))
    }

    /// The part that must be sent before a message that is queued.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn waits_for(&self, id: i64) -> Result<Option<i64>> {
        let sql = "SELECT p.id FROM messages m JOIN messages p ON p.id = m.after_id
                   WHERE m.id = ?1 AND m.state = 'queued' AND m.worker IS NULL AND p.state <> 'sent'";
        self.at(self.step.query_row(sql, [id], |row| row.get(0)).optional())
    }
}
