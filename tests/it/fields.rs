//! A template's fields are checked against the account's list before anything is queued.

use snapbox::str;

use crate::harness::{BACKUP, LUFFY, World};

const LIST: &str = "GET /cgi-bin/template/get_all_private_template 0";
const SENT: &str = "POST /cgi-bin/message/template/send 0";
const ALERT: &str = "send -u luffy -t 'Server alert' -d thing1=a -d character_string2=b -d time3=04:00";

fn world() -> World {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world
}

fn messages(world: &World) -> i64 {
    world.sql("SELECT count(*) FROM messages")
}

#[test]
fn a_kept_list_costs_no_request() {
    let mut world = world();
    world.wxbox("template list").ok();
    world.sandbox().requests();
    for template in ["backup", BACKUP, "backup_f", "'Backup finished'"] {
        world.wxbox(&format!("send -u luffy -t {template} -d host=a -d size=1 -d time=2")).ok();
        assert_eq!(world.sandbox().requests(), [SENT], "{template}");
    }
    let inbox = world.sandbox().inbox();
    assert!(inbox.iter().all(|message| message["template_id"] == BACKUP), "{inbox:?}");
}

#[test]
fn the_first_send_asks_once_and_keeps_the_answer() {
    let mut world = world();
    world.wxbox(ALERT).ok();
    world.wxbox(ALERT).ok();
    assert_eq!(world.sandbox().requests(), ["POST /cgi-bin/stable_token 0", LIST, SENT, SENT]);
}

#[test]
fn wrong_fields_are_named_with_the_right_ones() {
    let mut world = world();
    world.wxbox("template list").ok();
    world.sandbox().requests();
    world.wxbox("send -u luffy -t backup -d hots=a").is(str![[r#"
exit 2
--- stderr
error: the template backup has no field hots (did you mean host?)
hint: its fields are first, host, size, time, remark; `wxbox template show backup` shows them in place

"#]]);
    // WeChat is asked anew before a refusal.
    assert_eq!(world.sandbox().requests(), [LIST]);
    world.wxbox("send -u luffy -t backup -d xyz=a -d Sizes=b").is(str![[r#"
exit 2
--- stderr
error: the template backup has no fields xyz, Sizes (did you mean size?)
hint: its fields are first, host, size, time, remark; `wxbox template show backup` shows them in place

"#]]);
    world.wxbox("send -u luffy -t 'Server alert' -d thing1=a").is(str![[r#"
exit 2
--- stderr
error: nothing is given for character_string2, time3 of the template Server alert
hint: its fields are thing1, character_string2, time3; `wxbox template show 'Server alert'` shows them in place

"#]]);
    world.wxbox("send -u luffy -t 'Server alert' -d thing=a --json").is(str![[r#"
exit 2
--- stderr
{"error":"the template Server alert has no field thing (did you mean thing1?); nothing is given for thing1, character_string2, time3","hint":"its fields are thing1, character_string2, time3; `wxbox template show 'Server alert'` shows them in place","code":2}

"#]]);
    world.wxbox("send -u luffy -t 'Server alert' -d thing1=a --dry-run").is(str![[r#"
exit 2
--- stderr
error: nothing is given for character_string2, time3 of the template Server alert
hint: its fields are thing1, character_string2, time3; `wxbox template show 'Server alert'` shows them in place

"#]]);
    world.wxbox("send -u luffy -t 'Server alerts' -d thing1=a").is(str![[r#"
exit 4
--- stderr
error: there is no template "Server alerts"
hint: did you mean Server alert?

"#]]);
    assert_eq!(messages(&world), 0);
}

#[test]
fn a_template_that_was_changed_meanwhile_is_asked_for_anew() {
    let mut world = world();
    world.wxbox("template list").ok();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database.execute("UPDATE templates SET content = '{{old.DATA}}'", []).unwrap();
    world.sandbox().requests();
    world.wxbox("send -u luffy -t backup").ok();
    assert_eq!(world.sandbox().requests(), [LIST, SENT]);
    // A new one is found in the same way.
    database.execute("DELETE FROM templates", []).unwrap();
    world.wxbox(ALERT).ok();
    assert_eq!(world.sandbox().requests(), [LIST, SENT]);
}

#[test]
fn an_alias_or_an_id_that_the_account_does_not_have() {
    let world = World::of("templates = []\n");
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("send -u luffy -t backup").is(str![[r#"
exit 4
--- stderr
error: the account has no template backup_finished-0123456789abcdefghijklmnopq, which the alias backup stands for
hint: `wxbox template list` shows those that it has; the alias is at [HOME]/.config/wxbox/config.toml:13

"#]]);
    world.wxbox(&format!("send -u luffy -t {BACKUP}")).is(str![[r#"
exit 4
--- stderr
error: there is no template "backup_finished-0123456789abcdefghijklmnopq"
hint: did you mean backup?

"#]]);
    assert_eq!(messages(&world), 0);
}

#[test]
fn where_wechat_cannot_be_asked_it_is_a_warning() {
    // The quota of the list is used up by the first look.
    let mut world = World::of("[quota]\n\"/cgi-bin/template/get_all_private_template\" = 1\n");
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("template list --refresh").ok();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database.execute("UPDATE templates SET content = '{{old.DATA}}'", []).unwrap();
    world.wxbox("send -u luffy -t 'Backup finished'").is(str![[r#"
exit 0
--- stdout
sent message 1 (template) to luffy
--- stderr
warning: the template Backup finished and its fields are not checked: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up

"#]]);
    database.execute("DELETE FROM template_lists", []).unwrap();
    world.wxbox(&format!("send -u luffy -t {BACKUP}")).is(str![[r#"
exit 0
--- stdout
sent message 2 (template) to luffy
--- stderr
warning: the template backup_finished-0123456789abcdefghijklmnopq and its fields are not checked: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up

"#]]);
    world.wxbox("send -u luffy -t 'Backup finished'").is(str![[r#"
exit 6
--- stderr
error: which template "Backup finished" is cannot be looked up, and nothing is queued: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up
hint: Wait until the counters begin anew after midnight in China, or reset them with `wxbox quota clear` (10 per month)

"#]]);
    let ids: String = world.sql("SELECT group_concat(body ->> 'template_id') FROM contents");
    assert_eq!(ids, format!("{BACKUP},{BACKUP}"));
    assert_eq!(world.sandbox().inbox().len(), 2);
}

#[test]
fn a_dry_run_without_a_secret_checks_what_is_kept() {
    let mut world = world();
    let config = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    let bare = config.lines().filter(|line| !line.starts_with("app_secret")).collect::<Vec<_>>().join("\n");
    world.config(&bare);
    world.wxbox("send -u luffy -t backup -d hots=a --dry-run").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"db0"},"size":{"value":"-"},"time":{"value":"-"},"hots":{"value":"a"}}}
--- stderr
warning: the template backup and its fields are not checked: no template list is kept, and there is no secret to ask for one with

"#]]);
    world.config(&config);
    world.wxbox("template list").ok();
    world.config(&bare);
    world.sandbox().requests();
    world.wxbox("send -u luffy -t backup -d hots=a --dry-run").is(str![[r#"
exit 2
--- stderr
error: the template backup has no field hots (did you mean host?)
hint: its fields are first, host, size, time, remark; `wxbox template show backup` shows them in place

"#]]);
    world.wxbox("send -u luffy -t backup_ -d host=a -d size=1 -d time=2 --dry-run").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"a"},"size":{"value":"1"},"time":{"value":"2"}}}

"#]]);
    assert_eq!(world.sandbox().requests(), Vec::<String>::new());
}
