//! A send that is killed at each step: the state of the database at that moment, and the recovery.
//! The database is intact, no message is lost, and none is delivered twice.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rusqlite::{Connection, TransactionBehavior};
use rustix::process::Signal;

use crate::support::env::{NAMI, TEMPLATE_ARGS, TestEnv};
use crate::support::proxy::{Direction, InterceptingProxy};

const MESSAGE_PATH: &str = "/cgi-bin/message/";

fn env_with_proxy() -> (TestEnv, InterceptingProxy) {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run("template list").assert_success();
    let relay = InterceptingProxy::in_front_of(&mut env);
    (env, relay)
}

/// Returns the messages by state, and the number of finished and unfinished attempts, as another
/// program reads them.
fn outbox_summary(env: &TestEnv) -> String {
    let sql = "SELECT (SELECT group_concat(state, ' ') FROM (SELECT state FROM messages ORDER BY id)) || ', ' ||
        (SELECT count(*) FROM attempts) || ' attempts, ' || (SELECT count(*) FROM attempts WHERE outcome IS NULL) || ' open'";
    assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
    assert_eq!(env.count("pragma_foreign_key_check"), 0);
    env.query(sql)
}

#[track_caller]
fn assert_delivered(env: &mut TestEnv, delivered: i64) {
    let stats = env.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&delivered.into(), &0.into()));
}

/// Runs the same recovery as cron, which would run it a minute later.
fn flush_after_kill(env: &TestEnv, relay: &InterceptingProxy) {
    relay.resume_all();
    env.run("-q outbox flush").assert_success();
}

#[test]
fn killed_after_enqueue() {
    for what in [TEMPLATE_ARGS, "hello"] {
        let (mut env, relay) = env_with_proxy();
        // Without a cached token the send queues the message, and fetches a token before it starts
        // an attempt.
        Connection::open(env.database_path()).unwrap().execute("DELETE FROM tokens", []).unwrap();
        relay.pause_at(Direction::Request, "token");
        let run = env.spawn(&format!("send -u luffy --key k {what}"));
        relay.expect_arrival();
        while env.count("messages") == 0 {}
        run.signal(Signal::KILL);
        run.wait();
        assert_eq!(outbox_summary(&env), "queued, 0 attempts, 0 open");
        flush_after_kill(&env, &relay);
        assert_eq!(outbox_summary(&env), "sent, 1 attempts, 0 open");
        env.run(&format!("send -u luffy --key k {what}")).assert_success();
        assert_delivered(&mut env, 1);
    }
}

#[test]
fn killed_before_request_reaches_wechat() {
    for (what, state) in [(TEMPLATE_ARGS, "sent, 2 attempts, 0 open"), ("hello", "unknown, 1 attempts, 0 open")] {
        let (mut env, relay) = env_with_proxy();
        relay.pause_at(Direction::Request, MESSAGE_PATH);
        let run = env.spawn(&format!("send -u luffy {what}"));
        relay.expect_arrival();
        run.signal(Signal::KILL);
        run.wait();
        assert_eq!(outbox_summary(&env), "queued, 1 attempts, 1 open");
        assert_delivered(&mut env, 0);
        flush_after_kill(&env, &relay);
        assert_eq!(outbox_summary(&env), state);
        // The paused request reaches WeChat nevertheless, as from a slow router: the message was
        // marked for that case, too.
        while env.sandbox().stats()["delivered"] != 1 {}
        assert_delivered(&mut env, 1);
    }
}

#[test]
fn killed_before_response() {
    for (what, state) in [(TEMPLATE_ARGS, "sent, 2 attempts, 0 open"), ("hello", "unknown, 1 attempts, 0 open")] {
        let (mut env, relay) = env_with_proxy();
        relay.pause_at(Direction::Response, MESSAGE_PATH);
        let run = env.spawn(&format!("send -u luffy --key k {what}"));
        relay.expect_arrival();
        run.signal(Signal::KILL);
        run.wait();
        assert_eq!(outbox_summary(&env), "queued, 1 attempts, 1 open");
        assert_delivered(&mut env, 1);
        flush_after_kill(&env, &relay);
        assert_eq!(outbox_summary(&env), state);
        // The key is in use, even if the delivery is ambiguous.
        let again = env.run(&format!("send -u luffy --key k {what}")).status();
        assert_eq!(again, Some(if what == TEMPLATE_ARGS { 0 } else { 6 }));
        assert_delivered(&mut env, 1);
    }
}

#[test]
fn killed_before_outcome_is_saved() {
    for (what, state) in [(TEMPLATE_ARGS, "sent, 2 attempts, 0 open"), ("hello", "unknown, 1 attempts, 0 open")] {
        let (mut env, relay) = env_with_proxy();
        relay.pause_at(Direction::Response, MESSAGE_PATH);
        let mut command = env.command(&format!("-vv send -u luffy {what}"));
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        relay.expect_arrival();
        // From here on, no other process can write.
        let mut database = Connection::open(env.database_path()).unwrap();
        let lock = database.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        relay.resume_all();
        let mut log = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(log.any(|line| line.contains(MESSAGE_PATH) && line.contains("HTTP 200")), "the answer is there");
        run.kill().unwrap();
        run.wait().unwrap();
        drop(lock);
        drop(database);
        assert_eq!(outbox_summary(&env), "queued, 1 attempts, 1 open");
        flush_after_kill(&env, &relay);
        assert_eq!(outbox_summary(&env), state);
        assert_delivered(&mut env, 1);
    }
}

#[test]
fn killed_after_outcome_is_saved() {
    let (mut env, relay) = env_with_proxy();
    // The second message is paused, so that the process is alive when the first is reported.
    relay.pause_at(Direction::Response, MESSAGE_PATH);
    let mut run = env.spawn(&format!("--json send -u luffy -u nami --key k {TEMPLATE_ARGS}"));
    relay.expect_arrival();
    relay.pause_at(Direction::Request, MESSAGE_PATH);
    let report = run.expect_line();
    assert!(report.contains("\"state\":\"sent\""), "{report}");
    relay.expect_arrival();
    run.signal(Signal::KILL);
    run.wait();
    assert_eq!(outbox_summary(&env), "sent queued, 2 attempts, 1 open");
    flush_after_kill(&env, &relay);
    assert_eq!(outbox_summary(&env), "sent sent, 3 attempts, 0 open");
    env.run(&format!("send -u luffy -u nami --key k {TEMPLATE_ARGS}")).assert_success();
    while env.sandbox().stats()["delivered"] != 2 {}
    assert_delivered(&mut env, 2);
}

/// The process was killed before its first message was queued or after its last was finished:
/// nothing in the database refers to it.
#[test]
fn flush_removes_stale_worker_locks() {
    let mut env = TestEnv::with_bound_luffy();
    env.sandbox();
    let file = |name: &str| env.database_path().with_file_name(format!("wxbox.db-worker-{name}"));
    let others = ["0123456789abcdef", "eu", "000000000000000g", "0000000000000000-wal", "00000000000000"].map(file);
    let dead: Vec<_> = (0..3).map(|n| file(&format!("{n:016x}"))).collect();
    let locked = std::fs::File::create(&others[0]).unwrap();
    locked.lock().unwrap();
    dead.iter().chain(&others[1..]).for_each(|path| std::fs::write(path, "").unwrap());
    env.run("send -u luffy hello").assert_success();
    assert!(dead.iter().all(|path| path.exists()), "a send has no time for that");
    env.run("outbox flush").assert_success();
    assert!(!dead.iter().any(|path| path.exists()));
    assert!(others.iter().all(|path| path.exists()), "one lives, the others are none");
}
