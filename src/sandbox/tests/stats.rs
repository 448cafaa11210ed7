//! Tests of the statistics, with generated followers.

use super::*;

fn stats(sandbox: &mut TestPlatform) -> Value {
    sandbox.get("/sandbox/stats.json")
}

#[test]
fn failed_calls_are_counted() {
    let mut sandbox = TestPlatform::with_scenario("[[faults]]\napi = \"/cgi-bin/getcallbackip\"\nreset = \"before\"\n");
    assert_eq!(stats(&mut sandbox), json!({"calls": {}, "delivered": 0, "recipients": 0, "twice": 0}));
    assert_eq!(sandbox.token_errcode("x"), 40001);
    let token = sandbox.token();
    assert_eq!(sandbox.token_errcode(&token), 0);
    sandbox.request("GET", "/cgi-bin/getcallbackip", &[], "");
    sandbox.request("GET", "/cgi-bin/nothing", &[], "");
    let calls = json!({"/cgi-bin/get_api_domain_ip": 2, "/cgi-bin/getcallbackip": 1, "/cgi-bin/token": 1});
    assert_eq!(stats(&mut sandbox)["calls"], calls);
}

#[test]
fn repeated_messages_are_counted() {
    let mut sandbox = TestPlatform::new();
    let template = |openid: &str, host: &str, id: &str| {
        let data = json!({"host": {"value": host}});
        let template = "backup_finished-0123456789abcdefghijklmnopq";
        json!({"touser": openid, "template_id": template, "data": data, "client_msg_id": id}).to_string()
    };
    let path = "/cgi-bin/message/template/send";
    let mut numbers = |body: String| {
        sandbox.call(path, &body);
        let counters = stats(&mut sandbox);
        [&counters["delivered"], &counters["recipients"], &counters["twice"]].map(|number| number.as_u64().unwrap())
    };
    assert_eq!(numbers(template(LUFFY, "db1", "1")), [1, 1, 0]);
    // The platform itself drops a message whose id it knows.
    assert_eq!(numbers(template(LUFFY, "db1", "1")), [1, 1, 0]);
    assert_eq!(numbers(template(LUFFY, "db2", "2")), [2, 1, 0]);
    assert_eq!(numbers(template(NAMI, "db1", "3")), [3, 2, 0]);
    assert_eq!(numbers(template(ZORO, "db1", "4")), [3, 2, 0]);
    assert_eq!(numbers(template(LUFFY, "db1", "5")), [4, 2, 1]);
    assert_eq!(numbers(template(LUFFY, "db1", "6")), [5, 2, 1]);
    assert_eq!(numbers(template(NAMI, "db1", "7")), [6, 2, 2]);
    // Texts count as well, and deleting the conversations changes no counter.
    sandbox.post_form("/sandbox/clear", "");
    assert_eq!((sandbox.send_text(LUFFY), sandbox.send_text(LUFFY)), (0, 0));
    let counters = stats(&mut sandbox);
    assert_eq!((&counters["delivered"], &counters["twice"]), (&json!(8), &json!(3)));
}

#[test]
fn generated_followers_follow_and_have_written() {
    let mut sandbox = TestPlatform::with_scenario("crowd = 20000\n");
    let openid = |number: u32| format!("oCrowd{number:022}");
    assert_eq!((sandbox.send_text(&openid(1)), sandbox.send_text(&openid(20_000))), (0, 0));
    assert_eq!((sandbox.send_text(&openid(0)), sandbox.send_text(&openid(20_001))), (40003, 40003));
    assert_eq!(sandbox.inbox()[1]["person"], "crowd020000");
    let token = sandbox.token();
    let info = sandbox.get(&format!("/cgi-bin/user/info?access_token={token}&openid={}", openid(7)));
    assert_eq!((&info["subscribe"], &info["openid"]), (&json!(1), &json!(openid(7))));
    let page = sandbox.get(&format!("/cgi-bin/user/get?access_token={token}&next_openid={}", openid(19_000)));
    assert_eq!(
        (&page["total"], &page["count"], &page["next_openid"]),
        (&json!(20_002), &json!(1000), &json!(openid(20_000)))
    );
    assert!(sandbox.page("/?person=crowd019999").contains(&openid(19_999)));
    // A list of that many people would be useless.
    let link = "/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2Fa.example%2F\
                &response_type=code&scope=snsapi_userinfo&state=1";
    let asks = sandbox.page(link);
    assert!(asks.contains("nami") && !asks.contains("crowd0"));
}
