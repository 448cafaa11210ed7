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
        let messages = "UPDATE messages SET created_at = created_at - ?2, sent_at = sent_at - ?2 WHERE id = ?1";
        let attempts =
            "UPDATE attempts SET started_at = started_at - ?2, ended_at = ended_at - ?2 WHERE message_id = ?1";
        for sql in [messages, attempts] {
            assert_eq!(database.execute(sql, [id, age]).unwrap(), 1);
        }
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
    let again = "UPDATE attempts SET ended_at = ended_at + 150 * 86400000 WHERE message_id = 1";
    stays_alone(&world, again);
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
