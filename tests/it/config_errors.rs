//! Invalid input: one `error:` line that names it, a hint where one helps, its exit status, and no
//! changed file.

use snapbox::str;

use crate::support::env::{TestEnv, set_mode};

#[test]
fn invalid_config_is_reported() {
    let env = TestEnv::without_config();
    env.assert_unchanged_session(str![[r#"
$ wxbox -c absent.toml user list
2> error: cannot read the config file absent.toml: it does not exist
2> hint: check --config, which names the file
exit 3
$ wxbox send --openid o hi
2> error: there is no config file
2> hint: run `wxbox init` to create [HOME]/.config/wxbox/config.toml
exit 3
$ wxbox token --json
2> {"error":"there is no config file","hint":"run `wxbox init` to create [HOME]/.config/wxbox/config.toml","code":3}
exit 3

"#]]);
    env.write_config("");
    env.assert_unchanged_session(str![[r#"
$ printf 'this is not toml\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1:6: invalid TOML
2> hint: write text in quotes: key = "value"
exit 3
$ printf 'app_id = "wx1"\napp_secret = "unclosed\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2:23: invalid TOML
2> hint: write text in quotes: key = "value"
exit 3
$ printf 'app_id = "wx1"\nfoo = 1\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2: unknown key foo
2> hint: see config.example.toml for all keys
exit 3
$ printf '[network]\ntimout = "5s"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2: unknown key network.timout
2> hint: did you mean network.timeout?
exit 3
$ printf '[listen]\napp_id = "wx1"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2: unknown key listen.app_id
2> hint: did you mean app_id? Move it above the first [table]
exit 3
$ printf 'app_id = 7\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1: app_id must be the AppID of the account in quotes, such as "wx3d0d44e8d59b5b8c"
exit 3
$ printf '[send]\nconcurrency = "many"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2: send.concurrency must be a whole number from 1 to 1024
exit 3
$ printf 'network = "fast"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1: network must be a table, as in [network]
exit 3
$ printf 'app_id = "a"\napp_id = "b"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2:1: invalid TOML: this key is set twice
exit 3
$ printf '[network]\napi_base = "http://example.com"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2: network.api_base must be an https address without user, query or fragment, or a list of them (plain http for this machine only, such as http://127.0.0.1:[PORT])
exit 3
$ printf 'redirect_uri = "/callback/"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1: redirect_uri must be an absolute http or https address with a host, without fragment, user or password
2> hint: use an address such as "http://203.0.113.7/callback/"; its domain must be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)
exit 3
$ printf 'redirect_uri = "http://"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1: redirect_uri must be an absolute http or https address with a host, without fragment, user or password
2> hint: use an address such as "http://203.0.113.7/callback/"; its domain must be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)
exit 3
$ printf 'redirect_uri = "mailto:a@example.com"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1: redirect_uri must be an absolute http or https address with a host, without fragment, user or password
2> hint: use an address such as "http://203.0.113.7/callback/"; its domain must be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)
exit 3
$ printf 'app_secret = "a"\napp_secret_file = "b"\n' >.config/wxbox/config.toml
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2: app_secret_file conflicts with app_secret
2> hint: remove either app_secret or app_secret_file
exit 3

"#]]);
    env.write_file(".config/wxbox/config.toml", b"app_id = \"wx1\"\n# \xd6\xd0\n");
    env.assert_unchanged_session(str![[r#"
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2: not UTF-8
2> hint: save the file as UTF-8
exit 3
$ wxbox -c .config user list
2> error: .config is a directory, not a config file
2> hint: use the path of a file in it, such as .config/config.toml
exit 3

"#]]);
    std::os::unix::fs::symlink("loop.toml", env.path("loop.toml")).unwrap();
    env.assert_session(str![[r#"
$ wxbox -c loop.toml user list
2> error: cannot read the config file loop.toml: Too many levels of symbolic links (os error 40)
2> hint: check that the user of wxbox can read loop.toml
exit 3

"#]]);
}

#[test]
fn config_accessible_to_others_is_reported() {
    let env = TestEnv::without_config();
    let path = env.write_file("c.toml", "app_id = \"wx1\"\napp_secret = \"s\"\n");
    set_mode(&path, 0o622);
    env.assert_unchanged_session(str![[r#"
$ wxbox -c c.toml user list
2> error: other users can change c.toml (mode 622)
2> hint: run `chmod go-w 'c.toml'`
exit 3

"#]]);
    set_mode(&path, 0o660);
    env.assert_unchanged_session(str![[r#"
$ wxbox -c c.toml user list --json
2> {"error":"other users can change c.toml (mode 660)","hint":"run `chmod go-w 'c.toml'`","code":3}
exit 3

"#]]);
    set_mode(&path, 0o644);
    env.assert_session(str![[r#"
$ wxbox -c c.toml user list
2> warning: every user of this machine can read c.toml, which contains a secret: run `chmod 600 'c.toml'`
$ wxbox -c c.toml user list -q

"#]]);
}

#[test]
fn endless_device_as_file_is_rejected() {
    let env = TestEnv::without_config();
    env.assert_unchanged_session(str![[r#"
$ wxbox -c /dev/zero user list
2> error: cannot read the config file /dev/zero: file too large
2> hint: check that the user of wxbox can read /dev/zero
exit 3

"#]]);
    env.write_config("app_id = \"wx0123456789abcdef\"\napp_secret_file = \"/dev/zero\"\n");
    env.assert_unchanged_session(str![[r#"
$ wxbox token
2> error: cannot read the secret file /dev/zero: file too large
2> hint: check that the file exists and that the user of wxbox can read it
exit 3
$ wxbox send --openid o -t T --data-json /dev/zero --dry-run
2> error: cannot read /dev/zero: file too large
2> hint: use a file name, or - for standard input
exit 1

"#]]);
}
