//! The second step of `bind`: a person who does not follow the account gets instructions to follow
//! it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use snapbox::str;
use url::Url;

use crate::bind::bind_by_scan;
use crate::qr_file::decode_png;
use crate::qr_terminal::{DARK_THEME, decode_screen};
use crate::support::env::{TestEnv, ZORO, authorize, http_client, page_title};
use crate::support::pty::Terminal;
use crate::support::scripted_server::{ScriptedServer, use_in};

/// Returns an environment in which zoro is registered and does not follow, and a token is cached. A
/// test account would not let zoro authorize.
fn env_with_zoro(scenario: &str) -> TestEnv {
    let scenario = TestEnv::with_scenario(&format!("phone = \"zoro\"\nverified = true\n{scenario}"));
    scenario.run("user add zoro").assert_success();
    scenario.run("token").assert_success();
    scenario
}

/// Binds zoro by a scan, and returns the whole output.
fn bind_zoro(env: &TestEnv, line: &str) -> crate::support::env::CommandOutput {
    let mut bind = env.spawn(line);
    let first = bind.expect_line();
    let url = serde_json::from_str::<Value>(&first).map_or(first, |event| event["url"].as_str().unwrap().to_owned());
    assert_eq!(page_title(&authorize(&url, "zoro")).0, 200);
    bind.wait()
}

#[test]
fn non_follower_gets_follow_qr() {
    let env = env_with_zoro("");
    let ran = bind_zoro(&env, "bind --user zoro").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22 (zoro)
http://127.0.0.1:[PORT]/q/[CODE]
--- stderr
Open the URL in the WeChat app of zoro.
warning: zoro does not follow the account yet and cannot receive messages
Next step: open that URL in the WeChat app of zoro and follow the account. The URL is valid for a day.
The page on the phone also shows the QR code.

"#]]);
    // The follow state is recorded, and the person still counts as a recipient: they are about to
    // follow.
    let user = &env.run("--json user show zoro").assert_success().json_lines()[0];
    assert_eq!((&user["follows"], &user["reachable"]), (&Value::Bool(false), &Value::Bool(false)));
    assert_eq!(env.query::<Option<i64>>("SELECT unreachable_errcode FROM bindings"), None);
    let link = Url::parse(ran.stdout().lines().last().unwrap()).unwrap();
    let page = http_client().get(link.clone()).header("accept-language", "en").send().unwrap().text().unwrap();
    assert!(page.contains("Follow wxbox"), "{page}");
    let form = link.join(&format!("/sandbox/follow?code={}", link.path().rsplit('/').next().unwrap())).unwrap();
    assert_eq!(http_client().post(form).body("person=zoro&follows=1").send().unwrap().status(), 303);
    let followers = env.run(&format!("--json follower show {ZORO}")).assert_success().json_lines();
    assert_eq!(followers[0]["subscribe"], true);
    // The account can tell whose QR code was scanned.
    assert_eq!(followers[0]["qr_scene_str"], env.query::<String>("SELECT uid FROM users"));
    env.run("unbind -u zoro").assert_success();
    bind_zoro(&env, "bind --user zoro").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22 (zoro)
--- stderr
Open the URL in the WeChat app of zoro.

"#]]);
}

#[test]
fn follow_qr_is_a_json_event() {
    let env = env_with_zoro("");
    let events = bind_zoro(&env, "--json bind --user zoro").assert_success().json_lines();
    assert_eq!(events.len(), 3, "{events:?}");
    assert_eq!(events[1]["event"], "bound");
    assert_eq!((&events[2]["event"], &events[2]["user"]), (&"follow".into(), &"zoro".into()));
    assert!(events[2]["url"].as_str().unwrap().contains("/q/"), "{events:?}");
}

#[test]
fn follow_qr_is_drawn_in_terminal() {
    let mut env = env_with_zoro("");
    // The color of the warning is the theme's.
    env.set_variable("NO_COLOR", "1");
    let mut terminal = Terminal::start(env.command("bind --user zoro"), 120, 240);
    let screen = terminal.wait_for("waiting for the phone").contents();
    let url = screen.lines().find(|line| line.starts_with("http://")).unwrap().to_owned();
    assert_eq!(page_title(&authorize(&url, "zoro")).0, 200);
    let screen = terminal.wait_for("Next step: scan this QR code").clone();
    let text = screen.contents();
    let link = text.lines().rfind(|line| line.starts_with("http://")).unwrap();
    assert!(link.contains("/q/"), "{text}");
    assert_eq!(decode_screen(&screen, DARK_THEME), [url.as_str(), link]);
    assert!(terminal.wait().status.success());
}

#[test]
fn quiet_bind_shows_follow_qr_on_phone() {
    let env = env_with_zoro("");
    let mut bind = env.spawn("-q bind --user zoro --scope snsapi_base");
    let callback = authorize(&bind.expect_line(), "zoro");
    let page = http_client().get(callback).header("accept-language", "zh-CN").send().unwrap().text().unwrap();
    assert!(page.contains("还差一步") && page.contains("识别图中二维码") && !page.contains("关闭本页面"), "{page}");
    let (_, picture) = page.split_once("data:image/png;base64,").unwrap();
    let picture = BASE64_STANDARD.decode(picture.split('"').next().unwrap()).unwrap();
    let codes = decode_png(&picture);
    assert!(codes.len() == 1 && codes[0].contains("/q/"), "{codes:?}");
    assert_eq!(bind.wait().assert_success().stderr(), "");
}

#[test]
fn account_without_follow_qr_is_reported() {
    let denied = "unauthorized = [\"/cgi-bin/qrcode/create\"]";
    bind_zoro(&env_with_zoro(denied), "-v bind --user zoro --scope snsapi_base").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22
--- stderr
Open the URL in the WeChat app of zoro.
warning: zoro does not follow the account yet and cannot receive messages
info: cannot get a QR code for following the account: WeChat returned 48001 (api unauthorized): account lacks this API
Next step: ask zoro to search for the account in WeChat and follow it.

"#]]);
    let events = bind_zoro(&env_with_zoro(denied), "--json bind --user zoro").assert_success().json_lines();
    assert_eq!((&events[2]["event"], &events[2]["url"]), (&"follow".into(), &Value::Null));
}

#[test]
fn follow_errors_keep_binding() {
    // The error of an account that may not query it is printed at -v only.
    let denied = "unauthorized = [\"/cgi-bin/user/info\"]";
    bind_zoro(&env_with_zoro(denied), "bind --user zoro --scope snsapi_base").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22
--- stderr
Open the URL in the WeChat app of zoro.

"#]]);
    bind_zoro(&env_with_zoro(denied), "-v bind --user zoro --scope snsapi_base").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22
--- stderr
Open the URL in the WeChat app of zoro.
info: cannot determine whether zoro follows the account: WeChat returned 48001 (api unauthorized): account lacks this API

"#]]);
    let mut env = env_with_zoro("");
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "");
    wechat.respond(200, r#"{"access_token":"t","openid":"oOpenid","scope":"snsapi_base"}"#);
    wechat.drop_connection();
    bind_zoro(&env, "bind --user zoro --scope snsapi_base").assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound zoro to oOpenid
--- stderr
Open the URL in the WeChat app of zoro.
warning: cannot determine whether zoro follows the account: no response from 127.0.0.1:[PORT]: connection closed before message completed

"#]]);
    assert_eq!([wechat.expect_request(), wechat.expect_request()], ["/sns/oauth2/access_token", "/cgi-bin/user/info"]);
    // The rejected shared token is replaced on the way.
    let mut env = env_with_zoro("");
    env.sandbox().post_form("tokens", "revoke=1");
    let ran = bind_zoro(&env, "bind --user zoro --scope snsapi_base");
    assert!(ran.stdout().contains("/q/") && ran.status() == Some(0), "{}{}", ran.stdout(), ran.stderr());
}

#[test]
fn follower_gets_no_follow_message() {
    let env = crate::bind::env_with_luffy();
    let ran = bind_by_scan(&env, "bind --user luffy --scope snsapi_base").assert_success();
    assert_eq!(ran.stderr(), "Open the URL in the WeChat app of luffy.\n");
}
