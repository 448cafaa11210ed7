//! Who can be reached, as answers to messages tell.

use rusqlite::params;

use super::super::{NOT_FOLLOWING, Result, Store};
use super::OutboxTx;

impl OutboxTx<'_> {
    /// Whom WeChat refused a message to, by this `errcode`, gets no more of those that go to all.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn mark_unreachable(&self, openid: &str, errcode: i64) -> Result<()> {
        // Without a word SQLite walks all of the account's.
        let sql = "UPDATE bindings INDEXED BY bindings_by_openid SET unreachable_errcode = ?3,
                   follows = CASE WHEN ?4 THEN 0 ELSE follows END
                   WHERE app_id = ?1 AND openid = ?2 AND (unreachable_errcode IS NOT ?3 OR ?4 AND follows IS NOT 0)";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        let unfollowed = NOT_FOLLOWING.contains(&errcode);
        self.map_err(update.execute(params![self.app_id, openid, errcode, unfollowed])).map(drop)
    }

    /// Whom a message reached can be reached again. `follows` says that WeChat takes such a message for followers alone,
    /// so that the person is one.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn mark_reachable(&self, openid: &str, follows: bool) -> Result<()> {
        let sql = "UPDATE bindings INDEXED BY bindings_by_openid SET unreachable_errcode = NULL,
                   follows = CASE WHEN ?3 THEN 1 ELSE follows END, has_followed = has_followed OR ?3
                   WHERE app_id = ?1 AND openid = ?2 AND (unreachable_errcode NOTNULL OR ?3 AND follows IS NOT 1)";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(update.execute(params![self.app_id, openid, follows])).map(drop)
    }

    /// Notes that a person declined a template (`declined`), or took it after all: sends to many leave those out who
    /// declined it.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn set_template_declined(&self, user_id: i64, template_id: &str, declined: bool) -> Result<()> {
        let sql = if declined {
            "INSERT OR REPLACE INTO declined_templates (app_id, user_id, template_id, declined_at)
             VALUES (?1, ?2, ?3, ?4)"
        } else {
            "DELETE FROM declined_templates WHERE app_id = ?1 AND user_id = ?2 AND template_id = ?3 AND ?4 = ?4"
        };
        let mut write = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(write.execute(params![self.app_id, user_id, template_id, self.now.wall])).map(drop)
    }

    /// Forgets the account's kept template lists: WeChat refused a template that they may have.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn delete_template_lists(&self) -> Result<()> {
        for sql in [
            "DELETE FROM template_lists WHERE app_id = ?1",
            "DELETE FROM subscription_template_lists WHERE app_id = ?1",
        ] {
            let mut delete = self.map_err(self.tx.prepare_cached(sql))?;
            self.map_err(delete.execute(params![self.app_id])).map(drop)?;
        }
        Ok(())
    }
}

impl Store {
    /// The ids of the people who declined that template of the account.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn users_declining_template(&self, app_id: &str, template_id: &str) -> Result<std::collections::HashSet<i64>> {
        let sql = "SELECT user_id FROM declined_templates WHERE app_id = ?1 AND template_id = ?2";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map(params![app_id, template_id], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }
}
