//! Imports of users: all users of a file are imported and exported unchanged, or none is.

use std::ffi::OsString;
use std::sync::LazyLock;

use super::run::{RunOutput, TestHome};

static HOME: LazyLock<TestHome> = LazyLock::new(TestHome::new);

/// The input is a CSV file or JSON Lines.
pub fn check_user_import(bytes: &[u8]) {
    // Each plain password costs an expensive hash.
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
            assert_eq!(export("two.db"), people, "the export differs from the import");
        }
        2 | 4 => {
            assert_eq!(people.lines().count(), 1, "some users were imported: {people}{ran:?}");
            assert!(!ran.stderr.is_empty(), "{ran:?}");
        }
        _ => panic!("{ran:?}"),
    }
}

/// Imports into a database without users.
fn import(database: &str, file: OsString) -> RunOutput {
    for part in ["-wal", "-shm"] {
        // Sidecar files of the previous run belong to its database.
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
