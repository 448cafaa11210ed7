//! Malformed text: not UTF-8, with the colors of a terminal, in almost valid JSON. It is sent with
//! a warning, and rejected with `--strict`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde_json::json;
use snapbox::str;

use crate::support::env::{CommandOutput, TestEnv};

/// A log that was cut within a character.
const TRUNCATED_UTF8: &[u8] = b"disk full \xe6\x97";
/// 磁盘已满 ("disk full") in GBK.
const GBK_TEXT: &[u8] = b"\xb4\xc5\xc5\xcc\xd2\xd1\xc2\xfa";

/// Runs a command with one more argument of these bytes.
fn run_with_raw_arg(env: &TestEnv, line: &str, word: &[u8]) -> CommandOutput {
    let mut command = env.command(line);
    command.arg(OsStr::from_bytes(word));
    env.spawn_command(command, line).wait()
}

/// Returns the message that arrived last.
fn last_received(env: &mut TestEnv) -> serde_json::Value {
    env.sandbox().inbox().pop().unwrap()
}

#[test]
fn invalid_utf_8_text_is_sent() {
    let mut env = TestEnv::with_bound_luffy();
    env.run_with_stdin("send -u luffy -", TRUNCATED_UTF8).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 1 (text) to luffy
--- stderr
warning: standard input is not UTF-8; invalid bytes are sent as �

"#]]);
    assert_eq!(last_received(&mut env)["content"], "disk full \u{fffd}");
    run_with_raw_arg(&env, "send -u luffy", TRUNCATED_UTF8).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 2 (text) to luffy
--- stderr
warning: the text is not UTF-8; invalid bytes are sent as �

"#]]);
    run_with_raw_arg(&env, "send -u luffy --text", TRUNCATED_UTF8).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 3 (text) to luffy
--- stderr
warning: the text is not UTF-8; invalid bytes are sent as �

"#]]);
    let texts: Vec<_> = env.sandbox().inbox().iter().map(|message| message["content"].clone()).collect();
    assert_eq!(texts, ["disk full \u{fffd}"; 3]);
    env.run_with_stdin("send -u luffy -", GBK_TEXT).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 4 (text) to luffy
--- stderr
warning: standard input is not UTF-8 and seems to be GBK; invalid bytes are sent as �: convert it with `iconv -f GBK -t UTF-8`

"#]]);
    env.run_with_stdin("send -u luffy - --strict", TRUNCATED_UTF8).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8
hint: without --strict this is a warning, and the message is sent

"#]]);
    env.run_with_stdin("send -u luffy - --strict", GBK_TEXT).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8
hint: convert it with `iconv -f GBK -t UTF-8`

"#]]);
    run_with_raw_arg(&env, "send -u luffy --strict --text", TRUNCATED_UTF8).assert_snapshot(str![[r#"
exit 2
--- stderr
error: the text is not UTF-8
hint: without --strict this is a warning, and the message is sent

"#]]);
    assert_eq!(env.count("messages"), 4);
}

#[test]
fn invalid_utf_8_value_is_sent() {
    let mut env = TestEnv::with_bound_luffy();
    run_with_raw_arg(&env, "send -u luffy -t backup -d", b"host=db\xff1").assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 1 (template) to luffy
--- stderr
warning: the value of host is not UTF-8; invalid bytes are sent as �

"#]]);
    assert_eq!(last_received(&mut env)["fields"][1]["value"], "db\u{fffd}1");
    run_with_raw_arg(&env, "send -u luffy -t backup --strict -d", b"host=db\xff1").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the value of host is not UTF-8
hint: without --strict this is a warning, and the message is sent

"#]]);
    run_with_raw_arg(&env, "template check backup -d", b"host=db\xff1").assert_snapshot(str![[r#"
exit 0
--- stdout
Backup finished
  Host: db�1
  Size: -
  Time: -
--- stderr
warning: the value of host is not UTF-8; invalid bytes are sent as �

"#]]);
    env.assert_session(str![[r#"
$ printf '{"host":"db\3771"}' | wxbox send -u luffy -t backup --data-json -
sent message 2 (template) to luffy
2> warning: standard input is not UTF-8; invalid bytes are sent as �
# As Python writes a file name that is not UTF-8, and as a shell passes such an argument.
$ printf '{"host":"a\\udcffb\001"}' | wxbox send -u luffy -t backup --data-json - --dry-run
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"a�b"},"size":{"value":"-"},"time":{"value":"-"}}}
2> warning: standard input is not valid JSON: control characters and unpaired surrogates in it are escaped or sent as �

"#]]);
    env.run_with_stdin("send -u luffy -t backup --data-json - --strict", "{\"host\":\"a\\udcffb\"}").assert_snapshot(
        str![[r##"
exit 2
--- stderr
error: cannot read fields from standard input: lone leading surrogate in hex escape at line 1 column 16
hint: write the fields like this: {"host": "db1", "size": {"value": 3, "color": "#173177"}}

"##]],
    );
}

#[test]
fn run_report_with_any_bytes_is_sent() {
    let mut env = TestEnv::with_bound_luffy();
    let mut command = env.command("run -u luffy --text");
    command.arg(OsStr::from_bytes(b"caf\xe9 {status}")).args(["--", "true"]);
    env.spawn_command(command, "run").wait().assert_snapshot(str![[r#"
exit 0
--- stderr
warning: the text is not UTF-8; invalid bytes are sent as �
sent message 1 (text) to luffy

"#]]);
    assert_eq!(last_received(&mut env)["content"], "caf\u{fffd} 0");
}

#[test]
fn repaired_batch_line_is_reported() {
    let mut env = TestEnv::with_bound_luffy();
    let lines = [
        b"{\"user\":\"luffy\",\"text\":\"disk \xe6\x97 full\",\"ref\":1.10}".as_slice(),
        br#"{"user":"luffy","text":"half \ud83d of one","ref":12345678901234567890123}"#,
        b"{\"user\":\"luffy\",\"text\":\"tab\there\",\"ref\":\"c\"}",
        br#"{"user":"luffy","text":42}"#,
    ]
    .join(&b'\n');
    let ran = env.run_with_stdin("send --batch -", &lines).assert_success();
    let results: Vec<_> =
        ran.json_lines().iter().map(|result| json!([result["line"], result["state"], result["warnings"]])).collect();
    let repaired =
        "the line is not valid JSON: control characters and unpaired surrogates in it are escaped or sent as �";
    let expected = [
        json!([1, "sent", ["the line is not UTF-8; invalid bytes are sent as �"]]),
        json!([2, "sent", [repaired]]),
        json!([3, "sent", [repaired]]),
        json!([4, "sent", null]),
    ];
    assert_eq!(results, expected);
    // The caller's references are returned unchanged.
    for own in ["\"ref\":1.10,", "\"ref\":12345678901234567890123,"] {
        assert!(ran.stdout().contains(own), "{}", ran.stdout());
    }
    let texts: Vec<_> = env.sandbox().inbox().iter().map(|message| message["content"].clone()).collect();
    assert_eq!(texts, ["disk \u{fffd} full", "half \u{fffd} of one", "tab\there", "42"]);
    env.run_with_stdin("send --batch - --strict", &lines).assert_snapshot(str![[r#"
exit 7
--- stdout
{"line":1,"ref":1.10,"state":"failed","error":"the line is not UTF-8"}
{"line":2,"ref":12345678901234567890123,"state":"failed","error":"invalid JSON: unexpected end of hex escape at column 36"}
{"line":3,"ref":"c","state":"failed","error":"invalid JSON: control character (\\u0000-\\u001F) found while parsing a string at column 28"}
{"line":4,"id":5,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}

"#]]);
}

#[test]
fn invalid_batch_line_is_explained() {
    let lines = r#"{"user":"luffy","text":["a"]}
{"user":"luffy","text":"hi" "key":"k"}
[{"user":"luffy","text":"hi"}]
{"user":"luffy","data":"host=db1","template":"backup"}
{"usr":"luffy","text":"hi","ref":7}
{"user":"luffy","text":"hi","priority":"high"}
{"user":"luffy","text":"#;
    TestEnv::with_bound_luffy().run_with_stdin("send --batch -", lines).assert_snapshot(str![[r#"
exit 5
--- stdout
{"line":1,"state":"failed","error":"\"text\" must be text"}
{"line":2,"state":"failed","error":"invalid JSON: expected `,` or `}` at column 29"}
{"line":3,"state":"failed","error":"a message must be a JSON object"}
{"line":4,"state":"failed","error":"\"data\" must be an object"}
{"line":5,"ref":7,"state":"failed","error":"unknown field \"usr\"; did you mean \"user\"?"}
{"line":6,"state":"failed","error":"unknown field \"priority\"; the fields of a message are user, openid, text, template, message, data, url, key, ref"}
{"line":7,"state":"failed","error":"invalid JSON: EOF while parsing a value at column 23"}

"#]]);
}

#[test]
fn numbers_are_exported_unchanged() {
    let env = TestEnv::with_bound_luffy();
    let numbers = ["1.10", "12.50", "100.00", "-0", "1e400", "123456789012345678901234567890"];
    for number in numbers {
        let ran = env
            .run_with_stdin("send -u luffy -t backup --data-json - --dry-run", format!("{{\"host\":{number}}}"))
            .assert_success();
        assert_eq!(ran.json_lines()[0]["data"]["host"]["value"], number);
        let line =
            json!({"user": "luffy", "template": "backup", "data": {"host": "N"}}).to_string().replace("\"N\"", number);
        let ran = env.run_with_stdin("send --batch - --dry-run", line).assert_success();
        assert_eq!(ran.json_lines()[0]["data"]["host"]["value"], number);
    }
    let ran = env.run("outbox cancel 9223372036854775807");
    assert!(ran.stderr().contains("no message 9223372036854775807\n"), "{}", ran.stderr());
}

#[test]
fn terminal_colors_are_removed_from_text() {
    let mut env = TestEnv::with_bound_luffy();
    env.run_with_stdin("send -u luffy -", "\u{1b}[01;31m\u{1b}[Kerror:\u{1b}[m\u{1b}[K disk\r\ncopy 10%\rcopy 100%\n")
        .assert_success();
    assert_eq!(last_received(&mut env)["content"], "error: disk\ncopy 100%");
    env.run("send -u luffy 'one\rtwo'").assert_success();
    assert_eq!(last_received(&mut env)["content"], "one\ntwo");
    env.assert_session(str![[r#"
$ printf '\033[0m\n' | wxbox send -u luffy -
2> error: the text is empty
2> hint: run wxbox through `ifne` (package moreutils) to send nothing if there is no text
exit 2

"#]]);
}

#[test]
fn argument_after_double_dash_is_text() {
    let mut env = TestEnv::with_bound_luffy();
    for text in ["--user", "--exclude=node_modules", "-u"] {
        env.run(&format!("send --user luffy -- {text}")).assert_success();
        assert_eq!(last_received(&mut env)["content"], text);
    }
    env.assert_session(str![[r#"
$ wxbox send --user luffy --usr
2> error: unknown option --usr
2> hint: did you mean --user?
exit 2

"#]]);
}

#[test]
fn empty_url_is_ignored() {
    let env = TestEnv::with_bound_luffy();
    let ran = env.run("send -u luffy -t backup -d host=db1 --url '' --dry-run").assert_success();
    assert_eq!(ran.json_lines()[0]["url"], json!(null));
}
