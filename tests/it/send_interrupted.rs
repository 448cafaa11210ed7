//! `send`: the state that rejected credentials, a dead network or a signal leave behind.

use rustix::process::Signal;
use snapbox::str;

use crate::send::{add_users, env_with_users, queued_count};
use crate::support::canned_server::{ACCEPTED_BODY, CannedResponse, CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{NAMI, TestEnv, ZORO};

#[test]
fn rejected_credentials_exit_3() {
    let mut env = env_with_users();
    env.set_variable("WXBOX_APP_SECRET", "ffffffffffffffffffffffffffffffff");
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami hi
2> error: cannot get an access token: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong
2> hint: compare the AppSecret in WXBOX_APP_SECRET with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working
2> 2 messages of this command remain queued: do not send them again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends them
exit 3
$ wxbox send --json -u luffy hi
{"id":3,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"queued","attempts":0,"msgid":null,"errcode":40125,"errmsg":"invalid appsecret","rid":"[RID]","error":"cannot get an access token: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong","hint":"compare the AppSecret with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working; do not send it again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, retries it; run `wxbox outbox retry 3` to retry it now","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
2> {"error":"cannot get an access token: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong","hint":"compare the AppSecret in WXBOX_APP_SECRET with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working","code":3}
exit 3

"#]]);
    assert_eq!(queued_count(&env), 3);
    assert_eq!(env.count("attempts"), 0);
    env.assert_session(str![[r#"
$ wxbox outbox show 1
ID            1
State         queued
To            luffy
Openid        oLuffy_wears_the_straw_hat_1
Type          text
Attempts      0
Created       [TIME]
Expires       [TIME]
Next attempt  [TIME]
Error         cannot get an access token: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong
Request ID    [RID]
Hint          compare the AppSecret with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working; do not send it again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, retries it; run `wxbox outbox retry 1` to retry it now
Content       hi

"#]]);
    env.set_variable("WXBOX_APP_ID", "wxffffffffffffffff");
    env.assert_session(str![[r#"
$ wxbox send --openid oLuffy_wears_the_straw_hat_1 hi
2> error: cannot get an access token: WeChat returned 40013 (invalid appid): the AppID is unknown or malformed
2> hint: copy the AppID again; it is case-sensitive
2> 1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it
exit 3

"#]]);
}

#[test]
fn disallowed_ip_is_reported() {
    let env = add_users(TestEnv::with_scenario("ip_whitelist = [\"192.0.2.0/24\"]\n"));
    env.assert_session(str![[r#"
$ wxbox send -u luffy hi
2> error: cannot get an access token: WeChat returned 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): the caller IP is not on the IP allow-list
2> hint: add 127.0.0.1 to the IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); the change takes up to 10 minutes, then try again
2> 1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it
exit 3
$ wxbox send --json -u luffy hi
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"queued","attempts":0,"msgid":null,"errcode":40164,"errmsg":"invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist","rid":"[RID]","error":"cannot get an access token: WeChat returned 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): the caller IP is not on the IP allow-list","hint":"add 127.0.0.1 to the IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); the change takes up to 10 minutes, then try again; do not send it again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, retries it; run `wxbox outbox retry 2` to retry it now","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
2> {"error":"cannot get an access token: WeChat returned 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): the caller IP is not on the IP allow-list","hint":"add 127.0.0.1 to the IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); the change takes up to 10 minutes, then try again","code":3}
exit 3
$ wxbox token
2> error: cannot get an access token: WeChat returned 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): the caller IP is not on the IP allow-list
2> hint: add 127.0.0.1 to the IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); the change takes up to 10 minutes, then try again
exit 3

"#]]);
}

#[test]
fn unsent_message_stays_queued() {
    let env = TestEnv::without_config();
    env.write_config(
        "app_id = \"wx1\"\napp_secret = \"s\"\n[send]\nwait = \"0s\"\n[network]\napi_base = \"http://127.0.0.1:1\"\n",
    );
    let env = add_users(env);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami hi
2> error: cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)
2> hint: start `wxbox sandbox`, or correct network.api_base
2> 2 messages of this command remain queued: do not send them again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends them
exit 6
$ wxbox send --json -u luffy hi
{"id":3,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"queued","attempts":0,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":"cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)","hint":"do not send it again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, retries it; run `wxbox outbox retry 3` to retry it now","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
2> {"error":"cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)","hint":"start `wxbox sandbox`, or correct network.api_base","code":6}
exit 6

"#]]);
    assert_eq!(queued_count(&env), 3);
    env.assert_session(str![[r#"
$ wxbox outbox list
3	queued	luffy	text	[TIME]	cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)	hi
2	queued	nami	text	[TIME]	cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)	hi
1	queued	luffy	text	[TIME]	cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)	hi
$ wxbox outbox show 1
ID            1
State         queued
To            luffy
Openid        oLuffy_wears_the_straw_hat_1
Type          text
Attempts      0
Created       [TIME]
Expires       [TIME]
Next attempt  [TIME]
Error         cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)
Hint          do not send it again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, retries it; run `wxbox outbox retry 1` to retry it now
Content       hi

"#]]);
}

#[test]
fn a_cached_token_does_not_make_the_host_reachable() {
    let mut env = env_with_users();
    env.run("send -u luffy hi").assert_success();
    let api = env.sandbox().url.clone();
    let config = env.read_config();
    env.write_config(&config.replace(&api, "http://127.0.0.1:1"));
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami hi
2> error: cannot reach 127.0.0.1:1: Connection refused (os error 111)
2> hint: start `wxbox sandbox`, or correct network.api_base
2> 2 messages of this command remain queued: do not send them again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends them
exit 6

"#]]);
    assert_eq!(queued_count(&env), 2);
}

#[test]
fn no_answer_in_time_is_unknown() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), CannedResponse::Stall, CannedResponse::Stall]);
    let env = server.env("", "timeout = \"300ms\"");
    env.assert_session(str![[r#"
$ wxbox send -u luffy hi
2> error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: timed out
2> hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`
exit 6
$ wxbox send --json -u luffy hi
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"unknown","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":"no response from 127.0.0.1:[PORT]: timed out","hint":"ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 2`","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
2> {"error":"1 message was not delivered","hint":null,"code":6}
exit 6
$ wxbox outbox show 1
ID        1
State     unknown
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      text
Attempts  1
Created   [TIME]
Error     no response from 127.0.0.1:[PORT]: timed out
Hint      ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`
Content   hi

"#]]);
    assert_eq!(env.query::<String>("SELECT group_concat(state) FROM messages"), "unknown,unknown");
    assert_eq!(env.query::<String>("SELECT group_concat(outcome) FROM attempts"), "ambiguous,ambiguous");
}

#[test]
fn one_unknown_does_not_stop_the_next() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        CannedResponse::Bytes(b"garbage\r\n\r\n".to_vec()),
        json_response(ACCEPTED_BODY),
    ]);
    let env = server.env("", "");
    env.assert_session(str![[r#"
$ wxbox send -u luffy --openid oNami_draws_maps_of_the_sea1 hi
sent message 2 (text) to oNami_draws_maps_of_the_sea1
2> error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: invalid HTTP version parsed
2> hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`
2> 1 of 2 messages sent; 1 may have arrived (`wxbox outbox list --state unknown`)
exit 6

"#]]);
}

#[test]
fn signal_marks_in_flight_message_unknown() {
    for (signal, option) in [(Signal::INT, ""), (Signal::TERM, "--json")] {
        let server =
            CannedServer::new(vec![json_response(TOKEN_BODY), json_response(ACCEPTED_BODY), CannedResponse::Stall]);
        let env = server.env("", "timeout = \"1h\"");
        let send = env.spawn(&format!("send {option} -u luffy --openid {NAMI} --openid {ZORO} hi"));
        server.stalled();
        send.signal(signal);
        let ran = send.wait();
        if signal == Signal::INT {
            ran.assert_snapshot(str![[r#"
exit 130
--- stdout
sent message 1 (text) to luffy
--- stderr
stopping; waiting up to two seconds for responses
error: message 2 to oNami_draws_maps_of_the_sea1 may or may not have been delivered: interrupted before WeChat responded
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 2`
interrupted; 1 message of this command remains queued; run `wxbox outbox flush` to send it

"#]])
        } else {
            ran.assert_snapshot(str![[r#"
exit 143
--- stdout
{"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":"[MSGID]","errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}
{"id":2,"user":null,"openid":"oNami_draws_maps_of_the_sea1","type":"text","state":"unknown","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":"interrupted before WeChat responded","hint":"ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 2`","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
{"id":3,"user":null,"openid":"oZoro_cannot_find_the_way_22","type":"text","state":"queued","attempts":0,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
--- stderr
stopping; waiting up to two seconds for responses
interrupted; 1 message of this command remains queued; run `wxbox outbox flush` to send it

"#]])
        };
        assert_eq!(env.query::<String>("SELECT group_concat(state) FROM messages"), "sent,unknown,queued");
        assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
        env.assert_session(str![[r#"
$ wxbox outbox show 2
ID        2
State     unknown
To        oNami_draws_maps_of_the_sea1
Openid    oNami_draws_maps_of_the_sea1
Type      text
Attempts  1
Created   [TIME]
Error     interrupted before WeChat responded
Hint      ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 2`
Content   hi

"#]]);
    }
}

#[test]
fn signal_waits_briefly_for_pending_response() {
    let server = CannedServer::new(vec![CannedResponse::Stall]);
    let env = server.env("", "timeout = \"1h\"");
    let send = env.spawn("send -u luffy hi");
    server.stalled();
    send.signal(Signal::INT);
    // The call for a token is stalled: no byte of the message has been sent.
    send.wait().assert_snapshot(str![[r#"
exit 130
--- stderr
stopping; waiting up to two seconds for responses
interrupted; 1 message of this command remains queued; run `wxbox outbox flush` to send it

"#]]);
    assert_eq!(queued_count(&env), 1);
}

#[test]
fn full_stdout_disk_does_not_stop_sending() {
    let mut env = env_with_users();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = env.command("send -u luffy -u nami -t backup").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: cannot write to standard output: No space left on device (os error 28)\n"
    );
    assert_eq!(env.sandbox().inbox().len(), 2);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'sent'"), 2);
}
