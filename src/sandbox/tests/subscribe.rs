//! Tests of subscription notifications and one-time messages: their required fields, and the
//! consents that they use up.

use super::*;

const SEND: &str = "/cgi-bin/message/subscribe/bizsend";
const ONE_TIME: &str = "/cgi-bin/message/template/subscribe";
const REPORT: &str = "backup_report-0123456789abcdefghijklmnopqrs";
const STATUS: &str = "service_status-0123456789abcdefghijklmnopqr";
const ONE_TIME_TEMPLATE: &str = "one_time_message-0123456789abcdefghijklmnop";

fn report(openid: &str) -> Value {
    json!({"touser": openid, "template_id": REPORT, "data": {
        "thing1": {"value": "数据库"}, "character_string2": {"value": "42GB"}, "time3": {"value": "03:00"}}})
}

fn status(openid: &str) -> Value {
    json!({"touser": openid, "template_id": STATUS, "data": {
        "thing1": {"value": "mail"}, "phrase2": {"value": "正常"}, "date3": {"value": "2026-11-22"}}})
}

fn one_time(openid: &str) -> Value {
    json!({"touser": openid, "template_id": ONE_TIME_TEMPLATE, "scene": "1000", "title": "It is done",
        "data": {"content": {"value": "All of it", "color": "#173177"}}, "url": "https://example.com/"})
}

/// Returns the body with another value at that path, such as `data.thing1.value`.
fn with_value(body: &Value, place: &str, value: Value) -> Value {
    let mut body = body.clone();
    *place.split('.').fold(&mut body, |at, name| &mut at[name]) = value;
    body
}

impl TestPlatform {
    fn code_of(&mut self, path: &str, body: &Value) -> i64 {
        errcode_of(&self.call(path, &body.to_string()))
    }

    fn open(&mut self, redirect: &str, more: &str) -> HttpResponse {
        let query = format!("action=get_confirm&appid=wx0123456789abcdef&scene=7&template_id={ONE_TIME_TEMPLATE}");
        let target = format!("/mp/subscribemsg?{query}&redirect_url={redirect}{more}");
        self.request("GET", &target, &[("accept-language", "en")], "")
    }
}

#[test]
fn consent_allows_one_notification_unless_long_term() {
    let mut sandbox = TestPlatform::new();
    let answer = sandbox.call(SEND, &report(LUFFY).to_string());
    assert_eq!((errcode_of(&answer), &answer["errmsg"]), (0, &json!("ok")));
    assert!(answer["msgid"].as_u64().unwrap() > 1 << 53, "{answer}");
    assert_eq!(sandbox.inbox()[0]["msgid"], json!(answer["msgid"].to_string()));
    assert_eq!(sandbox.code_of(SEND, &report(LUFFY)), 43101);
    sandbox.post_form("/sandbox/grant", &format!("person=luffy&template={REPORT}&give=1"));
    sandbox.post_form("/sandbox/grant", &format!("person=luffy&template={REPORT}&give=1"));
    let codes: Vec<i64> = (0..3).map(|_| sandbox.code_of(SEND, &report(LUFFY))).collect();
    assert_eq!(codes, [0, 0, 43101]);
    assert_eq!([sandbox.code_of(SEND, &status(LUFFY)), sandbox.code_of(SEND, &status(LUFFY))], [0, 0]);
    sandbox.post_form("/sandbox/grant", &format!("person=luffy&template={STATUS}&give=0"));
    assert_eq!(sandbox.code_of(SEND, &status(LUFFY)), 43101);
    assert_eq!(sandbox.code_of(SEND, &report(NAMI)), 43101);
    // A person who does not follow gets nothing, regardless of consents.
    sandbox.post_form("/sandbox/grant", &format!("person=zoro&template={REPORT}&give=1"));
    assert_eq!(sandbox.code_of(SEND, &report(ZORO)), 43101);
}

#[test]
fn scenario_defines_consents() {
    let toml = format!("[[people]]\nname = \"robin\"\nopenid = \"{NAMI}\"\ngrants = [\"{REPORT}\", \"{REPORT}\"]");
    let mut sandbox = TestPlatform::with_scenario(&toml);
    let codes: Vec<i64> = (0..3).map(|_| sandbox.code_of(SEND, &report(NAMI))).collect();
    assert_eq!(codes, [0, 0, 43101]);
    assert_eq!(sandbox.code_of(SEND, &status(NAMI)), 43101);
}

#[test]
fn rejected_notification_uses_no_consent() {
    let mut sandbox = TestPlatform::new();
    let good = report(LUFFY);
    let mini = |appid: &str, path: Value| json!({"appid": appid, "pagepath": path});
    let cases = [
        ("touser", json!("oNobody"), 40003),
        ("template_id", json!(STATUS.to_uppercase()), 40037),
        ("data", Value::Null, 47001),
        ("data.thing1", Value::Null, 47003),
        ("data.thing1.value", json!(""), 47003),
        ("data.thing1.value", json!(7), 47001),
        ("data.thing1.value", json!("长".repeat(21)), 47003),
        ("data.character_string2.value", json!("大"), 47003),
        ("data.time3.value", json!("at night"), 47003),
        ("data.thing9", json!({"value": "x"}), 47003),
        ("page", json!("pages/index"), 41030),
        ("page", json!(7), 41030),
        ("miniprogram", mini("wx1", json!("a")), 40166),
        ("miniprogram", mini("wx0123456789abcdef", Value::Null), 40165),
        ("miniprogram_state", json!("beta"), 40097),
        ("lang", json!("fr"), 40097),
    ];
    for (place, value, errcode) in cases {
        let body = with_value(&good, place, value);
        assert_eq!(sandbox.code_of(SEND, &body), errcode, "{body}");
    }
    let body = with_value(&good, "page", json!("https://example.com/"));
    let body = with_value(&body, "miniprogram", mini("wx0123456789abcdef", json!("pages/index")));
    let body = with_value(&with_value(&body, "miniprogram_state", json!("formal")), "lang", json!("zh_CN"));
    assert_eq!(sandbox.code_of(SEND, &body), 0);
    let inbox = sandbox.inbox();
    let message = &inbox[0];
    assert_eq!((&message["type"], &message["title"]), (&json!("subscription"), &json!("Backup report")));
    assert_eq!(message["template_id"], json!(REPORT));
    assert_eq!(message["fields"][1]["value"], json!("42GB"));
    assert_eq!(message["url"], json!("https://example.com/"));
    assert_eq!(message["miniprogram"], json!("wx0123456789abcdef:pages/index"));
    let page = sandbox.page("/?person=luffy");
    assert!(page.contains("Subscription notification") && page.contains("数据库"), "{page}");
}

/// Clients whose types have no optional fields send these with every message.
#[test]
fn empty_mini_program_counts_as_missing() {
    let mut sandbox = TestPlatform::new();
    let template = json!({"touser": LUFFY, "template_id": "backup_finished-0123456789abcdefghijklmnopq", "data": {"host": {"value": "db1"}}});
    for none in [json!({"appid": "", "pagepath": ""}), json!({"appid": ""}), json!({}), json!([]), Value::Null] {
        assert_eq!(
            sandbox.code_of("/cgi-bin/message/template/send", &with_value(&template, "miniprogram", none.clone())),
            0,
            "{none}"
        );
        assert_eq!(sandbox.code_of(SEND, &with_value(&status(LUFFY), "miniprogram", none.clone())), 0, "{none}");
        sandbox.post_form("/sandbox/scene", "person=luffy&scene=1000");
        assert_eq!(sandbox.code_of(ONE_TIME, &with_value(&one_time(LUFFY), "miniprogram", none.clone())), 0, "{none}");
    }
    assert!(sandbox.inbox().as_array().unwrap().iter().all(|message| message["miniprogram"].is_null()));
    for some in [json!({"appid": "", "pagepath": "index"}), json!("x"), json!(["x"]), json!({"appid": 7})] {
        assert_eq!(sandbox.code_of(SEND, &with_value(&status(LUFFY), "miniprogram", some.clone())), 40166, "{some}");
    }
}

#[test]
fn error_names_invalid_field() {
    let mut sandbox = TestPlatform::new();
    let errmsg = |answer: Value| text(&answer["errmsg"]).split(" rid").next().unwrap().to_owned();
    let bad = with_value(&report(LUFFY), "data.time3.value", json!("x"));
    assert_eq!(errmsg(sandbox.call(SEND, &bad.to_string())), "argument invalid! data.time3.value invalid");
    let bad = with_value(&report(LUFFY), "data.time3.value", json!(" "));
    assert_eq!(errmsg(sandbox.call(SEND, &bad.to_string())), "argument invalid! data.time3.value is empty");
}

#[test]
fn notification_templates_can_be_listed() {
    let mut sandbox = TestPlatform::new();
    let token = text(&sandbox.stable(false)["access_token"]);
    let answer = sandbox.get(&format!("/wxaapi/newtmpl/gettemplate?access_token={token}"));
    assert_eq!(errcode_of(&answer), 0);
    let expected = json!({"priTmplId": REPORT, "title": "Backup report", "content":
        "Backup: {{thing1.DATA}}\nSize: {{character_string2.DATA}}\nFinished: {{time3.DATA}}", "example": "", "type": 2});
    assert_eq!((&answer["data"][0], &answer["data"][1]["type"]), (&expected, &json!(3)));
    assert_eq!(errcode_of(&sandbox.get("/wxaapi/newtmpl/gettemplate")), 41001);
}

#[test]
fn one_time_message_requires_consent_for_its_scene() {
    let mut sandbox = TestPlatform::new();
    let good = one_time(LUFFY);
    let cases = [
        ("touser", json!("oNobody"), 40003),
        ("template_id", json!(REPORT), 40037),
        ("scene", Value::Null, 40129),
        ("scene", json!("10001"), 40129),
        ("scene", json!("+1"), 40129),
        ("scene", json!(1000), 47001),
        ("scene", json!("1001"), 43101),
        ("title", Value::Null, 45003),
        ("title", json!(""), 45003),
        ("title", json!("长".repeat(16)), 45003),
        ("data", json!({}), 44004),
        ("data.content.value", json!(""), 44004),
        ("data.content.value", json!("长".repeat(201)), 45002),
        ("data.content.color", json!(7), 47001),
        ("url", json!("example.com"), 40066),
        ("miniprogram", json!({"appid": "wx0123456789abcdef"}), 40165),
    ];
    for (place, value, errcode) in cases {
        let body = with_value(&good, place, value);
        assert_eq!(sandbox.code_of(ONE_TIME, &body), errcode, "{body}");
    }
    let longest =
        with_value(&with_value(&good, "title", json!("长".repeat(15))), "data.content.value", json!("长".repeat(200)));
    assert_eq!([sandbox.code_of(ONE_TIME, &longest), sandbox.code_of(ONE_TIME, &good)], [0, 43101]);
    let inbox = sandbox.inbox();
    let message = &inbox[0];
    assert_eq!((&message["type"], &message["scene"]), (&json!("one_time"), &json!(1000)));
    // The recipient need not follow, and consents to a scene do not add up.
    sandbox.post_form("/sandbox/scene", "person=zoro&scene=1000");
    sandbox.post_form("/sandbox/scene", "person=zoro&scene=1000");
    let codes = [sandbox.code_of(ONE_TIME, &one_time(ZORO)), sandbox.code_of(ONE_TIME, &one_time(ZORO))];
    assert_eq!(codes, [0, 43101]);
}

#[test]
fn consent_page_redirects_with_answer() {
    let mut sandbox = TestPlatform::new();
    let back = "http%3A%2F%2Fa.example%2Fb%3Fc%3D1";
    let reply = sandbox.open(back, "&reserved=xyz");
    let page = String::from_utf8_lossy(reply.body()).into_owned();
    assert!(page.contains("Receive one message") && page.contains("luffy"), "{page}");
    let query = format!(
        "action=get_confirm&appid=wx0123456789abcdef&scene=7&template_id={ONE_TIME_TEMPLATE}&redirect_url={back}&reserved=xyz"
    );
    let answer = |sandbox: &mut TestPlatform, allow: &str| {
        let reply = sandbox.post_form(&format!("/sandbox/subscribe?{query}"), &format!("person=nami&allow={allow}"));
        assert_eq!(reply.status(), 302);
        reply.header_value("location").unwrap().to_owned()
    };
    let end = format!("template_id={ONE_TIME_TEMPLATE}&action=cancel&scene=7&reserved=xyz");
    assert_eq!(answer(&mut sandbox, "0"), format!("http://a.example/b?c=1&{end}"));
    let seven = with_value(&one_time(NAMI), "scene", json!("7"));
    assert_eq!(sandbox.code_of(ONE_TIME, &seven), 43101);
    let end = format!("openid={NAMI}&template_id={ONE_TIME_TEMPLATE}&action=confirm&scene=7&reserved=xyz");
    assert_eq!(answer(&mut sandbox, "1"), format!("http://a.example/b?c=1&{end}"));
    assert_eq!(sandbox.code_of(ONE_TIME, &seven), 0);
}

#[test]
fn invalid_subscribe_link_shows_no_consent_page() {
    let mut sandbox = TestPlatform::with_scenario("business_domain = \"a.example\"");
    let good = "http%3A%2F%2Fa.example%2F";
    let asks = |reply: HttpResponse| String::from_utf8_lossy(reply.body()).contains("Receive one message");
    assert!(asks(sandbox.open(good, "")));
    for (redirect, more) in [
        ("http%3A%2F%2Fb.example%2F", ""),
        ("http%3A%2F%2Fa.example%3A81%2F", ""),
        ("ftp%3A%2F%2Fa.example%2F", ""),
        ("", ""),
        (good, "&reserved=a-b"),
        (good, &format!("&reserved={}", "a".repeat(129))),
    ] {
        assert!(!asks(sandbox.open(redirect, more)), "{redirect} {more}");
    }
    for wrong in ["action=x", "action=get_confirm&appid=x", "action=get_confirm&appid=wx0123456789abcdef&scene=x"] {
        assert!(!asks(sandbox.request("GET", &format!("/mp/subscribemsg?{wrong}"), &[("accept-language", "en")], "")));
    }
}

#[test]
fn notifications_are_added_from_the_library_and_removed() {
    let mut sandbox = TestPlatform::new();
    let token = sandbox.token();
    let get = |sandbox: &mut TestPlatform, call: &str| {
        let joint = if call.contains('?') { '&' } else { '?' };
        sandbox.get(&format!("/wxaapi/newtmpl/{call}{joint}access_token={token}"))
    };
    let category = get(&mut sandbox, "getcategory")["data"][0].clone();
    assert!(category["name"].is_string(), "{category}");
    let titles = format!("getpubtemplatetitles?ids={}", category["id"]);
    let page = get(&mut sandbox, &format!("{titles}&start=1&limit=30"));
    let second = json!([{"tid": 50123, "title": "备份完成通知", "type": 2, "categoryId": category["id"].to_string()}]);
    assert_eq!((&page["count"], &page["data"]), (&json!(2), &second));
    assert_eq!(get(&mut sandbox, "getpubtemplatetitles?ids=1&start=0&limit=1")["count"], 0);
    for (call, errcode) in [
        ("getpubtemplatetitles?start=0&limit=1", 200018),
        ("getpubtemplatetitles?ids=x&start=0&limit=1", 200019),
        ("getpubtemplatetitles?ids=1&start=x&limit=1", 200016),
        ("getpubtemplatetitles?ids=1&start=0&limit=31", 200017),
        ("getpubtemplatekeywords?tid=1", 200014),
    ] {
        assert_eq!(errcode_of(&get(&mut sandbox, call)), errcode, "{call}");
    }
    let keywords = get(&mut sandbox, "getpubtemplatekeywords?tid=50123")["data"].clone();
    assert_eq!(keywords[1], json!({"kid": 2, "name": "文件大小", "example": "", "rule": "character_string"}));

    const ADD: &str = "/wxaapi/newtmpl/addtemplate";
    let good = json!({"tid": "50123", "kidList": [3, 2], "sceneDesc": "备份"});
    for (place, value, errcode) in [
        ("tid", json!("1"), 200014),
        ("kidList", json!([1]), 200020),
        ("kidList", json!([1, 1]), 200020),
        ("kidList", json!([0, 1]), 200020),
        ("kidList", json!([1, 5]), 200020),
        ("kidList", json!("1"), 200020),
        ("sceneDesc", json!("长".repeat(16)), 200021),
    ] {
        assert_eq!(sandbox.code_of(ADD, &with_value(&good, place, value)), errcode, "{place}");
    }
    let added = sandbox.call(ADD, &good.to_string());
    assert_eq!(sandbox.code_of(ADD, &good), 200022);
    // The older page documents a form.
    assert_eq!(errcode_of(&sandbox.call(ADD, "tid=50123&kidList=1&kidList=2&sceneDesc=x")), 0);
    let listed = get(&mut sandbox, "gettemplate")["data"].clone();
    let listed_template =
        listed.as_array().unwrap().iter().find(|template| template["priTmplId"] == added["priTmplId"]).unwrap();
    assert_eq!(listed_template["content"], "完成时间:{{date3.DATA}}\n文件大小:{{character_string2.DATA}}");

    let removed = json!({"priTmplId": added["priTmplId"]});
    let remove = |sandbox: &mut TestPlatform| sandbox.code_of("/wxaapi/newtmpl/deltemplate", &removed);
    assert_eq!([remove(&mut sandbox), remove(&mut sandbox)], [0, 40037]);
    assert_eq!(
        get(&mut sandbox, "gettemplate")["data"].as_array().unwrap().len(),
        listed.as_array().unwrap().len() - 1
    );
}
