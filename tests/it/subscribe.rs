//! Subscription notifications: their recipients, and the checks before they are sent.

use snapbox::str;

use crate::support::env::{LUFFY, NAMI, TestEnv, ZORO};

const FIELD_ARGS: &str = "-d thing1=db1 -d character_string2=42GB -d time3=03:15";

fn env_with_grants() -> TestEnv {
    let env = TestEnv::with_scenario(&format!(
        "[[people]]\nname = \"luffy\"\nopenid = \"{LUFFY}\"\ngrants = [\"*\"]\nscenes = [7]\n\
         [[people]]\nname = \"nami\"\nopenid = \"{NAMI}\"\n\
         [[people]]\nname = \"zoro\"\nopenid = \"{ZORO}\"\nfollows = false\nscenes = [7]\n"
    ));
    for (name, openid) in [("luffy", LUFFY), ("nami", NAMI)] {
        env.run(&format!("user add {name} --openid {openid}")).assert_success();
    }
    env
}

#[test]
fn consenting_user_receives_notification() {
    let mut env = env_with_grants();
    let line = format!("send -u luffy --subscribe 'Backup report' {FIELD_ARGS} --url https://status.example.com");
    env.run(&line).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 1 (subscribe) to luffy

"#]]);
    assert_eq!(env.sandbox().inbox()[0]["url"], "https://status.example.com");
    // The grant is used up; this does not mark the user as unreachable.
    env.run(&line).assert_snapshot(str![[r#"
exit 5
--- stderr
error: message 2 to luffy was rejected: WeChat returned 43101 (user refuse to accept the msg): the person does not accept this template, or has not allowed this notification
hint: for a template message, ask the person to switch it on again in WeChat; for a notification, to accept the prompt again

"#]]);
    env.assert_session(str![[r#"
$ wxbox --json send -u nami --subscribe backup_report -d thing1=db1 -d character_string2=42GB -d time3=03:15
{"id":3,"user":"nami","openid":"oNami_draws_maps_of_the_sea1","type":"subscribe","state":"failed","attempts":1,"msgid":null,"errcode":43101,"errmsg":"user refuse to accept the msg","rid":"[RID]","error":"WeChat returned 43101 (user refuse to accept the msg): the person does not accept this template, or has not allowed this notification","hint":"for a template message, ask the person to switch it on again in WeChat; for a notification, to accept the prompt again","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
2> {"error":"1 message was not delivered","hint":null,"code":5}
exit 5

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM bindings WHERE unreachable_errcode NOTNULL"), 0);
    env.assert_session(str![[r#"
$ wxbox outbox show 1
ID                 1
State              sent
To                 luffy
Openid             oLuffy_wears_the_straw_hat_1
Type               subscribe
Attempts           1
Created            [TIME]
Sent               [TIME]
Receipt            none
WeChat message ID  [MSGID]
Content            Template backup_report-0123456789abcdefghijklmnopqrs
                   thing1: db1
                   character_string2: 42GB
                   time3: 03:15
                   https://status.example.com

"#]]);
}

#[test]
fn subscription_fields_are_checked_before_sending() {
    let mut env = env_with_grants();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --subscribe 'Backup report' -d thing1=db1 -d size=1
2> error: the template Backup report has no field size; values for character_string2, time3 are missing
2> hint: use its fields thing1, character_string2, time3; run `wxbox template show 'Backup report' --subscribe` to see the template
exit 2
$ wxbox send -u luffy --subscribe 'Backup report' -d thing1=db1 -d character_string2=42GB -d time3=03:15 -d time3=now --strict
2> error: WeChat rejects "now" for time3: use a time such as 15:01 or 15:01:59, with an optional date (2019年10月1日 15:01); ~ joins two times
2> hint: without --strict this is a warning; run `wxbox template check 'Backup report' --subscribe --data …` to see a preview
exit 2
$ wxbox send -u luffy --subscribe 'Backup rapport' -d thing1=db1 -d character_string2=42GB -d time3=03:15
2> error: there is no template "Backup rapport"
2> hint: did you mean Backup report?
exit 4
$ wxbox send -u luffy --subscribe nothing -d thing1=db1 -d character_string2=42GB -d time3=03:15
2> error: there is no template "nothing"
2> hint: run `wxbox template list --subscribe` to see the subscription templates of the account, or `wxbox template alias nothing --subscribe` to choose the one that this name stands for
exit 4
$ wxbox send -u luffy --subscribe 'Backup report' -d thing1=db1 -d character_string2=42GB -d time3=03:15 --url door
2> error: door is not an http or https address
2> hint: use the whole address, such as https://status.example.com
exit 2
$ wxbox send -u luffy --subscribe 'Backup report' -d thing1=db1 -d character_string2=42GB -d time3=03:15 --data-color 'thing1=#173177'
2> error: --subscribe cannot be used with --data-color
2> hint: run `wxbox send -h` to see how to use it
exit 2

"#]]);
    let lines = r#"
{"user": "luffy", "message": {"msgtype": "subscribe", "template_id": "backup_report-0123456789abcdefghijklmnopqrs", "data": {"thing1": "db1"}}}
{"user": "luffy", "message": {"template_id": "x", "page": "https://a", "data": {}}}
"#;
    env.run_with_stdin("send --batch -", lines).assert_snapshot(str![[r#"
exit 5
--- stdout
{"line":2,"state":"failed","error":"the template backup_report-0123456789abcdefghijklmnopqrs requires values for character_string2, time3"}
{"line":3,"state":"failed","error":"there is no template \"x\""}

"#]]);
    assert_eq!(env.count("messages"), 0);
    assert!(!env.sandbox().requests().iter().any(|request| request.contains("bizsend")));
}

#[test]
fn wechat_value_rejection_is_reported() {
    let env = env_with_grants();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --subscribe 'Backup report' -d thing1=db1 -d character_string2=42GB -d time3=03:15 -d time3=now
2> warning: WeChat may reject "now" for time3: use a time such as 15:01 or 15:01:59, with an optional date (2019年10月1日 15:01); ~ joins two times
2> error: message 1 to luffy was rejected: WeChat returned 47003 (argument invalid! data.time3.value invalid): a template value breaks its type rule or is empty; the text names the field
2> hint: fix the named field (length, charset, empty value)
exit 5

"#]]);
}

#[test]
fn template_and_subscription_lists_are_separate() {
    let mut env = env_with_grants();
    env.assert_session(str![[r#"
$ wxbox template list --subscribe
-	Backup report	thing1,character_string2,time3	backup_report-0123456789abcdefghijklmnopqrs
-	Service status	thing1,phrase2,date3	service_status-0123456789abcdefghijklmnopqr
$ wxbox template show --subscribe backup_report
Title    Backup report
ID       backup_report-0123456789abcdefghijklmnopqrs
Alias    -
As of    [TIME]
Fields   thing1             thing fields hold at most 20 characters
         character_string2  character_string fields hold up to 32 digits, letters and symbols, no Chinese and no blanks
         time3              use a time such as 15:01 or 15:01:59, with an optional date (2019年10月1日 15:01); ~ joins two times
Content  Backup: ‹thing1›
         Size: ‹character_string2›
         Finished: ‹time3›
$ wxbox template check --subscribe 'Backup report' -d thing1=db1 -d character_string2=42GB -d time3=03:15
Backup report
  Backup: db1
  Size: 42GB
  Finished: 03:15
$ wxbox template show --subscribe backup
2> error: the account has no template backup_finished-0123456789abcdefghijklmnopq, to which the alias backup refers
2> hint: run `wxbox template list --subscribe` to see the templates of the account; the alias is at [HOME]/.config/wxbox/config.toml:13
exit 4
$ wxbox template show 'Backup report'
2> error: there is no template "Backup report"
2> hint: did you mean Backup finished?
exit 4

"#]]);
    env.sandbox().requests();
    env.assert_session(str![[r#"
$ wxbox template list --subscribe --json
{"template_id":"backup_report-0123456789abcdefghijklmnopqrs","title":"Backup report","content":"Backup: {{thing1.DATA}}\nSize: {{character_string2.DATA}}\nFinished: {{time3.DATA}}","keys":["thing1","character_string2","time3"],"alias":null,"types":["thing","character_string","time"],"asked_at":"[TIME]"}
{"template_id":"service_status-0123456789abcdefghijklmnopqr","title":"Service status","content":"Service: {{thing1.DATA}}\nStatus: {{phrase2.DATA}}\nTime: {{date3.DATA}}","keys":["thing1","phrase2","date3"],"alias":null,"types":["thing","phrase","date"],"asked_at":"[TIME]"}

"#]]);
    env.run("template list").assert_success();
    assert_eq!(env.sandbox().requests(), Vec::<String>::new(), "both are kept");
    env.run("template list --subscribe --refresh").assert_success();
    assert_eq!(env.sandbox().requests(), ["GET /wxaapi/newtmpl/gettemplate 0"]);
}

#[test]
fn alias_supplies_remaining_fields() {
    let mut env = env_with_grants();
    let path = env.path(".config/wxbox/config.toml");
    let config = std::fs::read_to_string(path).unwrap();
    env.write_config(&format!(
        "{config}\n[templates.report]\nid = \"backup_report-0123456789abcdefghijklmnopqrs\"\n\
         url = \"https://status.example.com\"\n[templates.report.data]\nthing1 = {{ value = \"db1\", color = \"#173177\" }}\n\
         time3 = \"03:15\"\n"
    ));
    env.assert_session(str![[r#"
$ wxbox send -u luffy --subscribe report -d character_string2=1
sent message 1 (subscribe) to luffy

"#]]);
    assert_eq!(env.sandbox().inbox()[0]["url"], "https://status.example.com");
    let checks = env.run("-v doctor");
    assert!(checks.stdout().contains("templates"), "{}", checks.stdout());
    assert!(!checks.stdout().contains("which the alias report"), "{}", checks.stdout());
}

/// The recipient need not follow; each consent allows one message.
#[test]
fn one_time_subscription_sends_its_own_message() {
    let env = env_with_grants();
    let body = r#"{"template_id": "ONE", "scene": 7, "title": "Door 3", "data": {"content": {"value": "open"}}}"#;
    let body = body.replace("ONE", "one_time_message-0123456789abcdefghijklmnop");
    env.run_with_stdin(&format!("send --openid {ZORO} --message -"), &body).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 1 (subscribe_once) to oZoro_cannot_find_the_way_22

"#]]);
    env.run_with_stdin(&format!("send --openid {ZORO} --message -"), &body).assert_snapshot(str![[r#"
exit 5
--- stderr
error: message 2 to oZoro_cannot_find_the_way_22 was rejected: WeChat returned 43101 (user refuse to accept the msg): the person does not accept this template, or has not allowed this notification
hint: for a template message, ask the person to switch it on again in WeChat; for a notification, to accept the prompt again

"#]]);
    env.assert_session(str![[r#"
$ wxbox outbox show 1
ID        1
State     sent
To        oZoro_cannot_find_the_way_22
Openid    oZoro_cannot_find_the_way_22
Type      subscribe_once
Attempts  1
Created   [TIME]
Sent      [TIME]
Receipt   not supported for messages of this type
Content   Template one_time_message-0123456789abcdefghijklmnop
          Door 3
          open

"#]]);
}
