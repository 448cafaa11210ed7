//! The second step of `bind`: who does not follow the account is shown how to.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use snapbox::str;
use url::Url;

use crate::bind::scan;
use crate::harness::{World, ZORO, allow, open, phone};
use crate::pty::Terminal;
use crate::qr::{DARK, on_screen};
use crate::qr_file::in_picture;
use crate::scripted::{Scripted, point_at};

/// A world where zoro is registered, who does not follow, and a token is kept. A test account would not let zoro authorise.
fn with_zoro(world: &str) -> World {
    let world = World::of(&format!("phone = \"zoro\"\nverified = true\n{world}"));
    world.wxbox("user add zoro").ok();
    world.wxbox("token").ok();
    world
}

/// Binds zoro by a scan, with all that is said after it.
fn bind(world: &World, line: &str) -> crate::harness::Ran {
    let mut bind = world.spawn(line);
    let first = bind.next_line();
    let url = serde_json::from_str::<Value>(&first).map_or(first, |event| event["url"].as_str().unwrap().to_owned());
    assert_eq!(open(&allow(&url, "zoro")).0, 200);
    bind.end()
}

#[test]
fn who_does_not_follow_is_shown_a_code_that_leads_to_it() {
    let world = with_zoro("");
    let ran = bind(&world, "bind --user zoro").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22 (zoro)
http://127.0.0.1:[PORT]/q/[CODE]
--- stderr
Open the URL in WeChat, as zoro.
warning: zoro does not follow the account yet: until then, no message can arrive
Next step: open that URL in WeChat, as zoro, and follow the account. It is good for a day.
The page on the phone shows the code, too.

"#]]);
    // Others know it too, and nobody is left out for it: the person is about to follow.
    let known = &world.wxbox("--json user show zoro").ok().json()[0];
    assert_eq!((&known["follows"], &known["reachable"]), (&Value::Bool(false), &Value::Bool(false)));
    assert_eq!(world.sql::<Option<i64>>("SELECT unreachable FROM bindings"), None);
    let link = Url::parse(ran.stdout().lines().last().unwrap()).unwrap();
    let page = phone().get(link.clone()).header("accept-language", "en").send().unwrap().text().unwrap();
    assert!(page.contains("Follow wxbox"), "{page}");
    let form = link.join(&format!("/sandbox/follow?code={}", link.path().rsplit('/').next().unwrap())).unwrap();
    assert_eq!(phone().post(form).body("person=zoro&follows=1").send().unwrap().status(), 303);
    let shown = world.wxbox(&format!("--json follower show {ZORO}")).ok().json();
    assert_eq!(shown[0]["subscribe"], true);
    // The account knows by whose code.
    assert_eq!(shown[0]["qr_scene_str"], world.sql::<String>("SELECT uid FROM users"));
    world.wxbox("unbind -u zoro").ok();
    bind(&world, "bind --user zoro").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22 (zoro)
--- stderr
Open the URL in WeChat, as zoro.

"#]]);
}

#[test]
fn json_has_it_as_an_event_of_its_own() {
    let world = with_zoro("");
    let events = bind(&world, "--json bind --user zoro").ok().json();
    assert_eq!(events.len(), 3, "{events:?}");
    assert_eq!(events[1]["event"], "bound");
    assert_eq!((&events[2]["event"], &events[2]["user"]), (&"follow".into(), &"zoro".into()));
    assert!(events[2]["url"].as_str().unwrap().contains("/q/"), "{events:?}");
}

#[test]
fn in_a_terminal_it_is_drawn() {
    let mut world = with_zoro("");
    // The colour of the warning is the theme's.
    world.set("NO_COLOR", "1");
    let mut terminal = Terminal::start(world.command("bind --user zoro"), 120, 240);
    let screen = terminal.until("waiting for the phone").contents();
    let url = screen.lines().find(|line| line.starts_with("http://")).unwrap().to_owned();
    assert_eq!(open(&allow(&url, "zoro")).0, 200);
    let screen = terminal.until("Next step: scan this code").clone();
    let text = screen.contents();
    let link = text.lines().rfind(|line| line.starts_with("http://")).unwrap();
    assert!(link.contains("/q/"), "{text}");
    assert_eq!(on_screen(&screen, DARK), [url.as_str(), link]);
    assert!(terminal.end().status.success());
}

#[test]
fn the_phone_shows_it_though_the_terminal_is_quiet() {
    let world = with_zoro("");
    let mut bind = world.spawn("-q bind --user zoro --scope snsapi_base");
    let callback = allow(&bind.next_line(), "zoro");
    let page = phone().get(callback).header("accept-language", "zh-CN").send().unwrap().text().unwrap();
    assert!(page.contains("还差一步") && page.contains("识别图中二维码") && !page.contains("关闭本页面"), "{page}");
    let (_, picture) = page.split_once("data:image/png;base64,").unwrap();
    let picture = BASE64_STANDARD.decode(picture.split('"').next().unwrap()).unwrap();
    let codes = in_picture(&picture);
    assert!(codes.len() == 1 && codes[0].contains("/q/"), "{codes:?}");
    assert_eq!(bind.end().ok().stderr(), "");
}

#[test]
fn an_account_without_codes_says_so_in_words() {
    let denied = "unauthorized = [\"/cgi-bin/qrcode/create\"]";
    bind(&with_zoro(denied), "-v bind --user zoro --scope snsapi_base").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22
--- stderr
Open the URL in WeChat, as zoro.
warning: zoro does not follow the account yet: until then, no message can arrive
info: no code to follow the account by: WeChat says 48001 (api unauthorized): account lacks this API
Next step: let zoro find the account in WeChat by its name, and follow it.

"#]]);
    let events = bind(&with_zoro(denied), "--json bind --user zoro").ok().json();
    assert_eq!((&events[2]["event"], &events[2]["url"]), (&"follow".into(), &Value::Null));
}

#[test]
fn what_goes_wrong_spoils_nothing() {
    // An account that may not ask is told so at -v alone.
    let denied = "unauthorized = [\"/cgi-bin/user/info\"]";
    bind(&with_zoro(denied), "bind --user zoro --scope snsapi_base").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22
--- stderr
Open the URL in WeChat, as zoro.

"#]]);
    bind(&with_zoro(denied), "-v bind --user zoro --scope snsapi_base").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound zoro to oZoro_cannot_find_the_way_22
--- stderr
Open the URL in WeChat, as zoro.
info: whether zoro follows the account is not known: WeChat says 48001 (api unauthorized): account lacks this API

"#]]);
    let mut world = with_zoro("");
    let wechat = Scripted::start();
    point_at(&mut world, &wechat, "");
    wechat.answer(200, r#"{"access_token":"t","openid":"oOpenid","scope":"snsapi_base"}"#);
    wechat.silence();
    bind(&world, "bind --user zoro --scope snsapi_base").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound zoro to oOpenid
--- stderr
Open the URL in WeChat, as zoro.
warning: whether zoro follows the account is not known: no answer from 127.0.0.1:[PORT]: connection closed before message completed

"#]]);
    assert_eq!([wechat.asked(), wechat.asked()], ["/sns/oauth2/access_token", "/cgi-bin/user/info"]);
    // The shared token is mended on the way.
    let mut world = with_zoro("");
    world.sandbox().form("tokens", "revoke=1");
    let ran = bind(&world, "bind --user zoro --scope snsapi_base");
    assert!(ran.stdout().contains("/q/") && ran.status() == Some(0), "{}{}", ran.stdout(), ran.stderr());
}

#[test]
fn of_who_follows_nothing_is_said() {
    let world = crate::bind::with_luffy();
    let ran = scan(&world, "bind --user luffy --scope snsapi_base").ok();
    assert_eq!(ran.stderr(), "Open the URL in WeChat, as luffy.\n");
}
