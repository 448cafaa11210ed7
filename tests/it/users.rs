//! The registry as it is used: `user add|list|show|edit|passwd|remove`.

use snapbox::str;

use crate::harness::{LUFFY, World};

#[test]
fn people_are_added_listed_and_shown() {
    let world = World::new();
    world.wxbox("user list").is(str![[r#"
exit 0

"#]]);
    world.wxbox("user list --json").is(str![[r#"
exit 0

"#]]);
    world.wxbox("user add 路飞 --tag crew --tag ' captain ' --note ' wears a straw hat '").is(str![[r#"
exit 0
--- stdout
added 路飞

"#]]);
    world.wxbox(&format!("--json user add nami --openid {LUFFY} --tag crew")).is(str![[r#"
exit 0
--- stdout
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"tags":["crew"],"note":"","created_at":"[TIME]"}

"#]]);
    world.wxbox("-q user add zoro").is(str![[r#"
exit 0

"#]]);
    world.wxbox("user list").is(str![[r#"
exit 0
--- stdout
nami	oLuffy_wears_the_straw_hat_1	crew	
zoro	-		
路飞	-	captain,crew	wears a straw hat

"#]]);
    world.wxbox("user list --json --tag crew").is(str![[r#"
exit 0
--- stdout
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"tags":["crew"],"note":"","created_at":"[TIME]"}
{"username":"路飞","uid":"963c7da1ae5dde1a98320ec528deaff1","openid":null,"bound":false,"bound_at":null,"reachable":false,"tags":["captain","crew"],"note":"wears a straw hat","created_at":"[TIME]"}

"#]]);
    world.wxbox("user list --bound").is(str![[r#"
exit 0
--- stdout
nami	oLuffy_wears_the_straw_hat_1	crew	

"#]]);
    world.wxbox("user list --unbound -q").is(str![[r#"
exit 0
--- stdout
zoro	-		
路飞	-	captain,crew	wears a straw hat

"#]]);
    world.wxbox("user list --tag nobody").is(str![[r#"
exit 0

"#]]);
    world.wxbox("user list --bound --unbound").is(str![[r#"
exit 2
--- stderr
error: the argument '--bound' cannot be used with '--unbound'

Usage: wxbox user list --bound

For more information, try '--help'.

"#]]);
    world.wxbox("user show 路飞").is(str![[r#"
exit 0
--- stdout
Name    路飞
uid     963c7da1ae5dde1a98320ec528deaff1
WeChat  not bound
Tags    captain, crew
Note    wears a straw hat
Added   [TIME]

"#]]);
    world.wxbox("user show nami").is(str![[r#"
exit 0
--- stdout
Name    nami
uid     0f064e34f4c1703f93825f7dc4a61865
WeChat  oLuffy_wears_the_straw_hat_1 since [TIME]
Tags    crew
Added   [TIME]

"#]]);
    world.wxbox("user show nami --json").is(str![[r#"
exit 0
--- stdout
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"tags":["crew"],"note":"","created_at":"[TIME]"}

"#]]);
}

#[test]
fn names_have_limits() {
    let world = World::empty();
    world.wxbox("user add n").is(str![[r#"
exit 0
--- stdout
added n

"#]]);
    world.wxbox(&format!("user add {}", "路".repeat(64))).is(str![[r#"
exit 0
--- stdout
added 路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路路

"#]]);
    world.wxbox(&format!("user add {}", "x".repeat(65))).is(str![[r#"
exit 2
--- stderr
error: the name has 65 characters, 64 is the most

"#]]);
    world.wxbox(&format!("user add {}", "路".repeat(65))).is(str![[r#"
exit 2
--- stderr
error: the name has 65 characters, 64 is the most

"#]]);
    world.wxbox("user add '  \u{3000}trimmed\u{3000}  '").is(str![[r#"
exit 0
--- stdout
added trimmed

"#]]);
    world.wxbox("user show ' trimmed '").ok();
    world.wxbox("user add ''").is(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    world.wxbox("user add '   '").is(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    world.wxbox("user add 'two\nlines'").is(str![[r#"
exit 2
--- stderr
error: the name holds a control character

"#]]);
    world.wxbox("user add 'esc\u{1b}[2J'").is(str![[r#"
exit 2
--- stderr
error: the name holds a control character

"#]]);
    world.wxbox("user add --json 'bell\u{7}'").is(str![[r#"
exit 2
--- stderr
{"error":"the name holds a control character","hint":null,"code":2}

"#]]);
    world.wxbox("user add").is(str![[r#"
exit 2
--- stderr
error: no name is given

"#]]);
    world.wxbox("user add -- -dash").is(str![[r#"
exit 0
--- stdout
added -dash

"#]]);
    assert_eq!(world.wxbox("user list").ok().stdout().lines().count(), 4);
}

#[test]
fn tags_and_openids_have_limits() {
    let world = World::new();
    world.wxbox("user add luffy --tag 'a;b'").is(str![[r#"
exit 2
--- stderr
error: "a;b" cannot be a tag: 1 to 64 characters, none of them ; or a control character

"#]]);
    world.wxbox("user add luffy --tag ''").is(str![[r#"
exit 2
--- stderr
error: "" cannot be a tag: 1 to 64 characters, none of them ; or a control character

"#]]);
    world.wxbox(&format!("user add luffy --tag {}", "t".repeat(65))).is(str![[r#"
exit 2
--- stderr
error: "ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" cannot be a tag: 1 to 64 characters, none of them ; or a control character

"#]]);
    world.wxbox("user add luffy --openid 'not an openid'").is(str![[r#"
exit 2
--- stderr
error: "not an openid" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    world.wxbox("user add luffy --openid ''").is(str![[r#"
exit 2
--- stderr
error: "" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    world.wxbox("user list").is(str![[r#"
exit 0

"#]]);
    World::empty().wxbox(&format!("user add luffy --openid {LUFFY}")).is(str![[r#"
exit 3
--- stderr
error: no app_id is set
hint: there is no config file yet: copy config.example.toml to [HOME]/.config/wxbox/config.toml and fill it in

"#]]);
}

#[test]
fn an_openid_that_somebody_has_is_warned_about() {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --openid {LUFFY}")).is(str![[r#"
exit 0
--- stdout
added nami
--- stderr
warning: nami shares this openid with luffy

"#]]);
}

#[test]
fn a_name_is_given_once() {
    let world = World::new();
    world.wxbox("user add luffy --note first").ok();
    world.wxbox("user add luffy --note second").is(str![[r#"
exit 4
--- stderr
error: a user named luffy exists already
hint: `wxbox user show` shows the person, `wxbox user edit` changes it

"#]]);
    world.wxbox("user add ' luffy ' --json").is(str![[r#"
exit 4
--- stderr
{"error":"a user named luffy exists already","hint":"`wxbox user show` shows the person, `wxbox user edit` changes it","code":4}

"#]]);
    world.wxbox("user edit luffy --rename lucy").is(str![[r#"
exit 0
--- stdout
changed lucy

"#]]);
    world.wxbox("user add luffy").is(str![[r#"
exit 4
--- stderr
error: the uid of the name luffy belongs to lucy, who was renamed
hint: choose another name

"#]]);
    world.wxbox("user add nami").ok();
    world.wxbox("user edit nami --rename luffy").is(str![[r#"
exit 4
--- stderr
error: the uid of the name luffy belongs to lucy, who was renamed
hint: choose another name

"#]]);
    world.wxbox("user edit nami --rename lucy").is(str![[r#"
exit 4
--- stderr
error: a user named lucy exists already
hint: `wxbox user show` shows the person, `wxbox user edit` changes it

"#]]);
    world.wxbox("user edit nami --rename nami").is(str![[r#"
exit 0
--- stdout
changed nami

"#]]);
    // The one who holds the uid may take the name again.
    world.wxbox("user edit lucy --rename luffy --json").is(str![[r#"
exit 0
--- stdout
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"tags":[],"note":"first","created_at":"[TIME]"}

"#]]);
    world.wxbox("user list").is(str![[r#"
exit 0
--- stdout
luffy	-		first
nami	-		

"#]]);
}

#[test]
fn tags_notes_and_names_are_edited() {
    let world = World::new();
    world.wxbox("user add luffy --tag a --tag b --note old").ok();
    world.wxbox("user edit luffy --tag c --untag a --note ''").is(str![[r#"
exit 0
--- stdout
changed luffy

"#]]);
    world.wxbox("user edit luffy --json --tag c --untag none --note '-new'").is(str![[r#"
exit 0
--- stdout
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"tags":["b","c"],"note":"-new","created_at":"[TIME]"}

"#]]);
    world.wxbox("user edit luffy -q --untag b --untag c").is(str![[r#"
exit 0

"#]]);
    world.wxbox("user edit luffy").is(str![[r#"
exit 2
--- stderr
error: the following required arguments were not provided:
  <--rename <NEW>|--note <TEXT>|--tag <TAG>|--untag <TAG>>

Usage: wxbox user edit <--rename <NEW>|--note <TEXT>|--tag <TAG>|--untag <TAG>> <NAME>

For more information, try '--help'.

"#]]);
    world.wxbox("user edit luffy --tag x --rename ''").is(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    world.wxbox("user edit lufy --tag x").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy
hint: did you mean luffy?

"#]]);
    world.wxbox("user show luffy").is(str![[r#"
exit 0
--- stdout
Name    luffy
uid     6cfbec608383fd05c271de92010d455f
WeChat  not bound
Note    -new
Added   [TIME]

"#]]);
}

#[test]
fn who_is_not_there_is_said_with_the_nearest_name() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("user show lufy").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy
hint: did you mean luffy?

"#]]);
    world.wxbox("user show sanji").is(str![[r#"
exit 4
--- stderr
error: no user is named sanji
hint: `wxbox user list` shows everybody

"#]]);
    world.wxbox("user show sanji --json").is(str![[r#"
exit 4
--- stderr
{"error":"no user is named sanji","hint":"`wxbox user list` shows everybody","code":4}

"#]]);
    world.wxbox("user passwd lufy --remove").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy
hint: did you mean luffy?

"#]]);
    world.wxbox("user remove lufy --yes").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy
hint: did you mean luffy?

"#]]);
}

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
error: no user is named luffy
hint: `wxbox user list` shows everybody

"#]]);
    // The uid is free again with its holder gone.
    world.wxbox("user add luffy").ok();
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
hint: Use a template message, or ask the person to write to the account first

"#]]);
    let api = world.sandbox().url.clone();
    let down = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    world.config(&down.replace(&api, "http://127.0.0.1:1"));
    world.wxbox("send -u luffy 'words that wait'").is(str![[r#"
exit 6
--- stderr
error: cannot reach 127.0.0.1:1: Connection refused (os error 111)
hint: check the network, network.api_base and network.proxy
one message is not delivered and stays in the outbox

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'queued'"), 1);
    let private =
        ["words for luffy", "words for a bare", "that were refused", "that wait", "secret-note", "pirate-tag", LUFFY];
    for text in private {
        assert!(world.database_holds(text), "{text}");
    }

    world.wxbox("user remove luffy --yes --json").is(str![[r#"
exit 0
--- stdout
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"tags":["pirate-tag"],"note":"secret-note","created_at":"[TIME]"}

"#]]);

    for text in private {
        assert!(!world.database_holds(text), "{text}");
    }
    assert!(world.database_holds("shared-host"), "the text went to nami too");
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
{"id":5,"user":null,"openid":null,"type":"text","state":"failed","attempts":1,"msgid":null,"errcode":45015,"errmsg":null,"error":null,"hint":"Use a template message, or ask the person to write to the account first","key":null,"created_at":"[TIME]","sent_at":null,"expires_at":"[TIME]","client_msg_id":null,"content":null}

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
    assert!(!world.database_holds("private-note-01"), "the note");
    assert!(!world.database_holds("person-37"), "the name");
    assert!(world.database_holds("private-note-02"));
}

#[test]
fn passwords_are_kept_as_argon2id() {
    let world = World::new();
    world.feed("user add luffy --password-stdin", "correct horse\n").is(str![[r#"
exit 0
--- stdout
added luffy

"#]]);
    let hash: String = world.sql("SELECT password FROM users");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    world.feed("user passwd luffy --password-stdin", "second\r\n").is(str![[r#"
exit 0
--- stdout
set the password of luffy

"#]]);
    let second: String = world.sql("SELECT password FROM users");
    assert_ne!(hash, second);
    for password in ["correct horse", "second"] {
        assert!(!world.database_holds(password), "{password}");
    }
    for bad in ["", "\n", "\r\n", "two\nlines\n", "two\n\n", &"x".repeat(5000)] {
        let before: String = world.sql("SELECT password FROM users");
        world.feed("user passwd luffy --password-stdin", bad).is(str![[r#"
exit 2
--- stderr
error: standard input must hold a password: one line, not empty

"#]]);
        assert_eq!(world.sql::<String>("SELECT password FROM users"), before);
    }
    world.feed("user passwd luffy --password-stdin", b"\xff\xfe\n").is(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8

"#]]);
    world.wxbox("user passwd luffy").is(str![[r#"
exit 2
--- stderr
error: no password is given, and nobody can be asked for it
hint: use --password-stdin, or --remove

"#]]);
    world.wxbox("user passwd luffy --remove --json").is(str![[r#"
exit 0
--- stdout
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"tags":[],"note":"","created_at":"[TIME]"}

"#]]);
    assert_eq!(world.sql::<Option<String>>("SELECT password FROM users"), None);
    world.feed("user add nami --password-stdin", "").is(str![[r#"
exit 2
--- stderr
error: standard input must hold a password: one line, not empty

"#]]);
    world.feed("user add ' ' --password-stdin", "x").is(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    world.wxbox("user passwd luffy --remove --password-stdin").is(str![[r#"
exit 2
--- stderr
error: the argument '--remove' cannot be used with '--password-stdin'

Usage: wxbox user passwd --remove <NAME>

For more information, try '--help'.

"#]]);
    world.wxbox("user list").is(str![[r#"
exit 0
--- stdout
luffy	-		

"#]]);
}

#[test]
fn a_line_end_after_the_password_does_not_count() {
    let world = World::new();
    for (name, typed) in [("a", "pass word"), ("b", "pass word\n"), ("c", "pass word\r\n")] {
        world.feed(&format!("user add {name} --password-stdin"), typed).ok();
        let bind = format!("bind --user {name} --password-stdin --timeout 1ms");
        assert_eq!(world.feed(&bind, "pass word ").status(), Some(3), "{typed:?}");
        assert_eq!(world.feed(&bind, "pass word").status(), Some(8), "{typed:?}");
    }
}
