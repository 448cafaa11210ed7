//! The registry in use: `user add|list|show|edit|passwd|remove`.

use snapbox::str;

use crate::support::env::{LUFFY, TestEnv};

#[test]
fn people_are_added_listed_and_shown() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox user list
$ wxbox user list --json
$ wxbox user add 路飞 --tag crew --tag ' captain ' --note ' wears a straw hat '
added 路飞
$ wxbox --json user add nami --openid oLuffy_wears_the_straw_hat_1 --tag crew
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":null,"has_followed":false,"tags":["crew"],"note":"","created_at":"[TIME]","reason":null,"texts_until":null}
$ wxbox -q user add zoro
$ wxbox user list
nami	oLuffy_wears_the_straw_hat_1	crew		
zoro	-			not bound
路飞	-	captain,crew	wears a straw hat	not bound
$ wxbox user list --json --tag crew
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":null,"has_followed":false,"tags":["crew"],"note":"","created_at":"[TIME]","reason":null,"texts_until":null}
{"username":"路飞","uid":"963c7da1ae5dde1a98320ec528deaff1","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":["captain","crew"],"note":"wears a straw hat","created_at":"[TIME]","reason":"not_bound","texts_until":null}
$ wxbox user list --bound
nami	oLuffy_wears_the_straw_hat_1	crew		
$ wxbox user list --unbound -q
zoro	-			not bound
路飞	-	captain,crew	wears a straw hat	not bound
$ wxbox user list --tag nobody
2> error: no user has the tag nobody
exit 4
$ wxbox user list --bound --unbound
2> error: --bound cannot be used with --unbound
2> hint: usage: wxbox user list [OPTIONS]
exit 2
$ wxbox user show 路飞
Name    路飞
UID     963c7da1ae5dde1a98320ec528deaff1
WeChat  not bound
Tags    captain, crew
Note    wears a straw hat
Added   [TIME]
$ wxbox user show nami
Name     nami
UID      0f064e34f4c1703f93825f7dc4a61865
WeChat   oLuffy_wears_the_straw_hat_1 since [TIME]
Follows  unknown; run `wxbox user sync` to ask WeChat
Tags     crew
Added    [TIME]
$ wxbox user show nami --json
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":null,"has_followed":false,"tags":["crew"],"note":"","created_at":"[TIME]","reason":null,"texts_until":null}

"#]]);
}

#[test]
fn shared_openid_is_warned_about() {
    let env = TestEnv::with_bound_luffy();
    env.assert_session(str![[r#"
$ wxbox user add nami --openid oLuffy_wears_the_straw_hat_1
added nami
2> warning: nami has the same openid as luffy; check the openid

"#]]);
}

#[test]
fn names_are_unique() {
    let env = TestEnv::new();
    env.run("user add luffy --note first").assert_success();
    env.assert_session(str![[r#"
$ wxbox user add luffy --note second
2> error: a user named luffy already exists
2> hint: run `wxbox user edit luffy` to change it
exit 4
$ wxbox user add ' luffy ' --json
2> {"error":"a user named luffy already exists","hint":"run `wxbox user edit luffy` to change it","code":4}
exit 4
$ wxbox user edit luffy --rename lucy
changed lucy
$ wxbox user add luffy
2> error: the uid of the name luffy belongs to lucy, a renamed user
2> hint: choose another name
exit 4

"#]]);
    env.run("user add nami").assert_success();
    env.assert_session(str![[r#"
$ wxbox user edit nami --rename luffy
2> error: the uid of the name luffy belongs to lucy, a renamed user
2> hint: choose another name
exit 4
$ wxbox user edit nami --rename lucy
2> error: a user named lucy already exists
2> hint: run `wxbox user edit lucy` to change it
exit 4
$ wxbox user edit nami --rename nami
changed nami
# The user who holds the uid may take the name again.
$ wxbox user edit lucy --rename luffy --json
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":[],"note":"first","created_at":"[TIME]","reason":"not_bound","texts_until":null}
$ wxbox user list
luffy	-		first	not bound
nami	-			not bound

"#]]);
}

#[test]
fn tags_notes_and_names_are_edited() {
    let env = TestEnv::new();
    env.run("user add luffy --tag a --tag b --note old").assert_success();
    env.assert_session(str![[r#"
$ wxbox user edit luffy --tag c --untag a --note ''
changed luffy
$ wxbox user edit luffy --json --tag c --untag none --note '-new'
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":["b","c"],"note":"-new","created_at":"[TIME]","reason":"not_bound","texts_until":null}
$ wxbox user edit luffy -q --untag b --untag c
$ wxbox user edit luffy
2> error: one of these is required: --rename NEW, --note TEXT, --tag TAG, --untag TAG
2> hint: usage: wxbox user edit [OPTIONS] NAME
exit 2
$ wxbox user edit luffy --tag x --rename ''
2> error: the name is empty
exit 2
$ wxbox user edit lufy --tag x
2> error: there is no user lufy in [HOME]/.local/share/wxbox/wxbox.db
2> hint: did you mean luffy?
exit 4
$ wxbox user show luffy
Name    luffy
UID     6cfbec608383fd05c271de92010d455f
WeChat  not bound
Note    -new
Added   [TIME]

"#]]);
}

#[test]
fn unknown_user_suggests_nearest_name() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox user show lufy
2> error: there is no user lufy in [HOME]/.local/share/wxbox/wxbox.db
2> hint: did you mean luffy?
exit 4
$ wxbox user show sanji
2> error: there is no user sanji in [HOME]/.local/share/wxbox/wxbox.db
2> hint: run `wxbox user list` to see all users
exit 4
$ wxbox user show sanji --json
2> {"error":"there is no user sanji in [HOME]/.local/share/wxbox/wxbox.db","hint":"run `wxbox user list` to see all users","code":4}
exit 4
$ wxbox user passwd lufy --remove
2> error: there is no user lufy in [HOME]/.local/share/wxbox/wxbox.db
2> hint: did you mean luffy?
exit 4
$ wxbox user remove lufy --yes
2> error: there is no user lufy in [HOME]/.local/share/wxbox/wxbox.db
2> hint: did you mean luffy?
exit 4

"#]]);
}

#[test]
fn names_and_tags_may_begin_with_a_dash() {
    let env = TestEnv::new();
    env.run("user add luffy --tag -a --tag=-b").assert_success();
    env.run("user edit luffy --rename -l --tag -t --untag -a").assert_success();
    env.run("user edit --note -n -- -l").assert_success();
    env.run(&format!("bind --user -l --openid {LUFFY}")).assert_success();
    assert_eq!(env.run("user list --tag -t").assert_success().stdout(), format!("-l\t{LUFFY}\t-b,-t\t-n\t\n"));
    env.run("unbind --user -l").assert_success();
    env.assert_session(str![[r#"
$ wxbox bind --unbound --tag -none
2> error: no user has the tag -none
exit 4

"#]]);
}

#[test]
fn names_are_printable_and_normalized() {
    let env = TestEnv::new();
    for bad in ["\u{200b}", "\u{3164}", "lu\u{202e}ffy", "luffy\u{200b}", "\u{feff}\u{200d}"] {
        assert_eq!(env.run(&format!("user add '{bad}'")).status(), Some(2), "{bad:?}");
    }
    env.run("user add lu\u{202e}ffy").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name contains an invisible character (U+202E)
hint: type the name again: copied text may contain invisible characters

"#]]);
    env.run("user add 👨‍👩‍👧").assert_success();
    env.run("user add cafe\u{301} --tag the\u{301}").assert_success();
    assert_eq!(
        env.query::<String>("SELECT uid FROM users WHERE username = 'café'"),
        "07117fe4a1ebd544965dc19573183da2"
    );
    assert_eq!(env.run("user add café").status(), Some(4));
    for name in ["café", "cafe\u{301}"] {
        env.run(&format!("user show {name}")).assert_success();
    }
    for tag in ["thé", "the\u{301}"] {
        assert!(env.run(&format!("user list --tag {tag}")).stdout().starts_with("café\t"));
    }
}

#[test]
fn lookalike_name_is_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox user add Luffy
added Luffy
2> warning: the names Luffy and luffy differ only in capital letters
$ wxbox user edit luffy --rename LUFFY
changed LUFFY
2> warning: the names LUFFY and Luffy differ only in capital letters
$ wxbox user add robin --tag ops,oncall
added robin
2> warning: "ops,oncall" is one tag; for several tags, use --tag ops --tag oncall
$ wxbox user add nami --tag ops；值班
2> error: "ops；值班" is not a valid tag: use 1 to 64 visible characters without a semicolon
2> hint: use one option for each tag: --tag ops --tag 值班
exit 2

"#]]);
}

#[test]
fn list_of_unknown_tag_is_an_error() {
    let mut env = TestEnv::new();
    env.run("user add luffy --tag ops").assert_success();
    for line in ["user list --tag opps", "--json user list --tag opps", "outbox list --tag opps"] {
        let ran = env.run(line);
        assert_eq!((ran.status(), ran.stdout()), (Some(4), ""), "{line}");
    }
    env.assert_session(str![[r#"
$ wxbox user list --tag opps
2> error: no user has the tag opps
2> hint: did you mean ops?
exit 4

"#]]);
    env.run("user list --tag ops --bound").assert_success();
    env.set_variable("WXBOX_LANG", "zh");
    env.assert_session(str![[r#"
$ wxbox user list --tag opps --unreachable
2> 错误：没有用户带有标签“opps”
2> 提示：是不是想输入“ops”？
exit 4

"#]]);
}
