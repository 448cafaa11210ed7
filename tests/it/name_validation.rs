//! The valid names, tags and openids.

use snapbox::str;

use crate::support::env::{LUFFY, TestEnv};

#[test]
fn names_have_limits() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox user add n
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
error: the name has 65 characters; the limit is 64

"#]]);
    env.run(&format!("user add {}", "路".repeat(65))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name has 65 characters; the limit is 64

"#]]);
    env.assert_session(str![[r#"
$ wxbox user add '  　trimmed　  '
added trimmed

"#]]);
    env.run("user show ' trimmed '").assert_success();
    env.assert_session(str![[r#"
$ wxbox user add ''
2> error: the name is empty
exit 2
$ wxbox user add '   '
2> error: the name is empty
exit 2

"#]]);
    env.run("user add 'two\nlines'").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name contains a control character

"#]]);
    env.run("user add 'esc\u{1b}[2J'").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name contains a control character

"#]]);
    env.run("user add --json 'bell\u{7}'").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"the name contains a control character","hint":null,"code":2}

"#]]);
    env.assert_session(str![[r#"
$ wxbox user add
2> error: the name is missing
2> hint: run `wxbox user add NAME`
exit 2
$ wxbox user add -- -dash
added -dash

"#]]);
    assert_eq!(env.run("user list").assert_success().stdout().lines().count(), 4);
}

#[test]
fn tags_and_openids_have_limits() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox user add luffy --tag 'a;b'
2> error: "a;b" is not a valid tag: use 1 to 64 visible characters without a semicolon
2> hint: use one option for each tag: --tag a --tag b
exit 2
$ wxbox user add luffy --tag ''
2> error: "" is not a valid tag: use 1 to 64 visible characters without a semicolon
exit 2

"#]]);
    env.run(&format!("user add luffy --tag {}", "t".repeat(65))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: "ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" is not a valid tag: use 1 to 64 visible characters without a semicolon

"#]]);
    env.assert_session(str![[r#"
$ wxbox user add luffy --openid 'not an openid'
2> error: "not an openid" is not an openid
2> hint: use letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
exit 2
$ wxbox user add luffy --openid ''
2> error: "" is not an openid
2> hint: use letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
exit 2
$ wxbox user list

"#]]);
    TestEnv::without_config().run(&format!("user add luffy --openid {LUFFY}")).assert_snapshot(str![[r#"
exit 3
--- stderr
error: there is no config file
hint: run `wxbox init` to create [HOME]/.config/wxbox/config.toml

"#]]);
}
