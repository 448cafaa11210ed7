//! `quota`: the day's remaining calls, and their reset.

use snapbox::str;

use crate::support::canned_server::{CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{TestEnv, ZORO};
use crate::support::pty::Terminal;

#[test]
fn every_api_of_wxbox_has_a_line() {
    let env = TestEnv::with_scenario("real_limits = true\n[quota]\n\"/cgi-bin/user/get\" = 1\n");
    env.assert_session(str![[r#"
$ wxbox follower list
oLuffy_wears_the_straw_hat_1	-
oNami_draws_maps_of_the_sea1	-
2> error: cannot list all followers: 2 of 2 were received: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
2> hint: wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` (allowed ten times a month)
exit 1
$ wxbox quota show
/cgi-bin/stable_token	500000	1	499999	10000 per 60 s	
/cgi-bin/token	2000	0	2000	-	
/cgi-bin/message/custom/send	500000	0	500000	-	
/cgi-bin/message/template/send	100000	0	100000	-	
/cgi-bin/message/template/subscribe	1000000	0	1000000	-	
/cgi-bin/message/subscribe/bizsend	1000000	0	1000000	-	
/cgi-bin/media/upload	100000	0	100000	-	
/cgi-bin/template/get_all_private_template	1000	0	1000	-	
/cgi-bin/template/api_add_template	1000	0	1000	-	
/cgi-bin/template/del_private_template	1000	0	1000	-	
/wxaapi/newtmpl/gettemplate	1000	0	1000	-	
/cgi-bin/qrcode/create	100000	0	100000	-	
/cgi-bin/user/get	1	2	0	-	
/cgi-bin/user/info	5000000	0	5000000	-	
/cgi-bin/user/info/batchget	5000000	0	5000000	-	
/cgi-bin/user/info/updateremark	10000	0	10000	-	
$ wxbox --json quota show /cgi-bin/stable_token user/get /sns/userinfo
{"api":"/cgi-bin/stable_token","daily_limit":500000,"used":1,"remain":499999,"rate_limit":{"call_count":10000,"refresh_second":60},"errcode":null,"error":null}
{"api":"/user/get","daily_limit":null,"used":null,"remain":null,"rate_limit":null,"errcode":76021,"error":"WeChat returned 76021 (cgi_path not found, please check): API path unknown"}
{"api":"/sns/userinfo","daily_limit":null,"used":null,"remain":null,"rate_limit":null,"errcode":76022,"error":"WeChat returned 76022 (could not use this cgi_path, no permission): no permission for this path (all of /sns)"}
2> {"error":"WeChat has no API /user/get","hint":"did you mean /cgi-bin/user/get?","code":4}
exit 4

"#]]);
}

#[test]
fn unauthorized_quota_api_is_a_row() {
    let mut env = TestEnv::with_scenario("unauthorized = [\"/cgi-bin/openapi/quota/get\"]");
    let ran = env.run("quota show").assert_success();
    let lines: Vec<&str> = ran.stdout().lines().collect();
    assert!(
        lines.len() > 10 && lines.iter().all(|line| line.contains("\t-\t-\t-\t-\tWeChat returned 48001")),
        "{lines:?}"
    );
    assert_eq!(env.sandbox().requests().len(), 1 + lines.len());
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox quota show /sns/userinfo
/sns/userinfo	-	-	-	-	WeChat returned 76022 (could not use this cgi_path, no permission): no permission for this path (all of /sns)

"#]]);
}

#[test]
fn pasted_url_hides_its_secrets() {
    let env = TestEnv::new();
    let ran =
        env.run("-vv quota show 'https://api.weixin.qq.com/cgi-bin/user/get?access_token=geheim'").assert_success();
    assert_eq!(ran.stdout(), "/cgi-bin/user/get\t100\t0\t100\t-\t\n");
    assert!(!ran.stderr().contains("geheim"));
}

#[test]
fn results_before_failure_are_shown() {
    let env = TestEnv::with_scenario("[quota]\n\"/cgi-bin/openapi/quota/get\" = 2\n");
    env.assert_session(str![[r#"
$ wxbox quota show
/cgi-bin/stable_token	500000	1	499999	10000 per 60 s	
/cgi-bin/token	200	0	200	-	
2> error: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
2> hint: wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` (allowed ten times a month)
exit 1

"#]]);
}

#[test]
fn counters_are_cleared_ten_times_a_month() {
    let env = TestEnv::with_scenario("[quota]\n\"/cgi-bin/user/info\" = 1\n");
    let show = format!("follower show {ZORO}");
    env.run(&show).assert_success();
    assert_eq!(env.run(&show).status(), Some(1));
    env.assert_session(str![[r#"
$ wxbox quota clear --yes
reset all API counters of wx0123456789abcdef; WeChat allows this ten times a month

"#]]);
    env.run(&show).assert_success();
    for _ in 1..10 {
        env.assert_session(str![[r#"
$ wxbox -q quota clear -y

"#]]);
    }
    env.assert_session(str![[r#"
$ wxbox quota clear --yes
2> error: WeChat returned 48006 (forbid to clear quota because of reaching the limit): monthly quota resets used up
2> hint: wait for the next month
exit 1

"#]]);
}

#[test]
fn clear_requires_confirmation() {
    let mut env = TestEnv::new();
    for (key, said) in [("n\r", "no counter was reset"), ("y\r", "reset all API counters of wx0123456789abcdef; ")] {
        let mut terminal = Terminal::start(env.command("quota clear"), 20, 160);
        terminal.answer("ten times a month", key);
        let ended = terminal.wait().assert_status(0);
        assert!(ended.text().contains(said), "{}", ended.text());
    }
    let cleared = "POST /cgi-bin/clear_quota 0";
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0", cleared]);
}

#[test]
fn quota_clears_with_secret_without_token() {
    let mut env = TestEnv::with_scenario("[quota]\n\"/cgi-bin/stable_token\" = 0\n");
    env.run("quota clear --yes").assert_success();
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 45009", "POST /cgi-bin/clear_quota/v2 0"]);
    // Any other rejection of a token is reported as it is.
    env.prepend_config("token_endpoint = \"classic\"");
    let config = env.read_config();
    env.write_config(&config.replace("app_secret = \"0", "app_secret = \"f"));
    assert_eq!(env.run("quota clear --yes").status(), Some(3));
    assert_eq!(env.sandbox().requests(), ["GET /cgi-bin/token 40125"]);
}

#[test]
fn quota_requests_match_documentation() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(r#"{"errcode":0,"errmsg":"ok","quota":{"daily_limit":"0","used":0},"component_rate_limit":{}}"#),
        json_response(r#"{"errcode":0,"errmsg":"ok"}"#),
    ]);
    let env = server.env("", "");
    env.assert_session(str![[r#"
$ wxbox quota show '/cgi-bin/user/get?x=1'
/cgi-bin/user/get	0	0	-	-	

"#]]);
    env.run("quota clear --yes").assert_success();
    let [_, show, clear] = &server.requests()[..] else { panic!("three requests") };
    assert_eq!(show.line, "POST /cgi-bin/openapi/quota/get?access_token=canned-token-1 HTTP/1.1");
    assert_eq!(show.body, r#"{"cgi_path":"/cgi-bin/user/get"}"#);
    assert_eq!(clear.line, "POST /cgi-bin/clear_quota?access_token=canned-token-1 HTTP/1.1");
    assert_eq!(clear.body, r#"{"appid":"wx0123456789abcdef"}"#);
    drop(server);
    let server = CannedServer::new(vec![
        json_response(r#"{"errcode":45009,"errmsg":"reach max rid: 1-2-3"}"#),
        json_response(r#"{"errcode":0}"#),
    ]);
    server.env("", "").run("quota clear --yes").assert_success();
    let by_secret = server.requests().pop().unwrap();
    assert_eq!(
        by_secret.line,
        "POST /cgi-bin/clear_quota/v2?appid=wx0123456789abcdef&appsecret=canned-secret HTTP/1.1"
    );
    assert_eq!((by_secret.body.as_str(), by_secret.header("content-length")), ("", Some("0")));
}
