//! The requests that wxbox sends, and how it handles unusual responses.

use snapbox::str;

use crate::support::canned_server::{
    ACCEPTED_BODY, CannedResponse, CannedServer, TOKEN_BODY, http_response, json_response,
};
use crate::support::env::LUFFY;

/// The account's templates: one, with two fields.
const TEMPLATE_LIST_BODY: &str =
    r#"{"template_list":[{"template_id":"T-1","title":"T","content":"{{host.DATA}} {{note.DATA}}"}]}"#;

#[test]
fn a_text_is_one_post_in_raw_utf_8() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(ACCEPTED_BODY)]);
    let env = server.env("", "");
    env.run("send -u luffy '备份完成 🎉 \"<&>\\'").assert_success();
    let [token, text] = &server.requests()[..] else { panic!("two requests") };
    assert_eq!(token.line, "POST /cgi-bin/stable_token HTTP/1.1");
    assert_eq!(
        token.body,
        r#"{"grant_type":"client_credential","appid":"wx0123456789abcdef","secret":"canned-secret","force_refresh":false}"#
    );
    assert_eq!(text.line, "POST /cgi-bin/message/custom/send?access_token=canned-token-1 HTTP/1.1");
    assert_eq!(text.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(text.header("content-length"), Some(text.body.len().to_string().as_str()));
    assert_eq!(text.header("host"), Some(server.url().trim_start_matches("http://")));
    assert!(text.header("user-agent").unwrap().starts_with("wxbox/"));
    for absent in ["accept-encoding", "transfer-encoding", "expect", "referer", "cookie", "authorization"] {
        assert_eq!(text.header(absent), None);
    }
    assert_eq!(
        text.body,
        format!(r#"{{"touser":"{LUFFY}","msgtype":"text","text":{{"content":"备份完成 🎉 \"<&>\\"}}}}"#)
    );
}

#[test]
fn a_template_message_goes_out_as_the_dry_run_shows_it() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(TEMPLATE_LIST_BODY),
        json_response(ACCEPTED_BODY),
    ]);
    let env = server.env("/proxy/v1/", "");
    let line = "send -u luffy -t T-1 -d host=数据库1 -d note=a=b --data-color host=#173177 --url https://e.com/?a=1&b=2 \
                --miniprogram wx1:pages/x?y=1";
    let dry = env.run(&format!("{line} --dry-run")).assert_success();
    env.run(line).assert_success();
    let [token, list, template] = &server.requests()[..] else { panic!("three requests") };
    assert_eq!(token.line, "POST /proxy/v1/cgi-bin/stable_token HTTP/1.1");
    // The list is fetched for the dry run, and cached for the message.
    let list_request = "GET /proxy/v1/cgi-bin/template/get_all_private_template?access_token=canned-token-1 HTTP/1.1";
    assert_eq!(list.line, list_request);
    assert_eq!(template.line, "POST /proxy/v1/cgi-bin/message/template/send?access_token=canned-token-1 HTTP/1.1");
    let without_id = |body: &str| {
        let id = body.split_once("\"client_msg_id\":\"").unwrap().1;
        assert!(id.as_bytes()[..32].iter().all(u8::is_ascii_hexdigit) && &id[32..34] == "\",", "{body}");
        body.replace(&id[..32], "ID")
    };
    let expected = format!(
        r##"{{"touser":"{LUFFY}","template_id":"T-1","url":"https://e.com/?a=1&b=2","miniprogram":{{"appid":"wx1","pagepath":"pages/x?y=1"}},"client_msg_id":"ID","data":{{"host":{{"value":"数据库1","color":"#173177"}},"note":{{"value":"a=b"}}}}}}"##
    );
    assert_eq!(without_id(&template.body), expected);
    assert_eq!(without_id(dry.stdout().trim_end()), expected);
}

#[test]
fn classic_endpoint_uses_get() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(ACCEPTED_BODY)]);
    let env = server.env("", "");
    env.prepend_config("token_endpoint = \"classic\"");
    env.run("send -u luffy hi").assert_success();
    assert_eq!(
        server.requests()[0].line,
        "GET /cgi-bin/token?grant_type=client_credential&appid=wx0123456789abcdef&secret=canned-secret HTTP/1.1"
    );
}

#[test]
fn unusual_valid_responses_are_accepted() {
    let server = CannedServer::new(vec![
        http_response("200 OK", "text/plain", r#"{"access_token":"t","expires_in":"7200"}"#),
        http_response("200 OK", "text/plain; charset=gbk", r#"{"errcode":"0","errmsg":"ok","msgid":18446744073709551615}"#),
        http_response("200 OK", "", r#"{"errcode":0,"errmsg":"ok","msgid":"9007199254740993"}"#),
        http_response("200 OK", "application/json", " {\"errcode\":0,\"msgid\":9007199254740993}\n"),
        CannedResponse::Bytes(b"HTTP/1.0 200 OK\r\n\r\n{\"errcode\":0}".to_vec()),
        CannedResponse::Bytes(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nd\r\n{\"errcode\":0}\r\n0\r\n\r\n"
                .to_vec(),
        ),
    ]);
    let env = server.env("", "");
    let msgid = || env.run("--json send -u luffy hi").assert_success().json_lines()[0]["msgid"].clone();
    assert_eq!(msgid(), "18446744073709551615");
    assert_eq!(msgid(), "9007199254740993");
    assert_eq!(msgid(), "9007199254740993");
    assert_eq!(msgid(), serde_json::Value::Null);
    assert_eq!(msgid(), serde_json::Value::Null);
    let details = env.run("--json outbox show 1").assert_success().json_lines();
    assert_eq!(details[0]["msgid"], "18446744073709551615");
}

#[test]
fn an_errcode_as_text_is_a_refusal() {
    let body = r#"{"errcode":"40003","errmsg":"invalid openid rid: 6aac005a-01bfdbee-79769285"}"#;
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), http_response("200 OK", "text/plain", body)]);
    server.env("", "").run("send -u luffy hi").assert_snapshot(str![[r#"
exit 5
--- stderr
error: message 1 to luffy was rejected: WeChat returned 40003 (invalid openid): openid malformed or of another account
hint: check that the recipient was bound with this AppID; bind again

"#]]);
}

/// Malformed responses whose meaning is clear are accepted.
#[test]
fn unusual_success_response_is_accepted() {
    for body in [
        "{\"errcode\":0,\"errmsg\":\"\u{0}\"}",
        "\u{feff}{\"errcode\":0,\"errmsg\":\"ok\"}",
        "{\"msgid\":3428411849815982087}",
        "{\"errcode\":null,\"msgid\":\"7\"}",
    ] {
        let server = CannedServer::new(vec![json_response(TOKEN_BODY), http_response("200 OK", "text/plain", body)]);
        server.env("", "").run("send -u luffy hi").assert_success();
    }
    // A response with neither field is not a success.
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response("{\"msgid\":null}")]);
    assert_eq!(server.env("", "").run("send -u luffy hi").status(), Some(6));
}

#[test]
fn non_wechat_response_leaves_message_unknown() {
    let unknown = |answer: CannedResponse| {
        let server = CannedServer::new(vec![json_response(TOKEN_BODY), answer]);
        let env = server.env("", "");
        let ran = env.run("send -u luffy hi");
        assert_eq!(env.query::<String>("SELECT state FROM messages"), "unknown");
        ran
    };
    unknown(CannedResponse::Bytes(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_vec(),
    ))
    .assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 302): the response is a redirect, which wxbox does not follow
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(http_response("502 Bad Gateway", "text/html", "<html><h1>502 Bad Gateway</h1></html>")).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 502): the response is an HTTP error
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(http_response("200 OK", "text/html", "<html>Log in to the hotel's network</html>")).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): the response is not JSON
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(http_response("200 OK", "application/json", "")).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): the response is not JSON
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(http_response("200 OK", "application/json", "[0]")).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): the response is not JSON
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(http_response("200 OK", "application/json", "{}")).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): errcode is missing
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(http_response("200 OK", "application/json", r#"{"errcode":null}"#)).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): errcode is missing
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(CannedResponse::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"errcode\":".to_vec())).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: end of file before message length reached
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(CannedResponse::Bytes(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec())).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: connection closed before message completed
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(CannedResponse::Bytes(Vec::new())).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: connection closed before message completed
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(CannedResponse::Bytes(b"220 mail.example.com ESMTP\r\n".to_vec())).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: invalid HTTP version parsed
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(http_response("200 OK", "application/json", &" ".repeat((8 << 20) + 1))).assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): the response is too long
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]]);
    unknown(CannedResponse::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{{", u64::MAX - 1).into_bytes())).assert_snapshot(
        str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: message head is too large
hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`

"#]],
    );
}

#[test]
fn failed_token_fetch_attempts_no_message() {
    let queued = |answer: CannedResponse| {
        let server = CannedServer::new(vec![answer]);
        let env = server.env("", "");
        let ran = env.run("send -u luffy hi");
        assert_eq!(env.query::<String>("SELECT state FROM messages"), "queued");
        assert_eq!(env.query::<i64>("SELECT count(*) FROM attempts"), 0);
        ran
    };
    queued(http_response("502 Bad Gateway", "text/html", "<html>canned-secret</html>")).assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot get an access token: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 502): the response is an HTTP error
hint: check network.api_base and network.proxy: a proxy or firewall may have sent the response
1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it

"#]]);
    queued(json_response(r#"{"access_token":"","expires_in":7200}"#)).assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot get an access token: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): access_token is missing
hint: check network.api_base and network.proxy: a proxy or firewall may have sent the response
1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it

"#]]);
    queued(json_response(r#"{"errcode":-1,"errmsg":"system error"}"#)).assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot get an access token: WeChat returned -1 (system error): platform busy
hint: wait a minute, then try again: this error is usually temporary
1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it

"#]]);
    queued(json_response(r#"{"errcode":45009,"errmsg":"reach max api daily quota limit"}"#)).assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot get an access token: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
hint: wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` (allowed ten times a month)
1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it

"#]]);
    queued(CannedResponse::Bytes(Vec::new())).assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot get an access token: no response from 127.0.0.1:[PORT]: connection closed before message completed
1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it

"#]]);
}

#[test]
fn unreachable_api_host_falls_back_to_next() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(ACCEPTED_BODY)]);
    let env = server.env("", "");
    let config = env.read_config();
    let list = format!("api_base = [\"http://127.0.0.1:1\", \"{}\"]", server.url());
    env.write_config(&config.replace(&format!("api_base = \"{}\"", server.url()), &list));
    env.assert_session(str![[r#"
$ wxbox send -u luffy hi
sent message 1 (text) to luffy

"#]]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn throttled_response_times_out() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), CannedResponse::Throttle]);
    let env = server.env("", "timeout = \"600ms\"");
    env.assert_session(str![[r#"
$ wxbox send -u luffy hi
2> error: message 1 to luffy may or may not have been delivered: no response from 127.0.0.1:[PORT]: timed out
2> hint: ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`
exit 6

"#]]);
}

#[test]
fn failed_tls_handshake_tries_next_host() {
    // The system accepts the TCP connection, and nothing answers the TLS handshake.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let deaf = format!("https://{}", listener.local_addr().unwrap());
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(ACCEPTED_BODY)]);
    let env = server.env("", "timeout = \"600ms\"");
    let path = env.path(".config/wxbox/config.toml");
    let one = format!("api_base = \"{}\"", server.url());
    let text = std::fs::read_to_string(&path).unwrap();
    env.write_config(&text.replace(&one, &format!("api_base = [\"{deaf}\", \"{}\"]", server.url())));
    env.assert_session(str![[r#"
$ wxbox send -u luffy hi
sent message 1 (text) to luffy

"#]]);
    drop(listener);
}

#[test]
fn local_requests_bypass_proxy() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY)]);
    let proxy = CannedServer::new(vec![]);
    let env = server.env("", &format!("proxy = \"{}\"", proxy.url()));
    let path = env.path(".config/wxbox/config.toml");
    let one = format!("api_base = \"{}\"", server.url());
    let text = std::fs::read_to_string(&path).unwrap();
    env.write_config(&text.replace(&one, &format!("api_base = [\"{}\", \"https://wechat.invalid\"]", server.url())));
    env.run("token").assert_success();
}
