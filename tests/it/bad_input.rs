//! Bad input: one `error:` line that names it, a hint where there is one, its status, and everything as
//! it was.

use snapbox::str;

use crate::files;
use crate::harness::{Ran, World, mode};

/// Runs a line that must not change a file anywhere in the home.
pub fn unchanged(world: &World, line: &str) -> Ran {
    let read = || {
        let mut all: Vec<_> = files::below(world.home.path())
            .into_iter()
            .map(|file| (std::fs::read(&file).unwrap(), file))
            // A reader, too, makes an empty write-ahead log, and its index for the locks.
            .filter(|(bytes, file)| {
                let name = file.to_string_lossy();
                !(name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty())
            })
            .collect();
        all.sort();
        all
    };
    let before = read();
    let ran = world.wxbox(line);
    assert!(before == read(), "{line} changed a file");
    ran
}

#[test]
fn a_config_that_cannot_be_used() {
    let world = World::empty();
    let with = |text: &str| {
        world.config(text);
        unchanged(&world, "user list")
    };
    unchanged(&world, "-c absent.toml user list").is(str![[r#"
exit 3
--- stderr
error: the config file absent.toml does not exist
hint: it was named by --config

"#]]);
    unchanged(&world, "send --openid o hi").is(str![[r#"
exit 3
--- stderr
error: no app_id is set
hint: there is no config file yet: `wxbox init` asks for what it needs and writes [HOME]/.config/wxbox/config.toml

"#]]);
    unchanged(&world, "token --json").is(str![[r#"
exit 3
--- stderr
{"error":"no app_id is set","hint":"there is no config file yet: `wxbox init` asks for what it needs and writes [HOME]/.config/wxbox/config.toml","code":3}

"#]]);
    with("this is not toml\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1:6: not TOML
hint: text needs quotes: key = "value"

"#]]);
    with("app_id = \"wx1\"\napp_secret = \"unclosed\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2:23: not TOML
hint: text needs quotes: key = "value"

"#]]);
    with("app_id = \"wx1\"\nfoo = 1\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2: there is no key foo
hint: config.example.toml shows every key

"#]]);
    with("[network]\ntimout = \"5s\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2: there is no key network.timout
hint: did you mean network.timeout?

"#]]);
    with("[listen]\napp_id = \"wx1\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2: there is no key listen.app_id
hint: did you mean app_id? it must stand above the first [table]

"#]]);
    with("app_id = 7\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1: app_id must be the account's app id in quotes, such as "wx3d0d44e8d59b5b8c"

"#]]);
    with("[send]\nconcurrency = \"many\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2: send.concurrency must be a whole number from 1 to 1024

"#]]);
    with("network = \"fast\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1: network must be a table, as in [network]

"#]]);
    with("app_id = \"a\"\napp_id = \"b\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2:1: not TOML: what is set here is set already further up

"#]]);
    with("[network]\napi_base = \"http://example.com\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2: network.api_base must be an https address without user, query or fragment, or a list of them (plain http for this machine only, such as http://127.0.0.1:[PORT])

"#]]);
    with("redirect_uri = \"/callback/\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1: redirect_uri must be an absolute http or https address with a host, without fragment, user or password
hint: such as "http://203.0.113.7/callback/"; its domain is the 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)

"#]]);
    with("redirect_uri = \"http://\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1: redirect_uri must be an absolute http or https address with a host, without fragment, user or password
hint: such as "http://203.0.113.7/callback/"; its domain is the 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)

"#]]);
    with("redirect_uri = \"mailto:a@example.com\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1: redirect_uri must be an absolute http or https address with a host, without fragment, user or password
hint: such as "http://203.0.113.7/callback/"; its domain is the 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)

"#]]);
    with("app_secret = \"a\"\napp_secret_file = \"b\"\n").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2: app_secret_file says again what app_secret says
hint: keep either app_secret or app_secret_file

"#]]);
    world.write(".config/wxbox/config.toml", b"app_id = \"wx1\"\n# \xd6\xd0\n");
    unchanged(&world, "user list").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2: not UTF-8
hint: save the file as UTF-8

"#]]);
    unchanged(&world, "-c .config user list").is(str![[r#"
exit 3
--- stderr
error: .config is a directory, not a config file
hint: name the file in it, such as .config/config.toml

"#]]);
    std::os::unix::fs::symlink("loop.toml", world.path("loop.toml")).unwrap();
    world.wxbox("-c loop.toml user list").is(str![[r#"
exit 3
--- stderr
error: cannot read the config file loop.toml: Too many levels of symbolic links (os error 40)
hint: the user that wxbox runs as must be able to read loop.toml

"#]]);
}

#[test]
fn a_config_that_others_can_write_or_read() {
    let world = World::empty();
    let path = world.write("c.toml", "app_id = \"wx1\"\napp_secret = \"s\"\n");
    mode(&path, 0o622);
    unchanged(&world, "-c c.toml user list").is(str![[r#"
exit 3
--- stderr
error: others can write to c.toml (mode 622), and so decide what wxbox does
hint: chmod go-w 'c.toml'

"#]]);
    mode(&path, 0o660);
    unchanged(&world, "-c c.toml user list --json").is(str![[r#"
exit 3
--- stderr
{"error":"others can write to c.toml (mode 660), and so decide what wxbox does","hint":"chmod go-w 'c.toml'","code":3}

"#]]);
    mode(&path, 0o644);
    world.wxbox("-c c.toml user list").is(str![[r#"
exit 0
--- stderr
warning: everybody on this machine can read c.toml, and it holds a secret: chmod 600 'c.toml'

"#]]);
    world.wxbox("-c c.toml user list -q").is(str![[r#"
exit 0

"#]]);
}

#[test]
fn a_device_in_place_of_a_file_is_not_read_for_ever() {
    let world = World::empty();
    unchanged(&world, "-c /dev/zero user list").is(str![[r#"
exit 3
--- stderr
error: cannot read the config file /dev/zero: file too large
hint: the user that wxbox runs as must be able to read /dev/zero

"#]]);
    world.config("app_id = \"wx0123456789abcdef\"\napp_secret_file = \"/dev/zero\"\n");
    unchanged(&world, "token").is(str![[r#"
exit 3
--- stderr
error: cannot read the secret file /dev/zero: file too large
hint: the file must exist, and the user that wxbox runs as must be able to read it

"#]]);
    unchanged(&world, "send --openid o -t T --data-json /dev/zero --dry-run").is(str![[r#"
exit 1
--- stderr
error: cannot read /dev/zero: file too large
hint: name a file, or - for standard input

"#]]);
}
