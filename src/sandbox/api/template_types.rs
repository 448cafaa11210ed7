//! The values that the typed keys of category templates, such as `thing1` or `time3`, allow.
//!
//! A real account checks them when a message is sent.
//!
//! developers.weixin.qq.com: doc/service/guide/product/template_message/Template_Message_Interface

/// The reason why a value is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldError {
    Empty,
    Invalid,
}

/// Checks a value against the type of its key. A key without a type allows every value.
pub(super) fn check_value(key: &str, value: &str) -> Result<(), FieldError> {
    let kind = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some(rule) = rule_for(kind).filter(|_| kind.len() < key.len()) else { return Ok(()) };
    if value.trim().is_empty() {
        return Err(FieldError::Empty);
    }
    if rule(value) { Ok(()) } else { Err(FieldError::Invalid) }
}

fn rule_for(kind: &str) -> Option<fn(&str) -> bool> {
    Some(match kind {
        "thing" | "const" => |value| value.chars().count() <= 20,
        "character_string" => |value| value.chars().count() <= 32 && value.chars().all(|c| is_latin(c) || is_symbol(c)),
        "time" => |value| is_range(value, |part| is_datetime(part, true)),
        "date" => |value| is_range(value, |part| is_datetime(part, false)),
        "amount" => is_amount,
        "phone_number" => |value| value.len() <= 17 && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-')),
        "car_number" => is_car_number,
        "number" => |value| is_decimal(value) && count_digits(value) <= 32,
        "letter" => |value| value.len() <= 32 && value.bytes().all(|b| b.is_ascii_alphabetic()),
        "symbol" => |value| value.chars().count() <= 5 && value.chars().all(is_symbol),
        "name" => is_name,
        "phrase" => |value| value.chars().count() <= 5 && value.chars().all(is_chinese),
        // The approved values of the account are not known.
        "enum" | "enum_string" | "short_thing" => |_| true,
        _ => return None,
    })
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Returns whether the character is not a letter, a digit or a space.
fn is_symbol(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}

fn is_chinese(c: char) -> bool {
    matches!(c, '々' | '〇' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn is_name(value: &str) -> bool {
    let max = if value.chars().any(is_chinese) { 10 } else { 20 };
    value.chars().count() <= max && !value.contains(|c: char| c.is_ascii_digit())
}

fn count_digits(value: &str) -> usize {
    value.bytes().filter(u8::is_ascii_digit).count()
}

fn is_decimal(value: &str) -> bool {
    let whole = |part: &str| !part.is_empty() && count_digits(part) == part.len();
    match value.split_once('.') {
        Some((before, after)) => whole(before) && whole(after),
        None => whole(value),
    }
}

fn is_amount(value: &str) -> bool {
    let bare = value.strip_prefix(['¥', '￥', '$', '€', '£', '₩', '₽', '₹', '฿', '₫']).unwrap_or(value);
    let bare = bare.strip_suffix('元').unwrap_or(bare);
    is_decimal(bare) && count_digits(bare) <= 10
}

/// Returns whether the value consists of letters and digits; the first and the last character may
/// be Chinese.
fn is_car_number(value: &str) -> bool {
    let last = value.chars().count().saturating_sub(1);
    last < 8 && value.chars().enumerate().all(|(at, c)| is_latin(c) || (at == 0 || at == last) && is_chinese(c))
}

/// Returns whether the text is one valid value, or two with `~` between them.
fn is_range(text: &str, is_valid: impl Fn(&str) -> bool) -> bool {
    match text.split_once('~') {
        Some((from, to)) => is_valid(from.trim()) && is_valid(to.trim()),
        None => is_valid(text.trim()),
    }
}

/// Returns whether the text is a time of day, a date or both; with `clock`, a time of day is
/// required.
fn is_datetime(text: &str, clock: bool) -> bool {
    if !text.contains(':') {
        return !clock && is_day(text);
    }
    let time_start = text.rfind(|c: char| !c.is_ascii_digit() && c != ':');
    let time_start = time_start.map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let (day, time) = text.split_at(time_start);
    is_clock(time) && if day.is_empty() { clock } else { day.ends_with([' ', '日']) && is_day(day.trim_end()) }
}

fn is_day(text: &str) -> bool {
    let (mut numbers, mut separators) = (Vec::new(), String::new());
    for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let number = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        numbers.push(number);
        separators += &part[number.len()..];
    }
    let is_up_to =
        |text: &str, max: u32| text.len() <= 2 && text.parse().is_ok_and(|number: u32| (1..=max).contains(&number));
    let (year, month, day) =
        (|text: &str| text.len() == 4, |text: &str| is_up_to(text, 12), |text: &str| is_up_to(text, 31));
    match (separators.as_str(), &numbers[..]) {
        ("年月日" | "--" | "//" | "..", [a, b, c]) => year(a) && month(b) && day(c),
        ("年月", [a, b]) => year(a) && month(b),
        ("月日", [a, b]) => month(a) && day(b),
        ("-" | "/" | ".", [a, b]) => year(a) && month(b) || month(a) && day(b),
        _ => false,
    }
}

fn is_clock(text: &str) -> bool {
    let part = |text: &str, min_len: usize, max: u32| {
        (min_len..=2).contains(&text.len()) && text.parse().is_ok_and(|number: u32| number <= max)
    };
    match text.split(':').collect::<Vec<_>>()[..] {
        [hour, minute] => part(hour, 1, 23) && part(minute, 2, 59),
        [hour, minute, second] => part(hour, 1, 23) && part(minute, 2, 59) && part(second, 2, 59),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_typed_keys_are_validated() {
        let twenty_one = "x".repeat(21);
        let cases: &[(&str, &str, Result<(), FieldError>)] = &[
            ("thing1", "disk /var is 91% full", Err(FieldError::Invalid)),
            ("thing1", "磁盘 /var 快满了", Ok(())),
            ("thing1", "", Err(FieldError::Empty)),
            ("thing1", "  ", Err(FieldError::Empty)),
            ("thing", &twenty_one, Ok(())),
            ("keyword1", &twenty_one, Ok(())),
            ("character_string2", "db1.example.com", Ok(())),
            ("character_string2", "db 1", Err(FieldError::Invalid)),
            ("character_string2", "数据库", Err(FieldError::Invalid)),
            ("time3", "15:01", Ok(())),
            ("time3", "15:01:59", Ok(())),
            ("time3", "24:00", Err(FieldError::Invalid)),
            ("time3", "2019年10月1日 15:01", Ok(())),
            ("time3", "2026-11-22 03:00:00", Ok(())),
            ("time3", "2026-11-22 03:00~04:00", Ok(())),
            ("time3", "2026-11-22", Err(FieldError::Invalid)),
            ("time3", "2026-11-22T03:00:00Z", Err(FieldError::Invalid)),
            ("date4", "2026-11-22", Ok(())),
            ("date4", "2026年13月1日", Err(FieldError::Invalid)),
            ("date4", "03:00", Err(FieldError::Invalid)),
            ("amount5", "¥12.50", Ok(())),
            ("amount5", "12.5元", Ok(())),
            ("amount5", "twelve", Err(FieldError::Invalid)),
            ("phone_number6", "+86-10-66666666", Ok(())),
            ("phone_number6", "call me", Err(FieldError::Invalid)),
            ("number7", "3.14", Ok(())),
            ("number7", "3.", Err(FieldError::Invalid)),
            ("letter8", "abc1", Err(FieldError::Invalid)),
            ("symbol9", "!?", Ok(())),
            ("name10", "路飞", Ok(())),
            ("phrase11", "已完成", Ok(())),
            ("phrase11", "done", Err(FieldError::Invalid)),
            ("car_number12", "粤A8Z888挂", Ok(())),
            ("car_number12", "粤A粤888", Err(FieldError::Invalid)),
            ("date4", "10月1日", Ok(())),
            ("date4", "2018-01/01", Err(FieldError::Invalid)),
        ];
        for (key, value, expected) in cases {
            assert_eq!(check_value(key, value), *expected, "{key} {value}");
        }
    }
}
