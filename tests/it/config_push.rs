//! The tables `[serve]` and `[push]` of the config, in both languages.

use snapbox::str;

use crate::support::env::{TestEnv, set_mode};
use crate::support::session::run_unchanged;

const TOKEN: &str = "T0kenForPushes";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// Returns the lines of `config show` about the two tables.
fn show_tables(env: &TestEnv) -> String {
    let ran = env.run("config show --origin").assert_success();
    let lines = ran.stdout().lines().filter(|line| line.starts_with("serve.") || line.starts_with("push."));
    let shown = lines.collect::<Vec<_>>().join("\n");
    shown.replace(env.home.path().to_str().unwrap(), "HOME")
}

#[test]
fn serve_and_push_are_shown_without_secrets() {
    let mut env = TestEnv::without_config();
    env.write_config(&format!(
        "[serve]\naddress = \"127.0.0.1:8080\"\npublic_url = \"https://wx.example.com/wx\"\n[push]\n\
         token = \"{TOKEN}\"\naes_key_file = \"key\"\nforward_to = \"https://me:hunter3@x.example/wx\"\n"
    ));
    env.write_file(".config/wxbox/key", AES_KEY);
    let expected = str![[r#"
serve.address = "127.0.0.1:8080"	HOME/.config/wxbox/config.toml:2
serve.public_url = "https://wx.example.com/wx/"	HOME/.config/wxbox/config.toml:3
push.token = "***"	HOME/.config/wxbox/config.toml:5
push.token_file = (not set)	
push.aes_key = "***"	HOME/.config/wxbox/key
push.aes_key_file = "HOME/.config/wxbox/key"	HOME/.config/wxbox/key
push.previous_aes_key = (not set)	
push.previous_aes_key_file = (not set)	
push.path = "/push"	default
push.forward_to = "https://***@x.example/wx"	HOME/.config/wxbox/config.toml:7
"#]];
    snapbox::assert_data_eq!(show_tables(&env), expected);
    env.write_file("credentials/wxbox-push-token", "T0kenOfSystemd");
    let directory = env.path("credentials");
    env.set_variable("CREDENTIALS_DIRECTORY", directory.to_str().unwrap());
    env.set_variable("WXBOX_PUSH_AES_KEY", AES_KEY);
    let shown = show_tables(&env);
    assert!(shown.contains("push.token = \"***\"\tHOME/credentials/wxbox-push-token\n"), "{shown}");
    assert!(shown.contains("push.aes_key = \"***\"\tWXBOX_PUSH_AES_KEY\n"), "{shown}");
    for line in ["config show --origin -vv", "config show --json -vv", "user list -vv"] {
        let ran = env.run(line);
        let all = ran.stdout().to_owned() + ran.stderr();
        assert!(![TOKEN, "T0kenOfSystemd", AES_KEY, "hunter3"].iter().any(|secret| all.contains(secret)), "{all}");
    }
}

#[test]
fn invalid_serve_and_push_are_reported_in_both_languages() {
    let mut env = TestEnv::without_config();
    let cases = [
        format!("[push]\ntoken = \"{TOKEN}-\"\n"),
        format!("[push]\naes_key = \"{AES_KEY}=\"\n"),
        format!("[push]\ntoken = \"{TOKEN}\"\ntoken_file = \"token\"\n"),
        "[push]\npath = \"/healthz\"\n".to_owned(),
        format!("redirect_uri = \"http://203.0.113.7/wx/\"\n[push]\ntoken = \"{TOKEN}\"\npath = \"/wx\"\n"),
        "[push]\nforward_to = \"http://10.0.0.1/wx\"\n".to_owned(),
        "[serve]\naddress = \"8080\"\n".to_owned(),
        "[serve]\npublic_url = \"wx.example.com\"\n".to_owned(),
        "[serve]\nport = 80\n".to_owned(),
    ];
    let mut shown = String::new();
    for lang in ["en", "zh"] {
        env.set_variable("WXBOX_LANG", lang);
        for text in &cases {
            env.write_config(text);
            let ran = run_unchanged(&env, "user list");
            assert_eq!(ran.status(), Some(3), "{text}");
            shown += ran.stderr();
        }
    }
    assert!(!shown.contains(TOKEN) && !shown.contains(AES_KEY), "{shown}");
    snapbox::assert_data_eq!(
        shown.replace(env.home.path().to_str().unwrap(), "HOME"),
        str![[r#"
error: HOME/.config/wxbox/config.toml:2: push.token must be a Token: 3 to 32 letters (A-Z, a-z) and digits
error: HOME/.config/wxbox/config.toml:2: push.aes_key must be an EncodingAESKey: 43 letters (A-Z, a-z), digits, + and /
error: HOME/.config/wxbox/config.toml:3: push.token_file conflicts with push.token
hint: remove either push.token or push.token_file
error: HOME/.config/wxbox/config.toml:2: push.path must be a path such as "/push": it begins with /, is not /, /healthz or /metrics, and has no spaces, ? and #
error: HOME/.config/wxbox/config.toml:4: push.path conflicts with redirect_uri
hint: set push.path to another path than that of redirect_uri
error: HOME/.config/wxbox/config.toml:2: push.forward_to must be an https address, or an http address of this machine such as "http://127.0.0.1:9000/wx", without fragment
error: HOME/.config/wxbox/config.toml:2: serve.address must be a host and a port, such as "0.0.0.0:80", "[::1]:8080" or ":80" (every interface)
error: HOME/.config/wxbox/config.toml:2: serve.public_url must be an http or https address without user, query or fragment
error: HOME/.config/wxbox/config.toml:2: unknown key serve.port
hint: see config.example.toml for all keys
错误：HOME/.config/wxbox/config.toml:2：push.token 的值不正确，应为：Token，由 3 到 32 个字母（A-Z、a-z）或数字组成
错误：HOME/.config/wxbox/config.toml:2：push.aes_key 的值不正确，应为：EncodingAESKey，由 43 个字母（A-Z、a-z）、数字、+ 或 / 组成
错误：HOME/.config/wxbox/config.toml:3：push.token_file 与 push.token 重复
提示：请只保留 push.token 和 push.token_file 中的一个
错误：HOME/.config/wxbox/config.toml:2：push.path 的值不正确，应为：以 / 开头的路径，例如 "/push"；不能是 /、/healthz 或 /metrics，不能含有空格、? 或 #
错误：HOME/.config/wxbox/config.toml:4：push.path 与 redirect_uri 重复
提示：请为 push.path 设置与 redirect_uri 不同的路径
错误：HOME/.config/wxbox/config.toml:2：push.forward_to 的值不正确，应为：https 地址，或本机的 http 地址，例如 "http://127.0.0.1:9000/wx"，不带片段
错误：HOME/.config/wxbox/config.toml:2：serve.address 的值不正确，应为：主机和端口，例如 "0.0.0.0:80"、"[::1]:8080" 或 ":80"（本机的所有地址）
错误：HOME/.config/wxbox/config.toml:2：serve.public_url 的值不正确，应为：http 或 https 地址，不带用户名、查询参数和片段
错误：HOME/.config/wxbox/config.toml:2：没有配置项 serve.port
提示：请查看 config.example.zh-CN.toml 中的所有配置项

"#]]
    );
}

#[test]
fn unusable_push_secrets_do_not_hinder_other_commands() {
    let mut env = TestEnv::without_config();
    let cases = [
        "[push]\ntoken_file = \"./absent\"\n".to_owned(),
        format!("[push]\ntoken = \"{TOKEN}\"\naes_key_file = \"{AES_KEY}\"\n"),
        format!("[push]\ntoken = \"{TOKEN}\"\nprevious_aes_key_file = \"absent\"\n"),
        format!("[push]\naes_key = \"{AES_KEY}\"\n"),
    ];
    let mut shown = String::new();
    for lang in ["en", "zh"] {
        env.set_variable("WXBOX_LANG", lang);
        for text in &cases {
            env.write_config(text);
            env.run("user list").assert_success();
            let ran = env.run("config show").assert_success();
            shown += ran.stderr();
        }
    }
    snapbox::assert_data_eq!(
        shown.replace(env.home.path().to_str().unwrap(), "HOME"),
        str![[r#"
warning: cannot read the secret file HOME/.config/wxbox/./absent: No such file or directory (os error 2)
warning: cannot read the EncodingAESKey: the file in HOME/.config/wxbox/config.toml:3 does not exist
warning: cannot read the EncodingAESKey: the file in HOME/.config/wxbox/config.toml:3 does not exist
warning: HOME/.config/wxbox/config.toml:2: push.aes_key requires push.token
警告：无法读取凭据文件 HOME/.config/wxbox/./absent：文件或目录不存在
警告：HOME/.config/wxbox/config.toml:3 指定的 EncodingAESKey 文件不存在
警告：HOME/.config/wxbox/config.toml:3 指定的 EncodingAESKey 文件不存在
警告：HOME/.config/wxbox/config.toml:2：push.aes_key 必须与 push.token 一起设置

"#]]
    );
}

#[test]
fn readable_config_with_push_secret_warns() {
    let env = TestEnv::without_config();
    let path = env.write_file("c.toml", format!("[push]\ntoken = \"{TOKEN}\"\n"));
    set_mode(&path, 0o644);
    env.assert_session(str![[r#"
$ wxbox -c c.toml user list
2> warning: every user of this machine can read c.toml, which contains a secret: run `chmod 600 'c.toml'`

"#]]);
}
