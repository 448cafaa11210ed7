//! `--split`: a long text in parts, each only after the one before it, whoever delivers them.

use rustix::process::Signal;
use serde_json::{Value, json};
use snapbox::str;

use crate::harness::{LUFFY, NAMI, World};

/// 2,500 bytes and more, in three parts.
fn long() -> String {
    (1..=120).map(|n| format!("line {n:03} of a log that nobody reads 日志\n")).collect()
}

fn world() -> World {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("token").ok();
    world
}

/// What arrived at luffy, the oldest first.
fn arrived(world: &mut World) -> Vec<String> {
    let inbox = world.sandbox().inbox();
    let own = inbox.iter().filter(|it| it["openid"] == LUFFY);
    own.map(|it| it["content"].as_str().unwrap().to_owned()).collect()
}

/// luffy writes, so that five more messages may come.
fn write(world: &mut World) {
    world.sandbox().form("write", "person=luffy&text=go+on");
}

fn states(world: &World) -> String {
    world.sql("SELECT group_concat(state) FROM (SELECT state FROM messages ORDER BY id)")
}

fn fault(world: &mut World, what: &str) {
    world.sandbox().form("faults", format!("[[faults]]\napi = \"/cgi-bin/message/custom/send\"\n{what}\n"));
}

#[test]
fn a_long_text_is_cut_or_split_and_with_strict_refused() {
    let mut world = world();
    world.feed("send -u luffy -", long()).is(str![[r#"
exit 0
--- stdout
sent message 1 (text) to luffy
--- stderr
warning: the text has 5159 bytes of UTF-8 and is cut to 2048, the most that WeChat takes

"#]]);
    let cut = arrived(&mut world).remove(0);
    assert!((2046..=2048).contains(&cut.len()) && cut.ends_with('…'), "{cut}");
    assert!(long().starts_with(cut.trim_end_matches('…')));
    world.feed("send -u luffy --strict -", long()).is(str![[r#"
exit 2
--- stderr
error: the text has 5159 bytes of UTF-8, 2048 is the most that WeChat takes
hint: shorten it, send a link to the whole, or give --split to send it in parts

"#]]);
    world.feed("send -u luffy --split -", long()).is(str![[r#"
exit 0
--- stdout
sent message 2 (text) to luffy
sent message 3 (text) to luffy
sent message 4 (text) to luffy

"#]]);
    let parts = arrived(&mut world).split_off(1);
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| part.len() <= 2048 && part.starts_with("line ")), "{parts:?}");
    assert_eq!(parts.join("\n"), long().trim_end());
    world.wxbox("send -u luffy --split short").is(str![[r#"
exit 0
--- stdout
sent message 5 (text) to luffy

"#]]);
    world.wxbox("outbox show 3").is(str![[r#"
exit 0
--- stdout
ID        3
State     sent
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      text
Attempts  1
Created   [TIME]
Sent      [TIME]
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

"#]]);
    world.wxbox("send -u luffy --split --fallback backup x").is(str![[r#"
exit 2
--- stderr
error: the argument '--split' cannot be used with '--fallback <T>'
hint: the usage is: wxbox send --split <--user <NAME>|--tag <TAG>|--all|--openid <ID>|--batch <FILE>> <TEXT|--text <TEXT>|--template <T>|--image <FILE|MEDIA_ID>|--news <FILE>|--subscribe <T>|--message <FILE>|--batch <FILE>>

"#]]);
    world.wxbox("send -u luffy --split --template backup").is(str![[r#"
exit 2
--- stderr
error: the argument '--split' cannot be used with '--template <T>'
hint: the usage is: wxbox send --split <--user <NAME>|--tag <TAG>|--all|--openid <ID>|--batch <FILE>> <TEXT|--text <TEXT>|--template <T>|--image <FILE|MEDIA_ID>|--news <FILE>|--subscribe <T>|--message <FILE>|--batch <FILE>>

"#]]);
    let dry = world.feed("send -u luffy --split --dry-run -", long()).ok();
    assert_eq!(dry.stdout().lines().count(), 3);
    let many = world.feed("send -u luffy --split --no-wait -", long().repeat(3)).ok();
    assert!(many.stderr().contains("WeChat takes 5"), "{}", many.stderr());
}

#[test]
fn each_of_many_gets_the_parts_in_order() {
    let mut world = World::of("crowd = 50\n[[faults]]\napi = \"/cgi-bin/message/*\"\nevery = 7\nerrcode = -1\n");
    world.reconfigure(&[("wait = \"0s\"", "wait = \"20s\""), ("concurrency = 1", "concurrency = 16")]);
    world.crowd(50);
    world.feed("-q send --all --split -", long()).ok();
    let mut inbox = world.sandbox().inbox();
    assert_eq!(inbox.len(), 150);
    inbox.sort_by_key(|it| it["openid"].as_str().unwrap().to_owned());
    for parts in inbox.chunks(3) {
        let text: Vec<_> = parts.iter().map(|it| it["content"].as_str().unwrap()).collect();
        assert_eq!(text.join("\n"), long().trim_end());
    }
}

#[test]
fn parts_behind_one_that_is_refused_are_withdrawn() {
    let mut world = world();
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.feed("send -u nami --split -", long()).is(str![[r#"
exit 5
--- stderr
error: message 1 to nami was refused: WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
hint: Use a template message, or ask the person to write to the account first (they must follow it for either)
error: message 2 to nami was cancelled: message 1, the part before it, was not delivered
error: message 3 to nami was cancelled: message 1, the part before it, was not delivered

"#]]);
    assert_eq!(states(&world), "failed,cancelled,cancelled");
    fault(&mut world, "nth = 2\nerrcode = 45047");
    let ran = world.feed("send -u luffy --split --json -", long());
    assert_eq!((ran.status(), ran.json().len()), (Some(7), 3));
    assert_eq!(states(&world), "failed,cancelled,cancelled,sent,failed,cancelled");
    world.wxbox("outbox retry 6 5").ok();
    assert_eq!(arrived(&mut world).join("\n"), long().trim_end());
}

#[test]
fn parts_behind_one_that_may_have_arrived_wait_for_a_word() {
    let mut world = world();
    fault(&mut world, "nth = 1\ntruncated = true");
    world.feed("send -u luffy --split -", long()).is(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: no answer from 127.0.0.1:[PORT]: end of file before message length reached
hint: it may have arrived, so wxbox does not repeat it by itself: ask the person; if it did not arrive, `wxbox outbox retry 1` sends it again
error: message 2 to luffy is not delivered yet and stays queued: it waits for message 1, the part before it
hint: do not send it again: it goes out by itself after message 1; `wxbox outbox show 1` tells what that one waits for
error: message 3 to luffy is not delivered yet and stays queued: it waits for message 2, the part before it
hint: do not send it again: it goes out by itself after message 2; `wxbox outbox show 2` tells what that one waits for

"#]]);
    world.wxbox("outbox flush").ok();
    assert_eq!(states(&world), "unknown,queued,queued");
    world.wxbox("outbox list").is(str![[r#"
exit 0
--- stdout
3	queued	luffy	text	[TIME]	it waits for message 2, the part before it
2	queued	luffy	text	[TIME]	it waits for message 1, the part before it
1	unknown	luffy	text	[TIME]	no answer from 127.0.0.1:[PORT]: end of file before message length reached

"#]]);
    // It had arrived: the rest may go.
    world.wxbox("outbox retry 2").is(str![[r#"
exit 0
--- stdout
sent message 2 (text) to luffy
sent message 3 (text) to luffy

"#]]);
    assert_eq!(arrived(&mut world).join("\n"), long().trim_end());

    write(&mut world);
    fault(&mut world, "nth = 1\nstatus = 502\nprocessed = false");
    world.feed("send -u luffy --split -", long());
    world.sandbox().form("faults", "");
    // It had not: once more, and the rest with it.
    world.wxbox("outbox retry --unknown").is(str![[r#"
exit 0
--- stdout
sent message 1 (text) to luffy
sent message 4 (text) to luffy
sent message 5 (text) to luffy
sent message 6 (text) to luffy
--- stderr
warning: these messages may have arrived already, and may arrive twice: 1, 4

"#]]);
    assert_eq!(states(&world), "sent,sent,sent,sent,sent,sent");
}

#[test]
fn parts_that_wait_expire_with_their_time() {
    let mut world = world();
    fault(&mut world, "nth = 1\ntruncated = true");
    world.feed("-q send -u luffy --split -", long());
    world.sql::<i64>("UPDATE messages SET expires_at = 1, expire_after = 1 RETURNING 1");
    world.wxbox("outbox flush").is(str![[r#"
exit 5
--- stderr
error: message 2 to luffy was refused: it could not be delivered within its time
hint: if it is still of use, `wxbox outbox retry 2` sends it
error: message 3 to luffy was refused: it could not be delivered within its time
hint: if it is still of use, `wxbox outbox retry 3` sends it

"#]]);
    assert_eq!(states(&world), "unknown,expired,expired");
}

#[test]
fn a_flush_and_a_killed_process_keep_the_order() {
    let mut world = world();
    fault(&mut world, "nth = 2\nhang = \"before\"");
    let run = {
        world.write("long.txt", long());
        let mut command = world.command("send -u luffy --split -");
        command.stdin(std::fs::File::open(world.path("long.txt")).unwrap());
        world.start(command, "send --split")
    };
    while world.sandbox().stats()["calls"]["/cgi-bin/message/custom/send"] != 2 {}
    run.signal(Signal::KILL);
    run.end();
    world.sandbox().form("faults", "");
    world.wxbox("outbox flush").ok();
    assert_eq!(states(&world), "sent,unknown,queued");
    world.wxbox("outbox retry --unknown").ok();
    assert_eq!(arrived(&mut world).join("\n"), long().trim_end());
    write(&mut world);
    world.feed("send -u luffy --split --no-wait --expire-after 1h -", long()).ok();
    world.wxbox("outbox flush").is(str![[r#"
exit 0
--- stdout
sent message 4 (text) to luffy
sent message 5 (text) to luffy
sent message 6 (text) to luffy

"#]]);
    assert_eq!(arrived(&mut world).len(), 6);
}

#[test]
fn a_key_is_for_all_parts() {
    let mut world = world();
    fault(&mut world, "nth = 2\nerrcode = 40003");
    assert_eq!(world.feed("send -u luffy --split --key log -", long()).status(), Some(7));
    world.feed("send -u luffy --split --key log --json -", long()).is(str![[r#"
exit 7
--- stdout
{"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":"log","created_at":"[TIME]","sent_at":"[TIME]","duplicate":true}
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"failed","attempts":1,"msgid":null,"errcode":40003,"errmsg":"invalid openid","rid":"[RID]","error":"WeChat says 40003 (invalid openid): openid malformed or of another account","hint":"Check that the recipient was bound with this AppID; bind again","key":"log","created_at":"[TIME]","sent_at":null,"duplicate":true}
{"id":3,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"cancelled","attempts":0,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":"message 2, the part before it, was not delivered","hint":null,"key":"log","created_at":"[TIME]","sent_at":null,"duplicate":true}
--- stderr
{"error":"2 messages were not delivered","hint":null,"code":7}

"#]]);
    // Another text under a key that is known sends nothing, not its end either.
    world.feed("send -u luffy --split --key other -", "short").ok();
    world.feed("send -u luffy --split --key other -", long()).is(str![[r#"
exit 0
--- stdout
nothing sent to luffy: message 5 has this key, and is sent

"#]]);
    assert_eq!(arrived(&mut world).len(), 2);
}

#[test]
fn parts_are_withdrawn_together() {
    let world = world();
    world.feed("send -u luffy --split --no-wait -", long()).ok();
    world.wxbox("outbox cancel 1 2").is(str![[r#"
exit 0
--- stdout
cancelled message 1 to luffy
cancelled message 2 to luffy
cancelled message 3 to luffy

"#]]);
    assert_eq!(states(&world), "cancelled,cancelled,cancelled");
    world.feed("send -u luffy --split --no-wait -", long()).ok();
    world.wxbox("outbox cancel 5").is(str![[r#"
exit 0
--- stdout
cancelled message 5 to luffy
cancelled message 6 to luffy

"#]]);
    world.wxbox("outbox retry 6 5 4").ok();
    assert_eq!(states(&world), "cancelled,cancelled,cancelled,sent,sent,sent");
    world.feed("send -u luffy --split --no-wait -", long()).ok();
    world.wxbox("outbox cancel --all").ok();
    let ran = world.wxbox("outbox list --json --limit 3").ok();
    let reasons: Vec<_> = ran.json().iter().map(|it| it["error"].clone()).collect();
    let part = "message 7, the part before it, was not delivered";
    assert_eq!(reasons, [json!(part), json!(part), Value::Null]);
}

#[test]
fn lines_of_a_batch_are_split() {
    let mut world = world();
    let line = serde_json::json!({"user": "luffy", "text": long(), "ref": "r"});
    world.feed("send --batch -", line.to_string()).is(str![[r#"
exit 0
--- stdout
{"line":1,"ref":"r","id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","warnings":["the text has 5159 bytes of UTF-8 and is cut to 2048, the most that WeChat takes"]}

"#]]);
    let ran = world.feed("send --batch - --split", line.to_string()).ok();
    let refs: Vec<_> = ran.json().iter().map(|it| it["ref"].clone()).collect();
    assert_eq!(refs, ["r", "r", "r"]);
    let all = arrived(&mut world);
    assert!(all[0].len() <= 2048 && all[0].ends_with('…'), "{}", all[0]);
    assert_eq!(all[1..].join("\n"), long().trim_end());
    world.feed("send --batch - --strict", line.to_string()).is(str![[r#"
exit 5
--- stdout
{"line":1,"ref":"r","state":"failed","error":"the text has 5159 bytes of UTF-8, 2048 is the most that WeChat takes"}

"#]]);
}
