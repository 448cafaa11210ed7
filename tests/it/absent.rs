//! What is said, and what is not made, where there is nothing.

use snapbox::str;

use crate::harness::{LUFFY, World, ZORO};
use crate::pty::Terminal;

fn shown(world: &World, line: &str) -> String {
    Terminal::start(world.command(line), 30, 200).end().screen.contents()
}

#[test]
fn a_database_that_is_named_and_not_there_is_an_error() {
    let world = World::new();
    world.config_first("database = 'none/wxbox.db'");
    world.write("batch.jsonl", "{\"user\": \"luffy\", \"text\": \"hello\"}\n");
    let account = "user list,user show luffy,user edit luffy --note x,user passwd luffy --remove,user remove luffy --yes,\
                   user export,user sync,unbind --user luffy,bind --user luffy --as-admin,outbox list,outbox status,\
                   outbox status --check 1h,outbox show 1,outbox flush,outbox retry 1,outbox retry --failed,outbox cancel 1,\
                   outbox prune --older-than 1d,send --user luffy text,send --dry-run --user luffy text,send --tag crew text,\
                   send --all text,send --batch batch.jsonl,send --dry-run --batch batch.jsonl,token,template list,\
                   follower list,quota show,backup copy.db,run --user luffy -- true,doctor";
    for line in account.split(',') {
        for (before, path) in
            [("", "none/wxbox.db"), ("-q", "none/wxbox.db"), ("-q --database elsewhere/wxbox.db", "elsewhere/wxbox.db")]
        {
            let ran = world.wxbox(&format!("{before} {line}"));
            let said = format!("{}{}", ran.stdout(), ran.stderr());
            assert!(said.contains("there is no database at") && said.contains(path), "{line}: {said}");
            assert!(said.contains("`wxbox user add` and `wxbox user import` make one"), "{line}: {said}");
            let status = match line.split(' ').next() {
                // The command's own; and what a look finds is of the configuration.
                Some("run") => 0,
                Some("doctor") => 3,
                _ => 1,
            };
            assert_eq!(ran.status(), Some(status), "{line}: {said}");
        }
    }
    assert!(!world.path(".config/wxbox/none").exists() && !world.path("elsewhere").exists());
    world.wxbox("--database typo.db outbox show 1").is(str![[r#"
exit 1
--- stderr
error: there is no database at typo.db, which --database names
hint: `wxbox user add` and `wxbox user import` make one; if there should be one, name the right file with --database, the variable WXBOX_DATABASE or the key database

"#]]);
    world.wxbox("--database typo.db --json user list").is(str![[r#"
exit 1
--- stderr
{"error":"there is no database at typo.db, which --database names","hint":"`wxbox user add` and `wxbox user import` make one; if there should be one, name the right file with --database, the variable WXBOX_DATABASE or the key database","code":1}

"#]]);
    // Who would make it may try it.
    for what in ["text", "-t backup -d host=1"] {
        world.wxbox(&format!("--database typo.db send --dry-run --openid {LUFFY} {what}")).ok();
    }
    assert!(!world.path("typo.db").exists());
    for (line, file) in [("user add luffy", "a.db"), ("user import people.csv", "b.db")] {
        world.write("people.csv", "username\nluffy\n");
        world.wxbox(&format!("--database {file} {line}")).ok();
        world.wxbox(&format!("--database {file} user show luffy")).ok();
    }
}

#[test]
fn a_path_that_only_a_shell_would_understand_is_refused() {
    let mut world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("--database '$HOME/x.db' user add luffy").is(str![[r#"
exit 2
--- stderr
error: the path that --database gives has a $ or a ~ in it that only a shell would expand, and no shell reads it here
hint: write the path out; ~/ at its beginning is understood

"#]]);
    world.wxbox("backup '$HOME/copy.db'").is(str![[r#"
exit 2
--- stderr
error: the path that FILE gives has a $ or a ~ in it that only a shell would expand, and no shell reads it here
hint: write the path out; ~/ at its beginning is understood

"#]]);
    world.wxbox("backup '~/copy.db'").ok();
    world.wxbox("--database '~/copy.db' user show luffy").ok();
    world.set("WXBOX_DATABASE", "$HOME/x.db");
    world.wxbox("outbox flush").is(str![[r#"
exit 3
--- stderr
error: the path that WXBOX_DATABASE gives has a $ or a ~ in it that only a shell would expand, and no shell reads it here
hint: write the path out; ~/ at its beginning is understood

"#]]);
    world.wxbox("doctor").is(str![[r#"
exit 3
--- stdout
failure  config: the path that WXBOX_DATABASE gives has a $ or a ~ in it that only a shell would expand, and no shell reads it here
         fix: write the path out; ~/ at its beginning is understood
--- stderr
nothing else was looked at: all of it needs a config that can be read
one failure, no warning

"#]]);
    assert!(!world.path("$HOME").exists() && !world.path("~").exists());
}

#[test]
fn another_home_or_the_directory_of_another_service_is_named() {
    let mut world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("send --user nobody hi").is(str![[r#"
exit 4
--- stderr
error: no user is named nobody in [HOME]/.local/share/wxbox/wxbox.db
hint: `wxbox user list` shows everybody

"#]]);
    let config = world.path(".config/wxbox/config.toml").display().to_string();
    world.set("STATE_DIRECTORY", "/var/lib/some-other-unit");
    world.wxbox("user show luffy").ok();
    let elsewhere = world.path("elsewhere").display().to_string();
    world.set("STATE_DIRECTORY", "").set("HOME", &elsewhere);
    world.wxbox(&format!("-c {config} send --user luffy hi")).is(str![[r#"
exit 4
--- stderr
error: no user is named luffy in [HOME]/elsewhere/.local/share/wxbox/wxbox.db
hint: [HOME]/elsewhere/.local/share/wxbox/wxbox.db is not there; where people were added before, it was with another HOME or as another user: name their file with --database

"#]]);
    // Nobody said which database it is; but who watches it wants one.
    world.wxbox(&format!("-c {config} outbox flush")).ok();
    world.wxbox(&format!("-c {config} -q outbox status --check 1h")).is(str![[r#"
exit 1
--- stderr
error: there is no database at [HOME]/elsewhere/.local/share/wxbox/wxbox.db
hint: `wxbox user add` and `wxbox user import` make one; if there should be one, name the right file with --database, the variable WXBOX_DATABASE or the key database

"#]]);
}

#[test]
fn where_nobody_named_a_database_there_need_not_be_one() {
    let mut world = World::empty();
    world.wxbox("user list").is(str![[r#"
exit 0

"#]]);
    world.set("XDG_DATA_HOME", &world.path("data").display().to_string()).wxbox("user list").is(str![[r#"
exit 0

"#]]);
    assert_eq!(std::fs::read_dir(world.home.path()).unwrap().count(), 0);
}

#[test]
fn a_named_database_that_is_made_is_told_of_on_a_terminal() {
    let mut world = World::new();
    let made = |line: &str| shown(&world, line).contains("made a new database at");
    assert!(!made("token"), "nobody named it");
    assert!(made(&format!("--database a.db send --openid {LUFFY} hello")));
    assert!(!made(&format!("--database a.db send --openid {LUFFY} hello")), "it is there");
    // `user add` would ask for a password.
    world.write("people.csv", "username\nluffy\n");
    assert!(made("--database b.db user import people.csv") && !made("-q --database c.db user import people.csv"));
    world.set("WXBOX_DATABASE", "d.db");
    assert!(shown(&world, "user import people.csv").contains("made a new database at d.db"));
    assert_eq!(world.wxbox("--database e.db user add luffy").ok().stderr(), "");
}

#[test]
fn an_empty_list_says_so_on_a_terminal_alone() {
    let mut world =
        World::of(&format!("templates = []\n[[people]]\nname = \"zoro\"\nopenid = \"{ZORO}\"\nfollows = false\n"));
    world.set("NO_COLOR", "1");
    let said = |world: &World, line: &str, expected: &str| {
        assert_eq!(shown(world, line), expected, "{line}");
        for line in [line.to_owned(), format!("--json {line}"), format!("-q {line}")] {
            let ran = world.wxbox(&line).ok();
            assert_eq!((ran.stdout(), ran.stderr()), ("", ""), "{line}");
        }
        assert_eq!(shown(world, &format!("-q {line}")) + &shown(world, &format!("--json {line}")), "", "{line}");
    };
    said(&world, "user list", "no people yet; add one with `wxbox user add NAME`");
    said(&world, "outbox list", "no messages yet; `wxbox send` sends one");
    said(&world, "outbox flush", "nothing is due");
    world.wxbox("user add luffy --tag ops").ok();
    said(&world, "outbox flush", "nothing is due");
    said(&world, "user list --tag nope", "nobody has the tag nope");
    said(&world, "user list --tag opps", "nobody has the tag opps; did you mean ops?");
    said(&world, "user list --tag ops --bound", "nobody is like that; `wxbox user list` shows everybody");
    said(&world, "outbox list --state failed", "no message is like that; `wxbox outbox list` shows the newest");
    said(&world, "template list", "the account has no templates");
    said(&world, "follower list", "nobody follows the account");
    let raw =
        |world: &World| String::from_utf8(Terminal::start(world.command("outbox list"), 30, 200).end().raw).unwrap();
    assert!(!raw(&world).contains('\u{1b}'));
    world.set("NO_COLOR", "");
    assert!(raw(&world).starts_with("\u{1b}[2m"));
}
