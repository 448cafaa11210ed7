//! The database across versions of wxbox. Before the first release there is one schema.

use crate::support::env::TestEnv;

/// `tests/fixtures/unreleased.db` was written by a development build.
#[test]
fn unreleased_database_is_rejected_unchanged() {
    let env = TestEnv::new();
    let fixture = std::fs::read(format!("{}/tests/fixtures/unreleased.db", env!("CARGO_MANIFEST_DIR"))).unwrap();
    env.write_file(".local/share/wxbox/wxbox.db", &fixture);
    for line in ["user list", "send --user luffy hello", "outbox flush", "user add zoro"] {
        let run = env.run(line);
        assert_eq!(run.status(), Some(1), "{line}");
        let said = "is of a development build from before the first release";
        assert!(run.stderr().contains(said), "{line}: {}", run.stderr());
    }
    assert!(std::fs::read(env.database_path()).unwrap() == fixture);
}
