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
    env.assert_session(str![[r#"
$ wxbox user import -
2> error: standard input is empty
2> hint: name the columns in the first line: username,uid,password,openid,tags,note
exit 2
$ printf '\n\n' | wxbox user import -
2> error: standard input is empty
2> hint: name the columns in the first line: username,uid,password,openid,tags,note
exit 2
$ printf 'usernme,note\nx,y\n' | wxbox user import -
2> error: standard input, line 1: unknown column "usernme"
2> hint: did you mean username?
exit 2
$ printf 'username,phone\nx,y\n' | wxbox user import -
2> error: standard input, line 1: unknown column "phone"
2> hint: name the columns in the first line: username,uid,password,openid,tags,note
exit 2
$ printf 'note,tags\nx,y\n' | wxbox user import -
2> error: standard input, line 1: the column username is missing
2> hint: name the columns in the first line: username,uid,password,openid,tags,note
exit 2
$ printf 'username,note,username\nx,y,z\n' | wxbox user import -
2> error: standard input, line 1: the column username appears twice
exit 2

"#]]);
    assert_eq!(env.count("users"), 1);
}

#[test]
fn invalid_fields_are_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ printf 'username,note\nnami,x\n ,y\n' | wxbox user import -
2> error: standard input, line 3, column username: the name is empty
exit 2
$ printf 'username,note\n"na\nmi",x\n' | wxbox user import -
2> error: standard input, line 2, column username: the name contains a control character
exit 2

"#]]);
    import_file(&env, format!("username\n{}\n", "x".repeat(65))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column username: the name has 65 characters; the limit is 64

"#]]);
    env.assert_session(str![[r#"
$ printf 'username,note\nnami,"a\nb"\nzoro\n' | wxbox user import -
2> error: standard input, line 4: 1 field, but 2 columns
2> hint: write a field that contains , or a line break in double quotes
exit 2
$ printf 'username,note\nzoro,a, b\n' | wxbox user import -
2> error: standard input, line 2: 3 fields, but 2 columns
2> hint: write a field that contains , or a line break in double quotes
exit 2
$ printf 'username,openid\nnami,o x\n' | wxbox user import -
2> error: standard input, line 2, column openid: "o x" is not an openid
2> hint: use letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
exit 2
$ printf 'username,tags\nnami,"a;b\tc"\n' | wxbox user import -
2> error: standard input, line 2, column tags: "b c" is not a valid tag: use 1 to 64 visible characters without a semicolon
exit 2
$ printf 'username,uid\nnami,963C7DA1AE5DDE1A98320EC528DEAFF1\n' | wxbox user import -
2> error: standard input, line 2, column uid: "963C7DA1AE5DDE1A98320EC528DEAFF1" is not a uid
2> hint: use 32 hex digits, 0-9 and a-f, or leave the uid out
exit 2
$ printf 'username,uid\nnami,12\n' | wxbox user import -
2> error: standard input, line 2, column uid: "12" is not a uid
2> hint: use 32 hex digits, 0-9 and a-f, or leave the uid out
exit 2
$ printf 'username,password\nnami,$argon2id$v=19$m=19456\n' | wxbox user import -
2> error: standard input, line 2, column password: the text begins like an Argon2id hash, but is not a valid one
exit 2
$ printf 'username,password\nnami,"a\nb"\n' | wxbox user import -
2> error: standard input, line 2, column password: the password is too long or contains a control character
exit 2

"#]]);
    assert_eq!(env.count("users"), 1);
}

#[test]
fn invalid_quotes_are_reported() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ printf 'username,note\nnami,"open\nzoro,x\nusopp,y\n' | wxbox user import -
2> error: standard input, line 2: the quote that opens here is not closed
exit 2
$ printf 'username,note\nnami,"open\nzoro,"x\n' | wxbox user import -
2> error: standard input, line 3: unexpected characters after a closing quote
2> hint: write a field that contains quotes in double quotes, and double each inner quote: "a ""b"" c"
exit 2
$ printf 'username,note\nnami,"x" y\n' | wxbox user import -
2> error: standard input, line 2: unexpected characters after a closing quote
2> hint: write a field that contains quotes in double quotes, and double each inner quote: "a ""b"" c"
exit 2

"#]]);
    // Within an unquoted field, a quote is an ordinary character.
    env.run_with_stdin("user import -", "username,note\nnami,5\" disk\n").assert_success();
}

#[test]
fn invalid_json_lines_are_reported() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ printf '{"username":"nami"}\n{"username":}\n' | wxbox user import -
2> error: standard input, line 2, column 13: expected value
2> hint: write one JSON object per line; read a CSV file without --json
exit 2
$ printf '{"username":"nami"' | wxbox user import -
2> error: standard input, line 1, column 18: EOF while parsing an object
2> hint: write one JSON object per line; read a CSV file without --json
exit 2
$ printf '{"username":"nami","tag":[]}\n' | wxbox user import -
2> error: standard input, line 1: unknown column "tag"
2> hint: did you mean tags?
exit 2
$ printf '{"username":"nami","tags":"a"}\n' | wxbox user import -
2> error: standard input, line 1, column tags: tags must be a list of strings
exit 2
$ printf '{"username":"nami","tags":["a;b"]}\n' | wxbox user import -
2> error: standard input, line 1, column tags: "a;b" is not a valid tag: use 1 to 64 visible characters without a semicolon
exit 2
$ printf '{"username":7}\n' | wxbox user import -
2> error: standard input, line 1, column username: the value must be a text or null
exit 2
$ printf '\n{"note":"x"}\n' | wxbox user import -
2> error: standard input, line 2, column username: the name is empty
exit 2
$ printf 'username\nnami\n' | wxbox user import --json -
2> {"error":"standard input, line 1, column 1: expected value","hint":"write one JSON object per line; read a CSV file without --json","code":2}
exit 2
$ wxbox user import --json -
{"added":0}

"#]]);
    assert_eq!(env.count("users"), 0);
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
    env.assert_session(str![[r#"
$ printf 'username,note\nnami,x\n\302\267\267\311,y\n' | wxbox user import -
2> error: standard input, line 3, column username: the text is not UTF-8 and seems to be GBK
2> hint: convert it with `iconv -f GBK -t UTF-8`
exit 2
$ printf '\323\303\273\247\303\373\n' | wxbox user import -
2> error: standard input, line 1, column 1: the text is not UTF-8 and seems to be GBK
2> hint: convert it with `iconv -f GBK -t UTF-8`
exit 2
$ printf 'username,note\nnami,caf\351\n' | wxbox user import -
2> error: standard input, line 2, column note: the text is not UTF-8
2> hint: save it as “CSV UTF-8” in the spreadsheet, or as UTF-8 in the editor
exit 2
$ printf '{"username":"\302\267\267\311"}\n' | wxbox user import -
2> error: standard input, line 1: the text is not UTF-8 and seems to be GBK
2> hint: convert it with `iconv -f GBK -t UTF-8`
exit 2

"#]]);
    assert_eq!(env.count("users"), 1);
}

#[test]
fn existing_users_are_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.run("user edit luffy --rename lucy").assert_success();
    env.assert_session(str![[r#"
$ printf 'username\nnami\nzoro\nnami\n' | wxbox user import -
2> error: standard input, line 4: nami is already on line 2
exit 4
$ printf 'username\nnami\n lucy \n' | wxbox user import -
2> error: standard input, line 3: a user named lucy already exists
2> hint: remove the line, or use --database with another database; no user was added
exit 4
$ printf 'username\nnami\nluffy\n' | wxbox user import -
2> error: standard input, line 3: the uid of luffy belongs to lucy
2> hint: remove the line, or use --database with another database; no user was added
exit 4
$ printf 'username,uid\nnami,00000000000000000000000000000001\nzoro,00000000000000000000000000000001\n' | wxbox user import -
2> error: standard input, line 3: the uid of zoro belongs to nami on line 2
exit 4
$ printf 'username,uid\nnami,6cfbec608383fd05c271de92010d455f\n' | wxbox user import -
2> error: standard input, line 2: the uid of nami belongs to lucy
2> hint: remove the line, or use --database with another database; no user was added
exit 4

"#]]);
    assert_eq!(env.count("users"), 1);
}

#[test]
fn unreadable_files_are_reported() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox user import none.csv
2> error: cannot read none.csv: No such file or directory (os error 2)
exit 1
$ wxbox user import .
2> error: cannot read .: Is a directory (os error 21)
exit 1
$ wxbox user import
2> error: FILE is missing
2> hint: usage: wxbox user import FILE
exit 2

"#]]);
    assert!(!env.database_path().exists());
}
