//! Databases that were damaged, lost or restored from a copy: the damage is reported, nothing is
//! overwritten, and the steps of `wxbox help recovery` work.

use std::path::PathBuf;
use std::process::Command;

use rusqlite::Connection;
use snapbox::str;

use crate::support::env::{CommandOutput, LUFFY, NAMI, TEMPLATE_ARGS, TestEnv};
use crate::support::session::run_unchanged;

fn database_file(env: &TestEnv, ending: &str) -> PathBuf {
    env.path(&format!(".local/share/wxbox/wxbox.db{ending}"))
}

/// Returns an environment with a database in which each table and index has pages of its own, and
/// with an empty log.
fn env_with_filled_database() -> TestEnv {
    let env = TestEnv::with_scenario("crowd = 300\n");
    env.add_generated_users(300);
    env.run(&format!("-q send --no-wait --all {TEMPLATE_ARGS}")).assert_success();
    assert!(!database_file(&env, "-wal").exists());
    env
}

/// Returns the offset of the first page of a table or an index.
fn first_page_offset(env: &TestEnv, name: &str) -> usize {
    let page = env.query::<i64>(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'"));
    usize::try_from(page - 1).unwrap() * 4096
}

/// Changes the bytes of the database.
fn edit_database_bytes(env: &TestEnv, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(env.database_path()).unwrap();
    change(&mut bytes);
    std::fs::write(env.database_path(), bytes).unwrap();
}

#[track_caller]
fn assert_error(ran: &CommandOutput, what: &str) {
    assert_eq!(ran.status(), Some(1), "{}{}", ran.stdout(), ran.stderr());
    assert!(ran.stderr().contains(what), "{}", ran.stderr());
    assert!(ran.stderr().contains("/.local/share/wxbox/wxbox.db"), "{}", ran.stderr());
    assert!(ran.stderr().contains("wxbox help recovery"), "{}", ran.stderr());
}

const DATABASE_COMMANDS: [&str; 12] = [
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

/// Checks that each command that reads the damaged part reports it and changes nothing; a command
/// that does not need it may succeed. Returns how many commands reported it.
#[track_caller]
fn count_commands_reporting(env: &TestEnv, what: &str) -> usize {
    let original = std::fs::read(env.database_path()).unwrap();
    let reporting = DATABASE_COMMANDS.into_iter().filter(|line| {
        let _ = std::fs::remove_file(database_file(env, "-wal"));
        let _ = std::fs::remove_file(database_file(env, "-shm"));
        let _ = std::fs::remove_file(env.path("copy.db"));
        std::fs::write(env.database_path(), &original).unwrap();
        let ran = env.run(line);
        if ran.status() == Some(0) {
            return false;
        }
        assert_error(&ran, what);
        assert!(std::fs::read(env.database_path()).unwrap() == original, "{line} changed the file");
        assert!(!env.path("copy.db").exists(), "{line}");
        true
    });
    let reporting = reporting.count();
    let doctor = env.run("doctor");
    assert!(doctor.status() == Some(3) && doctor.stdout().contains("help recovery"), "{}", doctor.stdout());
    reporting
}

#[test]
fn damaged_page_is_reported_by_commands_that_read_it() {
    // The damaged table, and how many of the twelve commands need it.
    for (name, least) in [("users", 6), ("messages", 4), ("bindings", 4), ("messages_due", 1), ("tokens", 1)] {
        let env = env_with_filled_database();
        let at = first_page_offset(&env, name);
        edit_database_bytes(&env, |bytes| bytes[at..at + 4096].fill(0xa5));
        let reported = count_commands_reporting(&env, "is damaged");
        assert!(reported >= least, "{name}: {reported}");
    }
}

#[test]
fn damaged_or_truncated_file_is_reported_by_all() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, &str, Change); 5] = [
        ("its first bytes", "is not a database", |bytes| bytes[..16].fill(0)),
        ("its first page", "is not a database", |bytes| bytes[..4096].fill(0xa5)),
        ("the list of its tables", "is damaged", |bytes| bytes[100..4096].fill(0xa5)),
        ("cut in half", "is damaged", |bytes| bytes.truncate(bytes.len() / 2)),
        ("cut to a page", "is damaged", |bytes| bytes.truncate(4096)),
    ];
    for (how, what, change) in changes {
        let env = env_with_filled_database();
        edit_database_bytes(&env, change);
        assert_eq!(count_commands_reporting(&env, what), DATABASE_COMMANDS.len(), "{how}");
        let ran = env.run("run -u crowd000150 -- true");
        assert_eq!(ran.status(), Some(0), "the command runs whatever is wrong with ours: {how}");
        assert!(ran.stderr().contains(what), "{how}: {}", ran.stderr());
    }
}

/// Returns the database file and its log as killed processes leave them after each of the commands.
fn killed_snapshots(env: &TestEnv, lines: &[&str]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let keeper = Connection::open(env.database_path()).unwrap();
    keeper.query_row("SELECT count(*) FROM users", [], |_| Ok(())).unwrap();
    let read = |line: &&str| {
        env.run(line).assert_success();
        // Another program reads the bytes: opening and closing the file in this process would
        // release the locks of `keeper`.
        let read = |path: PathBuf| Command::new("cat").arg(path).output().unwrap().stdout;
        (read(env.database_path()), read(database_file(env, "-wal")))
    };
    let snapshots = lines.iter().map(read).collect();
    drop(keeper);
    assert!(!database_file(env, "-wal").exists());
    snapshots
}

fn restore_snapshot(env: &TestEnv, (file, log): &(Vec<u8>, Vec<u8>)) {
    std::fs::write(env.database_path(), file).unwrap();
    std::fs::write(database_file(env, "-wal"), log).unwrap();
}

#[test]
fn damaged_wal_is_reported_and_kept() {
    let env = TestEnv::new();
    env.run("user add usopp").assert_success();
    let snapshots = killed_snapshots(&env, &["user add luffy", "user add nami", "user add zoro", "user add robin"]);
    let (file, whole) = snapshots.last().unwrap();
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut log = whole.clone();
        change(&mut log);
        restore_snapshot(&env, &(file.clone(), log));
    };
    // The header; one byte of the first frame; one of a later frame.
    for at in [8, 100, snapshots[0].1.len() + 100] {
        damaged(&|log| log[at] ^= 1);
        for line in DATABASE_COMMANDS {
            assert_error(&run_unchanged(&env, line), "the write-ahead log");
        }
        assert_eq!(env.run("doctor").status(), Some(3));
    }
    // The database file is gone: SQLite would remove the log, too.
    restore_snapshot(&env, &(Vec::new(), whole.clone()));
    for line in DATABASE_COMMANDS {
        assert_error(&run_unchanged(&env, line), "is damaged");
    }
    std::fs::remove_file(env.database_path()).unwrap();
    assert_error(&run_unchanged(&env, "user add luffy"), "does not belong to the database");
    // With a damaged end, the log is valid up to there, as after a power failure.
    damaged(&|log| log[snapshots[2].1.len() + 100..].fill(0xa5));
    let people = "luffy\t-\t\t\tnot bound\nnami\t-\t\t\tnot bound\nusopp\t-\t\t\tnot bound\nzoro\t-\t\t\tnot bound\n";
    assert_eq!(env.run("user list").assert_success().stdout(), people);
    assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn foreign_wal_is_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.run("backup before.db").assert_success();
    std::fs::copy(env.database_path(), env.path("plain.db")).unwrap();
    env.run("user add nami").assert_success();
    let snapshot = killed_snapshots(&env, &["user add zoro"]).pop().unwrap();
    for copy in ["before.db", "plain.db"] {
        restore_snapshot(&env, &snapshot);
        std::fs::copy(env.path(copy), env.database_path()).unwrap();
        for line in DATABASE_COMMANDS {
            assert_error(&run_unchanged(&env, line), "does not belong to the database");
        }
        assert_eq!(env.run("doctor").status(), Some(3));
        std::fs::rename(database_file(&env, "-wal"), env.path("old-wal")).unwrap();
        assert_eq!(env.run("user list").assert_success().stdout(), "luffy\t-\t\t\tnot bound\n");
    }
    restore_snapshot(&env, &snapshot);
    assert_eq!(env.run("user list").assert_success().stdout().lines().count(), 3);
    assert!(!database_file(&env, "-wal").exists());
}

/// A container volume or `scp` keeps only the database file.
#[test]
fn database_file_alone_is_complete() {
    let mut env = TestEnv::new();
    let alone = |env: &TestEnv| {
        let names = std::fs::read_dir(env.database_path().parent().unwrap()).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.iter().all(|name| name == "wxbox.db" || name == "wxbox.db-token-lock"), "{names:?}");
        std::fs::rename(env.database_path(), env.path("alone.db")).unwrap();
        std::fs::remove_dir_all(env.database_path().parent().unwrap()).unwrap();
        std::fs::create_dir(env.database_path().parent().unwrap()).unwrap();
        std::fs::rename(env.path("alone.db"), env.database_path()).unwrap();
    };
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    alone(&env);
    env.run("send -u luffy --key once hello").assert_success();
    alone(&env);
    env.run("send -u luffy --no-wait later").assert_success();
    alone(&env);
    env.run("outbox flush").assert_success();
    alone(&env);
    env.run("run -u luffy --key run -- true").assert_success();
    alone(&env);
    env.run_with_stdin("send --batch -", "{\"user\":\"luffy\",\"text\":\"a\"}\n{\"user\":\"luffy\",\"text\":\"b\"}\n")
        .assert_success();
    alone(&env);
    env.run("template list").assert_success();
    alone(&env);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'sent'"), 5);
    env.run("send -u luffy --key once hello").assert_success();
    assert_eq!(env.sandbox().stats()["delivered"], 5);
}

#[test]
fn database_with_two_hard_links_is_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    std::fs::hard_link(env.database_path(), env.path("two.db")).unwrap();
    for line in DATABASE_COMMANDS {
        let ran = run_unchanged(&env, line);
        assert!(ran.status() == Some(1) && ran.stderr().contains("more than one name"), "{line}: {}", ran.stderr());
    }
    assert_eq!(run_unchanged(&env, "--database two.db user list").status(), Some(1));
    assert_eq!(env.run("doctor").status(), Some(3));
    std::fs::remove_file(env.path("two.db")).unwrap();
    env.run("user list").assert_success();
}

#[test]
fn directory_lock_blocks_no_command() {
    let env = TestEnv::new();
    let dir = env.database_path().parent().unwrap().to_owned();
    std::fs::create_dir_all(&dir).unwrap();
    let lock = std::fs::File::open(&dir).unwrap();
    lock.lock().unwrap();
    env.run("user add luffy").assert_success();
    drop(lock);
    // A named pipe in place of the database, its log or its lock does not block either.
    for (pipe, status) in [("a.db", 1), ("b.db-wal", 1), ("c.db-token-lock", 0)] {
        assert!(Command::new("mkfifo").arg(env.path(pipe)).status().unwrap().success());
        let name = pipe.split('-').next().unwrap();
        if name == "c.db" {
            env.run("--database c.db user add luffy").assert_success();
        }
        let ran = env.run(&format!("--database {name} token"));
        assert_eq!(ran.status(), Some(status), "{pipe}: {}", ran.stderr());
    }
}

/// Runs commands that `wxbox help recovery` must contain.
#[track_caller]
fn run_help_lines(env: &TestEnv, lines: &[&str]) {
    let help = env.run("help recovery").assert_success();
    let database = env.database_path().to_str().unwrap().to_owned();
    let dir = database.trim_end_matches("/wxbox.db").to_owned();
    for line in lines {
        assert!(help.stdout().contains(&format!("  {line}\n")), "{line} is not in the help");
    }
    let script = lines.join("\n").replace("/var/backups/wxbox.db", "../copy.db").replace("DB", "wxbox.db");
    let mut shell = Command::new("/bin/sh");
    let output = shell.args(["-exc", &script]).current_dir(&dir).env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn backup_is_restored_as_help_describes() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run("send -u luffy --no-wait --key before 'in the copy'").assert_success();
    env.run(&format!("send -u nami --no-wait {TEMPLATE_ARGS}")).assert_success();
    env.run("backup .local/share/copy.db").assert_success();
    // An hour later everything has been sent, and there is a new message.
    env.run("outbox flush").assert_success();
    env.run("send -u luffy --key after 'not in the copy'").assert_success();
    assert_eq!(env.sandbox().stats()["delivered"], 3);
    env.sandbox().post_form("clock", "forward=1h");
    edit_database_bytes(&env, |bytes| bytes[..4096].fill(0xa5));
    assert_error(&env.run("user list"), "is not a database");

    run_help_lines(&env, &["mkdir damaged", "mv DB* damaged/", "cp /var/backups/wxbox.db DB"]);
    assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
    env.assert_session(str![[r#"
$ wxbox outbox list --state queued
2	queued	nami	template	[TIME]		Backup finished: db1, 1, now
1	queued	luffy	text	[TIME]		in the copy
$ wxbox outbox cancel --all
cancelled message 1 to luffy
cancelled message 2 to nami
$ wxbox outbox flush

"#]]);
    let stats = env.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&3.into(), &0.into()), "nothing again");
    // A key that was used after the copy is unknown: this cannot be restored.
    env.run("send -u luffy --key after 'not in the copy'").assert_success();
    assert_eq!(env.sandbox().stats()["delivered"], 4);
    let mode = std::os::unix::fs::PermissionsExt::mode(&env.database_path().metadata().unwrap().permissions());
    assert_eq!(mode & 0o007, 0);
}

/// Within ten minutes WeChat drops the repeat, because the copy has the message's client_msg_id.
#[test]
fn template_repeated_from_fresh_copy_arrives_once() {
    let mut env = TestEnv::new();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run(&format!("send -u nami --no-wait {TEMPLATE_ARGS}")).assert_success();
    env.run("backup .local/share/copy.db").assert_success();
    env.run("outbox flush").assert_success();
    run_help_lines(&env, &["mkdir damaged", "mv DB* damaged/", "cp /var/backups/wxbox.db DB"]);
    env.run("outbox flush").assert_success();
    let stats = env.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&1.into(), &0.into()));
    assert_eq!(env.query::<String>("SELECT state FROM messages"), "sent");
}

#[test]
fn readable_data_of_damaged_file_is_recovered() {
    let env = env_with_filled_database();
    let at = first_page_offset(&env, "tokens");
    edit_database_bytes(&env, |bytes| bytes[at..at + 4096].fill(0xa5));
    let ours = "sqlite3 DB \"pragma application_id = 2004378161; pragma journal_mode = wal\"";
    let save = [
        "mkdir damaged",
        "mv DB* damaged/",
        "sqlite3 damaged/DB .dump | sed \"s/^ROLLBACK.*/COMMIT;/\" | sqlite3 DB",
        "version=$(sqlite3 damaged/DB \"pragma user_version\")",
        "sqlite3 DB \"pragma user_version = $version\"",
        ours,
    ];
    run_help_lines(&env, &save);
    assert_eq!(env.run("user list").assert_success().stdout().lines().count(), 300);
    assert_eq!(env.run("outbox list --limit 1000 --state queued").assert_success().stdout().lines().count(), 300);
    env.run("send -u crowd000150 hello").assert_success();
    assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn database_without_damaged_log_is_recovered() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    killed_snapshots(&env, &["user add nami"]).iter().for_each(|left| restore_snapshot(&env, left));
    std::fs::write(database_file(&env, "-wal"), [0xa5; 5000]).unwrap();
    assert_error(&env.run("user list"), "the write-ahead log");
    run_help_lines(&env, &["mkdir damaged", "mv DB* damaged/", "cp damaged/DB DB"]);
    assert_eq!(env.run("user list").assert_success().stdout(), "luffy\t-\t\t\tnot bound\n");
    assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn symlinked_database_shares_locks() {
    let mut env = TestEnv::with_scenario("crowd = 2\n");
    env.add_generated_users(2);
    std::os::unix::fs::symlink(env.database_path(), env.path("link.db")).unwrap();
    let relay = crate::support::proxy::InterceptingProxy::in_front_of(&mut env);
    relay.pause_at(crate::support::proxy::Direction::Response, "/cgi-bin/message/");
    let run = env.spawn(&format!("--database link.db send --all {TEMPLATE_ARGS}"));
    relay.expect_arrival();
    // The other process is alive: no other process may claim its messages, in flight or not.
    assert_eq!(env.run("outbox flush --json").assert_success().stdout(), "");
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE claimed_by NOTNULL"), 2);
    relay.resume_all();
    run.wait().assert_success();
    let home = list_home(&env);
    assert!(home.iter().all(|name| !name.starts_with("link.db-")), "{home:?}");
    let connection = Connection::open(env.path("link.db")).unwrap();
    assert_eq!(connection.query_row("SELECT count(*) FROM attempts", [], |row| row.get::<_, i64>(0)).unwrap(), 2);
}

fn list_home(env: &TestEnv) -> Vec<String> {
    let entries = std::fs::read_dir(env.home.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
