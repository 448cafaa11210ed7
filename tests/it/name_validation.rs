//! The valid names, tags and openids.

use snapbox::str;

use crate::support::env::{LUFFY, TestEnv};

#[test]
fn names_have_limits() {
    let env = TestEnv::without_config();
    env.run("user add n").assert_snapshot(str![[r#"
exit 0
--- stdout
added n

"#]]);
    env.run(&format!("user add {}", "路".repeat(64))).assert_snapshot(str![[r#"
exit 0
--- stdout
added 路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路

"#]]);
    env.run(&format!("user add {}", "x".repeat(65))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name has 65 characters, 64 is the most

"#]]);
    env.run(&format!("user add {}", "路".repeat(65))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name has 65 characters, 64 is the most

"#]]);
    env.run("user add '  \u{3000}trimmed\u{3000}  '").assert_snapshot(str![[r#"
exit 0
--- stdout
added trimmed

"#]]);
    env.run("user show ' trimmed '").assert_success();
    env.run("user add ''").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    env.run("user add '   '").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    env.run("user add 'two\nlines'").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name holds a control character

"#]]);
    env.run("user add 'esc\u{1b}[2J'").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name holds a control character

"#]]);
    env.run("user add --json 'bell\u{7}'").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"the name holds a control character","hint":null,"code":2}

"#]]);
    env.run("user add").assert_snapshot(str![[r#"
exit 2
--- stderr
error: no name is given
hint: give it on the command line: `wxbox user add NAME`

"#]]);
    env.run("user add -- -dash").assert_snapshot(str![[r#"
exit 0
--- stdout
added -dash

"#]]);
    assert_eq!(env.run("user list").assert_success().stdout().lines().count(), 4);
}

#[test]
fn tags_and_openids_have_limits() {
    let env = TestEnv::new();
    env.run("user add luffy --tag 'a;b'").assert_snapshot(str![[r#"
exit 2
--- stderr
error: "a;b" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon
hint: give each tag an option of its own: --tag a --tag b

"#]]);
    env.run("user add luffy --tag ''").assert_snapshot(str![[r#"
exit 2
--- stderr
error: "" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon

"#]]);
    env.run(&format!("user add luffy --tag {}", "t".repeat(65))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: "ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon

"#]]);
    env.run("user add luffy --openid 'not an openid'").assert_snapshot(str![[r#"
exit 2
--- stderr
error: "not an openid" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    env.run("user add luffy --openid ''").assert_snapshot(str![[r#"
exit 2
--- stderr
error: "" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    env.run("user list").assert_snapshot(str![[r#"
exit 0

"#]]);
    TestEnv::without_config().run(&format!("user add luffy --openid {LUFFY}")).assert_snapshot(str![[r#"
exit 3
--- stderr
error: no app_id is set
hint: there is no config file yet: `wxbox init` asks for what it needs and writes [HOME]/.config/wxbox/config.toml

"#]]);
}
