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
    assert_eq!(text.header("host"), Some(server.host()));
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
    let bytes = |text: &str| CannedResponse::Bytes(text.as_bytes().to_vec());
    let json = |body: &str| http_response("200 OK", "application/json", body);
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let not_from_wechat = |status: u16, cause: &str| {
        format!("the response of HOST is not from WeChat (HTTP {status}): the response is {cause}")
    };
    let lacks_errcode = "the response of HOST is not from WeChat (HTTP 200): errcode is missing".to_owned();
    let no_response = |cause: &str| format!("no response from HOST: {cause}");
    for (answer, cause) in [
        (bytes(redirect), not_from_wechat(302, "a redirect, which wxbox does not follow")),
        (
            http_response("502 Bad Gateway", "text/html", "<html><h1>502 Bad Gateway</h1></html>"),
            not_from_wechat(502, "an HTTP error"),
        ),
        (
            http_response("200 OK", "text/html", "<html>Log in to the hotel's network</html>"),
            not_from_wechat(200, "not JSON"),
        ),
        (json(""), not_from_wechat(200, "not JSON")),
        (json("[0]"), not_from_wechat(200, "not JSON")),
        (json("{}"), lacks_errcode.clone()),
        (json(r#"{"errcode":null}"#), lacks_errcode),
        (
            bytes("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"errcode\":"),
            no_response("end of file before message length reached"),
        ),
        (bytes("HTTP/1.1 200 OK\r\nContent-Le"), no_response("connection closed before message completed")),
        (bytes(""), no_response("connection closed before message completed")),
        (bytes("220 mail.example.com ESMTP\r\n"), no_response("invalid HTTP version parsed")),
        (json(&" ".repeat((8 << 20) + 1)), not_from_wechat(200, "too long")),
        (
            bytes(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{{", u64::MAX - 1)),
            no_response("message head is too large"),
        ),
    ] {
        let server = CannedServer::new(vec![json_response(TOKEN_BODY), answer]);
        let env = server.env("", "");
        let ran = env.run("send -u luffy hi");
        let expected = format!(
            "error: message 1 to luffy may or may not have been delivered: {cause}\nhint: ask the recipient: it may have \
             arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry 1`\n"
        );
        assert_eq!((ran.status(), ran.stdout()), (Some(6), ""), "{cause}");
        assert_eq!(ran.stderr().replace(server.host(), "HOST"), expected);
        assert_eq!(env.query::<String>("SELECT state FROM messages"), "unknown");
    }
}

#[test]
fn failed_token_fetch_attempts_no_message() {
    let proxy_hint = "hint: check network.api_base and network.proxy: a proxy or firewall may have sent the response\n";
    for (answer, cause, hint) in [
        (
            http_response("502 Bad Gateway", "text/html", "<html>canned-secret</html>"),
            "the response of HOST is not from WeChat (HTTP 502): the response is an HTTP error",
            proxy_hint,
        ),
        (
            json_response(r#"{"access_token":"","expires_in":7200}"#),
            "the response of HOST is not from WeChat (HTTP 200): access_token is missing",
            proxy_hint,
        ),
        (
            json_response(r#"{"errcode":-1,"errmsg":"system error"}"#),
            "WeChat returned -1 (system error): platform busy",
            "hint: wait a minute, then try again: this error is usually temporary\n",
        ),
        (
            json_response(r#"{"errcode":45009,"errmsg":"reach max api daily quota limit"}"#),
            "WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up",
            "hint: wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` \
             (allowed ten times a month)\n",
        ),
        (CannedResponse::Bytes(Vec::new()), "no response from HOST: connection closed before message completed", ""),
    ] {
        let server = CannedServer::new(vec![answer]);
        let env = server.env("", "");
        let ran = env.run("send -u luffy hi");
        let expected = format!(
            "error: cannot get an access token: {cause}\n{hint}1 message of this command remains queued: do not send it \
             again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it\n"
        );
        assert_eq!((ran.status(), ran.stdout()), (Some(6), ""), "{cause}");
        assert_eq!(ran.stderr().replace(server.host(), "HOST"), expected);
        assert_eq!(env.query::<String>("SELECT state FROM messages"), "queued");
        assert_eq!(env.count("attempts"), 0);
    }
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
