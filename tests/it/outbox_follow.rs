//! `outbox follow`: new messages and changes as they happen.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::env::{NAMI, RunningCommand, TestEnv, ZORO};
use crate::support::pty::Terminal;

fn env_with_people() -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI} --tag ops")).assert_success();
    env.run(&format!("user add zoro --openid {ZORO} --tag ops")).assert_success();
    env
}

/// Returns ID and state of the next message.
#[track_caller]
fn next_change(following: &mut RunningCommand) -> Value {
    let message: Value = serde_json::from_str(&following.expect_line()).unwrap();
    json!([message["id"], message["state"]])
}

/// Returns ID and state of the next message that is not queued.
#[track_caller]
fn next_result(following: &mut RunningCommand) -> Value {
    loop {
        let change = next_change(following);
        if change[1] != "queued" {
            return change;
        }
    }
}

#[test]
fn changes_are_printed_until_a_signal() {
    let env = env_with_people();
    for text in ["one", "two", "three"] {
        env.run(&format!("send -u luffy {text}")).assert_success();
    }
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut following = env.spawn("--json outbox follow -n 2");
        let newest: i64 = env.query("SELECT max(id) FROM messages");
        assert_eq!(next_change(&mut following), json!([newest - 1, "sent"]));
        assert_eq!(next_change(&mut following), json!([newest, "sent"]));
        env.run("send -u luffy later --no-wait").assert_success();
        assert_eq!(next_change(&mut following), json!([newest + 1, "queued"]));
        env.run("outbox flush").assert_success();
        let line = following.expect_line();
        let sent: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&sent["id"], &sent["state"]), (&json!(newest + 1), &json!("sent")));
        assert_eq!(sent["content"], json!({"type": "text", "content": "later"}));
        following.signal(signal);
        let ended = following.wait();
        assert_eq!((ended.status(), ended.stderr()), (Some(status), ""));
        assert!(ended.stdout().ends_with(&format!("{line}\n")), "{}", ended.stdout());
    }
}

#[test]
fn retry_and_receipt_of_finished_message_are_changes() {
    let env = env_with_people();
    assert_eq!(env.run("send -u zoro -t backup").status(), Some(5));
    let mut following = env.spawn("--json outbox follow");
    assert_eq!(next_change(&mut following), json!([1, "failed"]));
    // The message ends in the same state, and the person should see that.
    assert_eq!(env.run("outbox retry 1").status(), Some(5));
    assert_eq!(next_result(&mut following), json!([1, "failed"]));
    env.run("send -u nami -t backup").assert_success();
    assert_eq!(next_result(&mut following), json!([2, "sent"]));
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    database
        .execute_batch("UPDATE messages SET receipt = 'delivered', receipt_at = 1583076600000 WHERE id = 2")
        .unwrap();
    let line: Value = serde_json::from_str(&following.expect_line()).unwrap();
    assert_eq!((&line["id"], &line["receipt"]), (&json!(2), &json!("delivered")));
}

#[test]
fn only_selected_messages_are_followed() {
    let env = env_with_people();
    env.run("send -u luffy -t backup").assert_success();
    env.run("send -u nami -t backup").assert_success();
    let mut following = env.spawn("outbox follow --tag ops --state sent --columns id,user,state");
    assert_eq!(following.expect_line(), "2\tnami\tsent");
    env.run("send -u luffy -t backup").assert_success();
    env.run("send -u nami -t backup").assert_success();
    assert_eq!(following.expect_line(), "4\tnami\tsent");
    drop(following);
    // All messages that were queued since then are printed first, oldest first.
    let mut following = env.spawn("outbox follow --since 1h --columns id");
    for id in 1..=4 {
        assert_eq!(following.expect_line(), id.to_string());
    }
}

#[test]
fn old_message_that_leaves_the_queue_is_a_change() {
    let env = env_with_people();
    env.run("send -u luffy waits --no-wait").assert_success();
    // This is more than the number of messages that a check compares.
    rusqlite::Connection::open(env.database_path())
        .unwrap()
        .execute_batch(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10050)
             INSERT INTO messages (app_id, user_id, type, state, created_at, updated_at, due_at, expire_after, expires_at)
             SELECT app_id, user_id, 'text', 'sent', 1, 1, 1, 1, 1 FROM messages, n",
        )
        .unwrap();
    let mut following = env.spawn("--json outbox follow -n 1");
    assert_eq!(next_change(&mut following), json!([10_051, "sent"]));
    env.run("outbox cancel 1").assert_success();
    assert_eq!(next_change(&mut following), json!([1, "cancelled"]));
}

#[test]
fn database_may_appear_later() {
    let env = TestEnv::new();
    let mut following = env.spawn("outbox follow --columns id,content");
    env.run(&format!("send --openid {NAMI} hello --no-wait")).assert_success();
    assert_eq!(following.expect_line(), "1\thello");
}

#[test]
fn closed_pipe_ends_it_before_the_next_message() {
    let env = env_with_people();
    env.run("send -u luffy hello").assert_success();
    let mut command = env.command("outbox follow");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("hello"), "{line}");
    drop(stdout);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn table_grows_on_terminal() {
    let mut env = env_with_people();
    env.set_variable("WXBOX_LANG", "zh");
    env.run("send -u luffy hello").assert_success();
    let mut terminal = Terminal::start(env.command("outbox follow"), 24, 80);
    let screen = terminal.wait_for("Ctrl-C").contents();
    assert!(screen.starts_with("更新时间  ID  状态  接收者  内容 "), "{screen}");
    assert_eq!(env.run("send -u zoro -t backup").status(), Some(5));
    terminal.answer("43004", "\x03");
    let ended = terminal.wait().assert_status(130);
    let contents = ended.text();
    let row = contents.lines().find(|line| line.contains("43004")).unwrap();
    assert!(row.contains("failed") && row.contains("zoro"), "{contents}");
    assert_eq!(contents.matches("更新时间").count(), 1, "one heading: {contents}");
}
