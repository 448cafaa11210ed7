//! Databases that cannot be used, and disks that cannot be written.

use std::process::Command;

use snapbox::str;

use crate::support::env::TestEnv;

#[test]
fn foreign_database_is_rejected() {
    let env = TestEnv::without_config();
    env.write_file("text", "a shopping list\n".repeat(100));
    env.assert_unchanged_session(str![[r#"
$ wxbox --database text user list
2> error: text is not a database
2> hint: check --database, WXBOX_DATABASE or the key database; if the file was a database before, see `wxbox help recovery`; the file was not changed
exit 1

"#]]);
    env.write_file("short", "x");
    env.assert_unchanged_session(str![[r#"
$ wxbox --database short user add luffy
2> error: short is not a database
2> hint: check --database, WXBOX_DATABASE or the key database; if the file was a database before, see `wxbox help recovery`; the file was not changed
exit 1

"#]]);
    let theirs = rusqlite::Connection::open(env.path("theirs.db")).unwrap();
    theirs.execute_batch("CREATE TABLE songs (title); INSERT INTO songs VALUES ('x')").unwrap();
    drop(theirs);
    env.assert_unchanged_session(str![[r#"
$ wxbox --database theirs.db user add luffy
2> error: theirs.db is a database of another program
2> hint: check --database, WXBOX_DATABASE or the key database; the file was not changed
exit 1

"#]]);
    env.run("--database newer.db user add luffy").assert_success();
    rusqlite::Connection::open(env.path("newer.db")).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    env.assert_unchanged_session(str![[r#"
$ wxbox --database newer.db user add nami
2> error: cannot use the database newer.db: a newer wxbox created it (schema 99; this wxbox supports 4)
2> hint: use the newer wxbox, or use --database with another file
exit 1
$ wxbox --database newer.db user list --json
2> {"error":"cannot use the database newer.db: a newer wxbox created it (schema 99; this wxbox supports 4)","hint":"use the newer wxbox, or use --database with another file","code":1}
exit 1
$ wxbox --database . user list
2> error: cannot open the database .: is a directory
2> hint: check that the user of wxbox can write the file and its directory
exit 1
$ wxbox --database text/wxbox.db user list
2> error: cannot open the database text/wxbox.db: Not a directory (os error 20)
2> hint: check that the user of wxbox can write the file and its directory
exit 1
$ wxbox --database /proc/wxbox.db user add luffy
2> error: cannot open the database /proc/wxbox.db: No such file or directory (os error 2)
2> hint: check that the user of wxbox can write the file and its directory
exit 1
$ wxbox --database '' user list
2> error: --database requires a value
exit 2

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
    env.assert_session(str![[r#"
$ wxbox user list
2> error: the database [HOME]/.local/share/wxbox/wxbox.db is damaged
2> hint: run `wxbox help recovery` to see how to recover the data or restore a backup; the damaged file was not changed
exit 1

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
error: cannot write the database disk/wxbox.db: the disk is full
hint: free space on that disk, then try again
error: cannot write the database disk/wxbox.db: the disk is full
hint: free space on that disk, then try again
error: cannot write the database disk/wxbox.db: the disk is full
hint: free space on that disk, then try again
exit 1
error: cannot write the database disk/wxbox.db: the disk is full
hint: free space on that disk, then try again

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
error: cannot write the database disk/wxbox.db: the disk is full
hint: free space on that disk, then try again
error: cannot write the database disk/wxbox.db: it is read-only
hint: check the permissions of the file and its directory, and whether the file system is mounted read-only
exit 1
error: cannot open the database disk/new/wxbox.db: Read-only file system (os error 30)
hint: check that the user of wxbox can write the file and its directory
exit 1

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
    env.assert_session(str![[r#"
$ wxbox send -u luffy hi
2> error: cannot save the result of message 1 (now sent): cannot use the database [HOME]/.local/share/wxbox/wxbox.db: broken
2> error: cannot use the database [HOME]/.local/share/wxbox/wxbox.db: broken
2> hint: do not send the messages again: 1 were sent, 0 remain queued for `wxbox outbox flush`, 0 may have arrived.
exit 1

"#]]);
}
