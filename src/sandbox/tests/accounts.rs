//! Tests of tokens and credentials, and of the format of responses.

use super::*;

/// Checks that a text ends in `rid: ` and three groups of eight hex digits, and returns the text
/// before it.
fn before_rid(errmsg: &str) -> &str {
    let (head, rid) = errmsg.split_once(" rid: ").unwrap_or_else(|| panic!("no rid: {errmsg}"));
    let groups: Vec<&str> = rid.split('-').collect();
    assert!(groups.len() == 3 && groups.iter().all(|group| group.len() == 8), "{rid}");
    assert!(rid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'), "{rid}");
    assert_eq!(groups[0], format!("{:08x}", START / 1000));
    head
}

#[test]
fn errors_have_the_format_of_the_platform() {
    let advert = "invalid credential, access_token is invalid or not latest, could get access_token by \
                  getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r";
    let cases = [
        ("/cgi-bin/token?grant_type=client_credential&secret=x", 41002, "appid missing"),
        ("/cgi-bin/token?appid=wx0000000000000000", 40013, "invalid appid"),
        ("/cgi-bin/token?appid=wx0123456789abcdef&grant_type=client_credentials", 40002, "invalid grant_type"),
        ("/cgi-bin/token?appid=wx0123456789abcdef&grant_type=client_credential", 41004, "appsecret missing"),
        ("/cgi-bin/token?appid=wx0123456789abcdef&grant_type=client_credential&secret=x", 40125, "invalid appsecret"),
        ("/cgi-bin/stable_token", 43002, "require POST method"),
        ("/cgi-bin/user/get", 41001, "access_token missing"),
        ("/cgi-bin/user/get?access_token=", 41001, "access_token missing"),
        ("/cgi-bin/user/get?access_token=invented", 40001, advert),
        ("/cgi-bin/nonsense", 40066, "invalid url, the sandbox has no /cgi-bin/nonsense"),
        ("/sns/nonsense", 40066, "invalid url, the sandbox has no /sns/nonsense,"),
        ("/sns/oauth2/access_token?secret=x", 41002, "appid missing,"),
        ("/sns/oauth2/access_token?appid=wx0", 40013, "invalid appid,"),
        ("/sns/oauth2/access_token?appid=wx0123456789abcdef&secret=x", 40125, "invalid appsecret,"),
        ("/sns/userinfo?access_token=x", 40001, "invalid credential, access_token is invalid or not latest,"),
        ("/sns/userinfo", 41001, "access_token missing,"),
    ];
    let mut sandbox = TestPlatform::new();
    for (target, errcode, errmsg) in cases {
        let reply = sandbox.request("GET", target, &[], "");
        let kind = if target.starts_with("/sns/") { "text/plain" } else { "application/json; encoding=utf-8" };
        assert_eq!(reply.header_value("content-type"), Some(kind), "{target}");
        let answer = parse(&reply);
        assert_eq!(errcode_of(&answer), errcode, "{target}: {answer}");
        assert_eq!(before_rid(answer["errmsg"].as_str().unwrap()), errmsg, "{target}");
    }
}

#[test]
fn successes_have_the_content_type_of_their_family() {
    let mut sandbox = TestPlatform::new();
    let target = format!("/cgi-bin/token?grant_type=client_credential&{CREDENTIALS}");
    let reply = sandbox.request("GET", &target, &[], "");
    assert_eq!(reply.header_value("content-type"), Some("application/json; encoding=utf-8"));
    let answer = parse(&reply);
    assert!(answer.get("errcode").is_none());
    assert_eq!(answer["expires_in"], 7200);
    assert!((130..=160).contains(&text(&answer["access_token"]).len()));
}

#[test]
fn methods_are_checked_before_tokens() {
    let mut sandbox = TestPlatform::new();
    for (target, errcode) in [("/cgi-bin/token", 43001), ("/cgi-bin/user/get", 43001), ("/sns/userinfo", 43001)] {
        assert_eq!(errcode_of(&sandbox.post(target, "{}")), errcode, "{target}");
    }
    assert_eq!(errcode_of(&sandbox.get("/cgi-bin/message/custom/send")), 43002);
}

#[test]
fn previous_classic_token_is_valid_for_five_minutes() {
    let mut sandbox = TestPlatform::new();
    let first = sandbox.token();
    let second = sandbox.token();
    assert_ne!(first, second);
    sandbox.now += 5 * MINUTE - 1;
    assert_eq!((sandbox.token_errcode(&first), sandbox.token_errcode(&second)), (0, 0));
    sandbox.now += 1;
    assert_eq!((sandbox.token_errcode(&first), sandbox.token_errcode(&second)), (40001, 0));
    sandbox.now = START + 2 * HOUR;
    assert_eq!(sandbox.token_errcode(&second), 42001);
}

#[test]
fn stable_token_is_replaced_five_minutes_before_expiry() {
    let mut sandbox = TestPlatform::new();
    let first = sandbox.stable(false);
    assert_eq!(first["expires_in"], 7200);
    sandbox.now += 115 * MINUTE;
    let again = sandbox.stable(false);
    assert_eq!((&again["access_token"], &again["expires_in"]), (&first["access_token"], &json!(300)));
    sandbox.now += 1000;
    let next = sandbox.stable(false);
    assert_ne!(next["access_token"], first["access_token"]);
    assert_eq!(next["expires_in"], 7200);
    assert_eq!(sandbox.token_errcode(&text(&first["access_token"])), 0);
    sandbox.now = START + 2 * HOUR;
    assert_eq!(sandbox.token_errcode(&text(&first["access_token"])), 42001);
    assert_eq!(sandbox.token_errcode(&text(&next["access_token"])), 0);
}

#[test]
fn forced_refresh_is_limited_to_one_in_thirty_seconds() {
    let mut sandbox = TestPlatform::new();
    let first = text(&sandbox.stable(false)["access_token"]);
    let second = text(&sandbox.stable(true)["access_token"]);
    assert_eq!((sandbox.token_errcode(&first), sandbox.token_errcode(&second)), (40001, 0));
    sandbox.now += 29_999;
    assert_eq!(sandbox.stable(true)["access_token"], json!(second));
    sandbox.now += 1;
    assert_ne!(sandbox.stable(true)["access_token"], json!(second));
    assert_eq!(sandbox.token_errcode(&second), 40001);
}

#[test]
fn forced_refresh_invalidates_overlapping_previous_token() {
    let mut sandbox = TestPlatform::new();
    let first = text(&sandbox.stable(false)["access_token"]);
    sandbox.now += 116 * MINUTE;
    let second = text(&sandbox.stable(false)["access_token"]);
    sandbox.stable(true);
    assert_eq!((sandbox.token_errcode(&first), sandbox.token_errcode(&second)), (40001, 40001));
}

#[test]
fn forced_refreshes_are_limited_to_twenty_a_day() {
    let mut sandbox = TestPlatform::new();
    for turn in 0..20 {
        assert_eq!(errcode_of(&sandbox.stable(true)), 0, "{turn}");
        sandbox.now += 30_000;
    }
    assert_eq!(errcode_of(&sandbox.stable(true)), 45009);
    sandbox.now += 24 * HOUR;
    assert_eq!(errcode_of(&sandbox.stable(true)), 0);
}

#[test]
fn classic_and_stable_tokens_are_independent() {
    let mut sandbox = TestPlatform::new();
    let classic = sandbox.token();
    let stable = text(&sandbox.stable(false)["access_token"]);
    sandbox.stable(true);
    sandbox.token();
    assert_eq!(sandbox.token_errcode(&classic), 0);
    assert_eq!(sandbox.token_errcode(&stable), 40001);
}

#[test]
fn stable_token_reads_its_body_only() {
    let mut sandbox = TestPlatform::new();
    let target = format!("/cgi-bin/stable_token?grant_type=client_credential&{CREDENTIALS}");
    for (body, errcode) in [("", 44002), ("appid=x", 47001), ("[]", 47001), ("{}", 41002), ("{\"appid\":\"x\"}", 40013)]
    {
        assert_eq!(errcode_of(&sandbox.post(&target, body)), errcode, "{body}");
    }
}

#[test]
fn ip_whitelist_is_checked_before_secret() {
    let mut sandbox = TestPlatform::with_scenario("ip_whitelist = [\"127.0.0.1\"]");
    let answer = sandbox.get("/cgi-bin/token?grant_type=client_credential&appid=wx0123456789abcdef&secret=wrong");
    assert_eq!(errcode_of(&answer), 40164);
    let errmsg = text(&answer["errmsg"]);
    assert_eq!(before_rid(&errmsg), "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist");
}

#[test]
fn quota_is_available_again_after_a_day() {
    let mut sandbox = TestPlatform::with_scenario("[quota]\n\"/cgi-bin/get_api_domain_ip\" = 2");
    let token = sandbox.token();
    let codes: Vec<i64> = (0..3).map(|_| sandbox.token_errcode(&token)).collect();
    assert_eq!(codes, [0, 0, 45009]);
    assert_eq!(sandbox.platform.call_counters.used("/cgi-bin/get_api_domain_ip"), 3);
    sandbox.now += 24 * HOUR;
    let token = sandbox.token();
    assert_eq!(sandbox.token_errcode(&token), 0);
}
