//! `explain`: codes from the built-in table, and requests from WeChat.

use regex::Regex;
use snapbox::str;
use wxbox::wechat::errcode::entries;

use crate::support::env::{TestEnv, ZORO};

#[test]
fn errcode_needs_no_config_or_network() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox explain 45009
Code              45009
WeChat's message  reach max api daily quota limit
Meaning           daily quota of this API used up
What to do        Wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` (allowed ten times a month)
wxbox             the message stays queued until the quota is reset at midnight in China

"#]]);
    env.write_config("not toml");
    env.assert_session(str![[r#"
$ wxbox -c absent.toml explain -1 --json
{"errcode":-1,"errmsg":"system error","meaning":"platform busy","hint":"Wait a second and retry with growing pauses; no change needed","action":"backoff","wxbox":"the message stays queued and is retried with growing pauses"}

"#]]);
    assert_eq!(std::fs::read_dir(env.home.path()).unwrap().count(), 1, "nothing but the config");
}

#[test]
fn each_action_has_a_description() {
    let env = TestEnv::without_config();
    let mut examples = std::collections::BTreeMap::new();
    for entry in entries() {
        examples.entry(entry.action.as_str()).or_insert(entry.errcode);
    }
    // 10003, the first code with `fail`, is only on an error page.
    examples.insert("fail", 40003);
    assert_eq!(examples.len(), 11);
    let words: std::collections::BTreeSet<String> = examples
        .values()
        .map(|code| env.run(&format!("--json explain {code}")).assert_success().json_lines()[0]["wxbox"].to_string())
        .collect();
    assert_eq!(words.len(), 11, "{words:?}");
}

#[test]
fn locale_selects_language() {
    let mut env = TestEnv::without_config();
    env.set_variable("LANG", "zh_CN.UTF-8");
    env.assert_session(str![[r#"
$ wxbox explain 43004
错误码    43004
错误信息  require subscribe
含义      接收者没有关注服务号
处理办法  请用户关注服务号
wxbox     微信返回该错误码时，这条消息记为失败，用户标记为“无法送达”；按标签发送或群发时会跳过该用户
$ wxbox explain 4004
2> 错误：wxbox 没有收录错误码 4004
2> 提示：相近的错误码：40004（素材类型不合法）、40014（access_token 不合法）、40034（模板大小不合法）
exit 4

"#]]);
    let language = |env: &TestEnv| {
        let json = env.run("--json explain 0").assert_success().json_lines();
        if json[0]["meaning"] == "成功" { "zh" } else { "en" }
    };
    for (name, value, spoken) in [
        ("LC_MESSAGES", "en_GB.UTF-8", "en"),
        ("LC_MESSAGES", "zh_TW", "zh"),
        ("LC_ALL", "C.UTF-8", "en"),
        ("LC_ALL", "", "zh"),
    ] {
        env.set_variable(name, value);
        assert_eq!(language(&env), spoken, "{name}={value}");
    }
}

/// Returns the request id in a command's log.
fn request_id(log: &str) -> String {
    let rid = Regex::new(r"errcode -?\d+ rid ([0-9a-f-]+)").unwrap();
    rid.captures(log).unwrap_or_else(|| panic!("no rid: {log}"))[1].to_owned()
}

#[test]
fn traced_request_hides_token() {
    let mut env = TestEnv::new();
    let refused = env.run(&format!("-vv follower remark {ZORO} swords"));
    let rid = request_id(refused.stderr());
    let ran = env.run(&format!("explain {rid}")).assert_success();
    let url = "Address   access_token=***\n";
    let body = format!("Body      {{\"openid\":\"{ZORO}\",\"remark\":\"swords\"}}\n");
    let answer = "Response  {\"errcode\":43004,\"errmsg\":\"require subscribe rid: ";
    for part in ["Caller    127.0.0.1\n", url, &body, answer, "Time      20"] {
        assert!(ran.stdout().contains(part), "{part}: {}", ran.stdout());
    }
    let json = env.run(&format!("--json explain ' rid: {rid}'")).assert_success().json_lines();
    assert_eq!(json[0]["rid"], rid.as_str());
    assert_eq!(json[0]["request_url"], "access_token=***");
    assert_eq!(json[0].as_object().unwrap().len(), 7);
    let token = env.run("token").assert_success().stdout().trim().to_owned();
    assert!(!ran.stdout().contains(&token) && !json[0].to_string().contains(&token));
    assert_eq!(env.sandbox().requests().last().unwrap(), "POST /cgi-bin/openapi/rid/get 0");
}

#[test]
fn traced_request_hides_secret() {
    let env = TestEnv::new();
    let path = env.path(".config/wxbox/config.toml");
    let config = std::fs::read_to_string(path).unwrap();
    env.write_config(&config.replace("app_secret = \"0", "app_secret = \"f"));
    let refused = env.run("-vv token");
    assert_eq!(refused.status(), Some(3));
    env.write_config(&config);
    let ran = env.run(&format!("explain {}", request_id(refused.stderr()))).assert_success();
    assert!(ran.stdout().contains(r#""secret":"***","force_refresh":false"#), "{}", ran.stdout());
    assert!(!ran.stdout().contains("123456789abcdef0123456789abcdef"), "{}", ran.stdout());
}

#[test]
fn untraceable_request_is_reported() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox explain 6aac005a-01bfdbee-79769285
2> error: 6aac005a-01bfdbee-79769285: WeChat returned 76001 (rid not found, please check): rid unknown or older than 7 days
2> hint: use a rid of the last 7 days of the same account
exit 4

"#]]);
    let env = TestEnv::with_scenario("unauthorized = [\"/cgi-bin/openapi/rid/get\"]");
    assert_eq!(env.run("explain 6aac005a-01bfdbee-79769285").status(), Some(1));
    let env = TestEnv::without_config();
    let ran = env.run("explain 6aac005a-01bfdbee-79769285");
    assert_eq!(ran.status(), Some(3));
    assert!(ran.stderr().starts_with("error: there is no config file"), "{}", ran.stderr());
}
