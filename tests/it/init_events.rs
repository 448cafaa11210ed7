//! The events in the first config: the secrets that `init` generates, its output, and the wait for
//! WeChat's check of the URL.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use snapbox::str;

use crate::support::env::{TestEnv, unique_address};
use crate::support::pty::Terminal;

const APP_ID: &str = "wx0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Returns an empty home with a sandbox, and the arguments of `init` for it.
fn env_with_unconfigured_sandbox() -> (TestEnv, String, String) {
    let mut env = TestEnv::with_scenario("");
    let url = env.sandbox().url.clone();
    std::fs::remove_dir_all(env.path(".config")).unwrap();
    env.set_variable("WXBOX_APP_SECRET", SECRET);
    let address = unique_address();
    let args =
        format!("init --sandbox {url} --app-id {APP_ID} --redirect-uri http://{address}/callback/ --listen {address}");
    (env, args, address)
}

/// Returns a value of `[push]` in the config.
fn push_value(env: &TestEnv, key: &str) -> Option<String> {
    let text = env.read_config();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")))?;
    Some(line.trim_matches('"').to_owned())
}

/// Agrees to receive events, and waits until `init` waits for the check of the URL.
fn agree(terminal: &mut Terminal) {
    terminal.answer("Receive WeChat's events?", "y\r");
    terminal.answer("Public URL of `wxbox serve` [", "\r");
}

#[test]
fn init_waits_for_the_check_of_the_url() {
    let (mut env, args, address) = env_with_unconfigured_sandbox();
    let mut terminal = Terminal::start(env.command(&args), 50, 100);
    agree(&mut terminal);
    let screen = terminal.wait_for("waiting for WeChat's check of the URL").contents();
    let (token, key) = (push_value(&env, "token").unwrap(), push_value(&env, "aes_key").unwrap());
    let shown = [
        format!("  URL             http://{address}/push\n"),
        format!("  Token           {token}\n"),
        format!("  EncodingAESKey  {key}\n"),
        "  Mode            safe\n".into(),
        "push.forward_to".into(),
    ];
    for text in shown {
        assert!(screen.contains(&text), "{text}\n{screen}");
    }
    // The console refuses a URL with another Token.
    let url = format!("http://{address}/push");
    assert_eq!(env.sandbox().try_push_settings(&url, "another", &key, "safe").0, 400);
    terminal.wait_for("WeChat checked the URL with another Token");
    env.sandbox().push_settings(&url, &token, &key, "safe");
    let text = terminal.wait().assert_status(0).text();
    assert!(
        text.contains("WeChat has checked the URL and the Token.") && text.contains("wxbox bind --user luffy --scan"),
        "{text}"
    );
    let mode = std::fs::metadata(env.path(".config/wxbox/config.toml")).unwrap().permissions().mode();
    assert_eq!((token.len(), key.len(), mode & 0o777), (32, 43, 0o600));
    env.run("-q doctor").assert_success();
}

#[test]
fn ctrl_c_leaves_the_config_and_says_how_to_go_on() {
    let (env, args, _) = env_with_unconfigured_sandbox();
    let mut terminal = Terminal::start(env.command(&args), 50, 100);
    agree(&mut terminal);
    terminal.answer("waiting for WeChat's check of the URL", "\x03");
    let text = terminal.wait().assert_status(130).text();
    assert!(text.contains("Run `wxbox serve`, then save the values") && text.contains("Next:"), "{text}");
    assert!(push_value(&env, "aes_key").is_some());
}

#[test]
fn used_port_is_reported_and_the_config_written() {
    let (env, args, address) = env_with_unconfigured_sandbox();
    let _taken = TcpListener::bind(&address).unwrap();
    let mut terminal = Terminal::start(env.command(&args), 50, 100);
    agree(&mut terminal);
    let ended = terminal.wait();
    let text = ended.text().replace('\n', " ");
    assert_eq!(ended.status.code(), Some(0), "{text}");
    assert!(text.contains("cannot wait for WeChat's check") && text.contains(&address), "{text}");
    assert!(text.contains("Run `wxbox serve`, then save the values"), "{text}");
    assert!(push_value(&env, "token").is_some());
}

#[test]
fn test_account_gets_a_token_only() {
    let mut env = TestEnv::without_config();
    env.set_variable("WXBOX_APP_SECRET", SECRET);
    let line = format!(
        "init --no-check --app-id {APP_ID} --redirect-uri http://203.0.113.7:8080/callback/ --listen {}",
        unique_address()
    );
    let mut terminal = Terminal::start(env.command(&line), 60, 100);
    terminal.answer("Receive WeChat's events?", "y\r");
    // A port in the callback address works with a test account only.
    terminal.answer("Is it a test account", "\r");
    // WeChat cannot reach the origin of the callback address, so it is not suggested.
    terminal.answer("Public URL of `wxbox serve`:", "http://203.0.113.7:8080/\r");
    terminal.answer_hidden("ports 80 (http) and 443 (https) only", "\x7f\x7f\x7f\x7f\x7f\x7f\r");
    let screen = terminal.wait_for("waiting for WeChat's check of the URL").contents();
    assert!(screen.contains("接口配置信息") && screen.contains("URL    http://203.0.113.7/push"), "{screen}");
    assert!(!screen.contains("安全模式"), "{screen}");
    terminal.type_keys("\x03");
    terminal.wait().assert_status(130);
    assert_eq!(push_value(&env, "public_url").as_deref(), Some("http://203.0.113.7/"));
    assert_eq!((push_value(&env, "token").unwrap().len(), push_value(&env, "aes_key")), (32, None));
}

#[test]
fn script_gets_secrets_in_the_file_only() {
    let (env, args, address) = env_with_unconfigured_sandbox();
    let ran = env.run(&format!("--json {args} --events")).assert_success();
    assert_eq!(ran.json_lines()[0]["push_url"], format!("http://{address}/push"));
    let secrets = ["token", "aes_key"].map(|key| push_value(&env, key).unwrap());
    for secret in &secrets {
        assert!(!ran.stdout().contains(secret) && !ran.stderr().contains(secret));
    }
    assert_eq!(push_value(&env, "public_url"), None);
    env.run(&format!("-vv {args} --force --events plain --public-url https://wx.example.com/wx")).assert_snapshot(
        str![[r#"
exit 0
--- stdout
wrote [HOME]/.config/wxbox/config.toml
kept the old file as [HOME]/.config/wxbox/config.toml.bak
--- stderr
debug: /cgi-bin/stable_token at 127.0.0.1:[PORT]
debug: /cgi-bin/stable_token: HTTP 200
The Token is in [HOME]/.config/wxbox/config.toml under [push]. Start `wxbox serve`, then enter it with the URL https://wx.example.com/wx/push on the page of the test account under 接口配置信息.
Next:
  wxbox user add luffy
  wxbox serve
  wxbox doctor
  wxbox bind --user luffy --scan

"#]],
    );
    assert_eq!((push_value(&env, "token").unwrap().len(), push_value(&env, "aes_key")), (32, None));
    assert_ne!(push_value(&env, "token").unwrap(), secrets[0]);
    assert_eq!(push_value(&env, "public_url").as_deref(), Some("https://wx.example.com/wx/"));
}

#[test]
fn address_that_wechat_cannot_call_is_a_warning_in_a_script() {
    let mut env = TestEnv::without_config();
    env.set_variable("WXBOX_APP_SECRET", SECRET);
    let init = |uri: &str| {
        let line = format!("init --force --no-check --app-id {APP_ID} --redirect-uri {uri} --events");
        env.run(&line).assert_success().stderr().to_owned()
    };
    assert!(init("http://203.0.113.7:8080/").contains("warning: http://203.0.113.7:8080/push: WeChat sends events to"));
    assert!(init("http://192.168.1.20/").contains("warning: http://192.168.1.20/push: WeChat's servers cannot reach"));
    assert!(!init("http://203.0.113.7/").contains("warning"));
}

#[test]
fn invalid_event_options_are_usage_errors() {
    let (env, args, _) = env_with_unconfigured_sandbox();
    env.run(&format!("{args} --events --public-url wx.example.com")).assert_snapshot(str![[r#"
exit 2
--- stderr
error: --public-url must be an http or https address without a query, such as https://wx.example.com

"#]]);
    assert_eq!(env.run(&format!("{args} --public-url https://wx.example.com")).status(), Some(2));
    assert_eq!(env.run(&format!("{args} --events=none")).status(), Some(2));
    assert!(env.read_config().is_empty());
}

#[test]
fn script_adds_events_to_an_existing_config() {
    let mut env = TestEnv::new();
    let before = env.read_config();
    let output = env.run("--json init --events").assert_success();
    assert_eq!(output.json_lines()[0]["checked"], true);
    let added = format!(
        "\n[push]\ntoken = \"{}\"\naes_key = \"{}\"\n",
        push_value(&env, "token").unwrap(),
        push_value(&env, "aes_key").unwrap()
    );
    assert_eq!(env.read_config(), before.clone() + &added);
    assert_eq!(std::fs::read_to_string(env.path(".config/wxbox/config.toml.bak")).unwrap(), before);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0"]);
    // Secrets that WeChat's console has are not replaced without a question.
    env.assert_session(str![[r#"
$ wxbox init --events
2> error: [HOME]/.config/wxbox/config.toml already has a Token for events
2> hint: run `wxbox init` on a terminal to make a new Token and key, or `wxbox config unset push.token push.aes_key` first
exit 4

"#]]);
    assert_eq!(env.read_config(), before + &added);
}

#[test]
fn check_of_a_wrong_path_is_reported() {
    let (mut env, args, address) = env_with_unconfigured_sandbox();
    let mut terminal = Terminal::start(env.command(&args), 50, 100);
    agree(&mut terminal);
    terminal.wait_for("waiting for WeChat's check of the URL");
    let (token, key) = (push_value(&env, "token").unwrap(), push_value(&env, "aes_key").unwrap());
    assert_eq!(env.sandbox().try_push_settings(&format!("http://{address}/wx"), &token, &key, "safe").0, 400);
    terminal.wait_for("WeChat checked the path /wx, but the path of the push URL is /push");
    env.sandbox().push_settings(&format!("http://{address}/push"), &token, &key, "safe");
    terminal.wait().assert_status(0);
}
