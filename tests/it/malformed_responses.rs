//! Responses of WeChat that are not valid JSON: other people write the names, titles and error
//! messages in them, and one invalid byte does not hide the rest.

use snapbox::str;

use crate::support::canned_server::{CannedResponse, CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{LUFFY, NAMI};

/// Returns a response with these bytes as its body.
fn raw_response(parts: &[&[u8]]) -> CannedResponse {
    let body = parts.concat();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    CannedResponse::Bytes([head.as_bytes(), &body].concat())
}

/// Text that people may enter and JSON forbids: a control character, half a character, GBK (whose
/// second byte can look like a backslash), half of a surrogate pair, an unknown escape.
const INVALID_JSON_TEXTS: [&[u8]; 6] =
    [b"a\x01b", b"a\xe6\x97", b"\xb1\xb8\xb7\xdd", b"\xd5\x5c", br"\ud83d", br"\x41"];

#[test]
fn invalid_remark_does_not_stop_sync() {
    let person = |openid: &str| format!(r#"{{"subscribe":1,"openid":"{openid}","remark":""#).into_bytes();
    for odd in INVALID_JSON_TEXTS {
        let answer =
            raw_response(&[br#"{"user_info_list":["#, &person(LUFFY), br#""},"#, &person(NAMI), odd, br#""}]}"#]);
        let server = CannedServer::new(vec![json_response(TOKEN_BODY), answer]);
        let env = server.env("", "");
        env.run(&format!("user add nami --openid {NAMI}")).assert_success();
        let ran = env.run("--json user sync").assert_success();
        assert_eq!(ran.json_lines().last().unwrap()["follow"], 2, "{odd:?}: {}", ran.stdout());
    }
}

#[test]
fn invalid_title_does_not_hide_other_templates() {
    let template = |id: &str| format!(r#"{{"template_id":"{id}","content":"Host: {{{{host.DATA}}}}","title":"Backup"#);
    let (good, odd_one) = (template("T1"), template("T2"));
    for odd in INVALID_JSON_TEXTS {
        let list: [&[u8]; 6] =
            [b"\xef\xbb\xbf{\"template_list\":[", good.as_bytes(), b"\"},", odd_one.as_bytes(), odd, b"\"}]}\0\n"];
        let server = CannedServer::new(vec![json_response(TOKEN_BODY), raw_response(&list)]);
        let env = server.env("", "");
        let ran = env.run("--json template list").assert_success();
        assert_eq!(ran.stdout().lines().count(), 2, "{odd:?}: {}", ran.stdout());
        env.run("send -u luffy -t Backup -d host=db1 --dry-run").assert_success();
    }
}

#[test]
fn errcode_is_rejection_whatever_accompanies_it() {
    for odd in INVALID_JSON_TEXTS.into_iter().chain([b"say \"no\" twice".as_slice()]) {
        let refusal = raw_response(&[br#"{"errcode":43004,"errmsg":"require subscribe "#, odd, br#""}"#]);
        let server = CannedServer::new(vec![json_response(TOKEN_BODY), refusal]);
        let ran = server.env("", "").run("--json send -u luffy hi");
        let user = &ran.json_lines()[0];
        assert_eq!(
            (ran.status(), &user["state"], &user["errcode"]),
            (Some(5), &"failed".into(), &43004.into()),
            "{odd:?}"
        );
    }
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        raw_response(&[b"{\"errcode\":43004,\"errmsg\":\"require\x07 subscribe \x1b[1m\"}"]),
    ]);
    server.env("", "").run("send -u luffy hi").assert_snapshot(str![[r#"
exit 5
--- stderr
error: message 1 to luffy was rejected: WeChat returned 43004 (require  subscribe  [1m): recipient does not follow the account
hint: ask the person to follow the account; then run `wxbox outbox retry 1` to send it

"#]]);
}

#[test]
fn accepted_message_is_sent_with_returned_id() {
    for (msgid, expected) in [
        ("4052313457284104192", "4052313457284104192"),
        ("98765432109876543210", "98765432109876543210"),
        ("\"123456789012345678901234567890\"", "123456789012345678901234567890"),
    ] {
        let accepted = format!("{{\"errcode\":0,\"errmsg\":\"o\x01k\",\"msgid\":{msgid}}}\0");
        let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(&accepted)]);
        let ran = server.env("", "").run("--json send -u luffy hi").assert_success();
        assert_eq!(ran.json_lines()[0]["msgid"], expected, "{msgid}");
    }
}

#[test]
fn token_with_invalid_lifetime_is_used() {
    for life in ["7200.0", "\"7200\"", "null", "-1", "\"soon\"", "1e999", "{}"] {
        let server =
            CannedServer::new(vec![json_response(&format!(r#"{{"access_token":"t-1","expires_in":{life}}}"#))]);
        let env = server.env("", "");
        // The list is cached, too: the second command fetches none.
        for _ in 0..2 {
            assert_eq!(env.run("token").assert_success().stdout(), "t-1\n", "{life}");
        }
    }
    let server = CannedServer::new(vec![json_response(r#"{"access_token":"t-1"}"#)]);
    assert_eq!(server.env("", "").run("token").assert_success().stdout(), "t-1\n");
}

#[test]
fn send_errcodes_name_their_consequence() {
    let cases =
        [(40241, 6, "queued"), (43117, 6, "queued"), (43116, 5, "failed"), (40252, 5, "failed"), (43101, 5, "failed")];
    for (code, status, state) in cases {
        let refusal = format!(r#"{{"errcode":{code},"errmsg":"as people met it"}}"#);
        let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(&refusal)]);
        let ran = server.env("", "").run("--json send -u luffy hi");
        assert_eq!(
            (ran.status(), &ran.json_lines()[0]["state"]),
            (Some(status), &state.into()),
            "{code}: {}",
            ran.stderr()
        );
        server.env("", "").run(&format!("explain {code}")).assert_success();
    }
}
