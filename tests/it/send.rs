//! `send`: to whom, what, and every way in which it can end.

use rustix::process::Signal;
use snapbox::str;

use crate::canned::{Answer, Canned, OK, TOKEN, json};
use crate::harness::{LUFFY, NAMI, World, ZORO};

/// A world with luffy, nami and zoro bound, usopp not; tags crew (all but zoro) and lost (zoro).
fn crew() -> World {
    with_crew(World::new())
}

fn with_crew(world: World) -> World {
    world.wxbox(&format!("user add luffy --tag crew --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --tag crew --openid {NAMI}")).ok();
    world.wxbox(&format!("user add zoro --tag lost --openid {ZORO}")).ok();
    world.wxbox("user add usopp --tag crew").ok();
    world
}

fn queued(world: &World) -> i64 {
    world.sql("SELECT count(*) FROM messages WHERE state = 'queued'")
}

#[test]
fn a_text_comes_from_the_line_an_option_or_standard_input() {
    let mut world = crew();
    world.wxbox("send -u luffy 'one 一'").ok();
    world.wxbox("send --text two --user luffy").ok();
    world.feed("send -u luffy -", "three\r\nlines\n\n").ok();
    world.feed("send -u luffy --text -", "four").ok();
    world.wxbox("send -u luffy --text=--five").ok();
    world.sandbox().form("write", "person=luffy");
    world.wxbox("send -u luffy '-7 degrees'").ok();
    world.wxbox(r"send -u luffy 'a\nb'").ok();
    let inbox = world.sandbox().inbox();
    let texts: Vec<&str> = inbox.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one 一", "two", "three\nlines", "four", "--five", "-7 degrees", r"a\nb"]);
}

#[test]
fn fields_come_from_the_config_a_file_and_the_line() {
    let world = crew();
    world.config(
        &(std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap()
            + "host = { value = \"from config\", color = \"#111111\" }\nsize = 1.50\n\
               [templates.linked]\nid = \"L\"\nurl = \"https://a.example\"\n\
               miniprogram = { appid = \"wx2\", pagepath = \"p\" }\n"),
    );
    world.write("data.json", r##"{"host": "from 文件", "time": {"value": 12, "color": "#222222"}, "size": 1.50}"##);
    world.wxbox("send -u luffy -t backup --dry-run").is(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"first":{"value":"Backup"},"host":{"value":"from config","color":"#111111"},"size":{"value":"1.50"}}}

"##]]);
    world.wxbox("send -u luffy -t backup --dry-run --data-json data.json -d host=line -d more=").is(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"first":{"value":"Backup"},"host":{"value":"line"},"size":{"value":"1.5"},"time":{"value":"12","color":"#222222"},"more":{"value":""}}}

"##]]);
    world
        .feed("send -u luffy -t backup --dry-run --data-json - --data-color first=#abcdef", "{\"first\":\"x\"}")
        .is(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"first":{"value":"x","color":"#abcdef"},"host":{"value":"from config","color":"#111111"},"size":{"value":"1.50"}}}

"##]]);
    world.wxbox("send -u luffy -t linked --dry-run").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"L","url":"https://a.example","miniprogram":{"appid":"wx2","pagepath":"p"},[CLIENT_MSG_ID],"data":{}}

"#]]);
    world.wxbox("send -u luffy -t linked --dry-run --url http://b.example/?q=é --miniprogram wx3:x:y").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"L","url":"http://b.example/?q=é","miniprogram":{"appid":"wx3","pagepath":"x:y"},[CLIENT_MSG_ID],"data":{}}

"#]]);
    world.wxbox("send -u luffy -t backup --dry-run -d 'host=a=b' -d ' size = 3 ' -d 'time=x\u{7}\ny'").is(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"first":{"value":"Backup"},"host":{"value":"a=b","color":"#111111"},"size":{"value":" 3 "},"time":{"value":"x/ny"}}}

"##]]);
}

#[test]
fn a_dry_run_needs_no_secret_and_leaves_nothing() {
    let world = World::empty();
    world.config("app_id = \"wx1\"\n[network]\napi_base = \"http://127.0.0.1:1\"\n");
    let world = with_crew(world);
    world.wxbox("send -u luffy -u nami --dry-run '中文 🎉'").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"中文 🎉"}}
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"中文 🎉"}}

"#]]);
    world.wxbox("-q --json send -u luffy --dry-run '中文 🎉'").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"中文 🎉"}}

"#]]);
    world.wxbox("send -u usopp --dry-run hi").is(str![[r#"
exit 4
--- stderr
error: usopp is not bound
hint: `wxbox bind --user 'usopp'` shows the QR code to scan

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages"), 0);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM contents"), 0);
    world.wxbox("send -u luffy hi").is(str![[r#"
exit 3
--- stderr
error: no app_secret is set
hint: set app_secret or app_secret_file in [HOME]/.config/wxbox/config.toml, or one of the variables WXBOX_APP_SECRET and WXBOX_APP_SECRET_FILE

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages"), 0);
}

#[test]
fn everybody_gets_it_once() {
    let world = crew();
    let dry = format!("send --dry-run -u luffy -u nami -u luffy --tag crew --openid {ZORO} --openid {LUFFY} hi");
    world.wxbox(&dry).is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oZoro_cannot_find_the_way_22","msgtype":"text","text":{"content":"hi"}}
--- stderr
warning: left out, since they are not bound: usopp

"#]]);
    world.wxbox("send --dry-run --all hi").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oZoro_cannot_find_the_way_22","msgtype":"text","text":{"content":"hi"}}

"#]]);
    world.wxbox("send --dry-run --tag crew --tag lost hi -q").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oZoro_cannot_find_the_way_22","msgtype":"text","text":{"content":"hi"}}

"#]]);
}

#[test]
fn who_cannot_be_sent_to_stops_all_before_anything_is_queued() {
    let mut world = crew();
    world.wxbox("send -u luffy -u usopp hi").is(str![[r#"
exit 4
--- stderr
error: usopp is not bound
hint: `wxbox bind --user 'usopp'` shows the QR code to scan

"#]]);
    world.wxbox("send -u luffy -u lufy hi").is(str![[r#"
exit 4
--- stderr
error: no user is named lufy
hint: did you mean luffy?

"#]]);
    world.wxbox("send -u luffy --tag crwe hi").is(str![[r#"
exit 4
--- stderr
error: nobody has the tag crwe
hint: did you mean crew?

"#]]);
    world.wxbox("send --tag absent hi --json").is(str![[r#"
exit 4
--- stderr
{"error":"nobody has the tag absent","hint":null,"code":4}

"#]]);
    world.wxbox("send -u luffy --openid 'x y' hi").is(str![[r#"
exit 2
--- stderr
error: "x y" cannot be an openid
hint: an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o

"#]]);
    world.wxbox("user edit usopp --tag alone").ok();
    world.wxbox("send -u luffy --tag alone hi").is(str![[r#"
exit 4
--- stderr
error: nobody with the tag alone is bound and reachable
hint: `wxbox user list` shows who is bound; `wxbox bind --user NAME` binds

"#]]);
    world.wxbox("send --all -u luffy hi").is(str![[r#"
exit 2
--- stderr
error: the argument '--all' cannot be used with '--user <NAME>'

Usage: wxbox send <--user <NAME>|--tag <TAG>|--all|--openid <ID>> <TEXT|--text <TEXT>|--template <T>>

For more information, try '--help'.

"#]]);
    world.wxbox("send hi").is(str![[r#"
exit 2
--- stderr
error: the following required arguments were not provided:
  <--user <NAME>|--tag <TAG>|--all|--openid <ID>>

Usage: wxbox send <--user <NAME>|--tag <TAG>|--all|--openid <ID>> <TEXT|--text <TEXT>|--template <T>>

For more information, try '--help'.

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages"), 0);
    assert_eq!(world.sandbox().requests(), Vec::<String>::new());
    let nobody = World::new();
    nobody.wxbox("send --all hi").is(str![[r#"
exit 4
--- stderr
error: nobody is bound
hint: `wxbox user list` shows who is bound; `wxbox bind --user NAME` binds

"#]]);
}

#[test]
fn a_refused_person_is_marked_and_left_out_afterwards() {
    let mut world = crew();
    world.wxbox("send -u zoro -t backup -d host=a").is(str![[r#"
exit 5
--- stderr
error: message 1 to zoro was refused: WeChat says 43004 (require subscribe): recipient does not follow the account
hint: Ask the person to follow the account, then resend

"#]]);
    world.wxbox("user show zoro").is(str![[r#"
exit 0
--- stdout
Name       zoro
uid        eed83905a260b31bc5d254701999ee94
WeChat     oZoro_cannot_find_the_way_22 since [TIME]
Reachable  no: WeChat refuses messages to this person; send one by name once they follow the account again
Tags       lost
Added      [TIME]

"#]]);
    world.wxbox("send --tag lost -t backup").is(str![[r#"
exit 4
--- stderr
error: nobody with the tag lost is bound and reachable
hint: `wxbox user list` shows who is bound; `wxbox bind --user NAME` binds

"#]]);
    world.sandbox().requests();
    world.wxbox("send --all -t backup -d host=a").is(str![[r#"
exit 0
--- stdout
sent message 2 (template) to luffy
sent message 3 (template) to nami
--- stderr
warning: left out, since WeChat refused messages to them: zoro

"#]]);
    assert_eq!(world.sandbox().requests().len(), 2);
    // By name it is tried: the person may follow again.
    world.sandbox().form("follow", "person=zoro&follows=1");
    world.wxbox("send -u zoro -t backup -d host=a").is(str![[r#"
exit 0
--- stdout
sent message 4 (template) to zoro

"#]]);
    world.wxbox("send --tag lost -t backup").is(str![[r#"
exit 0
--- stdout
sent message 5 (template) to zoro

"#]]);
}

#[test]
fn results_in_json_and_quiet() {
    let world = crew();
    world.wxbox("send -q -u luffy hi").is(str![[r#"
exit 0

"#]]);
    world.wxbox("send --json -u luffy hi").is(str![[r#"
exit 0
--- stdout
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]"}

"#]]);
    world.wxbox("send -q -u nami hi").is(str![[r#"
exit 5
--- stderr
error: message 3 to nami was refused: WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
hint: Use a template message, or ask the person to write to the account first

"#]]);
    world.wxbox("send --json -u nami -u luffy hi").is(str![[r#"
exit 7
--- stdout
{"id":4,"user":"nami","openid":"oNami_draws_maps_of_the_sea1","type":"text","state":"failed","attempts":1,"msgid":null,"errcode":45015,"errmsg":"response out of time limit or subscription is canceled","error":"WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed","hint":"Use a template message, or ask the person to write to the account first","key":null,"created_at":"[TIME]","sent_at":null}
{"id":5,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]"}
--- stderr
{"error":"one message was not delivered","hint":null,"code":7}

"#]]);
    world.wxbox(&format!("send --json --openid {LUFFY} hi")).is(str![[r#"
exit 0
--- stdout
{"id":6,"user":null,"openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]"}

"#]]);
}

#[test]
fn refused_for_good_is_5() {
    let world = crew();
    world.wxbox("send -u nami hi").is(str![[r#"
exit 5
--- stderr
error: message 1 to nami was refused: WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
hint: Use a template message, or ask the person to write to the account first

"#]]);
    world.wxbox("send -u luffy -t no_such_template").is(str![[r#"
exit 5
--- stderr
error: message 2 to luffy was refused: WeChat says 40037 (invalid template_id): template_id not in this account
hint: List the templates again; category changes delete templates

"#]]);
    world.wxbox("send --openid oNobody hi").is(str![[r#"
exit 5
--- stderr
error: message 3 to oNobody was refused: WeChat says 40003 (invalid openid): openid malformed or of another account
hint: Check that the recipient was enrolled with this AppID; enrol again

"#]]);
    world.wxbox("outbox list --state failed").is(str![[r#"
exit 0
--- stdout
3	failed	oNobody	text	[TIME]	WeChat says 40003 (invalid openid): openid malformed or of another account
2	failed	luffy	template	[TIME]	WeChat says 40037 (invalid template_id): template_id not in this account
1	failed	nami	text	[TIME]	WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed

"#]]);
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID        1
State     failed
To        nami
Openid    oNami_draws_maps_of_the_sea1
Type      text
Attempts  1
Created   [TIME]
Expires   [TIME]
Error     WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
Hint      Use a template message, or ask the person to write to the account first
Content   hi

"#]]);
}

#[test]
fn one_refusal_of_a_template_is_enough() {
    let mut world = crew();
    world.wxbox("send -u luffy -u nami -t no_such_template").is(str![[r#"
exit 5
--- stderr
error: message 1 to luffy was refused: WeChat says 40037 (invalid template_id): template_id not in this account
hint: List the templates again; category changes delete templates
error: message 2 to nami was refused: WeChat says 40037 (invalid template_id): template_id not in this account
hint: List the templates again; category changes delete templates

"#]]);
    assert_eq!(
        world.sandbox().requests(),
        ["POST /cgi-bin/stable_token 0", "POST /cgi-bin/message/template/send 40037"]
    );
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM attempts"), 1);
}

#[test]
fn a_used_up_quota_leaves_all_queued() {
    let mut world = with_crew(World::of("[quota]\n\"/cgi-bin/message/template/send\" = 1\n"));
    world.wxbox("send -u luffy -t backup").ok();
    world.sandbox().requests();
    world.wxbox("send -u luffy -u nami -t backup").is(str![[r#"
exit 6
--- stderr
error: message 2 to luffy is not delivered yet and stays queued: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up
hint: Wait for the next day (China time), or reset the quota (10 per month)
error: message 3 to nami is not delivered yet and stays queued: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up
hint: Wait for the next day (China time), or reset the quota (10 per month)

"#]]);
    assert_eq!(world.sandbox().requests(), ["POST /cgi-bin/message/template/send 45009"]);
    assert_eq!(queued(&world), 2);
}

#[test]
fn different_ends_are_7() {
    let world = crew();
    world.wxbox("send -u luffy -u nami hi").is(str![[r#"
exit 7
--- stdout
sent message 1 (text) to luffy
--- stderr
error: message 2 to nami was refused: WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
hint: Use a template message, or ask the person to write to the account first

"#]]);
}

#[test]
fn credentials_that_wechat_refuses_are_3() {
    let mut world = crew();
    world.set("WXBOX_APP_SECRET", "ffffffffffffffffffffffffffffffff");
    world.wxbox("send -u luffy -u nami hi").is(str![[r#"
exit 3
--- stderr
error: no access token: WeChat says 40125 (invalid appsecret): AppSecret wrong
hint: Copy the AppSecret again or reset it in the console
2 messages are not delivered and stay in the outbox

"#]]);
    world.wxbox("send --json -u luffy hi").is(str![[r#"
exit 3
--- stdout
{"id":3,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"queued","attempts":0,"msgid":null,"errcode":40125,"errmsg":"invalid appsecret","error":"no access token: WeChat says 40125 (invalid appsecret): AppSecret wrong","hint":"Copy the AppSecret again or reset it in the console","key":null,"created_at":"[TIME]","sent_at":null}
--- stderr
{"error":"no access token: WeChat says 40125 (invalid appsecret): AppSecret wrong","hint":"Copy the AppSecret again or reset it in the console","code":3}
one message is not delivered and stays in the outbox

"#]]);
    assert_eq!(queued(&world), 3);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM attempts"), 0);
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID        1
State     queued
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      text
Attempts  0
Created   [TIME]
Expires   [TIME]
Error     no access token: WeChat says 40125 (invalid appsecret): AppSecret wrong
Hint      Copy the AppSecret again or reset it in the console
Content   hi

"#]]);
    world.set("WXBOX_APP_ID", "wxffffffffffffffff");
    world.wxbox(&format!("send --openid {LUFFY} hi")).is(str![[r#"
exit 3
--- stderr
error: no access token: WeChat says 40013 (invalid appid): AppID unknown or malformed
hint: Copy the AppID again; it is case-sensitive
one message is not delivered and stays in the outbox

"#]]);
}

#[test]
fn a_machine_that_is_not_allowed_learns_its_address() {
    let world = with_crew(World::of("ip_whitelist = [\"192.0.2.0/24\"]\n"));
    world.wxbox("send -u luffy hi").is(str![[r#"
exit 3
--- stderr
error: no access token: WeChat says 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): caller IP not in the whitelist
hint: add 127.0.0.1 to the account's IP allow-list (微信开发者平台 → 我的业务), wait up to 10 minutes, try again
one message is not delivered and stays in the outbox

"#]]);
    world.wxbox("send --json -u luffy hi").is(str![[r#"
exit 3
--- stdout
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"queued","attempts":0,"msgid":null,"errcode":40164,"errmsg":"invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist","error":"no access token: WeChat says 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): caller IP not in the whitelist","hint":"add 127.0.0.1 to the account's IP allow-list (微信开发者平台 → 我的业务), wait up to 10 minutes, try again","key":null,"created_at":"[TIME]","sent_at":null}
--- stderr
{"error":"no access token: WeChat says 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): caller IP not in the whitelist","hint":"add 127.0.0.1 to the account's IP allow-list (微信开发者平台 → 我的业务), wait up to 10 minutes, try again","code":3}
one message is not delivered and stays in the outbox

"#]]);
    world.wxbox("token").is(str![[r#"
exit 3
--- stderr
error: no access token: WeChat says 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): caller IP not in the whitelist
hint: add 127.0.0.1 to the account's IP allow-list (微信开发者平台 → 我的业务), wait up to 10 minutes, try again

"#]]);
}

#[test]
fn what_did_not_leave_stays_queued() {
    let world = World::empty();
    world.config("app_id = \"wx1\"\napp_secret = \"s\"\n[network]\napi_base = \"http://127.0.0.1:1\"\n");
    let world = with_crew(world);
    world.wxbox("send -u luffy -u nami hi").is(str![[r#"
exit 6
--- stderr
error: no access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)
hint: check the network, network.api_base and network.proxy
2 messages are not delivered and stay in the outbox

"#]]);
    world.wxbox("send --json -u luffy hi").is(str![[r#"
exit 6
--- stdout
{"id":3,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"queued","attempts":0,"msgid":null,"errcode":null,"errmsg":null,"error":"no access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)","hint":null,"key":null,"created_at":"[TIME]","sent_at":null}
--- stderr
{"error":"no access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)","hint":"check the network, network.api_base and network.proxy","code":6}
one message is not delivered and stays in the outbox

"#]]);
    assert_eq!(queued(&world), 3);
    world.wxbox("outbox list").is(str![[r#"
exit 0
--- stdout
3	queued	luffy	text	[TIME]	no access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)
2	queued	nami	text	[TIME]	
1	queued	luffy	text	[TIME]	no access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)

"#]]);
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID        1
State     queued
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      text
Attempts  0
Created   [TIME]
Expires   [TIME]
Error     no access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)
Content   hi

"#]]);
}

#[test]
fn a_cached_token_does_not_make_the_host_reachable() {
    let mut world = crew();
    world.wxbox("send -u luffy hi").ok();
    let api = world.sandbox().url.clone();
    let config = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    world.config(&config.replace(&api, "http://127.0.0.1:1"));
    world.wxbox("send -u luffy -u nami hi").is(str![[r#"
exit 6
--- stderr
error: cannot reach 127.0.0.1:1: Connection refused (os error 111)
hint: check the network, network.api_base and network.proxy
2 messages are not delivered and stay in the outbox

"#]]);
    assert_eq!(queued(&world), 2);
}

#[test]
fn no_answer_in_time_is_unknown() {
    let server = Canned::new(vec![json(TOKEN), Answer::Hold, Answer::Hold]);
    let world = server.world("", "timeout = \"300ms\"");
    world.wxbox("send -u luffy hi").is(str![[r#"
exit 6
--- stderr
error: message 1 to luffy may or may not have been delivered: no answer from 127.0.0.1:[PORT]: timed out
hint: it is not repeated by itself, since it may have arrived: ask the person, then send it again if need be

"#]]);
    world.wxbox("send --json -u luffy hi").is(str![[r#"
exit 6
--- stdout
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"unknown","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"error":"no answer from 127.0.0.1:[PORT]: timed out","hint":"it is not repeated by itself, since it may have arrived: ask the person, then send it again if need be","key":null,"created_at":"[TIME]","sent_at":null}
--- stderr
{"error":"one message was not delivered","hint":null,"code":6}

"#]]);
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID        1
State     unknown
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      text
Attempts  1
Created   [TIME]
Expires   [TIME]
Error     no answer from 127.0.0.1:[PORT]: timed out
Hint      it is not repeated by itself, since it may have arrived: ask the person, then send it again if need be
Content   hi

"#]]);
    assert_eq!(world.sql::<String>("SELECT group_concat(state) FROM messages"), "unknown,unknown");
    assert_eq!(world.sql::<String>("SELECT group_concat(outcome) FROM attempts"), "ambiguous,ambiguous");
}

#[test]
fn one_unknown_does_not_stop_the_next() {
    let server = Canned::new(vec![json(TOKEN), Answer::Bytes(b"garbage\r\n\r\n".to_vec()), json(OK)]);
    let world = server.world("", "");
    world.wxbox(&format!("send -u luffy --openid {NAMI} hi")).is(str![[r#"
exit 6
--- stdout
sent message 2 (text) to oNami_draws_maps_of_the_sea1
--- stderr
error: message 1 to luffy may or may not have been delivered: no answer from 127.0.0.1:[PORT]: invalid HTTP version parsed
hint: it is not repeated by itself, since it may have arrived: ask the person, then send it again if need be

"#]]);
}

#[test]
fn a_signal_ends_it_and_what_may_have_arrived_is_unknown() {
    for (signal, option) in [(Signal::INT, ""), (Signal::TERM, "--json")] {
        let server = Canned::new(vec![json(TOKEN), json(OK), Answer::Hold]);
        let world = server.world("", "timeout = \"1h\"");
        let send = world.spawn(&format!("send {option} -u luffy --openid {NAMI} --openid {ZORO} hi"));
        server.held();
        send.signal(signal);
        let ran = send.end();
        if signal == Signal::INT {
            ran.is(str![[r#"
exit 130
--- stdout
sent message 1 (text) to luffy
--- stderr
error: message 2 to oNami_draws_maps_of_the_sea1 may or may not have been delivered: interrupted before WeChat answered
hint: it is not repeated by itself, since it may have arrived: ask the person, then send it again if need be
interrupted; one message stays queued

"#]])
        } else {
            ran.is(str![[r#"
exit 143
--- stdout
{"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":"[MSGID]","errcode":null,"errmsg":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]"}
{"id":2,"user":null,"openid":"oNami_draws_maps_of_the_sea1","type":"text","state":"unknown","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"error":"interrupted before WeChat answered","hint":"it is not repeated by itself, since it may have arrived: ask the person, then send it again if need be","key":null,"created_at":"[TIME]","sent_at":null}
{"id":3,"user":null,"openid":"oZoro_cannot_find_the_way_22","type":"text","state":"queued","attempts":0,"msgid":null,"errcode":null,"errmsg":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":null}
--- stderr
interrupted; one message stays queued

"#]])
        };
        assert_eq!(world.sql::<String>("SELECT group_concat(state) FROM messages"), "sent,unknown,queued");
        assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
        world.wxbox("outbox show 2").is(str![[r#"
exit 0
--- stdout
ID        2
State     unknown
To        oNami_draws_maps_of_the_sea1
Openid    oNami_draws_maps_of_the_sea1
Type      text
Attempts  1
Created   [TIME]
Expires   [TIME]
Error     interrupted before WeChat answered
Hint      it is not repeated by itself, since it may have arrived: ask the person, then send it again if need be
Content   hi

"#]]);
    }
}

#[test]
fn a_signal_waits_for_an_answer_that_is_about_to_come() {
    let server = Canned::new(vec![Answer::Hold]);
    let world = server.world("", "timeout = \"1h\"");
    let send = world.spawn("send -u luffy hi");
    server.held();
    send.signal(Signal::INT);
    // Held is the call for a token: nothing of the message has left.
    send.end().is(str![[r#"
exit 130
--- stderr
interrupted; one message stays queued

"#]]);
    assert_eq!(queued(&world), 1);
}

#[test]
fn a_full_disk_behind_stdout_does_not_keep_the_rest_from_going_out() {
    let mut world = crew();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = world.command("send -u luffy -u nami -t backup").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: cannot write to standard output: No space left on device (os error 28)\n"
    );
    assert_eq!(world.sandbox().inbox().len(), 2);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'sent'"), 2);
}
