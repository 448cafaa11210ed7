//! Tests that malformed requests get a response and cause no panic.

use super::*;

const PATHS: &[&str] = &[
    "/",
    "/cgi-bin/token",
    "/cgi-bin/stable_token",
    "/cgi-bin/user/get",
    "/cgi-bin/user/info",
    "/cgi-bin/message/template/send",
    "/cgi-bin/message/custom/send",
    "/cgi-bin/message/custom/send",
    "/cgi-bin/message/custom/typing",
    "/cgi-bin/message/subscribe/bizsend",
    "/cgi-bin/message/template/subscribe",
    "/wxaapi/newtmpl/gettemplate",
    "/wxaapi/newtmpl/getpubtemplatetitles",
    "/wxaapi/newtmpl/addtemplate",
    "/cgi-bin/media/upload",
    "/cgi-bin/tags/create",
    "/cgi-bin/tags/members/batchtagging",
    "/cgi-bin/user/tag/get",
    "/cgi-bin/showqrcode",
    "/cgi-bin/clear_quota/v2",
    "/cgi-bin/template/api_set_industry",
    "/cgi-bin/media/get",
    "/sandbox/media/",
    "/mp/subscribemsg",
    "/sandbox/subscribe",
    "/sandbox/grant",
    "/sandbox/scene",
    "/sandbox/click",
    "/sns/oauth2/access_token",
    "/sns/userinfo",
    "/connect/oauth2/authorize",
    "/sandbox/authorize",
    "/sandbox/write",
    "/sandbox/follow",
    "/sandbox/push",
    "/sandbox/scan",
    "/sandbox/authorization",
    "/sandbox/settings",
    "/sandbox/clock",
    "/cgi-bin/",
    "//",
    "",
];

const PIECES: &[&str] = &[
    "appid=wx0123456789abcdef",
    "url=http://a/q/x",
    "token=abc",
    "aes_key=x",
    "key=\u{1b}]]>",
    "event=revoke",
    "redirect_uri=http%3A%2F%2Fa",
    "redirect_uri=http%3A%2F%2F",
    "response_type=code",
    "scope=snsapi_base",
    "scope=snsapi_userinfo",
    "state=1",
    "state=%ff%00",
    "&",
    "&",
    "&",
    "=",
    "%",
    "%e4",
    "?",
    "person=luffy",
    "person=zoro",
    "allow=1",
    "follows=1",
    "forward=9999999h",
    "text=%3Ca%20href",
    "access_token=TOKEN",
    "access_token=TOKEN",
    "{",
    "}",
    "\"touser\":\"oLuffy_wears_the_straw_hat_1\",",
    "\"msgtype\":\"text\"",
    "\"text\":{\"content\":\"<a href=\\\"\"}",
    "\"text\":{\"content\":\"<a href=\\\"weixin://bizmsgmenu?msgmenucontent=%ff\\\">绑</a><a >\"}",
    "\"msgtype\":\"msgmenu\",\"msgmenu\":{\"list\":[{\"id\":\"\",\"content\":\"绑\"}]}",
    "\"template_id\":\"backup_report-0123456789abcdefghijklmnopqrs\",",
    "\"template_id\":\"one_time_message-0123456789abcdefghijklmnop\",",
    "\"scene\":\"7\",",
    "action=get_confirm&",
    "scene=7",
    "template_id=one_time_message-0123456789abcdefghijklmnop",
    "redirect_url=http%3A%2F%2Fa",
    "type=voice",
    "--XX\r\n",
    "\r\n--XX",
    "--",
    "\r\n\r\n",
    "Content-Disposition: form-data; name=\"media\"; filename=\"a.mp3\"\r\n\r\n",
    "Content-Disposition: form-data; name=\"media\"; filename=\"a.amr\"\r\n\r\n#!AMR\n",
    "ID3绑\u{7f}\u{7f}",
    ",",
    "\\u4e2d",
    "绑",
    "\"data\":{\"thing1\":{\"value\":\"日日日:~\"}}",
    "\"template_id\":\"server_alert-0123456789abcdefghijklmnopqrst\",",
    "\0",
];

const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=XX");

#[test]
fn malformed_requests_are_answered() {
    let mut sandbox = TestPlatform::with_scenario(
        "strict_templates = true\nverified = true\ncallback_domain = \"a/\"\n\
         [push]\nurl = \"http://127.0.0.1/\"\ntoken = \"abc\"",
    );
    let token = sandbox.token();
    let mut seed: u64 = 20_261_123;
    let mut pick = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut pushed = 0;
    for _ in 0..20_000 {
        let mut make = || (0..pick(9)).map(|_| PIECES[pick(PIECES.len())].replace("TOKEN", &token)).collect::<String>();
        let (query, body) = (make(), make());
        let path = PATHS[pick(PATHS.len())];
        let method = ["GET", "POST", "POST", "PUT"][pick(4)];
        let reply = sandbox.request(method, &format!("{path}?{query}"), &[("cookie", &query), FORM], &body);
        let is_known =
            matches!(reply.status(), 200 | 302 | 303 | 404) || reply.status() == 400 && path == "/sandbox/push";
        assert!(is_known, "{method} {path}?{query} {body}");
        for push in sandbox.platform.pushes.take_queued() {
            let document = push.to_request(0).body;
            assert!(roxmltree::Document::parse(&document).is_ok(), "{document}");
            pushed += 1;
        }
    }
    assert!(pushed > 100, "{pushed}");
    sandbox.page("/");
}
