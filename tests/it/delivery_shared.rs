//! Any number of processes on one database share the work.

use crate::harness::World;

const TEMPLATE: &str = "-t backup -d host=db1 -d size=1 -d time=now";

fn crowd(count: usize) -> World {
    let world = World::of(&format!("crowd = {count}\n[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"5ms\"\n"));
    world.reconfigure(&[("wait = \"0s\"", "wait = \"20s\""), ("concurrency = 1", "concurrency = 4")]);
    world.crowd(count);
    world.wxbox("token").ok();
    world
}

#[test]
fn ten_processes_send_each_message_once() {
    let mut world = crowd(300);
    world.wxbox(&format!("-q send --no-wait --all {TEMPLATE}")).ok();
    let runs: Vec<_> = (0..10).map(|_| world.spawn("outbox flush --json")).collect();
    let told: Vec<usize> = runs.into_iter().map(|run| run.end().ok().json().len()).collect();
    world.sandbox().lines();
    assert_eq!(told.iter().sum::<usize>(), 300, "{told:?}");
    let stats = world.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&300.into(), &0.into()));
    assert_eq!(stats["calls"]["/cgi-bin/message/template/send"], 300, "nothing was sent for WeChat to drop");
}

/// A broadcast of which another process takes a share tells how all of it ended.
#[test]
fn a_send_tells_of_what_another_process_took() {
    let mut world = crowd(200);
    let mut send = world.spawn(&format!("send --json --all --concurrency 1 {TEMPLATE}"));
    send.next_line();
    let flushed = world.wxbox("outbox flush --json").ok().json().len();
    let mut told = send.end().ok().json();
    world.sandbox().lines();
    assert_eq!(told.len(), 200);
    told.sort_by_key(|it| it["id"].as_i64());
    told.dedup_by_key(|it| it["id"].as_i64());
    assert_eq!(told.len(), 200, "each once");
    assert!(flushed > 0);
    assert_eq!(world.sandbox().stats()["twice"], 0);
}

/// What a killed process had of a broadcast, and had not begun, goes back to the broadcast, which has nothing else to do
/// then.
#[test]
fn a_send_ends_though_another_process_that_had_its_messages_was_killed() {
    let mut world = crowd(6);
    world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"100ms\"\n");
    let send = world.spawn(&format!("send --json --all --concurrency 1 {TEMPLATE}"));
    let workers = "SELECT count(DISTINCT worker) FROM messages WHERE worker NOTNULL";
    while world.sql::<i64>("SELECT count(*) FROM attempts") == 0 {}
    let flush = world.spawn("-q outbox flush");
    while world.sql::<i64>(workers) < 2 && world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'sent'") < 3 {}
    flush.signal(rustix::process::Signal::KILL);
    flush.end();
    // A template that was under way when the process was killed is repeated, and WeChat drops the repeat.
    let told = send.end().ok().json();
    assert_eq!(told.len(), 6);
    let stats = world.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&6.into(), &0.into()));
}
