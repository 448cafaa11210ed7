//! Subscription notifications: whom they reach, and what of them is checked before they are sent.

use snapbox::str;

use crate::harness::{LUFFY, NAMI, World, ZORO};

const FIELDS: &str = "-d thing1=db1 -d character_string2=42GB -d time3=03:15";

fn world() -> World {
    let world = World::of(&format!(
        "[[people]]\nname = \"luffy\"\nopenid = \"{LUFFY}\"\ngrants = [\"*\"]\nscenes = [7]\n\
         [[people]]\nname = \"nami\"\nopenid = \"{NAMI}\"\n\
         [[people]]\nname = \"zoro\"\nopenid = \"{ZORO}\"\nfollows = false\nscenes = [7]\n"
    ));
    for (name, openid) in [("luffy", LUFFY), ("nami", NAMI)] {
        world.wxbox(&format!("user add {name} --openid {openid}")).ok();
    }
    world
}

#[test]
fn who_has_allowed_it_gets_one() {
    let mut world = world();
    let line = format!("send -u luffy --subscribe 'Backup report' {FIELDS} --url https://status.example.com");
    world.wxbox(&line).is(str![[r#"
exit 0
--- stdout
sent message 1 (subscribe) to luffy

"#]]);
    assert_eq!(world.sandbox().inbox()[0]["url"], "https://status.example.com");
    // The grant is used up; that is the person's affair, and no mark.
    world.wxbox(&line).is(str![[r#"
exit 5
--- stderr
error: message 2 to luffy was refused: WeChat says 43101 (user refuse to accept the msg): the person does not accept this template, or has not allowed this notification
hint: For a template message, ask the person to switch it on again in WeChat; for a notification, to accept the prompt again

"#]]);
    world.wxbox(&format!("--json send -u nami --subscribe backup_report {FIELDS}")).is(str![[r#"
exit 5
--- stdout
{"id":3,"user":"nami","openid":"oNami_draws_maps_of_the_sea1","type":"subscribe","state":"failed","attempts":1,"msgid":null,"errcode":43101,"errmsg":"user refuse to accept the msg","rid":"[RID]","error":"WeChat says 43101 (user refuse to accept the msg): the person does not accept this template, or has not allowed this notification","hint":"For a template message, ask the person to switch it on again in WeChat; for a notification, to accept the prompt again","key":null,"created_at":"[TIME]","sent_at":null}
--- stderr
{"error":"one message was not delivered","hint":null,"code":5}

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings WHERE unreachable NOTNULL"), 0);
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID          1
State       sent
To          luffy
Openid      oLuffy_wears_the_straw_hat_1
Type        subscribe
Attempts    1
Created     [TIME]
Sent        [TIME]
Message id  [MSGID]
Content     Template backup_report-0123456789abcdefghijklmnopqrs
            thing1: db1
            character_string2: 42GB
            time3: 03:15
            https://status.example.com

"#]]);
}

#[test]
fn its_fields_are_checked_before_it_is_sent() {
    let mut world = world();
    world.wxbox("send -u luffy --subscribe 'Backup report' -d thing1=db1 -d size=1").is(str![[r#"
exit 2
--- stderr
error: the template Backup report has no field size; nothing is given for character_string2, time3
hint: its fields are thing1, character_string2, time3; `wxbox template show 'Backup report' --subscribe` shows them in place

"#]]);
    world.wxbox(&format!("send -u luffy --subscribe 'Backup report' {FIELDS} -d time3=now --strict")).is(str![[r#"
exit 2
--- stderr
error: WeChat refuses time3 with "now": a time is written 15:01 or 15:01:59, a date may stand before it (2019年10月1日 15:01), and ~ joins two
hint: without --strict this is a warning; `wxbox template check 'Backup report' --subscribe --data …` shows what people would see

"#]]);
    world.wxbox(&format!("send -u luffy --subscribe 'Backup rapport' {FIELDS}")).is(str![[r#"
exit 4
--- stderr
error: there is no template "Backup rapport"
hint: did you mean Backup report?

"#]]);
    world.wxbox(&format!("send -u luffy --subscribe nothing {FIELDS}")).is(str![[r#"
exit 4
--- stderr
error: there is no template "nothing"
hint: `wxbox template list --subscribe` shows the account's subscription templates

"#]]);
    world.wxbox(&format!("send -u luffy --subscribe 'Backup report' {FIELDS} --url door")).is(str![[r#"
exit 2
--- stderr
error: door is not an http or https address
hint: write the whole address, such as https://status.example.com

"#]]);
    world.wxbox(&format!("send -u luffy --subscribe 'Backup report' {FIELDS} --data-color thing1=#173177")).is(str![[r#"
exit 2
--- stderr
error: the argument '--subscribe <T>' cannot be used with '--data-color <K=#RRGGBB>'
hint: the usage is: wxbox send --data <K=V> <--user <NAME>|--tag <TAG>|--all|--openid <ID>|--batch <FILE>> <TEXT|--text <TEXT>|--template <T>|--image <FILE|MEDIA_ID>|--news <FILE>|--subscribe <T>|--message <FILE>|--batch <FILE>> <--template <T>|--subscribe <T>>

"#]]);
    let lines = r#"
{"user": "luffy", "message": {"msgtype": "subscribe", "template_id": "backup_report-0123456789abcdefghijklmnopqrs", "data": {"thing1": "db1"}}}
{"user": "luffy", "message": {"template_id": "x", "page": "https://a", "data": {}}}
"#;
    world.feed("send --batch -", lines).is(str![[r#"
exit 5
--- stdout
{"line":2,"state":"failed","error":"nothing is given for character_string2, time3 of the template backup_report-0123456789abcdefghijklmnopqrs"}
{"line":3,"state":"failed","error":"there is no template /"x/""}

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages"), 0);
    assert!(!world.sandbox().requests().iter().any(|it| it.contains("bizsend")));
}

#[test]
fn wechat_has_the_last_word_on_a_value() {
    let world = world();
    world.wxbox(&format!("send -u luffy --subscribe 'Backup report' {FIELDS} -d time3=now")).is(str![[r#"
exit 5
--- stderr
warning: WeChat may refuse time3 with "now": a time is written 15:01 or 15:01:59, a date may stand before it (2019年10月1日 15:01), and ~ joins two
error: message 1 to luffy was refused: WeChat says 47003 (argument invalid! data.time3.value invalid): a template value breaks its type rule or is empty; the text names the field
hint: Fix the named field (length, charset, empty value)

"#]]);
}

#[test]
fn the_lists_are_two() {
    let mut world = world();
    world.wxbox("template list --subscribe").is(str![[r#"
exit 0
--- stdout
-	Backup report	thing1,character_string2,time3	backup_report-0123456789abcdefghijklmnopqrs
-	Service status	thing1,phrase2,date3	service_status-0123456789abcdefghijklmnopqr

"#]]);
    world.wxbox("template show --subscribe backup_report").is(str![[r#"
exit 0
--- stdout
Title    Backup report
ID       backup_report-0123456789abcdefghijklmnopqrs
Alias    -
As of    [TIME]
Fields   thing1             a thing has up to 20 characters
         character_string2  it has up to 32 digits, letters and symbols, no Chinese and no blanks
         time3              a time is written 15:01 or 15:01:59, a date may stand before it (2019年10月1日 15:01), and ~ joins two
Content  Backup: ‹thing1›
         Size: ‹character_string2›
         Finished: ‹time3›

"#]]);
    world.wxbox(&format!("template check --subscribe 'Backup report' {FIELDS}")).is(str![[r#"
exit 0
--- stdout
Backup report
  Backup: db1
  Size: 42GB
  Finished: 03:15

"#]]);
    world.wxbox("template show --subscribe backup").is(str![[r#"
exit 4
--- stderr
error: the account has no template backup_finished-0123456789abcdefghijklmnopq, which the alias backup stands for
hint: `wxbox template list --subscribe` shows those that it has; the alias is at [HOME]/.config/wxbox/config.toml:13

"#]]);
    world.wxbox("template show 'Backup report'").is(str![[r#"
exit 4
--- stderr
error: there is no template "Backup report"
hint: did you mean Backup finished?

"#]]);
    world.sandbox().requests();
    world.wxbox("template list --subscribe --json").is(str![[r#"
exit 0
--- stdout
{"template_id":"backup_report-0123456789abcdefghijklmnopqrs","title":"Backup report","content":"Backup: {{thing1.DATA}}/nSize: {{character_string2.DATA}}/nFinished: {{time3.DATA}}","keys":["thing1","character_string2","time3"],"alias":null,"types":["thing","character_string","time"],"asked_at":"[TIME]"}
{"template_id":"service_status-0123456789abcdefghijklmnopqr","title":"Service status","content":"Service: {{thing1.DATA}}/nStatus: {{phrase2.DATA}}/nTime: {{date3.DATA}}","keys":["thing1","phrase2","date3"],"alias":null,"types":["thing","phrase","date"],"asked_at":"[TIME]"}

"#]]);
    world.wxbox("template list").ok();
    assert_eq!(world.sandbox().requests(), Vec::<String>::new(), "both are kept");
    world.wxbox("template list --subscribe --refresh").ok();
    assert_eq!(world.sandbox().requests(), ["GET /wxaapi/newtmpl/gettemplate 0"]);
}

#[test]
fn an_alias_gives_the_rest() {
    let mut world = world();
    let path = world.path(".config/wxbox/config.toml");
    let config = std::fs::read_to_string(path).unwrap();
    world.config(&format!(
        "{config}\n[templates.report]\nid = \"backup_report-0123456789abcdefghijklmnopqrs\"\n\
         url = \"https://status.example.com\"\n[templates.report.data]\nthing1 = {{ value = \"db1\", color = \"#173177\" }}\n\
         time3 = \"03:15\"\n"
    ));
    world.wxbox("send -u luffy --subscribe report -d character_string2=1").is(str![[r#"
exit 0
--- stdout
sent message 1 (subscribe) to luffy

"#]]);
    assert_eq!(world.sandbox().inbox()[0]["url"], "https://status.example.com");
    let checks = world.wxbox("doctor");
    assert!(checks.stdout().contains("templates"), "{}", checks.stdout());
    assert!(!checks.stdout().contains("which the alias report"), "{}", checks.stdout());
}

/// The recipient need not follow; one message for each consent.
#[test]
fn a_one_time_subscription_is_a_message_of_its_own() {
    let world = world();
    let body = r#"{"template_id": "ONE", "scene": 7, "title": "Door 3", "data": {"content": {"value": "open"}}}"#;
    let body = body.replace("ONE", "one_time_message-0123456789abcdefghijklmnop");
    world.feed(&format!("send --openid {ZORO} --message -"), &body).is(str![[r#"
exit 0
--- stdout
sent message 1 (subscribe_once) to oZoro_cannot_find_the_way_22

"#]]);
    world.feed(&format!("send --openid {ZORO} --message -"), &body).is(str![[r#"
exit 5
--- stderr
error: message 2 to oZoro_cannot_find_the_way_22 was refused: WeChat says 43101 (user refuse to accept the msg): the person does not accept this template, or has not allowed this notification
hint: For a template message, ask the person to switch it on again in WeChat; for a notification, to accept the prompt again

"#]]);
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID        1
State     sent
To        oZoro_cannot_find_the_way_22
Openid    oZoro_cannot_find_the_way_22
Type      subscribe_once
Attempts  1
Created   [TIME]
Sent      [TIME]
Content   Template one_time_message-0123456789abcdefghijklmnop
          Door 3
          open

"#]]);
}
