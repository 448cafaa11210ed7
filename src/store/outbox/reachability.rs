//! What responses to messages say about recipients and templates.

use rusqlite::params;

use super::super::{NOT_FOLLOWING, Result, Store};
use super::OutboxTx;

impl OutboxTx<'_> {
    /// Marks a recipient as unreachable because WeChat refused a message with this errcode: sends
    /// to several users leave the recipient out.
    pub fn mark_unreachable(&self, openid: &str, errcode: i64) -> Result<()> {
        // Without the index hint SQLite scans all bindings of the account.
        let sql = "UPDATE bindings INDEXED BY bindings_by_openid SET unreachable_errcode = ?3,
                   follows = CASE WHEN ?4 THEN 0 ELSE follows END
                   WHERE app_id = ?1 AND openid = ?2 AND (unreachable_errcode IS NOT ?3 OR ?4 AND follows IS NOT 0)";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        let unfollowed = NOT_FOLLOWING.contains(&errcode);
        self.map_err(update.execute(params![self.app_id, openid, errcode, unfollowed])).map(drop)
    }

    /// Removes the mark of a recipient after a sent message. With `follows` WeChat sends such a
    /// message to followers only, so the recipient is one.
    pub fn mark_reachable(&self, openid: &str, follows: bool) -> Result<()> {
        let sql = "UPDATE bindings INDEXED BY bindings_by_openid SET unreachable_errcode = NULL,
                   follows = CASE WHEN ?3 THEN 1 ELSE follows END, has_followed = has_followed OR ?3
                   WHERE app_id = ?1 AND openid = ?2 AND (unreachable_errcode NOTNULL OR ?3 AND follows IS NOT 1)";
        let mut update = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(update.execute(params![self.app_id, openid, follows])).map(drop)
    }

    /// Records that a user declined a template, or accepted it after all: sends to several users
    /// leave out those who declined it.
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

    /// Deletes the account's cached template lists, because WeChat refused a template that they may
    /// contain.
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
    /// Returns the IDs of the users who declined a template of the account.
    pub fn users_declining_template(&self, app_id: &str, template_id: &str) -> Result<std::collections::HashSet<i64>> {
        let sql = "SELECT user_id FROM declined_templates WHERE app_id = ?1 AND template_id = ?2";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map(params![app_id, template_id], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }
}
