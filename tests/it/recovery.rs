//! Databases that were damaged, lost, or put back from a copy: it is said, nothing is overwritten, and the way back
//! that `wxbox help recovery` shows is walked here.

use std::path::PathBuf;
use std::process::Command;

use rusqlite::Connection;
use snapbox::str;

use crate::bad_input::unchanged;
use crate::harness::{LUFFY, NAMI, Ran, World};

const TEMPLATE: &str = "-t backup -d host=db1 -d size=1 -d time=now";

fn beside(world: &World, ending: &str) -> PathBuf {
    world.path(&format!(".local/share/wxbox/wxbox.db{ending}"))
}

/// A database with enough in it that its tables and indexes have pages of their own, all of it in the file.
fn filled() -> World {
    let world = World::of("crowd = 300\n");
    world.crowd(300);
    world.wxbox(&format!("-q send --no-wait --all {TEMPLATE}")).ok();
    assert!(!beside(&world, "-wal").exists());
    world
}

/// The first page of a table or an index.
fn page_of(world: &World, name: &str) -> usize {
    let page = world.sql::<i64>(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'"));
    usize::try_from(page - 1).unwrap() * 4096
}

/// Changes the bytes of the database.
fn damage(world: &World, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(world.database()).unwrap();
    change(&mut bytes);
    std::fs::write(world.database(), bytes).unwrap();
}

#[track_caller]
fn is_said(ran: &Ran, what: &str) {
    assert_eq!(ran.status(), Some(1), "{}{}", ran.stdout(), ran.stderr());
    assert!(ran.stderr().contains(what), "{}", ran.stderr());
    assert!(ran.stderr().contains("/.local/share/wxbox/wxbox.db"), "{}", ran.stderr());
    assert!(ran.stderr().contains("wxbox help recovery"), "{}", ran.stderr());
}

const LINES: [&str; 12] = [
    "user list",
    "user show crowd000150",
    "user add luffy",
    "user export",
    "send -u crowd000150 hello",
    "send --all hello",
    "outbox list --limit 1000",
    "outbox flush",
    "outbox status",
    "outbox cancel --all",
    "template list",
    "backup copy.db",
];

/// Each command that comes upon the damage says so and leaves all as it was; one that does not need what is damaged
/// may go on. Gives back how many said so.
#[track_caller]
fn whoever_meets_it_says_so(world: &World, what: &str) -> usize {
    let whole = std::fs::read(world.database()).unwrap();
    let said = LINES.into_iter().filter(|line| {
        let _ = std::fs::remove_file(beside(world, "-wal"));
        let _ = std::fs::remove_file(beside(world, "-shm"));
        let _ = std::fs::remove_file(world.path("copy.db"));
        std::fs::write(world.database(), &whole).unwrap();
        let ran = world.wxbox(line);
        if ran.status() == Some(0) {
            return false;
        }
        is_said(&ran, what);
        assert!(std::fs::read(world.database()).unwrap() == whole, "{line} changed the file");
        assert!(!world.path("copy.db").exists(), "{line}");
        true
    });
    let said = said.count();
    let doctor = world.wxbox("doctor");
    assert!(doctor.status() == Some(3) && doctor.stdout().contains("help recovery"), "{}", doctor.stdout());
    said
}

#[test]
fn a_damaged_page_is_said_by_whoever_comes_upon_it() {
    // Which, and how many of the twelve commands cannot do without.
    for (name, least) in [("users", 6), ("messages", 4), ("bindings", 4), ("messages_due", 1), ("tokens", 1)] {
        let world = filled();
        let at = page_of(&world, name);
        damage(&world, |bytes| bytes[at..at + 4096].fill(0xa5));
        let said = whoever_meets_it_says_so(&world, "is damaged");
        assert!(said >= least, "{name}: {said}");
    }
}

#[test]
fn a_damaged_or_shortened_file_is_said_by_all() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, &str, Change); 5] = [
        ("its first bytes", "is not a database", |bytes| bytes[..16].fill(0)),
        ("its first page", "is not a database", |bytes| bytes[..4096].fill(0xa5)),
        ("the list of its tables", "is damaged", |bytes| bytes[100..4096].fill(0xa5)),
        ("cut in half", "is damaged", |bytes| bytes.truncate(bytes.len() / 2)),
        ("cut to a page", "is damaged", |bytes| bytes.truncate(4096)),
    ];
    for (how, what, change) in changes {
        let world = filled();
        damage(&world, change);
        assert_eq!(whoever_meets_it_says_so(&world, what), LINES.len(), "{how}");
        let ran = world.wxbox("run -u crowd000150 -- true");
        assert_eq!(ran.status(), Some(0), "the command runs whatever is wrong with ours: {how}");
        assert!(ran.stderr().contains(what), "{how}: {}", ran.stderr());
    }
}

/// File and log as killed processes leave them, after each of the lines.
fn killed(world: &World, lines: &[&str]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let keeper = Connection::open(world.database()).unwrap();
    keeper.query_row("SELECT count(*) FROM users", [], |_| Ok(())).unwrap();
    let read = |line: &&str| {
        world.wxbox(line).ok();
        // As bytes of another program: to open and close the file here would take the keeper's locks.
        let read = |path: PathBuf| Command::new("cat").arg(path).output().unwrap().stdout;
        (read(world.database()), read(beside(world, "-wal")))
    };
    let left = lines.iter().map(read).collect();
    drop(keeper);
    assert!(!beside(world, "-wal").exists());
    left
}

fn put(world: &World, (file, log): &(Vec<u8>, Vec<u8>)) {
    std::fs::write(world.database(), file).unwrap();
    std::fs::write(beside(world, "-wal"), log).unwrap();
}

#[test]
fn a_damaged_log_is_said_and_kept() {
    let world = World::new();
    world.wxbox("user add usopp").ok();
    let left = killed(&world, &["user add luffy", "user add nami", "user add zoro", "user add robin"]);
    let (file, whole) = left.last().unwrap();
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut log = whole.clone();
        change(&mut log);
        put(&world, &(file.clone(), log));
    };
    // Its head; one byte of its first frame; a later one.
    for at in [8, 100, left[0].1.len() + 100] {
        damaged(&|log| log[at] ^= 1);
        for line in LINES {
            is_said(&unchanged(&world, line), "the write-ahead log");
        }
        assert_eq!(world.wxbox("doctor").status(), Some(3));
    }
    // Its file is gone: SQLite would remove the log, too.
    put(&world, &(Vec::new(), whole.clone()));
    for line in LINES {
        is_said(&unchanged(&world, line), "is damaged");
    }
    std::fs::remove_file(world.database()).unwrap();
    is_said(&unchanged(&world, "user add luffy"), "does not belong to the database");
    // Its end: it counts up to there, as after a power cut.
    damaged(&|log| log[left[2].1.len() + 100..].fill(0xa5));
    let people = "luffy\t-\t\t\nnami\t-\t\t\nusopp\t-\t\t\nzoro\t-\t\t\n";
    assert_eq!(world.wxbox("user list").ok().stdout(), people);
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn a_copy_that_is_put_beside_the_log_of_another_is_said() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("backup before.db").ok();
    std::fs::copy(world.database(), world.path("plain.db")).unwrap();
    world.wxbox("user add nami").ok();
    let left = killed(&world, &["user add zoro"]).pop().unwrap();
    for copy in ["before.db", "plain.db"] {
        put(&world, &left);
        std::fs::copy(world.path(copy), world.database()).unwrap();
        for line in LINES {
            is_said(&unchanged(&world, line), "does not belong to the database");
        }
        assert_eq!(world.wxbox("doctor").status(), Some(3));
        std::fs::rename(beside(&world, "-wal"), world.path("old-wal")).unwrap();
        assert_eq!(world.wxbox("user list").ok().stdout(), "luffy\t-\t\t\n");
    }
    put(&world, &left);
    assert_eq!(world.wxbox("user list").ok().stdout().lines().count(), 3);
    assert!(!beside(&world, "-wal").exists());
}

/// A container keeps that file alone, `scp` takes it alone.
#[test]
fn the_file_alone_is_the_database() {
    let mut world = World::new();
    let alone = |world: &World| {
        let names = std::fs::read_dir(world.database().parent().unwrap()).unwrap();
        let names: Vec<_> = names.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.iter().all(|it| it == "wxbox.db" || it == "wxbox.db-token-lock"), "{names:?}");
        std::fs::rename(world.database(), world.path("alone.db")).unwrap();
        std::fs::remove_dir_all(world.database().parent().unwrap()).unwrap();
        std::fs::create_dir(world.database().parent().unwrap()).unwrap();
        std::fs::rename(world.path("alone.db"), world.database()).unwrap();
    };
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    alone(&world);
    world.wxbox("send -u luffy --key once hello").ok();
    alone(&world);
    world.wxbox("send -u luffy --no-wait later").ok();
    alone(&world);
    world.wxbox("outbox flush").ok();
    alone(&world);
    world.wxbox("run -u luffy --key run -- true").ok();
    alone(&world);
    world.feed("send --batch -", "{\"user\":\"luffy\",\"text\":\"a\"}\n{\"user\":\"luffy\",\"text\":\"b\"}\n").ok();
    alone(&world);
    world.wxbox("template list").ok();
    alone(&world);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'sent'"), 5);
    world.wxbox("send -u luffy --key once hello").ok();
    assert_eq!(world.sandbox().stats()["delivered"], 5);
}

#[test]
fn a_database_of_two_names_is_said() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    std::fs::hard_link(world.database(), world.path("two.db")).unwrap();
    for line in LINES {
        let ran = unchanged(&world, line);
        assert!(ran.status() == Some(1) && ran.stderr().contains("more than one name"), "{line}: {}", ran.stderr());
    }
    assert_eq!(unchanged(&world, "--database two.db user list").status(), Some(1));
    assert_eq!(world.wxbox("doctor").status(), Some(3));
    std::fs::remove_file(world.path("two.db")).unwrap();
    world.wxbox("user list").ok();
}

#[test]
fn nobody_waits_for_a_lock_on_the_directory() {
    let world = World::new();
    let dir = world.database().parent().unwrap().to_owned();
    std::fs::create_dir_all(&dir).unwrap();
    let held = std::fs::File::open(&dir).unwrap();
    held.lock().unwrap();
    world.wxbox("user add luffy").ok();
    drop(held);
    // A pipe in the place of the database, its log or its lock is not waited for, either.
    for (pipe, status) in [("a.db", 1), ("b.db-wal", 1), ("c.db-token-lock", 0)] {
        assert!(Command::new("mkfifo").arg(world.path(pipe)).status().unwrap().success());
        let name = pipe.split('-').next().unwrap();
        if name == "c.db" {
            world.wxbox("--database c.db user add luffy").ok();
        }
        let ran = world.wxbox(&format!("--database {name} token"));
        assert_eq!(ran.status(), Some(status), "{pipe}: {}", ran.stderr());
    }
}

/// Runs lines of `wxbox help recovery`, which must be there.
#[track_caller]
fn as_helped(world: &World, lines: &[&str]) {
    let help = world.wxbox("help recovery").ok();
    let database = world.database().to_str().unwrap().to_owned();
    let dir = database.trim_end_matches("/wxbox.db").to_owned();
    for line in lines {
        assert!(help.stdout().contains(&format!("  {line}\n")), "{line} is not in the help");
    }
    let script = lines.join("\n").replace("/var/backups/wxbox.db", "../copy.db").replace("DB", "wxbox.db");
    let mut shell = Command::new("sh");
    let done = shell.args(["-exc", &script]).current_dir(&dir).env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_copy_is_put_back_as_the_help_says() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.wxbox("send -u luffy --no-wait --key before 'in the copy'").ok();
    world.wxbox(&format!("send -u nami --no-wait {TEMPLATE}")).ok();
    world.wxbox("backup .local/share/copy.db").ok();
    // An hour goes by, in which all is sent, and something new.
    world.wxbox("outbox flush").ok();
    world.wxbox("send -u luffy --key after 'not in the copy'").ok();
    assert_eq!(world.sandbox().stats()["delivered"], 3);
    world.sandbox().form("clock", "forward=1h");
    damage(&world, |bytes| bytes[..4096].fill(0xa5));
    is_said(&world.wxbox("user list"), "is not a database");

    as_helped(&world, &["mkdir damaged", "mv DB* damaged/", "cp /var/backups/wxbox.db DB"]);
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
    world.wxbox("outbox list --state queued").is(str![[r#"
exit 0
--- stdout
2	queued	nami	template	[TIME]	
1	queued	luffy	text	[TIME]	

"#]]);
    world.wxbox("outbox cancel --all").is(str![[r#"
exit 0
--- stdout
cancelled message 1 to luffy
cancelled message 2 to nami

"#]]);
    world.wxbox("outbox flush").is(str![[r#"
exit 0

"#]]);
    let stats = world.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&3.into(), &0.into()), "nothing again");
    // What cannot be had: a key used since is not known.
    world.wxbox("send -u luffy --key after 'not in the copy'").ok();
    assert_eq!(world.sandbox().stats()["delivered"], 4);
    let mode = std::os::unix::fs::PermissionsExt::mode(&world.database().metadata().unwrap().permissions());
    assert_eq!(mode & 0o007, 0);
}

/// Within ten minutes WeChat drops the repeat, since the copy has the message's id, too.
#[test]
fn a_template_that_a_fresh_copy_sends_again_arrives_once() {
    let mut world = World::new();
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.wxbox(&format!("send -u nami --no-wait {TEMPLATE}")).ok();
    world.wxbox("backup .local/share/copy.db").ok();
    world.wxbox("outbox flush").ok();
    as_helped(&world, &["mkdir damaged", "mv DB* damaged/", "cp /var/backups/wxbox.db DB"]);
    world.wxbox("outbox flush").ok();
    let stats = world.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&1.into(), &0.into()));
    assert_eq!(world.sql::<String>("SELECT state FROM messages"), "sent");
}

#[test]
fn what_can_be_read_of_a_damaged_file_is_saved_as_the_help_says() {
    let world = filled();
    let at = page_of(&world, "tokens");
    damage(&world, |bytes| bytes[at..at + 4096].fill(0xa5));
    let ours = "sqlite3 DB \"pragma application_id = 2004378161; pragma journal_mode = wal\"";
    let save = [
        "mkdir damaged",
        "mv DB* damaged/",
        "sqlite3 damaged/DB .dump | sed \"s/^ROLLBACK.*/COMMIT;/\" | sqlite3 DB",
        "version=$(sqlite3 damaged/DB \"pragma user_version\")",
        "sqlite3 DB \"pragma user_version = $version\"",
        ours,
    ];
    as_helped(&world, &save);
    assert_eq!(world.wxbox("user list").ok().stdout().lines().count(), 300);
    assert_eq!(world.wxbox("outbox list --limit 1000 --state queued").ok().stdout().lines().count(), 300);
    world.wxbox("send -u crowd000150 hello").ok();
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn without_its_damaged_log_a_file_is_used_as_the_help_says() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    killed(&world, &["user add nami"]).iter().for_each(|left| put(&world, left));
    std::fs::write(beside(&world, "-wal"), [0xa5; 5000]).unwrap();
    is_said(&world.wxbox("user list"), "the write-ahead log");
    as_helped(&world, &["mkdir damaged", "mv DB* damaged/", "cp damaged/DB DB"]);
    assert_eq!(world.wxbox("user list").ok().stdout(), "luffy\t-\t\t\n");
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn two_names_of_one_database_meet_at_the_same_locks() {
    let mut world = World::of("crowd = 2\n");
    world.crowd(2);
    std::os::unix::fs::symlink(world.database(), world.path("link.db")).unwrap();
    let relay = crate::relay::Relay::between(&mut world);
    relay.hold(crate::relay::Side::Answer, "/cgi-bin/message/");
    let run = world.spawn(&format!("--database link.db send --all {TEMPLATE}"));
    relay.holds();
    // The other process lives: what it is at, and what it has taken, is not anybody's.
    assert_eq!(world.wxbox("outbox flush --json").ok().stdout(), "");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE worker NOTNULL"), 2);
    relay.release();
    run.end().ok();
    let home = files_of(&world);
    assert!(home.iter().all(|name| !name.starts_with("link.db-")), "{home:?}");
    let kept = Connection::open(world.path("link.db")).unwrap();
    assert_eq!(kept.query_row("SELECT count(*) FROM attempts", [], |row| row.get::<_, i64>(0)).unwrap(), 2);
}

fn files_of(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.home.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
