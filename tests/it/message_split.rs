//! `--split`: a long text in parts, each sent only after the part before it, by any process.

use rustix::process::Signal;
use serde_json::{Value, json};
use snapbox::str;

use crate::support::env::{LUFFY, NAMI, TestEnv};

/// Returns a text of more than 2,500 bytes, which takes three parts.
fn three_part_text() -> String {
    (1..=120).map(|n| format!("line {n:03} of a log that nobody reads 日志\n")).collect()
}

fn env_with_luffy() -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    env.run("token").assert_success();
    env
}

/// Returns the texts that luffy received, the oldest first.
fn received_texts(env: &mut TestEnv) -> Vec<String> {
    let inbox = env.sandbox().inbox();
    let own = inbox.iter().filter(|message| message["openid"] == LUFFY);
    own.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

/// Sends a message from luffy, which allows five more messages to luffy.
fn write_from_luffy(env: &mut TestEnv) {
    env.sandbox().post_form("write", "person=luffy&text=go+on");
}

#[test]
fn long_text_is_cut_or_split_and_strict_rejects() {
    let mut env = env_with_luffy();
    env.run_with_stdin("send -u luffy -", three_part_text()).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 1 (text) to luffy
--- stderr
warning: the text is 5159 bytes long and is cut to 2048 bytes, the limit of WeChat

"#]]);
    let cut = received_texts(&mut env).remove(0);
    assert!((2046..=2048).contains(&cut.len()) && cut.ends_with('…'), "{cut}");
    assert!(three_part_text().starts_with(cut.trim_end_matches('…')));
    env.run_with_stdin("send -u luffy --strict -", three_part_text()).assert_snapshot(str![[r#"
exit 2
--- stderr
error: the text is 5159 bytes long; WeChat allows at most 2048
hint: shorten the text, send a link to it, or use --split to send it in parts

"#]]);
    env.run_with_stdin("send -u luffy --split -", three_part_text()).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 2 (text) to luffy
sent message 3 (text) to luffy
sent message 4 (text) to luffy

"#]]);
    let parts = received_texts(&mut env).split_off(1);
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| part.len() <= 2048 && part.starts_with("line ")), "{parts:?}");
    assert_eq!(parts.join("\n"), three_part_text().trim_end());
    env.assert_session(str![[r#"
$ wxbox send -u luffy --split short
sent message 5 (text) to luffy
$ wxbox outbox show 3
ID        3
State     sent
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      text
Attempts  1
Created   [TIME]
Sent      [TIME]
Receipt   not supported for messages of this type
After     2
Content   line 048 of a log that nobody reads 日志
          line 049 of a log that nobody reads 日志
          line 050 of a log that nobody reads 日志
          line 051 of a log that nobody reads 日志
          line 052 of a log that nobody reads 日志
          line 053 of a log that nobody reads 日志
          line 054 of a log that nobody reads 日志
          line 055 of a log that nobody reads 日志
          line 056 of a log that nobody reads 日志
          line 057 of a log that nobody reads 日志
          line 058 of a log that nobody reads 日志
          line 059 of a log that nobody reads 日志
          line 060 of a log that nobody reads 日志
          line 061 of a log that nobody reads 日志
          line 062 of a log that nobody reads 日志
          line 063 of a log that nobody reads 日志
          line 064 of a log that nobody reads 日志
          line 065 of a log that nobody reads 日志
          line 066 of a log that nobody reads 日志
          line 067 of a log that nobody reads 日志
          line 068 of a log that nobody reads 日志
          line 069 of a log that nobody reads 日志
          line 070 of a log that nobody reads 日志
          line 071 of a log that nobody reads 日志
          line 072 of a log that nobody reads 日志
          line 073 of a log that nobody reads 日志
          line 074 of a log that nobody reads 日志
          line 075 of a log that nobody reads 日志
          line 076 of a log that nobody reads 日志
          line 077 of a log that nobody reads 日志
          line 078 of a log that nobody reads 日志
          line 079 of a log that nobody reads 日志
          line 080 of a log that nobody reads 日志
          line 081 of a log that nobody reads 日志
          line 082 of a log that nobody reads 日志
          line 083 of a log that nobody reads 日志
          line 084 of a log that nobody reads 日志
          line 085 of a log that nobody reads 日志
          line 086 of a log that nobody reads 日志
          line 087 of a log that nobody reads 日志
          line 088 of a log that nobody reads 日志
          line 089 of a log that nobody reads 日志
          line 090 of a log that nobody reads 日志
          line 091 of a log that nobody reads 日志
          line 092 of a log that nobody reads 日志
          line 093 of a log that nobody reads 日志
          line 094 of a log that nobody reads 日志
$ wxbox send -u luffy --split --fallback backup x
2> error: --split cannot be used with --fallback
2> hint: run `wxbox send -h` to see how to use it
exit 2
$ wxbox send -u luffy --split --template backup
2> error: --split cannot be used with --template
2> hint: run `wxbox send -h` to see how to use it
exit 2

"#]]);
    let dry = env.run_with_stdin("send -u luffy --split --dry-run -", three_part_text()).assert_success();
    assert_eq!(dry.stdout().lines().count(), 3);
    let many = env.run_with_stdin("send -u luffy --split --no-wait -", three_part_text().repeat(3)).assert_success();
    assert!(many.stderr().contains("WeChat accepts only 5"), "{}", many.stderr());
}

#[test]
fn each_of_many_gets_the_parts_in_order() {
    let mut env =
        TestEnv::with_scenario("crowd = 50\n[[faults]]\napi = \"/cgi-bin/message/*\"\nevery = 7\nerrcode = -1\n");
    env.replace_in_config(&[("wait = \"0s\"", "wait = \"20s\""), ("concurrency = 1", "concurrency = 16")]);
    env.add_generated_users(50);
    env.run_with_stdin("-q send --all --split -", three_part_text()).assert_success();
    let mut inbox = env.sandbox().inbox();
    assert_eq!(inbox.len(), 150);
    inbox.sort_by_key(|message| message["openid"].as_str().unwrap().to_owned());
    for parts in inbox.chunks(3) {
        let text: Vec<_> = parts.iter().map(|part| part["content"].as_str().unwrap()).collect();
        assert_eq!(text.join("\n"), three_part_text().trim_end());
    }
}

#[test]
fn parts_after_rejected_part_are_cancelled() {
    let mut env = env_with_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run_with_stdin("send -u nami --split -", three_part_text()).assert_snapshot(str![[r#"
exit 5
--- stderr
error: message 1 to nami was rejected: WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
hint: use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that
error: 2 messages were cancelled (recipients: nami): the previous part, message 1, was not delivered
0 of 3 messages sent; 3 not sent (`wxbox outbox list --state failed --state cancelled`)

"#]]);
    assert_eq!(env.message_states(), "failed cancelled cancelled");
    env.set_text_fault("nth = 2\nerrcode = 45047");
    let ran = env.run_with_stdin("send -u luffy --split --json -", three_part_text());
    assert_eq!((ran.status(), ran.json_lines().len()), (Some(7), 3));
    assert_eq!(env.message_states(), "failed cancelled cancelled sent failed cancelled");
    env.run("outbox retry 6 5").assert_success();
    assert_eq!(received_texts(&mut env).join("\n"), three_part_text().trim_end());
}

#[test]
fn parts_after_unknown_part_wait_for_user() {
    let mut env = env_with_luffy();
    env.set_text_fault("nth = 1\ntruncated = true");
    env.run_with_stdin("send -u luffy --split -", three_part_text()).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: end of file before message length reached
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`
error: message 2 to luffy is not delivered yet and remains queued: waiting for the previous part, message 1
hint: do not send it again: wxbox sends it after message 1; run `wxbox outbox show 1` to see the state of that message
error: message 3 to luffy is not delivered yet and remains queued: waiting for the previous part, message 2
hint: do not send it again: wxbox sends it after message 2; run `wxbox outbox show 2` to see the state of that message
0 of 3 messages sent; 1 may have arrived (`wxbox outbox list --state unknown`); 2 queued: the next `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, sends them

"#]]);
    env.run("outbox flush").assert_success();
    assert_eq!(env.message_states(), "unknown queued queued");
    env.assert_session(str![[r#"
$ wxbox outbox list
3	queued	luffy	text	[TIME]	waiting for the previous part, message 2	line 095 of a log that nobody reads 日志 line 096 of a log that nobody reads 日志 line 097 of a log…
2	queued	luffy	text	[TIME]	waiting for the previous part, message 1	line 048 of a log that nobody reads 日志 line 049 of a log that nobody reads 日志 line 050 of a log…
1	unknown	luffy	text	[TIME]	no response from 127.0.0.1:[PORT]: end of file before message length reached	line 001 of a log that nobody reads 日志 line 002 of a log that nobody reads 日志 line 003 of a log…
# The part had been delivered: the rest is sent.
$ wxbox outbox retry 2
sent message 2 (text) to luffy
sent message 3 (text) to luffy

"#]]);
    assert_eq!(received_texts(&mut env).join("\n"), three_part_text().trim_end());

    write_from_luffy(&mut env);
    env.set_text_fault("nth = 1\nstatus = 502\nprocessed = false");
    env.run_with_stdin("send -u luffy --split -", three_part_text());
    env.sandbox().post_form("faults", "");
    // The part had not been delivered: it is sent again, and then the rest.
    env.assert_session(str![[r#"
$ wxbox outbox retry --unknown
sent message 1 (text) to luffy
sent message 4 (text) to luffy
sent message 5 (text) to luffy
sent message 6 (text) to luffy
2> warning: these messages may have arrived already and may arrive twice: 1, 4

"#]]);
    assert_eq!(env.message_states(), "sent sent sent sent sent sent");
}

#[test]
fn waiting_parts_expire() {
    let mut env = env_with_luffy();
    env.set_text_fault("nth = 1\ntruncated = true");
    env.run_with_stdin("-q send -u luffy --split -", three_part_text());
    env.query::<i64>("UPDATE messages SET expires_at = 1, expire_after = 1 RETURNING 1");
    env.assert_session(str![[r#"
$ wxbox outbox flush
2> error: 2 messages have expired (recipients: luffy): the message was not delivered before it expired
2> hint: run `wxbox outbox retry --expired` to send all expired messages now
2> 0 of 2 messages sent; 2 not sent (`wxbox outbox list --state expired`)
exit 5

"#]]);
    assert_eq!(env.message_states(), "unknown expired expired");
}

#[test]
fn flush_after_kill_keeps_part_order() {
    let mut env = env_with_luffy();
    env.set_text_fault("nth = 2\nhang = \"before\"");
    let run = {
        env.write_file("long.txt", three_part_text());
        let mut command = env.command("send -u luffy --split -");
        command.stdin(std::fs::File::open(env.path("long.txt")).unwrap());
        env.spawn_command(command, "send --split")
    };
    while env.sandbox().stats()["calls"]["/cgi-bin/message/custom/send"] != 2 {}
    run.signal(Signal::KILL);
    run.wait();
    env.sandbox().post_form("faults", "");
    env.run("outbox flush").assert_success();
    assert_eq!(env.message_states(), "sent unknown queued");
    env.run("outbox retry --unknown").assert_success();
    assert_eq!(received_texts(&mut env).join("\n"), three_part_text().trim_end());
    write_from_luffy(&mut env);
    env.run_with_stdin("send -u luffy --split --no-wait --expire-after 1h -", three_part_text()).assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox flush
sent message 4 (text) to luffy
sent message 5 (text) to luffy
sent message 6 (text) to luffy

"#]]);
    assert_eq!(received_texts(&mut env).len(), 6);
}

#[test]
fn a_key_is_for_all_parts() {
    let mut env = env_with_luffy();
    env.set_text_fault("nth = 2\nerrcode = 40003");
    assert_eq!(env.run_with_stdin("send -u luffy --split --key log -", three_part_text()).status(), Some(7));
    env.run_with_stdin("send -u luffy --split --key log --json -", three_part_text()).assert_snapshot(str![[r#"
exit 7
--- stdout
{"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":"log","created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null,"duplicate":true}
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"failed","attempts":1,"msgid":null,"errcode":40003,"errmsg":"invalid openid","rid":"[RID]","error":"WeChat returned 40003 (invalid openid): openid malformed or of another account","hint":"check that the recipient was bound with this AppID; bind again","key":"log","created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null,"duplicate":true}
{"id":3,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"cancelled","attempts":0,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":"the previous part, message 2, was not delivered","hint":null,"key":"log","created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null,"duplicate":true}
--- stderr
{"error":"2 messages were not delivered","hint":null,"code":7}

"#]]);
    // Another text with a used key sends nothing, not even its last parts.
    env.run_with_stdin("send -u luffy --split --key other -", "short").assert_success();
    env.run_with_stdin("send -u luffy --split --key other -", three_part_text()).assert_snapshot(str![[r#"
exit 0
--- stdout
sent nothing to luffy: message 5 has the same key and is sent

"#]]);
    assert_eq!(received_texts(&mut env).len(), 2);
}

#[test]
fn parts_are_cancelled_together() {
    let env = env_with_luffy();
    env.run_with_stdin("send -u luffy --split --no-wait -", three_part_text()).assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox cancel 1 2
cancelled message 1 to luffy
cancelled message 2 to luffy
cancelled message 3 to luffy

"#]]);
    assert_eq!(env.message_states(), "cancelled cancelled cancelled");
    env.run_with_stdin("send -u luffy --split --no-wait -", three_part_text()).assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox cancel 5
cancelled message 5 to luffy
cancelled message 6 to luffy

"#]]);
    env.run("outbox retry 6 5 4").assert_success();
    assert_eq!(env.message_states(), "cancelled cancelled cancelled sent sent sent");
    env.run_with_stdin("send -u luffy --split --no-wait -", three_part_text()).assert_success();
    env.run("outbox cancel --all").assert_success();
    let ran = env.run("outbox list --json --limit 3").assert_success();
    let reasons: Vec<_> = ran.json_lines().iter().map(|result| result["error"].clone()).collect();
    let part = "the previous part, message 7, was not delivered";
    assert_eq!(reasons, [json!(part), json!(part), Value::Null]);
}

#[test]
fn lines_of_a_batch_are_split() {
    let mut env = env_with_luffy();
    let line = serde_json::json!({"user": "luffy", "text": three_part_text(), "ref": "r"});
    env.run_with_stdin("send --batch -", line.to_string()).assert_snapshot(str![[r#"
exit 0
--- stdout
{"line":1,"ref":"r","id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null,"warnings":["the text is 5159 bytes long and is cut to 2048 bytes, the limit of WeChat"]}

"#]]);
    let ran = env.run_with_stdin("send --batch - --split", line.to_string()).assert_success();
    let refs: Vec<_> = ran.json_lines().iter().map(|result| result["ref"].clone()).collect();
    assert_eq!(refs, ["r", "r", "r"]);
    let all = received_texts(&mut env);
    assert!(all[0].len() <= 2048 && all[0].ends_with('…'), "{}", all[0]);
    assert_eq!(all[1..].join("\n"), three_part_text().trim_end());
    env.run_with_stdin("send --batch - --strict", line.to_string()).assert_snapshot(str![[r#"
exit 5
--- stdout
{"line":1,"ref":"r","state":"failed","error":"the text is 5159 bytes long; WeChat allows at most 2048"}

"#]]);
}
