//! Tests of the inbox page, its forms, and the requests that may send them.

use super::*;

#[test]
fn inbox_page_shows_escaped_messages_and_people() {
    let mut sandbox = TestPlatform::new();
    let body = json!({"touser": LUFFY, "msgtype": "text", "text": {"content": "<script>alert(1)</script>"}});
    sandbox.call("/cgi-bin/message/custom/send", &body.to_string());
    let page = sandbox.page("/");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    for part in ["luffy", "nami", "zoro", "wx0123456789abcdef", "accepts 4 more texts", "no messages yet"] {
        assert!(page.contains(part), "{part}");
    }
    let one = sandbox.page("/?person=nami");
    assert!(one.contains(NAMI) && !one.contains(LUFFY));
    assert!(sandbox.page("/sandbox/phones").contains("data-live"));
}

#[test]
fn pages_are_in_the_language_of_the_browser() {
    let mut sandbox = TestPlatform::new();
    let reply = sandbox.request("GET", "/", &[("accept-language", "zh-CN,zh;q=0.9")], "");
    assert!(String::from_utf8_lossy(reply.body()).contains("沙箱"));
}

#[test]
fn forms_of_other_sites_are_rejected() {
    let cases: &[(&[(&str, &str)], u16)] = &[
        (&[], 303),
        (&[("sec-fetch-site", "same-origin"), ("origin", "null")], 303),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "cross-site"), ("host", "a"), ("origin", "http://a")], 403),
        (&[("host", "127.0.0.1:8899"), ("origin", "http://127.0.0.1:8899")], 303),
        (&[("host", "127.0.0.1:8899"), ("origin", "http://127.0.0.1:1")], 403),
        (&[("host", "127.0.0.1:8899"), ("origin", "null")], 403),
    ];
    for (headers, status) in cases {
        let mut sandbox = TestPlatform::new();
        assert_eq!(sandbox.request("POST", "/sandbox/clear", headers, "").status(), *status, "{headers:?}");
    }
}

#[test]
fn unknown_pages_are_not_found() {
    let mut sandbox = TestPlatform::new();
    for (method, target, body) in [
        ("GET", "/nonsense", ""),
        ("POST", "/", ""),
        ("POST", "/sandbox/nonsense", ""),
        ("POST", "/sandbox/write", "person=nobody"),
        ("POST", "/sandbox/follow", "person=luffy"),
        ("POST", "/sandbox/settings", "phone=nobody"),
    ] {
        assert_eq!(sandbox.request(method, target, &[], body).status(), 404, "{method} {target}");
    }
}

#[test]
fn only_the_consent_page_may_redirect_to_other_hosts() {
    let mut sandbox = TestPlatform::new();
    let link = "/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2Fa.example%2F\
                &response_type=code&scope=snsapi_userinfo&state=1";
    for (target, form_action) in
        [("/", "form-action 'self';"), (link, "form-action 'self' http: https:"), ("/nonsense", "form-action 'none'")]
    {
        let reply = sandbox.request("GET", target, &[], "");
        let policy = reply.header_value("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains(form_action), "{target}: {policy}");
    }
}
