//! Texts in several parts: each part is a message, and is sent once the previous part is sent.

use rusqlite::{Connection, OptionalExtension, params};

use super::{STATE_AFTER_CANCEL_SQL, StoredError};
use crate::clock::Timestamp;

/// SQL: whether the previous part of a message `m` is not sent.
pub(super) const WAITS_FOR_PREVIOUS_PART_SQL: &str = "(m.previous_part_id NOTNULL
    AND NOT EXISTS (SELECT 1 FROM messages p WHERE p.id = m.previous_part_id AND p.state = 'sent'))";

/// Returns SQL for whether a message `m` can be claimed at `now`, a parameter. A message that has
/// expired is claimed even if it waits for another one, to be given up.
pub(in crate::store) fn claimable_sql(now: &str) -> String {
    format!("(m.expires_at <= {now} OR NOT {WAITS_FOR_PREVIOUS_PART_SQL})")
}

/// Cancels the remaining parts after a message that will not be sent. Returns their IDs.
pub(in crate::store) fn cancel_remaining_parts(
    conn: &Connection,
    id: i64,
    now: Timestamp,
) -> rusqlite::Result<Vec<i64>> {
    let sql = format!(
        "UPDATE messages INDEXED BY messages_by_previous_part SET state = {STATE_AFTER_CANCEL_SQL},
         error_kind = ?2, error_detail = ?3, updated_at = ?4 WHERE previous_part_id = ?1
         AND state = 'queued' AND claimed_by IS NULL RETURNING id"
    );
    let StoredError { kind, detail } = StoredError::previous_part_failed(id);
    let mut update = conn.prepare_cached(&sql)?;
    let (mut cancelled, mut last) = (Vec::new(), Some(id));
    while let Some(id) = last {
        last = update.query_row(params![id, kind, detail, now], |row| row.get(0)).optional()?;
        cancelled.extend(last);
    }
    Ok(cancelled)
}
