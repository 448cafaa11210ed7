//! The contents of messages: a payload is deleted with the last message that refers to it.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

/// Returns the payloads of messages, including their fallbacks.
pub(in crate::store) fn payload_ids_of(conn: &Connection, ids: &[i64]) -> rusqlite::Result<BTreeSet<i64>> {
    let mut query = conn.prepare_cached("SELECT payload_id, fallback_id FROM messages WHERE id = ?1")?;
    let mut found = BTreeSet::new();
    for id in ids {
        let contents: Option<(Option<i64>, Option<i64>)> =
            query.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        found.extend(contents.into_iter().flat_map(|(content, fallback)| [content, fallback]).flatten());
    }
    Ok(found)
}

/// Deletes those of these payloads that no message refers to, and unreferenced files.
pub(in crate::store) fn delete_unreferenced_payloads(conn: &Connection, ids: &BTreeSet<i64>) -> rusqlite::Result<()> {
    let sql = "DELETE FROM payloads WHERE id = ?1
               AND NOT EXISTS (SELECT 1 FROM messages INDEXED BY messages_by_payload WHERE payload_id = ?1)
               AND NOT EXISTS (SELECT 1 FROM messages INDEXED BY messages_by_fallback WHERE fallback_id = ?1)";
    let mut delete = conn.prepare_cached(sql)?;
    for id in ids {
        delete.execute([id])?;
    }
    let files = "DELETE FROM files WHERE NOT EXISTS (SELECT 1 FROM payload_files f WHERE f.sha256 = files.sha256)";
    conn.execute(files, []).map(drop)
}
