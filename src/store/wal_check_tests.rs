//! Cases of logs that killed processes, power cuts, bad disks and copies leave.

use super::*;
use std::path::PathBuf;

use memchr::memmem;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::store::Store;

const INSERT_SQL: &str = "INSERT INTO payloads (type, json, created_at) VALUES ('text', hex(randomblob(9000)), 0)";

struct TestDatabase {
    dir: TempDir,
    path: PathBuf,
}

impl TestDatabase {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        Self { dir, path }
    }

    /// Returns the file and the log as they would be if all processes were killed now.
    fn crash_copy(&self) -> Self {
        let killed = Self::new();
        fs::copy(&self.path, &killed.path).unwrap();
        fs::copy(sibling_path(&self.path, "-wal"), killed.wal_path()).unwrap();
        killed
    }

    fn wal_path(&self) -> PathBuf {
        sibling_path(&self.path, "-wal")
    }

    fn open(&self) -> Store {
        Store::open(&self.path).unwrap()
    }

    /// Returns the number of payloads.
    fn count_payloads(&self) -> i64 {
        self.open().conn.query_row("SELECT count(*) FROM payloads", [], |row| row.get(0)).unwrap()
    }

    fn file_names(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir.path()).unwrap();
        names.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
    }
}

/// Commits durably.
fn commit_durably(store: &mut Store) {
    let tx = store.begin_write().unwrap();
    tx.execute("INSERT INTO payloads (type, json, created_at) VALUES ('text', '{}', 0)", []).unwrap();
    tx.commit().unwrap();
}

fn frame_count(bytes: &[u8]) -> usize {
    (bytes.len() - WAL_HEADER_LEN) / (FRAME_HEADER_LEN + 4096)
}

/// Returns where the last frame of each commit ends.
fn commit_ends(bytes: &[u8]) -> Vec<usize> {
    let ends = (0..frame_count(bytes)).map(|n| WAL_HEADER_LEN + n * (FRAME_HEADER_LEN + 4096));
    ends.filter(|at| read_u32(bytes, at + 4, true) != 0).map(|at| at + FRAME_HEADER_LEN + 4096).collect()
}

#[test]
fn wal_is_recognized_by_checksum_of_its_header() {
    let files = TestDatabase::new();
    let mut store = files.open();
    commit_durably(&mut store);
    let (_, head) = read_header(&files.wal_path()).unwrap();
    assert!(WalChecksum::from_header(&head).is_some() && check_wal(&files.path).is_ok());
    for at in 0..24 {
        let mut damaged = head;
        damaged[at] ^= 1;
        assert!(WalChecksum::from_header(&damaged).is_none(), "byte {at}");
    }
    assert!(WalChecksum::from_header(&[0x55; WAL_HEADER_LEN]).is_none());
    let killed = files.crash_copy();
    let mut bytes = fs::read(killed.wal_path()).unwrap();
    bytes[..WAL_HEADER_LEN].fill(0);
    fs::write(killed.wal_path(), bytes).unwrap();
    check_wal(&killed.path).unwrap();
}

#[test]
fn wal_without_database_is_kept() {
    let files = TestDatabase::new();
    fs::write(&files.path, "").unwrap();
    fs::write(files.wal_path(), [1; 100]).unwrap();
    assert!(matches!(Store::open(&files.path), Err(Error::Corrupt { .. })));
    fs::remove_file(&files.path).unwrap();
    assert!(matches!(Store::open(&files.path), Err(Error::ForeignLog { .. })));
    assert_eq!(fs::read(files.wal_path()).unwrap(), [1; 100]);
    assert_eq!(files.file_names(), ["wxbox.db-wal"]);
}

#[test]
fn wal_is_removed_when_last_process_exits() {
    let files = TestDatabase::new();
    let (mut first, mut second) = (files.open(), files.open());
    commit_durably(&mut first);
    commit_durably(&mut second);
    drop(first);
    assert!(files.wal_path().exists());
    drop(second);
    assert_eq!(files.file_names(), ["wxbox.db"]);
    assert_eq!(files.count_payloads(), 2);
    // After a killed process, one that is not killed opens the database.
    let mut store = files.open();
    commit_durably(&mut store);
    let killed = files.crash_copy();
    assert_eq!(killed.count_payloads(), 3);
    assert_eq!(killed.file_names(), ["wxbox.db"]);
}

#[test]
fn many_short_processes_keep_wal_short_and_lose_nothing() {
    let files = TestDatabase::new();
    let _other = files.open();
    let mut longest = 0;
    for n in 1..=60_i64 {
        let store = files.open();
        for _ in 0..2 {
            store.conn.execute(INSERT_SQL, []).unwrap();
        }
        drop(store);
        longest = longest.max(fs::metadata(files.wal_path()).unwrap().len());
        assert_eq!(files.count_payloads(), 2 * n);
    }
    // About 3 MiB were written in total.
    assert!((100 << 10..=super::super::MAX_WAL_BYTES).contains(&longest), "{longest}");
}

/// A reader keeps the log from being truncated, as when a user is removed, so it grows.
#[test]
fn overwritten_text_is_not_left_in_wal() {
    const TEXT: &str = "what nobody may find";
    let files = TestDatabase::new();
    let _other = files.open();
    let holds = || memmem::find(&fs::read(files.wal_path()).unwrap(), TEXT.as_bytes()).is_some();
    let insert = "INSERT INTO payloads (type, json, created_at) VALUES (?1, hex(randomblob(9000)), 0)";
    let store = files.open();
    let reader = Connection::open(&files.path).unwrap();
    let look = reader.unchecked_transaction().unwrap();
    look.query_row("SELECT count(*) FROM payloads", [], |_| Ok(())).unwrap();
    // Write less than the size at which an exiting process truncates the log.
    for n in 0..14 {
        let kind = if n == 13 { TEXT } else { "text" };
        store.conn.execute(insert, [kind]).unwrap();
    }
    drop(look);
    drop(reader);
    drop(store);
    assert!(holds() && fs::metadata(files.wal_path()).unwrap().len() < super::super::MAX_WAL_BYTES);
    for _ in 0..12 {
        let store = files.open();
        store.conn.execute(insert, ["text"]).unwrap();
        store.conn.execute(insert, ["text"]).unwrap();
    }
    assert!(!holds());
}

#[test]
fn wal_damage_differs_from_torn_end() {
    let files = TestDatabase::new();
    let mut store = files.open();
    for _ in 0..6 {
        commit_durably(&mut store);
    }
    let killed = files.crash_copy();
    let whole = fs::read(killed.wal_path()).unwrap();
    let ends = commit_ends(&whole);
    assert_eq!(ends.len(), 6);
    for at in (WAL_HEADER_LEN..whole.len()).step_by(1031).chain([
        WAL_HEADER_LEN,
        WAL_HEADER_LEN + 9,
        WAL_HEADER_LEN + 17,
        WAL_HEADER_LEN + 30,
        ends[0] + 12,
        ends[2] - 1,
    ]) {
        for length in [1, 512, 4096] {
            let mut bytes = whole.clone();
            let end = (at + length).min(bytes.len());
            bytes[at..end].iter_mut().for_each(|byte| *byte ^= 0x5a);
            fs::write(killed.wal_path(), bytes).unwrap();
            let result = check_wal(&killed.path);
            if end <= ends[2] {
                // Two complete commits follow, the second of which fits the first.
                assert!(matches!(result, Err(Error::CorruptLog { .. })), "{at} {length}: {result:?}");
            } else if at >= ends[4] {
                assert!(result.is_ok(), "{at} {length}: {result:?}");
            }
        }
    }
    // The end may be torn anywhere.
    for end in (WAL_HEADER_LEN..whole.len()).step_by(1031).chain(ends.iter().copied()) {
        fs::write(killed.wal_path(), &whole[..end]).unwrap();
        check_wal(&killed.path).unwrap();
    }
    let mut torn = whole.clone();
    torn[ends[4] + 5000..].fill(0);
    fs::write(killed.wal_path(), torn).unwrap();
    assert_eq!(killed.count_payloads(), 5);
}

/// Commits that do not wait for the disk can reach it in any order.
#[test]
fn commits_without_fsync_may_be_torn_anywhere() {
    let files = TestDatabase::new();
    let mut store = files.open();
    commit_durably(&mut store);
    for _ in 0..3 {
        let result: Result<()> = store.without_fsync(|store| {
            // Extends the file, so that its first page changes.
            let tx = store.begin_write()?;
            tx.execute(INSERT_SQL, []).map(drop).map_err(|e| Error::from_sqlite(Path::new(""), e))?;
            tx.commit().map_err(|e| Error::from_sqlite(Path::new(""), e))
        });
        result.unwrap();
    }
    let killed = files.crash_copy();
    let whole = fs::read(killed.wal_path()).unwrap();
    for at in (commit_ends(&whole)[0]..whole.len()).step_by(517) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x5a;
        fs::write(killed.wal_path(), bytes).unwrap();
        check_wal(&killed.path).unwrap();
    }
    // Unless a durable commit follows them.
    commit_durably(&mut store);
    commit_durably(&mut store);
    let killed = files.crash_copy();
    let mut bytes = fs::read(killed.wal_path()).unwrap();
    let at = commit_ends(&bytes)[0] + 5000;
    bytes[at] ^= 0x5a;
    fs::write(killed.wal_path(), bytes).unwrap();
    assert!(matches!(check_wal(&killed.path), Err(Error::CorruptLog { .. })));
}

/// Pages that did not fit into memory are in the log before their commit, and stay there after a
/// rollback.
#[test]
fn rolled_back_pages_are_no_wal_damage() {
    let files = TestDatabase::new();
    let mut store = files.open();
    commit_durably(&mut store);
    store.conn.execute_batch("PRAGMA cache_size = 5").unwrap();
    let tx = store.begin_write().unwrap();
    for _ in 0..40 {
        tx.execute(INSERT_SQL, []).unwrap();
    }
    tx.rollback().unwrap();
    for _ in 0..3 {
        commit_durably(&mut store);
    }
    let killed = files.crash_copy();
    let bytes = fs::read(killed.wal_path()).unwrap();
    assert!(*commit_ends(&bytes).last().unwrap() + 20 * 4096 < bytes.len(), "nothing is left of it");
    check_wal(&killed.path).unwrap();
    assert_eq!(killed.count_payloads(), 4);
}

#[test]
fn wal_of_another_database_is_rejected() {
    let files = TestDatabase::new();
    commit_durably(&mut files.open());
    let older = TestDatabase::new();
    fs::copy(&files.path, &older.path).unwrap();
    commit_durably(&mut files.open());
    let mut store = files.open();
    store.backup(&files.dir.path().join("before.db"), false).unwrap();
    commit_durably(&mut store);
    store.backup(&files.dir.path().join("after.db"), false).unwrap();
    commit_durably(&mut store);
    let other = TestDatabase::new();
    commit_durably(&mut other.open());
    for copy in [older.path, files.dir.path().join("before.db"), files.dir.path().join("after.db"), other.path] {
        let killed = files.crash_copy();
        fs::copy(&copy, &killed.path).unwrap();
        let log = fs::read(killed.wal_path()).unwrap();
        assert!(matches!(Store::open(&killed.path), Err(Error::ForeignLog { .. })), "{copy:?}");
        assert!(
            fs::read(killed.wal_path()).unwrap() == log && fs::read(&killed.path).unwrap() == fs::read(&copy).unwrap()
        );
    }
    // Its own log is accepted, whether or not parts of it are in the file already.
    assert_eq!(files.crash_copy().count_payloads(), 4);
    store.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    assert_eq!(files.crash_copy().count_payloads(), 4);
    commit_durably(&mut store);
    assert_eq!(files.crash_copy().count_payloads(), 5);
}
