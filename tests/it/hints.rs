//! What is said of a message that was not delivered: what wxbox does about it by itself, and the one command that does
//! more. Nobody is led to send twice.

use snapbox::str;

use crate::harness::World;
use crate::pty::Terminal;
use crate::send::crew;

fn fault(world: &mut World, what: &str) {
    world.sandbox().form("faults", format!("[[faults]]\napi = \"/cgi-bin/message/custom/send\"\n{what}\n"));
}

/// The hint of the message that is sent now.
fn hint(world: &World, line: &str) -> String {
    let ran = world.wxbox(line);
    let (_, hint) = ran.stderr().split_once("hint: ").unwrap_or_else(|| panic!("no hint: {}", ran.stderr()));
    hint.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_message_that_stays_queued_is_not_to_be_sent_again() {
    let mut world = crew();
    for (code, id) in [(-1, 1), (45011, 2), (45009, 3), (43117, 4)] {
        fault(&mut world, &format!("errcode = {code}"));
        let hint = hint(&world, "send -u luffy once");
        assert!(hint.starts_with("do not send it again: the next `wxbox outbox flush` from "), "{code}: {hint}");
        assert!(hint.contains(&format!("`wxbox outbox retry {id}`")), "{code}: {hint}");
        assert_eq!(hint.contains("`wxbox quota clear`"), code == 45009, "{code}: {hint}");
        assert!(!hint.contains("growing pauses"), "{code}: {hint}");
    }
    let shown = world.wxbox("--json outbox show 1").ok().json();
    assert!(shown[0]["hint"].as_str().is_some_and(|hint| hint.starts_with("do not send it again")), "{shown:?}");
}

#[test]
fn what_may_have_arrived_names_the_command_that_repeats_it() {
    let mut world = crew();
    fault(&mut world, "truncated = true");
    assert_eq!(
        hint(&world, "send -u luffy once"),
        "it may have arrived, so wxbox does not repeat it by itself: ask the person; if it did not arrive, \
         `wxbox outbox retry 1` sends it again"
    );
}

#[test]
fn what_only_a_developer_can_use_is_for_explain() {
    let mut world = crew();
    fault(&mut world, "errcode = 40033");
    assert_eq!(hint(&world, "send -u luffy once"), "`wxbox explain 40033` says more");
    world.wxbox("explain 40033").is(str![[r#"
exit 0
--- stdout
Code         40033
WeChat says  invalid charset. please check your request, if include /uxxxx will create fail!
Meaning      body uses /uXXXX escapes
What to do   Send raw UTF-8 JSON
wxbox        a message that gets it has failed, and is not repeated

"#]]);
}

#[test]
fn a_flush_says_what_waits_and_for_how_long() {
    let mut world = crew();
    let flush = |world: &World| {
        let ended = Terminal::start(world.command("outbox flush"), 24, 120).end();
        assert_eq!(ended.status.code(), Some(0), "{}", ended.screen.contents());
        ended.screen.contents().lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(flush(&world), "nothing is due");
    fault(&mut world, "errcode = 45009");
    world.wxbox("send -u luffy once");
    let hour = "UPDATE messages SET due_at = (unixepoch() + 5400) * 1000 RETURNING 1";
    world.sql::<i64>(hour);
    assert_eq!(flush(&world), "nothing is due yet: one message waits, the next is due in 1 h");
    world.wxbox("send -u luffy twice");
    world.sql::<i64>(hour);
    let due = "UPDATE messages SET due_at = (unixepoch() + 10000) * 1000 WHERE id = 2 RETURNING 1";
    world.sql::<i64>(due);
    assert_eq!(flush(&world), "nothing is due yet: 2 messages wait, the next is due in 1 h");
    // A part is due with the one before it.
    world.sql::<i64>("UPDATE messages SET state = 'unknown' WHERE id = 1 RETURNING 1");
    world.sql::<i64>("UPDATE messages SET after_id = 1, due_at = 1 WHERE id = 2 RETURNING 1");
    let stuck = "nothing is due: one message waits for another; `wxbox outbox list --state queued` shows why";
    assert_eq!(flush(&world), stuck);
}
