//! `bind --scan`: one scan to follow the account and to be bound.

use rustix::process::Signal;
use serde_json::{Value, json};
use snapbox::str;

use crate::support::env::{LUFFY, RunningCommand, TestEnv, ZORO, http_client};
use crate::support::push::{PUSH_AES_KEY, configure_push, event_xml, push, signed_query, unix_time};
use crate::support::scripted_server::{ScriptedServer, use_in};

fn env_with_zoro(lines: &str) -> (TestEnv, String) {
    let env = TestEnv::new();
    env.run("user add zoro").assert_success();
    let address = configure_push(&env, lines);
    (env, address)
}

fn expect_json(bind: &mut RunningCommand) -> Value {
    serde_json::from_str(&bind.expect_line()).unwrap()
}

/// Returns the event that WeChat pushes when this person scans the code of the last `bind`.
fn scan_xml(env: &TestEnv, openid: &str, event: &str) -> String {
    let scene: String = env.query("SELECT secret FROM pending_bindings ORDER BY id DESC LIMIT 1");
    let prefix = if event == "subscribe" { "qrscene_" } else { "" };
    let fields = format!("<EventKey><![CDATA[{prefix}{scene}]]></EventKey><Ticket><![CDATA[t]]></Ticket>");
    event_xml(openid, unix_time(), event, &fields)
}

#[test]
fn listener_of_bind_takes_the_scan() {
    let (env, address) = env_with_zoro("");
    let mut bind = env.spawn("--json bind --user zoro --scan");
    let shown = expect_json(&mut bind);
    assert_eq!((&shown["event"], &shown["user"]), (&json!("scan_url"), &json!("zoro")));
    assert!(shown["url"].as_str().unwrap().starts_with("http") && shown["expires_at"].is_string(), "{shown}");
    let check = http_client().get(format!("http://{address}/push?{}&echostr=42", signed_query(1))).send().unwrap();
    assert_eq!(check.text().unwrap(), "42");
    // Another event binds no user.
    assert_eq!(push(&address, &event_xml(LUFFY, unix_time(), "subscribe", "")), (200, "success".into()));
    let (status, reply) = push(&address, &scan_xml(&env, ZORO, "subscribe"));
    assert_eq!((status, reply.contains("<Content><![CDATA[已绑定为 zoro]]></Content>")), (200, true), "{reply}");
    assert_eq!(expect_json(&mut bind), json!({"event": "bound", "user": "zoro", "openid": ZORO, "nickname": null}));
    assert_eq!(bind.wait().status(), Some(0));
    let user = env.run("--json user show zoro").assert_success().json_lines().remove(0);
    assert_eq!((&user["openid"], &user["follows"], &user["reachable"]), (&json!(ZORO), &json!(true), &json!(true)));
    assert_eq!(env.count("pending_bindings"), 0);
}

#[test]
fn event_command_passes_the_scan_on() {
    let (env, address) = env_with_zoro("");
    // Another program has the port.
    let _taken = std::net::TcpListener::bind(&address).unwrap();
    let mut bind = env.spawn("bind --user zoro --scan");
    bind.expect_line();
    env.run_with_stdin("event", scan_xml(&env, ZORO, "SCAN")).assert_success();
    assert_eq!(bind.expect_line(), format!("bound zoro to {ZORO}"));
    let output = bind.wait();
    assert_eq!(output.status(), Some(0));
    assert!(output.stderr().contains("let it pass them to `wxbox event`"), "{}", output.stderr());
}

#[test]
fn reply_of_event_command_goes_to_stdout() {
    let (env, address) = env_with_zoro("");
    let _taken = std::net::TcpListener::bind(&address).unwrap();
    let mut bind = env.spawn("bind --user zoro --scan");
    bind.expect_line();
    let xml = scan_xml(&env, ZORO, "subscribe");
    for _ in 0..2 {
        let taken = env.run_with_stdin("event", &xml).assert_success();
        assert!(taken.stdout().contains("已绑定为 zoro"), "{}", taken.stdout());
    }
    assert_eq!(bind.wait().status(), Some(0));
}

#[test]
fn time_out_ends_the_code() {
    let (env, address) = env_with_zoro("");
    let mut bind = env.spawn("bind --user zoro --scan --timeout 1s");
    bind.expect_line();
    let xml = scan_xml(&env, ZORO, "SCAN");
    bind.wait().assert_snapshot(str![[r#"
exit 8
--- stdout
http://127.0.0.1:[PORT]/q/[CODE]
--- stderr
Ask zoro to scan the QR code with WeChat.
error: zoro was not bound within 1s
hint: run the command again, with a longer --timeout if needed; if the code was scanned, check that the push URL in WeChat's console (消息推送) reaches `wxbox serve` or this command

"#]]);
    let _ = address;
    env.run_with_stdin("event", xml).assert_success();
    env.run("--json user show zoro").assert_success();
    assert_eq!(env.count("bindings"), 0);
}

#[test]
fn time_out_after_refused_pushes_says_why() {
    let (mut env, address) = env_with_zoro(&format!("aes_key = \"{PUSH_AES_KEY}\""));
    for (lang, reason, fix) in [
        ("en", "it is not encrypted, although push.aes_key is set", "hint: choose safe on the sandbox's page"),
        (
            "zh",
            "内容没有加密，但设置了 push.aes_key",
            "提示：请把消息加解密方式改为“安全模式”（沙箱页面的“接口配置（消息推送）”）",
        ),
    ] {
        env.set_variable("WXBOX_LANG", lang);
        let mut bind = env.spawn("bind --user zoro --scan --timeout 2s");
        bind.expect_line();
        assert_eq!(push(&address, &scan_xml(&env, ZORO, "subscribe")).0, 403);
        let ended = bind.wait();
        assert_eq!(ended.status(), Some(8));
        assert!(ended.stderr().contains(reason) && ended.stderr().contains(fix), "{}", ended.stderr());
    }
}

#[test]
fn bound_user_needs_rebind() {
    let (env, address) = env_with_zoro("");
    env.run(&format!("bind --user zoro --openid {LUFFY}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox bind --user zoro --scan
2> error: zoro is already bound to oLuffy_wears_the_straw_hat_1
2> hint: use --rebind to replace the binding
exit 4

"#]]);
    let mut bind = env.spawn("bind --user zoro --scan --rebind");
    bind.expect_line();
    assert_eq!(push(&address, &scan_xml(&env, ZORO, "SCAN")).0, 200);
    assert_eq!(bind.expect_line(), format!("bound zoro to {ZORO}"));
    assert_eq!(bind.wait().status(), Some(0));
}

#[test]
fn several_people_are_bound_one_after_the_other() {
    let (env, address) = env_with_zoro("");
    env.run("user add luffy").assert_success();
    let mut bind = env.spawn("--json bind --unbound --scan");
    for (user, openid) in [("luffy", LUFFY), ("zoro", ZORO)] {
        assert_eq!(expect_json(&mut bind)["user"], user);
        assert_eq!(push(&address, &scan_xml(&env, openid, "SCAN")).0, 200);
        assert_eq!(expect_json(&mut bind)["openid"], openid);
    }
    assert_eq!(bind.wait().status(), Some(0));
}

#[test]
fn interrupted_wait_leaves_no_code() {
    let (env, _) = env_with_zoro("");
    let mut bind = env.spawn("bind --user zoro --scan");
    bind.expect_line();
    bind.signal(Signal::INT);
    assert_eq!(bind.wait().status(), Some(130));
    assert_eq!(env.count("pending_bindings"), 0);
}

/// WeChat never answers, so only the signal can end the command.
#[test]
fn signal_while_wechat_stalls_ends_the_request_for_a_code() {
    let created_token = r#"{"access_token":"token","expires_in":7200}"#;
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for users in ["--user zoro", "--unbound"] {
            let (mut env, _) = env_with_zoro("");
            env.run("user add luffy").assert_success();
            let wechat = ScriptedServer::start();
            use_in(&mut env, &wechat, "timeout = \"1h\"");
            let without_token = env.spawn(&format!("bind {users} --scan"));
            assert_eq!(wechat.expect_request(), "/cgi-bin/stable_token");
            without_token.signal(signal);
            assert_interrupted(without_token, status);
            wechat.drop_connection();
            let with_token = env.spawn(&format!("bind {users} --scan"));
            assert_eq!(wechat.expect_request(), "/cgi-bin/stable_token");
            wechat.respond(200, created_token);
            assert_eq!(wechat.expect_request(), "/cgi-bin/qrcode/create");
            with_token.signal(signal);
            assert_interrupted(with_token, status);
            assert_eq!(env.count("pending_bindings"), 0);
        }
    }
}

fn assert_interrupted(bind: RunningCommand, status: i32) {
    let ended = bind.wait();
    assert_eq!(ended.status(), Some(status), "{}", ended.stderr());
    assert!(ended.stderr().contains("interrupted\n"), "{}", ended.stderr());
}

#[test]
fn scan_needs_push_and_permission() {
    let env = TestEnv::new();
    env.run("user add zoro").assert_success();
    env.assert_session(str![[r#"
$ wxbox bind --user zoro --scan
2> error: push.token is not set
2> hint: set token and aes_key under [push] in [HOME]/.config/wxbox/config.toml, or set WXBOX_PUSH_TOKEN and WXBOX_PUSH_AES_KEY, to the Token and the EncodingAESKey of 消息推送 (微信开发者平台 → 我的业务 → 服务号 → 消息推送); a test account has no aes_key
exit 3

"#]]);
    let (mut env, _) = env_with_zoro("");
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/qrcode/create\"\nerrcode = 48001\n");
    env.assert_session(str![[r#"
$ wxbox bind --user zoro --scan
2> error: WeChat returned 48001 (api unauthorized): account lacks this API
2> hint: parametric codes are for verified (已认证) service accounts and test accounts; run the command without --scan
exit 3

"#]]);
}
