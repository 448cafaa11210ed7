//! The main job, end to end: a person, a binding, a text, a template message.

use snapbox::str;

use crate::harness::{World, allow, open};

#[test]
fn a_person_is_added_bound_and_reached() {
    let mut world = World::new();
    world.wxbox("user add luffy").is(str![[r#"
exit 0
--- stdout
added luffy

"#]]);

    let mut bind = world.spawn("bind --user luffy");
    let callback = allow(&bind.next_line(), "luffy");
    assert_eq!(open(&callback), (200, "绑定成功".to_owned()));
    bind.end().is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in WeChat, as luffy.

"#]]);

    world.wxbox("send -u luffy 'Backup done 备份完成 🎉'").is(str![[r#"
exit 0
--- stdout
sent message 1 (text) to luffy

"#]]);
    world.wxbox("send -u luffy -t backup -d host=db1 -d size=42").is(str![[r#"
exit 0
--- stdout
sent message 2 (template) to luffy

"#]]);
    let inbox = world.sandbox().inbox();
    assert_eq!(inbox[0]["content"], "Backup done 备份完成 🎉");
    assert_eq!(inbox[1]["fields"][1]["shown"], "db1");
    world.wxbox("outbox list").is(str![[r#"
exit 0
--- stdout
2	sent	luffy	template	[TIME]	
1	sent	luffy	text	[TIME]	

"#]]);
    world.wxbox("--json outbox list").is(str![[r#"
exit 0
--- stdout
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"template","state":"sent","attempts":1,"msgid":"[MSGID]","errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","content":{"type":"template","template_id":"backup_finished-0123456789abcdefghijklmnopq","data":{"host":{"value":"db1"},"size":{"value":"42"},"time":{"value":"-"}}}}
{"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","content":{"type":"text","content":"Backup done 备份完成 🎉"}}

"#]]);
}
