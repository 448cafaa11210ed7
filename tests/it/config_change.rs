//! `config get`, `config set` and `config unset`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use snapbox::str;

use crate::support::env::{TestEnv, set_mode};
use crate::support::pty::Terminal;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const CONFIG: &str = "\
# The account.
app_id = \"wx1\" # mine
app_secret = \"old\"

[send]
# Messages a second.
rate = 5 # slow
# wait = \"30s\"

[templates.backup]
id = \"T1\"
data = { host = \"db0\" }
";

fn env_with_config() -> TestEnv {
    let env = TestEnv::without_config();
    env.write_config(CONFIG);
    env
}

#[test]
fn value_is_set_and_everything_else_stays() {
    let env = env_with_config();
    set_mode(&env.path(".config/wxbox/config.toml"), 0o640);
    env.assert_session(str![[r#"
$ wxbox config set send.rate 7
set send.rate = 7 in [HOME]/.config/wxbox/config.toml

"#]]);
    assert_eq!(env.read_config(), CONFIG.replace("rate = 5", "rate = 7"));
    let metadata = fs::metadata(env.path(".config/wxbox/config.toml")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    env.assert_session(str![[r#"
$ wxbox --json config set send.wait 1m templates.backup.data.host db1
{"key":"send.wait","value":"1m","path":"[HOME]/.config/wxbox/config.toml"}
{"key":"templates.backup.data.host","value":"db1","path":"[HOME]/.config/wxbox/config.toml"}

"#]]);
    let expected = CONFIG.replace("rate = 5", "rate = 7").replace("# wait = \"30s\"", "wait = \"1m\"");
    assert_eq!(env.read_config(), expected.replace("db0", "db1"));
    let files = fs::read_dir(env.path(".config/wxbox")).unwrap().count();
    assert_eq!(files, 1, "no temporary file remains");
}

#[test]
fn lists_and_paths_have_the_form_of_the_file() {
    let env = env_with_config();
    env.run("-q config set network.api_base https://a.example.com,https://b.example.com network.ca_file ca.pem")
        .assert_success();
    let text = env.read_config();
    assert!(text.contains("api_base = [\"https://a.example.com\", \"https://b.example.com\"]"), "{text}");
    // A relative path is relative to the directory of the user, not to that of the file.
    assert!(text.contains(&format!("ca_file = \"{}\"", env.path("ca.pem").display())), "{text}");
    env.assert_session(str![[r#"
$ wxbox config get network.api_base
https://a.example.com/
https://b.example.com/

"#]]);
}

#[test]
fn file_is_created_private() {
    let env = TestEnv::without_config();
    env.run("config set app_id wx0123456789abcdef").assert_success();
    assert_eq!(env.read_config(), "app_id = \"wx0123456789abcdef\"\n");
    let mode = |name: &str| fs::metadata(env.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(".config/wxbox/config.toml"), mode(".config/wxbox")], [0o600, 0o700]);
}

#[test]
fn invalid_value_changes_nothing() {
    let env = env_with_config();
    env.assert_session(str![[r#"
$ wxbox config set send.rate fast
2> error: send.rate must be a whole number, 0 for no limit
exit 2
$ wxbox config set send.wait 30
2> error: send.wait must be a duration such as 30s, 5m or 24h
exit 2
$ wxbox config set scope all
2> error: scope must be snsapi_userinfo or snsapi_base
exit 2

"#]]);
    assert_eq!(env.run("config set time_zone Mars").status(), Some(2));
    env.assert_session(str![[r#"
$ wxbox config set listen.tls_cert cert.pem
2> error: listen.tls_cert requires listen.tls_key
2> hint: set both at once: `wxbox config set listen.tls_cert VALUE listen.tls_key VALUE`
exit 2
$ wxbox config set app_secret_file secret.txt
2> error: app_secret_file conflicts with app_secret
2> hint: run `wxbox config unset app_secret` first
exit 2
$ wxbox config set templates.new.url https://example.com
2> error: there is no alias new
2> hint: run `wxbox template alias new` to create it
exit 2

"#]]);
    assert_eq!(env.read_config(), CONFIG);
    env.run("config set listen.tls_cert cert.pem listen.tls_key key.pem").assert_success();
}

#[test]
fn unknown_key_is_an_error_with_the_nearest_one() {
    let env = env_with_config();
    env.assert_session(str![[r#"
$ wxbox config set send.rat 1
2> error: unknown key send.rat
2> hint: did you mean send.rate?
exit 2
$ wxbox config unset qqqqqqqq
2> error: unknown key qqqqqqqq
2> hint: run `wxbox config show` to see all keys
exit 2
$ wxbox config set listen x
2> error: listen is a table, not a value
2> hint: use one of its keys: listen.address, listen.timeout, listen.tls_cert, listen.tls_key, listen.domain_verify_file
exit 2
$ wxbox config set send.rate
2> error: the value of send.rate is missing
2> hint: run `wxbox config set send.rate VALUE`; a VALUE of - reads standard input
exit 2

"#]]);
    assert_eq!(env.read_config(), CONFIG);
}

#[test]
fn secret_is_never_an_argument() {
    let env = env_with_config();
    for key in ["app_secret", "appsecret", "push.token", "push.aes_key", "push.previous_aes_key"] {
        let output = env.run(&format!("config set {key} {SECRET}"));
        assert_eq!(output.status(), Some(2), "{key}");
        assert!(!output.stderr().contains(SECRET) && output.stderr().contains("history of your shell"), "{key}");
    }
    env.assert_session(str![[r#"
$ wxbox config set network.proxy http://me:hunter2@proxy.example:3128
2> error: the value of network.proxy is a secret, and other users of this machine can see arguments
2> hint: run `wxbox config set network.proxy -` with the value on standard input; delete the value that you typed from the history of your shell, and replace the secret if others may have seen it
exit 2

"#]]);
    assert_eq!(env.read_config(), CONFIG);
    env.assert_session(str![[r#"
$ wxbox config set app_secret
2> error: the value of app_secret is missing
2> hint: run `wxbox config set app_secret` on a terminal, or `wxbox config set app_secret -` with the value on standard input
exit 2

"#]]);
    env.run_with_stdin("config set app_secret -", format!("{SECRET}\n")).assert_snapshot(str![[r#"
exit 0
--- stdout
stored the AppSecret in [HOME]/.config/wxbox/config.toml; run `wxbox doctor` to check it

"#]]);
    assert_eq!(env.read_config(), CONFIG.replace("\"old\"", &format!("\"{SECRET}\"")));
    env.run_with_stdin("config set push.token --stdin", "abc123").assert_success();
    assert!(env.read_config().contains("token = \"abc123\""));
    env.assert_session(str![[r#"
$ wxbox config get app_secret
2> error: app_secret is a secret, which wxbox does not print
exit 2

"#]]);
}

#[test]
fn secret_is_asked_for_and_not_shown() {
    let env = env_with_config();
    // The file keeps its own alternative name of the key.
    env.replace_in_config(&[("app_secret", "appsecret")]);
    let mut terminal = Terminal::start(env.command("config set app_secret"), 24, 80);
    terminal.answer_hidden("app_secret (not shown):", &format!("{SECRET}\r"));
    let text = terminal.wait().assert_status(0).text();
    assert!(!text.contains(SECRET) && text.contains("stored the AppSecret in"), "{text}");
    assert!(env.read_config().contains(&format!("appsecret = \"{SECRET}\"")));
}

#[test]
fn value_is_removed_and_comments_stay() {
    let env = env_with_config();
    env.assert_session(str![[r#"
$ wxbox config unset send.rate
removed send.rate from [HOME]/.config/wxbox/config.toml

"#]]);
    assert_eq!(env.read_config(), CONFIG.replace("rate = 5 # slow\n", ""));
    env.assert_session(str![[r#"
$ wxbox config unset send.rate
2> error: send.rate is not set in [HOME]/.config/wxbox/config.toml
exit 4
$ wxbox --json config unset templates.backup
{"key":"templates.backup","value":null,"path":"[HOME]/.config/wxbox/config.toml"}

"#]]);
    assert!(!env.read_config().contains("templates"));
    assert_eq!(env.run("config unset send").status(), Some(2));
    env.assert_session(str![[r#"
$ wxbox config get send.rate
0
$ wxbox config get redirect_uri
2> error: redirect_uri is not set
exit 4

"#]]);
}

#[test]
fn variable_that_overrides_the_file_is_named() {
    let mut env = env_with_config();
    env.set_variable("WXBOX_APP_ID", "wx9");
    env.assert_session(str![[r#"
$ wxbox config set app_id wx2
set app_id = "wx2" in [HOME]/.config/wxbox/config.toml
2> warning: the variable WXBOX_APP_ID is set and overrides app_id in the config file

"#]]);
    assert!(env.read_config().contains("\"wx2\""));
}

#[test]
fn invalid_file_can_be_repaired_key_by_key() {
    let env = env_with_config();
    env.write_config("app_id = 3\n[send]\nrat = 1\n");
    let output = env.run("config set app_id wx1");
    assert_eq!(output.status(), Some(3));
    assert!(output.stderr().contains("unknown key send.rat"), "{}", output.stderr());
    env.write_config("app_id = 3\n");
    env.run("config set app_id wx1").assert_success();
    assert_eq!(env.read_config(), "app_id = \"wx1\"\n");
    env.write_config("app_id = \n");
    let output = env.run("config set app_id wx1");
    assert_eq!((output.status(), output.stderr().contains("invalid TOML")), (Some(3), true));
    let output = env.run("config unset app_id");
    assert_eq!((output.status(), output.stderr().contains("invalid TOML")), (Some(3), true));
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    const COUNT: usize = 16;
    let env = env_with_config();
    let commands: Vec<_> = (0..COUNT)
        .map(|n| env.spawn(&format!("config set templates.t{n}.id T{n} templates.t{n}.data.x {n}")))
        .collect();
    for command in commands {
        command.wait().assert_success();
    }
    let text = env.read_config();
    for n in 0..COUNT {
        assert!(text.contains(&format!("id = \"T{n}\"")) && text.contains(&format!("x = \"{n}\"")), "{n}: {text}");
    }
    env.run("config show").assert_success();
}

#[test]
fn symbolic_link_stays() {
    let env = TestEnv::without_config();
    let target = env.write_file("dotfiles/wxbox.toml", CONFIG);
    fs::create_dir_all(env.path(".config/wxbox")).unwrap();
    std::os::unix::fs::symlink(&target, env.path(".config/wxbox/config.toml")).unwrap();
    env.run("config set send.rate 6").assert_success();
    assert!(fs::symlink_metadata(env.path(".config/wxbox/config.toml")).unwrap().is_symlink());
    assert!(fs::read_to_string(target).unwrap().contains("rate = 6"));
}

#[test]
fn texts_are_in_chinese() {
    let mut env = env_with_config();
    env.set_variable("WXBOX_LANG", "zh");
    env.assert_session(str![[r#"
$ wxbox config set send.wait soon
2> 错误：send.wait 的值不正确，应为：时长，例如 30s、5m 或 24h
exit 2
$ wxbox config set send.rate 6
已设置 send.rate = 6（[HOME]/.config/wxbox/config.toml）

"#]]);
}

#[test]
fn secret_of_another_form_is_kept_with_a_warning() {
    let env = TestEnv::new();
    let changed = env.run_with_stdin("config set app_secret -", "0123short\n").assert_success();
    let warning = "warning: the value of app_secret does not look like an AppSecret";
    assert!(changed.stderr().starts_with(warning) && !changed.stderr().contains("0123short"), "{}", changed.stderr());
    assert!(env.read_config().contains("0123short"));
    let changed = env.run_with_stdin("config set app_secret -", "0123456789abcdef0123456789abcdef\n").assert_success();
    assert!(!changed.stderr().contains("warning"), "{}", changed.stderr());
}
