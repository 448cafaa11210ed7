//! `bind` where something stands in its way: the person, the password, the port, WeChat, a signal.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use rustix::process::Signal;
use snapbox::str;

use crate::bind::{people, scan, told, with_luffy};
use crate::harness::{LUFFY, NAMI, Spawned, World, allow, open, own_address};
use crate::scripted::{Scripted, point_at};

#[test]
fn nobody_of_that_name() {
    let world = with_luffy();
    world.wxbox("bind --user lufy").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy in [HOME]/.local/share/wxbox/wxbox.db
hint: did you mean luffy?

"#]]);
    world.wxbox("unbind --user somebody").is(str![[r#"
exit 4
--- stderr
error: no user is named somebody in [HOME]/.local/share/wxbox/wxbox.db
hint: `wxbox user list` shows everybody

"#]]);
    world.wxbox("bind").is(str![[r#"
exit 2
--- stderr
error: the following required arguments were not provided: <--user <NAME>|--unbound>
hint: the usage is: wxbox bind <--user <NAME>|--unbound>

"#]]);
}

#[test]
fn the_password_of_the_person_is_asked_for() {
    let world = World::new();
    world.feed("user add luffy --password-stdin", "meat\n").ok();
    let before = people(&world);
    world.wxbox("bind --user luffy").is(str![[r#"
exit 2
--- stderr
error: luffy has a password, and nobody can be asked for it
hint: use --password-stdin, or --as-admin to go without

"#]]);
    world.feed("bind --user luffy --password-stdin", "fish\n").is(str![[r#"
exit 3
--- stderr
error: this is not the password of luffy
hint: --as-admin goes without it; `wxbox user passwd` sets another

"#]]);
    world.feed("bind --user luffy --password-stdin", "").is(str![[r#"
exit 2
--- stderr
error: standard input must hold a password: one line, not empty

"#]]);
    world.wxbox("bind --user luffy --as-admin --password-stdin").is(str![[r#"
exit 2
--- stderr
error: the argument '--as-admin' cannot be used with '--password-stdin'
hint: the usage is: wxbox bind --as-admin <--user <NAME>|--unbound>

"#]]);
    assert_eq!(people(&world), before);

    let mut command = world.command("bind --user luffy --password-stdin");
    let (theirs, mut ours) = std::io::pipe().unwrap();
    command.stdin(Stdio::from(theirs));
    let mut bind = world.start(command, "bind --password-stdin");
    ours.write_all(b"meat\n").unwrap();
    drop(ours);
    assert_eq!(open(&allow(&bind.next_line(), "luffy")).0, 200);
    told(bind).ok();
    scan(&world, "bind --user luffy --as-admin --rebind").ok();
}

#[test]
fn the_place_to_listen_must_be_free_and_known() {
    let mut world = with_luffy();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    world.wxbox(&format!("bind --user luffy --listen {}", taken.local_addr().unwrap())).is(str![[r#"
exit 1
--- stderr
error: cannot listen on 127.0.0.1:[PORT]: Address already in use (os error 98)
hint: another program has this port: stop it, or choose another with --listen (redirect_uri must lead there)

"#]]);
    world.wxbox("bind --user luffy --listen 80").is(str![[r#"
exit 2
--- stderr
error: 80 is not an address to listen on
hint: give a host and a port, such as 0.0.0.0:80 or :8080

"#]]);
    world.wxbox("bind --user luffy --listen 192.0.2.1:8080").is(str![[r#"
exit 1
--- stderr
error: cannot listen on 192.0.2.1:8080: Cannot assign requested address (os error 99)
hint: this machine has no such address: --listen 0.0.0.0:8080 listens on all that it has

"#]]);
    world.config("app_id = \"wx0123456789abcdef\"\napp_secret = \"0123456789abcdef0123456789abcdef\"\n");
    world.wxbox("bind --user luffy").is(str![[r#"
exit 3
--- stderr
error: no redirect_uri is set
hint: set redirect_uri in [HOME]/.config/wxbox/config.toml, or the variable WXBOX_REDIRECT_URI: the address that WeChat sends phones back to, such as "http://203.0.113.7/callback/"

"#]]);
    world.set("WXBOX_REDIRECT_URI", "https://example.com/callback");
    world.wxbox("bind --user luffy").is(str![[r#"
exit 3
--- stderr
error: where to listen is not set, and redirect_uri does not tell
hint: use --listen, or set listen.address in [HOME]/.config/wxbox/config.toml: the address that the server in front passes callbacks on to, such as "127.0.0.1:[PORT]"

"#]]);
    world.set("WXBOX_REDIRECT_URI", "example.com/callback");
    world.wxbox("bind --user luffy").is(str![[r#"
exit 3
--- stderr
error: WXBOX_REDIRECT_URI: redirect_uri must be an absolute http or https address with a host, without fragment, user or password
hint: such as "http://203.0.113.7/callback/"; its domain is the 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)

"#]]);
}

#[test]
fn behind_a_web_server_with_https_the_listener_is_where_it_was_told() {
    let mut world = with_luffy();
    let listen = own_address();
    world.set("WXBOX_REDIRECT_URI", "https://example.com/wx/callback");
    let mut bind = world.spawn(&format!("bind --user luffy --listen {listen}"));
    let mut callback = allow(&bind.next_line(), "luffy");
    assert_eq!(callback.as_str().split('?').next(), Some("https://example.com/wx/callback"));
    // What the web server does.
    callback = format!("http://{listen}/wx/callback?{}", callback.query().unwrap()).parse().unwrap();
    assert_eq!(open(&callback).0, 200);
    told(bind).ok();
}

#[test]
fn without_credentials_or_config_nothing_begins() {
    let world = World::empty();
    world.wxbox("user add luffy").ok();
    world.wxbox("bind --user luffy").is(str![[r#"
exit 3
--- stderr
error: no app_id is set
hint: there is no config file yet: `wxbox init` asks for what it needs and writes [HOME]/.config/wxbox/config.toml

"#]]);
    world.wxbox("bind --user luffy --openid oOpenid").is(str![[r#"
exit 3
--- stderr
error: no app_id is set
hint: there is no config file yet: `wxbox init` asks for what it needs and writes [HOME]/.config/wxbox/config.toml

"#]]);
}

#[test]
fn credentials_that_wechat_refuses_end_the_wait() {
    let mut world = with_luffy();
    world.set("WXBOX_APP_SECRET", "ffffffffffffffffffffffffffffffff");
    let before = people(&world);
    let mut bind = world.spawn("bind --user luffy");
    let callback = allow(&bind.next_line(), "luffy");
    assert_eq!(open(&callback), (500, "绑定失败".to_owned()));
    bind.end().is(str![[r#"
exit 3
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
error: WeChat says 40125 (invalid appsecret): AppSecret wrong
hint: the AppSecret is from WXBOX_APP_SECRET: compare it with the console; reset it there only if it is lost, since that ends it for every other program that uses it

"#]]);
    assert_eq!(people(&world), before);
}

#[test]
fn a_signal_ends_the_wait_and_changes_nothing() {
    let world = with_luffy();
    let before = people(&world);
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut bind = world.spawn("bind --user luffy");
        assert_ne!(bind.next_line(), "");
        bind.signal(signal);
        assert_eq!(bind.end().status(), Some(status));
    }
    let mut bind = world.spawn("--json bind --user luffy");
    bind.next_line();
    bind.signal(Signal::INT);
    bind.end().is(str![[r#"
exit 130
--- stdout
{"event":"authorize_url","user":"luffy","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
--- stderr
Open the URL in WeChat, as luffy.
interrupted

"#]]);
    assert_eq!(people(&world), before);
}

#[test]
fn a_signal_does_not_wait_for_wechat() {
    let mut world = with_luffy();
    let wechat = Scripted::start();
    point_at(&mut world, &wechat, "timeout = \"1h\"");
    let mut bind = world.spawn("bind --user luffy");
    let callback = allow(&bind.next_line(), "luffy");
    let mut phone = TcpStream::connect(callback.socket_addrs(|| None).unwrap()[0]).unwrap();
    write!(phone, "GET {}?{} HTTP/1.1\r\nHost: a\r\n\r\n", callback.path(), callback.query().unwrap()).unwrap();
    assert_eq!(wechat.asked(), "/sns/oauth2/access_token");
    bind.signal(Signal::INT);
    bind.end().is(str![[r#"
exit 130
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
interrupted

"#]]);
}

#[test]
fn a_person_removed_or_bound_in_the_meantime_is_named() {
    let world = with_luffy();
    let mut bind = world.spawn("bind --user luffy");
    let callback = allow(&bind.next_line(), "luffy");
    world.wxbox("user remove luffy --yes").ok();
    assert_eq!(open(&callback), (500, "绑定未保存".to_owned()));
    bind.end().is(str![[r#"
exit 4
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
error: luffy was removed by another wxbox in the meantime

"#]]);
    assert_eq!(people(&world), "");

    world.wxbox("user add luffy").ok();
    let mut bind = world.spawn("bind --user luffy");
    let callback = allow(&bind.next_line(), "luffy");
    world.wxbox("bind --user luffy --openid oBy_hand").ok();
    assert_eq!(open(&callback), (500, "绑定未保存".to_owned()));
    bind.end().is(str![[r#"
exit 4
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
error: luffy was bound by another wxbox in the meantime
hint: --rebind replaces the binding

"#]]);
    assert_eq!(world.sql::<String>("SELECT openid FROM bindings"), "oBy_hand");
}

#[test]
fn a_phone_is_never_bound_to_who_was_added_after_somebody_was_removed() {
    for add in ["user add zoro", "user import -"] {
        let world = with_luffy();
        let mut bind = world.spawn("bind --user luffy");
        let callback = allow(&bind.next_line(), "luffy");
        world.wxbox("user remove luffy --yes").ok();
        world.feed(add, "username\nzoro\n").ok();
        assert_eq!(open(&callback).0, 500, "{add}");
        let ended = bind.end();
        assert!(ended.stderr().contains("luffy was removed by another wxbox"), "{add}: {}", ended.stderr());
        assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings"), 0, "{add}");
    }
}

#[test]
fn two_people_are_bound_at_the_same_time_by_two_processes() {
    let world = with_luffy();
    world.wxbox("user add nami").ok();
    let other = own_address();
    let mut first = world.spawn("bind --user luffy");
    let mut second = world.start(
        {
            let mut command = world.command(&format!("bind --user nami --listen {other}"));
            command.env("WXBOX_REDIRECT_URI", format!("http://{other}/callback/"));
            command
        },
        "bind --user nami",
    );
    let (luffy, nami) = (allow(&first.next_line(), "luffy"), allow(&second.next_line(), "nami"));
    // Each other's links are of no use.
    let mut swapped = nami.clone();
    swapped.set_query(luffy.query());
    assert_eq!(open(&swapped).0, 403);
    assert_eq!((open(&luffy).0, open(&nami).0), (200, 200));
    told(first).ok();
    told(second).ok();
    assert_eq!(
        world.sql::<String>("SELECT group_concat(openid ORDER BY openid) FROM bindings"),
        format!("{LUFFY},{NAMI}")
    );
}

/// A phone's call that is under way: the code is with WeChat, which has not answered yet.
pub fn phone_waits(world: &mut World, wechat: &Scripted, line: &str) -> (Spawned, TcpStream) {
    point_at(world, wechat, "");
    let mut bind = world.spawn(line);
    let callback = allow(&bind.next_line(), "luffy");
    let mut phone = TcpStream::connect(callback.socket_addrs(|| None).unwrap()[0]).unwrap();
    write!(phone, "GET {}?{} HTTP/1.1\r\nHost: a\r\n\r\n", callback.path(), callback.query().unwrap()).unwrap();
    assert_eq!(wechat.asked(), "/sns/oauth2/access_token");
    (bind, phone)
}

#[test]
fn a_binding_made_while_a_signal_came_is_told() {
    let mut world = with_luffy();
    let wechat = Scripted::start();
    let (bind, mut phone) = phone_waits(&mut world, &wechat, "bind --user luffy");
    bind.signal(Signal::INT);
    wechat.answer(200, &format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_base\"}}"));
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.contains("绑定成功"), "{page}");
    let ran = bind.end();
    assert!(ran.stdout().contains("bound luffy to"), "{}{}", ran.stdout(), ran.stderr());
    assert_eq!((ran.status(), world.sql::<i64>("SELECT count(*) FROM bindings")), (Some(0), 1));
}

#[test]
fn wechat_may_keep_the_nickname_to_itself() {
    let mut world = with_luffy();
    let wechat = Scripted::start();
    let (bind, mut phone) = phone_waits(&mut world, &wechat, "bind --user luffy");
    wechat.answer(200, &format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_userinfo\"}}"));
    assert_eq!(wechat.asked(), "/sns/userinfo");
    // That is never answered.
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.contains("绑定成功"), "{page}");
    // WeChat would keep it to itself as well whether luffy follows.
    bind.signal(Signal::INT);
    let ran = bind.end();
    assert_eq!((ran.status(), world.sql::<i64>("SELECT count(*) FROM bindings")), (Some(0), 1), "{}", ran.stderr());
}

#[test]
fn an_openid_that_is_none_binds_nobody() {
    let mut world = with_luffy();
    let wechat = Scripted::start();
    let (bind, mut phone) = phone_waits(&mut world, &wechat, "bind --user luffy --timeout 2s");
    wechat.answer(200, r#"{"openid":"o\u001b[2J","access_token":"t","scope":"snsapi_base"}"#);
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 502"), "{page}");
    assert_eq!((bind.end().status(), world.sql::<i64>("SELECT count(*) FROM bindings")), (Some(8), 0));
}
