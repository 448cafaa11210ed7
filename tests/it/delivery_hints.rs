//! The hint for a message that was not delivered: the next action of wxbox itself, and the one
//! command that does more. No hint leads to a second delivery.

use snapbox::str;

use crate::send::env_with_users;
use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

/// Sends a message now and returns its hint.
fn send_and_read_hint(env: &TestEnv, line: &str) -> String {
    let ran = env.run(line);
    let (_, hint) = ran.stderr().split_once("hint: ").unwrap_or_else(|| panic!("no hint: {}", ran.stderr()));
    hint.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn queued_message_hint_does_not_suggest_resending() {
    let mut env = env_with_users();
    for (code, id) in [(-1, 1), (45011, 2), (45009, 3), (43117, 4)] {
        env.set_text_fault(&format!("errcode = {code}"));
        let hint = send_and_read_hint(&env, "send -u luffy once");
        assert!(hint.starts_with("do not send it again, because `wxbox outbox flush` after "), "{code}: {hint}");
        // `quota clear` makes all messages due that waited for midnight.
        let is_quota = code == 45009;
        assert_eq!(hint.contains(&format!("`wxbox outbox retry {id}`")), !is_quota, "{code}: {hint}");
        assert_eq!(hint.contains("`wxbox quota clear`"), is_quota, "{code}: {hint}");
        assert!(!hint.contains("growing pauses"), "{code}: {hint}");
    }
    let details = env.run("--json outbox show 1").assert_success().json_lines();
    assert!(details[0]["hint"].as_str().is_some_and(|hint| hint.starts_with("do not send it again")), "{details:?}");
}

#[test]
fn ambiguous_message_hint_names_retry_command() {
    let mut env = env_with_users();
    env.set_text_fault("truncated = true");
    assert_eq!(
        send_and_read_hint(&env, "send -u luffy once"),
        "ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, \
         run `wxbox outbox retry 1`"
    );
}

#[test]
fn developer_only_errors_refer_to_explain() {
    let mut env = env_with_users();
    env.set_text_fault("errcode = 40033");
    assert_eq!(send_and_read_hint(&env, "send -u luffy once"), "run `wxbox explain 40033` for more");
    env.assert_session(str![[r#"
$ wxbox explain 40033
Code              40033
WeChat's message  invalid charset. please check your request, if include \uxxxx will create fail!
Meaning           body uses \uXXXX escapes
What to do        Send raw UTF-8 JSON
wxbox             the message fails and is not retried

"#]]);
}

#[test]
fn flush_reports_waiting_messages() {
    let mut env = env_with_users();
    let flush = |env: &TestEnv| {
        let ended = Terminal::start(env.command("outbox flush"), 24, 120).wait().assert_status(0);
        ended.text().lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(flush(&env), "no messages are due");
    env.set_text_fault("errcode = 45009");
    env.run("send -u luffy once");
    let hour = "UPDATE messages SET due_at = (unixepoch() + 5400) * 1000 RETURNING 1";
    env.query::<i64>(hour);
    assert_eq!(flush(&env), "no messages are due: 1 message waits, the next is due in 1 h");
    env.run("send -u luffy twice");
    env.query::<i64>(hour);
    let due = "UPDATE messages SET due_at = (unixepoch() + 10000) * 1000 WHERE id = 2 RETURNING 1";
    env.query::<i64>(due);
    assert_eq!(flush(&env), "no messages are due: 2 messages wait, the next is due in 1 h");
    // A part is due together with the part before it.
    env.query::<i64>("UPDATE messages SET state = 'unknown' WHERE id = 1 RETURNING 1");
    env.query::<i64>("UPDATE messages SET previous_part_id = 1, due_at = 1 WHERE id = 2 RETURNING 1");
    let stuck =
        "no messages are due: 1 message waits for another message; run `wxbox outbox list --state queued` to see why";
    assert_eq!(flush(&env), stuck);
}
