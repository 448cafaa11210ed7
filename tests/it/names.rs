//! What a name, a tag or an openid may be.

use snapbox::str;

use crate::harness::{LUFFY, World};

#[test]
fn names_have_limits() {
    let world = World::empty();
    world.wxbox("user add n").is(str![[r#"
exit 0
--- stdout
added n

"#]]);
    world.wxbox(&format!("user add {}", "路".repeat(64))).is(str![[r#"
exit 0
--- stdout
added 路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路

"#]]);
    world.wxbox(&format!("user add {}", "x".repeat(65))).is(str![[r#"
exit 2
--- stderr
error: the name has 65 characters, 64 is the most

"#]]);
    world.wxbox(&format!("user add {}", "路".repeat(65))).is(str![[r#"
exit 2
--- stderr
error: the name has 65 characters, 64 is the most

"#]]);
    world.wxbox("user add '  \u{3000}trimmed\u{3000}  '").is(str![[r#"
exit 0
--- stdout
added trimmed

"#]]);
    world.wxbox("user show ' trimmed '").ok();
    world.wxbox("user add ''").is(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    world.wxbox("user add '   '").is(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    world.wxbox("user add 'two\nlines'").is(str![[r#"
exit 2
--- stderr
error: the name holds a control character

"#]]);
    world.wxbox("user add 'esc\u{1b}[2J'").is(str![[r#"
exit 2
--- stderr
error: the name holds a control character

"#]]);
    world.wxbox("user add --json 'bell\u{7}'").is(str![[r#"
exit 2
--- stderr
{"error":"the name holds a control character","hint":null,"code":2}

"#]]);
    world.wxbox("user add").is(str![[r#"
exit 2
--- stderr
error: no name is given
hint: give it on the command line: `wxbox user add NAME`

"#]]);
    world.wxbox("user add -- -dash").is(str![[r#"
exit 0
--- stdout
added -dash

"#]]);
    assert_eq!(world.wxbox("user list").ok().stdout().lines().count(), 4);
}

#[test]
fn tags_and_openids_have_limits() {
    let world = World::new();
    world.wxbox("user add luffy --tag 'a;b'").is(str![[r#"
exit 2
--- stderr
error: "a;b" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon
hint: give each tag an option of its own: --tag a --tag b

"#]]);
    world.wxbox("user add luffy --tag ''").is(str![[r#"
exit 2
--- stderr
error: "" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon

"#]]);
    world.wxbox(&format!("user add luffy --tag {}", "t".repeat(65))).is(str![[r#"
exit 2
--- stderr
error: "ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon

"#]]);
    world.wxbox("user add luffy --openid 'not an openid'").is(str![[r#"
exit 2
--- stderr
error: "not an openid" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    world.wxbox("user add luffy --openid ''").is(str![[r#"
exit 2
--- stderr
error: "" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    world.wxbox("user list").is(str![[r#"
exit 0

"#]]);
    World::empty().wxbox(&format!("user add luffy --openid {LUFFY}")).is(str![[r#"
exit 3
--- stderr
error: no app_id is set
hint: there is no config file yet: `wxbox init` asks for what it needs and writes [HOME]/.config/wxbox/config.toml

"#]]);
}
