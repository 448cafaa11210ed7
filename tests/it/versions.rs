//! The database across versions of wxbox. Before the first release there is one schema.

use crate::harness::World;

/// `tests/fixtures/unreleased.db` was written by a development build.
#[test]
fn a_database_of_a_development_build_is_refused_and_left_as_it_is() {
    let world = World::new();
    let fixture = std::fs::read(format!("{}/tests/fixtures/unreleased.db", env!("CARGO_MANIFEST_DIR"))).unwrap();
    world.write(".local/share/wxbox/wxbox.db", &fixture);
    for line in ["user list", "send --user luffy hello", "outbox flush", "user add zoro"] {
        let run = world.wxbox(line);
        assert_eq!(run.status(), Some(1), "{line}");
        let said = "is of a development build from before the first release";
        assert!(run.stderr().contains(said), "{line}: {}", run.stderr());
    }
    assert!(std::fs::read(world.database()).unwrap() == fixture);
}
