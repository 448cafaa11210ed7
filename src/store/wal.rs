//! The write-ahead log, looked at before SQLite sees it. A log whose head is damaged SQLite takes for an empty one,
//! and one beside an empty file it removes, each without a word: what was committed last would be gone, and messages
//! that were sent would be sent again.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::{Error, Result, beside};

/// Bytes of a log's head: <https://www.sqlite.org/fileformat2.html#walformat>.
const HEAD: usize = 32;

/// Looks at what is beside the database at `path`.
///
/// # Errors
/// [`Error::CorruptLog`]; [`Error::Corrupt`] where a log is left of a file that is empty now.
pub(super) fn check(path: &Path) -> Result<()> {
    let log = beside(path, "-wal");
    let Some(head) = read(&log) else { return Ok(()) };
    // After the log: whoever makes a file has something in it before there is a log.
    if fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        return Err(Error::Corrupt { path: path.to_owned() });
    }
    // Read twice, since another process may be writing one.
    if !is_whole(&head) && read(&log).is_some_and(|again| again == head) {
        return Err(Error::CorruptLog { path: log });
    }
    Ok(())
}

/// The head, where there is a log.
fn read(log: &Path) -> Option<[u8; HEAD]> {
    let mut head = [0; HEAD];
    let mut file = File::open(log).ok()?;
    file.read_exact(&mut head).ok()?;
    Some(head)
}

/// Whether SQLite takes it for the head of a log. All zero is what a power cut can leave: it is written, and waited
/// for, before anything else is.
fn is_whole(head: &[u8; HEAD]) -> bool {
    let word = |at: usize, big: bool| {
        let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
        if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    if head.iter().all(|byte| *byte == 0) {
        return true;
    }
    let magic = word(0, true);
    let big = magic & 1 == 1;
    let (a, b) = (0..24).step_by(8).fold((0_u32, 0_u32), |(a, b), at| {
        let a = a.wrapping_add(word(at, big)).wrapping_add(b);
        (a, b.wrapping_add(word(at + 4, big)).wrapping_add(a))
    });
    magic & !1 == 0x377f_0682 && (a, b) == (word(24, true), word(28, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use rusqlite::Connection;

    #[test]
    fn a_log_is_known_by_its_head() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let store = Store::open(&path).unwrap();
        store.conn.execute("INSERT INTO contents (type, body, created_at) VALUES ('text', '{}', 0)", []).unwrap();
        let log = beside(&path, "-wal");
        let head = read(&log).unwrap();
        assert!(is_whole(&head) && check(&path).is_ok());
        for at in 0..24 {
            let mut damaged = head;
            damaged[at] ^= 1;
            assert!(!is_whole(&damaged), "byte {at}");
        }
        assert!(is_whole(&[0; HEAD]) && !is_whole(&[0x55; HEAD]));
    }

    #[test]
    fn a_log_without_its_file_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        fs::write(&path, "").unwrap();
        fs::write(beside(&path, "-wal"), [1; 100]).unwrap();
        assert!(matches!(Store::open(&path), Err(Error::Corrupt { .. })));
        assert_eq!(fs::read(beside(&path, "-wal")).unwrap(), [1; 100]);
    }

    #[test]
    fn processes_that_write_little_leave_a_short_log_and_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let insert = "INSERT INTO contents (type, body, created_at) VALUES ('text', hex(randomblob(9000)), 0)";
        let mut longest = 0;
        for n in 1..=60_i64 {
            let store = Store::open(&path).unwrap();
            for _ in 0..2 {
                store.conn.execute(insert, []).unwrap();
            }
            drop(store);
            longest = longest.max(fs::metadata(beside(&path, "-wal")).unwrap().len());
            let found: i64 = Store::open(&path)
                .unwrap()
                .conn
                .query_row("SELECT count(*) FROM contents", [], |row| row.get(0))
                .unwrap();
            assert_eq!(found, 2 * n);
        }
        // All that was written is about 3 MiB.
        assert!((100 << 10..400 << 10).contains(&longest), "{longest}");
    }

    /// A reader elsewhere keeps the log from being emptied, as when a person is removed: it grows.
    #[test]
    fn an_old_text_is_written_over_or_cut_off() {
        const TEXT: &str = "what nobody may find";
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wxbox.db");
        let log = beside(&path, "-wal");
        let holds = || fs::read(&log).unwrap().windows(TEXT.len()).any(|part| part == TEXT.as_bytes());
        let insert = "INSERT INTO contents (type, body, created_at) VALUES (?1, hex(randomblob(9000)), 0)";
        let store = Store::open(&path).unwrap();
        let reader = Connection::open(&path).unwrap();
        let look = reader.unchecked_transaction().unwrap();
        look.query_row("SELECT count(*) FROM contents", [], |_| Ok(())).unwrap();
        // Past the end of what is written over each time, and short of what is cut off when a process ends.
        for n in 0..14 {
            let kind = if n == 13 { TEXT } else { "text" };
            store.conn.execute(insert, [kind]).unwrap();
        }
        drop(look);
        drop(reader);
        drop(store);
        assert!(holds() && fs::metadata(&log).unwrap().len() < super::super::LOG_LIMIT);
        for _ in 0..12 {
            let store = Store::open(&path).unwrap();
            store.conn.execute(insert, ["text"]).unwrap();
            store.conn.execute(insert, ["text"]).unwrap();
        }
        assert!(!holds());
    }
}
