//! `bind` and `unbind` as the operator at the terminal sees them.

use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;

use crate::support::env::{CommandOutput, LUFFY, RunningCommand, TestEnv, ZORO, authorize, page_title};

/// Returns an environment in which luffy is registered.
pub fn env_with_luffy() -> TestEnv {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env
}

/// Returns the users as the commands print them.
pub fn user_state(env: &TestEnv) -> String {
    env.run("--json user list").assert_success().stdout().to_owned()
}

/// Ends the wait for the phone's second callback once the binding has been reported.
pub fn finish_after_report(mut bind: RunningCommand) -> CommandOutput {
    assert_ne!(bind.expect_line(), "");
    bind.signal(Signal::INT);
    bind.wait()
}

/// Binds luffy by a scan.
pub fn bind_by_scan(env: &TestEnv, line: &str) -> CommandOutput {
    let mut bind = env.spawn(line);
    let callback = authorize(&bind.expect_line(), "luffy");
    assert_eq!(page_title(&callback).0, 200);
    finish_after_report(bind)
}

#[test]
fn snsapi_base_requests_only_openid() {
    let mut env = env_with_luffy();
    bind_by_scan(&env, "bind --user luffy --scope snsapi_base").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1
--- stderr
Open the URL in the WeChat app of luffy.

"#]]);
    let requests = env.sandbox().requests();
    assert_eq!(requests[..2], ["GET /connect/oauth2/authorize 0", "GET /sns/oauth2/access_token 0"]);
    assert!(!requests.iter().any(|request| request.contains("/sns/userinfo")), "{requests:?}");
}

#[test]
fn json_events_contain_url_and_bound_user() {
    let env = env_with_luffy();
    let mut bind = env.spawn("--json bind --user luffy");
    let event: Value = serde_json::from_str(&bind.expect_line()).unwrap();
    assert_eq!(page_title(&authorize(event["url"].as_str().unwrap(), "luffy")).0, 200);
    finish_after_report(bind).assert_snapshot(str![[r#"
exit 0
--- stdout
{"event":"authorize_url","user":"luffy","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"bound","user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","nickname":"luffy"}
--- stderr
Open the URL in the WeChat app of luffy.

"#]]);
}

#[test]
fn quiet_still_prints_the_url_and_nothing_else() {
    let env = env_with_luffy();
    let mut bind = env.spawn("-q bind --user luffy");
    assert_eq!(page_title(&authorize(&bind.expect_line(), "luffy")).0, 200);
    bind.wait().assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect

"#]]);
}

#[test]
fn unreadable_nickname_still_binds() {
    let env = TestEnv::with_scenario("[quota]\n\"/sns/userinfo\" = 0");
    env.run("user add luffy").assert_success();
    env.run("token").assert_success();
    bind_by_scan(&env, "-v bind --user luffy").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1
--- stderr
Open the URL in the WeChat app of luffy.
info: cannot read the nickname: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up

"#]]);
}

#[test]
fn state_begins_with_uid_and_is_random() {
    let env = env_with_luffy();
    let uid = env.query::<String>("SELECT uid FROM users");
    let states: Vec<String> = (0..2)
        .map(|_| {
            let mut bind = env.spawn("bind --user luffy");
            let url = bind.expect_line();
            bind.signal(Signal::INT);
            bind.wait();
            let (_, state) = url.split_once("&state=").unwrap();
            state.strip_suffix("#wechat_redirect").unwrap().to_owned()
        })
        .collect();
    for state in &states {
        let digits = state.strip_prefix(&uid).unwrap();
        assert!(digits.len() >= 22 && digits.bytes().all(|b| b.is_ascii_alphanumeric()), "{state}");
    }
    assert_ne!(states[0], states[1]);
}

#[test]
fn bind_timeout_is_reported() {
    let env = env_with_luffy();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy --timeout 1s
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
2> Open the URL in the WeChat app of luffy.
2> error: luffy was not bound within 1s
2> hint: run the command again, with a longer --timeout if needed; if the phone showed an error, check that redirect_uri is under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置) and reaches this machine (on a cloud server, open the port in its security group)
exit 8
$ wxbox --json bind --user luffy --timeout 1s
{"event":"authorize_url","user":"luffy","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"timeout","user":"luffy"}
2> Open the URL in the WeChat app of luffy.
2> {"error":"luffy was not bound within 1s","hint":"run the command again, with a longer --timeout if needed; if the phone showed an error, check that redirect_uri is under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置) and reaches this machine (on a cloud server, open the port in its security group)","code":8}
exit 8
$ wxbox bind --user luffy --timeout 0s
2> error: invalid value "0s" for --timeout: use a duration greater than 0
exit 2
$ wxbox bind --user luffy --timeout 500000000000years
2> error: invalid value "500000000000years" for --timeout: use at most 100 years
exit 2

"#]]);
}

#[test]
fn rebind_requires_option() {
    let env = env_with_luffy();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy --openid oSomebody_else
bound luffy to oSomebody_else
2> warning: an openid usually has 28 characters and begins with o; oSomebody_else does not
$ wxbox bind --user luffy
2> error: luffy is already bound to oSomebody_else
2> hint: use --rebind to replace the binding
exit 4
$ wxbox bind --user luffy --openid oAnother
2> error: luffy is already bound to oSomebody_else
2> hint: use --rebind to replace the binding
exit 4

"#]]);
    bind_by_scan(&env, "bind --user luffy --rebind").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in the WeChat app of luffy.

"#]]);
    env.assert_session(str![[r#"
$ wxbox --json bind --user luffy --openid oAnother --rebind
{"event":"bound","user":"luffy","openid":"oAnother","nickname":null}
2> warning: an openid usually has 28 characters and begins with o; oAnother does not
$ wxbox unbind --user luffy
unbound luffy from oAnother
$ wxbox unbind --user luffy
2> error: luffy is not bound
exit 4

"#]]);
    env.run("bind --user luffy --openid oAnother").assert_success();
    env.assert_session(str![[r#"
$ wxbox --json unbind --user luffy
{"event":"unbound","user":"luffy","openid":"oAnother","cancelled":0,"unknown":0}

"#]]);
}

#[test]
fn openid_is_validated_before_saving() {
    let env = env_with_luffy();
    env.run("user add nami").assert_success();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy --openid 'o openid'
2> error: "o openid" is not an openid
2> hint: use letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
exit 2

"#]]);
    env.run("bind --user luffy --openid oThe_same").assert_success();
    env.assert_session(str![[r#"
$ wxbox bind --user nami --openid oThe_same
bound nami to oThe_same
2> warning: an openid usually has 28 characters and begins with o; oThe_same does not
2> warning: nami has the same openid as luffy; check the openid
$ wxbox bind --user nami --openid oThe_same --qr none
2> error: --openid cannot be used with --qr
2> hint: run `wxbox bind -h` to see how to use it
exit 2

"#]]);
}

#[test]
fn non_follower_can_be_bound() {
    let env = TestEnv::with_scenario("verified = true");
    env.prepend_config("scope = \"snsapi_base\"");
    env.run("user add zoro").assert_success();
    let mut bind = env.spawn("--json bind --user zoro --scope snsapi_userinfo");
    let event: Value = serde_json::from_str(&bind.expect_line()).unwrap();
    assert_eq!(page_title(&authorize(event["url"].as_str().unwrap(), "zoro")).0, 200);
    let events = finish_after_report(bind).assert_success().json_lines();
    assert_eq!((&events[1]["openid"], &events[1]["nickname"]), (&ZORO.into(), &"zoro".into()));

    // Without an option, the config's scope applies.
    env.run("user add luffy").assert_success();
    let mut bind = env.spawn("--json bind --user luffy");
    let event: Value = serde_json::from_str(&bind.expect_line()).unwrap();
    assert_eq!(page_title(&authorize(event["url"].as_str().unwrap(), "luffy")).0, 200);
    let events = finish_after_report(bind).assert_success().json_lines();
    assert_eq!((&events[1]["openid"], &events[1]["nickname"]), (&LUFFY.into(), &Value::Null));
}
