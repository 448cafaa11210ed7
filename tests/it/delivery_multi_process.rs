//! Any number of processes on one database share the deliveries.

use crate::support::env::{TEMPLATE_ARGS, TestEnv};

fn env_with_generated_users(count: usize) -> TestEnv {
    let env = TestEnv::with_scenario(&format!(
        "crowd = {count}\n[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"5ms\"\n"
    ));
    env.replace_in_config(&[("wait = \"0s\"", "wait = \"20s\""), ("concurrency = 1", "concurrency = 4")]);
    env.add_generated_users(count);
    env.run("token").assert_success();
    env
}

#[test]
fn ten_processes_send_each_message_once() {
    let mut env = env_with_generated_users(300);
    env.run(&format!("-q send --no-wait --all {TEMPLATE_ARGS}")).assert_success();
    let runs: Vec<_> = (0..10).map(|_| env.spawn("outbox flush --json")).collect();
    let counts: Vec<usize> = runs.into_iter().map(|run| run.wait().assert_success().json_lines().len()).collect();
    env.sandbox().request_log();
    assert_eq!(counts.iter().sum::<usize>(), 300, "{counts:?}");
    let stats = env.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&300.into(), &0.into()));
    assert_eq!(stats["calls"]["/cgi-bin/message/template/send"], 300, "nothing was sent for WeChat to drop");
}

/// A broadcast reports the outcome of all its messages, including those that another process
/// delivered.
#[test]
fn send_reports_messages_claimed_elsewhere() {
    let mut env = env_with_generated_users(200);
    let mut send = env.spawn(&format!("send --json --all --concurrency 1 {TEMPLATE_ARGS}"));
    send.expect_line();
    let flushed = env.run("outbox flush --json").assert_success().json_lines().len();
    let mut results = send.wait().assert_success().json_lines();
    env.sandbox().request_log();
    assert_eq!(results.len(), 200);
    results.sort_by_key(|result| result["id"].as_i64());
    results.dedup_by_key(|result| result["id"].as_i64());
    assert_eq!(results.len(), 200, "each once");
    assert!(flushed > 0);
    assert_eq!(env.sandbox().stats()["twice"], 0);
}

/// Messages that a killed process had claimed and not attempted return to the broadcast, which has
/// no other messages left.
#[test]
fn send_ends_when_claiming_process_is_killed() {
    let mut env = env_with_generated_users(6);
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"100ms\"\n");
    let send = env.spawn(&format!("send --json --all --concurrency 1 {TEMPLATE_ARGS}"));
    let claiming_workers = "SELECT count(DISTINCT claimed_by) FROM messages WHERE claimed_by NOTNULL";
    while env.count("attempts") == 0 {}
    let flush = env.spawn("-q outbox flush");
    while env.query::<i64>(claiming_workers) < 2
        && env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'sent'") < 3
    {}
    flush.signal(rustix::process::Signal::KILL);
    flush.wait();
    // A template that was in flight when the process was killed is repeated, and WeChat drops the
    // repeat.
    let results = send.wait().assert_success().json_lines();
    assert_eq!(results.len(), 6);
    let stats = env.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&6.into(), &0.into()));
}

/// A run does not retry a message earlier than another process has decided since.
#[test]
fn send_leaves_message_that_was_postponed_elsewhere() {
    let mut env = TestEnv::with_bound_luffy();
    env.replace_in_config(&[("wait = \"0s\"", "wait = \"20s\"")]);
    env.set_text_fault("nth = 1\nerrcode = -1");
    // The trigger acts as another process that postpones the message before the run's timer fires.
    let postpone = "CREATE TRIGGER postpone AFTER UPDATE OF due_at ON messages
        WHEN NEW.state = 'queued' AND NEW.claimed_by IS NULL
        BEGIN UPDATE messages SET due_at = due_at + 3600000 WHERE id = NEW.id; END";
    rusqlite::Connection::open(env.database_path()).unwrap().execute_batch(postpone).unwrap();
    let results = env.run("send -u luffy --json hello").json_lines();
    assert_eq!((&results[0]["state"], &results[0]["attempts"]), (&"queued".into(), &1.into()));
    assert_eq!(env.sandbox().stats()["calls"]["/cgi-bin/message/custom/send"], 1);
}
