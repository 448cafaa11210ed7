//! `send.retain`: what is finished for long goes when something is sent.

use crate::harness::{LUFFY, World};

const DAY: i64 = 86_400_000;

/// Three messages that were sent, so many milliseconds ago.
fn aged(ages: [i64; 3]) -> World {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.sandbox();
    for id in 1..=3 {
        world.wxbox(&format!("send -u luffy text-{id}")).ok();
    }
    let database = rusqlite::Connection::open(world.database()).unwrap();
    for (id, age) in (1..).zip(ages) {
        let sql = "UPDATE messages SET created_at = created_at - ?2, sent_at = sent_at - ?2,
                   changed_at = changed_at - ?2, settled_at = settled_at - ?2 WHERE id = ?1";
        assert_eq!(database.execute(sql, [id, age]).unwrap(), 1);
    }
    world
}

fn left(world: &World) -> String {
    let sql = "SELECT group_concat(m.id || ' ' || c.body, ', ' ORDER BY m.id) FROM messages m JOIN contents c ON c.id = m.content_id";
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages"), world.sql::<i64>("SELECT count(*) FROM contents"));
    world.sql::<String>(sql).replace(r#"{"type":"text","content":""#, "").replace("\"}", "")
}

#[test]
fn what_is_older_goes_with_its_content() {
    let world = aged([92 * DAY, 90 * DAY + 60_000, 90 * DAY - 60_000]);
    world.wxbox("send -u luffy now").ok();
    assert_eq!(left(&world), "3 text-3, 4 now");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM attempts"), 2);
}

/// It costs waits for the disk, so not at each send.
#[test]
fn a_hundredth_of_the_time_it_may_stay() {
    let world = aged([90 * DAY + DAY / 2, 90 * DAY, 0]);
    world.wxbox("send -u luffy now").ok();
    assert_eq!(left(&world), "1 text-1, 2 text-2, 3 text-3, 4 now");
    world.wxbox("outbox prune --older-than 90d").ok();
    assert_eq!(left(&world), "3 text-3, 4 now");
}

/// Only the first stays of those that are old, once that is changed.
#[track_caller]
fn stays_alone(world: &World, change: &str) {
    rusqlite::Connection::open(world.database()).unwrap().execute(change, []).unwrap();
    world.wxbox("send -u luffy now").ok();
    assert_eq!(left(world), "1 text-1, 3 text-3, 4 now");
}

#[test]
fn what_was_tried_again_since_stays_and_keeps_no_other() {
    let world = aged([200 * DAY, 200 * DAY, 0]);
    let again = "UPDATE messages SET settled_at = settled_at + 150 * 86400000 WHERE id = 1";
    stays_alone(&world, again);
}

/// It was finished while nobody knew WeChat's time: its age counts from the next answer of WeChat.
#[test]
fn what_was_finished_by_our_clock_alone_stays() {
    let world = aged([200 * DAY, 200 * DAY, 0]);
    stays_alone(&world, "UPDATE messages SET settled_at = NULL WHERE id = 1");
    let since = world.sql::<i64>("SELECT settled_at FROM messages WHERE id = 1");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(since > i64::try_from(now.as_millis()).unwrap() - DAY, "{since}");
}

/// A part that is not sent waits for the one before it, however old that is.
#[test]
fn a_part_that_another_waits_for_stays() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = 1\nreset = \"before\"\n");
    let text = "a line of a text that is too long for one message\n".repeat(60);
    assert_eq!(world.feed("send -u luffy --split -", text).status(), Some(6));
    let states = "SELECT group_concat(state, ' ' ORDER BY id) FROM messages";
    assert_eq!(world.sql::<String>(states), "unknown queued");
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database.execute("UPDATE messages SET changed_at = 1, settled_at = 1, created_at = 1", []).unwrap();
    drop(database);
    assert_eq!(world.wxbox("outbox prune --older-than 1d").ok().stdout(), "removed 0 messages\n");
    world.wxbox("send --openid oNami_draws_maps_of_the_sea1 -t backup -d host=a -d size=b -d time=c").ok();
    world.wxbox("outbox flush").ok();
    assert_eq!(world.sql::<String>(states), "unknown queued sent");
    // Once a person has decided, the rest goes.
    world.wxbox("outbox retry 1").ok();
    world.wxbox("outbox flush").ok();
    assert_eq!(world.sql::<String>(states), "sent sent sent");
}

/// The clock was ahead when it was sent.
#[test]
fn what_is_of_a_time_to_come_keeps_no_other() {
    let world = aged([-400 * DAY, 92 * DAY, 0]);
    world.wxbox("send -u luffy now").ok();
    assert_eq!(left(&world), "1 text-1, 3 text-3, 4 now");
}

#[test]
fn another_accounts_messages_stay() {
    let world = aged([200 * DAY, 200 * DAY, 0]);
    let theirs = "UPDATE messages SET app_id = 'wxffffffffffffffff' WHERE id = 1";
    stays_alone(&world, theirs);
}
