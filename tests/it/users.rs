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
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":null,"has_followed":false,"tags":["crew"],"note":"","created_at":"[TIME]"}

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
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":null,"has_followed":false,"tags":["crew"],"note":"","created_at":"[TIME]"}
{"username":"路飞","uid":"963c7da1ae5dde1a98320ec528deaff1","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":["captain","crew"],"note":"wears a straw hat","created_at":"[TIME]"}

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
hint: the usage is: wxbox user list --bound

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
Name     nami
uid      0f064e34f4c1703f93825f7dc4a61865
WeChat   oLuffy_wears_the_straw_hat_1 since [TIME]
Follows  not known; `wxbox user sync` asks WeChat
Tags     crew
Added    [TIME]

"#]]);
    world.wxbox("user show nami --json").is(str![[r#"
exit 0
--- stdout
{"username":"nami","uid":"0f064e34f4c1703f93825f7dc4a61865","openid":"oLuffy_wears_the_straw_hat_1","bound":true,"bound_at":"[TIME]","reachable":true,"follows":null,"has_followed":false,"tags":["crew"],"note":"","created_at":"[TIME]"}

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
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":[],"note":"first","created_at":"[TIME]"}

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
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":["b","c"],"note":"-new","created_at":"[TIME]"}

"#]]);
    world.wxbox("user edit luffy -q --untag b --untag c").is(str![[r#"
exit 0

"#]]);
    world.wxbox("user edit luffy").is(str![[r#"
exit 2
--- stderr
error: the following required arguments were not provided: <--rename <NEW>|--note <TEXT>|--tag <TAG>|--untag <TAG>>
hint: the usage is: wxbox user edit <--rename <NEW>|--note <TEXT>|--tag <TAG>|--untag <TAG>> <NAME>

"#]]);
    world.wxbox("user edit luffy --tag x --rename ''").is(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    world.wxbox("user edit lufy --tag x").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy in [HOME]/.local/share/wxbox/wxbox.db
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
error: no user is named lufy in [HOME]/.local/share/wxbox/wxbox.db
hint: did you mean luffy?

"#]]);
    world.wxbox("user show sanji").is(str![[r#"
exit 4
--- stderr
error: no user is named sanji in [HOME]/.local/share/wxbox/wxbox.db
hint: `wxbox user list` shows everybody

"#]]);
    world.wxbox("user show sanji --json").is(str![[r#"
exit 4
--- stderr
{"error":"no user is named sanji in [HOME]/.local/share/wxbox/wxbox.db","hint":"`wxbox user list` shows everybody","code":4}

"#]]);
    world.wxbox("user passwd lufy --remove").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy in [HOME]/.local/share/wxbox/wxbox.db
hint: did you mean luffy?

"#]]);
    world.wxbox("user remove lufy --yes").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy in [HOME]/.local/share/wxbox/wxbox.db
hint: did you mean luffy?

"#]]);
}

#[test]
fn names_and_tags_may_begin_with_a_dash() {
    let world = World::new();
    world.wxbox("user add luffy --tag -a --tag=-b").ok();
    world.wxbox("user edit luffy --rename -l --tag -t --untag -a").ok();
    world.wxbox("user edit --note -n -- -l").ok();
    world.wxbox(&format!("bind --user -l --openid {LUFFY}")).ok();
    assert_eq!(world.wxbox("user list --tag -t").ok().stdout(), format!("-l\t{LUFFY}\t-b,-t\t-n\n"));
    world.wxbox("unbind --user -l").ok();
    world.wxbox("bind --unbound --tag -none").is(str![[r#"
exit 4
--- stderr
error: nobody has the tag -none

"#]]);
}

#[test]
fn a_name_can_be_seen_and_has_one_form() {
    let world = World::new();
    for bad in ["\u{200b}", "\u{3164}", "lu\u{202e}ffy", "luffy\u{200b}", "\u{feff}\u{200d}"] {
        assert_eq!(world.wxbox(&format!("user add '{bad}'")).status(), Some(2), "{bad:?}");
    }
    world.wxbox("user add lu\u{202e}ffy").is(str![[r#"
exit 2
--- stderr
error: the name holds a character that does not show (U+202E)
hint: type the name anew: what does not show mostly came with copied text

"#]]);
    world.wxbox("user add 👨‍👩‍👧").ok();
    world.wxbox("user add cafe\u{301} --tag the\u{301}").ok();
    assert_eq!(
        world.sql::<String>("SELECT uid FROM users WHERE username = 'café'"),
        "07117fe4a1ebd544965dc19573183da2"
    );
    assert_eq!(world.wxbox("user add café").status(), Some(4));
    for name in ["café", "cafe\u{301}"] {
        world.wxbox(&format!("user show {name}")).ok();
    }
    for tag in ["thé", "the\u{301}"] {
        assert!(world.wxbox(&format!("user list --tag {tag}")).stdout().starts_with("café\t"));
    }
}

#[test]
fn what_looks_like_another_is_said() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("user add Luffy").is(str![[r#"
exit 0
--- stdout
added Luffy
--- stderr
warning: Luffy and luffy differ by capital letters alone, and are two people

"#]]);
    world.wxbox("user edit luffy --rename LUFFY").is(str![[r#"
exit 0
--- stdout
changed LUFFY
--- stderr
warning: LUFFY and Luffy differ by capital letters alone, and are two people

"#]]);
    world.wxbox("user add robin --tag ops,oncall").is(str![[r#"
exit 0
--- stdout
added robin
--- stderr
warning: "ops,oncall" is one tag; for several, give each an option of its own: --tag ops --tag oncall

"#]]);
    world.wxbox("user add nami --tag ops；值班").is(str![[r#"
exit 2
--- stderr
error: "ops；值班" cannot be a tag: 1 to 64 characters that can be seen, and no semicolon
hint: give each tag an option of its own: --tag ops --tag 值班

"#]]);
}
