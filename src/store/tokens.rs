//! The access token of each account, shared by all processes that use the database.

use rusqlite::{OptionalExtension, params};

use super::{Result, Store};
use crate::clock::Timestamp;
use crate::secret::{ExposeSecret, Secret};

/// A cached access token.
#[derive(Clone, Debug)]
pub struct CachedToken {
    /// The token.
    pub token: Secret,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Store {
    /// Returns the account's cached token, expired or not.
    pub fn token(&self, app_id: &str) -> Result<Option<CachedToken>> {
        let sql = "SELECT token, fetched_at, expires_at FROM tokens WHERE app_id = ?1";
        let mut query = self.map_err(self.conn.prepare_cached(sql))?;
        let read = query.query_row([app_id], |row| {
            Ok(CachedToken { token: row.get::<_, String>(0)?.into(), fetched_at: row.get(1)?, expires_at: row.get(2)? })
        });
        self.map_err(read.optional())
    }

    /// Deletes a token that WeChat refused, unless another one is cached already.
    pub fn delete_token(&mut self, app_id: &str, refused: &Secret) -> Result<()> {
        self.without_fsync(|store| {
            let sql = "DELETE FROM tokens WHERE app_id = ?1 AND token = ?2";
            store.map_err(store.conn.execute(sql, params![app_id, refused.expose_secret()])).map(drop)
        })
    }

    /// Replaces the account's cached token.
    pub fn save_token(&mut self, app_id: &str, token: &CachedToken) -> Result<()> {
        self.without_fsync(|store| {
            let done = store.conn.execute(
                "INSERT OR REPLACE INTO tokens (app_id, token, fetched_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
                params![app_id, token.token.expose_secret(), token.fetched_at, token.expires_at],
            );
            store.map_err(done).map(drop)
        })
    }
}
