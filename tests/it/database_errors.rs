//! Databases that cannot be used, and disks that cannot be written.

use std::process::Command;

use snapbox::str;

use crate::config_errors::run_unchanged;
use crate::support::env::TestEnv;

#[test]
fn foreign_database_is_rejected() {
    let env = TestEnv::without_config();
    env.write_file("text", "a shopping list\n".repeat(100));
    run_unchanged(&env, "--database text user list").assert_snapshot(str![[r#"
exit 1
--- stderr
error: text is not a database
hint: name the right file with --database, the variable WXBOX_DATABASE or the key database; if it was a database once: `wxbox help recovery`; this file was left as it was

"#]]);
    env.write_file("short", "x");
    run_unchanged(&env, "--database short user add luffy").assert_snapshot(str![[r#"
exit 1
--- stderr
error: short is not a database
hint: name the right file with --database, the variable WXBOX_DATABASE or the key database; if it was a database once: `wxbox help recovery`; this file was left as it was

"#]]);
    let theirs = rusqlite::Connection::open(env.path("theirs.db")).unwrap();
    theirs.execute_batch("CREATE TABLE songs (title); INSERT INTO songs VALUES ('x')").unwrap();
    drop(theirs);
    run_unchanged(&env, "--database theirs.db user add luffy").assert_snapshot(str![[r#"
exit 1
--- stderr
error: theirs.db is the database of another program
hint: name the right file with --database, the variable WXBOX_DATABASE or the key database; this one was left as it is

"#]]);
    env.run("--database newer.db user add luffy").assert_success();
    rusqlite::Connection::open(env.path("newer.db")).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    run_unchanged(&env, "--database newer.db user add nami").assert_snapshot(str![[r#"
exit 1
--- stderr
error: the database newer.db is of a newer wxbox (schema 99, this one knows 2)
hint: use the newer wxbox, or name another file with --database

"#]]);
    run_unchanged(&env, "--database newer.db user list --json").assert_snapshot(str![[r#"
exit 1
--- stderr
{"error":"the database newer.db is of a newer wxbox (schema 99, this one knows 2)","hint":"use the newer wxbox, or name another file with --database","code":1}

"#]]);
    run_unchanged(&env, "--database . user list").assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot open the database .: is a directory
hint: the user that wxbox runs as must be able to write the file and its directory

"#]]);
    run_unchanged(&env, "--database text/wxbox.db user list").assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot open the database text/wxbox.db: Not a directory (os error 20)
hint: the user that wxbox runs as must be able to write the file and its directory

"#]]);
    run_unchanged(&env, "--database /proc/wxbox.db user add luffy").assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot open the database /proc/wxbox.db: No such file or directory (os error 2)
hint: the user that wxbox runs as must be able to write the file and its directory

"#]]);
    run_unchanged(&env, "--database '' user list").assert_snapshot(str![[r#"
exit 2
--- stderr
error: --database needs a value

"#]]);
}

#[test]
fn damaged_database_is_reported() {
    let env = TestEnv::without_config();
    env.run("user add luffy").assert_success();
    env.query::<i64>("PRAGMA wal_checkpoint(TRUNCATE)");
    let mut bytes = std::fs::read(env.database_path()).unwrap();
    bytes[4096..].fill(0xaa);
    std::fs::write(env.database_path(), bytes).unwrap();
    env.run("user list").assert_snapshot(str![[r#"
exit 1
--- stderr
error: the database [HOME]/.local/share/wxbox/wxbox.db is damaged
hint: `wxbox help recovery` says how to save what is in it, and how to restore a backup; the damaged file was left as it is

"#]]);
}

/// Runs a shell script with a small file system mounted at `disk`. Prints a note and returns `None`
/// if mounting is not permitted.
pub fn run_on_mounted_disk(env: &TestEnv, script: &str) -> Option<String> {
    std::fs::create_dir_all(env.path("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=400k none disk";
    let inside = |script: &str| {
        let script = format!("{mount} && {{ {script}; }}");
        let wxbox = env.command("");
        Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &script])
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", env.home.path())
            .env("WXBOX", wxbox.get_program())
            .current_dir(env.home.path())
            .output()
    };
    match inside("true") {
        Ok(able) if able.status.success() => {}
        other => {
            println!("skipped: no file system can be mounted here: {other:?}");
            return None;
        }
    }
    let output = inside(script).unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    Some(text.replace(env.home.path().to_str().unwrap(), "[HOME]"))
}

#[test]
fn full_disk_is_reported() {
    let env = TestEnv::without_config();
    let script = "export WXBOX_DATABASE=disk/wxbox.db
        $WXBOX user add luffy 2>&1
        dd if=/dev/zero of=disk/filler bs=1k 2>/dev/null
        while $WXBOX user add nami-$((n += 1)) -q 2>error; do test $n -lt 500 || exit 9; done
        cat error
        $WXBOX user add zoro 2>&1; echo exit $?
        rm disk/filler
        $WXBOX user add usopp 2>&1
        $WXBOX user list | grep -v nami";
    let Some(said) = run_on_mounted_disk(&env, script) else { return };
    snapbox::assert_data_eq!(
        said,
        str![[r#"
added luffy
error: the disk of the database disk/wxbox.db is full
hint: make room on that disk, then try again
error: the disk of the database disk/wxbox.db is full
hint: make room on that disk, then try again
exit 1
added usopp
luffy	-		
usopp	-		

"#]]
    );
}

#[test]
fn read_only_disk_is_reported() {
    let env = TestEnv::without_config();
    let script = "export WXBOX_DATABASE=disk/wxbox.db
        $WXBOX user add luffy 2>&1
        mount -o remount,ro disk
        $WXBOX user list
        $WXBOX user add nami 2>&1; echo exit $?
        WXBOX_DATABASE=disk/new/wxbox.db $WXBOX user add nami 2>&1; echo exit $?
        mount -o remount,rw disk
        $WXBOX user list";
    let Some(said) = run_on_mounted_disk(&env, script) else { return };
    snapbox::assert_data_eq!(
        said,
        str![[r#"
added luffy
luffy	-		
error: the database disk/wxbox.db cannot be written
hint: check the mode of the file and its directory, and whether the file system is mounted read-only
exit 1
error: cannot open the database disk/new/wxbox.db: Read-only file system (os error 30)
hint: the user that wxbox runs as must be able to write the file and its directory
exit 1
luffy	-		

"#]]
    );
}

#[test]
fn memory_database_name_is_a_file() {
    let env = TestEnv::without_config();
    for name in [":memory:", "file:x.db?mode=memory"] {
        env.run(&format!("--database {name} user add luffy")).assert_success();
        env.run(&format!("--database {name} user show luffy")).assert_success();
    }
}

#[test]
fn unsaved_outcome_is_reported() {
    let env = TestEnv::with_bound_luffy();
    rusqlite::Connection::open(env.database_path())
        .unwrap()
        .execute_batch("CREATE TRIGGER broken BEFORE UPDATE ON attempts BEGIN SELECT RAISE(ABORT, 'broken'); END")
        .unwrap();
    env.run("send -u luffy hi").assert_snapshot(str![[r#"
exit 1
--- stderr
error: message 1 was tried (now sent), and that could not be written down: the database [HOME]/.local/share/wxbox/wxbox.db failed: broken
error: the database [HOME]/.local/share/wxbox/wxbox.db failed: broken
hint: do not send the messages again: 1 were sent, 0 stay queued for `wxbox outbox flush`, 0 may have arrived.

"#]]);
}
