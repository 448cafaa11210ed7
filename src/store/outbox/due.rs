//! Queries of a process that waits for messages of other processes: whether they have committed
//! anything, when the next message is due, and whether any message is claimed.

use rusqlite::params;

use super::parts::WAITS_FOR_PREVIOUS_PART_SQL;
use crate::clock::Timestamp;
use crate::store::{Result, Store};

impl Store {
    /// Returns a number that changes when another connection changes the database, of this process
    /// or of another one. The number is in shared memory, so no file is read.
    pub fn data_version(&self) -> Result<i64> {
        let mut query = self.map_err(self.conn.prepare_cached("PRAGMA data_version"))?;
        self.map_err(query.query_row([], |row| row.get(0)))
    }

    /// Returns when the next message of the account can be claimed. A part of a text that waits for
    /// the previous part is claimed when it expires, to be given up.
    pub fn next_due_at(&self, app_id: &str) -> Result<Option<Timestamp>> {
        let sql = format!(
            "SELECT m.due_at, CASE WHEN {WAITS_FOR_PREVIOUS_PART_SQL} THEN max(m.due_at, m.expires_at) END
             FROM messages m INDEXED BY messages_due
             WHERE m.app_id = ?1 AND m.state = 'queued' AND m.claimed_by IS NULL AND m.payload_id NOTNULL
             ORDER BY m.due_at"
        );
        let mut query = self.map_err(self.conn.prepare_cached(&sql))?;
        let mut rows = self.map_err(query.query(params![app_id]))?;
        let mut earliest: Option<Timestamp> = None;
        while let Some(row) = self.map_err(rows.next())? {
            let due_at: Timestamp = self.map_err(row.get(0))?;
            if earliest.is_some_and(|earliest| earliest <= due_at) {
                break;
            }
            let expires_at: Option<Timestamp> = self.map_err(row.get(1))?;
            earliest = earliest.into_iter().chain([expires_at.unwrap_or(due_at)]).min();
        }
        Ok(earliest)
    }

    /// Returns whether any process has claimed messages.
    pub fn has_claims(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM messages INDEXED BY messages_claimed WHERE claimed_by NOTNULL)";
        let mut query = self.map_err(self.conn.prepare_cached(sql))?;
        self.map_err(query.query_row([], |row| row.get(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &tempfile::TempDir) -> Store {
        Store::open(&dir.path().join("wxbox.db")).unwrap()
    }

    #[test]
    fn data_version_changes_with_commits_of_other_connections() {
        let dir = tempfile::tempdir().unwrap();
        let (watching, writing) = (open(&dir), open(&dir));
        let before = watching.data_version().unwrap();
        assert_eq!(watching.data_version().unwrap(), before);
        writing.conn.execute("DELETE FROM messages", []).unwrap();
        assert_eq!(watching.data_version().unwrap(), before, "nothing was changed");
        let insert = "INSERT INTO payloads (type, json, created_at) VALUES ('text', '{}', 0)";
        writing.conn.execute(insert, []).unwrap();
        assert_ne!(watching.data_version().unwrap(), before);
    }

    #[test]
    fn next_message_is_the_first_that_can_be_claimed() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir);
        let payload = "INSERT INTO payloads (id, type, json, created_at) VALUES (1, 'text', '{}', 0)";
        store.conn.execute(payload, []).unwrap();
        let add = |id: i64, due_at: i64, expires_at: i64, previous: Option<i64>| {
            let sql = "INSERT INTO messages (id, app_id, openid, type, payload_id, state, created_at, updated_at,
                       due_at, expire_after, expires_at, previous_part_id)
                       VALUES (?1, 'wx1', 'o1', 'text', 1, 'queued', 0, 0, ?2, 0, ?3, ?4)";
            store.conn.execute(sql, params![id, due_at, expires_at, previous]).unwrap();
        };
        let next = || store.next_due_at("wx1").unwrap().map(|due_at| due_at.0);
        assert_eq!((next(), store.has_claims().unwrap()), (None, false));
        add(1, 500, 9_000, None);
        add(2, 100, 400, Some(1));
        assert_eq!(next(), Some(400), "the second part waits for the first, until it expires");
        store.conn.execute("UPDATE messages SET expires_at = 9000 WHERE id = 2", []).unwrap();
        assert_eq!(next(), Some(500));
        add(3, 300, 9_000, None);
        assert_eq!((next(), store.next_due_at("wx2").unwrap()), (Some(300), None));
        store.conn.execute("UPDATE messages SET claimed_by = 'me' WHERE id IN (1, 3)", []).unwrap();
        assert_eq!((next(), store.has_claims().unwrap()), (Some(9_000), true));
    }
}
