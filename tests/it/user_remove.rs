//! `user remove`: the user's data is deleted from the files, and the counts stay.

use snapbox::str;

use crate::support::canned_server::{CannedResponse, CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{LUFFY, TestEnv};
use crate::support::files::database_contains;

#[test]
fn removal_prompts_or_requires_yes() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox user remove luffy
2> error: cannot ask for confirmation: standard input is not a terminal; use --yes
exit 2
$ printf 'y\n' | wxbox user remove luffy --json
2> {"error":"cannot ask for confirmation: standard input is not a terminal; use --yes","hint":null,"code":2}
exit 2

"#]]);
    env.run("user show luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox user remove luffy -y
removed luffy
$ wxbox user remove luffy --yes
2> error: there is no user luffy in [HOME]/.local/share/wxbox/wxbox.db
2> hint: run `wxbox user list` to see all users
exit 4

"#]]);
    // After its holder is removed, the uid can be used again.
    env.run("user add luffy").assert_success();
}

#[test]
fn number_of_split_parts_is_reported() {
    let env = TestEnv::new();
    for send in ["", "send -u luffy hello", "send -u luffy hello --no-wait"] {
        env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
        if !send.is_empty() {
            env.run(send).assert_success();
            env.run(&format!("send --openid {LUFFY} hello")).assert_success();
        }
        // A user who shares the phone keeps their own messages.
        env.run(&format!("user add nami --openid {LUFFY}")).assert_success();
        env.run("send -u nami --no-wait hello").assert_success();
        let removal = env.run("user remove luffy --yes").assert_success();
        let expected = match send {
            "" => "",
            it if it.ends_with("--no-wait") => {
                "deleted the texts of 2 messages, 1 of which was queued and is not sent\n"
            }
            _ => "deleted the texts of 2 messages\n",
        };
        assert_eq!((removal.stdout(), removal.stderr()), ("removed luffy\n", expected), "{send}");
        env.run("user remove nami --yes -q").assert_success();
    }
}

#[test]
fn removal_erases_user_data_and_keeps_counts() {
    let mut env = TestEnv::new();
    env.run(&format!("user add luffy --tag pirate-tag --note secret-note --openid {LUFFY}")).assert_success();
    env.run("user add nami --openid oNami_draws_maps_of_the_sea1").assert_success();
    env.run("send -u luffy 'words for luffy alone'").assert_success();
    env.run(&format!("send --openid {LUFFY} 'words for a bare openid'")).assert_success();
    env.run("send -u luffy -u nami -t backup -d host=shared-host").assert_success();
    env.sandbox().post_form("follow", "person=luffy&follows=0");
    env.assert_session(str![[r#"
$ wxbox send -u luffy 'words that were refused'
2> error: message 5 to luffy was rejected: WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
2> hint: use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that
exit 5

"#]]);
    let api = env.sandbox().url.clone();
    let down = env.read_config();
    env.write_config(&down.replace(&api, "http://127.0.0.1:1"));
    env.assert_session(str![[r#"
$ wxbox send -u luffy 'words that wait'
2> error: cannot reach 127.0.0.1:1: Connection refused (os error 111)
2> hint: start `wxbox sandbox`, or correct network.api_base
2> 1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it
exit 6

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'queued'"), 1);
    let private =
        ["words for luffy", "words for a bare", "that were refused", "that wait", "secret-note", "pirate-tag", LUFFY];
    for text in private {
        assert!(database_contains(&env, text), "{text}");
    }

    env.assert_session(str![[r#"
$ wxbox user remove luffy --yes --json
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":true,"has_followed":true,"tags":["pirate-tag"],"note":"secret-note","created_at":"[TIME]","reason":null,"texts_until":null,"messages":5,"queued":1,"unknown":0}
2> deleted the texts of 5 messages, 1 of which was queued and is not sent

"#]]);

    for text in private {
        assert!(!database_contains(&env, text), "{text}");
    }
    assert!(database_contains(&env, "shared-host"), "the text went to nami too");
    assert_eq!(env.count("bindings"), 1);
    assert_eq!(env.count("tags"), 0);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'queued'"), 0);
    assert_eq!(env.query::<String>("SELECT group_concat(state) FROM messages"), "sent,sent,sent,sent,failed");
    assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
    assert_eq!(env.count("pragma_foreign_key_check"), 0);
    env.assert_session(str![[r#"
$ wxbox outbox list
5	failed	-	text	[TIME]		
4	sent	nami	template	[TIME]		Backup finished: shared-host, -, -
3	sent	-	template	[TIME]		
2	sent	-	text	[TIME]		
1	sent	-	text	[TIME]		
$ wxbox outbox show 1
ID        1
State     sent
To        -
Openid    -
Type      text
Attempts  1
Created   [TIME]
Sent      [TIME]
Receipt   not supported for messages of this type
Content   deleted with the user
$ wxbox outbox show 5 --json
{"id":5,"user":null,"openid":null,"type":"text","state":"failed","attempts":1,"msgid":null,"errcode":45015,"errmsg":null,"rid":"[RID]","error":null,"hint":"use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null,"due_at":null,"expires_at":"[TIME]","client_msg_id":null,"content":null,"after":null,"history":[{"n":1,"started_at":"[TIME]","ended_at":"[TIME]","openid":null,"host":"127.0.0.1:[PORT]","outcome":"refused","errcode":45015,"errmsg":null,"rid":"[RID]"}],"updated_at":"[TIME]"}

"#]]);
}

#[test]
fn removal_erases_moved_pages() {
    let env = TestEnv::new();
    let batch =
        |n: usize| format!("user add person-{:02} --note private-note-{:02}-{}", n * 37 % 80, n, "x".repeat(600));
    for n in 0..80 {
        env.run(&batch(n)).assert_success();
    }
    env.run("user remove person-37 --yes").assert_success();
    assert!(!database_contains(&env, "private-note-01"), "the note");
    assert!(!database_contains(&env, "person-37"), "the name");
    assert!(database_contains(&env, "private-note-02"));
}

#[test]
fn removal_keeps_messages_of_user_with_same_openid() {
    let env = TestEnv::with_bound_luffy();
    env.run(&format!("user add twin --openid {LUFFY}")).assert_success();
    env.run("send -u luffy 'words for luffy'").assert_success();
    env.run("user remove twin --yes").assert_success();
    assert_eq!(env.query::<String>("SELECT openid FROM messages"), LUFFY);
    assert!(database_contains(&env, "words for luffy"));
}

#[test]
fn message_of_removed_user_is_not_reported_sent() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), CannedResponse::Stall]);
    let env = server.env("", "timeout = \"1s\"");
    let sending = env.spawn("send -u luffy hi");
    server.stalled();
    env.run("user remove luffy --yes").assert_success();
    sending.wait().assert_snapshot(str![[r#"
exit 6
--- stderr
error: message 1 was deleted with its user: it may or may not have been delivered

"#]]);
}

#[test]
fn batch_line_of_removed_user_has_result() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), CannedResponse::Stall]);
    let env = server.env("", "timeout = \"1s\"");
    let lines = env.write_file("lines", "{\"user\":\"luffy\",\"text\":\"hi\",\"ref\":\"mine\"}\n");
    let sending = env.spawn(&format!("send --batch {}", lines.display()));
    server.stalled();
    env.run("user remove luffy --yes").assert_success();
    sending.wait().assert_snapshot(str![[r#"
exit 6
--- stdout
{"line":1,"ref":"mine","state":"unknown","error":"message 1 was deleted with its user: it may or may not have been delivered"}

"#]]);
}
