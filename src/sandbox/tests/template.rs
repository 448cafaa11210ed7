//! Tests of template messages.

use super::*;

const SEND: &str = "/cgi-bin/message/template/send";
const ADD: &str = "/cgi-bin/template/api_add_template";
const REMOVE: &str = "/cgi-bin/template/del_private_template";
const BACKUP: &str = "backup_finished-0123456789abcdefghijklmnopq";
const ALERT: &str = "server_alert-0123456789abcdefghijklmnopqrst";

fn send(sandbox: &mut TestPlatform, body: &Value) -> Value {
    sandbox.call(SEND, &body.to_string())
}

fn backup(openid: &str) -> Value {
    json!({
        "touser": openid,
        "template_id": BACKUP,
        "url": "https://example.com/1",
        "data": {"first": {"value": "done"}, "host": {"value": "db1"}, "size": {"value": "2 GB", "color": "#173177"}},
    })
}

#[test]
fn template_list_contains_templates_of_scenario() {
    let mut sandbox = TestPlatform::new();
    let token = sandbox.token();
    let list = sandbox.get(&format!("/cgi-bin/template/get_all_private_template?access_token={token}"));
    assert_eq!(list["template_list"][0]["template_id"], BACKUP);
    assert!(text(&list["template_list"][1]["content"]).contains("{{thing1.DATA}}"));
}

#[test]
fn template_message_has_fields_in_template_order() {
    let mut sandbox = TestPlatform::new();
    let answer = send(&mut sandbox, &backup(LUFFY));
    assert_eq!((errcode_of(&answer), &answer["errmsg"]), (0, &json!("ok")));
    let first = answer["msgid"].as_u64().unwrap();
    assert!(first > 1 << 53);
    assert!(send(&mut sandbox, &backup(NAMI))["msgid"].as_u64().unwrap() > first);
    let inbox = sandbox.inbox();
    let message = &inbox[0];
    assert_eq!((&message["type"], &message["title"]), (&json!("template"), &json!("Backup finished")));
    assert_eq!((&message["msgid"], &message["url"]), (&json!(first.to_string()), &json!("https://example.com/1")));
    let fields = message["fields"].as_array().unwrap();
    let keys: Vec<&str> = fields.iter().map(|field| field["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["first", "host", "size", "time", "remark"]);
    assert_eq!(fields[1], json!({"key": "host", "label": "Host", "value": "db1", "shown": "db1"}));
    assert_eq!(fields[0]["shown"], "done");
}

#[test]
fn invalid_template_messages_are_rejected() {
    let data = json!({"host": {"value": "db1"}});
    let cases = [
        (json!({"template_id": BACKUP, "data": data}), 40003),
        (json!({"touser": "oNobody", "template_id": BACKUP, "data": data}), 40003),
        (json!({"touser": ZORO, "template_id": "x", "data": data}), 40037),
        (json!({"touser": ZORO, "template_id": BACKUP, "data": data}), 43004),
        (json!({"touser": LUFFY, "template_id": BACKUP}), 47001),
        (json!({"touser": LUFFY, "template_id": BACKUP, "data": {"host": {"value": 1}}}), 47001),
        (json!({"touser": LUFFY, "template_id": BACKUP, "data": data, "client_msg_id": "x".repeat(65)}), 45067),
        (json!({"touser": LUFFY, "template_id": BACKUP, "data": data, "miniprogram": {"appid": "x"}}), 40166),
        (json!({"touser": NAMI, "template_id": BACKUP, "data": data}), 0),
    ];
    let mut sandbox = TestPlatform::new();
    for (body, errcode) in cases {
        assert_eq!(errcode_of(&send(&mut sandbox, &body)), errcode, "{body}");
    }
}

#[test]
fn invalid_field_value_is_rejected_only_with_strict_templates() {
    let body = |thing: &str, time: &str| {
        json!({
            "touser": LUFFY,
            "template_id": ALERT,
            "data": {"thing1": {"value": thing}, "character_string2": {"value": "db1"}, "time3": {"value": time}},
        })
    };
    let cases = [
        (body("disk full", "03:00"), None),
        (body("the disk of the database is full", "03:00"), Some("argument invalid! data.thing1.value invalid")),
        (body("disk full", ""), Some("argument invalid! data.time3.value is empty")),
        (body("disk full", "at night"), Some("argument invalid! data.time3.value invalid")),
    ];
    for (body, refusal) in cases {
        assert_eq!(errcode_of(&send(&mut TestPlatform::new(), &body)), 0);
        let answer = send(&mut TestPlatform::with_scenario("strict_templates = true"), &body);
        assert_eq!(errcode_of(&answer), if refusal.is_some() { 47003 } else { 0 }, "{body}");
        assert!(text(&answer["errmsg"]).starts_with(refusal.unwrap_or("ok")), "{answer}");
    }
}

#[test]
fn strict_templates_hide_first_field() {
    let mut sandbox = TestPlatform::with_scenario("strict_templates = true");
    send(&mut sandbox, &backup(LUFFY));
    assert_eq!(sandbox.inbox()[0]["fields"][0]["shown"], Value::Null);
    assert_eq!(sandbox.inbox()[0]["fields"][0]["value"], "done");
}

#[test]
fn repeated_message_within_ten_minutes_is_dropped() {
    let mut sandbox = TestPlatform::new();
    let mut body = backup(LUFFY);
    body["client_msg_id"] = json!("0123456789abcdef");
    let first = send(&mut sandbox, &body);
    sandbox.now += 10 * MINUTE - 1;
    assert_eq!(send(&mut sandbox, &body)["msgid"], first["msgid"]);
    body["touser"] = json!(NAMI);
    assert_ne!(send(&mut sandbox, &body)["msgid"], first["msgid"]);
    body["touser"] = json!(LUFFY);
    let inbox = sandbox.inbox();
    assert_eq!(inbox.as_array().unwrap().len(), 2);
    assert_eq!((&inbox[0]["client_msg_id"], &inbox[0]["repeats"]), (&json!("0123456789abcdef"), &json!(1)));
    sandbox.now += 1;
    assert_ne!(send(&mut sandbox, &body)["msgid"], first["msgid"]);
    assert_eq!(sandbox.inbox().as_array().unwrap().len(), 3);
    assert_eq!(sandbox.post_form("/sandbox/clear", "").status(), 303);
    assert_eq!(sandbox.inbox(), json!([]));
}

#[test]
fn library_template_is_added_and_removed() {
    let mut sandbox = TestPlatform::new();
    let added = sandbox.call(ADD, r#"{"template_id_short":"43216","keyword_name_list":["告警内容","告警时间"]}"#);
    assert_eq!((errcode_of(&added), &added["errmsg"]), (0, &json!("ok")));
    let id = text(&added["template_id"]);
    assert_eq!(id.len(), 43);
    let token = sandbox.token();
    let list = format!("/cgi-bin/template/get_all_private_template?access_token={token}");
    let newest = sandbox.get(&list)["template_list"][2].clone();
    assert_eq!((&newest["template_id"], &newest["title"]), (&json!(id), &json!("服务器告警通知")));
    assert_eq!(newest["content"], "告警内容:{{thing2.DATA}}\n告警时间:{{time3.DATA}}");
    let body = json!({
        "touser": LUFFY,
        "template_id": id,
        "data": {"thing2": {"value": "磁盘快满了"}, "time3": {"value": "03:00"}},
    });
    assert_eq!(errcode_of(&send(&mut sandbox, &body)), 0);
    let gone = json!({"template_id": id}).to_string();
    assert_eq!(sandbox.call(REMOVE, &gone), json!({"errcode": 0, "errmsg": "ok"}));
    assert_eq!(errcode_of(&send(&mut sandbox, &body)), 40037);
    assert_eq!(errcode_of(&sandbox.call(REMOVE, &gone)), 40037);
    assert_eq!(sandbox.get(&list)["template_list"].as_array().unwrap().len(), 2);
}

#[test]
fn invalid_additions_are_rejected_with_their_errors() {
    let cases = [
        (r#"{}"#, 40037),
        (r#"{"template_id_short":43216}"#, 40037),
        (r#"{"template_id_short":"99999","keyword_name_list":["告警内容"]}"#, 40037),
        (r#"{"template_id_short":"OPENTM200001"}"#, 40247),
        (r#"{"template_id_short":"TM00001","keyword_name_list":["告警内容"]}"#, 40247),
        (r#"{"template_id_short":"43216"}"#, 40246),
        (r#"{"template_id_short":"43216","keyword_name_list":[]}"#, 40246),
        (r#"{"template_id_short":"43216","keyword_name_list":"告警内容"}"#, 40246),
        (r#"{"template_id_short":"43216","keyword_name_list":["内容"]}"#, 40246),
        (r#"{"template_id_short":"43216","keyword_name_list":["告警内容","告警内容"]}"#, 40246),
        (r#"{"template_id_short":"43216","keyword_name_list":["\u544a\u8b66\u5185\u5bb9"]}"#, 40246),
        ("template_id_short=43216", 47001),
    ];
    let mut sandbox = TestPlatform::new();
    for (body, errcode) in cases {
        let answer = sandbox.call(ADD, body);
        assert_eq!(errcode_of(&answer), errcode, "{body}");
        assert_eq!(text(&answer["errmsg"]).starts_with("历史模板库"), errcode == 40247, "{answer}");
    }
    // The scenario has two templates, and 25 is the maximum.
    let body = r#"{"template_id_short":"43216","keyword_name_list":["告警内容"]}"#;
    let codes: Vec<i64> = (0..24).map(|_| errcode_of(&sandbox.call(ADD, body))).collect();
    assert_eq!(codes[..23], [0; 23]);
    assert_eq!(codes[23], 45026);
}

#[test]
fn scenario_can_define_template_library() {
    let library = "[[library]]\nnumber = \"7\"\ntitle = \"Seven\"\nkeywords = [{ name = \"Host\", type = \"thing\" }]";
    let mut sandbox = TestPlatform::with_scenario(library);
    assert_eq!(errcode_of(&sandbox.call(ADD, r#"{"template_id_short":"7","keyword_name_list":["Host"]}"#)), 0);
    assert_eq!(
        errcode_of(&sandbox.call(ADD, r#"{"template_id_short":"43216","keyword_name_list":["告警内容"]}"#)),
        40037
    );
}
