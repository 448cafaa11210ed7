//! `user remove`: the person goes out of the files, the counts stay.

use snapbox::str;

use crate::canned::{Answer, Canned, TOKEN, json};
use crate::files::database_holds;
use crate::harness::{LUFFY, World};

#[test]
fn removal_asks_or_needs_yes() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("user remove luffy").is(str![[r#"
exit 2
--- stderr
error: removing a person needs --yes where nobody can be asked

"#]]);
    world.feed("user remove luffy --json", "y\n").is(str![[r#"
exit 2
--- stderr
{"error":"removing a person needs --yes where nobody can be asked","hint":null,"code":2}

"#]]);
    world.wxbox("user show luffy").ok();
    world.wxbox("user remove luffy -y").is(str![[r#"
exit 0
--- stdout
removed luffy

"#]]);
    world.wxbox("user remove luffy --yes").is(str![[r#"
exit 4
--- stderr
error: no user is named luffy in [HOME]/.local/share/wxbox/wxbox.db
hint: `wxbox user list` shows everybody

"#]]);
    // The uid is free again with its holder gone.
    world.wxbox("user add luffy").ok();
}

#[test]
fn how_many_messages_go_is_said() {
    let world = World::new();
    for send in ["", "send -u luffy hello", "send -u luffy hello --no-wait"] {
        world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
        if !send.is_empty() {
            world.wxbox(send).ok();
            world.wxbox(&format!("send --openid {LUFFY} hello")).ok();
        }
        // Who shares the phone keeps what was sent to them.
        world.wxbox(&format!("user add nami --openid {LUFFY}")).ok();
        world.wxbox("send -u nami --no-wait hello").ok();
        let told = world.wxbox("user remove luffy --yes").ok();
        let said = match send {
            "" => "",
            it if it.ends_with("--no-wait") => {
                "with the texts of 2 messages, one of which was still waiting and is not sent\n"
            }
            _ => "with the texts of 2 messages\n",
        };
        assert_eq!((told.stdout(), told.stderr()), ("removed luffy\n", said), "{send}");
        world.wxbox("user remove nami --yes -q").ok();
    }
}

#[test]
fn removal_takes_the_person_out_of_the_files_and_keeps_the_count() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --tag pirate-tag --note secret-note --openid {LUFFY}")).ok();
    world.wxbox("user add nami --openid oNami_draws_maps_of_the_sea1").ok();
    world.wxbox("send -u luffy 'words for luffy alone'").ok();
    world.wxbox(&format!("send --openid {LUFFY} 'words for a bare openid'")).ok();
    world.wxbox("send -u luffy -u nami -t backup -d host=shared-host").ok();
    world.sandbox().form("follow", "person=luffy&follows=0");
    world.wxbox("send -u luffy 'words that were refused'").is(str![[r#"
exit 5
--- stderr
error: message 5 to luffy was refused: WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
hint: Use a template message, or ask the person to write to the account first (they must follow it for either)

"#]]);
    let api = world.sandbox().url.clone();
    let down = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    world.config(&down.replace(&api, "http://127.0.0.1:1"));
    world.wxbox("send -u luffy 'words that wait'").is(str![[r#"
exit 6
--- stderr
error: cannot reach 127.0.0.1:1: Connection refused (os error 111)
hint: check the network, network.api_base and network.proxy
one message stays in the outbox: do not send it again, the next `wxbox outbox flush` (by hand, cron or a timer) delivers it

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'queued'"), 1);
    let private =
        ["words for luffy", "words for a bare", "that were refused", "that wait", "secret-note", "pirate-tag", LUFFY];
    for text in private {
        assert!(database_holds(&world, text), "{text}");
    }

    world.wxbox("user remove luffy --yes --json").is(str![[r#"
exit 0
--- stdout
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":true,"has_followed":true,"tags":["pirate-tag"],"note":"secret-note","created_at":"[TIME]","messages":5,"queued":1}
--- stderr
with the texts of 5 messages, one of which was still waiting and is not sent

"#]]);

    for text in private {
        assert!(!database_holds(&world, text), "{text}");
    }
    assert!(database_holds(&world, "shared-host"), "the text went to nami too");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings"), 1);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM tags"), 0);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'queued'"), 0);
    assert_eq!(world.sql::<String>("SELECT group_concat(state) FROM messages"), "sent,sent,sent,sent,failed");
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    world.wxbox("outbox list").is(str![[r#"
exit 0
--- stdout
5	failed	-	text	[TIME]	
4	sent	nami	template	[TIME]	
3	sent	-	template	[TIME]	
2	sent	-	text	[TIME]	
1	sent	-	text	[TIME]	

"#]]);
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID        1
State     sent
To        -
Openid    -
Type      text
Attempts  1
Created   [TIME]
Sent      [TIME]
Content   removed with the person

"#]]);
    world.wxbox("outbox show 5 --json").is(str![[r#"
exit 0
--- stdout
{"id":5,"user":null,"openid":null,"type":"text","state":"failed","attempts":1,"msgid":null,"errcode":45015,"errmsg":null,"rid":"[RID]","error":null,"hint":"Use a template message, or ask the person to write to the account first (they must follow it for either)","key":null,"created_at":"[TIME]","sent_at":null,"due_at":null,"expires_at":"[TIME]","client_msg_id":null,"content":null,"after":null,"history":[{"n":1,"started_at":"[TIME]","ended_at":"[TIME]","openid":null,"host":"127.0.0.1:[PORT]","outcome":"refused","errcode":45015,"errmsg":null,"rid":"[RID]"}]}

"#]]);
}

#[test]
fn removal_reaches_what_moved_between_pages() {
    let world = World::new();
    let batch =
        |n: usize| format!("user add person-{:02} --note private-note-{:02}-{}", n * 37 % 80, n, "x".repeat(600));
    for n in 0..80 {
        world.wxbox(&batch(n)).ok();
    }
    world.wxbox("user remove person-37 --yes").ok();
    assert!(!database_holds(&world, "private-note-01"), "the note");
    assert!(!database_holds(&world, "person-37"), "the name");
    assert!(database_holds(&world, "private-note-02"));
}

#[test]
fn removal_leaves_the_messages_of_another_with_the_same_openid() {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add twin --openid {LUFFY}")).ok();
    world.wxbox("send -u luffy 'words for luffy'").ok();
    world.wxbox("user remove twin --yes").ok();
    assert_eq!(world.sql::<String>("SELECT openid FROM messages"), LUFFY);
    assert!(database_holds(&world, "words for luffy"));
}

#[test]
fn a_message_whose_person_is_removed_meanwhile_is_not_said_to_be_sent() {
    let server = Canned::new(vec![json(TOKEN), Answer::Hold]);
    let world = server.world("", "timeout = \"1s\"");
    let sending = world.spawn("send -u luffy hi");
    server.held();
    world.wxbox("user remove luffy --yes").ok();
    sending.end().is(str![[r#"
exit 6
--- stderr
error: message 1 is no longer in the outbox, since the person was removed: it may or may not have been delivered

"#]]);
}

#[test]
fn a_line_whose_person_is_removed_meanwhile_has_its_result() {
    let server = Canned::new(vec![json(TOKEN), Answer::Hold]);
    let world = server.world("", "timeout = \"1s\"");
    let lines = world.write("lines", "{\"user\":\"luffy\",\"text\":\"hi\",\"ref\":\"mine\"}\n");
    let sending = world.spawn(&format!("send --batch {}", lines.display()));
    server.held();
    world.wxbox("user remove luffy --yes").ok();
    sending.end().is(str![[r#"
exit 6
--- stdout
{"line":1,"ref":"mine","state":"unknown","error":"message 1 is no longer in the outbox, since the person was removed: it may or may not have been delivered"}

"#]]);
}
