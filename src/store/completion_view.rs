//! Reads the values for the completion of a shell: a few rows, by an index, without a lock that
//! another process could hold, and without any change to the files.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, ToSql, params};

use super::connect::connect_immutable;
use super::migrate::{MIGRATIONS, read_version, schema_version};
use super::open::resolve_symlink;
use super::templates::read_template_list;
use super::{Error, MessageState, Result, TemplateKind, TemplateList};
use crate::clock::Timestamp;
use crate::files::sibling_path;

/// The maximum number of users, tags or messages in a list, before its last entry. From 100
/// candidates on, bash asks before it lists them.
const MAX_ROWS: usize = 98;

/// [`MAX_ROWS`] in SQLite's type.
const ROW_LIMIT: i64 = MAX_ROWS as i64;

/// The number of the newest messages that are searched for a state: with an index for each state,
/// every send would be slower.
const MAX_SEARCHED_MESSAGES: i64 = 10_000;

/// Greater than any character that a name continues with.
const LAST_CHAR: char = char::MAX;

/// A database that is only read.
pub struct CompletionView {
    conn: Connection,
    path: PathBuf,
}

/// A user, as far as a list of names shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSummary {
    /// The unique name.
    pub username: String,
    /// Free text.
    pub note: String,
    /// Whether the user is bound for the account.
    pub is_bound: bool,
}

/// A message, as far as a list of IDs shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSummary {
    /// The message's ID.
    pub id: i64,
    /// The state.
    pub state: MessageState,
    /// `text`, `template`, …
    pub kind: String,
    /// The user's name; `None` for a bare openid and once the user is removed.
    pub user: Option<String>,
    /// WeChat's last error code.
    pub errcode: Option<i64>,
    /// When it was queued.
    pub created_at: Timestamp,
}

impl CompletionView {
    /// Opens the database at `path`; `None` if there is none, if it has another schema, or if a
    /// process that crashed has left it in a state that only a writer can repair.
    ///
    /// # Errors
    ///
    /// The file is no database of wxbox, or cannot be read.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let path = resolve_symlink(path);
        if !fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() > 0) {
            return Ok(None);
        }
        let at = |e| Error::from_sqlite(&path, e);
        let has_content = |suffix| fs::metadata(sibling_path(&path, suffix)).is_ok_and(|file| file.len() > 0);
        let conn = match (has_content("-wal"), has_content("-shm")) {
            // The file alone is the database. SQLite would create a log and its index.
            (false, _) => connect_immutable(&path),
            (true, true) => {
                let file = std::path::absolute(&path).map_err(|_| Error::NotADatabase { path: path.clone() })?;
                Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            }
            (true, false) => return Ok(None),
        }
        .map_err(at)?;
        conn.busy_timeout(Duration::ZERO).map_err(at)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(at)?;
        let known = schema_version(MIGRATIONS);
        let is_current = read_version(&conn, &path, known)? == known;
        Ok(is_current.then_some(Self { conn, path }))
    }

    /// Returns the users whose name begins with `prefix`, by name. If there are too many, the list
    /// has the first ones and the last one. These have the same common prefix as all names, so that
    /// a shell inserts no more than that prefix.
    pub fn users_with_prefix(&self, app_id: &str, prefix: &str) -> Result<Vec<UserSummary>> {
        let sql = |order: &str| {
            format!(
                "SELECT u.username, u.note, b.user_id NOTNULL FROM users u
                 LEFT JOIN bindings b ON b.app_id = ?1 AND b.user_id = u.id
                 WHERE u.username >= ?2 AND u.username < ?3 ORDER BY u.username {order} LIMIT ?4"
            )
        };
        let read = |row: &Row<'_>| Ok(UserSummary { username: row.get(0)?, note: row.get(1)?, is_bound: row.get(2)? });
        let end = format!("{prefix}{LAST_CHAR}");
        let mut users = self.rows(&sql("ASC"), params![app_id, prefix, end, ROW_LIMIT], read)?;
        if users.len() == MAX_ROWS {
            let last = self.rows(&sql("DESC"), params![app_id, prefix, end, 1], read)?;
            users.extend(last.into_iter().filter(|last| users.last() != Some(last)).collect::<Vec<_>>());
        }
        Ok(users)
    }

    /// Returns the tags that begin with `prefix`, in alphabetical order; a long list is shortened
    /// as by [`CompletionView::users_with_prefix`]. Each tag is one search in the index, however
    /// many users have it.
    pub fn tags_with_prefix(&self, prefix: &str) -> Result<Vec<String>> {
        let sql = "WITH RECURSIVE found(tag) AS (
                SELECT min(tag) FROM tags WHERE tag >= ?1 AND tag < ?2
                UNION ALL
                SELECT (SELECT min(tag) FROM tags WHERE tag > found.tag AND tag < ?2) FROM found
                WHERE found.tag NOTNULL)
             SELECT tag FROM found WHERE tag NOTNULL LIMIT ?3";
        let end = format!("{prefix}{LAST_CHAR}");
        let mut tags: Vec<String> = self.rows(sql, params![prefix, end, ROW_LIMIT], |row| row.get(0))?;
        if tags.len() == MAX_ROWS {
            let sql = "SELECT max(tag) FROM tags WHERE tag >= ?1 AND tag < ?2";
            let last: Vec<String> = self.rows(sql, params![prefix, end], |row| row.get(0))?;
            tags.extend(last);
            tags.dedup();
        }
        Ok(tags)
    }

    /// Returns messages of the account in one of these states whose ID begins with `prefix`, newest
    /// first. Only the newest messages are searched; a long list is shortened as by
    /// [`CompletionView::users_with_prefix`].
    pub fn recent_messages(&self, app_id: &str, states: &[MessageState], prefix: &str) -> Result<Vec<MessageSummary>> {
        let sql = "SELECT id, state FROM
                (SELECT id, app_id, state FROM messages ORDER BY id DESC LIMIT ?1)
             WHERE app_id = ?2 AND substr(CAST(id AS TEXT), 1, ?4) = ?3 ORDER BY id DESC";
        let length = i64::try_from(prefix.len()).unwrap_or(i64::MAX);
        let mut found: Vec<(i64, MessageState)> =
            self.rows(sql, params![MAX_SEARCHED_MESSAGES, app_id, prefix, length], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        found.retain(|(_, state)| states.contains(state));
        if let Some(last) = found.last().copied().filter(|_| found.len() > MAX_ROWS) {
            found.truncate(MAX_ROWS);
            found.push(last);
        }
        found.into_iter().filter_map(|(id, _)| self.message_summary(id).transpose()).collect()
    }

    fn message_summary(&self, id: i64) -> Result<Option<MessageSummary>> {
        let sql = "SELECT m.id, m.state, m.type, u.username, m.errcode, m.created_at
             FROM messages m LEFT JOIN users u ON u.id = m.user_id WHERE m.id = ?1";
        let read = |row: &Row<'_>| {
            Ok(MessageSummary {
                id: row.get(0)?,
                state: row.get(1)?,
                kind: row.get(2)?,
                user: row.get(3)?,
                errcode: row.get(4)?,
                created_at: row.get(5)?,
            })
        };
        let mut query = self.conn.prepare_cached(sql).map_err(|e| self.error(e))?;
        query.query_row([id], read).optional().map_err(|e| self.error(e))
    }

    /// Returns the account's cached list of templates; `None` if none was ever cached.
    pub fn templates(&self, app_id: &str, kind: TemplateKind) -> Result<Option<TemplateList>> {
        read_template_list(&self.conn, app_id, kind).map_err(|e| self.error(e))
    }

    fn rows<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let rows = self.conn.prepare(sql).and_then(|mut query| query.query_map(values, read)?.collect());
        rows.map_err(|e| self.error(e))
    }

    fn error(&self, error: rusqlite::Error) -> Error {
        Error::from_sqlite(&self.path, error)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::store::Store;

    /// Returns the files of a directory with their sizes and times.
    fn files_in(dir: &Path) -> Vec<(PathBuf, u64, SystemTime)> {
        let mut files: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let found = entry.metadata().unwrap();
                (entry.path(), found.len(), found.modified().unwrap())
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn nothing_is_created_or_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        assert!(CompletionView::open(&path).unwrap().is_none());
        assert_eq!(files_in(dir.path()), []);
        drop(Store::open(&path).unwrap());
        let before = files_in(dir.path());
        assert_eq!(before.len(), 1);
        assert_eq!(CompletionView::open(&path).unwrap().unwrap().users_with_prefix("wx1", "").unwrap(), []);
        assert_eq!(files_in(dir.path()), before);
    }

    #[test]
    fn open_database_is_read_without_waiting_for_its_writer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let store = Store::open(&path).unwrap();
        add_users(&store.conn, "VALUES ('luffy')");
        store.conn.execute_batch("BEGIN IMMEDIATE; DELETE FROM users").unwrap();
        let view = CompletionView::open(&path).unwrap().unwrap();
        assert_eq!(names(&view, ""), ["luffy"]);
        drop(view);
        store.conn.execute_batch("COMMIT").unwrap();
        assert_eq!(names(&CompletionView::open(&path).unwrap().unwrap(), ""), [""; 0]);
    }

    #[test]
    fn other_schemas_and_files_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        for change in [-1, 1] {
            let store = Store::open(&path).unwrap();
            let version: i64 = store.conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
            let schema = schema_version(MIGRATIONS);
            store.conn.pragma_update(None, "user_version", version - schema + schema + change).unwrap();
            drop(store);
            assert!(!matches!(CompletionView::open(&path), Ok(Some(_))), "{change}");
            fs::remove_file(&path).unwrap();
        }
        fs::write(&path, [b'x'; 5000]).unwrap();
        assert!(CompletionView::open(&path).is_err());
    }

    fn add_users(conn: &Connection, names: &str) {
        let uid = "printf('%032x', abs(random()))";
        conn.execute_batch(&format!(
            "INSERT INTO users (username, uid, created_at) SELECT column1, {uid}, 1 FROM ({names})"
        ))
        .unwrap();
    }

    fn names(view: &CompletionView, prefix: &str) -> Vec<String> {
        view.users_with_prefix("wx1", prefix).unwrap().into_iter().map(|user| user.username).collect()
    }

    const NUMBERS: &str = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300) SELECT";

    #[test]
    fn long_list_keeps_what_all_names_begin_with() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let store = Store::open(&path).unwrap();
        add_users(&store.conn, "VALUES ('路飞'), ('zoro')");
        add_users(&store.conn, &format!("{NUMBERS} printf('user%05d', n) AS column1 FROM n"));
        store
            .conn
            .execute_batch(&format!(
                "INSERT INTO tags {NUMBERS} printf('tag%03d', n % 150), (SELECT min(id) FROM users) + n FROM n;
                 INSERT INTO tags SELECT 'all', id FROM users"
            ))
            .unwrap();
        let view = CompletionView::open(&path).unwrap().unwrap();
        let all = names(&view, "");
        assert_eq!((all.len(), all[0].as_str(), all[98].as_str()), (99, "user00001", "路飞"));
        assert_eq!(names(&view, "user0029").len(), 10);
        assert_eq!(names(&view, "路"), ["路飞"]);
        assert_eq!(names(&view, "user00300x"), [""; 0]);
        let tags = view.tags_with_prefix("").unwrap();
        assert_eq!((tags.len(), tags[0].as_str(), tags[98].as_str()), (99, "all", "tag149"));
        assert_eq!(view.tags_with_prefix("tag14").unwrap().len(), 10);
        assert_eq!(view.tags_with_prefix("al").unwrap(), ["all"]);
    }

    #[test]
    fn messages_are_selected_by_state_and_digits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let store = Store::open(&path).unwrap();
        store
            .conn
            .execute_batch(&format!(
                "INSERT INTO messages (app_id, type, state, created_at, updated_at, due_at, expire_after, expires_at)
                 {NUMBERS} CASE n % 10 WHEN 0 THEN 'wx2' ELSE 'wx1' END, 'text',
                 CASE n % 3 WHEN 0 THEN 'failed' ELSE 'sent' END, n, 1, 1, 1, 1 FROM n"
            ))
            .unwrap();
        let view = CompletionView::open(&path).unwrap().unwrap();
        let ids = |states: &[MessageState], prefix: &str| -> Vec<i64> {
            view.recent_messages("wx1", states, prefix).unwrap().iter().map(|message| message.id).collect()
        };
        assert_eq!(ids(&[MessageState::Failed], "29"), [297, 294, 291]);
        assert_eq!(ids(&[MessageState::Failed, MessageState::Sent], "30"), [0; 0]);
        assert_eq!(ids(&[MessageState::Queued], ""), [0; 0]);
        let all = ids(&MessageState::ALL, "");
        assert_eq!((all.len(), all[0], all[98]), (99, 299, 1));
    }
}
