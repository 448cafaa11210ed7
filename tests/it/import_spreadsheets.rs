//! Files that are nearly valid for `user import`: from a spreadsheet, or with Chinese punctuation.

use snapbox::str;

use crate::support::env::TestEnv;

/// A near-miss of the format is reported with the fix, and the hint never suggests an invalid fix.
#[test]
fn near_miss_formats_are_explained() {
    let env = TestEnv::new();
    env.run_with_stdin("user import -", "username，openid\nnami，oNami\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1: unknown column "username，openid"
hint: use a comma instead of “，” between the columns

"#]]);
    env.run_with_stdin("user import -", "username|openid\nnami|oNami\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1: unknown column "username|openid"
hint: use a comma instead of “|” between the columns

"#]]);
    env.run_with_stdin("user import -", "[{\"username\":\"nami\"}]").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is a JSON array
hint: run `jq -c '.[]' FILE` to convert it to JSON Lines

"#]]);
    env.run_with_stdin("user import -", "username,note,\nnami,x,y\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column 3: this column has no name in the first line
hint: name the columns in the first line: username,uid,password,openid,tags,note

"#]]);
    env.run_with_stdin("user import -", "sep=;\nusername;note\nnami;\"x\ny\";z\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 3: 3 fields, but 2 columns
hint: write a field that contains ; or a line break in double quotes

"#]]);
    env.run_with_stdin("user import -", "{\"username\":\"nami\",\"tags\":[\"ops；oncall\"]}").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column tags: "ops；oncall" is not a valid tag: use 1 to 64 visible characters without a semicolon

"#]]);
    env.run_with_stdin("user import -", "username\nna\u{200b}mi\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column username: the name contains an invisible character (U+200B)
hint: type the name again: copied text may contain invisible characters

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM users"), 0);
}

#[test]
fn spreadsheet_formats_are_read() {
    for text in [
        "username;tags;note\r\nnami;\"ops;oncall\";a, b\r\n",
        "sep=;\r\nusername;tags;note\r\nnami;\"ops;oncall\";a, b\r\n",
        "username\ttags\tnote\nnami\tops;oncall\ta, b\n",
        "\u{feff}\u{feff}username,tags,note,,\nnami,ops；oncall,\"a, b\",,\n,,,,\n,,,,\n",
        "用户名,标签,备注\nnami,\"ops，oncall\",\"a, b\"\n",
        "username\u{a0},tags,note\nnami,ops、oncall、,\"a, b\",,,\n",
        "username,tags,note\nnami,'ops|oncall,\"a, b\"\n",
    ] {
        let env = TestEnv::without_config();
        env.run_with_stdin("user import -", text).assert_success();
        let tags = if text.contains("'ops") { "'ops,oncall" } else { "oncall,ops" };
        assert_eq!(
            env.run("user list").assert_success().stdout(),
            format!("nami\t-\t{tags}\ta, b\tnot bound\n"),
            "{text:?}"
        );
    }
}

/// Excel reads a CSV file as UTF-8 only if it begins with a byte order mark.
#[test]
fn export_begins_with_byte_order_mark_on_request() {
    let env = TestEnv::new();
    env.run("user add 路飞 --note 船长").assert_success();
    let plain = env.run("user export").assert_success();
    let marked = env.run("user export --bom").assert_success();
    assert_eq!(marked.stdout(), format!("\u{feff}{}", plain.stdout()));
    assert!(plain.stdout().starts_with("username,"), "{}", plain.stdout());
    env.run_with_stdin("--database copy.db user import -", marked.stdout()).assert_success();
    assert_eq!(env.run("--database copy.db user export").stdout(), plain.stdout());
}
