//! `backup`: a copy that is whole or not there.

use std::os::unix::fs::PermissionsExt;

use snapbox::str;

use crate::bad_database::on_a_disk;
use crate::harness::World;

#[test]
fn the_copy_is_the_database() {
    let world = World::new();
    world.wxbox("user add zoro").ok();
    world.wxbox("user remove zoro --yes").ok();
    let other = rusqlite::Connection::open(world.database()).unwrap();
    other.query_row("SELECT count(*) FROM users", [], |_| Ok(())).unwrap();
    world.wxbox("user add luffy --tag crew").ok();
    assert!(world.path(".local/share/wxbox/wxbox.db-wal").metadata().unwrap().len() > 0, "what counts is in the log");
    world.wxbox("backup copy.db").is(str![[r#"
exit 0
--- stdout
copied the database to copy.db

"#]]);
    assert_eq!(world.path("copy.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    world.wxbox("--database copy.db user list").is(str![[r#"
exit 0
--- stdout
luffy	-	crew	

"#]]);
    // A log that somebody left there must not get into the next copy.
    world.wxbox("--database copy.db user add stranger").ok();
    world.write("copy.db-wal", [0; 100]);
    drop(other);
    world.wxbox("user add nami").ok();
    world.wxbox("backup copy.db").is(str![[r#"
exit 2
--- stderr
error: copy.db exists already
hint: --force replaces it, once the new copy is whole

"#]]);
    let json = world.wxbox("backup copy.db --force --json").ok().json();
    assert_eq!(json[0]["file"], "copy.db");
    assert_eq!(json[0]["bytes"], world.path("copy.db").metadata().unwrap().len());
    world.wxbox("--database copy.db user list").is(str![[r#"
exit 0
--- stdout
luffy	-	crew	
nami	-		

"#]]);
    world.wxbox("-q backup dir/copy.db").is(str![[r#"
exit 1
--- stderr
error: cannot open the database dir/copy.db: No such file or directory (os error 2)
hint: the user that wxbox runs as must be able to write the file and its directory

"#]]);
    world.wxbox("backup .").is(str![[r#"
exit 2
--- stderr
error: . is a directory: name the file that is to be written

"#]]);
    world.wxbox("backup --force .local/share/wxbox/wxbox.db").is(str![[r#"
exit 2
--- stderr
error: .local/share/wxbox/wxbox.db is the database itself

"#]]);
    world.wxbox("--database none.db backup other.db").is(str![[r#"
exit 1
--- stderr
error: there is no database at none.db, which --database names
hint: `wxbox user add` and `wxbox user import` make one; if there should be one, name the right file with --database, the variable WXBOX_DATABASE or the key database

"#]]);
    world.wxbox("backup").is(str![[r#"
exit 2
--- stderr
error: the following required arguments were not provided: <FILE>
hint: the usage is: wxbox backup <FILE>

"#]]);
    let mut names: Vec<_> =
        std::fs::read_dir(world.home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".config", ".local", "copy.db", "world.toml"]);
}

#[test]
fn a_copy_is_never_written_onto_what_is_none() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("backup --force restore").is(str![[r#"
exit 2
--- stderr
error: restore looks like a word, not like the name of a file
hint: to write a file of that name: wxbox backup ./restore; to restore a backup: `wxbox help recovery`

"#]]);
    world.wxbox("backup ./restore").ok();
    world.wxbox("backup .local/share/wxbox/wxbox.db-wal").is(str![[r#"
exit 2
--- stderr
error: .local/share/wxbox/wxbox.db-wal is the name of a file that belongs to the database itself

"#]]);
    world.wxbox("backup --force /dev/null").is(str![[r#"
exit 2
--- stderr
error: /dev/null is not a regular file

"#]]);
    world.wxbox("backup --force .config/wxbox/config.toml").is(str![[r#"
exit 2
--- stderr
error: .config/wxbox/config.toml is not a backup of wxbox: --force does not replace it
hint: name another file, or remove that one first

"#]]);
    let data = ".local/share/wxbox/wxbox.db";
    std::os::unix::fs::symlink(world.database(), world.path("link.db")).unwrap();
    std::os::unix::fs::symlink(world.path(".local/share"), world.path("share")).unwrap();
    for ending in ["", "-wal", "-shm", "-journal", "-token-lock", "-worker-0123456789abcdef", ".v1.bak"] {
        for path in [format!("{data}{ending}"), format!("share/wxbox/wxbox.db{ending}")] {
            assert_eq!(world.wxbox(&format!("backup --force {path}")).status(), Some(2), "{path}");
        }
    }
    for path in ["link.db", "-", "share", ".config/wxbox/config.toml"] {
        assert_eq!(world.wxbox(&format!("backup --force -- {path}")).status(), Some(2), "{path}");
    }
    // The database by the name of a link has its files beside the file.
    assert_eq!(world.wxbox(&format!("--database link.db backup {data}-wal")).status(), Some(2));
    // Nothing in it yet, as `mktemp` leaves it.
    world.write("empty.db", "");
    world.wxbox("backup --force empty.db").ok();
    world.wxbox("--database empty.db user show luffy").ok();
}

/// Those that hold no lock any more are of processes that were killed.
#[test]
fn what_a_killed_backup_left_is_removed_by_the_next() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    let left = [".wxbox-copy-aaaaaa", ".local/share/wxbox/.wxbox-copy-bbbbbb"].map(|name| world.write(name, "left"));
    let lives = world.write(".wxbox-copy-cccccc", "under way");
    let lock = std::fs::OpenOptions::new().write(true).open(&lives).unwrap();
    lock.lock().unwrap();
    let other = world.write(".wxbox-other", "none of ours");
    world.wxbox("backup copy.db").ok();
    world.wxbox("outbox flush").ok();
    assert_eq!(left.map(|file| file.exists()), [false, false]);
    assert!(lives.exists() && other.exists());
}

#[test]
fn others_write_meanwhile() {
    let world = World::new();
    world.feed("user import -", format!("username,note\n{}", rows(0))).ok();
    let mut database = rusqlite::Connection::open(world.database()).unwrap();
    std::thread::scope(|scope| {
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let (begun, begins) = crossbeam_channel::bounded(0);
        scope.spawn(move || {
            // Each commit moves one from a note to another: the sum stays, at every moment.
            database.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
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
            world.wxbox(&format!("backup copy-{n}.db")).ok();
        }
        drop(stop);
    });
    for n in 0..5 {
        let copy = rusqlite::Connection::open(world.path(&format!("copy-{n}.db"))).unwrap();
        let one = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(one("PRAGMA integrity_check"), "ok");
        let sum = one("SELECT CAST(sum(note) AS TEXT) FROM users");
        assert_eq!(sum.trim_end_matches(".0"), "200000");
        assert_eq!(one("SELECT CAST(count(*) AS TEXT) FROM users"), "2000");
    }
}

fn rows(note: u32) -> String {
    (0..2000).map(|n| format!("p{n},{note}\n")).collect()
}

#[test]
fn a_full_disk_leaves_nothing() {
    let world = World::new();
    world.feed("user import -", format!("username,note\n{}", rows(7))).ok();
    let script = "dd if=/dev/zero of=disk/filler bs=1k count=300 2>/dev/null
        $WXBOX backup disk/copy.db 2>&1; echo exit $?
        ls -A disk
        rm disk/filler
        $WXBOX backup disk/copy.db >/dev/null 2>&1; echo exit $?
        ls -A disk";
    let Some(said) = on_a_disk(&world, script) else { return };
    snapbox::assert_data_eq!(
        said,
        str![[r#"
error: the disk of the database disk/copy.db is full
hint: make room on that disk, then try again
exit 1
filler
exit 0
copy.db

"#]]
    );
}
