//! The whole workflow: a user, a binding, a text and a template message.

use snapbox::str;

use crate::support::env::{TestEnv, authorize, page_title};

#[test]
fn a_person_is_added_bound_and_reached() {
    let mut env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox user add luffy
added luffy

"#]]);

    let mut bind = env.spawn("bind --user luffy");
    let callback = authorize(&bind.expect_line(), "luffy");
    assert_eq!(page_title(&callback), (200, "绑定成功".to_owned()));
    bind.wait().assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in the WeChat app of luffy.

"#]]);

    env.assert_session(str![[r#"
$ wxbox send -u luffy 'Backup done 备份完成 🎉'
sent message 1 (text) to luffy
$ wxbox send -u luffy -t backup -d host=db1 -d size=42
sent message 2 (template) to luffy

"#]]);
    let inbox = env.sandbox().inbox();
    assert_eq!(inbox[0]["content"], "Backup done 备份完成 🎉");
    assert_eq!(inbox[1]["fields"][1]["shown"], "db1");
    env.assert_session(str![[r#"
$ wxbox outbox list
2	sent	luffy	template	[TIME]		Backup finished: db1, 42, -
1	sent	luffy	text	[TIME]		Backup done 备份完成 🎉
$ wxbox --json outbox list
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"template","state":"sent","attempts":1,"msgid":"[MSGID]","errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null,"content":{"type":"template","template_id":"backup_finished-0123456789abcdefghijklmnopq","data":{"host":{"value":"db1"},"size":{"value":"42"},"time":{"value":"-"}}},"updated_at":"[TIME]"}
{"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null,"content":{"type":"text","content":"Backup done 备份完成 🎉"},"updated_at":"[TIME]"}

"#]]);
}
