//! The registry: people, their tags, and their bindings towards one account.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, params, params_from_iter};

use super::outbox::{forget_contents, withdraw};
use super::{Error, Result, Store};
use crate::time::Timestamp;

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
    pub unreachable: Option<i64>,
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

/// What `user add` writes.
#[derive(Clone, Debug, Default)]
pub struct NewUser<'a> {
    /// The name, trimmed and checked.
    pub username: &'a str,
    /// Lower-case hex MD5 of the name.
    pub uid: &'a str,
    /// The Argon2id hash, as a PHC string.
    pub password: Option<&'a str>,
    /// Free text.
    pub note: &'a str,
    /// Tags to set.
    pub tags: &'a [String],
    /// `(app_id, openid)` to bind at once.
    pub binding: Option<(&'a str, &'a str)>,
}

/// What `user edit` changes; what is `None` or empty stays.
#[derive(Clone, Debug, Default)]
pub struct Edit<'a> {
    /// The new name, trimmed and checked, and the uid that a user added under it would have.
    pub rename: Option<(&'a str, &'a str)>,
    /// The new note.
    pub note: Option<&'a str>,
    /// Tags to set.
    pub tag: &'a [String],
    /// Tags to take away.
    pub untag: &'a [String],
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
const SELECT: &str = "SELECT u.id, u.username, u.uid, u.password, u.note, u.created_at,
    b.openid, b.nickname, b.bound_at, b.unreachable,
    (SELECT group_concat(tag, char(31)) FROM tags WHERE user_id = u.id)
    FROM users u LEFT JOIN bindings b ON b.user_id = u.id AND b.app_id = ?1";

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let tags: Option<String> = row.get(10)?;
    let mut tags: Vec<String> = tags.map(|all| all.split('\u{1f}').map(str::to_owned).collect()).unwrap_or_default();
    tags.sort_unstable();
    let binding = match row.get::<_, Option<String>>(6)? {
        Some(openid) => {
            Some(Binding { openid, nickname: row.get(7)?, bound_at: row.get(8)?, unreachable: row.get(9)? })
        }
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

impl Store {
    /// Adds a person; nothing is written if that fails.
    ///
    /// # Errors
    /// [`Error::UserExists`], [`Error::UidTaken`].
    pub fn add_user(&mut self, new: &NewUser<'_>, now: Timestamp) -> Result<()> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        if let Some(holder) = holder_of(&step, new.username, new.uid).map_err(at)? {
            return Err(taken(new.username, holder));
        }
        step.execute(
            "INSERT INTO users (username, uid, password, note, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![new.username, new.uid, new.password, new.note, now],
        )
        .map_err(at)?;
        let id = step.last_insert_rowid();
        for tag in new.tags {
            step.execute("INSERT OR IGNORE INTO tags (tag, user_id) VALUES (?1, ?2)", params![tag, id]).map_err(at)?;
        }
        if let Some((app_id, openid)) = new.binding {
            step.execute(
                "INSERT INTO bindings (app_id, user_id, openid, bound_at) VALUES (?1, ?2, ?3, ?4)",
                params![app_id, id, openid, now],
            )
            .map_err(at)?;
        }
        step.commit().map_err(at)
    }

    /// The person of that name, with the binding towards `app_id`.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn user(&self, username: &str, app_id: &str) -> Result<Option<User>> {
        let sql = format!("{SELECT} WHERE u.username = ?2");
        let mut query = self.at(self.conn.prepare_cached(&sql))?;
        self.at(query.query_row(params![app_id, username], user).optional())
    }

    /// Hands each person of the filter to `each`, in the order of their names.
    ///
    /// # Errors
    /// The database's own, and what `each` gives back, which ends the reading.
    pub fn each_user<E: From<Error>>(
        &self,
        filter: &UserFilter<'_>,
        app_id: &str,
        mut each: impl FnMut(User) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut sql = format!("{SELECT} WHERE true");
        let mut values = vec![app_id];
        if let Some(tag) = filter.tag {
            sql += " AND u.id IN (SELECT user_id FROM tags WHERE tag = ?2)";
            values.push(tag);
        }
        sql += match filter.bound {
            Some(true) => " AND b.openid IS NOT NULL",
            Some(false) => " AND b.openid IS NULL",
            None => "",
        };
        sql += " ORDER BY u.username";
        let mut query = self.at(self.conn.prepare(&sql))?;
        let mut rows = self.at(query.query(params_from_iter(values)))?;
        while let Some(row) = self.at(rows.next())? {
            each(self.at(user(row))?)?;
        }
        Ok(())
    }

    /// Every name, for finding the nearest.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn usernames(&self) -> Result<Vec<String>> {
        self.strings("SELECT username FROM users")
    }

    /// Every tag that somebody has.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn tags(&self) -> Result<Vec<String>> {
        self.strings("SELECT DISTINCT tag FROM tags ORDER BY tag")
    }

    fn strings(&self, sql: &str) -> Result<Vec<String>> {
        let mut query = self.at(self.conn.prepare(sql))?;
        let rows = self.at(query.query_map([], |row| row.get(0)))?;
        self.at(rows.collect())
    }

    /// Changes a person's name, note and tags, all or nothing.
    ///
    /// # Errors
    /// [`Error::UserExists`], [`Error::UidTaken`] for the new name.
    pub fn edit_user(&mut self, user: &User, edit: &Edit<'_>) -> Result<()> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        if let Some((name, uid)) = edit.rename {
            match holder_of(&step, name, uid).map_err(at)? {
                Some((id, ..)) if id == user.id => {}
                Some(holder) => return Err(taken(name, holder)),
                None => {}
            }
            step.execute("UPDATE users SET username = ?2 WHERE id = ?1", params![user.id, name]).map_err(at)?;
        }
        if let Some(note) = edit.note {
            step.execute("UPDATE users SET note = ?2 WHERE id = ?1", params![user.id, note]).map_err(at)?;
        }
        for tag in edit.tag {
            step.execute("INSERT OR IGNORE INTO tags (tag, user_id) VALUES (?1, ?2)", params![tag, user.id])
                .map_err(at)?;
        }
        for tag in edit.untag {
            step.execute("DELETE FROM tags WHERE tag = ?1 AND user_id = ?2", params![tag, user.id]).map_err(at)?;
        }
        step.commit().map_err(at)
    }

    /// Sets or removes a person's password hash.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn set_password(&mut self, user: &User, hash: Option<&str>) -> Result<()> {
        let done = self.conn.execute("UPDATE users SET password = ?2 WHERE id = ?1", params![user.id, hash]);
        self.at(done).map(drop)
    }

    /// Removes a person with bindings and tags, what is queued for them, and the text of all messages
    /// to them; of those the rows stay, so that the history keeps its counts. What is removed is
    /// overwritten in the file.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn remove_user(&mut self, user: &User) -> Result<()> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        // A person reached by --openid alone is the same person; another who shares the openid is not.
        let theirs = "(user_id = ?1 OR user_id IS NULL AND EXISTS (SELECT 1 FROM bindings b WHERE b.user_id = ?1
            AND b.app_id = messages.app_id AND b.openid = messages.openid))";
        let contents: BTreeSet<i64> = {
            let sql = format!("SELECT content_id, fallback_id FROM messages WHERE {theirs}");
            let mut query = step.prepare(&sql).map_err(at)?;
            let rows =
                query.query_map([user.id], |row| Ok([row.get::<_, Option<i64>>(0)?, row.get(1)?])).map_err(at)?;
            let rows: Vec<_> = rows.collect::<rusqlite::Result<_>>().map_err(at)?;
            rows.into_iter().flatten().flatten().collect()
        };
        step.execute(&format!("DELETE FROM messages WHERE state = 'queued' AND {theirs}"), [user.id]).map_err(at)?;
        let emptied = format!(
            "UPDATE attempts SET openid = NULL, errmsg = NULL
             WHERE message_id IN (SELECT id FROM messages WHERE {theirs})"
        );
        step.execute(&emptied, [user.id]).map_err(at)?;
        step.execute(
            &format!(
                "UPDATE messages SET openid = NULL, content_id = NULL, fallback_id = NULL, key = NULL, errmsg = NULL, error = NULL,
                 client_msg_id = NULL WHERE {theirs}"
            ),
            [user.id],
        )
        .map_err(at)?;
        forget_contents(&step, &contents).map_err(at)?;
        step.execute("DELETE FROM users WHERE id = ?1", [user.id]).map_err(at)?;
        step.commit().map_err(at)?;
        self.overwrite_log();
        Ok(())
    }

    /// Binds a person to an openid of the account: what waits for the person goes there. An older binding is
    /// replaced, with its mark of being unreachable, if `replace` says so; else it stays and the answer is
    /// `false`.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn bind(
        &mut self,
        user: &User,
        app_id: &str,
        openid: &str,
        nickname: Option<&str>,
        replace: bool,
        now: Timestamp,
    ) -> Result<bool> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let or = if replace { "REPLACE" } else { "IGNORE" };
        let sql = format!(
            "INSERT OR {or} INTO bindings (app_id, user_id, openid, nickname, bound_at, unreachable)
             VALUES (?1, ?2, ?3, ?4, ?5, NULL)"
        );
        let step = self.write()?;
        let bound = step.execute(&sql, params![app_id, user.id, openid, nickname, now]).map_err(at)? > 0;
        if bound {
            let sql = "DELETE FROM declined_templates WHERE app_id = ?1 AND user_id = ?2";
            step.execute(sql, params![app_id, user.id]).map_err(at)?;
        }
        step.commit().map_err(at)?;
        Ok(bound)
    }

    /// Removes the binding towards the account and withdraws what waits for the person; how many messages, or
    /// `None` if there was no binding.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn unbind(&mut self, user: &User, app_id: &str, now: Timestamp) -> Result<Option<usize>> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let step = self.write()?;
        let sql = "DELETE FROM bindings WHERE app_id = ?1 AND user_id = ?2";
        let unbound = step.execute(sql, params![app_id, user.id]).map_err(at)? > 0;
        let withdrawn = if unbound { Some(withdraw(&step, app_id, user.id, now).map_err(at)?) } else { None };
        step.commit().map_err(at)?;
        Ok(withdrawn)
    }

    /// The names of the others who are bound to the same openid of the account.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn others_bound_to(&self, openid: &str, app_id: &str, user: &User) -> Result<Vec<String>> {
        let sql = "SELECT u.username FROM bindings b JOIN users u ON u.id = b.user_id
                   WHERE b.app_id = ?1 AND b.openid = ?2 AND u.id <> ?3 ORDER BY u.username";
        let mut query = self.at(self.conn.prepare(sql))?;
        let rows = self.at(query.query_map(params![app_id, openid, user.id], |row| row.get(0)))?;
        self.at(rows.collect())
    }
}

/// An openid as it is kept: trimmed. WeChat's are 28 letters, digits, `-` and `_`; the length is not
/// promised, so it is not held against one.
///
/// # Errors
/// Gives back what cannot be an openid.
pub fn checked_openid(raw: &str) -> std::result::Result<&str, &str> {
    let openid = raw.trim();
    let usable = openid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if usable && (1..=128).contains(&openid.len()) { Ok(openid) } else { Err(raw) }
}

type Holder = (i64, String);

/// Who has that name, or else the uid that belongs to it.
fn holder_of(conn: &rusqlite::Connection, name: &str, uid: &str) -> rusqlite::Result<Option<Holder>> {
    conn.query_row(
        "SELECT id, username FROM users WHERE username = ?1 OR uid = ?2 ORDER BY username = ?1 DESC LIMIT 1",
        [name, uid],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .optional()
}

fn taken(name: &str, (_, holder): Holder) -> Error {
    if holder == name {
        Error::UserExists { name: name.to_owned() }
    } else {
        Error::UidTaken { name: name.to_owned(), holder }
    }
}
