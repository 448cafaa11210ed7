//! Tests of web authorization, from the link to the profile.

use super::*;

const LINK: &str = "/connect/oauth2/authorize?appid=wx0123456789abcdef\
                    &redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fcallback%2F&response_type=code&scope=snsapi_base&state=abc123";

fn location(reply: &HttpResponse) -> String {
    assert_eq!(reply.status(), 302, "{}", String::from_utf8_lossy(reply.body()));
    reply.header_value("location").unwrap().to_owned()
}

fn code_of(location: &str) -> String {
    let url = url::Url::parse(location).unwrap();
    url.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned()
}

fn exchange_code(sandbox: &mut TestPlatform, code: &str) -> Value {
    sandbox.get(&format!("/sns/oauth2/access_token?{CREDENTIALS}&code={code}&grant_type=authorization_code"))
}

fn userinfo_link() -> String {
    LINK.replace("snsapi_base", "snsapi_userinfo")
}

/// Posts an answer to the consent page of the link.
fn answer_consent(sandbox: &mut TestPlatform, form: &str) -> HttpResponse {
    let target = userinfo_link().replace("/connect/oauth2/authorize", "/sandbox/authorize");
    sandbox.post_form(&target, form)
}

#[test]
fn base_scope_redirects_immediately_with_code_and_state() {
    let mut sandbox = TestPlatform::new();
    let reply = sandbox.request("GET", LINK, &[], "");
    let target = location(&reply);
    let code = code_of(&target);
    assert_eq!(target, format!("http://127.0.0.1:8080/callback/?code={code}&state=abc123"));
    let granted = exchange_code(&mut sandbox, &code);
    assert_eq!((&granted["openid"], &granted["scope"]), (&json!(LUFFY), &json!("snsapi_base")));
    assert_eq!(granted["expires_in"], 7200);
    assert!(granted.get("is_snapshotuser").is_none());
    let info = format!("/sns/userinfo?access_token={}&openid={LUFFY}", text(&granted["access_token"]));
    assert_eq!(errcode_of(&sandbox.get(&info)), 48001);
}

#[test]
fn redirect_keeps_query_of_redirect_uri() {
    let mut sandbox = TestPlatform::new();
    let link = LINK.replace("callback%2F", "cb%3Fa%3D1%26b%3D%2525%23top");
    let target = location(&sandbox.request("GET", &link, &[], ""));
    let code = code_of(&target);
    assert_eq!(target, format!("http://127.0.0.1:8080/cb?a=1&b=%25&code={code}&state=abc123#top"));
}

#[test]
fn cookie_or_setting_selects_person() {
    let mut sandbox = TestPlatform::with_scenario("phone = \"nami\"\nverified = true");
    let target = location(&sandbox.request("GET", LINK, &[], ""));
    assert_eq!(exchange_code(&mut sandbox, &code_of(&target))["openid"], NAMI);
    let target = location(&sandbox.request("GET", LINK, &[("cookie", "a=b; phone=zoro")], ""));
    assert_eq!(exchange_code(&mut sandbox, &code_of(&target))["openid"], ZORO);
    assert_eq!(sandbox.post_form("/sandbox/settings", "phone=luffy").status(), 303);
    let target = location(&sandbox.request("GET", LINK, &[], ""));
    assert_eq!(exchange_code(&mut sandbox, &code_of(&target))["openid"], LUFFY);
}

#[test]
fn invalid_authorize_links_are_rejected() {
    let long = format!("state={}", "a".repeat(129));
    let cases: &[(&str, &str, &str)] = &[
        ("appid=wx0123456789abcdef", "appid=", "Error 10012"),
        ("redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fcallback%2F", "redirect_uri=", "Error 10011"),
        ("scope=snsapi_base", "scope=", "Error 10010"),
        ("scope=snsapi_base", "scope=snsapi_login", "Error 10005"),
        ("http%3A", "ftp%3A", "Error 10003"),
        ("http%3A%2F%2F127.0.0.1%3A8080", "callback", "Error 10003"),
        ("appid=wx0123456789abcdef", "appid=wx0000000000000000", "Error 40013"),
        ("scope=snsapi_base&state=abc123", "state=abc123&scope=snsapi_base", "in this order"),
        ("state=abc123", "state=abc123&extra=1", "in this order"),
        ("http%3A%2F%2F", "http://", "percent-encoded"),
        ("http%3A%2F%2F", "http%253A%252F%252F", "percent-encoded"),
        ("response_type=code", "response_type=token", "response_type must be code"),
        ("state=abc123", "state=abc_123", "letters and digits"),
        ("state=abc123", &long, "letters and digits"),
    ];
    let mut sandbox = TestPlatform::new();
    for (from, to, says) in cases {
        let link = LINK.replacen(from, to, 1);
        assert_ne!(link, LINK);
        let page = sandbox.page(&link);
        assert!(page.contains(says), "{link}: {page}");
        let form = link.replace("/connect/oauth2/authorize", "/sandbox/authorize");
        assert_eq!(sandbox.post_form(&form, "allow=1").status(), 200, "{link}");
    }
    assert_eq!(sandbox.request("GET", &format!("{LINK}&connect_redirect=1"), &[], "").status(), 302);
    assert!(sandbox.page(&format!("{LINK}&forcePopup=true")).contains("Allow"));
}

#[test]
fn state_may_be_empty_or_missing() {
    let mut sandbox = TestPlatform::new();
    for link in [LINK.replace("abc123", ""), LINK.replace("&state=abc123", "")] {
        let target = location(&sandbox.request("GET", &link, &[], ""));
        assert!(target.ends_with(&format!("code={}&state=", code_of(&target))), "{target}");
        assert!(sandbox.page(&format!("{link}&forcePopup=true")).contains("Allow"));
    }
    let reordered = LINK.replace("&state=abc123", "").replace("/authorize?", "/authorize?state=abc123&");
    assert!(sandbox.page(&reordered).contains("in this order"));
}

#[test]
fn only_followers_authorize_on_a_test_account() {
    let mut sandbox = TestPlatform::with_scenario("phone = \"zoro\"");
    let page = sandbox.page(LINK);
    assert!(page.contains("Error 10006"), "{page}");
    assert_eq!(answer_consent(&mut sandbox, "person=zoro&allow=1").status(), 200);
    sandbox.post_form("/sandbox/follow", "person=zoro&follows=1");
    assert_eq!(answer_consent(&mut sandbox, "person=zoro&allow=1").status(), 302);
    sandbox.post_form("/sandbox/follow", "person=zoro&follows=0");
    sandbox.post_form("/sandbox/settings", "verified=1");
    let target = location(&sandbox.request("GET", LINK, &[], ""));
    assert_eq!(exchange_code(&mut sandbox, &code_of(&target))["openid"], ZORO);
}

#[test]
fn callback_domain_must_match_host_port_and_path() {
    let cases = [
        ("127.0.0.1:8080", true),
        ("127.0.0.1:8080/callback", true),
        ("127.0.0.1:8080/other", false),
        ("127.0.0.1", false),
        ("example.com", false),
    ];
    for (domain, passes) in cases {
        let mut sandbox = TestPlatform::with_scenario(&format!("callback_domain = \"{domain}\""));
        let status = sandbox.request("GET", LINK, &[], "").status();
        assert_eq!(status, if passes { 302 } else { 200 }, "{domain}");
    }
}

#[test]
fn userinfo_scope_asks_for_consent_and_returns_profile() {
    let mut sandbox = TestPlatform::new();
    let page = sandbox.page(&userinfo_link());
    for part in ["luffy", "nami", "zoro", "Allow", "Refuse", "action=\"/sandbox/authorize?appid=wx"] {
        assert!(page.contains(part), "{part}");
    }
    let target = location(&answer_consent(&mut sandbox, "person=nami&allow=1"));
    let granted = exchange_code(&mut sandbox, &code_of(&target));
    assert_eq!((&granted["openid"], &granted["scope"]), (&json!(NAMI), &json!("snsapi_userinfo")));
    let token = text(&granted["access_token"]);
    let reply =
        sandbox.request("GET", &format!("/sns/userinfo?access_token={token}&openid={NAMI}&lang=zh_CN"), &[], "");
    assert_eq!(reply.header_value("content-type"), Some("text/plain"));
    let profile = parse(&reply);
    assert_eq!((&profile["nickname"], &profile["sex"], &profile["city"]), (&json!("nami"), &json!(0), &json!("")));
    assert_eq!(errcode_of(&sandbox.get(&format!("/sns/auth?access_token={token}&openid={NAMI}"))), 0);
    assert_eq!(errcode_of(&sandbox.get(&format!("/sns/auth?access_token={token}&openid={LUFFY}"))), 40003);
    sandbox.now += 2 * HOUR;
    assert_eq!(errcode_of(&sandbox.get(&format!("/sns/userinfo?access_token={token}&openid={NAMI}"))), 42001);
}

#[test]
fn refused_consent_does_not_redirect() {
    let mut sandbox = TestPlatform::new();
    let reply = answer_consent(&mut sandbox, "person=nami&allow=0");
    assert_eq!((reply.status(), reply.header_value("location")), (200, None));
    assert_eq!(answer_consent(&mut sandbox, "person=nobody&allow=1").status(), 404);
    assert_eq!(answer_consent(&mut sandbox, "allow=1").status(), 302);
}

#[test]
fn code_is_valid_once_and_for_five_minutes() {
    let mut sandbox = TestPlatform::new();
    assert_eq!(errcode_of(&exchange_code(&mut sandbox, "")), 41008);
    assert_eq!(errcode_of(&exchange_code(&mut sandbox, "invented")), 40029);
    let used = code_of(&location(&sandbox.request("GET", LINK, &[], "")));
    let late = code_of(&location(&sandbox.request("GET", LINK, &[], "")));
    sandbox.now += 5 * MINUTE - 1;
    assert_eq!(errcode_of(&exchange_code(&mut sandbox, &used)), 0);
    assert_eq!(errcode_of(&exchange_code(&mut sandbox, &used)), 40163);
    sandbox.now += 1;
    assert_eq!(errcode_of(&exchange_code(&mut sandbox, &late)), 40029);
}

#[test]
fn web_tokens_are_refreshed_for_thirty_days() {
    let mut sandbox = TestPlatform::new();
    let code = code_of(&location(&sandbox.request("GET", LINK, &[], "")));
    let refresh = text(&exchange_code(&mut sandbox, &code)["refresh_token"]);
    let target = |token: &str| {
        format!("/sns/oauth2/refresh_token?appid=wx0123456789abcdef&grant_type=refresh_token&refresh_token={token}")
    };
    let renewed = sandbox.get(&target(&refresh));
    assert_eq!((&renewed["openid"], &renewed["refresh_token"]), (&json!(LUFFY), &json!(refresh)));
    assert_eq!(errcode_of(&sandbox.get(&target(""))), 41003);
    assert_eq!(errcode_of(&sandbox.get(&target("x"))), 40030);
    sandbox.now += 30 * 24 * HOUR;
    assert_eq!(errcode_of(&sandbox.get(&target(&refresh))), 42002);
}

#[test]
fn web_token_is_invalid_for_other_endpoints() {
    let mut sandbox = TestPlatform::new();
    let code = code_of(&location(&sandbox.request("GET", LINK, &[], "")));
    let token = text(&exchange_code(&mut sandbox, &code)["access_token"]);
    assert_eq!(sandbox.token_errcode(&token), 40001);
    let server = sandbox.token();
    assert_eq!(errcode_of(&sandbox.get(&format!("/sns/auth?access_token={server}&openid={LUFFY}"))), 40001);
}

#[test]
fn snapshot_page_returns_unknown_openid() {
    let mut sandbox = TestPlatform::with_scenario("snapshot = true");
    let target = location(&answer_consent(&mut sandbox, "person=luffy&allow=1"));
    let granted = exchange_code(&mut sandbox, &code_of(&target));
    assert_eq!(granted["is_snapshotuser"], 1);
    let (openid, token) = (text(&granted["openid"]), text(&granted["access_token"]));
    assert!(openid.len() == 28 && openid != LUFFY);
    assert_eq!(errcode_of(&sandbox.get(&format!("/sns/userinfo?access_token={token}&openid={openid}"))), 48001);
    assert_eq!(sandbox.send_text(&openid), 40003);
}
