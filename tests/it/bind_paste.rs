//! `bind --paste`: without a listener, the operator pastes the address that the phone was sent to.

use std::io::{PipeWriter, Write};
use std::process::Stdio;

use rustix::process::Signal;
use snapbox::str;
use url::Url;

use crate::bind::user_state;
use crate::support::env::{CommandOutput, LUFFY, NAMI, RunningCommand, TestEnv, authorize};
use crate::support::pty::Terminal;

/// Returns an environment in which luffy is registered and no phone can reach this machine.
pub fn env_without_listener() -> TestEnv {
    let env = TestEnv::new();
    let path = env.path(".config/wxbox/config.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("redirect_uri") && !line.starts_with("address"));
    let lines: Vec<&str> = lines.collect();
    env.write_config(&format!("redirect_uri = \"https://wx.example.com/callback/\"\n{}\n", lines.join("\n")));
    env.run("user add luffy").assert_success();
    env.run("token").assert_success();
    env
}

/// Starts a command whose standard input is a pipe.
fn spawn_with_stdin_pipe(env: &TestEnv, line: &str) -> (RunningCommand, PipeWriter) {
    let mut command = env.command(line);
    let (theirs, ours) = std::io::pipe().unwrap();
    command.stdin(Stdio::from(theirs));
    (env.spawn_command(command, line), ours)
}

/// Returns the code and the state of a callback URL.
fn code_and_state(address: &Url) -> [String; 2] {
    ["code", "state"].map(|name| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned())
}

/// Runs a command, pastes the result of `made` for the valid callback URL, and checks that the
/// output does not repeat the code.
pub fn paste_callback_url(env: &TestEnv, line: &str, made: impl Fn(&Url) -> String) -> CommandOutput {
    let (mut bind, mut stdin) = spawn_with_stdin_pipe(env, line);
    let address = authorize(&bind.expect_line(), "luffy");
    assert!(address.as_str().starts_with("https://wx.example.com/callback/?code="), "{address}");
    writeln!(stdin, "{}", made(&address)).unwrap();
    let ran = bind.wait();
    let [code, _] = code_and_state(&address);
    assert!(!ran.stdout().contains(&code) && !ran.stderr().contains(&code), "{}{}", ran.stdout(), ran.stderr());
    ran
}

#[test]
fn pasted_url_binds_without_listener() {
    let env = env_without_listener();
    paste_callback_url(&env, "-vv bind --user luffy --paste", Url::to_string).assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in the WeChat app of luffy.
Reading the address that the phone opened from standard input (one line).
debug: /sns/oauth2/access_token at 127.0.0.1:[PORT]
debug: /sns/oauth2/access_token: HTTP 200
debug: /sns/userinfo at 127.0.0.1:[PORT]
debug: /sns/userinfo: HTTP 200
debug: /cgi-bin/user/info at 127.0.0.1:[PORT]
debug: /cgi-bin/user/info: HTTP 200

"#]]);
    assert_eq!(env.query::<String>("SELECT openid FROM bindings"), LUFFY);
    paste_callback_url(&env, "-q bind --user luffy --paste --rebind", |url| url.query().unwrap().to_owned()).assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect

"#]]);
    let ran =
        paste_callback_url(&env, "bind --user luffy --paste --rebind", |url| format!("  \"{url}#wechat_redirect\" \r"))
            .assert_success();
    assert!(ran.stdout().contains("bound luffy to"));
}

#[test]
fn invalid_pasted_url_is_explained() {
    let mut env = env_without_listener();
    let before = user_state(&env);
    let with_code = |code: &'static str| {
        move |address: &Url| {
            format!("https://wx.example.com/callback/?code={code}&state={}", code_and_state(address)[1])
        }
    };
    let another = |address: &Url| {
        let (text, last) = address.as_str().split_at(address.as_str().len() - 1);
        format!("{text}{}", if last == "0" { '1' } else { '0' })
    };
    let without_code = |url: &Url| format!("https://open.weixin.qq.com/connect?a=b&state={}", code_and_state(url)[1]);
    let no_callback = "error: this is not the address of a callback\nhint: paste the unchanged address: it begins with \
                       https://wx.example.com/callback/ and contains code=… and state=…";
    let invalid_code = "error: the code in this address is not a valid WeChat code\nhint: scan the QR code again and \
                        paste the new address within five minutes";
    let assert_rejected = |env: &TestEnv, made: &dyn Fn(&Url) -> String, status: i32, message: &str| {
        let ran = paste_callback_url(env, "bind --user luffy --paste", made);
        let expected = format!(
            "Open the URL in the WeChat app of luffy.\nReading the address that the phone opened from standard input \
             (one line).\n{message}\n"
        );
        assert_eq!((ran.status(), ran.stderr()), (Some(status), expected.as_str()));
    };
    assert_rejected(
        &env,
        &another,
        2,
        "error: this address belongs to another QR code: its state does not match\n\
         hint: scan the QR code that is shown now; addresses of earlier QR codes are not valid",
    );
    assert_rejected(
        &env,
        &without_code,
        2,
        "error: this address contains no code\nhint: tap Allow on the phone first, then copy the address of the next page",
    );
    assert_rejected(
        &env,
        &with_code("never_given_out"),
        3,
        "error: WeChat rejected the code in this address (errcode 40029): it is older than five minutes, or it belongs to \
         another account\nhint: scan the QR code again and paste the new address within five minutes",
    );
    assert_rejected(&env, &with_code("a%20b"), 2, invalid_code);
    assert_rejected(&env, &|url| format!("{url}&code=2"), 2, invalid_code);
    assert_rejected(&env, &|_| "https://wx.example.com/callback/".into(), 2, no_callback);
    assert_rejected(&env, &|_| String::new(), 2, no_callback);
    let too_long = |url: &Url| format!("{url}&x={}", "x".repeat(100_000));
    assert_eq!(paste_callback_url(&env, "bind --user luffy --paste", too_long).status(), Some(2));
    env.sandbox().post_form("settings", "snapshot=1");
    assert_rejected(
        &env,
        &Url::to_string,
        2,
        "error: this address belongs to a snapshot page, which cannot be bound\n\
         hint: tap “Use full service” on the phone, then scan the QR code again",
    );
    env.sandbox().post_form("settings", "snapshot=0");
    assert_eq!(user_state(&env), before);
}

#[test]
fn used_code_is_rejected() {
    let mut env = env_without_listener();
    let url = env.sandbox().url.clone();
    let used = paste_callback_url(&env, "bind --user luffy --paste", |address| {
        let [code, _] = code_and_state(address);
        crate::support::env::http_client()
            .get(format!(
                "{}/sns/oauth2/access_token?appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef&code={code}\
                 &grant_type=authorization_code",
                url
            ))
            .send()
            .unwrap();
        address.to_string()
    });
    used.assert_snapshot(str![[r#"
exit 3
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in the WeChat app of luffy.
Reading the address that the phone opened from standard input (one line).
error: the code in this address has already been used
hint: scan the QR code again and paste the new address within five minutes

"#]]);
}

#[test]
fn empty_stdin_is_an_error() {
    let env = env_without_listener();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy --paste
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
2> Open the URL in the WeChat app of luffy.
2> Reading the address that the phone opened from standard input (one line).
2> error: standard input ended before an address for luffy was read
2> hint: pass the whole address that the phone opened, in one line
exit 2
$ printf '\377\376\n' | wxbox bind --user luffy --paste
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
2> Open the URL in the WeChat app of luffy.
2> Reading the address that the phone opened from standard input (one line).
2> error: this is not the address of a callback
2> hint: paste the unchanged address: it begins with https://wx.example.com/callback/ and contains code=… and state=…
exit 2
$ wxbox bind --user luffy --paste --listen :8080
2> error: --paste cannot be used with --listen
2> hint: run `wxbox bind -h` to see how to use it
exit 2
$ wxbox bind --user luffy --paste --openid oOpenid
2> error: --paste cannot be used with --openid
2> hint: run `wxbox bind -h` to see how to use it
exit 2

"#]]);
}

#[test]
fn password_is_read_before_pasted_url() {
    let env = env_without_listener();
    env.run_with_stdin("user passwd luffy --password-stdin", "meat\n").assert_success();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy --paste
2> error: luffy has a password, and wxbox cannot ask for it: standard input is not a terminal
2> hint: use --password-stdin, or --as-admin to skip the password
exit 2
$ printf 'fish\nhttps://a/?code=1&state=2\n' | wxbox bind --user luffy --paste --password-stdin
2> error: wrong password for luffy
2> hint: use --as-admin to skip the password, or run `wxbox user passwd` to set a new one
exit 3
$ printf '\n' | wxbox bind --user luffy --paste --password-stdin
2> error: standard input must contain the password in its first line
exit 2

"#]]);
    let (mut bind, mut stdin) = spawn_with_stdin_pipe(&env, "bind --user luffy --paste --password-stdin");
    writeln!(stdin, "meat").unwrap();
    writeln!(stdin, "{}", authorize(&bind.expect_line(), "luffy")).unwrap();
    bind.wait().assert_success();
    // A user without a password can do the same.
    env.run("user passwd luffy --remove").assert_success();
    let (mut bind, mut stdin) = spawn_with_stdin_pipe(&env, "bind --user luffy --paste --password-stdin --rebind");
    writeln!(stdin, "whatever").unwrap();
    writeln!(stdin, "{}", authorize(&bind.expect_line(), "luffy")).unwrap();
    bind.wait().assert_success();
}

#[test]
fn paste_wait_ends_like_listener_wait() {
    let env = env_without_listener();
    let (mut bind, _stdin) = spawn_with_stdin_pipe(&env, "--json bind --user luffy --paste --timeout 1s");
    bind.expect_line();
    bind.wait().assert_snapshot(str![[r#"
exit 8
--- stdout
{"event":"authorize_url","user":"luffy","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"timeout","user":"luffy"}
--- stderr
Open the URL in the WeChat app of luffy.
Reading the address that the phone opened from standard input (one line).
{"error":"luffy was not bound within 1s","hint":"run the command again, with a longer --timeout if needed; if the phone showed an error, check that redirect_uri is under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置) and reaches this machine (on a cloud server, open the port in its security group)","code":8}

"#]]);
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (mut bind, _stdin) = spawn_with_stdin_pipe(&env, "bind --user luffy --paste");
        bind.expect_line();
        bind.signal(signal);
        assert_eq!(bind.wait().status(), Some(status));
    }
}

#[test]
fn multiple_users_read_one_line_each() {
    let env = env_without_listener();
    env.run("user add nami").assert_success();
    let (mut bind, mut stdin) = spawn_with_stdin_pipe(&env, "bind -u luffy -u nami --paste");
    writeln!(stdin, "nonsense").unwrap();
    bind.expect_line();
    writeln!(stdin, "{}", authorize(&bind.expect_line(), "nami")).unwrap();
    bind.wait().assert_snapshot(str![[r#"
exit 7
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound nami to oNami_draws_maps_of_the_sea1 (nami)
--- stderr
1 of 2: luffy
Open the URL in the WeChat app of luffy.
Reading the address that the phone opened from standard input (one line).
error: this is not the address of a callback
hint: paste the unchanged address: it begins with https://wx.example.com/callback/ and contains code=… and state=…
2 of 2: nami
Open the URL in the WeChat app of nami.
Reading the address that the phone opened from standard input (one line).
error: bound 1 of 2; not bound: luffy
hint: run `wxbox bind --unbound` to bind all unbound users

"#]]);
    assert_eq!(env.query::<String>("SELECT openid FROM bindings"), NAMI);
}

#[test]
fn terminal_prompts_until_url_is_valid() {
    let mut env = env_without_listener();
    env.set_variable("NO_COLOR", "1");
    let mut terminal = Terminal::start(env.command("bind --user luffy --paste --qr none"), 40, 240);
    let url = terminal.wait_for("Address:").contents().lines().next().unwrap().to_owned();
    terminal.type_keys("\r");
    terminal.wait_for_count("Address:", 2);
    terminal.type_keys("where is it?\r");
    let text = terminal.wait_for_count("Address:", 3).contents();
    assert!(text.contains("error: this is not the address of a callback"), "{text}");
    terminal.type_keys(&format!("{url}\r"));
    let text = terminal.wait_for_count("Address:", 4).contents();
    assert!(text.contains("error: this address contains no code"), "{text}");
    terminal.type_keys(&format!("{}\r", authorize(&url, "luffy")));
    let ended = terminal.wait();
    let text = ended.text();
    assert!(ended.status.success() && text.contains("bound luffy to"), "{text}");

    for (keys, line, status) in [
        ("\x03", "bind --user luffy --paste --rebind --qr none", 130),
        ("", "bind --user luffy --paste --rebind --qr none --timeout 1s", 8),
        ("\x04", "bind --user luffy --paste --rebind --qr none", 2),
    ] {
        let mut terminal = Terminal::start(env.command(line), 40, 240);
        terminal.answer("Address:", keys);
        let ended = terminal.wait().assert_status(status);
        let text = ended.text();
        // The message that follows begins on a line of its own.
        assert!(!text.lines().any(|line| line.starts_with("Address:") && line.contains("error")), "{text}");
        assert!(ended.is_echo_on, "{text}");
    }
}
