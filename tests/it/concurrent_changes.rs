//! Changes of other processes to the database while a long batch runs.

use std::io::Write;

use rustix::process::Signal;
use serde_json::json;
use snapbox::str;

use crate::support::canned_server::{ACCEPTED_BODY, TOKEN_BODY};
use crate::support::env::{LUFFY, NAMI, TestEnv};
use crate::support::scripted_server::{ScriptedServer, use_in};

/// Returns an environment in which both users are bound and have just written to the account.
fn env_with_two_bound() -> TestEnv {
    let person =
        |name: &str, openid: &str| format!("[[people]]\nname = \"{name}\"\nopenid = \"{openid}\"\nwrote = true\n");
    let env = TestEnv::with_scenario(&(person("luffy", LUFFY) + &person("nami", NAMI)));
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env
}

/// The next row may get the place and the number of a removed row.
#[test]
fn text_is_never_sent_to_removed_user() {
    // A text in one part is sent as it was read; a text in several parts is read back from the
    // database.
    for (options, text) in [("", "x".repeat(9)), ("--split", "x".repeat(2500))] {
        let mut env = env_with_two_bound();
        let (input, mut lines) = std::io::pipe().unwrap();
        let mut command = env.command(&format!("send --batch - {options}"));
        command.stdin(input);
        let mut batch = env.spawn_command(command, "send --batch -");
        for (user, parts) in [("luffy", 1 + text.len() / 2048), ("nami", 1 + text.len() / 2048)] {
            writeln!(lines, "{}", json!({"user": user, "text": format!("for-{user}-{text}")})).unwrap();
            for _ in 0..parts {
                let report = batch.expect_line();
                assert!(report.contains(r#""state":"sent""#), "{report}");
            }
            if user == "luffy" {
                env.run("user remove luffy --yes").assert_success();
            }
        }
        drop(lines);
        batch.wait().assert_success();
        let inbox = env.sandbox().inbox();
        let to = |openid: &str| {
            inbox
                .iter()
                .filter(|message| message["openid"] == openid)
                .map(|message| &message["content"])
                .collect::<Vec<_>>()
        };
        assert!(to(LUFFY)[0].as_str().unwrap().starts_with("for-luffy-"));
        assert!(to(NAMI)[0].as_str().unwrap().starts_with("for-nami-"), "{:?}", to(NAMI));
        assert_eq!(to(LUFFY).len(), to(NAMI).len());
    }
}

#[test]
fn user_removed_before_enqueue_gets_nothing() {
    let mut env = env_with_two_bound();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "timeout = \"1h\"");
    // One message is in flight and one waits; the mistake in the last line shows that all lines
    // before it have been read.
    let lines = "{\"user\":\"nami\",\"text\":\"1\"}\n{\"user\":\"nami\",\"text\":\"2\"}\n\
                 {\"user\":\"luffy\",\"text\":\"3\",\"ref\":\"mine\"}\n{\"user\":\"nami\",\"text\":\"4\"}\nx\n";
    let file = env.write_file("lines", lines);
    let mut batch = env.spawn(&format!("send --batch {}", file.display()));
    assert_eq!(wechat.expect_request(), "/cgi-bin/stable_token");
    wechat.respond(200, TOKEN_BODY);
    wechat.expect_request();
    assert!(batch.expect_line().starts_with("{\"line\":5,"));
    env.run("user remove luffy --yes").assert_success();
    wechat.respond(200, ACCEPTED_BODY);
    for _ in 0..2 {
        wechat.expect_request();
        wechat.respond(200, ACCEPTED_BODY);
    }
    let ended = batch.wait();
    assert_eq!(ended.status(), Some(7));
    let of = |line: u64| ended.json_lines().into_iter().find(|result| result["line"] == line).unwrap();
    let none = json!({"line": 3, "ref": "mine", "state": "failed",
        "error": "nothing was sent to luffy: another process changed or removed the binding"});
    assert_eq!(of(3), none);
    assert!([1, 2, 4].iter().all(|line| of(*line)["state"] == "sent"), "{}", ended.stdout());
    assert_eq!((ended.json_lines().len(), ended.stderr(), wechat.unexpected_requests()), (5, "", 0));
    assert_eq!(env.count("payloads"), 3);
}

/// The last line stalls, so only the shutdown can report it.
#[test]
fn in_flight_line_of_removed_user_has_result() {
    let mut env = env_with_two_bound();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "timeout = \"1h\"");
    let lines = env.write_file("lines", "{\"user\":\"nami\",\"text\":\"1\",\"ref\":\"mine\"}\n");
    let batch = env.spawn(&format!("send --batch {}", lines.display()));
    wechat.expect_request();
    wechat.respond(200, TOKEN_BODY);
    wechat.expect_request();
    batch.signal(Signal::INT);
    batch.wait().assert_snapshot(str![[r#"
exit 130
--- stdout
{"line":1,"ref":"mine","id":1,"user":"nami","openid":"oNami_draws_maps_of_the_sea1","type":"text","state":"unknown","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":"interrupted before WeChat responded","hint":"ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
--- stderr
stopping; waiting up to two seconds for responses
interrupted; 0 messages of this command remain queued

"#]]);
}

#[test]
fn user_removed_while_queued_is_reported_unsent() {
    for (json, said) in [
        ("", "error: message 2 was not sent, because its user was removed\n"),
        ("--json ", r#"{"id":2,"state":"failed","error":"message 2 was not sent, because its user was removed"}"#),
    ] {
        let mut env = env_with_two_bound();
        let wechat = ScriptedServer::start();
        use_in(&mut env, &wechat, "timeout = \"1h\"");
        let sending = env.spawn(&format!("{json}send -u nami -u luffy hello"));
        wechat.expect_request();
        wechat.respond(200, TOKEN_BODY);
        wechat.expect_request();
        env.run("user remove luffy --yes").assert_success();
        wechat.respond(200, ACCEPTED_BODY);
        let ended = sending.wait();
        let out = format!("{}{}", ended.stdout(), ended.stderr());
        assert_eq!((ended.status(), wechat.unexpected_requests()), (Some(7), 0), "{out}");
        assert!(out.contains(said), "{out}");
    }
}

/// A duplicate is reported before the message that stalls.
#[test]
fn duplicate_is_reported_while_other_message_stalls() {
    let mut env = env_with_two_bound();
    env.run("send -u luffy --key k hello").assert_success();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "timeout = \"1h\"");
    let mut sending = env.spawn("send -u luffy -u nami --key k hello");
    wechat.expect_request();
    assert_eq!(sending.expect_line(), "sent nothing to luffy: message 1 has the same key and is sent");
    sending.signal(Signal::INT);
    assert_eq!(sending.wait().status(), Some(130));
}
