//! Several people, one after the other, at one listener.

use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;
use url::Url;

use crate::bind::told;
use crate::harness::{LUFFY, NAMI, Ran, Spawned, World, allow, open};
use crate::pty::Terminal;

/// A world where these are registered.
fn with(names: &[&str]) -> World {
    let world = World::of("phone = \"luffy\"\nverified = true");
    for name in names {
        world.wxbox(&format!("user add {name} --tag crew")).ok();
    }
    world
}

/// The next event.
fn event(bind: &mut Spawned) -> Value {
    serde_json::from_str(&bind.next_line()).unwrap()
}

/// Where WeChat sends the phone whose turn it is.
fn called(bind: &mut Spawned, user: &str) -> Url {
    let event = event(bind);
    assert_eq!((&event["event"], &event["user"]), (&"authorize_url".into(), &user.into()));
    allow(event["url"].as_str().unwrap(), user)
}

fn bindings(world: &World) -> String {
    world.sql("SELECT coalesce(group_concat(username || ' ' || openid, ', ' ORDER BY username), '') FROM users JOIN bindings ON user_id = users.id")
}

/// An address with a code of its own in it.
fn with_code(call: &Url, code: &str) -> Url {
    let mut other = call.clone();
    let state = call.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    other.set_query(Some(&format!("code={code}&state={state}")));
    other
}

#[test]
fn each_has_a_turn_and_late_calls_are_still_answered() {
    let world = with(&["nami", "luffy"]);
    let mut bind = world.spawn("--json bind -u luffy --user nami -u luffy");
    let luffy = called(&mut bind, "luffy");
    assert_eq!(open(&luffy), (200, "绑定成功".into()));
    assert_eq!(event(&mut bind)["openid"], LUFFY);
    let nami = called(&mut bind, "nami");
    assert_ne!(luffy.query(), nami.query());
    // The phone of the first calls again; another code of theirs binds nobody.
    assert_eq!(open(&luffy), (200, "绑定成功".into()));
    assert_eq!(open(&with_code(&luffy, "another")), (409, "链接已被使用".into()));
    assert_eq!(bindings(&world), format!("luffy {LUFFY}"));
    assert_eq!(open(&nami), (200, "绑定成功".into()));
    assert_eq!(event(&mut bind)["openid"], NAMI);
    // The listener is there for the second call of the last, and for those of the others.
    assert_eq!([open(&luffy).0, open(&nami).0], [200, 200]);
    bind.signal(Signal::INT);
    let ran = bind.end().ok();
    assert_eq!(ran.json().len(), 4);
    assert_eq!(bindings(&world), format!("luffy {LUFFY}, nami {NAMI}"));
}

#[test]
fn a_person_at_the_terminal_sees_whose_turn_it_is() {
    let world = with(&["luffy", "nami"]);
    let mut bind = world.spawn("bind --unbound");
    for name in ["luffy", "nami"] {
        assert_eq!(open(&allow(&bind.next_line(), name)).0, 200);
        if name == "luffy" {
            bind.next_line();
        }
    }
    told(bind).is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound nami to oNami_draws_maps_of_the_sea1 (nami)
--- stderr
1 of 2: luffy
Open the URL in WeChat, as luffy.
2 of 2: nami
Open the URL in WeChat, as nami.

"#]]);
}

#[test]
fn who_does_not_come_is_told_and_the_next_has_a_turn() {
    let world = with(&["luffy", "nami", "zoro"]);
    let mut bind = world.spawn("bind -u zoro -u luffy --timeout 5s");
    let late = allow(&bind.next_line(), "zoro");
    let luffy = allow(&bind.next_line(), "luffy");
    // Too late, though the listener is there.
    assert_eq!(open(&late), (403, "链接无效".into()));
    assert_eq!(open(&luffy), (200, "绑定成功".into()));
    bind.end().is(str![[r#"
exit 7
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
1 of 2: zoro
Open the URL in WeChat, as zoro.
warning: nobody bound zoro within 5s
2 of 2: luffy
Open the URL in WeChat, as luffy.
error: bound 1 of 2; not bound: zoro
hint: `wxbox bind --unbound` goes on with everybody who is not bound yet

"#]]);
    assert_eq!(bindings(&world), format!("luffy {LUFFY}"));
    world.wxbox("--json bind --unbound --tag crew --timeout 1s").is(str![[r#"
exit 8
--- stdout
{"event":"authorize_url","user":"nami","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"timeout","user":"nami"}
{"event":"authorize_url","user":"zoro","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"timeout","user":"zoro"}
--- stderr
1 of 2: nami
Open the URL in WeChat, as nami.
warning: nobody bound nami within 1s
2 of 2: zoro
Open the URL in WeChat, as zoro.
warning: nobody bound zoro within 1s
{"error":"bound none of 2: nami, zoro","hint":"`wxbox bind --unbound` goes on with everybody who is not bound yet","code":8}

"#]]);
}

#[test]
fn ctrl_c_keeps_who_was_bound() {
    let world = with(&["luffy", "nami"]);
    let mut bind = world.spawn("bind --unbound --timeout 30m");
    assert_eq!(open(&allow(&bind.next_line(), "luffy")).0, 200);
    bind.next_line();
    assert!(bind.next_line().starts_with("http://"));
    bind.signal(Signal::INT);
    bind.end().is(str![[r#"
exit 130
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
1 of 2: luffy
Open the URL in WeChat, as luffy.
2 of 2: nami
Open the URL in WeChat, as nami.
interrupted
1 of 2 are bound, and stay so.

"#]]);
    assert_eq!(bindings(&world), format!("luffy {LUFFY}"));
}

#[test]
fn everybody_is_looked_at_before_anything_begins() {
    let world = with(&["luffy", "nami"]);
    world.feed("user add robin --password-stdin", "flower\n").ok();
    world.wxbox("bind -u nami --openid oNami").ok();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = |rest: &str| -> Ran { world.wxbox(&format!("bind --listen {} {rest}", taken.local_addr().unwrap())) };
    bind("-u luffy -u nobody").is(str![[r#"
exit 4
--- stderr
error: no user is named nobody in [HOME]/.local/share/wxbox/wxbox.db
hint: `wxbox user list` shows everybody

"#]]);
    bind("-u luffy -u nami").is(str![[r#"
exit 4
--- stderr
error: nami is bound already, to oNami
hint: --rebind replaces the binding

"#]]);
    bind("-u luffy -u robin").is(str![[r#"
exit 2
--- stderr
error: robin has a password, and nobody can be asked for it
hint: use --as-admin to go without, or bind them one by one

"#]]);
    bind("-u luffy -u nami --rebind").is(str![[r#"
exit 1
--- stderr
error: cannot listen on 127.0.0.1:[PORT]: Address already in use (os error 98)
hint: another program has this port: stop it, or choose another with --listen (redirect_uri must lead there)

"#]]);
    bind("-u luffy -u robin --password-stdin").is(str![[r#"
exit 2
--- stderr
error: --password-stdin gives one password, and several people are to be bound
hint: use --as-admin to go without, or bind them one by one

"#]]);
    bind("--unbound --rebind").is(str![[r#"
exit 2
--- stderr
error: the argument '--unbound' cannot be used with '--rebind'
hint: the usage is: wxbox bind --listen <ADDR> <--user <NAME>|--unbound>

"#]]);
    bind("--unbound -u luffy").is(str![[r#"
exit 2
--- stderr
error: the argument '--unbound' cannot be used with '--user <NAME>'
hint: the usage is: wxbox bind --listen <ADDR> <--user <NAME>|--unbound>

"#]]);
    bind("--tag crew -u luffy").is(str![[r#"
exit 2
--- stderr
error: the argument '--tag <TAG>' cannot be used with '--user <NAME>'
hint: the usage is: wxbox bind --listen <ADDR> --tag <TAG> <--user <NAME>|--unbound>

"#]]);
    bind("--unbound --tag crow").is(str![[r#"
exit 4
--- stderr
error: nobody has the tag crow
hint: did you mean crew?

"#]]);
    world.wxbox("bind -u luffy -u nami --openid oOpenid").is(str![[r#"
exit 2
--- stderr
error: --openid binds one person, not several
hint: bind them one by one, or give everybody an openid in a file for `wxbox user import`

"#]]);
    assert_eq!(bindings(&world), "nami oNami");
}

#[test]
fn where_nobody_is_left_there_is_nothing_to_do() {
    let world = with(&["luffy"]);
    world.wxbox("bind -u luffy --openid oLuffy").ok();
    world.wxbox("bind --unbound").is(str![[r#"
exit 0
--- stderr
Nobody is left to be bound.

"#]]);
    world.wxbox("bind --unbound --tag crew").is(str![[r#"
exit 0
--- stderr
Nobody is left to be bound.

"#]]);
}

#[test]
fn the_trouble_of_one_is_not_that_of_the_next() {
    let world = with(&["luffy", "nami"]);
    let mut bind = world.spawn("bind -u luffy -u nami");
    let luffy = allow(&bind.next_line(), "luffy");
    world.wxbox("bind -u luffy --openid oBy_hand").ok();
    assert_eq!(open(&luffy), (500, "绑定未保存".into()));
    assert_eq!(open(&allow(&bind.next_line(), "nami")).0, 200);
    bind.end().is(str![[r#"
exit 7
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound nami to oNami_draws_maps_of_the_sea1 (nami)
--- stderr
1 of 2: luffy
Open the URL in WeChat, as luffy.
error: luffy was bound by another wxbox in the meantime
hint: --rebind replaces the binding
2 of 2: nami
Open the URL in WeChat, as nami.
error: bound 1 of 2; not bound: luffy
hint: `wxbox bind --unbound` goes on with everybody who is not bound yet

"#]]);
    assert_eq!(bindings(&world), format!("luffy oBy_hand, nami {NAMI}"));
}

#[test]
fn an_account_that_is_refused_is_everybodys_trouble() {
    let mut world = with(&["luffy", "nami"]);
    world.set("WXBOX_APP_SECRET", "ffffffffffffffffffffffffffffffff");
    let mut bind = world.spawn("bind -u luffy -u nami");
    assert_eq!(open(&allow(&bind.next_line(), "luffy")).0, 500);
    bind.end().is(str![[r#"
exit 3
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
1 of 2: luffy
Open the URL in WeChat, as luffy.
error: WeChat says 40125 (invalid appsecret): AppSecret wrong
hint: the AppSecret is from WXBOX_APP_SECRET: compare it with the console; reset it there only if it is lost, since that ends it for every other program that uses it

"#]]);
}

#[test]
fn the_picture_is_that_of_whose_turn_it_is() {
    let world = with(&["luffy", "nami"]);
    let mut bind = world.spawn("bind -u luffy -u nami --qr-file code.svg");
    let url = bind.next_line();
    assert_eq!(crate::qr_file::in_svg(&world.path("code.svg")), std::slice::from_ref(&url));
    assert_eq!(open(&allow(&url, "luffy")).0, 200);
    bind.next_line();
    let url = bind.next_line();
    assert_eq!(crate::qr_file::in_svg(&world.path("code.svg")), [url]);
}

#[test]
fn a_code_to_follow_by_is_not_pushed_away_by_the_next() {
    let world = with(&["luffy", "zoro"]);
    let mut terminal = Terminal::start(world.command("bind -u zoro -u luffy --qr none"), 40, 240);
    let first = |screen: &vt100::Screen| {
        let text = screen.contents();
        text.lines().rfind(|line| line.contains("/authorize?")).unwrap().to_owned()
    };
    let zoro = first(terminal.until("waiting for the phone"));
    assert_eq!(open(&allow(&zoro, "zoro")).0, 200);
    let text = terminal.until("Then press Enter for luffy:").contents();
    assert!(!text.contains("2 of 2"), "{text}");
    terminal.keys("\r");
    let luffy = first(terminal.until("as luffy."));
    assert_eq!(open(&allow(&luffy, "luffy")).0, 200);
    assert!(terminal.end().status.success());
}

#[test]
fn who_is_given_up_is_not_bound_by_a_late_answer_of_wechats() {
    use std::io::{Read, Write};

    let mut world = with(&["luffy", "nami"]);
    let wechat = crate::scripted::Scripted::start();
    crate::scripted::point_at(&mut world, &wechat, "timeout = \"1h\"");
    let mut bind = world.spawn("-q bind -u luffy -u nami --timeout 4s");
    let call = allow(&bind.next_line(), "luffy");
    let mut phone = TcpStream::connect(call.socket_addrs(|| None).unwrap()[0]).unwrap();
    write!(phone, "GET {}?{} HTTP/1.1\r\nHost: a\r\n\r\n", call.path(), call.query().unwrap()).unwrap();
    assert_eq!(wechat.asked(), "/sns/oauth2/access_token");
    // Not before the next has their turn: then it is known that the first is given up.
    assert!(bind.next_line().contains("/authorize?"));
    wechat.answer(200, &format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_base\"}}"));
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 403 "), "{page}");
    assert_eq!(bindings(&world), "");
}
