//! Bindings that `bind` waits for and that another process may complete: `serve`, which answers the
//! phone, or the process that gets the event of a scanned code.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{Result, Store, User};
use crate::clock::Timestamp;

/// A binding to wait for.
#[derive(Clone, Debug)]
pub struct NewPendingBinding<'a> {
    /// The user's row.
    pub user_id: i64,
    /// The proof by which a phone completes the binding.
    pub proof: BindingProof,
    /// Whether an older binding of the user is replaced.
    pub replace: bool,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The account.
    pub app_id: &'a str,
}

/// The proof by which a phone completes a binding.
#[derive(Clone, PartialEq, Eq)]
pub enum BindingProof {
    /// The event of a parametric code has this scene.
    Scene(String),
    /// A call of the redirect address has this OAuth state.
    OAuth {
        /// The state.
        state: String,
        /// The short link, which redirects to the authorization page.
        link: Option<String>,
        /// The authorization page.
        authorize_url: String,
    },
}

impl std::fmt::Debug for BindingProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The proof is enough to bind a phone, so it is not printed.
        f.write_str("BindingProof")
    }
}

/// A pending binding by OAuth, for the process that answers phones.
#[derive(Clone, Debug)]
pub struct PendingOAuthBinding {
    /// The row's ID.
    pub id: i64,
    /// The user, with the current name.
    pub user: User,
    /// The state and the link.
    pub proof: BindingProof,
    /// Whether an older binding of the user is replaced.
    pub replace: bool,
}

/// The outcome of a pending binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingBindingOutcome {
    /// No phone has completed it yet.
    Pending,
    /// The user is bound.
    Bound {
        /// The user's name, which may have changed.
        username: String,
        /// The openid.
        openid: String,
        /// The nickname, if the scope allows it.
        nickname: Option<String>,
    },
    /// The user was bound in another way in the meantime, and the binding must not be replaced.
    AlreadyBound,
    /// It failed with this code, which is not a text.
    Failed(String),
    /// The user was removed, and the pending binding with them.
    Removed,
}

/// The `outcome` column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OutcomeColumn {
    Bound,
    AlreadyBound,
    Failed,
}

impl FromSql for OutcomeColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "bound" => Ok(Self::Bound),
            "already_bound" => Ok(Self::AlreadyBound),
            "failed" => Ok(Self::Failed),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

impl ToSql for OutcomeColumn {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Bound => "bound",
            Self::AlreadyBound => "already_bound",
            Self::Failed => "failed",
        }
        .into())
    }
}

impl Store {
    /// Records a binding to wait for and returns its ID. Deletes those that have ended without
    /// their process.
    pub fn add_pending_binding(&mut self, new: &NewPendingBinding<'_>, now: Timestamp) -> Result<i64> {
        let (secret, link, authorize_url) = match &new.proof {
            BindingProof::Scene(scene) => (scene, None, None),
            BindingProof::OAuth { state, link, authorize_url } => (state, link.as_ref(), Some(authorize_url)),
        };
        let is_scan = matches!(new.proof, BindingProof::Scene(_));
        self.write_transaction(|tx| {
            // A day later, so that a clock that was set in the meantime deletes no binding that a
            // process waits for.
            let ended = now.minus(std::time::Duration::from_secs(24 * 3600));
            tx.execute("DELETE FROM pending_bindings WHERE expires_at < ?1", [ended])?;
            let sql = "INSERT INTO pending_bindings
                       (app_id, user_id, secret, is_scan, link, authorize_url, replace, expires_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let NewPendingBinding { app_id, user_id, replace, expires_at, .. } = new;
            tx.execute(sql, params![app_id, user_id, secret, is_scan, link, authorize_url, replace, expires_at])?;
            Ok(Ok(tx.last_insert_rowid()))
        })
    }

    /// Ends the wait for a binding: after that no phone can complete it. Returns its result so far.
    pub fn remove_pending_binding(&mut self, id: i64) -> Result<PendingBindingOutcome> {
        self.write_transaction(|tx| {
            let outcome = read_outcome(tx, id)?;
            tx.execute("DELETE FROM pending_bindings WHERE id = ?1", [id])?;
            Ok(Ok(outcome))
        })
    }

    /// Returns the outcome of a pending binding.
    pub fn pending_binding_outcome(&self, id: i64) -> Result<PendingBindingOutcome> {
        self.map_err(read_outcome(&self.conn, id))
    }

    /// Returns the pending bindings by OAuth of the account.
    pub fn pending_oauth_bindings(&self, app_id: &str, now: Timestamp) -> Result<Vec<PendingOAuthBinding>> {
        let sql = "SELECT p.id, p.user_id, p.secret, p.link, p.authorize_url, p.replace FROM pending_bindings p
                   WHERE p.app_id = ?1 AND p.is_scan = 0 AND p.outcome IS NULL AND p.expires_at > ?2 ORDER BY p.id";
        let mut query = self.map_err(self.conn.prepare_cached(sql))?;
        let read = |row: &Row<'_>| {
            let proof = BindingProof::OAuth {
                state: row.get(2)?,
                link: row.get(3)?,
                authorize_url: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            };
            let user = super::users::user_by_id(&self.conn, row.get(1)?, app_id)?;
            Ok(user.map(|user| (row.get(0), user, proof, row.get(5))))
        };
        let rows = self.map_err(query.query_map(params![app_id, now], read))?;
        let mut found = Vec::new();
        for row in rows {
            if let Some((id, user, proof, replace)) = self.map_err(row)? {
                found.push(PendingOAuthBinding { id: self.map_err(id)?, user, proof, replace: self.map_err(replace)? });
            }
        }
        Ok(found)
    }

    /// Binds the user of a pending binding by OAuth, and records that. Returns the current name, or
    /// `None` if the user was bound in the meantime and must not be rebound, or the wait is over.
    pub fn complete_pending_binding(
        &mut self,
        id: i64,
        openid: &str,
        nickname: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>> {
        self.write_transaction(|tx| {
            let sql = "SELECT id, user_id, app_id, replace FROM pending_bindings
                       WHERE id = ?1 AND outcome IS NULL AND is_scan = 0";
            let Some(pending) = tx.query_row(sql, [id], PendingRow::read).optional()? else { return Ok(Ok(None)) };
            let is_bound = pending.complete(tx, openid, nickname, now)?;
            let name_sql = "SELECT username FROM users WHERE id = ?1";
            let name = tx.query_row(name_sql, [pending.user_id], |row| row.get(0)).optional()?;
            Ok(Ok(name.filter(|_| is_bound)))
        })
    }

    /// Records that a pending binding has failed, for the process that waits for it.
    pub fn fail_pending_binding(&mut self, id: i64, error: &str) -> Result<()> {
        let sql = "UPDATE pending_bindings SET outcome = 'failed', error = ?2 WHERE id = ?1 AND outcome IS NULL";
        self.write_transaction(|tx| tx.execute(sql, params![id, error]).map(|_| Ok(())))
    }
}

/// The data on which the completion of a pending binding depends.
struct PendingRow {
    id: i64,
    user_id: i64,
    app_id: String,
    replace: bool,
}

impl PendingRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, user_id: row.get(1)?, app_id: row.get(2)?, replace: row.get(3)? })
    }

    /// Binds the user and records the outcome. Returns `false` if the user is bound already.
    fn complete(
        &self,
        tx: &Transaction<'_>,
        openid: &str,
        nickname: Option<&str>,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        let is_bound =
            super::users::insert_binding(tx, self.user_id, (&self.app_id, openid, nickname), self.replace, now)?;
        let outcome = if is_bound { OutcomeColumn::Bound } else { OutcomeColumn::AlreadyBound };
        let sql = "UPDATE pending_bindings SET outcome = ?2, openid = ?3, nickname = ?4 WHERE id = ?1";
        tx.execute(sql, params![self.id, outcome, openid, nickname])?;
        Ok(is_bound)
    }
}

/// Binds the user who waits for this scene, and returns the user's ID. A scene counts once.
pub(super) fn complete_scan(
    tx: &Transaction<'_>,
    app_id: &str,
    scene: &str,
    openid: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT id, user_id, app_id, replace FROM pending_bindings
               WHERE secret = ?1 AND app_id = ?2 AND is_scan = 1 AND outcome IS NULL AND expires_at > ?3";
    let pending = tx.prepare_cached(sql)?.query_row(params![scene, app_id, now], PendingRow::read).optional()?;
    let Some(pending) = pending else { return Ok(None) };
    Ok(pending.complete(tx, openid, None, now)?.then_some(pending.user_id))
}

fn read_outcome(conn: &Connection, id: i64) -> rusqlite::Result<PendingBindingOutcome> {
    let sql = "SELECT outcome, username, openid, nickname, error FROM pending_bindings
               JOIN users ON users.id = user_id WHERE pending_bindings.id = ?1";
    let read = |row: &Row<'_>| {
        Ok(match row.get(0)? {
            None => PendingBindingOutcome::Pending,
            Some(OutcomeColumn::Bound) => {
                PendingBindingOutcome::Bound { username: row.get(1)?, openid: row.get(2)?, nickname: row.get(3)? }
            }
            Some(OutcomeColumn::AlreadyBound) => PendingBindingOutcome::AlreadyBound,
            Some(OutcomeColumn::Failed) => {
                PendingBindingOutcome::Failed(row.get::<_, Option<String>>(4)?.unwrap_or_default())
            }
        })
    };
    let found = conn.prepare_cached(sql)?.query_row([id], read).optional()?;
    Ok(found.unwrap_or(PendingBindingOutcome::Removed))
}
