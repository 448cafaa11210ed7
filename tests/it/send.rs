//! `send`: to whom and what.

use snapbox::str;

use crate::harness::{BACKUP, LUFFY, NAMI, World, ZORO};

/// A world with luffy, nami and zoro bound, usopp not; tags crew (all but zoro) and lost (zoro).
pub fn crew() -> World {
    with_crew(World::new())
}

/// The same people in another world.
pub fn with_crew(world: World) -> World {
    world.wxbox(&format!("user add luffy --tag crew --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --tag crew --openid {NAMI}")).ok();
    world.wxbox(&format!("user add zoro --tag lost --openid {ZORO}")).ok();
    world.wxbox("user add usopp --tag crew").ok();
    world
}

/// How many messages are queued.
pub fn queued(world: &World) -> i64 {
    world.sql("SELECT count(*) FROM messages WHERE state = 'queued'")
}

#[test]
fn a_text_comes_from_the_line_an_option_or_standard_input() {
    let mut world = crew();
    world.wxbox("send -u luffy 'one 一'").ok();
    world.wxbox("send --text two --user luffy").ok();
    world.feed("send -u luffy -", "three\r\nlines\n\n").ok();
    // The mark that Windows puts before a text is none of it.
    world.feed("send -u luffy --text -", "\u{feff}four").ok();
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
    let template =
        |id: &str, content: &str| format!("[[templates]]\nid = \"{id}\"\ntitle = \"T\"\ncontent = \"{content}\"\n");
    let linked = "linked_page-0123456789abcdefghijklmnopqrstu";
    let all = template(BACKUP, "{{first.DATA}} {{host.DATA}} {{size.DATA}} {{remark.DATA}}") + &template(linked, "x");
    let world = with_crew(World::of(&all));
    let config = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    let (config, _) = config.split_once("host = ").unwrap();
    world.config(&format!(
        "{config}host = {{ value = \"from config\", color = \"#111111\" }}\nsize = 1.50\n\
         [templates.linked]\nid = \"{linked}\"\nurl = \"https://a.example\"\n\
         miniprogram = {{ appid = \"wx2\", pagepath = \"p\" }}\n"
    ));
    world.write("data.json", r##"{"host": "from 文件", "remark": {"value": 12, "color": "#222222"}, "size": 1.50}"##);
    world.wxbox("send -u luffy -t backup --dry-run").is(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"from config","color":"#111111"},"size":{"value":"1.50"}}}
--- stderr
warning: WeChat shows no colours: host

"##]]);
    world.wxbox("send -u luffy -t backup --dry-run --data-json data.json -d host=line -d first=").is(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"line"},"size":{"value":"1.50"},"remark":{"value":"12","color":"#222222"},"first":{"value":""}}}
--- stderr
warning: WeChat does not show remark

"##]]);
    world
        .feed("send -u luffy -t backup --dry-run --data-json - --data-color first=#abcdef", "{\"first\":\"x\"}")
        .is(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"from config","color":"#111111"},"size":{"value":"1.50"},"first":{"value":"x","color":"#abcdef"}}}
--- stderr
warning: WeChat does not show first
warning: WeChat shows no colours: host

"##]]);
    world.wxbox("send -u luffy -t linked --dry-run").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"linked_page-0123456789abcdefghijklmnopqrstu","url":"https://a.example","miniprogram":{"appid":"wx2","pagepath":"p"},[CLIENT_MSG_ID],"data":{}}

"#]]);
    world.wxbox("send -u luffy -t linked --dry-run --url http://b.example/?q=é --miniprogram wx3:x:y").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"linked_page-0123456789abcdefghijklmnopqrstu","url":"http://b.example/?q=é","miniprogram":{"appid":"wx3","pagepath":"x:y"},[CLIENT_MSG_ID],"data":{}}

"#]]);
    world.wxbox("send -u luffy -t backup --dry-run -d 'host=a=b' -d ' size = 3 ' -d 'remark=x\u{7}\ny'").is(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"a=b","color":"#111111"},"size":{"value":" 3 "},"remark":{"value":"x/ny"}}}
--- stderr
warning: WeChat shows no colours: host
warning: WeChat does not show remark

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
error: no user is named lufy in [HOME]/.local/share/wxbox/wxbox.db
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
hint: the usage is: wxbox send <--user <NAME>|--tag <TAG>|--all|--openid <ID>|--batch <FILE>> <TEXT|--text <TEXT>|--template <T>|--image <FILE|MEDIA_ID>|--news <FILE>|--subscribe <T>|--message <FILE>|--batch <FILE>>

"#]]);
    world.wxbox("send hi").is(str![[r#"
exit 2
--- stderr
error: the following required arguments were not provided: <--user <NAME>|--tag <TAG>|--all|--openid <ID>|--batch <FILE>>
hint: the usage is: wxbox send <--user <NAME>|--tag <TAG>|--all|--openid <ID>|--batch <FILE>> <TEXT|--text <TEXT>|--template <T>|--image <FILE|MEDIA_ID>|--news <FILE>|--subscribe <T>|--message <FILE>|--batch <FILE>>

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
