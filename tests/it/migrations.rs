//! The database across versions of wxbox. Nothing was released yet, so there is one schema;
//! databases of earlier development builds are rejected.

use crate::support::env::TestEnv;

const REJECTION: &str = "was created by a development version before the first release";

fn assert_rejected_unchanged(env: &TestEnv) {
    let before = std::fs::read(env.database_path()).unwrap();
    for line in ["user list", "send --user luffy hello", "outbox flush", "user add zoro"] {
        let run = env.run(line);
        assert_eq!(run.status(), Some(1), "{line}");
        assert!(run.stderr().contains(REJECTION), "{line}: {}", run.stderr());
    }
    assert!(std::fs::read(env.database_path()).unwrap() == before);
}

/// `tests/fixtures/unreleased.db` was written by a development build.
#[test]
fn unreleased_database_is_rejected_unchanged() {
    let env = TestEnv::new();
    let fixture = std::fs::read(format!("{}/tests/fixtures/unreleased.db", env!("CARGO_MANIFEST_DIR"))).unwrap();
    env.write_file(".local/share/wxbox/wxbox.db", &fixture);
    assert_rejected_unchanged(&env);
}

#[test]
fn unreleased_schema_is_rejected_unchanged() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    // The schema is the last byte of `user_version`, 1 in the last development builds.
    let version: i32 = database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    database.pragma_update(None, "user_version", (version & !0xff) | 1).unwrap();
    drop(database);
    assert_rejected_unchanged(&env);
}
