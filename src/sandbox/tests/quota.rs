//! Tests of the counters and their limits, and of the recorded rejected requests.

use super::*;

const QUOTA: &str = "/cgi-bin/openapi/quota/get";
const RID: &str = "/cgi-bin/openapi/rid/get";

/// Returns the platform's report about the counter of an API.
fn quota(sandbox: &mut TestPlatform, path: &str) -> Value {
    sandbox.call(QUOTA, &json!({"cgi_path": path}).to_string())
}

#[test]
fn limits_depend_on_the_type_of_account() {
    let mut sandbox = TestPlatform::with_scenario("[quota]\n\"/cgi-bin/message/custom/send\" = 7");
    let token = sandbox.token();
    sandbox.get(&format!("/cgi-bin/user/get?access_token={token}"));
    let counter = |sandbox: &mut TestPlatform, path| quota(sandbox, path)["quota"].clone();
    assert_eq!(counter(&mut sandbox, "/cgi-bin/user/get"), json!({"daily_limit": 100, "used": 1, "remain": 99}));
    assert_eq!(counter(&mut sandbox, "/cgi-bin/token"), json!({"daily_limit": 200, "used": 1, "remain": 199}));
    sandbox.post_form("/sandbox/settings", "real_limits=1");
    assert_eq!(counter(&mut sandbox, "/cgi-bin/user/get"), json!({"daily_limit": 500, "used": 1, "remain": 499}));
    assert_eq!(
        counter(&mut sandbox, "/cgi-bin/message/custom/send"),
        json!({"daily_limit": 7, "used": 0, "remain": 7})
    );
    assert!(sandbox.page("/").contains("<td><code>/cgi-bin/user/get</code></td><td>1 of 500</td>"));
    let rate = quota(&mut sandbox, "/cgi-bin/stable_token")["rate_limit"].clone();
    assert_eq!(rate, json!({"call_count": 10_000, "refresh_second": 60}));
    sandbox.now += 24 * HOUR;
    assert_eq!(counter(&mut sandbox, "/cgi-bin/user/get"), json!({"daily_limit": 500, "used": 0, "remain": 500}));
}

#[test]
fn limits_of_test_account_are_the_default() {
    let mut sandbox = TestPlatform::new();
    let token = sandbox.token();
    let target = format!("/cgi-bin/user/get?access_token={token}");
    let codes: Vec<i64> = (0..101).map(|_| errcode_of(&sandbox.get(&target))).collect();
    assert_eq!(codes[99..], [0, 45009]);
    // The rejected call counts as well.
    assert_eq!(
        quota(&mut sandbox, "/cgi-bin/user/get")["quota"],
        json!({"daily_limit": 100, "used": 101, "remain": 0})
    );
    sandbox.post_form("/sandbox/settings", "real_limits=1");
    assert_eq!(errcode_of(&sandbox.get(&target)), 0);
}

#[test]
fn quota_query_rejects_unknown_and_uncounted_paths() {
    let mut sandbox = TestPlatform::new();
    for (path, errcode) in [
        ("/cgi-bin/user/get", 0),
        ("cgi-bin/user/get", 76003),
        ("https://api.weixin.qq.com/cgi-bin/user/get", 76003),
        ("/cgi-bin/user/got", 76021),
        ("/cgi-bin/user/get?x=1", 76021),
        ("/cgi-bin/get_api_domain_ip", 0),
        ("/cgi-bin/message/subscribe/bizsend", 0),
        ("/cgi-bin/clear_quota/v2", 76022),
        ("/sns/userinfo", 76022),
    ] {
        assert_eq!(errcode_of(&quota(&mut sandbox, path)), errcode, "{path}");
    }
    assert_eq!(errcode_of(&sandbox.call(QUOTA, "{}")), 76003);
}

#[test]
fn unauthorized_api_is_rejected_and_not_counted() {
    let mut sandbox = TestPlatform::with_scenario("unauthorized = [\"/cgi-bin/user/get\"]");
    let token = sandbox.token();
    assert_eq!(errcode_of(&sandbox.get("/cgi-bin/user/get?access_token=x")), 40001);
    assert_eq!(errcode_of(&sandbox.get(&format!("/cgi-bin/user/get?access_token={token}"))), 48001);
    assert_eq!(sandbox.platform.call_counters.used("/cgi-bin/user/get"), 0);
}

#[test]
fn counters_are_cleared_ten_times_a_month() {
    let mut sandbox = TestPlatform::new();
    let clear = |sandbox: &mut TestPlatform, appid: &str| {
        errcode_of(&sandbox.call("/cgi-bin/clear_quota", &json!({"appid": appid}).to_string()))
    };
    let by_secret = format!("/cgi-bin/clear_quota/v2?{}", CREDENTIALS.replace("secret=", "appsecret="));
    assert_eq!(clear(&mut sandbox, ""), 41002);
    assert_eq!(clear(&mut sandbox, "wx0000000000000000"), 40013);
    assert_eq!(errcode_of(&sandbox.post("/cgi-bin/clear_quota/v2?appid=wx0123456789abcdef", "")), 41004);
    assert_eq!(errcode_of(&sandbox.post("/cgi-bin/clear_quota/v2?appid=wx0123456789abcdef&appsecret=x", "")), 40125);
    let token = sandbox.token();
    sandbox.get(&format!("/cgi-bin/user/get?access_token={token}"));
    assert_eq!(clear(&mut sandbox, "wx0123456789abcdef"), 0);
    assert_eq!(sandbox.platform.call_counters.used("/cgi-bin/user/get"), 0);
    let body = r#"{"appid":"wx0123456789abcdef","appsecret":"0123456789abcdef0123456789abcdef"}"#;
    assert_eq!(errcode_of(&sandbox.post("/cgi-bin/clear_quota/v2", body)), 0);
    let form = CREDENTIALS.replace("secret=", "appsecret=");
    assert_eq!(errcode_of(&sandbox.post("/cgi-bin/clear_quota/v2", &form)), 0);
    assert_eq!(errcode_of(&sandbox.post("/cgi-bin/clear_quota/v2", "appid=wx0123456789abcdef&appsecret=x")), 40125);
    assert_eq!(errcode_of(&sandbox.post("/cgi-bin/clear_quota/v2", "{\"appid\"")), 47001);
    let codes: Vec<i64> = (3..11).map(|_| errcode_of(&sandbox.post(&by_secret, ""))).collect();
    assert_eq!(codes, [0, 0, 0, 0, 0, 0, 0, 48006]);
    assert_eq!(clear(&mut sandbox, "wx0123456789abcdef"), 48006);
    sandbox.now += 31 * 24 * HOUR;
    assert_eq!(clear(&mut sandbox, "wx0123456789abcdef"), 0);
}

#[test]
fn rejected_request_can_be_queried_for_seven_days() {
    let mut sandbox = TestPlatform::new();
    let asked = |sandbox: &mut TestPlatform, rid: &str| sandbox.call(RID, &json!({"rid": rid}).to_string());
    let rid_of = |answer: &Value| text(&answer["errmsg"]).rsplit(' ').next().unwrap().to_owned();
    let token = sandbox.token();
    let refused =
        sandbox.post(&format!("/cgi-bin/message/custom/send?access_token={token}"), "{\"touser\":\"oNobody\"}");
    let rid = rid_of(&refused);
    let record = asked(&mut sandbox, &rid)["request"].clone();
    assert_eq!(record["invoke_time"], START / 1000);
    assert_eq!(record["request_url"], format!("access_token={token}"));
    assert_eq!(record["request_body"], "{\"touser\":\"oNobody\"}");
    assert_eq!(serde_json::from_str::<Value>(record["response_body"].as_str().unwrap()).unwrap(), refused);
    assert_eq!(record["client_ip"], "203.0.113.9");
    sandbox.now += 7 * 24 * HOUR;
    assert_eq!(errcode_of(&asked(&mut sandbox, &rid)), 0);
    sandbox.now += 1;
    assert_eq!(errcode_of(&asked(&mut sandbox, &rid)), 76001);
    for (rid, errcode) in [("6aac005a-01bfdbee-79769285", 76001), ("6aac005a-01bfdbee", 76002), ("", 76002)] {
        assert_eq!(errcode_of(&asked(&mut sandbox, rid)), errcode, "{rid}");
    }
    let oauth_rid = rid_of(&sandbox.get("/sns/userinfo?access_token=x"));
    assert_eq!(errcode_of(&asked(&mut sandbox, &oauth_rid)), 76001);
}

#[test]
fn last_three_hundred_rejected_requests_are_kept() {
    let mut sandbox = TestPlatform::new();
    let first = text(&sandbox.get("/cgi-bin/user/get")["errmsg"]);
    let rid = json!({"rid": first.rsplit(' ').next().unwrap()}).to_string();
    for _ in 0..299 {
        sandbox.get("/cgi-bin/user/get");
    }
    assert_eq!(errcode_of(&sandbox.call(RID, &rid)), 0);
    sandbox.get("/cgi-bin/user/get");
    assert_eq!(errcode_of(&sandbox.call(RID, &rid)), 76001);
}
