//! Files that `user import` refuses: nobody is added, and what is wrong is named.

use snapbox::str;

use crate::harness::{Ran, World};

fn refused(world: &World, file: impl AsRef<[u8]>) -> Ran {
    world.feed("user import -", file)
}

#[test]
fn headers() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    refused(&world, "").is(str![[r#"
exit 2
--- stderr
error: standard input is empty
hint: the columns are username,uid,password,openid,tags,note; a CSV file names them in its first line

"#]]);
    refused(&world, "\n\n").is(str![[r#"
exit 2
--- stderr
error: standard input is empty
hint: the columns are username,uid,password,openid,tags,note; a CSV file names them in its first line

"#]]);
    refused(&world, "usernme,note\nx,y\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1: unknown column "usernme"
hint: did you mean username?

"#]]);
    refused(&world, "username,phone\nx,y\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1: unknown column "phone"
hint: the columns are username,uid,password,openid,tags,note; a CSV file names them in its first line

"#]]);
    refused(&world, "note,tags\nx,y\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1: there is no column username
hint: the columns are username,uid,password,openid,tags,note; a CSV file names them in its first line

"#]]);
    refused(&world, "username,note,username\nx,y,z\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1: the column username is there twice

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn fields() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    refused(&world, "username,note\nnami,x\n ,y\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 3, column username: the name is empty

"#]]);
    refused(&world, "username,note\n\"na\nmi\",x\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column username: the name holds a control character

"#]]);
    refused(&world, format!("username\n{}\n", "x".repeat(65))).is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column username: the name has 65 characters, 64 is the most

"#]]);
    refused(&world, "username,note\nnami,\"a\nb\"\nzoro\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 4: one field, but 2 columns
hint: a field with a , or a line break in it stands in double quotes

"#]]);
    refused(&world, "username,note\nzoro,a, b\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2: 3 fields, but 2 columns
hint: a field with a , or a line break in it stands in double quotes

"#]]);
    refused(&world, "username,openid\nnami,o x\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column openid: "o x" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    refused(&world, "username,tags\nnami,\"a;b\tc\"\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column tags: "b c" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon

"#]]);
    refused(&world, "username,uid\nnami,963C7DA1AE5DDE1A98320EC528DEAFF1\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column uid: "963C7DA1AE5DDE1A98320EC528DEAFF1" is no uid
hint: a uid has 32 hex digits, 0-9 and a-f; without one it is made of the name

"#]]);
    refused(&world, "username,uid\nnami,12\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column uid: "12" is no uid
hint: a uid has 32 hex digits, 0-9 and a-f; without one it is made of the name

"#]]);
    refused(&world, "username,password\nnami,$argon2id$v=19$m=19456\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column password: this begins like an Argon2id hash, but is none that can be checked

"#]]);
    refused(&world, "username,password\nnami,\"a\nb\"\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column password: this cannot be a password: it is too long, or holds a control character

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn quotes() {
    let world = World::new();
    refused(&world, "username,note\nnami,\"open\nzoro,x\nusopp,y\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2: the quote that opens here is never closed

"#]]);
    refused(&world, "username,note\nnami,\"open\nzoro,\"x\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 3: something stands behind a closing quote
hint: a field with quotes in it stands in double quotes, and each of its own is doubled: "a ""b"" c"

"#]]);
    refused(&world, "username,note\nnami,\"x\" y\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2: something stands behind a closing quote
hint: a field with quotes in it stands in double quotes, and each of its own is doubled: "a ""b"" c"

"#]]);
    // Inside a field, a quote is only a quote.
    world.feed("user import -", "username,note\nnami,5\" disk\n").ok();
}

#[test]
fn json_lines() {
    let world = World::new();
    refused(&world, "{\"username\":\"nami\"}\n{\"username\":}\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column 13: expected value
hint: each line is one JSON object; a CSV file is read without --json

"#]]);
    refused(&world, "{\"username\":\"nami\"").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column 18: EOF while parsing an object
hint: each line is one JSON object; a CSV file is read without --json

"#]]);
    refused(&world, "{\"username\":\"nami\",\"tag\":[]}\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1: unknown column "tag"
hint: did you mean tags?

"#]]);
    refused(&world, "{\"username\":\"nami\",\"tags\":\"a\"}\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column tags: tags must be a list of texts

"#]]);
    refused(&world, "{\"username\":\"nami\",\"tags\":[\"a;b\"]}\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column tags: "a;b" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon

"#]]);
    refused(&world, "{\"username\":7}\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column username: this must be a text or null

"#]]);
    refused(&world, "\n{\"note\":\"x\"}\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column username: the name is empty

"#]]);
    world.feed("user import --json -", "username\nnami\n").is(str![[r#"
exit 2
--- stderr
{"error":"standard input, line 1, column 1: expected value","hint":"each line is one JSON object; a CSV file is read without --json","code":2}

"#]]);
    world.feed("user import --json -", "").is(str![[r#"
exit 0
--- stdout
{"added":0}

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM users"), 0);
}

#[test]
fn encodings() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    let wide = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    refused(&world, wide("\u{feff}username\n路飞\n", u16::to_le_bytes)).is(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8, but UTF-16 or no text at all
hint: convert it first, for instance with `iconv -f UTF-16 -t UTF-8`

"#]]);
    refused(&world, wide("\u{feff}username\n路飞\n", u16::to_be_bytes)).is(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8, but UTF-16 or no text at all
hint: convert it first, for instance with `iconv -f UTF-16 -t UTF-8`

"#]]);
    refused(&world, wide("username\n路飞\n", u16::to_le_bytes)).is(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8, but UTF-16 or no text at all
hint: convert it first, for instance with `iconv -f UTF-16 -t UTF-8`

"#]]);
    refused(&world, b"username,note\nnami,x\n\xc2\xb7\xb7\xc9,y\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 3, column username: this is not UTF-8, but GBK by the look of it
hint: convert it first, for instance with `iconv -f GBK -t UTF-8`

"#]]);
    refused(&world, b"\xd3\xc3\xbb\xa7\xc3\xfb\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1, column 1: this is not UTF-8, but GBK by the look of it
hint: convert it first, for instance with `iconv -f GBK -t UTF-8`

"#]]);
    refused(&world, b"username,note\nnami,caf\xe9\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 2, column note: this is not UTF-8
hint: convert it first, for instance with `iconv -f GBK -t UTF-8`

"#]]);
    refused(&world, b"{\"username\":\"\xc2\xb7\xb7\xc9\"}\n").is(str![[r#"
exit 2
--- stderr
error: standard input, line 1: this is not UTF-8, but GBK by the look of it
hint: convert it first, for instance with `iconv -f GBK -t UTF-8`

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn who_is_there_already() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("user edit luffy --rename lucy").ok();
    refused(&world, "username\nnami\nzoro\nnami\n").is(str![[r#"
exit 4
--- stderr
error: standard input, line 4: nami is on line 2 already

"#]]);
    refused(&world, "username\nnami\n lucy \n").is(str![[r#"
exit 4
--- stderr
error: standard input, line 3: a user named lucy exists already
hint: nobody was added; take the line out, or import into another database with --database

"#]]);
    refused(&world, "username\nnami\nluffy\n").is(str![[r#"
exit 4
--- stderr
error: standard input, line 3: the uid of luffy belongs to lucy
hint: nobody was added; take the line out, or import into another database with --database

"#]]);
    refused(&world, "username,uid\nnami,00000000000000000000000000000001\nzoro,00000000000000000000000000000001\n").is(
        str![[r#"
exit 4
--- stderr
error: standard input, line 3: the uid of zoro belongs to nami on line 2

"#]],
    );
    refused(&world, "username,uid\nnami,6cfbec608383fd05c271de92010d455f\n").is(str![[r#"
exit 4
--- stderr
error: standard input, line 2: the uid of nami belongs to lucy
hint: nobody was added; take the line out, or import into another database with --database

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn files_that_cannot_be_read() {
    let world = World::empty();
    world.wxbox("user import none.csv").is(str![[r#"
exit 1
--- stderr
error: cannot read none.csv: No such file or directory (os error 2)

"#]]);
    world.wxbox("user import .").is(str![[r#"
exit 1
--- stderr
error: cannot read .: Is a directory (os error 21)

"#]]);
    world.wxbox("user import").is(str![[r#"
exit 2
--- stderr
error: the following required arguments were not provided: <FILE>
hint: the usage is: wxbox user import <FILE>

"#]]);
    assert!(!world.database().exists());
}
