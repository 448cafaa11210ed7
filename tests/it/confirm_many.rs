//! The question before many messages are sent or cancelled, the causes that are reported once, and
//! the summary of a run.

use snapbox::str;

use crate::send::env_with_users;
use crate::support::env::TestEnv;
use crate::support::pty::{Terminal, TerminalOutput};

/// Returns an environment with that many bound users, all with the tag `ops`.
fn env_with_group(count: usize) -> TestEnv {
    let env = TestEnv::with_scenario(&format!("crowd = {count}\n"));
    let rows = (1..=count).map(|n| format!("crowd{n:06},oCrowd{n:022},ops\n")).collect::<String>();
    env.run_with_stdin("user import -", format!("username,openid,tags\n{rows}")).assert_success();
    env
}

/// Runs a command on a terminal, and types `answer` at the question.
fn answer(env: &TestEnv, line: &str, question: &str, answer: &str) -> TerminalOutput {
    let mut terminal = Terminal::start(env.command(line), 30, 100);
    terminal.answer(question, answer);
    terminal.wait()
}

#[test]
fn terminal_asks_before_a_send_to_many() {
    let env = env_with_group(21);
    for line in ["send --all hello", "send --tag ops hello"] {
        let ended = answer(&env, line, "[y/N]", "n\r");
        let text = ended.text();
        assert_eq!(ended.status.code(), Some(0), "{text}");
        assert!(text.contains("Send this message to 21 people (crowd000001, crowd000002,"), "{text}");
        assert!(text.contains("nothing was sent"), "{text}");
        assert!(text.contains("calls of /cgi-bin/message/custom/send that are left"), "{text}");
        assert_eq!(env.count("messages"), 0);
    }
    let ended = answer(&env, "send --all hello", "[y/N]", "y\r");
    let text = ended.text();
    assert!(text.contains("21 of 21 messages sent"), "{text}");
    assert_eq!(env.count("messages"), 21);
}

#[test]
fn messages_that_an_earlier_command_sent_are_counted_apart() {
    let env = env_with_group(2);
    let send = || {
        let command = env.command("send --tag ops hello --key nightly");
        Terminal::start(command, 24, 80).wait().screen.contents()
    };
    let (first, second) = (send(), send());
    assert!(first.contains("2 of 2 messages sent"), "{first}");
    assert!(second.contains("0 of 2 messages sent; 2 sent earlier with the same key"), "{second}");
    assert_eq!(env.count("messages"), 2);
}

#[test]
fn few_recipients_and_yes_need_no_answer() {
    let env = env_with_group(20);
    for line in ["send --tag ops hello", "send --all -y hello", "--json send --all hello", "-q send --all hello"] {
        let ended = Terminal::start(env.command(line), 30, 100).wait();
        let text = ended.text();
        assert!(ended.status.success() && !text.contains("[y/N]"), "{line}: {text}");
    }
    assert_eq!(env.count("messages"), 80);
    let ended = Terminal::start(env.command("send --all --dry-run hello"), 30, 100).wait();
    assert!(ended.status.success() && !ended.text().contains("[y/N]"));
}

#[test]
fn script_is_never_asked() {
    let env = env_with_group(21);
    env.run("send --all hello").assert_success();
    assert_eq!(env.count("messages"), 21);
    env.run("send --all --no-wait later").assert_success();
    env.run("outbox cancel --all").assert_success();
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'cancelled'"), 21);
}

#[test]
fn question_needs_no_quota() {
    let mut env = env_with_group(21);
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/openapi/quota/get\"\nerrcode = -1\n");
    let ended = answer(&env, "send --all hello", "[y/N]", "y\r");
    let text = ended.text();
    assert!(!text.contains("left today") && text.contains("21 of 21 messages sent"), "{text}");
}

#[test]
fn retry_and_cancel_of_a_state_are_confirmed() {
    let mut env = env_with_group(2);
    env.set_text_fault("errcode = 40033");
    assert_eq!(env.run("send --tag ops hello").status(), Some(5));
    env.sandbox().post_form("faults", "");
    let ended = answer(&env, "outbox retry --failed", "[y/N]", "n\r");
    let text = ended.text();
    assert!(text.contains("Send 2 failed messages again, the oldest from ") && ended.status.success(), "{text}");
    assert_eq!(env.message_states(), "failed failed");
    answer(&env, "outbox retry --failed", "[y/N]", "y\r");
    assert_eq!(env.message_states(), "sent sent");
    env.run("send --tag ops --no-wait hello").assert_success();
    let ended = answer(&env, "outbox cancel --all", "[y/N]", "\r");
    let text = ended.text();
    assert!(text.contains("Cancel 2 queued messages, the oldest from ") && text.contains("nothing was"), "{text}");
    assert_eq!(env.message_states(), "sent sent queued queued");
    let ended = Terminal::start(env.command("outbox cancel --all --yes"), 30, 100).wait();
    assert!(ended.status.success() && !ended.text().contains("[y/N]"));
    assert_eq!(env.message_states(), "sent sent cancelled cancelled");
}

#[test]
fn messages_that_fail_for_one_reason_are_told_once() {
    let mut env = env_with_group(30);
    env.set_text_fault("errcode = 43004");
    env.assert_session(str![[r#"
$ wxbox send --all hello
2> error: 30 messages were rejected (recipients: crowd000001, crowd000002, crowd000003, crowd000004, crowd000005 and 25 more): WeChat returned 43004 (require subscribe): recipient does not follow the account
2> hint: ask the person to follow the account; then run `wxbox outbox retry --failed` to send all failed messages
2> 0 of 30 messages sent; 30 not sent (`wxbox outbox list --state failed`)
exit 5

"#]]);
    let mut env = env_with_group(30);
    env.set_text_fault("errcode = 43004");
    let lines = env.run("--json send --all hello");
    assert_eq!(lines.json_lines().len(), 30, "{}", lines.stderr());
}

#[test]
fn different_causes_are_told_apart() {
    let mut env = env_with_users();
    env.set_text_fault("errcode = -1\ntimes = 1");
    env.assert_session(str![[r#"
$ wxbox send --all hello
2> error: message 1 to luffy is not delivered yet and remains queued: WeChat returned -1 (system error): platform busy
2> hint: do not send it again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, retries it; run `wxbox outbox retry 1` to retry it now
2> error: 2 messages were rejected (recipients: nami, zoro): WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
2> hint: use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that
2> 0 of 3 messages sent; 2 not sent (`wxbox outbox list --state failed`); 1 queued: the next `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, sends them
exit 7

"#]]);
    env.set_variable("WXBOX_LANG", "zh");
    env.set_text_fault("errcode = 43004");
    env.assert_session(str![[r#"
$ wxbox send --all hello
2> 错误：3 条消息发送失败（接收者：luffy、nami、zoro）：微信返回 43004（require subscribe），接收者没有关注服务号
2> 提示：请用户关注服务号；处理后请运行 `wxbox outbox retry --failed`，重新发送全部失败的消息
2> 共 3 条消息，已发送 0 条；3 条没有发出（`wxbox outbox list --state failed`）
exit 5

"#]]);
}
