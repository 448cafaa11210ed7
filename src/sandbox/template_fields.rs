//! The fields of a template: which ones it has, what their typed keys allow, and what a phone shows.
//!
//! Category templates have keys such as `thing1` or `time3`, whose values are checked at the send.
//! developers.weixin.qq.com: doc/service/guide/product/template_message/Template_Message_Interface

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Empty,
    Invalid,
}

/// A phone of a real account shows this many characters of a field.
const SHOWN: usize = 20;

/// The keys of a template's content with the text before them on their line, in order.
pub(super) fn parse(content: &str) -> Vec<(&str, &str)> {
    let mut fields = Vec::new();
    for line in content.lines() {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((key, tail)) = after.split_once(".DATA}}") else { break };
            fields.push((key.trim(), before.trim().trim_end_matches([':', '：']).trim_end()));
            rest = tail;
        }
    }
    fields
}

/// What the phone shows of a value. On a real account `first` and `remark` are hidden, line breaks
/// are taken out and a long value ends in an ellipsis; a test account shows all of it.
pub(super) fn shown(key: &str, value: &str, strict: bool) -> Option<String> {
    if !strict {
        return Some(value.to_owned());
    }
    if matches!(key, "first" | "remark") {
        return None;
    }
    let line = value.split(['\n', '\r']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => Some(format!("{}…", &line[..end])),
        None => Some(line),
    }
}

/// Whether a value is one that its key's type allows. A key without a type allows every value.
pub(super) fn check(key: &str, value: &str) -> Result<(), Flaw> {
    let kind = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some(rule) = rule(kind).filter(|_| kind.len() < key.len()) else { return Ok(()) };
    if value.trim().is_empty() {
        return Err(Flaw::Empty);
    }
    if rule(value) { Ok(()) } else { Err(Flaw::Invalid) }
}

fn rule(kind: &str) -> Option<fn(&str) -> bool> {
    Some(match kind {
        "thing" | "const" => |value| value.chars().count() <= 20,
        "character_string" => |value| value.len() <= 32 && value.bytes().all(|b| b.is_ascii_graphic()),
        "time" => |value| value.split('~').all(|part| moment(part, true)),
        "date" => |value| value.split('~').all(|part| moment(part, false)),
        "amount" => amount,
        "phone_number" => |value| value.len() <= 17 && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-')),
        "car_number" => |value| value.chars().count() <= 8 && value.chars().all(char::is_alphanumeric),
        "number" => |value| value.len() <= 32 && decimal(value),
        "letter" => |value| value.len() <= 32 && value.bytes().all(|b| b.is_ascii_alphabetic()),
        "symbol" => |value| value.chars().count() <= 5 && !value.chars().any(char::is_alphanumeric),
        "name" => name,
        "phrase" => |value| value.chars().count() <= 5 && value.chars().all(chinese),
        "enum" | "enum_string" | "short_thing" => |_| true,
        _ => return None,
    })
}

fn chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn name(value: &str) -> bool {
    let most = if value.chars().any(chinese) { 10 } else { 20 };
    value.chars().count() <= most && !value.contains(|c: char| c.is_ascii_digit())
}

fn decimal(value: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match value.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(value),
    }
}

fn amount(value: &str) -> bool {
    let bare = value.strip_prefix(['¥', '￥', '$', '€', '£']).unwrap_or(value);
    let bare = bare.strip_suffix('元').unwrap_or(bare);
    decimal(bare) && bare.bytes().filter(u8::is_ascii_digit).count() <= 10
}

/// A time of day, a day, or both; `clock` asks for a time of day.
fn moment(text: &str, clock: bool) -> bool {
    let text = text.trim();
    let (day, time) = match (text.split_once('日'), text.rsplit_once(' ')) {
        (Some((day, rest)), _) => (day, rest.trim()),
        (None, Some((day, time))) => (day.trim(), time),
        (None, None) if text.contains(':') => ("", text),
        (None, None) => (text, ""),
    };
    let day_fits = if day.is_empty() { clock } else { is_day(day) };
    let time_fits = if time.is_empty() { !clock } else { is_clock(time) };
    day_fits && time_fits
}

fn is_day(text: &str) -> bool {
    let parts: Vec<Option<u32>> = text.split(['-', '/', '年', '月']).map(|part| part.parse().ok()).collect();
    matches!(parts[..], [Some(1000..=9999), Some(1..=12), Some(1..=31)])
}

fn is_clock(text: &str) -> bool {
    let parts: Vec<Option<u32>> =
        text.split(':').map(|part| part.parse().ok().filter(|_| (1..=2).contains(&part.len()))).collect();
    matches!(parts[..], [Some(0..=23), Some(0..=59)] | [Some(0..=23), Some(0..=59), Some(0..=59)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_has_keys_and_labels_in_order() {
        let content = "{{first.DATA}}\n领奖金额：{{keyword1.DATA}}\nTime: {{time3.DATA}} {{x.DATA}}\n{{broken";
        let expected = [("first", ""), ("keyword1", "领奖金额"), ("time3", "Time"), ("x", "")];
        assert_eq!(parse(content), expected);
    }

    #[test]
    fn typed_keys_check_their_values() {
        let twenty_one = "x".repeat(21);
        let cases: &[(&str, &str, Result<(), Flaw>)] = &[
            ("thing1", "disk /var is 91% full", Err(Flaw::Invalid)),
            ("thing1", "磁盘 /var 快满了", Ok(())),
            ("thing1", "", Err(Flaw::Empty)),
            ("thing1", "  ", Err(Flaw::Empty)),
            ("thing", &twenty_one, Ok(())),
            ("keyword1", &twenty_one, Ok(())),
            ("character_string2", "db1.example.com", Ok(())),
            ("character_string2", "db 1", Err(Flaw::Invalid)),
            ("character_string2", "数据库", Err(Flaw::Invalid)),
            ("time3", "15:01", Ok(())),
            ("time3", "15:01:59", Ok(())),
            ("time3", "24:00", Err(Flaw::Invalid)),
            ("time3", "2019年10月1日 15:01", Ok(())),
            ("time3", "2026-11-22 03:00:00", Ok(())),
            ("time3", "2026-11-22 03:00~04:00", Ok(())),
            ("time3", "2026-11-22", Err(Flaw::Invalid)),
            ("time3", "2026-11-22T03:00:00Z", Err(Flaw::Invalid)),
            ("date4", "2026-11-22", Ok(())),
            ("date4", "2026年13月1日", Err(Flaw::Invalid)),
            ("date4", "03:00", Err(Flaw::Invalid)),
            ("amount5", "¥12.50", Ok(())),
            ("amount5", "12.5元", Ok(())),
            ("amount5", "twelve", Err(Flaw::Invalid)),
            ("phone_number6", "+86-10-66666666", Ok(())),
            ("phone_number6", "call me", Err(Flaw::Invalid)),
            ("number7", "3.14", Ok(())),
            ("number7", "3.", Err(Flaw::Invalid)),
            ("letter8", "abc1", Err(Flaw::Invalid)),
            ("symbol9", "!?", Ok(())),
            ("name10", "路飞", Ok(())),
            ("phrase11", "已完成", Ok(())),
            ("phrase11", "done", Err(Flaw::Invalid)),
        ];
        for (key, value, expected) in cases {
            assert_eq!(check(key, value), *expected, "{key} {value}");
        }
    }

    #[test]
    fn a_real_account_shows_less() {
        assert_eq!(shown("first", "hello", true), None);
        assert_eq!(shown("first", "hello", false).as_deref(), Some("hello"));
        assert_eq!(shown("host", "a\nb", true).as_deref(), Some("a b"));
        assert_eq!(shown("host", &"长".repeat(25), true), Some("长".repeat(20) + "…"));
    }
}
