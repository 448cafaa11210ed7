//! `user import` from the original web application's db.sqlite3, which is opened read-only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use md5::{Digest, Md5};
use rusqlite::{Connection, params};
use snapbox::str;

use crate::support::env::{LUFFY, NAMI, TestEnv};

/// The table as Django creates it, beside one of Django's own.
const SCHEMA: &str = "
    CREATE TABLE django_migrations (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, app varchar(255) NOT NULL);
    CREATE TABLE app01_userinfo (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
        username varchar(64) NOT NULL UNIQUE, password varchar(64) NOT NULL, uid varchar(64) NOT NULL UNIQUE,
        wx_id varchar(128) NULL);
    CREATE INDEX app01_userinfo_wx_id ON app01_userinfo (wx_id);";

fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Creates a db.sqlite3 in a directory of its own with these users: name, password, openid.
fn create_django_database(env: &TestEnv, people: &[(&str, &str, Option<&str>)]) -> (PathBuf, Connection) {
    let path = env.path("web/db.sqlite3");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(SCHEMA).unwrap();
    for (name, password, openid) in people {
        let row = "INSERT INTO app01_userinfo (username, password, uid, wx_id) VALUES (?1, ?2, ?3, ?4)";
        conn.execute(row, params![name, password, md5(name), openid]).unwrap();
    }
    (path, conn)
}

/// Returns every file of a directory with its content and its modification time.
fn snapshot_directory(dir: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.clone(), (std::fs::read(&path).unwrap(), path.metadata().unwrap().modified().unwrap())))
        .collect()
}

const USERS: [(&str, &str, Option<&str>); 4] = [
    ("luffy", "meat and more meat", Some(LUFFY)),
    (" nami", "", Some(NAMI)),
    ("路飞", "$argon2id$ is what I typed", Some("")),
    ("42", "geheim", None),
];

#[test]
fn import_accepts_uid_openid_and_hash() {
    let env = TestEnv::new();
    let (path, conn) = create_django_database(&env, &USERS);
    drop(conn);
    let before = snapshot_directory(path.parent().unwrap());
    let ran = env.run("-vv user import web/db.sqlite3").assert_success();
    assert_eq!(ran.stdout(), "added 4 users\n");
    assert_eq!(
        snapshot_directory(path.parent().unwrap()),
        before,
        "the file is only read, and nothing written beside it"
    );
    let export = env.run("--json user export").assert_success();
    for secret in ["meat and", "geheim", "is what I typed"] {
        assert!(!export.stdout().contains(secret) && !ran.stderr().contains(secret), "{secret}");
    }
    let people: Vec<(String, String, bool, Option<String>)> = export
        .json_lines()
        .iter()
        .map(|user| {
            let text = |name: &str| user[name].as_str().map(str::to_owned);
            let hashed = text("password").is_some_and(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
            (text("username").unwrap(), text("uid").unwrap(), hashed, text("openid"))
        })
        .collect();
    let person = |name: &str, uid: String, hashed, openid: Option<&str>| {
        (name.to_owned(), uid, hashed, openid.map(str::to_owned))
    };
    let expected = [
        person("42", md5("42"), true, None),
        person("luffy", md5("luffy"), true, Some(LUFFY)),
        // Names are trimmed; the uid is that of the untrimmed name.
        person("nami", md5(" nami"), false, Some(NAMI)),
        person("路飞", md5("路飞"), true, None),
    ];
    assert_eq!(people, expected);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM bindings WHERE app_id = 'wx0123456789abcdef'"), 2);
    for (name, password) in [("luffy", "meat and more meat"), ("路飞", "$argon2id$ is what I typed")] {
        let bind = env.run_with_stdin(&format!("bind --user {name} --rebind --password-stdin --timeout 1ms"), password);
        assert_eq!(bind.status(), Some(8), "the password of the file is {name}'s: {}", bind.stderr());
    }
    env.assert_session(str![[r#"
$ wxbox --json user import web/db.sqlite3
2> {"error":"web/db.sqlite3, row 1: a user named luffy already exists","hint":null,"code":4}
2> {"error":"web/db.sqlite3, row 2: a user named nami already exists","hint":null,"code":4}
2> {"error":"web/db.sqlite3, row 3: a user named 路飞 already exists","hint":null,"code":4}
2> {"error":"web/db.sqlite3, row 4: a user named 42 already exists","hint":null,"code":4}
2> {"error":"cannot import 4 of 4 users in web/db.sqlite3; no user was added","hint":"delete these rows in a copy of the file and import the copy, or use --database with another database","code":4}
exit 4

"#]]);
}

#[test]
fn invalid_users_are_listed_and_none_imported() {
    let env = TestEnv::new();
    env.run("user add usopp").assert_success();
    env.run("user add sanji").assert_success();
    env.run("user edit sanji --rename cook").assert_success();
    let (_, conn) = create_django_database(
        &env,
        &[
            ("luffy", "x", None),
            ("zoro", "x", None),
            ("  ", "x", None),
            (&"x".repeat(65), "x", None),
            ("robin", "two\nlines", None),
            ("franky", "x", Some("not an openid")),
            (" luffy ", "x", None),
            ("usopp", "x", None),
            ("sanji", "x", None),
            ("brook", "x", None),
            ("jinbe", "x", None),
            ("chopper", "geheim", None),
        ],
    );
    for sql in [
        "UPDATE app01_userinfo SET uid = 'c4ca4238a0b923820dcc509a6f75849b' WHERE username = 'zoro'",
        "UPDATE app01_userinfo SET username = x'ff00' WHERE username = 'brook'",
        "UPDATE app01_userinfo SET username = CAST(x'c2b7b7c9' AS TEXT) WHERE username = 'jinbe'",
    ] {
        assert_eq!(conn.execute(sql, []).unwrap(), 1, "{sql}");
    }
    drop(conn);
    env.assert_session(str![[r#"
$ wxbox -q user import web/db.sqlite3
2> error: web/db.sqlite3, row 2, column uid: "c4ca4238a0b923820dcc509a6f75849b" is not the MD5 of zoro
2> error: web/db.sqlite3, row 3, column username: the name is empty
2> error: web/db.sqlite3, row 4, column username: the name has 65 characters; the limit is 64
2> error: web/db.sqlite3, row 5, column password: the password is too long or contains a control character
2> error: web/db.sqlite3, row 6, column wx_id: "not an openid" is not an openid
2> error: web/db.sqlite3, row 7: luffy is already in row 1
2> error: web/db.sqlite3, row 8: a user named usopp already exists
2> error: web/db.sqlite3, row 9: the uid of sanji belongs to cook
2> error: web/db.sqlite3, row 10, column username: the value is not UTF-8 text
2> error: web/db.sqlite3, row 11, column username: the value is not UTF-8 text
2> error: cannot import 10 of 12 users in web/db.sqlite3; no user was added
2> hint: correct or delete these rows in a copy of the file, and import the copy
exit 2

"#]]);
    assert_eq!(env.count("users"), 2);
}

#[test]
fn other_databases_are_rejected() {
    let env = TestEnv::new();
    let (path, conn) = create_django_database(&env, &USERS);
    conn.execute_batch("ALTER TABLE app01_userinfo RENAME COLUMN wx_id TO openid").unwrap();
    env.assert_session(str![[r#"
$ wxbox user import web/db.sqlite3
2> error: web/db.sqlite3: the table app01_userinfo has no column wx_id
exit 2

"#]]);
    conn.execute_batch("DROP TABLE app01_userinfo").unwrap();
    env.assert_session(str![[r#"
$ wxbox user import web/db.sqlite3
2> error: web/db.sqlite3 is an SQLite database without a table app01_userinfo
2> hint: use a CSV file, a JSON Lines file, or the db.sqlite3 of the old Django application
exit 2

"#]]);
    drop(conn);
    assert!(!env.database_path().exists(), "nothing is opened for a file that cannot be used");
    env.run("user add luffy").assert_success();
    env.run("backup own.db").assert_success();
    env.assert_session(str![[r#"
$ wxbox user import own.db
2> error: own.db is a database of wxbox itself
2> hint: run `wxbox --database 'own.db' user export` and import its output
exit 2

"#]]);
    let original = std::fs::read(&path).unwrap();
    for (name, bytes) in [("head.db", &original[..16]), ("half.db", &original[..original.len() / 2])] {
        env.write_file(name, bytes);
        let ran = env.run(&format!("user import {name}"));
        assert_eq!(ran.status(), Some(2), "{}", ran.stderr());
        assert!(ran.stderr().starts_with(&format!("error: cannot read {name}: ")), "{}", ran.stderr());
    }
    let stdin = env.run_with_stdin("user import -", &original);
    assert_eq!(stdin.status(), Some(2));
    assert_eq!(
        stdin.stderr(),
        "error: cannot read an SQLite database from standard input\n\
         hint: run `wxbox user import db.sqlite3`\n"
    );
    assert_eq!(env.count("users"), 1);
}

#[test]
fn an_openid_needs_an_account() {
    let env = TestEnv::without_config();
    let (path, conn) = create_django_database(&env, &USERS);
    let ran = env.run("user import web/db.sqlite3");
    assert_eq!(ran.status(), Some(3));
    assert!(
        ran.stderr().starts_with("error: an openid requires app_id in the config: there is no config file"),
        "{}",
        ran.stderr()
    );
    assert_eq!(env.count("users"), 0);
    conn.execute_batch("UPDATE app01_userinfo SET wx_id = NULL").unwrap();
    drop(conn);
    // A file name with characters that SQLite URIs and URLs treat as syntax.
    let odd = env.path("a b?mode=rw#c%20.sqlite3");
    std::fs::rename(path, odd).unwrap();
    assert_eq!(env.run("user import 'a b?mode=rw#c%20.sqlite3'").assert_success().stdout(), "added 4 users\n");
}

#[test]
fn a_database_in_wal_mode_is_read_once_its_log_is_empty() {
    let env = TestEnv::new();
    let (path, conn) = create_django_database(&env, &USERS[..1]);
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    let row = "INSERT INTO app01_userinfo (username, password, uid) VALUES ('zoro', '', ?1)";
    conn.execute(row, [md5("zoro")]).unwrap();
    let before = snapshot_directory(path.parent().unwrap());
    assert_eq!(before.len(), 3, "a log and an index stand beside it");
    env.assert_session(str![[r#"
$ wxbox user import web/db.sqlite3
2> error: web/db.sqlite3 is in use or was not closed properly, and may be incomplete
2> hint: stop the application, then run `sqlite3 'web/db.sqlite3' 'PRAGMA journal_mode = DELETE'` and try again
exit 2

"#]]);
    assert_eq!(snapshot_directory(path.parent().unwrap()), before);
    drop(conn);
    let before = snapshot_directory(path.parent().unwrap());
    assert_eq!(before.len(), 1, "the log went into the file when it was closed");
    assert_eq!(env.run("user import web/db.sqlite3").assert_success().stdout(), "added 2 users\n");
    assert_eq!(snapshot_directory(path.parent().unwrap()), before);
}

#[test]
fn unfinished_write_is_rejected() {
    let env = TestEnv::new();
    let (path, conn) = create_django_database(&env, &USERS[..1]);
    // With a cache of one page, half of the change is in the file before the transaction ends.
    conn.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN;").unwrap();
    for n in 0..500 {
        let row = "INSERT INTO app01_userinfo (username, password, uid) VALUES (?1, ?2, ?3)";
        conn.execute(row, params![format!("p{n}"), "x".repeat(200), md5(&n.to_string())]).unwrap();
    }
    let cut = env.path("cut");
    std::fs::create_dir(&cut).unwrap();
    for (file, (bytes, _)) in snapshot_directory(path.parent().unwrap()) {
        std::fs::write(cut.join(file.file_name().unwrap()), bytes).unwrap();
    }
    drop(conn);
    let before = snapshot_directory(&cut);
    assert_eq!(before.len(), 2, "a journal stands beside it");
    let ran = env.run("user import cut/db.sqlite3");
    assert_eq!(ran.status(), Some(2), "{}", ran.stdout());
    assert!(ran.stderr().contains("is in use or was not closed"), "{}", ran.stderr());
    assert_eq!(snapshot_directory(&cut), before);
}
