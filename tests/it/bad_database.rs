//! Databases that cannot be used, and disks that cannot be written.

use std::process::Command;

use snapbox::str;

use crate::bad_input::unchanged;
use crate::harness::{LUFFY, World};

#[test]
fn a_database_that_is_none_of_ours() {
    let world = World::empty();
    world.write("text", "a shopping list\n".repeat(100));
    unchanged(&world, "--database text user list").is(str![[r#"
exit 1
--- stderr
error: text is not a database
hint: name the right file with --database, the variable WXBOX_DATABASE or the key database; if it was a database once: `wxbox help recovery`; this file was left as it was

"#]]);
    world.write("short", "x");
    unchanged(&world, "--database short user add luffy").is(str![[r#"
exit 1
--- stderr
error: short is not a database
hint: name the right file with --database, the variable WXBOX_DATABASE or the key database; if it was a database once: `wxbox help recovery`; this file was left as it was

"#]]);
    let theirs = rusqlite::Connection::open(world.path("theirs.db")).unwrap();
    theirs.execute_batch("CREATE TABLE songs (title); INSERT INTO songs VALUES ('x')").unwrap();
    drop(theirs);
    unchanged(&world, "--database theirs.db user add luffy").is(str![[r#"
exit 1
--- stderr
error: theirs.db is the database of another program
hint: name the right file with --database, the variable WXBOX_DATABASE or the key database; this one was left as it is

"#]]);
    world.wxbox("--database newer.db user add luffy").ok();
    rusqlite::Connection::open(world.path("newer.db")).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    unchanged(&world, "--database newer.db user add nami").is(str![[r#"
exit 1
--- stderr
error: the database newer.db is of a newer wxbox (schema 99, this one knows 1)
hint: use the newer wxbox, or name another file with --database

"#]]);
    unchanged(&world, "--database newer.db user list --json").is(str![[r#"
exit 1
--- stderr
{"error":"the database newer.db is of a newer wxbox (schema 99, this one knows 1)","hint":"use the newer wxbox, or name another file with --database","code":1}

"#]]);
    unchanged(&world, "--database . user list").is(str![[r#"
exit 1
--- stderr
error: cannot open the database .: is a directory
hint: the user that wxbox runs as must be able to write the file and its directory

"#]]);
    unchanged(&world, "--database text/wxbox.db user list").is(str![[r#"
exit 1
--- stderr
error: cannot open the database text/wxbox.db: Not a directory (os error 20)
hint: the user that wxbox runs as must be able to write the file and its directory

"#]]);
    unchanged(&world, "--database /proc/wxbox.db user add luffy").is(str![[r#"
exit 1
--- stderr
error: cannot open the database /proc/wxbox.db: No such file or directory (os error 2)
hint: the user that wxbox runs as must be able to write the file and its directory

"#]]);
    unchanged(&world, "--database '' user list").is(str![[r#"
exit 2
--- stderr
error: a value is required for '--database <FILE>' but none was supplied

"#]]);
}

#[test]
fn a_damaged_database() {
    let world = World::empty();
    world.wxbox("user add luffy").ok();
    world.sql::<i64>("PRAGMA wal_checkpoint(TRUNCATE)");
    let mut bytes = std::fs::read(world.database()).unwrap();
    bytes[4096..].fill(0xaa);
    std::fs::write(world.database(), bytes).unwrap();
    world.wxbox("user list").is(str![[r#"
exit 1
--- stderr
error: the database [HOME]/.local/share/wxbox/wxbox.db is damaged
hint: `wxbox help recovery` says how to save what is in it, and how to restore a backup; the damaged file was left as it is

"#]]);
}

/// Runs a shell script where it may mount a small file system on `disk`; says so where it may not.
pub fn on_a_disk(world: &World, script: &str) -> Option<String> {
    std::fs::create_dir_all(world.path("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=400k none disk";
    let inside = |script: &str| {
        let script = format!("{mount} && {{ {script}; }}");
        let wxbox = world.command("");
        Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &script])
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", world.home.path())
            .env("WXBOX", wxbox.get_program())
            .current_dir(world.home.path())
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
    Some(text.replace(world.home.path().to_str().unwrap(), "[HOME]"))
}

#[test]
fn a_full_disk() {
    let world = World::empty();
    let script = "export WXBOX_DATABASE=disk/wxbox.db
        $WXBOX user add luffy 2>&1
        dd if=/dev/zero of=disk/filler bs=1k 2>/dev/null
        while $WXBOX user add nami-$((n += 1)) -q 2>error; do test $n -lt 500 || exit 9; done
        cat error
        $WXBOX user add zoro 2>&1; echo exit $?
        rm disk/filler
        $WXBOX user add usopp 2>&1
        $WXBOX user list | grep -v nami";
    let Some(said) = on_a_disk(&world, script) else { return };
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
fn a_read_only_disk() {
    let world = World::empty();
    let script = "export WXBOX_DATABASE=disk/wxbox.db
        $WXBOX user add luffy 2>&1
        mount -o remount,ro disk
        $WXBOX user list
        $WXBOX user add nami 2>&1; echo exit $?
        WXBOX_DATABASE=disk/new/wxbox.db $WXBOX user add nami 2>&1; echo exit $?
        mount -o remount,rw disk
        $WXBOX user list";
    let Some(said) = on_a_disk(&world, script) else { return };
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
fn a_name_that_sqlite_would_take_for_memory_is_a_file() {
    let world = World::empty();
    for name in [":memory:", "file:x.db?mode=memory"] {
        world.wxbox(&format!("--database {name} user add luffy")).ok();
        world.wxbox(&format!("--database {name} user show luffy")).ok();
    }
}

#[test]
fn an_outcome_that_cannot_be_written_down_is_not_passed_over() {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    rusqlite::Connection::open(world.database())
        .unwrap()
        .execute_batch("CREATE TRIGGER broken BEFORE UPDATE ON attempts BEGIN SELECT RAISE(ABORT, 'broken'); END")
        .unwrap();
    world.wxbox("send -u luffy hi").is(str![[r#"
exit 1
--- stderr
error: message 1 was tried (now sent), and that could not be written down: the database [HOME]/.local/share/wxbox/wxbox.db failed: broken
error: the database [HOME]/.local/share/wxbox/wxbox.db failed: broken
hint: do not send the messages again: 1 were sent, 0 stay queued for `wxbox outbox flush`, 0 may have arrived.

"#]]);
}
