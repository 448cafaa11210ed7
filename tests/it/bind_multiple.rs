//! Several users, one after the other, at one listener.

use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;
use url::Url;

use crate::bind::finish_after_report;
use crate::support::env::{LUFFY, NAMI, RunningCommand, TestEnv, authorize, page_title};
use crate::support::pty::Terminal;

/// Returns an environment in which these users are registered.
fn env_with_users(names: &[&str]) -> TestEnv {
    let env = TestEnv::with_scenario("phone = \"luffy\"\nverified = true");
    for name in names {
        env.run(&format!("user add {name} --tag crew")).assert_success();
    }
    env
}

/// Returns the next event.
fn next_event(bind: &mut RunningCommand) -> Value {
    serde_json::from_str(&bind.expect_line()).unwrap()
}

/// Returns the callback URL that WeChat sends the current user's phone to.
fn authorize_user(bind: &mut RunningCommand, user: &str) -> Url {
    let event = next_event(bind);
    assert_eq!((&event["event"], &event["user"]), (&"authorize_url".into(), &user.into()));
    authorize(event["url"].as_str().unwrap(), user)
}

fn binding_list(env: &TestEnv) -> String {
    env.query("SELECT coalesce(group_concat(username || ' ' || openid, ', ' ORDER BY username), '') FROM users JOIN bindings ON user_id = users.id")
}

/// Returns the same URL with another code.
fn replace_code(call: &Url, code: &str) -> Url {
    let mut other = call.clone();
    let state = call.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    other.set_query(Some(&format!("code={code}&state={state}")));
    other
}

#[test]
fn sequential_binds_still_answer_late_callbacks() {
    let env = env_with_users(&["nami", "luffy"]);
    let mut bind = env.spawn("--json bind -u luffy --user nami -u luffy");
    let luffy = authorize_user(&mut bind, "luffy");
    assert_eq!(page_title(&luffy), (200, "绑定成功".into()));
    assert_eq!(next_event(&mut bind)["openid"], LUFFY);
    let nami = authorize_user(&mut bind, "nami");
    assert_ne!(luffy.query(), nami.query());
    // The first user's phone calls again; another code of that user binds no user.
    assert_eq!(page_title(&luffy), (200, "绑定成功".into()));
    assert_eq!(page_title(&replace_code(&luffy, "another")), (409, "链接已被使用".into()));
    assert_eq!(binding_list(&env), format!("luffy {LUFFY}"));
    assert_eq!(page_title(&nami), (200, "绑定成功".into()));
    assert_eq!(next_event(&mut bind)["openid"], NAMI);
    // The listener still answers the second callback of the last user, and those of the others.
    assert_eq!([page_title(&luffy).0, page_title(&nami).0], [200, 200]);
    bind.signal(Signal::INT);
    let ran = bind.wait().assert_success();
    assert_eq!(ran.json_lines().len(), 4);
    assert_eq!(binding_list(&env), format!("luffy {LUFFY}, nami {NAMI}"));
}

#[test]
fn terminal_shows_current_user() {
    let env = env_with_users(&["luffy", "nami"]);
    let mut bind = env.spawn("bind --unbound");
    for name in ["luffy", "nami"] {
        assert_eq!(page_title(&authorize(&bind.expect_line(), name)).0, 200);
        if name == "luffy" {
            bind.expect_line();
        }
    }
    finish_after_report(bind).assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound nami to oNami_draws_maps_of_the_sea1 (nami)
--- stderr
1 of 2: luffy
Open the URL in the WeChat app of luffy.
2 of 2: nami
Open the URL in the WeChat app of nami.

"#]]);
}

#[test]
fn timed_out_user_is_reported_and_next_begins() {
    let env = env_with_users(&["luffy", "nami", "zoro"]);
    let mut bind = env.spawn("bind -u zoro -u luffy --timeout 5s");
    let late = authorize(&bind.expect_line(), "zoro");
    let luffy = authorize(&bind.expect_line(), "luffy");
    // It is too late, though the listener is still running.
    assert_eq!(page_title(&late), (403, "链接无效".into()));
    assert_eq!(page_title(&luffy), (200, "绑定成功".into()));
    finish_after_report(bind).assert_snapshot(str![[r#"
exit 7
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
1 of 2: zoro
Open the URL in the WeChat app of zoro.
warning: zoro was not bound within 5s
2 of 2: luffy
Open the URL in the WeChat app of luffy.
error: bound 1 of 2; not bound: zoro
hint: run `wxbox bind --unbound` to bind all unbound users

"#]]);
    assert_eq!(binding_list(&env), format!("luffy {LUFFY}"));
    env.assert_session(str![[r#"
$ wxbox --json bind --unbound --tag crew --timeout 1s
{"event":"authorize_url","user":"nami","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"timeout","user":"nami"}
{"event":"authorize_url","user":"zoro","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"timeout","user":"zoro"}
2> 1 of 2: nami
2> Open the URL in the WeChat app of nami.
2> warning: nami was not bound within 1s
2> 2 of 2: zoro
2> Open the URL in the WeChat app of zoro.
2> warning: zoro was not bound within 1s
2> {"error":"bound 0 of 2 users; not bound: nami, zoro","hint":"run `wxbox bind --unbound` to bind all unbound users","code":8}
exit 8

"#]]);
}

#[test]
fn phone_that_scans_twice_is_reported() {
    let env = env_with_users(&["luffy"]);
    env.run("user add 'red hair'").assert_success();
    let mut bind = env.spawn("bind --user luffy --user 'red hair'");
    for _ in 0..2 {
        assert_eq!(page_title(&authorize(&bind.expect_line(), "luffy")).0, 200);
        bind.expect_line();
    }
    let output = bind.wait();
    let warning = "warning: red hair has the same openid as luffy; if the wrong person scanned the code, \
                   run `wxbox bind --user 'red hair' --rebind`, with --scan if you used it";
    assert!(output.stderr().lines().any(|line| line == warning), "{}", output.stderr());
}

#[test]
fn ctrl_c_keeps_finished_bindings() {
    let env = env_with_users(&["luffy", "nami"]);
    let mut bind = env.spawn("bind --unbound --timeout 30m");
    assert_eq!(page_title(&authorize(&bind.expect_line(), "luffy")).0, 200);
    bind.expect_line();
    assert!(bind.expect_line().starts_with("http://"));
    bind.signal(Signal::INT);
    bind.wait().assert_snapshot(str![[r#"
exit 130
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
1 of 2: luffy
Open the URL in the WeChat app of luffy.
2 of 2: nami
Open the URL in the WeChat app of nami.
interrupted
1 of 2 users are bound.

"#]]);
    assert_eq!(binding_list(&env), format!("luffy {LUFFY}"));
}

#[test]
fn all_users_are_checked_before_start() {
    let mut env = env_with_users(&["luffy", "nami"]);
    env.run_with_stdin("user add robin --password-stdin", "flower\n").assert_success();
    env.run("bind -u nami --openid oNami").assert_success();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    env.set_variable("BUSY", &listener.local_addr().unwrap().to_string());
    env.assert_session(str![[r#"
$ wxbox bind --listen $BUSY -u luffy -u nobody
2> error: there is no user nobody in [HOME]/.local/share/wxbox/wxbox.db
2> hint: run `wxbox user list` to see all users
exit 4
$ wxbox bind --listen $BUSY -u luffy -u nami
2> error: nami is already bound to oNami
2> hint: use --rebind to replace the binding
exit 4
$ wxbox bind --listen $BUSY -u luffy -u robin
2> error: robin has a password, and wxbox cannot ask for it: standard input is not a terminal
2> hint: use --as-admin to skip the passwords, or bind the users one by one
exit 2
$ wxbox bind --listen $BUSY -u luffy -u nami --rebind
2> error: cannot listen on 127.0.0.1:[PORT]: Address already in use (os error 98)
2> hint: stop the program that uses this port, or use --listen with another port to which redirect_uri leads
exit 1
$ wxbox bind --listen $BUSY -u luffy -u robin --password-stdin
2> error: --password-stdin supports only one user
2> hint: use --as-admin to skip the passwords, or bind the users one by one
exit 2
$ wxbox bind --listen $BUSY --unbound --rebind
2> error: --unbound cannot be used with --rebind
2> hint: run `wxbox bind -h` to see how to use it
exit 2
$ wxbox bind --listen $BUSY --unbound -u luffy
2> error: --unbound cannot be used with --user
2> hint: run `wxbox bind -h` to see how to use it
exit 2
$ wxbox bind --listen $BUSY --tag crew -u luffy
2> error: --tag cannot be used with --user
2> hint: run `wxbox bind -h` to see how to use it
exit 2
$ wxbox bind --listen $BUSY --unbound --tag crow
2> error: no user has the tag crow
2> hint: did you mean crew?
exit 4
$ wxbox bind -u luffy -u nami --openid oOpenid
2> error: --openid supports only one user
2> hint: bind the users one by one, or import their openids with `wxbox user import`
exit 2

"#]]);
    assert_eq!(binding_list(&env), "nami oNami");
}

#[test]
fn no_unbound_users_is_a_no_op() {
    let env = env_with_users(&["luffy"]);
    env.run("bind -u luffy --openid oLuffy").assert_success();
    env.run("user edit luffy --tag the\u{301}").assert_success();
    env.assert_session(str![[r#"
$ wxbox bind --unbound
2> All users are already bound.
$ wxbox bind --unbound --tag crew
2> All users are already bound.

"#]]);
    let decomposed = env.run("bind --unbound --tag the\u{301}").assert_success();
    assert_eq!(decomposed.stderr(), "All users are already bound.\n");
}

#[test]
fn error_of_one_user_does_not_stop_next() {
    let env = env_with_users(&["luffy", "nami"]);
    let mut bind = env.spawn("bind -u luffy -u nami");
    let luffy = authorize(&bind.expect_line(), "luffy");
    env.run("bind -u luffy --openid oBy_hand").assert_success();
    assert_eq!(page_title(&luffy), (500, "绑定未保存".into()));
    assert_eq!(page_title(&authorize(&bind.expect_line(), "nami")).0, 200);
    finish_after_report(bind).assert_snapshot(str![[r#"
exit 7
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound nami to oNami_draws_maps_of_the_sea1 (nami)
--- stderr
1 of 2: luffy
Open the URL in the WeChat app of luffy.
error: another wxbox process has bound luffy
hint: use --rebind to replace the binding
2 of 2: nami
Open the URL in the WeChat app of nami.
error: bound 1 of 2; not bound: luffy
hint: run `wxbox bind --unbound` to bind all unbound users

"#]]);
    assert_eq!(binding_list(&env), format!("luffy oBy_hand, nami {NAMI}"));
}

#[test]
fn rejected_account_stops_all_users() {
    let mut env = env_with_users(&["luffy", "nami"]);
    env.set_variable("WXBOX_APP_SECRET", "ffffffffffffffffffffffffffffffff");
    let mut bind = env.spawn("bind -u luffy -u nami");
    assert_eq!(page_title(&authorize(&bind.expect_line(), "luffy")).0, 500);
    bind.wait().assert_snapshot(str![[r#"
exit 3
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
1 of 2: luffy
Open the URL in the WeChat app of luffy.
error: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong
hint: compare the AppSecret in WXBOX_APP_SECRET with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working

"#]]);
}

#[test]
fn qr_file_is_that_of_current_user() {
    let env = env_with_users(&["luffy", "nami"]);
    let mut bind = env.spawn("bind -u luffy -u nami --qr-file code.svg");
    let url = bind.expect_line();
    assert_eq!(crate::qr_file::decode_svg_file(&env.path("code.svg")), std::slice::from_ref(&url));
    assert_eq!(page_title(&authorize(&url, "luffy")).0, 200);
    bind.expect_line();
    let url = bind.expect_line();
    assert_eq!(crate::qr_file::decode_svg_file(&env.path("code.svg")), [url]);
}

#[test]
fn follow_qr_waits_before_next_user() {
    let env = env_with_users(&["luffy", "zoro"]);
    let mut terminal = Terminal::start(env.command("bind -u zoro -u luffy --qr none"), 40, 240);
    let first = |screen: &vt100::Screen| {
        let text = screen.contents();
        text.lines().rfind(|line| line.contains("/authorize?")).unwrap().to_owned()
    };
    let zoro = first(terminal.wait_for("waiting for the phone"));
    assert_eq!(page_title(&authorize(&zoro, "zoro")).0, 200);
    let text = terminal.wait_for("Press Enter to continue with luffy:").contents();
    assert!(!text.contains("2 of 2"), "{text}");
    terminal.type_keys("\r");
    let luffy = first(terminal.wait_for("WeChat app of luffy."));
    assert_eq!(page_title(&authorize(&luffy, "luffy")).0, 200);
    assert!(terminal.wait().status.success());
}

#[test]
fn late_wechat_response_does_not_bind_timed_out_user() {
    use std::io::{Read, Write};

    let mut env = env_with_users(&["luffy", "nami"]);
    let wechat = crate::support::scripted_server::ScriptedServer::start();
    crate::support::scripted_server::use_in(&mut env, &wechat, "timeout = \"1h\"");
    let mut bind = env.spawn("-q bind -u luffy -u nami --timeout 4s");
    let call = authorize(&bind.expect_line(), "luffy");
    let mut phone = TcpStream::connect(call.socket_addrs(|| None).unwrap()[0]).unwrap();
    write!(phone, "GET {}?{} HTTP/1.1\r\nHost: a\r\n\r\n", call.path(), call.query().unwrap()).unwrap();
    assert_eq!(wechat.expect_request(), "/sns/oauth2/access_token");
    // The next user's turn has begun only once the first user's bind has timed out.
    assert!(bind.expect_line().contains("/authorize?"));
    wechat.respond(200, &format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_base\"}}"));
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 403 "), "{page}");
    assert_eq!(binding_list(&env), "");
}
