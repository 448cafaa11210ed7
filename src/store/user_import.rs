//! Import of many users, all or none. They are staged in a temporary table of this connection,
//! which SQLite keeps outside the database, then inserted in one transaction. Memory use is
//! constant, and other processes do not wait while the file is being read.

use rusqlite::{Connection, ErrorCode, params};

use super::{Error, Result, Store};
use crate::clock::Timestamp;

/// A user from the file, validated.
#[derive(Clone, Debug)]
pub struct StagedUser<'a> {
    /// The line in the file.
    pub line: u64,
    /// The name, trimmed and validated.
    pub username: &'a str,
    /// 32 lower-case hex digits.
    pub uid: &'a str,
    /// The Argon2id hash, as a PHC string.
    pub password: Option<&'a str>,
    /// The openid for the account in the config.
    pub openid: Option<&'a str>,
    /// The tags to set.
    pub tags: &'a [String],
    /// Free text.
    pub note: &'a str,
}

/// Two users who cannot both exist.
#[derive(Clone, Debug)]
pub struct ImportConflict {
    /// The line of the user who cannot be added.
    pub line: u64,
    /// That user's name.
    pub username: String,
    /// The user who has the name or the uid.
    pub holder: String,
    /// That user's line; `None` if the user is in the database.
    pub holder_line: Option<u64>,
}

/// The caches hold the random order of the uids; this connection needs them for nothing else.
const STAGING_SQL: &str = "PRAGMA main.cache_size = -16384; PRAGMA temp.cache_size = -12288;
    CREATE TEMP TABLE incoming (n INTEGER PRIMARY KEY, line INTEGER NOT NULL, username TEXT NOT NULL UNIQUE,
        uid TEXT NOT NULL UNIQUE, password TEXT, openid TEXT, note TEXT NOT NULL) STRICT;
    CREATE TEMP TABLE incoming_tags (tag TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (tag, n))
        STRICT, WITHOUT ROWID;
    BEGIN;";

impl Store {
    /// Starts staging.
    pub fn begin_staging(&mut self) -> Result<()> {
        self.map_err(self.conn.execute_batch(STAGING_SQL))
    }

    /// Stages a user and returns the row for [`Store::set_staged_password`], or an
    /// [`ImportConflict`] if the name or uid was staged before.
    pub fn stage_user(&mut self, new: &StagedUser<'_>) -> Result<std::result::Result<i64, ImportConflict>> {
        let sql = "INSERT INTO temp.incoming (line, username, uid, password, openid, note)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = self.map_err(self.conn.prepare_cached(sql))?;
        let row = params![line_to_sql(new.line), new.username, new.uid, new.password, new.openid, new.note];
        let n = match insert.insert(row) {
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return self.map_err(find_staged_conflict(&self.conn, new)).map(Err);
            }
            result => self.map_err(result)?,
        };
        for tag in new.tags {
            let sql = "INSERT OR IGNORE INTO temp.incoming_tags (tag, n) VALUES (?1, ?2)";
            self.map_err(self.conn.prepare_cached(sql).and_then(|mut insert| insert.execute(params![tag, n])))?;
        }
        Ok(Ok(n))
    }

    /// Ends staging, so that no lock is held while passwords are hashed. Returns the first staged
    /// user who exists in the database already.
    pub fn finish_staging(&mut self) -> Result<Option<ImportConflict>> {
        self.map_err(self.conn.execute_batch("COMMIT"))?;
        self.map_err(find_conflict(&self.conn))
    }

    /// Returns all staged users who exist in the database already, in the order of the file.
    pub fn list_conflicts(&self) -> Result<Vec<ImportConflict>> {
        self.map_err(find_conflicts(&self.conn, None))
    }

    /// Sets the password hash of a staged user.
    pub fn set_staged_password(&mut self, n: i64, hash: &str) -> Result<()> {
        let sql = "UPDATE temp.incoming SET password = ?2 WHERE n = ?1";
        self.map_err(self.conn.execute(sql, params![n, hash])).map(drop)
    }

    /// Adds all staged users, with their bindings to the account, and returns their number; or an
    /// [`ImportConflict`], and adds no user, if one of them was added in the meantime.
    pub fn commit_staged(
        &mut self,
        app_id: &str,
        now: Timestamp,
    ) -> Result<std::result::Result<usize, ImportConflict>> {
        let path = self.path.clone();
        let at = |e| Error::from_sqlite(&path, e);
        let tx = self.begin_write()?;
        if let Some(clash) = find_conflict(&tx).map_err(at)? {
            return Ok(Err(clash));
        }
        // The last ID that was ever used.
        let last_id = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'users'";
        let last_id: i64 = tx.query_row(last_id, [], |row| row.get(0)).map_err(at)?;
        let added = tx
            .execute(
                "INSERT INTO users (id, username, uid, password, note, created_at)
                 SELECT ?1 + n, username, uid, password, note, ?2 FROM temp.incoming ORDER BY n",
                params![last_id, now],
            )
            .map_err(at)?;
        tx.execute(
            "INSERT INTO tags (tag, user_id) SELECT tag, ?1 + n FROM temp.incoming_tags ORDER BY tag, n",
            [last_id],
        )
        .map_err(at)?;
        tx.execute(
            "INSERT INTO bindings (app_id, user_id, openid, bound_at)
             SELECT ?2, ?1 + n, openid, ?3 FROM temp.incoming WHERE openid NOTNULL ORDER BY n",
            params![last_id, app_id, now],
        )
        .map_err(at)?;
        tx.commit().map_err(at)?;
        Ok(Ok(added))
    }
}

fn line_to_sql(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

/// Returns the conflict with the staged user who has the same name or uid.
fn find_staged_conflict(conn: &Connection, new: &StagedUser<'_>) -> rusqlite::Result<ImportConflict> {
    let sql = "SELECT username, line FROM temp.incoming WHERE username = ?1 OR uid = ?2
               ORDER BY username = ?1 DESC LIMIT 1";
    conn.query_row(sql, [new.username, new.uid], |row| {
        let holder_line = u64::try_from(row.get::<_, i64>(1)?).ok();
        Ok(ImportConflict { line: new.line, username: new.username.to_owned(), holder: row.get(0)?, holder_line })
    })
}

fn find_conflict(conn: &Connection) -> rusqlite::Result<Option<ImportConflict>> {
    find_conflicts(conn, Some(1)).map(|first| first.into_iter().next())
}

/// Returns each staged user once, even if two users have the name and the uid.
fn find_conflicts(conn: &Connection, limit: Option<i64>) -> rusqlite::Result<Vec<ImportConflict>> {
    let sql = "SELECT i.line, i.username, u.username FROM temp.incoming i CROSS JOIN users u
               WHERE u.username = i.username OR u.uid = i.uid
               ORDER BY i.n, u.username = i.username DESC LIMIT ?1";
    let mut query = conn.prepare(sql)?;
    let rows = query.query_map([limit.unwrap_or(-1)], |row| {
        let line = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        Ok(ImportConflict { line, username: row.get(1)?, holder: row.get(2)?, holder_line: None })
    })?;
    let mut conflicts = rows.collect::<rusqlite::Result<Vec<ImportConflict>>>()?;
    conflicts.dedup_by(|later, first| later.line == first.line);
    Ok(conflicts)
}
