//! How old a kept template list may be, and what drops it.

use snapbox::str;

use crate::harness::World;
use crate::pty::Terminal;
use crate::send::crew;

const LIST: &str = "GET /cgi-bin/template/get_all_private_template 0";
const SENT: &str = "POST /cgi-bin/message/template/send 0";

/// Makes the kept list so many seconds old.
fn age(world: &World, seconds: u32) {
    let sql = format!("UPDATE template_lists SET asked_at = (unixepoch() - {seconds}) * 1000 RETURNING 1");
    world.sql::<i64>(&sql);
}

#[test]
fn a_template_that_wechat_does_not_know_drops_the_kept_list() {
    let mut world = crew();
    world.wxbox("template list").ok();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let gone = "gone_meanwhile-0123456789abcdefghijklmnopqr";
    database.execute("INSERT INTO templates SELECT app_id, 9, ?1, 'Gone', 'x' FROM template_lists", [gone]).unwrap();
    world.wxbox("send -u luffy -t Gone").is(str![[r#"
exit 5
--- stderr
error: message 1 to luffy was refused: WeChat says 40037 (invalid template_id): template_id not in this account
hint: `wxbox template list --refresh` shows the templates that the account has; a change of category deletes templates

"#]]);
    world.sandbox().requests();
    let listed = world.wxbox("template list").ok();
    assert!(!listed.stdout().contains(gone) && listed.stdout().contains("Backup finished"), "{}", listed.stdout());
    assert_eq!(world.sandbox().requests(), [LIST]);
}

#[test]
fn a_list_of_yesterday_is_asked_for_again() {
    let mut world = crew();
    world.wxbox("template list").ok();
    for (seconds, requests) in [(86_000, vec![SENT]), (86_500, vec![LIST, SENT]), (0, vec![SENT])] {
        if seconds > 0 {
            age(&world, seconds);
        }
        world.sandbox().requests();
        world.wxbox("send -u luffy -t backup -d host=a").ok();
        assert_eq!(world.sandbox().requests(), requests, "{seconds}");
    }
    for line in ["template list", "template show backup", "template check backup -d host=a -d size=1 -d time=1"] {
        age(&world, 86_500);
        world.sandbox().requests();
        world.wxbox(line).ok();
        assert_eq!(world.sandbox().requests(), [LIST], "{line}");
    }
}

#[test]
fn an_old_list_is_used_where_wechat_cannot_be_asked() {
    let mut world = crew();
    world.wxbox("template list").ok();
    age(&world, 3 * 86_400);
    let fault = "[[faults]]\napi = \"/cgi-bin/template/get_all_private_template\"\nerrcode = 45009\n";
    world.sandbox().form("faults", fault);
    world.wxbox("send -u luffy -t backup -d host=a -d size=1 -d time=1").is(str![[r#"
exit 0
--- stdout
sent message 1 (template) to luffy
--- stderr
warning: the kept template list was asked for 3 days ago, and is used as it is: WeChat could not be asked again: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up

"#]]);
    let listed = world.wxbox("template list").ok();
    assert!(listed.stdout().contains("Backup finished"), "{}", listed.stdout());
    assert!(listed.stderr().contains("was asked for 3 days ago, and is used as it is"), "{}", listed.stderr());
    // Who asks for the newest gets no old one.
    assert_eq!(world.wxbox("template list --refresh").status(), Some(1));
}

#[test]
fn a_terminal_shows_how_old_the_list_is() {
    let world = crew();
    world.wxbox("template list").ok();
    age(&world, 7200 + 60);
    let ended = Terminal::start(world.command("template list"), 24, 140).end();
    let screen = ended.screen.contents();
    assert!(screen.contains("asked WeChat 2 h ago; `wxbox template list --refresh` asks again"), "{screen}");
}
