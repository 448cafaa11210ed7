//! A template's fields are checked against the account's list before anything is queued.

use snapbox::str;

use crate::support::env::{BACKUP_TEMPLATE_ID, LIST_REQUEST, LUFFY, SEND_REQUEST, TestEnv};

const SEND_ALERT: &str = "send -u luffy -t 'Server alert' -d thing1=a -d character_string2=b -d time3=04:00";

#[test]
fn cached_list_needs_no_request() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("template list").assert_success();
    env.sandbox().requests();
    for template in ["backup", BACKUP_TEMPLATE_ID, "backup_f", "'Backup finished'"] {
        env.run(&format!("send -u luffy -t {template} -d host=a -d size=1 -d time=2")).assert_success();
        assert_eq!(env.sandbox().requests(), [SEND_REQUEST], "{template}");
    }
    let inbox = env.sandbox().inbox();
    assert!(inbox.iter().all(|message| message["template_id"] == BACKUP_TEMPLATE_ID), "{inbox:?}");
}

#[test]
fn first_send_fetches_and_caches_list() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(SEND_ALERT).assert_success();
    env.run(SEND_ALERT).assert_success();
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0", LIST_REQUEST, SEND_REQUEST, SEND_REQUEST]);
}

#[test]
fn wrong_fields_are_reported_with_valid_ones() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("template list").assert_success();
    env.sandbox().requests();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backup -d hots=a
2> error: the template backup has no field hots (did you mean host?)
2> hint: use its fields first, host, size, time, remark; run `wxbox template show backup` to see the template
exit 2

"#]]);
    // The list is fetched again before a message is rejected.
    assert_eq!(env.sandbox().requests(), [LIST_REQUEST]);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backup -d xyz=a -d Sizes=b
2> error: the template backup has no fields xyz, Sizes (did you mean size?)
2> hint: use its fields first, host, size, time, remark; run `wxbox template show backup` to see the template
exit 2
$ wxbox send -u luffy -t 'Server alert' -d thing1=a
2> error: the template Server alert requires values for character_string2, time3
2> hint: use its fields thing1, character_string2, time3; run `wxbox template show 'Server alert'` to see the template
exit 2
$ wxbox send -u luffy -t 'Server alert' -d thing=a --json
2> {"error":"the template Server alert has no field thing (did you mean thing1?); values for thing1, character_string2, time3 are missing","hint":"use its fields thing1, character_string2, time3; run `wxbox template show 'Server alert'` to see the template","code":2}
exit 2
$ wxbox send -u luffy -t 'Server alert' -d thing1=a --dry-run
2> error: the template Server alert requires values for character_string2, time3
2> hint: use its fields thing1, character_string2, time3; run `wxbox template show 'Server alert'` to see the template
exit 2
$ wxbox send -u luffy -t 'Server alerts' -d thing1=a
2> error: there is no template "Server alerts"
2> hint: did you mean Server alert?
exit 4

"#]]);
    assert_eq!(env.count("messages"), 0);
}

#[test]
fn changed_template_is_fetched_again() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("template list").assert_success();
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    database.execute("UPDATE templates SET content = '{{old.DATA}}'", []).unwrap();
    env.sandbox().requests();
    env.run("send -u luffy -t backup").assert_success();
    assert_eq!(env.sandbox().requests(), [LIST_REQUEST, SEND_REQUEST]);
    // A new template is found in the same way.
    database.execute("DELETE FROM templates", []).unwrap();
    env.run(SEND_ALERT).assert_success();
    assert_eq!(env.sandbox().requests(), [LIST_REQUEST, SEND_REQUEST]);
}

#[test]
fn unknown_alias_or_template_id_is_reported() {
    let env = TestEnv::with_scenario("templates = []\n");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backup
2> error: the account has no template backup_finished-0123456789abcdefghijklmnopq, to which the alias backup refers
2> hint: run `wxbox template list` to see the templates of the account; the alias is at [HOME]/.config/wxbox/config.toml:13
exit 4
$ wxbox send -u luffy -t backup_finished-0123456789abcdefghijklmnopq
2> error: there is no template "backup_finished-0123456789abcdefghijklmnopq"
2> hint: did you mean backup?
exit 4

"#]]);
    assert_eq!(env.count("messages"), 0);
}

#[test]
fn unreachable_wechat_is_a_warning() {
    // The first lookup uses up the quota of the list.
    let mut env = TestEnv::with_scenario("[quota]\n\"/cgi-bin/template/get_all_private_template\" = 1\n");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.run("template list --refresh").assert_success();
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    database.execute("UPDATE templates SET content = '{{old.DATA}}'", []).unwrap();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t 'Backup finished'
sent message 1 (template) to luffy
2> warning: cannot check the template Backup finished and its fields: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up

"#]]);
    database.execute("DELETE FROM template_lists", []).unwrap();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backup_finished-0123456789abcdefghijklmnopq
sent message 2 (template) to luffy
2> warning: cannot check the template backup_finished-0123456789abcdefghijklmnopq and its fields: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
$ wxbox send -u luffy -t 'Backup finished'
2> error: cannot look up the template "Backup finished": WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up; nothing was queued
2> hint: wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` (allowed ten times a month)
exit 6

"#]]);
    let ids: String = env.query("SELECT group_concat(json ->> 'template_id') FROM payloads");
    assert_eq!(ids, format!("{BACKUP_TEMPLATE_ID},{BACKUP_TEMPLATE_ID}"));
    assert_eq!(env.sandbox().inbox().len(), 2);
}

#[test]
fn dry_run_without_secret_checks_cached_list() {
    let mut env = TestEnv::with_bound_luffy();
    let config = env.read_config();
    let bare = config.lines().filter(|line| !line.starts_with("app_secret")).collect::<Vec<_>>().join("\n");
    env.write_config(&bare);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backup -d hots=a --dry-run
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"db0"},"size":{"value":"-"},"time":{"value":"-"},"hots":{"value":"a"}}}
2> warning: cannot check the template backup and its fields: there is no cached template list, and no AppSecret to download the list

"#]]);
    env.write_config(&config);
    env.run("template list").assert_success();
    env.write_config(&bare);
    env.sandbox().requests();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backup -d hots=a --dry-run
2> error: the template backup has no field hots (did you mean host?)
2> hint: use its fields first, host, size, time, remark; run `wxbox template show backup` to see the template
exit 2
$ wxbox send -u luffy -t backup_ -d host=a -d size=1 -d time=2 --dry-run
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"a"},"size":{"value":"1"},"time":{"value":"2"}}}

"#]]);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
}
