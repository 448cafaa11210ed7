//! A send that is killed at each point of its way, as it lies on the disk then, and what goes on from there: whole,
//! nothing lost, nothing twice.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rusqlite::{Connection, TransactionBehavior};
use rustix::process::Signal;

use crate::harness::{LUFFY, NAMI, World};
use crate::relay::{Relay, Side};

const MESSAGE: &str = "/cgi-bin/message/";
const TEMPLATE: &str = "-t backup -d host=db1 -d size=1 -d time=now";

fn world() -> (World, Relay) {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.wxbox("template list").ok();
    let relay = Relay::between(&mut world);
    (world, relay)
}

/// Messages by state, attempts with and without an end, as another program reads them.
fn stands(world: &World) -> String {
    let sql = "SELECT (SELECT group_concat(state, ' ') FROM (SELECT state FROM messages ORDER BY id)) || ', ' ||
        (SELECT count(*) FROM attempts) || ' attempts, ' || (SELECT count(*) FROM attempts WHERE outcome IS NULL) || ' open'";
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    world.sql(sql)
}

#[track_caller]
fn arrived(world: &mut World, delivered: i64) {
    let stats = world.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&delivered.into(), &0.into()));
}

/// Lets it go on as the next minute's cron would.
fn goes_on(world: &World, relay: &Relay) {
    relay.release();
    world.wxbox("-q outbox flush").ok();
}

#[test]
fn after_it_was_queued() {
    for what in [TEMPLATE, "hello"] {
        let (mut world, relay) = world();
        // Without a kept token it queues, and asks for one before it begins an attempt.
        Connection::open(world.database()).unwrap().execute("DELETE FROM tokens", []).unwrap();
        relay.hold(Side::Request, "token");
        let run = world.spawn(&format!("send -u luffy --key k {what}"));
        relay.holds();
        while world.sql::<i64>("SELECT count(*) FROM messages") == 0 {}
        run.signal(Signal::KILL);
        run.end();
        assert_eq!(stands(&world), "queued, 0 attempts, 0 open");
        goes_on(&world, &relay);
        assert_eq!(stands(&world), "sent, 1 attempts, 0 open");
        world.wxbox(&format!("send -u luffy --key k {what}")).ok();
        arrived(&mut world, 1);
    }
}

#[test]
fn after_the_attempt_was_marked_and_before_wechat_heard_of_it() {
    for (what, state) in [(TEMPLATE, "sent, 2 attempts, 0 open"), ("hello", "unknown, 1 attempts, 0 open")] {
        let (mut world, relay) = world();
        relay.hold(Side::Request, MESSAGE);
        let run = world.spawn(&format!("send -u luffy {what}"));
        relay.holds();
        run.signal(Signal::KILL);
        run.end();
        assert_eq!(stands(&world), "queued, 1 attempts, 1 open");
        arrived(&mut world, 0);
        goes_on(&world, &relay);
        assert_eq!(stands(&world), state);
        // What was held goes on to WeChat all the same, as from a slow router: for that, too, it was marked.
        while world.sandbox().stats()["delivered"] != 1 {}
        arrived(&mut world, 1);
    }
}

#[test]
fn after_wechat_took_it_and_before_its_answer() {
    for (what, state) in [(TEMPLATE, "sent, 2 attempts, 0 open"), ("hello", "unknown, 1 attempts, 0 open")] {
        let (mut world, relay) = world();
        relay.hold(Side::Answer, MESSAGE);
        let run = world.spawn(&format!("send -u luffy --key k {what}"));
        relay.holds();
        run.signal(Signal::KILL);
        run.end();
        assert_eq!(stands(&world), "queued, 1 attempts, 1 open");
        arrived(&mut world, 1);
        goes_on(&world, &relay);
        assert_eq!(stands(&world), state);
        // Its key is taken, whether it is known to have arrived or not.
        let again = world.wxbox(&format!("send -u luffy --key k {what}")).status();
        assert_eq!(again, Some(if what == TEMPLATE { 0 } else { 6 }));
        arrived(&mut world, 1);
    }
}

#[test]
fn after_the_answer_and_before_the_outcome_is_written() {
    for (what, state) in [(TEMPLATE, "sent, 2 attempts, 0 open"), ("hello", "unknown, 1 attempts, 0 open")] {
        let (mut world, relay) = world();
        relay.hold(Side::Answer, MESSAGE);
        let mut command = world.command(&format!("-vv send -u luffy {what}"));
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        relay.holds();
        // Nobody else can write from here on.
        let mut database = Connection::open(world.database()).unwrap();
        let held = database.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        relay.release();
        let mut log = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(log.any(|line| line.contains(MESSAGE) && line.contains("HTTP 200")), "the answer is there");
        run.kill().unwrap();
        run.wait().unwrap();
        drop(held);
        drop(database);
        assert_eq!(stands(&world), "queued, 1 attempts, 1 open");
        goes_on(&world, &relay);
        assert_eq!(stands(&world), state);
        arrived(&mut world, 1);
    }
}

#[test]
fn after_the_outcome_was_written() {
    let (mut world, relay) = world();
    // The second is held, so that the process lives when the first is told.
    relay.hold(Side::Answer, MESSAGE);
    let mut run = world.spawn(&format!("--json send -u luffy -u nami --key k {TEMPLATE}"));
    relay.holds();
    relay.hold(Side::Request, MESSAGE);
    let told = run.next_line();
    assert!(told.contains("\"state\":\"sent\""), "{told}");
    relay.holds();
    run.signal(Signal::KILL);
    run.end();
    assert_eq!(stands(&world), "sent queued, 2 attempts, 1 open");
    goes_on(&world, &relay);
    assert_eq!(stands(&world), "sent sent, 3 attempts, 0 open");
    world.wxbox(&format!("send -u luffy -u nami --key k {TEMPLATE}")).ok();
    while world.sandbox().stats()["delivered"] != 2 {}
    arrived(&mut world, 2);
}

/// Killed before its first message was queued, or after its last was done: nothing in the database names it.
#[test]
fn what_is_left_of_who_had_nothing_is_swept() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.sandbox();
    let file = |name: &str| world.database().with_file_name(format!("wxbox.db-worker-{name}"));
    let others = ["0123456789abcdef", "eu", "000000000000000g", "0000000000000000-wal", "00000000000000"].map(file);
    let dead: Vec<_> = (0..3).map(|n| file(&format!("{n:016x}"))).collect();
    let locked = std::fs::File::create(&others[0]).unwrap();
    locked.lock().unwrap();
    dead.iter().chain(&others[1..]).for_each(|path| std::fs::write(path, "").unwrap());
    world.wxbox("send -u luffy hello").ok();
    assert!(dead.iter().all(|path| path.exists()), "a send has no time for that");
    world.wxbox("outbox flush").ok();
    assert!(!dead.iter().any(|path| path.exists()));
    assert!(others.iter().all(|path| path.exists()), "one lives, the others are none");
}
