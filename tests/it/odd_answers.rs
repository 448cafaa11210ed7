//! Answers of WeChat's that are not quite JSON: names, titles and error messages in them are other people's text,
//! and one bad byte in one of them does not hide the rest.

use snapbox::str;

use crate::canned::{Answer, Canned, TOKEN, json};
use crate::harness::{LUFFY, NAMI};

/// An answer with these bytes as its body.
fn bytes(parts: &[&[u8]]) -> Answer {
    let body = parts.concat();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    Answer::Bytes([head.as_bytes(), &body].concat())
}

/// What people's text may hold that JSON may not: a control character, half a character, GBK (the second byte of
/// one character looks like a backslash), half of a surrogate pair, an escape that JSON does not know.
const ODD: [&[u8]; 6] = [b"a\x01b", b"a\xe6\x97", b"\xb1\xb8\xb7\xdd", b"\xd5\x5c", br"\ud83d", br"\x41"];

#[test]
fn one_odd_remark_does_not_keep_the_others_from_being_synced() {
    let person = |openid: &str| format!(r#"{{"subscribe":1,"openid":"{openid}","remark":""#).into_bytes();
    for odd in ODD {
        let answer = bytes(&[br#"{"user_info_list":["#, &person(LUFFY), br#""},"#, &person(NAMI), odd, br#""}]}"#]);
        let server = Canned::new(vec![json(TOKEN), answer]);
        let world = server.world("", "");
        world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
        let ran = world.wxbox("--json user sync").ok();
        assert_eq!(ran.json().last().unwrap()["follow"], 2, "{odd:?}: {}", ran.stdout());
    }
}

#[test]
fn one_odd_title_does_not_hide_the_other_templates() {
    let template = |id: &str| format!(r#"{{"template_id":"{id}","content":"Host: {{{{host.DATA}}}}","title":"Backup"#);
    let (good, odd_one) = (template("T1"), template("T2"));
    for odd in ODD {
        let list: [&[u8]; 6] =
            [b"\xef\xbb\xbf{\"template_list\":[", good.as_bytes(), b"\"},", odd_one.as_bytes(), odd, b"\"}]}\0\n"];
        let server = Canned::new(vec![json(TOKEN), bytes(&list)]);
        let world = server.world("", "");
        let ran = world.wxbox("--json template list").ok();
        assert_eq!(ran.stdout().lines().count(), 2, "{odd:?}: {}", ran.stdout());
        world.wxbox("send -u luffy -t Backup -d host=db1 --dry-run").ok();
    }
}

#[test]
fn a_refusal_stays_one_whatever_stands_beside_its_code() {
    for odd in ODD.into_iter().chain([b"say \"no\" twice".as_slice()]) {
        let refusal = bytes(&[br#"{"errcode":43004,"errmsg":"require subscribe "#, odd, br#""}"#]);
        let server = Canned::new(vec![json(TOKEN), refusal]);
        let ran = server.world("", "").wxbox("--json send -u luffy hi");
        let told = &ran.json()[0];
        assert_eq!(
            (ran.status(), &told["state"], &told["errcode"]),
            (Some(5), &"failed".into(), &43004.into()),
            "{odd:?}"
        );
    }
    let server =
        Canned::new(vec![json(TOKEN), bytes(&[b"{\"errcode\":43004,\"errmsg\":\"require\x07 subscribe \x1b[1m\"}"])]);
    server.world("", "").wxbox("send -u luffy hi").is(str![[r#"
exit 5
--- stderr
error: message 1 to luffy was refused: WeChat says 43004 (require  subscribe  [1m): recipient does not follow the account
hint: Ask the person to follow the account; after that, `wxbox outbox retry 1` sends it

"#]]);
}

#[test]
fn a_message_that_was_taken_is_sent_with_the_id_that_came() {
    for (msgid, expected) in [
        ("4052313457284104192", "4052313457284104192"),
        ("98765432109876543210", "98765432109876543210"),
        ("\"123456789012345678901234567890\"", "123456789012345678901234567890"),
    ] {
        let taken = format!("{{\"errcode\":0,\"errmsg\":\"o\x01k\",\"msgid\":{msgid}}}\0");
        let server = Canned::new(vec![json(TOKEN), json(&taken)]);
        let ran = server.world("", "").wxbox("--json send -u luffy hi").ok();
        assert_eq!(ran.json()[0]["msgid"], expected, "{msgid}");
    }
}

#[test]
fn a_token_is_used_whatever_is_said_of_its_life() {
    for life in ["7200.0", "\"7200\"", "null", "-1", "\"soon\"", "1e999", "{}"] {
        let server = Canned::new(vec![json(&format!(r#"{{"access_token":"t-1","expires_in":{life}}}"#))]);
        let world = server.world("", "");
        // It is kept, too: the second command asks for none.
        for _ in 0..2 {
            assert_eq!(world.wxbox("token").ok().stdout(), "t-1\n", "{life}");
        }
    }
    let server = Canned::new(vec![json(r#"{"access_token":"t-1"}"#)]);
    assert_eq!(server.world("", "").wxbox("token").ok().stdout(), "t-1\n");
}

#[test]
fn codes_that_people_met_on_sending_have_their_consequence() {
    let cases =
        [(40241, 6, "queued"), (43117, 6, "queued"), (43116, 5, "failed"), (40252, 5, "failed"), (43101, 5, "failed")];
    for (code, status, state) in cases {
        let refusal = format!(r#"{{"errcode":{code},"errmsg":"as people met it"}}"#);
        let server = Canned::new(vec![json(TOKEN), json(&refusal)]);
        let ran = server.world("", "").wxbox("--json send -u luffy hi");
        assert_eq!((ran.status(), &ran.json()[0]["state"]), (Some(status), &state.into()), "{code}: {}", ran.stderr());
        server.world("", "").wxbox(&format!("explain {code}")).ok();
    }
}
