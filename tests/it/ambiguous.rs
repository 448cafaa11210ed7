//! What may have arrived: no later refusal, cancellation or retry takes that back, and it keeps its key.

use crate::harness::{LUFFY, NAMI, World};

const TEMPLATE: &str = "-t backup -d host=db1 -d size=1 -d time=now";
const MESSAGES: &str = "[[faults]]\napi = \"/cgi-bin/message/*\"\n";

/// luffy is bound, and the calls that send meet these faults, one after the other.
fn world(faults: &[&str]) -> World {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    meets(&mut world, faults);
    world
}

fn meets(world: &mut World, faults: &[&str]) {
    let plan: String = faults.iter().map(|fault| format!("{MESSAGES}{fault}\n")).collect();
    world.sandbox().form("faults", plan);
}

fn delivered(world: &mut World) -> i64 {
    world.sandbox().stats()["delivered"].as_i64().unwrap()
}

fn states(world: &World) -> String {
    world.sql("SELECT group_concat(state, ' ' ORDER BY id) FROM messages")
}

/// All that was tried or put off so long ago, by all clocks.
fn pass(world: &mut World, seconds: i64) {
    world.sandbox().form("clock", format!("forward={seconds}s"));
    let (ms, up) = (seconds * 1000, "substr(started_up, 1, instr(started_up, ':')) || ");
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let sql = format!(
        "UPDATE attempts SET started_at = started_at - {ms}, started_up = {up}
         (CAST(substr(started_up, instr(started_up, ':') + 1) AS INTEGER) - {ms});
         UPDATE messages SET due_at = due_at - {ms}, changed_at = changed_at - {ms}"
    );
    database.execute_batch(&sql).unwrap();
}

#[test]
fn a_refusal_of_the_repeat_leaves_it_unknown_with_its_key() {
    for refusal in ["errcode = 43004", "errcode = 40037", "errcode = 47003", "errcode = 40003"] {
        let mut world = world(&["nth = 1\nreset = \"after\"", &format!("nth = 2\n{refusal}")]);
        assert_eq!(world.wxbox(&format!("send -u luffy {TEMPLATE} --key K")).status(), Some(6), "{refusal}");
        pass(&mut world, 90);
        assert_eq!(world.wxbox("outbox flush").status(), Some(6), "{refusal}");
        assert_eq!(states(&world), "unknown", "{refusal}");
        meets(&mut world, &[]);
        assert_eq!(world.wxbox(&format!("send -u luffy {TEMPLATE} --key K")).status(), Some(6), "{refusal}");
        assert_eq!(delivered(&mut world), 1, "{refusal}");
        let shown = world.wxbox("--json outbox show 1").ok();
        let outcomes: Vec<_> =
            shown.json()[0]["history"].as_array().unwrap().iter().map(|it| it["outcome"].clone()).collect();
        assert_eq!(outcomes, ["ambiguous", "refused"], "both answers are shown");
    }
}

#[test]
fn anothers_refusal_does_not_fail_it() {
    let mut world = world(&["nth = 1\nreset = \"after\"", "nth = 2\nerrcode = 40037"]);
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.wxbox(&format!("send -u luffy {TEMPLATE}"));
    world.wxbox(&format!("send -u nami --no-wait {TEMPLATE}")).ok();
    // The other one comes first.
    world.sql::<i64>("UPDATE messages SET due_at = 1 WHERE id = 2 RETURNING 1");
    pass(&mut world, 90);
    world.wxbox("outbox flush");
    assert_eq!(states(&world), "unknown failed");
    assert_eq!(delivered(&mut world), 1);
}

/// 45009 holds what comes after it for the day, and makes nothing of it that was not tried.
#[test]
fn one_messages_end_is_not_that_of_all() {
    let mut world = world(&["nth = 1\nreset = \"after\"", "nth = [2, 3, 4, 5]\nerrcode = 45009"]);
    world.reconfigure(&[("concurrency = 1", "concurrency = 1\nmax_attempts = 2")]);
    world.wxbox(&format!("send -u luffy {TEMPLATE}"));
    for _ in 0..3 {
        world.wxbox(&format!("send -u luffy --no-wait {TEMPLATE}")).ok();
    }
    pass(&mut world, 90);
    world.sql::<i64>("UPDATE messages SET due_at = 1 WHERE id = 1 RETURNING 1");
    world.wxbox("outbox flush");
    assert_eq!(states(&world), "unknown queued queued queued");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM attempts WHERE message_id > 1"), 0);
    meets(&mut world, &[]);
    assert_eq!(world.wxbox("outbox flush").ok().stdout(), "", "they wait for midnight");
    world.wxbox("quota clear --yes").ok();
    world.wxbox("outbox flush").ok();
    assert_eq!(states(&world), "unknown sent sent sent");
    assert_eq!(delivered(&mut world), 4);
}

#[test]
fn all_that_waits_goes_by_retry_queued() {
    let mut world = world(&["nth = 1\nerrcode = 45009"]);
    assert_eq!(world.wxbox(&format!("send -u luffy {TEMPLATE}")).status(), Some(6));
    assert_eq!(world.wxbox("outbox flush").ok().stdout(), "");
    world.wxbox("outbox retry --queued").ok();
    assert_eq!((states(&world), delivered(&mut world)), ("sent".into(), 1));
}

#[test]
fn to_cancel_it_ends_its_repeats_and_keeps_its_key() {
    for cancel in ["outbox cancel 1", "outbox cancel --all"] {
        let mut world = world(&["nth = 1\nreset = \"after\""]);
        world.wxbox(&format!("send -u luffy {TEMPLATE} --key K"));
        assert_eq!(world.wxbox(cancel).status(), Some(6), "{cancel}");
        assert_eq!(states(&world), "unknown", "{cancel}");
        assert_eq!(world.wxbox(&format!("send -u luffy {TEMPLATE} --key K")).status(), Some(6));
        world.wxbox("outbox flush").ok();
        assert_eq!(delivered(&mut world), 1, "{cancel}");
        world.wxbox(&format!("send -u luffy --no-wait {TEMPLATE}")).ok();
        world.wxbox(&format!("send -u luffy --no-wait {TEMPLATE}")).ok();
        let both = if cancel.ends_with('1') { "outbox cancel 1 2" } else { cancel };
        assert_eq!(world.wxbox(both).status(), Some(if cancel.ends_with('1') { 4 } else { 0 }), "{both}");
    }
}

/// Within WeChat's ten minutes `retry` is no more than "now": what it leaves is not repeated after them.
#[test]
fn to_retry_it_does_not_forget_it() {
    let mut world = world(&["nth = 1\nreset = \"after\"", "nth = 2\nerrcode = -1"]);
    world.wxbox(&format!("send -u luffy {TEMPLATE} --key K"));
    assert_eq!(world.wxbox("outbox retry 1").stderr().matches("may arrive twice").count(), 0);
    assert_eq!(states(&world), "queued");
    pass(&mut world, 1200);
    assert_eq!(world.wxbox("outbox flush").status(), Some(6));
    assert_eq!((states(&world), delivered(&mut world)), ("unknown".into(), 1));
    // A person who wants it twice is told so.
    let ran = world.wxbox("outbox retry 1").ok();
    assert!(ran.stderr().contains("it may arrive twice"), "{}", ran.stderr());
    assert_eq!((states(&world), delivered(&mut world)), ("sent".into(), 2));
}

#[test]
fn a_retry_that_is_refused_and_what_comes_after_leave_it_unknown() {
    for after in ["unbind -u luffy", "outbox cancel 1"] {
        let mut world = world(&["nth = 1\nreset = \"after\"", "nth = 2\nerrcode = 40164"]);
        world.wxbox(&format!("send -u luffy {TEMPLATE}"));
        pass(&mut world, 1200);
        world.wxbox("outbox retry 1");
        assert_eq!(states(&world), "queued");
        world.wxbox(after);
        assert_eq!((states(&world), delivered(&mut world)), ("unknown".into(), 1), "{after}");
    }
}

#[test]
fn two_hosts_are_two_attempts_once_the_first_may_have_taken_it() {
    let mut world = world(&["nth = 1\nstatus = 502\nprocessed = true", "nth = [2, 3]\nerrcode = -1"]);
    let url = world.sandbox().url.clone();
    let other = url.replace("127.0.0.1", "localhost");
    world.reconfigure(&[(&format!("api_base = \"{url}\""), &format!("api_base = [\"{url}\", \"{other}\"]"))]);
    assert_eq!(world.wxbox(&format!("send -u luffy {TEMPLATE}")).status(), Some(6));
    assert_eq!(world.sql::<String>("SELECT group_concat(outcome) FROM attempts"), "ambiguous");
    for _ in 0..3 {
        pass(&mut world, 300);
        world.wxbox("outbox flush");
    }
    assert_eq!((states(&world), delivered(&mut world)), ("unknown".into(), 1));
}
