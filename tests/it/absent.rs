//! What is said, and what is not made, where there is nothing.

use snapbox::str;

use crate::harness::{LUFFY, World, ZORO};
use crate::pty::Terminal;

fn shown(world: &World, line: &str) -> String {
    Terminal::start(world.command(line), 30, 200).end().screen.contents()
}

#[test]
fn who_only_looks_makes_no_database() {
    let world = World::new();
    world.config_first("database = 'none/wxbox.db'");
    let account = "user list,user show luffy,user edit luffy --note x,user passwd luffy --remove,user remove luffy --yes,\
                   user export,unbind --user luffy,bind --user luffy --as-admin,outbox list,outbox status,outbox show 1,\
                   outbox flush,outbox retry 1,outbox retry --failed,outbox cancel 1,outbox prune --older-than 1d,\
                   send --user luffy text,send --dry-run --user luffy text,send --tag crew text,send --all text,run --user luffy -- true";
    let dry = ["text", "-t backup -d host=1"].map(|what| format!("send --dry-run --openid {LUFFY} {what}"));
    for line in account.split(',').chain(dry.iter().map(String::as_str)) {
        for (before, path) in [("", "none/wxbox.db"), ("--database elsewhere/wxbox.db ", "elsewhere/wxbox.db")] {
            let ran = world.wxbox(&format!("{before}{line}"));
            let said = ran.stderr();
            assert_eq!(said.matches("there is no database at").count(), 1, "{line}: {said}");
            assert!(said.contains(&format!("{path} yet")), "{line}: {said}");
            assert!(matches!(ran.status(), Some(0 | 4)), "{line}: {said}");
        }
    }
    assert!(!world.path(".config/wxbox/none").exists() && !world.path("elsewhere").exists());
    world.wxbox("--database typo.db outbox show 1").is(str![[r#"
exit 4
--- stderr
warning: there is no database at typo.db yet; if there should be one, name the right file with --database, the variable WXBOX_DATABASE or the key database
error: there is no message 1
hint: `wxbox outbox list` shows the newest

"#]]);
    world.wxbox("--database typo.db --json user list").is(str![[r#"
exit 0
--- stderr
warning: there is no database at typo.db yet; if there should be one, name the right file with --database, the variable WXBOX_DATABASE or the key database

"#]]);
    world.wxbox("--database typo.db --quiet user list").is(str![[r#"
exit 0

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
    assert!(made("--database b.db token") && !made("-q --database c.db token"));
    world.set("WXBOX_DATABASE", "d.db");
    assert!(shown(&world, "token").contains("made a new database at d.db"));
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
