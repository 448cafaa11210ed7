//! The schema and its migrations. A released migration is never edited: changes are new files.
//!
//! Several processes may find an old or empty file at the same time: the version is read again
//! inside the write transaction, so that one of them migrates and the others find it done. SQLite's
//! own locks suffice; a process that locks the file or its directory otherwise blocks no other
//! process.

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::busy_timeout::DEFAULT_BUSY_TIMEOUT;
use super::generation::{self, SCHEMA_MASK, UserVersion};
use super::temp_copy::TempCopy;
use super::{Error, Result};
use crate::files::{self, sibling_path};
use crate::i18n::io_error_text;

/// All migrations, oldest first; [`schema_version`] numbers them.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_initial.sql"),
    include_str!("migrations/002_events.sql"),
    include_str!("migrations/003_refused_pushes.sql"),
];

/// The `PRAGMA application_id` of wxbox's files: "wxb1".
pub(super) const APPLICATION_ID: i64 = 0x7778_6231;

/// The `application_id` of files that development builds wrote before the first release: "wxbx".
/// Only developers have such files, so they are rejected with a clear message instead of being
/// migrated.
const UNRELEASED_APPLICATION_ID: i64 = 0x7778_6278;

/// The last schema version that development builds wrote with today's [`APPLICATION_ID`]; rejected
/// in the same way.
const LAST_UNRELEASED_SCHEMA: i64 = 1;

/// Returns the schema version of a database to which all `migrations` were applied. The rest of its
/// `user_version` is the generation.
pub(super) fn schema_version(migrations: &[&str]) -> i64 {
    LAST_UNRELEASED_SCHEMA.saturating_add(i64::try_from(migrations.len()).unwrap_or(i64::MAX))
}

/// Applies the migrations that the database at `path` lacks.
pub(super) fn migrate(conn: &mut Connection, path: &Path, migrations: &[&str]) -> Result<()> {
    let supported = schema_version(migrations);
    let found = read_version(conn, path, supported)?;
    if found == supported {
        return Ok(());
    }
    if found > 0 {
        backup_before_migration(conn, path, found)?;
    }
    let at = |e| Error::from_sqlite(path, e);
    enable_wal(conn).map_err(at)?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(at)?;
    let found = read_version(&tx, path, supported)?;
    if found == supported {
        return Ok(());
    }
    for sql in migrations.iter().skip(usize::try_from(found - LAST_UNRELEASED_SCHEMA).unwrap_or(0)) {
        tx.execute_batch(sql).map_err(at)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(at)?;
    generation::advance_generation(&tx).map_err(at)?;
    let now = UserVersion::read(&tx).map_err(at)?;
    let version = if found == 0 { UserVersion::new(supported).map_err(at)? } else { now.with_schema(supported) };
    version.write(&tx).map_err(at)?;
    tx.commit().map_err(at)?;
    // From now on the file itself is a wxbox database, even without its log.
    let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    Ok(())
}

/// Switches the file to WAL mode. SQLite does not wait there for another process that switches as
/// well or reads in the old mode; it does wait for a lock.
fn enable_wal(conn: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + DEFAULT_BUSY_TIMEOUT;
    loop {
        match conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            // In memory and on file systems without shared memory the mode stays, which works as
            // well.
            Ok(_) => return Ok(()),
            Err(e) if e.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) || Instant::now() >= deadline => {
                return Err(e);
            }
            Err(_) => conn.execute_batch("BEGIN EXCLUSIVE; ROLLBACK")?,
        }
    }
}

/// Returns the schema version of a wxbox file or an empty file; rejects other and newer files.
pub(super) fn read_version(conn: &Connection, path: &Path, supported: i64) -> Result<i64> {
    let at = |e| Error::from_sqlite(path, e);
    let application: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(at)?;
    let found = if application == APPLICATION_ID {
        // The application ID of a wxbox file never changes, so two statements are safe.
        UserVersion::read(conn).map_err(at)?.schema()
    } else {
        // In one statement, because another process may be creating the file.
        let read = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
                    FROM pragma_application_id, pragma_user_version";
        let look = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let (application, found, tables) = conn.query_row(read, [], look).map_err(at)?;
        if application == UNRELEASED_APPLICATION_ID {
            return Err(Error::Unreleased { path: path.to_owned() });
        }
        let empty = application == 0 && found == 0 && tables == 0;
        if application != APPLICATION_ID && !empty {
            return Err(Error::OtherApplication { path: path.to_owned() });
        }
        found & SCHEMA_MASK
    };
    if (1..=LAST_UNRELEASED_SCHEMA).contains(&found) {
        return Err(Error::Unreleased { path: path.to_owned() });
    }
    if found > supported {
        return Err(Error::NewerSchema { path: path.to_owned(), found, known: supported });
    }
    Ok(found)
}

/// Writes `FILE.vN.bak` beside the database, under a temporary name until it is complete. A copy
/// that another process has migrated in the meantime is discarded.
fn backup_before_migration(conn: &Connection, path: &Path, version: i64) -> Result<()> {
    let failed = |e: std::io::Error| Error::Open { path: path.to_owned(), cause: io_error_text(&e) };
    let temp_copy = TempCopy::create(files::parent_dir(path)).map_err(failed)?;
    files::copy_ownership(temp_copy.file(), path).map_err(failed)?;
    let found = temp_copy.copy_from(conn).map_err(|e| Error::from_sqlite(path, e))?;
    if found.is_some_and(|found| found.schema() == version) {
        temp_copy.persist_to(&sibling_path(path, &format!(".v{version}.bak")), true).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP_ONE: &str = "CREATE TABLE a (x INTEGER) STRICT;";
    const STEP_TWO: &str = "CREATE TABLE b (y INTEGER) STRICT;";

    fn table_names(conn: &Connection) -> Vec<String> {
        let mut rows = conn.prepare("SELECT name FROM sqlite_schema ORDER BY name").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect()
    }

    #[test]
    fn older_database_is_copied_and_migrated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let mut conn = Connection::open(&path).unwrap();
        migrate(&mut conn, &path, &[STEP_ONE]).unwrap();
        conn.execute("INSERT INTO a VALUES (7)", []).unwrap();
        migrate(&mut conn, &path, &[STEP_ONE, STEP_TWO]).unwrap();
        assert_eq!(table_names(&conn), ["a", "b"]);

        let copy = Connection::open(dir.path().join("wxbox.db.v2.bak")).unwrap();
        assert_eq!(table_names(&copy), ["a"]);
        assert_eq!(copy.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| name.to_string_lossy().starts_with("wxbox.db")), "{names:?}");
    }

    #[test]
    fn failed_migration_leaves_database_unchanged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let mut conn = Connection::open(&path).unwrap();
        migrate(&mut conn, &path, &[STEP_ONE]).unwrap();
        assert!(migrate(&mut conn, &path, &[STEP_ONE, STEP_TWO, "CREATE TABLE a (z INTEGER)"]).is_err());
        assert_eq!(table_names(&conn), ["a"]);
    }

    #[test]
    fn newer_and_foreign_databases_are_rejected() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let mut conn = Connection::open(&path).unwrap();
        migrate(&mut conn, &path, &[STEP_ONE, STEP_TWO]).unwrap();
        assert!(matches!(migrate(&mut conn, &path, &[STEP_ONE]), Err(Error::NewerSchema { found: 3, known: 2, .. })));

        let other = dir.path().join("other.db");
        let mut conn = Connection::open(&other).unwrap();
        conn.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(migrate(&mut conn, &other, &[STEP_ONE]), Err(Error::OtherApplication { .. })));
        assert_eq!(table_names(&conn), ["theirs"]);
    }
}
