//! The registry: users, their tags and their bindings. A command that changes a user finds them by
//! the row that it read first, in one transaction, so that it changes a user who was renamed in the
//! meantime, and does not mistake another user for one who was removed.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction, params, params_from_iter};

use super::outbox::{STATE_AFTER_CANCEL_SQL, cancel_queued_for, delete_unreferenced_payloads};
use super::{Error, MessageState, Result, Store};
use crate::clock::Timestamp;
use crate::names::normalize_nfc;

/// The binding of a user to an openid of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// WeChat's ID of the user for the account.
    pub openid: String,
    /// The nickname that WeChat returned at the binding, if the scope allowed it.
    pub nickname: Option<String>,
    /// When it was made.
    pub bound_at: Timestamp,
    /// The errcode that marked the recipient as unreachable; `None` if reachable.
    pub unreachable_errcode: Option<i64>,
    /// Whether the user follows the account; `None` if WeChat was not asked.
    pub follows: Option<bool>,
    /// Whether WeChat ever reported that the user follows.
    pub has_followed: bool,
    /// When the user last wrote to the account, if a push reported it.
    pub last_wrote_at: Option<Timestamp>,
}

/// A user, with the binding for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The row's ID.
    pub id: i64,
    /// The unique name.
    pub username: String,
    /// The MD5 of the name that the user was added with, in lower-case hex.
    pub uid: String,
    /// The Argon2id hash, as a PHC string.
    pub password: Option<String>,
    /// Free text.
    pub note: String,
    /// The tags in alphabetical order.
    pub tags: Vec<String>,
    /// When the user was added.
    pub created_at: Timestamp,
    /// The binding, if there is one.
    pub binding: Option<Binding>,
}

/// A filter of users.
#[derive(Clone, Debug, Default)]
pub struct UserFilter<'a> {
    /// Only users with this tag.
    pub tag: Option<&'a str>,
    /// Only users who are bound (`true`) or not bound (`false`).
    pub bound: Option<bool>,
}

/// The values for `user add`.
#[derive(Clone, Debug, Default)]
pub struct NewUser<'a> {
    /// The name, trimmed and validated.
    pub username: &'a str,
    /// The MD5 of the name in lower-case hex.
    pub uid: &'a str,
    /// The Argon2id hash, as a PHC string.
    pub password: Option<&'a str>,
    /// Free text.
    pub note: &'a str,
    /// The tags to set.
    pub tags: &'a [String],
    /// The `(app_id, openid)` to bind in the same transaction.
    pub binding: Option<(&'a str, &'a str)>,
}

/// The changes of `user edit`; `None` and empty values change nothing.
#[derive(Clone, Debug, Default)]
pub struct UserUpdate<'a> {
    /// The new name, trimmed and validated, and the uid of a user added with it.
    pub rename: Option<(&'a str, &'a str)>,
    /// The new note.
    pub note: Option<&'a str>,
    /// The tags to add.
    pub add_tags: &'a [String],
    /// The tags to remove.
    pub remove_tags: &'a [String],
}

/// The result of `user remove`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalResult {
    /// The user before the removal.
    pub user: User,
    /// The number of messages whose content was deleted, including queued ones.
    pub messages: usize,
    /// The number of queued messages.
    pub queued: usize,
    /// The number of these that may have arrived.
    pub unknown: usize,
    /// Whether the write-ahead log could not be truncated and still has old pages.
    pub wal_retained: bool,
}

/// The result of `unbind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnbindResult {
    /// The user before the change; without a binding nothing was changed.
    pub user: User,
    /// The number of cancelled messages.
    pub cancelled: usize,
    /// The number of messages that are not retried and may have arrived.
    pub unknown: usize,
    /// The number of messages that are in flight.
    pub in_flight: usize,
}

/// One row per user; ?1 is the app_id, empty for no account.
const SELECT_USERS_SQL: &str = "SELECT u.id, u.username, u.uid, u.password, u.note, u.created_at,
    b.openid, b.nickname, b.bound_at, b.unreachable_errcode,
    b.follows, b.has_followed, b.last_wrote_at,
    (SELECT group_concat(tag, char(31)) FROM tags WHERE user_id = u.id)
    FROM users u LEFT JOIN bindings b ON b.user_id = u.id AND b.app_id = ?1";

fn read_user(row: &Row<'_>) -> rusqlite::Result<User> {
    let tags: Option<String> = row.get(13)?;
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
            last_wrote_at: row.get(12)?,
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

fn query_count(conn: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    let count = conn.query_row(sql, params, |row| row.get::<_, i64>(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Returns the user with this ID, with the binding for `app_id`.
pub(super) fn user_by_id(conn: &Connection, id: i64, app_id: &str) -> rusqlite::Result<Option<User>> {
    let mut query = conn.prepare_cached(&format!("{SELECT_USERS_SQL} WHERE u.id = ?2"))?;
    query.query_row(params![app_id, id], read_user).optional()
}

impl Store {
    /// Returns the user with this name in any Unicode normalization, with the binding for `app_id`.
    pub fn user(&self, username: &str, app_id: &str) -> Result<Option<User>> {
        let sql = format!("{SELECT_USERS_SQL} WHERE u.username = ?2");
        let mut query = self.map_err(self.conn.prepare_cached(&sql))?;
        self.map_err(query.query_row(params![app_id, normalize_nfc(username)], read_user).optional())
    }

    /// Calls `each` for every user that matches the filter, by name.
    ///
    /// # Errors
    ///
    /// The first error of `each`.
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

    /// Returns another name that differs only in case.
    pub fn find_case_variant(&self, name: &str) -> Result<Option<String>> {
        let sql = "SELECT username FROM users WHERE username = ?1 COLLATE NOCASE AND username <> ?1 LIMIT 1";
        self.map_err(self.conn.query_row(sql, [name], |row| row.get(0)).optional())
    }

    /// Returns all names.
    pub fn usernames(&self) -> Result<Vec<String>> {
        self.query_strings("SELECT username FROM users")
    }

    /// Returns all tags in use.
    pub fn tags(&self) -> Result<Vec<String>> {
        self.query_strings("SELECT DISTINCT tag FROM tags ORDER BY tag")
    }

    /// Returns whether a user has the tag.
    pub fn has_tag(&self, tag: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM tags WHERE tag = ?1 LIMIT 1";
        let found = self.conn.query_row(sql, [normalize_nfc(tag)], |_| Ok(())).optional();
        Ok(self.map_err(found)?.is_some())
    }

    fn query_strings(&self, sql: &str) -> Result<Vec<String>> {
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map([], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }

    /// Returns the names of other users who are bound to the same openid of the account.
    pub fn users_sharing_openid(&self, openid: &str, app_id: &str, user: &User) -> Result<Vec<String>> {
        let sql = "SELECT u.username FROM bindings b JOIN users u ON u.id = b.user_id
                   WHERE b.app_id = ?1 AND b.openid = ?2 AND u.id <> ?3 ORDER BY u.username";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map(params![app_id, openid, user.id], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }
}

impl Store {
    /// Adds a user, with a binding if requested, and returns the user. Writes nothing on failure.
    ///
    /// # Errors
    ///
    /// [`Error::UserExists`], [`Error::UidTaken`].
    pub fn add_user(&mut self, new: &NewUser<'_>, now: Timestamp) -> Result<User> {
        let app_id = new.binding.map_or("", |(app_id, _)| app_id);
        self.write_transaction(|tx| {
            if let Some(holder) = find_name_conflict(tx, new.username, new.uid)? {
                return Ok(Err(conflict_error(new.username, holder)));
            }
            tx.execute(
                "INSERT INTO users (username, uid, password, note, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![new.username, new.uid, new.password, new.note, now],
            )?;
            let id = tx.last_insert_rowid();
            for tag in new.tags {
                tx.execute("INSERT OR IGNORE INTO tags (tag, user_id) VALUES (?1, ?2)", params![tag, id])?;
            }
            if let Some((app_id, openid)) = new.binding {
                tx.execute(
                    "INSERT INTO bindings (app_id, user_id, openid, bound_at) VALUES (?1, ?2, ?3, ?4)",
                    params![app_id, id, openid, now],
                )?;
            }
            let added = user_by_id(tx, id, app_id)?;
            added.map(Ok).ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    /// Changes a user's name, note and tags, all or none, and returns the user.
    ///
    /// # Errors
    ///
    /// [`Error::UserExists`], [`Error::UidTaken`] for the new name; [`Error::UserRemoved`].
    pub fn edit_user(&mut self, user: &User, edit: &UserUpdate<'_>, app_id: &str) -> Result<User> {
        self.update_user(user, app_id, |tx, User { id, .. }| {
            if let Some((name, uid)) = edit.rename {
                match find_name_conflict(tx, name, uid)? {
                    Some((holder, ..)) if holder == id => {}
                    Some(holder) => return Ok(Err(conflict_error(name, holder))),
                    None => {}
                }
                tx.execute("UPDATE users SET username = ?2 WHERE id = ?1", params![id, name])?;
            }
            if let Some(note) = edit.note {
                tx.execute("UPDATE users SET note = ?2 WHERE id = ?1", params![id, note])?;
            }
            for tag in edit.add_tags {
                tx.execute("INSERT OR IGNORE INTO tags (tag, user_id) VALUES (?1, ?2)", params![tag, id])?;
            }
            for tag in edit.remove_tags {
                tx.execute("DELETE FROM tags WHERE tag = ?1 AND user_id = ?2", params![tag, id])?;
            }
            user_by_id(tx, id, app_id)?.map(Ok).ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    /// Sets or removes a user's password hash and returns the user.
    ///
    /// # Errors
    ///
    /// [`Error::UserRemoved`].
    pub fn set_password(&mut self, user: &User, hash: Option<&str>, app_id: &str) -> Result<User> {
        self.update_user(user, app_id, |tx, user| {
            tx.execute("UPDATE users SET password = ?2 WHERE id = ?1", params![user.id, hash])?;
            Ok(Ok(User { password: hash.map(str::to_owned), ..user }))
        })
    }

    /// Removes a user with bindings, tags and queued messages, and the content of all other
    /// messages, whose rows stay in the history. SQLite overwrites the deleted content.
    ///
    /// # Errors
    ///
    /// [`Error::UserRemoved`].
    pub fn remove_user(&mut self, user: &User, app_id: &str) -> Result<RemovalResult> {
        let mut removed = self.update_user(user, app_id, |tx, user| {
            // A message to the user's bare openid is the user's; one to another user with the same
            // openid is not.
            let to_user_sql = "(user_id = ?1 OR user_id IS NULL AND EXISTS (SELECT 1 FROM bindings b
                WHERE b.user_id = ?1 AND b.app_id = messages.app_id AND b.openid = messages.openid))";
            let contents: BTreeSet<i64> = {
                let mut query =
                    tx.prepare(&format!("SELECT payload_id, fallback_id FROM messages WHERE {to_user_sql}"))?;
                let rows = query.query_map([user.id], |row| Ok([row.get::<_, Option<i64>>(0)?, row.get(1)?]))?;
                rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().flatten().collect()
            };
            let unknown_sql = format!(
                "SELECT count(*) FROM messages
                 WHERE state = 'queued' AND {STATE_AFTER_CANCEL_SQL} = 'unknown' AND {to_user_sql}"
            );
            let unknown = query_count(tx, &unknown_sql, [user.id])?;
            let queued =
                tx.execute(&format!("DELETE FROM messages WHERE state = 'queued' AND {to_user_sql}"), [user.id])?;
            let attempts = format!(
                "UPDATE attempts SET openid = NULL, errmsg = NULL
                 WHERE message_id IN (SELECT id FROM messages WHERE {to_user_sql})"
            );
            tx.execute(&attempts, [user.id])?;
            let others = tx.execute(
                &format!(
                    "UPDATE messages SET openid = NULL, payload_id = NULL, fallback_id = NULL, key = NULL,
                     errmsg = NULL, error_kind = NULL, error_detail = NULL, client_msg_id = NULL WHERE {to_user_sql}"
                ),
                [user.id],
            )?;
            delete_unreferenced_payloads(tx, &contents)?;
            let events = "DELETE FROM events WHERE EXISTS (SELECT 1 FROM bindings b WHERE b.user_id = ?1
                          AND b.app_id = events.app_id AND b.openid = events.openid)";
            tx.execute(events, [user.id])?;
            tx.execute("DELETE FROM users WHERE id = ?1", [user.id])?;
            Ok(Ok(RemovalResult { user, messages: queued + others, queued, unknown, wal_retained: false }))
        })?;
        removed.wal_retained = !self.truncate_wal(WAL_TRUNCATE_TIMEOUT);
        Ok(removed)
    }

    /// Binds a user to an openid of the account and returns the user; queued messages go to that
    /// openid. With `replace` an older binding is replaced, including its unreachable mark;
    /// otherwise it stays and `None` is returned.
    ///
    /// # Errors
    ///
    /// [`Error::UserRemoved`].
    pub fn bind(
        &mut self,
        user: &User,
        app_id: &str,
        openid: &str,
        nickname: Option<&str>,
        replace: bool,
        now: Timestamp,
    ) -> Result<Option<User>> {
        self.update_user(user, app_id, |tx, User { id, .. }| {
            if !insert_binding(tx, id, (app_id, openid, nickname), replace, now)? {
                return Ok(Ok(None));
            }
            user_by_id(tx, id, app_id).map(Ok)
        })
    }

    /// Removes a user's binding to the account, if there is one, and cancels the user's queued
    /// messages that are not in flight.
    ///
    /// # Errors
    ///
    /// [`Error::UserRemoved`].
    pub fn unbind(&mut self, user: &User, app_id: &str, now: Timestamp) -> Result<UnbindResult> {
        self.update_user(user, app_id, |tx, user| {
            if user.binding.is_none() {
                return Ok(Ok(UnbindResult { user, cancelled: 0, unknown: 0, in_flight: 0 }));
            }
            tx.execute("DELETE FROM bindings WHERE app_id = ?1 AND user_id = ?2", params![app_id, user.id])?;
            let withdrawn = cancel_queued_for(tx, app_id, user.id, now)?;
            let unknown = withdrawn.iter().filter(|state| **state == MessageState::Unknown).count();
            let in_flight_sql = "SELECT count(*) FROM messages WHERE app_id = ?1 AND user_id = ?2 AND state = 'queued'";
            let in_flight = query_count(tx, in_flight_sql, params![app_id, user.id])?;
            Ok(Ok(UnbindResult { user, cancelled: withdrawn.len() - unknown, unknown, in_flight }))
        })
    }

    /// Passes the current user to `work`, which changes them in the same transaction.
    fn update_user<T>(
        &mut self,
        found: &User,
        app_id: &str,
        work: impl FnOnce(&Transaction<'_>, User) -> rusqlite::Result<Result<T>>,
    ) -> Result<T> {
        self.write_transaction(|tx| match user_by_id(tx, found.id, app_id)? {
            Some(user) => work(tx, user),
            None => Ok(Err(Error::UserRemoved { name: found.username.clone() })),
        })
    }

    /// Runs `work` in a transaction and commits it unless `work` fails.
    pub(super) fn write_transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Result<T>>,
    ) -> Result<T> {
        let path = self.path.clone();
        let at = |e| Error::from_sqlite(&path, e);
        let tx = self.begin_write()?;
        let done = work(&tx).map_err(at)??;
        tx.commit().map_err(at)?;
        Ok(done)
    }
}

/// Binds a user to an openid of an account, with a nickname. With `replace` an older binding is
/// replaced, including its unreachable mark; otherwise it stays and `false` is returned.
pub(super) fn insert_binding(
    tx: &Transaction<'_>,
    user_id: i64,
    (app_id, openid, nickname): (&str, &str, Option<&str>),
    replace: bool,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let or = if replace { "REPLACE" } else { "IGNORE" };
    let sql = format!(
        "INSERT OR {or} INTO bindings (app_id, user_id, openid, nickname, bound_at) VALUES (?1, ?2, ?3, ?4, ?5)"
    );
    if tx.execute(&sql, params![app_id, user_id, openid, nickname, now])? == 0 {
        return Ok(false);
    }
    tx.execute("DELETE FROM declined_templates WHERE app_id = ?1 AND user_id = ?2", params![app_id, user_id])?;
    Ok(true)
}

/// How long to wait for a reader after a removal. It is short because the end of the read is
/// unknown.
const WAL_TRUNCATE_TIMEOUT: Duration = Duration::from_secs(1);

type NameHolder = (i64, String);

/// Returns the user who has the name, or else the uid that belongs to it.
fn find_name_conflict(conn: &Connection, name: &str, uid: &str) -> rusqlite::Result<Option<NameHolder>> {
    conn.query_row(
        "SELECT id, username FROM users WHERE username = ?1 OR uid = ?2 ORDER BY username = ?1 DESC LIMIT 1",
        [name, uid],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .optional()
}

fn conflict_error(name: &str, (_, holder): NameHolder) -> Error {
    if holder == name {
        Error::UserExists { name: name.to_owned() }
    } else {
        Error::UidTaken { name: name.to_owned(), holder }
    }
}

/// Trims and validates an openid. WeChat's have 28 letters, digits, `-` and `_`; the length is not
/// guaranteed, so it is not checked.
///
/// # Errors
///
/// The input, if it cannot be an openid.
pub fn parse_openid(raw: &str) -> std::result::Result<&str, &str> {
    let openid = raw.trim();
    let usable = openid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if usable && (1..=128).contains(&openid.len()) { Ok(openid) } else { Err(raw) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENID: &str = "oLuffy_wears_the_straw_hat_1";

    fn add_user(store: &mut Store, name: &str) -> User {
        let uid = format!("{name:x>32}");
        let binding = Some(("wx1", OPENID));
        store.add_user(&NewUser { username: name, uid: &uid, binding, ..NewUser::default() }, Timestamp(1)).unwrap()
    }

    /// Applies each kind of change to a user and returns the user's name after each.
    fn apply_all_changes(store: &mut Store, found: &User) -> [Result<String>; 5] {
        let name = |user: User| user.username;
        let tag = ["t".to_owned()];
        let edit = UserUpdate { note: Some("x"), add_tags: &tag, ..UserUpdate::default() };
        [
            store.edit_user(found, &edit, "wx1").map(name),
            store.set_password(found, Some("hash"), "wx1").map(name),
            store.bind(found, "wx1", "oOther", None, true, Timestamp(2)).map(|user| name(user.unwrap())),
            store.unbind(found, "wx1", Timestamp(3)).map(|done| name(done.user)),
            store.remove_user(found, "wx1").map(|done| name(done.user)),
        ]
    }

    fn dump_tables(store: &Store) -> String {
        let sql = "SELECT (SELECT json_group_array(json_array(username, password, note)) FROM users)
                   || (SELECT json_group_array(json_array(user_id, tag)) FROM tags)
                   || (SELECT json_group_array(json_array(user_id, openid)) FROM bindings)";
        store.conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn renamed_user_is_found_by_id() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let user = add_user(&mut store, "luffy");
        let rename = UserUpdate { rename: Some(("lucy", "u")), ..UserUpdate::default() };
        Store::open(store.path()).unwrap().edit_user(&user, &rename, "wx1").unwrap();
        for result in apply_all_changes(&mut store, &user) {
            assert_eq!(result.unwrap(), "lucy");
        }
        assert_eq!(dump_tables(&store), "[][][]");
    }

    #[test]
    fn removed_user_is_not_changed_even_if_name_is_reused() {
        for is_reused in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
            let user = add_user(&mut store, "luffy");
            let mut other = Store::open(store.path()).unwrap();
            other.remove_user(&user, "wx1").unwrap();
            if is_reused {
                add_user(&mut other, "luffy");
            }
            let before = dump_tables(&store);
            for result in apply_all_changes(&mut store, &user) {
                assert!(matches!(result, Err(Error::UserRemoved { name }) if name == "luffy"));
            }
            assert_eq!(dump_tables(&store), before);
        }
    }

    #[test]
    fn unbind_returns_removed_binding() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let user = add_user(&mut store, "luffy");
        store.bind(&user, "wx1", "oOther", None, true, Timestamp(2)).unwrap();
        let openid = |result: UnbindResult| result.user.binding.map(|binding| binding.openid);
        assert_eq!(openid(store.unbind(&user, "wx1", Timestamp(4)).unwrap()).as_deref(), Some("oOther"));
        assert_eq!(openid(store.unbind(&user, "wx1", Timestamp(4)).unwrap()), None);
    }

    #[test]
    fn user_is_removed_even_if_wal_cannot_be_truncated() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let (luffy, nami) = (add_user(&mut store, "luffy"), add_user(&mut store, "nami"));
        let reader = Connection::open(store.path()).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM users").unwrap();
        assert!(store.remove_user(&luffy, "wx1").unwrap().wal_retained);
        drop(reader);
        assert!(!store.remove_user(&nami, "wx1").unwrap().wal_retained);
        assert_eq!(dump_tables(&store), "[][][]");
    }
}
