//! Messages that may have been delivered: no later rejection, cancellation or retry changes that,
//! and each keeps its key.

use snapbox::str;

use crate::support::env::{NAMI, TEMPLATE_ARGS, TestEnv};

const MESSAGE_FAULT: &str = "[[faults]]\napi = \"/cgi-bin/message/*\"\n";

/// Returns an environment with luffy bound, in which the calls that send meet these faults one
/// after the other.
fn env_with_faults(faults: &[&str]) -> TestEnv {
    let mut env = TestEnv::with_bound_luffy();
    set_faults(&mut env, faults);
    env
}

fn set_faults(env: &mut TestEnv, faults: &[&str]) {
    let plan: String = faults.iter().map(|fault| format!("{MESSAGE_FAULT}{fault}\n")).collect();
    env.sandbox().post_form("faults", plan);
}

fn delivered_count(env: &mut TestEnv) -> i64 {
    env.sandbox().stats()["delivered"].as_i64().unwrap()
}

/// Moves all recorded times of attempts and retries this many seconds into the past, on every
/// clock.
fn advance_time(env: &mut TestEnv, seconds: i64) {
    env.sandbox().post_form("clock", format!("forward={seconds}s"));
    let (ms, up) = (seconds * 1000, "substr(started_uptime, 1, instr(started_uptime, ':')) || ");
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    let sql = format!(
        "UPDATE attempts SET started_at = started_at - {ms}, started_uptime = {up}
         (CAST(substr(started_uptime, instr(started_uptime, ':') + 1) AS INTEGER) - {ms});
         UPDATE messages SET due_at = due_at - {ms}, updated_at = updated_at - {ms}"
    );
    database.execute_batch(&sql).unwrap();
}

#[test]
fn rejected_repeat_leaves_unknown_with_key() {
    for refusal in ["errcode = 43004", "errcode = 40037", "errcode = 47003", "errcode = 40003"] {
        let mut env = env_with_faults(&["nth = 1\nreset = \"after\"", &format!("nth = 2\n{refusal}")]);
        assert_eq!(env.run(&format!("send -u luffy {TEMPLATE_ARGS} --key K")).status(), Some(6), "{refusal}");
        advance_time(&mut env, 90);
        assert_eq!(env.run("outbox flush").status(), Some(6), "{refusal}");
        assert_eq!(env.message_states(), "unknown", "{refusal}");
        set_faults(&mut env, &[]);
        assert_eq!(env.run(&format!("send -u luffy {TEMPLATE_ARGS} --key K")).status(), Some(6), "{refusal}");
        assert_eq!(delivered_count(&mut env), 1, "{refusal}");
        let details = env.run("--json outbox show 1").assert_success();
        let outcomes: Vec<_> = details.json_lines()[0]["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| attempt["outcome"].clone())
            .collect();
        assert_eq!(outcomes, ["ambiguous", "refused"], "both answers are shown");
    }
}

#[test]
fn other_rejection_leaves_unknown() {
    let mut env = env_with_faults(&["nth = 1\nreset = \"after\"", "nth = 2\nerrcode = 40037"]);
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run(&format!("send -u luffy {TEMPLATE_ARGS}"));
    env.run(&format!("send -u nami --no-wait {TEMPLATE_ARGS}")).assert_success();
    // The other message is due first.
    env.query::<i64>("UPDATE messages SET due_at = 1 WHERE id = 2 RETURNING 1");
    advance_time(&mut env, 90);
    env.run("outbox flush");
    assert_eq!(env.message_states(), "unknown failed");
    assert_eq!(delivered_count(&mut env), 1);
}

/// Errcode 45009 delays later messages until the next day, and no message that was never attempted
/// fails.
#[test]
fn quota_error_fails_no_untried_message() {
    let mut env = env_with_faults(&["nth = 1\nreset = \"after\"", "nth = [2, 3, 4, 5]\nerrcode = 45009"]);
    env.replace_in_config(&[("concurrency = 1", "concurrency = 1\nmax_attempts = 2")]);
    env.run(&format!("send -u luffy {TEMPLATE_ARGS}"));
    for _ in 0..3 {
        env.run(&format!("send -u luffy --no-wait {TEMPLATE_ARGS}")).assert_success();
    }
    advance_time(&mut env, 90);
    env.query::<i64>("UPDATE messages SET due_at = 1 WHERE id = 1 RETURNING 1");
    env.run("outbox flush");
    assert_eq!(env.message_states(), "unknown queued queued queued");
    assert_eq!(env.query::<i64>("SELECT count(*) FROM attempts WHERE message_id > 1"), 0);
    set_faults(&mut env, &[]);
    assert_eq!(env.run("outbox flush").assert_success().stdout(), "", "they wait for midnight");
    env.run("quota clear --yes").assert_success();
    env.run("outbox flush").assert_success();
    assert_eq!(env.message_states(), "unknown sent sent sent");
    assert_eq!(delivered_count(&mut env), 4);
}

#[test]
fn retry_queued_sends_all_waiting() {
    let mut env = env_with_faults(&["nth = 1\nerrcode = 45009"]);
    assert_eq!(env.run(&format!("send -u luffy {TEMPLATE_ARGS}")).status(), Some(6));
    assert_eq!(env.run("outbox flush").assert_success().stdout(), "");
    env.run("outbox retry --queued").assert_success();
    assert_eq!((env.message_states(), delivered_count(&mut env)), ("sent".into(), 1));
}

#[test]
fn cancel_stops_repeats_and_keeps_key() {
    for cancel in ["outbox cancel 1", "outbox cancel --all"] {
        let mut env = env_with_faults(&["nth = 1\nreset = \"after\""]);
        env.run(&format!("send -u luffy {TEMPLATE_ARGS} --key K"));
        assert_eq!(env.run(cancel).status(), Some(6), "{cancel}");
        assert_eq!(env.message_states(), "unknown", "{cancel}");
        assert_eq!(env.run(&format!("send -u luffy {TEMPLATE_ARGS} --key K")).status(), Some(6));
        env.run("outbox flush").assert_success();
        assert_eq!(delivered_count(&mut env), 1, "{cancel}");
        env.run(&format!("send -u luffy --no-wait {TEMPLATE_ARGS}")).assert_success();
        env.run(&format!("send -u luffy --no-wait {TEMPLATE_ARGS}")).assert_success();
        let queued: i64 = env.query("SELECT min(id) FROM messages WHERE state = 'queued'");
        let (both, status) = match cancel.ends_with('1') {
            true => (format!("outbox cancel 1 {queued}"), 7),
            false => (cancel.to_owned(), 0),
        };
        assert_eq!(env.run(&both).status(), Some(status), "{both}");
    }
}

/// The first message may have arrived, the second was not attempted.
fn env_with_ambiguous_and_waiting_message() -> TestEnv {
    let env = env_with_faults(&["nth = 1\nreset = \"after\""]);
    env.run(&format!("send -u luffy {TEMPLATE_ARGS}"));
    env.run(&format!("send -u luffy --no-wait {TEMPLATE_ARGS}")).assert_success();
    assert_eq!(env.message_states(), "queued queued");
    env
}

#[test]
fn unbind_tells_cancelled_from_unknown() {
    let env = env_with_ambiguous_and_waiting_message();
    env.assert_session(str![[r#"
$ wxbox unbind -u luffy
unbound luffy from oLuffy_wears_the_straw_hat_1
2> cancelled 1 queued message to this user
2> 1 queued message to this user will not be retried; it may have arrived before

"#]]);
    assert_eq!(env.message_states(), "unknown cancelled");
    let mut env = env_with_ambiguous_and_waiting_message();
    env.set_variable("WXBOX_LANG", "zh");
    env.assert_session(str![[r#"
$ wxbox unbind -u luffy
已解除“luffy”与 oLuffy_wears_the_straw_hat_1 的绑定
2> 已取消 1 条等待发给该用户的消息
2> 发给该用户的消息中，有 1 条不再重发，但之前可能已送达

"#]]);
    let env = env_with_ambiguous_and_waiting_message();
    let unbound = env.run("--json unbind -u luffy").assert_success().json_lines().remove(0);
    assert_eq!((&unbound["cancelled"], &unbound["unknown"]), (&1.into(), &1.into()));
}

#[test]
fn removal_tells_unsent_from_unknown() {
    let env = env_with_ambiguous_and_waiting_message();
    env.assert_session(str![[r#"
$ wxbox user remove luffy --yes
removed luffy
2> deleted the texts of 2 messages, 1 of which was queued and is not sent; 1 queued message among them may have arrived before and is not retried

"#]]);
    let mut env = env_with_ambiguous_and_waiting_message();
    env.run("outbox cancel 2").assert_success();
    env.set_variable("WXBOX_LANG", "zh");
    env.assert_session(str![[r#"
$ wxbox user remove luffy --yes
已删除“luffy”
2> 同时删除了 2 条消息的内容；排队的消息中有 1 条之前可能已送达，不再重发

"#]]);
    let env = env_with_ambiguous_and_waiting_message();
    let removed = env.run("--json user remove luffy --yes").assert_success().json_lines().remove(0);
    let counts = ["messages", "queued", "unknown"].map(|field| removed[field].as_u64());
    assert_eq!(counts, [Some(2), Some(2), Some(1)]);
}

/// Within WeChat's dedupe window of ten minutes, `retry` only makes the message due now: if the
/// message stays unsent, it is not repeated after the window.
#[test]
fn retry_keeps_ambiguous_attempt() {
    let mut env = env_with_faults(&["nth = 1\nreset = \"after\"", "nth = 2\nerrcode = -1"]);
    env.run(&format!("send -u luffy {TEMPLATE_ARGS} --key K"));
    assert_eq!(env.run("outbox retry 1").stderr().matches("may arrive twice").count(), 0);
    assert_eq!(env.message_states(), "queued");
    advance_time(&mut env, 1200);
    assert_eq!(env.run("outbox flush").status(), Some(6));
    assert_eq!((env.message_states(), delivered_count(&mut env)), ("unknown".into(), 1));
    // If a message was explicitly retried twice, the output says that it may arrive twice.
    let ran = env.run("outbox retry 1").assert_success();
    assert!(ran.stderr().contains("may arrive twice"), "{}", ran.stderr());
    assert_eq!((env.message_states(), delivered_count(&mut env)), ("sent".into(), 2));
}

#[test]
fn rejected_retry_leaves_unknown() {
    for after in ["unbind -u luffy", "outbox cancel 1"] {
        let mut env = env_with_faults(&["nth = 1\nreset = \"after\"", "nth = 2\nerrcode = 40164"]);
        env.run(&format!("send -u luffy {TEMPLATE_ARGS}"));
        advance_time(&mut env, 1200);
        env.run("outbox retry 1");
        assert_eq!(env.message_states(), "queued");
        env.run(after);
        assert_eq!((env.message_states(), delivered_count(&mut env)), ("unknown".into(), 1), "{after}");
    }
}

#[test]
fn second_host_after_ambiguous_first_is_second_attempt() {
    let mut env = env_with_faults(&["nth = 1\nstatus = 502\nprocessed = true", "nth = [2, 3]\nerrcode = -1"]);
    let url = env.sandbox().url.clone();
    let other = url.replace("127.0.0.1", "localhost");
    env.replace_in_config(&[(&format!("api_base = \"{url}\""), &format!("api_base = [\"{url}\", \"{other}\"]"))]);
    assert_eq!(env.run(&format!("send -u luffy {TEMPLATE_ARGS}")).status(), Some(6));
    assert_eq!(env.query::<String>("SELECT group_concat(outcome) FROM attempts"), "ambiguous");
    for _ in 0..3 {
        advance_time(&mut env, 300);
        env.run("outbox flush");
    }
    assert_eq!((env.message_states(), delivered_count(&mut env)), ("unknown".into(), 1));
}
