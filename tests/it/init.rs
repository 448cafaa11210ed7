//! The first config, written without prompts.

use std::os::unix::fs::PermissionsExt;

use snapbox::str;

use crate::support::env::{TestEnv, set_mode, unique_address};
use crate::support::files;

const APP_ID: &str = "wx0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const REDIRECT_URI: &str = "http://127.0.0.1:8080/callback/";

/// Returns an empty home, and the URL of a sandbox.
fn env_with_unconfigured_sandbox(settings: &str) -> (TestEnv, String) {
    let mut env = TestEnv::with_scenario(settings);
    let url = env.sandbox().url.clone();
    std::fs::remove_dir_all(env.path(".config")).unwrap();
    (env, url)
}

fn init_args(url: &str) -> String {
    init_args_with_uri(url, REDIRECT_URI)
}

fn init_args_with_uri(url: &str, uri: &str) -> String {
    format!("init --sandbox {url} --app-id {APP_ID} --redirect-uri {uri} --secret-stdin")
}

#[test]
fn next_commands_add_no_user_if_there_is_one() {
    let (env, url) = env_with_unconfigured_sandbox("");
    let listen = unique_address();
    let line = format!("{} --listen {listen}", init_args_with_uri(&url, &format!("http://{listen}/callback/")));
    env.run_with_stdin(&line, format!("{SECRET}\n")).assert_success();
    for (command, next) in [("user add luffy", "bind --unbound"), ("bind --user luffy --openid oLuffy", "send")] {
        env.run(command).assert_success();
        let again = env.run_with_stdin(&format!("{line} --force"), format!("{SECRET}\n")).assert_success();
        let next = format!("Next:\n  wxbox doctor\n  wxbox {next}\n");
        assert!(again.stderr().ends_with(&next), "{}", again.stderr());
    }
}

#[test]
fn verified_config_is_written_private() {
    let (mut env, url) = env_with_unconfigured_sandbox("");
    let listen = unique_address();
    let uri = format!("http://{listen}/callback/");
    env.run_with_stdin(&format!("{} --listen {listen}", init_args_with_uri(&url, &uri)), format!("{SECRET}\n"))
        .assert_snapshot(str![[r#"
exit 0
--- stdout
wrote [HOME]/.config/wxbox/config.toml
--- stderr
Next:
  wxbox user add luffy
  wxbox doctor
  wxbox bind --user luffy

"#]]);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0"]);
    let bits = |name: &str| std::fs::metadata(env.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([bits(".config/wxbox/config.toml"), bits(".config/wxbox"), bits(".config")], [0o600, 0o700, 0o700]);
    env.run("-q doctor").assert_success();
    let ran = env.run("config show").assert_success();
    for set in [
        format!("app_id = \"{APP_ID}\""),
        format!("redirect_uri = \"{uri}\""),
        format!("network.api_base = [\"{url}/\"]"),
        format!("network.open_base = \"{url}/\""),
        format!("listen.address = \"{listen}\""),
        "send.retain = \"90d\"".into(),
    ] {
        assert!(ran.stdout().lines().any(|line| line == set), "{set}: {}", ran.stdout());
    }
    // The comments of the example are there, with its header replaced.
    let text = env.read_config();
    assert!(text.starts_with("# The config file of wxbox with every key, written by `wxbox init`."), "{text}");
    assert!(text.contains("# The time limit of a request.\ntimeout = \"10s\"\n") && !text.contains("chmod 600"));
}

#[test]
fn environment_variables_answer_prompts() {
    let (mut env, url) = env_with_unconfigured_sandbox("");
    env.set_variable("WXBOX_APP_ID", APP_ID)
        .set_variable("WXBOX_APP_SECRET", SECRET)
        .set_variable("WXBOX_REDIRECT_URI", "https://wx.example.com/cb");
    env.run(&format!("--json -c own.toml init --sandbox {url} --listen :8081")).assert_snapshot(str![[r#"
exit 0
--- stdout
{"event":"config_written","path":"own.toml","app_id":"wx0123456789abcdef","checked":true,"push_url":null,"kept":null}
--- stderr
Next:
  wxbox -c own.toml user add luffy
  wxbox -c own.toml doctor
  wxbox -c own.toml bind --user luffy

"#]]);
    let mut plain = TestEnv::without_config();
    std::mem::swap(&mut plain.home, &mut env.home);
    plain.run("-q -c own.toml config show").assert_success();
    let text = std::fs::read_to_string(plain.path("own.toml")).unwrap();
    for own in [format!("app_secret = \"{SECRET}\""), "address = \":8081\"".into()] {
        assert!(text.lines().any(|line| line == own), "{own}: {text}");
    }
    // An option takes precedence over a variable, and the secret on standard input over its
    // variable.
    env.run_with_stdin(&format!("-c other.toml {} --no-check", init_args(&url)), "another secret").assert_success();
    let text = std::fs::read_to_string(env.path("other.toml")).unwrap();
    assert!(text.contains("app_secret = \"another secret\"") && text.contains(REDIRECT_URI), "{text}");
}

#[test]
fn all_missing_options_are_named_at_once() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox init
2> error: standard input is not a terminal, so these options are required: --app-id, --secret-stdin (or the variable WXBOX_APP_SECRET), --redirect-uri
2> hint: pass them as options, and the AppSecret in WXBOX_APP_SECRET or on standard input; or run `wxbox init` on a terminal
exit 2
$ wxbox init --secret-stdin --app-id wx1
2> error: standard input is not a terminal, so these options are required: --redirect-uri
2> hint: pass them as options, and the AppSecret in WXBOX_APP_SECRET or on standard input; or run `wxbox init` on a terminal
exit 2
$ wxbox init --secret-stdin --app-id wx1 --redirect-uri http://192.0.2.1/ --no-check
2> error: standard input must contain the AppSecret in one line
exit 2
$ wxbox init --app-id 'wx 1'
2> error: --app-id must be an AppID, such as wx3d0d44e8d59b5b8c
exit 2
$ wxbox init --redirect-uri 192.0.2.1:8080
2> error: --redirect-uri must be an http or https address with a host, such as http://203.0.113.7:8080/callback/
exit 2
$ wxbox init --listen here
2> error: cannot listen on "here": it is not an address
2> hint: use a host and a port, such as 0.0.0.0:80 or :8080
exit 2
$ wxbox init --sandbox http://192.0.2.1
2> error: --sandbox must be the address of a sandbox, such as http://127.0.0.1:[PORT]
exit 2

"#]]);
    assert_eq!(files::list_files(env.home.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn rejected_config_is_not_written() {
    let (mut env, url) = env_with_unconfigured_sandbox("");
    env.run_with_stdin(&init_args(&url), "0123456789abcdef0123456789abcdee").assert_snapshot(str![[r#"
exit 3
--- stderr
error: nothing was written: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong
hint: compare the AppSecret with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working

"#]]);
    env.sandbox().requests();
    let (other, refusing) = env_with_unconfigured_sandbox("ip_whitelist = [\"192.0.2.1\"]");
    other.run_with_stdin(&init_args(&refusing), SECRET).assert_snapshot(str![[r#"
exit 3
--- stderr
error: nothing was written: WeChat returned 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): the caller IP is not on the IP allow-list
hint: add 127.0.0.1 to the IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); the change takes up to 10 minutes, then try again

"#]]);
    env.run_with_stdin(&init_args("http://127.0.0.1:1"), SECRET).assert_snapshot(str![[r#"
exit 1
--- stderr
error: nothing was written: cannot reach 127.0.0.1:1: Connection refused (os error 111)
hint: check the network and HTTPS_PROXY, or use --no-check to write the config without verification

"#]]);
    assert!(!env.path(".config").exists() && !other.path(".config").exists());
    env.run_with_stdin(&format!("{} --no-check", init_args("http://127.0.0.1:1")), SECRET).assert_snapshot(str![[r#"
exit 0
--- stdout
wrote [HOME]/.config/wxbox/config.toml
--- stderr
Next:
  wxbox user add luffy
  wxbox doctor
  wxbox bind --user luffy

"#]]);
    assert!(env.sandbox().requests().is_empty());
}

#[test]
fn existing_config_needs_force_and_is_backed_up() {
    let (env, url) = env_with_unconfigured_sandbox("");
    env.write_config("app_id = \"old\"\n");
    set_mode(&env.path(".config/wxbox/config.toml"), 0o644);
    env.run_with_stdin(&init_args(&url), SECRET).assert_snapshot(str![[r#"
exit 2
--- stderr
error: [HOME]/.config/wxbox/config.toml already exists
hint: use --force to replace it; wxbox keeps the old file as FILE.bak

"#]]);
    assert_eq!(env.read_config(), "app_id = \"old\"\n");
    env.run_with_stdin(&format!("{} --force", init_args(&url)), SECRET).assert_snapshot(str![[r#"
exit 0
--- stdout
wrote [HOME]/.config/wxbox/config.toml
kept the old file as [HOME]/.config/wxbox/config.toml.bak
--- stderr
Next:
  wxbox user add luffy
  wxbox doctor
  wxbox bind --user luffy

"#]]);
    assert!(env.read_config().contains(SECRET));
    let backup = env.path(".config/wxbox/config.toml.bak");
    assert_eq!(std::fs::read_to_string(&backup).unwrap(), "app_id = \"old\"\n");
    assert_eq!(std::fs::metadata(backup).unwrap().permissions().mode() & 0o777, 0o600);
    // An unreadable config does not prevent writing a valid one.
    env.write_config("app_id = 3\n");
    env.run_with_stdin(&format!("{} --force", init_args(&url)), SECRET).assert_success();
    env.run("config show").assert_success();
}

#[test]
fn unwritable_config_paths_are_reported() {
    let (env, url) = env_with_unconfigured_sandbox("");
    env.write_file("text", "x");
    env.run_with_stdin(&format!("-c text/config.toml {}", init_args(&url)), SECRET).assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot write text/config.toml: not a directory
hint: use -c or WXBOX_CONFIG with another path

"#]]);
    env.run_with_stdin(&format!("-c . {}", init_args(&url)), SECRET).assert_snapshot(str![[r#"
exit 2
--- stderr
error: . is a directory, not a config file
hint: use the path of a file in it, such as ./config.toml

"#]]);
    let unwritable = env.run_with_stdin(&format!("-c /proc/wxbox.toml {}", init_args(&url)), SECRET);
    assert_eq!(unwritable.status(), Some(1));
    assert!(unwritable.stderr().starts_with("error: cannot write /proc/wxbox.toml: "), "{}", unwritable.stderr());
}
