//! Texts and fields that cannot be sent.

use snapbox::str;

use crate::support::env::TestEnv;
use crate::support::session::run_unchanged;

#[test]
fn invalid_message_is_rejected() {
    let env = TestEnv::with_bound_luffy();
    let unchanged = |line: &str| run_unchanged(&env, line);
    env.assert_unchanged_session(str![[r#"
$ wxbox send -u luffy -t backup -d host
2> error: invalid value "host" for --data: use KEY=VALUE
exit 2
$ wxbox send -u luffy -t backup -d =x
2> error: invalid value "=x" for --data: use KEY=VALUE
exit 2
$ wxbox send -u luffy -t backup --data-color host=red
2> error: invalid value "host=red" for --data-color: use # and six hex digits, such as #173177
exit 2
$ wxbox send -u luffy -t backup --data-color 'hue=#ffffff'
2> error: cannot color hue: there is no such field
exit 2
$ wxbox send -u luffy -t backup --url ftp://x
2> error: ftp://x is not an http or https address
2> hint: use the whole address, such as https://status.example.com
exit 2
$ wxbox send -u luffy -t backup --miniprogram wx1
2> error: invalid value "wx1" for --miniprogram: use APPID:PATH
exit 2

"#]]);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backpu
2> error: there is no template "backpu"
2> hint: did you mean backup?
exit 4
$ wxbox send -u luffy -t 'not an id'
2> error: there is no template "not an id"
2> hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias 'not an id'` to choose the one that this name stands for
exit 4
$ wxbox send -u luffy -t ''
2> error: there is no template ""
2> hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias ''` to choose the one that this name stands for
exit 4

"#]]);
    env.assert_unchanged_session(str![[r#"
$ wxbox send -u luffy ''
2> error: the text is empty
2> hint: run wxbox through `ifne` (package moreutils) to send nothing if there is no text
exit 2

"#]]);
    unchanged("send -u luffy ' \n '").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the text is empty
hint: run wxbox through `ifne` (package moreutils) to send nothing if there is no text

"#]]);
    env.assert_unchanged_session(str![[r#"
$ wxbox send -u luffy -
2> error: the text is empty
2> hint: run wxbox through `ifne` (package moreutils) to send nothing if there is no text
exit 2
$ wxbox send -u luffy text --text text
2> error: TEXT cannot be used with --text
2> hint: run `wxbox send -h` to see how to use it
exit 2
$ wxbox send -u luffy text -t backup
2> error: TEXT cannot be used with --template
2> hint: run `wxbox send -h` to see how to use it
exit 2
$ wxbox send -u luffy text -d a=b
2> error: TEXT cannot be used with --data
2> hint: run `wxbox send -h` to see how to use it
exit 2
$ wxbox send -u luffy
2> error: the message is missing: use a text, - for standard input, --template T or --image FILE
2> hint: run `wxbox send --user NAME TEXT`, or `wxbox send -h` for more
exit 2

"#]]);
    unchanged(&format!("send -u luffy --strict {}x", "中".repeat(683))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: the text is 2050 bytes long; WeChat allows at most 2048
hint: shorten the text, send a link to it, or use --split to send it in parts

"#]]);
    unchanged(&format!("send -u luffy --dry-run --strict {}", "x".repeat(2049))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: the text is 2049 bytes long; WeChat allows at most 2048
hint: shorten the text, send a link to it, or use --split to send it in parts

"#]]);
    env.run(&format!("send -u luffy {}", "x".repeat(2048))).assert_success();
    env.assert_session(str![[r#"
$ printf 'caf\351' | wxbox send -u luffy -
sent message 2 (text) to luffy
2> warning: standard input is not UTF-8; invalid bytes are sent as �

"#]]);
    env.run_with_stdin("send -u luffy -", vec![b'x'; (4 << 20) + 1]).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is longer than 4194304 bytes

"#]]);
}

#[test]
fn unreadable_fields_are_rejected() {
    let env = TestEnv::with_bound_luffy();
    env.assert_unchanged_session(str![[r#"
$ wxbox send -u luffy -t backup --data-json absent.json
2> error: cannot read absent.json: No such file or directory (os error 2)
2> hint: use a file name, or - for standard input
exit 1

"#]]);
    let with = |json: &[u8]| env.run_with_stdin("send -u luffy -t backup --data-json -", json);
    with(b"{\"host\":").assert_snapshot(str![[r##"
exit 2
--- stderr
error: cannot read fields from standard input: EOF while parsing a value at line 1 column 8
hint: write the fields like this: {"host": "db1", "size": {"value": 3, "color": "#173177"}}

"##]]);
    with(b"[]").assert_snapshot(str![[r##"
exit 2
--- stderr
error: cannot read fields from standard input: it is not a JSON object
hint: write the fields like this: {"host": "db1", "size": {"value": 3, "color": "#173177"}}

"##]]);
    with(b"{\"host\":null}").assert_snapshot(str![[r##"
exit 2
--- stderr
error: cannot read fields from standard input: the value of host must be text, a number, or {"value": …, "color": "#RRGGBB"}
hint: write the fields like this: {"host": "db1", "size": {"value": 3, "color": "#173177"}}

"##]]);
    with(b"{\"host\":{\"value\":\"x\",\"colour\":\"#ffffff\"}}").assert_snapshot(str![[r##"
exit 2
--- stderr
error: cannot read fields from standard input: the value of host must be text, a number, or {"value": …, "color": "#RRGGBB"}
hint: write the fields like this: {"host": "db1", "size": {"value": 3, "color": "#173177"}}

"##]]);
    with(b"{\"host\":\"\xff\"}").assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 1 (template) to luffy
--- stderr
warning: standard input is not UTF-8; invalid bytes are sent as �

"#]]);
    with(b"").assert_snapshot(str![[r##"
exit 2
--- stderr
error: cannot read fields from standard input: EOF while parsing a value at line 1 column 0
hint: write the fields like this: {"host": "db1", "size": {"value": 3, "color": "#173177"}}

"##]]);
    assert_eq!(env.count("messages"), 1, "the one that is not UTF-8");
}

#[test]
fn json_fields_follow_option_rules() {
    let env = TestEnv::with_bound_luffy();
    run_unchanged(&env, "send -u luffy -t backup -d host=1 --url 'https://x/\u{1b}[31m'").assert_snapshot(str![[r#"
exit 2
--- stderr
error: https://x/�[31m is not an http or https address
hint: use the whole address, such as https://status.example.com

"#]]);
    env.assert_session(str![[r##"
$ printf '{"": "x"}' | wxbox send -u luffy -t backup --data-json -
2> error: cannot read fields from standard input: --data has an empty field name
2> hint: write the fields like this: {"host": "db1", "size": {"value": 3, "color": "#173177"}}
exit 2
$ printf '{"host": {"value": "x", "color": "red"}}' | wxbox send -u luffy -t backup --data-json -
2> error: cannot read fields from standard input: the value of host must be text, a number, or {"value": …, "color": "#RRGGBB"}
2> hint: write the fields like this: {"host": "db1", "size": {"value": 3, "color": "#173177"}}
exit 2

"##]]);
}

#[test]
fn invalid_openid_creates_no_database() {
    let env = TestEnv::without_config();
    env.write_config("app_id = \"wx0123456789abcdef\"\napp_secret = \"s\"\n");
    env.assert_unchanged_session(str![[r#"
$ wxbox send --openid 'a b' hi
2> error: "a b" is not an openid
2> hint: use letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
exit 2

"#]]);
}
