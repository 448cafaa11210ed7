//! Files that `user import` rejects: no user is added, and the error is named.

use snapbox::str;

use crate::support::env::{CommandOutput, TestEnv};

fn import_file(env: &TestEnv, file: impl AsRef<[u8]>) -> CommandOutput {
    env.run_with_stdin("user import -", file)
}

#[test]
fn invalid_headers_are_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    import_file(&env, "").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is empty
hint: name the columns in the first line: username,uid,password,openid,tags,note

"#]]);
    import_file(&env, "\n\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is empty
hint: name the columns in the first line: username,uid,password,openid,tags,note

"#]]);
    import_file(&env, "usernme,note\nx,y\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1: unknown column "usernme"
hint: did you mean username?

"#]]);
    import_file(&env, "username,phone\nx,y\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1: unknown column "phone"
hint: name the columns in the first line: username,uid,password,openid,tags,note

"#]]);
    import_file(&env, "note,tags\nx,y\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1: the column username is missing
hint: name the columns in the first line: username,uid,password,openid,tags,note

"#]]);
    import_file(&env, "username,note,username\nx,y,z\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1: the column username appears twice

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn invalid_fields_are_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    import_file(&env, "username,note\nnami,x\n ,y\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 3, column username: the name is empty

"#]]);
    import_file(&env, "username,note\n\"na\nmi\",x\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column username: the name contains a control character

"#]]);
    import_file(&env, format!("username\n{}\n", "x".repeat(65))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column username: the name has 65 characters; the limit is 64

"#]]);
    import_file(&env, "username,note\nnami,\"a\nb\"\nzoro\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 4: 1 field, but 2 columns
hint: write a field that contains , or a line break in double quotes

"#]]);
    import_file(&env, "username,note\nzoro,a, b\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2: 3 fields, but 2 columns
hint: write a field that contains , or a line break in double quotes

"#]]);
    import_file(&env, "username,openid\nnami,o x\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column openid: "o x" is not an openid
hint: use letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    import_file(&env, "username,tags\nnami,\"a;b\tc\"\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column tags: "b c" is not a valid tag: use 1 to 64 visible characters without a semicolon

"#]]);
    import_file(&env, "username,uid\nnami,963C7DA1AE5DDE1A98320EC528DEAFF1\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column uid: "963C7DA1AE5DDE1A98320EC528DEAFF1" is not a uid
hint: use 32 hex digits, 0-9 and a-f, or leave the uid out

"#]]);
    import_file(&env, "username,uid\nnami,12\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column uid: "12" is not a uid
hint: use 32 hex digits, 0-9 and a-f, or leave the uid out

"#]]);
    import_file(&env, "username,password\nnami,$argon2id$v=19$m=19456\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column password: the text begins like an Argon2id hash, but is not a valid one

"#]]);
    import_file(&env, "username,password\nnami,\"a\nb\"\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column password: the password is too long or contains a control character

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn invalid_quotes_are_reported() {
    let env = TestEnv::new();
    import_file(&env, "username,note\nnami,\"open\nzoro,x\nusopp,y\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2: the quote that opens here is not closed

"#]]);
    import_file(&env, "username,note\nnami,\"open\nzoro,\"x\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 3: unexpected characters after a closing quote
hint: write a field that contains quotes in double quotes, and double each inner quote: "a ""b"" c"

"#]]);
    import_file(&env, "username,note\nnami,\"x\" y\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2: unexpected characters after a closing quote
hint: write a field that contains quotes in double quotes, and double each inner quote: "a ""b"" c"

"#]]);
    // Within an unquoted field, a quote is an ordinary character.
    env.run_with_stdin("user import -", "username,note\nnami,5\" disk\n").assert_success();
}

#[test]
fn invalid_json_lines_are_reported() {
    let env = TestEnv::new();
    import_file(&env, "{\"username\":\"nami\"}\n{\"username\":}\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column 13: expected value
hint: write one JSON object per line; read a CSV file without --json

"#]]);
    import_file(&env, "{\"username\":\"nami\"").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column 18: EOF while parsing an object
hint: write one JSON object per line; read a CSV file without --json

"#]]);
    import_file(&env, "{\"username\":\"nami\",\"tag\":[]}\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1: unknown column "tag"
hint: did you mean tags?

"#]]);
    import_file(&env, "{\"username\":\"nami\",\"tags\":\"a\"}\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column tags: tags must be a list of strings

"#]]);
    import_file(&env, "{\"username\":\"nami\",\"tags\":[\"a;b\"]}\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column tags: "a;b" is not a valid tag: use 1 to 64 visible characters without a semicolon

"#]]);
    import_file(&env, "{\"username\":7}\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column username: the value must be a text or null

"#]]);
    import_file(&env, "\n{\"note\":\"x\"}\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column username: the name is empty

"#]]);
    env.run_with_stdin("user import --json -", "username\nnami\n").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"standard input, line 1, column 1: expected value","hint":"write one JSON object per line; read a CSV file without --json","code":2}

"#]]);
    env.run_with_stdin("user import --json -", "").assert_snapshot(str![[r#"
exit 0
--- stdout
{"added":0}

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM users"), 0);
}

#[test]
fn invalid_encodings_are_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    let wide = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    import_file(&env, wide("\u{feff}username\n路飞\n", u16::to_le_bytes)).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8 text; it may be UTF-16 or a binary file
hint: convert it with `iconv -f UTF-16 -t UTF-8`

"#]]);
    import_file(&env, wide("\u{feff}username\n路飞\n", u16::to_be_bytes)).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8 text; it may be UTF-16 or a binary file
hint: convert it with `iconv -f UTF-16 -t UTF-8`

"#]]);
    import_file(&env, wide("username\n路飞\n", u16::to_le_bytes)).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8 text; it may be UTF-16 or a binary file
hint: convert it with `iconv -f UTF-16 -t UTF-8`

"#]]);
    import_file(&env, b"username,note\nnami,x\n\xc2\xb7\xb7\xc9,y\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 3, column username: the text is not UTF-8 and seems to be GBK
hint: convert it with `iconv -f GBK -t UTF-8`

"#]]);
    import_file(&env, b"\xd3\xc3\xbb\xa7\xc3\xfb\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column 1: the text is not UTF-8 and seems to be GBK
hint: convert it with `iconv -f GBK -t UTF-8`

"#]]);
    import_file(&env, b"username,note\nnami,caf\xe9\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column note: the text is not UTF-8
hint: save it as “CSV UTF-8” in the spreadsheet, or as UTF-8 in the editor

"#]]);
    import_file(&env, b"{\"username\":\"\xc2\xb7\xb7\xc9\"}\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 1: the text is not UTF-8 and seems to be GBK
hint: convert it with `iconv -f GBK -t UTF-8`

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn existing_users_are_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.run("user edit luffy --rename lucy").assert_success();
    import_file(&env, "username\nnami\nzoro\nnami\n").assert_snapshot(str![[r#"
exit 4
--- stderr
error: standard input, line 4: nami is already on line 2

"#]]);
    import_file(&env, "username\nnami\n lucy \n").assert_snapshot(str![[r#"
exit 4
--- stderr
error: standard input, line 3: a user named lucy already exists
hint: remove the line, or use --database with another database; no user was added

"#]]);
    import_file(&env, "username\nnami\nluffy\n").assert_snapshot(str![[r#"
exit 4
--- stderr
error: standard input, line 3: the uid of luffy belongs to lucy
hint: remove the line, or use --database with another database; no user was added

"#]]);
    import_file(&env, "username,uid\nnami,00000000000000000000000000000001\nzoro,00000000000000000000000000000001\n")
        .assert_snapshot(str![[r#"
exit 4
--- stderr
error: standard input, line 3: the uid of zoro belongs to nami on line 2

"#]]);
    import_file(&env, "username,uid\nnami,6cfbec608383fd05c271de92010d455f\n").assert_snapshot(str![[r#"
exit 4
--- stderr
error: standard input, line 2: the uid of nami belongs to lucy
hint: remove the line, or use --database with another database; no user was added

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn unreadable_files_are_reported() {
    let env = TestEnv::without_config();
    env.run("user import none.csv").assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot read none.csv: No such file or directory (os error 2)

"#]]);
    env.run("user import .").assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot read .: Is a directory (os error 21)

"#]]);
    env.run("user import").assert_snapshot(str![[r#"
exit 2
--- stderr
error: FILE is missing
hint: usage: wxbox user import FILE

"#]]);
    assert!(!env.database_path().exists());
}
