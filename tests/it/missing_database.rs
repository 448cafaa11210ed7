//! Commands without a database: their reports, and that they create no file.

use snapbox::str;

use crate::support::env::{LUFFY, TestEnv, ZORO};
use crate::support::pty::Terminal;
use crate::support::push::{configure_push, event_xml, start_serve, unix_time};

fn screen_text(env: &TestEnv, line: &str) -> String {
    Terminal::start(env.command(line), 30, 200).wait().screen.contents()
}

#[test]
fn named_missing_database_is_an_error() {
    let env = TestEnv::new();
    env.prepend_config("database = 'none/wxbox.db'");
    env.write_file("batch.jsonl", "{\"user\": \"luffy\", \"text\": \"hello\"}\n");
    let account = "user list,user show luffy,user edit luffy --note x,user passwd luffy --remove,user remove luffy --yes,\
                   user export,user sync,unbind --user luffy,bind --user luffy --as-admin,outbox list,outbox status,\
                   outbox status --check 1h,outbox show 1,outbox flush,outbox retry 1,outbox retry --failed,outbox cancel 1,\
                   outbox prune --older-than 1d,send --user luffy text,send --dry-run --user luffy text,send --tag crew text,\
                   send --all text,send --batch batch.jsonl,send --dry-run --batch batch.jsonl,token,template list,serve,\
                   follower list,quota show,backup copy.db,run --user luffy -- true,doctor";
    let to_openid =
        ["text", "--no-wait text", "--dry-run text", "-t backup -d host=1", "--dry-run -t backup -d host=1"]
            .map(|options| format!("send --openid {LUFFY} {options}"));
    for line in account.split(',').chain(to_openid.iter().map(String::as_str)) {
        for (before, path) in
            [("", "none/wxbox.db"), ("-q", "none/wxbox.db"), ("-q --database elsewhere/wxbox.db", "elsewhere/wxbox.db")]
        {
            let ran = env.run(&format!("{before} {line}"));
            let printed = format!("{}{}", ran.stdout(), ran.stderr());
            assert!(printed.contains("there is no database at") && printed.contains(path), "{line}: {printed}");
            let options =
                before.strip_prefix("-q --database").map_or_else(String::new, |_| format!(" --database {path}"));
            let hint = format!("`wxbox{options} user add` and `wxbox{options} user import` create a new database");
            assert!(printed.contains(&hint), "{line}: {printed}");
            let status = match line.split(' ').next() {
                // The exit status of `run` is its command's own; a check reports on the
                // configuration.
                Some("run") => 0,
                Some("doctor") => 3,
                _ => 1,
            };
            assert_eq!(ran.status(), Some(status), "{line}: {printed}");
        }
    }
    assert!(!env.path(".config/wxbox/none").exists() && !env.path("elsewhere").exists());
    env.assert_session(str![[r#"
$ wxbox --database typo.db outbox show 1
2> error: there is no database at typo.db, which --database names
2> hint: check --database, WXBOX_DATABASE or the key database; `wxbox --database typo.db user add` and `wxbox --database typo.db user import` create a new database
exit 1
$ wxbox --database typo.db --json user list
2> {"error":"there is no database at typo.db, which --database names","hint":"check --database, WXBOX_DATABASE or the key database; `wxbox --database typo.db user add` and `wxbox --database typo.db user import` create a new database","code":1}
exit 1

"#]]);
    assert!(!env.path("typo.db").exists());
    for (line, file) in [("user add luffy", "a.db"), ("user import people.csv", "b.db")] {
        env.write_file("people.csv", "username\nluffy\n");
        env.run(&format!("--database {file} {line}")).assert_success();
        env.run(&format!("--database {file} user show luffy")).assert_success();
    }
}

#[test]
fn message_to_an_openid_creates_the_database_at_the_default_path_only() {
    let mut env = TestEnv::new();
    env.run(&format!("send --dry-run --openid {LUFFY} text")).assert_success();
    assert!(!env.database_path().exists());
    let line = format!("send --openid {LUFFY} text");
    env.run(&line).assert_success();
    assert_eq!(env.count("messages"), 1);
    env.set_variable("WXBOX_DATABASE", "typo.db");
    for (lang, expected) in [
        ("en", "there is no database at typo.db, which WXBOX_DATABASE names"),
        ("zh", "WXBOX_DATABASE 指定的数据库 typo.db 不存在"),
    ] {
        env.set_variable("WXBOX_LANG", lang);
        let refused = env.run(&line);
        assert_eq!(refused.status(), Some(1), "{}", refused.stderr());
        assert!(refused.stderr().contains(expected), "{}", refused.stderr());
        assert!(screen_text(&env, &line).contains(expected));
    }
    assert!(!env.path("typo.db").exists());
}

#[test]
fn serve_and_event_create_the_database_at_the_default_path_only() {
    let env = TestEnv::new();
    configure_push(&env, "");
    let event = || event_xml(LUFFY, unix_time(), "subscribe", "");
    let refused = env.run_with_stdin("--database typo.db event", event());
    assert_eq!(refused.status(), Some(1));
    assert!(refused.stderr().contains("there is no database at typo.db, which --database names"));
    assert!(!env.path("typo.db").exists() && !env.database_path().exists());
    let (serve, _) = start_serve(&env);
    assert!(env.database_path().exists());
    drop(serve);
    std::fs::remove_dir_all(env.database_path().parent().unwrap()).unwrap();
    env.run_with_stdin("event", event()).assert_success();
    assert!(env.database_path().exists());
}

#[test]
fn unexpanded_shell_path_is_rejected() {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox --database '$HOME/x.db' user add luffy
2> error: the path in --database contains $ or ~, which wxbox does not expand there
2> hint: write the full path; only ~/ at the beginning is supported
exit 2
$ wxbox backup '$HOME/copy.db'
2> error: the path in FILE contains $ or ~, which wxbox does not expand there
2> hint: write the full path; only ~/ at the beginning is supported
exit 2

"#]]);
    env.run("backup '~/copy.db'").assert_success();
    env.run("--database '~/copy.db' user show luffy").assert_success();
    env.set_variable("WXBOX_DATABASE", "$HOME/x.db");
    env.assert_session(str![[r#"
$ wxbox outbox flush
2> error: the path in WXBOX_DATABASE contains $ or ~, which wxbox does not expand there
2> hint: write the full path; only ~/ at the beginning is supported
exit 3
$ wxbox doctor
failure  config: the path in WXBOX_DATABASE contains $ or ~, which wxbox does not expand there
         fix: write the full path; only ~/ at the beginning is supported
2> all other checks were skipped, because they require a readable config
2> 1 failure, 0 warnings
exit 3

"#]]);
    assert!(!env.path("$HOME").exists() && !env.path("~").exists());
}

#[test]
fn other_home_or_service_directory_is_reported() {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox send --user nobody hi
2> error: there is no user nobody in [HOME]/.local/share/wxbox/wxbox.db
2> hint: run `wxbox user list` to see all users
exit 4

"#]]);
    let config = env.path(".config/wxbox/config.toml").display().to_string();
    env.set_variable("STATE_DIRECTORY", "/var/lib/some-other-unit");
    env.run("user show luffy").assert_success();
    let elsewhere = env.path("elsewhere").display().to_string();
    env.set_variable("STATE_DIRECTORY", "").set_variable("HOME", &elsewhere);
    env.run(&format!("-c {config} send --user luffy hi")).assert_snapshot(str![[r#"
exit 4
--- stderr
error: there is no user luffy in [HOME]/elsewhere/.local/share/wxbox/wxbox.db
hint: [HOME]/elsewhere/.local/share/wxbox/wxbox.db does not exist: if users were added before, with another HOME or by another system user, use --database with that file

"#]]);
    // The default path needs no warning; a monitoring command does expect a database.
    env.run(&format!("-c {config} outbox flush")).assert_success();
    env.run(&format!("-c {config} -q outbox status --check 1h")).assert_snapshot(str![[r#"
exit 1
--- stderr
error: there is no database at [HOME]/elsewhere/.local/share/wxbox/wxbox.db
hint: check --database, WXBOX_DATABASE or the key database; `wxbox -c [HOME]/.config/wxbox/config.toml user add` and `wxbox -c [HOME]/.config/wxbox/config.toml user import` create a new database

"#]]);
}

#[test]
fn default_database_may_be_missing() {
    let mut env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox user list

"#]]);
    env.set_variable("XDG_DATA_HOME", &env.path("data").display().to_string()).run("user list").assert_snapshot(str![
        [r#"
exit 0

"#]
    ]);
    assert_eq!(std::fs::read_dir(env.home.path()).unwrap().count(), 0);
}

#[test]
fn created_database_is_reported_on_terminal() {
    let mut env = TestEnv::new();
    let creates_database = |line: &str| screen_text(&env, line).contains("created a new database at");
    assert!(!creates_database("token"), "nobody named it");
    // `user add` would prompt for a password.
    env.write_file("people.csv", "username\nluffy\n");
    assert!(
        creates_database("--database b.db user import people.csv")
            && !creates_database("--database b.db user import people.csv")
            && !creates_database("-q --database c.db user import people.csv")
    );
    env.set_variable("WXBOX_DATABASE", "d.db");
    assert!(screen_text(&env, "user import people.csv").contains("created a new database at d.db"));
    assert_eq!(env.run("--database e.db user add luffy").assert_success().stderr(), "");
}

#[test]
fn empty_list_note_is_for_terminals_only() {
    let mut env = TestEnv::with_scenario(&format!(
        "templates = []\n[[people]]\nname = \"zoro\"\nopenid = \"{ZORO}\"\nfollows = false\n"
    ));
    env.set_variable("NO_COLOR", "1");
    let assert_contains = |env: &TestEnv, line: &str, expected: &str| {
        assert_eq!(screen_text(env, line), expected, "{line}");
        for line in [line.to_owned(), format!("--json {line}"), format!("-q {line}")] {
            let ran = env.run(&line).assert_success();
            assert_eq!((ran.stdout(), ran.stderr()), ("", ""), "{line}");
        }
        assert_eq!(
            screen_text(env, &format!("-q {line}")) + &screen_text(env, &format!("--json {line}")),
            "",
            "{line}"
        );
    };
    assert_contains(&env, "user list", "no users yet; run `wxbox user add NAME` to add one");
    assert_contains(&env, "outbox list", "no messages yet; run `wxbox send` to send one");
    assert_contains(&env, "outbox flush", "no messages are due");
    env.run("user add luffy --tag ops").assert_success();
    assert_contains(&env, "outbox flush", "no messages are due");
    assert_contains(&env, "user list --tag ops --bound", "no matching users; run `wxbox user list` to see all");
    assert_contains(
        &env,
        "outbox list --state failed",
        "no matching messages; run `wxbox outbox list` to see the latest",
    );
    assert_contains(&env, "template list", "the account has no templates");
    assert_contains(&env, "follower list", "the account has no followers");
    let raw =
        |env: &TestEnv| String::from_utf8(Terminal::start(env.command("outbox list"), 30, 200).wait().raw).unwrap();
    assert!(!raw(&env).contains('\u{1b}'));
    env.set_variable("NO_COLOR", "");
    assert!(raw(&env).starts_with("\u{1b}[2m"));
}
