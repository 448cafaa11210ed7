//! Faults × text and template × one and several: what becomes of the messages, how often each was tried, what
//! arrived, and the exit status.

use serde_json::Value;

use crate::harness::{BACKUP, LUFFY, World};

/// What comes of a fault: the state, the attempts, how many arrived, and the exit status; for a text and for a
/// template to one person, then the same to five where only the second is struck.
struct Row {
    fault: &'static str,
    text: End,
    template: End,
}

type End = (&'static str, i64, i64, i32);

/// Where the fault strikes once, at the first call.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { fault: "errcode = -1", text: ("sent", 2, 1, 0), template: ("sent", 2, 1, 0) },
    Row { fault: "errcode = 45011", text: ("sent", 2, 1, 0), template: ("sent", 2, 1, 0) },
    Row { fault: "errcode = 42001", text: ("sent", 2, 1, 0), template: ("sent", 2, 1, 0) },
    Row { fault: "errcode = 45009", text: ("queued", 1, 0, 6), template: ("queued", 1, 0, 6) },
    Row { fault: "errcode = 40003", text: ("failed", 1, 0, 5), template: ("failed", 1, 0, 5) },
    Row { fault: "errcode = 43004", text: ("failed", 1, 0, 5), template: ("failed", 1, 0, 5) },
    Row { fault: "errcode = 40037", text: ("failed", 1, 0, 5), template: ("failed", 1, 0, 5) },
    Row { fault: "errcode = 40164", text: ("queued", 1, 0, 3), template: ("queued", 1, 0, 3) },
    Row { fault: "status = 502", text: ("unknown", 1, 0, 6), template: ("sent", 2, 1, 0) },
    Row { fault: "status = 502\nprocessed = true", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    Row { fault: "truncated = true", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    Row { fault: "reset = \"before\"", text: ("unknown", 1, 0, 6), template: ("sent", 2, 1, 0) },
    Row { fault: "reset = \"after\"", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    Row { fault: "hang = \"before\"", text: ("unknown", 1, 0, 6), template: ("sent", 2, 1, 0) },
    Row { fault: "hang = \"after\"", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    Row { fault: "drip = \"200ms\"", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    Row { fault: "content_type = \"text/html\"", text: ("sent", 1, 1, 0), template: ("sent", 1, 1, 0) },
    Row { fault: "delay = \"20ms\"", text: ("sent", 1, 1, 0), template: ("sent", 1, 1, 0) },
];

const TEMPLATE: &str = "-t backup -d host=db1 -d size=1 -d time=now";

fn world(fault: &str, nth: usize) -> World {
    let more = format!("crowd = 5\n[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = {nth}\ntimes = 1\n{fault}\n");
    let world = World::of(&more);
    world.reconfigure(&[("wait = \"0s\"", "wait = \"20s\""), ("[network]", "[network]\ntimeout = \"1s\"")]);
    world.wxbox("token").ok();
    world
}

fn one(fault: &str, what: &str, (state, attempts, arrived, exit): End) {
    let mut world = world(fault, 1);
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    let ran = world.wxbox(&format!("send --json -u luffy {what}"));
    let found = (ran.json()[0]["state"].as_str().unwrap().to_owned(), ran.json()[0]["attempts"].clone());
    let stats = world.sandbox().stats();
    assert_eq!((found.0.as_str(), found.1, ran.status()), (state, attempts.into(), Some(exit)), "{fault}");
    assert_eq!((&stats["delivered"], &stats["twice"]), (&arrived.into(), &0.into()), "{fault}");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM attempts"), attempts, "{fault}");
    let open = "SELECT count(*) FROM attempts WHERE outcome IS NULL";
    assert_eq!(world.sql::<i64>(open), 0, "{fault}: no attempt is left open");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE worker NOTNULL"), 0, "{fault}");
}

fn several(fault: &str, what: &str, (state, attempts, arrived, _): End) {
    let mut world = world(fault, 2);
    world.crowd(5);
    let ran = world.wxbox(&format!("send --json --all {what}"));
    let messages = ran.json();
    let of = |state: &str| messages.iter().filter(|it| it["state"] == state).count();
    let stopped = fault.contains("40164") || fault.contains("45009");
    let refused = fault.contains("40037");
    // What is everybody's trouble strikes all who come after, too; none of them is tried.
    let (sent, struck) = match (state, stopped || refused) {
        ("sent", _) => (5, 0),
        (_, true) => (1, 4),
        (_, false) => (4, 1),
    };
    assert_eq!(messages.len(), 5, "{fault}");
    assert_eq!((of("sent"), messages.len() - of("sent")), (sent, struck), "{fault}: {messages:?}");
    if state != "sent" {
        assert_eq!(of(state), struck, "{fault}");
    }
    let tries: i64 = messages.iter().map(|it| it["attempts"].as_i64().unwrap()).sum();
    let untried = if stopped || refused { 3 } else { 0 };
    assert_eq!(tries, 4 - untried + attempts, "{fault}");
    let exit = match (state, struck) {
        ("sent", _) => 0,
        ("failed", _) => 7,
        _ => 6,
    };
    assert_eq!(ran.status(), Some(exit), "{fault}");
    let stats = world.sandbox().stats();
    let arrived = if state == "sent" { 5 } else { i64::try_from(sent).unwrap() + arrived };
    assert_eq!((&stats["delivered"], &stats["twice"]), (&arrived.into(), &0.into()), "{fault}");
}

#[test]
fn a_text_to_one() {
    ROWS.iter().for_each(|row| one(row.fault, "hello", row.text));
}

#[test]
fn a_template_to_one() {
    ROWS.iter().for_each(|row| one(row.fault, TEMPLATE, row.template));
}

#[test]
fn a_text_to_several() {
    ROWS.iter().for_each(|row| several(row.fault, "hello", row.text));
}

#[test]
fn a_template_to_several() {
    ROWS.iter().for_each(|row| several(row.fault, TEMPLATE, row.template));
}

/// Whoever is told that they do not follow is left out until something reaches them.
#[test]
fn a_mark_lasts_until_something_arrives() {
    let world = world("errcode = 43004", 1);
    world.crowd(2);
    assert_eq!(world.wxbox(&format!("send --all {TEMPLATE}")).status(), Some(7));
    let reachable = "SELECT count(*) FROM bindings WHERE unreachable IS NULL";
    assert_eq!(world.sql::<i64>(reachable), 1);
    let again = world.wxbox(&format!("send --json --all {TEMPLATE}")).ok();
    assert_eq!(again.json().len(), 1);
    assert!(again.stderr().contains("crowd000001"), "{}", again.stderr());
    world.wxbox(&format!("send -u crowd000001 {TEMPLATE}")).ok();
    assert_eq!(world.sql::<i64>(reachable), 2);
}

/// The second host takes what the first did not: at once where nothing has left, and after its HTTP 5xx as a further
/// attempt, where WeChat drops a repeat. A host that failed is not asked again for a while.
#[test]
fn the_next_host_takes_over() {
    let broken = "crowd = 3\n[[faults]]\napi = \"/cgi-bin/message/*\"\nstatus = 502\n";
    for (what, state, asked) in [("hello", "unknown", 1), (TEMPLATE, "sent", 1)] {
        let (mut first, mut second) = (World::of(broken), World::of("crowd = 3\n"));
        first.crowd(3);
        let (one, other) = (first.sandbox().url.clone(), second.sandbox().url.clone());
        first.reconfigure(&[
            (&format!("api_base = \"{one}\""), &format!("api_base = [\"{one}\", \"{other}\"]")),
            ("wait = \"0s\"", "wait = \"20s\""),
        ]);
        // The second host is the same platform: it takes the token of the first. Sandboxes share none, so it is its own.
        second.crowd(3);
        let token = second.wxbox("token").ok().stdout().trim().to_owned();
        first.wxbox("token").ok();
        let database = rusqlite::Connection::open(first.database()).unwrap();
        database.execute("UPDATE tokens SET token = ?1", [&token]).unwrap();
        let ran = first.wxbox(&format!("send --json -u crowd000001 {what}"));
        assert_eq!(ran.json()[0]["state"], state, "{what}");
        let calls = |world: &mut World| world.sandbox().stats()["calls"].clone();
        let path = if what == TEMPLATE { "/cgi-bin/message/template/send" } else { "/cgi-bin/message/custom/send" };
        assert_eq!(calls(&mut first)[path], asked);
        if state == "sent" {
            first.wxbox(&format!("send -u crowd000002 -u crowd000003 {what}")).ok();
            assert_eq!(calls(&mut first)[path], 2, "once for two: then it rests");
            assert_eq!(second.sandbox().stats()["delivered"], 3);
        }
    }
}

#[test]
fn a_host_out_of_reach_is_passed_over() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    let url = world.sandbox().url.clone();
    let both = format!("api_base = [\"http://127.0.0.1:1\", \"{url}\"]");
    world.reconfigure(&[(&format!("api_base = \"{url}\""), &both)]);
    world.wxbox("send -u luffy hello").ok();
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM attempts"), 1);
}

#[test]
fn every_row_is_a_fault_that_the_sandbox_has() {
    let struck = |fault: &str| -> Vec<Value> {
        let mut world = world(fault, 1);
        world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
        world.wxbox(&format!("send -u luffy -t {BACKUP} -d host=a -d size=b -d time=c"));
        world.sandbox().lines().into_iter().filter(|line| !line["fault"].is_null()).collect()
    };
    for row in ROWS {
        assert_eq!(struck(row.fault).len(), 1, "{}", row.fault);
    }
}
