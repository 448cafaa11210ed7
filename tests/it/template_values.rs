//! A table of valid and invalid values for each typed key, compared on both sides: the values that
//! `template check` and `send` reject, and those that the sandbox rejects like a real account. The
//! two implementations are independent.

use serde_json::{Map, Value, json};
use wxbox::http_server::Request;
use wxbox::sandbox::{Platform, Scenario, TemplateConfig};
use wxbox::wechat::template_rules::{TemplateFieldType, check_data, displayed};

use crate::support::env::LUFFY;

/// Values that the type of a key accepts, and values that it rejects.
const TYPE_CASES: &[(&str, &[&str], &[&str])] = &[
    (
        "thing1",
        &["备份完成", "disk /var is 9% full", "一二三四五六七八九十一二三四五六七八九十", "a", " a", "1!", "👍"],
        &["disk /var is 91% full", "一二三四五六七八九十一二三四五六七八九十一"],
    ),
    (
        "character_string2",
        &["db1.example.com", "ORDER-2026/11#1", "25℃", "12345678901234567890123456789012"],
        &["db 1", "数据库", "db1，库", "café", "123456789012345678901234567890123", "a\nb"],
    ),
    (
        "time3",
        &[
            "15:01",
            "9:05",
            "00:00",
            "23:59:59",
            "2019年10月1日 15:01",
            "2019年10月1日15:01",
            "10月1日 15:01",
            "2026-11-22 03:00:00",
            "2026/11/22 03:00",
            "2026.11.22 03:00",
            "15:01~16:01",
            "15:01 ~ 16:01",
            "2019年10月1日 15:01~2019年10月1日 16:01",
        ],
        &[
            "24:00",
            "15:60",
            "15:01:60",
            "15:1",
            "1501",
            "2019年10月1日",
            "2026-11-22",
            "2026-11-2203:00",
            "2026-11-22T03:00:00Z",
            "2026-13-01 15:01",
            "now",
            "3 pm",
            "15:01~",
            "~15:01",
            "15:01-16:01",
            "15:01~16:01~17:01",
            "１５:０１",
        ],
    ),
    (
        "date4",
        &[
            "2019年10月1日",
            "2019年10月",
            "10月1日",
            "2018-01-01",
            "2018/1/1",
            "2018.01.01",
            "2018-01",
            "01-31",
            "2019年10月1日 15:01",
            "2018-01-01 15:01:59",
            "2018-01-01~2018-01-31",
        ],
        &[
            "2018",
            "20180101",
            "2018-13-01",
            "2018-01-32",
            "18-01-01",
            "2018-01/01",
            "2018-00-10",
            "15:01",
            "1 Jan 2018",
            "2019年",
        ],
    ),
    (
        "amount5",
        &["12.50", "¥12.50", "￥12.50", "$0.99", "€1.00元", "100.00元", "12345678.90", "1234567890", "¥800"],
        &[
            "12345678901",
            "123456789.01",
            "twelve",
            "12.",
            ".50",
            "-5.00",
            "1,234.50",
            "¥¥1.00",
            "12.50 元",
            "RMB12.50",
            "元",
        ],
    ),
    (
        "phone_number6",
        &["13800138000", "+86-0766-66888866", "12345678901234567"],
        &["123456789012345678", "138 0013 8000", "call me", "(0766)66888866"],
    ),
    (
        "car_number7",
        &["粤A8Z888挂", "京A12345", "A1", "粤B12345D"],
        &["粤A8Z8888挂", "粤A粤888", "粤A·12345", "京A 1234"],
    ),
    (
        "number8",
        &["0", "3.14", "12345678901234567890123456789012"],
        &["123456789012345678901234567890123", "3.", ".5", "-1", "1e3", "1,000", "３"],
    ),
    (
        "letter9",
        &["abcXYZ", "abcdefghijklmnopqrstuvwxyzabcdef"],
        &["abcdefghijklmnopqrstuvwxyzabcdefg", "abc1", "a b", "é", "字"],
    ),
    ("symbol10", &["!?", "！，。", "+-*/="], &["!?!?!?", "a!", "! ?", "1", "字"]),
    (
        "name11",
        &["路飞", "一二三四五六七八九十", "Monkey D. Luffy", "abcdefghijklmnopqrst", "阿凡提·买买提"],
        &["一二三四五六七八九十一", "路飞 Monkey D", "abcdefghijklmnopqrstu", "user7"],
    ),
    ("phrase12", &["配送中", "一二三四五", "已完成"], &["一二三四五六", "done", "已完成!", "第1步", "ひらがな"]),
    (
        "const13",
        &["待付款", "一二三四五六七八九十一二三四五六七八九十"],
        &["一二三四五六七八九十一二三四五六七八九十一"],
    ),
    ("enum14", &["whatever"], &[]),
    ("enum_string15", &["whatever"], &[]),
    ("short_thing16", &["whatever"], &[]),
];

/// Values of keys without a type, to be displayed.
const UNTYPED_VALUES: &[&str] = &[
    "db1",
    "12345678901234567890",
    "123456789012345678901",
    "一二三四五六七八九十一二三四五六七八九十一",
    "a\r\nb\n\nc",
    "done 🎉 👨‍👩‍👧 🇨🇳 1️⃣ ☎ ☎\u{fe0f} ©",
    "🎉12345678901234567890",
    "1234567890123456789e\u{301}x",
    "🎉",
    "\n",
    "",
];

/// Sends a template message with that one value as a real account would handle it, and returns the
/// errcode, the error text and the displayed value.
fn send_to_sandbox(key: &str, value: &str) -> (i64, String, Value) {
    let template =
        TemplateConfig { id: "T".repeat(43), title: "T".into(), content: format!("Label: {{{{{key}.DATA}}}}") };
    let world = Scenario { strict_templates: true, templates: vec![template], ..Scenario::default() };
    let mut platform = Platform::new(world, 0);
    let mut ask = |method: &str, path: &str, query: &str, body: &str| -> Value {
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: Vec::new(),
            body: body.into(),
            peer: ([127, 0, 0, 1], 1).into(),
        };
        serde_json::from_slice(platform.handle(&request, 0).body()).unwrap()
    };
    let world = Scenario::default();
    let secret = format!("grant_type=client_credential&appid={}&secret={}", world.app_id, world.app_secret);
    let token = ask("GET", "/cgi-bin/token", &secret, "");
    let token = format!("access_token={}", token["access_token"].as_str().unwrap());
    let body = json!({"touser": LUFFY, "template_id": "T".repeat(43), "data": {key: {"value": value}}}).to_string();
    let answer = ask("POST", "/cgi-bin/message/template/send", &token, &body);
    let inbox = ask("GET", "/sandbox/inbox.json", "", "");
    let errmsg = answer["errmsg"].as_str().unwrap().split(" rid: ").next().unwrap().to_owned();
    (answer["errcode"].as_i64().unwrap(), errmsg, inbox[0]["fields"][0]["shown"].clone())
}

/// Returns the rule by which WeChat rejects the value, if there is one.
fn rejection_rule(key: &str, value: &str) -> Option<&'static str> {
    let data: Map<String, Value> = json!({key: {"value": value}}).as_object().unwrap().clone();
    let found = check_data(&[key], &data, false);
    found.iter().find(|finding| finding.rule.is_rejected()).map(|finding| finding.rule.name())
}

#[test]
fn each_type_has_its_cases() {
    let cases: Vec<_> = TYPE_CASES.iter().map(|(key, ..)| TemplateFieldType::from_key(key).unwrap()).collect();
    assert_eq!(cases, TemplateFieldType::ALL);
}

#[test]
fn both_sides_accept_valid_values() {
    for (key, good, _) in TYPE_CASES {
        for value in *good {
            assert_eq!(rejection_rule(key, value), None, "{key} {value:?}");
            assert_eq!(send_to_sandbox(key, value), (0, "ok".into(), json!(displayed(value))), "{key} {value:?}");
        }
    }
}

#[test]
fn both_sides_reject_invalid_values() {
    for (key, _, bad) in TYPE_CASES {
        let kind = key.trim_end_matches(|c: char| c.is_ascii_digit());
        for value in *bad {
            assert_eq!(rejection_rule(key, value), Some(kind), "{key} {value:?}");
            let errmsg = format!("argument invalid! data.{key}.value invalid");
            assert_eq!(send_to_sandbox(key, value), (47003, errmsg, Value::Null), "{key} {value:?}");
        }
        for value in ["", " ", "\n", "\u{3000}"] {
            assert_eq!(rejection_rule(key, value), Some("empty"), "{key} {value:?}");
            let errmsg = format!("argument invalid! data.{key}.value is empty");
            assert_eq!(send_to_sandbox(key, value), (47003, errmsg, Value::Null), "{key} {value:?}");
        }
    }
}

#[test]
fn untyped_key_accepts_anything_and_displays_alike() {
    for key in ["host", "name", "time", "keyword1", "thing", "Thing1"] {
        for value in UNTYPED_VALUES {
            assert_eq!(rejection_rule(key, value), None, "{key} {value:?}");
            assert_eq!(send_to_sandbox(key, value), (0, "ok".into(), json!(displayed(value))), "{key} {value:?}");
        }
    }
    assert_eq!(send_to_sandbox("first", "x"), (0, "ok".into(), Value::Null));
}
