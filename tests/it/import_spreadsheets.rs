//! Files that are nearly valid for `user import`: from a spreadsheet, or with Chinese punctuation.

use snapbox::str;

use crate::support::env::TestEnv;

/// A near-miss of the format is reported with the fix, and the hint never suggests an invalid fix.
#[test]
fn near_miss_formats_are_explained() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ printf 'username，openid\nnami，oNami\n' | wxbox user import -
2> error: standard input, line 1: unknown column "username，openid"
2> hint: use a comma instead of “，” between the columns
exit 2
$ printf 'username|openid\nnami|oNami\n' | wxbox user import -
2> error: standard input, line 1: unknown column "username|openid"
2> hint: use a comma instead of “|” between the columns
exit 2
$ printf '[{"username":"nami"}]' | wxbox user import -
2> error: standard input is a JSON array
2> hint: run `jq -c '.[]' FILE` to convert it to JSON Lines
exit 2
$ printf 'username,note,\nnami,x,y\n' | wxbox user import -
2> error: standard input, line 2, column 3: this column has no name in the first line
2> hint: name the columns in the first line: username,uid,password,openid,tags,note
exit 2
$ printf 'sep=;\nusername;note\nnami;"x\ny";z\n' | wxbox user import -
2> error: standard input, line 3: 3 fields, but 2 columns
2> hint: write a field that contains ; or a line break in double quotes
exit 2
$ printf '{"username":"nami","tags":["ops；oncall"]}' | wxbox user import -
2> error: standard input, line 1, column tags: "ops；oncall" is not a valid tag: use 1 to 64 visible characters without a semicolon
exit 2
$ printf 'username\nna\342\200\213mi\n' | wxbox user import -
2> error: standard input, line 2, column username: the name contains an invisible character (U+200B)
2> hint: type the name again: copied text may contain invisible characters
exit 2

"#]]);
    assert_eq!(env.count("users"), 0);
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

/// The line number is that of an editor, with LF and with CRLF, and also after empty lines and
/// line breaks in a field.
#[test]
fn line_numbers_are_those_of_an_editor() {
    let env = TestEnv::new();
    for (rows, line) in [
        ("username,note\nnami,x\nzoro,y,z\n", 3),
        ("username,note\r\nnami,x\r\nzoro,y,z\r\n", 3),
        ("username,note\r\n\r\nnami,x\r\n\r\n\r\nzoro,y,z\r\n", 6),
        ("username,note\n\nnami,\"x\n\n\"\n\nzoro,y,z", 7),
        ("sep=,\r\nusername,note\r\nnami,\"x\r\ny\"\r\nzoro,y,z\r\n", 5),
        ("\u{feff}username,note\r\nzoro,y,z\r\n", 2),
    ] {
        let output = env.run_with_stdin("user import -", rows);
        let expected = format!("error: standard input, line {line}: 3 fields, but 2 columns\n");
        assert!(output.stderr().starts_with(&expected), "{rows:?}: {}", output.stderr());
    }
    // The rows fill several buffers of the reader.
    let many: String = (1..=3000).map(|n| format!("crew{n},x\r\n")).collect();
    let output = env.run_with_stdin("user import -", format!("username,note\r\n{many}luffy,y,z\r\n"));
    assert!(output.stderr().starts_with("error: standard input, line 3002: 3 fields"), "{}", output.stderr());
}

#[test]
fn workbook_and_gbk_file_are_named_with_the_way_to_convert_them() {
    let env = TestEnv::new();
    env.write_file("people.xlsx", "PK\u{3}\u{4}\u{14}");
    env.assert_session(str![[r#"
$ wxbox user import people.xlsx
2> error: people.xlsx is a workbook or another ZIP archive
2> hint: save it as “CSV UTF-8” in the spreadsheet, or as UTF-8 in the editor
exit 2

"#]]);
    std::fs::write(env.path("my people.csv"), b"username\r\n\xc2\xb7\xb7\xc9\r\n").unwrap();
    env.assert_session(str![[r#"
$ wxbox user import 'my people.csv'
2> error: my people.csv, line 2, column username: the text is not UTF-8 and seems to be GBK
2> hint: save it as “CSV UTF-8”, or convert it with `iconv -f GBK -t UTF-8 'my people.csv' >utf8.csv`
exit 2

"#]]);
}
