//! A batch goes on for long: what others do to the database meanwhile.

use std::io::Write;

use rustix::process::Signal;
use serde_json::json;
use snapbox::str;

use crate::canned::{OK, TOKEN};
use crate::harness::{LUFFY, NAMI, World};
use crate::scripted::{Scripted, point_at};

/// Both are bound, and have just written to the account.
fn world() -> World {
    let person =
        |name: &str, openid: &str| format!("[[people]]\nname = \"{name}\"\nopenid = \"{openid}\"\nwrote = true\n");
    let world = World::of(&(person("luffy", LUFFY) + &person("nami", NAMI)));
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world
}

/// What is removed leaves its place in the database to the next, with its number.
#[test]
fn a_text_is_never_that_of_one_who_was_removed() {
    // In one part it is sent as it was read; in several it is read back.
    for (options, text) in [("", "x".repeat(9)), ("--split", "x".repeat(2500))] {
        let mut world = world();
        let (input, mut lines) = std::io::pipe().unwrap();
        let mut command = world.command(&format!("send --batch - {options}"));
        command.stdin(input);
        let mut batch = world.start(command, "send --batch -");
        for (user, parts) in [("luffy", 1 + text.len() / 2048), ("nami", 1 + text.len() / 2048)] {
            writeln!(lines, "{}", json!({"user": user, "text": format!("for-{user}-{text}")})).unwrap();
            for _ in 0..parts {
                let told = batch.next_line();
                assert!(told.contains(r#""state":"sent""#), "{told}");
            }
            if user == "luffy" {
                world.wxbox("user remove luffy --yes").ok();
            }
        }
        drop(lines);
        batch.end().ok();
        let inbox = world.sandbox().inbox();
        let to = |openid: &str| {
            inbox.iter().filter(|it| it["openid"] == openid).map(|it| &it["content"]).collect::<Vec<_>>()
        };
        assert!(to(LUFFY)[0].as_str().unwrap().starts_with("for-luffy-"));
        assert!(to(NAMI)[0].as_str().unwrap().starts_with("for-nami-"), "{:?}", to(NAMI));
        assert_eq!(to(LUFFY).len(), to(NAMI).len());
    }
}

#[test]
fn who_is_removed_before_their_line_is_queued_gets_nothing_and_the_rest_goes_on() {
    let mut world = world();
    let wechat = Scripted::start();
    point_at(&mut world, &wechat, "timeout = \"1h\"");
    // One is under way and one waits; the mistake in the last tells that all before it have been read.
    let lines = "{\"user\":\"nami\",\"text\":\"1\"}\n{\"user\":\"nami\",\"text\":\"2\"}\n\
                 {\"user\":\"luffy\",\"text\":\"3\",\"ref\":\"mine\"}\n{\"user\":\"nami\",\"text\":\"4\"}\nx\n";
    let file = world.write("lines", lines);
    let mut batch = world.spawn(&format!("send --batch {}", file.display()));
    assert_eq!(wechat.asked(), "/cgi-bin/stable_token");
    wechat.answer(200, TOKEN);
    wechat.asked();
    assert!(batch.next_line().starts_with("{\"line\":5,"));
    world.wxbox("user remove luffy --yes").ok();
    wechat.answer(200, OK);
    for _ in 0..2 {
        wechat.asked();
        wechat.answer(200, OK);
    }
    let ended = batch.end();
    assert_eq!(ended.status(), Some(7));
    let of = |line: u64| ended.json().into_iter().find(|it| it["line"] == line).unwrap();
    let none = json!({"line": 3, "ref": "mine", "state": "failed",
        "error": "nothing was sent to luffy: the binding was changed or removed meanwhile"});
    assert_eq!(of(3), none);
    assert!([1, 2, 4].iter().all(|line| of(*line)["state"] == "sent"), "{}", ended.stdout());
    assert_eq!((ended.json().len(), ended.stderr(), wechat.more()), (5, "", 0));
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM contents"), 3);
}

/// The last line of all hangs: nobody is left who could tell of it but the one who leaves.
#[test]
fn the_line_that_is_under_way_when_one_leaves_has_its_result() {
    let mut world = world();
    let wechat = Scripted::start();
    point_at(&mut world, &wechat, "timeout = \"1h\"");
    let lines = world.write("lines", "{\"user\":\"nami\",\"text\":\"1\",\"ref\":\"mine\"}\n");
    let batch = world.spawn(&format!("send --batch {}", lines.display()));
    wechat.asked();
    wechat.answer(200, TOKEN);
    wechat.asked();
    batch.signal(Signal::INT);
    batch.end().is(str![[r#"
exit 130
--- stdout
{"line":1,"ref":"mine","id":1,"user":"nami","openid":"oNami_draws_maps_of_the_sea1","type":"text","state":"unknown","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":"interrupted before WeChat answered","hint":"it may have arrived, so wxbox does not repeat it by itself: ask the person; if it did not arrive, `wxbox outbox retry 1` sends it again","key":null,"created_at":"[TIME]","sent_at":null}
--- stderr
stopping; waiting up to two seconds for the answer under way
interrupted; nothing is left queued

"#]]);
}

#[test]
fn who_is_removed_while_their_message_waits_is_told_not_to_have_got_it() {
    for (json, said) in [
        ("", "error: message 2 was not sent, since the person was removed\n"),
        ("--json ", r#"{"id":2,"state":"failed","error":"message 2 was not sent, since the person was removed"}"#),
    ] {
        let mut world = world();
        let wechat = Scripted::start();
        point_at(&mut world, &wechat, "timeout = \"1h\"");
        let sending = world.spawn(&format!("{json}send -u nami -u luffy hello"));
        wechat.asked();
        wechat.answer(200, TOKEN);
        wechat.asked();
        world.wxbox("user remove luffy --yes").ok();
        wechat.answer(200, OK);
        let ended = sending.end();
        let out = format!("{}{}", ended.stdout(), ended.stderr());
        assert_eq!((ended.status(), wechat.more()), (Some(7), 0), "{out}");
        assert!(out.contains(said), "{out}");
    }
}

/// What was there before is told before what hangs.
#[test]
fn a_duplicate_is_told_though_the_other_message_hangs() {
    let mut world = world();
    world.wxbox("send -u luffy --key k hello").ok();
    let wechat = Scripted::start();
    point_at(&mut world, &wechat, "timeout = \"1h\"");
    let mut sending = world.spawn("send -u luffy -u nami --key k hello");
    wechat.asked();
    assert_eq!(sending.next_line(), "nothing sent to luffy: message 1 has this key, and is sent");
    sending.signal(Signal::INT);
    assert_eq!(sending.end().status(), Some(130));
}
