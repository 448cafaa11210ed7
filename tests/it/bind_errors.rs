//! `bind` with an obstacle: the user, the password, the port, WeChat or a signal.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use rustix::process::Signal;
use snapbox::str;

use crate::bind::{bind_by_scan, env_with_luffy, finish_after_report, user_state};
use crate::support::env::{LUFFY, NAMI, RunningCommand, TestEnv, authorize, page_title, unique_address};
use crate::support::scripted_server::{ScriptedServer, use_in};

#[test]
fn unknown_user_is_reported() {
    let env = env_with_luffy();
    env.assert_session(str![[r#"
$ wxbox bind --user lufy
2> error: there is no user lufy in [HOME]/.local/share/wxbox/wxbox.db
2> hint: did you mean luffy?
exit 4
$ wxbox unbind --user somebody
2> error: there is no user somebody in [HOME]/.local/share/wxbox/wxbox.db
2> hint: run `wxbox user list` to see all users
exit 4
$ wxbox bind
2> error: the user is missing: use --user NAME, or --unbound for all unbound users
2> hint: run `wxbox bind -h` to see how to use it
exit 2

"#]]);
}

#[test]
fn bind_paste_prompts_for_password() {
    let env = TestEnv::new();
    env.run_with_stdin("user add luffy --password-stdin", "meat\n").assert_success();
    let before = user_state(&env);
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: luffy has a password, and wxbox cannot ask for it: standard input is not a terminal
2> hint: use --password-stdin, or --as-admin to skip the password
exit 2
$ printf 'fish\n' | wxbox bind --user luffy --password-stdin
2> error: wrong password for luffy
2> hint: use --as-admin to skip the password, or run `wxbox user passwd` to set a new one
exit 3
$ wxbox bind --user luffy --password-stdin
2> error: standard input must contain the password in one line
exit 2
$ wxbox bind --user luffy --as-admin --password-stdin
2> error: --as-admin cannot be used with --password-stdin
2> hint: run `wxbox bind -h` to see how to use it
exit 2

"#]]);
    assert_eq!(user_state(&env), before);

    let mut command = env.command("bind --user luffy --password-stdin");
    let (theirs, mut ours) = std::io::pipe().unwrap();
    command.stdin(Stdio::from(theirs));
    let mut bind = env.spawn_command(command, "bind --password-stdin");
    ours.write_all(b"meat\n").unwrap();
    drop(ours);
    assert_eq!(page_title(&authorize(&bind.expect_line(), "luffy")).0, 200);
    finish_after_report(bind).assert_success();
    bind_by_scan(&env, "bind --user luffy --as-admin --rebind").assert_success();
}

#[test]
fn listen_address_must_be_free_and_known() {
    let mut env = env_with_luffy();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    env.run(&format!("bind --user luffy --listen {}", listener.local_addr().unwrap())).assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot listen on 127.0.0.1:[PORT]: Address already in use (os error 98)
hint: stop the program that uses this port, or use --listen with another port to which redirect_uri leads

"#]]);
    env.assert_session(str![[r#"
$ wxbox bind --user luffy --listen 80
2> error: cannot listen on "80": it is not an address
2> hint: use a host and a port, such as 0.0.0.0:80 or :8080
exit 2
$ wxbox bind --user luffy --listen 192.0.2.1:8080
2> error: cannot listen on 192.0.2.1:8080: Cannot assign requested address (os error 99)
2> hint: use an address of this machine; --listen 0.0.0.0:8080 listens on all of them
exit 1

"#]]);
    env.write_config("app_id = \"wx0123456789abcdef\"\napp_secret = \"0123456789abcdef0123456789abcdef\"\n");
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: redirect_uri is not set
2> hint: set redirect_uri in [HOME]/.config/wxbox/config.toml, or set WXBOX_REDIRECT_URI, such as "http://203.0.113.7/callback/"
exit 3

"#]]);
    env.set_variable("WXBOX_REDIRECT_URI", "https://example.com/callback");
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: cannot determine where to listen: listen.address is not set, and redirect_uri is https
2> hint: use --listen, or set listen.address in [HOME]/.config/wxbox/config.toml to the address to which the proxy forwards callbacks, such as "127.0.0.1:[PORT]"
exit 3

"#]]);
    env.set_variable("WXBOX_REDIRECT_URI", "example.com/callback");
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: WXBOX_REDIRECT_URI: redirect_uri must be an absolute http or https address with a host, without fragment, user or password
2> hint: use an address such as "http://203.0.113.7/callback/"; its domain must be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)
exit 3

"#]]);
}

#[test]
fn https_redirect_uri_uses_configured_listen_address() {
    let mut env = env_with_luffy();
    let listen = unique_address();
    env.set_variable("WXBOX_REDIRECT_URI", "https://example.com/wx/callback");
    let mut bind = env.spawn(&format!("bind --user luffy --listen {listen}"));
    let mut callback = authorize(&bind.expect_line(), "luffy");
    assert_eq!(callback.as_str().split('?').next(), Some("https://example.com/wx/callback"));
    // The web server rewrites the path.
    callback = format!("http://{listen}/wx/callback?{}", callback.query().unwrap()).parse().unwrap();
    assert_eq!(page_title(&callback).0, 200);
    finish_after_report(bind).assert_success();
}

#[test]
fn missing_credentials_or_config_stop_before_start() {
    let env = TestEnv::without_config();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: there is no config file
2> hint: run `wxbox init` to create [HOME]/.config/wxbox/config.toml
exit 3
$ wxbox bind --user luffy --openid oOpenid
2> error: there is no config file
2> hint: run `wxbox init` to create [HOME]/.config/wxbox/config.toml
exit 3

"#]]);
}

#[test]
fn rejected_credentials_end_wait() {
    let mut env = env_with_luffy();
    env.set_variable("WXBOX_APP_SECRET", "ffffffffffffffffffffffffffffffff");
    let before = user_state(&env);
    let mut bind = env.spawn("bind --user luffy");
    let callback = authorize(&bind.expect_line(), "luffy");
    assert_eq!(page_title(&callback), (500, "绑定失败".to_owned()));
    bind.wait().assert_snapshot(str![[r#"
exit 3
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in the WeChat app of luffy.
error: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong
hint: compare the AppSecret in WXBOX_APP_SECRET with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working

"#]]);
    assert_eq!(user_state(&env), before);
}

#[test]
fn signal_ends_wait_without_changes() {
    let env = env_with_luffy();
    let before = user_state(&env);
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut bind = env.spawn("bind --user luffy");
        assert_ne!(bind.expect_line(), "");
        bind.signal(signal);
        assert_eq!(bind.wait().status(), Some(status));
    }
    let mut bind = env.spawn("--json bind --user luffy");
    bind.expect_line();
    bind.signal(Signal::INT);
    bind.wait().assert_snapshot(str![[r#"
exit 130
--- stdout
{"event":"authorize_url","user":"luffy","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
--- stderr
Open the URL in the WeChat app of luffy.
interrupted

"#]]);
    assert_eq!(user_state(&env), before);
}

#[test]
fn signal_does_not_wait_for_wechat() {
    let mut env = env_with_luffy();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "timeout = \"1h\"");
    let mut bind = env.spawn("bind --user luffy");
    let callback = authorize(&bind.expect_line(), "luffy");
    let mut phone = TcpStream::connect(callback.socket_addrs(|| None).unwrap()[0]).unwrap();
    write!(phone, "GET {}?{} HTTP/1.1\r\nHost: a\r\n\r\n", callback.path(), callback.query().unwrap()).unwrap();
    assert_eq!(wechat.expect_request(), "/sns/oauth2/access_token");
    bind.signal(Signal::INT);
    bind.wait().assert_snapshot(str![[r#"
exit 130
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in the WeChat app of luffy.
interrupted

"#]]);
}

#[test]
fn user_removed_or_bound_meanwhile_is_reported() {
    let env = env_with_luffy();
    let mut bind = env.spawn("bind --user luffy");
    let callback = authorize(&bind.expect_line(), "luffy");
    env.run("user remove luffy --yes").assert_success();
    assert_eq!(page_title(&callback), (500, "绑定未保存".to_owned()));
    bind.wait().assert_snapshot(str![[r#"
exit 4
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in the WeChat app of luffy.
error: another wxbox process has removed luffy

"#]]);
    assert_eq!(user_state(&env), "");

    env.run("user add luffy").assert_success();
    let mut bind = env.spawn("bind --user luffy");
    let callback = authorize(&bind.expect_line(), "luffy");
    env.run("bind --user luffy --openid oBy_hand").assert_success();
    assert_eq!(page_title(&callback), (500, "绑定未保存".to_owned()));
    bind.wait().assert_snapshot(str![[r#"
exit 4
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in the WeChat app of luffy.
error: another wxbox process has bound luffy
hint: use --rebind to replace the binding

"#]]);
    assert_eq!(env.query::<String>("SELECT openid FROM bindings"), "oBy_hand");
}

#[test]
fn user_added_after_removal_is_never_bound() {
    for add in ["user add zoro", "user import -"] {
        let env = env_with_luffy();
        let mut bind = env.spawn("bind --user luffy");
        let callback = authorize(&bind.expect_line(), "luffy");
        env.run("user remove luffy --yes").assert_success();
        env.run_with_stdin(add, "username\nzoro\n").assert_success();
        assert_eq!(page_title(&callback).0, 500, "{add}");
        let ended = bind.wait();
        assert!(ended.stderr().contains("another wxbox process has removed luffy"), "{add}: {}", ended.stderr());
        assert_eq!(env.count("bindings"), 0, "{add}");
    }
}

#[test]
fn two_processes_bind_two_users_concurrently() {
    let env = env_with_luffy();
    env.run("user add nami").assert_success();
    let other = unique_address();
    let mut first = env.spawn("bind --user luffy");
    let mut second = env.spawn_command(
        {
            let mut command = env.command(&format!("bind --user nami --listen {other}"));
            command.env("WXBOX_REDIRECT_URI", format!("http://{other}/callback/"));
            command
        },
        "bind --user nami",
    );
    let (luffy, nami) = (authorize(&first.expect_line(), "luffy"), authorize(&second.expect_line(), "nami"));
    // Each user's link is useless to the other.
    let mut swapped = nami.clone();
    swapped.set_query(luffy.query());
    assert_eq!(page_title(&swapped).0, 403);
    assert_eq!((page_title(&luffy).0, page_title(&nami).0), (200, 200));
    finish_after_report(first).assert_success();
    finish_after_report(second).assert_success();
    assert_eq!(
        env.query::<String>("SELECT group_concat(openid ORDER BY openid) FROM bindings"),
        format!("{LUFFY},{NAMI}")
    );
}

/// Starts a phone's callback that stays in progress: WeChat has the code and has not answered yet.
pub fn start_pending_callback(env: &mut TestEnv, wechat: &ScriptedServer, line: &str) -> (RunningCommand, TcpStream) {
    use_in(env, wechat, "");
    let mut bind = env.spawn(line);
    let callback = authorize(&bind.expect_line(), "luffy");
    let mut phone = TcpStream::connect(callback.socket_addrs(|| None).unwrap()[0]).unwrap();
    write!(phone, "GET {}?{} HTTP/1.1\r\nHost: a\r\n\r\n", callback.path(), callback.query().unwrap()).unwrap();
    assert_eq!(wechat.expect_request(), "/sns/oauth2/access_token");
    (bind, phone)
}

#[test]
fn binding_made_during_signal_is_reported() {
    let mut env = env_with_luffy();
    let wechat = ScriptedServer::start();
    let (bind, mut phone) = start_pending_callback(&mut env, &wechat, "bind --user luffy");
    bind.signal(Signal::INT);
    wechat.respond(200, &format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_base\"}}"));
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.contains("绑定成功"), "{page}");
    let ran = bind.wait();
    assert!(ran.stdout().contains("bound luffy to"), "{}{}", ran.stdout(), ran.stderr());
    assert_eq!((ran.status(), env.count("bindings")), (Some(0), 1));
}

#[test]
fn missing_nickname_still_binds() {
    let mut env = env_with_luffy();
    let wechat = ScriptedServer::start();
    let (bind, mut phone) = start_pending_callback(&mut env, &wechat, "bind --user luffy");
    wechat.respond(200, &format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_userinfo\"}}"));
    assert_eq!(wechat.expect_request(), "/sns/userinfo");
    // This request is never answered.
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.contains("绑定成功"), "{page}");
    // WeChat would not answer the query whether luffy follows either.
    bind.signal(Signal::INT);
    let ran = bind.wait();
    assert_eq!((ran.status(), env.count("bindings")), (Some(0), 1), "{}", ran.stderr());
}

#[test]
fn invalid_openid_is_not_bound() {
    let mut env = env_with_luffy();
    let wechat = ScriptedServer::start();
    let (bind, mut phone) = start_pending_callback(&mut env, &wechat, "bind --user luffy --timeout 2s");
    wechat.respond(200, r#"{"openid":"o\u001b[2J","access_token":"t","scope":"snsapi_base"}"#);
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 502"), "{page}");
    assert_eq!((bind.wait().status(), env.count("bindings")), (Some(8), 0));
}
