//! Tests of findings, previews and messages. The rules of each type are tested in
//! tests/it/template_values.rs.

use serde_json::{Value, json};

use super::*;

fn check_field(key: &str, field: Value, strict: bool) -> Vec<(Level, &'static str)> {
    let data = json!({ key: field });
    let findings = check_data(&[key], data.as_object().unwrap(), strict);
    findings.iter().map(|finding| (finding.level, finding.rule.name())).collect()
}

#[test]
fn typed_key_ends_in_digits() {
    for key in
        ["thing", "name", "time", "number", "keyword1", "Thing1", "thing1a", "thing_1", "first", "1", "", "thingx1"]
    {
        assert_eq!(TemplateFieldType::from_key(key), None, "{key}");
        // An untyped key is only checked for what the phone shows.
        let data = json!({ key: {"value": "x"} });
        let findings = check_data(&[key], data.as_object().unwrap(), false);
        assert!(findings.iter().all(|finding| !finding.rule.is_rejected()), "{key}");
    }
    assert_eq!(TemplateFieldType::from_key("thing01"), Some(TemplateFieldType::Thing));
    assert_eq!(TemplateFieldType::from_key("character_string21"), Some(TemplateFieldType::CharacterString));
    assert_eq!(TemplateFieldType::from_key("short_thing1"), Some(TemplateFieldType::ShortThing));
}

#[test]
fn hidden_content_is_warning_and_with_strict_error() {
    let cases: &[(&str, Value, &[&str])] = &[
        ("host", json!({"value": "db1"}), &[]),
        ("host", json!({"value": "12345678901234567890"}), &[]),
        ("host", json!({"value": "123456789012345678901"}), &["length"]),
        ("host", json!({"value": "一二三四五六七八九十一二三四五六七八九十一"}), &["length"]),
        // Without the emoji there are 20 characters.
        ("host", json!({"value": "👨‍👩‍👧12345678901234567890🇨🇳"}), &["emoji"]),
        ("host", json!({"value": "done ✅"}), &["emoji"]),
        ("host", json!({"value": "1️⃣"}), &["blank", "emoji"]),
        ("host", json!({"value": "☎ 25℃ © ① → ✓ 中文"}), &[]),
        ("host", json!({"value": "☎\u{fe0f} 110"}), &["emoji"]),
        ("host", json!({"value": "two\nlines"}), &["line_break"]),
        ("host", json!({"value": ""}), &["blank"]),
        ("host", json!({"value": "\u{3000}"}), &["blank"]),
        ("host", json!({"value": "db1", "color": "#173177"}), &["color"]),
        ("host", json!({}), &["blank"]),
        ("first", json!({"value": "Backup", "color": "#173177"}), &["hidden"]),
        ("first", json!({"value": ""}), &[]),
        ("remark", json!({"value": "🎉\n"}), &["hidden"]),
        ("remark", json!({}), &[]),
        ("thing1", json!({"value": "完成 ✅\n!", "color": "#173177"}), &["color", "emoji", "line_break"]),
        ("character_string1", json!({"value": "12345678901234567890"}), &[]),
        ("character_string1", json!({"value": "123456789012345678901"}), &["length"]),
        ("amount1", json!({"value": "¥800"}), &["decimals"]),
        ("amount1", json!({"value": "¥800.00"}), &[]),
    ];
    for (key, field, expected) in cases {
        let warnings: Vec<_> = expected.iter().map(|rule| (Level::Warning, *rule)).collect();
        assert_eq!(check_field(key, field.clone(), false), warnings, "{key} {field}");
        let errors: Vec<_> = expected.iter().map(|rule| (Level::Error, *rule)).collect();
        assert_eq!(check_field(key, field.clone(), true), errors, "{key} {field}");
    }
}

#[test]
fn rejected_value_is_error_only_with_strict() {
    for (strict, level) in [(false, Level::Warning), (true, Level::Error)] {
        let long = "一二三四五六七八九十一二三四五六七八九十一";
        assert_eq!(check_field("thing1", json!({ "value": long }), strict), [(level, "thing")]);
        assert_eq!(check_field("thing1", json!({}), strict), [(level, "empty")]);
        assert_eq!(check_field("time2", json!({"value": "now"}), strict), [(level, "time")]);
    }
}

#[test]
fn too_long_value_is_truncated_to_field_limit() {
    let cases = [
        ("thing1", "一二三四五六七八九十一二三四五六七八九十一", Some("一二三四五六七八九十一二三四五六七八九…")),
        ("thing1", "the disk of the database is full", Some("the disk of the dat…")),
        ("thing1", "1234567890123456789e\u{301}x", Some("1234567890123456789…")),
        ("thing1", "12345678901234567890", None),
        ("character_string1", &"1234567890".repeat(4), Some("1234567890123456789012345678901…")),
        ("letter1", &"a".repeat(33), Some(&"a".repeat(32))),
        ("phrase1", "一切正常没有问题", Some("一切正常没")),
        ("symbol1", "!!!!!!", Some("!!!!…")),
        ("name1", "张三李四王五赵六孙七周八", Some("张三李四王五赵六孙…")),
        ("phone_number1", "+86-0766-66888866-1", Some("+86-0766-66888866")),
        // After truncation WeChat would still reject these, or they would mean something else.
        ("character_string1", &"磁盘".repeat(20), None),
        ("phrase1", "Backup finished", None),
        ("number1", &"1".repeat(33), None),
        ("amount1", "12345678901", None),
        ("time1", "2026-11-22T03:00:00Z", None),
        // Not a typed key.
        ("host", "123456789012345678901", None),
    ];
    for (key, value, expected) in cases {
        let mut data = json!({ key: {"value": value, "color": "#173177"} }).as_object().unwrap().clone();
        let findings = check_data(&[key], &data, false);
        truncate_values(&mut data, &findings);
        assert_eq!(data[key]["value"], expected.unwrap_or(value), "{key} {value}");
        assert_eq!(data[key]["color"], "#173177");
        assert_eq!(
            findings.iter().any(|finding| matches!(finding.rule, Rule::TooLong(_))),
            expected.is_some(),
            "{key} {value}"
        );
        let remaining = check_data(&[key], &data, false);
        assert!(
            expected.is_none() || remaining.iter().all(|finding| !finding.rule.is_rejected()),
            "{key} {value}: {remaining:?}"
        );
    }
}

#[test]
fn displayed_value_is_one_line_of_20_characters_without_emoji() {
    let cases = [
        ("db1", "db1"),
        ("a\r\n\nb\n", "a b"),
        ("🎉 done 🎉", " done "),
        ("12345678901234567890", "12345678901234567890"),
        ("123456789012345678901", "12345678901234567890…"),
        ("长长长长长长长长长长长长长长长长长长长长长", "长长长长长长长长长长长长长长长长长长长长…"),
        // A letter stays together with its accent.
        ("1234567890123456789e\u{301}x", "1234567890123456789…"),
    ];
    for (value, expected) in cases {
        assert_eq!(displayed(value), expected, "{value:?}");
    }
}

#[test]
fn preview_omits_hidden_fields() {
    let data = json!({
        "first": {"value": "Backup"},
        "host": {"value": "db1"},
        "note": {"value": "the night's backup of db1\nis done 🎉"},
        "remark": {"value": "bye"},
    });
    let card = |content: &str| preview(content, data.as_object().unwrap());
    let content =
        "{{first.DATA}}\r\nHost: {{host.DATA}}\r\nNote: {{note.DATA}}\r\nSize: {{size.DATA}}\r\n{{remark.DATA}}";
    assert_eq!(card(content), "Host: db1\nNote: the night's backup o…\nSize:");
    assert_eq!(card("{{first.DATA}} {{host.DATA}}\n\nAs told: {{remark.DATA}}\nEnd"), " db1\n\nEnd");
    assert_eq!(card(""), "");
}

#[test]
fn findings_of_one_rule_share_a_line() {
    let data = json!({
        "first": {"value": "Backup"},
        "host": {"value": "db1", "color": "#173177"},
        "note": {"value": "the night's backup of\ndb1 is done 🎉", "color": "#173177"},
        "remark": {"value": "bye"},
        "thing1": {"value": ""},
        "time2": {"value": "now"},
    });
    let findings =
        check_data(&["first", "host", "note", "remark", "thing1", "time2"], data.as_object().unwrap(), false);
    let expected = [
        "WeChat does not show first, remark",
        "WeChat does not show colors: host, note",
        "WeChat shows note as \"the night's backup o…\": no emoji, no line breaks, at most 20 characters",
        "WeChat may reject thing1, which is empty",
        "WeChat may reject \"now\" for time2: use a time such as 15:01 or 15:01:59, with an optional date \
         (2019年10月1日 15:01); ~ joins two times",
    ];
    assert_eq!(describe(&findings), expected);
    assert_eq!(
        describe(&findings[..1]),
        expected[..0].iter().copied().chain(["WeChat does not show first"]).collect::<Vec<_>>()
    );
    assert_eq!(describe_joined(&findings[..2]), "WeChat does not show first; WeChat does not show colors: host");
}
