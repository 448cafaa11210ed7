//! `template`: the account's list, kept in the database.

use snapbox::str;

use crate::harness::{BACKUP, World};

const LIST: &str = "GET /cgi-bin/template/get_all_private_template 0";

#[test]
fn the_list_is_asked_for_once_and_then_kept() {
    let mut world = World::new();
    world.wxbox("template list").is(str![[r#"
exit 0
--- stdout
backup	Backup finished	first,host,size,time,remark	backup_finished-0123456789abcdefghijklmnopq
-	Server alert	thing1,character_string2,time3	server_alert-0123456789abcdefghijklmnopqrst

"#]]);
    assert_eq!(world.sandbox().requests(), ["POST /cgi-bin/stable_token 0", LIST]);
    world.wxbox("--json template list").is(str![[r#"
exit 0
--- stdout
{"template_id":"backup_finished-0123456789abcdefghijklmnopq","title":"Backup finished","content":"{{first.DATA}}/nHost: {{host.DATA}}/nSize: {{size.DATA}}/nTime: {{time.DATA}}/n{{remark.DATA}}","keys":["first","host","size","time","remark"],"alias":"backup","types":[null,null,null,null,null],"asked_at":"[TIME]"}
{"template_id":"server_alert-0123456789abcdefghijklmnopqrst","title":"Server alert","content":"Event: {{thing1.DATA}}/nHost: {{character_string2.DATA}}/nTime: {{time3.DATA}}","keys":["thing1","character_string2","time3"],"alias":null,"types":["thing","character_string","time"],"asked_at":"[TIME]"}

"#]]);
    assert_eq!(world.sandbox().requests(), Vec::<String>::new());
    world.wxbox("-q template list --refresh").ok();
    assert_eq!(world.sandbox().requests(), [LIST]);
}

#[test]
fn a_template_is_found_by_alias_id_beginning_and_title() {
    let mut world = World::new();
    world.wxbox("template show backup").is(str![[r#"
exit 0
--- stdout
Title    Backup finished
ID       backup_finished-0123456789abcdefghijklmnopq
Alias    backup
As of    [TIME]
Fields   first   is not shown
         host
         size
         time
         remark  is not shown
Content  ‹first›
         Host: ‹host›
         Size: ‹size›
         Time: ‹time›
         ‹remark›

"#]]);
    world.sandbox().requests();
    for name in [BACKUP, "backup_", "'Backup finished'", "' Backup finished '"] {
        assert!(world.wxbox(&format!("template show {name}")).ok().stdout().contains(BACKUP), "{name}");
    }
    world.wxbox("--json template show 'Server alert'").is(str![[r#"
exit 0
--- stdout
{"template_id":"server_alert-0123456789abcdefghijklmnopqrst","title":"Server alert","content":"Event: {{thing1.DATA}}/nHost: {{character_string2.DATA}}/nTime: {{time3.DATA}}","keys":["thing1","character_string2","time3"],"alias":null,"types":["thing","character_string","time"],"asked_at":"[TIME]"}

"#]]);
    assert_eq!(world.sandbox().requests(), Vec::<String>::new());
    world.wxbox("template show 'Backup finishd'").is(str![[r#"
exit 4
--- stderr
error: there is no template "Backup finishd"
hint: did you mean Backup finished?

"#]]);
    world.wxbox("template show ''").is(str![[r#"
exit 4
--- stderr
error: there is no template ""
hint: `wxbox template list` shows the account's templates

"#]]);
    world.wxbox("template show xyz").is(str![[r#"
exit 4
--- stderr
error: there is no template "xyz"
hint: `wxbox template list` shows the account's templates

"#]]);
    // Before each refusal WeChat was asked anew.
    assert_eq!(world.sandbox().requests(), [LIST, LIST, LIST]);
}

#[test]
fn what_is_not_one_template_is_refused() {
    let template = |id: &str, title: &str| {
        format!(
            "[[templates]]\nid = \"{id}-012345678901234567890123456789012345\"\ntitle = \"{title}\"\ncontent = \"x\"\n"
        )
    };
    let world = World::of(&(template("alpha1", "One") + &template("alpha2", "Two") + &template("beta_3", "Two")));
    world.wxbox("template show alpha").is(str![[r#"
exit 2
--- stderr
error: "alpha" can be each of alpha1-012345678901234567890123456789012345, alpha2-012345678901234567890123456789012345
hint: give more of the id, or an alias of the config

"#]]);
    world.wxbox("template show Two").is(str![[r#"
exit 2
--- stderr
error: "Two" can be each of alpha2-012345678901234567890123456789012345, beta_3-012345678901234567890123456789012345
hint: give more of the id, or an alias of the config

"#]]);
    world.wxbox("template show alpha1").ok();
    world.wxbox("template show backup").is(str![[r#"
exit 4
--- stderr
error: the account has no template backup_finished-0123456789abcdefghijklmnopq, which the alias backup stands for
hint: `wxbox template list` shows those that it has; the alias is at [HOME]/.config/wxbox/config.toml:13

"#]]);
}

#[test]
fn a_kept_list_needs_neither_secret_nor_network() {
    let mut world = World::new();
    world.wxbox("template list").ok();
    let config = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    let lines = config.lines().filter(|line| !line.starts_with("app_secret")).collect::<Vec<_>>().join("\n");
    world.config(&lines);
    world.sandbox().requests();
    world.wxbox("template list").ok();
    world.wxbox("template show backup").ok();
    world.wxbox("template show unknown").is(str![[r#"
exit 4
--- stderr
warning: WeChat could not be asked for the templates: no app_secret is set
error: there is no template "unknown"
hint: `wxbox template list` shows the account's templates

"#]]);
    world.wxbox("template list --refresh").is(str![[r#"
exit 3
--- stderr
error: no app_secret is set
hint: set app_secret or app_secret_file in [HOME]/.config/wxbox/config.toml, or one of the variables WXBOX_APP_SECRET and WXBOX_APP_SECRET_FILE

"#]]);
    assert_eq!(world.sandbox().requests(), Vec::<String>::new());
}

#[test]
fn a_token_that_is_refused_is_renewed() {
    let mut world = World::new();
    world.wxbox("token").ok();
    rusqlite::Connection::open(world.database()).unwrap().execute("UPDATE tokens SET token = 'stale'", []).unwrap();
    world.sandbox().requests();
    world.wxbox("template list").ok();
    let refused = "GET /cgi-bin/template/get_all_private_template 40001";
    assert_eq!(world.sandbox().requests(), [refused, "POST /cgi-bin/stable_token 0", LIST]);
}

#[test]
fn an_account_may_have_no_templates() {
    let world = World::of("templates = []\n");
    world.wxbox("template list").is(str![[r#"
exit 0

"#]]);
    world.wxbox("--json template list").is(str![[r#"
exit 0

"#]]);
}
