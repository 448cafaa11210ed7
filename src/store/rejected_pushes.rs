//! The numbers of pushes that were rejected since the last accepted one. Their table has another
//! name, `refused_pushes`, because a migration is never changed.

use rusqlite::params;

use super::{Result, Store};
use crate::clock::Timestamp;

/// Pushes that were rejected for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedPushes {
    /// The code of the reason.
    pub reason: String,
    /// The number of pushes.
    pub count: i64,
    /// When the first one arrived.
    pub since: Timestamp,
    /// When the last one arrived.
    pub last_at: Timestamp,
}

impl Store {
    /// Adds rejected pushes to the numbers of the account.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`](super::Error::Busy): nothing was added.
    pub fn add_rejected_pushes(&mut self, app_id: &str, rejected: &[RejectedPushes]) -> Result<()> {
        self.write_transaction(|tx| {
            let sql = "INSERT INTO refused_pushes (app_id, reason, count, since, last_at) VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at";
            let mut insert = tx.prepare_cached(sql)?;
            for RejectedPushes { reason, count, since, last_at } in rejected {
                insert.execute(params![app_id, reason, count, since, last_at])?;
            }
            Ok(Ok(()))
        })
    }

    /// Sets the numbers of the account to zero. Writes nothing if they are zero.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`](super::Error::Busy): the numbers stay.
    pub fn clear_rejected_pushes(&mut self, app_id: &str) -> Result<()> {
        if self.rejected_pushes(app_id)?.is_empty() {
            return Ok(());
        }
        self.write_transaction(|tx| {
            tx.execute("DELETE FROM refused_pushes WHERE app_id = ?1", [app_id]).map(|_| Ok(()))
        })
    }

    /// Returns the account's rejected pushes since the last accepted one, the latest first.
    pub fn rejected_pushes(&self, app_id: &str) -> Result<Vec<RejectedPushes>> {
        let read = || {
            let sql = "SELECT reason, count, since, last_at FROM refused_pushes WHERE app_id = ?1
                       ORDER BY last_at DESC, reason";
            let mut query = self.conn.prepare_cached(sql)?;
            let rows = query.query_map([app_id], |row| {
                Ok(RejectedPushes { reason: row.get(0)?, count: row.get(1)?, since: row.get(2)?, last_at: row.get(3)? })
            })?;
            rows.collect()
        };
        self.map_err(read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_add_up_until_they_are_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let rejected = |reason: &str, count, since, last_at| RejectedPushes {
            reason: reason.into(),
            count,
            since: Timestamp(since),
            last_at: Timestamp(last_at),
        };
        store.add_rejected_pushes("wx1", &[rejected("stale", 2, 10, 20), rejected("encrypted", 1, 15, 15)]).unwrap();
        store.add_rejected_pushes("wx1", &[rejected("encrypted", 4, 30, 40)]).unwrap();
        let expected = [rejected("encrypted", 5, 15, 40), rejected("stale", 2, 10, 20)];
        assert_eq!(store.rejected_pushes("wx1").unwrap(), expected);
        assert_eq!(store.rejected_pushes("wx2").unwrap(), []);
        store.clear_rejected_pushes("wx2").unwrap();
        assert_eq!(store.rejected_pushes("wx1").unwrap().len(), 2);
        store.clear_rejected_pushes("wx1").unwrap();
        assert_eq!(store.rejected_pushes("wx1").unwrap(), []);
    }
}
