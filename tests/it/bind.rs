//! `bind` and `unbind` as the person at the terminal sees them.

use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;

use crate::harness::{LUFFY, Ran, Spawned, World, ZORO, allow, open};

/// A world where luffy is registered.
pub fn with_luffy() -> World {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    world
}

/// Everything that the commands show of the people.
pub fn people(world: &World) -> String {
    world.wxbox("--json user list").ok().stdout().to_owned()
}

/// Ends the wait for the phone's second call, once the binding is told.
pub fn told(mut bind: Spawned) -> Ran {
    assert_ne!(bind.next_line(), "");
    bind.signal(Signal::INT);
    bind.end()
}

/// Binds luffy by a scan.
pub fn scan(world: &World, line: &str) -> Ran {
    let mut bind = world.spawn(line);
    let callback = allow(&bind.next_line(), "luffy");
    assert_eq!(open(&callback).0, 200);
    told(bind)
}

#[test]
fn the_openid_alone_is_asked_for_with_snsapi_base() {
    let mut world = with_luffy();
    scan(&world, "bind --user luffy --scope snsapi_base").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1
--- stderr
Open the URL in WeChat, as luffy.

"#]]);
    let requests = world.sandbox().requests();
    assert_eq!(requests[..2], ["GET /connect/oauth2/authorize 0", "GET /sns/oauth2/access_token 0"]);
    assert!(!requests.iter().any(|it| it.contains("/sns/userinfo")), "{requests:?}");
}

#[test]
fn json_tells_the_url_and_who_was_bound() {
    let world = with_luffy();
    let mut bind = world.spawn("--json bind --user luffy");
    let event: Value = serde_json::from_str(&bind.next_line()).unwrap();
    assert_eq!(open(&allow(event["url"].as_str().unwrap(), "luffy")).0, 200);
    told(bind).is(str![[r#"
exit 0
--- stdout
{"event":"authorize_url","user":"luffy","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"bound","user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","nickname":"luffy"}
--- stderr
Open the URL in WeChat, as luffy.

"#]]);
}

#[test]
fn quiet_still_prints_the_url_and_nothing_else() {
    let world = with_luffy();
    let mut bind = world.spawn("-q bind --user luffy");
    assert_eq!(open(&allow(&bind.next_line(), "luffy")).0, 200);
    bind.end().is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect

"#]]);
}

#[test]
fn a_nickname_that_cannot_be_read_spoils_nothing() {
    let world = World::of("[quota]\n\"/sns/userinfo\" = 0");
    world.wxbox("user add luffy").ok();
    world.wxbox("token").ok();
    scan(&world, "-v bind --user luffy").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1
--- stderr
Open the URL in WeChat, as luffy.
info: the nickname could not be read: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up

"#]]);
}

#[test]
fn the_state_begins_with_the_uid_and_differs_each_time() {
    let world = with_luffy();
    let uid = world.sql::<String>("SELECT uid FROM users");
    let states: Vec<String> = (0..2)
        .map(|_| {
            let mut bind = world.spawn("bind --user luffy");
            let url = bind.next_line();
            bind.signal(Signal::INT);
            bind.end();
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
fn nobody_scans_in_time() {
    let world = with_luffy();
    world.wxbox("bind --user luffy --timeout 1s").is(str![[r#"
exit 8
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
error: nobody bound luffy within 1s
hint: run it again; --timeout gives more time; if the phone showed an error, redirect_uri may not be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置) or may not reach this machine (on a cloud server, open the port in its security group)

"#]]);
    world.wxbox("--json bind --user luffy --timeout 1s").is(str![[r#"
exit 8
--- stdout
{"event":"authorize_url","user":"luffy","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"timeout","user":"luffy"}
--- stderr
Open the URL in WeChat, as luffy.
{"error":"nobody bound luffy within 1s","hint":"run it again; --timeout gives more time; if the phone showed an error, redirect_uri may not be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置) or may not reach this machine (on a cloud server, open the port in its security group)","code":8}

"#]]);
    world.wxbox("bind --user luffy --timeout 0s").is(str![[r#"
exit 2
--- stderr
error: invalid value '0s' for '--timeout <TIME>': it must be longer than 0

"#]]);
    world.wxbox("bind --user luffy --timeout 500000000000years").is(str![[r#"
exit 2
--- stderr
error: invalid value '500000000000years' for '--timeout <TIME>': it must be at most 100 years

"#]]);
}

#[test]
fn who_is_bound_is_bound_again_only_on_demand() {
    let world = with_luffy();
    world.wxbox("bind --user luffy --openid oSomebody_else").is(str![[r#"
exit 0
--- stdout
bound luffy to oSomebody_else
--- stderr
warning: an openid mostly has 28 characters and begins with o; oSomebody_else does not

"#]]);
    world.wxbox("bind --user luffy").is(str![[r#"
exit 4
--- stderr
error: luffy is bound already, to oSomebody_else
hint: --rebind replaces the binding

"#]]);
    world.wxbox("bind --user luffy --openid oAnother").is(str![[r#"
exit 4
--- stderr
error: luffy is bound already, to oSomebody_else
hint: --rebind replaces the binding

"#]]);
    scan(&world, "bind --user luffy --rebind").is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in WeChat, as luffy.

"#]]);
    world.wxbox("--json bind --user luffy --openid oAnother --rebind").is(str![[r#"
exit 0
--- stdout
{"event":"bound","user":"luffy","openid":"oAnother","nickname":null}
--- stderr
warning: an openid mostly has 28 characters and begins with o; oAnother does not

"#]]);
    world.wxbox("unbind --user luffy").is(str![[r#"
exit 0
--- stdout
unbound luffy from oAnother

"#]]);
    world.wxbox("unbind --user luffy").is(str![[r#"
exit 4
--- stderr
error: luffy is not bound

"#]]);
    world.wxbox("bind --user luffy --openid oAnother").ok();
    world.wxbox("--json unbind --user luffy").is(str![[r#"
exit 0
--- stdout
{"event":"unbound","user":"luffy","openid":"oAnother"}

"#]]);
}

#[test]
fn an_openid_is_looked_at_before_it_is_kept() {
    let world = with_luffy();
    world.wxbox("user add nami").ok();
    world.wxbox("bind --user luffy --openid 'o openid'").is(str![[r#"
exit 2
--- stderr
error: "o openid" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    world.wxbox("bind --user luffy --openid oThe_same").ok();
    world.wxbox("bind --user nami --openid oThe_same").is(str![[r#"
exit 0
--- stdout
bound nami to oThe_same
--- stderr
warning: an openid mostly has 28 characters and begins with o; oThe_same does not
warning: nami shares this openid with luffy

"#]]);
    world.wxbox("bind --user nami --openid oThe_same --qr none").is(str![[r#"
exit 2
--- stderr
error: the argument '--openid <OPENID>' cannot be used with '--qr <QR>'
hint: the usage is: wxbox bind --openid <OPENID> <--user <NAME>|--unbound>

"#]]);
}

#[test]
fn somebody_who_does_not_follow_the_account_can_be_bound() {
    let world = World::of("verified = true");
    world.config_first("scope = \"snsapi_base\"");
    world.wxbox("user add zoro").ok();
    let mut bind = world.spawn("--json bind --user zoro --scope snsapi_userinfo");
    let event: Value = serde_json::from_str(&bind.next_line()).unwrap();
    assert_eq!(open(&allow(event["url"].as_str().unwrap(), "zoro")).0, 200);
    let events = told(bind).ok().json();
    assert_eq!((&events[1]["openid"], &events[1]["nickname"]), (&ZORO.into(), &"zoro".into()));

    // The config's scope, where the command line says nothing.
    world.wxbox("user add luffy").ok();
    let mut bind = world.spawn("--json bind --user luffy");
    let event: Value = serde_json::from_str(&bind.next_line()).unwrap();
    assert_eq!(open(&allow(event["url"].as_str().unwrap(), "luffy")).0, 200);
    let events = told(bind).ok().json();
    assert_eq!((&events[1]["openid"], &events[1]["nickname"]), (&LUFFY.into(), &Value::Null));
}
