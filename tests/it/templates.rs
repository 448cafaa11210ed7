//! `template`: the account's list, cached in the database.

use snapbox::str;

use crate::support::env::{BACKUP_TEMPLATE_ID, LIST_REQUEST, TestEnv};

#[test]
fn list_is_fetched_once_and_cached() {
    let mut env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox template list
backup	Backup finished	first,host,size,time,remark	backup_finished-0123456789abcdefghijklmnopq
-	Server alert	thing1,character_string2,time3	server_alert-0123456789abcdefghijklmnopqrst

"#]]);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0", LIST_REQUEST]);
    env.assert_session(str![[r#"
$ wxbox --json template list
{"template_id":"backup_finished-0123456789abcdefghijklmnopq","title":"Backup finished","content":"{{first.DATA}}\nHost: {{host.DATA}}\nSize: {{size.DATA}}\nTime: {{time.DATA}}\n{{remark.DATA}}","keys":["first","host","size","time","remark"],"alias":"backup","types":[null,null,null,null,null],"asked_at":"[TIME]"}
{"template_id":"server_alert-0123456789abcdefghijklmnopqrst","title":"Server alert","content":"Event: {{thing1.DATA}}\nHost: {{character_string2.DATA}}\nTime: {{time3.DATA}}","keys":["thing1","character_string2","time3"],"alias":null,"types":["thing","character_string","time"],"asked_at":"[TIME]"}

"#]]);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
    env.run("-q template list --refresh").assert_success();
    assert_eq!(env.sandbox().requests(), [LIST_REQUEST]);
}

#[test]
fn a_template_is_found_by_alias_id_beginning_and_title() {
    let mut env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox template show backup
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
    env.sandbox().requests();
    for name in [BACKUP_TEMPLATE_ID, "backup_", "'Backup finished'", "' Backup finished '"] {
        assert!(
            env.run(&format!("template show {name}")).assert_success().stdout().contains(BACKUP_TEMPLATE_ID),
            "{name}"
        );
    }
    env.assert_session(str![[r#"
$ wxbox --json template show 'Server alert'
{"template_id":"server_alert-0123456789abcdefghijklmnopqrst","title":"Server alert","content":"Event: {{thing1.DATA}}\nHost: {{character_string2.DATA}}\nTime: {{time3.DATA}}","keys":["thing1","character_string2","time3"],"alias":null,"types":["thing","character_string","time"],"asked_at":"[TIME]"}

"#]]);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
    env.assert_session(str![[r#"
$ wxbox template show 'Backup finishd'
2> error: there is no template "Backup finishd"
2> hint: did you mean Backup finished?
exit 4
$ wxbox template show ''
2> error: there is no template ""
2> hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias ''` to choose the one that this name stands for
exit 4
$ wxbox template show xyz
2> error: there is no template "xyz"
2> hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias xyz` to choose the one that this name stands for
exit 4

"#]]);
    // The list was fetched again before each rejection.
    assert_eq!(env.sandbox().requests(), [LIST_REQUEST, LIST_REQUEST, LIST_REQUEST]);
}

#[test]
fn ambiguous_template_is_rejected() {
    let template = |id: &str, title: &str| {
        format!(
            "[[templates]]\nid = \"{id}-012345678901234567890123456789012345\"\ntitle = \"{title}\"\ncontent = \"x\"\n"
        )
    };
    let env =
        TestEnv::with_scenario(&(template("alpha1", "One") + &template("alpha2", "Two") + &template("beta_3", "Two")));
    env.assert_session(str![[r#"
$ wxbox template show alpha
2> error: "alpha" matches more than one template: alpha1-012345678901234567890123456789012345, alpha2-012345678901234567890123456789012345
2> hint: use more characters of the ID, or an alias of the config
exit 2
$ wxbox template show Two
2> error: "Two" matches more than one template: alpha2-012345678901234567890123456789012345, beta_3-012345678901234567890123456789012345
2> hint: use more characters of the ID, or an alias of the config
exit 2

"#]]);
    env.run("template show alpha1").assert_success();
    env.assert_session(str![[r#"
$ wxbox template show backup
2> error: the account has no template backup_finished-0123456789abcdefghijklmnopq, to which the alias backup refers
2> hint: run `wxbox template list` to see the templates of the account; the alias is at [HOME]/.config/wxbox/config.toml:13
exit 4

"#]]);
}

#[test]
fn cached_list_needs_no_secret_or_network() {
    let mut env = TestEnv::new();
    env.run("template list").assert_success();
    let config = env.read_config();
    let lines = config.lines().filter(|line| !line.starts_with("app_secret")).collect::<Vec<_>>().join("\n");
    env.write_config(&lines);
    env.sandbox().requests();
    env.run("template list").assert_success();
    env.run("template show backup").assert_success();
    env.assert_session(str![[r#"
$ wxbox template show unknown
2> warning: cannot download the templates from WeChat: app_secret is not set
2> error: there is no template "unknown"
2> hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias unknown` to choose the one that this name stands for
exit 4
$ wxbox template list --refresh
2> error: app_secret is not set
2> hint: set app_secret or app_secret_file in [HOME]/.config/wxbox/config.toml, or set WXBOX_APP_SECRET or WXBOX_APP_SECRET_FILE
exit 3

"#]]);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
}

#[test]
fn rejected_token_is_refreshed() {
    let mut env = TestEnv::new();
    env.run("token").assert_success();
    rusqlite::Connection::open(env.database_path()).unwrap().execute("UPDATE tokens SET token = 'stale'", []).unwrap();
    env.sandbox().requests();
    env.run("template list").assert_success();
    let refused = "GET /cgi-bin/template/get_all_private_template 40001";
    assert_eq!(env.sandbox().requests(), [refused, "POST /cgi-bin/stable_token 0", LIST_REQUEST]);
}

#[test]
fn an_account_may_have_no_templates() {
    let env = TestEnv::with_scenario("templates = []\n");
    env.assert_session(str![[r#"
$ wxbox template list
$ wxbox --json template list

"#]]);
}
