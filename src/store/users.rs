//! The registry, read: people, their tags, and their bindings towards one account. `changes` writes it.

use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::{Error, Result, Store};
use crate::clock::Timestamp;
use crate::names::normalize_nfc;

/// The row (user, account) → openid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// WeChat's id of the person towards the account.
    pub openid: String,
    /// The nickname WeChat gave at the binding, where the scope allowed it.
    pub nickname: Option<String>,
    /// When it was made.
    pub bound_at: Timestamp,
    /// The errcode after which messages stopped going there; `None` while the person can be reached.
    pub unreachable_errcode: Option<i64>,
    /// Whether the person follows the account, as far as WeChat has said; `None` where it was not asked.
    pub follows: Option<bool>,
    /// Whether WeChat has ever said so of this binding.
    pub has_followed: bool,
}

/// A person in the registry, with the binding towards the account asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The row.
    pub id: i64,
    /// The unique name.
    pub username: String,
    /// Lower-case hex MD5 of the name the person was added with.
    pub uid: String,
    /// The Argon2id hash, as a PHC string.
    pub password: Option<String>,
    /// Free text.
    pub note: String,
    /// In alphabetical order.
    pub tags: Vec<String>,
    /// When the person was added.
    pub created_at: Timestamp,
    /// The binding, if there is one.
    pub binding: Option<Binding>,
}

/// Which users are asked for.
#[derive(Clone, Debug, Default)]
pub struct UserFilter<'a> {
    /// Only those with this tag.
    pub tag: Option<&'a str>,
    /// Only the bound (`true`) or the unbound (`false`).
    pub bound: Option<bool>,
}

/// One row a user: ?1 is the account's app_id (empty: no account, nobody is bound).
const SELECT_USERS_SQL: &str = "SELECT u.id, u.username, u.uid, u.password, u.note, u.created_at,
    b.openid, b.nickname, b.bound_at, b.unreachable,
    b.follows, b.has_followed,
    (SELECT group_concat(tag, char(31)) FROM tags WHERE user_id = u.id)
    FROM users u LEFT JOIN bindings b ON b.user_id = u.id AND b.app_id = ?1";

fn read_user(row: &Row<'_>) -> rusqlite::Result<User> {
    let tags: Option<String> = row.get(12)?;
    let mut tags: Vec<String> = tags.map(|all| all.split('\u{1f}').map(str::to_owned).collect()).unwrap_or_default();
    tags.sort_unstable();
    let binding = match row.get::<_, Option<String>>(6)? {
        Some(openid) => Some(Binding {
            openid,
            nickname: row.get(7)?,
            bound_at: row.get(8)?,
            unreachable_errcode: row.get(9)?,
            follows: row.get(10)?,
            has_followed: row.get(11)?,
        }),
        None => None,
    };
    Ok(User {
        id: row.get(0)?,
        username: row.get(1)?,
        uid: row.get(2)?,
        password: row.get(3)?,
        note: row.get(4)?,
        created_at: row.get(5)?,
        tags,
        binding,
    })
}

/// The person of that row as they are now, with the binding towards `app_id`.
pub(super) fn user_by_id(conn: &Connection, id: i64, app_id: &str) -> rusqlite::Result<Option<User>> {
    let mut query = conn.prepare_cached(&format!("{SELECT_USERS_SQL} WHERE u.id = ?2"))?;
    query.query_row(params![app_id, id], read_user).optional()
}

impl Store {
    /// The person of that name, in whichever way its letters are written, with the binding towards `app_id`.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn user(&self, username: &str, app_id: &str) -> Result<Option<User>> {
        let sql = format!("{SELECT_USERS_SQL} WHERE u.username = ?2");
        let mut query = self.map_err(self.conn.prepare_cached(&sql))?;
        self.map_err(query.query_row(params![app_id, normalize_nfc(username)], read_user).optional())
    }

    /// Hands each person of the filter to `each`, in the order of their names.
    ///
    /// # Errors
    /// The database's own, and what `each` gives back, which ends the reading.
    pub fn for_each_user<E: From<Error>>(
        &self,
        filter: &UserFilter<'_>,
        app_id: &str,
        mut each: impl FnMut(User) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut sql = format!("{SELECT_USERS_SQL} WHERE true");
        let mut values = vec![app_id];
        let tag = filter.tag.map(normalize_nfc);
        if let Some(tag) = &tag {
            sql += " AND u.id IN (SELECT user_id FROM tags WHERE tag = ?2)";
            values.push(tag);
        }
        sql += match filter.bound {
            Some(true) => " AND b.openid IS NOT NULL",
            Some(false) => " AND b.openid IS NULL",
            None => "",
        };
        sql += " ORDER BY u.username";
        let mut query = self.map_err(self.conn.prepare(&sql))?;
        let mut rows = self.map_err(query.query(params_from_iter(values)))?;
        while let Some(row) = self.map_err(rows.next())? {
            each(self.map_err(read_user(row))?)?;
        }
        Ok(())
    }

    /// Another name that differs from this one by capital letters alone.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn find_case_variant(&self, name: &str) -> Result<Option<String>> {
        let sql = "SELECT username FROM users WHERE username = ?1 COLLATE NOCASE AND username <> ?1 LIMIT 1";
        self.map_err(self.conn.query_row(sql, [name], |row| row.get(0)).optional())
    }

    /// Every name, for finding the nearest.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn usernames(&self) -> Result<Vec<String>> {
        self.query_strings("SELECT username FROM users")
    }

    /// Every tag that somebody has.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn tags(&self) -> Result<Vec<String>> {
        self.query_strings("SELECT DISTINCT tag FROM tags ORDER BY tag")
    }

    fn query_strings(&self, sql: &str) -> Result<Vec<String>> {
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map([], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }

    /// The names of the others who are bound to the same openid of the account.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn users_sharing_openid(&self, openid: &str, app_id: &str, user: &User) -> Result<Vec<String>> {
        let sql = "SELECT u.username FROM bindings b JOIN users u ON u.id = b.user_id
                   WHERE b.app_id = ?1 AND b.openid = ?2 AND u.id <> ?3 ORDER BY u.username";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map(params![app_id, openid, user.id], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }
}

/// An openid as it is kept: trimmed. WeChat's are 28 letters, digits, `-` and `_`; the length is not
/// promised, so it is not held against one.
///
/// # Errors
/// Gives back what cannot be an openid.
pub fn parse_openid(raw: &str) -> std::result::Result<&str, &str> {
    let openid = raw.trim();
    let usable = openid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if usable && (1..=128).contains(&openid.len()) { Ok(openid) } else { Err(raw) }
}
