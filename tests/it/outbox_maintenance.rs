//! `outbox cancel|prune|status`.

use snapbox::str;

use crate::support::env::{NAMI, TestEnv, redactions};
use crate::support::pty::Terminal;
use crate::support::scripted_server::{ScriptedServer, use_in};

/// Returns an environment with two sent messages, and three that wait because WeChat is
/// unreachable.
fn env_with_outbox() -> TestEnv {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run("send -u luffy -u nami -t backup -d host=db1").assert_success();
    let api = env.sandbox().url.clone();
    let config = env.read_config();
    env.write_config(&config.replace(&format!("api_base = \"{api}\""), "api_base = \"http://127.0.0.1:1\""));
    env.run("send -u luffy -u nami -t backup -d host=db2");
    env.run("send -u luffy text");
    rusqlite::Connection::open(env.database_path())
        .unwrap()
        .execute_batch("UPDATE messages SET created_at = created_at - 3 * 3600000 - 60000")
        .unwrap();
    env
}

#[test]
fn queued_messages_are_cancelled() {
    let env = env_with_outbox();
    env.assert_session(str![[r#"
$ wxbox outbox status
queued         3
sent           2
failed         0
unknown        0
cancelled      0
expired        0
oldest queued  3h, since [TIME]
$ wxbox outbox cancel 3
cancelled message 3 to luffy
$ wxbox outbox cancel 3 4 1 99
cancelled message 4 to nami
2> error: cannot cancel message 3: its state is cancelled, not queued
2> hint: run `wxbox outbox list --state queued` to list the messages that can be cancelled
2> error: cannot cancel message 1: its state is sent, not queued
2> hint: run `wxbox outbox list --state queued` to list the messages that can be cancelled
2> error: there is no message 99
2> hint: run `wxbox outbox list` to see the latest messages
exit 7
$ wxbox outbox cancel 5 1 --json
{"id":5,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"cancelled","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":"cannot reach 127.0.0.1:1: Connection refused (os error 111)","hint":null,"key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
2> {"error":"cannot cancel message 1: its state is sent, not queued","hint":"run `wxbox outbox list --state queued` to list the messages that can be cancelled","code":4}
exit 7
$ wxbox outbox cancel --all
2> no messages are queued
$ wxbox outbox cancel
2> error: one of these is required: ID, --all
2> hint: usage: wxbox outbox cancel ID... | --all
exit 2
$ wxbox outbox cancel 1 --all
2> error: ID cannot be used with --all
2> hint: usage: wxbox outbox cancel ID... | --all
exit 2
$ wxbox outbox cancel x
2> error: invalid value "x" for ID: use a whole number
exit 2

"#]]);
    assert_eq!(
        env.query::<String>("SELECT group_concat(state) FROM messages"),
        "sent,sent,cancelled,cancelled,cancelled"
    );
}

#[test]
fn cancel_all_skips_in_flight_messages() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run("token").assert_success();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "");
    let sending = env.spawn("send -u luffy -u nami hello");
    // The first request is in flight, so the first message may be delivered.
    wechat.expect_request();
    env.assert_session(str![[r#"
$ wxbox outbox cancel 1
2> error: message 1 is in flight and may arrive
2> hint: run `wxbox outbox show 1` to see the result
exit 4
$ wxbox outbox cancel --all
cancelled message 2 to nami
2> warning: 1 message is in flight and cannot be cancelled

"#]]);
    wechat.respond(200, r#"{"errcode":0,"errmsg":"ok","msgid":1234567890123456789}"#);
    sending.wait().assert_snapshot(str![[r#"
exit 7
--- stdout
sent message 1 (text) to luffy
--- stderr
error: message 2 to nami was cancelled
1 of 2 messages sent; 1 not sent (`wxbox outbox list --state cancelled`)

"#]]);
    assert_eq!(wechat.unexpected_requests(), 0, "the cancelled message is not sent");
    env.assert_session(str![[r#"
$ wxbox outbox list
2	cancelled	nami	text	[TIME]		hello
1	sent	luffy	text	[TIME]		hello

"#]]);
}

#[test]
fn prune_removes_old_finished_messages() {
    let env = env_with_outbox();
    env.run("outbox cancel 5").assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox prune --older-than 30d
deleted 0 messages

"#]]);
    let old = "UPDATE messages SET created_at = created_at - 40 * 86400000";
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    database.execute_batch(old).unwrap();
    // The time of the last change counts, which is the time when WeChat accepted the message.
    env.assert_session(str![[r#"
$ wxbox outbox prune --older-than 30d
deleted 0 messages

"#]]);
    database
        .execute_batch("UPDATE messages SET sent_at = sent_at - 40 * 86400000, updated_at = updated_at - 40 * 86400000")
        .unwrap();
    env.assert_session(str![[r#"
$ wxbox outbox prune --older-than 41d --json
{"removed":0}
$ wxbox outbox prune --older-than 30d
deleted 3 messages

"#]]);
    assert_eq!(env.count("messages"), 2);
    assert_eq!(env.count("payloads"), 1);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM attempts WHERE message_id NOT IN (SELECT id FROM messages)"), 0);
    env.assert_session(str![[r#"
$ wxbox outbox prune
2> error: --older-than AGE is missing
2> hint: usage: wxbox outbox prune --older-than AGE
exit 2
$ wxbox outbox prune --older-than soon
2> error: invalid value "soon" for --older-than: use a number with a unit, such as 90s, 5m, 24h or 30d
exit 2

"#]]);
}

#[test]
fn stalled_queue_is_reported() {
    let env = env_with_outbox();
    env.run("outbox status --check 6h").assert_success();
    rusqlite::Connection::open(env.database_path())
        .unwrap()
        .execute_batch("UPDATE messages SET created_at = created_at - 3 * 86400000 WHERE id = 4")
        .unwrap();
    env.assert_session(str![[r#"
$ wxbox outbox status
queued         3
sent           2
failed         0
unknown        0
cancelled      0
expired        0
oldest queued  3d, since [TIME]
$ wxbox outbox status --check 2d
CRITICAL - 3 queued (oldest [AGE], limit 2d); none failed, expired or unknown in the last 2d | queued=3;;;0 oldest_queued=[AGE]s;;172800;0 failed=0;;;0 expired=0;;;0 unknown=0;;;0
exit 6
$ wxbox -q outbox status --check 2d
2> error: 3 queued (oldest [AGE], limit 2d); none failed, expired or unknown in the last 2d
2> hint: run `wxbox outbox list --state queued` to see the waiting messages and the causes
exit 6

"#]]);
    env.run("outbox status --check 4d -q").assert_success();
    let json = env.run("outbox status --json --check 2d");
    assert_eq!(json.status(), Some(6));
    assert_eq!(json.json_lines()[0]["queued"], 3);
    assert_eq!(json.json_lines()[0]["failed"], 0);
    assert!(json.json_lines()[0]["oldest_queued_seconds"].as_u64().unwrap() >= 3 * 86400);
    env.run("outbox cancel --all").assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox status --json --check 1s
{"queued":0,"sent":2,"failed":0,"unknown":0,"cancelled":3,"expired":0,"receipts":{"delivered":0,"blocked":0,"failed":0,"none":2},"oldest_queued_at":null,"oldest_queued_seconds":null}

"#]]);
}

#[test]
fn status_check_reports_recent_failures() {
    let env = env_with_outbox();
    env.run("outbox cancel --all").assert_success();
    env.run("outbox status --check 1h -q").assert_success();
    let change = |sql: &str| {
        let sql = format!("UPDATE messages SET {sql}");
        rusqlite::Connection::open(env.database_path()).unwrap().execute_batch(&sql).unwrap();
    };
    for state in ["failed", "unknown", "expired"] {
        change(&format!("state = '{state}' WHERE id = 4"));
        let ran = env.run("outbox status --check 1h");
        assert_eq!((ran.status(), ran.stderr()), (Some(6), ""), "{state}");
        let line = ran.stdout();
        assert!(line.starts_with(&format!("CRITICAL - 1 {state} (oldest ")), "{line}");
        assert!(line.contains(" in the last 1h; none queued | "), "{line}");
        assert!(line.contains(&format!(" {state}=1;;;0")) && line.matches("=0").count() == 4, "{line}");
    }
    change("state = 'failed', updated_at = updated_at - 40 * 60000 WHERE id = 5");
    change("updated_at = updated_at - 30 * 60000 WHERE id = 4");
    env.assert_session(str![[r#"
$ wxbox outbox status --check 2h
CRITICAL - 1 expired (oldest [AGE]), 1 failed (oldest [AGE]) in the last 2h; none queued | queued=0;;;0 oldest_queued=[AGE]s;;7200;0 failed=1;;;0 expired=1;;;0 unknown=0;;;0
exit 6

"#]]);
    change("state = 'cancelled' WHERE id = 5");
    // A message that has waited too long is reported as well.
    change("state = 'queued', created_at = created_at - 3 * 86400000 WHERE id = 3");
    env.assert_session(str![[r#"
$ wxbox -q outbox status --check 1h
2> error: 1 expired (oldest [AGE]) in the last 1h; 1 queued (oldest [AGE], limit 1h)
2> hint: run `wxbox outbox list --state failed --state expired --state unknown` to see the messages and the causes; run `wxbox outbox list --state queued` to see the waiting messages and the causes
exit 6

"#]]);
    let mut chinese = env.command("outbox status --check 1h");
    let chinese = chinese.env("WXBOX_LANG", "zh").output().unwrap();
    snapbox::assert_data_eq!(
        redactions().redact(&String::from_utf8(chinese.stdout).unwrap()),
        str![[r#"
CRITICAL - 1 条已过期（最早一条在 [AGE]前）（最近 1 小时）；1 条排队中（最早一条已等待 [AGE]，上限 1 小时） | queued=1;;;0 oldest_queued=[AGE]s;;3600;0 failed=0;;;0 expired=1;;;0 unknown=0;;;0

"#]]
    );
    change("state = 'cancelled' WHERE id = 3");
    change("updated_at = updated_at - 2 * 3600000 WHERE id = 4");
    env.run("outbox status --check 1h -q").assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox status --check 1h
OK - none queued; none failed, expired or unknown in the last 1h | queued=0;;;0 oldest_queued=[AGE]s;;3600;0 failed=0;;;0 expired=0;;;0 unknown=0;;;0

"#]]);
    // A person gets a hint instead of numbers for graphs.
    change("updated_at = updated_at + 2 * 3600000 WHERE id = 4");
    let screen = Terminal::start(env.command("outbox status --check 1h"), 10, 100).wait().screen.contents();
    assert!(screen.contains("CRITICAL - 1 expired") && !screen.contains('|'), "{screen}");
    assert!(screen.contains("wxbox outbox list --state failed"), "{screen}");
}

#[test]
fn unbind_reports_message_in_flight() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("token").assert_success();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "");
    let sending = env.spawn("send -u luffy hello");
    wechat.expect_request();
    env.assert_session(str![[r#"
$ wxbox unbind -u luffy
unbound luffy from oLuffy_wears_the_straw_hat_1
2> warning: 1 message is in flight and cannot be cancelled

"#]]);
    wechat.respond(200, r#"{"errcode":0,"errmsg":"ok","msgid":1234567890123456789}"#);
    sending.wait().assert_success();
    assert_eq!(env.message_states(), "sent");
}

#[test]
fn outbox_commands_are_per_account() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox outbox status
2> error: there is no config file
2> hint: run `wxbox init` to create [HOME]/.config/wxbox/config.toml
exit 3
$ wxbox outbox cancel --all --json
2> {"error":"there is no config file","hint":"run `wxbox init` to create [HOME]/.config/wxbox/config.toml","code":3}
exit 3

"#]]);
}

#[test]
fn retry_reports_unretryable_messages() {
    let env = TestEnv::with_bound_luffy();
    env.run("send -u luffy hello").assert_success();
    for text in ["second", "third"] {
        env.run(&format!("send -u luffy --no-wait {text}")).assert_success();
    }
    env.assert_session(str![[r#"
$ wxbox outbox retry 1 2 99 2
sent message 2 (text) to luffy
2> error: cannot retry message 1: WeChat has accepted it; use `wxbox send` to send a new message
2> error: there is no message 99
2> hint: run `wxbox outbox list` to see the latest messages
2> 1 of 3 messages sent; 2 not sent (`wxbox outbox list`)
exit 7
$ wxbox outbox retry 1 3 --json
{"id":3,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}
2> {"error":"cannot retry message 1: WeChat has accepted it; use `wxbox send` to send a new message","hint":null,"code":4}
2> {"error":"1 message was not delivered","hint":null,"code":7}
exit 7
$ wxbox outbox retry 1 99
2> error: cannot retry message 1: WeChat has accepted it; use `wxbox send` to send a new message
2> error: there is no message 99
2> hint: run `wxbox outbox list` to see the latest messages
exit 4

"#]]);
}
