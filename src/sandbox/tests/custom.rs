//! Tests of customer-service messages and of the message windows.

use super::*;

const SEND: &str = "/cgi-bin/message/custom/send";

#[test]
fn invalid_bodies_are_rejected_with_their_errors() {
    let too_long = json!({"touser": LUFFY, "msgtype": "text", "text": {"content": "长".repeat(683)}}).to_string();
    let fits = json!({"touser": LUFFY, "msgtype": "text", "text": {"content": "长".repeat(682)}}).to_string();
    let cases: &[(&str, i64)] = &[
        ("", 44002),
        ("touser=x", 47001),
        ("\"text\"", 47001),
        (r#"{"msgtype":"text","text":{"content":"x"}}"#, 40003),
        (r#"{"touser":"oNobody","msgtype":"text","text":{"content":"x"}}"#, 40003),
        (r#"{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"fax"}"#, 40008),
        (r#"{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"image","image":{"media_id":"x"}}"#, 40007),
        (r#"{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text"}"#, 44004),
        (r#"{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":""}}"#, 44004),
        (r#"{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":1}}"#, 47001),
        (r#"{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"news","news":{"articles":[]}}"#, 44003),
        (r#"{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"news","news":{"articles":[{},{}]}}"#, 45008),
        (&too_long, 45002),
        (&fits, 0),
    ];
    let mut sandbox = TestPlatform::new();
    for (body, errcode) in cases {
        let answer = sandbox.call(SEND, body);
        assert_eq!(errcode_of(&answer), *errcode, "{body}: {answer}");
    }
    assert_eq!(sandbox.inbox().as_array().unwrap().len(), 1);
}

#[test]
fn text_is_delivered_without_msgid() {
    let mut sandbox = TestPlatform::new();
    let body = json!({"touser": LUFFY, "msgtype": "text", "text": {"content": "你好 <b>"}});
    assert_eq!(sandbox.call(SEND, &body.to_string()), json!({"errcode": 0, "errmsg": "ok"}));
    let inbox = sandbox.inbox();
    let message = &inbox[0];
    assert_eq!((&message["person"], &message["openid"]), (&json!("luffy"), &json!(LUFFY)));
    assert_eq!((&message["type"], &message["content"]), (&json!("text"), &json!("你好 <b>")));
    assert_eq!((&message["msgid"], &message["time"]), (&Value::Null, &json!("2026-11-21T22:26:40.000Z")));
}

#[test]
fn escapes_in_custom_message_stay_literal() {
    let mut sandbox = TestPlatform::new();
    let body =
        format!(r#"{{"touser":"{LUFFY}","msgtype":"text","text":{{"content":"\u4f60\u597d \ud83c\udf89 \u0041\n"}}}}"#);
    assert_eq!(errcode_of(&sandbox.call(SEND, &body)), 0);
    assert_eq!(sandbox.inbox()[0]["content"], json!("\\u4f60\\u597d \\ud83c\\udf89 A\n"));
    assert!(sandbox.page("/").contains("\\u4f60\\u597d"));
    // Elsewhere an escape stands for its character.
    let backup = "backup_finished-0123456789abcdefghijklmnopq";
    let body =
        format!(r#"{{"touser":"{NAMI}","template_id":"{backup}","data":{{"host":{{"value":"\u4f60\u597d"}}}}}}"#);
    assert_eq!(errcode_of(&sandbox.call("/cgi-bin/message/template/send", &body)), 0);
    assert_eq!(sandbox.inbox()[1]["fields"][1]["value"], json!("你好"));
    let body = format!(r#"{{"openid":"{NAMI}","remark":"\u4f60"}}"#);
    assert_eq!(errcode_of(&sandbox.call("/cgi-bin/user/info/updateremark", &body)), 0);
}

#[test]
fn five_texts_are_allowed_in_48_hours_after_message() {
    let mut sandbox = TestPlatform::new();
    let codes: Vec<i64> = (0..6).map(|_| sandbox.send_text(LUFFY)).collect();
    assert_eq!(codes, [0, 0, 0, 0, 0, 45047]);
    sandbox.post_form("/sandbox/write", "person=luffy&text=again");
    assert_eq!(sandbox.send_text(LUFFY), 0);
    sandbox.now += 48 * HOUR - 1;
    assert_eq!(sandbox.send_text(LUFFY), 0);
    sandbox.now += 1;
    assert_eq!(sandbox.send_text(LUFFY), 45015);
}

#[test]
fn three_texts_are_allowed_in_minute_after_follow() {
    let mut sandbox = TestPlatform::new();
    assert_eq!((sandbox.send_text(NAMI), sandbox.send_text(ZORO)), (45015, 45015));
    sandbox.post_form("/sandbox/follow", "person=zoro&follows=1");
    let codes: Vec<i64> = (0..4).map(|_| sandbox.send_text(ZORO)).collect();
    assert_eq!(codes, [0, 0, 0, 45047]);
    sandbox.now += MINUTE;
    assert_eq!(sandbox.send_text(ZORO), 45015);
}

#[test]
fn text_after_unfollow_is_refused_even_if_person_writes() {
    let mut sandbox = TestPlatform::new();
    sandbox.post_form("/sandbox/follow", "person=luffy&follows=0");
    assert_eq!(sandbox.send_text(LUFFY), 45015);
    sandbox.post_form("/sandbox/write", "person=luffy");
    assert_eq!(sandbox.send_text(LUFFY), 45015);
}

#[test]
fn clock_can_be_set_forward() {
    let mut sandbox = TestPlatform::new();
    assert_eq!(sandbox.post_form("/sandbox/clock", "forward=49h").status(), 303);
    assert_eq!(sandbox.send_text(LUFFY), 45015);
    for bad in ["forward=", "forward=-1h", "forward=90000000000years", "forward=11years"] {
        assert_eq!(sandbox.post_form("/sandbox/clock", bad).status(), 404, "{bad}");
    }
}
