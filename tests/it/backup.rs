//! `backup`: a copy is complete or does not exist.

use std::os::unix::fs::PermissionsExt;

use snapbox::str;

use crate::database_errors::run_on_mounted_disk;
use crate::support::env::TestEnv;

#[test]
fn backup_equals_database() {
    let env = TestEnv::new();
    env.run("user add zoro").assert_success();
    env.run("user remove zoro --yes").assert_success();
    let other = rusqlite::Connection::open(env.database_path()).unwrap();
    other.query_row("SELECT count(*) FROM users", [], |_| Ok(())).unwrap();
    env.run("user add luffy --tag crew").assert_success();
    assert!(env.path(".local/share/wxbox/wxbox.db-wal").metadata().unwrap().len() > 0, "what counts is in the log");
    env.assert_session(str![[r#"
$ wxbox backup copy.db
copied the database to copy.db

"#]]);
    assert_eq!(env.path("copy.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    env.assert_session(str![[r#"
$ wxbox --database copy.db user list
luffy	-	crew		not bound

"#]]);
    // A write-ahead log that another database left behind must not become part of the next copy.
    env.run("--database copy.db user add stranger").assert_success();
    env.write_file("copy.db-wal", [0; 100]);
    drop(other);
    env.run("user add nami").assert_success();
    env.assert_session(str![[r#"
$ wxbox backup copy.db
2> error: copy.db already exists
2> hint: run it again with --force to replace the file
exit 2

"#]]);
    let json = env.run("backup copy.db --force --json").assert_success().json_lines();
    assert_eq!(json[0]["file"], "copy.db");
    assert_eq!(json[0]["bytes"], env.path("copy.db").metadata().unwrap().len());
    env.assert_session(str![[r#"
$ wxbox --database copy.db user list
luffy	-	crew		not bound
nami	-			not bound
$ wxbox -q backup dir/copy.db
2> error: cannot open the database dir/copy.db: No such file or directory (os error 2)
2> hint: check that the user of wxbox can write the file and its directory
exit 1
$ wxbox backup .
2> error: . is a directory, not a file
exit 2
$ wxbox backup --force .local/share/wxbox/wxbox.db
2> error: .local/share/wxbox/wxbox.db is the database itself
exit 2
$ wxbox --database none.db backup other.db
2> error: there is no database at none.db, which --database names
2> hint: check --database, WXBOX_DATABASE or the key database; `wxbox --database none.db user add` and `wxbox --database none.db user import` create a new database
exit 1
$ wxbox backup
2> error: FILE is missing
2> hint: usage: wxbox backup [OPTIONS] FILE
exit 2

"#]]);
    let mut names: Vec<_> =
        std::fs::read_dir(env.home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".config", ".local", "copy.db", "world.toml"]);
}

#[test]
fn backup_never_overwrites_other_files() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox backup --force restore
2> error: restore looks like a command, not a file name
2> hint: run `wxbox backup ./restore` to write a file with that name, or `wxbox help recovery` to restore a backup
exit 2

"#]]);
    env.run("backup ./restore").assert_success();
    env.assert_session(str![[r#"
$ wxbox backup .local/share/wxbox/wxbox.db-wal
2> error: cannot write to .local/share/wxbox/wxbox.db-wal: the database itself uses this name
exit 2
$ wxbox backup --force /dev/null
2> error: /dev/null is not a regular file
exit 2
$ wxbox backup --force .config/wxbox/config.toml
2> error: cannot replace .config/wxbox/config.toml: it is not a backup of wxbox
2> hint: use another file name, or remove that file first
exit 2

"#]]);
    let data = ".local/share/wxbox/wxbox.db";
    std::os::unix::fs::symlink(env.database_path(), env.path("link.db")).unwrap();
    std::os::unix::fs::symlink(env.path(".local/share"), env.path("share")).unwrap();
    for ending in ["", "-wal", "-shm", "-journal", "-token-lock", "-worker-0123456789abcdef", ".v1.bak"] {
        for path in [format!("{data}{ending}"), format!("share/wxbox/wxbox.db{ending}")] {
            assert_eq!(env.run(&format!("backup --force {path}")).status(), Some(2), "{path}");
        }
    }
    for path in ["link.db", "-", "share", ".config/wxbox/config.toml"] {
        assert_eq!(env.run(&format!("backup --force -- {path}")).status(), Some(2), "{path}");
    }
    // A database that is opened through a symbolic link has its sidecar files beside the target
    // file.
    assert_eq!(env.run(&format!("--database link.db backup {data}-wal")).status(), Some(2));
    // An empty file, such as `mktemp` creates.
    env.write_file("empty.db", "");
    env.run("backup --force empty.db").assert_success();
    env.run("--database empty.db user show luffy").assert_success();
}

/// Temporary files without a lock belong to processes that were killed.
#[test]
fn killed_backup_leftovers_are_removed_by_next() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    let leftovers =
        [".wxbox-copy-aaaaaa", ".local/share/wxbox/.wxbox-copy-bbbbbb"].map(|name| env.write_file(name, "left"));
    let lives = env.write_file(".wxbox-copy-cccccc", "under way");
    let lock = std::fs::OpenOptions::new().write(true).open(&lives).unwrap();
    lock.lock().unwrap();
    let other = env.write_file(".wxbox-other", "none of ours");
    env.run("backup copy.db").assert_success();
    env.run("outbox flush").assert_success();
    assert_eq!(leftovers.map(|file| file.exists()), [false, false]);
    assert!(lives.exists() && other.exists());
}

#[test]
fn backup_during_concurrent_writes_is_consistent() {
    let env = TestEnv::new();
    env.run_with_stdin("user import -", format!("username,note\n{}", csv_rows(0))).assert_success();
    let mut database = rusqlite::Connection::open(env.database_path()).unwrap();
    std::thread::scope(|scope| {
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let (begun, begins) = crossbeam_channel::bounded(0);
        scope.spawn(move || {
            // Each commit moves one unit from one note to another, so the sum is the same at every
            // moment.
            database.busy_timeout(crate::support::TEST_TIMEOUT).unwrap();
            database.execute_batch("UPDATE users SET note = '100'").unwrap();
            begun.send(()).unwrap();
            while stopped.try_recv() != Err(crossbeam_channel::TryRecvError::Disconnected) {
                let step = database.transaction().unwrap();
                step.execute("UPDATE users SET note = note - 1 WHERE username = 'p7'", []).unwrap();
                step.execute("UPDATE users SET note = note + 1 WHERE username = 'p1990'", []).unwrap();
                step.commit().unwrap();
            }
        });
        begins.recv().unwrap();
        for n in 0..5 {
            env.run(&format!("backup copy-{n}.db")).assert_success();
        }
        drop(stop);
    });
    for n in 0..5 {
        let copy = rusqlite::Connection::open(env.path(&format!("copy-{n}.db"))).unwrap();
        let one = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(one("PRAGMA integrity_check"), "ok");
        let sum = one("SELECT CAST(sum(note) AS TEXT) FROM users");
        assert_eq!(sum.trim_end_matches(".0"), "200000");
        assert_eq!(one("SELECT CAST(count(*) AS TEXT) FROM users"), "2000");
    }
}

fn csv_rows(note: u32) -> String {
    (0..2000).map(|n| format!("p{n},{note}\n")).collect()
}

#[test]
fn backup_on_full_disk_leaves_no_file() {
    let env = TestEnv::new();
    env.run_with_stdin("user import -", format!("username,note\n{}", csv_rows(7))).assert_success();
    let script = "dd if=/dev/zero of=disk/filler bs=1k count=300 2>/dev/null
        $WXBOX backup disk/copy.db 2>&1; echo exit $?
        ls -A disk
        rm disk/filler
        $WXBOX backup disk/copy.db >/dev/null 2>&1; echo exit $?
        ls -A disk";
    let Some(said) = run_on_mounted_disk(&env, script) else { return };
    snapbox::assert_data_eq!(
        said,
        str![[r#"
error: cannot write the database disk/copy.db: the disk is full
hint: free space on that disk, then try again
exit 1
filler
exit 1

"#]]
    );
}
