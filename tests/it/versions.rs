//! Databases that earlier versions of wxbox wrote: taken over with all that is in them, after a copy.
//!
//! `tests/fixtures/version-N.db` was written by the wxbox whose schema had N steps: luffy and nami bound to
//! the sandbox's account, usopp with a password, two messages sent and one refused; from 4 on with a file that was
//! uploaded, and subscription templates.

use snapbox::str;

use crate::harness::{World, mode};

/// A home with the database of that version in its place.
fn with_version(version: u8) -> World {
    let world = World::new();
    let fixture = format!("{}/tests/fixtures/version-{version}.db", env!("CARGO_MANIFEST_DIR"));
    world.write(".local/share/wxbox/wxbox.db", std::fs::read(fixture).unwrap());
    world
}

/// What must be there and go on working, whatever wrote the database.
fn works(world: &World) {
    world.wxbox("user list").is(str![[r#"
exit 0
--- stdout
luffy	oLuffy_wears_the_straw_hat_1	crew	captain
nami	oNami_draws_maps_of_the_sea1	crew	
usopp	-		

"#]]);
    world.wxbox("outbox list").is(str![[r#"
exit 0
--- stdout
3	sent	luffy	template	[TIME]	
2	failed	nami	text	[TIME]	WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
1	sent	luffy	text	[TIME]	

"#]]);
    world.wxbox("bind -u usopp --openid oUsopp_tells_a_tall_story_33 --json").ok();
    world.wxbox("send -u luffy -t backup -d host=db2 -d size=1 -d time=04:00").is(str![[r#"
exit 0
--- stdout
sent message 4 (template) to luffy

"#]]);
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn version_1_is_copied_and_brought_up_to_date() {
    let world = with_version(1);
    works(&world);
    assert_eq!(world.sql::<i64>("SELECT user_version FROM pragma_user_version"), 5);
    let copy = world.path(".local/share/wxbox/wxbox.db.v1.bak");
    let copy = rusqlite::Connection::open(copy).unwrap();
    let read = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(read("SELECT user_version FROM pragma_user_version"), 1);
    assert_eq!(read("SELECT count(*) FROM users"), 3);
    assert_eq!(read("SELECT count(*) FROM messages"), 3);
    assert_eq!(read("SELECT count(*) FROM sqlite_schema WHERE name = 'templates'"), 0);
}

#[test]
fn version_2_is_brought_up_to_date() {
    let world = with_version(2);
    works(&world);
    assert_eq!(world.sql::<i64>("SELECT user_version FROM pragma_user_version"), 5);
    assert!(!world.path(".local/share/wxbox/wxbox.db.v1.bak").exists());
    assert!(world.path(".local/share/wxbox/wxbox.db.v2.bak").exists());
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM templates"), 2);
}

#[test]
fn version_3_is_brought_up_to_date() {
    let world = with_version(3);
    works(&world);
    assert_eq!(world.sql::<i64>("SELECT user_version FROM pragma_user_version"), 5);
    assert!(world.path(".local/share/wxbox/wxbox.db.v3.bak").exists());
}

/// The schema says in other words what a message's state and an attempt's outcome can be, and no person's id is given
/// twice.
#[test]
fn version_4_is_brought_up_to_date() {
    let world = with_version(4);
    works(&world);
    assert_eq!(world.sql::<i64>("SELECT user_version FROM pragma_user_version"), 5);
    assert!(world.path(".local/share/wxbox/wxbox.db.v4.bak").exists());
    world.wxbox("user remove usopp --yes").ok();
    world.wxbox("user add zoro").ok();
    assert_eq!(world.sql::<i64>("SELECT id FROM users WHERE username = 'zoro'"), 4);
    let database = rusqlite::Connection::open(world.database()).unwrap();
    for word in ["queued", "sent", "failed", "unknown", "cancelled", "expired"] {
        database.execute("UPDATE messages SET state = ?1 WHERE id = 1", [word]).unwrap();
    }
    for word in ["accepted", "refused", "not_sent", "ambiguous"] {
        database.execute("UPDATE attempts SET outcome = ?1 WHERE message_id = 1", [word]).unwrap();
    }
    database.execute("UPDATE attempts SET outcome = NULL WHERE message_id = 1", []).unwrap();
    for bad in ["UPDATE messages SET state = 'gone'", "UPDATE attempts SET outcome = 'gone'"] {
        let error = database.execute(bad, []).unwrap_err();
        assert!(error.to_string().contains("CHECK constraint failed"), "{bad}: {error}");
    }
}

#[test]
fn version_5_is_used_as_it_is() {
    let world = with_version(5);
    works(&world);
    assert!(!world.path(".local/share/wxbox/wxbox.db.v4.bak").exists());
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM subscriptions"), 2);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM media"), 1);
}

/// A process of version 2 was killed between an attempt and its answer.
#[test]
fn an_attempt_that_version_2_left_open_may_have_arrived() {
    let world = with_version(2);
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let open = "UPDATE messages SET state = 'queued', due_at = 0, sent_at = NULL WHERE id = 1;
        UPDATE attempts SET outcome = NULL, ended_at = NULL WHERE message_id = 1";
    database.execute_batch(open).unwrap();
    drop(database);
    world.wxbox("outbox list --state unknown").is(str![[r#"
exit 0
--- stdout
1	unknown	luffy	text	[TIME]	the process that sent it ended before WeChat answered

"#]]);
}

#[test]
fn a_copy_of_a_closed_database_is_closed_too() {
    use std::os::unix::fs::PermissionsExt;
    let world = with_version(1);
    mode(&world.database(), 0o644);
    world.wxbox("user list").ok();
    let mode = |name: &str| std::fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".local/share/wxbox/wxbox.db.v1.bak"), 0o600);
    assert_eq!(mode(".local/share/wxbox/wxbox.db") & 0o007, 0);
}
