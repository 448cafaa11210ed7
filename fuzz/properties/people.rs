//! Files of people: all of them are taken, and come out again as they went in, or nobody is.

use std::ffi::OsString;
use std::sync::LazyLock;

use super::run::{RunOutput, TestHome};

static HOME: LazyLock<TestHome> = LazyLock::new(TestHome::new);

/// A CSV file, or JSON Lines.
pub fn check_user_import(bytes: &[u8]) {
    // A password in clear costs a hash each, on purpose.
    let clear = bytes.windows(8).any(|part| part.eq_ignore_ascii_case(b"password")) || bytes.contains(&b'\\');
    if clear && bytes.iter().filter(|byte| **byte == b'\n' || **byte == b'\r').count() > 3 {
        return;
    }
    let file = HOME.write_file("people", bytes);
    let ran = import("one.db", file.into());
    let people = export("one.db");
    match ran.status {
        0 => {
            let again = import("two.db", HOME.write_file("again.csv", people.as_bytes()).into());
            assert_eq!(again.status, 0, "{people}{again:?}");
            assert_eq!(export("two.db"), people, "what was exported is not what was imported");
        }
        2 | 4 => {
            assert_eq!(people.lines().count(), 1, "some were taken: {people}{ran:?}");
            assert!(!ran.stderr.is_empty(), "{ran:?}");
        }
        _ => panic!("{ran:?}"),
    }
}

/// Into a database with nobody in it.
fn import(database: &str, file: OsString) -> RunOutput {
    for part in ["-wal", "-shm"] {
        // What the last run left belongs to the database that it was.
        let _ = std::fs::remove_file(HOME.path(&format!("{database}{part}")));
    }
    std::fs::copy(HOME.path("wxbox.db"), HOME.path(database)).unwrap();
    HOME.run(database, ["user".into(), "import".into(), file])
}

fn export(database: &str) -> String {
    let ran = HOME.run(database, ["user", "export"].map(Into::into));
    assert_eq!(ran.status, 0, "{ran:?}");
    ran.stdout
}
